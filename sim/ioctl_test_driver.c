// SPDX-License-Identifier: GPL-2.0
/* ioctl returns its argument, as it is; for ioctl_test.cc. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

static long test_ioctl(struct file *file, unsigned int command, unsigned long argument) {
  return (long)argument;
}

static int test_mmap(struct file *file, struct vm_area_struct *vma) { return -ENODEV; }

static const struct file_operations test_fops = {
    .owner = THIS_MODULE,
    .mmap = test_mmap,
    .unlocked_ioctl = test_ioctl,
};

static struct miscdevice test_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "ioctl_test",
    .fops = &test_fops,
};
module_misc_device(test_misc);

MODULE_LICENSE("GPL");
