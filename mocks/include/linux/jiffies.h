/* SPDX-License-Identifier: GPL-2.0 */
/* Simulated time: ticks, nanoseconds, sleeping and delaying. */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/kernel.h>

#define HZ CONFIG_HZ
#define MSEC_PER_SEC 1000L
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC 1000000L
#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_SEC 1000000000L
#define MAX_JIFFY_OFFSET ((LONG_MAX >> 1) - 1)
#define INITIAL_JIFFIES ((unsigned long)(unsigned int)(-300 * HZ))

unsigned long drydock_jiffies(void);
#define jiffies drydock_jiffies()
#define jiffies_64 ((u64)drydock_jiffies())
#define get_jiffies_64() jiffies_64

#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b) time_after_eq(b, a)
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a) time_before(jiffies, a)

static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return (int)ms < 0 ? MAX_JIFFY_OFFSET
			   : ((unsigned long)ms * HZ + 999) / 1000;
}

static inline unsigned long usecs_to_jiffies(unsigned int us)
{
	return ((unsigned long)us * HZ + USEC_PER_SEC - 1) / USEC_PER_SEC;
}

static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return j * (1000 / HZ);
}

static inline unsigned int jiffies_to_usecs(unsigned long j)
{
	return j * (USEC_PER_SEC / HZ);
}

typedef s64 ktime_t;

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};

ktime_t ktime_get(void);
ktime_t drydock_ktime_get_real(void);
#define ktime_get_real() drydock_ktime_get_real()
time64_t ktime_get_real_seconds(void);
time64_t ktime_get_seconds(void);
void ktime_get_ts64(struct timespec64 *ts);
void ktime_get_real_ts64(struct timespec64 *ts);
#define ktime_get_boottime() ktime_get()
#define ktime_get_raw() ktime_get()
#define ktime_get_ns() ((u64)ktime_get())
#define ktime_get_real_ns() ((u64)ktime_get_real())
#define ktime_get_boottime_ns() ktime_get_ns()
#define ktime_to_ns(t) (t)
#define ktime_to_us(t) ((s64)((t) / NSEC_PER_USEC))
#define ktime_to_ms(t) ((s64)((t) / NSEC_PER_MSEC))
#define ns_to_ktime(ns) ((ktime_t)(ns))
#define ms_to_ktime(ms) ((ktime_t)(ms) * NSEC_PER_MSEC)
#define ktime_set(secs, nsecs) ((ktime_t)(secs) * NSEC_PER_SEC + (nsecs))
#define ktime_add(a, b) ((a) + (b))
#define ktime_add_ns(a, b) ((a) + (b))
#define ktime_add_us(a, b) ((a) + (b) * NSEC_PER_USEC)
#define ktime_add_ms(a, b) ((a) + (b) * NSEC_PER_MSEC)
#define ktime_sub(a, b) ((a) - (b))
#define ktime_compare(a, b) ((a) < (b) ? -1 : (a) > (b))
#define ktime_after(a, b) ((a) > (b))
#define ktime_before(a, b) ((a) < (b))
#define ktime_us_delta(a, b) ktime_to_us((a) - (b))
#define ktime_ms_delta(a, b) ktime_to_ms((a) - (b))

/* Sleeping ones need a context that may; delaying ones do not. */
void msleep(unsigned int ms);
unsigned long msleep_interruptible(unsigned int ms);
void usleep_range_state(unsigned long min_us, unsigned long max_us,
			unsigned int state);
#define usleep_range(min_us, max_us) usleep_range_state(min_us, max_us, 2)
#define fsleep(us) usleep_range(us, 2 * (us))
#define ssleep(seconds) msleep((seconds) * 1000)
void __udelay(unsigned long us);
void __ndelay(unsigned long ns);
#define udelay(us) __udelay(us)
#define ndelay(ns) __ndelay(ns)
#define mdelay(ms) __udelay((ms) * 1000UL)

#endif
