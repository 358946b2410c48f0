/* SPDX-License-Identifier: GPL-2.0 */
/* Power management callbacks: kept by drivers, never called here. */
#ifndef _LINUX_PM_H
#define _LINUX_PM_H

#include <linux/types.h>

typedef struct pm_message {
	int event;
} pm_message_t;

struct dev_pm_ops {
	int (*suspend)(struct device *dev);
	int (*resume)(struct device *dev);
	int (*freeze)(struct device *dev);
	int (*thaw)(struct device *dev);
	int (*poweroff)(struct device *dev);
	int (*restore)(struct device *dev);
	int (*runtime_suspend)(struct device *dev);
	int (*runtime_resume)(struct device *dev);
	int (*runtime_idle)(struct device *dev);
};

#define SYSTEM_SLEEP_PM_OPS(suspend_fn, resume_fn)                             \
	.suspend = (suspend_fn), .resume = (resume_fn),                        \
	.freeze = (suspend_fn), .thaw = (resume_fn), .poweroff = (suspend_fn), \
	.restore = (resume_fn),
#define SET_SYSTEM_SLEEP_PM_OPS(suspend_fn, resume_fn) \
	SYSTEM_SLEEP_PM_OPS(suspend_fn, resume_fn)
#define RUNTIME_PM_OPS(suspend_fn, resume_fn, idle_fn)                  \
	.runtime_suspend = (suspend_fn), .runtime_resume = (resume_fn), \
	.runtime_idle = (idle_fn),
#define SET_RUNTIME_PM_OPS(suspend_fn, resume_fn, idle_fn) \
	RUNTIME_PM_OPS(suspend_fn, resume_fn, idle_fn)
#define SIMPLE_DEV_PM_OPS(name, suspend_fn, resume_fn)                       \
	const struct dev_pm_ops __maybe_unused name = { SYSTEM_SLEEP_PM_OPS( \
		suspend_fn, resume_fn) }
#define DEFINE_SIMPLE_DEV_PM_OPS(name, suspend_fn, resume_fn)            \
	const struct dev_pm_ops name = { SYSTEM_SLEEP_PM_OPS(suspend_fn, \
							     resume_fn) }
#define pm_ptr(p) (p)
#define pm_sleep_ptr(p) (p)

#endif
