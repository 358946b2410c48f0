// Symbolic names of the kernel's error numbers: lib/errname.c.
#ifndef DRYDOCK_SIM_KERNEL_ERRNO_NAME_H_
#define DRYDOCK_SIM_KERNEL_ERRNO_NAME_H_

namespace drydock::kernel {

// "EINVAL" for 22 and for -22; nullptr when the number has no name.
const char* ErrnoName(long error);

// As the kernel's IS_ERR(): the last 4095 addresses are errors.
inline bool IsErrorPointer(const void* pointer) {
  return reinterpret_cast<unsigned long>(pointer) >= static_cast<unsigned long>(-4095L);
}
template <class T>
T* ErrorPointer(long error) {
  return reinterpret_cast<T*>(error);
}
inline long PointerError(const void* pointer) { return reinterpret_cast<long>(pointer); }

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_ERRNO_NAME_H_
