/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/of.h>
#include <linux/device.h>
