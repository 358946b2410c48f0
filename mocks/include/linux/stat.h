/* SPDX-License-Identifier: GPL-2.0 */
/* S_I* as UAPI has them. */
#ifndef _LINUX_KERNEL_STAT_H
#define _LINUX_KERNEL_STAT_H

#include <linux/types.h>
#include_next <linux/stat.h>

#endif
