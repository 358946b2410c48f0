/* SPDX-License-Identifier: GPL-2.0-only */
/* What is left of files and mappings when their device is removed: the same for each driver. */
#ifndef DRYDOCK_KMOD_GUEST_REMOVAL_H
#define DRYDOCK_KMOD_GUEST_REMOVAL_H

#include <stdbool.h>

/* Writes a platform device's name to "unbind" or "bind" of its driver. */
bool tell_driver(const char *driver, const char *device, const char *what);

/**
 * struct removal_case - a device that is removed while it is mapped
 * @who: for the checks
 * @node: its node in /dev
 * @driver: of the platform bus; also the module's name
 * @device: the device's name
 * @offset: of a mapping
 * @length: of it, in whole pages
 * @call: something that only works while the device is there: 0 or an errno
 */
struct removal_case {
	const char *who, *node, *driver, *device;
	unsigned long offset, length;
	int (*call)(int fd);
};

/* Removes it with mappings of two nodes and a child's, and brings it back. */
void check_removal(const struct removal_case *c);

#endif /* DRYDOCK_KMOD_GUEST_REMOVAL_H */
