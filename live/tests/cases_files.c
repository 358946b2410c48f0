// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors: open, read, write, seek, dup, poll, exec. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "probe_uapi.h"

/* Not a constant: the compiler would warn of it. */
static void *volatile nowhere = (void *)16;

int case_files(void)
{
	char text[32] = "";
	int fd = open_probe(O_RDWR);
	int copy, high;

	printf("write %zd\n", write(fd, "simulated", 10));
	printf("lseek %ld\n", (long)lseek(fd, 2, SEEK_SET));
	printf("read %zd ", read(fd, text, 8));
	printf("%s\n", text);
	printf("pread %zd ", pread(fd, text, 10, 0));
	printf("%s\n", text);
	printf("pwrite %zd\n", pwrite(fd, "S", 1, 0));

	struct iovec parts[2] = { { text, 4 }, { text + 8, 5 } };

	lseek(fd, 0, SEEK_SET);
	memset(text, 0, sizeof(text));
	printf("readv %zd ", readv(fd, parts, 2));
	printf("%s %s\n", text, text + 8);

	/* One position for all duplicates, and the last close is the close. */
	copy = dup(fd);
	high = fcntl(fd, F_DUPFD, 100);
	printf("dup %d, F_DUPFD %d, position %ld\n", copy == fd + 1, high,
	       (long)lseek(high, 0, SEEK_CUR));
	close(fd);
	print_counts(copy);
	say("closed: read", read(fd, text, 1));
	printf("dup2 %d\n", dup2(high, fd) == fd);
	close(copy);
	close(high);
	print_counts(fd);

	printf("O_NONBLOCK %d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	printf(" then %d, access mode %d\n",
	       (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0,
	       (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);

	/* What is not intercepted fails, and harms nothing. */
	say("raw read", syscall(SYS_read, fd, text, 8));
	say("raw write", syscall(SYS_write, fd, text, 8));
	printf("raw mmap %s\n", result(syscall(SYS_mmap, NULL, PAGE, PROT_READ,
					       MAP_SHARED, fd, 0) == -1));
	printf("ftruncate %s\n", result(ftruncate(fd, 0)));

	/* Closed behind the library's back: the number is another file's. */
	syscall(SYS_close, fd);
	int other = open("/dev/null", O_RDWR);

	printf("reused %d, read %zd\n", other == fd, read(other, text, 8));
	fd = open_probe(O_RDONLY);
	print_counts(fd);
	say("write to O_RDONLY", write(fd, "x", 1));
	printf("unknown ioctl %s\n", result(ioctl(fd, _IO('P', 99), 0)));
	say("read into nothing", read(fd, nowhere, 8));
	return 0;
}

int case_many_descriptors(void)
{
	int first = open_probe(O_RDWR);
	int count = 1;

	/* As many as a process may have: RLIMIT_NOFILE. */
	while (count < 100000 && open(PROBE_NODE, O_RDWR) >= 0)
		count++;
	printf("%s, more than 900: %d\n", result(1), count > 900);
	printf("all of them: %d\n", (int)counts_of(first).files == count);
	return 0;
}

int case_status(void)
{
	struct stat status;
	int fd;

	printf("stat %s", result(stat(PROBE_NODE, &status)));
	printf(", character device %d, mode %o, major %u\n",
	       S_ISCHR(status.st_mode), status.st_mode & 07777,
	       major(status.st_rdev));
	fd = open_probe(O_RDWR);
	printf("fstat %s", result(fstat(fd, &status)));
	printf(", character device %d, major %u\n", S_ISCHR(status.st_mode),
	       major(status.st_rdev));
	printf("access %s\n", result(access(PROBE_NODE, R_OK | W_OK)));
	printf("access to execute %s\n", result(access(PROBE_NODE, X_OK)));
	printf("isatty %d\n", isatty(fd));
	close(fd);
	chdir("/dev");
	fd = open("drydock_probe", O_RDWR);
	printf("relative %s\n", result(fd < 0));
	close(fd);
	fd = open("/tmp/../dev/./drydock_probe", O_RDWR);
	printf("detour %s\n", result(fd < 0));
	print_counts(fd);
	return 0;
}

int case_poll(void)
{
	int fd = open_probe(O_RDWR);
	int ends[2];
	struct pollfd wait[2] = { { fd, POLLIN | POLLOUT, 0 } };
	struct timeval time = { 0, 20000 };
	struct epoll_event event = { EPOLLIN, { .u64 = 42 } };
	fd_set readable;
	int set;

	pipe(ends);
	wait[1] = (struct pollfd){ ends[0], POLLIN, 0 };
	printf("poll %d", poll(wait, 1, 0));
	printf(": %s\n", wait[0].revents == POLLOUT ? "out" : "?");
	wait[0].events = POLLIN;
	printf("poll in vain %d\n", poll(wait, 2, 20));
	write(ends[1], "x", 1);
	printf("poll with a pipe %d", poll(wait, 2, -1));
	printf(": %d %d\n", wait[0].revents, wait[1].revents == POLLIN);
	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	printf("select in vain %d\n",
	       select(fd + 1, &readable, NULL, NULL, &time));

	set = epoll_create1(0);
	printf("epoll_ctl %s\n",
	       result(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)));
	printf("again %s\n", result(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)));
	printf("epoll_wait in vain %d\n", epoll_wait(set, &event, 1, 20));

	/* Somebody else makes it readable while we wait. */
	if (fork() == 0) {
		usleep(30000);
		pwrite(fd, "x", 1, 0);
		_exit(0);
	}
	printf("epoll_wait %d", epoll_wait(set, &event, 1, -1));
	printf(", data %d\n", (int)event.data.u64);
	wait[1].events = 0;
	printf("poll %d\n", poll(wait, 1, -1));
	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	printf("select %d\n", select(fd + 1, &readable, NULL, NULL, NULL));
	printf("EPOLL_CTL_DEL %s\n",
	       result(epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL)));
	wait4(-1, NULL, 0, NULL);
	return 0;
}

/* Whether nodes are there. */
int case_nodes(char **argv)
{
	for (int i = 2; argv[i]; i++) {
		int fd = open(argv[i], O_RDWR);

		printf("%s %s\n", argv[i], result(fd < 0));
		close(fd);
	}
	return 0;
}

/* A descriptor goes on into another program, a mapping does not. */
int case_exec(char **argv)
{
	int fd = open_probe(O_RDWR);
	int gone = open_probe(O_RDWR | O_CLOEXEC);
	char *at = map_probe(fd, 1, PROT_READ | PROT_WRITE, MAP_SHARED, 0);

	strcpy(at, "left behind");
	lseek(fd, 5, SEEK_SET);
	print_counts(gone);
	if (dup2(fd, 20) != 20)
		return 3;
	close(fd);
	execl("/proc/self/exe", argv[0], "inherited", NULL);
	return 3;
}

int case_inherited(char **argv)
{
	char text[16] = "";

	(void)argv;
	printf("read %zd ", read(20, text, 6));
	printf("%s\n", text);
	print_counts(20);
	return 0;
}
