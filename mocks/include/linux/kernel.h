/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arithmetic and type tricks that every driver takes for granted, and, through
 * its last lines, what <linux/kernel.h> brings in besides.
 */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/types.h>
#include <linux/errno.h>
#include <linux/limits.h>

#define ARRAY_SIZE(array) \
	(sizeof(array) / sizeof((array)[0]) + __must_be_array(array))

#define container_of(ptr, type, member)                                     \
	({                                                                  \
		void *__drydock_member = (void *)(ptr);                     \
		_Static_assert(                                             \
			__same_type(*(ptr), ((type *)0)->member) ||         \
				__same_type(*(ptr), void),                  \
			"container_of: the pointer is not to that member"); \
		(type *)(__drydock_member - offsetof(type, member));        \
	})
#define container_of_const(ptr, type, member)                          \
	_Generic(ptr,                                                  \
		const __typeof__(*(ptr)) *: (                          \
			 const type *)container_of(ptr, type, member), \
		default: (type *)container_of(ptr, type, member))
#define typeof_member(type, member) __typeof__(((type *)0)->member)

/*
 * min() and max() want two operands of one type; constants may differ. Each
 * operand is evaluated once.
 */
#define __drydock_careful(x, y, op, type_x, type_y)                     \
	({                                                              \
		type_x __drydock_x = (x);                               \
		type_y __drydock_y = (y);                               \
		__drydock_x op __drydock_y ? __drydock_x : __drydock_y; \
	})
#define __drydock_typecheck(x, y) \
	((void)sizeof((__typeof__(x) *)1 == (__typeof__(y) *)1))
#if DRYDOCK_PROFILE_NUMBER < 607
#define min(x, y)                   \
	(__drydock_typecheck(x, y), \
	 __drydock_careful(x, y, <, __typeof__(x), __typeof__(y)))
#define max(x, y)                   \
	(__drydock_typecheck(x, y), \
	 __drydock_careful(x, y, >, __typeof__(x), __typeof__(y)))
#else
#define min(x, y) __drydock_careful(x, y, <, __typeof__(x), __typeof__(y))
#define max(x, y) __drydock_careful(x, y, >, __typeof__(x), __typeof__(y))
#endif
#define min_t(type, x, y) __drydock_careful(x, y, <, type, type)
#define max_t(type, x, y) __drydock_careful(x, y, >, type, type)
#define min3(x, y, z) min((__typeof__(x))min(x, y), z)
#define max3(x, y, z) max((__typeof__(x))max(x, y), z)
#define min_not_zero(x, y)                                                    \
	({                                                                    \
		__typeof__(x) __drydock_a = (x);                              \
		__typeof__(y) __drydock_b = (y);                              \
		__drydock_a == 0                                              \
			? __drydock_b                                         \
			: (__drydock_b == 0 ? __drydock_a                     \
					    : min(__drydock_a, __drydock_b)); \
	})
#define clamp(value, lo, hi) min((__typeof__(value))max(value, lo), hi)
#define clamp_t(type, value, lo, hi) min_t(type, max_t(type, value, lo), hi)
#define clamp_val(value, lo, hi) clamp_t(__typeof__(value), value, lo, hi)
#define swap(a, b)                                  \
	do {                                        \
		__typeof__(a) __drydock_swap = (a); \
		(a) = (b);                          \
		(b) = __drydock_swap;               \
	} while (0)
#define abs(x)                                                      \
	({                                                          \
		__typeof__(x) __drydock_abs = (x);                  \
		__drydock_abs < 0 ? -__drydock_abs : __drydock_abs; \
	})
#if DRYDOCK_PROFILE_NUMBER >= 606
#define abs_diff(a, b) ((a) > (b) ? (a) - (b) : (b) - (a))
#endif

/* Powers of two. The mask takes the type of x. */
#undef __ALIGN_MASK
#define __ALIGN_MASK(x, mask) (((x) + (mask)) & ~(mask))
#define ALIGN(x, a) __ALIGN_MASK(x, (__typeof__(x))(a) - 1)
#define __ALIGN_KERNEL(x, a) ALIGN(x, a)
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define PTR_ALIGN(p, a) ((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define PTR_ALIGN_DOWN(p, a) \
	((__typeof__(p))ALIGN_DOWN((unsigned long)(p), (a)))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define round_up(x, y) ((((x) - 1) | ((__typeof__(x))((y) - 1))) + 1)
#define round_down(x, y) ((x) & ~((__typeof__(x))((y) - 1)))

/* Any divisor. */
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d) (((unsigned long long)(n) + (d) - 1) / (d))
#define DIV_ROUND_DOWN_ULL(n, d) ((unsigned long long)(n) / (d))
#define DIV_ROUND_CLOSEST(x, d)                                          \
	({                                                               \
		__typeof__(x) __drydock_n = (x);                         \
		__typeof__(d) __drydock_d = (d);                         \
		(((__typeof__(x))-1) > 0 || ((__typeof__(d))-1) > 0 ||   \
		 ((__drydock_n > 0) == (__drydock_d > 0)))               \
			? (__drydock_n + __drydock_d / 2) / __drydock_d  \
			: (__drydock_n - __drydock_d / 2) / __drydock_d; \
	})
#define roundup(x, y)                                             \
	({                                                        \
		__typeof__(y) __drydock_step = (y);               \
		(((x) + (__drydock_step - 1)) / __drydock_step) * \
			__drydock_step;                           \
	})
#define rounddown(x, y)                                \
	({                                             \
		__typeof__(x) __drydock_from = (x);    \
		__drydock_from - __drydock_from % (y); \
	})
#define mult_frac(x, n, d)                                 \
	({                                                 \
		__typeof__(x) __drydock_q = (x) / (d);     \
		__typeof__(x) __drydock_r = (x) % (d);     \
		__drydock_q *(n) + __drydock_r *(n) / (d); \
	})

#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n) ((u32)((n) & 0xffffffff))
#define upper_16_bits(n) ((u16)((n) >> 16))
#define lower_16_bits(n) ((u16)((n) & 0xffff))

#define REPEAT_BYTE(x) ((~0ul / 0xff) * (x))
#define typecheck(type, x)                                     \
	({                                                     \
		type __drydock_dummy;                          \
		__typeof__(x) __drydock_dummy2;                \
		(void)(&__drydock_dummy == &__drydock_dummy2); \
		1;                                             \
	})
#define u64_to_user_ptr(x) ((void __user *)(unsigned long)(x))
#define PTR_IF(cond, ptr) ((cond) ? (ptr) : NULL)

int __must_check kstrtoull(const char *s, unsigned int base,
			   unsigned long long *res);
int __must_check kstrtoll(const char *s, unsigned int base, long long *res);
int __must_check kstrtouint(const char *s, unsigned int base,
			    unsigned int *res);
int __must_check kstrtoint(const char *s, unsigned int base, int *res);
int __must_check kstrtou16(const char *s, unsigned int base, u16 *res);
int __must_check kstrtou8(const char *s, unsigned int base, u8 *res);
int __must_check kstrtobool(const char *s, bool *res);
int __must_check kstrtoull_from_user(const char __user *s, size_t count,
				     unsigned int base,
				     unsigned long long *res);
int __must_check kstrtouint_from_user(const char __user *s, size_t count,
				      unsigned int base, unsigned int *res);
int __must_check kstrtoint_from_user(const char __user *s, size_t count,
				     unsigned int base, int *res);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
long simple_strtol(const char *s, char **end, unsigned int base);
unsigned long long simple_strtoull(const char *s, char **end,
				   unsigned int base);
unsigned long long memparse(const char *s, char **end);

static inline int __must_check kstrtoul(const char *s, unsigned int base,
					unsigned long *res)
{
	return kstrtoull(s, base, (unsigned long long *)res);
}

static inline int __must_check kstrtol(const char *s, unsigned int base,
				       long *res)
{
	return kstrtoll(s, base, (long long *)res);
}

static inline int __must_check kstrtou64(const char *s, unsigned int base,
					 u64 *res)
{
	return kstrtoull(s, base, res);
}

static inline int __must_check kstrtou32(const char *s, unsigned int base,
					 u32 *res)
{
	return kstrtouint(s, base, res);
}

static inline int __must_check kstrtoul_from_user(const char __user *s,
						  size_t count,
						  unsigned int base,
						  unsigned long *res)
{
	return kstrtoull_from_user(s, count, base, (unsigned long long *)res);
}

/* The C library owns these names: drivers link to symbols of our own. */
#define __drydock_symbol(name) __asm__(#name)

__printf(2, 3) int sprintf(char *buf, const char *fmt, ...)
	__drydock_symbol(drydock_sprintf);
__printf(3, 4) int snprintf(char *buf, size_t size, const char *fmt, ...)
	__drydock_symbol(drydock_snprintf);
__printf(2, 0) int vsprintf(char *buf, const char *fmt, __builtin_va_list args)
	__drydock_symbol(drydock_vsprintf);
__printf(3, 0) int vsnprintf(char *buf, size_t size, const char *fmt,
			     __builtin_va_list args)
	__drydock_symbol(drydock_vsnprintf);
__scanf(2, 3) int sscanf(const char *buf, const char *fmt, ...)
	__drydock_symbol(drydock_sscanf);
__printf(3, 4) int scnprintf(char *buf, size_t size, const char *fmt, ...);
__printf(3, 0) int vscnprintf(char *buf, size_t size, const char *fmt,
			      __builtin_va_list args);
__printf(2, 3) __malloc char *kasprintf(gfp_t gfp, const char *fmt, ...);
__printf(2, 0) __malloc
	char *kvasprintf(gfp_t gfp, const char *fmt, __builtin_va_list args);

void drydock_might_sleep(const char *function);
#define might_sleep() drydock_might_sleep(__func__)
#define might_sleep_if(cond)           \
	do {                           \
		if (cond)              \
			might_sleep(); \
	} while (0)
#define cant_sleep() \
	do {         \
	} while (0)
#define might_fault() \
	do {          \
	} while (0)

#define SYSTEM_RUNNING 2
#define system_state SYSTEM_RUNNING

#include <linux/stdarg.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/log2.h>
#include <linux/printk.h>
#include <linux/math64.h>
#include <asm/byteorder.h>

#endif
