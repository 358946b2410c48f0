// System calls as the kernel answers them: a value, or a negative errno. (libc's wrappers refuse
// some calls by themselves and change others.)
#ifndef DRYDOCK_KMOD_AGENT_RAW_CALL_H_
#define DRYDOCK_KMOD_AGENT_RAW_CALL_H_

#include <sys/syscall.h>

#include <cstdint>

namespace drydock::kmod {

inline int64_t RawCall(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0,
                       uint64_t e = 0, uint64_t f = 0) {
  int64_t result;
  register uint64_t r10 asm("r10") = d;
  register uint64_t r8 asm("r8") = e;
  register uint64_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_RAW_CALL_H_
