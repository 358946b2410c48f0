/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Strings and memory. Where the C library owns a name, drivers link to
 * drydock_NAME, which goes to the C library: AddressSanitizer sees each access.
 */
#ifndef _LINUX_KERNEL_STRING_H
#define _LINUX_KERNEL_STRING_H

#include <linux/kernel.h>

void *memcpy(void *to, const void *from, size_t n)
	__drydock_symbol(drydock_memcpy);
void *memmove(void *to, const void *from, size_t n)
	__drydock_symbol(drydock_memmove);
void *memset(void *to, int c, size_t n) __drydock_symbol(drydock_memset);
int memcmp(const void *a, const void *b, size_t n)
	__drydock_symbol(drydock_memcmp);
void *memchr(const void *s, int c, size_t n) __drydock_symbol(drydock_memchr);
size_t strlen(const char *s) __drydock_symbol(drydock_strlen);
size_t strnlen(const char *s, size_t n) __drydock_symbol(drydock_strnlen);
char *strcpy(char *to, const char *from) __drydock_symbol(drydock_strcpy);
char *strncpy(char *to, const char *from, size_t n)
	__drydock_symbol(drydock_strncpy);
char *strcat(char *to, const char *from) __drydock_symbol(drydock_strcat);
char *strncat(char *to, const char *from, size_t n)
	__drydock_symbol(drydock_strncat);
int strcmp(const char *a, const char *b) __drydock_symbol(drydock_strcmp);
int strncmp(const char *a, const char *b, size_t n)
	__drydock_symbol(drydock_strncmp);
int strcasecmp(const char *a, const char *b)
	__drydock_symbol(drydock_strcasecmp);
int strncasecmp(const char *a, const char *b, size_t n)
	__drydock_symbol(drydock_strncasecmp);
char *strchr(const char *s, int c) __drydock_symbol(drydock_strchr);
char *strrchr(const char *s, int c) __drydock_symbol(drydock_strrchr);
char *strstr(const char *s, const char *what) __drydock_symbol(drydock_strstr);
size_t strspn(const char *s, const char *accept)
	__drydock_symbol(drydock_strspn);
size_t strcspn(const char *s, const char *reject)
	__drydock_symbol(drydock_strcspn);
char *strpbrk(const char *s, const char *accept)
	__drydock_symbol(drydock_strpbrk);
char *strsep(char **s, const char *delimiters) __drydock_symbol(drydock_strsep);
#if DRYDOCK_PROFILE_NUMBER < 608
size_t strlcpy(char *to, const char *from, size_t n)
	__drydock_symbol(drydock_strlcpy);
#endif
size_t strlcat(char *to, const char *from, size_t n)
	__drydock_symbol(drydock_strlcat);

/* Copies what fits and terminates. Return: characters copied, or -E2BIG. */
ssize_t strscpy(char *to, const char *from, size_t n);
ssize_t strscpy_pad(char *to, const char *from, size_t n);
char *strnchr(const char *s, size_t n, int c);
char *strim(char *s);
char *skip_spaces(const char *s);
bool sysfs_streq(const char *a, const char *b);
int match_string(const char *const *array, size_t n, const char *s);
int __sysfs_match_string(const char *const *array, size_t n, const char *s);
void *memchr_inv(const void *s, int c, size_t n);

static inline void memzero_explicit(void *to, size_t n)
{
	memset(to, 0, n);
	barrier();
}

#define sysfs_match_string(array, s) \
	__sysfs_match_string(array, ARRAY_SIZE(array), s)
#define strstrip(s) strim(s)

static inline const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static inline bool strstarts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline size_t str_has_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? n : 0;
}

static inline void *memset32(u32 *to, u32 value, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		to[i] = value;
	return to;
}

static inline const char *str_yes_no(bool v)
{
	return v ? "yes" : "no";
}

char *kstrdup(const char *s, gfp_t gfp) __malloc;
char *kstrndup(const char *s, size_t max, gfp_t gfp) __malloc;
const char *kstrdup_const(const char *s, gfp_t gfp);
void kfree_const(const void *s);
void *kmemdup(const void *from, size_t n, gfp_t gfp);
char *kmemdup_nul(const char *s, size_t n, gfp_t gfp);
void *memdup_user(const void __user *from, size_t n);
void *memdup_user_nul(const void __user *from, size_t n);
void *vmemdup_user(const void __user *from, size_t n);
char *strndup_user(const char __user *s, long n);

#endif
