/* SPDX-License-Identifier: GPL-2.0 */
/* The device tree. Cells are big-endian; of_property_read_*() turn them. */
#ifndef _LINUX_OF_H
#define _LINUX_OF_H

#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/mod_devicetable.h>
#include <linux/ioport.h>

typedef u32 phandle;

#define MAX_PHANDLE_ARGS 16
struct of_phandle_args {
	struct device_node *np;
	int args_count;
	u32 args[MAX_PHANDLE_ARGS];
};

#if IS_ENABLED(CONFIG_OF)
#define of_match_ptr(table) (table)
#endif

struct device_node *of_find_compatible_node(struct device_node *from,
					    const char *type,
					    const char *compatible);
struct device_node *of_find_node_opts_by_path(const char *path,
					      const char **opts);
struct device_node *of_find_node_by_phandle(phandle handle);
struct device_node *
of_find_matching_node_and_match(struct device_node *from,
				const struct of_device_id *matches,
				const struct of_device_id **match);
struct device_node *of_get_parent(const struct device_node *node);
struct device_node *of_get_next_child(const struct device_node *node,
				      struct device_node *prev);
struct device_node *of_get_next_available_child(const struct device_node *node,
						struct device_node *prev);
struct device_node *of_get_child_by_name(const struct device_node *node,
					 const char *name);
struct device_node *of_node_get(struct device_node *node);
void of_node_put(struct device_node *node);
#define of_find_node_by_path(path) of_find_node_opts_by_path(path, NULL)
#define of_find_matching_node(from, matches) \
	of_find_matching_node_and_match(from, matches, NULL)
#define for_each_compatible_node(node, type, compatible)                   \
	for (node = of_find_compatible_node(NULL, type, compatible); node; \
	     node = of_find_compatible_node(node, type, compatible))
#define for_each_matching_node(node, matches)                   \
	for (node = of_find_matching_node(NULL, matches); node; \
	     node = of_find_matching_node(node, matches))
#define for_each_child_of_node(parent, child)                \
	for (child = of_get_next_child(parent, NULL); child; \
	     child = of_get_next_child(parent, child))
#define for_each_available_child_of_node(parent, child)                \
	for (child = of_get_next_available_child(parent, NULL); child; \
	     child = of_get_next_available_child(parent, child))

const void *of_get_property(const struct device_node *node, const char *name,
			    int *length);
struct property *of_find_property(const struct device_node *node,
				  const char *name, int *length);
int of_device_is_compatible(const struct device_node *node,
			    const char *compatible);
bool of_device_is_available(const struct device_node *node);
int of_property_count_elems_of_size(const struct device_node *node,
				    const char *name, int size);
int of_property_read_u32_index(const struct device_node *node, const char *name,
			       u32 index, u32 *out);
int of_property_read_variable_u32_array(const struct device_node *node,
					const char *name, u32 *out, size_t min,
					size_t max);
int of_property_read_u64(const struct device_node *node, const char *name,
			 u64 *out);
int of_property_read_string(const struct device_node *node, const char *name,
			    const char **out);
int of_property_match_string(const struct device_node *node, const char *name,
			     const char *s);
int of_alias_get_id(struct device_node *node, const char *stem);
int __of_parse_phandle_with_args(const struct device_node *node,
				 const char *list, const char *cells,
				 int cell_count, int index,
				 struct of_phandle_args *out);
const struct of_device_id *of_match_node(const struct of_device_id *matches,
					 const struct device_node *node);
const struct of_device_id *of_match_device(const struct of_device_id *matches,
					   const struct device *dev);
const void *of_device_get_match_data(const struct device *dev);
const void *device_get_match_data(struct device *dev);
int device_property_read_u32_array(struct device *dev, const char *name,
				   u32 *out, size_t n);
bool device_property_present(struct device *dev, const char *name);
#define device_property_read_bool(dev, name) device_property_present(dev, name)
#define device_property_read_u32(dev, name, out) \
	device_property_read_u32_array(dev, name, out, 1)

static inline bool of_property_read_bool(const struct device_node *node,
					 const char *name)
{
	return of_find_property(node, name, NULL) != NULL;
}

#define of_property_present(node, name) of_property_read_bool(node, name)

static inline int of_property_read_u32_array(const struct device_node *node,
					     const char *name, u32 *out,
					     size_t n)
{
	int ret = of_property_read_variable_u32_array(node, name, out, n, 0);

	return ret >= 0 ? 0 : ret;
}

static inline int of_property_read_u32(const struct device_node *node,
				       const char *name, u32 *out)
{
	return of_property_read_u32_array(node, name, out, 1);
}

static inline int of_property_count_u32_elems(const struct device_node *node,
					      const char *name)
{
	return of_property_count_elems_of_size(node, name, sizeof(u32));
}

static inline int
of_parse_phandle_with_fixed_args(const struct device_node *node,
				 const char *list, int cell_count, int index,
				 struct of_phandle_args *out)
{
	return __of_parse_phandle_with_args(node, list, NULL, cell_count, index,
					    out);
}

static inline struct device_node *
of_parse_phandle(const struct device_node *node, const char *name, int index)
{
	struct of_phandle_args args;

	return __of_parse_phandle_with_args(node, name, NULL, 0, index, &args)
		       ? NULL
		       : args.np;
}

static inline u64 of_read_number(const __be32 *cell, int size)
{
	u64 value = 0;

	for (; size--; cell++)
		value = (value << 32) | be32_to_cpu(*cell);
	return value;
}

static inline bool of_node_name_eq(const struct device_node *node,
				   const char *name)
{
	size_t len = 0;

	if (!node)
		return false;
	while (name[len] && node->full_name[len] == name[len])
		len++;
	return !name[len] &&
	       (!node->full_name[len] || node->full_name[len] == '@');
}

/* linux/of_address.h */
int of_address_to_resource(struct device_node *node, int index,
			   struct resource *res);
void __iomem *of_iomap(struct device_node *node, int index);
unsigned int irq_of_parse_and_map(struct device_node *node, int index);

/* linux/of_reserved_mem.h */
struct reserved_mem {
	const char *name;
	unsigned long fdt_node;
	unsigned long phandle;
	const void *ops;
	phys_addr_t base;
	phys_addr_t size;
	void *priv;
};

struct reserved_mem *of_reserved_mem_lookup(struct device_node *node);
int of_reserved_mem_device_init_by_idx(struct device *dev,
				       struct device_node *node, int index);
void of_reserved_mem_device_release(struct device *dev);
#define of_reserved_mem_device_init(dev) \
	of_reserved_mem_device_init_by_idx(dev, (dev)->of_node, 0)

#endif
