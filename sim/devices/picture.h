// A picture, and its two files: PPM (P6) and PNG. The PNG is not compressed: its zlib stream has
// stored blocks alone, so that nothing is needed to write it.
#ifndef DRYDOCK_SIM_DEVICES_PICTURE_H_
#define DRYDOCK_SIM_DEVICES_PICTURE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace drydock::devices {

struct Picture {
  uint32_t width = 0;        // pixels
  uint32_t height = 0;       // lines
  std::vector<uint8_t> rgb;  // width * height * 3 bytes, line by line
};

// The bytes of the file. Precondition: rgb has the size that width and height say.
std::string AsPpm(const Picture& picture);
std::string AsPng(const Picture& picture);

}  // namespace drydock::devices

#endif  // DRYDOCK_SIM_DEVICES_PICTURE_H_
