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

namespace {

const char* Plural(uint64_t count) { return count == 1 ? "" : "s"; }

const char* AllocatorOf(const Allocation& a) {
  if (a.kind == AllocationKind::kVmalloc) return "vmalloc";
  if (a.kind == AllocationKind::kDma) return "dma_alloc";
  if (a.from_kmalloc != 0) return "kmalloc";
  return a.exact != 0 ? "alloc_pages_exact" : "alloc_pages";
}

// What a page without an allocation of the driver's is.
const char* KindOf(const hw::Frame& frame) {
  switch (frame.kind) {
    case hw::FrameKind::kFree:
      return frame.free_content == hw::FreeContent::kFreed ? "freed memory" : "free memory";
    case hw::FrameKind::kReserved:
      return "the kernel itself";
    case hw::FrameKind::kSlab:
      return "kmalloc";
    case hw::FrameKind::kAnon:
      return "a process's own page";
    case hw::FrameKind::kPages:
    case hw::FrameKind::kVmalloc:
    case hw::FrameKind::kDma:
      break;
  }
  return "memory that was freed";
}

}  // namespace

OwnerName NameOfOwner(kernel::Kernel& kernel, hw::Pfn pfn, uint64_t* pages) {
  hw::PhysicalMemory& memory = kernel.memory();
  OwnerName name;
  const auto for_pages = [&](uint64_t count) {
    if (pages != nullptr && *pages > count) *pages = count;
  };
  if (!memory.IsRam(pfn)) {
    for (size_t i = 0; i < kernel.mmio().window_count(); ++i) {
      const hw::MmioWindow& window = kernel.mmio().window(i);
      const hw::Pfn begin = window.base.pfn();
      const hw::Pfn end{hw::PagesOf(window.base.value + window.size_bytes)};
      if (pfn < begin || end <= pfn) continue;
      for_pages(end - pfn);
      std::snprintf(name.text, sizeof name.text, "window %s, page %llu", window.name.data(),
                    static_cast<unsigned long long>(pfn - begin));
      return name;
    }
    for_pages(1);
    std::snprintf(name.text, sizeof name.text, "%s", "no memory and no device");
    return name;
  }
  const hw::Frame& frame = memory.frame(pfn);
  const Allocation* a = kernel.alloc().Find(frame.owner);
  if (a != nullptr && a->pages != 0) {
    const char* what = AllocatorOf(*a);
    const bool contiguous =
        a->kind != AllocationKind::kVmalloc && a->backing != kernel::kScatteredBacking;
    const uint64_t page = contiguous ? pfn - a->pfn : 0;
    const auto all = static_cast<unsigned long long>(a->pages);
    for_pages(contiguous && page < a->pages ? a->pages - page : 1);
    if (a->released != 0) {
      std::snprintf(name.text, sizeof name.text, "%s that was freed", what);
    } else if (contiguous && a->pages > 1) {
      std::snprintf(name.text, sizeof name.text, "%s of %llu pages, page %llu", what, all,
                    static_cast<unsigned long long>(page));
    } else {
      std::snprintf(name.text, sizeof name.text, "%s of %llu page%s", what, all, Plural(a->pages));
    }
    return name;
  }
  if (frame.kind == hw::FrameKind::kSlab) {
    // As the kernel names its caches: kmalloc-8 to kmalloc-512, kmalloc-1k, kmalloc-2k.
    const size_t bytes = kernel.alloc().SlabBytes(pfn);
    for_pages(1);
    std::snprintf(name.text, sizeof name.text, "kmalloc-%zu%s", bytes < 1024 ? bytes : bytes / 1024,
                  bytes < 1024 ? "" : "k");
    return name;
  }
  // Frames of one kind that follow one another have one name.
  if (pages != nullptr) {
    uint64_t count = 1;
    while (count < *pages && memory.IsRam(pfn + count) &&
           memory.frame(pfn + count).kind == frame.kind &&
           memory.frame(pfn + count).owner == frame.owner &&
           memory.frame(pfn + count).free_content == frame.free_content) {
      ++count;
    }
    *pages = count;
  }
  std::snprintf(name.text, sizeof name.text, "%s", KindOf(frame));
  return name;
}

}  // namespace drydock::fuzz
