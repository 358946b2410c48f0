/* SPDX-License-Identifier: GPL-2.0 */
/* Work that is done later, by a worker that may sleep. */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <linux/timer.h>
#include <linux/list.h>

#define __WORK_INITIALIZER(name, fn) \
	{ .entry = LIST_HEAD_INIT((name).entry), .func = (fn) }
#define DECLARE_WORK(name, fn) \
	struct work_struct name = __WORK_INITIALIZER(name, fn)
#define DECLARE_DELAYED_WORK(name, fn)                                       \
	struct delayed_work name = { .work = __WORK_INITIALIZER((name).work, \
								fn) }
#define INIT_WORK(work, fn)                               \
	do {                                              \
		struct work_struct *__drydock_w = (work); \
                                                          \
		INIT_LIST_HEAD(&__drydock_w->entry);      \
		__drydock_w->func = (fn);                 \
	} while (0)
#define INIT_WORK_ONSTACK(work, fn) INIT_WORK(work, fn)
#define INIT_DELAYED_WORK(dwork, fn)                                   \
	do {                                                           \
		struct delayed_work *__drydock_d = (dwork);            \
                                                                       \
		INIT_WORK(&__drydock_d->work, fn);                     \
		timer_setup(&__drydock_d->timer, NULL, TIMER_IRQSAFE); \
	} while (0)
#define INIT_DEFERRABLE_WORK(dwork, fn) INIT_DELAYED_WORK(dwork, fn)
#define destroy_work_on_stack(work) ((void)(work))
#define to_delayed_work(w) container_of(w, struct delayed_work, work)

#define WQ_UNBOUND 0x2
#define WQ_FREEZABLE 0x4
#define WQ_MEM_RECLAIM 0x8
#define WQ_HIGHPRI 0x10
#define WQ_CPU_INTENSIVE 0x20
#define WQ_SYSFS 0x40

extern struct workqueue_struct *system_wq;
extern struct workqueue_struct *system_highpri_wq;
extern struct workqueue_struct *system_long_wq;
extern struct workqueue_struct *system_unbound_wq;
__printf(1, 4) struct workqueue_struct *alloc_workqueue(const char *fmt,
							unsigned int flags,
							int max_active, ...);
#define alloc_ordered_workqueue(fmt, flags, args...) \
	alloc_workqueue(fmt, WQ_UNBOUND | (flags), 1, ##args)
#define create_singlethread_workqueue(name) \
	alloc_workqueue("%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 1, name)
#define create_workqueue(name) alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, name)
#define create_freezable_workqueue(name) \
	alloc_workqueue("%s", WQ_FREEZABLE | WQ_MEM_RECLAIM, 1, name)
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_work_on(int cpu, struct workqueue_struct *wq,
		   struct work_struct *work);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq,
			   struct delayed_work *work, unsigned long delay);
bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq,
			 struct delayed_work *work, unsigned long delay);
#define queue_work(wq, work) queue_work_on(0, wq, work)
#define queue_delayed_work(wq, work, delay) \
	queue_delayed_work_on(0, wq, work, delay)
#define mod_delayed_work(wq, work, delay) \
	mod_delayed_work_on(0, wq, work, delay)
#define schedule_work(work) queue_work_on(0, system_wq, work)
#define schedule_work_on(cpu, work) queue_work_on(cpu, system_wq, work)
#define schedule_delayed_work(work, delay) \
	queue_delayed_work_on(0, system_wq, work, delay)
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *work);
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
void __flush_workqueue(struct workqueue_struct *wq);
void drain_workqueue(struct workqueue_struct *wq);
#define flush_workqueue(wq) __flush_workqueue(wq)
bool drydock_work_pending(const struct work_struct *work);
#define work_pending(work) drydock_work_pending(work)
#define delayed_work_pending(dwork) work_pending(&(dwork)->work)

#endif
