/* SPDX-License-Identifier: GPL-2.0 */
/* Threads of the kernel: declared so that drivers compile, and not modelled. */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

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
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);

#endif
