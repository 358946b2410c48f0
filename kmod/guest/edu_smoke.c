// SPDX-License-Identifier: GPL-2.0-only
/* drydock_edu.ko in a real kernel, bound to QEMU's own device (-device edu). */
#include "check.h"
#include "driver_core/edu_regs.h"
#include "driver_core/edu_uapi.h"
#include "mappings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

#define MODULE DRYDOCK_EDU_NAME
#define NODE DRYDOCK_EDU_NODE
#define REGISTERS 0x100000UL

static struct drydock_edu_info info(int fd)
{
	struct drydock_edu_info now = { 0 };

	if (ioctl(fd, DRYDOCK_EDU_INFO, &now))
		check(false, "edu: INFO: errno %d", errno);
	return now;
}

static int transfer(int fd, unsigned int buffer, unsigned int memory,
		    unsigned int length, unsigned int to_memory)
{
	struct drydock_edu_transfer asked = {
		.buffer_offset = buffer,
		.memory_offset = memory,
		.length = length,
		.to_memory = to_memory,
	};

	return ioctl(fd, DRYDOCK_EDU_TRANSFER, &asked) ? errno : 0;
}

static int events(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static void refuses(int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	const struct mapping_case cases[] = {
		{ "all registers", REGISTERS, rw, MAP_SHARED, 0, 0 },
		{ "their first page", PAGE, PROT_READ, MAP_SHARED, 0, 0 },
		{ "the memory", PAGE, rw, MAP_SHARED, DRYDOCK_EDU_MEMORY, 0 },
		{ "registers and memory in one", 2 * PAGE, rw, MAP_SHARED,
		  DRYDOCK_EDU_MEMORY - PAGE, EINVAL },
		{ "a page too many", REGISTERS + PAGE, rw, MAP_SHARED, 0,
		  EINVAL },
		{ "a page behind the memory", PAGE, rw, MAP_SHARED,
		  DRYDOCK_EDU_MEMORY + PAGE, EINVAL },
		{ "an offset of 2^62", PAGE, rw, MAP_SHARED, 1UL << 62,
		  EINVAL },
		{ "private and writable", PAGE, rw, MAP_PRIVATE, 0, EINVAL },
		{ "executable", PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, 0,
		  EPERM },
	};

	check_mappings("edu", fd, cases, sizeof(cases) / sizeof(cases[0]));
}

static void computes(int fd, volatile uint32_t *regs)
{
	struct drydock_edu_factorial factorial = { .n = 10 };
	uint32_t interrupts = 0;

	check((info(fd).id & EDU_ID_MASK) == EDU_ID_VALUE &&
		      regs[EDU_ID / 4] == info(fd).id,
	      "edu: its id is mapped: %#x", regs[EDU_ID / 4]);
	regs[EDU_LIVENESS / 4] = 0x12345678;
	check(regs[EDU_LIVENESS / 4] == ~0x12345678u,
	      "edu: a store reaches the device");
	check(events(fd) == 0, "edu: no interrupt yet");
	check(!ioctl(fd, DRYDOCK_EDU_FACTORIAL, &factorial),
	      "edu: computes a factorial");
	check(factorial.result == 3628800, "edu: 10! is %u", factorial.result);
	check(events(fd) == POLLIN &&
		      read(fd, &interrupts, sizeof(interrupts)) ==
			      sizeof(interrupts),
	      "edu: an interrupt came");
	check(interrupts == 1 && events(fd) == 0, "edu: one: %u", interrupts);

	regs[EDU_IRQ_RAISE / 4] = 0x2;
	check(read(fd, &interrupts, sizeof(interrupts)) == sizeof(interrupts),
	      "edu: a program raises one");
	check(interrupts == 2 && regs[EDU_IRQ_STATUS / 4] == 0,
	      "edu: the second: %u", interrupts);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	check(read(fd, &interrupts, sizeof(interrupts)) == -1 &&
		      errno == EAGAIN,
	      "edu: and then there is none");
	check(info(fd).lost == 0, "edu: none was lost");
}

static void transfers(int fd, char *memory)
{
	static const char text[] = "to the device and back";

	check(!transfer(fd, 0, 0, info(fd).buffer_size, 0),
	      "edu: all of its memory");
	memset(memory, 0, PAGE);
	strcpy(memory + 100, text);
	check(!transfer(fd, 0x200, 100, sizeof(text), 0),
	      "edu: a transfer to the device");
	memset(memory, 0, PAGE);
	check(!transfer(fd, 0x200, 3000, sizeof(text), 1) &&
		      !strcmp(memory + 3000, text),
	      "edu: and back: '%s'", memory + 3000);
	check(transfer(fd, 0, 0, 4096, 0) == EINVAL &&
		      transfer(fd, 4095, 0, 1, 0) == EINVAL &&
		      transfer(fd, 0, 4090, 10, 1) == EINVAL &&
		      transfer(fd, 0, 0, 0, 0) == EINVAL,
	      "edu: no transfer beyond either memory");
	check(info(fd).lost == 0, "edu: no interrupt was lost");
}

/* Without CAP_SYS_RAWIO registers are for looking at. */
static void guards_registers(int fd)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		struct __user_cap_header_struct header = {
			.version = _LINUX_CAPABILITY_VERSION_3,
		};
		struct __user_cap_data_struct none[2] = { 0 };
		void *at;

		if (syscall(SYS_capset, &header, none))
			_exit(1);
		if (mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0) != MAP_FAILED ||
		    errno != EPERM)
			_exit(2);
		at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			_exit(3);
		if (!mprotect(at, PAGE, PROT_READ | PROT_WRITE) ||
		    errno != EACCES)
			_exit(4);
		_exit(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   DRYDOCK_EDU_MEMORY) == MAP_FAILED
			      ? 5
			      : 0);
	}
	check(waitpid(child, &status, 0) == child && !status,
	      "edu: registers are read-only without CAP_SYS_RAWIO: %#x",
	      status);
}

static bool tell(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool told = fd >= 0 && write(fd, "1", 1) == 1;

	close(fd);
	return told;
}

/* The folder of the device in sysfs. */
static bool find_device(char *path, size_t size)
{
	DIR *driver = opendir("/sys/bus/pci/drivers/" MODULE);
	struct dirent *entry;
	bool found = false;

	if (!driver)
		return false;
	while (!found && (entry = readdir(driver))) {
		if (entry->d_name[0] != '0')
			continue;
		snprintf(path, size, "/sys/bus/pci/devices/%.16s/remove",
			 entry->d_name);
		found = true;
	}
	closedir(driver);
	return found;
}

static void ends(int fd, volatile uint32_t *regs, char *memory)
{
	char path[80];

	check(find_device(path, sizeof(path)) && tell(path),
	      "edu: the device is removed");
	check(signal_of_load(regs) == SIGBUS &&
		      signal_of_load(regs + PAGE / 4) == SIGBUS,
	      "edu: its registers are SIGBUS");
	check(signal_of_load(memory) == SIGBUS, "edu: its memory, too");
	check(transfer(fd, 0, 0, 1, 0) == ENODEV &&
		      mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) ==
			      MAP_FAILED &&
		      errno == ENODEV,
	      "edu: the file says that it is gone");
	check(events(fd) == (POLLHUP | POLLERR), "edu: poll says so");
	check(access(NODE, F_OK) && errno == ENOENT, "edu: no node");
	check(tell("/sys/bus/pci/rescan") && !access(NODE, F_OK),
	      "edu: found again, it is back");
}

void edu_smoke(void)
{
	int err = load_module("/" MODULE ".ko", "");
	volatile uint32_t *regs;
	char *memory;
	int fd;

	if (!check(!err, "edu: loads: %d", err))
		return;
	fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (check(fd >= 0, "edu: opens " NODE)) {
		refuses(fd);
		guards_registers(fd);
		regs = mmap(NULL, REGISTERS, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, DRYDOCK_EDU_REGISTERS);
		memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, DRYDOCK_EDU_MEMORY);
		if (check(regs != MAP_FAILED && memory != MAP_FAILED,
			  "edu: registers and memory are mapped")) {
			computes(fd, regs);
			transfers(fd, memory);
			check(unload_module(MODULE) == -EAGAIN,
			      "edu: mapped, it is not unloaded");
			ends(fd, regs, memory);
			munmap((void *)regs, REGISTERS);
			munmap(memory, PAGE);
		}
		close(fd);
	}
	err = unload_module(MODULE);
	check(!err, "edu: unloads: %d", err);
}
