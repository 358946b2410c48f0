// SPDX-License-Identifier: GPL-2.0
/* Driver code of one call each, for shim_test.cc. */
#include "mocks/shims/shim_test_driver.h"

#include <asm/unaligned.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/pagemap.h>
#include <linux/pfn_t.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static DEFINE_MUTEX(drv_mutex);
static DEFINE_SPINLOCK(drv_spinlock);
static DECLARE_WAIT_QUEUE_HEAD(drv_queue);
static DECLARE_COMPLETION(drv_done);
static const struct file_operations drv_fops = {.owner = THIS_MODULE};

int drv_remap(struct vm_area_struct *vma, unsigned long pfn) {
  return remap_pfn_range(vma, vma->vm_start, pfn, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

int drv_iomap(struct vm_area_struct *vma, unsigned long long phys, unsigned long len) {
  return vm_iomap_memory(vma, phys, len);
}

unsigned int drv_fault_page(struct vm_area_struct *vma, struct page *page) {
  return vmf_insert_page(vma, vma->vm_start, page);
}

int drv_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long count) {
  return vm_map_pages(vma, pages, count);
}

int drv_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long count) {
  return vm_map_pages_zero(vma, pages, count);
}

int drv_insert_pages(struct vm_area_struct *vma, struct page **pages, unsigned long *count) {
  return vm_insert_pages(vma, vma->vm_start, pages, count);
}

int drv_remap_vmalloc(struct vm_area_struct *vma, void *address) {
  return remap_vmalloc_range(vma, address, vma->vm_pgoff);
}

unsigned int drv_insert_mixed(struct vm_area_struct *vma, unsigned long pfn, int write) {
  pfn_t frame = __pfn_to_pfn_t(pfn, PFN_DEV);

  if (write) return vmf_insert_mixed_mkwrite(vma, vma->vm_start, frame);
  return vmf_insert_mixed(vma, vma->vm_start, frame);
}

int drv_dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, unsigned long size,
                       struct page *page) {
  return dma_mmap_pages(dev, vma, size, page);
}

unsigned long long drv_dma_map(struct device *dev, void *buffer, unsigned long size) {
  dma_addr_t dma = dma_map_single(dev, buffer, size, DMA_TO_DEVICE);

  return dma_mapping_error(dev, dma) ? 0 : dma;
}

int drv_dma_map_sgtable(struct device *dev, struct sg_table *table) {
  return dma_map_sgtable(dev, table, DMA_FROM_DEVICE, 0);
}

unsigned int drv_dma_map_sg(struct device *dev, struct scatterlist *list, int count) {
  return dma_map_sg(dev, list, count, DMA_FROM_DEVICE);
}

void *drv_dma_pool_zalloc(struct dma_pool *pool, unsigned long long *handle) {
  return dma_pool_zalloc(pool, GFP_KERNEL, handle);
}

int drv_sg_alloc(struct sg_table *table, unsigned int count) {
  return sg_alloc_table(table, count, GFP_KERNEL);
}

unsigned int drv_sg_walk(struct sg_table *table) {
  struct scatterlist *sg;
  unsigned int i, length = 0;

  for_each_sgtable_sg(table, sg, i) length += sg->length = 1;
  return sg ? 0 : length;
}

void drv_sg_free(struct sg_table *table) { sg_free_table(table); }

int drv_sg_from_pages(struct sg_table *table, struct page **pages, unsigned int count,
                      unsigned int offset, unsigned long size) {
  return sg_alloc_table_from_pages(table, pages, count, offset, size, GFP_KERNEL);
}

void drv_unmap_pages(struct address_space *mapping) { unmap_mapping_pages(mapping, 3, 4, true); }

unsigned long drv_writethrough(struct vm_area_struct *vma) {
  return pgprot_val(pgprot_writethrough(vma->vm_page_prot));
}

int drv_page_count(struct page *page) { return page_count(page); }

unsigned long drv_noncached(struct vm_area_struct *vma) {
  return pgprot_val(pgprot_noncached(vma->vm_page_prot));
}

void *drv_kzalloc(unsigned long size) { return kzalloc(size, GFP_KERNEL); }

void *drv_kmalloc_array(unsigned long n, unsigned long size) {
  return kmalloc_array(n, size, GFP_ATOMIC);
}

void drv_kfree(void *object) { kfree(object); }

unsigned long drv_get_free_pages(unsigned int order) { return __get_free_pages(GFP_KERNEL, order); }

void *drv_page_address(struct page *page) { return page_address(page); }

unsigned long long drv_virt_to_phys(void *address) { return virt_to_phys(address); }

void *drv_vmalloc_user(unsigned long size) { return vmalloc_user(size); }

void *drv_dma_alloc(struct device *dev, unsigned long size, unsigned long long *handle) {
  return dma_alloc_coherent(dev, size, handle, GFP_KERNEL);
}

int drv_dma_mmap(struct device *dev, struct vm_area_struct *vma, void *cpu,
                 unsigned long long handle, unsigned long size) {
  return dma_mmap_coherent(dev, vma, cpu, handle, size);
}

long drv_read(void *to, unsigned long count, long long *pos) {
  static const char text[] = "0123456789";

  return simple_read_from_buffer(to, count, pos, text, sizeof(text) - 1);
}

int drv_get_user(const int *from, int *out) { return get_user(*out, from); }

int drv_put_user(int value, int *to) { return put_user(value, to); }

int drv_ioremap_read(unsigned long long phys) {
  void __iomem *regs = ioremap(phys, 0x100);

  if (!regs) return -ENOMEM;
  writel(5, regs + 8);
  return readl(regs + 4);
}

int drv_register_chrdev(void) { return register_chrdev(0, "drv", &drv_fops); }

int drv_misc(struct miscdevice *misc) { return misc_register(misc); }
struct cdev *drv_cdev_alloc(void) { return cdev_alloc(); }

void *drv_devm_ioremap_resource(struct device *dev, const struct resource *res) {
  return devm_ioremap_resource(dev, res);
}

int drv_read_cell(const struct device_node *node, unsigned int *out) {
  return of_property_read_u32(node, "reg-shift", out);
}

void drv_lock_twice_over(void) {
  mutex_lock(&drv_mutex);
  mutex_unlock(&drv_mutex);
}

void drv_spin(void) {
  unsigned long flags;

  spin_lock_irqsave(&drv_spinlock, flags);
  spin_unlock_irqrestore(&drv_spinlock, flags);
}

int drv_wait_for_nothing(void) { return wait_event_interruptible(drv_queue, 0); }

long drv_wait_timeout(int *done, long timeout) {
  return wait_event_interruptible_timeout(drv_queue, *done, timeout);
}

void drv_wake(unsigned int events) { wake_up_interruptible_poll(&drv_queue, events); }

int drv_wait_completion(void) { return wait_for_completion_interruptible(&drv_done); }

void drv_complete(void) { complete(&drv_done); }

int drv_lock_interruptible(void) { return mutex_lock_interruptible(&drv_mutex); }

void drv_lock_page(struct page *page) { lock_page(page); }

int drv_lock_page_killable(struct page *page) { return lock_page_killable(page); }

void drv_unlock_page(struct page *page) { unlock_page(page); }

void drv_hold_inode(struct inode *inode) { ihold(inode); }

void drv_put_inode(struct inode *inode) { iput(inode); }

unsigned int drv_unaligned(unsigned char *at, unsigned int value) {
  put_unaligned_le32(value, at + 1);
  put_unaligned_be16(get_unaligned_le16(at + 1), at + 5);
  return get_unaligned_be32(at + 1);
}

void drv_msleep(void) { msleep(3); }

void drv_delay(void) {
  udelay(5);
  cpu_relax();
}

int drv_in_irq(void) { return in_hardirq() != 0; }

static void drv_on_timer(struct timer_list *timer) {}
static struct timer_list drv_timer;

int drv_arm(unsigned long expires) {
  timer_setup(&drv_timer, drv_on_timer, 0);
  return mod_timer(&drv_timer, expires);
}

static enum hrtimer_restart drv_on_hrtimer(struct hrtimer *timer) { return HRTIMER_NORESTART; }
static struct hrtimer drv_hrtimer;

unsigned long long drv_hrtimer_forward(long long now) {
  hrtimer_init(&drv_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
  drv_hrtimer.function = drv_on_hrtimer;
  drv_hrtimer.expires = 100;
  return hrtimer_forward(&drv_hrtimer, now, 30);
}

static void drv_on_work(struct work_struct *work) {}
static DECLARE_DELAYED_WORK(drv_work, drv_on_work);

int drv_schedule(void) {
  return schedule_work(&drv_work.work) + schedule_delayed_work(&drv_work, 7);
}

static irqreturn_t drv_on_irq(int irq, void *data) { return IRQ_HANDLED; }

int drv_request_irq(unsigned int irq, void *data) {
  return request_irq(irq, drv_on_irq, IRQF_SHARED, "drv", data);
}

void drv_printk(int value) { pr_info("value %d\n", value); }

int drv_snprintf(char *to, unsigned long size, int value) {
  return snprintf(to, size, "%d", value);
}

void drv_bug_on(int bad) { BUG_ON(bad); }

int drv_warn_on(int bad) { return WARN_ON(bad); }

int drv_stub(void) { return kthread_stop(NULL); }

void *drv_memcpy(void *to, const void *from, unsigned long n) { return memcpy(to, from, n); }

const char *drv_kstrdup(const char *s) { return kstrdup(s, GFP_KERNEL); }

int drv_capable(void) { return capable(CAP_SYS_ADMIN); }

static int __init drv_init(void) { return 0; }

static void __exit drv_exit(void) {}

static int drv_count = 3;
module_param(drv_count, int, 0444);
module_init(drv_init) module_exit(drv_exit) MODULE_LICENSE("GPL");
