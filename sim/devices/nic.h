// A network device with two rings in memory: frames come at a set rate and go into the RX ring,
// those of the TX ring are sent, and may come back (loop-back). One window of registers of 32 bits,
// one interrupt.
//
//  0x00 id 0x4e494301 (read)   0x04 control: 1 run, 2 lossless, 4 loop-back
//  0x08 entries of each ring   0x0c count of frames    0x10 burst       0x14 interval in us
//  0x18 doorbell               0x1c interrupt status: 1 RX, 2 TX (read) 0x20 acknowledge
//  0x24 received  0x28 dropped  0x2c sent  0x30 bad  0x34 RX index  0x38 TX index (read)
//  0x40 RX ring   0x48 TX ring  0x50 buffers: bus addresses, low and high
//
// A descriptor is four little-endian words: owner (0 the device, 1 the program), length, status,
// number. Buffers have 2048 bytes: those of the RX ring first. Frame n that comes by itself has 64
// + n % 1455 bytes: n in the first four, then (n + i) % 256.
#ifndef DRYDOCK_SIM_DEVICES_NIC_H_
#define DRYDOCK_SIM_DEVICES_NIC_H_

#include <cstdint>
#include <string_view>

#include "sim/hw/tracked.h"
#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

class Nic final : public kernel::SimulatedDevice, private kernel::EventSink {
 public:
  static constexpr uint32_t kMaxEntries = 4096;
  static constexpr uint32_t kBufferBytes = 2048;
  static constexpr uint32_t kShortest = 14, kLongest = 1518;
  static constexpr uint64_t kSendNs = 1'000;  // a doorbell is heard after

  // Options: none.
  Nic(const kernel::DeviceOptions& options, kernel::DeviceSite& site);

  bool HasRegisters(unsigned window) const override { return window == 0; }
  uint64_t ReadRegister(unsigned window, uint64_t offset, unsigned size_bytes) override;
  void WriteRegister(unsigned window, uint64_t offset, uint64_t value,
                     unsigned size_bytes) override;
  // "lost-interrupt": an interrupt is not raised. "bus-error": an access to memory is refused, and
  // the frame is lost. "short-transfer": half of a frame's bytes arrive.
  bool Inject(std::string_view fault, uint32_t count) override;

 private:
  struct State {
    uint32_t control, entries, count, burst, interval_us, irq_status;
    uint32_t received, dropped, sent, bad, rx_index, tx_index;
    uint32_t produced;
    uint32_t lose_interrupts, bus_errors, short_transfers;
    uint64_t rx_ring, tx_ring, buffers;
  };
  struct Descriptor {
    uint32_t owner, length, status, number;
  };
  enum Event : uint64_t { kReceive, kSend };

  void OnEvent(uint64_t event) override;
  void Start(uint32_t control);
  void Stop();
  void ReceiveBurst();
  void Send();
  // False if there is no descriptor for it.
  bool Receive(const uint8_t* frame, uint32_t length);
  bool Access(uint64_t address, void* to, const void* from, size_t size_bytes);
  void Raise(uint32_t bits);
  uint64_t BufferAt(bool tx, uint32_t index) const;

  kernel::DeviceSite& site_;
  hw::Tracked<State> state_;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_NIC_H_
