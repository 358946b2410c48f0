/* SPDX-License-Identifier: GPL-2.0-only */
/* Which mappings a device grants and which it refuses: one table for each driver. */
#ifndef DRYDOCK_KMOD_GUEST_MAPPINGS_H
#define DRYDOCK_KMOD_GUEST_MAPPINGS_H

#include <stddef.h>
#include <sys/mman.h>

#define PAGE 4096UL

/* What mmap(2) is asked for, and the errno that it must give; 0: it is granted. */
struct mapping_case {
	const char *what;
	unsigned long length;
	int prot, flags;
	unsigned long offset;
	int error;
};

/* Tries them all, undoes what is granted, and checks each errno. */
void check_mappings(const char *who, int fd, const struct mapping_case *cases,
		    size_t count);

/* What a load at `at` ends in: SIGSEGV, SIGBUS, or 0. */
int signal_of_load(const volatile void *at);

#endif /* DRYDOCK_KMOD_GUEST_MAPPINGS_H */
