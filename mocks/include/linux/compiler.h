/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernel code expects of the compiler: annotations, attributes by the
 * kernel's names, single accesses, barriers.
 */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#include <linux/kconfig.h>

/* Address-space annotations; a checker's business. */
#define __user
#define __iomem
#define __kernel
#define __percpu
#define __rcu
#define __force
#define __nocast
#define __safe
#define __private
#define __bitwise
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __acquire(x) ((void)0)
#define __release(x) ((void)0)
#define __cond_lock(x, c) (c)
#define __chk_user_ptr(x) ((void)0)
#define __chk_io_ptr(x) ((void)0)

/* UAPI headers define some of these for themselves unless they are there. */
#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#undef noinline
#define noinline __attribute__((__noinline__))
#define __noinline noinline
#define noinline_for_stack noinline
#define __must_check __attribute__((__warn_unused_result__))
#define __maybe_unused __attribute__((__unused__))
#define __always_unused __attribute__((__unused__))
#define __used __attribute__((__used__))
#define __packed __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#define __printf(format, first) \
	__attribute__((__format__(printf, format, first)))
#define __scanf(format, first) __attribute__((__format__(scanf, format, first)))
#define __cold __attribute__((__cold__))
#define __hot __attribute__((__hot__))
#define __pure __attribute__((__pure__))
#define __attribute_const__ __attribute__((__const__))
#define __noreturn __attribute__((__noreturn__))
#define __weak __attribute__((__weak__))
#define __visible
#define __malloc __attribute__((__malloc__))
#define __mode(x) __attribute__((__mode__(x)))
#define __alias(symbol) __attribute__((__alias__(#symbol)))
#define __section(name) __attribute__((__section__(name)))
#define __cleanup(func) __attribute__((__cleanup__(func)))
#define __deprecated
#define __designated_init
#define __nonstring
#define __no_sanitize_address __attribute__((no_sanitize_address))
#define __alloc_size(x, ...)
#define __counted_by(member)
#define __randomize_layout
#define __randomize_layout_fields
#define __ro_after_init
#define __read_mostly
#define __cacheline_aligned
#define __cacheline_aligned_in_smp
#define ____cacheline_aligned
#define ____cacheline_aligned_in_smp
#define notrace
#define asmlinkage
#define __sched
#define __latent_entropy
#define __lockfunc
#define fallthrough __attribute__((__fallthrough__))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define unreachable() __builtin_unreachable()

#define __same_type(a, b) \
	__builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define __stringify_1(x...) #x
#define __stringify(x...) __stringify_1(x)
#define __PASTE_1(a, b) a##b
#define __PASTE(a, b) __PASTE_1(a, b)
#define __UNIQUE_ID(prefix) __PASTE(__PASTE(__unique_##prefix, _), __COUNTER__)

/* 0, or a compile error: usable inside a constant expression. */
#define BUILD_BUG_ON_ZERO(cond) ((int)sizeof(struct { int : (-!!(cond)); }))
#define BUILD_BUG_ON(cond) ((void)sizeof(char[1 - 2 * !!(cond)]))
#define BUILD_BUG_ON_MSG(cond, msg) BUILD_BUG_ON(cond)
#define BUILD_BUG_ON_NOT_POWER_OF_2(n) \
	BUILD_BUG_ON((n) == 0 || (((n) & ((n) - 1)) != 0))
#define BUILD_BUG_ON_INVALID(e) ((void)sizeof((long)(e)))
#define BUILD_BUG() BUILD_BUG_ON(1)
#define compiletime_assert(cond, msg) BUILD_BUG_ON(!(cond))
#define __must_be_array(a) BUILD_BUG_ON_ZERO(__same_type((a), &(a)[0]))
#ifndef static_assert
#define __drydock_static_assert(cond, msg, ...) _Static_assert(cond, msg)
#define static_assert(cond, ...) \
	__drydock_static_assert(cond, ##__VA_ARGS__, #cond)
#endif

/* One access, neither torn nor repeated nor left out. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)                               \
	do {                                               \
		*(volatile __typeof__(x) *)&(x) = (value); \
	} while (0)
#define data_race(expr) (expr)
#define barrier() __asm__ __volatile__("" : : : "memory")
#define OPTIMIZER_HIDE_VAR(var) __asm__("" : "=r"(var) : "0"(var))
#define RELOC_HIDE(ptr, off) ((__typeof__(ptr))((unsigned long)(ptr) + (off)))

#define mb() __sync_synchronize()
#define rmb() __sync_synchronize()
#define wmb() __sync_synchronize()
#define dma_rmb() barrier()
#define dma_wmb() barrier()
#define dma_mb() mb()
#define smp_mb() __sync_synchronize()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()
#define smp_store_mb(var, value)        \
	do {                            \
		WRITE_ONCE(var, value); \
		mb();                   \
	} while (0)
#define smp_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
void drydock_cpu_relax(void);
#define cpu_relax() drydock_cpu_relax()
#define xchg(ptr, v) __atomic_exchange_n((ptr), (v), __ATOMIC_SEQ_CST)
#define cmpxchg(ptr, old, new)                                               \
	({                                                                   \
		__typeof__(*(ptr)) __drydock_old = (old);                    \
		__atomic_compare_exchange_n((ptr), &__drydock_old, (new), 0, \
					    __ATOMIC_SEQ_CST,                \
					    __ATOMIC_SEQ_CST);               \
		__drydock_old;                                               \
	})

#endif
