/* SPDX-License-Identifier: GPL-2.0 */
/* Single bits, bit fields, bit maps; all of them inline. */
#ifndef _LINUX_BITOPS_H
#define _LINUX_BITOPS_H

#include <linux/types.h>

#define BIT(nr) (1UL << (nr))
#define BIT_ULL(nr) (1ULL << (nr))
#define BIT_MASK(nr) (1UL << ((nr) % BITS_PER_LONG))
#define BIT_WORD(nr) ((nr) / BITS_PER_LONG)
#define GENMASK(high, low) \
	((~0UL << (low)) & (~0UL >> (BITS_PER_LONG - 1 - (high))))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))
#ifndef _AC
#define _AC(x, suffix) __PASTE(x, suffix)
#define _AT(type, x) ((type)(x))
#endif
#ifndef _BITUL
#define _BITUL(x) (1UL << (x))
#define _BITULL(x) (1ULL << (x))
#endif

#define __bf_shf(mask) (__builtin_ffsll(mask) - 1)
#define FIELD_PREP(mask, value) \
	(((__typeof__(mask))(value) << __bf_shf(mask)) & (mask))
#define FIELD_GET(mask, reg) \
	((__typeof__(mask))(((reg) & (mask)) >> __bf_shf(mask)))
#define FIELD_MAX(mask) ((__typeof__(mask))((mask) >> __bf_shf(mask)))
#define FIELD_FIT(mask, value) \
	(!(((__typeof__(mask))(value) << __bf_shf(mask)) & ~(mask)))

/* 1 for bit 0, 0 for no bit. */
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline int fls_long(unsigned long x)
{
	return fls64(x);
}

static inline int drydock_ffs(int x)
{
	return __builtin_ffs(x);
}
#define ffs(x) drydock_ffs(x)

/* 0 for bit 0; no bit is undefined. */
static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long __fls(unsigned long x)
{
	return 63 - __builtin_clzl(x);
}

static inline unsigned long __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

#define ffz(x) __ffs(~(x))
#define hweight8(x) ((unsigned int)__builtin_popcount((u8)(x)))
#define hweight16(x) ((unsigned int)__builtin_popcount((u16)(x)))
#define hweight32(x) ((unsigned int)__builtin_popcount(x))
#define hweight64(x) ((unsigned long)__builtin_popcountll(x))
#define hweight_long(x) hweight64(x)

static inline u32 rol32(u32 x, unsigned int n)
{
	return (x << (n & 31)) | (x >> (-n & 31));
}

static inline u32 ror32(u32 x, unsigned int n)
{
	return (x >> (n & 31)) | (x << (-n & 31));
}

static inline s32 sign_extend32(u32 value, int index)
{
	u8 shift = 31 - index;

	return (s32)(value << shift) >> shift;
}

static inline s64 sign_extend64(u64 value, int index)
{
	u8 shift = 63 - index;

	return (s64)(value << shift) >> shift;
}

static inline bool test_bit(long nr, const volatile unsigned long *map)
{
	return (map[BIT_WORD(nr)] >> (nr % BITS_PER_LONG)) & 1;
}

static inline void set_bit(long nr, volatile unsigned long *map)
{
	__atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void clear_bit(long nr, volatile unsigned long *map)
{
	__atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void change_bit(long nr, volatile unsigned long *map)
{
	__atomic_fetch_xor(&map[BIT_WORD(nr)], BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(long nr, volatile unsigned long *map)
{
	return __atomic_fetch_or(&map[BIT_WORD(nr)], BIT_MASK(nr),
				 __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

static inline bool test_and_clear_bit(long nr, volatile unsigned long *map)
{
	return __atomic_fetch_and(&map[BIT_WORD(nr)], ~BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

static inline bool test_and_change_bit(long nr, volatile unsigned long *map)
{
	return __atomic_fetch_xor(&map[BIT_WORD(nr)], BIT_MASK(nr),
				  __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

#define __set_bit(nr, map) set_bit(nr, map)
#define __clear_bit(nr, map) clear_bit(nr, map)
#define __change_bit(nr, map) change_bit(nr, map)
#define __test_and_set_bit(nr, map) test_and_set_bit(nr, map)
#define __test_and_clear_bit(nr, map) test_and_clear_bit(nr, map)
#define test_and_set_bit_lock(nr, map) test_and_set_bit(nr, map)
#define clear_bit_unlock(nr, map) clear_bit(nr, map)
#define assign_bit(nr, map, value) \
	((value) ? set_bit(nr, map) : clear_bit(nr, map))

/* The first bit at or after `from` that is `wanted`, or `size`. */
static inline unsigned long drydock_find_bit(const unsigned long *map,
					     unsigned long size,
					     unsigned long from, bool wanted)
{
	while (from < size && test_bit(from, map) != wanted)
		from++;
	return from < size ? from : size;
}

#define find_first_bit(map, size) drydock_find_bit(map, size, 0, true)
#define find_next_bit(map, size, from) drydock_find_bit(map, size, from, true)
#define find_first_zero_bit(map, size) drydock_find_bit(map, size, 0, false)
#define find_next_zero_bit(map, size, from) \
	drydock_find_bit(map, size, from, false)
#define for_each_set_bit(bit, map, size)                            \
	for ((bit) = find_first_bit((map), (size)); (bit) < (size); \
	     (bit) = find_next_bit((map), (size), (bit) + 1))
#define for_each_clear_bit(bit, map, size)                               \
	for ((bit) = find_first_zero_bit((map), (size)); (bit) < (size); \
	     (bit) = find_next_zero_bit((map), (size), (bit) + 1))

static inline void bitmap_set(unsigned long *map, unsigned int start,
			      unsigned int count)
{
	while (count--)
		__set_bit(start++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start,
				unsigned int count)
{
	while (count--)
		__clear_bit(start++, map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(bits); i++)
		map[i] = 0;
}

static inline void bitmap_fill(unsigned long *map, unsigned int bits)
{
	bitmap_zero(map, bits);
	bitmap_set(map, 0, bits);
}

static inline bool bitmap_empty(const unsigned long *map, unsigned int bits)
{
	return find_first_bit(map, bits) == bits;
}

static inline bool bitmap_full(const unsigned long *map, unsigned int bits)
{
	return find_first_zero_bit(map, bits) == bits;
}

static inline unsigned int bitmap_weight(const unsigned long *map,
					 unsigned int bits)
{
	unsigned int i, weight = 0;

	for (i = 0; i < bits; i++)
		weight += test_bit(i, map);
	return weight;
}

#endif
