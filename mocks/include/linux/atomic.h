/* SPDX-License-Identifier: GPL-2.0 */
/* Atomic counters; refcount_t and kref on top of them. All inline. */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/types.h>

#define ATOMIC_INIT(i) { (i) }
#define ATOMIC64_INIT(i) { (i) }
#define ATOMIC_LONG_INIT(i) { (i) }

/*
 * One family of functions for each counter type; the names and meanings are
 * those of Documentation/atomic_t.txt.
 */
#define DRYDOCK_ATOMIC_FAMILY(pfx, counter_t, value_t)                        \
	static inline value_t pfx##_read(const counter_t *v)                  \
	{                                                                     \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);        \
	}                                                                     \
	static inline value_t pfx##_read_acquire(const counter_t *v)          \
	{                                                                     \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);        \
	}                                                                     \
	static inline void pfx##_set(counter_t *v, value_t i)                 \
	{                                                                     \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);           \
	}                                                                     \
	static inline void pfx##_set_release(counter_t *v, value_t i)         \
	{                                                                     \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);           \
	}                                                                     \
	static inline value_t pfx##_fetch_add(value_t i, counter_t *v)        \
	{                                                                     \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);  \
	}                                                                     \
	static inline value_t pfx##_fetch_or(value_t i, counter_t *v)         \
	{                                                                     \
		return __atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST);   \
	}                                                                     \
	static inline value_t pfx##_fetch_and(value_t i, counter_t *v)        \
	{                                                                     \
		return __atomic_fetch_and(&v->counter, i, __ATOMIC_SEQ_CST);  \
	}                                                                     \
	static inline value_t pfx##_xchg(counter_t *v, value_t i)             \
	{                                                                     \
		return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST); \
	}                                                                     \
	static inline value_t pfx##_cmpxchg(counter_t *v, value_t old,        \
					    value_t i)                        \
	{                                                                     \
		__typeof__(v->counter) now = old;                             \
                                                                              \
		__atomic_compare_exchange_n(&v->counter, &now, i, 0,          \
					    __ATOMIC_SEQ_CST,                 \
					    __ATOMIC_SEQ_CST);                \
		return now;                                                   \
	}                                                                     \
	static inline value_t pfx##_add_return(value_t i, counter_t *v)       \
	{                                                                     \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);  \
	}                                                                     \
	static inline value_t pfx##_sub_return(value_t i, counter_t *v)       \
	{                                                                     \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);  \
	}                                                                     \
	static inline value_t pfx##_fetch_sub(value_t i, counter_t *v)        \
	{                                                                     \
		return __atomic_fetch_sub(&v->counter, i, __ATOMIC_SEQ_CST);  \
	}                                                                     \
	static inline void pfx##_add(value_t i, counter_t *v)                 \
	{                                                                     \
		pfx##_add_return(i, v);                                       \
	}                                                                     \
	static inline void pfx##_sub(value_t i, counter_t *v)                 \
	{                                                                     \
		pfx##_sub_return(i, v);                                       \
	}                                                                     \
	static inline void pfx##_or(value_t i, counter_t *v)                  \
	{                                                                     \
		pfx##_fetch_or(i, v);                                         \
	}                                                                     \
	static inline void pfx##_and(value_t i, counter_t *v)                 \
	{                                                                     \
		pfx##_fetch_and(i, v);                                        \
	}                                                                     \
	static inline void pfx##_andnot(value_t i, counter_t *v)              \
	{                                                                     \
		pfx##_fetch_and(~i, v);                                       \
	}                                                                     \
	static inline void pfx##_inc(counter_t *v)                            \
	{                                                                     \
		pfx##_add_return(1, v);                                       \
	}                                                                     \
	static inline void pfx##_dec(counter_t *v)                            \
	{                                                                     \
		pfx##_sub_return(1, v);                                       \
	}                                                                     \
	static inline value_t pfx##_inc_return(counter_t *v)                  \
	{                                                                     \
		return pfx##_add_return(1, v);                                \
	}                                                                     \
	static inline value_t pfx##_dec_return(counter_t *v)                  \
	{                                                                     \
		return pfx##_sub_return(1, v);                                \
	}                                                                     \
	static inline value_t pfx##_fetch_inc(counter_t *v)                   \
	{                                                                     \
		return pfx##_fetch_add(1, v);                                 \
	}                                                                     \
	static inline value_t pfx##_fetch_dec(counter_t *v)                   \
	{                                                                     \
		return pfx##_fetch_sub(1, v);                                 \
	}                                                                     \
	static inline bool pfx##_inc_and_test(counter_t *v)                   \
	{                                                                     \
		return pfx##_add_return(1, v) == 0;                           \
	}                                                                     \
	static inline bool pfx##_dec_and_test(counter_t *v)                   \
	{                                                                     \
		return pfx##_sub_return(1, v) == 0;                           \
	}                                                                     \
	static inline bool pfx##_sub_and_test(value_t i, counter_t *v)        \
	{                                                                     \
		return pfx##_sub_return(i, v) == 0;                           \
	}                                                                     \
	static inline bool pfx##_add_negative(value_t i, counter_t *v)        \
	{                                                                     \
		return pfx##_add_return(i, v) < 0;                            \
	}                                                                     \
	static inline bool pfx##_add_unless(counter_t *v, value_t i,          \
					    value_t u)                        \
	{                                                                     \
		value_t now = pfx##_read(v);                                  \
                                                                              \
		if (now == u)                                                 \
			return false;                                         \
		pfx##_add(i, v);                                              \
		return true;                                                  \
	}                                                                     \
	static inline bool pfx##_inc_not_zero(counter_t *v)                   \
	{                                                                     \
		return pfx##_add_unless(v, 1, 0);                             \
	}                                                                     \
	static inline value_t pfx##_dec_if_positive(counter_t *v)             \
	{                                                                     \
		value_t now = pfx##_read(v) - 1;                              \
                                                                              \
		if (now >= 0)                                                 \
			pfx##_set(v, now);                                    \
		return now;                                                   \
	}

DRYDOCK_ATOMIC_FAMILY(atomic, atomic_t, int)
DRYDOCK_ATOMIC_FAMILY(atomic64, atomic64_t, long long)
DRYDOCK_ATOMIC_FAMILY(atomic_long, atomic_long_t, long)

#endif
