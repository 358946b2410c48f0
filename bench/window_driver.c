// SPDX-License-Identifier: GPL-2.0
/* Maps as much of a device's range as it is asked for; nothing is checked. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define WINDOW_PFN (0x1000000000UL >> PAGE_SHIFT) /* beyond all memory */

static int window_mmap(struct file *file, struct vm_area_struct *vma) {
  vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
  return remap_pfn_range(vma, vma->vm_start, WINDOW_PFN, vma->vm_end - vma->vm_start,
                         vma->vm_page_prot);
}

static const struct file_operations window_fops = {
    .owner = THIS_MODULE,
    .mmap = window_mmap,
};

static struct miscdevice window_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "window",
    .fops = &window_fops,
};
module_misc_device(window_misc);

MODULE_DESCRIPTION("A window onto a device, of any length");
MODULE_LICENSE("GPL");
