// SPDX-License-Identifier: GPL-2.0
/* The driver of live mode's tests: each way to be mapped, and each way to go wrong. */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "probe_uapi.h"

static unsigned long regs;
module_param(regs, ulong, 0444);
MODULE_PARM_DESC(regs, "Physical address of registers (default 0: none)");

static void *buffer;
static struct page *pages[PROBE_FAULT_PAGES];
static struct address_space *mapping;
static atomic_t files = ATOMIC_INIT(0);
static atomic_t mappings = ATOMIC_INIT(0);
static atomic_t faults = ATOMIC_INIT(0);
static atomic_t first_stores = ATOMIC_INIT(0);
static atomic_t waiting = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(wakes_queue);
static unsigned int wakes;
static bool slow_faults;
static bool removed;
/* Where nothing is; behind a pointer that the compiler cannot see through. */
static int *volatile nowhere = (int *)16;

static void probe_vm_open(struct vm_area_struct *vma)
{
	atomic_inc(&mappings);
}

static void probe_vm_close(struct vm_area_struct *vma)
{
	atomic_dec(&mappings);
}

static long probe_wait(unsigned long how)
{
	unsigned int seen = wakes;
	long err = 0;

	atomic_inc(&waiting);
	if (how == PROBE_INTERRUPTIBLE)
		err = wait_event_interruptible(wakes_queue, wakes != seen);
	else if (how == PROBE_KILLABLE)
		err = wait_event_killable(wakes_queue, wakes != seen);
	else
		wait_event(wakes_queue, wakes != seen);
	atomic_dec(&waiting);
	return err;
}

static vm_fault_t probe_fault(struct vm_fault *vmf)
{
	unsigned long index = vmf->pgoff & 0x7f;

	atomic_inc(&faults);
	if (slow_faults)
		probe_wait(PROBE_UNINTERRUPTIBLE);
	if (removed || index >= PROBE_FAULT_PAGES)
		return VM_FAULT_SIGBUS;
	get_page(pages[index]);
	vmf->page = pages[index];
	return 0;
}

static vm_fault_t probe_notified_fault(struct vm_fault *vmf)
{
	unsigned long index = vmf->pgoff & 0x7f;

	atomic_inc(&faults);
	if (removed || index >= PROBE_FAULT_PAGES)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address,
			      page_to_pfn(pages[index]));
}

static vm_fault_t probe_mkwrite(struct vm_fault *vmf)
{
	atomic_inc(&first_stores);
	return 0;
}

static const struct vm_operations_struct probe_buffer_ops = {
	.open = probe_vm_open,
	.close = probe_vm_close,
};

static const struct vm_operations_struct probe_fault_ops = {
	.open = probe_vm_open,
	.close = probe_vm_close,
	.fault = probe_fault,
};

static const struct vm_operations_struct probe_notified_ops = {
	.open = probe_vm_open,
	.close = probe_vm_close,
	.fault = probe_notified_fault,
	.pfn_mkwrite = probe_mkwrite,
};

static int probe_mmap_buffer(struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	int err;

	if (vma->vm_pgoff >= PROBE_BUFFER_PAGES ||
	    size > (PROBE_BUFFER_PAGES - vma->vm_pgoff) << PAGE_SHIFT)
		return -EINVAL;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	err = remap_pfn_range(vma, vma->vm_start,
			      (virt_to_phys(buffer) >> PAGE_SHIFT) +
				      vma->vm_pgoff,
			      size, vma->vm_page_prot);
	if (err)
		return err;
	vma->vm_ops = &probe_buffer_ops;
	return 0;
}

static int probe_mmap(struct file *file, struct vm_area_struct *vma)
{
	int err = 0;

	if (vma->vm_pgoff < PROBE_FAULTS) {
		err = probe_mmap_buffer(vma);
	} else if (vma->vm_pgoff < PROBE_NOTIFIED) {
		vma->vm_ops = &probe_fault_ops;
	} else if (vma->vm_pgoff < PROBE_REGISTERS) {
		if (!(vma->vm_flags & VM_SHARED))
			return -EINVAL;
		vma->vm_flags |= VM_PFNMAP;
		vma->vm_ops = &probe_notified_ops;
	} else if (regs) {
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
		err = io_remap_pfn_range(vma, vma->vm_start, regs >> PAGE_SHIFT,
					 PAGE_SIZE, vma->vm_page_prot);
		vma->vm_ops = &probe_buffer_ops;
	} else {
		err = -ENXIO;
	}
	if (!err)
		atomic_inc(&mappings);
	return err;
}

static int probe_open(struct inode *inode, struct file *file)
{
	mapping = inode->i_mapping;
	atomic_inc(&files);
	return 0;
}

static int probe_release(struct inode *inode, struct file *file)
{
	atomic_dec(&files);
	return 0;
}

static ssize_t probe_read(struct file *file, char __user *to, size_t count,
			  loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, buffer,
				       PROBE_BUFFER_PAGES * PAGE_SIZE);
}

static ssize_t probe_write(struct file *file, const char __user *from,
			   size_t count, loff_t *pos)
{
	return simple_write_to_buffer(buffer, PROBE_BUFFER_PAGES * PAGE_SIZE,
				      pos, from, count);
}

static loff_t probe_llseek(struct file *file, loff_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence,
				 PROBE_BUFFER_PAGES * PAGE_SIZE);
}

/* Readable when the first byte of the buffer is not zero; always writable. */
static __poll_t probe_poll(struct file *file, struct poll_table_struct *wait)
{
	poll_wait(file, &wakes_queue, wait);
	return EPOLLOUT | EPOLLWRNORM |
	       (*(char *)buffer ? EPOLLIN | EPOLLRDNORM : 0);
}

static long probe_word(unsigned int cmd, void __user *arg)
{
	struct probe_word word;

	if (copy_from_user(&word, arg, sizeof(word)))
		return -EFAULT;
	if (word.offset > PROBE_BUFFER_PAGES * PAGE_SIZE - 8)
		return -EINVAL;
	if (cmd == PROBE_SET_WORD) {
		*(u64 *)(buffer + word.offset) = word.value;
		return 0;
	}
	word.value = *(u64 *)(buffer + word.offset);
	return copy_to_user(arg, &word, sizeof(word)) ? -EFAULT : 0;
}

static long probe_counts(void __user *arg)
{
	struct probe_counts counts = {
		.files = atomic_read(&files),
		.mappings = atomic_read(&mappings),
		.faults = atomic_read(&faults),
		.first_stores = atomic_read(&first_stores),
		.waiting = atomic_read(&waiting),
	};

	return copy_to_user(arg, &counts, sizeof(counts)) ? -EFAULT : 0;
}

static const struct file_operations probe_fops;

static long probe_second(void)
{
	static struct miscdevice second = {
		.minor = MISC_DYNAMIC_MINOR,
		.name = "drydock_probe",
		.fops = &probe_fops,
	};
	int err = misc_register(&second);

	if (!err)
		misc_deregister(&second);
	return err;
}

static long probe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case PROBE_COUNTS:
		return probe_counts((void __user *)arg);
	case PROBE_SET_WORD:
	case PROBE_GET_WORD:
		return probe_word(cmd, (void __user *)arg);
	case PROBE_ZAP:
		unmap_mapping_range(mapping, 0, PROBE_BUFFER_PAGES * PAGE_SIZE,
				    1);
		return 0;
	case PROBE_OOPS:
		*nowhere = 1;
		return 0;
	case PROBE_BUG:
		BUG();
		return 0;
	case PROBE_UNMODELLED:
		return bus_register(NULL);
	case PROBE_SECOND:
		return probe_second();
	case PROBE_REMOVE:
		removed = true;
		unmap_mapping_range(mapping, 0, 0, 1);
		return 0;
	case PROBE_WAIT:
		return probe_wait(arg);
	case PROBE_WAKE:
		wakes++;
		wake_up_all(&wakes_queue);
		return 0;
	case PROBE_SLEEP:
		msleep(arg);
		return 0;
	case PROBE_SLOW_FAULTS:
		slow_faults = arg;
		return 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations probe_fops = {
	.owner = THIS_MODULE,
	.open = probe_open,
	.release = probe_release,
	.read = probe_read,
	.write = probe_write,
	.llseek = probe_llseek,
	.poll = probe_poll,
	.unlocked_ioctl = probe_ioctl,
	.mmap = probe_mmap,
};

static struct miscdevice probe_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "drydock_probe",
	.fops = &probe_fops,
	.mode = 0640,
};

static void probe_free(void)
{
	int i;

	for (i = 0; i < PROBE_FAULT_PAGES; i++)
		if (pages[i])
			__free_page(pages[i]);
	free_pages_exact(buffer, PROBE_BUFFER_PAGES * PAGE_SIZE);
}

static int __init probe_init(void)
{
	int err = -ENOMEM;
	int i;

	buffer = alloc_pages_exact(PROBE_BUFFER_PAGES * PAGE_SIZE,
				   GFP_KERNEL | __GFP_ZERO);
	if (!buffer)
		return -ENOMEM;
	for (i = 0; i < PROBE_FAULT_PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i])
			goto free;
		*(u32 *)page_address(pages[i]) = i;
	}
	err = misc_register(&probe_misc);
	if (err)
		goto free;
	pr_info("drydock_probe: here\n");
	return 0;
free:
	probe_free();
	return err;
}

static void __exit probe_exit(void)
{
	misc_deregister(&probe_misc);
	probe_free();
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("Driver of live mode's tests");
MODULE_LICENSE("GPL");
