/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sleeping locks: mutex, rw_semaphore, semaphore. Each is a struct drydock_lock;
 * owner, order and context are checked by the emulated kernel.
 */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <linux/types.h>
#include <linux/version.h>

#define DRYDOCK_LOCK_INIT(lock_name) \
	{ .name = #lock_name, .magic = DRYDOCK_LOCK_MAGIC }

/* A class of locks is an init site; its name, whose address tells it, is one. */
struct lock_class_key {
	unsigned int drydock_unused;
};

void drydock_lock_nested(unsigned int subclass);
void drydock_lock_set_class(struct drydock_lock *lock, const void *key,
			    const char *name);
#define SINGLE_DEPTH_NESTING 1
#define lockdep_set_class_and_name(lock, key, name) \
	drydock_lock_set_class((struct drydock_lock *)(lock), key, name)
#define lockdep_set_class(lock, key) lockdep_set_class_and_name(lock, key, #key)

struct mutex {
	struct drydock_lock lock;
};

#define __MUTEX_INITIALIZER(name) { DRYDOCK_LOCK_INIT(name) }
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)

void __mutex_init(struct mutex *lock, const char *name,
		  struct lock_class_key *key);
#define mutex_init(mutex)                                  \
	do {                                               \
		static const char drydock_name[] = #mutex; \
		__mutex_init((mutex), drydock_name, NULL); \
	} while (0)
void mutex_lock(struct mutex *lock);
int __must_check mutex_lock_interruptible(struct mutex *lock);
int __must_check mutex_lock_killable(struct mutex *lock);
int mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
bool mutex_is_locked(struct mutex *lock);
#define mutex_lock_nested(lock, subclass) \
	(drydock_lock_nested(subclass), mutex_lock(lock))
#define mutex_lock_interruptible_nested(lock, subclass) \
	(drydock_lock_nested(subclass), mutex_lock_interruptible(lock))
#define mutex_lock_killable_nested(lock, subclass) \
	(drydock_lock_nested(subclass), mutex_lock_killable(lock))

static inline void mutex_destroy(struct mutex *lock)
{
}

struct rw_semaphore {
	struct drydock_lock lock;
};

#define __RWSEM_INITIALIZER(name) { DRYDOCK_LOCK_INIT(name) }
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)

void __init_rwsem(struct rw_semaphore *sem, const char *name,
		  struct lock_class_key *key);
#define init_rwsem(sem)                                  \
	do {                                             \
		static const char drydock_name[] = #sem; \
		__init_rwsem((sem), drydock_name, NULL); \
	} while (0)
void down_read(struct rw_semaphore *sem);
int __must_check down_read_interruptible(struct rw_semaphore *sem);
int __must_check down_read_killable(struct rw_semaphore *sem);
int down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
int __must_check down_write_killable(struct rw_semaphore *sem);
int down_write_trylock(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
#define down_read_nested(sem, subclass) \
	(drydock_lock_nested(subclass), down_read(sem))
#define down_write_nested(sem, subclass) \
	(drydock_lock_nested(subclass), down_write(sem))
#define down_write_killable_nested(sem, subclass) \
	(drydock_lock_nested(subclass), down_write_killable(sem))
int drydock_lock_is_held(const struct drydock_lock *lock);
#define rwsem_is_locked(sem) drydock_lock_is_held(&(sem)->lock)

/*
 * A counting semaphore. While the count is above one it is only a number; at
 * zero the underlying lock is what the next one waits for.
 */
struct semaphore {
	struct drydock_lock lock;
	unsigned int count;
};

#define __SEMAPHORE_INITIALIZER(name, n) \
	{ DRYDOCK_LOCK_INIT(name), .count = (n) }
#if DRYDOCK_PROFILE_NUMBER < 604
#define DEFINE_SEMAPHORE(name) \
	struct semaphore name = __SEMAPHORE_INITIALIZER(name, 1)
#else
#define DEFINE_SEMAPHORE(name, n) \
	struct semaphore name = __SEMAPHORE_INITIALIZER(name, n)
#endif

static inline void sema_init(struct semaphore *sem, int count)
{
	*sem = (struct semaphore)__SEMAPHORE_INITIALIZER(sem, count);
}

void down(struct semaphore *sem);
int __must_check down_interruptible(struct semaphore *sem);
int __must_check down_killable(struct semaphore *sem);
int __must_check down_trylock(struct semaphore *sem);
void up(struct semaphore *sem);

/* Lock debugging is always on: these complain when the lock is not held. */
#define lockdep_assert_held(l) \
	WARN_ON_ONCE(!drydock_lock_is_held((const struct drydock_lock *)(l)))
#define lockdep_assert_held_write(l) lockdep_assert_held(l)
#define lockdep_assert_held_read(l) lockdep_assert_held(l)
#define lockdep_is_held(l) \
	drydock_lock_is_held((const struct drydock_lock *)(l))
#define lockdep_register_key(key) ((void)(key))
#define lockdep_unregister_key(key) ((void)(key))

#endif
