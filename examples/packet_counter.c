// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the frames that a network device receives: first where they are, in
 * mapped rings and buffers, then as copies that read(2) makes.
 * Usage: packet_counter [NODE [FRAMES]]; with FRAMES it measures, too: frames a
 * second as they come, which is as fast as the device makes them at most, and
 * taken from rings that are full, which is as fast as the program is.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
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

struct rings {
	int fd;
	struct drydock_nic_info info;
	struct drydock_nic_descriptor *ring;
	uint8_t *buffers;
	uint32_t next;
};

static void map_rings(struct rings *rings)
{
	rings->ring = map(rings->fd, rings->info.ring_size, DRYDOCK_NIC_RX_RING,
			  PROT_READ | PROT_WRITE);
	rings->buffers = map(rings->fd, rings->info.buffers_size,
			     DRYDOCK_NIC_BUFFERS, PROT_READ);
}

static void unmap_rings(struct rings *rings)
{
	munmap(rings->ring, rings->info.ring_size);
	munmap(rings->buffers, rings->info.buffers_size);
}

/* No system call for a frame, and no copy. Takes those that are there. */
static void take_mapped(struct rings *rings, struct counts *counts)
{
	struct drydock_nic_descriptor *ring = rings->ring;
	uint32_t i = rings->next;

	while (__atomic_load_n(&ring[i].owner, __ATOMIC_ACQUIRE) ==
	       DRYDOCK_NIC_PROGRAM) {
		count(counts,
		      rings->buffers + (size_t)i * rings->info.buffer_size,
		      ring[i].length);
		__atomic_store_n(&ring[i].owner, DRYDOCK_NIC_DEVICE,
				 __ATOMIC_RELEASE);
		i = (i + 1) % rings->info.entries;
	}
	rings->next = i;
}

/* Poll only when there is none. */
static void count_mapped(struct rings *rings, uint32_t frames,
			 struct counts *counts)
{
	rings->next = 0;
	start(rings->fd, frames);
	while (counts->frames < frames) {
		struct pollfd news = { .fd = rings->fd, .events = POLLIN };

		if (poll(&news, 1, 10000) != 1)
			die("poll");
		take_mapped(rings, counts);
	}
	stop(rings->fd);
}

/* One system call and one copy for each frame. */
static void take_read(struct rings *rings, uint32_t frames,
		      struct counts *counts)
{
	uint8_t frame[DRYDOCK_NIC_LONGEST];

	while (counts->frames < frames) {
		ssize_t length = read(rings->fd, frame, sizeof(frame));

		if (length < 0)
			die("read");
		count(counts, frame, (uint32_t)length);
	}
}

static void count_read(struct rings *rings, uint32_t frames,
		       struct counts *counts)
{
	start(rings->fd, frames);
	take_read(rings, frames, counts);
	stop(rings->fd);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void get_info(struct rings *rings)
{
	if (ioctl(rings->fd, DRYDOCK_NIC_INFO, &rings->info))
		die("DRYDOCK_NIC_INFO");
}

static void fill_rings(struct rings *rings)
{
	rings->next = 0;
	start(rings->fd, rings->info.entries);
	for (get_info(rings); rings->info.received < rings->info.entries;
	     get_info(rings))
		usleep(1000);
}

/* Frames a second out of full rings, at least so many. */
static double from_full_rings(struct rings *rings, uint32_t frames, bool mapped)
{
	uint64_t done = 0;
	double took = 0;

	while (done < frames) {
		struct counts counts = { 0 };
		double begun;

		fill_rings(rings);
		begun = seconds();
		if (mapped)
			take_mapped(rings, &counts);
		else
			take_read(rings, rings->info.entries, &counts);
		took += seconds() - begun;
		stop(rings->fd);
		if (counts.frames != rings->info.entries || counts.wrong) {
			fprintf(stderr, "frames came out otherwise\n");
			exit(1);
		}
		done += counts.frames;
	}
	return (double)done / took;
}

static void print_rates(const char *what, double mapped, double copied)
{
	printf("%-16s %12.1f %12.1f %8.2f\n", what, mapped, copied,
	       mapped / copied);
}

static void tell(const char *how, const struct counts *counts)
{
	printf("%s: %llu frames, %llu bytes, %llu wrong; by length %llu, %llu, %llu\n",
	       how, (unsigned long long)counts->frames,
	       (unsigned long long)counts->bytes,
	       (unsigned long long)counts->wrong,
	       (unsigned long long)counts->of_length[0],
	       (unsigned long long)counts->of_length[1],
	       (unsigned long long)counts->of_length[2]);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_NIC_RINGS_NODE;
	uint32_t frames = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0)
				   : USUAL;
	struct counts mapped = { 0 }, copied = { 0 };
	double begun, middle, end;
	struct rings rings;

	rings.fd = open(node, O_RDWR);
	if (rings.fd < 0)
		die(node);
	get_info(&rings);
	printf("%u descriptors, buffers of %u bytes\n", rings.info.entries,
	       rings.info.buffer_size);

	map_rings(&rings);
	begun = seconds();
	count_mapped(&rings, frames, &mapped);
	middle = seconds();
	tell("mapped", &mapped);
	count_read(&rings, frames, &copied);
	end = seconds();
	tell("read  ", &copied);

	get_info(&rings);
	printf("dropped: %u\n", rings.info.dropped);
	if (argc > 2) {
		printf("%-16s %12s %12s %8s\n", "frames a second", "mapped",
		       "read", "ratio");
		print_rates("as they come", frames / (middle - begun),
			    frames / (end - middle));
		print_rates("from full rings",
			    from_full_rings(&rings, frames, true),
			    from_full_rings(&rings, frames, false));
	}
	unmap_rings(&rings);
	close(rings.fd);
	return mapped.wrong || copied.wrong;
}
