// SPDX-License-Identifier: GPL-2.0-only
/* The repaired sample drivers: a real kernel loads and unloads them. */
#include "check.h"

#include <stdio.h>

void samples_smoke(void)
{
	static const char *const modules[] = {
		"drydock_cached_alias_repaired",
		"drydock_dma_textbook_repaired",
		"drydock_framebuffer_offset_repaired",
		"drydock_split_count_repaired",
		"drydock_tutorial_repaired",
		"drydock_unwinding_repaired",
		"drydock_wrap_dma_repaired",
	};

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		char path[64];
		int err;

		snprintf(path, sizeof(path), "/%s.ko", modules[i]);
		err = load_module(path, "");
		if (!check(!err, "%s: loads: %d", modules[i], err))
			continue;
		err = unload_module(modules[i]);
		check(!err, "%s: unloads: %d", modules[i], err);
	}
}
