/* SPDX-License-Identifier: GPL-2.0 */
/* Arithmetic that says when it wrapped. */
#ifndef _LINUX_OVERFLOW_H
#define _LINUX_OVERFLOW_H

#include <linux/kernel.h>

static inline bool __must_check __must_check_overflow(bool overflow)
{
	return unlikely(overflow);
}

#define check_add_overflow(a, b, d) \
	__must_check_overflow(__builtin_add_overflow(a, b, d))
#define check_sub_overflow(a, b, d) \
	__must_check_overflow(__builtin_sub_overflow(a, b, d))
#define check_mul_overflow(a, b, d) \
	__must_check_overflow(__builtin_mul_overflow(a, b, d))

#define type_min(t) ((t)((t) - 1 < (t)1 ? (t)1 << (8 * sizeof(t) - 1) : 0))
#define type_max(t)                                                        \
	((t)((t) - 1 < (t)1                                                \
		     ? (t)(((((t)1 << (8 * sizeof(t) - 2)) - 1) << 1) + 1) \
		     : (t) - 1))

#if DRYDOCK_PROFILE_NUMBER >= 602
#define overflows_type(value, T)                                   \
	({                                                         \
		__typeof__(T) __drydock_to;                        \
		__builtin_add_overflow((value), 0, &__drydock_to); \
	})
#endif

/* True if a << s loses bits or the sign changes; *d has the bits that are left. */
#define check_shl_overflow(a, s, d)                                            \
	__must_check_overflow(({                                               \
		__typeof__(a) __drydock_a = (a);                               \
		__typeof__(s) __drydock_s = (s);                               \
		__typeof__(d) __drydock_d = (d);                               \
		unsigned int __drydock_n =                                     \
			__drydock_s >= 0 &&                                    \
					__drydock_s < 8 * sizeof(*__drydock_d) \
				? __drydock_s                                  \
				: 0;                                           \
		*__drydock_d = (__typeof__(*__drydock_d))((u64)__drydock_a     \
							  << __drydock_n);     \
		__drydock_n != __drydock_s || *__drydock_d < 0 ||              \
			__drydock_a < 0 ||                                     \
			(__typeof__(a))(*__drydock_d >> __drydock_n) !=        \
				__drydock_a;                                   \
	}))

/* Sizes stick at SIZE_MAX, which every allocator refuses. */
static inline size_t __must_check size_mul(size_t a, size_t b)
{
	size_t bytes;

	return check_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline size_t __must_check size_add(size_t a, size_t b)
{
	size_t bytes;

	return check_add_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline size_t __must_check size_sub(size_t a, size_t b)
{
	size_t bytes;

	if (a == SIZE_MAX || b == SIZE_MAX || check_sub_overflow(a, b, &bytes))
		return SIZE_MAX;
	return bytes;
}

#define array_size(a, b) size_mul(a, b)
#define array3_size(a, b, c) size_mul(size_mul(a, b), c)
#define flex_array_size(p, member, count) \
	size_mul(count, sizeof(*(p)->member) + __must_be_array((p)->member))
#define struct_size(p, member, count) \
	size_add(sizeof(*(p)), flex_array_size(p, member, count))
#define struct_size_t(type, member, count) \
	struct_size((type *)NULL, member, count)

#endif
