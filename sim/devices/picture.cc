#include "sim/devices/picture.h"

#include <algorithm>
#include <array>

namespace drydock::devices {
namespace {

void PutBig32(std::string* to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to->push_back(static_cast<char>(value >> shift));
}

// ISO 3309, as PNG wants it.
uint32_t Crc(const std::string& bytes, size_t from) {
  static const auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value & 1) != 0 ? 0xedb88320 ^ value >> 1 : value >> 1;
      table[i] = value;
    }
    return table;
  }();
  uint32_t crc = 0xffffffff;
  for (size_t i = from; i < bytes.size(); ++i) {
    crc = kTable[(crc ^ static_cast<uint8_t>(bytes[i])) & 0xff] ^ crc >> 8;
  }
  return ~crc;
}

uint32_t Adler(const std::string& bytes) {
  uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

void PutChunk(std::string* to, const char* type, const std::string& data) {
  PutBig32(to, static_cast<uint32_t>(data.size()));
  const size_t from = to->size();
  to->append(type, 4);
  to->append(data);
  PutBig32(to, Crc(*to, from));
}

// RFC 1950 around RFC 1951's stored blocks.
std::string Stored(const std::string& bytes) {
  constexpr size_t kMost = 65535;
  std::string out = "\x78\x01";
  for (size_t at = 0;;) {
    const size_t size = std::min(kMost, bytes.size() - at);
    const bool last = at + size == bytes.size();
    out.push_back(last ? 1 : 0);
    const auto length = static_cast<uint16_t>(size);
    const auto inverse = static_cast<uint16_t>(~length);
    for (const uint16_t word : {length, inverse}) {
      out.push_back(static_cast<char>(word & 0xff));
      out.push_back(static_cast<char>(word >> 8));
    }
    out.append(bytes, at, size);
    at += size;
    if (last) break;
  }
  PutBig32(&out, Adler(bytes));
  return out;
}

}  // namespace

std::string AsPpm(const Picture& picture) {
  std::string out =
      "P6\n" + std::to_string(picture.width) + " " + std::to_string(picture.height) + "\n255\n";
  out.append(reinterpret_cast<const char*>(picture.rgb.data()), picture.rgb.size());
  return out;
}

std::string AsPng(const Picture& picture) {
  std::string out("\x89PNG\r\n\x1a\n", 8);
  std::string header;
  PutBig32(&header, picture.width);
  PutBig32(&header, picture.height);
  header.append("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB, no interlace
  PutChunk(&out, "IHDR", header);
  std::string lines;
  const size_t line_bytes = size_t{picture.width} * 3;
  for (uint32_t y = 0; y < picture.height; ++y) {
    lines.push_back(0);  // no filter
    lines.append(reinterpret_cast<const char*>(picture.rgb.data()) + y * line_bytes, line_bytes);
  }
  PutChunk(&out, "IDAT", Stored(lines));
  PutChunk(&out, "IEND", "");
  return out;
}

}  // namespace drydock::devices
