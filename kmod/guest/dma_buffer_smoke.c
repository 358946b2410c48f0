// SPDX-License-Identifier: GPL-2.0-only
/* drydock_dma_buffer.ko in a real kernel, for both of its ways to map. */
#include "check.h"
#include "driver_core/dma_buffer_uapi.h"
#include "mappings.h"
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MODULE "drydock_dma_buffer"
#define MODULE_FILE "/" MODULE ".ko"
#define NODE "/dev/" MODULE
#define SIZE (16 * PAGE) /* the module's default */

struct method {
	const char *name;
	const char *parameters;
	int beyond; /* errno of a mapping that is not inside the buffer */
};

static const struct method methods[] = {
	{ "remap", "method=remap latency_us=200000", EINVAL },
	{ "dma_mmap", "method=dma_mmap latency_us=200000", ENXIO },
};

static int mappings(int fd)
{
	struct drydock_dma_buffer_info info;

	return ioctl(fd, DRYDOCK_DMA_BUFFER_INFO, &info) ? -errno
							 : (int)info.mappings;
}

static void refuses(const struct method *m, int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "the whole buffer", SIZE, rw, MAP_SHARED, 0, 0 },
		{ "its last page", PAGE, rw, MAP_SHARED, SIZE - PAGE, 0 },
		{ "a page behind the end", PAGE, rw, MAP_SHARED, SIZE,
		  m->beyond },
		{ "two pages over the end", 2 * PAGE, rw, MAP_SHARED,
		  SIZE - PAGE, m->beyond },
		{ "a page too many", SIZE + PAGE, rw, MAP_SHARED, 0,
		  m->beyond },
		{ "an offset of 2^62", PAGE, rw, MAP_SHARED, 1UL << 62,
		  m->beyond },
		{ "private and writable", PAGE, rw, MAP_PRIVATE, 0, EINVAL },
		{ "private and read-only", PAGE, PROT_READ, MAP_PRIVATE, 0, 0 },
		{ "executable", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings(m->name, fd, cases, sizeof(cases) / sizeof(cases[0]));
	check(mappings(fd) == 0, "%s: no mapping is left: %d", m->name,
	      mappings(fd));
}

/* A mapping, read and write see the same bytes. */
static void shares(const struct method *m, int fd)
{
	static const char text[] = "through the mapping",
			  back[] = "through write(2)";
	char seen[sizeof(text)] = "";
	unsigned char *at =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char any = 0;

	if (!check(at != MAP_FAILED, "%s: mmap of the whole buffer: errno %d",
		   m->name, at == MAP_FAILED ? errno : 0))
		return;
	for (unsigned long i = 0; i < SIZE; i++)
		any |= at[i];
	check(!any, "%s: a new buffer is all zero", m->name);

	memcpy(at + 5 * PAGE, text, sizeof(text));
	check(pread(fd, seen, sizeof(seen), 5 * PAGE) == sizeof(seen) &&
		      !strcmp(seen, text),
	      "%s: read sees what was stored", m->name);
	check(pwrite(fd, back, sizeof(back), SIZE - sizeof(back)) ==
			      sizeof(back) &&
		      !memcmp(at + SIZE - sizeof(back), back, sizeof(back)),
	      "%s: a load sees what was written", m->name);

	check(mappings(fd) == 1, "%s: one mapping: %d", m->name, mappings(fd));
	munmap(at + 3 * PAGE, PAGE);
	check(mappings(fd) == 2, "%s: a hole makes two of one: %d", m->name,
	      mappings(fd));
	check(unload_module(MODULE) == -EAGAIN,
	      "%s: in use, it is not unloaded", m->name);
	munmap(at, SIZE);
	check(mappings(fd) == 0, "%s: none is left: %d", m->name, mappings(fd));
}

static void stays_private(const struct method *m, int fd)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	if (!check(at != MAP_FAILED, "%s: mmap private, read-only", m->name))
		return;
	check(mprotect(at, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES,
	      "%s: mprotect does not make it writable", m->name);
	munmap(at, PAGE);
}

static bool ready(int fd, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&one, 1, timeout_ms) == 1 &&
	       one.revents == (POLLIN | POLLOUT);
}

/* A transfer runs, this one or the last of transfers(). */
static int in_use(int fd)
{
	struct drydock_dma_buffer_transfer asked = {
		.destination = PAGE,
		.length = 1,
	};

	if (ioctl(fd, DRYDOCK_DMA_BUFFER_START, &asked) && errno != EBUSY)
		return errno;
	return 0;
}

static void ends(const struct method *m)
{
	const struct removal_case c = {
		.who = m->name,
		.node = NODE,
		.driver = MODULE,
		.device = MODULE,
		.length = SIZE,
		.call = in_use,
	};

	check_removal(&c);
}

/* Long enough to be looked at: see latency_us above. */
static void transfers(const struct method *m, int fd)
{
	static const char text[] = "copied by the engine";
	struct drydock_dma_buffer_transfer asked = {
		.source = 0,
		.destination = 9 * PAGE,
		.length = sizeof(text),
	};
	struct drydock_dma_buffer_result result = { .error = -1 };
	char seen[sizeof(text)] = "";
	int err;

	check(pwrite(fd, text, sizeof(text), 0) == sizeof(text),
	      "%s: writes what is to be copied", m->name);
	check(ready(fd, 0), "%s: ready before a transfer", m->name);

	err = ioctl(fd, DRYDOCK_DMA_BUFFER_START, &asked) ? -errno : 0;
	check(!err, "%s: a transfer starts: %d", m->name, err);
	check(!ready(fd, 0), "%s: not ready while it runs", m->name);
	check(ioctl(fd, DRYDOCK_DMA_BUFFER_START, &asked) && errno == EBUSY,
	      "%s: no other starts", m->name);
	check(ready(fd, 5000), "%s: poll waits for its end", m->name);
	err = ioctl(fd, DRYDOCK_DMA_BUFFER_WAIT, &result) ? -errno : 0;
	check(!err && !result.error && result.transfer == 1 &&
		      result.copied == sizeof(text),
	      "%s: all was copied: %d, %d, %llu bytes", m->name, err,
	      result.error, (unsigned long long)result.copied);
	check(pread(fd, seen, sizeof(seen), 9 * PAGE) == sizeof(seen) &&
		      !strcmp(seen, text),
	      "%s: and is there", m->name);

	asked.destination = 1;
	check(ioctl(fd, DRYDOCK_DMA_BUFFER_START, &asked) && errno == EINVAL,
	      "%s: a transfer onto itself is refused", m->name);

	/* Broken off when the device goes: see ends(). */
	asked.destination = 9 * PAGE;
	check(!ioctl(fd, DRYDOCK_DMA_BUFFER_START, &asked),
	      "%s: another starts", m->name);
}

void dma_buffer_smoke(void)
{
	int err = load_module(MODULE_FILE, "method=none");

	check(err == -EINVAL, "method=none: not loaded: %d", err);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct method *m = &methods[i];
		int fd;

		err = load_module(MODULE_FILE, m->parameters);
		if (!check(!err, "%s: loads: %d", m->name, err))
			continue;
		fd = open(NODE, O_RDWR | O_CLOEXEC);
		if (check(fd >= 0, "%s: opens " NODE, m->name)) {
			shares(m, fd);
			refuses(m, fd);
			stays_private(m, fd);
			transfers(m, fd);
			close(fd);
			ends(m);
		}
		err = unload_module(MODULE);
		check(!err, "%s: unloads: %d", m->name, err);
		check(access(NODE, F_OK) && errno == ENOENT,
		      "%s: the node is gone", m->name);
	}
}
