// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into a driver's module that was compiled with -fsanitize-coverage=trace-pc:
 * which of its code has run, since it was loaded. As the kernel's own KCOV, but of all
 * tasks, of interrupts as well, and on any kernel.
 *
 * /sys/module/NAME/parameters/drydock_cover: each reading is the next part of a bit map,
 * a bit for each byte of code, counted from __sanitizer_cov_trace_pc - COVER_BITS / 2.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#define COVER_BITS (256 * 1024L)
#define COVER_PART 104 /* bytes */

#define not_covered __attribute__((no_sanitize_coverage))

static u8 cover_map[COVER_BITS / 8];

void __sanitizer_cov_trace_pc(void);

not_covered void __sanitizer_cov_trace_pc(void)
{
	long at = (long)__builtin_return_address(0) -
		  (long)__sanitizer_cov_trace_pc + COVER_BITS / 2;

	if (at >= 0 && at < COVER_BITS)
		cover_map[at / 8] |= 1 << (at % 8);
}

not_covered static int cover_get(char *to, const struct kernel_param *param)
{
	static unsigned long at;
	unsigned long end = at + COVER_PART;

	memset(to, 0, COVER_PART);
	for (; at < end; at++, to++)
		if (at < sizeof(cover_map))
			*to = cover_map[at];
	return COVER_PART;
}

static const struct kernel_param_ops cover_ops = { .get = cover_get };

module_param_cb(drydock_cover, &cover_ops, NULL, 0400);
