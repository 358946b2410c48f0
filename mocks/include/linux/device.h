/* SPDX-License-Identifier: GPL-2.0 */
/* The device model: devices, classes, attributes, and what a device owns (devres). */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/refcount.h>
#include <linux/ioport.h>
#include <linux/stat.h>

struct attribute {
	const char *name;
	umode_t mode;
};

struct bin_attribute;

struct attribute_group {
	const char *name;
	umode_t (*is_visible)(struct kobject *kobj, struct attribute *attr,
			      int index);
	umode_t (*is_bin_visible)(struct kobject *kobj,
				  struct bin_attribute *attr, int index);
	struct attribute **attrs;
	struct bin_attribute **bin_attrs;
};

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr,
			char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count);
};

struct driver_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device_driver *driver, char *buf);
	ssize_t (*store)(struct device_driver *driver, const char *buf,
			 size_t count);
};

#define __ATTR(file, file_mode, show_fn, store_fn)                    \
	{ .attr = { .name = __stringify(file), .mode = (file_mode) }, \
	  .show = (show_fn),                                          \
	  .store = (store_fn) }
#define __ATTR_RO(file) __ATTR(file, 0444, file##_show, NULL)
#define __ATTR_RW(file) __ATTR(file, 0644, file##_show, file##_store)
#define __ATTR_WO(file) __ATTR(file, 0200, NULL, file##_store)
#define DEVICE_ATTR(file, mode, show, store)      \
	struct device_attribute dev_attr_##file = \
		__ATTR(file, mode, show, store)
#define DEVICE_ATTR_RO(file) \
	struct device_attribute dev_attr_##file = __ATTR_RO(file)
#define DEVICE_ATTR_RW(file) \
	struct device_attribute dev_attr_##file = __ATTR_RW(file)
#define DEVICE_ATTR_WO(file) \
	struct device_attribute dev_attr_##file = __ATTR_WO(file)
#define DRIVER_ATTR_RO(file) \
	struct driver_attribute driver_attr_##file = __ATTR_RO(file)
#define DRIVER_ATTR_RW(file) \
	struct driver_attribute driver_attr_##file = __ATTR_RW(file)
#define __ATTRIBUTE_GROUPS(stem)                                 \
	static const struct attribute_group *stem##_groups[] = { \
		&stem##_group, NULL                              \
	}
#define ATTRIBUTE_GROUPS(stem)                               \
	static const struct attribute_group stem##_group = { \
		.attrs = stem##_attrs                        \
	};                                                   \
	__ATTRIBUTE_GROUPS(stem)

__printf(2, 3) int sysfs_emit(char *buf, const char *fmt, ...);
__printf(3, 4) int sysfs_emit_at(char *buf, int at, const char *fmt, ...);
int sysfs_create_group(struct kobject *kobj,
		       const struct attribute_group *group);
void sysfs_remove_group(struct kobject *kobj,
			const struct attribute_group *group);
int sysfs_create_file_ns(struct kobject *kobj, const struct attribute *attr,
			 const void *ns);
void sysfs_remove_file_ns(struct kobject *kobj, const struct attribute *attr,
			  const void *ns);
#define sysfs_create_file(kobj, attr) sysfs_create_file_ns(kobj, attr, NULL)
#define sysfs_remove_file(kobj, attr) sysfs_remove_file_ns(kobj, attr, NULL)
int device_create_file(struct device *dev, const struct device_attribute *attr);
void device_remove_file(struct device *dev,
			const struct device_attribute *attr);

struct kobject *kobject_get(struct kobject *kobj);
void kobject_put(struct kobject *kobj);

static inline const char *kobject_name(const struct kobject *kobj)
{
	return kobj->name;
}

/* Classes. The first argument went away in 6.4. */
#if DRYDOCK_PROFILE_NUMBER < 604
struct class *__class_create(struct module *owner, const char *name,
			     struct lock_class_key *key);
#define class_create(owner, name) __class_create((owner), (name), NULL)
int __class_register(struct class *cls, struct lock_class_key *key);
#define class_register(cls) __class_register((cls), NULL)
#else
struct class *class_create(const char *name);
int class_register(struct class *cls);
#endif
void class_unregister(struct class *cls);
void class_destroy(struct class *cls);

/* Devices. */
__printf(5, 6) struct device *device_create(struct class *cls,
					    struct device *parent, dev_t devt,
					    void *drvdata, const char *fmt,
					    ...);
__printf(6, 7) struct device *device_create_with_groups(
	struct class *cls, struct device *parent, dev_t devt, void *drvdata,
	const struct attribute_group **groups, const char *fmt, ...);
void device_destroy(struct class *cls, dev_t devt);
void device_initialize(struct device *dev);
int __must_check device_add(struct device *dev);
void device_del(struct device *dev);
int __must_check device_register(struct device *dev);
void device_unregister(struct device *dev);
struct device *get_device(struct device *dev);
void put_device(struct device *dev);
__printf(2, 3) int dev_set_name(struct device *dev, const char *fmt, ...);
int driver_register(struct device_driver *drv);
void driver_unregister(struct device_driver *drv);
int bus_register(struct bus_type *bus);
void bus_unregister(struct bus_type *bus);

static inline const char *dev_name(const struct device *dev)
{
	return dev->init_name ? dev->init_name : dev->kobj.name;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

static inline void *dev_get_platdata(const struct device *dev)
{
	return dev->platform_data;
}

static inline int dev_to_node(struct device *dev)
{
	return NUMA_NO_NODE;
}

#define kobj_to_dev(k) container_of(k, struct device, kobj)
#define dev_of_node(dev) ((dev)->of_node)
#define dev_fwnode(dev) ((dev)->fwnode)

/*
 * What a device owns is given back, newest first, when its driver is unbound or
 * its probe fails.
 */
void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp) __malloc;
void devm_kfree(struct device *dev, const void *object);
char *devm_kstrdup(struct device *dev, const char *s, gfp_t gfp) __malloc;
void *devm_kmemdup(struct device *dev, const void *from, size_t n, gfp_t gfp);
__printf(3, 4) char *devm_kasprintf(struct device *dev, gfp_t gfp,
				    const char *fmt, ...);
unsigned long devm_get_free_pages(struct device *dev, gfp_t gfp,
				  unsigned int order);
void devm_free_pages(struct device *dev, unsigned long address);
#if DRYDOCK_PROFILE_NUMBER < 604
int devm_add_action(struct device *dev, void (*action)(void *), void *data);
#else
int __devm_add_action(struct device *dev, void (*action)(void *), void *data,
		      const char *name);
#define devm_add_action(dev, action, data) \
	__devm_add_action(dev, action, data, #action)
#endif
void devm_remove_action(struct device *dev, void (*action)(void *), void *data);
void devm_release_action(struct device *dev, void (*action)(void *),
			 void *data);
void __iomem *devm_ioremap_resource(struct device *dev,
				    const struct resource *res);

static inline void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static inline void *devm_kmalloc_array(struct device *dev, size_t n,
				       size_t size, gfp_t gfp)
{
	size_t bytes;

	return check_mul_overflow(n, size, &bytes)
		       ? NULL
		       : devm_kmalloc(dev, bytes, gfp);
}

static inline void *devm_kcalloc(struct device *dev, size_t n, size_t size,
				 gfp_t gfp)
{
	return devm_kmalloc_array(dev, n, size, gfp | __GFP_ZERO);
}

/* On failure the action has already run. */
static inline int devm_add_action_or_reset(struct device *dev,
					   void (*action)(void *), void *data)
{
	int err = devm_add_action(dev, action, data);

	if (err)
		action(data);
	return err;
}

typedef void (*dr_release_t)(struct device *dev, void *res);
void *__devres_alloc_node(dr_release_t release, size_t size, gfp_t gfp,
			  int node, const char *name);
#define devres_alloc(release, size, gfp) \
	__devres_alloc_node(release, size, gfp, NUMA_NO_NODE, #release)
void devres_free(void *res);
void devres_add(struct device *dev, void *res);

#include <linux/pm.h>

#endif
