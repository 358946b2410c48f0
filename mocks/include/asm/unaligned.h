/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers at any address, in either order of bytes. */
#ifndef _ASM_UNALIGNED_H
#define _ASM_UNALIGNED_H

#include <linux/version.h>
#include <asm/byteorder.h>

#if DRYDOCK_PROFILE_NUMBER >= 612 && !defined(_LINUX_UNALIGNED_H)
#error "this kernel has it as linux/unaligned.h"
#endif

#define DRYDOCK_UNALIGNED(order, bits)                                   \
	static inline u##bits get_unaligned_##order##bits(const void *p) \
	{                                                                \
		__##order##bits value;                                   \
                                                                         \
		__builtin_memcpy(&value, p, sizeof(value));              \
		return order##bits##_to_cpu(value);                      \
	}                                                                \
	static inline void put_unaligned_##order##bits(u##bits number,   \
						       void *p)          \
	{                                                                \
		__##order##bits value = cpu_to_##order##bits(number);    \
                                                                         \
		__builtin_memcpy(p, &value, sizeof(value));              \
	}

DRYDOCK_UNALIGNED(le, 16)
DRYDOCK_UNALIGNED(le, 32)
DRYDOCK_UNALIGNED(le, 64)
DRYDOCK_UNALIGNED(be, 16)
DRYDOCK_UNALIGNED(be, 32)
DRYDOCK_UNALIGNED(be, 64)

#endif
