/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts, deferred work, timers, threads: declared so that drivers compile.
 * Every function here is a stub: calling it ends the run with its name.
 */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/device.h>
#include <linux/wait.h>
#include <linux/sched.h>

typedef enum irqreturn {
	IRQ_NONE = 0,
	IRQ_HANDLED = 1,
	IRQ_WAKE_THREAD = 2,
} irqreturn_t;
#define IRQ_RETVAL(handled) ((handled) ? IRQ_HANDLED : IRQ_NONE)

typedef irqreturn_t (*irq_handler_t)(int irq, void *data);

#define IRQF_TRIGGER_NONE 0x0
#define IRQF_TRIGGER_RISING 0x1
#define IRQF_TRIGGER_FALLING 0x2
#define IRQF_TRIGGER_HIGH 0x4
#define IRQF_TRIGGER_LOW 0x8
#define IRQF_SHARED 0x80
#define IRQF_ONESHOT 0x2000

int request_threaded_irq(unsigned int irq, irq_handler_t handler,
			 irq_handler_t thread, unsigned long flags,
			 const char *name, void *data);
#define request_irq(irq, handler, flags, name, data) \
	request_threaded_irq(irq, handler, NULL, flags, name, data)
const void *free_irq(unsigned int irq, void *data);
int devm_request_threaded_irq(struct device *dev, unsigned int irq,
			      irq_handler_t handler, irq_handler_t thread,
			      unsigned long flags, const char *name,
			      void *data);
#define devm_request_irq(dev, irq, handler, flags, name, data) \
	devm_request_threaded_irq(dev, irq, handler, NULL, flags, name, data)
void devm_free_irq(struct device *dev, unsigned int irq, void *data);
void enable_irq(unsigned int irq);
void disable_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void synchronize_irq(unsigned int irq);

struct tasklet_struct {
	unsigned long state;
	void (*callback)(struct tasklet_struct *tasklet);
	unsigned long data;
};
void tasklet_setup(struct tasklet_struct *tasklet,
		   void (*callback)(struct tasklet_struct *));
void tasklet_kill(struct tasklet_struct *tasklet);
void __tasklet_schedule(struct tasklet_struct *tasklet);
#define tasklet_schedule(tasklet) __tasklet_schedule(tasklet)

/* linux/timer.h */
struct timer_list {
	unsigned long expires;
	void (*function)(struct timer_list *timer);
	unsigned int flags;
};
#define timer_setup(timer, callback, timer_flags) \
	do {                                      \
		(timer)->function = (callback);   \
		(timer)->flags = (timer_flags);   \
	} while (0)
#define from_timer(var, callback_timer, field) \
	container_of(callback_timer, __typeof__(*var), field)
int mod_timer(struct timer_list *timer, unsigned long expires);
void add_timer(struct timer_list *timer);
int timer_delete(struct timer_list *timer);
int timer_delete_sync(struct timer_list *timer);
#define del_timer(timer) timer_delete(timer)
#define del_timer_sync(timer) timer_delete_sync(timer)

/* linux/hrtimer.h */
enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS = 0, HRTIMER_MODE_REL = 1 };
struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	ktime_t expires;
};
void hrtimer_init(struct hrtimer *timer, clockid_t clock,
		  enum hrtimer_mode mode);
void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t at, u64 range,
			    const enum hrtimer_mode mode);
#define hrtimer_start(timer, at, mode) \
	hrtimer_start_range_ns(timer, at, 0, mode)
int hrtimer_cancel(struct hrtimer *timer);
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval);

/* linux/workqueue.h */
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);
struct work_struct {
	struct list_head entry;
	work_func_t func;
};
struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
};
struct workqueue_struct;
#define __WORK_INITIALIZER(name, fn) \
	{ .entry = LIST_HEAD_INIT((name).entry), .func = (fn) }
#define DECLARE_WORK(name, fn) \
	struct work_struct name = __WORK_INITIALIZER(name, fn)
#define DECLARE_DELAYED_WORK(name, fn)                                       \
	struct delayed_work name = { .work = __WORK_INITIALIZER((name).work, \
								fn) }
#define INIT_WORK(work, fn)                     \
	do {                                    \
		INIT_LIST_HEAD(&(work)->entry); \
		(work)->func = (fn);            \
	} while (0)
#define INIT_DELAYED_WORK(dwork, fn) INIT_WORK(&(dwork)->work, fn)
#define to_delayed_work(w) container_of(w, struct delayed_work, work)
#define WQ_UNBOUND 0x2
#define WQ_MEM_RECLAIM 0x8
#define WQ_HIGHPRI 0x10
extern struct workqueue_struct *system_wq;
__printf(1, 4) struct workqueue_struct *alloc_workqueue(const char *fmt,
							unsigned int flags,
							int max_active, ...);
#define create_singlethread_workqueue(name) \
	alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, name)
#define create_workqueue(name) alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, name)
void destroy_workqueue(struct workqueue_struct *wq);
bool queue_work_on(int cpu, struct workqueue_struct *wq,
		   struct work_struct *work);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq,
			   struct delayed_work *work, unsigned long delay);
#define queue_work(wq, work) queue_work_on(0, wq, work)
#define queue_delayed_work(wq, work, delay) \
	queue_delayed_work_on(0, wq, work, delay)
#define schedule_work(work) queue_work_on(0, system_wq, work)
#define schedule_delayed_work(work, delay) \
	queue_delayed_work_on(0, system_wq, work, delay)
bool flush_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
void __flush_workqueue(struct workqueue_struct *wq);
#define flush_workqueue(wq) __flush_workqueue(wq)

/* linux/kthread.h */
__printf(4, 5) struct task_struct *kthread_create_on_node(int (*fn)(void *data),
							  void *data, int node,
							  const char *fmt, ...);
#define kthread_create(fn, data, fmt, args...) \
	kthread_create_on_node(fn, data, NUMA_NO_NODE, fmt, ##args)
#define kthread_run(fn, data, fmt, args...)                    \
	({                                                     \
		struct task_struct *__drydock_thread =         \
			kthread_create(fn, data, fmt, ##args); \
		if (!IS_ERR(__drydock_thread))                 \
			wake_up_process(__drydock_thread);     \
		__drydock_thread;                              \
	})
int wake_up_process(struct task_struct *task);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);

#endif
