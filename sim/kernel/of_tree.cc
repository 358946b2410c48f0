#include "sim/kernel/of_tree.h"

#include <strings.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "sim/kernel/errno_name.h"

namespace drydock::kernel {
namespace {

constexpr unsigned long kResourceMem = 0x200;
constexpr unsigned long kResourceIrq = 0x400;

uint64_t ReadCells(const char* from, uint32_t cells) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < cells * 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(from[i]);
  }
  return value;
}

std::string BaseName(const std::string& path) {
  return path == "/" ? path : path.substr(path.rfind('/') + 1);
}

}  // namespace

OfTree::OfTree(hw::ResetList& list, Verdicts& verdicts, DeviceDescription description,
               std::string_view file_name)
    : verdicts_(verdicts),
      text_(std::move(description)),
      nodes_(list, "device tree", text_.nodes.size()),
      refs_(list, "device tree references", text_.nodes.size()) {
  BuildNodes();
  FindRegions(file_name);
}

void OfTree::BuildNodes() {
  const size_t count = text_.nodes.size();
  names_.resize(count);
  full_names_.resize(count);
  properties_.resize(count);
  place_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const NodeText& from = text_.nodes[i];
    full_names_[i] = BaseName(from.path);
    names_[i] = full_names_[i].substr(0, full_names_[i].find('@'));
    auto& properties = properties_[i];
    properties.resize(from.properties.size());
    for (size_t p = 0; p < properties.size(); ++p) {
      const PropertyText& text = from.properties[p];
      properties[p] = {text.name.c_str(), static_cast<int>(text.value.size()),
                       const_cast<char*>(text.value.data()),
                       p + 1 < properties.size() ? &properties[p + 1] : nullptr};
    }
    device_node& node = nodes_.Mut(i);
    node = {};
    node.name = names_[i].c_str();
    node.full_name = full_names_[i].c_str();
    node.phandle = from.phandle;
    node.drydock_id = static_cast<unsigned int>(i);
    node.properties = properties.empty() ? nullptr : properties.data();
    if (from.parent < 0) continue;
    device_node& parent = nodes_.Mut(static_cast<size_t>(from.parent));
    node.parent = &parent;
    device_node** last = &parent.child;
    while (*last != nullptr) last = &(*last)->sibling;
    *last = &node;
  }
  for (const device_node* at = nodes_.size() == 0 ? nullptr : &nodes_[0]; at != nullptr;) {
    place_[IndexOf(at)] = order_.size();
    order_.push_back(IndexOf(at));
    if (at->child != nullptr) {
      at = at->child;
      continue;
    }
    while (at != nullptr && at->sibling == nullptr) at = at->parent;
    if (at != nullptr) at = at->sibling;
  }
}

const PropertyText* OfTree::Find(size_t node, const char* name) const {
  for (const PropertyText& property : text_.nodes[node].properties) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

// of_bus_n_addr_cells(): the nearest ancestor that says, else 1.
uint32_t OfTree::Cells(size_t node, const char* name) const {
  for (long at = static_cast<long>(node); at >= 0;
       at = text_.nodes[static_cast<size_t>(at)].parent) {
    const PropertyText* property = Find(static_cast<size_t>(at), name);
    if (property != nullptr && property->value.size() >= 4) {
      return static_cast<uint32_t>(ReadCells(property->value.data(), 1));
    }
  }
  return 1;
}

bool OfTree::Compatible(size_t node, const char* wanted) const {
  const PropertyText* property = Find(node, "compatible");
  if (property == nullptr) return false;
  const char* text = property->value.c_str();
  for (const char* end = text + property->value.size(); text < end; text += std::strlen(text) + 1) {
    if (strcasecmp(text, wanted) == 0) return true;
  }
  return false;
}

bool OfTree::Disabled(size_t node) const {
  const PropertyText* status = Find(node, "status");
  return status != nullptr && std::strcmp(status->value.c_str(), "okay") != 0 &&
         std::strcmp(status->value.c_str(), "ok") != 0;
}

bool OfTree::IsReserved(size_t node) const {
  const long parent = text_.nodes[node].parent;
  return parent >= 0 && text_.nodes[static_cast<size_t>(parent)].path == "/reserved-memory";
}

// of_platform_default_populate(): children of the root and of simple buses. Of /reserved-memory the
// kernel takes a list of compatibles; here every child that has one.
bool OfTree::BecomesDevice(size_t node) const {
  if (Find(node, "compatible") == nullptr || Disabled(node)) return false;
  const long parent = text_.nodes[node].parent;
  if (parent <= 0) return parent == 0;
  if (IsReserved(node)) return true;
  const auto bus = static_cast<size_t>(parent);
  return (Compatible(bus, "simple-bus") || Compatible(bus, "simple-mfd") ||
          Compatible(bus, "isa")) &&
         BecomesDevice(bus);
}

size_t OfTree::AddressCount(size_t node) const {
  const PropertyText* reg = Find(node, "reg");
  const long parent = text_.nodes[node].parent;
  if (reg == nullptr || parent < 0) return 0;
  const auto bus = static_cast<size_t>(parent);
  const size_t one = (Cells(bus, "#address-cells") + Cells(bus, "#size-cells")) * size_t{4};
  return one == 0 ? 0 : reg->value.size() / one;
}

// of_translate_address(): through every parent's "ranges" up to the root.
bool OfTree::Translate(size_t node, uint64_t* address) const {
  auto bus = static_cast<size_t>(text_.nodes[node].parent);
  while (text_.nodes[bus].parent >= 0) {
    const PropertyText* ranges = Find(bus, "ranges");
    if (ranges == nullptr) return false;
    const auto above = static_cast<size_t>(text_.nodes[bus].parent);
    if (!ranges->value.empty()) {
      const uint32_t child = Cells(bus, "#address-cells");
      const uint32_t parent = Cells(above, "#address-cells");
      const uint32_t size = Cells(bus, "#size-cells");
      const size_t one = (child + parent + size) * size_t{4};
      bool found = false;
      for (size_t at = 0; !found && at + one <= ranges->value.size(); at += one) {
        const char* entry = ranges->value.data() + at;
        const uint64_t from = ReadCells(entry, child);
        const uint64_t length = ReadCells(entry + (child + parent) * size_t{4}, size);
        if (*address < from || *address - from >= length) continue;
        *address = *address - from + ReadCells(entry + child * size_t{4}, parent);
        found = true;
      }
      if (!found) return false;
    }
    bus = above;
  }
  return true;
}

int OfTree::Address(size_t node, size_t index, uint64_t* start, uint64_t* size_bytes) const {
  if (index >= AddressCount(node)) return -EINVAL;
  const auto bus = static_cast<size_t>(text_.nodes[node].parent);
  const uint32_t address = Cells(bus, "#address-cells");
  const uint32_t size = Cells(bus, "#size-cells");
  const char* entry = Find(node, "reg")->value.data() + index * (address + size) * 4;
  *start = ReadCells(entry, address);
  *size_bytes = ReadCells(entry + address * size_t{4}, size);
  return Translate(node, start) ? 0 : -EINVAL;
}

void OfTree::FindRegions(std::string_view file_name) {
  for (size_t node = 0; node < text_.nodes.size(); ++node) {
    const NodeText& from = text_.nodes[node];
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(std::string(file_name) + ":" + std::to_string(from.line) +
                               ": node " + from.path + ": " + what);
    };
    for (const char* name : {"#address-cells", "#size-cells"}) {
      const PropertyText* cells = Find(node, name);
      if (cells == nullptr) continue;
      if (cells->value.size() != 4 || ReadCells(cells->value.data(), 1) > 2) {
        fail(std::string(name) + " is not 0, 1 or 2");
      }
    }
  }
  for (size_t node = 1; node < text_.nodes.size(); ++node) {
    const NodeText& from = text_.nodes[node];
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(std::string(file_name) + ":" + std::to_string(from.line) +
                               ": node " + from.path + ": " + what);
    };
    const PropertyText* reg = Find(node, "reg");
    if (reg == nullptr) continue;
    const auto bus = static_cast<size_t>(from.parent);
    const uint32_t size_cells = Cells(bus, "#size-cells");
    if (size_cells == 0) continue;  // a number on a bus, not memory
    const size_t one = (Cells(bus, "#address-cells") + size_cells) * size_t{4};
    if (reg->value.empty() || reg->value.size() % one != 0) {
      fail("reg has " + std::to_string(reg->value.size() / 4) + " cells; each entry takes " +
           std::to_string(one / 4));
    }
    for (size_t i = 0; i < AddressCount(node); ++i) {
      uint64_t start = 0;
      uint64_t size_bytes = 0;
      if (Address(node, i, &start, &size_bytes) != 0) continue;  // the driver will see -EINVAL
      if (size_bytes == 0) fail("reg entry " + std::to_string(i) + " has 0 bytes");
      if (start + (size_bytes - 1) < start) {
        fail("reg entry " + std::to_string(i) + " wraps around");
      }
      if (IsReserved(node)) {
        reserved_.push_back({{start}, size_bytes, Find(node, "no-map") != nullptr, from.path});
      } else {
        windows_.push_back({{start}, size_bytes, from.path, -1, 0});
      }
    }
  }
  for (size_t i = 0; i < text_.devices.size(); ++i) {
    unsigned index = 0;
    for (const ResourceText& res : text_.devices[i].resources) {
      if (res.kind != ResourceText::Kind::kMem) continue;
      windows_.push_back(
          {{res.start}, res.size_bytes, text_.devices[i].name, static_cast<long>(i), index++});
    }
  }
}

device_node* OfTree::FindCompatibleNode(device_node* from, const char* type,
                                        const char* compatible) {
  device_node* found = nullptr;
  for (size_t place = from != nullptr ? place_[IndexOf(from)] + 1 : 0; place < order_.size();
       ++place) {
    const size_t node = order_[place];
    if (type != nullptr && type[0] != '\0') {
      const PropertyText* device_type = Find(node, "device_type");
      if (device_type == nullptr || std::strcmp(device_type->value.c_str(), type) != 0) continue;
    }
    if (compatible != nullptr && compatible[0] != '\0' && !Compatible(node, compatible)) continue;
    found = NodeGet(&nodes_.Mut(node));
    break;
  }
  NodePut(from);
  return found;
}

device_node* OfTree::FindNodeByPath(const char* path) {
  for (size_t i = 0; i < text_.nodes.size(); ++i) {
    if (text_.nodes[i].path == path) return NodeGet(&nodes_.Mut(i));
  }
  return nullptr;
}

device_node* OfTree::FindNodeByPhandle(unsigned int phandle) {
  for (size_t i = 0; phandle != 0 && i < text_.nodes.size(); ++i) {
    if (text_.nodes[i].phandle == phandle) return NodeGet(&nodes_.Mut(i));
  }
  return nullptr;
}

const void* OfTree::GetProperty(const device_node* node, const char* name, int* length) {
  const PropertyText* property = node != nullptr ? Find(IndexOf(node), name) : nullptr;
  if (property == nullptr) {
    if (length != nullptr) *length = -EINVAL;
    return nullptr;
  }
  if (length != nullptr) *length = static_cast<int>(property->value.size());
  return property->value.data();
}

int OfTree::AddressToResource(device_node* node, int index, resource* out) {
  uint64_t start = 0;
  uint64_t size_bytes = 0;
  if (node == nullptr || index < 0) return -EINVAL;
  const int error = Address(IndexOf(node), static_cast<size_t>(index), &start, &size_bytes);
  if (error != 0) return error;
  *out = {};
  out->start = start;
  out->end = start + size_bytes - 1;
  out->flags = kResourceMem;
  out->name = node->full_name;
  if (const PropertyText* names = Find(IndexOf(node), "reg-names")) {
    const char* text = names->value.c_str();
    const char* end = text + names->value.size();
    for (int i = 0; i < index && text < end; ++i) text += std::strlen(text) + 1;
    if (text < end) out->name = text;
  }
  return 0;
}

device_node* OfTree::NodeGet(device_node* node) {
  if (node != nullptr) ++refs_.Mut(IndexOf(node));
  return node;
}

void OfTree::NodePut(device_node* node) {
  if (node == nullptr) return;
  if (refs_[IndexOf(node)] == 0) {
    verdicts_.Report(44, 6, "of_node_put() gives back what was taken",
                     "of_node_put: no reference of %s is held",
                     text_.nodes[IndexOf(node)].path.c_str());
    return;
  }
  --refs_.Mut(IndexOf(node));
}

bool OfTree::ReservedMem(const device_node* node, unsigned long long* base,
                         unsigned long long* size_bytes) {
  if (node == nullptr) return false;
  const std::string& path = text_.nodes[IndexOf(node)].path;
  for (const ReservedRegion& region : reserved_) {
    if (region.name != path) continue;
    *base = region.base.value;
    *size_bytes = region.size_bytes;
    return true;
  }
  return false;
}

int OfTree::CreateNodeDevice(size_t node, DeviceModel& devices) {
  // of_device_make_bus_id(): "3f000000.dice", or the names on the way to the root.
  char name[DeviceModel::kNameBytes];
  std::string bus_id = names_[node];
  resource resources[DeviceModel::kMaxResources] = {};
  unsigned int count = 0;
  for (size_t i = 0; i < AddressCount(node); ++i) {
    if (count == DeviceModel::kMaxResources) return -ENOMEM;
    if (AddressToResource(&nodes_.Mut(node), static_cast<int>(i), &resources[count]) != 0) break;
    ++count;
  }
  if (count != 0) {
    std::snprintf(name, sizeof name, "%llx.%s", resources[0].start, names_[node].c_str());
    bus_id = name;
  } else {
    for (long at = text_.nodes[node].parent; at > 0;
         at = text_.nodes[static_cast<size_t>(at)].parent) {
      bus_id = full_names_[static_cast<size_t>(at)] + ":" + bus_id;
    }
  }
  for (const ResourceText& irq : text_.nodes[node].interrupts) {
    if (count == DeviceModel::kMaxResources) return -ENOMEM;
    resource& res = resources[count++];
    res.start = res.end = irq.start;
    res.flags = kResourceIrq;
    res.name = irq.name.empty() ? full_names_[node].c_str() : irq.name.c_str();
  }
  platform_device* pdev = devices.PlatformDeviceAlloc(bus_id.c_str(), PlainDeviceText::kNoId);
  if (pdev == nullptr) return -ENOMEM;
  pdev->dev.of_node = NodeGet(&nodes_.Mut(node));
  pdev->dev.fwnode = &nodes_.Mut(node).fwnode;
  devices.PlatformDeviceAddResources(pdev, resources, count);
  return devices.PlatformDeviceAdd(pdev);
}

int OfTree::CreateDevices(DeviceModel& devices) {
  for (size_t node : order_) {
    if (!BecomesDevice(node)) continue;
    if (const int error = CreateNodeDevice(node, devices)) return error;
  }
  for (const PlainDeviceText& device : text_.devices) {
    resource resources[DeviceModel::kMaxResources] = {};
    unsigned int count = 0;
    for (const ResourceText& from : device.resources) {
      resource& res = resources[count++];
      res.start = from.start;
      res.end = from.start + from.size_bytes - 1;
      res.flags = from.kind == ResourceText::Kind::kMem ? kResourceMem : kResourceIrq;
      res.name = from.name.empty() ? nullptr : from.name.c_str();
    }
    platform_device* pdev = devices.PlatformDeviceAlloc(device.name.c_str(), device.id);
    if (pdev == nullptr) return -ENOMEM;
    devices.PlatformDeviceAddResources(pdev, resources, count);
    if (const int error = devices.PlatformDeviceAdd(pdev)) return error;
  }
  devices.AdoptExisting();
  return 0;
}

void OfTree::PutBackReachable() {
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_.PutBackAlways(i, 0, sizeof nodes_[i]);
}

}  // namespace drydock::kernel
