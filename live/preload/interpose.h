// How a function of libc is replaced, and reached.
#ifndef DRYDOCK_LIVE_PRELOAD_INTERPOSE_H_
#define DRYDOCK_LIVE_PRELOAD_INTERPOSE_H_

#include <dlfcn.h>

#include <cerrno>
#include <cstdint>
#include <type_traits>

// Defines the library's own `name`. The C++ name is another one, because libc's headers declare
// some of these functions as macros, or with exception specifications of their own.
#define DRYDOCK_INTERPOSE(result, name, ...)                                                       \
  extern "C" __attribute__((visibility("default"))) result drydock_##name(__VA_ARGS__) asm(#name); \
  extern "C" result drydock_##name(__VA_ARGS__)

// The next library's function of that type.
#define DRYDOCK_NEXT(type, name)                                                  \
  ([]() -> std::add_pointer_t<type> {                                             \
    static std::add_pointer_t<type> found = nullptr;                              \
    if (found == nullptr) {                                                       \
      found = reinterpret_cast<std::add_pointer_t<type>>(dlsym(RTLD_NEXT, name)); \
    }                                                                             \
    return found;                                                                 \
  }())

namespace drydock::live {

// A negative errno becomes -1 and errno.
inline long Returned(int64_t value) {
  if (value >= 0 || value < -4095) return value;
  errno = static_cast<int>(-value);
  return -1;
}

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_INTERPOSE_H_
