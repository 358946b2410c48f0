// A place to plug a device in, in a test: memory of 64 KiB at bus address 0x10000, a clock that is
// moved by hand, an interrupt line that is looked at.
#ifndef DRYDOCK_SIM_DEVICES_FAKE_SITE_H_
#define DRYDOCK_SIM_DEVICES_FAKE_SITE_H_

#include <cstring>
#include <vector>

#include "sim/hw/tracked.h"
#include "sim/kernel/clock.h"
#include "sim/kernel/simulated_device.h"
#include "sim/kernel/verdict.h"

namespace drydock::devices {

class FakeSite final : public kernel::DeviceSite {
 public:
  static constexpr uint64_t kMemoryAt = 0x10000;

  hw::ResetList& state() override { return list; }
  uint64_t NowNs() const override { return clock.NowNs(); }
  void After(uint64_t ns, kernel::EventSink& sink, uint64_t cookie) override {
    clock.Add(clock.NowNs() + ns, kernel::EventKind::kHardware, sink, cookie);
  }
  bool Cancel(kernel::EventSink& sink, uint64_t cookie) override {
    return clock.Cancel(sink, cookie);
  }
  void SetInterrupt(unsigned, bool asserted) override {
    interrupts += asserted && !line ? 1 : 0;
    line = asserted;
  }
  bool Dma(uint64_t at, void* to, const void* from, size_t size) override {
    last_address = at;
    if (at < kMemoryAt || size > memory.size() || at - kMemoryAt > memory.size() - size) {
      return false;
    }
    uint8_t* place = memory.data() + (at - kMemoryAt);
    if (size == 0) return true;
    if (to != nullptr) {
      std::memcpy(to, place, size);
    } else {
      std::memcpy(place, from, size);
    }
    return true;
  }
  bool HasMessages() const override { return false; }
  void ReadWindow(unsigned, uint64_t offset, void* to, size_t size) override {
    std::memcpy(to, window.data() + offset, size);
  }
  uint64_t WindowSize(unsigned) const override { return window.size(); }

  // Lets `ns` pass, with what is due on the way.
  void Pass(uint64_t ns) {
    const uint64_t end = clock.NowNs() + ns;
    while (clock.next_due_ns() <= end) {
      clock.AdvanceTo(clock.next_due_ns());
      clock.FireDue(false);
    }
    clock.AdvanceTo(end);
  }

  hw::ResetList list;
  kernel::Verdicts verdicts;
  kernel::Clock clock{list, verdicts};
  std::vector<uint8_t> memory = std::vector<uint8_t>(0x10000);
  std::vector<uint8_t> window = std::vector<uint8_t>(0x1000);
  bool line = false;
  int interrupts = 0;
  uint64_t last_address = 0;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_FAKE_SITE_H_
