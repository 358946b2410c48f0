// SPDX-License-Identifier: GPL-2.0
/* A buffer behind a misc device, let go in the right order or in a wrong one; for removal_test.cc.
 */
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>

static bool free_first;
module_param(free_first, bool, 0);
static bool in_remove;
module_param(in_remove, bool, 0);

static void *buffer;
static void *scratch;
static struct platform_device *parent;

static int removal_mmap(struct file *file, struct vm_area_struct *vma) {
  if (vma->vm_pgoff || vma_pages(vma) != 1) return -EINVAL;
  return remap_pfn_range(vma, vma->vm_start, virt_to_phys(buffer) >> PAGE_SHIFT, PAGE_SIZE,
                         vma->vm_page_prot);
}

static const struct file_operations removal_fops = {
    .owner = THIS_MODULE,
    .mmap = removal_mmap,
};

static struct miscdevice removal_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "removal",
    .fops = &removal_fops,
};

static void let_go(void) {
  free_page((unsigned long)scratch); /* nobody ever mapped it */
  if (free_first) {
    free_page((unsigned long)buffer);
    misc_deregister(&removal_misc);
  } else {
    misc_deregister(&removal_misc);
    free_page((unsigned long)buffer);
  }
}

static int removal_probe(struct platform_device *pdev) { return 0; }

static int removal_remove(struct platform_device *pdev) {
  if (in_remove) let_go();
  return 0;
}

static struct platform_driver removal_driver = {
    .probe = removal_probe,
    .remove = removal_remove,
    .driver.name = "removal",
};

static int __init removal_init(void) {
  int ret;

  buffer = (void *)get_zeroed_page(GFP_KERNEL);
  scratch = (void *)get_zeroed_page(GFP_KERNEL);
  if (!buffer || !scratch) return -ENOMEM;
  ret = platform_driver_register(&removal_driver);
  if (ret) return ret;
  parent = platform_device_register_simple("removal", -1, NULL, 0);
  if (IS_ERR(parent)) return PTR_ERR(parent);
  return misc_register(&removal_misc);
}
module_init(removal_init);

static void __exit removal_exit(void) {
  platform_device_unregister(parent);
  platform_driver_unregister(&removal_driver);
  if (!in_remove) let_go();
}
module_exit(removal_exit);

MODULE_LICENSE("GPL");
