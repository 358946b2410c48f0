// msync(2) and mincore(2): Linux mm/msync.c, mm/mincore.c of 6.1; docs/mmap-rules.md MS1, MC1.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kAsync = 1, kInvalidate = 2, kSync = 4;

}  // namespace

int64_t Mm::Msync(uint32_t mm, uint64_t address, uint64_t length, int flags) {
  if ((flags & ~(kAsync | kInvalidate | kSync)) != 0) return -EINVAL;
  if ((address & hw::kPageMask) != 0) return -EINVAL;
  if ((flags & kAsync) != 0 && (flags & kSync) != 0) return -EINVAL;
  const uint64_t end = address + hw::PageAlignUp(length);
  if (end < address) return -ENOMEM;
  if (end == address) return 0;
  int64_t hole = 0;
  for (uint64_t at = address; at < end;) {
    backend_.LockMmap(&mms_.Mut(mm).c, false);
    const uint32_t i = FirstEndingAfter(mm, at);
    const bool none = i == mms_[mm].vma_count;
    // A hole that MS_ASYNC ends at, or that reaches to the end.
    const bool gap = !none && VmaAt(mm, i).c.vm_start > at;
    if (none || (gap && (flags == kAsync || VmaAt(mm, i).c.vm_start >= end))) {
      backend_.UnlockMmap(&mms_.Mut(mm).c, false);
      return -ENOMEM;
    }
    const vm_area_struct& vma = VmaAt(mm, i).c;
    if (gap) hole = -ENOMEM;
    const uint64_t from = gap ? vma.vm_start : at;
    const uint64_t to = vma.vm_end < end ? vma.vm_end : end;
    const bool busy = (flags & kInvalidate) != 0 && (vma.vm_flags & kVmLocked) != 0;
    file* const file =
        (flags & kSync) != 0 && (vma.vm_flags & kVmShared) != 0 ? vma.vm_file : nullptr;
    const uint64_t first = (from - vma.vm_start) + (vma.vm_pgoff << hw::kPageShift);
    at = vma.vm_end;
    if (file != nullptr && !busy) backend_.FileGet(file);
    backend_.UnlockMmap(&mms_.Mut(mm).c, false);
    if (busy) return -EBUSY;
    if (file == nullptr) continue;
    const int64_t error = Fsync(file, first, first + (to - from) - 1);
    if (Trapped()) return -EINTR;
    backend_.FilePut(file);
    if (error != 0) return error;
  }
  return hole;
}

// fs/sync.c:vfs_fsync_range(), of the data alone.
int64_t Mm::Fsync(file* file, uint64_t first, uint64_t last) {
  if (file->f_op->fsync == nullptr) return -EINVAL;  // MS1
  return CallDriver(driver_, file->f_op->fsync, file, static_cast<long long>(first),
                    static_cast<long long>(last), 1);
}

// Each entry in [from, to); the byte of the page at `base` is the first of `told`.
void Mm::NoteEntries(const hw::PageTable& table, uint64_t from, uint64_t to, uint64_t base,
                     uint8_t* told) {
  for (size_t i = table.LowerBound({from}); i < table.count() && table[i].va.value < to; ++i) {
    const uint64_t start = std::max(from, table[i].va.value);
    const uint64_t end = std::min(to, table[i].end().value);
    if (start >= end) continue;
    std::memset(told + ((start - base) >> hw::kPageShift), 1, (end - start) >> hw::kPageShift);
  }
}

// find_get_incore_page(): a page of shared anonymous memory is there for all that map it.
void Mm::NoteObject(const Vma& vma, uint64_t from, uint64_t to, uint8_t* told) const {
  const uint64_t first = vma.c.vm_pgoff + ((from - vma.c.vm_start) >> hw::kPageShift);
  const uint64_t last = first + ((to - from) >> hw::kPageShift);
  ForEachLiveMm([&](uint32_t m) {
    for (uint32_t i = 0; i < mms_[m].vma_count; ++i) {
      const vm_area_struct& other = VmaAt(m, i).c;
      if (SharedObject(other) != SharedObject(vma.c)) continue;
      const uint64_t pages = (other.vm_end - other.vm_start) >> hw::kPageShift;
      const uint64_t begin = std::max<uint64_t>(first, other.vm_pgoff);
      const uint64_t end = std::min<uint64_t>(last, other.vm_pgoff + pages);
      if (begin >= end) continue;
      const uint64_t at = other.vm_start + ((begin - other.vm_pgoff) << hw::kPageShift);
      NoteEntries(*tables_[m], at, at + ((end - begin) << hw::kPageShift), at,
                  told + (begin - first));
    }
  });
}

// A byte for each page: 1 if it has an entry, or would find its page without reading it.
int64_t Mm::Mincore(uint32_t mm, uint64_t address, uint64_t length, uint8_t* pages) {
  if ((address & hw::kPageMask) != 0) return -EINVAL;
  if (length > kTaskSize || address > kTaskSize - length) return -ENOMEM;  // access_ok()
  const uint64_t count = hw::PagesOf(length);
  if (backend_.FailNow()) return -EAGAIN;  // a page for the answer
  std::memset(pages, 0, count);
  const uint64_t end = address + (count << hw::kPageShift);
  int64_t result = 0;
  backend_.LockMmap(&mms_.Mut(mm).c, false);
  for (uint64_t at = address; at < end;) {
    const Vma* vma = Find(mm, at);
    if (vma == nullptr) {
      result = -ENOMEM;
      break;
    }
    const uint64_t to = std::min<uint64_t>(vma->c.vm_end, end);
    uint8_t* const told = pages + ((at - address) >> hw::kPageShift);
    if (SharedObject(vma->c) != nullptr) {
      NoteObject(*vma, at, to, told);
    } else if ((vma->c.vm_flags & kVmPfnMap) == 0 || profile_.mincore_walks_all) {
      // (walk_page_test(): it has no pages.)
      NoteEntries(*tables_[mm], at, to, at, told);
    }
    at = to;
  }
  backend_.UnlockMmap(&mms_.Mut(mm).c, false);
  return result;
}

}  // namespace drydock::kernel
