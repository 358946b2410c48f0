/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/pm.h>
#include <linux/device.h>
