/* SPDX-License-Identifier: GPL-2.0 */
/* Random bytes, from the simulation's seeded generator. */
#ifndef _LINUX_KERNEL_RANDOM_H
#define _LINUX_KERNEL_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *to, size_t n);
u32 get_random_u32(void);
u64 get_random_u64(void);
#define prandom_u32() get_random_u32()
#define get_random_int() get_random_u32()
#define get_random_long() ((unsigned long)get_random_u64())

#endif
