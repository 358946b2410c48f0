// Completions, semaphores, rate limits, reference counts' complaints, and clocks: what a kernel
// makes of waiting, waking and the time.
#include <cstring>

#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::IoApi;
using drydock::mocks::LockKind;
using drydock::mocks::LogApi;
using drydock::mocks::SyncApi;

namespace {

constexpr uint64_t kNsPerJiffy = 4000000;  // HZ is 250
// Simulated wall-clock time starts here: 2026-01-01 00:00:00 UTC.
constexpr uint64_t kEpochNs = 1767225600ull * 1000000000ull;
constexpr unsigned int kDoneForAll = ~0u / 2;

uint64_t JiffiesToNs(unsigned long jiffies) {
  return jiffies > ~0ull / kNsPerJiffy ? ~0ull : jiffies * kNsPerJiffy;
}

bool Take(completion* x) {
  if (x->done == 0) return false;
  if (x->done != kDoneForAll) --x->done;
  return true;
}

DRYDOCK_SHIM_INLINE void Wait(completion* x, const char* function) {
  Cross<&SyncApi::MightSleep>(function);
  while (!Take(x)) Cross<&SyncApi::WaitOn>(static_cast<const void*>(&x->wait), function);
}

// As wait_event_timeout(): the jiffies left (at least 1), or 0.
DRYDOCK_SHIM_INLINE unsigned long WaitFor(completion* x, unsigned long timeout,
                                          const char* function) {
  Cross<&SyncApi::MightSleep>(function);
  if (Take(x)) return timeout == 0 ? 1 : timeout;
  Cross<&SyncApi::Sleep>(JiffiesToNs(timeout), function);
  return Take(x) ? 1 : 0;
}

// Taking the last one takes the lock beneath, so that order and owner are known as for a mutex. A
// count that began at zero has no owner: what waits for it waits for up().
DRYDOCK_SHIM_INLINE void Down(semaphore* s, const char* function) {
  if (s->count == 1 ||
      (s->count == 0 && Cross<&SyncApi::LockIsHeld>(static_cast<const drydock_lock*>(&s->lock)))) {
    Cross<&SyncApi::LockAcquire>(&s->lock, LockKind::kSemaphore, function);
  } else {
    Cross<&SyncApi::MightSleep>(function);
    while (s->count == 0) Cross<&SyncApi::WaitOn>(static_cast<const void*>(s), function);
  }
  if (s->count > 0) --s->count;
}

void WarnRefcount(const void* caller, const char* format, ...) {
  va_list args;
  va_start(args, format);
  CrossFrom<&LogApi::Warn>(caller, "refcount", 0, "refcount_warn_saturate", format, args);
  va_end(args);
}

}  // namespace

extern "C" {

void complete(completion* x) {
  if (x->done != kDoneForAll) ++x->done;
  Cross<&SyncApi::WakeUp>(static_cast<const void*>(&x->wait));
}
void complete_all(completion* x) {
  x->done = kDoneForAll;
  Cross<&SyncApi::WakeUp>(static_cast<const void*>(&x->wait));
}
void wait_for_completion(completion* x) { Wait(x, "wait_for_completion"); }
int wait_for_completion_interruptible(completion* x) {
  Wait(x, "wait_for_completion_interruptible");
  return 0;
}
int wait_for_completion_killable(completion* x) {
  Wait(x, "wait_for_completion_killable");
  return 0;
}
unsigned long wait_for_completion_timeout(completion* x, unsigned long timeout) {
  return WaitFor(x, timeout, "wait_for_completion_timeout");
}
long wait_for_completion_interruptible_timeout(completion* x, unsigned long timeout) {
  return static_cast<long>(WaitFor(x, timeout, "wait_for_completion_interruptible_timeout"));
}
bool try_wait_for_completion(completion* x) { return Take(x); }
bool completion_done(completion* x) { return x->done != 0; }

void down(semaphore* s) { Down(s, "down"); }
int down_interruptible(semaphore* s) {
  Down(s, "down_interruptible");
  return 0;
}
int down_killable(semaphore* s) {
  Down(s, "down_killable");
  return 0;
}
int down_trylock(semaphore* s) {  // 0 when taken
  if (s->count == 0) return 1;
  if (s->count == 1 && !Cross<&SyncApi::LockTry>(&s->lock, LockKind::kSemaphore, "down_trylock"))
    return 1;
  --s->count;
  return 0;
}
void up(semaphore* s) {
  if (s->count++ == 0 && Cross<&SyncApi::LockIsHeld>(static_cast<const drydock_lock*>(&s->lock))) {
    Cross<&SyncApi::LockRelease>(&s->lock, LockKind::kSemaphore, "up");
  }
  Cross<&SyncApi::WakeUp>(static_cast<const void*>(s));
}

void drydock_sleep_jiffies(unsigned long timeout, const char* function) {
  Cross<&SyncApi::Sleep>(JiffiesToNs(timeout), function);
}
#define DRYDOCK_SCHEDULE_TIMEOUT(symbol)                                                       \
  long symbol(long timeout) {                                                                  \
    Cross<&SyncApi::Sleep>(JiffiesToNs(timeout < 0 ? 0 : static_cast<unsigned long>(timeout)), \
                           #symbol);                                                           \
    return 0;                                                                                  \
  }
DRYDOCK_SCHEDULE_TIMEOUT(schedule_timeout)
DRYDOCK_SCHEDULE_TIMEOUT(schedule_timeout_interruptible)
DRYDOCK_SCHEDULE_TIMEOUT(schedule_timeout_uninterruptible)
DRYDOCK_SCHEDULE_TIMEOUT(schedule_timeout_killable)
unsigned long msleep_interruptible(unsigned int ms) {
  Cross<&SyncApi::Sleep>(uint64_t{ms} * 1000000, "msleep_interruptible");
  return 0;
}

long long drydock_ktime_get_real() {
  return static_cast<long long>(kEpochNs + Cross<&SyncApi::KtimeNs>());
}
long long ktime_get_real_seconds() {
  return static_cast<long long>((kEpochNs + Cross<&SyncApi::KtimeNs>()) / 1000000000);
}
long long ktime_get_seconds() {
  return static_cast<long long>(Cross<&SyncApi::KtimeNs>() / 1000000000);
}
void ktime_get_ts64(timespec64* ts) {
  uint64_t now = Cross<&SyncApi::KtimeNs>();
  *ts = {static_cast<long long>(now / 1000000000), static_cast<long>(now % 1000000000)};
}
void ktime_get_real_ts64(timespec64* ts) {
  uint64_t now = kEpochNs + Cross<&SyncApi::KtimeNs>();
  *ts = {static_cast<long long>(now / 1000000000), static_cast<long>(now % 1000000000)};
}
unsigned int get_random_u32() {
  unsigned int value = 0;
  Cross<&SyncApi::RandomBytes>(static_cast<void*>(&value), sizeof(value));
  return value;
}
unsigned long long get_random_u64() {
  unsigned long long value = 0;
  Cross<&SyncApi::RandomBytes>(static_cast<void*>(&value), sizeof(value));
  return value;
}

int ___ratelimit(ratelimit_state* rs, const char*) {
  if (rs->interval == 0) return 1;
  unsigned long now = Cross<&SyncApi::Jiffies>();
  if (rs->begin == 0) rs->begin = now;
  if (static_cast<long>(now - (rs->begin + static_cast<unsigned long>(rs->interval))) > 0) {
    rs->begin = now;
    rs->printed = 0;
    rs->missed = 0;
  }
  if (rs->burst > rs->printed) {
    ++rs->printed;
    return 1;
  }
  ++rs->missed;
  return 0;
}

// refcount_t: the count sticks at a value that no sequence of gets and puts reaches.
void refcount_warn_saturate(atomic_t* count, unsigned int kind) {
  static constexpr const char* kTexts[] = {
      "refcount_t: saturated; leaking memory.", "refcount_t: saturated; leaking memory.",
      "refcount_t: addition on 0; use-after-free.", "refcount_t: underflow; use-after-free.",
      "refcount_t: decrement hit 0; leaking memory."};
  count->counter = static_cast<int>(0xc0000000u);
  WarnRefcount(__builtin_return_address(0), "%s", kTexts[kind < 5 ? kind : 0]);
}

void memcpy_fromio(void* to, const volatile void* from, size_t n) {
  auto* bytes = static_cast<unsigned char*>(to);
  for (size_t i = 0; i < n; ++i) {
    auto byte = static_cast<unsigned char>(Cross<&IoApi::MmioRead>(
        static_cast<const volatile void*>(static_cast<const volatile char*>(from) + i), 1u));
    std::memset(bytes + i, byte, 1);
  }
}
void memcpy_toio(volatile void* to, const void* from, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    unsigned char byte;
    std::memcpy(&byte, static_cast<const char*>(from) + i, 1);
    Cross<&IoApi::MmioWrite>(static_cast<volatile void*>(static_cast<volatile char*>(to) + i),
                             uint64_t{byte}, 1u);
  }
}
void memset_io(volatile void* to, int value, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    Cross<&IoApi::MmioWrite>(static_cast<volatile void*>(static_cast<volatile char*>(to) + i),
                             uint64_t{static_cast<unsigned char>(value)}, 1u);
  }
}

}  // extern "C"
