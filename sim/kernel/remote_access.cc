// The memory of one process, read and written for another: process_vm_readv(2) and /proc/PID/mem.
// Linux mm/process_vm_access.c, fs/proc/base.c:mem_rw(), mm/memory.c:__access_remote_vm(),
// generic_access_phys() of 6.1; docs/mmap-rules.md GU1, GU2, AC1 to AC3.
#include <algorithm>
#include <array>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

// What is left to do of one access.
struct Mm::Remote {
  uint32_t mm;
  uint64_t address;
  char* to;          // nullptr: it is a write
  const char* from;  // nullptr: it is a read
  size_t left;
  char* buffer = nullptr;  // the kernel's, as ->access gets it: of the size that was asked for

  bool writes() const { return from != nullptr; }
  void Advance(size_t size_bytes) {
    address += size_bytes;
    if (to != nullptr) to += size_bytes;
    if (from != nullptr) from += size_bytes;
    if (buffer != nullptr) buffer += size_bytes;
    left -= size_bytes;
  }
};

// By the kernel's own mapping of the page. At most to its end.
void Mm::CopyFrame(hw::PhysAddr phys, void* to, const void* from, size_t size_bytes) {
  bool there = false;
  if (!coherent_) {
    there = backend_.AccessAs(hw::CacheType::kWriteBack, phys, to, from, size_bytes);
  } else {
    there = from != nullptr ? backend_.WritePhysical(phys, from, size_bytes)
                            : backend_.ReadPhysical(phys, to, size_bytes);
  }
  if (!there && to != nullptr) __builtin_memset(to, 0xff, size_bytes);
}

int64_t Mm::ProcessVm(uint32_t mm, uint64_t address, void* to, const void* from,
                      size_t size_bytes) {
  Remote rest{mm, address, static_cast<char*>(to), static_cast<const char*>(from), size_bytes};
  const unsigned gup = kGupPin | kGupMayRetry | (from != nullptr ? kGupWrite : 0U);
  // process_vm_rw_single_vec(): pins as many pages as it can, copies, and tries the rest anew.
  while (rest.left != 0) {
    std::array<hw::Pfn, 2> pinned;  // kMaxAccessBytes have no more
    size_t count = 0;
    const uint64_t pages = hw::PagesOf((rest.address & hw::kPageMask) + rest.left);
    backend_.LockMmap(&mms_.Mut(mm).c, false);
    while (count < pages && count < pinned.size() &&
           GetUserPage(mm, rest.address + (count << hw::kPageShift), gup, &pinned[count]) == 0) {
      ++count;
    }
    backend_.UnlockMmap(&mms_.Mut(mm).c, false);
    if (Trapped()) return -EINTR;
    if (count == 0) break;
    for (size_t i = 0; i < count && rest.left != 0; ++i) {
      const uint64_t in_page = rest.address & hw::kPageMask;
      const size_t chunk = std::min<size_t>(hw::kPageSize - in_page, rest.left);
      CopyFrame(hw::PhysAddr::Of(pinned[i]) + in_page, rest.to, rest.from, chunk);
      rest.Advance(chunk);
    }
    for (size_t i = 0; i < count && from != nullptr; ++i) {
      MarkPageDirty(pinned[i]);  // unpin_user_pages_dirty_lock()
    }
  }
  return rest.left == size_bytes ? -EFAULT : static_cast<int64_t>(size_bytes - rest.left);
}

int64_t Mm::ProcMem(uint32_t mm, uint64_t address, void* to, const void* from, size_t size_bytes) {
  if (address >> 63 != 0) return -EINVAL;  // pread64(): a negative position
  bool hooked = false;
  for (uint64_t page = address & ~hw::kPageMask; page < address + size_bytes && !hooked;) {
    hooked = HasAccess(mm, page);
    page += hw::kPageSize;
  }
  Remote rest{mm, address, static_cast<char*>(to), static_cast<const char*>(from), size_bytes};
  // mem_rw() takes a page. The driver gets as much of it as it is asked for.
  void* const buffer = hooked ? backend_.TakeBuffer(size_bytes) : nullptr;
  if (hooked ? buffer == nullptr : backend_.FailNow()) return -ENOMEM;
  if (buffer != nullptr && from != nullptr) backend_.WriteKernel(buffer, from, size_bytes);
  rest.buffer = static_cast<char*>(buffer);
  for (bool more = true; more && rest.left != 0 && !Trapped();) {
    const size_t before = rest.left;
    AccessRemote(&rest);
    more = rest.left != before;
  }
  if (Trapped()) return -EINTR;
  if (buffer != nullptr) backend_.GiveBuffer(buffer);
  return rest.left == size_bytes ? -EIO : static_cast<int64_t>(size_bytes - rest.left);  // AC1
}

// __access_remote_vm().
void Mm::AccessRemote(Remote* rest) {
  const unsigned gup =
      (profile_.mem_needs_tracer ? 0U : kGupForce) | (rest->writes() ? kGupWrite : 0U);
  backend_.LockMmap(&mms_.Mut(rest->mm).c, false);
  while (rest->left != 0 && !Trapped()) {
    hw::Pfn pfn;
    size_t done = 0;
    if (Find(rest->mm, rest->address) == nullptr) break;
    if (GetUserPage(rest->mm, rest->address, gup, &pfn) == 0) {
      const uint64_t in_page = rest->address & hw::kPageMask;
      done = std::min<size_t>(hw::kPageSize - in_page, rest->left);
      CopyFrame(hw::PhysAddr::Of(pfn) + in_page, rest->to, rest->from, done);
      if (rest->writes()) MarkPageDirty(pfn);  // set_page_dirty_lock()
    } else {
      done = Trapped() ? 0 : CallAccess(*rest);
    }
    if (done == 0) break;
    rest->Advance(done);
  }
  backend_.UnlockMmap(&mms_.Mut(rest->mm).c, false);
}

bool Mm::HasAccess(uint32_t mm, uint64_t address) const {
  const Vma* vma = Find(mm, address);
  return vma != nullptr && vma->c.vm_ops != nullptr && vma->c.vm_ops->access != nullptr;
}

// vm_ops->access: how many bytes it did.
size_t Mm::CallAccess(const Remote& rest) {
  if (!HasAccess(rest.mm, rest.address)) return 0;
  Vma* vma = &vmas_.Mut(Find(rest.mm, rest.address)->c.drydock_id);
  const int asked = static_cast<int>(rest.left);
  const int done =
      CallDriver(driver_, vma->c.vm_ops->access, &vma->c, static_cast<unsigned long>(rest.address),
                 static_cast<void*>(rest.buffer), asked, rest.writes() ? 1 : 0);
  if (Trapped() || done <= 0) return 0;
  const uint64_t hook = verdicts_.EntryPc(reinterpret_cast<void*>(vma->c.vm_ops->access));
  if (done > asked) {  // AC2: the kernel goes on behind its page
    verdicts_.Report(12, 14, "->access does as much as it was asked for",
                     "->access was asked for %d bytes and says it did %d", asked, done);
    verdicts_.Last().driver_pc = hook;
    return 0;
  }
  if (rest.writes() && (vma->c.vm_flags & (kVmWrite | kVmMayWrite)) == 0) {
    verdicts_.Report(23, 4, "memory that may not be written is not written through ->access",
                     "->access wrote %d bytes of a mapping that can never be writable: its caller "
                     "does not look",
                     done);
    verdicts_.Last().driver_pc = hook;
  }
  if (rest.to != nullptr) backend_.ReadKernel(rest.to, rest.buffer, static_cast<size_t>(done));
  return static_cast<size_t>(done);
}

int Mm::GenericAccessPhys(vm_area_struct* c, unsigned long addr, void* buf, int len, int write) {
  constexpr int kFollWrite = 1;
  if ((c->vm_flags & (kVmIo | kVmPfnMap)) == 0) return -EINVAL;
  const Vma* vma = VmaOf(c);
  const hw::Extent* extent =
      vma != nullptr ? tables_[vma->mm]->Find({addr & ~hw::kPageMask}) : nullptr;
  if (extent == nullptr) return -EINVAL;
  if ((write & kFollWrite) != 0 && extent->bits.write == 0) return -EINVAL;
  const hw::Pfn pfn = hw::PageTable::PfnAt(*extent, {addr & ~hw::kPageMask});
  if (profile_.accesses_one_page) {
    if (backend_.AnyRam(pfn, 1)) return -EINVAL;
    len = std::min(len, static_cast<int>(hw::kPageSize - (addr & hw::kPageMask)));
  }
  const auto size_bytes = static_cast<uint64_t>(len);
  const uint64_t pages = hw::PagesOf((addr & hw::kPageMask) + size_bytes);
  if (pfn + pages > kMaxPfn) return -ENOMEM;
  if (backend_.AnyRam(pfn, pages)) {  // AC3
    verdicts_.Report(0, 10, "generic_access_phys() is for device memory",
                     "generic_access_phys() of RAM, frame %#lx: ioremap() refuses with a warning",
                     static_cast<unsigned long>(pfn.value));
    return -ENOMEM;
  }
  if (backend_.FailNow()) return -ENOMEM;
  hw::PhysAddr phys = hw::PhysAddr::Of(pfn) + (addr & hw::kPageMask);
  std::array<char, 256> piece;
  for (uint64_t done = 0; done < size_bytes;) {
    const size_t chunk = std::min<uint64_t>(
        {piece.size(), size_bytes - done, hw::kPageSize - (phys.value & hw::kPageMask)});
    char* const at = static_cast<char*>(buf) + done;
    if (write != 0) {
      backend_.ReadKernel(piece.data(), at, chunk);
      CopyFrame(phys, nullptr, piece.data(), chunk);
    } else {
      CopyFrame(phys, piece.data(), nullptr, chunk);
      backend_.WriteKernel(at, piece.data(), chunk);
    }
    phys = phys + chunk;
    done += chunk;
  }
  return len;
}

}  // namespace drydock::kernel
