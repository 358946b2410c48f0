// Readers of device tree properties, made of of_get_property() and the node's links.
#include <strings.h>

#include <cstring>

#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::CrossUnmodelled;
using drydock::mocks::IoApi;
using drydock::mocks::IoCache;
using drydock::mocks::OfApi;

namespace {

constexpr int kEinval = 22, kEnodata = 61, kEoverflow = 75, kEilseq = 84, kEnoent = 2;

uint32_t Cell(const void* value, size_t index) {
  uint32_t cell;
  std::memcpy(&cell, static_cast<const char*>(value) + index * sizeof(cell), sizeof(cell));
  return __builtin_bswap32(cell);
}

DRYDOCK_SHIM_INLINE const char* Strings(const device_node* node, const char* name, int* length) {
  return static_cast<const char*>(Cross<&OfApi::GetProperty>(node, name, length));
}

// Where `s` stands in a list of NUL-terminated strings, or -1.
int IndexOf(const char* list, int length, const char* s) {
  int index = 0;
  for (int at = 0; at < length; at += static_cast<int>(std::strlen(list + at)) + 1, ++index) {
    if (strcasecmp(list + at, s) == 0) return index;
  }
  return -1;
}

}  // namespace

extern "C" {

// A property's own struct, for its value and length; nullptr when there is none.
property* of_find_property(const device_node* node, const char* name, int* length) {
  if (node == nullptr) return nullptr;
  for (property* p = node->properties; p != nullptr; p = p->next) {
    if (std::strcmp(p->name, name) == 0) {
      if (length != nullptr) *length = p->length;
      return p;
    }
  }
  return nullptr;
}
int of_device_is_compatible(const device_node* node, const char* compatible) {
  int length = 0;
  const char* list = Strings(node, "compatible", &length);
  int index = list == nullptr ? -1 : IndexOf(list, length, compatible);
  return index < 0 ? 0 : 0x7ffffffe / 2 - (index << 2);
}
bool of_device_is_available(const device_node* node) {
  if (node == nullptr) return false;
  int length = 0;
  const char* status = Strings(node, "status", &length);
  return status == nullptr ||
         (length > 0 && (std::strcmp(status, "okay") == 0 || std::strcmp(status, "ok") == 0));
}
int of_property_count_elems_of_size(const device_node* node, const char* name, int size) {
  int length = 0;
  const void* value = Cross<&OfApi::GetProperty>(node, name, &length);
  if (value == nullptr) return -kEinval;
  return length % size != 0 ? -kEinval : length / size;
}
int of_property_read_u32_index(const device_node* node, const char* name, unsigned int index,
                               unsigned int* out) {
  int length = 0;
  const void* value = Cross<&OfApi::GetProperty>(node, name, &length);
  if (value == nullptr) return -kEinval;
  if (length == 0) return -kEnodata;
  if ((size_t{index} + 1) * sizeof(*out) > static_cast<size_t>(length)) return -kEoverflow;
  *out = Cell(value, index);
  return 0;
}
// max 0 means exactly min. Returns the number of cells read.
int of_property_read_variable_u32_array(const device_node* node, const char* name,
                                        unsigned int* out, size_t min, size_t max) {
  int length = 0;
  const void* value = Cross<&OfApi::GetProperty>(node, name, &length);
  if (value == nullptr) return -kEinval;
  if (length == 0) return -kEnodata;
  size_t cells = static_cast<size_t>(length) / sizeof(*out);
  if (cells < min) return -kEoverflow;
  if (max != 0 && cells > max) return -kEoverflow;
  if (max == 0) cells = min;
  for (size_t i = 0; i < cells; ++i) out[i] = Cell(value, i);
  return static_cast<int>(cells);
}
int of_property_read_u64(const device_node* node, const char* name, unsigned long long* out) {
  int length = 0;
  const void* value = Cross<&OfApi::GetProperty>(node, name, &length);
  if (value == nullptr) return -kEinval;
  if (length == 0) return -kEnodata;
  if (length < 8) return -kEoverflow;
  *out = (uint64_t{Cell(value, 0)} << 32) | Cell(value, 1);
  return 0;
}
int of_property_read_string(const device_node* node, const char* name, const char** out) {
  int length = 0;
  const char* value = Strings(node, name, &length);
  if (value == nullptr) return -kEinval;
  if (length == 0) return -kEnodata;
  if (strnlen(value, static_cast<size_t>(length)) >= static_cast<size_t>(length)) return -kEilseq;
  *out = value;
  return 0;
}
int of_property_match_string(const device_node* node, const char* name, const char* s) {
  int length = 0;
  const char* list = Strings(node, name, &length);
  if (list == nullptr) return -kEinval;
  int index = 0;
  for (int at = 0; at < length; at += static_cast<int>(std::strlen(list + at)) + 1, ++index) {
    if (std::strcmp(list + at, s) == 0) return index;
  }
  return -kEnodata;
}
// A list of phandles, each followed by as many cells as `cells` of its node says (`count` when no
// name).
int __of_parse_phandle_with_args(const device_node* node, const char* list, const char* cells,
                                 int count, int index, of_phandle_args* out) {
  int length = 0;
  const void* value = Cross<&OfApi::GetProperty>(node, list, &length);
  if (value == nullptr) return -kEnoent;
  size_t total = static_cast<size_t>(length) / 4;
  int seen = 0;
  for (size_t at = 0; at < total; ++seen) {
    uint32_t handle = Cell(value, at++);
    size_t args = static_cast<size_t>(count < 0 ? 0 : count);
    device_node* target = handle == 0 ? nullptr : Cross<&OfApi::FindNodeByPhandle>(handle);
    if (handle == 0) args = 0;
    if (cells != nullptr && target != nullptr) {
      int bytes = 0;
      const void* cell =
          Cross<&OfApi::GetProperty>(static_cast<const device_node*>(target), cells, &bytes);
      if (cell != nullptr && bytes >= 4) {
        args = Cell(cell, 0);
      } else if (count < 0) {
        return -kEinval;
      }
    }
    if (at + args > total || args > 16) return -kEinval;
    if (seen == index) {
      if (target == nullptr) return handle == 0 ? -kEnoent : -kEinval;
      if (out != nullptr) {
        out->np = target;
        out->args_count = static_cast<int>(args);
        for (size_t i = 0; i < args; ++i) out->args[i] = Cell(value, at + i);
      }
      return 0;
    }
    at += args;
  }
  return -kEnoent;
}
const of_device_id* of_match_node(const of_device_id* matches, const device_node* node) {
  if (matches == nullptr || node == nullptr) return nullptr;
  int length = 0;
  const char* list = Strings(node, "compatible", &length);
  const of_device_id* best = nullptr;
  int best_index = 0;
  for (; matches->name[0] != 0 || matches->type[0] != 0 || matches->compatible[0] != 0; ++matches) {
    int index = list == nullptr || matches->compatible[0] == 0
                    ? -1
                    : IndexOf(list, length, matches->compatible);
    if (index >= 0 && (best == nullptr || index < best_index)) {
      best = matches;
      best_index = index;
    }
  }
  return best;
}
const of_device_id* of_match_device(const of_device_id* matches, const device* dev) {
  return of_match_node(matches, dev->of_node);
}
const void* of_device_get_match_data(const device* dev) {
  const of_device_id* match =
      dev->driver == nullptr ? nullptr : of_match_node(dev->driver->of_match_table, dev->of_node);
  return match == nullptr ? nullptr : match->data;
}
const void* device_get_match_data(device* dev) { return of_device_get_match_data(dev); }
bool device_property_present(device* dev, const char* name) {
  return of_find_property(dev->of_node, name, nullptr) != nullptr;
}
int device_property_read_u32_array(device* dev, const char* name, unsigned int* out, size_t n) {
  int cells = of_property_read_variable_u32_array(dev->of_node, name, out, n, 0);
  return cells < 0 ? cells : 0;
}
device_node* of_find_matching_node_and_match(device_node* from, const of_device_id* matches,
                                             const of_device_id** match) {
  // Only tables of one compatible can be walked by that compatible alone.
  if (matches[0].compatible[0] == 0) return nullptr;
  if (matches[1].compatible[0] != 0) CrossUnmodelled("of_find_matching_node_and_match");
  device_node* node = Cross<&OfApi::FindCompatibleNode>(
      from, static_cast<const char*>(nullptr), static_cast<const char*>(matches[0].compatible));
  if (node != nullptr && match != nullptr) *match = matches;
  return node;
}
device_node* of_get_parent(const device_node* node) {
  return node == nullptr || node->parent == nullptr ? nullptr
                                                    : Cross<&OfApi::NodeGet>(node->parent);
}
device_node* of_get_next_child(const device_node* node, device_node* before) {
  device_node* next = before != nullptr ? before->sibling : node == nullptr ? nullptr : node->child;
  if (next != nullptr) Cross<&OfApi::NodeGet>(next);
  if (before != nullptr) Cross<&OfApi::NodePut>(before);
  return next;
}
device_node* of_get_next_available_child(const device_node* node, device_node* before) {
  device_node* next = before != nullptr ? before->sibling : node == nullptr ? nullptr : node->child;
  while (next != nullptr && !of_device_is_available(next)) next = next->sibling;
  if (next != nullptr) Cross<&OfApi::NodeGet>(next);
  if (before != nullptr) Cross<&OfApi::NodePut>(before);
  return next;
}
device_node* of_get_child_by_name(const device_node* node, const char* name) {
  for (device_node* child = node == nullptr ? nullptr : node->child; child != nullptr;
       child = child->sibling) {
    size_t n = std::strlen(name);
    if (std::strncmp(child->name, name, n) == 0 && (child->name[n] == 0 || child->name[n] == '@')) {
      return Cross<&OfApi::NodeGet>(child);
    }
  }
  return nullptr;
}
void* of_iomap(device_node* node, int index) {
  resource res{};
  if (Cross<&OfApi::AddressToResource>(node, index, &res) != 0) return nullptr;
  return Cross<&IoApi::Ioremap>(res.start, static_cast<unsigned long>(res.end - res.start + 1),
                                IoCache::kUncachedMinus);
}
// The struct belongs to the kernel; it is a function of the node alone.
reserved_mem* of_reserved_mem_lookup(device_node* node) {
  static reserved_mem regions[64];
  unsigned long long base = 0, size = 0;
  if (node == nullptr) return nullptr;
  if (!Cross<&OfApi::ReservedMem>(static_cast<const device_node*>(node), &base, &size))
    return nullptr;
  if (node->drydock_id >= 64) CrossUnmodelled("of_reserved_mem_lookup beyond 64 nodes");
  reserved_mem* region = &regions[node->drydock_id % 64];
  *region = {node->name, 0, node->phandle, nullptr, base, size, nullptr};
  return region;
}

}  // extern "C"
