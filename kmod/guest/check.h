/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guest's tests say, and to whom: one line a check, on the console. */
#ifndef DRYDOCK_KMOD_GUEST_CHECK_H
#define DRYDOCK_KMOD_GUEST_CHECK_H

#include <stdbool.h>

/* Prints the check, and remembers if it failed. Returns passed. */
bool check(bool passed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* finit_module(2) and delete_module(2): 0 or a negative errno. */
int load_module(const char *path, const char *parameters);
int unload_module(const char *name);

/* The tests. */
void chardev_smoke(void);
void dma_buffer_smoke(void);
void edu_smoke(void);
void framebuffer_smoke(void);
void nic_rings_smoke(void);
void programs_smoke(void);
void programs_bench(void);
void samples_smoke(void);
void shared_ring_smoke(void);

#endif /* DRYDOCK_KMOD_GUEST_CHECK_H */
