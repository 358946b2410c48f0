/* SPDX-License-Identifier: GPL-2.0 */
/* Complaints: WARN goes on, BUG ends the driver's run. */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/compiler.h>
#include <linux/printk.h>

__printf(4, 5) void drydock_warn(const char *file, int line,
				 const char *function, const char *fmt, ...);
void drydock_bug(const char *file, int line, const char *function) __noreturn;

#define BUG() drydock_bug(__FILE__, __LINE__, __func__)
#define BUG_ON(cond)                \
	do {                        \
		if (unlikely(cond)) \
			BUG();      \
	} while (0)

#define WARN(cond, fmt, ...)                                            \
	({                                                              \
		bool __drydock_warn = !!(cond);                         \
		if (unlikely(__drydock_warn))                           \
			drydock_warn(__FILE__, __LINE__, __func__, fmt, \
				     ##__VA_ARGS__);                    \
		unlikely(__drydock_warn);                               \
	})
#define WARN_ON(cond)                                                    \
	({                                                               \
		bool __drydock_warn = !!(cond);                          \
		if (unlikely(__drydock_warn))                            \
			drydock_warn(__FILE__, __LINE__, __func__, "%s", \
				     #cond);                             \
		unlikely(__drydock_warn);                                \
	})
#define WARN_ONCE(cond, fmt, ...)                                       \
	({                                                              \
		bool __drydock_warn_once = !!(cond);                    \
		if (unlikely(__drydock_warn_once))                      \
			__drydock_once(drydock_warn(__FILE__, __LINE__, \
						    __func__, fmt,      \
						    ##__VA_ARGS__));    \
		unlikely(__drydock_warn_once);                          \
	})
#define WARN_ON_ONCE(cond)                                                   \
	({                                                                   \
		bool __drydock_warn_once = !!(cond);                         \
		if (unlikely(__drydock_warn_once))                           \
			__drydock_once(drydock_warn(__FILE__, __LINE__,      \
						    __func__, "%s", #cond)); \
		unlikely(__drydock_warn_once);                               \
	})
#define WARN_TAINT(cond, taint, fmt, ...) WARN(cond, fmt, ##__VA_ARGS__)

void panic(const char *fmt, ...) __noreturn __printf(1, 2);

#endif
