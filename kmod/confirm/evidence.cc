#include "kmod/confirm/evidence.h"

#include <algorithm>

namespace drydock::kmod {
namespace {

constexpr std::string_view kLeak = "a kernel does not say what is left behind";
constexpr std::string_view kDma = "a kernel without DMA debugging does not look at that";
constexpr std::string_view kCount =
    "a wrong count shows in a kernel only when it frees what is in use";
constexpr std::string_view kWord = "the kernel did not complain; one with its checks on might";
constexpr std::string_view kMemory = "the access hit memory that is there";

// clang-format off
constexpr EvidenceRow kRows[] = {
    {"C01", Evidence::kEntry, true, ""},
    {"C02", Evidence::kEntry, true, ""},
    {"C03", Evidence::kEntry, true, ""},
    {"C04", Evidence::kEntry, true, ""},
    {"C05", Evidence::kEntry, true, ""},
    {"C06", Evidence::kEntry, true, ""},
    {"C07", Evidence::kEntry, true, ""},
    {"C08", Evidence::kComplaint, false, kMemory},
    {"C09", Evidence::kEntry, true, ""},
    {"C10", Evidence::kEntry, true, ""},
    {"C11", Evidence::kEntry, true, ""},
    {"C12", Evidence::kComplaint, false, kMemory},
    {"C13", Evidence::kEntry, true, ""},
    {"C14", Evidence::kComplaint, false, kWord},
    {"C15", Evidence::kEntry, true, ""},
    {"C16", Evidence::kEntry, true, ""},
    {"C17", Evidence::kEntry, true, ""},
    {"C18", Evidence::kSame, true, ""},
    {"C19", Evidence::kSame, true, ""},
    {"C20", Evidence::kNone, false, "a kernel does not say whose the bytes behind a buffer's end are"},
    {"C21", Evidence::kSame, true, ""},
    {"C22", Evidence::kSame, true, ""},
    {"C23", Evidence::kSame, true, ""},
    {"C24", Evidence::kSame, true, ""},
    {"C25", Evidence::kSame, true, ""},
    {"C26", Evidence::kSame, true, ""},
    {"C27", Evidence::kComplaint, false, kWord},
    {"C28", Evidence::kSame, true, ""},
    {"C29", Evidence::kFreed, false, "the kernel has given the page to somebody by then, or keeps it for the next one"},
    {"C30", Evidence::kComplaint, false, kWord},
    {"C31", Evidence::kComplaint, false, kMemory},
    {"C32", Evidence::kEntry, true, ""},
    {"C33", Evidence::kNone, false, "nothing resets a device of the guest"},
    {"C34", Evidence::kNone, false, "nothing removes a device of the guest"},
    {"C35", Evidence::kSame, true, ""},
    {"C36", Evidence::kNone, false, "what a cache holds does not show in a guest"},
    {"C37", Evidence::kStandsStill, true, ""},
    {"C38", Evidence::kComplaint, false, kCount},
    {"C39", Evidence::kComplaint, false, kCount},
    {"C40", Evidence::kEntry, true, ""},
    {"C41", Evidence::kComplaint, false, kCount},
    {"C42", Evidence::kComplaint, false, kWord},
    {"C43", Evidence::kComplaint, false, kCount},
    {"C44", Evidence::kComplaint, false, kCount},
    {"C45", Evidence::kNone, false, kLeak},
    {"C46", Evidence::kSame, true, ""},
    {"C47", Evidence::kNone, false, kLeak},
    {"C48", Evidence::kComplaint, false, kCount},
    {"C49", Evidence::kUnwritten, false, "the kernel's memory happened to hold nothing there"},
    {"C50", Evidence::kSharedPage, true, ""},
    {"C51", Evidence::kComplaint, false, kMemory},
    {"C52", Evidence::kComplaint, false, "only a kernel with lockdep sees an order of locks; 6.1-kasan is one"},
    {"C53", Evidence::kNone, false, "nobody changes the value between the two reads"},
    {"C54", Evidence::kComplaint, false, kMemory},
    {"C55", Evidence::kComplaint, false, "only a kernel with lockdep looks for the lock; 6.1-kasan is one"},
    {"C56", Evidence::kNone, false, kDma},
    {"C57", Evidence::kNone, false, kDma},
    {"C58", Evidence::kNone, false, kDma},
    {"C59", Evidence::kComplaint, false, kWord},
    {"C60", Evidence::kNone, false, kDma},
    {"C61", Evidence::kNone, false, "the guest has no IOMMU"},
    {"C62", Evidence::kNone, false, kDma},
    {"C63", Evidence::kUseCount, true, ""},
    {"C64", Evidence::kComplaint, false, "only a kernel that looks for sleeping in atomic context says so; 6.1-kasan does"},
    {"A01", Evidence::kSame, true, ""},
    {"A02", Evidence::kSame, true, ""},
    {"X00", Evidence::kComplaint, false, kWord},
    {"X01", Evidence::kComplaint, true, ""},
    {"X02", Evidence::kComplaint, false, kMemory},
    {"X04", Evidence::kStandsStill, true, ""},
    {"X05", Evidence::kStandsStill, true, ""},
    {"X06", Evidence::kComplaint, false, "only a kernel with KASAN and UBSAN looks; 6.1-kasan does"},
};
// clang-format on

constexpr EvidenceRow kUnknown = {"", Evidence::kNone, false, "nothing is known of the class"};

}  // namespace

std::span<const EvidenceRow> EvidenceRows() { return kRows; }

const EvidenceRow& EvidenceOf(std::string_view class_id) {
  const auto* const found =
      std::find_if(std::begin(kRows), std::end(kRows),
                   [&](const EvidenceRow& row) { return row.class_id == class_id; });
  return found == std::end(kRows) ? kUnknown : *found;
}

std::string_view EvidenceName(Evidence evidence) {
  switch (evidence) {
    case Evidence::kNone:
      return "none";
    case Evidence::kEntry:
      return "entry";
    case Evidence::kSame:
      return "same";
    case Evidence::kComplaint:
      return "complaint";
    case Evidence::kStandsStill:
      return "stands still";
    case Evidence::kUseCount:
      return "use count";
    case Evidence::kUnwritten:
      return "unwritten";
    case Evidence::kSharedPage:
      return "shared page";
    case Evidence::kFreed:
      return "freed";
  }
  return "";
}

}  // namespace drydock::kmod
