// SPDX-License-Identifier: GPL-2.0-only
/* drydock_chardev.ko in a real kernel. */
#include "check.h"
#include "driver_core/chardev_uapi.h"
#include "mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE DRYDOCK_CHARDEV_NAME
#define NODE DRYDOCK_CHARDEV_NODE

static void refuses(int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "the page", PAGE, rw, MAP_SHARED, 0, 0 },
		{ "a byte of it", 1, rw, MAP_SHARED, 0, 0 },
		{ "two pages", 2 * PAGE, rw, MAP_SHARED, 0, EINVAL },
		{ "the second page", PAGE, rw, MAP_SHARED, PAGE, EINVAL },
		{ "an offset of 2^62", PAGE, rw, MAP_SHARED, 1UL << 62,
		  EINVAL },
		{ "a TiB", 1UL << 40, rw, MAP_SHARED, 0, EINVAL },
		{ "private and writable", PAGE, rw, MAP_PRIVATE, 0, EINVAL },
		{ "private and read-only", PAGE, PROT_READ, MAP_PRIVATE, 0, 0 },
		{ "executable", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings("chardev", fd, cases, sizeof(cases) / sizeof(cases[0]));
}

static void shares(int fd)
{
	static const char text[] = "through the mapping";
	char seen[sizeof(text)] = "";
	unsigned char *at =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char any = 0;
	pid_t child;
	int status;

	if (!check(at != MAP_FAILED, "chardev: mmap of the page"))
		return;
	for (unsigned long i = 0; i < PAGE; i++)
		any |= at[i];
	check(!any, "chardev: a new page is all zero");
	memcpy(at + 100, text, sizeof(text));
	check(pread(fd, seen, sizeof(seen), 100) == sizeof(seen) &&
		      !strcmp(seen, text),
	      "chardev: read sees what was stored");
	check(pwrite(fd, "ab", 2, PAGE - 1) == 1 && at[PAGE - 1] == 'a',
	      "chardev: write ends with the page");
	check(pwrite(fd, "ab", 2, PAGE) == -1 && errno == ENOSPC,
	      "chardev: and does not begin behind it");
	check(unload_module(MODULE) == -EAGAIN,
	      "chardev: mapped, it is not unloaded");
	check(mprotect(at, PAGE, PROT_READ | PROT_EXEC) == -1 &&
		      errno == EACCES,
	      "chardev: mprotect does not make it executable");
	check(mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
		      errno == EFAULT,
	      "chardev: mremap does not make it longer");

	child = fork();
	if (!child) {
		at[0] = 'c';
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && !status && at[0] == 'c',
	      "chardev: a child stores to the same page");
	munmap(at, PAGE);
	check(signal_of_load(at) == SIGSEGV, "chardev: unmapped, it is gone");
}

/* register_chrdev() has 256 minors, and there is one device. */
static void has_one_minor(void)
{
	struct stat node;
	int fd;

	check(!stat(NODE, &node) && !mknod("/dev/second", S_IFCHR | 0600,
					   makedev(major(node.st_rdev), 1)),
	      "chardev: a node with minor 1");
	fd = open("/dev/second", O_RDWR | O_CLOEXEC);
	check(fd < 0 && errno == ENXIO, "chardev: it does not open");
	unlink("/dev/second");
}

void chardev_smoke(void)
{
	int err = load_module("/" MODULE ".ko", "");
	int fd;

	if (!check(!err, "chardev: loads: %d", err))
		return;
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (check(fd >= 0, "chardev: opens " NODE)) {
		shares(fd);
		refuses(fd);
		has_one_minor();
		close(fd);
	}
	err = unload_module(MODULE);
	check(!err, "chardev: unloads: %d", err);
	check(access(NODE, F_OK) && errno == ENOENT,
	      "chardev: the node is gone");
}
