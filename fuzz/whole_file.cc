#include "fuzz/whole_file.h"

#include <cstddef>
#include <cstdio>
#include <memory>

namespace drydock::fuzz {

std::optional<std::string> ReadWholeFile(const std::string& path) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (file == nullptr) return std::nullopt;
  std::string bytes;
  char block[size_t{1} << 16];
  size_t size_bytes = 0;
  do {  // less than was asked for is the end, or an error
    size_bytes = std::fread(block, 1, sizeof block, file.get());
    bytes.append(block, size_bytes);
  } while (size_bytes == sizeof block);
  if (std::ferror(file.get()) != 0) return std::nullopt;
  return bytes;
}

}  // namespace drydock::fuzz
