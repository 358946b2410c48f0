#include "sim/hw/physical_memory.h"

#include <algorithm>
#include <cstring>

#include "sim/hw/shadow.h"

extern "C" {
struct page* drydock_vmemmap = nullptr;
char* drydock_direct_map = nullptr;
}

namespace drydock::hw {
namespace {

constexpr uint64_t kLinearBytes = PhysicalMemory::kNormalBase.value + PhysicalMemory::kNormalBytes -
                                  PhysicalMemory::kDma32Base.value;
constexpr uint64_t kNormalOffset =
    PhysicalMemory::kNormalBase.value - PhysicalMemory::kDma32Base.value;
constexpr uint64_t kVmemmapBytes =
    (PhysicalMemory::kNormalBase.value + PhysicalMemory::kNormalBytes) / kPageSize *
    sizeof(struct page);

// i with i * kShuffleStride mod kShuffledPages == 1.
constexpr uint64_t InverseStride() {
  uint64_t inverse = PhysicalMemory::kShuffleStride;
  for (int i = 0; i < 6; ++i) inverse *= 2 - PhysicalMemory::kShuffleStride * inverse;
  return inverse % PhysicalMemory::kShuffledPages;
}
static_assert(InverseStride() * PhysicalMemory::kShuffleStride % PhysicalMemory::kShuffledPages ==
              1);
static_assert(sizeof(struct page) == 64);

}  // namespace

PhysicalMemory::PhysicalMemory(ResetList& list)
    : linear_region_(kHostDirectMap + kDma32Base.value, kLinearBytes),
      vmalloc_region_(kHostVmalloc, kShuffledPages * kPageSize),
      remap_region_(kHostRemap, kFirstShuffledFrame * kPageSize),
      vmemmap_region_(kHostVmemmap, kVmemmapBytes),
      direct_map_(linear_region_.base() - kDma32Base.value),
      ram_(kFrames),
      page_structs_(kFrames / kStructsPerPage),
      frames_(list, "frames", kFrames),
      holds_(kFrames, kZero) {
  ram_.AddView(0, 0, kDma32Frames, linear_region_.base(), true);
  ram_.AddView(0, kDma32Frames, kFrames - kDma32Frames, linear_region_.base() + kNormalOffset,
               true);
  char* structs = vmemmap_region_.base();
  page_structs_.AddView(0, 0, kDma32Frames / kStructsPerPage,
                        structs + kDma32Base.pfn().value * sizeof(struct page), false);
  page_structs_.AddView(0, kDma32Frames / kStructsPerPage,
                        (kFrames - kDma32Frames) / kStructsPerPage,
                        structs + kNormalBase.pfn().value * sizeof(struct page), false);
  for (uint64_t i = 0; i < kFrames; ++i) MutPage(PfnAt(i))._mapcount.counter = -1;
  MakeCurrent();
}

PhysicalMemory::~PhysicalMemory() {
  if (drydock_direct_map != direct_map_) return;
  drydock_vmemmap = nullptr;
  drydock_direct_map = nullptr;
}

void PhysicalMemory::MakeCurrent() {
  drydock_vmemmap = vmemmap();
  drydock_direct_map = direct_map_;
}

bool PhysicalMemory::AnyRam(Pfn pfn, uint64_t pages) const {
  const auto overlaps = [&](Pfn base, uint64_t count) {
    if (pages == 0 || pfn.value >= base.value + count) return false;
    return pfn >= base || pages > base - pfn;
  };
  return overlaps(kDma32Base.pfn(), kDma32Frames) ||
         overlaps(kNormalBase.pfn(), kFrames - kDma32Frames);
}

bool PhysicalMemory::AllRam(Pfn pfn, uint64_t pages) const {
  const auto inside = [&](Pfn base, uint64_t count) {
    return pfn >= base && pfn - base < count && pages <= count - (pfn - base);
  };
  return pages != 0 && (inside(kDma32Base.pfn(), kDma32Frames) ||
                        inside(kNormalBase.pfn(), kFrames - kDma32Frames));
}

struct page* PhysicalMemory::vmemmap() const {
  return reinterpret_cast<struct page*>(vmemmap_region_.base());
}

const struct page& PhysicalMemory::ReadPage(Pfn pfn) const {
  const uint64_t i = FrameIndex(pfn);
  return reinterpret_cast<const struct page*>(
      page_structs_.Plain(PageStructPage(i)))[i % kStructsPerPage];
}

struct page& PhysicalMemory::MutPage(Pfn pfn) {
  const uint64_t i = FrameIndex(pfn);
  page_structs_.MarkDirty(PageStructPage(i), i % kStructsPerPage * sizeof(struct page),
                          sizeof(struct page));
  return const_cast<struct page&>(ReadPage(pfn));
}

struct page* PhysicalMemory::PageOf(Pfn pfn) {
  page_structs_.MakeHot(PageStructPage(FrameIndex(pfn)));
  return PageAddress(pfn);
}

Pfn PhysicalMemory::PfnOf(const struct page* page) const {
  return Pfn{static_cast<uint64_t>(page - vmemmap())};
}

bool PhysicalMemory::IsPage(const struct page* page) const {
  if (!vmemmap_region_.Contains(page)) return false;
  const auto offset = reinterpret_cast<uintptr_t>(page) - reinterpret_cast<uintptr_t>(vmemmap());
  return offset % sizeof(struct page) == 0 && IsRam(PfnOf(page));
}

bool PhysicalMemory::IsLinear(const volatile void* address) const {
  return linear_region_.Contains(address) && IsRam(PhysOf(address).pfn());
}

PhysAddr PhysicalMemory::PhysOf(const volatile void* address) const {
  return PhysAddr{reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(direct_map_)};
}

uint64_t PhysicalMemory::ShuffledSlot(const volatile void* address) const {
  return (reinterpret_cast<uintptr_t>(address) -
          reinterpret_cast<uintptr_t>(vmalloc_region_.base())) >>
         kPageShift;
}

void PhysicalMemory::MapShuffled(uint64_t slot, uint64_t pages) {
  for (uint64_t i = slot; i < slot + pages; ++i) {
    const uint64_t frame_index = ShuffledFrame(i);
    if (ram_.HasView(1, frame_index)) continue;
    ram_.AddView(1, frame_index, 1, static_cast<char*>(ShuffledAddress(i)), true);
  }
}

void PhysicalMemory::MapRemap(Pfn pfn, uint64_t pages) {
  for (uint64_t i = 0; i < pages; ++i) {
    const uint64_t frame_index = FrameIndex(pfn + i);
    if (ram_.HasView(1, frame_index)) continue;
    ram_.AddView(1, frame_index, 1, static_cast<char*>(RemapAddress(pfn + i)), true);
  }
}

bool PhysicalMemory::FindFrame(const volatile void* address, Pfn* pfn) const {
  if (InShuffledMap(address)) {
    *pfn = PfnAt(ShuffledFrame(ShuffledSlot(address)));
    return true;
  }
  if (InRemap(address)) {
    *pfn = PfnAt((reinterpret_cast<uintptr_t>(address) -
                  reinterpret_cast<uintptr_t>(remap_region_.base())) >>
                 kPageShift);
    return ram_.HasView(1, FrameIndex(*pfn));
  }
  if (!IsLinear(address)) return false;
  *pfn = PhysOf(address).pfn();
  return true;
}

template <class Action>
void PhysicalMemory::ForEachPiece(const void* address, size_t size_bytes, Action action) const {
  auto at = reinterpret_cast<uintptr_t>(address);
  while (size_bytes != 0) {
    const size_t offset = at & kPageMask;
    const size_t piece = std::min<size_t>(size_bytes, kPageSize - offset);
    Pfn pfn;
    const bool in_ram = FindFrame(reinterpret_cast<void*>(at), &pfn);
    action(in_ram, in_ram ? FrameIndex(pfn) : 0, offset, piece);
    at += piece;
    size_bytes -= piece;
  }
}

void PhysicalMemory::Poison(const void* address, size_t size_bytes) {
  if (!shadow::Present()) return;
  ForEachPiece(address, size_bytes, [&](bool in_ram, uint64_t frame, size_t offset, size_t size) {
    if (in_ram) ram_.Poison(frame, offset, size);
  });
}

void PhysicalMemory::Unpoison(const void* address, size_t size_bytes) {
  if (!shadow::Present()) return;
  ForEachPiece(address, size_bytes, [&](bool in_ram, uint64_t frame, size_t offset, size_t size) {
    if (in_ram) ram_.Unpoison(frame, offset, size);
  });
}

void PhysicalMemory::WriteKernel(void* to, const void* from, size_t size_bytes) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  ForEachPiece(to, size_bytes, [&](bool in_ram, uint64_t frame, size_t offset, size_t size) {
    if (in_ram) {
      MarkDirty(PfnAt(frame), offset, size);
      std::memcpy(ram_.Plain(frame) + offset, in, size);
    } else {
      std::memcpy(out, in, size);
    }
    out += size;
    in += size;
  });
}

void PhysicalMemory::ReadKernel(void* to, const void* from, size_t size_bytes) const {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  ForEachPiece(from, size_bytes, [&](bool in_ram, uint64_t frame, size_t offset, size_t size) {
    std::memcpy(out, in_ram ? Plain(PfnAt(frame)) + offset : in, size);
    out += size;
    in += size;
  });
}

unsigned char* PhysicalMemory::ForReading(const void* address, size_t* size_bytes) const {
  const size_t offset = reinterpret_cast<uintptr_t>(address) & kPageMask;
  *size_bytes = std::min<size_t>(*size_bytes, kPageSize - offset);
  Pfn pfn;
  if (FindFrame(address, &pfn)) return Plain(pfn) + offset;
  return static_cast<unsigned char*>(const_cast<void*>(address));
}

unsigned char* PhysicalMemory::ForWriting(void* address, size_t* size_bytes) {
  unsigned char* const bytes = ForReading(address, size_bytes);
  Pfn pfn;
  if (FindFrame(address, &pfn)) {
    MarkDirty(pfn, reinterpret_cast<uintptr_t>(address) & kPageMask, *size_bytes);
  }
  return bytes;
}

void PhysicalMemory::OpenForWriting(const void* address, size_t size_bytes) {
  ForEachPiece(address, size_bytes, [&](bool in_ram, uint64_t frame, size_t, size_t) {
    if (!in_ram) return;
    holds_[frame] = kUnknown;
    ram_.MakeHot(frame);
  });
}

bool PhysicalMemory::OnWriteFault(void* address) {
  if (vmemmap_region_.Contains(address)) {
    const auto pfn =
        Pfn{(reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(vmemmap())) /
            sizeof(struct page)};
    return IsRam(pfn) && page_structs_.OnWriteFault(0, PageStructPage(FrameIndex(pfn)));
  }
  Pfn pfn;
  if (!FindFrame(address, &pfn)) return false;
  const uint64_t frame_index = FrameIndex(pfn);
  holds_[frame_index] = kUnknown;
  return ram_.OnWriteFault(InShuffledMap(address) || InRemap(address) ? 1 : 0, frame_index);
}

}  // namespace drydock::hw
