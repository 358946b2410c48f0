// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paints into mapped video memory, and looks at what the device shows of it:
 * a picture of two halves, each with a disc, in a mode of its own size; then the
 * lower half by panning, then the same memory in another mode.
 * Usage: framebuffer_painter [NODE [PICTURE.ppm]]
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver_core/framebuffer_uapi.h"

#define WIDTH 120
#define HEIGHT 60
#define COLUMNS 60
#define ROWS 15

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct drydock_framebuffer_info info(int fd)
{
	struct drydock_framebuffer_info now;

	if (ioctl(fd, DRYDOCK_FRAMEBUFFER_INFO, &now))
		die("DRYDOCK_FRAMEBUFFER_INFO");
	return now;
}

static void set_mode(int fd, uint32_t width, uint32_t height,
		     uint32_t bytes_per_pixel)
{
	struct drydock_framebuffer_mode mode = {
		.width = width,
		.height = height,
		.bytes_per_pixel = bytes_per_pixel,
	};

	if (ioctl(fd, DRYDOCK_FRAMEBUFFER_SET_MODE, &mode))
		die("DRYDOCK_FRAMEBUFFER_SET_MODE");
}

static void pan(int fd, uint32_t y)
{
	struct drydock_framebuffer_pan to = { .y = y };

	if (ioctl(fd, DRYDOCK_FRAMEBUFFER_PAN, &to))
		die("DRYDOCK_FRAMEBUFFER_PAN");
}

/* XRGB8888: a sky that gets darker, and a disc in it. */
static uint32_t pixel(int x, int y, int disc_x, int disc_y, uint32_t colour)
{
	int dx = x - disc_x, dy = 2 * (y - disc_y);

	if (dx * dx + dy * dy < 24 * 24)
		return colour;
	return 0x000040 + (uint32_t)y * 0x010101;
}

static void paint(uint8_t *memory, const struct drydock_framebuffer_info *mode)
{
	for (int y = 0; y < 2 * HEIGHT; y++) {
		/* The next line is line_length away, not width pixels. */
		volatile uint32_t *line =
			(volatile uint32_t *)(memory +
					      (size_t)y * mode->line_length);

		for (int x = 0; x < WIDTH; x++)
			line[x] = y < HEIGHT ? pixel(x, y, 40, 30, 0xffd000)
					     : pixel(x, y - HEIGHT, 80, 30,
						     0xe0e0e0);
	}
}

/* The picture as the device shows it, one character for 2 by 4 pixels. */
static void show(int fd, const char *what)
{
	uint8_t picture[HEIGHT][WIDTH][4];
	uint32_t sum = 0;

	if (pread(fd, picture, sizeof(picture), 0) != sizeof(picture))
		die("read");
	for (size_t i = 0; i < sizeof(picture); i++)
		sum = sum * 31 + ((uint8_t *)picture)[i];
	printf("%s, sum %08x\n", what, sum);
	for (int row = 0; row < ROWS; row++) {
		char line[COLUMNS + 1] = "";

		for (int column = 0; column < COLUMNS; column++) {
			int green = picture[row * 4][column * 2][1];

			line[column] = green > 0xd8   ? 'O'
				       : green > 0x80 ? '@'
				       : green > 0x20 ? '.'
						      : ' ';
		}
		printf("|%s|\n", line);
	}
}

static void save(int fd, const char *path)
{
	uint8_t picture[HEIGHT][WIDTH][4];
	FILE *file = fopen(path, "wb");

	if (!file || pread(fd, picture, sizeof(picture), 0) != sizeof(picture))
		die(path);
	fprintf(file, "P6\n%d %d\n255\n", WIDTH, HEIGHT);
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			fputc(picture[y][x][2], file);
			fputc(picture[y][x][1], file);
			fputc(picture[y][x][0], file);
		}
	}
	if (fclose(file))
		die(path);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_FRAMEBUFFER_NODE;
	struct drydock_framebuffer_info before, mode;
	uint8_t *memory;
	int fd = open(node, O_RDWR);

	if (fd < 0)
		die(node);
	before = info(fd);
	memory = mmap(NULL, before.mapped_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		die("mmap");

	/* While it is mapped: the mapping shows the memory in any mode. */
	set_mode(fd, WIDTH, HEIGHT, 4);
	mode = info(fd);
	printf("%u x %u pixels of %u bytes, lines of %u bytes\n", mode.width,
	       mode.height, mode.bytes_per_pixel, mode.line_length);
	memset(memory, 0, before.memory_size);
	paint(memory, &mode);
	show(fd, "the upper half");
	if (argc > 2)
		save(fd, argv[2]);
	pan(fd, HEIGHT);
	show(fd, "the lower half, by panning");

	set_mode(fd, before.width, before.height, before.bytes_per_pixel);
	printf("another mode, the same memory: %08x\n",
	       *(volatile uint32_t *)(memory + 30UL * mode.line_length +
				      40 * 4));
	munmap(memory, before.mapped_size);
	close(fd);
	return 0;
}
