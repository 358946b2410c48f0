/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wait queues, completions, poll tables. Nothing else runs while a driver waits,
 * so a wait that nothing can end is a dead lock; the emulated kernel says so.
 */
#ifndef _LINUX_KERNEL_WAIT_H
#define _LINUX_KERNEL_WAIT_H

#include <linux/spinlock.h>
#include <linux/list.h>
#include <linux/jiffies.h>

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)        \
	{ .lock = __SPIN_LOCK_UNLOCKED(name.lock), \
	  .head = LIST_HEAD_INIT((name).head) }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)

static inline void drydock_init_waitqueue_head(struct wait_queue_head *wq,
					       const char *name)
{
	drydock_lock_init(&wq->lock.rlock.lock, DRYDOCK_LOCK_SPIN, name);
	INIT_LIST_HEAD(&wq->head);
}
#define init_waitqueue_head(wq) drydock_init_waitqueue_head((wq), #wq)

#define TASK_RUNNING 0x0
#define TASK_INTERRUPTIBLE 0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

void drydock_wait_on(const void *queue, const char *function);
void drydock_sleep_jiffies(unsigned long timeout, const char *function);
int __wake_up(struct wait_queue_head *wq, unsigned int mode, int count,
	      void *key);

#define wake_up(wq) __wake_up(wq, TASK_NORMAL, 1, NULL)
#define wake_up_nr(wq, n) __wake_up(wq, TASK_NORMAL, n, NULL)
#define wake_up_all(wq) __wake_up(wq, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_all(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 0, NULL)
#define wake_up_interruptible_sync(wq) wake_up_interruptible(wq)
#define wake_up_poll(wq, events) __wake_up(wq, TASK_NORMAL, 1, NULL)
#define wake_up_interruptible_poll(wq, events) wake_up_interruptible(wq)

static inline int waitqueue_active(struct wait_queue_head *wq)
{
	return !list_empty(&wq->head);
}

#define wait_event(wq, cond)                              \
	do {                                              \
		might_sleep();                            \
		while (!(cond))                           \
			drydock_wait_on(&(wq), __func__); \
	} while (0)
#define wait_event_interruptible(wq, cond) \
	({                                 \
		wait_event(wq, cond);      \
		0;                         \
	})
#define wait_event_killable(wq, cond) wait_event_interruptible(wq, cond)
#define wait_event_freezable(wq, cond) wait_event_interruptible(wq, cond)
/* Return: 0 if the time is up and cond is false; else the jiffies left, at least 1. */
#define wait_event_timeout(wq, cond, timeout)                            \
	({                                                               \
		long __drydock_left = (timeout);                         \
		might_sleep();                                           \
		if (!(cond)) {                                           \
			drydock_sleep_jiffies(__drydock_left, __func__); \
			__drydock_left = (cond) ? 1 : 0;                 \
		} else if (!__drydock_left) {                            \
			__drydock_left = 1;                              \
		}                                                        \
		__drydock_left;                                          \
	})
#define wait_event_interruptible_timeout(wq, cond, timeout) \
	wait_event_timeout(wq, cond, timeout)
#define wait_event_killable_timeout(wq, cond, timeout) \
	wait_event_timeout(wq, cond, timeout)

struct completion {
	unsigned int done;
	struct wait_queue_head wait;
};

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
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

typedef struct poll_table_struct {
	void (*_qproc)(struct file *file, struct wait_queue_head *wq,
		       struct poll_table_struct *p);
	__poll_t _key;
} poll_table;

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
