// SPDX-License-Identifier: GPL-2.0-only
#include "mappings.h"
#include "check.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>

/* The errno of an mmap, 0 if it is granted (and undone). */
static int refusal(int fd, const struct mapping_case *c)
{
	void *at =
		mmap(NULL, c->length, c->prot, c->flags, fd, (off_t)c->offset);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, c->length);
	return 0;
}

void check_mappings(const char *who, int fd, const struct mapping_case *cases,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int got = refusal(fd, &cases[i]);

		check(got == cases[i].error,
		      "%s: mmap %s: errno %d, expected %d", who, cases[i].what,
		      got, cases[i].error);
	}
}

static sigjmp_buf after_load;

static void on_signal(int signal)
{
	siglongjmp(after_load, signal);
}

int signal_of_load(const volatile void *at)
{
	struct sigaction caught = { .sa_handler = on_signal }, old_segv,
			 old_bus;
	int got;

	sigaction(SIGSEGV, &caught, &old_segv);
	sigaction(SIGBUS, &caught, &old_bus);
	got = sigsetjmp(after_load, 1);
	if (!got)
		(void)*(const volatile char *)at;
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return got;
}
