/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device model's structures that driver code and the emulated kernel share:
 * devices, drivers, resources, character devices, modules, device tree nodes.
 * Valid C11 and C++20; see mm_structs.h for the rules that both files keep.
 */
#ifndef DRYDOCK_DEVICE_STRUCTS_H
#define DRYDOCK_DEVICE_STRUCTS_H

#include "mm_structs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct attribute_group;
struct bus_type;
struct device;
struct device_driver;
struct device_node;
struct fwnode_handle;
struct kernfs_node;
struct of_device_id;
struct platform_device;

struct kref {
	atomic_t refcount;
};

/* What cdev_init() and cdev_alloc() leave in kobj.drydock_state of a cdev. */
#define DRYDOCK_CDEV_INITIALISED 1U
#define DRYDOCK_CDEV_ALLOCATED 2U /* freed by its last put */

struct kobject {
	const char *name;
	struct list_head entry;
	struct kobject *parent;
	const void *ktype;
	struct kref kref;
	unsigned int drydock_state;
};

/**
 * struct module - what THIS_MODULE points to; one is emitted per driver
 * @name: KBUILD_MODNAME
 * @refcount: opens and try_module_get()s that are not given back
 * @state: 0 coming, 1 live, 2 going
 */
struct module {
	const char *name;
	atomic_t refcount;
	int state;
};

struct DRYDOCK_FIELD(class, kclass) {
	const char *name;
	struct module *owner;
	const struct attribute_group **dev_groups;
	char *(*devnode)(struct device *dev, unsigned short *mode);
	void (*dev_release)(struct device *dev);
	void (*class_release)(struct DRYDOCK_FIELD(class, kclass) * cls);
	void *p;
};

struct device_type {
	const char *name;
	const struct attribute_group **groups;
	void (*release)(struct device *dev);
};

struct device {
	struct kobject kobj;
	struct device *parent;
	const char *init_name;
	const struct device_type *type;
	struct bus_type *bus;
	struct device_driver *driver;
	void *platform_data;
	void *driver_data;
	unsigned long long *dma_mask;
	unsigned long long coherent_dma_mask;
	unsigned long long bus_dma_limit;
	struct device_node *of_node;
	struct fwnode_handle *fwnode;
	unsigned int devt; /* the kernel's dev_t */
	unsigned int id;
	struct DRYDOCK_FIELD(class, kclass) * DRYDOCK_FIELD(class, class_);
	const struct attribute_group **groups;
	void (*release)(struct device *dev);
	DRYDOCK_BOOL dma_coherent;
	unsigned char drydock_reserved[3];
	unsigned int drydock_id;
};

struct bus_type {
	const char *name;
	int (*match)(struct device *dev, struct device_driver *drv);
	int (*probe)(struct device *dev);
	void (*remove)(struct device *dev);
};

struct device_driver {
	const char *name;
	struct bus_type *bus;
	struct module *owner;
	const char *mod_name;
	DRYDOCK_BOOL suppress_bind_attrs;
	int probe_type;
	const struct of_device_id *of_match_table;
	const void *acpi_match_table;
	int (*probe)(struct device *dev);
	int (*remove)(struct device *dev);
	void (*shutdown)(struct device *dev);
	const struct attribute_group **groups;
	const struct attribute_group **dev_groups;
	const void *pm;
};

struct resource {
	unsigned long long start; /* first byte, physical address */
	unsigned long long end;	  /* last byte, inclusive */
	const char *name;
	unsigned long flags; /* IORESOURCE_* */
	unsigned long desc;
	struct resource *parent, *sibling, *child;
};

struct platform_device_id {
	char name[24];
	unsigned long driver_data;
};

struct platform_device {
	const char *name;
	int id;
	DRYDOCK_BOOL id_auto;
	struct device dev;
	unsigned long long platform_dma_mask;
	unsigned int num_resources;
	struct resource *resource;
	const struct platform_device_id *id_entry;
	const char *driver_override;
};

/* A platform driver's remove() returns nothing since 6.11; the slot is the same. */
#if defined(__cplusplus) || !defined(DRYDOCK_PROFILE) || DRYDOCK_PROFILE < 611
#define DRYDOCK_PLATFORM_REMOVE int
#else
#define DRYDOCK_PLATFORM_REMOVE void
#endif

struct platform_driver {
	int (*probe)(struct platform_device *pdev);
	DRYDOCK_PLATFORM_REMOVE (*remove)(struct platform_device *pdev);
	void (*remove_new)(struct platform_device *pdev);
	void (*shutdown)(struct platform_device *pdev);
	int (*suspend)(struct platform_device *pdev, int state);
	int (*resume)(struct platform_device *pdev);
	struct device_driver driver;
	const struct platform_device_id *id_table;
	DRYDOCK_BOOL prevent_deferred_probe;
};

struct of_device_id {
	char name[32];
	char type[32];
	char compatible[128];
	const void *data;
};

struct property {
	const char *name;
	int length;  /* bytes */
	void *value; /* big-endian cells or NUL-terminated strings */
	struct property *next;
};

struct fwnode_handle {
	unsigned long drydock_kind;
};

struct device_node {
	const char *name;
	unsigned int phandle;
	unsigned int drydock_id;
	const char *full_name;
	struct fwnode_handle fwnode;
	struct property *properties;
	struct device_node *parent;
	struct device_node *child;
	struct device_node *sibling;
	void *data;
};

struct cdev {
	struct kobject kobj;
	struct module *owner;
	const struct file_operations *ops;
	struct list_head list;
	unsigned int dev; /* the kernel's dev_t */
	unsigned int count;
};

struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	struct list_head list;
	struct device *parent;
	struct device *this_device;
	const struct attribute_group **groups;
	const char *nodename;
	unsigned short mode;
};

/**
 * struct drydock_initcall - the record that module_init() and its kin leave
 * @init: called by the harness as insmod does; may be NULL
 * @exit: called as rmmod does; NULL when the module cannot be unloaded
 * @name: the function's name, for messages
 * @level: 0 early ... 7 late; 6 is module_init
 */
struct drydock_initcall {
	int (*init)(void);
	void (*exit)(void);
	const char *name;
	long level;
};

enum drydock_param_kind {
	DRYDOCK_PARAM_BOOL,
	DRYDOCK_PARAM_INT,
	DRYDOCK_PARAM_UINT,
	DRYDOCK_PARAM_LONG,
	DRYDOCK_PARAM_ULONG,
	DRYDOCK_PARAM_SHORT,
	DRYDOCK_PARAM_USHORT,
	DRYDOCK_PARAM_BYTE,
	DRYDOCK_PARAM_CHARP,
	DRYDOCK_PARAM_STRING,
	DRYDOCK_PARAM_INVBOOL,
	DRYDOCK_PARAM_ULLONG,
};

/**
 * struct drydock_param - the record that module_param() leaves
 * @name: as given on insmod's command line
 * @kind: enum drydock_param_kind
 * @max: elements of an array, or bytes of a string buffer; else 1
 * @value: the variable
 * @count: where an array's element count goes, or NULL
 */
struct drydock_param {
	const char *name;
	long kind;
	long max;
	void *value;
	unsigned int *count;
	long reserved;
};

/**
 * struct drydock_module_image - the symbol `drydock_module` of a driver's shared
 * object: where its records lie
 */
struct drydock_module_image {
	struct module *module;
	const struct drydock_initcall *initcalls, *initcalls_end;
	const struct drydock_param *params, *params_end;
};

#ifdef __cplusplus
}
#endif

#endif
