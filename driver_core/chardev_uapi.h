/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a program needs to use /dev/drydock_chardev: its name. The device is one
 * page of memory, sysconf(_SC_PAGESIZE) bytes, for read, write, lseek and mmap.
 */
#ifndef DRYDOCK_CHARDEV_UAPI_H
#define DRYDOCK_CHARDEV_UAPI_H

#define DRYDOCK_CHARDEV_NAME "drydock_chardev"
#define DRYDOCK_CHARDEV_NODE "/dev/" DRYDOCK_CHARDEV_NAME

#endif /* DRYDOCK_CHARDEV_UAPI_H */
