// SPDX-License-Identifier: GPL-2.0-only
/* drydock_nic_rings.ko in a real kernel, with its device in software. */
#include "check.h"
#include "driver_core/nic_rings_uapi.h"
#include "mappings.h"
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MODULE DRYDOCK_NIC_RINGS_NAME
#define NODE DRYDOCK_NIC_RINGS_NODE
#define ENTRIES 256U
#define RING PAGE
#define BUFFERS (2UL * ENTRIES * DRYDOCK_NIC_BUFFER_SIZE)

typedef struct drydock_nic_descriptor descriptor_t;

struct rings {
	volatile descriptor_t *rx, *tx;
	uint8_t *buffers;
};

static struct drydock_nic_info info(int fd)
{
	struct drydock_nic_info now = { 0 };

	if (ioctl(fd, DRYDOCK_NIC_INFO, &now))
		check(false, "nic_rings: INFO: errno %d", errno);
	return now;
}

static int start(int fd, unsigned int count, unsigned int burst,
		 unsigned int interval_us, unsigned int flags)
{
	struct drydock_nic_start run = {
		.count = count,
		.burst = burst,
		.interval_us = interval_us,
		.flags = flags,
	};

	return ioctl(fd, DRYDOCK_NIC_START, &run) ? errno : 0;
}

static int events(int fd, int which, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = which };

	return poll(&one, 1, timeout_ms) < 0 ? -1 : one.revents;
}

static void refuses(int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "the RX ring", RING, rw, MAP_SHARED, DRYDOCK_NIC_RX_RING, 0 },
		{ "the TX ring", RING, rw, MAP_SHARED, DRYDOCK_NIC_TX_RING, 0 },
		{ "the buffers", BUFFERS, rw, MAP_SHARED, DRYDOCK_NIC_BUFFERS,
		  0 },
		{ "part of the buffers", BUFFERS - PAGE, rw, MAP_SHARED,
		  DRYDOCK_NIC_BUFFERS, EINVAL },
		{ "a page more than the ring", RING + PAGE, rw, MAP_SHARED,
		  DRYDOCK_NIC_TX_RING, EINVAL },
		{ "what overlaps a ring", RING + PAGE, rw, MAP_SHARED,
		  DRYDOCK_NIC_TX_RING - PAGE, EINVAL },
		{ "at a wrong offset", RING, rw, MAP_SHARED,
		  DRYDOCK_NIC_TX_RING + PAGE, EINVAL },
		{ "at the offset of a fourth region", RING, rw, MAP_SHARED,
		  3UL * DRYDOCK_NIC_TX_RING, EINVAL },
		{ "private and writable", RING, rw, MAP_PRIVATE, 0, EINVAL },
		{ "private and read-only", RING, PROT_READ, MAP_PRIVATE, 0, 0 },
		{ "executable", RING, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings("nic_rings", fd, cases,
		       sizeof(cases) / sizeof(cases[0]));
	check(info(fd).mappings == 0, "nic_rings: no mapping is left");
}

static bool map_all(int fd, struct rings *rings)
{
	const int rw = PROT_READ | PROT_WRITE;

	rings->rx = mmap(NULL, RING, rw, MAP_SHARED, fd, DRYDOCK_NIC_RX_RING);
	rings->tx = mmap(NULL, RING, rw, MAP_SHARED, fd, DRYDOCK_NIC_TX_RING);
	rings->buffers =
		mmap(NULL, BUFFERS, rw, MAP_SHARED, fd, DRYDOCK_NIC_BUFFERS);
	return check(rings->rx != MAP_FAILED && rings->tx != MAP_FAILED &&
			     rings->buffers != MAP_FAILED,
		     "nic_rings: all three are mapped");
}

static bool frame_is(const uint8_t *frame, uint32_t length, uint32_t number)
{
	uint32_t first;

	memcpy(&first, frame, sizeof(first));
	if (length != 64 + number % 1455 || first != number)
		return false;
	for (uint32_t i = 4; i < length; i++) {
		if (frame[i] != (uint8_t)(number + i))
			return false;
	}
	return true;
}

/* More frames than the ring has descriptors, without a copy. */
static void receives(int fd, struct rings *rings)
{
	const uint32_t count = 1000;
	uint32_t seen = 0;
	bool right = true;

	check(events(fd, POLLIN, 0) == POLLHUP,
	      "nic_rings: stopped, poll hangs up");
	check(!start(fd, count, 64, 1000, DRYDOCK_NIC_LOSSLESS),
	      "nic_rings: starts");
	check(start(fd, 1, 1, 0, 0) == EBUSY, "nic_rings: but not twice");
	while (seen < count && right && events(fd, POLLIN, 2000) == POLLIN) {
		volatile descriptor_t *descriptor = &rings->rx[seen % ENTRIES];

		while (__atomic_load_n(&descriptor->owner, __ATOMIC_ACQUIRE) ==
		       DRYDOCK_NIC_PROGRAM) {
			right &=
				descriptor->number == seen &&
				frame_is(
					rings->buffers +
						seen % ENTRIES *
							DRYDOCK_NIC_BUFFER_SIZE,
					descriptor->length, seen);
			__atomic_store_n(&descriptor->owner, DRYDOCK_NIC_DEVICE,
					 __ATOMIC_RELEASE);
			descriptor = &rings->rx[++seen % ENTRIES];
		}
	}
	check(right && seen == count, "nic_rings: frames in the mapping: %u",
	      seen);
	check(info(fd).received == count && info(fd).dropped == 0,
	      "nic_rings: none was dropped");
	check(!ioctl(fd, DRYDOCK_NIC_STOP), "nic_rings: stops");
}

static void drops(int fd)
{
	struct drydock_nic_info now;
	int tries = 200;

	check(!start(fd, 300, 256, 0, 0), "nic_rings: starts and nobody looks");
	do {
		usleep(10000);
		now = info(fd);
	} while (now.received < 300 && --tries);
	check(now.received == 300 && now.dropped == 300 - ENTRIES,
	      "nic_rings: a full ring drops: %u of %u", now.dropped,
	      now.received);
	ioctl(fd, DRYDOCK_NIC_STOP);
}

static void reads(int fd)
{
	uint8_t frame[DRYDOCK_NIC_BUFFER_SIZE];
	uint32_t seen = 0;
	bool right = true;

	check(!start(fd, 600, 32, 100, DRYDOCK_NIC_LOSSLESS),
	      "nic_rings: starts for read");
	check(read(fd, frame, 10) == -1 && errno == EMSGSIZE,
	      "nic_rings: a frame is not cut");
	while (seen < 600 && right) {
		ssize_t length = read(fd, frame, sizeof(frame));

		right = length > 0 && frame_is(frame, length, seen++);
	}
	check(right, "nic_rings: frames by read: %u", seen);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	check(read(fd, frame, sizeof(frame)) == -1 && errno == EAGAIN,
	      "nic_rings: and then there is none");
	fcntl(fd, F_SETFL, 0);
	ioctl(fd, DRYDOCK_NIC_STOP);
	check(read(fd, frame, sizeof(frame)) == -1 && errno == ENETDOWN,
	      "nic_rings: stopped, read says so");
}

static void loops_back(int fd, struct rings *rings)
{
	uint8_t frame[DRYDOCK_NIC_BUFFER_SIZE];
	uint8_t *buffer = rings->buffers + ENTRIES * DRYDOCK_NIC_BUFFER_SIZE;
	int tries = 200;

	check(!start(fd, 0, 0, 0, DRYDOCK_NIC_LOOPBACK),
	      "nic_rings: starts to loop back");
	check(events(fd, POLLIN | POLLOUT, 0) == POLLOUT,
	      "nic_rings: there is room to send");
	memcpy(buffer, "sent without a copy", 20);
	rings->tx[0].length = 20;
	__atomic_store_n(&rings->tx[0].owner, DRYDOCK_NIC_DEVICE,
			 __ATOMIC_RELEASE);
	/* Nonsense, which the device does not believe. */
	rings->tx[1].length = 0xfffffff0;
	__atomic_store_n(&rings->tx[1].owner, DRYDOCK_NIC_DEVICE,
			 __ATOMIC_RELEASE);
	check(!ioctl(fd, DRYDOCK_NIC_KICK), "nic_rings: kicks");
	while (rings->tx[1].owner != DRYDOCK_NIC_PROGRAM && --tries)
		usleep(10000);
	check(rings->tx[0].status == DRYDOCK_NIC_OK &&
		      rings->tx[1].status == DRYDOCK_NIC_BAD_LENGTH &&
		      info(fd).sent == 1 && info(fd).bad == 1,
	      "nic_rings: one was sent, one was nonsense");
	check(read(fd, frame, sizeof(frame)) == 20 &&
		      !strcmp((char *)frame, "sent without a copy"),
	      "nic_rings: the one came back");
	/* A program that spoils what it received spoils it for itself. */
	rings->rx[1].length = 0xfffffff0;
	rings->rx[1].owner = DRYDOCK_NIC_PROGRAM;
	check(read(fd, frame, sizeof(frame)) == -1 && errno == EIO,
	      "nic_rings: read believes no nonsense");
	check(write(fd, frame, 13) == -1 && errno == EMSGSIZE &&
		      write(fd, frame, 1519) == -1 && errno == EMSGSIZE,
	      "nic_rings: nor is it written");
	ioctl(fd, DRYDOCK_NIC_STOP);

	check(!start(fd, 0, 0, 0, DRYDOCK_NIC_LOOPBACK) &&
		      write(fd, "written and read", 17) == 17 &&
		      read(fd, frame, sizeof(frame)) == 17 &&
		      !strcmp((char *)frame, "written and read"),
	      "nic_rings: written, and read");
	check(ioctl(fd, DRYDOCK_NIC_STOP) == 0 &&
		      ioctl(fd, DRYDOCK_NIC_KICK) == -1 && errno == ENETDOWN,
	      "nic_rings: stopped, it is not kicked");
}

/* Frames come while it goes. */
static int in_use(int fd)
{
	return start(fd, 1000000, 16, 100, 0);
}

static void ends(void)
{
	static const struct removal_case c = {
		.who = "nic_rings",
		.node = NODE,
		.driver = MODULE,
		.device = "drydock_soft_nic",
		.offset = DRYDOCK_NIC_BUFFERS,
		.length = BUFFERS,
		.call = in_use,
	};

	check_removal(&c);
}

void nic_rings_smoke(void)
{
	struct rings rings;
	int err = load_module("/" MODULE ".ko", "entries=100");
	int fd;

	check(err == -EINVAL, "nic_rings: not loaded with 100 entries: %d",
	      err);
	err = load_module("/" MODULE ".ko", "");
	if (!check(!err, "nic_rings: loads: %d", err))
		return;
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (check(fd >= 0, "nic_rings: opens " NODE)) {
		refuses(fd);
		if (map_all(fd, &rings)) {
			receives(fd, &rings);
			drops(fd);
			reads(fd);
			loops_back(fd, &rings);
			check(!start(fd, 1000000, 16, 100, 0),
			      "nic_rings: runs, and is closed");
			close(fd);
			check(unload_module(MODULE) == -EAGAIN,
			      "nic_rings: mapped, it is not unloaded");
			munmap((void *)rings.rx, RING);
			munmap((void *)rings.tx, RING);
			munmap(rings.buffers + PAGE, BUFFERS - PAGE);
			munmap(rings.buffers, PAGE);
		}
		ends();
	}
	err = unload_module(MODULE);
	check(!err, "nic_rings: unloads: %d", err);
	check(access(NODE, F_OK) && errno == ENOENT,
	      "nic_rings: the node is gone");
}
