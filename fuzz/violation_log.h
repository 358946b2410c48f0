// Which violations were seen already, and how a new one is told: one JSON line
// (docs/json-schema.md, "the worker's lines").
#ifndef DRYDOCK_FUZZ_VIOLATION_LOG_H_
#define DRYDOCK_FUZZ_VIOLATION_LOG_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/elf_image.h"
#include "fuzz/observation.h"
#include "fuzz/program.h"
#include "fuzz/program_text.h"
#include "sim/kernel/verdict.h"

namespace drydock::fuzz {

// What makes two violations one.
struct ViolationKey {
  uint8_t class_number = 0;
  uint8_t oracle = 0;
  uint8_t variant = 0;
  kernel::Trap trap = kernel::Trap::kNone;
  std::string_view function;  // of the driver's image; "" if none

  friend bool operator==(const ViolationKey&, const ViolationKey&) = default;
};

class SeenViolations {
 public:
  explicit SeenViolations(const ElfImage& image) : image_(image) { keys_.reserve(kCapacity); }

  // True the first time; no allocation, and for code offsets seen before no look-up of names.
  bool IsNew(const kernel::Violation& violation);
  // Whether one like it was new before.
  bool Knows(const kernel::Violation& violation) const;
  ViolationKey KeyOf(const kernel::Violation& violation) const;

 private:
  static constexpr size_t kCapacity = 512;
  static constexpr size_t kSlots = 4096;  // a power of two
  const ElfImage& image_;
  std::vector<ViolationKey> keys_;
  std::array<uint64_t, kSlots> raw_{};  // hashes of what was looked up before; 0 = empty
};

// One line without its end.
struct ViolationLine {
  const kernel::Violation& violation;
  std::string_view function;
  const Program& program;
  const NodePaths& nodes;
  std::span<const Observation> observations;  // of the minimised program
  std::string_view maps;                      // address space after the step
  uint64_t executions = 0;
};
std::string FormatViolationLine(const ViolationLine& line);

// Appends `text` as a JSON string, quotes included. Bytes that are not ASCII become \u00XX.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_VIOLATION_LOG_H_
