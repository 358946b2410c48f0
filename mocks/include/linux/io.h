/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device memory: mapping it for the kernel, and the accessors. Each access
 * crosses the seam; a bare dereference of an __iomem pointer faults.
 */
#ifndef _LINUX_IO_H
#define _LINUX_IO_H

#include <linux/kernel.h>
#include <linux/err.h>
#include <asm/page.h>
#include <linux/ioport.h>

void __iomem *ioremap(resource_size_t phys, unsigned long size);
void __iomem *ioremap_wc(resource_size_t phys, unsigned long size);
void __iomem *ioremap_wt(resource_size_t phys, unsigned long size);
void __iomem *ioremap_uc(resource_size_t phys, unsigned long size);
void __iomem *ioremap_cache(resource_size_t phys, unsigned long size);
#define ioremap_np(phys, size) ioremap(phys, size)
#define ioremap_nocache(phys, size) ioremap(phys, size)
void iounmap(volatile void __iomem *address);
void *memremap(resource_size_t phys, size_t size, unsigned long flags);
void memunmap(void *address);
void __iomem *devm_ioremap(struct device *dev, resource_size_t phys,
			   resource_size_t size);
void __iomem *devm_ioremap_wc(struct device *dev, resource_size_t phys,
			      resource_size_t size);
void __iomem *devm_ioremap_uc(struct device *dev, resource_size_t phys,
			      resource_size_t size);
void devm_iounmap(struct device *dev, void __iomem *address);
void *devm_memremap(struct device *dev, resource_size_t phys, size_t size,
		    unsigned long flags);
void devm_memunmap(struct device *dev, void *address);
int arch_phys_wc_add(unsigned long base, unsigned long size);
void arch_phys_wc_del(int handle);
int arch_io_reserve_memtype_wc(resource_size_t start, resource_size_t size);
void arch_io_free_memtype_wc(resource_size_t start, resource_size_t size);

u64 drydock_mmio_read(const volatile void __iomem *address, unsigned int size);
void drydock_mmio_write(volatile void __iomem *address, u64 value,
			unsigned int size);

#define readb(p) ((u8)drydock_mmio_read((p), 1))
#define readw(p) ((u16)drydock_mmio_read((p), 2))
#define readl(p) ((u32)drydock_mmio_read((p), 4))
#define readq(p) ((u64)drydock_mmio_read((p), 8))
#define writeb(v, p) drydock_mmio_write((p), (u8)(v), 1)
#define writew(v, p) drydock_mmio_write((p), (u16)(v), 2)
#define writel(v, p) drydock_mmio_write((p), (u32)(v), 4)
#define writeq(v, p) drydock_mmio_write((p), (u64)(v), 8)
#define readb_relaxed(p) readb(p)
#define readw_relaxed(p) readw(p)
#define readl_relaxed(p) readl(p)
#define readq_relaxed(p) readq(p)
#define writeb_relaxed(v, p) writeb(v, p)
#define writew_relaxed(v, p) writew(v, p)
#define writel_relaxed(v, p) writel(v, p)
#define writeq_relaxed(v, p) writeq(v, p)
#define __raw_readb(p) readb(p)
#define __raw_readw(p) readw(p)
#define __raw_readl(p) readl(p)
#define __raw_readq(p) readq(p)
#define __raw_writeb(v, p) writeb(v, p)
#define __raw_writew(v, p) writew(v, p)
#define __raw_writel(v, p) writel(v, p)
#define __raw_writeq(v, p) writeq(v, p)

unsigned int ioread8(const void __iomem *address);
unsigned int ioread16(const void __iomem *address);
unsigned int ioread32(const void __iomem *address);
unsigned int ioread16be(const void __iomem *address);
unsigned int ioread32be(const void __iomem *address);
void iowrite8(u8 value, void __iomem *address);
void iowrite16(u16 value, void __iomem *address);
void iowrite32(u32 value, void __iomem *address);
void iowrite16be(u16 value, void __iomem *address);
void iowrite32be(u32 value, void __iomem *address);
#define ioread64(p) readq(p)
#define iowrite64(v, p) writeq(v, p)
void memcpy_fromio(void *to, const volatile void __iomem *from, size_t n);
void memcpy_toio(volatile void __iomem *to, const void *from, size_t n);
void memset_io(volatile void __iomem *to, int value, size_t n);

/*
 * Waits until cond is true: 0, or -ETIMEDOUT with the last value read. Time is
 * simulated, so a delay of 0 counts as one microsecond.
 */
#define read_poll_timeout(op, val, cond, sleep_us, timeout_us, sleep_before, \
			  args...)                                           \
	({                                                                   \
		u64 __drydock_until = (timeout_us);                          \
		u64 __drydock_past = 0;                                      \
		if (sleep_before)                                            \
			usleep_range((sleep_us) / 4 + 1, (sleep_us) + 1);    \
		for (;;) {                                                   \
			(val) = op(args);                                    \
			if ((cond) || __drydock_past > __drydock_until)      \
				break;                                       \
			usleep_range((sleep_us) + 1, (sleep_us) + 1);        \
			__drydock_past += (sleep_us) + 1;                    \
		}                                                            \
		(cond) ? 0 : -ETIMEDOUT;                                     \
	})
#define readl_poll_timeout(address, val, cond, sleep_us, timeout_us)     \
	read_poll_timeout(readl, val, cond, sleep_us, timeout_us, false, \
			  address)

#include <linux/jiffies.h>

#endif
