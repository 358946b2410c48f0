#include "fuzz/provenance.h"

#include <cstdio>

namespace drydock::fuzz {
namespace {

using kernel::Allocation;
using kernel::AllocationKind;

// Calls visit(Object) for each thing the driver has, until it returns true.
template <class Visit>
void ForEachObject(kernel::Kernel& kernel, Visit visit) {
  bool done = false;
  kernel.allocations().ForEachLive([&](kernel::AllocationId, const Allocation& a) {
    if (done || a.kind == AllocationKind::kVmalloc) return;
    Object object{.pfn = a.pfn,
                  .pages = a.pages,
                  .address = a.address,
                  .has_dma = a.kind == AllocationKind::kDma,
                  .dma = a.dma,
                  .shares_page = a.kind == AllocationKind::kKmalloc};
    if (object.shares_page) {
      object.pages = hw::PagesOf((a.address & hw::kPageMask) + a.size_bytes);
    }
    done = visit(object);
  });
  for (size_t i = 0; i < kernel.mmio().window_count() && !done; ++i) {
    const hw::MmioWindow& window = kernel.mmio().window(i);
    const uint64_t pages = hw::PagesOf((window.base.value & hw::kPageMask) + window.size_bytes);
    Object object;
    object.pfn = window.base.pfn();
    object.pages = pages;
    done = visit(object);
  }
}

// Matches one object against the frame; 0 if nothing fits.
int Match(const Object& object, const Request& request, hw::Pfn first, const char** how) {
  constexpr uint64_t kTwo32 = uint64_t{1} << (32 - hw::kPageShift);
  const uint64_t base = object.pfn.value;
  const uint64_t offset = request.pgoff;
  const uint64_t low = offset % kTwo32;
  // A page-table entry has 40 bits for the frame: more are lost.
  const auto shows = [&](uint64_t pfn) { return first.value == (pfn & ((uint64_t{1} << 40) - 1)); };
  if (shows(base + offset)) {
    *how = "the right place, beyond the end";
    return 2;
  }
  if (offset >= kTwo32 && (shows(base + low) || shows(base + low - kTwo32))) {
    *how = "the offset is cut to 32 bits";
    return 2;
  }
  // (The processor takes the shift's count modulo 64.)
  if (offset > 0 && shows((base << hw::kPageShift) >> ((hw::kPageShift + offset) % 64))) {
    *how = "the address is shifted by PAGE_SHIFT + vm_pgoff: + binds before >>";
    return 16;
  }
  if (offset > 0 && shows(base + 2 * offset)) {
    *how = "the offset counts twice";
    return 15;
  }
  if (object.has_dma && object.dma.value >> hw::kPageShift != base) {
    const uint64_t dma_pfn = object.dma.value >> hw::kPageShift;
    if (shows(dma_pfn + offset) || shows(dma_pfn + low) || shows(dma_pfn)) {
      *how = "the frame is the DMA address's, which is no physical address on this platform";
      return 32;
    }
  }
  if (object.address != 0) {
    const uint64_t virtual_pfn = object.address >> hw::kPageShift;
    if (shows(virtual_pfn + offset) || shows(virtual_pfn)) {
      *how = "the frame is the kernel virtual address's";
      return 32;
    }
  }
  const uint64_t cut = base % kTwo32;
  if (cut != base && (shows(cut + offset) || shows((cut + offset) % kTwo32))) {
    *how = "the physical address is cut to 32 bits";
    return 11;
  }
  if (offset > 0 &&
      (shows(base + (offset << hw::kPageShift)) || shows((base << hw::kPageShift) + offset))) {
    *how = "pages and bytes are added";
    return 7;
  }
  return 0;
}

}  // namespace

uint64_t OwnedPages(kernel::Kernel& kernel, hw::Pfn pfn) {
  hw::PhysicalMemory& memory = kernel.memory();
  if (!memory.IsRam(pfn)) {
    // The machine has no other devices than the driver's: each window may be shown, whole pages of
    // it.
    for (size_t i = 0; i < kernel.mmio().window_count(); ++i) {
      const hw::MmioWindow& window = kernel.mmio().window(i);
      const hw::Pfn end{hw::PagesOf(window.base.value + window.size_bytes)};
      if (window.base.pfn() <= pfn && pfn < end) return end - pfn;
    }
    return 0;
  }
  const uint32_t owner = memory.frame(pfn).owner;
  if (owner == 0 || !kernel.allocations().IsLive(owner)) return 0;
  const Allocation& a = kernel.allocations()[owner];
  if (a.pages == 0 || a.released != 0) return 0;
  if (a.kind == AllocationKind::kVmalloc || a.backing == kernel::kScatteredBacking) return 1;
  return pfn < a.pfn + a.pages && a.pfn <= pfn ? a.pfn + a.pages - pfn : 1;
}

Mistake Explain(kernel::Kernel& kernel, const Request& request, hw::Pfn first) {
  Mistake best{.class_number = 1,
               .object_known = false,
               .object = {},
               .how = "no object of the driver explains it"};
  // The frame of the largest object that fits: small ones beside it may fit by chance.
  ForEachObject(kernel, [&](const Object& object) {
    const char* how = "";
    const int class_number = Match(object, request, first, &how);
    if (class_number != 0 && (!best.object_known || object.pages > best.object.pages)) {
      best = Mistake{class_number, true, object, how};
    }
    return false;
  });
  if (!best.object_known && first.value == request.pgoff)
    best.how = "the offset is taken for a frame number";
  return best;
}

void Describe(kernel::Kernel& kernel, hw::Pfn pfn, char* text, size_t size) {
  hw::PhysicalMemory& memory = kernel.memory();
  if (!memory.IsRam(pfn)) {
    std::snprintf(text, size, "no memory and no device");
    return;
  }
  const char* what = "memory";
  switch (memory.frame(pfn).kind) {
    case hw::FrameKind::kFree:
      what = "free memory";
      break;
    case hw::FrameKind::kReserved:
      what = "the kernel itself";
      break;
    case hw::FrameKind::kSlab:
      what = "a page of small kmalloc objects";
      break;
    case hw::FrameKind::kPages:
    case hw::FrameKind::kVmalloc:
    case hw::FrameKind::kDma:
      what = "memory that was freed";
      break;
    case hw::FrameKind::kAnon:
      what = "a process's own memory";
      break;
  }
  std::snprintf(text, size, "%s", what);
}

}  // namespace drydock::fuzz
