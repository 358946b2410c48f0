// SPDX-License-Identifier: GPL-2.0-only
#include "removal.h"
#include "check.h"
#include "mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_NODE "/dev/second_node"

bool tell_driver(const char *driver, const char *device, const char *what)
{
	char path[100];
	bool told;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/platform/drivers/%s/%s", driver,
		 what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	told = fd >= 0 &&
	       write(fd, device, strlen(device)) == (ssize_t)strlen(device);
	close(fd);
	return told;
}

static unsigned char *map(const struct removal_case *c, int fd)
{
	return mmap(NULL, c->length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    c->offset);
}

static bool all_gone(const struct removal_case *c, const unsigned char *at)
{
	for (unsigned long i = 0; i < c->length; i += PAGE) {
		if (signal_of_load(at + i) != SIGBUS)
			return false;
	}
	return true;
}

/* A child that shows what its parent has mapped, and says whether it is gone. */
static pid_t start_child(const struct removal_case *c, const unsigned char *at,
			 int *go)
{
	int pipe_fds[2];
	pid_t child;
	char any;

	if (pipe(pipe_fds))
		return -1;
	child = fork();
	if (!child) {
		close(pipe_fds[1]);
		(void)!read(pipe_fds[0], &any, 1);
		_exit(!all_gone(c, at));
	}
	close(pipe_fds[0]);
	*go = pipe_fds[1];
	return child;
}

static void comes_back(const struct removal_case *c)
{
	unsigned char *at;
	int fd;

	check(tell_driver(c->driver, c->device, "bind") &&
		      !access(c->node, F_OK),
	      "%s: bound again, it is back", c->who);
	fd = open(c->node, O_RDWR | O_CLOEXEC);
	at = map(c, fd);
	check(fd >= 0 && at != MAP_FAILED && !at[8], "%s: with new memory",
	      c->who);
	munmap(at, c->length);
	close(fd);
}

void check_removal(const struct removal_case *c)
{
	unsigned char *at, *other;
	int fd, second, go = -1, status;
	struct stat node;
	pid_t child;

	check(!stat(c->node, &node) &&
		      !mknod(SECOND_NODE, S_IFCHR | 0600, node.st_rdev),
	      "%s: a second node", c->who);
	fd = open(c->node, O_RDWR | O_CLOEXEC);
	second = open(SECOND_NODE, O_RDWR | O_CLOEXEC);
	at = map(c, fd);
	other = map(c, second);
	if (!check(fd >= 0 && second >= 0 && at != MAP_FAILED &&
			   other != MAP_FAILED,
		   "%s: two mappings by two nodes", c->who))
		return;
	memset(at, 7, c->length);
	check(other[8] == 7 && c->call(fd) == 0, "%s: in use", c->who);
	child = start_child(c, at, &go);

	check(tell_driver(c->driver, c->device, "unbind"),
	      "%s: the device is removed", c->who);
	check(all_gone(c, at) && all_gone(c, other),
	      "%s: what is mapped is SIGBUS", c->who);
	close(go);
	check(child > 0 && waitpid(child, &status, 0) == child && !status,
	      "%s: a child's, too", c->who);
	check(c->call(fd) == ENODEV, "%s: the file says that it is gone: %d",
	      c->who, c->call(fd));
	check(map(c, fd) == MAP_FAILED && errno == ENODEV,
	      "%s: it is not mapped again", c->who);
	check(access(c->node, F_OK) && errno == ENOENT, "%s: no node", c->who);
	check(unload_module(c->driver) == -EAGAIN,
	      "%s: mapped, it is not unloaded", c->who);
	check(!munmap(at, PAGE) && signal_of_load(at) == SIGSEGV,
	      "%s: it is unmapped page by page", c->who);

	comes_back(c);
	check(all_gone(c, other), "%s: what was mapped stays gone", c->who);
	munmap(at, c->length);
	munmap(other, c->length);
	close(second);
	close(fd);
	unlink(SECOND_NODE);
}
