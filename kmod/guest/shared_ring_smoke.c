// SPDX-License-Identifier: GPL-2.0-only
/* drydock_shared_ring.ko in a real kernel, for both of its ways to answer a fault. */
#include "check.h"
#include "driver_core/shared_ring_uapi.h"
#include "mappings.h"
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE DRYDOCK_SHARED_RING_NAME
#define NODE DRYDOCK_SHARED_RING_NODE
#define RECORDS 256
#define PAGES 17UL

typedef struct drydock_shared_ring_header header_t;
typedef struct drydock_shared_ring_record record_t;

static struct drydock_shared_ring_info info(int fd)
{
	struct drydock_shared_ring_info now = { 0 };

	if (ioctl(fd, DRYDOCK_SHARED_RING_INFO, &now))
		check(false, "shared_ring: INFO: errno %d", errno);
	return now;
}

static int resize(int fd, unsigned int records)
{
	struct drydock_shared_ring_resize to = { .records = records };

	return ioctl(fd, DRYDOCK_SHARED_RING_RESIZE, &to) ? errno : 0;
}

static int events(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void refuses(const char *who, int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "the ring", PAGES * PAGE, rw, MAP_SHARED, 0, 0 },
		{ "its last page", PAGE, rw, MAP_SHARED, (PAGES - 1) * PAGE,
		  0 },
		{ "a page too many", (PAGES + 1) * PAGE, rw, MAP_SHARED, 0,
		  EINVAL },
		{ "a page behind the end", PAGE, rw, MAP_SHARED, PAGES * PAGE,
		  EINVAL },
		{ "an offset of 2^62", PAGE, rw, MAP_SHARED, 1UL << 62,
		  EINVAL },
		{ "private and writable", PAGE, rw, MAP_PRIVATE, 0, EINVAL },
		{ "private and read-only", PAGE, PROT_READ, MAP_PRIVATE, 0, 0 },
		{ "executable", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings(who, fd, cases, sizeof(cases) / sizeof(cases[0]));
	check(info(fd).mappings == 0, "%s: no mapping is left", who);
}

/* All records, more than once round the ring, without a copy. */
static void passes(const char *who, int fd, uint8_t *ring)
{
	header_t *header = (header_t *)ring;
	record_t *records = (record_t *)(ring + info(fd).data_offset);
	char text[DRYDOCK_SHARED_RING_DATA + 1] = "";
	uint32_t seen = 0;
	bool right = true;

	check(events(fd) == POLLOUT, "%s: an empty ring", who);
	for (uint32_t i = 0; i < 3 * RECORDS; i++) {
		int length = snprintf(text, sizeof(text), "record %u", i);
		record_t *record = &records[seen % RECORDS];

		right &= write(fd, text, length) == length;
		right &= header->head == i + 1;
		right &= record->length == (uint32_t)length &&
			 record->sequence == i &&
			 !memcmp(record->data, text, length);
		header->tail = ++seen;
	}
	check(right, "%s: %u records passed", who, seen);

	for (uint32_t i = 0; i < RECORDS; i++)
		right &= write(fd, "full", 4) == 4;
	check(right && write(fd, "full", 4) == -1 && errno == EAGAIN,
	      "%s: a full ring takes no more", who);
	check(events(fd) == POLLIN, "%s: a full ring", who);
	check(write(fd, text, sizeof(text)) == -1 && errno == EMSGSIZE,
	      "%s: nor a record that is too long", who);
	header->tail = header->head + 1;
	check(write(fd, "lost", 4) == -1 && errno == EIO &&
		      events(fd) == POLLERR,
	      "%s: nor any for a consumer that is nowhere", who);
	header->tail = header->head;
	/* The copy faults in the very ring that the record goes to. */
	check(write(fd, records, 8) == 8, "%s: a record out of the ring", who);
}

static void lives(const char *who, int fd)
{
	uint8_t *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	uint8_t *moved;
	pid_t child;
	int status;

	if (!check(at != MAP_FAILED, "%s: mmap of the ring", who))
		return;
	check(resize(fd, 64) == EBUSY, "%s: mapped, it keeps its size", who);
	passes(who, fd, at);

	moved = mremap(at, PAGES * PAGE, PAGES * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, at + 64 * PAGE);
	check(moved == at + 64 * PAGE && info(fd).mappings == 1 &&
		      info(fd).moves == 1,
	      "%s: it moves", who);
	check(!memcmp(moved + PAGE + sizeof(record_t) + 8, "full", 4),
	      "%s: and shows the same", who);
	check(mremap(moved, PAGES * PAGE, (PAGES + 1) * PAGE, MREMAP_MAYMOVE) ==
			      MAP_FAILED &&
		      errno == EFAULT,
	      "%s: it does not grow", who);
	munmap(moved + 3 * PAGE, PAGE);
	check(info(fd).mappings == 2, "%s: a hole makes two of one", who);
	child = fork();
	if (!child) {
		moved[5 * PAGE + 100] = 'c';
		_exit(info(fd).mappings != 4);
	}
	check(waitpid(child, &status, 0) == child && !status &&
		      moved[5 * PAGE + 100] == 'c',
	      "%s: a child shows the same", who);
	check(info(fd).mappings == 2, "%s: and takes its mappings along", who);
	check(unload_module(MODULE) == -EAGAIN,
	      "%s: mapped, it is not unloaded", who);
	munmap(moved, PAGES * PAGE);
	check(info(fd).mappings == 0, "%s: none is left", who);
	check(resize(fd, 64) == 0 && info(fd).mapped_size == 5 * PAGE,
	      "%s: unmapped, it is resized", who);
	check(resize(fd, 63) == EINVAL && resize(fd, 0) == EINVAL,
	      "%s: but not to any size", who);
	check(resize(fd, RECORDS) == 0, "%s: and back", who);
}

/* The device is removed with mappings of two inodes, touched pages and others. */
static void ends(const char *who, int fd)
{
	uint8_t *at, *other;
	struct stat node;
	int second;

	check(!stat(NODE, &node) &&
		      !mknod("/dev/ring2", S_IFCHR | 0600, node.st_rdev),
	      "%s: a second node", who);
	second = open("/dev/ring2", O_RDWR | O_CLOEXEC);
	at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  0);
	other = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     second, 0);
	if (!check(second >= 0 && at != MAP_FAILED && other != MAP_FAILED,
		   "%s: two mappings by two nodes", who))
		return;
	at[0] = 1;
	other[PAGE] = 1;

	check(tell_driver(MODULE, MODULE, "unbind"),
	      "%s: the device is removed", who);
	check(signal_of_load(at) == SIGBUS &&
		      signal_of_load(other + PAGE) == SIGBUS,
	      "%s: what was touched is SIGBUS", who);
	check(signal_of_load(at + 5 * PAGE) == SIGBUS, "%s: and what was not",
	      who);
	check(write(fd, "late", 4) == -1 && errno == ENODEV &&
		      resize(fd, 64) == ENODEV,
	      "%s: the file says that it is gone", who);
	check(events(fd) == (POLLHUP | POLLERR), "%s: poll says so", who);
	check(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		      errno == ENODEV,
	      "%s: it is not mapped again", who);
	check(access(NODE, F_OK) && errno == ENOENT, "%s: no node", who);
	munmap(at, PAGES * PAGE);
	munmap(other, PAGES * PAGE);
	close(second);
	unlink("/dev/ring2");

	check(tell_driver(MODULE, MODULE, "bind") && !access(NODE, F_OK),
	      "%s: bound again, it is back", who);
}

static void whole(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "the ring", PAGES * PAGE, rw, MAP_SHARED, 0, 0 },
		{ "its first page", PAGE, rw, MAP_SHARED, 0, EINVAL },
		{ "its records", (PAGES - 1) * PAGE, rw, MAP_SHARED, PAGE,
		  EINVAL },
	};
	int err = load_module("/" MODULE ".ko", "whole=1");
	uint8_t *at;
	int fd;

	check(!err, "whole: loads: %d", err);
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	check_mappings("whole", fd, cases, sizeof(cases) / sizeof(cases[0]));
	at = mmap(NULL, PAGES * PAGE, rw, MAP_SHARED, fd, 0);
	check(munmap(at, PAGE) && errno == EINVAL,
	      "whole: no part is unmapped");
	check(mprotect(at, PAGE, PROT_READ) && errno == EINVAL,
	      "whole: nor protected");
	check(!mprotect(at, PAGES * PAGE, PROT_READ) &&
		      !munmap(at, PAGES * PAGE),
	      "whole: all of it is both");
	close(fd);
	err = unload_module(MODULE);
	check(!err, "whole: unloads: %d", err);
}

void shared_ring_smoke(void)
{
	static const char *const methods[] = { "page", "pfn" };

	check(load_module("/" MODULE ".ko", "records=17") == -EINVAL &&
		      load_module("/" MODULE ".ko", "method=x") == -EINVAL,
	      "shared_ring: not loaded as it cannot be");
	for (size_t i = 0; i < 2; i++) {
		char parameters[32], who[32];
		int err, fd;

		snprintf(parameters, sizeof(parameters), "method=%s",
			 methods[i]);
		snprintf(who, sizeof(who), "shared_ring %s", methods[i]);
		err = load_module("/" MODULE ".ko", parameters);
		if (!check(!err, "%s: loads: %d", who, err))
			continue;
		fd = open(NODE, O_RDWR | O_CLOEXEC);
		if (check(fd >= 0, "%s: opens " NODE, who)) {
			refuses(who, fd);
			lives(who, fd);
			ends(who, fd);
			close(fd);
		}
		err = unload_module(MODULE);
		check(!err, "%s: unloads: %d", who, err);
	}
	whole();
}
