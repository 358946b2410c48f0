// SPDX-License-Identifier: GPL-2.0
/*
 * A character device whose mapping a debugger can read and write: vm_ops->access,
 * which /proc/PID/mem comes to where a mapping has no pages. It stands on a
 * platform device, which root may take away; the buffer stays as long as the
 * module. For the comparison of the simulation with a kernel.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/version.h>

#define ACCESS_HOOK_NAME "drydock_access_hook"
#define BUFFER_SIZE (4 * PAGE_SIZE)

static bool generic;
module_param(generic, bool, 0444);
MODULE_PARM_DESC(generic,
		 "use generic_access_phys(), which is for device memory");

static char *buffer;

static int access_hook_access(struct vm_area_struct *vma, unsigned long addr,
			      void *buf, int len, int write)
{
	unsigned long at =
		(vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
	unsigned long end =
		(vma->vm_pgoff << PAGE_SHIFT) + (vma->vm_end - vma->vm_start);

	/* The caller looks at neither. */
	if (write && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	len = min_t(unsigned long, len, end - at);

	if (write)
		memcpy(buffer + at, buf, len);
	else
		memcpy(buf, buffer + at, len);
	return len;
}

static const struct vm_operations_struct access_hook_vm_ops = {
	.access = access_hook_access,
};

static const struct vm_operations_struct access_hook_generic_vm_ops = {
	.access = generic_access_phys,
};

static int access_hook_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff >= BUFFER_SIZE >> PAGE_SHIFT ||
	    size > BUFFER_SIZE - (vma->vm_pgoff << PAGE_SHIFT))
		return -EINVAL;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	vma->vm_ops = generic ? &access_hook_generic_vm_ops
			      : &access_hook_vm_ops;
	return remap_pfn_range(vma, vma->vm_start,
			       (virt_to_phys(buffer) >> PAGE_SHIFT) +
				       vma->vm_pgoff,
			       size, vma->vm_page_prot);
}

static const struct file_operations access_hook_fops = {
	.owner = THIS_MODULE,
	.mmap = access_hook_mmap,
};

static struct miscdevice access_hook_misc = {
	.name = ACCESS_HOOK_NAME,
	.fops = &access_hook_fops,
	.mode = 0600,
};

static int access_hook_probe(struct platform_device *pdev)
{
	access_hook_misc.minor = MISC_DYNAMIC_MINOR;
	access_hook_misc.parent = &pdev->dev;
	return misc_register(&access_hook_misc);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static void access_hook_remove(struct platform_device *pdev)
{
	misc_deregister(&access_hook_misc);
}
#else
static int access_hook_remove(struct platform_device *pdev)
{
	misc_deregister(&access_hook_misc);
	return 0;
}
#endif

static struct platform_driver access_hook_driver = {
	.probe = access_hook_probe,
	.remove = access_hook_remove,
	.driver = {
		.name = ACCESS_HOOK_NAME,
	},
};

static struct platform_device *access_hook_device;

static int __init access_hook_init(void)
{
	int err;

	buffer = alloc_pages_exact(BUFFER_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!buffer)
		return -ENOMEM;

	err = platform_driver_register(&access_hook_driver);
	if (err)
		goto free_buffer;

	access_hook_device = platform_device_register_simple(
		ACCESS_HOOK_NAME, PLATFORM_DEVID_NONE, NULL, 0);
	if (!IS_ERR(access_hook_device))
		return 0;

	err = PTR_ERR(access_hook_device);
	platform_driver_unregister(&access_hook_driver);
free_buffer:
	free_pages_exact(buffer, BUFFER_SIZE);
	return err;
}

static void __exit access_hook_exit(void)
{
	platform_device_unregister(access_hook_device);
	platform_driver_unregister(&access_hook_driver);
	free_pages_exact(buffer, BUFFER_SIZE);
}

module_init(access_hook_init);
module_exit(access_hook_exit);
MODULE_DESCRIPTION("A mapping that debuggers can read");
MODULE_LICENSE("GPL");
