/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel that a driver is compiled for. -DDRYDOCK_PROFILE=601|612|703
 * chooses; 6.1 when nothing does.
 */
#ifndef _LINUX_VERSION_H
#define _LINUX_VERSION_H

#ifdef DRYDOCK_PROFILE
#define DRYDOCK_PROFILE_NUMBER DRYDOCK_PROFILE
#else
#define DRYDOCK_PROFILE_NUMBER 601
#endif

#if DRYDOCK_PROFILE_NUMBER == 601
#define LINUX_VERSION_MAJOR 6
#define LINUX_VERSION_PATCHLEVEL 1
#define LINUX_VERSION_SUBLEVEL 192
#define UTS_RELEASE "6.1.192"
#elif DRYDOCK_PROFILE_NUMBER == 612
#define LINUX_VERSION_MAJOR 6
#define LINUX_VERSION_PATCHLEVEL 12
#define LINUX_VERSION_SUBLEVEL 95
#define UTS_RELEASE "6.12.95"
#elif DRYDOCK_PROFILE_NUMBER == 703
#define LINUX_VERSION_MAJOR 7
#define LINUX_VERSION_PATCHLEVEL 3
#define LINUX_VERSION_SUBLEVEL 4
#define UTS_RELEASE "7.3.4"
#else
#error "DRYDOCK_PROFILE is 601, 612 or 703"
#endif

#define KERNEL_VERSION(a, b, c) \
	(((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#define LINUX_VERSION_CODE                                            \
	KERNEL_VERSION(LINUX_VERSION_MAJOR, LINUX_VERSION_PATCHLEVEL, \
		       LINUX_VERSION_SUBLEVEL)

#endif
