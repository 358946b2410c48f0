// SPDX-License-Identifier: GPL-2.0-only
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

const char *result(int failed)
{
	return failed ? strerrorname_np(errno) : "ok";
}

void say(const char *what, long value)
{
	if (value == -1)
		printf("%s %s\n", what, result(1));
	else
		printf("%s %ld\n", what, value);
}

int open_probe(int flags)
{
	int fd = open(PROBE_NODE, flags);

	if (fd < 0) {
		printf("open: %s\n", result(1));
		exit(3);
	}
	return fd;
}

void *map_probe(int fd, unsigned long pages, int prot, int flags,
		unsigned long offset_pages)
{
	void *at = mmap(NULL, pages * PAGE, prot, flags, fd,
			(off_t)(offset_pages * PAGE));

	if (at == MAP_FAILED) {
		printf("mmap: %s\n", result(1));
		exit(3);
	}
	return at;
}

void print_counts(int fd)
{
	struct probe_counts counts;

	if (ioctl(fd, PROBE_COUNTS, &counts))
		printf("counts: %s\n", result(1));
	else
		printf("files %u, mappings %u\n", counts.files,
		       counts.mappings);
}

struct probe_counts counts_of(int fd)
{
	struct probe_counts counts = { 0 };

	ioctl(fd, PROBE_COUNTS, &counts);
	return counts;
}

static int plain(int (*run)(void), char **argv)
{
	(void)argv;
	return run();
}

#define PLAIN(name) { #name, case_##name, NULL }
#define WITH_ARGUMENTS(name) { #name, NULL, case_##name }

static const struct {
	const char *name;
	int (*run)(void);
	int (*run_with)(char **argv);
} cases[] = {
	PLAIN(files),
	PLAIN(many_descriptors),
	PLAIN(status),
	PLAIN(poll),
	WITH_ARGUMENTS(nodes),
	WITH_ARGUMENTS(exec),
	WITH_ARGUMENTS(inherited),
	PLAIN(map),
	PLAIN(refusals),
	PLAIN(protect),
	PLAIN(parts),
	PLAIN(move),
	PLAIN(over),
	PLAIN(ten_thousand),
	PLAIN(registers),
	PLAIN(faults),
	PLAIN(notified),
	PLAIN(private),
	PLAIN(beyond),
	PLAIN(zap),
	PLAIN(handler),
	PLAIN(kernel_copies),
	PLAIN(fork),
	PLAIN(killed),
	PLAIN(threads),
	WITH_ARGUMENTS(two_programs),
	WITH_ARGUMENTS(gone),
	WITH_ARGUMENTS(oops),
	PLAIN(survivor),
	PLAIN(bystander),
	PLAIN(waiter),
	PLAIN(waiting_threads),
	PLAIN(sleeper),
	PLAIN(interrupted),
	PLAIN(restarted),
	PLAIN(killed_waiter),
	PLAIN(stubborn_waiter),
	PLAIN(closed_meanwhile),
	PLAIN(slow_fault),
	PLAIN(waiter_and_oops),
	PLAIN(exec_meanwhile),
	WITH_ARGUMENTS(counts_from),
	PLAIN(poll_wakes),
	PLAIN(many_waiters),
	PLAIN(many_processes),
	PLAIN(hangs),
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases);
	     i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		return cases[i].run ? plain(cases[i].run, argv)
				    : cases[i].run_with(argv);
	}
	fprintf(stderr, "%s: no such case\n", argc > 1 ? argv[1] : "");
	return 3;
}
