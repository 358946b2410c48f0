// What a real kernel has to show before a finding of a class counts as confirmed. This table is the
// one place that says so; docs/check.md has it for readers (evidence_test compares).
#ifndef DRYDOCK_KMOD_CONFIRM_EVIDENCE_H_
#define DRYDOCK_KMOD_CONFIRM_EVIDENCE_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace drydock::kmod {

enum class Evidence : uint8_t {
  kNone,         // a kernel shows nothing of it; `why` says why
  kEntry,        // a page-table entry at the same place, whose frame is not the driver's or not the
                 // one that was asked for; or one that is outside of every mapping
  kSame,         // the step's result and the address space are line by line the simulation's
  kComplaint,    // the kernel's own report: a BUG, an oops, a warning, KASAN, UBSAN, lockdep
  kStandsStill,  // the step does not come back
  kUseCount,     // the module's use count is 0 while a file of it is open
  kUnwritten,    // the bytes are the mark of memory that nobody has written
  kSharedPage,   // the page is one of the slab allocator's
  kFreed,        // the page that user space sees is free memory
};

struct EvidenceRow {
  std::string_view class_id;
  Evidence evidence = Evidence::kNone;
  bool silence_refutes = false;  // else a kernel that shows nothing has not observed it
  std::string_view why;          // what is said of a kernel that shows nothing
};

std::span<const EvidenceRow> EvidenceRows();
// A class that has no row is not observable.
const EvidenceRow& EvidenceOf(std::string_view class_id);

// As docs/check.md calls it: "entry", "same", ...
std::string_view EvidenceName(Evidence evidence);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFIRM_EVIDENCE_H_
