// Cache types, their encoding in x86 page-table entries, and PAT's register of who mapped which
// physical range how. Rules PAT1..PAT10 of docs/mmap-rules.md; Linux arch/x86/mm/pat/memtype.c and
// memtype_interval.c. Only MMIO ranges are in the register: RAM is always write-back (PAT2).
#ifndef DRYDOCK_SIM_HW_MEMORY_TYPE_H_
#define DRYDOCK_SIM_HW_MEMORY_TYPE_H_

#include <cstdint>

#include "sim/hw/address.h"
#include "sim/hw/tracked.h"

namespace drydock::hw {

enum class CacheType : uint8_t {
  kWriteBack,
  kWriteCombining,
  kUncachedMinus,
  kUncached,
  kWriteThrough,
  kWriteProtected,
  // arm64's, beside kWriteBack, which is its Normal memory.
  kNormalNonCacheable,
  kDeviceEarlyAck,    // Device-nGnRE
  kDeviceNoEarlyAck,  // Device-nGnRnE
};

inline bool IsCacheable(CacheType type) {
  return type == CacheType::kWriteBack || type == CacheType::kWriteThrough ||
         type == CacheType::kWriteProtected;
}
inline bool IsArmDevice(CacheType type) {
  return type == CacheType::kDeviceEarlyAck || type == CacheType::kDeviceNoEarlyAck;
}

// PAT1: the cache bits (PWT 0x8, PCD 0x10, PAT 0x80) of a pgprot, and back.
inline constexpr uint64_t kCacheBits = 0x98;
uint64_t CacheBitsOf(CacheType type);
CacheType CacheTypeOf(uint64_t pgprot);
// The same three bits as an index of arm64's memory attributes.
CacheType Arm64CacheTypeOf(uint64_t pgprot);
const char* CacheName(
    CacheType type);  // "WB", "WC", "UC-", "UC", "WT", "WP", "NC", "nGnRE", "nGnRnE"

class MemoryTypes {
 public:
  static constexpr size_t kCapacity = 64;

  explicit MemoryTypes(ResetList& list, size_t capacity = kCapacity);

  enum class Result : uint8_t { kOk, kConflict, kFull };

  // memtype_reserve() for MMIO: the type obtained for [pfn, pfn + pages). A WB request becomes UC-
  // (PAT3); an overlap with one type takes that type (PAT4); with several, kConflict and nothing
  // changed.
  Result Reserve(Pfn pfn, uint64_t pages, CacheType wanted, CacheType* got);
  // memtype_free(): an exact match, else a match of the end, which shrinks the entry (P5); else
  // false and the entry stays for ever (P4).
  bool Free(Pfn pfn, uint64_t pages);
  // lookup_memtype(): UC- where nothing is reserved (PAT6).
  CacheType Lookup(Pfn pfn) const;
  // True if all pages of the range have one type (track_pfn_remap's check for part of a VMA).
  bool Uniform(Pfn pfn, uint64_t pages) const;
  // is_ISA_range(): 640 KiB to 1 MiB is write-back and in no register, whatever is asked for
  // (PAT2).
  static bool Untracked(Pfn pfn, uint64_t pages) {
    return pfn.value >= kIsaBegin && pfn.value + pages <= kIsaEnd;
  }
  // PAT5: may a request for `wanted` be served with `got`?
  static bool Compatible(CacheType wanted, CacheType got);
  uint64_t count() const { return *count_; }

 private:
  static constexpr uint64_t kIsaBegin = 0xa0, kIsaEnd = 0x100;
  struct Entry {
    Pfn pfn;
    uint64_t pages = 0;
    uint64_t type = 0;
  };
  TrackedArray<Entry> entries_;
  Tracked<uint64_t> count_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_MEMORY_TYPE_H_
