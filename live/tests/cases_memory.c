// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: made, cut, moved, protected, taken away. */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe_uapi.h"

#define RW (PROT_READ | PROT_WRITE)

static sigjmp_buf back;
static volatile int caught_signal, caught_code;
static void *volatile caught_address;

static void catch (int number, siginfo_t *info, void *context)
{
	(void)context;
	caught_signal = number;
	caught_code = info->si_code;
	caught_address = info->si_addr;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = catch;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* What comes of a load (store) of the byte at `at`. */
static const char *touch(volatile char *at, int store)
{
	static char text[64];

	if (sigsetjmp(back, 1) == 0) {
		if (store)
			*at = *at;
		else
			(void)*at;
		return "ok";
	}
	snprintf(text, sizeof(text), "%s %d%s",
		 caught_signal == SIGBUS ? "SIGBUS" : "SIGSEGV", caught_code,
		 caught_address == at ? "" : " elsewhere");
	return text;
}

static uint64_t device_word(int fd, uint64_t offset)
{
	struct probe_word word = { offset, 0 };

	ioctl(fd, PROBE_GET_WORD, &word);
	return word.value;
}

int case_map(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint64_t *at = map_probe(fd, 4, RW, MAP_SHARED, 0);
	volatile uint64_t *third = map_probe(fd, 1, PROT_READ, MAP_SHARED, 2);
	struct probe_word word = { 2 * PAGE + 8, 77 };

	at[0] = 0x1122334455667788;
	printf("the device sees %#lx\n", device_word(fd, 0));
	ioctl(fd, PROBE_SET_WORD, &word);
	printf("the program sees %lu and %lu\n", at[2 * PAGE / 8 + 1],
	       third[1]);
	print_counts(fd);
	close(fd);
	at[1] = 5;
	printf("after close %lu\n", at[1]);
	munmap((void *)third, PAGE);
	fd = open_probe(O_RDWR);
	print_counts(fd);
	printf("munmap %s\n", result(munmap((void *)at, 4 * PAGE)));
	print_counts(fd);
	return 0;
}

int case_refusals(void)
{
	static const struct {
		const char *what;
		unsigned long length, offset;
		int prot, flags;
	} wanted[] = {
		{ "a page", PAGE, 0, RW, MAP_SHARED },
		{ "nothing", 0, 0, RW, MAP_SHARED },
		{ "within a page", PAGE, 8, RW, MAP_SHARED },
		{ "beyond the end", PAGE, 16 * PAGE, RW, MAP_SHARED },
		{ "a page too many", 17 * PAGE, 0, RW, MAP_SHARED },
		{ "private", PAGE, 0, RW, MAP_PRIVATE },
		{ "neither", PAGE, 0, RW, 0 },
		{ "1 TiB", 1UL << 40, 0, RW, MAP_SHARED },
		{ "128 TiB", 1UL << 47, 0, RW, MAP_SHARED },
		{ "2^63", 1UL << 63, 0, RW, MAP_SHARED },
		{ "an offset of 2^62", PAGE, 1UL << 62, RW, MAP_SHARED },
		{ "MAP_SHARED_VALIDATE | MAP_SYNC", PAGE, 0, RW,
		  MAP_SHARED_VALIDATE | MAP_SYNC },
	};
	int fd = open_probe(O_RDWR);
	int reader = open_probe(O_RDONLY);

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *at = mmap(NULL, wanted[i].length, wanted[i].prot,
				wanted[i].flags, fd, (off_t)wanted[i].offset);

		printf("%s: %s\n", wanted[i].what, result(at == MAP_FAILED));
		if (at != MAP_FAILED)
			munmap(at, wanted[i].length);
	}
	printf("writable of O_RDONLY: %s\n",
	       result(mmap(NULL, PAGE, RW, MAP_SHARED, reader, 0) ==
		      MAP_FAILED));
	close(reader);
	printf("closed: %s\n", result(mmap(NULL, PAGE, RW, MAP_SHARED, reader,
					   0) == MAP_FAILED));
	printf("1 TiB of faults: %s\n",
	       result(mmap(NULL, 1UL << 40, RW, MAP_SHARED, fd,
			   PROBE_FAULTS * PAGE) == MAP_FAILED));
	print_counts(fd);
	return 0;
}

int case_protect(void)
{
	int fd = open_probe(O_RDWR);
	char *at = map_probe(fd, 4, RW, MAP_SHARED, 0);
	char *reader;
	int only = open_probe(O_RDONLY);

	catch_faults();
	printf("read-only %s\n", result(mprotect(at + PAGE, PAGE, PROT_READ)));
	printf("load %s", touch(at + PAGE, 0));
	printf(", store %s", touch(at + PAGE, 1));
	printf(", beside %s\n", touch(at + 2 * PAGE, 1));
	print_counts(fd);
	printf("nothing %s\n", result(mprotect(at, 4 * PAGE, PROT_NONE)));
	printf("load %s\n", touch(at, 0));
	printf("all again %s\n", result(mprotect(at, 4 * PAGE, RW)));
	printf("store %s\n", touch(at + PAGE, 1));
	reader = map_probe(only, 1, PROT_READ, MAP_SHARED, 0);
	printf("raise %s\n", result(mprotect(reader, PAGE, RW)));
	printf("madvise %s\n", result(madvise(at, PAGE, MADV_DONTNEED)));
	return 0;
}

int case_parts(void)
{
	int fd = open_probe(O_RDWR);
	char *at = map_probe(fd, 8, RW, MAP_SHARED, 0);

	catch_faults();
	for (int i = 0; i < 8; i++)
		at[i * PAGE] = (char)('a' + i);
	printf("munmap %s\n", result(munmap(at + 2 * PAGE, 3 * PAGE)));
	print_counts(fd);
	printf("%c%c ", at[0], at[PAGE]);
	printf("%s ", touch(at + 2 * PAGE, 0));
	printf("%c%c%c\n", at[5 * PAGE], at[6 * PAGE], at[7 * PAGE]);
	/* Ordinary memory in the hole, and both away at once. */
	void *plain = mmap(at + 3 * PAGE, PAGE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			   -1, 0);
	printf("in the hole %d\n", plain == at + 3 * PAGE);
	at[3 * PAGE] = 'x';
	printf("munmap all %s\n", result(munmap(at, 8 * PAGE)));
	printf("%s", touch(at, 0));
	printf(" %s\n", touch(at + 3 * PAGE, 0));
	print_counts(fd);
	printf("nothing there %s\n", result(munmap(at, 8 * PAGE)));
	printf("unaligned %s\n", result(munmap(at + 8, PAGE)));
	return 0;
}

int case_move(void)
{
	int fd = open_probe(O_RDWR);
	char *at = map_probe(fd, 4, RW, MAP_SHARED, 0);
	char *target = mmap(NULL, 16 * PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved, *faults;

	catch_faults();
	strcpy(at, "moved");
	printf("grow %s\n", result(mremap(at, 4 * PAGE, 8 * PAGE,
					  MREMAP_MAYMOVE) == MAP_FAILED));
	printf("shrink %d", mremap(at, 4 * PAGE, 2 * PAGE, 0) == at);
	printf(" %s", touch(at + PAGE, 1));
	printf(" %s\n", touch(at + 2 * PAGE, 1));
	moved = mremap(at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       target + 4 * PAGE);
	printf("move %d", moved == target + 4 * PAGE);
	printf(" %s %s\n", moved, touch(at, 0));
	printf("the device sees %d\n",
	       memcmp(moved, (uint64_t[]){ device_word(fd, 0) }, 6) == 0);
	print_counts(fd);

	/* Faults fill what grows. */
	faults = map_probe(fd, 2, RW, MAP_SHARED, PROBE_FAULTS);
	printf("%d %d\n", faults[0], faults[PAGE]);
	faults = mremap(faults, 2 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
	printf("grown %s", result(faults == MAP_FAILED));
	printf(" %d %d\n", faults[PAGE], faults[5 * PAGE]);
	printf("onto ordinary memory %d",
	       mremap(faults, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      target + 8 * PAGE) == target + 8 * PAGE);
	printf(" %d\n", target[10 * PAGE]);
	print_counts(fd);
	return 0;
}

int case_over(void)
{
	int fd = open_probe(O_RDWR);
	char *plain =
		mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at;

	catch_faults();
	memset(plain, 'p', 4 * PAGE);
	at = mmap(plain + PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	printf("over ordinary memory %d", at == plain + PAGE);
	printf(" %c %d %c\n", plain[0], at[0], plain[3 * PAGE]);
	at[0] = 'd';
	printf("noreplace %s\n",
	       result(mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
			   0) == MAP_FAILED));
	printf("over itself %d",
	       mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 3 * PAGE) == at);
	printf(" %d %d\n", at[0], at[PAGE]);
	print_counts(fd);
	printf("refused %s", result(mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED,
					 fd, 99 * PAGE) == MAP_FAILED));
	/* As in the kernel: what was there is gone all the same. */
	printf(" %s\n", touch(at, 0));
	printf("ordinary over it %d",
	       mmap(at + PAGE, PAGE, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) == at + PAGE);
	printf(" %d\n", at[PAGE]);
	print_counts(fd);
	printf("bad arguments %s %d\n",
	       result(mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 8) ==
		      MAP_FAILED),
	       at[PAGE]);
	return 0;
}

int case_ten_thousand(void)
{
	int fd = open_probe(O_RDWR);
	static char *at[10000];
	int made = 0, wrong = 0;

	while (made < 10000) {
		at[made] = mmap(NULL, PAGE, RW, MAP_SHARED, fd,
				(made % PROBE_BUFFER_PAGES) * PAGE);
		if (at[made] == MAP_FAILED)
			break;
		at[made][0] = (char)(made % PROBE_BUFFER_PAGES);
		made++;
	}
	printf("%d: %s\n", made, result(made < 10000));
	print_counts(fd);
	for (int i = 0; i < made; i++)
		wrong += at[i][0] != i % PROBE_BUFFER_PAGES;
	for (int i = 0; i < made; i++)
		munmap(at[i], PAGE);
	printf("wrong %d\n", wrong);
	print_counts(fd);
	return 0;
}

int case_registers(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint8_t *at =
		map_probe(fd, 1, RW, MAP_SHARED, PROBE_REGISTERS);
	volatile uint32_t *words = (volatile uint32_t *)at;
	volatile uint64_t *longs = (volatile uint64_t *)at;
	char copy[32];

	words[1] = 0x12345678;
	printf("%#x %#x %#x\n", words[1], at[5],
	       *(volatile uint16_t *)(at + 6));
	words[1] |= 0x80000000;
	printf("%#x %d\n", words[1], (int32_t)words[1] < 0);
	words[1] &= ~0xffU;
	words[1] += 3;
	printf("%#x\n", words[1]);
	longs[2] = 0x1122334455667788;
	longs[2]++;
	printf("%#lx %d\n", longs[2], longs[2] == 0x1122334455667789);
	at[9] = 0xfe;
	printf("%d\n", (int8_t)at[9]);
	for (int i = 0; i < 8; i++)
		words[8 + i] = (uint32_t)i;
	for (int i = 0; i < 32; i++)
		copy[i] = (char)at[32 + i];
	printf("%d %d %d\n", copy[4], copy[8], copy[28]);
	printf("where no register is: %#x\n", words[0x800 / 4]);
	/* The kernel copies to and from them, too. */
	printf("pwrite %zd ", pwrite(fd, (void *)(at + 32), 8, 0));
	printf("%#lx\n", device_word(fd, 0));
	return 0;
}

int case_faults(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint32_t *at =
		map_probe(fd, PROBE_FAULT_PAGES, RW, MAP_SHARED, PROBE_FAULTS);
	volatile uint32_t *again = map_probe(fd, PROBE_FAULT_PAGES, PROT_READ,
					     MAP_SHARED, PROBE_FAULTS);
	struct probe_counts counts;

	printf("%u %u", at[3 * PAGE / 4], at[5 * PAGE / 4]);
	at[3 * PAGE / 4] = 333;
	printf(" %u\n", again[3 * PAGE / 4]);
	at[3 * PAGE / 4] = 3;
	ioctl(fd, PROBE_COUNTS, &counts);
	printf("faults %u\n", counts.faults);
	return 0;
}

int case_notified(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint32_t *at = map_probe(fd, PROBE_FAULT_PAGES, RW, MAP_SHARED,
					  PROBE_NOTIFIED);
	struct probe_counts counts;

	printf("%u %u\n", at[0], at[PAGE / 4]);
	ioctl(fd, PROBE_COUNTS, &counts);
	printf("first stores %u\n", counts.first_stores);
	at[PAGE / 4] = 1;
	at[PAGE / 4] = 1;
	ioctl(fd, PROBE_COUNTS, &counts);
	printf("first stores %u\n", counts.first_stores);
	return 0;
}

int case_private(void)
{
	int fd = open_probe(O_RDWR);
	volatile uint32_t *shared =
		map_probe(fd, PROBE_FAULT_PAGES, RW, MAP_SHARED, PROBE_FAULTS);
	volatile uint32_t *own =
		map_probe(fd, PROBE_FAULT_PAGES, RW, MAP_PRIVATE, PROBE_FAULTS);

	printf("%u", own[2 * PAGE / 4]);
	own[2 * PAGE / 4] = 99;
	own[4 * PAGE / 4] = 98;
	printf(" %u %u, shared %u %u\n", own[2 * PAGE / 4], own[4 * PAGE / 4],
	       shared[2 * PAGE / 4], shared[4 * PAGE / 4]);
	return 0;
}

int case_beyond(void)
{
	int fd = open_probe(O_RDWR);
	char *at = map_probe(fd, PROBE_FAULT_PAGES + 1, RW, MAP_SHARED,
			     PROBE_FAULTS);

	catch_faults();
	printf("%s", touch(at + (PROBE_FAULT_PAGES - 1) * PAGE, 1));
	printf(" %s\n", touch(at + PROBE_FAULT_PAGES * PAGE, 1));
	signal(SIGBUS, SIG_DFL);
	fflush(stdout);
	at[PROBE_FAULT_PAGES * PAGE] = 1;
	return 3;
}

int case_zap(void)
{
	int fd = open_probe(O_RDWR);
	char *at = map_probe(fd, 4, RW, MAP_SHARED, 0);
	char *faults = map_probe(fd, 2, RW, MAP_SHARED, PROBE_FAULTS);
	char text[4];

	catch_faults();
	printf("%s", touch(at, 1));
	printf(" %s\n", touch(faults + PAGE, 1));
	printf("zap %s\n", result(ioctl(fd, PROBE_ZAP)));
	printf("%s", touch(at, 0));
	printf(" %s\n", touch(faults + PAGE, 0));
	say("write from it", pwrite(fd, at, 4, 0));
	printf("remove %s\n", result(ioctl(fd, PROBE_REMOVE)));
	printf("%s\n", touch(faults + PAGE, 0));
	printf("read %zd\n", pread(fd, text, 4, 0));
	print_counts(fd);
	return 0;
}

static void on_fault(int number)
{
	static const char text[] = "the program's handler\n";

	write(1, text, sizeof(text) - 1);
	_exit(number == SIGSEGV ? 7 : 8);
}

/* A fault that is no device's is the program's, whenever it asked for it. */
int case_handler(void)
{
	struct sigaction old;
	sigset_t all;
	volatile char *at;
	int fd;

	signal(SIGSEGV, on_fault);
	fd = open_probe(O_RDWR);
	sigaction(SIGSEGV, NULL, &old);
	printf("kept %d\n", old.sa_handler == on_fault);
	/* With everything blocked, a device's page still comes. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	at = map_probe(fd, 2, RW, MAP_SHARED, PROBE_FAULTS);
	printf("%d\n", at[PAGE]);
	*(volatile int *)8 = 1;
	return 3;
}

/* copy_to_user() and copy_from_user() at a mapping, and across its end. */
int case_kernel_copies(void)
{
	int fd = open_probe(O_RDWR);
	char *place =
		mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = mmap(place + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fd,
			2 * PAGE);

	strcpy(at, "from a mapping");
	printf("pwrite %zd", pwrite(fd, at, 15, 0));
	printf(" %s\n",
	       (char *)(uint64_t[]){ device_word(fd, 0), device_word(fd, 8) });
	/* Ordinary memory, the device's, ordinary memory again. */
	memset(place, 'A', PAGE);
	memset(place + 2 * PAGE, 'C', PAGE);
	memset(at, 'B', PAGE);
	printf("pwrite %zd\n",
	       pwrite(fd, place + PAGE - 4, PAGE + 8, 4 * PAGE));
	memset(place, 0, PAGE);
	printf("pread %zd", pread(fd, place, PAGE, 4 * PAGE));
	printf(" %.6s\n", place);
	munmap(place + 3 * PAGE, PAGE);
	printf("short %zd\n", pread(fd, place + 2 * PAGE, 2 * PAGE, 0));
	say("nothing", pread(fd, place + 3 * PAGE, PAGE, 0));
	return 0;
}
