// A device that shows a picture: video memory in its first window, registers in its second.
//
//  0x00 id 0xfb000001 (read)   0x04 enable          0x08 width in pixels    0x0c height in lines
//  0x10 bytes per pixel (2 RGB565, 4 XRGB8888)      0x14 bytes from line to line
//  0x18 where in the video memory the picture begins, in bytes
//
// All have 32 bits; other accesses read as ones and write nothing.
#ifndef DRYDOCK_SIM_DEVICES_FRAMEBUFFER_H_
#define DRYDOCK_SIM_DEVICES_FRAMEBUFFER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/devices/picture.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/simulated_device.h"

namespace drydock::devices {

class Framebuffer final : public kernel::SimulatedDevice {
 public:
  static constexpr uint32_t kMaxPixels = 1 << 24;

  // Options: none.
  Framebuffer(const kernel::DeviceOptions& options, kernel::DeviceSite& site);

  bool HasRegisters(unsigned window) const override { return window == 1; }
  uint64_t ReadRegister(unsigned window, uint64_t offset, unsigned size_bytes) override;
  void WriteRegister(unsigned window, uint64_t offset, uint64_t value,
                     unsigned size_bytes) override;
  bool Inject(std::string_view, uint32_t) override { return false; }

  // What its screen shows now. "" and *picture, or one line that says why there is none: it is off,
  // or the registers make no sense (the picture does not lie in the video memory).
  std::string ScanOut(Picture* picture) const;

 private:
  struct State {
    uint32_t enable, width, height, bytes_per_pixel, line_length, start;
  };
  kernel::DeviceSite& site_;
  hw::Tracked<State> state_;
};

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_FRAMEBUFFER_H_
