/* SPDX-License-Identifier: GPL-2.0 */
/* The running task, as far as drivers look at it. */
#ifndef _LINUX_KERNEL_SCHED_H
#define _LINUX_KERNEL_SCHED_H

#include <linux/spinlock.h>
#include <linux/wait.h>

#define TASK_COMM_LEN 16
#define MAX_SCHEDULE_TIMEOUT LONG_MAX

struct task_struct *drydock_current(void);
#define current drydock_current()

void schedule(void);
signed long schedule_timeout(signed long timeout);
signed long schedule_timeout_interruptible(signed long timeout);
signed long schedule_timeout_uninterruptible(signed long timeout);
signed long schedule_timeout_killable(signed long timeout);
int __cond_resched(void);
#define cond_resched() __cond_resched()
void yield(void);

/* No signal ever interrupts a driver here. */
static inline int signal_pending(struct task_struct *task)
{
	return 0;
}

static inline int fatal_signal_pending(struct task_struct *task)
{
	return 0;
}

#define set_current_state(state) barrier()
#define __set_current_state(state) barrier()
#define task_pid_nr(task) ((task)->pid)
#define task_tgid_nr(task) ((task)->tgid)
#define task_pid_vnr(task) ((task)->pid)
#define task_tgid_vnr(task) ((task)->tgid)
#define in_interrupt() 0
#define in_irq() 0
#define in_atomic() 0
#define in_task() 1
#define smp_processor_id() 0
#define raw_smp_processor_id() 0
#define get_cpu() 0
#define put_cpu() barrier()
#define num_online_cpus() 1U
#define num_possible_cpus() 1U

bool capable(int cap);
struct mm_struct *get_task_mm(struct task_struct *task);
void mmput(struct mm_struct *mm);

#endif
