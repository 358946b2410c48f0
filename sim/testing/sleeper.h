/* SPDX-License-Identifier: GPL-2.0 */
/* What sleeper.c does on ioctl. Valid C and C++. */
#ifndef DRYDOCK_SIM_TESTING_SLEEPER_H
#define DRYDOCK_SIM_TESTING_SLEEPER_H

enum {
  SLEEPER_WORK = 100, /* waits for delayed work */
  SLEEPER_START_WORK,
  SLEEPER_COMPLETION,
  SLEEPER_TIMER,
  SLEEPER_HRTIMER,
  SLEEPER_TIMEOUT,       /* waits for the argument's milliseconds */
  SLEEPER_INTERRUPTIBLE, /* nothing wakes these */
  SLEEPER_KILLABLE,
  SLEEPER_FOR_EVER,
  SLEEPER_MUTEX, /* waits for a mutex that a worker holds */
  SLEEPER_PAGE,  /* waits for a page that a worker has locked */
  /* mistakes */
  SLEEPER_PAGE_TWICE,
  SLEEPER_ATOMIC,
  SLEEPER_IRQ_UNSAFE,
  SLEEPER_BUG,
  SLEEPER_LEAVE_WORK,
  SLEEPER_FREE_ITSELF, /* none: an item frees the memory it is in */
  SLEEPER_FREE_QUEUED,
  SLEEPER_FREE_TIMER,
};

#endif
