/* SPDX-License-Identifier: GPL-2.0 */
/* O_* and F_* as UAPI has them. */
#ifndef _LINUX_KERNEL_FCNTL_H
#define _LINUX_KERNEL_FCNTL_H

#include_next <linux/fcntl.h>

#endif
