/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs of live mode's tests: cases NAME [ARGUMENT...]. Ordinary C against device nodes,
 * with nothing of Drydock in it; each prints what it saw.
 */
#ifndef CASES_H
#define CASES_H

#include <stddef.h>

#include "probe_uapi.h"

#define PAGE 4096UL

/* Opens the probe's node, or says why not and exits with 3. */
int open_probe(int flags);
/* Maps, or says why not and exits with 3. */
void *map_probe(int fd, unsigned long pages, int prot, int flags,
		unsigned long offset_pages);
/* "ok" or the name of errno. */
const char *result(int failed);
/* "WHAT VALUE", or the name of errno for -1. */
void say(const char *what, long value);
/* Prints what the driver counts: files, mappings. */
void print_counts(int fd);
struct probe_counts counts_of(int fd);

int case_files(void);
int case_many_descriptors(void);
int case_status(void);
int case_poll(void);
int case_nodes(char **argv);
int case_exec(char **argv);
int case_inherited(char **argv);

int case_map(void);
int case_refusals(void);
int case_protect(void);
int case_parts(void);
int case_move(void);
int case_over(void);
int case_ten_thousand(void);
int case_registers(void);

int case_faults(void);
int case_notified(void);
int case_private(void);
int case_beyond(void);
int case_zap(void);
int case_handler(void);
int case_kernel_copies(void);

int case_fork(void);
int case_killed(void);
int case_threads(void);
int case_two_programs(char **argv);
int case_gone(char **argv);
int case_oops(char **argv);
int case_survivor(void);
int case_bystander(void);

int case_waiter(void);
int case_waiting_threads(void);
int case_sleeper(void);
int case_interrupted(void);
int case_restarted(void);
int case_killed_waiter(void);
int case_stubborn_waiter(void);
int case_closed_meanwhile(void);
int case_slow_fault(void);
int case_waiter_and_oops(void);
int case_exec_meanwhile(void);
int case_counts_from(char **argv);
int case_poll_wakes(void);
int case_many_waiters(void);
int case_many_processes(void);
int case_hangs(void);

#endif
