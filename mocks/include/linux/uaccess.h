/* SPDX-License-Identifier: GPL-2.0 */
/* The only way to user memory. Each copy returns the bytes it did NOT copy. */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <linux/kernel.h>
#include <linux/errno.h>

unsigned long __must_check _copy_to_user(void __user *to, const void *from,
					 unsigned long n);
unsigned long __must_check _copy_from_user(void *to, const void __user *from,
					   unsigned long n);
unsigned long __must_check drydock_clear_user(void __user *to, unsigned long n);
long strncpy_from_user(char *to, const char __user *from, long count);
long strnlen_user(const char __user *s, long n);
bool drydock_access_ok(const void __user *address, unsigned long size);

static inline unsigned long __must_check copy_to_user(void __user *to,
						      const void *from,
						      unsigned long n)
{
	return _copy_to_user(to, from, n);
}

static inline unsigned long __must_check copy_from_user(void *to,
							const void __user *from,
							unsigned long n)
{
	return _copy_from_user(to, from, n);
}

#define __copy_to_user(to, from, n) copy_to_user(to, from, n)
#define __copy_from_user(to, from, n) copy_from_user(to, from, n)
#define clear_user(to, n) drydock_clear_user(to, n)
#define __clear_user(to, n) drydock_clear_user(to, n)
#define access_ok(address, size) \
	drydock_access_ok((const void __user *)(address), (size))

/* Scalars: 0 or -EFAULT. On failure get_user() leaves zero in x. */
#define put_user(x, ptr)                                                    \
	({                                                                  \
		__typeof__(*(ptr)) __drydock_put = (__typeof__(*(ptr)))(x); \
		_copy_to_user((ptr), &__drydock_put, sizeof(__drydock_put)) \
			? -EFAULT                                           \
			: 0;                                                \
	})
#define get_user(x, ptr)                                             \
	({                                                           \
		__typeof__(+*(ptr)) __drydock_wide = 0;              \
		union {                                              \
			__typeof__(*(ptr)) value;                    \
			char bytes[sizeof(*(ptr))];                  \
		} __drydock_get = { .bytes = { 0 } };                \
		int __drydock_err =                                  \
			_copy_from_user(__drydock_get.bytes, (ptr),  \
					sizeof(__drydock_get.bytes)) \
				? -EFAULT                            \
				: 0;                                 \
		if (!__drydock_err)                                  \
			__drydock_wide = __drydock_get.value;        \
		(x) = (__typeof__(x))__drydock_wide;                 \
		__drydock_err;                                       \
	})
#define __put_user(x, ptr) put_user(x, ptr)
#define __get_user(x, ptr) get_user(x, ptr)

/* The struct may be older (shorter) or newer (longer, the rest zero: else -E2BIG). */
int drydock_copy_struct_from_user(void *to, size_t ksize,
				  const void __user *from, size_t usize);
#define copy_struct_from_user(to, ksize, from, usize) \
	drydock_copy_struct_from_user(to, ksize, from, usize)

#endif
