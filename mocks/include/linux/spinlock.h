/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spinning locks and the context they make: holding one is atomic context, in
 * which nothing may sleep.
 */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/atomic.h>
#include <drydock/task_structs.h>

typedef struct {
	struct drydock_lock lock;
} rwlock_t;

#define __RAW_SPIN_LOCK_UNLOCKED(name) { DRYDOCK_LOCK_INIT(name) }
#define __SPIN_LOCK_UNLOCKED(name) { __RAW_SPIN_LOCK_UNLOCKED(name) }
#define __RW_LOCK_UNLOCKED(name) { DRYDOCK_LOCK_INIT(name) }
#define DEFINE_RAW_SPINLOCK(name) \
	raw_spinlock_t name = __RAW_SPIN_LOCK_UNLOCKED(name)
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)
#define DEFINE_RWLOCK(name) rwlock_t name = __RW_LOCK_UNLOCKED(name)

enum { DRYDOCK_LOCK_SPIN, DRYDOCK_LOCK_RW };
void drydock_lock_init(struct drydock_lock *lock, int kind, const char *name);
#define __drydock_lock_init(lock, kind, text)                    \
	do {                                                     \
		static const char drydock_name[] = text;         \
		drydock_lock_init((lock), (kind), drydock_name); \
	} while (0)
#define raw_spin_lock_init(l) \
	__drydock_lock_init(&(l)->lock, DRYDOCK_LOCK_SPIN, #l)
#define spin_lock_init(l) \
	__drydock_lock_init(&(l)->rlock.lock, DRYDOCK_LOCK_SPIN, #l)
#define rwlock_init(l) __drydock_lock_init(&(l)->lock, DRYDOCK_LOCK_RW, #l)

void _raw_spin_lock(raw_spinlock_t *lock);
void _raw_spin_lock_bh(raw_spinlock_t *lock);
void _raw_spin_lock_irq(raw_spinlock_t *lock);
unsigned long _raw_spin_lock_irqsave(raw_spinlock_t *lock);
int _raw_spin_trylock(raw_spinlock_t *lock);
void _raw_spin_unlock(raw_spinlock_t *lock);
void _raw_spin_unlock_bh(raw_spinlock_t *lock);
void _raw_spin_unlock_irq(raw_spinlock_t *lock);
void _raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags);
void _raw_read_lock(rwlock_t *lock);
void _raw_read_lock_bh(rwlock_t *lock);
void _raw_read_lock_irq(rwlock_t *lock);
unsigned long _raw_read_lock_irqsave(rwlock_t *lock);
void _raw_read_unlock(rwlock_t *lock);
void _raw_read_unlock_bh(rwlock_t *lock);
void _raw_read_unlock_irq(rwlock_t *lock);
void _raw_read_unlock_irqrestore(rwlock_t *lock, unsigned long flags);
void _raw_write_lock(rwlock_t *lock);
void _raw_write_lock_bh(rwlock_t *lock);
void _raw_write_lock_irq(rwlock_t *lock);
unsigned long _raw_write_lock_irqsave(rwlock_t *lock);
void _raw_write_unlock(rwlock_t *lock);
void _raw_write_unlock_bh(rwlock_t *lock);
void _raw_write_unlock_irq(rwlock_t *lock);
void _raw_write_unlock_irqrestore(rwlock_t *lock, unsigned long flags);

#define raw_spin_lock(l) _raw_spin_lock(l)
#define raw_spin_lock_irq(l) _raw_spin_lock_irq(l)
#define raw_spin_lock_irqsave(l, flags) ((flags) = _raw_spin_lock_irqsave(l))
#define raw_spin_trylock(l) _raw_spin_trylock(l)
#define raw_spin_unlock(l) _raw_spin_unlock(l)
#define raw_spin_unlock_irq(l) _raw_spin_unlock_irq(l)
#define raw_spin_unlock_irqrestore(l, flags) \
	_raw_spin_unlock_irqrestore(l, flags)
#define spin_lock(l) _raw_spin_lock(&(l)->rlock)
#define spin_lock_nested(l, subclass) \
	(drydock_lock_nested(subclass), spin_lock(l))
#define spin_lock_irqsave_nested(l, flags, subclass) \
	(drydock_lock_nested(subclass), spin_lock_irqsave(l, flags))
#define spin_lock_bh(l) _raw_spin_lock_bh(&(l)->rlock)
#define spin_lock_irq(l) _raw_spin_lock_irq(&(l)->rlock)
#define spin_lock_irqsave(l, flags) \
	((flags) = _raw_spin_lock_irqsave(&(l)->rlock))
#define spin_trylock(l) _raw_spin_trylock(&(l)->rlock)
#define spin_unlock(l) _raw_spin_unlock(&(l)->rlock)
#define spin_unlock_bh(l) _raw_spin_unlock_bh(&(l)->rlock)
#define spin_unlock_irq(l) _raw_spin_unlock_irq(&(l)->rlock)
#define spin_unlock_irqrestore(l, flags) \
	_raw_spin_unlock_irqrestore(&(l)->rlock, flags)
#define spin_is_locked(l) drydock_lock_is_held(&(l)->rlock.lock)
#define assert_spin_locked(l) BUG_ON(!spin_is_locked(l))
#define read_lock(l) _raw_read_lock(l)
#define read_lock_bh(l) _raw_read_lock_bh(l)
#define read_lock_irq(l) _raw_read_lock_irq(l)
#define read_lock_irqsave(l, flags) ((flags) = _raw_read_lock_irqsave(l))
#define read_unlock(l) _raw_read_unlock(l)
#define read_unlock_bh(l) _raw_read_unlock_bh(l)
#define read_unlock_irq(l) _raw_read_unlock_irq(l)
#define read_unlock_irqrestore(l, flags) _raw_read_unlock_irqrestore(l, flags)
#define write_lock(l) _raw_write_lock(l)
#define write_lock_bh(l) _raw_write_lock_bh(l)
#define write_lock_irq(l) _raw_write_lock_irq(l)
#define write_lock_irqsave(l, flags) ((flags) = _raw_write_lock_irqsave(l))
#define write_unlock(l) _raw_write_unlock(l)
#define write_unlock_bh(l) _raw_write_unlock_bh(l)
#define write_unlock_irq(l) _raw_write_unlock_irq(l)
#define write_unlock_irqrestore(l, flags) _raw_write_unlock_irqrestore(l, flags)

/* Interrupts come where the driver calls the kernel, unless they are off. */
unsigned long drydock_local_irq_save(void);
void drydock_local_irq_restore(unsigned long flags);
int drydock_irqs_disabled(void);
void drydock_local_bh(int disable);
#define local_irq_save(flags) ((flags) = drydock_local_irq_save())
#define local_irq_restore(flags) drydock_local_irq_restore(flags)
#define local_irq_disable() ((void)drydock_local_irq_save())
#define local_irq_enable() drydock_local_irq_restore(0)
#define irqs_disabled() drydock_irqs_disabled()
#define local_bh_disable() drydock_local_bh(1)
#define local_bh_enable() drydock_local_bh(0)
void drydock_preempt(int disable);
#define preempt_disable() drydock_preempt(1)
#define preempt_enable() drydock_preempt(0)
#define preempt_enable_no_resched() preempt_enable()

/* Readers of RCU do not sleep: that would end their section early. */
void __rcu_read_lock(void);
void __rcu_read_unlock(void);

static inline void rcu_read_lock(void)
{
	__rcu_read_lock();
}

static inline void rcu_read_unlock(void)
{
	__rcu_read_unlock();
}

#define rcu_read_lock_bh() local_bh_disable()
#define rcu_read_unlock_bh() local_bh_enable()
#define rcu_read_lock_sched() preempt_disable()
#define rcu_read_unlock_sched() preempt_enable()
#define rcu_dereference(p) READ_ONCE(p)
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)
#define synchronize_rcu() might_sleep()

#endif
