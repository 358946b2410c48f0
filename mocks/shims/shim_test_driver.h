/* SPDX-License-Identifier: GPL-2.0 */
/* Calls into driver C, one for each family of shims; for shim_test.cc. Valid in C and C++. */
#ifndef DRYDOCK_MOCKS_SHIMS_SHIM_TEST_DRIVER_H
#define DRYDOCK_MOCKS_SHIMS_SHIM_TEST_DRIVER_H

#ifdef __cplusplus
extern "C" {
#endif

struct cdev;
struct device;
struct device_node;
struct dma_pool;
struct file;
struct inode;
struct miscdevice;
struct page;
struct platform_device;
struct resource;
struct scatterlist;
struct sg_table;
struct address_space;
struct vm_area_struct;

int drv_remap(struct vm_area_struct *vma, unsigned long pfn);
int drv_iomap(struct vm_area_struct *vma, unsigned long long phys, unsigned long len);
unsigned int drv_fault_page(struct vm_area_struct *vma, struct page *page);
int drv_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long count);
int drv_map_pages_zero(struct vm_area_struct *vma, struct page **pages, unsigned long count);
int drv_insert_pages(struct vm_area_struct *vma, struct page **pages, unsigned long *count);
int drv_remap_vmalloc(struct vm_area_struct *vma, void *address);
unsigned int drv_insert_mixed(struct vm_area_struct *vma, unsigned long pfn, int write);
int drv_dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, unsigned long size,
                       struct page *page);
unsigned long long drv_dma_map(struct device *dev, void *buffer, unsigned long size);
int drv_dma_map_sgtable(struct device *dev, struct sg_table *table);
unsigned int drv_dma_map_sg(struct device *dev, struct scatterlist *list, int count);
void *drv_dma_pool_zalloc(struct dma_pool *pool, unsigned long long *handle);
int drv_sg_alloc(struct sg_table *table, unsigned int count);
unsigned int drv_sg_walk(struct sg_table *table);
void drv_sg_free(struct sg_table *table);
int drv_sg_from_pages(struct sg_table *table, struct page **pages, unsigned int count,
                      unsigned int offset, unsigned long size);
void drv_unmap_pages(struct address_space *mapping);
unsigned long drv_writethrough(struct vm_area_struct *vma);
int drv_page_count(struct page *page);
unsigned long drv_noncached(struct vm_area_struct *vma);
void *drv_kzalloc(unsigned long size);
void *drv_kmalloc_array(unsigned long n, unsigned long size);
void drv_kfree(void *object);
unsigned long drv_get_free_pages(unsigned int order);
void *drv_page_address(struct page *page);
unsigned long long drv_virt_to_phys(void *address);
void *drv_vmalloc_user(unsigned long size);
void *drv_dma_alloc(struct device *dev, unsigned long size, unsigned long long *handle);
int drv_dma_mmap(struct device *dev, struct vm_area_struct *vma, void *cpu,
                 unsigned long long handle, unsigned long size);
long drv_read(void *to, unsigned long count, long long *pos);
int drv_get_user(const int *from, int *out);
int drv_put_user(int value, int *to);
int drv_ioremap_read(unsigned long long phys);
int drv_register_chrdev(void);
int drv_misc(struct miscdevice *misc);
struct cdev *drv_cdev_alloc(void);
void *drv_devm_ioremap_resource(struct device *dev, const struct resource *res);
int drv_read_cell(const struct device_node *node, unsigned int *out);
void drv_lock_twice_over(void);
void drv_spin(void);
int drv_wait_for_nothing(void);
long drv_wait_timeout(int *done, long timeout);
void drv_wake(unsigned int events);
int drv_wait_completion(void);
void drv_complete(void);
int drv_lock_interruptible(void);
void drv_lock_page(struct page *page);
int drv_lock_page_killable(struct page *page);
void drv_unlock_page(struct page *page);
void drv_hold_inode(struct inode *inode);
void drv_put_inode(struct inode *inode);
unsigned int drv_unaligned(unsigned char *at, unsigned int value);
void drv_msleep(void);
void drv_delay(void);
int drv_in_irq(void);
int drv_arm(unsigned long expires);
unsigned long long drv_hrtimer_forward(long long now);
int drv_schedule(void);
int drv_request_irq(unsigned int irq, void *data);
void drv_printk(int value);
int drv_snprintf(char *to, unsigned long size, int value);
void drv_bug_on(int bad);
int drv_warn_on(int bad);
int drv_stub(void);
void *drv_memcpy(void *to, const void *from, unsigned long n);
const char *drv_kstrdup(const char *s);
int drv_capable(void);

#ifdef __cplusplus
}
#endif

#endif
