// The emulated kernel's memory management: VMAs, mmap(2) and its family, faults, and the functions
// by which drivers fill page tables. Rules by their ids in docs/mmap-rules.md; the code that keeps
// a rule names it. One Mm serves all simulated processes; an address space is named by its index.
//
// Its rooms: mmap.cc (mmap(2)), mmap_prepare.cc (7.3's second hook), vma.cc (look-up, split,
// unmap), remap.cc and insert.cc (population), fault.cc (loads, stores, faults), mprotect.cc,
// mremap.cc, madvise.cc, mlock.cc, msync.cc, mseal.cc, fork.cc, anon_vma.cc, gup.cc (pages for the
// kernel's own use), remote_access.cc (another process's memory). What differs between kernels is
// profile.h's.
#ifndef DRYDOCK_SIM_KERNEL_MM_H_
#define DRYDOCK_SIM_KERNEL_MM_H_

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mocks/kernel_api.h"
#include "sim/hw/memory_type.h"
#include "sim/hw/page_table.h"
#include "sim/hw/platform.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/driver_runner.h"
#include "sim/kernel/frame_reservations.h"
#include "sim/kernel/outcome.h"
#include "sim/kernel/profile.h"
#include "sim/kernel/user_memory.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// What Mm needs of the rest of the machine.
class MmBackend {
 public:
  virtual ~MmBackend() = default;
  // A page for a process's own use. False: out of memory (or injected failure).
  virtual bool AllocAnonPage(bool zeroed, hw::Pfn* pfn) = 0;
  virtual void FreeAnonPage(hw::Pfn pfn) = 0;
  // True if this allocation (a VMA, a page-table page) is the one that is to fail.
  virtual bool FailNow() = 0;
  virtual void FileGet(file* file) = 0;
  virtual void FilePut(file* file) = 0;
  virtual bool IsRam(hw::Pfn pfn) = 0;
  virtual bool AnyRam(hw::Pfn pfn, uint64_t pages) = 0;
  virtual bool IsSlab(hw::Pfn pfn) = 0;
  virtual void PageGet(hw::Pfn pfn) = 0;  // a reference, for vm_insert_page
  virtual void PagePut(hw::Pfn pfn) = 0;
  virtual int PageCount(const page* page) = 0;
  virtual void LockPage(page* page) = 0;  // waits for whoever has locked it; may trap
  virtual void UnlockPage(page* page) = 0;
  virtual hw::Pfn PfnOf(const page* page) = 0;
  // The struct page, to hand to the driver and to write. nullptr: there is none.
  virtual page* PageOf(hw::Pfn pfn) = 0;
  // Bytes of physical memory, RAM or MMIO; at most to the end of the page. False: nothing is there.
  virtual bool ReadPhysical(hw::PhysAddr from, void* to, size_t size_bytes) = 0;
  virtual bool WritePhysical(hw::PhysAddr to, const void* from, size_t size_bytes) = 0;
  virtual void CopyPage(hw::Pfn to, hw::Pfn from) = 0;
  // The same of user space, through a mapping of this type, where devices do not see the caches.
  virtual bool AccessAs(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                        size_t size_bytes) = 0;
  // find_vm_area(): the vmalloc area that holds this kernel address. False: none does. `user`: it
  // may be mapped to user space (VM_USERMAP, VM_DMA_COHERENT).
  virtual bool VmallocArea(const void* address, uint64_t* size_bytes, bool* user) = 0;
  virtual page* VmallocPage(const void* address) = 0;  // vmalloc_to_page()
  // A mapping of the device with this number shows these pages. Told if NoteShownPages().
  virtual void NoteShown(hw::Pfn first, uint64_t pages, unsigned devt) = 0;
  // Memory of the kernel for the driver to fill in or to read, of exactly this size. nullptr: out
  // of memory (or injected failure).
  virtual void* TakeBuffer(size_t size_bytes) = 0;
  virtual void GiveBuffer(void* buffer) = 0;
  // Between kernel addresses as the driver sees them and the simulation's own memory.
  virtual void ReadKernel(void* to, const void* from, size_t size_bytes) = 0;
  virtual void WriteKernel(void* to, const void* from, size_t size_bytes) = 0;
  // mmap_lock, as the driver and the lock checker see it (LK1).
  virtual void LockMmap(mm_struct* mm, bool write) = 0;
  // For writing, while another's is held: that of a child that fork(2) makes.
  virtual void LockChildMmap(mm_struct* mm) = 0;
  virtual void UnlockMmap(mm_struct* mm, bool write) = 0;
};

// A VMA of the pool: the part drivers see, and what the kernel keeps beside it.
struct Vma {
  vm_area_struct c;
  uint64_t serial = 0;       // counts VMAs: names one over its life
  uint32_t mm = 0;           // address space it is in
  uint16_t live = 0;         // 1 while in use
  uint16_t opened = 0;       // ->open ran on it, or it is the one ->mmap made
  uint32_t next = 0;         // among those that are on their way out: number + 1
  uint32_t reservation = 0;  // what it holds of FrameReservations
};

// One call of the driver's mmap or mmap_prepare hook, for the oracles: what was asked and what came
// of it.
struct MmapCall {
  uint64_t serial = 0;  // of the VMA that it is for; 0: none yet in this step
  uint64_t start = 0, end = 0, pgoff = 0, flags = 0;
  file* vm_file = nullptr;
  int64_t result = 0;
  uint64_t hook_pc = 0;
  bool called = false;
  bool file_changed = false;
};

// How a VMA became two without mmap(2).
enum class CopyKind : uint8_t { kSplit, kFork, kMove };

// The last time that a VMA with ->close did, for the oracles. ->open was called if there is one.
struct VmaCopy {
  const vm_operations_struct* ops = nullptr;  // nullptr: none did
  CopyKind kind = CopyKind::kSplit;
  uint64_t pgoff = 0, pages = 0;  // of the VMA before
};

// PteBits::anon. A private page is shared by the processes of a fork until one of them writes to
// it.
inline constexpr uint8_t kAnonExclusive = 1, kAnonForked = 2;

inline constexpr unsigned long kPageLocked = 1, kPageDirty = 8;  // page::flags: PG_locked, PG_dirty

class Mm final : public mocks::MmApi, public UserMemory {
 public:
  static constexpr uint64_t kMmapBase = 0x21fffffff000;  // top-down from here
  static constexpr hw::Pfn kMaxPfn{uint64_t{1} << 28};   // MAXPHYADDR of 40 bits, as QEMU's TCG has
  static constexpr uint64_t kPfnFieldMask = (uint64_t{1} << 40) - 1;  // frame bits of an entry

  Mm(hw::ResetList& list, Verdicts& verdicts, DriverRunner& driver, MmBackend& backend,
     bool core_guards, const hw::Platform& platform, const Profile& profile = ProfileOf(601),
     const Capacity& capacity = {});

  // --- address spaces ---
  // How many there can be at a time.
  uint32_t max_mms() const { return static_cast<uint32_t>(mms_.size()); }
  // A new, empty one. Its index; -1: none is free.
  int NewMm();
  mm_struct* mm(uint32_t index) { return &mms_.Mut(index).c; }
  bool MmLive(uint32_t index) const { return mms_[index].live != 0; }
  // kNoMm: a task of the kernel runs.
  static constexpr uint32_t kNoMm = ~uint32_t{0};
  // Calls visit(index) for each that is live, in order.
  template <class Visit>
  void ForEachLiveMm(Visit visit) const {
    for (uint64_t left = counts_->live_mms; left != 0; left &= left - 1) {
      visit(static_cast<uint32_t>(std::countr_zero(left)));
    }
  }
  void SetCurrent(uint32_t index) { current_ = index; }
  uint32_t current() const { return current_; }
  // How deep the running task is in ->fault: kept for it while another one runs.
  int ExchangeFaultDepth(int depth) { return std::exchange(driver_fault_depth_, depth); }
  // exit_mmap(): unmaps everything; ->close of each VMA, in address order. Frees the address space.
  void ExitMm(uint32_t index);

  // --- system calls; values or negative errnos ---
  int64_t Mmap(uint32_t mm, uint64_t address, uint64_t length, int prot, int flags, file* file,
               bool bad_fd, uint64_t offset);
  int64_t Munmap(uint32_t mm, uint64_t address, uint64_t length);
  int64_t Mprotect(uint32_t mm, uint64_t address, uint64_t length, int prot);
  int64_t Mremap(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                 int flags, uint64_t new_address);
  int64_t Madvise(uint32_t mm, uint64_t address, uint64_t length, int advice);
  int64_t Mseal(uint32_t mm, uint64_t address, uint64_t length, uint64_t flags);
  int64_t Mlock(uint32_t mm, uint64_t address, uint64_t length);
  int64_t Munlock(uint32_t mm, uint64_t address, uint64_t length);
  int64_t Msync(uint32_t mm, uint64_t address, uint64_t length, int flags);
  // `pages` has a byte for each page: 1 if it is resident.
  int64_t Mincore(uint32_t mm, uint64_t address, uint64_t length, uint8_t* pages);
  // process_vm_readv(2) (to) or process_vm_writev(2) (from) of at most a page's bytes of `mm`.
  int64_t ProcessVm(uint32_t mm, uint64_t address, void* to, const void* from, size_t size_bytes);
  // The same through /proc/PID/mem: pread(2), pwrite(2).
  int64_t ProcMem(uint32_t mm, uint64_t address, void* to, const void* from, size_t size_bytes);
  // dup_mmap() into the empty space `child`. On error the child's VMAs are gone again.
  int64_t Fork(uint32_t parent, uint32_t child);
  // A load (to) or a store (from) by user code, page by page.
  user::Outcome Access(uint32_t mm, uint64_t address, void* to, const void* from,
                       size_t size_bytes);
  // The fault of a load or a store, and nothing else: afterwards the page's entry allows it.
  user::Outcome Touch(uint32_t mm, uint64_t address, bool write);
  // Kernel's copy to or from user memory: bytes done before a fault that cannot be mended.
  size_t CopyUser(uint64_t address, void* to, const void* from, size_t size_bytes);

  // --- what oracles and people look at ---
  uint32_t VmaCount(uint32_t mm) const { return mms_[mm].vma_count; }
  const Vma& VmaAt(uint32_t mm, uint32_t i) const { return vmas_[(*orders_[mm])[i]]; }
  const hw::PageTable& table(uint32_t mm) const { return *tables_[mm]; }
  const hw::MemoryTypes& memory_types() const { return memtypes_; }
  hw::MemoryTypes& memory_types() { return memtypes_; }
  const Vma* Find(uint32_t mm, uint64_t address) const;  // the VMA that holds it
  bool AnyMapped(hw::Pfn first, uint64_t pages) const;   // by a user PTE of any process
  // Changes whenever a page table or a VMA may have changed.
  uint64_t changes() const { return counts_->changes; }
  const MmapCall& last_mmap() const { return last_mmap_; }
  // Drivers write to mm_struct without a call (pinned_vm): each reset puts the live ones back.
  void PutBackReachable();
  // Tells the backend of what drivers put into page tables.
  void NoteShownPages(bool note) { note_shown_ = note; }
  void ForgetLastMmap() {
    last_mmap_ = MmapCall{};
    last_copy_ = VmaCopy{};
  }
  // The last copy since the last call; copied(): there is one.
  bool copied() const { return last_copy_.ops != nullptr; }
  VmaCopy TakeCopy() { return std::exchange(last_copy_, VmaCopy{}); }

  // --- for a real program that runs against the simulation; nullptr for none ---
  // Told of what goes away in any page table; table(mm) names it.
  void SetWatcher(hw::PageTableWatcher* watcher);
  // Where CopyUser() finds memory that no VMA has.
  void SetForeignMemory(ForeignMemory* memory) { foreign_ = memory; }

  // --- UserMemory: of the current process ---
  unsigned long CopyOut(hw::VirtAddr to, const void* from, unsigned long size_bytes) override {
    return CopyUser(to.value, nullptr, from, size_bytes);
  }
  unsigned long CopyIn(void* to, hw::VirtAddr from, unsigned long size_bytes) override {
    return CopyUser(from.value, to, nullptr, size_bytes);
  }

  // --- mocks::MmApi ---
  int RemapPfnRange(vm_area_struct* vma, unsigned long addr, unsigned long pfn, unsigned long size,
                    pgprot_t prot) override;
  int VmIomapMemory(vm_area_struct* vma, unsigned long long start, unsigned long len) override;
  int VmInsertPage(vm_area_struct* vma, unsigned long addr, page* page) override;
  vm_fault_t VmfInsertPfn(vm_area_struct* vma, unsigned long addr, unsigned long pfn) override;
  vm_fault_t VmfInsertPfnProt(vm_area_struct* vma, unsigned long addr, unsigned long pfn,
                              pgprot_t prot) override;
  void ZapVmaPtes(vm_area_struct* vma, unsigned long addr, unsigned long size) override;
  void UnmapMappingRange(address_space* mapping, long long hole_begin, long long hole_len,
                         int even_cows) override;
  pgprot_t VmGetPageProt(unsigned long vm_flags) override;
  pgprot_t PgprotWritecombine(pgprot_t prot) override;
  pgprot_t PgprotWritethrough(pgprot_t prot) override;
  pgprot_t PgprotNoncached(pgprot_t prot) override;
  pgprot_t PgprotDevice(pgprot_t prot) override;
  pgprot_t PgprotDmacoherent(pgprot_t prot) override;
  pgprot_t PgprotFramebuffer(pgprot_t prot) override;
  int RemapVmallocRange(vm_area_struct* vma, void* address, unsigned long pgoff) override;
  int VmInsertPages(vm_area_struct* vma, unsigned long addr, page** pages,
                    unsigned long* count) override;
  vm_fault_t VmfInsertMixed(vm_area_struct* vma, unsigned long addr, unsigned long long pfn,
                            pgprot_t prot, bool mkwrite) override;
  void UnmapMappingPages(address_space* mapping, unsigned long start, unsigned long count,
                         int even_cows) override;
  int MmapActionPrepare(vm_area_desc* desc) override;
  int MmapActionComplete(vm_area_struct* vma, mmap_action* action, bool is_compat) override;
  int CompatVmaMmap(vm_area_desc* desc, vm_area_struct* vma) override;
  vm_area_struct* FindVma(mm_struct* mm, unsigned long addr) override;
  int GenericAccessPhys(vm_area_struct* vma, unsigned long addr, void* buf, int len,
                        int write) override;
  mm_struct* CurrentMm() override { return current_ == kNoMm ? nullptr : mm(current_); }

 private:
  struct Counts {
    uint64_t live_mms;  // bit i: mms_[i].live
    uint64_t serial;    // of the VMA made last
    uint64_t changes;
  };
  struct MmSlot {
    mm_struct c;
    uint32_t live = 0;
    uint32_t vma_count = 0;
  };

  // vma.cc
  Vma* AllocVma(uint32_t mm);  // nullptr: -ENOMEM
  void FreeVma(Vma* vma);
  void Link(Vma* vma);  // into its address space, by address
  void Unlink(Vma* vma);
  uint32_t FirstEndingAfter(uint32_t mm, uint64_t address) const;  // index into order
  Vma* MutAt(uint32_t mm, uint32_t i) { return &vmas_.Mut((*orders_[mm])[i]); }
  Vma* VmaOf(vm_area_struct* c);  // nullptr if `c` is none of ours: a copy, or made up
  int64_t Split(Vma* vma, uint64_t address, bool new_below);
  // vma_merge(): the VMA that [start, end) with these properties was merged into, or nullptr.
  // `prev` is the VMA that holds or precedes `start`, or nullptr; `object` names shared anonymous
  // memory.
  Vma* Merge(Vma* prev, uint32_t mm, uint64_t start, uint64_t end, uint64_t vm_flags,
             uint64_t pgoff, const file* file, const void* object);
  // anon_vma.cc: anon_vma_prepare(); whether a range with the anon_vma `own` may be merged with a
  // neighbour that has this one.
  void PrepareAnonVma(Vma* vma);
  bool AnonVmasAgree(const void* own, const void* neighbours) const;
  static void* AnonVmaOf(const Vma& vma, bool inherited);
  void SetBounds(Vma* vma, uint64_t start, uint64_t end);
  void RemoveMerged(Vma* vma);                    // swallowed by a neighbour: no ->close
  Vma* Preceding(uint32_t mm, uint64_t address);  // holds or precedes it; nullptr
  // What names the object of shared anonymous memory; nullptr for anything else.
  static const void* SharedObject(const vm_area_struct& vma);
  // How long that object is.
  static uint64_t ObjectPages(const vm_area_struct& vma);
  // *downgraded: mmap_lock is held for reading from then on (LK1); without it, it stays as it is.
  int64_t UnmapRange(uint32_t mm, uint64_t start, uint64_t end, bool* downgraded = nullptr);
  // vms_gather_munmap_vmas(): splits at the borders of what is to be unmapped.
  int64_t SplitAround(uint32_t mm, uint64_t start, uint64_t end);
  void UnmapAll(uint32_t mm);
  void Zap(uint32_t mm, uint64_t start, uint64_t end);
  // free_pgtables(): the tables of a range that no VMA is in any more, with what a driver left
  // there.
  void FreeTables(uint32_t mm, uint64_t start, uint64_t end);
  // Before CallOpen(): that `vma` was copied.
  void NoteCopy(const vm_area_struct& vma, CopyKind kind) {
    if (vma.vm_ops == nullptr || vma.vm_ops->close == nullptr) return;
    last_copy_ = {vma.vm_ops, kind, vma.vm_pgoff, (vma.vm_end - vma.vm_start) >> hw::kPageShift};
  }
  // The VMAs from place `first` in the order of `mm` to `end`, out of it; they are chained by
  // `next`. The first of them, or nullptr.
  Vma* Detach(uint32_t mm, uint32_t first, uint64_t end);
  void ZapDetached(uint32_t mm, Vma* first);  // unmap_region()
  void ReleaseAll(Vma* first);
  Vma* Next(const Vma* vma) { return vma->next != 0 ? &vmas_.Mut(vma->next - 1) : nullptr; }
  void CallOpen(Vma* vma);
  void CallClose(Vma* vma);
  void ReleaseVma(Vma* vma);  // remove_vma(): ->close, file reference, back to the pool
  bool Sealed(const vm_area_struct& vma) const { return (vma.vm_flags & profile_.sealed) != 0; }
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }
  void NoteChange() { ++counts_.Mut().changes; }

  // mmap.cc
  bool AnyVmaIn(uint32_t mm, uint64_t start, uint64_t end) const;
  int64_t MmapHugePages(uint32_t mm, uint64_t address, uint64_t length, int flags);
  int64_t MapRegion(uint32_t mm, uint64_t start, uint64_t length, uint64_t vm_flags, uint64_t pgoff,
                    file* file);
  // What mmap(2) does to what is in its way, and MR3. *replaced: what is still to be released.
  int64_t MakeRoom(uint32_t mm, uint64_t start, uint64_t end, uint64_t* vm_flags, Vma** replaced);
  int64_t PlaceRegion(uint32_t mm, uint64_t start, uint64_t length, uint64_t vm_flags,
                      uint64_t pgoff, file* file);
  int64_t CallMmap(Vma* vma, file* file);
  bool CanMmapFile(const file* file);  // exactly one hook is there
  // The VMA is linked and complete: what every new one still gets.
  void FinishMapping(Vma* vma);
  static const vm_operations_struct kDummyOps;  // callable, empty (MR5)
  void SetPageProt(Vma* vma);
  uint64_t ModifyProt(uint64_t old_prot, uint64_t new_prot) const;  // pgprot_modify()
  static bool WantsWriteNotify(const vm_area_struct& vma);

  // unmapped_area.cc: addresses, or -ENOMEM.
  int64_t UnmappedArea(uint32_t mm, file* file, uint64_t address, uint64_t length, uint64_t pgoff,
                       int flags);
  // At the hint if it is free.
  int64_t FreeArea(uint32_t mm, uint64_t address, uint64_t length, int flags) const;
  bool IsFree(uint32_t mm, uint64_t address, uint64_t length) const;
  // As far from a multiple of 2 MiB as `offset`; 0: it cannot.
  uint64_t LargeArea(uint32_t mm, uint64_t length, uint64_t offset, int flags) const;
  // The same as FreeArea for MAP_32BIT.
  int64_t LowArea(uint32_t mm, uint64_t address, uint64_t length) const;
  int64_t LowestGap(uint32_t mm, uint64_t bottom, uint64_t top, uint64_t length) const;
  // Below the base, or above it.
  int64_t HighestGap(uint32_t mm, uint64_t length) const;

  // mmap_prepare.cc
  // PlaceRegion() of a file with ->mmap_prepare, which releases what was replaced by itself.
  int64_t MapPrepared(uint32_t mm, uint64_t start, uint64_t end, uint64_t vm_flags, uint64_t pgoff,
                      file* file, Vma** replaced);
  void CheckDescription(const vm_area_desc& left, const vm_area_desc& given, uint64_t hook_pc);
  int RemapPrepare(vm_area_desc* desc);
  // Fills the VMA as the action says, on a stack of the driver's: it follows the driver's pointers.
  int CarryOut(Vma* vma, const mmap_action& action);
  static int CarryOutOnDriverStack(Mm* self, Vma* vma, const mmap_action* action);
  int CallMapped(Vma* vma);

  // mprotect.cc, madvise.cc, mseal.cc, fork.cc
  int64_t ProtectRange(uint32_t mm, uint64_t address, uint64_t end, uint64_t access, int grows);
  int64_t ProtectVma(Vma* vma, uint64_t start, uint64_t end, uint64_t new_flags);
  void PunchHole(const Vma& vma, uint64_t start, uint64_t end);
  int64_t AdviseVma(Vma* vma, uint64_t start, uint64_t end, int advice);
  int64_t PopulateVma(const Vma& vma, uint64_t start, uint64_t end, bool write);
  // The end of madvise(2) and mseal(2): [start, end) of `vma` gets these flags.
  int64_t ChangeFlags(Vma* vma, uint64_t start, uint64_t end, uint64_t flags);
  int64_t CopyEntries(Vma* from, Vma* to);

  // mlock.cc, msync.cc
  int64_t LockRange(uint32_t mm, uint64_t start, uint64_t length, uint64_t flags);
  int64_t LockVma(Vma* vma, uint64_t start, uint64_t end, uint64_t flags);
  int64_t Fsync(file* file, uint64_t first, uint64_t last);
  static void NoteEntries(const hw::PageTable& table, uint64_t from, uint64_t to, uint64_t base,
                          uint8_t* told);
  void NoteObject(const Vma& vma, uint64_t from, uint64_t to, uint8_t* told) const;

  // mremap.cc
  static int64_t MayResize(const Vma& vma, uint64_t address, uint64_t old_length,
                           uint64_t new_length, int flags);
  int64_t RemapRange(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                     int flags, uint64_t new_address, bool* downgraded);
  int64_t MoveTo(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                 int flags, uint64_t new_address);
  int64_t MoveAll(uint32_t mm, uint64_t start, uint64_t length, int flags, uint64_t target);
  int64_t GrowOrShrink(uint32_t mm, uint64_t address, uint64_t old_length, uint64_t new_length,
                       int flags, bool* downgraded);
  // do_munmap() of what a mapping is to lose.
  int64_t UnmapTail(uint32_t mm, uint64_t start, uint64_t length, bool* downgraded);
  // get_unmapped_area(), which asks the driver, with MAP_FIXED as well.
  int64_t AreaFor(const Vma& vma, uint64_t old_address, uint64_t new_length, uint64_t address,
                  int map_flags);
  int64_t MoveVma(uint32_t mm, uint64_t old_address, uint64_t old_length, uint64_t new_length,
                  uint64_t new_address, bool dont_unmap);
  void MoveEntries(uint32_t mm, uint64_t from, uint64_t to, uint64_t length);

  // remap.cc
  hw::CacheType CacheOf(uint64_t pgprot) const {
    return arm64_ ? hw::Arm64CacheTypeOf(pgprot) : hw::CacheTypeOf(pgprot);
  }
  // arm64's pgprot_*(): the type in place of the one that was there, and not executable (AR2).
  static pgprot_t Arm64Prot(pgprot_t prot, hw::CacheType type);
  // What remap_pfn_range() and a prepared remap have in common: do_remap_pfn_range() of 7.3, which
  // finds flags and vm_pgoff set; before it, all of remap_pfn_range().
  int RemapFrames(Vma* vma, uint64_t addr, uint64_t pfn, uint64_t size, uint64_t prot);
  // Where in [start, start + len) a mapping of `pages` from `pgoff` on begins (IO1..IO3).
  static int IomapFrame(uint64_t pages, uint64_t pgoff, uint64_t start, uint64_t len,
                        uint64_t* pfn);
  int Track(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t pages, uint64_t* prot);
  int ReserveRange(hw::Pfn pfn, uint64_t pages, bool strict, uint64_t* prot);
  void Untrack(Vma* vma);
  int CheckCopyOnWrite(Vma* vma, uint64_t addr, uint64_t end, uint64_t pfn);
  // `vma` has what `from` has of FrameReservations; it holds it no more.
  void HoldReservation(Vma* vma, const Vma& from);
  void DropReservation(Vma* vma);
  void ZapSingle(Vma* vma, uint64_t start, uint64_t end);  // zap_page_range_single()
  void UntrackRange(Vma* vma, hw::Pfn pfn, uint64_t pages);
  uint64_t LookupCacheBits(hw::Pfn pfn);
  bool InstallRange(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t pages, hw::PteBits bits);
  void CheckInsideVma(const vm_area_struct& vma, uint64_t addr, uint64_t size,
                      const char* function);

  // insert.cc
  bool MakeMixedMap(vm_area_struct* vma, const char* function);
  int InsertPage(Vma* vma, uint64_t addr, page* page);
  // insert_pages(): *count is what is left when it stops.
  int InsertPages(Vma* vma, uint64_t addr, page* const* pages, unsigned long* count);
  // insert_pfn(): a special entry, or what `mkwrite` does to one that is there.
  vm_fault_t InsertPfn(Vma* vma, uint64_t addr, hw::Pfn pfn, uint64_t prot, bool mkwrite);

  // fault.cc
  user::Outcome TouchPage(uint32_t mm, uint64_t address, bool write, hw::Pfn* pfn);
  user::Outcome CorruptedTable(const hw::Extent& extent, hw::Pfn pfn);
  // Moves the bytes of an access, at most to the end of the page at `page`.
  void CopyBytes(uint32_t mm, uint64_t page, hw::PhysAddr phys, void* to, const void* from,
                 size_t size_bytes);
  // What one try leaves to the next.
  struct FaultTry {
    unsigned flags = 0;      // FAULT_FLAG_TRIED
    bool retry = false;      // the driver has dropped mmap_lock, to be asked once more
    bool by_kernel = false;  // for a page that the kernel wants, not for a user's access
  };
  user::Outcome HandleFault(Vma* vma, uint64_t address, bool write, FaultTry* fault);
  user::Outcome WriteProtectFault(Vma* vma, uint64_t address, const hw::Extent& extent);
  user::Outcome DriverFault(Vma* vma, uint64_t address, bool write, FaultTry* fault);
  user::Outcome Ask(Vma* vma, vm_fault* vmf, FaultTry* fault);
  user::Outcome ShowPage(Vma* vma, vm_fault* vmf, bool write);
  // PG_dirty of a page that a driver shows: folio_mark_dirty(). Kept where anybody asks (FA7).
  void MarkPageDirty(hw::Pfn pfn);
  template <class Visit>
  void ForEachOwnPage(uint32_t mm, uint64_t start, uint64_t end, Visit visit);
  int64_t AgePages(const Vma& vma, uint64_t start, uint64_t end, bool out);
  int64_t FreeLazily(const Vma& vma, uint64_t start, uint64_t end);
  bool MappedOnce(hw::Pfn pfn, const hw::PteBits& bits) const;
  user::Outcome AnonymousFault(Vma* vma, uint64_t address, bool write);
  bool CopyOnWrite(Vma* vma, uint64_t address, hw::Pfn from);
  bool CopyTo(hw::Pfn fresh, Vma* vma, uint64_t address, hw::Pfn from);
  bool Alone(hw::Pfn pfn) const;  // one user entry shows it
  // ->page_mkwrite: true if the kernel goes on to make the entry writable, else *outcome is the
  // answer.
  bool TellWrite(Vma* vma, vm_fault* vmf, user::Outcome* outcome);
  bool PassLock(vm_fault_t code, page* page, const char* hook);
  user::Outcome FromFaultCode(vm_fault_t code);

  // gup.cc
  enum GupFlags : unsigned {
    kGupWrite = 1,     // FOLL_WRITE
    kGupForce = 2,     // FOLL_FORCE
    kGupPin = 4,       // FOLL_PIN
    kGupTouch = 8,     // FOLL_TOUCH, of a caller that wants no page
    kGupMayRetry = 16  // mmap_lock may be dropped meanwhile
  };
  enum class Followed : uint8_t { kPage, kNoPage, kFault, kUnshare };
  static bool MayGet(const vm_area_struct& vma, unsigned gup);
  static Followed Follow(const Vma& vma, const hw::Extent& extent, unsigned gup);
  bool Unshare(Vma* vma, uint64_t address);
  int64_t FaultIn(Vma* vma, uint64_t address, unsigned gup, Followed why, FaultTry* fault);
  // get_user_pages() of the page that holds `address`; the caller holds mmap_lock. 0, or -EFAULT,
  // -ENOMEM, -EEXIST (a frame without a page), -EINTR (trapped).
  int64_t GetUserPage(uint32_t mm, uint64_t address, unsigned gup, hw::Pfn* pfn);
  int64_t PopulatePages(const Vma& vma, uint64_t start, uint64_t end);
  int64_t Populate(uint32_t mm, uint64_t start, uint64_t length);

  // remote_access.cc
  struct Remote;
  void CopyFrame(hw::PhysAddr phys, void* to, const void* from, size_t size_bytes);
  void AccessRemote(Remote* rest);
  bool HasAccess(uint32_t mm, uint64_t address) const;
  size_t CallAccess(const Remote& rest);

  Verdicts& verdicts_;
  DriverRunner& driver_;
  MmBackend& backend_;
  const Profile& profile_;
  const bool core_guards_;
  const bool has_pat_;
  const bool arm64_;
  const bool coherent_;
  hw::TrackedArray<MmSlot> mms_;
  hw::TrackedArray<Vma> vmas_;
  hw::Tracked<Counts> counts_;
  hw::MemoryTypes memtypes_;
  FrameReservations reservations_;
  CapacityNote table_note_;
  std::vector<std::unique_ptr<hw::TrackedArray<uint16_t>>> orders_;  // VMAs of each, by address
  std::vector<std::unique_ptr<hw::PageTable>> tables_;
  uint32_t current_ = 0;
  bool note_shown_ = false;
  MmapCall last_mmap_;
  uint64_t compat_serial_ = 0;                // VMA that __compat_vma_mmap() completed last
  const address_space* rmap_held_ = nullptr;  // i_mmap_rwsem of it is held: PR14
  ForeignMemory* foreign_ = nullptr;
  VmaCopy last_copy_;
  int driver_fault_depth_ = 0;  // > 0 while a ->fault runs: mmap_lock is held for reading only
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MM_H_
