/* SPDX-License-Identifier: GPL-2.0 */
/* References to an address space: to the struct alone, not to what is mapped. */
#ifndef _LINUX_SCHED_MM_H
#define _LINUX_SCHED_MM_H

#include <linux/atomic.h>
#include <linux/mm.h>

static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

/* What nobody refers to is free for the next process: see Mm::NewMm(). */
static inline void mmdrop(struct mm_struct *mm)
{
	atomic_dec(&mm->mm_count);
}

#endif
