#include "sim/devices/options.h"

#include <charconv>
#include <stdexcept>

namespace drydock::devices {

uint64_t NumberOption(const std::string& model, const std::string& name, const std::string& value,
                      uint64_t most) {
  const bool hex = value.rfind("0x", 0) == 0;
  const char* begin = value.data() + (hex ? 2 : 0);
  const char* end = value.data() + value.size();
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(begin, end, number, hex ? 16 : 10);
  if (begin == end || stop != end || error != std::errc() || number > most) {
    throw std::runtime_error("model " + model + ": " + name + " '" + value +
                             "' is not a number up to " + std::to_string(most));
  }
  return number;
}

}  // namespace drydock::devices
