/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_UNALIGNED_H
#define _LINUX_UNALIGNED_H

#include <linux/version.h>

#if DRYDOCK_PROFILE_NUMBER < 612
#error "this kernel has it as asm/unaligned.h"
#endif
#include <asm/unaligned.h>

#endif
