// SPDX-License-Identifier: GPL-2.0-only
/* Calls that sleep in the driver, while others go on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"

#define RW (PROT_READ | PROT_WRITE)

/* Until so many calls sleep in the driver. */
static void await_waiting(int fd, unsigned int count)
{
	for (int i = 0; i < 3000 && counts_of(fd).waiting != count; i++)
		usleep(2000);
	if (counts_of(fd).waiting != count)
		printf("waiting %u\n", counts_of(fd).waiting);
}

static void await_files(int fd, unsigned int count)
{
	for (int i = 0; i < 3000 && counts_of(fd).files != count; i++)
		usleep(2000);
}

static pid_t start_waiter(int fd, unsigned long how)
{
	pid_t child = fork();

	if (child == 0) {
		const char *woken = result(ioctl(fd, PROBE_WAIT, how));

		printf("woken: %s\n", woken);
		_exit(0);
	}
	return child;
}

static void print_end(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		printf("child: signal %d\n", WTERMSIG(status));
	else
		printf("child: status %d\n", WEXITSTATUS(status));
}

int case_waiter(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = start_waiter(fd, PROBE_INTERRUPTIBLE);
	char *at;

	await_waiting(fd, 1);
	at = map_probe(fd, 1, RW, MAP_SHARED, 0);
	at[0] = 'w';
	printf("pwrite %zd\n", pwrite(fd, "abc", 3, 1));
	printf("mapped %.4s\n", at);
	printf("waitpid %d\n", waitpid(child, NULL, WNOHANG));
	ioctl(fd, PROBE_WAKE);
	print_end(child);
	print_counts(fd);
	return 0;
}

static int shared_fd;

static void *wait_in_thread(void *how)
{
	return (void *)(long)ioctl(shared_fd, PROBE_WAIT, how);
}

/* Two threads of one process sleep, and a third goes on. */
int case_waiting_threads(void)
{
	pthread_t threads[2];
	long values = 0;

	shared_fd = open_probe(O_RDWR);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, wait_in_thread, NULL);
	await_waiting(shared_fd, 2);
	print_counts(shared_fd);
	ioctl(shared_fd, PROBE_WAKE);
	for (int i = 0; i < 2; i++) {
		void *value;

		pthread_join(threads[i], &value);
		values |= (long)value;
	}
	printf("joined %ld\n", values);
	return 0;
}

/* A sleep takes its time, and nobody else's. */
int case_sleeper(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = fork();
	struct timespec begin, end;
	long ms;

	if (child == 0)
		_exit(ioctl(fd, PROBE_SLEEP, 1000) != 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 100; i++)
		counts_of(fd);
	printf("sleeps still %d\n", waitpid(child, NULL, WNOHANG) == 0);
	ioctl(fd, PROBE_SLEEP, 50);
	printf("sleeps still %d\n", waitpid(child, NULL, WNOHANG) == 0);
	print_end(child);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ms = (end.tv_sec - begin.tv_sec) * 1000 +
	     (end.tv_nsec - begin.tv_nsec) / 1000000;
	printf("a second: %d\n", ms > 900);
	return 0;
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

static void catch (int number, int flags)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

int case_interrupted(void)
{
	int fd = open_probe(O_RDWR);

	catch (SIGALRM, 0);
	/* What is ignored, and what nobody asked for, ends no sleep. */
	signal(SIGUSR2, SIG_IGN);
	kill(getpid(), SIGUSR2);
	alarm(1);
	printf("wait: %s", result(ioctl(fd, PROBE_WAIT, PROBE_INTERRUPTIBLE)));
	printf(", handled %d\n", handled);
	printf("waiting %u\n", counts_of(fd).waiting);
	return 0;
}

static pthread_t main_thread;

static void *signal_and_wake(void *unused)
{
	(void)unused;
	await_waiting(shared_fd, 1);
	pthread_kill(main_thread, SIGUSR1);
	for (int i = 0; i < 3000 && !handled; i++)
		usleep(2000);
	await_waiting(shared_fd, 1);
	ioctl(shared_fd, PROBE_WAKE);
	return NULL;
}

/* With SA_RESTART the call is made again after the handler. */
int case_restarted(void)
{
	pthread_t thread;

	shared_fd = open_probe(O_RDWR);
	main_thread = pthread_self();
	catch (SIGUSR1, SA_RESTART);
	pthread_create(&thread, NULL, signal_and_wake, NULL);
	printf("wait: %s",
	       result(ioctl(shared_fd, PROBE_WAIT, PROBE_INTERRUPTIBLE)));
	printf(", handled %d\n", handled);
	pthread_join(thread, NULL);
	return 0;
}

int case_killed_waiter(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = start_waiter(fd, PROBE_KILLABLE);

	await_waiting(fd, 1);
	kill(child, SIGKILL);
	print_end(child);
	await_waiting(fd, 0);
	print_counts(fd);
	return 0;
}

/* Its process is dead; in the driver it sleeps on, with what it has open. */
int case_stubborn_waiter(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = fork();

	if (child == 0) {
		int own = open_probe(O_RDWR);

		map_probe(own, 1, RW, MAP_SHARED, 0);
		ioctl(own, PROBE_WAIT, PROBE_UNINTERRUPTIBLE);
		_exit(0);
	}
	await_waiting(fd, 1);
	kill(child, SIGKILL);
	print_end(child);
	usleep(50000);
	printf("waiting %u, ", counts_of(fd).waiting);
	print_counts(fd);
	ioctl(fd, PROBE_WAKE);
	await_files(fd, 1);
	printf("waiting %u, ", counts_of(fd).waiting);
	print_counts(fd);
	return 0;
}

/* Its file stays until the call that sleeps on it has returned. */
int case_closed_meanwhile(void)
{
	int fd = open_probe(O_RDWR);
	pthread_t thread;

	shared_fd = open_probe(O_RDWR);
	pthread_create(&thread, NULL, wait_in_thread, NULL);
	await_waiting(fd, 1);
	printf("close %s\n", result(close(shared_fd)));
	print_counts(fd);
	ioctl(fd, PROBE_WAKE);
	pthread_join(thread, NULL);
	print_counts(fd);
	return 0;
}

int case_slow_fault(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child;

	ioctl(fd, PROBE_SLOW_FAULTS, 1);
	child = fork();
	if (child == 0) {
		volatile int *at =
			map_probe(fd, 2, RW, MAP_SHARED, PROBE_FAULTS);

		_exit(at[PAGE / 4]);
	}
	await_waiting(fd, 1);
	print_counts(fd);
	ioctl(fd, PROBE_SLOW_FAULTS, 0);
	ioctl(fd, PROBE_WAKE);
	print_end(child);
	return 0;
}

/* The driver crashes under one process, and another one sleeps through it. */
int case_waiter_and_oops(void)
{
	int fd = open_probe(O_RDWR);
	pid_t child = start_waiter(fd, PROBE_INTERRUPTIBLE);
	pid_t crashes;

	await_waiting(fd, 1);
	crashes = fork();
	if (crashes == 0) {
		ioctl(fd, PROBE_OOPS);
		_exit(0);
	}
	print_end(crashes);
	ioctl(fd, PROBE_WAKE);
	print_end(child);
	print_counts(fd);
	return 0;
}

int case_exec_meanwhile(void)
{
	pthread_t thread;

	shared_fd = open_probe(O_RDWR);
	if (dup2(shared_fd, 20) != 20)
		return 3;
	pthread_create(&thread, NULL, wait_in_thread, (void *)PROBE_KILLABLE);
	await_waiting(shared_fd, 1);
	execl("/proc/self/exe", "cases", "counts_from", "20", NULL);
	return 3;
}

int case_counts_from(char **argv)
{
	(void)argv;
	printf("waiting %u, ", counts_of(20).waiting);
	print_counts(20);
	return 0;
}

/* poll, select and epoll sleep until another process makes the device readable. */
int case_poll_wakes(void)
{
	int fd = open_probe(O_RDWR);
	struct pollfd one = { .fd = fd, .events = POLLIN };
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);
	fd_set set;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	for (int way = 0; way < 3; way++) {
		pid_t child;

		pwrite(fd, "", 1, 0);
		child = fork();
		if (child == 0) {
			usleep(50000);
			pwrite(fd, "x", 1, 0);
			ioctl(fd, PROBE_WAKE);
			_exit(0);
		}
		FD_ZERO(&set);
		FD_SET(fd, &set);
		printf("%d\n", way == 0 ? poll(&one, 1, -1)
			       : way == 1
				       ? select(fd + 1, &set, NULL, NULL, NULL)
				       : epoll_wait(epoll, &event, 1, -1));
		waitpid(child, NULL, 0);
	}
	return 0;
}

/* More than the machine has room for: those that are too many wait before the driver. */
int case_many_waiters(void)
{
	int fd = open_probe(O_RDWR);
	int woken = 0;
	pthread_t threads[16];

	shared_fd = fd;
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, wait_in_thread, NULL);
	await_waiting(fd, 16);
	ioctl(fd, PROBE_WAKE);
	for (int i = 0; i < 16; i++) {
		void *value;

		pthread_join(threads[i], &value);
		woken += value == NULL;
	}
	printf("woken %d\n", woken);
	return 0;
}

int case_many_processes(void)
{
	int fd = open_probe(O_RDWR);
	int made = 0;
	int ends[2];

	if (pipe(ends))
		return 3;
	for (;;) {
		pid_t child = fork();
		char byte;

		if (child < 0)
			break;
		if (child == 0) {
			char *at = map_probe(fd, 1, RW, MAP_SHARED, 0);

			at[0] = 'c';
			close(ends[1]);
			_exit(read(ends[0], &byte, 1) != 0);
		}
		made++;
	}
	printf("fork: %s, more than 16: %d\n", result(1), made > 16);
	close(ends[1]);
	for (int i = 0; i < made; i++) {
		int status = 1;

		wait(&status);
		if (status)
			printf("child: %d\n", status);
	}
	for (int i = 0; i < 3000 && counts_of(fd).mappings != 0; i++)
		usleep(2000);
	print_counts(fd);
	return 0;
}

int case_hangs(void)
{
	int fd = open_probe(O_RDWR);

	alarm(1);
	ioctl(fd, PROBE_WAIT, PROBE_UNINTERRUPTIBLE);
	return 0;
}
