// PCI functions and their drivers: drivers/pci/pci-driver.c, drivers/pci/pci.c,
// drivers/pci/access.c, drivers/pci/msi. One bus, number 0; what is on it comes from the device
// text.
//
// A function answers in its BARs only while memory decoding is on (the COMMAND register, which
// pci_enable_device() sets), masters the bus and sends messages only while that is allowed
// (pci_set_master()), and is silent when it was pulled out: reads give ones. What is reported:
//
//  pci_disable_device() more often than enabled            C44, O6
//  registers of a BAR read while memory decoding is off    class 0, O14
//  vectors freed while a handler is there                  C44, O6
//  a driver left at module exit                            C45, O6 (DeviceModel)
#ifndef DRYDOCK_SIM_KERNEL_PCI_H_
#define DRYDOCK_SIM_KERNEL_PCI_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/device_model.h"
#include "sim/kernel/device_text.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/interrupts.h"
#include "sim/kernel/log.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class PciBus final : public mocks::PciApi, public Bus {
 public:
  static constexpr size_t kMaxFunctions = 8;
  static constexpr size_t kConfigBytes = 256;
  static constexpr uint16_t kCommandMemory = 0x2, kCommandMaster = 0x4, kCommandIntxOff = 0x400;

  PciBus(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Log& log, DeviceModel& devices,
         Interrupts& interrupts);

  // Set-up: a function as the text describes it, with the addresses of its BARs (0: there is none).
  // Its index, or -1 if there is no room.
  int AddFunction(const PciFunctionText& text, const std::array<uint64_t, 6>& bars);
  // Registers them with the device model, as the kernel does before any module is loaded. 0 or a
  // negative errno.
  int CreateDevices();

  int PciRegisterDriver(pci_driver* driver, module* owner, const char* module_name) override;
  void PciUnregisterDriver(pci_driver* driver) override;
  int PciEnableDevice(pci_dev* pdev) override;
  void PciDisableDevice(pci_dev* pdev) override;
  void PciSetMaster(pci_dev* pdev, bool on) override;
  int PciReadConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                    unsigned int* value) override;
  int PciWriteConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                     unsigned int value) override;
  int PciAllocIrqVectors(pci_dev* pdev, unsigned int min, unsigned int max,
                         unsigned int flags) override;
  void PciFreeIrqVectors(pci_dev* pdev) override;
  int PciIrqVector(pci_dev* pdev, unsigned int index) override;

  // --- Bus ---
  const bus_type& type() const override { return type_; }
  const char* noun() const override { return "pci"; }
  bool Matches(device* dev, const device_driver* driver) override;
  long Probe(device* dev, device_driver* driver) override;
  void Remove(device* dev, device_driver* driver) override;

  // --- devices ---
  // "0000:00:04.0".
  static std::string NameOf(uint32_t slot);
  size_t function_count() const { return functions_made_; }
  bool Decodes(size_t function) const;  // memory accesses reach it
  bool Masters(size_t function) const;  // it may read and write memory
  bool HasMessages(size_t function) const { return functions_[function].vectors != 0; }
  uint64_t DmaMask(size_t function) const;
  device* DeviceOf(size_t function) { return &Pdev(function)->dev; }
  void SetInterrupt(size_t function, unsigned vector, bool asserted);
  // A register was touched while memory decoding is off: told once for a function.
  void NoteUndecoded(size_t function);

  // Pulls a function out: its driver is unbound, and it is there no more (pciehp, or
  // /sys/.../remove). `name`: "0000:00:04.0". False if there is none. May trap.
  bool Unplug(const char* name);
  // Drivers write to their pci_dev without a call: each reset puts it back. After a checkpoint.
  void PutBackReachable();

 private:
  struct Function {
    uint8_t config[kConfigBytes];
    uint32_t present;
    uint32_t first_vector;
    uint32_t vectors;  // of messages; 0: the line
    uint32_t max_messages;
    uint32_t msix;
    uint32_t line;
    uint32_t level;  // bit by vector: asserted
    uint32_t told;
  };
  struct Slot {
    alignas(8) unsigned char pdev[sizeof(pci_dev)];
    char name[16];
  };

  pci_dev* Pdev(size_t index) { return reinterpret_cast<pci_dev*>(slots_.Mut(index).pdev); }
  static pci_dev* PdevOf(device* dev);
  static pci_driver* DriverOf(const device_driver* driver);
  const pci_device_id* Match(const pci_dev* pdev, const pci_driver* driver) const;
  uint16_t Command(size_t index) const;
  void SetCommand(size_t index, uint16_t value);
  void Route(size_t index);
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }

  Verdicts& verdicts_;
  DriverCall& calls_;
  Log& log_;
  DeviceModel& devices_;
  Interrupts& interrupts_;
  bus_type type_{};
  pci_bus bus_{};
  std::array<std::array<uint32_t, 6>, kMaxFunctions> bar_masks_{};  // fixed after set-up
  size_t functions_made_ = 0;
  hw::TrackedArray<Function> functions_;
  hw::TrackedArray<Slot> slots_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_PCI_H_
