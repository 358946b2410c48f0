// The --device text: what hardware a driver finds. docs/device-files.md describes it for people.
#ifndef DRYDOCK_SIM_KERNEL_DEVICE_TEXT_H_
#define DRYDOCK_SIM_KERNEL_DEVICE_TEXT_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drydock::kernel {

struct PropertyText {
  std::string name;
  std::string value;  // bytes as they lie in the tree: big-endian cells, texts with their NUL
};

struct ResourceText {
  enum class Kind { kMem, kIrq };
  Kind kind = Kind::kMem;
  uint64_t start = 0;       // physical address, or number of the interrupt
  uint64_t size_bytes = 1;  // 1 for an interrupt
  std::string name;         // may be empty
  int line = 0;
};

struct NodeText {
  std::string path;      // "/" is the first
  long parent = -1;      // index; -1 for the root
  uint32_t phandle = 0;  // 0: nothing refers to it
  std::vector<PropertyText> properties;
  std::vector<ResourceText> interrupts;
  int line = 0;  // 0: made because a child needed it
};

// `model NAME`, and `option NAME VALUE` below it: what stands behind the registers.
struct ModelText {
  std::string name;  // empty: the registers keep what is stored
  std::vector<std::pair<std::string, std::string>> options;
  int line = 0;
};

// A platform device without a node: platform_device_register_simple().
struct PlainDeviceText {
  static constexpr int kNoId = -1;
  static constexpr int kAutoId = -2;
  std::string name;
  int id = kNoId;
  std::vector<ResourceText> resources;
  ModelText model;
};

struct PciBarText {
  uint64_t size_bytes = 0;  // a power of two; 0: there is none
  bool wide = false;        // 64 bits: takes the next BAR's place too
  bool prefetch = false;
};

// One function on bus 0.
struct PciFunctionText {
  uint32_t vendor = 0, device = 0;
  uint32_t subsystem_vendor = 0, subsystem_device = 0;
  uint32_t class_code = 0xff0000;  // class, subclass, interface: 24 bits
  uint32_t revision = 0;
  uint32_t slot = 0;  // device << 3 | function
  std::array<PciBarText, 6> bars;
  uint32_t irq = 0;       // the line; 0: none
  uint32_t messages = 0;  // MSI or MSI-X vectors
  bool msix = false;
  ModelText model;
  int line = 0;
};

struct DeviceDescription {
  std::vector<NodeText> nodes;  // a parent before its children, else as in the text
  std::vector<PlainDeviceText> devices;
  std::vector<PciFunctionText> functions;
};

// Throws std::runtime_error, "FILE:LINE: what", at the first bad line. An empty text is an empty
// machine.
DeviceDescription ParseDeviceText(std::string_view text, std::string_view file_name);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DEVICE_TEXT_H_
