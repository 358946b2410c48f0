// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user programs of examples/ in a real kernel: each prints what is in
 * examples/expected, as it does on the simulated machine (examples/live_test.cc);
 * and what they measure here (bench/tables.sh).
 */
#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT "/output.txt"

struct program {
	const char *name, *module, *parameters;
	const char *arguments[4];
	const char *expected; /* what it prints: /NAME.txt */
	bool measures;	      /* N stands for what it measures */
};

static const struct program programs[] = {
	{ "dma_hello", "drydock_dma_buffer", "method=remap",
	  .expected = "dma_hello" },
	{ "dma_hello", "drydock_dma_buffer", "method=dma_mmap",
	  .expected = "dma_hello" },
	{ "tutorial_demo", "drydock_chardev", "", .expected = "tutorial_demo" },
	{ "framebuffer_painter", "drydock_framebuffer", "",
	  .expected = "framebuffer_painter" },
	{ "packet_counter", "drydock_nic_rings", "",
	  .expected = "packet_counter" },
	{ "packet_counter",
	  "drydock_nic_rings",
	  "",
	  { "/dev/drydock_nic_rings", "20000" },
	  "packet_counter_rates",
	  true },
	{ "benchmark_io_vs_mmap",
	  "drydock_dma_buffer",
	  "size=1048576",
	  { "/dev/drydock_dma_buffer", "/plot.svg", "4194304" },
	  "benchmark_io_vs_mmap",
	  true },
};

static size_t read_all(const char *path, char *to, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length = 0;

	if (file) {
		length = fread(to, 1, size - 1, file);
		fclose(file);
	}
	to[length] = '\0';
	return length;
}

/* What is measured, a number with a point, becomes N; spaces before it one space. */
static void without_measures(char *text)
{
	char *to = text;

	for (char *from = text; *from;) {
		char *number = from + strspn(from, " ");
		size_t length = strspn(number, "0123456789.");

		if (!length || *number == '.' || !memchr(number, '.', length)) {
			*to++ = *from++;
			continue;
		}
		if (number != from)
			*to++ = ' ';
		*to++ = 'N';
		from = number + length;
	}
	*to = '\0';
}

/* Its exit status, with its output in OUTPUT. */
static int run(const struct program *p)
{
	char path[64];
	int status;
	pid_t child = fork();

	if (!child) {
		const char *arguments[6] = { p->name };

		for (size_t i = 0; i < 4 && p->arguments[i]; i++)
			arguments[i + 1] = p->arguments[i];
		snprintf(path, sizeof(path), "/%s", p->name);
		dup2(open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		execv(path, (char **)arguments);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Loads its module, runs it and unloads; its output is in OUTPUT. */
static bool run_with_module(const struct program *p)
{
	char path[64];
	int err, status;

	snprintf(path, sizeof(path), "/%s.ko", p->module);
	err = load_module(path, p->parameters);
	if (!check(!err, "%s: %s loads: %d", p->name, p->module, err))
		return false;
	status = run(p);
	check(status == 0, "%s: exit status %d", p->name, status);
	err = unload_module(p->module);
	check(!err, "%s: %s unloads: %d", p->name, p->module, err);
	return true;
}

void programs_smoke(void)
{
	static char output[8192], expected[8192];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct program *p = &programs[i];
		char path[64];

		if (!run_with_module(p))
			continue;
		read_all(OUTPUT, output, sizeof(output));
		if (p->measures)
			without_measures(output);
		snprintf(path, sizeof(path), "/%s.txt", p->expected);
		read_all(path, expected, sizeof(expected));
		if (!check(expected[0] && !strcmp(output, expected),
			   "%s: prints what it should", p->name))
			printf("%s", output);
	}
	read_all("/plot.svg", output, sizeof(output));
	check(!strncmp(output, "<svg ", 5) && strstr(output, "</svg>"),
	      "benchmark_io_vs_mmap: draws a plot");
}

static void print_file(const char *name, const char *path)
{
	static char text[16384];

	read_all(path, text, sizeof(text));
	printf("--- %s\n%s--- end\n", name, text);
}

void programs_bench(void)
{
	static const struct program benchmark = {
		.name = "benchmark_io_vs_mmap",
		.module = "drydock_dma_buffer",
		.parameters = "size=1048576",
		.arguments = { "/dev/drydock_dma_buffer", "/plot.svg" },
	};
	static const struct program counter = {
		.name = "packet_counter",
		.module = "drydock_nic_rings",
		.parameters = "",
		.arguments = { "/dev/drydock_nic_rings", "50000" },
	};

	run_with_module(&benchmark);
	print_file("io_vs_mmap.txt", OUTPUT);
	print_file("io_vs_mmap.svg", "/plot.svg");
	run_with_module(&counter);
	print_file("packets.txt", OUTPUT);
}
