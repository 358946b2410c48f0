// The device tree and the platform devices of a --device text:
// drivers/of/{base,address,platform}.c, drivers/of/of_reserved_mem.c.
#ifndef DRYDOCK_SIM_KERNEL_OF_TREE_H_
#define DRYDOCK_SIM_KERNEL_OF_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mocks/kernel_api.h"
#include "sim/hw/address.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/device_text.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// Device memory that the text describes; the owner of the physical address space makes it.
struct MmioWindow {
  hw::PhysAddr base;
  uint64_t size_bytes = 0;
  std::string name;    // for messages: the node's path or the device's name
  long device = -1;    // index of the plain device that has it; -1: a node
  unsigned index = 0;  // among the windows of that device
};

// A child of /reserved-memory. With no_map the kernel has no linear mapping of it and no struct
// page.
struct ReservedRegion {
  hw::PhysAddr base;
  uint64_t size_bytes = 0;
  bool no_map = false;
  std::string name;
};

// The tree is fixed; only reference counts and what a driver stores in device_node.data change. A
// put without a get is a violation (C44, O6).
class OfTree final : public mocks::OfApi {
 public:
  // Throws std::runtime_error, "FILE:LINE: what", for a node whose addresses mean nothing.
  OfTree(hw::ResetList& list, Verdicts& verdicts, DeviceDescription description,
         std::string_view file_name);

  device_node* FindCompatibleNode(device_node* from, const char* type,
                                  const char* compatible) override;
  device_node* FindNodeByPath(const char* path) override;
  device_node* FindNodeByPhandle(unsigned int phandle) override;
  const void* GetProperty(const device_node* node, const char* name, int* length) override;
  // 0, or -EINVAL when there is no such index or no way to the root's addresses (no "ranges").
  int AddressToResource(device_node* node, int index, resource* out) override;
  device_node* NodeGet(device_node* node) override;
  void NodePut(device_node* node) override;
  // As of_reserved_mem_lookup(): the node itself is the region; "memory-region" is not followed.
  bool ReservedMem(const device_node* node, unsigned long long* base,
                   unsigned long long* size_bytes) override;

  const std::vector<MmioWindow>& windows() const { return windows_; }
  const std::vector<PlainDeviceText>& plain_devices() const { return text_.devices; }
  const std::vector<PciFunctionText>& pci_functions() const { return text_.functions; }
  const std::vector<ReservedRegion>& reserved() const { return reserved_; }
  // Registers the platform devices, as the machine does before any module is loaded, and marks them
  // as the machine's. 0, or the errno of the first that failed.
  int CreateDevices(DeviceModel& devices);
  // Drivers may write to device_node.data: each reset puts the nodes back.
  void PutBackReachable();

 private:
  void BuildNodes();
  void FindRegions(std::string_view file_name);
  const PropertyText* Find(size_t node, const char* name) const;
  uint32_t Cells(size_t node, const char* name) const;  // as a child of `node` uses them
  bool Compatible(size_t node, const char* wanted) const;
  bool Disabled(size_t node) const;
  bool IsReserved(size_t node) const;
  bool BecomesDevice(size_t node) const;
  size_t IndexOf(const device_node* node) const { return node->drydock_id; }
  size_t AddressCount(size_t node) const;
  int Address(size_t node, size_t index, uint64_t* start, uint64_t* size_bytes) const;
  bool Translate(size_t node, uint64_t* address) const;
  int CreateNodeDevice(size_t node, DeviceModel& devices);

  Verdicts& verdicts_;
  DeviceDescription text_;
  std::vector<std::string> names_, full_names_;
  std::vector<std::vector<property>> properties_;
  std::vector<size_t> order_;  // depth first, as of_find_all_nodes() walks
  std::vector<size_t> place_;  // of a node in order_
  std::vector<MmioWindow> windows_;
  std::vector<ReservedRegion> reserved_;
  hw::TrackedArray<device_node> nodes_;
  hw::TrackedArray<uint32_t> refs_;  // taken and not given back
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_OF_TREE_H_
