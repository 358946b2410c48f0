// Symbols of kernel/locking, kernel/time/timekeeping.c and drivers/char/random.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::LockKind;
using drydock::mocks::SyncApi;

#define DRYDOCK_ACQUIRE(symbol, kind) \
  void symbol(drydock_lock* lock) { Cross<&SyncApi::LockAcquire>(lock, LockKind::kind, #symbol); }
#define DRYDOCK_ACQUIRE_0(symbol, kind, state)                                                   \
  int symbol(drydock_lock* lock) {                                                               \
    return Cross<&SyncApi::LockAcquireOrSignal>(lock, LockKind::kind, unsigned{state}, #symbol); \
  }
#define DRYDOCK_ACQUIRE_FLAGS(symbol, kind)                      \
  unsigned long symbol(drydock_lock* lock) {                     \
    Cross<&SyncApi::LockAcquire>(lock, LockKind::kind, #symbol); \
    return 0;                                                    \
  }
#define DRYDOCK_TRY(symbol, kind) \
  int symbol(drydock_lock* lock) { return Cross<&SyncApi::LockTry>(lock, LockKind::kind, #symbol); }
#define DRYDOCK_RELEASE(symbol, kind) \
  void symbol(drydock_lock* lock) { Cross<&SyncApi::LockRelease>(lock, LockKind::kind, #symbol); }
#define DRYDOCK_RELEASE_FLAGS(symbol, kind)                      \
  void symbol(drydock_lock* lock, unsigned long) {               \
    Cross<&SyncApi::LockRelease>(lock, LockKind::kind, #symbol); \
  }

extern "C" {

void __mutex_init(drydock_lock* lock, const char* name, void* key) {
  Cross<&SyncApi::LockInit>(lock, LockKind::kMutex, name);
  if (key != nullptr) Cross<&SyncApi::LockSetClass>(lock, key, name);
}
DRYDOCK_ACQUIRE(mutex_lock, kMutex)
DRYDOCK_ACQUIRE_0(mutex_lock_interruptible, kMutex, TASK_INTERRUPTIBLE)
DRYDOCK_ACQUIRE_0(mutex_lock_killable, kMutex, TASK_KILLABLE)
DRYDOCK_TRY(mutex_trylock, kMutex)
DRYDOCK_RELEASE(mutex_unlock, kMutex)
bool mutex_is_locked(const drydock_lock* lock) { return Cross<&SyncApi::LockIsHeld>(lock); }

void __init_rwsem(drydock_lock* lock, const char* name, void* key) {
  Cross<&SyncApi::LockInit>(lock, LockKind::kRwsemWrite, name);
  if (key != nullptr) Cross<&SyncApi::LockSetClass>(lock, key, name);
}
DRYDOCK_ACQUIRE(down_read, kRwsemRead)
DRYDOCK_ACQUIRE_0(down_read_interruptible, kRwsemRead, TASK_INTERRUPTIBLE)
DRYDOCK_ACQUIRE_0(down_read_killable, kRwsemRead, TASK_KILLABLE)
DRYDOCK_TRY(down_read_trylock, kRwsemRead)
DRYDOCK_RELEASE(up_read, kRwsemRead)
DRYDOCK_ACQUIRE(down_write, kRwsemWrite)
DRYDOCK_ACQUIRE_0(down_write_killable, kRwsemWrite, TASK_KILLABLE)
DRYDOCK_TRY(down_write_trylock, kRwsemWrite)
DRYDOCK_RELEASE(up_write, kRwsemWrite)

DRYDOCK_ACQUIRE(_raw_spin_lock, kSpin)
DRYDOCK_ACQUIRE(_raw_spin_lock_bh, kSpinBh)
DRYDOCK_ACQUIRE(_raw_spin_lock_irq, kSpinIrq)
DRYDOCK_ACQUIRE_FLAGS(_raw_spin_lock_irqsave, kSpinIrq)
DRYDOCK_TRY(_raw_spin_trylock, kSpin)
DRYDOCK_RELEASE(_raw_spin_unlock, kSpin)
DRYDOCK_RELEASE(_raw_spin_unlock_bh, kSpinBh)
DRYDOCK_RELEASE(_raw_spin_unlock_irq, kSpinIrq)
DRYDOCK_RELEASE_FLAGS(_raw_spin_unlock_irqrestore, kSpinIrq)
DRYDOCK_ACQUIRE(_raw_read_lock, kRwRead)
DRYDOCK_ACQUIRE(_raw_read_lock_bh, kRwRead)
DRYDOCK_ACQUIRE(_raw_read_lock_irq, kRwRead)
DRYDOCK_ACQUIRE_FLAGS(_raw_read_lock_irqsave, kRwRead)
DRYDOCK_RELEASE(_raw_read_unlock, kRwRead)
DRYDOCK_RELEASE(_raw_read_unlock_bh, kRwRead)
DRYDOCK_RELEASE(_raw_read_unlock_irq, kRwRead)
DRYDOCK_RELEASE_FLAGS(_raw_read_unlock_irqrestore, kRwRead)
DRYDOCK_ACQUIRE(_raw_write_lock, kRwWrite)
DRYDOCK_ACQUIRE(_raw_write_lock_bh, kRwWrite)
DRYDOCK_ACQUIRE(_raw_write_lock_irq, kRwWrite)
DRYDOCK_ACQUIRE_FLAGS(_raw_write_lock_irqsave, kRwWrite)
DRYDOCK_RELEASE(_raw_write_unlock, kRwWrite)
DRYDOCK_RELEASE(_raw_write_unlock_bh, kRwWrite)
DRYDOCK_RELEASE(_raw_write_unlock_irq, kRwWrite)
DRYDOCK_RELEASE_FLAGS(_raw_write_unlock_irqrestore, kRwWrite)

// Inline in a kernel; here they cross. `kind`: 0 spinlock, 1 rwlock (linux/spinlock.h).
void drydock_lock_init(drydock_lock* lock, int kind, const char* name) {
  Cross<&SyncApi::LockInit>(lock, kind == 0 ? LockKind::kSpin : LockKind::kRwWrite, name);
}
unsigned long drydock_local_irq_save() {
  Cross<&SyncApi::LocalIrq>(true);
  return 0;
}
void drydock_local_irq_restore(unsigned long) { Cross<&SyncApi::LocalIrq>(false); }
void drydock_preempt(int disable) { Cross<&SyncApi::Preempt>(disable != 0); }
void __rcu_read_lock() { Cross<&SyncApi::RcuRead>(true); }
void __rcu_read_unlock() { Cross<&SyncApi::RcuRead>(false); }
void drydock_lock_nested(unsigned int subclass) { Cross<&SyncApi::LockNested>(subclass); }
void drydock_lock_set_class(drydock_lock* lock, const void* key, const char* name) {
  Cross<&SyncApi::LockSetClass>(lock, key, name);
}
int drydock_irqs_disabled() { return Cross<&SyncApi::IrqsOff>(); }
void drydock_local_bh(int disable) { Cross<&SyncApi::LocalBh>(disable != 0); }
int drydock_lock_is_held(const drydock_lock* lock) { return Cross<&SyncApi::LockIsHeld>(lock); }
void drydock_might_sleep(const char* function) { Cross<&SyncApi::MightSleep>(function); }
unsigned long drydock_jiffies() { return Cross<&SyncApi::Jiffies>(); }
long long ktime_get() { return static_cast<long long>(Cross<&SyncApi::KtimeNs>()); }
bool capable(int capability) { return Cross<&SyncApi::Capable>(capability); }
void get_random_bytes(void* to, size_t n) { Cross<&SyncApi::RandomBytes>(to, n); }

}  // extern "C"
