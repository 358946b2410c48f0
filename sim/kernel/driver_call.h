// How the emulated kernel enters the driver.
#ifndef DRYDOCK_SIM_KERNEL_DRIVER_CALL_H_
#define DRYDOCK_SIM_KERNEL_DRIVER_CALL_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace drydock::kernel {

// Any callback of a driver: up to six integer or pointer arguments.
using DriverEntry = long (*)(void*, void*, void*, void*, void*, void*);

// Runs a callback on a driver stack. If the driver traps inside, Call() returns 0 and the Verdicts'
// pending_trap() is set: the caller undoes nothing and returns at once, by plain returns.
class DriverCall {
 public:
  virtual ~DriverCall() = default;
  virtual long Call(DriverEntry entry, void* const (&args)[6]) = 0;
};

namespace internal {
template <class T>
void* AsWord(T value) {
  static_assert(sizeof(T) <= sizeof(void*));
  if constexpr (std::is_pointer_v<T>) {
    return const_cast<void*>(reinterpret_cast<const void*>(value));
  } else if constexpr (std::is_null_pointer_v<T>) {
    return nullptr;
  } else {
    static_assert(std::is_integral_v<T>);
    return reinterpret_cast<void*>(static_cast<intptr_t>(value));
  }
}
}  // namespace internal

// Calls `function` of the driver: CallDriver(calls, pdrv->probe, pdev).
template <class Result, class... Params, class... Args>
Result CallDriver(DriverCall& calls, Result (*function)(Params...), Args... args) {
  static_assert(sizeof...(Params) == sizeof...(Args) && sizeof...(Params) <= 6);
  void* const words[6] = {internal::AsWord(static_cast<Params>(args))...};
  const long result =
      calls.Call(reinterpret_cast<DriverEntry>(reinterpret_cast<void (*)()>(function)), words);
  if constexpr (std::is_void_v<Result>) {
    return;
  } else if constexpr (std::is_pointer_v<Result>) {
    return reinterpret_cast<Result>(result);
  } else if constexpr (std::is_same_v<Result, bool>) {
    return (result & 0xff) != 0;
  } else {
    return static_cast<Result>(result);  // the upper half of an int's register means nothing
  }
}

// Calls on the caller's own stack: for tests, and for whoever is on a driver stack already.
class DirectDriverCall final : public DriverCall {
 public:
  __attribute__((no_sanitize("undefined"))) long Call(DriverEntry entry,
                                                      void* const (&args)[6]) override {
    return entry(args[0], args[1], args[2], args[3], args[4], args[5]);
  }
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DRIVER_CALL_H_
