// SPDX-License-Identifier: GPL-2.0-only
/*
 * What copies cost: data of 4 KiB to 64 MiB are put into a device's buffer and
 * summed up from it, by write(2) and read(2), and in a mapping. Prints a table,
 * and draws a plot if it is told where to.
 * Usage: benchmark_io_vs_mmap [NODE [PLOT.svg [GREATEST-BYTES]]]
 *
 * Data that do not fit into the buffer pass through it in parts, both ways.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "driver_core/dma_buffer_uapi.h"

#define LEAST (4UL << 10)
#define GREATEST (64UL << 20)
#define STEP 4
#define ROWS 8
#define AT_LEAST_SECONDS 0.03
#define TURNS 3

struct device {
	int fd;
	size_t size;
	uint64_t *mapped;
	uint64_t *own; /* what read and write copy to and from */
};

/* One size: bytes a second each way, and what the kernel copied for it. */
struct row {
	size_t bytes;
	double io, mapped;
	uint64_t copied;
};

static uint64_t copied;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void produce(uint64_t *to, size_t bytes, uint64_t first)
{
	for (size_t i = 0; i < bytes / 8; i++)
		to[i] = first + i;
}

static uint64_t consume(const uint64_t *from, size_t bytes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bytes / 8; i++)
		sum += from[i];
	return sum;
}

static uint64_t pass_by_io(struct device *device, size_t part, uint64_t first)
{
	produce(device->own, part, first);
	if (pwrite(device->fd, device->own, part, 0) != (ssize_t)part)
		die("write");
	if (pread(device->fd, device->own, part, 0) != (ssize_t)part)
		die("read");
	copied += 2 * part;
	return consume(device->own, part);
}

static uint64_t pass_mapped(struct device *device, size_t part, uint64_t first)
{
	produce(device->mapped, part, first);
	/* What is in memory, not what the compiler still knows. */
	__asm__ volatile("" ::: "memory");
	return consume(device->mapped, part);
}

static uint64_t pass(struct device *device, size_t bytes,
		     uint64_t (*way)(struct device *, size_t, uint64_t))
{
	uint64_t sum = 0;

	for (size_t done = 0; done < bytes;) {
		size_t part = bytes - done;

		if (part > device->size)
			part = device->size;
		sum += way(device, part, done / 8);
		done += part;
	}
	return sum;
}

/* Bytes a second; each byte goes in and comes out. */
static double measure_once(struct device *device, size_t bytes,
			   uint64_t (*way)(struct device *, size_t, uint64_t))
{
	uint64_t n = bytes / 8, rounds = 0;
	double begun = seconds(), took;

	do {
		if (pass(device, bytes, way) != n * (n - 1) / 2) {
			fprintf(stderr, "%zu bytes came out otherwise\n",
				bytes);
			exit(1);
		}
		rounds++;
		took = seconds() - begun;
	} while (took < AT_LEAST_SECONDS);
	return 2.0 * (double)bytes * (double)rounds / took;
}

/* Of several turns the best: others use the machine, too. */
static double measure(struct device *device, size_t bytes,
		      uint64_t (*way)(struct device *, size_t, uint64_t))
{
	double best = 0;

	for (int turn = 0; turn < TURNS; turn++) {
		double rate = measure_once(device, bytes, way);

		if (best < rate)
			best = rate;
	}
	return best;
}

static void print(const struct row *row)
{
	printf("%8zu KiB %12llu %12.1f %12.1f %8.2f\n", row->bytes >> 10,
	       (unsigned long long)row->copied, row->io / 1e6,
	       row->mapped / 1e6, row->mapped / row->io);
}

/* Where a number is on an axis of powers of two. */
static double place(double value, double least, double greatest)
{
	double from = 0, to = 0, at = 0;

	/* log2 without libm, to 1/64: it is a picture. */
	for (double v = value / least; v > 1; v /= 1.0108892860517)
		at++;
	for (double v = greatest / least; v > 1; v /= 1.0108892860517)
		to++;
	return to > from ? at / to : 0;
}

static void draw_line(FILE *file, const struct row *rows, int count,
		      size_t offset, double greatest, const char *colour)
{
	fprintf(file,
		"<polyline fill='none' stroke='%s' stroke-width='2' points='",
		colour);
	for (int i = 0; i < count; i++) {
		double value =
			*(const double *)((const char *)&rows[i] + offset);

		fprintf(file, "%.0f,%.0f ",
			80 + 520 * place((double)rows[i].bytes, LEAST,
					 GREATEST),
			340 - 300 * place(value, 1e6, greatest));
	}
	fprintf(file, "'/>\n");
}

static void draw(const char *path, const struct row *rows, int count)
{
	double greatest = 1e7;
	FILE *file = fopen(path, "w");

	if (!file)
		die(path);
	for (int i = 0; i < count; i++) {
		while (greatest < rows[i].mapped || greatest < rows[i].io)
			greatest *= 10;
	}
	fprintf(file,
		"<svg xmlns='http://www.w3.org/2000/svg' width='640' height='400' font-family='sans-serif' font-size='12'>\n"
		"<rect width='640' height='400' fill='white'/>\n"
		"<rect x='80' y='40' width='520' height='300' fill='none' stroke='#888'/>\n"
		"<text x='80' y='25'>A buffer filled and summed up: bytes a second by size</text>\n");
	for (double value = 1e6; value <= greatest; value *= 10)
		fprintf(file,
			"<text x='75' y='%.0f' text-anchor='end'>%g MB/s</text>\n",
			344 - 300 * place(value, 1e6, greatest), value / 1e6);
	for (size_t bytes = LEAST; bytes <= GREATEST; bytes *= STEP)
		fprintf(file,
			"<text x='%.0f' y='358' text-anchor='middle'>%zu K</text>\n",
			80 + 520 * place((double)bytes, LEAST, GREATEST),
			bytes >> 10);
	draw_line(file, rows, count, offsetof(struct row, io), greatest,
		  "#c03020");
	draw_line(file, rows, count, offsetof(struct row, mapped), greatest,
		  "#2060c0");
	fprintf(file,
		"<text x='90' y='380' fill='#c03020'>read and write</text>\n"
		"<text x='200' y='380' fill='#2060c0'>mapping</text>\n</svg>\n");
	if (fclose(file))
		die(path);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_DMA_BUFFER_NODE;
	size_t greatest = argc > 3 ? strtoul(argv[3], NULL, 0) : GREATEST;
	struct drydock_dma_buffer_info info;
	struct row rows[ROWS];
	struct device device;
	int count = 0;

	device.fd = open(node, O_RDWR);
	if (device.fd < 0)
		die(node);
	if (ioctl(device.fd, DRYDOCK_DMA_BUFFER_INFO, &info))
		die("DRYDOCK_DMA_BUFFER_INFO");
	device.size = info.size & ~7UL;
	device.own = malloc(device.size);
	device.mapped = mmap(NULL, info.mapped_size, PROT_READ | PROT_WRITE,
			     MAP_SHARED, device.fd, 0);
	if (!device.own || device.mapped == MAP_FAILED)
		die("mmap");

	printf("a buffer of %zu KiB; MB/s: each byte goes in and comes out\n",
	       device.size >> 10);
	printf("%12s %12s %12s %12s %8s\n", "size", "bytes copied",
	       "read, write", "mapping", "ratio");
	for (size_t bytes = LEAST; bytes <= greatest && count < ROWS;
	     bytes *= STEP) {
		struct row *row = &rows[count++];

		row->bytes = bytes;
		copied = 0;
		pass(&device, bytes, pass_by_io);
		row->copied = copied;
		row->io = measure(&device, bytes, pass_by_io);
		row->mapped = measure(&device, bytes, pass_mapped);
		print(row);
	}
	if (argc > 2 && *argv[2])
		draw(argv[2], rows, count);
	munmap(device.mapped, info.mapped_size);
	close(device.fd);
	return 0;
}
