// The simulated devices of a machine, plugged in: their windows in the physical address space,
// their interrupts, their way to memory. What they are is the device text's and sim/devices'
// matter.
#ifndef DRYDOCK_SIM_KERNEL_MACHINE_DEVICES_H_
#define DRYDOCK_SIM_KERNEL_MACHINE_DEVICES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hw/mmio_space.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/dma.h"
#include "sim/kernel/interrupts.h"
#include "sim/kernel/of_tree.h"
#include "sim/kernel/pci.h"
#include "sim/kernel/simulated_device.h"

namespace drydock::kernel {

class MachineDevices {
 public:
  // BARs lie from here on, each at a multiple of its size.
  static constexpr uint64_t kBarsBegin = 0xe0000000, kBarsEnd = 0xfec00000;

  MachineDevices(hw::ResetList& list, hw::MmioSpace& mmio, Clock& clock, Interrupts& interrupts,
                 PciBus& pci, Dma& dma, DeviceModel& devices);
  ~MachineDevices();

  // Set-up: the windows of the text's plain devices, and its PCI functions with theirs. `models`
  // makes what reacts; nullptr: none. Throws std::runtime_error, "FILE:LINE: what" or "FILE: what".
  void Build(const OfTree& text, DeviceModels* models, const std::string& file_name);

  // By the name of the kernel's device: "drydock_nic_rings", "0000:00:04.0". nullptr if there is
  // none, or nothing stands behind it.
  SimulatedDevice* Find(std::string_view name) const;
  // One after the other; nullptr for those that nothing stands behind.
  size_t count() const { return units_.size(); }
  SimulatedDevice* At(size_t index) const;
  // The machine loses it: registers read as ones from now on, its interrupt is low, it has no way
  // to memory. For platform devices; PCI functions know it themselves.
  void NotePlatformUnplugged(std::string_view name);

 private:
  class Unit;
  class Window;
  void Place(Unit& unit, unsigned window, hw::PhysAddr base, uint64_t size_bytes,
             const std::string& file_name);
  hw::PhysAddr PlaceBar(Unit& unit, unsigned window, uint64_t size_bytes,
                        const std::string& file_name);
  bool AddWindow(Unit& unit, unsigned window, hw::PhysAddr base, uint64_t size_bytes);
  std::unique_ptr<SimulatedDevice> Make(const ModelText& model, DeviceModels* models, Unit& unit,
                                        const std::string& file_name);

  hw::ResetList& list_;
  hw::MmioSpace& mmio_;
  Clock& clock_;
  Interrupts& interrupts_;
  PciBus& pci_;
  Dma& dma_;
  DeviceModel& devices_;
  hw::Tracked<uint64_t> unplugged_;  // bit by unit
  std::vector<std::unique_ptr<Unit>> units_;
  std::vector<std::unique_ptr<Window>> windows_;
  uint64_t next_bar_ = kBarsBegin;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MACHINE_DEVICES_H_
