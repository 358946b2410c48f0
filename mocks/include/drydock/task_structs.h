/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What driver code and the emulated kernel share of waiting and of work that is
 * done later: spinning locks, wait queues, completions, poll tables, timers,
 * work items. Valid C11 and C++20; see mm_structs.h for the rules.
 */
#ifndef DRYDOCK_TASK_STRUCTS_H
#define DRYDOCK_TASK_STRUCTS_H

#include "mm_structs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hrtimer;
struct timer_list;
struct wait_queue_entry;
struct work_struct;
struct workqueue_struct;

typedef struct raw_spinlock {
	struct drydock_lock lock;
} raw_spinlock_t;

typedef struct spinlock {
	struct raw_spinlock rlock;
} spinlock_t;

/* task_struct.__state, and the modes of a wake-up. */
#define TASK_RUNNING 0x000U
#define TASK_INTERRUPTIBLE 0x001U
#define TASK_UNINTERRUPTIBLE 0x002U
#define TASK_WAKEKILL 0x100U
#define TASK_NOLOAD 0x400U
#define TASK_FREEZABLE 0x2000U
#define TASK_KILLABLE (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_IDLE (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* task_struct.drydock_signals: what waits to be delivered. */
#define DRYDOCK_SIGNAL 1U
#define DRYDOCK_SIGNAL_FATAL 2U

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
} wait_queue_head_t;

typedef int (*wait_queue_func_t)(struct wait_queue_entry *entry,
				 unsigned int mode, int flags, void *key);

#define WQ_FLAG_EXCLUSIVE 0x01U
#define WQ_FLAG_WOKEN 0x02U

typedef struct wait_queue_entry {
	unsigned int flags;
	unsigned int drydock_reserved;
	void *DRYDOCK_FIELD(private, private_);
	wait_queue_func_t func;
	struct list_head entry;
} wait_queue_entry_t;

struct completion {
	unsigned int done;
	struct wait_queue_head wait;
};

typedef struct poll_table_struct {
	void (*_qproc)(struct file *file, struct wait_queue_head *wq,
		       struct poll_table_struct *p);
	unsigned int _key;
} poll_table;

/**
 * struct timer_list - a timer of jiffies
 * @expires: when, in jiffies
 * @function: called in soft interrupt context
 * @flags: TIMER_*
 */
struct timer_list {
	struct list_head entry;
	unsigned long expires;
	void (*function)(struct timer_list *timer);
	unsigned int flags;
	unsigned int drydock_reserved;
};

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode {
	HRTIMER_MODE_ABS = 0,
	HRTIMER_MODE_REL = 1,
	HRTIMER_MODE_PINNED = 2,
	HRTIMER_MODE_ABS_PINNED = 2,
	HRTIMER_MODE_REL_PINNED = 3,
	HRTIMER_MODE_SOFT = 4,
	HRTIMER_MODE_ABS_SOFT = 4,
	HRTIMER_MODE_REL_SOFT = 5,
	HRTIMER_MODE_HARD = 8,
	HRTIMER_MODE_ABS_HARD = 8,
	HRTIMER_MODE_REL_HARD = 9,
};

/**
 * struct hrtimer - a timer of nanoseconds
 * @function: called in hard interrupt context, or soft with HRTIMER_MODE_SOFT
 * @expires: when, in nanoseconds of its clock
 * @clock: clockid_t
 * @mode: enum hrtimer_mode, of its initialisation
 */
struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	long long expires;
	int clock;
	unsigned int mode;
};

typedef void (*work_func_t)(struct work_struct *work);

/**
 * struct work_struct - a function to be called by a worker
 * @entry: an empty list once initialised
 * @func: what is called
 */
struct work_struct {
	struct list_head entry;
	work_func_t func;
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
};

#ifdef __cplusplus
}
#endif

#endif
