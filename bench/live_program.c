// SPDX-License-Identifier: GPL-2.0-only
/*
 * live_program NODE [BYTES [SECONDS]]: the two numbers of live mode, in one run.
 *
 *   loop    a pass over mapped memory of the device against the same pass over plain anonymous
 * memory: each word is read, changed and written. Best of many turns, taken in turn. cycles  open,
 * mmap of a page, munmap, close, over and over.
 *
 * An ordinary program: without a driver of that name it says so and exits with 2.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TURNS 60

static double now(void) {
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  fprintf(stderr, "live_program: %s: %s\n", what, strerror(errno));
  exit(2);
}

/* Volatile, so that both loops are what is written here and nothing cleverer. */
static double pass(volatile uint64_t *words, size_t count) {
  double begin = now();

  for (size_t i = 0; i < count; i++) words[i] = words[i] * 3 + i;
  return now() - begin;
}

static double ratio_of_loops(const char *node, size_t bytes) {
  int fd = open(node, O_RDWR);
  size_t count = bytes / sizeof(uint64_t);
  uint64_t *mapped, *plain;
  double best_mapped = 1e9, best_plain = 1e9;

  if (fd < 0) fail(node);
  mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  plain = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED || plain == MAP_FAILED) fail("mmap");
  for (int turn = 0; turn < TURNS; turn++) {
    double time = pass(plain, count);

    if (time < best_plain) best_plain = time;
    time = pass(mapped, count);
    if (time < best_mapped) best_mapped = time;
  }
  printf(
      "loop    %.2f GB/s over %zu KiB of the device, %.2f GB/s over plain memory: ratio %.3f (at "
      "least 0.95)\n",
      (double)bytes / best_mapped * 1e-9, bytes / 1024, (double)bytes / best_plain * 1e-9,
      best_plain / best_mapped);
  munmap(mapped, bytes);
  munmap(plain, bytes);
  close(fd);
  return best_plain / best_mapped;
}

static double cycles_a_second(const char *node, double seconds) {
  double begin = now();
  long count = 0;

  do {
    for (int i = 0; i < 16; i++, count++) {
      int fd = open(node, O_RDWR);
      char *at;

      if (fd < 0) fail(node);
      at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (at == MAP_FAILED) fail("mmap");
      munmap(at, 4096);
      close(fd);
    }
  } while (now() - begin < seconds);
  double rate = (double)count / (now() - begin);

  printf("cycles  %.0f a second of open, mmap, munmap, close (at least 10000)\n", rate);
  return rate;
}

int main(int argc, char **argv) {
  size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 0) : 1 << 20;
  double seconds = argc > 3 ? atof(argv[3]) : 2;

  if (argc < 2) {
    fprintf(stderr, "usage: live_program NODE [BYTES [SECONDS]]\n");
    return 2;
  }
  double ratio = ratio_of_loops(argv[1], bytes);
  double rate = cycles_a_second(argv[1], seconds);

  return ratio >= 0.95 && rate >= 10000 ? 0 : 1;
}
