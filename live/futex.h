// futex(2) on words that processes share.
#ifndef DRYDOCK_LIVE_FUTEX_H_
#define DRYDOCK_LIVE_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace drydock::live {

// Sleeps while *word is `expected`, at most so long; may return early.
template <class T>
void FutexWait(std::atomic<T>* word, T expected, const timespec* timeout) {
  static_assert(sizeof(*word) == 4);
  syscall(SYS_futex, word, FUTEX_WAIT, static_cast<uint32_t>(expected), timeout, nullptr, 0);
}

template <class T>
void FutexWake(std::atomic<T>* word) {
  static_assert(sizeof(*word) == 4);
  syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, nullptr, nullptr, 0);
}

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_FUTEX_H_
