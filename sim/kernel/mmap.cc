// mmap(2): Linux mm/mmap.c:do_mmap() and __mmap_region(), since 6.12 of mm/vma.c;
// docs/mmap-rules.md sections 1 and 2.
#include <algorithm>
#include <cerrno>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr int kMapPopulate = 0x8000, kMapNonBlock = 0x10000;
// MAP_HUGE_2MB | MAP_HUGE_1GB, which mman.h's LEGACY_MAP_MASK has too.
constexpr int kMapHugeSizes = 0x7c000000;
constexpr uint64_t kVmSync = 0x800000;

// fs.h: file_mmap_ok() for a character device, whose size limit is ULONG_MAX (1.11).
bool FileMmapOk(uint64_t pgoff, uint64_t length) {
  return pgoff <= (~uint64_t{0} - length) >> hw::kPageShift;
}

// MR3: a private writable mapping is charged, and refused beyond all of memory
// (__vm_enough_memory's heuristic mode).
bool Accountable(uint64_t vm_flags) {
  return (vm_flags & (kVmNoReserve | kVmShared | kVmWrite)) == kVmWrite;
}
// What names an object of shared anonymous memory, and says how long it is (MR16).
constexpr unsigned kObjectSerialBits = 28;
void* NameObject(uint64_t serial, uint64_t pages) {
  constexpr uint64_t kSerialMask = (uint64_t{1} << kObjectSerialBits) - 1;
  return reinterpret_cast<void*>(pages << kObjectSerialBits | (serial & kSerialMask));
}

// MAP_FIXED_NOREPLACE is not among them.
int LegacyMapFlags(const Profile& profile) {
  return kMapLegacyMask | kMapHugeSizes | (profile.knows_above_4g ? kMapAbove4G : 0);
}

}  // namespace

uint64_t Mm::ObjectPages(const vm_area_struct& vma) {
  return reinterpret_cast<uint64_t>(vma.vm_private_data) >> kObjectSerialBits;
}

// What vm_ops is until the driver sets its own.
const vm_operations_struct Mm::kDummyOps{};

// 1.12: can_mmap_file() of 7.3; before it there is one hook.
bool Mm::CanMmapFile(const file* file) {
  const bool mmap = file->f_op->mmap != nullptr, prepare = file->f_op->mmap_prepare != nullptr;
  if (mmap && prepare) {  // P12
    verdicts_.Report(0, 10, "one of .mmap and .mmap_prepare", "both are set: WARN, -ENODEV");
    verdicts_.Last().driver_pc =
        verdicts_.EntryPc(reinterpret_cast<void*>(file->f_op->mmap_prepare));
  }
  return mmap != prepare;
}

int64_t Mm::Mmap(uint32_t mm, uint64_t address, uint64_t length, int prot, int flags, file* file,
                 bool bad_fd, uint64_t offset) {
  last_mmap_ = MmapCall{};
  if ((offset & hw::kPageMask) != 0) return -EINVAL;  // 1.1
  uint64_t pgoff = offset >> hw::kPageShift;
  const bool anonymous = (flags & kMapAnonymous) != 0;
  if (!anonymous) {
    if (bad_fd || file == nullptr) return -EBADF;    // 1.2
    if ((flags & kMapHugetlb) != 0) return -EINVAL;  // 1.2
  }
  if (length == 0) return -EINVAL;  // 1.3
  if (anonymous && (flags & kMapHugetlb) != 0) return MmapHugePages(mm, address, length, flags);
  if ((flags & kMapFixedNoReplace) != 0) flags |= kMapFixed;  // 1.4
  if ((flags & kMapFixed) == 0) {                             // round_hint_to_min()
    address &= ~hw::kPageMask;
    if (address != 0 && address < kMinAddress) address = kMinAddress;
  }
  const uint64_t pages_bytes = hw::PageAlignUp(length);
  if (pages_bytes == 0) return -ENOMEM;  // 1.5
  const uint64_t pages = pages_bytes >> hw::kPageShift;
  if (core_guards_ && pgoff + pages < pgoff) return -EOVERFLOW;       // 1.6
  if (mms_[mm].vma_count >= orders_[mm]->size() - 2) return -ENOMEM;  // 1.7

  const int64_t area =
      UnmappedArea(mm, anonymous ? nullptr : file, address, pages_bytes, pgoff, flags);
  if (area < 0) return area;
  const auto start = static_cast<uint64_t>(area);
  if ((flags & kMapFixedNoReplace) != 0) {  // 1.9
    if (AnyVmaIn(mm, start, start + pages_bytes)) return -EEXIST;
  }

  uint64_t vm_flags =
      static_cast<uint64_t>(prot & 7) | kVmMayRead | kVmMayWrite | kVmMayExec;  // 1.10
  if ((flags & kMapLocked) != 0) vm_flags |= kVmLocked;
  if ((flags & kMapGrowsDown) != 0) vm_flags |= kVmGrowsDown;
  if ((flags & kMapSync) != 0) vm_flags |= kVmSync;  // calc_vm_flag_bits(): of any type
  if ((flags & kMapStack) != 0 && profile_.stack_without_huge_pages) vm_flags |= kVmNoHugePage;
  const int type = flags & kMapType;
  if (!anonymous) {
    if (core_guards_ && !FileMmapOk(pgoff, pages_bytes)) return -EOVERFLOW;  // 1.11
    const int legacy = LegacyMapFlags(profile_);
    switch (type) {
      case kMapShared:
        flags &= legacy;  // 1.12: unknown flags are dropped
        [[fallthrough]];
      case kMapSharedValidate: {
        const int known = legacy | static_cast<int>(file->f_op->mmap_supported_flags);
        if ((flags & ~known) != 0) return -EOPNOTSUPP;
        if ((prot & kProtWrite) != 0 && (file->f_mode & kFmodeWrite) == 0) return -EACCES;
        vm_flags |= kVmShared | kVmMayShare;
        if ((file->f_mode & kFmodeWrite) == 0) vm_flags &= ~(kVmMayWrite | kVmShared);
        [[fallthrough]];
      }
      case kMapPrivate:
        if ((file->f_mode & kFmodeRead) == 0) return -EACCES;
        if (!CanMmapFile(file)) return -ENODEV;
        if ((vm_flags & kVmGrowsDown) != 0) return -EINVAL;
        break;
      default:
        return -EINVAL;
    }
  } else {
    switch (type) {
      case kMapShared:
        if ((vm_flags & kVmGrowsDown) != 0) return -EINVAL;
        pgoff = 0;
        vm_flags |= kVmShared | kVmMayShare;
        break;
      case kMapDroppable:
        if (!profile_.droppable) return -EINVAL;
        if ((flags & kMapLocked) != 0 || (vm_flags & kVmGrowsDown) != 0) return -EINVAL;
        vm_flags |= kVmDroppable | kVmNoReserve | kVmWipeOnFork | kVmDontDump;
        [[fallthrough]];
      case kMapPrivate:
        pgoff = start >> hw::kPageShift;
        break;
      default:
        return -EINVAL;
    }
  }
  if ((flags & kMapNoReserve) != 0) vm_flags |= kVmNoReserve;

  backend_.LockMmap(&mms_.Mut(mm).c, true);
  const int64_t result =
      MapRegion(mm, start, pages_bytes, vm_flags, pgoff, anonymous ? nullptr : file);
  backend_.UnlockMmap(&mms_.Mut(mm).c, true);
  const bool populate = (flags & kMapPopulate) != 0 && (flags & kMapNonBlock) == 0;
  if (result >= 0 && !Trapped() && (populate || (flags & kMapLocked) != 0)) {
    // 1.15: populating ignores errors and leaves VM_IO and VM_PFNMAP alone.
    const Vma* vma = Find(mm, start);
    if (vma != nullptr && (vma->c.vm_flags & (kVmIo | kVmPfnMap)) == 0) {
      const bool write = (vma->c.vm_flags & (kVmWrite | kVmShared)) == kVmWrite;
      hw::Pfn pfn;
      for (uint64_t at = start; at < start + pages_bytes && !Trapped(); at += hw::kPageSize) {
        if (!TouchPage(mm, at, write, &pfn).ok()) break;
      }
    }
  }
  return result;
}

// 1.8: get_unmapped_area() and arch_get_unmapped_area_topdown().
bool Mm::AnyVmaIn(uint32_t mm, uint64_t start, uint64_t end) const {
  const uint32_t i = FirstEndingAfter(mm, start);
  return i < mms_[mm].vma_count && VmaAt(mm, i).c.vm_start < end;
}

// 1.2: no huge page is reserved here, and there is one size of them. ksys_mmap_pgoff() makes a file
// of them: hstate_sizelog(), then do_mmap() with hugetlb_get_unmapped_area(), and pages are
// reserved last, in hugetlbfs_file_mmap().
int64_t Mm::MmapHugePages(uint32_t mm, uint64_t address, uint64_t length, int flags) {
  constexpr unsigned kHugeShift = 21;
  const unsigned log = static_cast<unsigned>(flags) >> 26;  // MAP_HUGE_SHIFT
  if (log != 0 && log != kHugeShift) return -EINVAL;
  const uint64_t huge_bytes = (length + kHugePageBytes - 1) & ~(kHugePageBytes - 1);
  if (huge_bytes == 0) return -EINVAL;  // 1.3, of what is rounded
  if (huge_bytes > kTaskSize) return -ENOMEM;
  if ((flags & kMapFixedNoReplace) != 0) flags |= kMapFixed;
  if ((flags & kMapFixed) != 0 && address % kHugePageBytes != 0) return -EINVAL;
  const int ignored = profile_.huge_pages_below_2g ? 0 : kMap32Bit;
  const int64_t area = UnmappedArea(mm, nullptr, address, huge_bytes, 0, flags & ~ignored);
  if (area < 0) return area;
  const auto start = static_cast<uint64_t>(area);
  if ((flags & kMapFixedNoReplace) != 0 && AnyVmaIn(mm, start, start + huge_bytes)) return -EEXIST;
  const int type = flags & kMapType;
  if (type == kMapSharedValidate && (flags & ~LegacyMapFlags(profile_)) != 0) return -EOPNOTSUPP;
  if (type == 0 || type > kMapSharedValidate || (flags & kMapGrowsDown) != 0) return -EINVAL;
  if ((flags & kMapNoReserve) != 0) {
    verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "",
                      "mmap() of huge pages with MAP_NORESERVE is not modelled");
    return -EINTR;
  }
  // MR2: what is in the way goes first, and nothing is charged.
  uint64_t vm_flags = 0;
  Vma* replaced = nullptr;
  const int64_t error = MakeRoom(mm, start, start + huge_bytes, &vm_flags, &replaced);
  if (replaced != nullptr) ReleaseAll(replaced);
  return error != 0 ? error : -ENOMEM;
}

// __mmap_region().
int64_t Mm::MapRegion(uint32_t mm, uint64_t start, uint64_t length, uint64_t vm_flags,
                      uint64_t pgoff, file* file) {
  Vma* replaced = nullptr;
  const int64_t error = MakeRoom(mm, start, start + length, &vm_flags, &replaced);
  const bool prepared = file != nullptr && file->f_op->mmap_prepare != nullptr;
  const int64_t result =
      error != 0 ? error
      : prepared ? MapPrepared(mm, start, start + length, vm_flags, pgoff, file, &replaced)
                 : PlaceRegion(mm, start, length, vm_flags, pgoff, file);
  if (replaced != nullptr) ReleaseAll(replaced);
  return result;
}

int64_t Mm::MakeRoom(uint32_t mm, uint64_t start, uint64_t end, uint64_t* vm_flags,
                     Vma** replaced) {
  // MR3: private writable memory is charged.
  const bool charged = Accountable(*vm_flags);
  const uint64_t pages = (end - start) >> hw::kPageShift;
  if (!profile_.charges_before_unmap) {
    const int64_t unmapped = UnmapRange(mm, start, end);  // MR2: before the driver is asked
    if (Trapped()) return -EINTR;
    if (unmapped != 0) return -ENOMEM;  // whatever may_split said
    if (charged && pages > kMostChargedPages) return -ENOMEM;
  } else {  // vms_gather_munmap_vmas(), then vms_clean_up_area()
    const int64_t error = SplitAround(mm, start, end);
    if (error != 0) return error;
    const uint32_t first = FirstEndingAfter(mm, start);
    const bool any = first < mms_[mm].vma_count && VmaAt(mm, first).c.vm_start < end;
    if (charged && pages > kMostChargedPages) {
      // What the old mappings are charged with is theirs no more.
      uint64_t more = pages;
      for (uint32_t i = first; i < mms_[mm].vma_count && VmaAt(mm, i).c.vm_start < end; ++i) {
        const vm_area_struct& c = VmaAt(mm, i).c;
        if ((c.vm_flags & kVmAccount) != 0) more -= (c.vm_end - c.vm_start) >> hw::kPageShift;
      }
      if (more > kMostChargedPages) return -ENOMEM;
    }
    if (any) {
      NoteChange();
      *replaced = Detach(mm, first, end);
      ZapDetached(mm, *replaced);
      for (Vma* vma = *replaced; vma != nullptr; vma = Next(vma)) {
        CallClose(vma);
        vma->c.vm_ops = &kDummyOps;
      }
      if (Trapped()) return -EINTR;
    }
  }
  if (charged) *vm_flags |= kVmAccount;
  return 0;
}

// The rest of it: what is new.
int64_t Mm::PlaceRegion(uint32_t mm, uint64_t start, uint64_t length, uint64_t vm_flags,
                        uint64_t pgoff, file* file) {
  const uint64_t end = start + length;
  Vma* merged = Merge(Preceding(mm, start), mm, start, end, vm_flags, pgoff, file, nullptr);
  if (merged != nullptr) {  // MR4: the driver is not asked
    merged->c.vm_flags |= kVmSoftDirty;
    SetPageProt(merged);
    return static_cast<int64_t>(start);
  }
  Vma* vma = AllocVma(mm);
  if (vma == nullptr) return -ENOMEM;
  vma->c.vm_start = start;
  vma->c.vm_end = end;
  vma->c.vm_flags = vm_flags;
  vma->c.vm_pgoff = pgoff;
  vma->c.vm_page_prot.pgprot = PageProtOf(vm_flags);  // MR5
  vma->opened = 1;                                    // MR6: ->open is not called
  if (file != nullptr) {
    vma->c.vm_ops = &kDummyOps;
    backend_.FileGet(file);
    vma->c.vm_file = file;
    const int64_t error = CallMmap(vma, file);
    if (error != 0 || Trapped()) {
      // MR8: neither open nor close; what was installed goes, with its memory type.
      if (vma->c.vm_file != nullptr) backend_.FilePut(vma->c.vm_file);
      Untrack(vma);
      Zap(mm, start, end);
      FreeTables(mm, start, end);
      FreeVma(vma);
      NoteChange();
      return error;  // MR7: verbatim, a positive one too
    }
    if (vma->c.vm_start != start) {  // MR9
      verdicts_.Report(18, 10, "->mmap leaves vm_start alone", "vm_start moved from %#lx to %#lx",
                       static_cast<unsigned long>(start), vma->c.vm_start);
      vma->c.vm_start = start;
    }
    if ((vma->c.vm_flags & ~vm_flags & kVmMayWrite) != 0) {
      verdicts_.Report(18, 10, "->mmap does not add VM_MAYWRITE",
                       "VM_MAYWRITE was clear before ->mmap");
    }
    if (vma->c.vm_ops != nullptr && vma->c.vm_ops->mapped != nullptr &&
        compat_serial_ != vma->serial) {  // PR10
      verdicts_.Report(0, 10, "vm_ops->mapped with ->mmap_prepare alone",
                       "->mmap set vm_ops whose mapped is never called");
      verdicts_.Last().driver_pc = last_mmap_.hook_pc;
    }
    Vma* before =
        vma->c.vm_flags != vm_flags && !profile_.merges_once ? Preceding(mm, start) : nullptr;
    merged = before == nullptr ? nullptr
                               : Merge(before, mm, start, end, vma->c.vm_flags, vma->c.vm_pgoff,
                                       vma->c.vm_file, nullptr);
    if (merged != nullptr) {  // MR10: the new one goes without ->close
      if (vma->c.vm_file != nullptr) backend_.FilePut(vma->c.vm_file);
      FreeVma(vma);
      merged->c.vm_flags |= kVmSoftDirty;
      SetPageProt(merged);
      return static_cast<int64_t>(start);
    }
  } else {
    vma->c.vm_ops = nullptr;
    const bool shared = (vm_flags & kVmShared) != 0;
    if (shared && (vm_flags & kVmNoReserve) == 0 && length >> hw::kPageShift > kMostChargedPages) {
      FreeVma(vma);  // MR15
      return -ENOMEM;
    }
    // Shared anonymous memory is one object over fork.
    if (shared) vma->c.vm_private_data = NameObject(vma->serial, length >> hw::kPageShift);
  }
  Link(vma);
  FinishMapping(vma);
  return static_cast<int64_t>(start);
}

void Mm::FinishMapping(Vma* vma) {
  if ((vma->c.vm_flags & kVmLocked) != 0 && (vma->c.vm_flags & kVmSpecial) != 0) {
    vma->c.vm_flags &= ~kVmLocked;  // MR11
  }
  vma->c.vm_flags |= kVmSoftDirty;
  SetPageProt(vma);  // MR12
  NoteChange();
}

int64_t Mm::CallMmap(Vma* vma, file* file) {
  last_mmap_ = MmapCall{.serial = vma->serial,
                        .start = vma->c.vm_start,
                        .end = vma->c.vm_end,
                        .pgoff = vma->c.vm_pgoff,
                        .flags = vma->c.vm_flags,
                        .vm_file = file,
                        .hook_pc = verdicts_.EntryPc(reinterpret_cast<void*>(file->f_op->mmap)),
                        .called = true};
  const int64_t error = CallDriver(driver_, file->f_op->mmap, file, &vma->c);
  last_mmap_.result = error;
  last_mmap_.file_changed = vma->c.vm_file != file;
  return error;
}

// mm/mmap.c: vma_wants_writenotify() (MR13).
bool Mm::WantsWriteNotify(const vm_area_struct& vma) {
  return (vma.vm_flags & (kVmWrite | kVmShared)) == (kVmWrite | kVmShared) &&
         vma.vm_ops != nullptr &&
         (vma.vm_ops->page_mkwrite != nullptr || vma.vm_ops->pfn_mkwrite != nullptr);
}

// mm/mmap.c: vma_set_page_prot(). Of the old protection only cache bits and the like stay (MR12).
void Mm::SetPageProt(Vma* vma) {
  const uint64_t flags = WantsWriteNotify(vma->c) ? vma->c.vm_flags & ~kVmShared : vma->c.vm_flags;
  vma->c.vm_page_prot.pgprot = ModifyProt(vma->c.vm_page_prot.pgprot, PageProtOf(flags));
}

// arch/x86/include/asm/pgtable.h; for arm64 include/linux/pgtable.h, which keeps the memory type
// alone, and what goes with it (AR2).
uint64_t Mm::ModifyProt(uint64_t old_prot, uint64_t new_prot) const {
  if (!arm64_) return (old_prot & kPteChangeMask) | (new_prot & ~kPteChangeMask);
  const hw::CacheType type = CacheOf(old_prot);
  return type == hw::CacheType::kWriteBack ? new_prot : Arm64Prot({new_prot}, type).pgprot;
}

}  // namespace drydock::kernel
