#include "live/server/mirror.h"

#include <sys/mman.h>

#include <algorithm>

namespace drydock::live {
namespace {

uint64_t EndOf(const Update& u) { return u.address + u.pages * kPageBytes; }

uint32_t ProtOf(const hw::PteBits& bits) {
  uint32_t prot = PROT_READ;
  if (bits.write != 0) prot |= PROT_WRITE;
  if (bits.exec != 0) prot |= PROT_EXEC;
  return prot;
}

// The part of `u` in [from, to).
Update Cut(const Update& u, uint64_t from, uint64_t to) {
  Update part = u;
  part.address = std::max(u.address, from);
  part.pages = (std::min(EndOf(u), to) - part.address) / kPageBytes;
  if (u.store != Store::kNone) part.offset = u.offset + (part.address - u.address);
  return part;
}

bool SamePages(const Update& a, const Update& b) {
  return a.store == b.store && a.prot == b.prot && a.offset - a.address == b.offset - b.address;
}

// First of the list that ends after `address`.
size_t FirstAfter(const std::vector<Update>& list, uint64_t address) {
  return static_cast<size_t>(
      std::upper_bound(list.begin(), list.end(), address,
                       [](uint64_t at, const Update& u) { return at < EndOf(u); }) -
      list.begin());
}

// Takes [from, to) out of the list; `gone`, if any, is told of each part.
template <class Gone>
void Remove(std::vector<Update>* list, uint64_t from, uint64_t to, Gone gone) {
  const size_t first = FirstAfter(*list, from);
  size_t last = first;
  std::vector<Update> rest;
  while (last < list->size() && (*list)[last].address < to) {
    const Update& u = (*list)[last++];
    gone(Cut(u, from, to));
    if (u.address < from) rest.push_back(Cut(u, u.address, from));
    if (EndOf(u) > to) rest.push_back(Cut(u, to, EndOf(u)));
  }
  const auto at = list->erase(list->begin() + static_cast<ptrdiff_t>(first),
                              list->begin() + static_cast<ptrdiff_t>(last));
  list->insert(at, rest.begin(), rest.end());
}

}  // namespace

Update Mirror::Piece(hw::Pfn pfn, uint64_t pages) const {
  Update piece;
  if (memory_.IsRam(pfn)) {
    piece.store = Store::kRam;
    piece.offset = memory_.FileOffset(pfn);
    // Neighbouring frames of one zone are neighbours in the file.
    const hw::Pfn base = hw::PhysicalMemory::kNormalBase.pfn();
    const uint64_t left =
        pfn < base ? hw::PhysicalMemory::kDma32Base.pfn() + hw::PhysicalMemory::kDma32Frames - pfn
                   : base + (hw::PhysicalMemory::kFrames - hw::PhysicalMemory::kDma32Frames) - pfn;
    piece.pages = std::min(pages, left);
    return piece;
  }
  if (mmio_.FileOffset(pfn, &piece.offset)) {
    piece.store = Store::kMmio;
    const hw::MmioWindow* window = mmio_.Find(hw::PhysAddr::Of(pfn));
    const uint64_t left = window->base.value + window->size_bytes - hw::PhysAddr::Of(pfn).value;
    piece.pages = std::min(pages, left / kPageBytes);
    return piece;
  }
  // Up to what may have bytes again.
  piece.pages = pages;
  const auto until = [&](hw::PhysAddr base) {
    const hw::Pfn first{(base.value + hw::kPageMask) >> hw::kPageShift};
    if (first > pfn) piece.pages = std::min(piece.pages, first - pfn);
  };
  until(hw::PhysicalMemory::kDma32Base);
  until(hw::PhysicalMemory::kNormalBase);
  for (size_t i = 0; i < mmio_.window_count(); ++i) until(mmio_.window(i).base);
  return piece;
}

bool Mirror::CanShow(const hw::Extent& extent, hw::VirtAddr va) const {
  return !hw::IsArmDevice(extent.bits.cache) &&
         Piece(hw::PageTable::PfnAt(extent, va), 1).store != Store::kNone;
}

// What of `wanted` is not shown, or not so.
void Mirror::Show(const Update& wanted, std::vector<Update>* fresh) const {
  uint64_t at = wanted.address;
  const uint64_t end = EndOf(wanted);
  for (size_t i = FirstAfter(shown_, at); at < end; ++i) {
    if (i == shown_.size() || shown_[i].address >= end) {
      fresh->push_back(Cut(wanted, at, end));
      return;
    }
    if (shown_[i].address > at) fresh->push_back(Cut(wanted, at, shown_[i].address));
    const Update here = Cut(wanted, std::max(at, shown_[i].address), EndOf(shown_[i]));
    if (!SamePages(here, shown_[i])) fresh->push_back(here);
    at = EndOf(here);
  }
}

void Mirror::ShowFreeFrames(hw::Pfn pfn, uint64_t pages) {
  for (uint64_t i = 0; i < pages; ++i) {
    if (memory_.frame(pfn + i).kind == hw::FrameKind::kFree) memory_.MarkDirty(pfn + i);
  }
}

void Mirror::Grant(const hw::PageTable& table, hw::VirtAddr from, hw::VirtAddr to,
                   std::vector<Update>* updates) {
  std::vector<Update> fresh;
  for (size_t i = table.LowerBound(from); i < table.count() && table[i].va < to; ++i) {
    const hw::Extent& extent = table[i];
    if (extent.bits.present == 0 || hw::IsArmDevice(extent.bits.cache)) continue;
    for (uint64_t done = 0; done < extent.pages;) {
      Update piece = Piece(extent.pfn + done, extent.pages - done);
      if (piece.store != Store::kNone) {
        piece.address = extent.va.value + done * kPageBytes;
        piece.prot = ProtOf(extent.bits);
        const size_t before = fresh.size();
        Show(piece, &fresh);
        if (fresh.size() != before && piece.store == Store::kRam) {
          ShowFreeFrames(extent.pfn + done, piece.pages);
        }
      }
      done += piece.pages;
    }
  }
  for (const Update& u : fresh) {
    Remove(&shown_, u.address, EndOf(u), [](const Update&) {});
    shown_.insert(shown_.begin() + static_cast<ptrdiff_t>(FirstAfter(shown_, u.address)), u);
  }
  updates->insert(updates->end(), fresh.begin(), fresh.end());
}

void Mirror::Revoke(hw::VirtAddr va, uint64_t pages, std::vector<Update>* updates) {
  if (shown_.empty()) return;
  const uint64_t end = va.value + pages * kPageBytes;
  Remove(&shown_, va.value, end < va.value ? ~uint64_t{0} : end, [&](const Update& part) {
    updates->push_back({.address = part.address, .pages = part.pages});
  });
}

}  // namespace drydock::live
