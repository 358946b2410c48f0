/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/cdev.h>
#include <linux/device.h>
