// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the guest: runs the tests and ends the machine. The exit status of QEMU
 * is the verdict: 33 if every check passed, 35 if one failed; a panic gives 0 and a
 * guest that hangs is stopped from outside.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of -device isa-debug-exit: QEMU ends with (value << 1) | 1. */
#define EXIT_PORT 0xf4
#define EXIT_PASSED 16
#define EXIT_FAILED 17

static unsigned int checks, failures;

bool check(bool passed, const char *format, ...)
{
	va_list args;

	checks++;
	failures += !passed;
	printf("%s ", passed ? "ok    " : "FAILED");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return passed;
}

int load_module(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return err;
}

int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static void run_tests(void)
{
	chardev_smoke();
	dma_buffer_smoke();
	edu_smoke();
	framebuffer_smoke();
	nic_rings_smoke();
	shared_ring_smoke();
	samples_smoke();
	programs_smoke();
}

/* The kernel passes on what follows "--" in its command line. */
int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	check(!mount("devtmpfs", "/dev", "devtmpfs", 0, NULL),
	      "devtmpfs is mounted");
	mkdir("/sys", 0755);
	check(!mount("sysfs", "/sys", "sysfs", 0, NULL), "sysfs is mounted");

	/* (And, before that, whatever it did not know itself.) */
	if (!strcmp(argv[argc - 1], "bench"))
		programs_bench();
	else
		run_tests();

	printf("GUEST: %u checks, %u failed\n", checks, failures);
	if (ioperm(EXIT_PORT, 1, 1) == 0)
		outb(failures ? EXIT_FAILED : EXIT_PASSED, EXIT_PORT);
	/* Not reached where there is the device; PID 1 that returns is a panic. */
	return 1;
}
