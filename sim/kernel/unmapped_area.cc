// Where mmap(2) and mremap(2) find room: Linux mm/mmap.c:get_unmapped_area(),
// arch/x86/kernel/sys_x86_64.c; docs/mmap-rules.md 1.8.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

// vm_start_gap(): below what grows down stay 256 pages free (stack_guard_gap).
uint64_t StartOf(const vm_area_struct& vma) {
  constexpr uint64_t kGuardGap = 256 * hw::kPageSize;
  if ((vma.vm_flags & kVmGrowsDown) == 0) return vma.vm_start;
  return vma.vm_start > kGuardGap ? vma.vm_start - kGuardGap : 0;
}

}  // namespace

int64_t Mm::UnmappedArea(uint32_t mm, file* file, uint64_t address, uint64_t length, uint64_t pgoff,
                         int flags) {
  if (length > kTaskSize) return -ENOMEM;
  uint64_t found = 0;
  if (file != nullptr && file->f_op->get_unmapped_area != nullptr) {
    found = CallDriver(driver_, file->f_op->get_unmapped_area, file, address, length, pgoff,
                       static_cast<unsigned long>(flags));
    if (Trapped()) return -EINTR;
    if (found >= static_cast<uint64_t>(-4095)) return static_cast<int64_t>(found);
  } else if ((flags & kMapFixed) != 0) {
    found = address;
  } else {
    const bool aligned = file != nullptr ? profile_.aligns_files
                                         : profile_.aligns_large && (flags & kMapShared) == 0;
    if (aligned && address == 0 && length % kHugePageBytes == 0) {
      found = LargeArea(mm, length, file != nullptr ? pgoff << hw::kPageShift : 0, flags);
    }
    if (found == 0) {
      const int64_t area = FreeArea(mm, address, length, flags);
      if (area < 0) return area;
      found = static_cast<uint64_t>(area);
    }
  }
  if (found > kTaskSize - length) return -ENOMEM;
  if ((found & hw::kPageMask) != 0) return -EINVAL;
  return static_cast<int64_t>(found);
}

// arch_get_unmapped_area_topdown().
int64_t Mm::FreeArea(uint32_t mm, uint64_t address, uint64_t length, int flags) const {
  if ((flags & kMap32Bit) != 0 && !arm64_) return LowArea(mm, address, length);
  if (address != 0 && address <= kTaskSize - length && IsFree(mm, address, length)) {
    return static_cast<int64_t>(address);
  }
  return HighestGap(mm, length);
}

bool Mm::IsFree(uint32_t mm, uint64_t address, uint64_t length) const {
  const uint32_t next = FirstEndingAfter(mm, address);
  return next == mms_[mm].vma_count || address + length <= StartOf(VmaAt(mm, next).c);
}

// unmapped_area_topdown(): what grows down keeps free what is below it as far as the next mapping,
// and the search goes on from there.
int64_t Mm::HighestGap(uint32_t mm, uint64_t length) const {
  uint64_t limit = kMmapBase;
  const uint32_t count = mms_[mm].vma_count;
  for (uint32_t above = count + 1; above-- > 0;) {
    const uint64_t bottom = above > 0 ? VmaAt(mm, above - 1).c.vm_end : kMinAddress;
    const auto fits_below = [&](uint64_t top) { return top >= bottom && top - bottom >= length; };
    if (above < count) {
      const vm_area_struct& vma = VmaAt(mm, above).c;
      if (!fits_below(std::min<uint64_t>(limit, vma.vm_start))) continue;
      limit = std::min(limit, StartOf(vma));
    }
    if (fits_below(limit)) return static_cast<int64_t>(limit - length);
  }
  constexpr uint64_t kUnmappedBase = (kTaskSize / 3 + hw::kPageMask) & ~hw::kPageMask;
  return LowestGap(mm, kUnmappedBase, kTaskSize, length);  // arch_get_unmapped_area()
}

// __thp_get_unmapped_area(): address and offset are as far from a multiple of 2 MiB.
uint64_t Mm::LargeArea(uint32_t mm, uint64_t length, uint64_t offset, int flags) const {
  const auto first = static_cast<int64_t>((offset + kHugePageBytes - 1) & ~(kHugePageBytes - 1));
  const auto end = static_cast<int64_t>(offset + length);
  if (end <= first || static_cast<uint64_t>(end - first) < kHugePageBytes) return 0;
  const uint64_t padded = length + kHugePageBytes;
  if (padded < length || padded > kTaskSize || offset + padded < offset) return 0;
  const int64_t area = FreeArea(mm, 0, padded, flags);
  if (area < 0) return 0;
  const auto start = static_cast<uint64_t>(area);
  const uint64_t missing = (offset - start) % kHugePageBytes;
  return missing == 0 ? start + kHugePageBytes : start + missing;
}

int64_t Mm::LowestGap(uint32_t mm, uint64_t bottom, uint64_t top, uint64_t length) const {
  for (uint32_t i = 0; i < mms_[mm].vma_count; ++i) {
    const vm_area_struct& vma = VmaAt(mm, i).c;
    if (vma.vm_end <= bottom) continue;
    if (StartOf(vma) >= bottom && StartOf(vma) - bottom >= length) break;
    bottom = vma.vm_end;
  }
  return bottom > top || top - bottom < length ? -ENOMEM : static_cast<int64_t>(bottom);
}

// arch_get_unmapped_area() between the bounds of find_start_end().
int64_t Mm::LowArea(uint32_t mm, uint64_t address, uint64_t length) const {
  constexpr uint64_t kBottom = 0x40000000, kTop = 0x80000000;
  if (length > kTop) return -ENOMEM;
  if (address != 0 && address <= kTop - length && IsFree(mm, address, length)) {
    return static_cast<int64_t>(address);
  }
  return LowestGap(mm, kBottom, kTop, length);
}

}  // namespace drydock::kernel
