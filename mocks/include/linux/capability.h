/* SPDX-License-Identifier: GPL-2.0 */
/* CAP_* as UAPI has them, and asking for one. */
#ifndef _LINUX_KERNEL_CAPABILITY_H
#define _LINUX_KERNEL_CAPABILITY_H

#include <linux/types.h>
#include_next <linux/capability.h>

bool capable(int cap);

#endif
