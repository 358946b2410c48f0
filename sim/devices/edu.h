// QEMU's educational PCI device, after its published specification (docs/specs/edu): PCI 1234:11e8,
// 1 MiB of registers in BAR 0, a factorial unit, a buffer of 4 KiB with a DMA engine, an interrupt.
//
// The specification leaves open, and here is: a factorial takes 10 us, a transfer 100 ms (as in
// QEMU), and what a transfer out of the buffer does (QEMU stops; here the transfer is not made, and
// ends).
#ifndef DRYDOCK_SIM_DEVICES_EDU_H_
#define DRYDOCK_SIM_DEVICES_EDU_H_

#include <cstdint>
#include <string_view>

#include "sim/hw/tracked.h"
#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

class Edu final : public kernel::SimulatedDevice, private kernel::EventSink {
 public:
  static constexpr uint64_t kBufferAt = 0x40000;
  static constexpr uint64_t kBufferBytes = 4096;
  static constexpr uint64_t kDmaMask = (uint64_t{1} << 28) - 1;
  static constexpr uint64_t kFactorialNs = 10'000;
  static constexpr uint64_t kDmaNs = 100'000'000;

  // Options: "dma-ns N" and "factorial-ns N", how long each takes.
  Edu(const kernel::DeviceOptions& options, kernel::DeviceSite& site);

  bool HasRegisters(unsigned window) const override { return window == 0; }
  // Registers below 0x80 take accesses of 4 bytes, the others of 4 or 8; of 8 bytes they read as
  // ones, of less than 4 as 0 (as in QEMU), and nothing is written.
  uint64_t ReadRegister(unsigned window, uint64_t offset, unsigned size_bytes) override;
  void WriteRegister(unsigned window, uint64_t offset, uint64_t value,
                     unsigned size_bytes) override;
  // "lost-interrupt": an interrupt is not raised. "bus-error": a transfer is refused half way.
  // "short-transfer": a transfer ends after half of its bytes and says that all is done.
  bool Inject(std::string_view fault, uint32_t count) override;

 private:
  struct State {
    uint32_t liveness;
    uint32_t factorial;
    uint32_t status;
    uint32_t irq_status;
    uint64_t dma_source;
    uint64_t dma_destination;
    uint64_t dma_count;
    uint64_t dma_command;
    uint32_t lose_interrupts;
    uint32_t bus_errors;
    uint32_t short_transfers;
    uint32_t reserved;
  };
  struct Buffer {
    uint8_t bytes[kBufferBytes];
  };
  enum Event : uint64_t { kFactorialDone, kDmaDone };

  void OnEvent(uint64_t event) override;
  void Raise(uint32_t bits);
  void Acknowledge(uint32_t bits);
  void EndTransfer();
  static bool InBuffer(uint64_t address, uint64_t count);

  kernel::DeviceSite& site_;
  uint64_t factorial_ns_ = kFactorialNs;
  uint64_t dma_ns_ = kDmaNs;
  hw::Tracked<State> state_;
  hw::Tracked<Buffer> buffer_;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_EDU_H_
