// SPDX-License-Identifier: GPL-2.0
/* The shared structs as driver code sees them. Compiles, or names the field that moved. */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of_reserved_mem.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>

#define DRYDOCK_LAYOUT(type, field, offset) \
  _Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved");
#define DRYDOCK_SIZE(type, bytes) \
  _Static_assert(sizeof(struct type) == (bytes), #type " has another size");
#include "mocks/struct_layout.h"
