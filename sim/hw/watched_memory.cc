#include "sim/hw/watched_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sim/hw/page_copy.h"
#include "sim/hw/shadow.h"

namespace drydock::hw {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

unsigned char* Sparse(uint64_t size_bytes) {
  void* p = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) Die("drydock: mmap of a snapshot");
  return static_cast<unsigned char*>(p);
}

constexpr uint8_t OpenFlag(unsigned view) { return view == 0 ? 4 : 8; }

}  // namespace

WatchedMemory::WatchedMemory(uint64_t pages)
    : pages_(pages), flags_(pages), heats_(pages), dirty_slots_(pages) {
  const uint64_t size_bytes = pages * kPageSize;
  fd_ = memfd_create("drydock", MFD_CLOEXEC);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size_bytes)) != 0) Die("drydock: memfd");
  void* p = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (p == MAP_FAILED) Die("drydock: mmap of the plain view");
  plain_ = static_cast<unsigned char*>(p);
  snapshot_ = Sparse(size_bytes);
  shadow_snapshot_ = Sparse(pages * shadow::kBytesPerPage);
  for (auto& view : views_) view.resize(pages);
  // A signal handler pushes to these: they never grow.
  dirty_.reserve(pages);
  repoisoned_.reserve(pages);
  hot_.reserve(pages);
}

WatchedMemory::~WatchedMemory() {
  // The views lie in address space of the caller's, who unmaps it.
  for (auto& view : views_) {
    for (PageIndex page = 0; page < pages_;) {
      if (view[page] == nullptr) {
        ++page;
        continue;
      }
      uint64_t run = 1;
      while (page + run < pages_ && view[page + run] == view[page] + run * kPageSize) ++run;
      if ((flags_[page] & kPoisons) != 0) shadow::Forget(view[page], run * kPageSize);
      page += run;
    }
  }
  munmap(plain_, pages_ * kPageSize);
  munmap(snapshot_, pages_ * kPageSize);
  munmap(shadow_snapshot_, pages_ * shadow::kBytesPerPage);
  close(fd_);
}

unsigned char* WatchedMemory::ShadowSnapshotOf(PageIndex page) const {
  return shadow_snapshot_ + page * shadow::kBytesPerPage;
}

void WatchedMemory::MapView(unsigned view, PageIndex first, uint64_t count) {
  const int prot = checkpointed_ ? PROT_READ : PROT_READ | PROT_WRITE;
  void* p = mmap(views_[view][first], count * kPageSize, prot, MAP_SHARED | MAP_FIXED, fd_,
                 static_cast<off_t>(first * kPageSize));
  if (p == MAP_FAILED) Die("drydock: mmap of a kernel view");
}

void WatchedMemory::AddView(unsigned view, PageIndex first, uint64_t count, char* at,
                            bool poisoned) {
  if (count == 0) return;
  for (uint64_t i = 0; i < count; ++i) {
    const PageIndex page = first + i;
    views_[view][page] = at + i * kPageSize;
    flags_[page] = static_cast<uint8_t>(flags_[page] & ~OpenFlag(view));
    if (poisoned) flags_[page] |= kPoisons;
  }
  MapView(view, first, count);
  if (poisoned) shadow::PoisonPages(at, count);
}

void WatchedMemory::Unshare() {
  const uint64_t size_bytes = pages_ * kPageSize;
  const int shared = fd_;
  fd_ = memfd_create("drydock", MFD_CLOEXEC);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size_bytes)) != 0) Die("drydock: memfd");
  off_t hole = 0;
  for (off_t data = lseek(shared, 0, SEEK_DATA); data >= 0; data = lseek(shared, hole, SEEK_DATA)) {
    hole = lseek(shared, data, SEEK_HOLE);
    const auto length = static_cast<size_t>(hole - data);
    if (pwrite(fd_, plain_ + data, length, data) != static_cast<ssize_t>(length)) {
      Die("drydock: copying memory after fork");
    }
  }
  if (mmap(plain_, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_, 0) ==
      MAP_FAILED) {
    Die("drydock: mmap of the plain view");
  }
  for (unsigned view = 0; view < kViews; ++view) {
    for (PageIndex page = 0; page < pages_;) {
      uint64_t run = 1;
      char* at = views_[view][page];
      if (at != nullptr) {
        while (page + run < pages_ && views_[view][page + run] == at + run * kPageSize) ++run;
        MapView(view, page, run);
      }
      for (PageIndex open = page; checkpointed_ && open < page + run; ++open) {
        if ((flags_[open] & OpenFlag(view)) != 0 &&
            mprotect(views_[view][open], kPageSize, PROT_READ | PROT_WRITE) != 0) {
          Die("drydock: mprotect");
        }
      }
      page += run;
    }
  }
  close(shared);
}

bool WatchedMemory::Open(unsigned view, PageIndex page) {
  char* at = views_[view][page];
  if (!checkpointed_ || at == nullptr || (flags_[page] & OpenFlag(view)) != 0) return false;
  if (mprotect(at, kPageSize, PROT_READ | PROT_WRITE) != 0) Die("drydock: mprotect");
  flags_[page] |= OpenFlag(view);
  if ((flags_[page] & (kKept | kHot)) == kKept) {
    flags_[page] |= kHot;
    if (heats_[page] < 20) ++heats_[page];
    hot_.push_back({static_cast<uint32_t>(page), 0});
  }
  return true;
}

void WatchedMemory::MakeHot(PageIndex page) {
  for (unsigned view = 0; view < kViews; ++view) Open(view, page);
}

bool WatchedMemory::OnWriteFault(unsigned view, PageIndex page) { return Open(view, page); }

void WatchedMemory::Poison(PageIndex page, size_t offset, size_t size_bytes) {
  if (!shadow::Present()) return;
  NotePoison(page);
  for (const auto& view : views_) {
    if (view[page] == nullptr) continue;
    if (size_bytes == kPageSize) {
      shadow::PoisonPages(view[page], 1);
    } else {
      shadow::Poison(view[page] + offset, size_bytes);
    }
  }
}

void WatchedMemory::Unpoison(PageIndex page, size_t offset, size_t size_bytes) {
  if (!shadow::Present()) return;
  NotePoison(page);
  for (const auto& view : views_) {
    if (view[page] == nullptr) continue;
    if (size_bytes == kPageSize) {
      shadow::UnpoisonPages(view[page], 1);
    } else {
      shadow::Unpoison(view[page] + offset, size_bytes);
    }
  }
}

void WatchedMemory::Checkpoint(const std::vector<uint8_t>& keep) {
  constexpr uint8_t kState = kKept | kDirty | kOpen0 | kOpen1 | kHot | kRepoisoned;
  for (auto& view : views_) {
    for (PageIndex page = 0; page < pages_;) {
      uint64_t run = 1;
      if (view[page] != nullptr) {
        while (page + run < pages_ && view[page + run] == view[page] + run * kPageSize) ++run;
        if (mprotect(view[page], run * kPageSize, PROT_READ) != 0) Die("drydock: mprotect");
      }
      page += run;
    }
  }
  for (PageIndex page = 0; page < pages_; ++page) {
    flags_[page] = static_cast<uint8_t>(flags_[page] & ~kState);
    heats_[page] = 0;
    if (keep[page] == 0) continue;
    flags_[page] |= kKept;
    CopyPage(SnapshotOf(page), Plain(page));
    for (const auto& view : views_) {
      if (view[page] != nullptr && (flags_[page] & kPoisons) != 0) {
        shadow::Save(view[page], ShadowSnapshotOf(page));
        break;
      }
    }
  }
  dirty_.clear();
  repoisoned_.clear();
  hot_.clear();
  checkpointed_ = true;
}

void WatchedMemory::StopWatching() {
  checkpointed_ = false;
  for (const auto& view : views_) {
    for (PageIndex page = 0; page < pages_;) {
      uint64_t run = 1;
      if (view[page] != nullptr) {
        while (page + run < pages_ && view[page + run] == view[page] + run * kPageSize) ++run;
        if (mprotect(view[page], run * kPageSize, PROT_READ | PROT_WRITE) != 0) {
          Die("drydock: mprotect");
        }
      }
      page += run;
    }
  }
}

void WatchedMemory::Cool(size_t hot_index) {
  const PageIndex page = hot_[hot_index].page;
  for (unsigned view = 0; view < kViews; ++view) {
    if ((flags_[page] & OpenFlag(view)) == 0) continue;
    if (mprotect(views_[view][page], kPageSize, PROT_READ) != 0) Die("drydock: mprotect");
    flags_[page] = static_cast<uint8_t>(flags_[page] & ~OpenFlag(view));
  }
  flags_[page] = static_cast<uint8_t>(flags_[page] & ~kHot);
  hot_[hot_index] = hot_.back();
  hot_.pop_back();
}

void WatchedMemory::PutBack() {
  for (const Dirty& dirty : dirty_) {
    flags_[dirty.page] = static_cast<uint8_t>(flags_[dirty.page] & ~kDirty);
    if ((flags_[dirty.page] & kHot) != 0) continue;
    if (dirty.end - dirty.begin == kPageSize) {
      CopyPage(Plain(dirty.page), SnapshotOf(dirty.page));
    } else {
      CopyPlain(Plain(dirty.page) + dirty.begin, SnapshotOf(dirty.page) + dirty.begin,
                static_cast<size_t>(dirty.end - dirty.begin));
    }
  }
  dirty_.clear();
  for (size_t i = hot_.size(); i-- > 0;) {
    Hot& hot = hot_[i];
    if (!PagesEqual(Plain(hot.page), SnapshotOf(hot.page))) {
      CopyPage(Plain(hot.page), SnapshotOf(hot.page));
      hot.equal_resets = 0;
    } else if (++hot.equal_resets >= kCoolAfter << (heats_[hot.page] - 1)) {
      Cool(i);
    }
  }
  for (const uint32_t page : repoisoned_) {
    flags_[page] = static_cast<uint8_t>(flags_[page] & ~kRepoisoned);
    for (const auto& view : views_) {
      if (view[page] == nullptr) continue;
      if ((flags_[page] & kKept) != 0) {
        shadow::Load(view[page], ShadowSnapshotOf(page));
      } else {
        shadow::PoisonPages(view[page], 1);
      }
    }
  }
  repoisoned_.clear();
}

bool WatchedMemory::EqualsCheckpoint() const {
  for (PageIndex page = 0; page < pages_; ++page) {
    const bool kept = (flags_[page] & kKept) != 0;
    if (kept && !PagesEqual(Plain(page), SnapshotOf(page))) return false;
    if ((flags_[page] & kPoisons) == 0) continue;
    for (const auto& view : views_) {
      if (view[page] == nullptr) continue;
      if (kept ? !shadow::Equal(view[page], ShadowSnapshotOf(page))
               : !shadow::AllPoisoned(view[page])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace drydock::hw
