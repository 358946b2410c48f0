/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/seq_file.h>
