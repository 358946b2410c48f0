/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel log. Messages are formatted on the other side of the seam, with
 * the kernel's extensions (%pad, %pR, %pe, ...). Debug messages are compiled
 * only with -DDEBUG, as in a kernel without dynamic debug.
 */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

#include <linux/types.h>
#include <linux/stdarg.h>
#include <linux/ratelimit_types.h>

#define KERN_SOH "\001"
#define KERN_SOH_ASCII '\001'
#define KERN_EMERG KERN_SOH "0"
#define KERN_ALERT KERN_SOH "1"
#define KERN_CRIT KERN_SOH "2"
#define KERN_ERR KERN_SOH "3"
#define KERN_WARNING KERN_SOH "4"
#define KERN_NOTICE KERN_SOH "5"
#define KERN_INFO KERN_SOH "6"
#define KERN_DEBUG KERN_SOH "7"
#define KERN_DEFAULT ""
#define KERN_CONT KERN_SOH "c"

struct device;

__printf(1, 2) int _printk(const char *fmt, ...);
__printf(1, 0) int vprintk(const char *fmt, va_list args);
__printf(2, 3) void _dev_emerg(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_alert(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_crit(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_err(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_warn(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_notice(const struct device *dev, const char *fmt, ...);
__printf(2, 3) void _dev_info(const struct device *dev, const char *fmt, ...);
__printf(3, 4) void _dev_printk(const char *level, const struct device *dev,
				const char *fmt, ...);
__printf(3, 4) int dev_err_probe(const struct device *dev, int err,
				 const char *fmt, ...);
void dump_stack(void);
void print_hex_dump(const char *level, const char *prefix, int prefix_type,
		    int rowsize, int groupsize, const void *buf, size_t len,
		    bool ascii);
#define DUMP_PREFIX_NONE 0
#define DUMP_PREFIX_ADDRESS 1
#define DUMP_PREFIX_OFFSET 2

static inline __printf(1, 2) int no_printk(const char *fmt, ...)
{
	return 0;
}

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#ifndef dev_fmt
#define dev_fmt(fmt) fmt
#endif

#define printk(fmt, ...) _printk(fmt, ##__VA_ARGS__)
#define pr_emerg(fmt, ...) printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...) printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...) printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...) printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...) printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warning pr_warn
#define pr_notice(fmt, ...) printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...) printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...) printk(KERN_CONT fmt, ##__VA_ARGS__)

#define __drydock_no_printk(fmt, ...)                  \
	do {                                           \
		if (0)                                 \
			no_printk(fmt, ##__VA_ARGS__); \
	} while (0)

#ifdef DEBUG
#define pr_debug(fmt, ...) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_devel(fmt, ...) printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define dev_dbg(dev, fmt, ...) \
	_dev_printk(KERN_DEBUG, dev, dev_fmt(fmt), ##__VA_ARGS__)
#else
#define pr_debug(fmt, ...) __drydock_no_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_devel(fmt, ...) __drydock_no_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define dev_dbg(dev, fmt, ...)                                    \
	do {                                                      \
		(void)sizeof(dev);                                \
		__drydock_no_printk(dev_fmt(fmt), ##__VA_ARGS__); \
	} while (0)
#endif
#define dev_vdbg(dev, fmt, ...)                                   \
	do {                                                      \
		(void)sizeof(dev);                                \
		__drydock_no_printk(dev_fmt(fmt), ##__VA_ARGS__); \
	} while (0)

#define dev_printk(level, dev, fmt, ...) \
	_dev_printk(level, dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_emerg(dev, fmt, ...) _dev_emerg(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_alert(dev, fmt, ...) _dev_alert(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_crit(dev, fmt, ...) _dev_crit(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_err(dev, fmt, ...) _dev_err(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_warn(dev, fmt, ...) _dev_warn(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_notice(dev, fmt, ...) _dev_notice(dev, dev_fmt(fmt), ##__VA_ARGS__)
#define dev_info(dev, fmt, ...) _dev_info(dev, dev_fmt(fmt), ##__VA_ARGS__)

/* Once for each place in the source, for the life of the module. */
#define __drydock_once(call)                            \
	({                                              \
		static bool __drydock_done;             \
		bool __drydock_first = !__drydock_done; \
		if (__drydock_first) {                  \
			__drydock_done = true;          \
			call;                           \
		}                                       \
		__drydock_first;                        \
	})
#define DO_ONCE_LITE(func, ...) __drydock_once(func(__VA_ARGS__))
#define printk_once(fmt, ...) __drydock_once(printk(fmt, ##__VA_ARGS__))
#define pr_err_once(fmt, ...) __drydock_once(pr_err(fmt, ##__VA_ARGS__))
#define pr_warn_once(fmt, ...) __drydock_once(pr_warn(fmt, ##__VA_ARGS__))
#define pr_notice_once(fmt, ...) __drydock_once(pr_notice(fmt, ##__VA_ARGS__))
#define pr_info_once(fmt, ...) __drydock_once(pr_info(fmt, ##__VA_ARGS__))
#define pr_debug_once(fmt, ...) __drydock_once(pr_debug(fmt, ##__VA_ARGS__))
#define dev_err_once(dev, fmt, ...) \
	__drydock_once(dev_err(dev, fmt, ##__VA_ARGS__))
#define dev_warn_once(dev, fmt, ...) \
	__drydock_once(dev_warn(dev, fmt, ##__VA_ARGS__))
#define dev_info_once(dev, fmt, ...) \
	__drydock_once(dev_info(dev, fmt, ##__VA_ARGS__))

#define __drydock_ratelimited(call)                                       \
	do {                                                              \
		static DEFINE_RATELIMIT_STATE(__drydock_rs,               \
					      DEFAULT_RATELIMIT_INTERVAL, \
					      DEFAULT_RATELIMIT_BURST);   \
		if (__ratelimit(&__drydock_rs))                           \
			call;                                             \
	} while (0)
#define printk_ratelimited(fmt, ...) \
	__drydock_ratelimited(printk(fmt, ##__VA_ARGS__))
#define pr_err_ratelimited(fmt, ...) \
	__drydock_ratelimited(pr_err(fmt, ##__VA_ARGS__))
#define pr_warn_ratelimited(fmt, ...) \
	__drydock_ratelimited(pr_warn(fmt, ##__VA_ARGS__))
#define pr_notice_ratelimited(fmt, ...) \
	__drydock_ratelimited(pr_notice(fmt, ##__VA_ARGS__))
#define pr_info_ratelimited(fmt, ...) \
	__drydock_ratelimited(pr_info(fmt, ##__VA_ARGS__))
#define pr_debug_ratelimited(fmt, ...) pr_debug(fmt, ##__VA_ARGS__)
#define dev_err_ratelimited(dev, fmt, ...) \
	__drydock_ratelimited(dev_err(dev, fmt, ##__VA_ARGS__))
#define dev_warn_ratelimited(dev, fmt, ...) \
	__drydock_ratelimited(dev_warn(dev, fmt, ##__VA_ARGS__))
#define dev_info_ratelimited(dev, fmt, ...) \
	__drydock_ratelimited(dev_info(dev, fmt, ##__VA_ARGS__))
#define dev_dbg_ratelimited(dev, fmt, ...) dev_dbg(dev, fmt, ##__VA_ARGS__)

#endif
