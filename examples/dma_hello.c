// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says hello to a DMA buffer: maps it, reads its first word, stores a text and
 * reads it back, by the mapping and by read(2). Usage: dma_hello [NODE]
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver_core/dma_buffer_uapi.h"

static const char hello[] = "Hello from user space";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : DRYDOCK_DMA_BUFFER_NODE;
	struct drydock_dma_buffer_info info;
	char copy[sizeof(hello)];
	char *buffer;
	int fd;

	fd = open(node, O_RDWR);
	if (fd < 0)
		die(node);
	if (ioctl(fd, DRYDOCK_DMA_BUFFER_INFO, &info))
		die("DRYDOCK_DMA_BUFFER_INFO");
	printf("%llu bytes, aligned to %u\n", (unsigned long long)info.size,
	       info.alignment);

	buffer = mmap(NULL, info.mapped_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (buffer == MAP_FAILED)
		die("mmap");
	printf("first word: 0x%08x\n", *(volatile uint32_t *)buffer);

	strcpy(buffer, hello);
	printf("stored:     %s\n", hello);
	printf("mapped:     %s\n", buffer);
	if (pread(fd, copy, sizeof(copy), 0) != sizeof(copy))
		die("read");
	printf("read:       %s\n", copy);
	printf("first word: 0x%08x\n", *(volatile uint32_t *)buffer);

	/* As it was, so that the next one finds what this one has found. */
	memset(buffer, 0, sizeof(hello));
	munmap(buffer, info.mapped_size);
	close(fd);
	return strcmp(copy, hello) != 0;
}
