// The classes of violations: what each is called and whether it is a finding or advice. This table
// is the one place that says so; docs/violations.md is written from it (violation_classes_test
// checks that).
#ifndef DRYDOCK_FUZZ_VIOLATION_CLASSES_H_
#define DRYDOCK_FUZZ_VIOLATION_CLASSES_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sim/kernel/verdict.h"

namespace drydock::fuzz {

enum class Weight : uint8_t {
  kFinding,  // a bug: exit status 1
  kAdvice,   // the kernel accepts it, the author hardly means it: printed, exit status 0
  kLimit,    // ours, not the driver's: something that is not modelled; exit status 2
};

// Numbers of Violation::class_number: 1..99 are C01..C99; 101.. are advice without a class of its
// own.
inline constexpr uint8_t kAdvicePrivateWritable = 101;
inline constexpr uint8_t kSanitizerReport = 102;  // X06 when the run goes on

struct ViolationClass {
  uint8_t number;  // Violation::class_number; 0 for the traps that have no class
  std::string_view id;
  Weight weight;
  uint8_t oracle;  // the oracle that usually sees it
  std::string_view name;
  std::string_view meaning;  // one sentence
};

std::span<const ViolationClass> ViolationClasses();

// Never fails: a number without a class is shown as what it is.
const ViolationClass& ClassOf(uint8_t class_number, kernel::Trap trap);
const ViolationClass* FindClass(std::string_view id);

// The text of docs/violations.md.
std::string ViolationsMarkdown();

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_VIOLATION_CLASSES_H_
