#include "sim/hw/memory_type.h"

namespace drydock::hw {
namespace {

constexpr uint64_t kPwt = 0x8;
constexpr uint64_t kPcd = 0x10;
constexpr uint64_t kPat = 0x80;

}  // namespace

uint64_t CacheBitsOf(CacheType type) {
  switch (type) {
    case CacheType::kWriteBack:
      return 0;
    case CacheType::kWriteCombining:
      return kPwt;
    case CacheType::kUncachedMinus:
      return kPcd;
    case CacheType::kUncached:
      return kPcd | kPwt;
    case CacheType::kWriteProtected:
      return kPat | kPwt;
    case CacheType::kWriteThrough:
      return kPat | kPcd | kPwt;
    case CacheType::kNormalNonCacheable:
      return kPwt;
    case CacheType::kDeviceEarlyAck:
      return kPcd;
    case CacheType::kDeviceNoEarlyAck:
      return kPcd | kPwt;
  }
  return 0;
}

CacheType Arm64CacheTypeOf(uint64_t pgprot) {
  switch (pgprot & (kPwt | kPcd)) {
    case kPwt:
      return CacheType::kNormalNonCacheable;
    case kPcd:
      return CacheType::kDeviceEarlyAck;
    case kPcd | kPwt:
      return CacheType::kDeviceNoEarlyAck;
    default:
      return CacheType::kWriteBack;
  }
}

CacheType CacheTypeOf(uint64_t pgprot) {
  // The three bits index IA32_PAT as Linux programs it: WB WC UC- UC WB WP UC- WT.
  static constexpr CacheType kByIndex[8] = {CacheType::kWriteBack,     CacheType::kWriteCombining,
                                            CacheType::kUncachedMinus, CacheType::kUncached,
                                            CacheType::kWriteBack,     CacheType::kWriteProtected,
                                            CacheType::kUncachedMinus, CacheType::kWriteThrough};
  const unsigned index = ((pgprot & kPwt) != 0 ? 1U : 0U) | ((pgprot & kPcd) != 0 ? 2U : 0U) |
                         ((pgprot & kPat) != 0 ? 4U : 0U);
  return kByIndex[index];
}

const char* CacheName(CacheType type) {
  static constexpr const char* kNames[] = {"WB", "WC", "UC-",   "UC",    "WT",
                                           "WP", "NC", "nGnRE", "nGnRnE"};
  return kNames[static_cast<unsigned>(type)];
}

MemoryTypes::MemoryTypes(ResetList& list, size_t capacity)
    : entries_(list, "memtype entries", capacity), count_(list, "memtype count") {}

bool MemoryTypes::Compatible(CacheType wanted, CacheType got) {
  if (got == CacheType::kWriteBack) {
    return wanted != CacheType::kUncachedMinus && wanted != CacheType::kWriteCombining &&
           wanted != CacheType::kWriteThrough;
  }
  return !(wanted == CacheType::kWriteThrough && got == CacheType::kWriteCombining);
}

MemoryTypes::Result MemoryTypes::Reserve(Pfn pfn, uint64_t pages, CacheType wanted,
                                         CacheType* got) {
  if (Untracked(pfn, pages)) {
    *got = CacheType::kWriteBack;
    return Result::kOk;
  }
  CacheType type = wanted == CacheType::kWriteBack ? CacheType::kUncachedMinus : wanted;
  bool overlaps = false;
  for (uint64_t i = 0; i < *count_; ++i) {
    const Entry& entry = entries_[i];
    if (pfn + pages <= entry.pfn || entry.pfn + entry.pages <= pfn) continue;
    const auto present = static_cast<CacheType>(entry.type);
    if (overlaps && present != type) return Result::kConflict;
    type = present;
    overlaps = true;
  }
  if (*count_ == entries_.size()) return Result::kFull;
  entries_.Mut(*count_) = Entry{pfn, pages, static_cast<uint64_t>(type)};
  ++count_.Mut();
  *got = type;
  return Result::kOk;
}

bool MemoryTypes::Free(Pfn pfn, uint64_t pages) {
  if (Untracked(pfn, pages)) return true;
  uint64_t found = *count_;
  for (uint64_t i = 0; i < *count_ && found == *count_; ++i) {
    if (entries_[i].pfn == pfn && entries_[i].pages == pages) found = i;
  }
  if (found < *count_) {
    entries_.Mut(found) = entries_[*count_ - 1];
    --count_.Mut();
    return true;
  }
  for (uint64_t i = 0; i < *count_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.pfn < pfn && entry.pfn + entry.pages == pfn + pages) {
      entries_.Mut(i).pages = pfn - entry.pfn;
      return true;
    }
  }
  return false;
}

CacheType MemoryTypes::Lookup(Pfn pfn) const {
  if (Untracked(pfn, 1)) return CacheType::kWriteBack;
  for (uint64_t i = 0; i < *count_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.pfn <= pfn && pfn < entry.pfn + entry.pages)
      return static_cast<CacheType>(entry.type);
  }
  return CacheType::kUncachedMinus;
}

bool MemoryTypes::Uniform(Pfn pfn, uint64_t pages) const {
  const CacheType first = Lookup(pfn);
  // A border of any entry inside the range is where the type may change.
  for (const Pfn border : {Pfn{kIsaBegin}, Pfn{kIsaEnd}}) {
    if (pfn < border && border < pfn + pages) return false;  // device memory is never write-back
  }
  for (uint64_t i = 0; i < *count_; ++i) {
    for (const Pfn border : {entries_[i].pfn, entries_[i].pfn + entries_[i].pages}) {
      if (pfn < border && border < pfn + pages && Lookup(border) != first) return false;
    }
  }
  return true;
}

}  // namespace drydock::hw
