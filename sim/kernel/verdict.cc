#include "sim/kernel/verdict.h"

#include <cstdarg>
#include <cstdio>

namespace drydock::kernel {

Violation& Verdicts::Next() {
  if (count_ == kCapacity) {
    ++dropped_;
    return overflow_;
  }
  return list_[count_++];
}

void Verdicts::Clear() {
  count_ = 0;
  dropped_ = 0;
  if (pending_ != Trap::kNone) ClearTrap();
  step_ = 0;
  *caller_ = nullptr;
}

void Verdicts::SetDriverImage(const void* begin, const void* end) {
  image_begin_ = begin;
  image_end_ = end;
}

uint64_t Verdicts::DriverPc(const void* pc) const {
  if (!InDriver(pc)) return 0;
  return static_cast<uint64_t>(static_cast<const char*>(pc) -
                               static_cast<const char*>(image_begin_));
}

void Verdicts::Report(int class_number, int oracle, const char* expected, const char* seen_format,
                      ...) {
  Violation& v = Next();
  v = Violation{};
  v.class_number = static_cast<uint8_t>(class_number);
  v.oracle = static_cast<uint8_t>(oracle);
  v.step = step_;
  v.driver_pc = DriverPc(*caller_);
  std::snprintf(v.expected, sizeof v.expected, "%s", expected);
  va_list args;
  va_start(args, seen_format);
  std::vsnprintf(v.seen, sizeof v.seen, seen_format, args);
  va_end(args);
}

void Verdicts::TrapNow(Trap trap, int class_number, int oracle, const char* expected,
                       const char* seen_format, ...) {
  if (pending_ != Trap::kNone) return;  // the first one is the cause
  pending_ = trap;
  if (listener_ != nullptr) listener_->OnTrap(true);
  Violation& v = Next();
  v = Violation{};
  v.class_number = static_cast<uint8_t>(class_number);
  v.oracle = static_cast<uint8_t>(oracle);
  v.trap = trap;
  v.step = step_;
  v.driver_pc = DriverPc(*caller_);
  std::snprintf(v.expected, sizeof v.expected, "%s", expected);
  va_list args;
  va_start(args, seen_format);
  std::vsnprintf(v.seen, sizeof v.seen, seen_format, args);
  va_end(args);
}

}  // namespace drydock::kernel
