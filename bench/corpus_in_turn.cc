// libFuzzer's mutator of both benchmark targets: gives the files of $DRYDOCK_BENCH_CORPUS one after
// the other, so that both run exactly the same inputs, for ever.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<std::string> ReadCorpus() {
  const char* folder = std::getenv("DRYDOCK_BENCH_CORPUS");
  std::vector<std::string> inputs;
  if (folder != nullptr) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& path : files) {
      std::ifstream file(path, std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  if (inputs.empty()) {
    std::fputs("bench: DRYDOCK_BENCH_CORPUS names no folder of inputs\n", stderr);
    std::_Exit(2);
  }
  return inputs;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t, size_t max_size, unsigned int) {
  static const std::vector<std::string>& inputs = *new std::vector<std::string>(ReadCorpus());
  static size_t next = 0;
  const std::string& input = inputs[next];
  next = next + 1 == inputs.size() ? 0 : next + 1;
  const size_t size = std::min(input.size(), max_size);
  std::copy_n(input.begin(), size, data);
  return size;
}
