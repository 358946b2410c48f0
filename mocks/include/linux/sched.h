/* SPDX-License-Identifier: GPL-2.0 */
/* The running task, as far as drivers look at it. */
#ifndef _LINUX_KERNEL_SCHED_H
#define _LINUX_KERNEL_SCHED_H

#include <linux/spinlock.h>
#include <linux/wait.h>

#define TASK_COMM_LEN 16

#define current drydock_current()

signed long schedule_timeout_interruptible(signed long timeout);
signed long schedule_timeout_uninterruptible(signed long timeout);
signed long schedule_timeout_killable(signed long timeout);
int __cond_resched(void);
#define cond_resched() __cond_resched()
void yield(void);

int wake_up_process(struct task_struct *task);

/* Signals are those of the running task: its user lost patience. */
static inline int signal_pending(struct task_struct *task)
{
	return task->drydock_signals != 0;
}

static inline int fatal_signal_pending(struct task_struct *task)
{
	return (task->drydock_signals & DRYDOCK_SIGNAL_FATAL) != 0;
}

#define set_current_state(state)            \
	do {                                \
		barrier();                  \
		current->__state = (state); \
		barrier();                  \
	} while (0)
#define __set_current_state(state) set_current_state(state)
#define task_pid_nr(task) ((task)->pid)
#define task_tgid_nr(task) ((task)->tgid)
#define task_pid_vnr(task) ((task)->pid)
#define task_tgid_vnr(task) ((task)->tgid)
/* preempt_count(), as far as it is known: preemption off, as under spinlocks; interrupts. */
#define PREEMPT_MASK 0x000000ffU
#define SOFTIRQ_MASK 0x0000ff00U
#define HARDIRQ_MASK 0x000f0000U
unsigned int drydock_preempt_count(void);
#define preempt_count() drydock_preempt_count()
#define in_interrupt() (preempt_count() & (HARDIRQ_MASK | SOFTIRQ_MASK))
#define in_hardirq() (preempt_count() & HARDIRQ_MASK)
#define in_irq() in_hardirq()
#define in_softirq() (preempt_count() & SOFTIRQ_MASK)
#define in_serving_softirq() in_softirq()
#define in_atomic() (preempt_count() != 0)
#define in_task() (!in_interrupt())
#define smp_processor_id() 0
#define raw_smp_processor_id() 0
#define get_cpu() (preempt_disable(), 0)
#define put_cpu() preempt_enable()
#define num_online_cpus() 1U
#define num_possible_cpus() 1U

bool capable(int cap);
struct mm_struct *get_task_mm(struct task_struct *task);
void mmput(struct mm_struct *mm);

#endif
