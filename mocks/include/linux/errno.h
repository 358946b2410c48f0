/* SPDX-License-Identifier: GPL-2.0 */
/* UAPI's error numbers and those that never leave the kernel. */
#ifndef _LINUX_KERNEL_ERRNO_H
#define _LINUX_KERNEL_ERRNO_H

#include <asm/errno.h>

#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ENOIOCTLCMD 515
#define ERESTART_RESTARTBLOCK 516
#define EPROBE_DEFER 517
#define EOPENSTALE 518
#define ENOPARAM 519
#define EBADHANDLE 521
#define ENOTSYNC 522
#define EBADCOOKIE 523
#define ENOTSUPP 524
#define ETOOSMALL 525
#define ESERVERFAULT 526
#define EBADTYPE 527
#define EIOCBQUEUED 529

#endif
