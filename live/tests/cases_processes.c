// SPDX-License-Identifier: GPL-2.0-only
/* Several processes and threads on one machine, and ends that nobody planned. */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe_uapi.h"

#define RW (PROT_READ | PROT_WRITE)

static void wait_for(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("child: signal %d\n", WTERMSIG(status));
	else
		printf("child: status %d\n", WEXITSTATUS(status));
}

int case_fork(void)
{
	int fd = open_probe(O_RDWR);
	volatile char *shared = map_probe(fd, 2, RW, MAP_SHARED, 0);
	volatile uint32_t *own =
		map_probe(fd, 2, RW, MAP_PRIVATE, PROBE_FAULTS);
	volatile uint32_t *untouched =
		map_probe(fd, 2, RW, MAP_SHARED, PROBE_FAULTS);
	pid_t child;

	own[PAGE / 4] = 10;
	shared[0] = 'p';
	madvise((void *)untouched, 2 * PAGE, MADV_DONTFORK);
	child = fork();
	if (child == 0) {
		printf("child sees %c and %u\n", shared[0], own[PAGE / 4]);
		print_counts(fd);
		shared[0] = 'c';
		own[PAGE / 4] = 20;
		printf("child has %c and %u\n", shared[0], own[PAGE / 4]);
		_exit(0);
	}
	wait_for(child);
	printf("parent has %c and %u\n", shared[0], own[PAGE / 4]);
	own[PAGE / 4] = 11;
	printf("then %u, and %u\n", own[PAGE / 4], untouched[PAGE / 4]);
	print_counts(fd);
	/* vfork(2), and a child that only leaves. */
	child = vfork();
	if (child == 0)
		_exit(4);
	wait_for(child);
	print_counts(fd);
	return 0;
}

/* Maps, forks and is killed: nothing of it is left. */
int case_killed(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = fork();

	if (child == 0) {
		char *at = map_probe(fd, 4, RW, MAP_SHARED, 0);
		pid_t grandchild = fork();

		at[0] = 'k';
		if (grandchild == 0)
			kill(getppid(), SIGKILL);
		if (grandchild == 0)
			kill(getpid(), SIGKILL);
		pause();
	}
	wait_for(child);
	/* The grandchild is nobody's to wait for. */
	for (int i = 0; i < 200; i++) {
		struct probe_counts counts;

		ioctl(fd, PROBE_COUNTS, &counts);
		if (counts.mappings == 0)
			break;
		usleep(10000);
	}
	print_counts(fd);
	return 0;
}

static atomic_int stop;
static atomic_long rounds;
static int shared_fd;
static char *shared_at;

static void *map_and_unmap(void *unused)
{
	(void)unused;
	while (!stop) {
		char *at = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, shared_fd, 0);

		if (at == MAP_FAILED) {
			printf("mmap: %s\n", result(1));
			break;
		}
		at[PAGE] = 1;
		munmap(at, 2 * PAGE);
		rounds++;
	}
	return NULL;
}

static void *load(void *unused)
{
	(void)unused;
	while (!stop) {
		(void)*(volatile char *)shared_at;
		rounds++;
	}
	return NULL;
}

int case_threads(void)
{
	pthread_t threads[4];

	shared_fd = open_probe(O_RDWR);
	shared_at = map_probe(shared_fd, 1, RW, MAP_SHARED, PROBE_FAULTS);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, map_and_unmap, NULL);
	pthread_create(&threads[3], NULL, load, NULL);
	for (int i = 0; i < 100; i++) {
		/* What the loading thread looks at goes and comes back. */
		madvise(shared_at, PAGE, MADV_DONTNEED);
		pread(shared_fd, (char[8]){ 0 }, 8, 0);
		if (i % 20 == 0) {
			pid_t child = fork();

			if (child == 0)
				_exit(*shared_at);
			waitpid(child, NULL, 0);
		}
	}
	usleep(50000);
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("rounds %d\n", rounds > 100);
	print_counts(shared_fd);
	return 0;
}

/* first: maps, tells, waits for the other's word; second: looks and answers. */
int case_two_programs(char **argv)
{
	int fd = open_probe(O_RDWR);
	volatile char *at = map_probe(fd, 1, RW, MAP_SHARED, 0);

	if (!strcmp(argv[2], "first")) {
		at[1] = 'f';
		printf("first wrote\n");
		for (int i = 0; i < 1000 && at[0] != 's'; i++)
			usleep(10000);
		printf("first sees %c\n", at[0]);
	} else {
		for (int i = 0; i < 1000 && at[1] != 'f'; i++)
			usleep(10000);
		printf("second sees %c\n", at[1]);
		at[0] = 's';
	}
	return 0;
}

/*
 * A mapping is taken away by another process: `victim` touches all the time and dies of SIGBUS,
 * `remover` removes the device.
 */
int case_gone(char **argv)
{
	int fd = open_probe(O_RDWR);

	if (!strcmp(argv[2], "victim")) {
		volatile char *at =
			map_probe(fd, 1, RW, MAP_SHARED, PROBE_FAULTS);

		printf("victim touches\n");
		for (;;)
			at[0]++;
	}
	printf("remove %s\n", result(ioctl(fd, PROBE_REMOVE)));
	return 0;
}

int case_oops(char **argv)
{
	int fd = open_probe(O_RDWR);
	unsigned long what = !strcmp(argv[2], "oops")	  ? PROBE_OOPS
			     : !strcmp(argv[2], "bug")	  ? PROBE_BUG
			     : !strcmp(argv[2], "second") ? PROBE_SECOND
							  : PROBE_UNMODELLED;

	map_probe(fd, 1, RW, MAP_SHARED, 0);
	printf("calls\n");
	fflush(stdout);
	printf("came back: %s\n", result(ioctl(fd, what)));
	return 0;
}

/* Forks a child whose call the driver does not survive, and goes on. */
int case_survivor(void)
{
	int fd = open_probe(O_RDWR);
	volatile char *at = map_probe(fd, 1, RW, MAP_SHARED, 0);
	pid_t child = fork();

	if (child == 0) {
		ioctl(fd, PROBE_OOPS);
		_exit(0);
	}
	wait_for(child);
	at[0] = 'x';
	printf("goes on: %s\n", result(ioctl(fd, _IO('P', 99))));
	print_counts(fd);
	return 0;
}

static volatile sig_atomic_t told;

static void on_term(int signal)
{
	(void)signal;
	told = 1;
}

/* What it has in page `page` of the buffer, where nobody else writes. */
static bool keeps(const volatile uint64_t *at, uint64_t round)
{
	for (int page = 0; page < PROBE_BUFFER_PAGES; page++) {
		if (at[page * PAGE / 8 + 100] != round * 100 + page)
			return false;
	}
	return true;
}

/*
 * Uses everything that it has, over and over, while others do what they should not; told to end, it
 * says what it has lost.
 */
int case_bystander(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint64_t *at =
		map_probe(fd, PROBE_BUFFER_PAGES, RW, MAP_SHARED, 0);
	volatile uint32_t *pages =
		map_probe(fd, PROBE_FAULT_PAGES, RW, MAP_SHARED, PROBE_FAULTS);
	uint64_t rounds = 0;

	signal(SIGTERM, on_term);
	while (!told) {
		struct probe_word word;
		char *again;

		rounds++;
		for (int page = 0; page < PROBE_BUFFER_PAGES; page++)
			at[page * PAGE / 8 + 100] = rounds * 100 + page;
		word.offset = 9 * PAGE + 800;
		if (ioctl(fd, PROBE_GET_WORD, &word) ||
		    word.value != rounds * 100 + 9)
			printf("the driver sees something else\n");
		if (!keeps(at, rounds))
			printf("its memory is not its own\n");
		for (uint32_t page = 0; page < PROBE_FAULT_PAGES; page++) {
			if (pages[page * PAGE / 4] != page)
				printf("page %u is another\n", page);
		}
		again = map_probe(fd, 1, RW, MAP_SHARED, 9);
		if (*(uint64_t *)(again + 800) != rounds * 100 + 9)
			printf("a new mapping shows something else\n");
		munmap(again, PAGE);
		if (rounds == 1)
			printf("begins\n");
		usleep(1000);
	}
	printf("%s\n", rounds > 1 ? "has lost nothing" : "had no time");
	return 0;
}
