// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the frames that a network device receives: first where they are, in
 * mapped rings and buffers, then as copies that read(2) makes.
 * Usage: packet_counter [NODE [FRAMES]]; with FRAMES, a number other than the
 * usual 2000, it tells how long each took.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "driver_core/nic_rings_uapi.h"

#define USUAL 2000

struct counts {
	uint64_t frames, bytes, wrong;
	uint64_t of_length[3]; /* below 512, below 1024, longer */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void count(struct counts *counts, const uint8_t *frame, uint32_t length)
{
	uint32_t number = (uint32_t)counts->frames, first;

	memcpy(&first, frame, sizeof(first));
	if (first != number || length != 64 + number % 1455 ||
	    frame[length - 1] != (uint8_t)(number + length - 1))
		counts->wrong++;
	counts->frames++;
	counts->bytes += length;
	counts->of_length[length < 512 ? 0 : length < 1024 ? 1 : 2]++;
}

static void start(int fd, uint32_t frames)
{
	struct drydock_nic_start run = {
		.count = frames,
		.burst = 64,
		.interval_us = 0,
		.flags = DRYDOCK_NIC_LOSSLESS,
	};

	if (ioctl(fd, DRYDOCK_NIC_START, &run))
		die("DRYDOCK_NIC_START");
}

static void stop(int fd)
{
	if (ioctl(fd, DRYDOCK_NIC_STOP))
		die("DRYDOCK_NIC_STOP");
}

static void *map(int fd, size_t length, off_t offset, int prot)
{
	void *at = mmap(NULL, length, prot, MAP_SHARED, fd, offset);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

/* No system call for a frame, and no copy: poll only when there is none. */
static void count_mapped(int fd, uint32_t frames,
			 const struct drydock_nic_info *info,
			 struct counts *counts)
{
	struct drydock_nic_descriptor *ring = map(fd, info->ring_size,
						  DRYDOCK_NIC_RX_RING,
						  PROT_READ | PROT_WRITE);
	uint8_t *buffers =
		map(fd, info->buffers_size, DRYDOCK_NIC_BUFFERS, PROT_READ);
	uint32_t i = 0;

	start(fd, frames);
	while (counts->frames < frames) {
		struct pollfd news = { .fd = fd, .events = POLLIN };

		if (poll(&news, 1, 10000) != 1)
			die("poll");
		while (__atomic_load_n(&ring[i].owner, __ATOMIC_ACQUIRE) ==
		       DRYDOCK_NIC_PROGRAM) {
			count(counts, buffers + (size_t)i * info->buffer_size,
			      ring[i].length);
			__atomic_store_n(&ring[i].owner, DRYDOCK_NIC_DEVICE,
					 __ATOMIC_RELEASE);
			i = (i + 1) % info->entries;
		}
	}
	stop(fd);
	munmap(ring, info->ring_size);
	munmap(buffers, info->buffers_size);
}

static void count_read(int fd, uint32_t frames, struct counts *counts)
{
	uint8_t frame[DRYDOCK_NIC_LONGEST];

	start(fd, frames);
	while (counts->frames < frames) {
		ssize_t length = read(fd, frame, sizeof(frame));

		if (length < 0)
			die("read");
		count(counts, frame, (uint32_t)length);
	}
	stop(fd);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void tell(const char *how, const struct counts *counts, double took)
{
	printf("%s: %llu frames, %llu bytes, %llu wrong; by length %llu, %llu, %llu\n",
	       how, (unsigned long long)counts->frames,
	       (unsigned long long)counts->bytes,
	       (unsigned long long)counts->wrong,
	       (unsigned long long)counts->of_length[0],
	       (unsigned long long)counts->of_length[1],
	       (unsigned long long)counts->of_length[2]);
	if (counts->frames != USUAL)
		printf("%s: %.0f frames a second\n", how,
		       (double)counts->frames / took);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_NIC_RINGS_NODE;
	uint32_t frames = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0)
				   : USUAL;
	struct counts mapped = { 0 }, copied = { 0 };
	struct drydock_nic_info info;
	double begun;
	int fd = open(node, O_RDWR);

	if (fd < 0)
		die(node);
	if (ioctl(fd, DRYDOCK_NIC_INFO, &info))
		die("DRYDOCK_NIC_INFO");
	printf("%u descriptors, buffers of %u bytes\n", info.entries,
	       info.buffer_size);

	begun = seconds();
	count_mapped(fd, frames, &info, &mapped);
	tell("mapped", &mapped, seconds() - begun);
	begun = seconds();
	count_read(fd, frames, &copied);
	tell("read  ", &copied, seconds() - begun);

	if (ioctl(fd, DRYDOCK_NIC_INFO, &info))
		die("DRYDOCK_NIC_INFO");
	printf("dropped: %u\n", info.dropped);
	close(fd);
	return mapped.wrong || copied.wrong;
}
