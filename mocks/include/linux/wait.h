/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wait queues, completions, poll tables. A task that waits lets the rest of the
 * machine go on: other tasks, work, and then time.
 */
#ifndef _LINUX_KERNEL_WAIT_H
#define _LINUX_KERNEL_WAIT_H

#include <linux/spinlock.h>
#include <linux/list.h>
#include <linux/jiffies.h>
#include <linux/errno.h>

#define MAX_SCHEDULE_TIMEOUT LONG_MAX

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)        \
	{ .lock = __SPIN_LOCK_UNLOCKED(name.lock), \
	  .head = LIST_HEAD_INIT((name).head) }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)

static inline void drydock_init_waitqueue_head(struct wait_queue_head *wq,
					       const char *name)
{
	drydock_lock_init(&wq->lock.rlock.lock, DRYDOCK_LOCK_SPIN, name);
	INIT_LIST_HEAD(&wq->head);
}
#define init_waitqueue_head(wq) drydock_init_waitqueue_head((wq), #wq)

struct task_struct *drydock_current(void);
int default_wake_function(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key);
int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode,
			     int flags, void *key);
void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void add_wait_queue_exclusive(struct wait_queue_head *wq,
			      struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *wq,
		       struct wait_queue_entry *entry);
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     int state);
bool prepare_to_wait_exclusive(struct wait_queue_head *wq,
			       struct wait_queue_entry *entry, int state);
long prepare_to_wait_event(struct wait_queue_head *wq,
			   struct wait_queue_entry *entry, int state);
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void schedule(void);
signed long schedule_timeout(signed long timeout);
int __wake_up(struct wait_queue_head *wq, unsigned int mode, int count,
	      void *key);

#define __WAITQUEUE_INITIALIZER(name, task) \
	{ .private = (task), .func = default_wake_function }
#define DECLARE_WAITQUEUE(name, task) \
	struct wait_queue_entry name = __WAITQUEUE_INITIALIZER(name, task)
#define DEFINE_WAIT_FUNC(name, function)               \
	struct wait_queue_entry name = {               \
		.private = drydock_current(),          \
		.func = (function),                    \
		.entry = LIST_HEAD_INIT((name).entry), \
	}
#define DEFINE_WAIT(name) DEFINE_WAIT_FUNC(name, autoremove_wake_function)

static inline void init_waitqueue_entry(struct wait_queue_entry *entry,
					struct task_struct *task)
{
	entry->flags = 0;
	entry->private = task;
	entry->func = default_wake_function;
}

static inline void init_waitqueue_func_entry(struct wait_queue_entry *entry,
					     wait_queue_func_t func)
{
	entry->flags = 0;
	entry->private = NULL;
	entry->func = func;
}

static inline void init_wait_entry(struct wait_queue_entry *entry, int flags)
{
	entry->flags = flags;
	entry->private = drydock_current();
	entry->func = autoremove_wake_function;
	INIT_LIST_HEAD(&entry->entry);
}

static inline int waitqueue_active(struct wait_queue_head *wq)
{
	return !list_empty(&wq->head);
}

static inline bool wq_has_sleeper(struct wait_queue_head *wq)
{
	return waitqueue_active(wq);
}

#define wake_up(wq) __wake_up(wq, TASK_NORMAL, 1, NULL)
#define wake_up_nr(wq, n) __wake_up(wq, TASK_NORMAL, n, NULL)
#define wake_up_all(wq) __wake_up(wq, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_nr(wq, n) \
	__wake_up(wq, TASK_INTERRUPTIBLE, n, NULL)
#define wake_up_interruptible_all(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 0, NULL)
#define wake_up_interruptible_sync(wq) wake_up_interruptible(wq)
#define poll_to_key(events) ((void *)(unsigned long)(events))
#define key_to_poll(key) ((__poll_t)(unsigned long)(key))
#define wake_up_poll(wq, events) \
	__wake_up(wq, TASK_NORMAL, 1, poll_to_key(events))
#define wake_up_interruptible_poll(wq, events) \
	__wake_up(wq, TASK_INTERRUPTIBLE, 1, poll_to_key(events))
/* With the queue's own lock held. */
#define wake_up_locked(wq) drydock_wake_up_locked(wq, TASK_NORMAL, 1)
#define wake_up_all_locked(wq) drydock_wake_up_locked(wq, TASK_NORMAL, 0)
int drydock_wake_up_locked(struct wait_queue_head *wq, unsigned int mode,
			   int count);

/*
 * Every wait is this one. Return: the jiffies left of @timeout, at least 1 if
 * @cond came true; 0 when the time is up and it did not; or -ERESTARTSYS.
 * @before and @after stand around the sleep.
 */
#define DRYDOCK_WAIT_FOR(wq, cond, state, flags, timeout, before, after) \
	({                                                               \
		long __dw_left = (timeout);                              \
		struct wait_queue_entry __dw_entry;                      \
                                                                         \
		init_wait_entry(&__dw_entry, flags);                     \
		for (;;) {                                               \
			long __dw_signal = prepare_to_wait_event(        \
				&(wq), &__dw_entry, state);              \
                                                                         \
			if (cond) {                                      \
				__dw_left = __dw_left ? __dw_left : 1;   \
				break;                                   \
			}                                                \
			if (!__dw_left)                                  \
				break;                                   \
			if (__dw_signal) {                               \
				__dw_left = __dw_signal;                 \
				break;                                   \
			}                                                \
			before;                                          \
			__dw_left = schedule_timeout(__dw_left);         \
			after;                                           \
		}                                                        \
		finish_wait(&(wq), &__dw_entry);                         \
		__dw_left;                                               \
	})
/* The same, after a look at @cond that needs no queue. */
#define DRYDOCK_WAIT_EVENT(wq, cond, state, flags, timeout)                 \
	({                                                                  \
		long __dw_ret = (timeout);                                  \
                                                                            \
		might_sleep();                                              \
		if (cond)                                                   \
			__dw_ret = __dw_ret ? __dw_ret : 1;                 \
		else if (__dw_ret)                                          \
			__dw_ret = DRYDOCK_WAIT_FOR(wq, cond, state, flags, \
						    __dw_ret, barrier(),    \
						    barrier());             \
		__dw_ret;                                                   \
	})
#define DRYDOCK_WAIT_ERROR(left)                          \
	({                                                \
		long __dw_result = (left);                \
		(int)(__dw_result < 0 ? __dw_result : 0); \
	})

#define wait_event(wq, cond)                                         \
	((void)DRYDOCK_WAIT_EVENT(wq, cond, TASK_UNINTERRUPTIBLE, 0, \
				  MAX_SCHEDULE_TIMEOUT))
#define wait_event_interruptible(wq, cond)                                     \
	DRYDOCK_WAIT_ERROR(DRYDOCK_WAIT_EVENT(wq, cond, TASK_INTERRUPTIBLE, 0, \
					      MAX_SCHEDULE_TIMEOUT))
#define wait_event_interruptible_exclusive(wq, cond)                        \
	DRYDOCK_WAIT_ERROR(DRYDOCK_WAIT_EVENT(wq, cond, TASK_INTERRUPTIBLE, \
					      WQ_FLAG_EXCLUSIVE,            \
					      MAX_SCHEDULE_TIMEOUT))
#define wait_event_killable(wq, cond)                                     \
	DRYDOCK_WAIT_ERROR(DRYDOCK_WAIT_EVENT(wq, cond, TASK_KILLABLE, 0, \
					      MAX_SCHEDULE_TIMEOUT))
#define wait_event_freezable(wq, cond) wait_event_interruptible(wq, cond)
#define wait_event_timeout(wq, cond, timeout) \
	DRYDOCK_WAIT_EVENT(wq, cond, TASK_UNINTERRUPTIBLE, 0, timeout)
#define wait_event_interruptible_timeout(wq, cond, timeout) \
	DRYDOCK_WAIT_EVENT(wq, cond, TASK_INTERRUPTIBLE, 0, timeout)
#define wait_event_killable_timeout(wq, cond, timeout) \
	DRYDOCK_WAIT_EVENT(wq, cond, TASK_KILLABLE, 0, timeout)
#define wait_event_freezable_timeout(wq, cond, timeout) \
	wait_event_interruptible_timeout(wq, cond, timeout)
/* With a spinlock held, which is released while the task sleeps. */
#define wait_event_lock_irq(wq, cond, lock)                                 \
	do {                                                                \
		if (!(cond))                                                \
			DRYDOCK_WAIT_FOR(wq, cond, TASK_UNINTERRUPTIBLE, 0, \
					 MAX_SCHEDULE_TIMEOUT,              \
					 spin_unlock_irq(&(lock)),          \
					 spin_lock_irq(&(lock)));           \
	} while (0)
#define wait_event_interruptible_lock_irq(wq, cond, lock)                      \
	DRYDOCK_WAIT_ERROR((cond) ? 1                                          \
				  : DRYDOCK_WAIT_FOR(wq, cond,                 \
						     TASK_INTERRUPTIBLE, 0,    \
						     MAX_SCHEDULE_TIMEOUT,     \
						     spin_unlock_irq(&(lock)), \
						     spin_lock_irq(&(lock))))

#define COMPLETION_INITIALIZER(work) \
	{ 0, __WAIT_QUEUE_HEAD_INITIALIZER((work).wait) }
#define DECLARE_COMPLETION(work) \
	struct completion work = COMPLETION_INITIALIZER(work)
#define DECLARE_COMPLETION_ONSTACK(work) DECLARE_COMPLETION(work)

static inline void init_completion(struct completion *x)
{
	x->done = 0;
	init_waitqueue_head(&x->wait);
}

static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}

void complete(struct completion *x);
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);
int wait_for_completion_interruptible(struct completion *x);
int wait_for_completion_killable(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x,
					  unsigned long timeout);
long wait_for_completion_interruptible_timeout(struct completion *x,
					       unsigned long timeout);
long wait_for_completion_killable_timeout(struct completion *x,
					  unsigned long timeout);
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

/* What poll(2) puts into its table. */
void drydock_poll_wait(struct file *file, struct wait_queue_head *wq,
		       struct poll_table_struct *p);

static inline void poll_wait(struct file *file, struct wait_queue_head *wq,
			     poll_table *p)
{
	if (p && p->_qproc && wq)
		p->_qproc(file, wq, p);
}

static inline __poll_t poll_requested_events(const poll_table *p)
{
	return p ? p->_key : ~(__poll_t)0;
}

#if DRYDOCK_PROFILE_NUMBER < 700
static inline bool poll_does_not_wait(const poll_table *p)
{
	return !p || !p->_qproc;
}
#endif

#define EPOLLIN ((__poll_t)0x0001)
#define EPOLLPRI ((__poll_t)0x0002)
#define EPOLLOUT ((__poll_t)0x0004)
#define EPOLLERR ((__poll_t)0x0008)
#define EPOLLHUP ((__poll_t)0x0010)
#define EPOLLNVAL ((__poll_t)0x0020)
#define EPOLLRDNORM ((__poll_t)0x0040)
#define EPOLLRDBAND ((__poll_t)0x0080)
#define EPOLLWRNORM ((__poll_t)0x0100)
#define EPOLLWRBAND ((__poll_t)0x0200)
#define EPOLLRDHUP ((__poll_t)0x2000)
#define POLLIN 0x0001
#define POLLPRI 0x0002
#define POLLOUT 0x0004
#define POLLERR 0x0008
#define POLLHUP 0x0010
#define POLLNVAL 0x0020
#define POLLRDNORM 0x0040
#define POLLWRNORM 0x0100
#define DEFAULT_POLLMASK (EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM)

#endif
