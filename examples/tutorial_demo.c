// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a mapping of a one-page device is, and what it is not: the program that
 * goes with every introduction to mmap(). Usage: tutorial_demo [NODE]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver_core/chardev_uapi.h"

static long page;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Says how an mmap of the device ends, and undoes it. */
static void try(int fd, const char *what, size_t length, int prot, int flags,
		off_t offset)
{
	void *at = mmap(NULL, length, prot, flags, fd, offset);

	printf("%-32s %s\n", what,
	       at == MAP_FAILED ? strerror(errno) : "granted");
	if (at != MAP_FAILED)
		munmap(at, length);
}

static void share(int fd)
{
	char text[32] = "", *at;
	pid_t child;

	at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("mmap");

	strcpy(at, "stored by the parent");
	if (pread(fd, text, sizeof(text), 0) != sizeof(text))
		die("read");
	printf("read(2) sees:       %s\n", text);
	if (pwrite(fd, "written", 8, 0) != 8)
		die("write");
	printf("the mapping shows:  %s\n", at);

	fflush(stdout);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		strcpy(at, "stored by the child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	printf("the mapping shows:  %s\n", at);

	memset(at, 0, page);
	munmap(at, page);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_CHARDEV_NODE;
	const int rw = PROT_READ | PROT_WRITE;
	int fd = open(node, O_RDWR);

	if (fd < 0)
		die(node);
	page = sysconf(_SC_PAGESIZE);

	share(fd);
	try(fd, "one page", page, rw, MAP_SHARED, 0);
	try(fd, "one byte of it", 1, rw, MAP_SHARED, 0);
	try(fd, "two pages", 2 * page, rw, MAP_SHARED, 0);
	try(fd, "the page behind it", page, rw, MAP_SHARED, page);
	try(fd, "a copy that can be written", page, rw, MAP_PRIVATE, 0);
	try(fd, "a copy that can be read", page, PROT_READ, MAP_PRIVATE, 0);
	try(fd, "code", page, PROT_READ | PROT_EXEC, MAP_SHARED, 0);
	close(fd);
	return 0;
}
