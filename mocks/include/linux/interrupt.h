/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts and tasklets. */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/device.h>
#include <linux/wait.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/hrtimer.h>
#include <linux/workqueue.h>
#include <linux/kthread.h>

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
#define IRQF_TRIGGER_MASK 0xf
#define IRQF_SHARED 0x80
#define IRQF_PROBE_SHARED 0x100
#define IRQF_NOBALANCING 0x800
#define IRQF_ONESHOT 0x2000
#define IRQF_NO_SUSPEND 0x4000
#define IRQF_NO_THREAD 0x10000
#define IRQF_COND_SUSPEND 0x40000
#define IRQF_NO_AUTOEN 0x80000
#define IRQ_NOTCONNECTED (1U << 31)

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

#endif
