/* SPDX-License-Identifier: GPL-2.0 */
/* Claims on physical address ranges. */
#ifndef _LINUX_IOPORT_H
#define _LINUX_IOPORT_H

#include <linux/types.h>
#include <drydock/flags.h>

extern struct resource iomem_resource;
extern struct resource ioport_resource;

#define DEFINE_RES_NAMED(first, size, res_name, res_flags) \
	{ .start = (first),                                \
	  .end = (first) + (size) - 1,                     \
	  .name = (res_name),                              \
	  .flags = (res_flags) }
#define DEFINE_RES_MEM(first, size) \
	DEFINE_RES_NAMED(first, size, NULL, IORESOURCE_MEM)
#define DEFINE_RES_MEM_NAMED(first, size, name) \
	DEFINE_RES_NAMED(first, size, name, IORESOURCE_MEM)
#define DEFINE_RES_IO(first, size) \
	DEFINE_RES_NAMED(first, size, NULL, IORESOURCE_IO)
#define DEFINE_RES_IRQ(irq) DEFINE_RES_NAMED(irq, 1, NULL, IORESOURCE_IRQ)

static inline resource_size_t resource_size(const struct resource *res)
{
	return res->end - res->start + 1;
}

static inline unsigned long resource_type(const struct resource *res)
{
	return res->flags & IORESOURCE_TYPE_BITS;
}

static inline bool resource_contains(struct resource *outer,
				     struct resource *inner)
{
	return resource_type(outer) == resource_type(inner) &&
	       outer->start <= inner->start && inner->end <= outer->end;
}

struct resource *__request_region(struct resource *parent,
				  resource_size_t start, resource_size_t n,
				  const char *name, int flags);
void __release_region(struct resource *parent, resource_size_t start,
		      resource_size_t n);
struct resource *__devm_request_region(struct device *dev,
				       struct resource *parent,
				       resource_size_t start, resource_size_t n,
				       const char *name);
void __devm_release_region(struct device *dev, struct resource *parent,
			   resource_size_t start, resource_size_t n);
#define request_mem_region(start, n, name) \
	__request_region(&iomem_resource, start, n, name, 0)
#define request_mem_region_exclusive(start, n, name) \
	__request_region(&iomem_resource, start, n, name, IORESOURCE_EXCLUSIVE)
#define release_mem_region(start, n) __release_region(&iomem_resource, start, n)
#define request_region(start, n, name) \
	__request_region(&ioport_resource, start, n, name, 0)
#define release_region(start, n) __release_region(&ioport_resource, start, n)
#define devm_request_mem_region(dev, start, n, name) \
	__devm_request_region(dev, &iomem_resource, start, n, name)
#define devm_release_mem_region(dev, start, n) \
	__devm_release_region(dev, &iomem_resource, start, n)

#endif
