// Pages whose every change is known, so that they can be put back for the price of the change.
//
// The pages are one memfd. The *plain view* is for the simulation: never poisoned, never protected;
// who writes through it calls MarkDirty() first. *Kernel views* are what driver code sees, at
// addresses the owner of this object chooses; a page has up to two. After Checkpoint() they are
// write-protected: the first store of the driver faults, OnWriteFault() opens the page and from
// then on it is hot: compared at each reset, put back when it differs, and protected again after it
// was equal for long.
//
// AddressSanitizer's poison belongs to the page, not to the view: both views carry the same.
#ifndef DRYDOCK_SIM_HW_WATCHED_MEMORY_H_
#define DRYDOCK_SIM_HW_WATCHED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/hw/address.h"

namespace drydock::hw {

class WatchedMemory {
 public:
  using PageIndex = uint64_t;
  static constexpr unsigned kViews = 2;
  // Consecutive resets that must find a hot page equal before it is protected again; doubles each
  // time the same page becomes hot again, so that a page cannot cost a fault every few runs.
  static constexpr uint32_t kCoolAfter = 64;

  explicit WatchedMemory(uint64_t pages);
  ~WatchedMemory();
  WatchedMemory(const WatchedMemory&) = delete;
  WatchedMemory& operator=(const WatchedMemory&) = delete;

  uint64_t pages() const { return pages_; }

  // Maps pages [first, first + count) at `at`, which the caller has reserved, as their view number
  // `view`. Poisoned as a whole if `poisoned` (then the views end poisoned or unpoisoned through
  // this class alone). Allowed at any time; aborts if the host refuses.
  void AddView(unsigned view, PageIndex first, uint64_t count, char* at, bool poisoned);
  bool HasView(unsigned view, PageIndex page) const { return views_[view][page] != nullptr; }

  unsigned char* Plain(PageIndex page) const { return plain_ + page * kPageSize; }
  // Says that bytes [offset, offset + size) of the page, or all of them, are about to be written
  // through the plain view. Reset() puts back what lies between the first and the last of them.
  void MarkDirty(PageIndex page) { MarkDirty(page, 0, kPageSize); }
  void MarkDirty(PageIndex page, size_t offset, size_t size_bytes) {
    if ((flags_[page] & kKept) == 0) return;
    const auto begin = static_cast<uint16_t>(offset);
    const auto end = static_cast<uint16_t>(offset + size_bytes);
    if ((flags_[page] & kDirty) == 0) {
      flags_[page] |= kDirty;
      dirty_slots_[page] = static_cast<uint32_t>(dirty_.size());
      dirty_.push_back({static_cast<uint32_t>(page), begin, end});
      return;
    }
    Dirty& dirty = dirty_[dirty_slots_[page]];
    if (begin < dirty.begin) dirty.begin = begin;
    if (end > dirty.end) dirty.end = end;
  }
  // True if a store through a kernel view would go unnoticed now.
  bool Writable(PageIndex page) const {
    return !checkpointed_ || (flags_[page] & (kOpen0 | kOpen1)) != 0;
  }
  // True if Reset() puts the page's bytes back.
  bool Kept(PageIndex page) const { return (flags_[page] & kKept) != 0; }
  // Opens the page's kernel views as the first store would.
  void MakeHot(PageIndex page);
  // For the SIGSEGV handler (async-signal-safe): true if the view was protected and is open now.
  bool OnWriteFault(unsigned view, PageIndex page);

  // Bytes [offset, offset + size) of the page, in every view.
  void Poison(PageIndex page, size_t offset, size_t size_bytes);
  void Unpoison(PageIndex page, size_t offset, size_t size_bytes);

  // Makes the present bytes and poison of each page with keep[page] != 0 what Reset() returns to.
  // The others return to "poisoned as a whole", their bytes are left as they are. Cost O(pages).
  void Checkpoint(const std::vector<uint8_t>& keep);
  // Cost O(pages touched since the checkpoint or the last reset, and hot).
  void Reset() {
    if (!dirty_.empty() || !hot_.empty() || !repoisoned_.empty()) PutBack();
  }
  // True if every byte and shadow byte is what Checkpoint() found. Cost O(pages).
  bool EqualsCheckpoint() const;

  // For a child of fork(2): the pages become its own, as they are. Cost O(pages in use).
  void Unshare();

  // The file that holds the pages, page i at i * kPageSize: for another process that maps them.
  int file() const { return fd_; }
  // For a world that is never reset: from now on every view is writable, no store faults, and
  // neither Reset() nor EqualsCheckpoint() means anything.
  void StopWatching();

  size_t hot_pages() const { return hot_.size(); }

 private:
  enum Flag : uint8_t {
    kKept = 1,         // bytes matter at reset
    kDirty = 2,        // in dirty_
    kOpen0 = 4,        // view 0 is writable
    kOpen1 = 8,        // view 1 is writable
    kHot = 16,         // in hot_
    kRepoisoned = 32,  // in repoisoned_
    kPoisons = 64,     // its views take part in poisoning
  };
  struct Dirty {
    uint32_t page;
    uint16_t begin, end;  // bytes
  };
  struct Hot {
    uint32_t page;
    uint32_t equal_resets;
  };

  void MapView(unsigned view, PageIndex first, uint64_t count);
  bool Open(unsigned view, PageIndex page);
  void PutBack();
  void Cool(size_t hot_index);
  void NotePoison(PageIndex page) {
    if ((flags_[page] & kRepoisoned) != 0 || !checkpointed_) return;
    flags_[page] |= kRepoisoned;
    repoisoned_.push_back(static_cast<uint32_t>(page));
  }
  unsigned char* SnapshotOf(PageIndex page) const { return snapshot_ + page * kPageSize; }
  unsigned char* ShadowSnapshotOf(PageIndex page) const;

  const uint64_t pages_;
  int fd_ = -1;
  bool checkpointed_ = false;
  unsigned char* plain_ = nullptr;
  unsigned char* snapshot_ = nullptr;         // sparse
  unsigned char* shadow_snapshot_ = nullptr;  // sparse
  std::vector<char*> views_[kViews];
  std::vector<uint8_t> flags_;
  std::vector<uint8_t> heats_;  // how often a page became hot
  std::vector<Dirty> dirty_;
  std::vector<uint32_t> dirty_slots_;  // index in dirty_ of a page that is kDirty
  std::vector<uint32_t> repoisoned_;
  std::vector<Hot> hot_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_WATCHED_MEMORY_H_
