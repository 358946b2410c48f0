/* SPDX-License-Identifier: GPL-2.0 */
/* Timers of nanoseconds: their callback runs in hard interrupt context. */
#ifndef _LINUX_HRTIMER_H
#define _LINUX_HRTIMER_H

#include <linux/jiffies.h>
#include <drydock/task_structs.h>

#ifndef CLOCK_MONOTONIC
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME 7
#endif

#if DRYDOCK_PROFILE_NUMBER < 613
void hrtimer_init(struct hrtimer *timer, clockid_t clock,
		  enum hrtimer_mode mode);
#else
void hrtimer_setup(struct hrtimer *timer,
		   enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode);
#endif
void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t at, u64 range,
			    const enum hrtimer_mode mode);
#define hrtimer_start(timer, at, mode) \
	hrtimer_start_range_ns(timer, at, 0, mode)
int hrtimer_cancel(struct hrtimer *timer);
int hrtimer_try_to_cancel(struct hrtimer *timer);
bool hrtimer_active(const struct hrtimer *timer);
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval);

static inline u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	return hrtimer_forward(timer, ktime_get(), interval);
}

static inline ktime_t hrtimer_get_expires(const struct hrtimer *timer)
{
	return timer->expires;
}

static inline ktime_t hrtimer_get_remaining(const struct hrtimer *timer)
{
	return timer->expires - ktime_get();
}

#endif
