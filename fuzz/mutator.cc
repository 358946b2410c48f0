#include "fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz/byte_operands.h"

extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size,
                                                         size_t max_size);

namespace drydock::fuzz {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567) {}
  uint32_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ >> 16);
  }
  size_t Below(size_t n) { return n == 0 ? 0 : Next() % n; }

 private:
  uint64_t state_;
};

class StepMutator {
 public:
  StepMutator(std::span<uint8_t> data, size_t size, const StepBoundaries& steps, uint32_t seed)
      : data_(data), size_(size), steps_(steps), random_(seed) {}

  size_t Run() {
    const size_t step = random_.Below(steps_.count);
    const size_t begin = steps_.count == 0 ? size_ : steps_.at[step];
    const size_t end = steps_.count == 0 ? size_ : steps_.at[step + 1];
    switch (steps_.count < 2 ? 0 : random_.Below(8)) {
      case 0:
      case 1:
      case 2:
        Insert(random_.Below(4) == 0 ? begin : size_);
        break;
      case 3:
        Erase(begin, end);
        break;
      case 4:
        Repeat(begin, end);
        break;
      case 5:
        if (step + 1 < steps_.count) {
          std::rotate(data_.begin() + begin, data_.begin() + end,
                      data_.begin() + steps_.at[step + 2]);
        }
        break;
      default:
        Change(begin, end);
        break;
    }
    if (size_ == 0) data_[size_++] = 0;
    return size_;
  }

 private:
  uint8_t Operand() {
    switch (random_.Below(4)) {
      case 0:
        return 0;
      case 1:
        return static_cast<uint8_t>(random_.Below(operands::kParts));
      case 2:
        return static_cast<uint8_t>(operands::kBoundary + random_.Below(29));
      default:
        return static_cast<uint8_t>(random_.Next());
    }
  }
  void Insert(size_t at) {
    std::array<uint8_t, 6> bytes;
    size_t count = 1 + random_.Below(bytes.size());
    // One in sixteen is a call that rarely matters.
    bytes[0] = static_cast<uint8_t>(
        random_.Below(16) == 0 ? operands::kRareSelectors +
                                     random_.Below(operands::kSelectors - operands::kRareSelectors)
                               : random_.Below(operands::kOftenSelectors));
    for (size_t i = 1; i < count; ++i) bytes[i] = Operand();
    if (size_ == 0) at = 0;
    count = std::min(count, data_.size() - size_);
    std::memmove(&data_[0] + at + count, &data_[0] + at, size_ - at);
    std::memcpy(&data_[0] + at, bytes.data(), count);
    size_ += count;
  }
  void Erase(size_t begin, size_t end) {
    std::memmove(&data_[0] + begin, &data_[0] + end, size_ - end);
    size_ -= end - begin;
  }
  void Repeat(size_t begin, size_t end) {
    const size_t count = end - begin;
    if (count > data_.size() - size_) return;
    std::memmove(&data_[0] + end + count, &data_[0] + end, size_ - end);
    std::memcpy(&data_[0] + end, &data_[0] + begin, count);
    size_ += count;
  }
  void Change(size_t begin, size_t end) {
    if (begin >= size_) return;
    const size_t count = std::max<size_t>(1, std::min(end, size_) - begin);
    data_[begin + random_.Below(count)] = Operand();
    if (random_.Below(16) == 0) {
      data_[0] = static_cast<uint8_t>(random_.Below(2) == 0 ? 0 : 0xc0 + random_.Below(12));
    }
  }

  std::span<uint8_t> data_;
  size_t size_;
  const StepBoundaries& steps_;
  Random random_;
};

}  // namespace

size_t Mutate(std::span<uint8_t> data, size_t size, uint32_t seed, const Encoding& encoding) {
  if ((seed & kByStep) == 0 && LLVMFuzzerMutate != nullptr) {
    return LLVMFuzzerMutate(data.data(), size, data.size());
  }
  StepBoundaries steps;
  Decode(data.first(size), encoding, &steps);
  return StepMutator(data, size, steps, seed >> 1).Run();
}

}  // namespace drydock::fuzz
