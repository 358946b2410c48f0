// Devices that react: what one is to the machine, and what the machine gives it. The devices
// themselves are in sim/devices.
#ifndef DRYDOCK_SIM_KERNEL_SIMULATED_DEVICE_H_
#define DRYDOCK_SIM_KERNEL_SIMULATED_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/hw/tracked.h"
#include "sim/kernel/clock.h"

namespace drydock::kernel {

// A device's own view of where it is plugged in. Outlives it.
class DeviceSite {
 public:
  virtual ~DeviceSite() = default;
  virtual hw::ResetList& state() = 0;  // for its registers: hw::Tracked
  virtual uint64_t NowNs() const = 0;
  // `sink` is told of `cookie` after `ns`, whatever the processor does.
  virtual void After(uint64_t ns, EventSink& sink, uint64_t cookie) = 0;
  virtual bool Cancel(EventSink& sink, uint64_t cookie) = 0;
  // Its interrupt line, or the message of `vector` when it goes from low to high.
  virtual void SetInterrupt(unsigned vector, bool asserted) = 0;
  // A read of memory (to) or a write (from) by the device, by bus address. False if it is refused:
  // nothing is there, or the device may not master the bus.
  virtual bool Dma(uint64_t bus_address, void* to, const void* from, size_t size_bytes) = 0;
  // True if interrupts are messages now.
  virtual bool HasMessages() const = 0;
  // Bytes of a window of the device that is memory (a window for which it has no registers).
  virtual void ReadWindow(unsigned window, uint64_t offset, void* to, size_t size_bytes) = 0;
  virtual uint64_t WindowSize(unsigned window) const = 0;
};

class SimulatedDevice {
 public:
  virtual ~SimulatedDevice() = default;
  // True if `window` (BAR, or mem line in the text's order) has registers; else it is memory.
  virtual bool HasRegisters(unsigned window) const = 0;
  // As hw::MmioDevice's, in one window.
  virtual uint64_t ReadRegister(unsigned window, uint64_t offset, unsigned size_bytes) = 0;
  virtual void WriteRegister(unsigned window, uint64_t offset, uint64_t value,
                             unsigned size_bytes) = 0;
  // Something goes wrong in it from now on, as the text of docs/device-files.md says:
  // "lost-interrupt", "bus-error", "short-transfer". False if it knows no such fault. `count`: how
  // often.
  virtual bool Inject(std::string_view fault, uint32_t count) = 0;
};

using DeviceOptions = std::vector<std::pair<std::string, std::string>>;

// Makes devices by the name that a device text gives after `model`.
class DeviceModels {
 public:
  virtual ~DeviceModels() = default;
  // Throws std::runtime_error, one line, for a name or an option that is unknown, or a value that
  // makes no sense.
  virtual std::unique_ptr<SimulatedDevice> Make(const std::string& model,
                                                const DeviceOptions& options, DeviceSite& site) = 0;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_SIMULATED_DEVICE_H_
