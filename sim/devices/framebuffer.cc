#include "sim/devices/framebuffer.h"

#include <cstring>
#include <stdexcept>
#include <vector>

namespace drydock::devices {
namespace {

constexpr uint32_t kIdValue = 0xfb000001;

// Five or six bits as eight.
uint8_t Widen(uint32_t value, int bits) {
  return static_cast<uint8_t>(value << (8 - bits) | value >> (2 * bits - 8));
}

}  // namespace

Framebuffer::Framebuffer(const kernel::DeviceOptions& options, kernel::DeviceSite& site)
    : site_(site), state_(site.state(), "framebuffer registers") {
  if (!options.empty()) {
    throw std::runtime_error("model framebuffer has no option '" + options[0].first + "'");
  }
}

uint64_t Framebuffer::ReadRegister(unsigned, uint64_t offset, unsigned size_bytes) {
  if (size_bytes != 4) return ~uint64_t{0};
  const State& s = *state_;
  switch (offset) {
    case 0x00:
      return kIdValue;
    case 0x04:
      return s.enable;
    case 0x08:
      return s.width;
    case 0x0c:
      return s.height;
    case 0x10:
      return s.bytes_per_pixel;
    case 0x14:
      return s.line_length;
    case 0x18:
      return s.start;
    default:
      return ~uint64_t{0};
  }
}

void Framebuffer::WriteRegister(unsigned, uint64_t offset, uint64_t value, unsigned size_bytes) {
  if (size_bytes != 4) return;
  const auto word = static_cast<uint32_t>(value);
  switch (offset) {
    case 0x04:
      state_.Mut().enable = word & 1;
      return;
    case 0x08:
      state_.Mut().width = word;
      return;
    case 0x0c:
      state_.Mut().height = word;
      return;
    case 0x10:
      state_.Mut().bytes_per_pixel = word;
      return;
    case 0x14:
      state_.Mut().line_length = word;
      return;
    case 0x18:
      state_.Mut().start = word;
      return;
    default:
      return;
  }
}

std::string Framebuffer::ScanOut(Picture* picture) const {
  const State& s = *state_;
  if (s.enable == 0) return "the framebuffer is off";
  if (s.width == 0 || s.height == 0 || uint64_t{s.width} * s.height > kMaxPixels) {
    return "a picture of " + std::to_string(s.width) + " x " + std::to_string(s.height) +
           " pixels cannot be shown";
  }
  if (s.bytes_per_pixel != 2 && s.bytes_per_pixel != 4) {
    return std::to_string(s.bytes_per_pixel) + " bytes per pixel: it has 2 and 4";
  }
  const uint64_t line_bytes = uint64_t{s.width} * s.bytes_per_pixel;
  if (s.line_length < line_bytes) return "lines overlap: the line length is less than a line";
  const uint64_t last = s.start + uint64_t{s.height - 1} * s.line_length + line_bytes;
  if (last > site_.WindowSize(0)) return "the picture reaches beyond the video memory";
  picture->width = s.width;
  picture->height = s.height;
  picture->rgb.resize(size_t{s.width} * s.height * 3);
  uint8_t* to = picture->rgb.data();
  std::vector<uint8_t> line(line_bytes);
  for (uint32_t y = 0; y < s.height; ++y) {
    site_.ReadWindow(0, s.start + uint64_t{y} * s.line_length, line.data(), line_bytes);
    for (uint32_t x = 0; x < s.width; ++x) {
      const size_t at = size_t{x} * s.bytes_per_pixel;
      if (s.bytes_per_pixel == 4) {
        *to++ = line[at + 2];
        *to++ = line[at + 1];
        *to++ = line[at];
      } else {
        const uint32_t pixel = line[at] | uint32_t{line[at + 1]} << 8;
        *to++ = Widen(pixel >> 11, 5);
        *to++ = Widen(pixel >> 5 & 0x3f, 6);
        *to++ = Widen(pixel & 0x1f, 5);
      }
    }
  }
  return "";
}

}  // namespace drydock::devices
