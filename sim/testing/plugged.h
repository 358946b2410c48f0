/* SPDX-License-Identifier: GPL-2.0 */
/* What plugged.c does on ioctl. Valid C and C++. */
#ifndef DRYDOCK_SIM_TESTING_PLUGGED_H
#define DRYDOCK_SIM_TESTING_PLUGGED_H

enum {
  PLUGGED_FACTORIAL = 200, /* of the argument, by interrupt */
  PLUGGED_ROUND_TRIP,      /* the argument's byte, memory to card to memory */
  PLUGGED_INTERRUPTS,      /* how many came */
  PLUGGED_RAISE,           /* an interrupt that the driver asks for */
};

#endif
