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
using drydock::mocks::TaskApi;

namespace {

// Simulated wall-clock time starts here: 2026-01-01 00:00:00 UTC.
constexpr uint64_t kEpochNs = 1767225600ull * 1000000000ull;
constexpr unsigned int kDoneForAll = ~0u / 2;

constexpr long kForever = __LONG_MAX__;
constexpr int kEintr = 4;

bool Take(completion* x) {
  if (x->done == 0) return false;
  if (x->done != kDoneForAll) --x->done;
  return true;
}

// kernel/sched/completion.c:wait_for_common(): the jiffies left (at least 1), 0 when the time was
// up, or -ERESTARTSYS.
DRYDOCK_SHIM_INLINE long WaitFor(completion* x, long timeout, unsigned int state,
                                 const char* function) {
  Cross<&SyncApi::MightSleep>(function);
  while (!Take(x)) {
    if (timeout == 0) return 0;
    const long error =
        Cross<&TaskApi::WaitOn>(static_cast<const void*>(x), state, &timeout, function);
    if (error < 0 && timeout != 0) return error;
  }
  return timeout == 0 ? 1 : timeout;
}

// Taking the last one takes the lock beneath, so that order and owner are known as for a mutex. A
// count that began at zero has no owner: what waits for it waits for up().
DRYDOCK_SHIM_INLINE int Down(semaphore* s, unsigned int state, const char* function) {
  Cross<&SyncApi::MightSleep>(function);
  while (s->count == 0) {
    long forever = kForever;
    if (Cross<&TaskApi::WaitOn>(static_cast<const void*>(s), state, &forever, function) < 0) {
      return -kEintr;
    }
  }
  if (s->count == 1) Cross<&SyncApi::LockAcquire>(&s->lock, LockKind::kSemaphore, function);
  --s->count;
  return 0;
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
  Cross<&TaskApi::WakeOn>(static_cast<const void*>(x), 1u);
}
void complete_all(completion* x) {
  x->done = kDoneForAll;
  Cross<&TaskApi::WakeOn>(static_cast<const void*>(x), 0u);
}
void wait_for_completion(completion* x) {
  WaitFor(x, kForever, TASK_UNINTERRUPTIBLE, "wait_for_completion");
}
int wait_for_completion_interruptible(completion* x) {
  const long left = WaitFor(x, kForever, TASK_INTERRUPTIBLE, "wait_for_completion_interruptible");
  return left < 0 ? static_cast<int>(left) : 0;
}
int wait_for_completion_killable(completion* x) {
  const long left = WaitFor(x, kForever, TASK_KILLABLE, "wait_for_completion_killable");
  return left < 0 ? static_cast<int>(left) : 0;
}
unsigned long wait_for_completion_timeout(completion* x, unsigned long timeout) {
  return static_cast<unsigned long>(
      WaitFor(x, static_cast<long>(timeout), TASK_UNINTERRUPTIBLE, "wait_for_completion_timeout"));
}
long wait_for_completion_interruptible_timeout(completion* x, unsigned long timeout) {
  return WaitFor(x, static_cast<long>(timeout), TASK_INTERRUPTIBLE,
                 "wait_for_completion_interruptible_timeout");
}
long wait_for_completion_killable_timeout(completion* x, unsigned long timeout) {
  return WaitFor(x, static_cast<long>(timeout), TASK_KILLABLE,
                 "wait_for_completion_killable_timeout");
}
bool try_wait_for_completion(completion* x) { return Take(x); }
bool completion_done(completion* x) { return x->done != 0; }

void down(semaphore* s) { Down(s, TASK_UNINTERRUPTIBLE, "down"); }
int down_interruptible(semaphore* s) { return Down(s, TASK_INTERRUPTIBLE, "down_interruptible"); }
int down_killable(semaphore* s) { return Down(s, TASK_KILLABLE, "down_killable"); }
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
  Cross<&TaskApi::WakeOn>(static_cast<const void*>(s), 1u);
}

namespace {
DRYDOCK_SHIM_INLINE long SleepFor(long timeout, unsigned int state, const char* function) {
  Cross<&TaskApi::CurrentTask>()->__state = state;
  return Cross<&TaskApi::ScheduleTimeout>(timeout, function);
}
}  // namespace

long schedule_timeout_interruptible(long timeout) {
  return SleepFor(timeout, TASK_INTERRUPTIBLE, "schedule_timeout_interruptible");
}
long schedule_timeout_uninterruptible(long timeout) {
  return SleepFor(timeout, TASK_UNINTERRUPTIBLE, "schedule_timeout_uninterruptible");
}
long schedule_timeout_killable(long timeout) {
  return SleepFor(timeout, TASK_KILLABLE, "schedule_timeout_killable");
}
bool prepare_to_wait_exclusive(wait_queue_head* queue, wait_queue_entry* entry, int state) {
  entry->flags |= WQ_FLAG_EXCLUSIVE;
  const bool first = queue->head.next == &queue->head;
  Cross<&TaskApi::PrepareToWait>(queue, entry, static_cast<unsigned int>(state));
  return first;
}

long long drydock_ktime_get_real() {
  const uint64_t ns = kEpochNs + Cross<&SyncApi::KtimeNs>();
  return static_cast<long long>(ns);
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
