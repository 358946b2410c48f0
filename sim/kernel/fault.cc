// Loads, stores and the faults they take. Linux mm/memory.c of 6.1 (handle_pte_fault, do_fault,
// do_wp_page) and arch/x86/mm/fault.c; docs/mmap-rules.md section 6.
#include <bit>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

using user::Outcome;
using user::Signal;

constexpr vm_fault_t kFaultOom = 0x1, kFaultSigbus = 0x2, kFaultMajor = 0x4,
                     kFaultHwPoison = 0x10 | 0x20, kFaultSigsegv = 0x40, kFaultNoPage = 0x100,
                     kFaultLocked = 0x200, kFaultRetry = 0x400, kFaultDoneCow = 0x1000;
constexpr vm_fault_t kFaultError = kFaultOom | kFaultSigbus | kFaultHwPoison | kFaultSigsegv;
constexpr unsigned kFlagWrite = 0x01, kFlagMkwrite = 0x02, kFlagAllowRetry = 0x04,
                   kFlagKillable = 0x10, kFlagTried = 0x20, kFlagUser = 0x40,
                   kFlagInterruptible = 0x200;
constexpr unsigned kFlagsOfUserFault =
    kFlagAllowRetry | kFlagKillable | kFlagInterruptible | kFlagUser;
constexpr unsigned kFlagsOfKernelFault = kFlagAllowRetry | kFlagKillable;  // faultin_page()
constexpr unsigned kGfpOfFault = 0xcc0;                                    // GFP_KERNEL
constexpr int kRefaultsAllowed = 4;

Outcome Killed(Signal signal) { return {.value = 0, .signal = signal, .trapped = false}; }
// FA0: what is not below TASK_SIZE. An address of 48 bits is no page's, or the kernel's; one that
// is not the extension of its bit 47 is none at all, which x86 says before it looks at pages.
Outcome NoUserAddress(uint64_t address, bool arm64) {
  const auto extended = static_cast<uint64_t>(static_cast<int64_t>(address << 16) >> 16);
  return Killed(arm64 || extended == address ? Signal::kSegvMaperr : Signal::kSegvKernel);
}

constexpr Outcome kTrapped{.value = 0, .signal = Signal::kNone, .trapped = true};
constexpr Outcome kDone{};
// pagefault_out_of_memory(): the access is made again.
constexpr Outcome kOutOfMemory{.value = -ENOMEM, .signal = Signal::kNone, .trapped = false};

}  // namespace

Outcome Mm::Access(uint32_t mm, uint64_t address, void* to, const void* from, size_t size_bytes) {
  const bool write = from != nullptr;
  size_t done = 0;
  while (done < size_bytes) {
    const uint64_t at = address + done;
    const uint64_t in_page = at & hw::kPageMask;
    size_t chunk = hw::kPageSize - in_page;
    if (chunk > size_bytes - done) chunk = size_bytes - done;
    hw::Pfn pfn;
    Outcome outcome = at < kTaskSize ? TouchPage(mm, at & ~hw::kPageMask, write, &pfn)
                                     : NoUserAddress(at, arm64_);
    if (!outcome.ok()) return outcome;
    if (arm64_ && std::has_single_bit(size_bytes) && size_bytes <= 8 &&
        (at & (size_bytes - 1)) != 0 &&
        hw::IsArmDevice(tables_[mm]->Find({at & ~hw::kPageMask})->bits.cache)) {
      return Killed(Signal::kBusAdraln);  // AR4
    }
    const hw::PhysAddr phys = hw::PhysAddr::Of(pfn) + in_page;
    CopyBytes(mm, at & ~hw::kPageMask, phys, write ? nullptr : static_cast<char*>(to) + done,
              write ? static_cast<const char*>(from) + done : nullptr, chunk);
    done += chunk;
  }
  return {.value = static_cast<int64_t>(size_bytes), .signal = Signal::kNone, .trapped = false};
}

Outcome Mm::Touch(uint32_t mm, uint64_t address, bool write) {
  hw::Pfn pfn;
  return address < kTaskSize ? TouchPage(mm, address & ~hw::kPageMask, write, &pfn)
                             : NoUserAddress(address, arm64_);
}

size_t Mm::CopyUser(uint64_t address, void* to, const void* from, size_t size_bytes) {
  const bool write = from != nullptr;
  size_t done = 0;
  if (current_ == kNoMm) {
    verdicts_.Report(0, 14, "user memory is touched on behalf of a process",
                     "a copy %s user space in a work item or another task of the kernel, which has "
                     "no address space of its own",
                     write ? "to" : "from");
    return 0;
  }
  while (done < size_bytes) {
    const uint64_t at = address + done;
    if (foreign_ != nullptr && at < kTaskSize && Find(current_, at) == nullptr) {
      size_t left = size_bytes - done;
      const uint32_t next = FirstEndingAfter(current_, at);
      if (next < mms_[current_].vma_count && VmaAt(current_, next).c.vm_start - at < left) {
        left = VmaAt(current_, next).c.vm_start - at;
      }
      const size_t copied =
          foreign_->Copy(current_, at, write ? nullptr : static_cast<char*>(to) + done,
                         write ? static_cast<const char*>(from) + done : nullptr, left);
      done += copied;
      if (copied < left) break;
      continue;
    }
    const uint64_t in_page = at & hw::kPageMask;
    size_t chunk = hw::kPageSize - in_page;
    if (chunk > size_bytes - done) chunk = size_bytes - done;
    hw::Pfn pfn;
    if (at >= kTaskSize || !TouchPage(current_, at & ~hw::kPageMask, write, &pfn).ok()) break;
    const hw::PhysAddr phys = hw::PhysAddr::Of(pfn) + in_page;
    CopyBytes(current_, at & ~hw::kPageMask, phys, write ? nullptr : static_cast<char*>(to) + done,
              write ? static_cast<const char*>(from) + done : nullptr, chunk);
    done += chunk;
  }
  return done;
}

void Mm::CopyBytes(uint32_t mm, uint64_t page, hw::PhysAddr phys, void* to, const void* from,
                   size_t size_bytes) {
  bool there = false;
  if (!coherent_) {
    there = backend_.AccessAs(tables_[mm]->Find({page})->bits.cache, phys, to, from, size_bytes);
  } else {
    there = from != nullptr ? backend_.WritePhysical(phys, from, size_bytes)
                            : backend_.ReadPhysical(phys, to, size_bytes);
  }
  if (!there && from == nullptr) __builtin_memset(to, 0xff, size_bytes);  // no device answers
}

// RP5: the processor finds reserved bits set, before it looks at permissions: pgtable_bad().
Outcome Mm::CorruptedTable(const hw::Extent& extent, hw::Pfn pfn) {
  if (Trapped()) return kTrapped;
  verdicts_.TrapNow(Trap::kOops, 0, 1, "frames below MAXPHYADDR",
                    "frame %#lx: \"Corrupted page table\" on first touch",
                    static_cast<unsigned long>(pfn.value));
  verdicts_.Last().driver_pc = extent.driver_pc;
  verdicts_.Last().of_entry = true;
  return kTrapped;
}

// One page, as the processor and then the kernel see it; on success *pfn is its frame.
Outcome Mm::TouchPage(uint32_t mm, uint64_t address, bool write, hw::Pfn* pfn) {
  bool out_of_memory = false;
  FaultTry fault;
  for (int tries = 0; tries < kRefaultsAllowed; ++tries) {
    const hw::Extent* extent = tables_[mm]->Find({address});
    if (extent != nullptr && extent->bits.present != 0) {
      *pfn = hw::PageTable::PfnAt(*extent, {address});
      if (*pfn >= kMaxPfn) return CorruptedTable(*extent, *pfn);
    }
    if (extent != nullptr && extent->bits.present != 0 && (!write || extent->bits.write != 0)) {
      if (extent->bits.accessed == 0 || (write && extent->bits.dirty == 0)) {
        tables_[mm]->Change({address}, 1, [write](hw::PteBits bits) {
          bits.accessed = 1;
          if (write) bits.dirty = 1;
          return bits;
        });
      }
      return kDone;
    }
    const uint32_t i = FirstEndingAfter(mm, address);
    if (i == mms_[mm].vma_count || VmaAt(mm, i).c.vm_start > address)
      return Killed(Signal::kSegvMaperr);  // FA1
    Vma* vma = MutAt(mm, i);
    const bool permitted =
        write ? (vma->c.vm_flags & kVmWrite) != 0 : (vma->c.vm_flags & kVmAccess) != 0;
    if (!permitted) return Killed(Signal::kSegvAccerr);
    backend_.LockMmap(&mms_.Mut(mm).c, false);
    fault.retry = false;
    const Outcome outcome = Trapped() ? kTrapped : HandleFault(vma, address, write, &fault);
    // FA2: who answers VM_FAULT_RETRY has dropped the lock.
    if (!fault.retry) backend_.UnlockMmap(&mms_.Mut(mm).c, false);
    out_of_memory = outcome.value == -ENOMEM;
    if (!outcome.ok() && !out_of_memory) return outcome;
  }
  if (out_of_memory)
    return Killed(Signal::kBusAdrerr);  // it would go on for ever; the OOM killer ends it
  verdicts_.TrapNow(
      Trap::kBudget, 37, 11, "a fault that is resolved or refused",
      "the same page faulted %d times in a row: ->fault says it installed a page and did not",
      kRefaultsAllowed);
  return kTrapped;
}

Outcome Mm::HandleFault(Vma* vma, uint64_t address, bool write, FaultTry* fault) {
  const hw::Extent* extent = tables_[vma->mm]->Find({address});
  if (extent != nullptr) {
    if (extent->bits.present == 0) {
      // do_numa_page(): an entry made with no access (PAGE_NONE) in a mapping that has it is
      // mended.
      const uint64_t prot = vma->c.vm_page_prot.pgprot;
      tables_[vma->mm]->Change({address}, 1, [prot](hw::PteBits bits) {
        bits.present = (prot & kPtePresent) != 0 ? 1 : 0;
        bits.exec = (prot & kPteNx) == 0 ? 1 : 0;
        if ((prot & kPteRw) != 0) bits.write = 1;
        bits.accessed = 1;
        return bits;
      });
      NoteChange();
      return kDone;
    }
    return WriteProtectFault(vma, address, *extent);
  }
  if (vma->c.vm_ops == nullptr) return AnonymousFault(vma, address, write);
  if (vma->c.vm_ops->fault == nullptr) return Killed(Signal::kBusAdrerr);  // RP10, FA1
  return DriverFault(vma, address, write, fault);
}

Outcome Mm::AnonymousFault(Vma* vma, uint64_t address, bool write) {
  const bool shared = (vma->c.vm_flags & kVmShared) != 0;
  if (shared && vma->c.vm_file != nullptr) return Killed(Signal::kBusAdrerr);  // MR14
  const uint64_t index = vma->c.vm_pgoff + ((address - vma->c.vm_start) >> hw::kPageShift);
  if (shared && index >= ObjectPages(vma->c)) return Killed(Signal::kBusAdrerr);  // MR16
  hw::PteBits bits = BitsOf(vma->c.vm_page_prot.pgprot, /*special=*/false);
  bits.cache = CacheOf(vma->c.vm_page_prot.pgprot);
  bits.anon = kAnonExclusive;
  if (write) {
    const bool writable = (vma->c.vm_flags & kVmWrite) != 0;  // not so: FOLL_FORCE
    bits.write = writable ? 1 : 0;
    bits.dirty = writable ? 1 : 0;
    if (!shared) PrepareAnonVma(vma);
  } else if (!shared) {
    bits.special = 1;  // as the entry of the zero page, which is made one's own by the first store
  }
  hw::Pfn pfn;
  bool found = false;
  if (shared) {
    // Another process may hold this page of the object already.
    for (uint32_t m = 0; m < max_mms() && !found; ++m) {
      for (uint32_t i = 0; mms_[m].live != 0 && i < mms_[m].vma_count && !found; ++i) {
        const vm_area_struct& other = VmaAt(m, i).c;
        if (other.vm_file != nullptr || (other.vm_flags & kVmShared) == 0 ||
            other.vm_private_data != vma->c.vm_private_data || index < other.vm_pgoff) {
          continue;
        }
        const uint64_t at = other.vm_start + ((index - other.vm_pgoff) << hw::kPageShift);
        const hw::Extent* extent = at < other.vm_end ? tables_[m]->Find({at}) : nullptr;
        if (extent == nullptr) continue;
        pfn = hw::PageTable::PfnAt(*extent, {at});
        found = true;
      }
    }
  }
  if (!found && !backend_.AllocAnonPage(/*zeroed=*/true, &pfn)) return kOutOfMemory;
  if (!tables_[vma->mm]->Map({address}, 1, pfn, bits, 0)) {
    if (!found) backend_.FreeAnonPage(pfn);
    return kOutOfMemory;
  }
  NoteChange();
  return kDone;
}

// FA5 and the copy of FA3: the process gets a page of its own with what `from` holds.
bool Mm::CopyOnWrite(Vma* vma, uint64_t address, hw::Pfn from) {
  hw::Pfn fresh;
  return backend_.AllocAnonPage(/*zeroed=*/false, &fresh) && CopyTo(fresh, vma, address, from);
}

// The page is the process's, or given back.
bool Mm::CopyTo(hw::Pfn fresh, Vma* vma, uint64_t address, hw::Pfn from) {
  backend_.CopyPage(fresh, from);
  Zap(vma->mm, address, address + hw::kPageSize);
  hw::PteBits bits = BitsOf(vma->c.vm_page_prot.pgprot, /*special=*/false);
  bits.cache = CacheOf(vma->c.vm_page_prot.pgprot);
  bits.anon = kAnonExclusive;
  bits.write = (vma->c.vm_flags & kVmWrite) != 0 ? 1 : 0;  // maybe_mkwrite(): FOLL_FORCE
  bits.dirty = 1;
  PrepareAnonVma(vma);
  if (!tables_[vma->mm]->Map({address}, 1, fresh, bits, 0)) {
    backend_.FreeAnonPage(fresh);
    return false;
  }
  NoteChange();
  return true;
}

bool Mm::Alone(hw::Pfn pfn) const {
  int users = 0;
  for (uint32_t m = 0; m < max_mms(); ++m) {
    if (mms_[m].live == 0) continue;
    for (size_t i = 0; i < tables_[m]->count(); ++i) {
      const hw::Extent& other = (*tables_[m])[i];
      if (other.pfn <= pfn && pfn < other.pfn + other.pages) ++users;
    }
  }
  return users == 1;
}

// __do_fault(), do_page_mkwrite(): the page comes locked, or the kernel locks it, until its entry
// is made. Nothing of the driver runs in between, so it is unlocked here. False: the driver
// trapped.
bool Mm::PassLock(vm_fault_t code, page* page, const char* hook) {
  if (page == nullptr) return true;
  const bool locked = (page->flags & kPageLocked) != 0;
  if ((code & kFaultLocked) == 0) {
    if (!locked) return true;
    backend_.LockPage(page);
    if (Trapped()) return false;
  } else if (!locked) {
    verdicts_.Report(37, 11, "VM_FAULT_LOCKED with a page that is locked",
                     "%s returned VM_FAULT_LOCKED and a page that nobody has locked", hook);
    return true;
  }
  backend_.UnlockPage(page);
  return true;
}

// do_page_mkwrite().
bool Mm::TellWrite(Vma* vma, vm_fault* vmf, Outcome* outcome) {
  const unsigned flags = vmf->flags;
  vmf->flags = kFlagWrite | kFlagMkwrite;
  ++driver_fault_depth_;
  const vm_fault_t code = CallDriver(driver_, vma->c.vm_ops->page_mkwrite, vmf);
  --driver_fault_depth_;
  vmf->flags = flags;
  *outcome = kDone;
  if (Trapped()) {
    *outcome = kTrapped;
    return false;
  }
  if ((code & kFaultError) != 0) {
    *outcome = FromFaultCode(code);
    return false;
  }
  if ((code & kFaultNoPage) != 0) return false;
  page* page = vmf->page != nullptr ? backend_.PageOf(backend_.PfnOf(vmf->page)) : nullptr;
  if (!PassLock(code, page, "->page_mkwrite")) {
    *outcome = kTrapped;
    return false;
  }
  if ((code & kFaultLocked) != 0) return true;
  // 0 is for pages of a page cache. Without a mapping the page counts as truncated: the store is
  // made again.
  return vmf->page == nullptr || vmf->page->mapping != nullptr;
}

// do_wp_page(): a store to a present, read-only entry of a writable VMA.
Outcome Mm::WriteProtectFault(Vma* vma, uint64_t address, const hw::Extent& extent) {
  const hw::Pfn pfn = hw::PageTable::PfnAt(extent, {address});
  const bool shared = (vma->c.vm_flags & kVmShared) != 0;
  const bool anon = extent.bits.anon != 0;
  const bool special = extent.bits.special != 0;
  if (!shared && !(anon && Alone(pfn)))
    return CopyOnWrite(vma, address, pfn) ? kDone : kOutOfMemory;
  const vm_operations_struct* ops = vma->c.vm_ops;
  if (shared && !anon && ops != nullptr) {
    vm_fault vmf{};
    vmf.vma = &vma->c;
    vmf.address = address;
    vmf.real_address = address;
    vmf.pgoff = vma->c.vm_pgoff + ((address - vma->c.vm_start) >> hw::kPageShift);
    vmf.gfp_mask = kGfpOfFault;
    vmf.flags = kFlagsOfUserFault | kFlagWrite;
    if (extent.bits.special != 0 && ops->pfn_mkwrite != nullptr) {  // wp_pfn_shared()
      vmf.flags |= kFlagMkwrite;
      ++driver_fault_depth_;
      const vm_fault_t code = CallDriver(driver_, ops->pfn_mkwrite, &vmf);
      --driver_fault_depth_;
      if (Trapped()) return kTrapped;
      if ((code & kFaultError) != 0) return FromFaultCode(code);
      if ((code & kFaultNoPage) != 0) return kDone;
    } else if (extent.bits.special == 0 && ops->page_mkwrite != nullptr) {  // FA4, wp_page_shared()
      vmf.page = backend_.PageOf(pfn);
      Outcome outcome;
      if (!TellWrite(vma, &vmf, &outcome)) return outcome;
    }
    // finish_mkwrite_fault(): the driver may have taken the entry away meanwhile.
    const hw::Extent* now = tables_[vma->mm]->Find({address});
    if (now == nullptr || hw::PageTable::PfnAt(*now, {address}) != pfn) return kDone;
  }
  if (shared && !anon && !special) MarkPageDirty(pfn);  // fault_dirty_shared_page()
  // wp_page_reuse(): the entry becomes writable (RP7).
  if (anon && !shared) PrepareAnonVma(vma);
  const bool writable = (vma->c.vm_flags & kVmWrite) != 0;
  tables_[vma->mm]->Change({address}, 1, [anon, writable](hw::PteBits bits) {
    if (writable) bits.write = 1;
    bits.dirty = 1;
    bits.accessed = 1;
    if (anon) {
      bits.special = 0;
      bits.anon = kAnonExclusive;
    }
    return bits;
  });
  NoteChange();
  return kDone;
}

Outcome Mm::FromFaultCode(vm_fault_t code) {
  // do_user_addr_fault(), in its order.
  if ((code & kFaultOom) != 0) return kOutOfMemory;
  if ((code & (kFaultSigbus | kFaultHwPoison)) != 0) return Killed(Signal::kBusAdrerr);
  return Killed(Signal::kSegvMaperr);
}

// do_read_fault(), do_cow_fault(), do_shared_fault(): FA2..FA4.
Outcome Mm::DriverFault(Vma* vma, uint64_t address, bool write, FaultTry* fault) {
  if (!write && vma->c.vm_ops->map_pages != nullptr) {  // do_fault_around()
    verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "", "vm_ops->map_pages is not modelled");
    return kTrapped;
  }
  vm_fault vmf{};
  vmf.vma = &vma->c;
  vmf.address = address;
  vmf.real_address = address;
  vmf.pgoff = vma->c.vm_pgoff + ((address - vma->c.vm_start) >> hw::kPageShift);
  vmf.flags = (fault->by_kernel ? kFlagsOfKernelFault : kFlagsOfUserFault) |
              (write ? kFlagWrite : 0U) | fault->flags;
  vmf.gfp_mask = kGfpOfFault;
  const bool shared = (vma->c.vm_flags & kVmShared) != 0;
  const bool cow = write && !shared;
  hw::Pfn copy;
  if (cow) {  // do_cow_fault(): before the driver is asked
    PrepareAnonVma(vma);
    if (!backend_.AllocAnonPage(/*zeroed=*/false, &copy)) return kOutOfMemory;
    vmf.cow_page = backend_.PageOf(copy);
  }
  const Outcome outcome = Ask(vma, &vmf, fault);
  const bool has_page = outcome.ok() && vmf.page != nullptr;
  if (cow && !has_page) backend_.FreeAnonPage(copy);
  if (!has_page) return outcome;
  const hw::Pfn pfn = backend_.PfnOf(vmf.page);
  if (cow) {
    const bool copied = CopyTo(copy, vma, address, pfn);
    backend_.PagePut(pfn);
    return copied ? kDone : kOutOfMemory;
  }
  return ShowPage(vma, &vmf, write);
}

// __do_fault(). On success vmf->page, if there is one, is to be mapped.
Outcome Mm::Ask(Vma* vma, vm_fault* vmf, FaultTry* fault) {
  ++driver_fault_depth_;
  const vm_fault_t code = CallDriver(driver_, vma->c.vm_ops->fault, vmf);
  --driver_fault_depth_;
  if (Trapped()) return kTrapped;
  const vm_fault_t known =
      kFaultError | kFaultMajor | kFaultNoPage | kFaultLocked | kFaultRetry | kFaultDoneCow;
  if ((code & ~known) != 0) {
    verdicts_.Report(37, 11, "a VM_FAULT_ code", "->fault returned %#x", code);
    return Killed(Signal::kBusAdrerr);
  }
  if ((code & kFaultRetry) != 0) {
    fault->flags = kFlagTried;
    fault->retry = true;
    vmf->page = nullptr;
    return kDone;
  }
  if ((code & kFaultError) != 0) return FromFaultCode(code);
  if ((code & (kFaultNoPage | kFaultDoneCow)) != 0) {
    vmf->page = nullptr;
    return kDone;
  }
  if (vmf->page == nullptr) {
    verdicts_.TrapNow(Trap::kOops, 37, 10, "vmf->page set, or VM_FAULT_NOPAGE",
                      "->fault returned 0 and no page: the kernel uses a null page");
    return kTrapped;
  }
  const hw::Pfn pfn = backend_.PfnOf(vmf->page);
  return PassLock(code, backend_.PageOf(pfn), "->fault") ? kDone : kTrapped;
}

void Mm::MarkPageDirty(hw::Pfn pfn) {
  page* page = backend_.PageOf(pfn);
  if (page == nullptr) return;
  (page->compound_head != nullptr ? page->compound_head : page)->flags |= kPageDirty;
}

// do_shared_fault() from page_mkwrite on, finish_fault().
Outcome Mm::ShowPage(Vma* vma, vm_fault* vmf, bool write) {
  const uint64_t address = vmf->address;
  const hw::Pfn pfn = backend_.PfnOf(vmf->page);
  Outcome outcome;
  if (write && vma->c.vm_ops->page_mkwrite != nullptr && !TellWrite(vma, vmf, &outcome)) {
    backend_.PagePut(pfn);
    return outcome;
  }
  hw::PteBits bits = BitsOf(vma->c.vm_page_prot.pgprot, /*special=*/false);
  bits.cache = CacheOf(vma->c.vm_page_prot.pgprot);
  if (write) {
    bits.write = 1;
    bits.dirty = 1;
  } else if (profile_.shows_dirty_pages && bits.write != 0) {  // FA7
    const page* page = backend_.PageOf(pfn);
    if (page != nullptr && page->compound_head != nullptr) page = page->compound_head;
    if (page != nullptr && (page->flags & kPageDirty) != 0) bits.dirty = 1;
  }
  if (tables_[vma->mm]->Find({address}) != nullptr) {  // someone was faster
    backend_.PagePut(pfn);
    return kDone;
  }
  if (!tables_[vma->mm]->Map({address}, 1, pfn, bits,
                             verdicts_.DriverPc(reinterpret_cast<void*>(vma->c.vm_ops->fault)))) {
    backend_.PagePut(pfn);
    return kOutOfMemory;
  }
  if (write) MarkPageDirty(pfn);  // fault_dirty_shared_page()
  NoteChange();
  return kDone;
}

}  // namespace drydock::kernel
