/* SPDX-License-Identifier: GPL-2.0 */
/* PROT_* and MAP_* as UAPI has them. */
#ifndef _LINUX_KERNEL_MMAN_H
#define _LINUX_KERNEL_MMAN_H

#include <asm/mman.h>

#endif
