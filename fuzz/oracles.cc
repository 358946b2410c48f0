#include "fuzz/oracles.h"

#include <cstdio>
#include <cstring>
#include <utility>

#include "fuzz/violation_classes.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::fuzz {
namespace {

using kernel::Allocation;
using kernel::AllocationKind;
using kernel::Vma;

// Pages scanned of one extent, where memory of this run has to be looked at.
constexpr uint64_t kPagesScanned = 64;

// Bytes that nobody wrote since the page was allocated. 1: never written, 2: freed; *at is the
// first.
int Unwritten(hw::PhysicalMemory& memory, hw::Pfn pfn, size_t from, size_t to, size_t* at) {
  const unsigned char* bytes = memory.Plain(pfn);
  for (size_t i = (from + 7) & ~size_t{7}; i + 8 <= to; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    const hw::PhysAddr phys = hw::PhysAddr::Of(pfn) + i;
    *at = i;
    if (word == hw::PhysicalMemory::UninitialisedWord(phys)) return 1;
    if (word == hw::PhysicalMemory::FreedWord(phys)) return 2;
  }
  return 0;
}

// How a request leaves an object of `end` pages: by its length, by its offset, or around 32 or 64
// bits. Each may have another cause, which diagnosis finds out.
uint8_t WayOut(const Request& request, uint64_t end) {
  constexpr uint64_t kTwo32 = uint64_t{1} << (32 - hw::kPageShift);
  constexpr uint64_t kTwo64 = uint64_t{1} << (64 - hw::kPageShift);
  if (request.pgoff < end) return 0;
  if (request.pgoff + request.pages >= kTwo64) return 4;
  if (request.pgoff >= kTwo32) return 3;
  return request.pgoff + request.pages >= kTwo32 ? 2 : 1;
}

bool Clean(kernel::Kernel& kernel, const Allocation& a) {
  for (uint64_t p = 0; p < a.pages; ++p) {
    size_t at = 0;
    const hw::Pfn pfn = kernel.alloc().PfnOfPage(a, p);
    if (Unwritten(kernel.memory(), pfn, 0, hw::kPageSize, &at) != 0) return false;
  }
  return a.pages != 0;
}

}  // namespace

Oracles::Oracles(World& world, const Policy& policy)
    : world_(world),
      kernel_(world.kernel()),
      verdicts_(world.verdicts()),
      platform_(*world.options().platform),
      policy_(policy) {
  clean_.resize(kernel::AllocationRegister::kCapacity + 1);
  kernel_.allocations().ForEachLive([&](kernel::AllocationId id, const Allocation& a) {
    clean_[id] = Clean(kernel_, a) ? 1 : 0;
  });
  checkpoint_serial_ = kernel_.allocations().last_serial();
  checkpoint_live_ = kernel_.allocations().live_count();
}

void Oracles::Begin() {
  seen_changes_ = kernel_.mm().changes();
  seen_call_ = 0;
  seen_open_ = kernel_.chrdev().open_count();
  made_count_ = 0;
  told_count_ = 0;
  kernel_.mm().ForgetLastMmap();
}

void Oracles::At(uint64_t driver_pc) { verdicts_.Last().driver_pc = driver_pc; }

void Oracles::About(const Request& request, const Mistake& mistake) {
  if (!mistake.object_known) return;
  verdicts_.Last().object_pages = mistake.object.pages;
  verdicts_.Last().pgoff = request.pgoff;
  verdicts_.Last().pages = request.pages;
  verdicts_.Last().variant = WayOut(request, mistake.object.pages);
}

void Oracles::Look() {
  const kernel::MmapCall& call = kernel_.mm().last_mmap();
  if (call.called && call.serial != seen_call_) {
    seen_call_ = call.serial;
    CheckMmapResult();
  }
  if (kernel_.mm().changes() == seen_changes_) return;
  seen_changes_ = kernel_.mm().changes();
  CheckCopy();
  CheckTables();
}

// O6: rmmod while a file is open.
void Oracles::CheckModuleHeld() {
  if (!world_.DriverCanBeRemoved()) return;
  const file_operations* fops = kernel_.chrdev().last_opened();
  const void* of = fops->open != nullptr   ? reinterpret_cast<void*>(fops->open)
                   : fops->mmap != nullptr ? reinterpret_cast<void*>(fops->mmap)
                                           : reinterpret_cast<void*>(fops->mmap_prepare);
  const uint64_t hook_pc = verdicts_.EntryPc(of);
  verdicts_.Report(63, 6, "an open file holds the module: .owner = THIS_MODULE",
                   "a file is open, and rmmod would remove the module: .owner is %s",
                   hook_pc == 0             ? "not set in what it registered with a subsystem"
                   : fops->owner == nullptr ? "not set"
                                            : "another module");
  // A subsystem's hook is not the driver's: its init is the place then.
  At(hook_pc != 0 ? hook_pc : world_.InitPc());
}

// O9: what ->mmap may return, and what it must leave as it was when it fails.
void Oracles::CheckMmapResult() {
  const kernel::MmapCall& call = kernel_.mm().last_mmap();
  if (call.result == 0) {
    CheckIdentity();
    return;
  }
  if (call.result > 0) {
    verdicts_.Report(35, 9, "0 or a negative errno",
                     "->mmap returned %ld: mmap(2) gives it to user space as an address",
                     static_cast<long>(call.result));
    At(call.hook_pc);
  } else if (call.result < -133) {
    verdicts_.Report(35, 9, "an errno that user space knows", "->mmap returned %ld",
                     static_cast<long>(call.result));
    At(call.hook_pc);
  }
  if (call.file_changed) {
    verdicts_.Report(44, 9, "a failing ->mmap restores vma->vm_file",
                     "vm_file is another file now");
    At(call.hook_pc);
  }
}

// O6, a candidate: a mapping that is closed became two. Diagnosis looks whether the driver counts
// them (balance.h), once for each ->close and way of copying.
void Oracles::CheckCopy() {
  if (!kernel_.mm().copied()) return;
  const kernel::VmaCopy copy = kernel_.mm().TakeCopy();
  const uint64_t close_pc = verdicts_.EntryPc(reinterpret_cast<void*>(copy.ops->close));
  for (const Counted& counted : counted_) {
    if (counted.close_pc == 0) break;
    if (counted.close_pc == close_pc && (counted.kinds >> static_cast<int>(copy.kind) & 1) != 0) {
      return;
    }
  }
  constexpr int kClasses[] = {38, 39, 41};
  verdicts_.Report(kClasses[static_cast<size_t>(copy.kind)], 6,
                   "a driver that counts each copy of a mapping",
                   "a mapping with ->close became two");
  verdicts_.Last().pgoff = copy.pgoff;
  verdicts_.Last().pages = copy.pages;
  At(close_pc);
}

void Oracles::NoteCounted(uint64_t close_pc, kernel::CopyKind kind) {
  for (Counted& counted : counted_) {
    if (counted.close_pc != 0 && counted.close_pc != close_pc) continue;
    counted.close_pc = close_pc;
    counted.kinds |= 1U << static_cast<int>(kind);
    return;
  }
}

// O3: two offsets of one descriptor do not show the same first page.
void Oracles::CheckIdentity() {
  const kernel::MmapCall& call = kernel_.mm().last_mmap();
  const uint32_t mm = kernel_.mm().current();
  const hw::Extent* extent = kernel_.mm().table(mm).Find({call.start});
  const bool populated = extent != nullptr && extent->bits.anon == 0;
  const hw::Pfn pfn = populated ? hw::PageTable::PfnAt(*extent, {call.start}) : hw::Pfn{};
  for (size_t i = 0; i < made_count_ && populated && !policy_.offsets_are_cookies; ++i) {
    const Made& other = made_[i];
    if (other.of != call.vm_file || other.pgoff == call.pgoff || !other.populated ||
        other.first != pfn)
      continue;
    // The page may be the right one of a wrong calculation, which then is what is to be told: now,
    // or where the other mapping was made.
    const Request request{call.start, call.pgoff, (call.end - call.start) >> hw::kPageShift};
    Mistake mistake = Explain(kernel_, request, pfn);
    if (mistake.class_number == 2 && call.pgoff < mistake.object.pages) {
      if (Explain(kernel_, {0, other.pgoff, other.pages}, pfn).object_known) continue;
      mistake = Mistake{};
    }
    verdicts_.Report(mistake.object_known ? mistake.class_number : 15, 3,
                     "another offset shows another page",
                     "offsets %lu and %lu pages both show PFN %#lx first",
                     static_cast<unsigned long>(other.pgoff),
                     static_cast<unsigned long>(call.pgoff), static_cast<unsigned long>(pfn.value));
    At(extent->driver_pc);
    if (mistake.class_number == 2) About(request, mistake);
    break;
  }
  if (made_count_ < made_.size()) {
    made_[made_count_++] = Made{call.vm_file, call.pgoff, (call.end - call.start) >> hw::kPageShift,
                                call.flags,   pfn,        populated};
  }
}

void Oracles::LookOnlyAt(uint32_t mm, hw::VirtAddr from, hw::VirtAddr to) {
  scoped_ = true;
  scope_mm_ = mm;
  scope_from_ = from;
  scope_to_ = to;
}

// What the step can have changed, if the caller knows that: whose the frames are changes with the
// allocations alone.
bool Oracles::CheckScope() {
  const uint64_t serial = kernel_.allocations().last_serial();
  const uint64_t live = kernel_.allocations().live_count();
  const bool same = serial == seen_serial_ && live == seen_live_;
  seen_serial_ = serial;
  seen_live_ = live;
  if (!scoped_ || !same) return false;
  const hw::PageTable& table = kernel_.mm().table(scope_mm_);
  for (size_t i = table.LowerBound(scope_from_); i < table.count() && table[i].va < scope_to_;
       ++i) {
    if (table[i].bits.anon == 0)
      CheckExtent(kernel_.mm().Find(scope_mm_, table[i].va.value), table[i]);
  }
  return true;
}

void Oracles::CheckTables() {
  if (CheckScope()) return;
  kernel_.mm().ForEachLiveMm([this](uint32_t m) {
    const hw::PageTable& table = kernel_.mm().table(m);
    // Runs and mappings are both in order of addresses.
    const uint32_t vmas = kernel_.mm().VmaCount(m);
    uint32_t next = 0;
    for (size_t i = 0; i < table.count(); ++i) {
      const uint64_t at = table[i].va.value;
      while (next < vmas && kernel_.mm().VmaAt(m, next).c.vm_end <= at) ++next;
      const Vma* vma = next < vmas ? &kernel_.mm().VmaAt(m, next) : nullptr;
      if (vma != nullptr && vma->c.vm_start > at) vma = nullptr;
      if (table[i].bits.anon == 0) CheckExtent(vma, table[i]);
    }
  });
}

void Oracles::CheckExtent(const Vma* vma, const hw::Extent& extent) {
  if (vma != nullptr) CheckPermissions(*vma, extent);
  if (platform_.attributes == hw::PageAttributes::kArm64) CheckCacheType(extent);
  CheckFrames(vma, extent);
}

// O4, and advice on what an author hardly means.
void Oracles::CheckPermissions(const Vma& vma, const hw::Extent& extent) {
  if (extent.bits.present == 0) return;
  const uint64_t flags = vma.c.vm_flags;
  if (extent.bits.write != 0 && (flags & kernel::kVmWrite) == 0) {
    verdicts_.Report(26, 4, "page-table entries no wider than the mapping",
                     "writable entries in a mapping without VM_WRITE");
    At(extent.driver_pc);
  }
  if (extent.bits.write == 0 && (flags & kernel::kVmWrite) != 0 &&
      (flags & kernel::kVmShared) == 0) {
    verdicts_.Report(kAdvicePrivateWritable, 4, "stores that reach the device",
                     "a private writable mapping: each store goes to a copy");
    At(extent.driver_pc);
  }
  CheckUpgrade(vma, extent);
  if (extent.bits.exec != 0 && (flags & kernel::kVmExec) != 0) {
    verdicts_.Report(25, 4, "a mapping that is not executable",
                     "device memory is mapped executable");
    At(extent.driver_pc);
  }
  if ((flags & kernel::kVmShared) != 0 && vma.c.vm_file != nullptr && extent.bits.write != 0) {
    const uint64_t page = vma.c.vm_pgoff + ((extent.va.value - vma.c.vm_start) >> hw::kPageShift);
    for (const PageRange& range : policy_.read_only) {
      if (page > range.last || page + extent.pages <= range.first) continue;
      verdicts_.Report(22, 4, "pages that the policy says are read-only",
                       "page %lu of the file is writable",
                       static_cast<unsigned long>(page < range.first ? range.first : page));
      At(extent.driver_pc);
      break;
    }
  }
}

// C21, a candidate: a page that was mapped for reading only has become writable. Diagnosis asks the
// driver whether it would have mapped it writable in the first place.
void Oracles::CheckUpgrade(const Vma& vma, const hw::Extent& extent) {
  constexpr uint64_t kSharedWritable = kernel::kVmShared | kernel::kVmWrite;
  if (extent.bits.write == 0 || (vma.c.vm_flags & kSharedWritable) != kSharedWritable) return;
  const uint64_t page = vma.c.vm_pgoff + ((extent.va.value - vma.c.vm_start) >> hw::kPageShift);
  bool read_only = false;
  for (size_t i = 0; i < made_count_; ++i) {
    const Made& made = made_[i];
    if (made.of != vma.c.vm_file || page < made.pgoff || page >= made.pgoff + made.pages) continue;
    if ((made.flags & kSharedWritable) == kSharedWritable) return;
    read_only = true;
  }
  if (!read_only) return;
  verdicts_.Report(21, 4, "what ->mmap refuses, mprotect(2) refuses too",
                   "a shared mapping made for reading became writable by mprotect(2)");
  At(extent.driver_pc);
}

// O12, where nobody arbitrates: the first page speaks for its extent.
void Oracles::CheckCacheType(const hw::Extent& extent) {
  hw::PhysicalMemory& memory = kernel_.memory();
  if (extent.bits.present == 0) return;
  const bool cached = hw::IsCacheable(extent.bits.cache);
  if (!memory.IsRam(extent.pfn)) {
    const hw::MmioWindow* window = kernel_.mmio().Find(hw::PhysAddr::Of(extent.pfn));
    if (!cached || window == nullptr || window->kind != hw::WindowKind::kMmio) return;
    verdicts_.Report(36, 12, "pgprot_noncached(), pgprot_device() or pgprot_writecombine()",
                     "device memory is mapped as cacheable memory (%s)",
                     hw::CacheName(extent.bits.cache));
    At(extent.driver_pc);
    return;
  }
  const kernel::AllocationId owner = memory.frame(extent.pfn).owner;
  if (owner == 0 || !kernel_.allocations().IsLive(owner)) return;
  const Allocation& a = kernel_.allocations()[owner];
  const bool kernel_cached =
      platform_.coherent || a.kind != AllocationKind::kDma || a.noncoherent != 0;
  if (kernel_cached == cached) return;
  verdicts_.Report(36, 12, "one memory type for the kernel and for user space",
                   "the kernel maps this memory %s, user space maps it %s",
                   kernel_cached ? "WB" : "NC", hw::CacheName(extent.bits.cache));
  At(extent.driver_pc);
}

Request Oracles::RequestOf(const Vma& vma) const {
  const kernel::MmapCall& call = kernel_.mm().last_mmap();
  const uint64_t pages = (vma.c.vm_end - vma.c.vm_start) >> hw::kPageShift;
  // RP2 overwrites vm_pgoff of a private mapping, and a split moves vm_start: the call remembers.
  if (call.serial == vma.serial)
    return {call.start, call.pgoff, (call.end - call.start) >> hw::kPageShift};
  return {vma.c.vm_start, vma.c.vm_pgoff, pages};
}

// Frames that were told of when they were mapped. What is left of that mapping after a split, and
// copies and moved ones, show them too, and no longer tell what was asked for.
bool Oracles::IsTold(const Vma& vma, hw::Pfn pfn) const {
  if (kernel_.mm().last_mmap().serial == vma.serial) return false;
  for (size_t i = 0; i < told_count_; ++i) {
    if (told_[i].first <= pfn && pfn - told_[i].first < told_[i].pages) return true;
  }
  return false;
}

// O1 and the page half of O8: each page belongs to the driver, all of it.
void Oracles::CheckFrames(const Vma* vma, const hw::Extent& extent) {
  hw::PhysicalMemory& memory = kernel_.memory();
  uint64_t done = 0;
  while (done < extent.pages) {
    const hw::Pfn pfn = extent.pfn + done;
    const uint64_t owned = OwnedPages(kernel_, pfn);
    if (owned > 0) {
      const uint64_t pages = owned < extent.pages - done ? owned : extent.pages - done;
      if (memory.IsRam(pfn)) {
        const kernel::AllocationId owner = memory.frame(pfn).owner;
        const Allocation& a = kernel_.allocations()[owner];
        if (a.serial > checkpoint_serial_ || clean_[owner] == 0) CheckContent(extent, pfn, pages);
      }
      done += pages;
      continue;
    }
    if (vma == nullptr) return;  // outside of every mapping: O2 has said so
    if (IsTold(*vma, pfn)) return;
    if (told_count_ < told_.size()) told_[told_count_++] = {pfn, extent.pages - done};
    const Request request = RequestOf(*vma);
    const uint64_t index = ((extent.va.value - request.start) >> hw::kPageShift) + done;
    const Mistake mistake = Explain(kernel_, request, hw::Pfn{pfn.value - index});
    if (mistake.object_known && mistake.object.shares_page && pfn == mistake.object.pfn) {
      verdicts_.Report(50, 8, "memory in pages of its own",
                       "page %lu of the mapping is a page of %s: others' bytes are beside the "
                       "driver's",
                       static_cast<unsigned long>(index), NameOfOwner(kernel_, pfn).text);
      At(extent.driver_pc);
      const Object& object = mistake.object;
      size_t at = 0;
      const size_t from = object.address & hw::kPageMask;
      kernel_.allocations().ForEachLive([&](kernel::AllocationId, const Allocation& a) {
        if (a.address != object.address) return;
        const size_t to = from + a.size_bytes < hw::kPageSize ? from + a.size_bytes : hw::kPageSize;
        const int kind = Unwritten(memory, pfn, from, to, &at);
        if (kind == 0) return;
        verdicts_.Report(49, 8, "memory that was written before user space sees it",
                         "page %lu of the mapping, byte %zu, holds what %s",
                         static_cast<unsigned long>(index), at,
                         kind == 1 ? "nobody wrote" : "was freed");
        At(extent.driver_pc);
      });
      ++done;
      continue;
    }
    char meant[80] = "pages that the driver has";
    if (mistake.object_known) {
      std::snprintf(meant, sizeof meant, "only the object of %lu page%s at PFN %#lx",
                    static_cast<unsigned long>(mistake.object.pages),
                    mistake.object.pages == 1 ? "" : "s",
                    static_cast<unsigned long>(mistake.object.pfn.value));
    }
    const bool somebodys = memory.IsRam(pfn) && memory.frame(pfn).kind != hw::FrameKind::kFree;
    char other[48] = "";
    if (mistake.object_known) {
      std::snprintf(other, sizeof other, ", not %sthe buffer of %lu page%s", somebodys ? "to " : "",
                    static_cast<unsigned long>(mistake.object.pages),
                    mistake.object.pages == 1 ? "" : "s");
    }
    verdicts_.Report(mistake.class_number, mistake.class_number == 32 ? 18 : 1, meant,
                     "page %lu of the mapping shows PFN %#lx: it %s %s%s (%s)",
                     static_cast<unsigned long>(index), static_cast<unsigned long>(pfn.value),
                     somebodys ? "belongs to" : "is", NameOfOwner(kernel_, pfn).text, other,
                     mistake.how);
    At(extent.driver_pc);
    if (mistake.class_number == 2) About(request, mistake);
    // A wrong place does not make the wrong range right: the request reaches past the object as
    // well.
    if (mistake.object_known && mistake.class_number != 2 &&
        (request.pgoff >= mistake.object.pages ||
         request.pages > mistake.object.pages - request.pgoff)) {
      verdicts_.Report(2, 1, meant, "%lu pages from page %lu were accepted",
                       static_cast<unsigned long>(request.pages),
                       static_cast<unsigned long>(request.pgoff));
      At(extent.driver_pc);
      About(request, mistake);
    }
    return;  // the rest of the run is wrong for the same reason
  }
}

// O8: user space must not see bytes that nobody wrote.
void Oracles::CheckContent(const hw::Extent& extent, hw::Pfn pfn, uint64_t pages) {
  for (uint64_t p = 0; p < pages && p < kPagesScanned; ++p) {
    size_t at = 0;
    const int kind = Unwritten(kernel_.memory(), pfn + p, 0, hw::kPageSize, &at);
    if (kind == 0) continue;
    verdicts_.Report(49, 8, "memory that was written before user space sees it",
                     "page %lu of the mapping, byte %zu, holds what %s",
                     static_cast<unsigned long>((pfn + p) - extent.pfn), at,
                     kind == 1 ? "nobody wrote" : "was freed");
    At(extent.driver_pc);
    return;
  }
}

// O6 and O7 at the end: every process has exited.
void Oracles::AfterRun() {
  const uint32_t live = kernel_.allocations().live_count();
  if (live > checkpoint_live_) {
    uint64_t pc = 0;
    uint64_t bytes = 0;
    kernel_.allocations().ForEachLive([&](kernel::AllocationId, const Allocation& a) {
      if (a.serial <= checkpoint_serial_) return;
      pc = a.driver_pc;
      bytes = a.size_bytes;
    });
    // A candidate: memory kept for the next open is no leak. Diagnosis runs the program again to
    // know.
    verdicts_.Report(45, 7, "memory of a program is freed after it",
                     "%u allocation%s more than before, one of %lu bytes", live - checkpoint_live_,
                     live - checkpoint_live_ == 1 ? "" : "s", static_cast<unsigned long>(bytes));
    At(pc);
  }
}

}  // namespace drydock::fuzz
