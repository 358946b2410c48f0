/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that nothing can enumerate, and their drivers. */
#ifndef _LINUX_PLATFORM_DEVICE_H
#define _LINUX_PLATFORM_DEVICE_H

#include <linux/device.h>
#include <linux/mod_devicetable.h>

#define PLATFORM_DEVID_NONE (-1)
#define PLATFORM_DEVID_AUTO (-2)
#define PROBE_DEFAULT_STRATEGY 0
#define PROBE_PREFER_ASYNCHRONOUS 1
#define PROBE_FORCE_SYNCHRONOUS 2
#define to_platform_device(x) container_of((x), struct platform_device, dev)
#define to_platform_driver(x) container_of((x), struct platform_driver, driver)

struct platform_device_info {
	struct device *parent;
	struct fwnode_handle *fwnode;
	const char *name;
	int id;
	const struct resource *res;
	unsigned int num_res;
	const void *data;
	size_t size_data;
	u64 dma_mask;
};

int __platform_driver_register(struct platform_driver *drv,
			       struct module *owner);
void platform_driver_unregister(struct platform_driver *drv);
int __platform_driver_probe(struct platform_driver *drv,
			    int (*probe)(struct platform_device *pdev),
			    struct module *owner);
#define platform_driver_register(drv) \
	__platform_driver_register(drv, THIS_MODULE)
#define platform_driver_probe(drv, probe) \
	__platform_driver_probe(drv, probe, THIS_MODULE)

struct platform_device *platform_device_alloc(const char *name, int id);
int platform_device_add_resources(struct platform_device *pdev,
				  const struct resource *res,
				  unsigned int count);
int platform_device_add_data(struct platform_device *pdev, const void *data,
			     size_t size);
int platform_device_add(struct platform_device *pdev);
void platform_device_del(struct platform_device *pdev);
void platform_device_put(struct platform_device *pdev);
int platform_device_register(struct platform_device *pdev);
void platform_device_unregister(struct platform_device *pdev);
struct platform_device *
platform_device_register_full(const struct platform_device_info *info);

struct resource *platform_get_resource(struct platform_device *pdev,
				       unsigned int type, unsigned int index);
struct resource *platform_get_resource_byname(struct platform_device *pdev,
					      unsigned int type,
					      const char *name);
int platform_get_irq(struct platform_device *pdev, unsigned int index);
int platform_get_irq_optional(struct platform_device *pdev, unsigned int index);
void __iomem *devm_platform_ioremap_resource(struct platform_device *pdev,
					     unsigned int index);
void __iomem *
devm_platform_ioremap_resource_byname(struct platform_device *pdev,
				      const char *name);
void __iomem *
devm_platform_get_and_ioremap_resource(struct platform_device *pdev,
				       unsigned int index,
				       struct resource **res);

static inline struct platform_device *
platform_device_register_resndata(struct device *parent, const char *name,
				  int id, const struct resource *res,
				  unsigned int count, const void *data,
				  size_t size)
{
	const struct platform_device_info info = {
		.parent = parent,
		.name = name,
		.id = id,
		.res = res,
		.num_res = count,
		.data = data,
		.size_data = size,
	};

	return platform_device_register_full(&info);
}

static inline struct platform_device *
platform_device_register_simple(const char *name, int id,
				const struct resource *res, unsigned int count)
{
	return platform_device_register_resndata(NULL, name, id, res, count,
						 NULL, 0);
}

static inline struct platform_device *
platform_device_register_data(struct device *parent, const char *name, int id,
			      const void *data, size_t size)
{
	return platform_device_register_resndata(parent, name, id, NULL, 0,
						 data, size);
}

static inline void *platform_get_drvdata(const struct platform_device *pdev)
{
	return dev_get_drvdata(&pdev->dev);
}

static inline void platform_set_drvdata(struct platform_device *pdev,
					void *data)
{
	dev_set_drvdata(&pdev->dev, data);
}

#define platform_get_device_id(pdev) ((pdev)->id_entry)

#define module_platform_driver(drv)                          \
	DRYDOCK_MODULE_DRIVER(drv, platform_driver_register, \
			      platform_driver_unregister)
#define builtin_platform_driver(drv)                     \
	static int __init drv##_init(void)               \
	{                                                \
		return platform_driver_register(&(drv)); \
	}                                                \
	device_initcall(drv##_init)
#define module_platform_driver_probe(drv, probe_fn)                 \
	static int __init drv##_init(void)                          \
	{                                                           \
		return platform_driver_probe(&(drv), probe_fn);     \
	}                                                           \
	module_init(drv##_init) static void __exit drv##_exit(void) \
	{                                                           \
		platform_driver_unregister(&(drv));                 \
	}                                                           \
	module_exit(drv##_exit)

#endif
