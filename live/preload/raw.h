// System calls without libc: no errno, no cancellation, none of our own interposed functions.
// Usable in a signal handler and on the agent's thread, which has no thread-local storage.
#ifndef DRYDOCK_LIVE_PRELOAD_RAW_H_
#define DRYDOCK_LIVE_PRELOAD_RAW_H_

#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace drydock::live::raw {

// A result, or a negative errno.
inline long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                 long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

inline bool Failed(long result) { return result < 0 && result > -4096; }

inline long Map(uint64_t address, uint64_t length, int prot, int flags, int fd = -1,
                uint64_t offset = 0) {
  return Call(SYS_mmap, static_cast<long>(address), static_cast<long>(length), prot, flags, fd,
              static_cast<long>(offset));
}
// Address space that faults on every touch.
inline long Reserve(uint64_t address, uint64_t length, int flags) {
  return Map(address, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags);
}
inline long Unmap(uint64_t address, uint64_t length) {
  return Call(SYS_munmap, static_cast<long>(address), static_cast<long>(length));
}
inline long Close(int fd) { return Call(SYS_close, fd); }
inline int Pid() { return static_cast<int>(Call(SYS_getpid)); }

// All signals blocked while it lives.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const uint64_t all = ~uint64_t{0};
    Call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all),
         reinterpret_cast<long>(&before_), sizeof all);
  }
  ~SignalsBlocked() {
    Call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&before_), 0, sizeof before_);
  }
  // What was blocked before.
  uint64_t before() const { return before_; }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  uint64_t before_ = 0;
};

inline void FutexWait(void* word, uint32_t expected, const timespec* timeout) {
  Call(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAIT, expected,
       reinterpret_cast<long>(timeout));
}
inline void FutexWake(void* word) {
  Call(SYS_futex, reinterpret_cast<long>(word), FUTEX_WAKE, 0x7fffffff);
}

// For threads of one process. Whoever holds it has signals blocked.
class Lock {
 public:
  void Acquire() {
    uint32_t seen = 0;
    if (word_.compare_exchange_strong(seen, 1)) return;
    while (word_.exchange(2) != 0) FutexWait(&word_, 2, nullptr);
  }
  void Release() {
    if (word_.exchange(0) == 2) FutexWake(&word_);
  }

 private:
  std::atomic<uint32_t> word_{0};
};

// "drydock: TEXT" to standard error, one line. Numbers are for `%d` and `%x` in the text.
void Say(const char* text, uint64_t number = 0, const char* more = "");

}  // namespace drydock::live::raw

#endif  // DRYDOCK_LIVE_PRELOAD_RAW_H_
