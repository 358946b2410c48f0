// How a kernel symbol crosses the seam: notes where the driver is, calls the role's method, and
// leaves the driver if that call ended its run.
//
// The functions here are inlined into each shim, so that the return address is the driver's. A shim
// must not have an object with a destructor alive when it crosses: LeaveDriver() abandons the
// stack.
#ifndef DRYDOCK_MOCKS_SHIMS_SHIM_H_
#define DRYDOCK_MOCKS_SHIMS_SHIM_H_

#include <type_traits>

#include "mocks/kernel_api.h"

#define DRYDOCK_SHIM_INLINE [[gnu::always_inline]] inline

namespace drydock::mocks {

DRYDOCK_SHIM_INLINE MmApi& Role(KernelApi& kernel, MmApi*) { return kernel.mm(); }
DRYDOCK_SHIM_INLINE AllocApi& Role(KernelApi& kernel, AllocApi*) { return kernel.alloc(); }
DRYDOCK_SHIM_INLINE DmaApi& Role(KernelApi& kernel, DmaApi*) { return kernel.dma(); }
DRYDOCK_SHIM_INLINE UaccessApi& Role(KernelApi& kernel, UaccessApi*) { return kernel.uaccess(); }
DRYDOCK_SHIM_INLINE IoApi& Role(KernelApi& kernel, IoApi*) { return kernel.io(); }
DRYDOCK_SHIM_INLINE ChrdevApi& Role(KernelApi& kernel, ChrdevApi*) { return kernel.chrdev(); }
DRYDOCK_SHIM_INLINE DeviceApi& Role(KernelApi& kernel, DeviceApi*) { return kernel.devices(); }
DRYDOCK_SHIM_INLINE OfApi& Role(KernelApi& kernel, OfApi*) { return kernel.of(); }
DRYDOCK_SHIM_INLINE SyncApi& Role(KernelApi& kernel, SyncApi*) { return kernel.sync(); }
DRYDOCK_SHIM_INLINE LogApi& Role(KernelApi& kernel, LogApi*) { return kernel.log(); }
DRYDOCK_SHIM_INLINE TaskApi& Role(KernelApi& kernel, TaskApi*) { return kernel.tasks(); }
DRYDOCK_SHIM_INLINE TimerApi& Role(KernelApi& kernel, TimerApi*) { return kernel.timers(); }
DRYDOCK_SHIM_INLINE WorkApi& Role(KernelApi& kernel, WorkApi*) { return kernel.works(); }
DRYDOCK_SHIM_INLINE PciApi& Role(KernelApi& kernel, PciApi*) { return kernel.pci(); }
DRYDOCK_SHIM_INLINE IrqApi& Role(KernelApi& kernel, IrqApi*) { return kernel.irqs(); }

template <typename Method>
struct MethodOf;
template <typename RoleType, typename Result, typename... Params>
struct MethodOf<Result (RoleType::*)(Params...)> {
  using Class = RoleType;
  using Return = Result;
};

// Before anything else is done on it: a kernel's stack is smaller than those that drivers run on
// here.
DRYDOCK_SHIM_INLINE void CheckStack(KernelApi& kernel) {
  const size_t used =
      (0 - reinterpret_cast<uintptr_t>(__builtin_frame_address(0))) & (kDriverStackBytes - 1);
  if (used > kernel.stack_limit_bytes()) [[unlikely]] {
    kernel.StackOverflow(used);
    if (kernel.trap_pending()) kernel.LeaveDriver();
  }
}

// Calls `kMethod` of the installed kernel on behalf of driver code at `caller`.
template <auto kMethod, typename... Args>
DRYDOCK_SHIM_INLINE auto CrossFrom(const void* caller, Args... args) {
  using Method = MethodOf<decltype(kMethod)>;
  KernelApi& kernel = KernelApi::Current();
  kernel.NoteCaller(caller);
  CheckStack(kernel);
  auto& role = Role(kernel, static_cast<typename Method::Class*>(nullptr));
  if constexpr (std::is_void_v<typename Method::Return>) {
    (role.*kMethod)(args...);
    if (kernel.trap_pending()) [[unlikely]]
      kernel.LeaveDriver();
  } else {
    auto result = (role.*kMethod)(args...);
    if (kernel.trap_pending()) [[unlikely]]
      kernel.LeaveDriver();
    return result;
  }
}

// The same from a function that the driver calls itself: Cross<&MmApi::RemapPfnRange>(vma, ...).
template <auto kMethod, typename... Args>
DRYDOCK_SHIM_INLINE auto Cross(Args... args) {
  return CrossFrom<kMethod>(__builtin_return_address(0), args...);
}

// Ends the run: the driver called `symbol`, which is declared and not modelled.
DRYDOCK_SHIM_INLINE void CrossUnmodelled(const char* symbol) {
  KernelApi& kernel = KernelApi::Current();
  kernel.NoteCaller(__builtin_return_address(0));
  kernel.Unmodelled(symbol);
  if (kernel.trap_pending()) kernel.LeaveDriver();
}

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_SHIMS_SHIM_H_
