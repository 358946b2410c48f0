// A device that copies memory: one window of registers of 32 bits, one interrupt.
//
//  0x00 id 0xd3a00001 (read)  0x04 status: 1 busy, 2 done, 4 error (read)  0x08 acknowledge (write)
//  0x0c command: 1 start, 2 reset (write)    0x10 source, 0x18 destination: bus addresses, low and
//  high                                      0x20 count   0x24 bytes copied (read)
//
// Its interrupt is raised as long as done or error are not acknowledged. A bus error ends a
// transfer with what was copied until then. Other accesses read as ones and write nothing.
#ifndef DRYDOCK_SIM_DEVICES_DMA_ENGINE_H_
#define DRYDOCK_SIM_DEVICES_DMA_ENGINE_H_

#include <cstdint>
#include <string_view>

#include "sim/hw/tracked.h"
#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

class DmaEngine final : public kernel::SimulatedDevice, private kernel::EventSink {
 public:
  static constexpr uint64_t kStartNs = 10'000;  // before the first byte
  static constexpr uint64_t kNsPerKiB = 1'000;

  // Options: "start-ns N" and "kib-ns N", how long a transfer takes before its first byte, and for
  // each KiB.
  DmaEngine(const kernel::DeviceOptions& options, kernel::DeviceSite& site);

  bool HasRegisters(unsigned window) const override { return window == 0; }
  uint64_t ReadRegister(unsigned window, uint64_t offset, unsigned size_bytes) override;
  void WriteRegister(unsigned window, uint64_t offset, uint64_t value,
                     unsigned size_bytes) override;
  // "lost-interrupt": an interrupt is not raised. "bus-error": a transfer is refused half way.
  // "short-transfer": a transfer ends after half of its bytes, as if it were done. "stuck": a
  // transfer does not end, until a reset.
  bool Inject(std::string_view fault, uint32_t count) override;

 private:
  struct State {
    uint32_t status, count, copied;
    uint32_t lose_interrupts, bus_errors, short_transfers, stuck;
    uint32_t reserved;
    uint64_t source, destination;
  };

  void OnEvent(uint64_t event) override;
  void Command(uint32_t command);
  // Copies as far as the bus lets it; the bytes that arrived.
  uint32_t Copy(uint32_t count);
  void End(uint32_t status);

  kernel::DeviceSite& site_;
  uint64_t start_ns_ = kStartNs;
  uint64_t ns_per_kib_ = kNsPerKiB;
  hw::Tracked<State> state_;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_DMA_ENGINE_H_
