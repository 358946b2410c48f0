/* SPDX-License-Identifier: GPL-2.0 */
/* The lock of a page. */
#ifndef _LINUX_KERNEL_PAGEMAP_H
#define _LINUX_KERNEL_PAGEMAP_H

#include <linux/mm.h>
#include <linux/fs.h>

void drydock_lock_page(struct page *page);
#if DRYDOCK_PROFILE_NUMBER < 612
int drydock_lock_page_killable(struct page *page);
#define lock_page_killable(page) drydock_lock_page_killable(page)
#endif
bool drydock_trylock_page(struct page *page);
#define lock_page(page) drydock_lock_page(page)
#define trylock_page(page) drydock_trylock_page(page)
void unlock_page(struct page *page);

#endif
