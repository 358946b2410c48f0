// SPDX-License-Identifier: GPL-2.0
/* pump: sixteen pages that programs share by mapping /dev/pump. */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#define PUMP_PAGES 16UL

static void *pump_buffer;

static int pump_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long pfn = virt_to_phys(pump_buffer) >> PAGE_SHIFT;

	if (vma->vm_pgoff >= PUMP_PAGES ||
	    vma_pages(vma) > PUMP_PAGES - vma->vm_pgoff)
		return -EINVAL;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start, pfn + vma->vm_pgoff,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static const struct file_operations pump_fops = {
	.owner = THIS_MODULE,
	.mmap = pump_mmap,
};

static struct miscdevice pump_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pump",
	.fops = &pump_fops,
};

static int __init pump_init(void)
{
	int err;

	pump_buffer = alloc_pages_exact(PUMP_PAGES * PAGE_SIZE,
					GFP_KERNEL | __GFP_ZERO);
	if (!pump_buffer)
		return -ENOMEM;
	err = misc_register(&pump_misc);
	if (err)
		free_pages_exact(pump_buffer, PUMP_PAGES * PAGE_SIZE);
	return err;
}
module_init(pump_init);

static void __exit pump_exit(void)
{
	misc_deregister(&pump_misc);
	free_pages_exact(pump_buffer, PUMP_PAGES * PAGE_SIZE);
}
module_exit(pump_exit);

MODULE_DESCRIPTION("Pump: sixteen shared pages");
MODULE_LICENSE("GPL");
