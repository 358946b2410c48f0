/* SPDX-License-Identifier: GPL-2.0 */
/* Timers of jiffies: their callback runs in soft interrupt context. */
#ifndef _LINUX_TIMER_H
#define _LINUX_TIMER_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <drydock/task_structs.h>

#define TIMER_DEFERRABLE 0x00080000U
#define TIMER_PINNED 0x00100000U
#define TIMER_IRQSAFE 0x00200000U

#define __TIMER_INITIALIZER(fn, fl) { .function = (fn), .flags = (fl) }
#define DEFINE_TIMER(name, fn) \
	struct timer_list name = __TIMER_INITIALIZER(fn, 0)
#define timer_setup(timer, callback, timer_flags)         \
	do {                                              \
		struct timer_list *__drydock_t = (timer); \
                                                          \
		__drydock_t->entry.next = NULL;           \
		__drydock_t->entry.prev = NULL;           \
		__drydock_t->function = (callback);       \
		__drydock_t->flags = (timer_flags);       \
	} while (0)
#define timer_setup_on_stack(timer, callback, timer_flags) \
	timer_setup(timer, callback, timer_flags)
#if DRYDOCK_PROFILE_NUMBER < 700
#define from_timer(var, callback_timer, field) \
	container_of(callback_timer, __typeof__(*var), field)
#else
#define timer_container_of(var, callback_timer, field) \
	container_of(callback_timer, __typeof__(*var), field)
#endif

int mod_timer(struct timer_list *timer, unsigned long expires);
int mod_timer_pending(struct timer_list *timer, unsigned long expires);
void add_timer(struct timer_list *timer);
int timer_delete(struct timer_list *timer);
int timer_delete_sync(struct timer_list *timer);
bool drydock_timer_pending(const struct timer_list *timer);
#define timer_pending(timer) drydock_timer_pending(timer)
#define timer_shutdown_sync(timer) timer_delete_sync(timer)
#if DRYDOCK_PROFILE_NUMBER < 700
#define del_timer(timer) timer_delete(timer)
#define del_timer_sync(timer) timer_delete_sync(timer)
#define destroy_timer_on_stack(timer) ((void)(timer))
#endif

static inline unsigned long round_jiffies(unsigned long j)
{
	return (j + HZ - 1) / HZ * HZ;
}

static inline unsigned long round_jiffies_relative(unsigned long j)
{
	return j;
}

#endif
