/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/wait.h>
#include <linux/fs.h>
