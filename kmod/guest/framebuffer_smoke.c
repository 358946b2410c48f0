// SPDX-License-Identifier: GPL-2.0-only
/* drydock_framebuffer.ko in a real kernel, with memory of the machine for a device. */
#include "check.h"
#include "driver_core/framebuffer_uapi.h"
#include "mappings.h"
#include "removal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MODULE DRYDOCK_FRAMEBUFFER_NAME
#define NODE DRYDOCK_FRAMEBUFFER_NODE
#define MEMORY 486400UL
#define PAGES 119UL
#define LINE 1216UL

static struct drydock_framebuffer_info info(int fd)
{
	struct drydock_framebuffer_info now = { 0 };

	check(!ioctl(fd, DRYDOCK_FRAMEBUFFER_INFO, &now),
	      "framebuffer: says what it is");
	return now;
}

static int set_mode(int fd, unsigned int width, unsigned int height,
		    unsigned int bytes_per_pixel)
{
	struct drydock_framebuffer_mode mode = {
		.width = width,
		.height = height,
		.bytes_per_pixel = bytes_per_pixel,
	};

	return ioctl(fd, DRYDOCK_FRAMEBUFFER_SET_MODE, &mode) ? errno : 0;
}

static int pan(int fd, unsigned int y)
{
	struct drydock_framebuffer_pan to = { .y = y };

	return ioctl(fd, DRYDOCK_FRAMEBUFFER_PAN, &to) ? errno : 0;
}

static void refuses(int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "all of the memory", MEMORY, rw, MAP_SHARED, 0, 0 },
		{ "its last page", PAGE, rw, MAP_SHARED, (PAGES - 1) * PAGE,
		  0 },
		{ "a page too many", (PAGES + 1) * PAGE, rw, MAP_SHARED, 0,
		  EINVAL },
		{ "a page behind the end", PAGE, rw, MAP_SHARED, PAGES * PAGE,
		  EINVAL },
		{ "two pages over the end", 2 * PAGE, rw, MAP_SHARED,
		  (PAGES - 1) * PAGE, EINVAL },
		{ "an offset of 2^62", PAGE, rw, MAP_SHARED, 1UL << 62,
		  EINVAL },
		{ "private and writable", PAGE, rw, MAP_PRIVATE, 0, EINVAL },
		{ "private and read-only", PAGE, PROT_READ, MAP_PRIVATE, 0, 0 },
		{ "executable", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings("framebuffer", fd, cases,
		       sizeof(cases) / sizeof(cases[0]));
	check(info(fd).mappings == 0, "framebuffer: no mapping is left");
}

static void shows(int fd)
{
	uint8_t *at =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char seen[9] = "";

	if (!check(at != MAP_FAILED, "framebuffer: mmap of the memory"))
		return;
	memcpy(at + LINE + 299 * 4, "ABCD", 4);
	memcpy(at + 2 * LINE, "EFGH", 4);
	check(pread(fd, seen, 8, 2 * 1200 - 4) == 8 &&
		      !strcmp(seen, "ABCDEFGH"),
	      "framebuffer: lines follow one another without gaps: %s", seen);
	check(pread(fd, seen, 8, 240000 - 3) == 3,
	      "framebuffer: the picture ends where it ends");

	memcpy(at + 200 * LINE, "panned", 6);
	check(!pan(fd, 200) && pread(fd, seen, 6, 0) == 6 &&
		      !memcmp(seen, "panned", 6),
	      "framebuffer: pans while mapped");
	check(pan(fd, 201) == EINVAL, "framebuffer: and not too far");

	memcpy(at + 640, "a mode", 6);
	check(!set_mode(fd, 301, 201, 2) && pread(fd, seen, 6, 602) == 6 &&
		      !memcmp(seen, "a mode", 6),
	      "framebuffer: sets a mode while mapped");
	check(!memcmp(at + 200 * LINE, "panned", 6),
	      "framebuffer: and the mapping stays");
	check(set_mode(fd, 300, 401, 4) == EINVAL && info(fd).width == 301,
	      "framebuffer: a mode that does not fit is refused");

	munmap(at + 4 * PAGE, PAGE);
	check(info(fd).mappings == 2, "framebuffer: a hole makes two of one");
	check(signal_of_load(at + 4 * PAGE) == SIGSEGV,
	      "framebuffer: which is one");
	check(unload_module(MODULE) == -EAGAIN,
	      "framebuffer: mapped, it is not unloaded");
	munmap(at, MEMORY);
}

static int in_use(int fd)
{
	return pan(fd, 0);
}

static void ends(void)
{
	static const struct removal_case c = {
		.who = "framebuffer",
		.node = NODE,
		.driver = MODULE,
		.device = "drydock_soft_fb",
		.length = PAGES * PAGE,
		.call = in_use,
	};

	check_removal(&c);
}

void framebuffer_smoke(void)
{
	int err = load_module("/" MODULE ".ko", "memory=243199");
	int fd;

	check(err == -EINVAL,
	      "framebuffer: not loaded with too little memory: %d", err);
	err = load_module("/" MODULE ".ko", "");
	if (!check(!err, "framebuffer: loads: %d", err))
		return;
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (check(fd >= 0, "framebuffer: opens " NODE)) {
		shows(fd);
		refuses(fd);
		close(fd);
		ends();
	}
	err = unload_module(MODULE);
	check(!err, "framebuffer: unloads: %d", err);
	check(access(NODE, F_OK) && errno == ENOENT,
	      "framebuffer: the node is gone");
}
