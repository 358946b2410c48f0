// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user programs of examples/ in a real kernel: each prints what is in
 * examples/expected, as it does on the simulated machine.
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
	bool has_expected;
};

static const struct program programs[] = {
	{ "dma_hello", "drydock_dma_buffer", "method=remap", { 0 }, true },
	{ "dma_hello", "drydock_dma_buffer", "method=dma_mmap", { 0 }, true },
	{ "tutorial_demo", "drydock_chardev", "", { 0 }, true },
	{ "framebuffer_painter", "drydock_framebuffer", "", { 0 }, true },
	{ "packet_counter", "drydock_nic_rings", "", { 0 }, true },
	{ "packet_counter",
	  "drydock_nic_rings",
	  "",
	  { "/dev/drydock_nic_rings", "20000" },
	  false },
	{ "benchmark_io_vs_mmap",
	  "drydock_dma_buffer",
	  "size=1048576",
	  { "/dev/drydock_dma_buffer", "/plot.svg", "4194304" },
	  false },
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

void programs_smoke(void)
{
	static char output[8192], expected[8192];

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct program *p = &programs[i];
		char path[64];
		int err, status;

		snprintf(path, sizeof(path), "/%s.ko", p->module);
		err = load_module(path, p->parameters);
		if (!check(!err, "%s: %s loads: %d", p->name, p->module, err))
			continue;
		status = run(p);
		read_all(OUTPUT, output, sizeof(output));
		check(status == 0, "%s: exit status %d", p->name, status);
		if (p->has_expected) {
			snprintf(path, sizeof(path), "/%s.txt", p->name);
			read_all(path, expected, sizeof(expected));
			if (!check(expected[0] && !strcmp(output, expected),
				   "%s: prints what it should", p->name))
				printf("%s", output);
		} else {
			printf("%s", output);
		}
		err = unload_module(p->module);
		check(!err, "%s: %s unloads: %d", p->name, p->module, err);
	}
	read_all("/plot.svg", output, sizeof(output));
	check(!strncmp(output, "<svg ", 5) && strstr(output, "</svg>"),
	      "benchmark_io_vs_mmap: draws a plot");
}
