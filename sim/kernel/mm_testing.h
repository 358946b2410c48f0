// A machine that is just enough for Mm, and a driver whose callbacks a test sets: for the
// *_rules_test.cc.
#ifndef DRYDOCK_SIM_KERNEL_MM_TESTING_H_
#define DRYDOCK_SIM_KERNEL_MM_TESTING_H_

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "sim/hw/address.h"
#include "sim/hw/platform.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/driver_runner.h"
#include "sim/kernel/maps_text.h"
#include "sim/kernel/mm.h"
#include "sim/kernel/verdict.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {

inline constexpr uint64_t kPage = hw::kPageSize;
// mremap(2) and madvise(2), as user space spells them.
inline constexpr int kMremapMayMove = 1, kMremapFixed = 2, kMremapDontUnmap = 4;
inline constexpr int kAdviseDontNeed = 4, kAdviseFree = 8, kAdviseRemove = 9, kAdviseDontFork = 10,
                     kAdviseDoFork = 11, kAdviseMergeable = 12, kAdviseHugePage = 14,
                     kAdviseDontDump = 16, kAdviseDoDump = 17, kAdviseWipeOnFork = 18,
                     kAdviseCold = 20, kAdvisePageOut = 21, kAdvisePopulateRead = 22,
                     kAdvisePopulateWrite = 23, kAdviseCollapse = 25;
inline constexpr vm_fault_t kFaultCodeOom = 0x1, kFaultCodeSigbus = 0x2, kFaultCodeMajor = 0x4,
                            kFaultCodeSigsegv = 0x40, kFaultCodeNoPage = 0x100,
                            kFaultCodeLocked = 0x200;

// Pages that hold bytes, and counts of what was asked.
class FakeBackend final : public MmBackend {
 public:
  static constexpr hw::Pfn kRam{
      0x100000};  // the driver's frames and, above them, the processes' own
  static constexpr uint64_t kRamPages = 64, kAnonPages = 192;
  static constexpr hw::Pfn kSlab{0x100000 + 60};  // a frame of the driver's that is kmalloc's
  static constexpr hw::Pfn kBar{0xe0000};         // a window of device memory
  static constexpr uint64_t kBarPages = 64;
  // A vmalloc area: page i of it is frame kRam + 40 - 2 * i.
  static constexpr uint64_t kAreaAddress = 0x7c0000000000, kAreaPages = 8;

  FakeBackend();

  bool AllocAnonPage(bool zeroed, hw::Pfn* pfn) override;
  void FreeAnonPage(hw::Pfn pfn) override;
  bool FailNow() override;
  void FileGet(file* file) override { ++file->f_count.counter; }
  void FilePut(file* file) override { --file->f_count.counter; }
  bool IsRam(hw::Pfn pfn) override { return AnyRam(pfn, 1); }
  bool AnyRam(hw::Pfn pfn, uint64_t pages) override;
  bool IsSlab(hw::Pfn pfn) override { return pfn == kSlab; }
  void PageGet(hw::Pfn pfn) override { ++PageAt(pfn)._refcount.counter; }
  void PagePut(hw::Pfn pfn) override { --PageAt(pfn)._refcount.counter; }
  int PageCount(const page* page) override { return page->_refcount.counter; }
  void LockPage(page* page) override {
    ++page_lock_waits;
    page->flags |= 1;
  }
  void UnlockPage(page* page) override { page->flags &= ~1UL; }
  hw::Pfn PfnOf(const page* page) override;
  page* PageOf(hw::Pfn pfn) override { return IsRam(pfn) ? &PageAt(pfn) : nullptr; }
  bool ReadPhysical(hw::PhysAddr from, void* to, size_t size_bytes) override;
  bool WritePhysical(hw::PhysAddr to, const void* from, size_t size_bytes) override;
  void CopyPage(hw::Pfn to, hw::Pfn from) override;
  bool AccessAs(hw::CacheType type, hw::PhysAddr phys, void* to, const void* from,
                size_t size_bytes) override {
    last_type = type;
    return from != nullptr ? WritePhysical(phys, from, size_bytes)
                           : ReadPhysical(phys, to, size_bytes);
  }
  bool VmallocArea(const void* address, uint64_t* size_bytes, bool* user) override;
  page* VmallocPage(const void* address) override;
  void NoteShown(hw::Pfn, uint64_t, unsigned) override {}
  void* TakeBuffer(size_t size_bytes) override;
  void GiveBuffer(void* buffer) override;
  void ReadKernel(void* to, const void* from, size_t size_bytes) override {
    __builtin_memcpy(to, from, size_bytes);
  }
  void WriteKernel(void* to, const void* from, size_t size_bytes) override {
    __builtin_memcpy(to, from, size_bytes);
  }
  void LockMmap(mm_struct* mm, bool write) override;
  void LockChildMmap(mm_struct* mm) override { LockMmap(mm, true); }
  void UnlockMmap(mm_struct* mm, bool write) override;

  page& PageAt(hw::Pfn pfn) { return pages_[pfn - kRam]; }
  char* Bytes(hw::Pfn pfn);                 // nullptr: nothing is there
  void FailAt(int nth) { fail_at_ = nth; }  // the nth allocation from now, counted from 1
  uint64_t anon_in_use() const { return anon_in_use_; }
  int buffers_in_use() const { return buffers_in_use_; }
  static const void* AreaPage(uint64_t i) {
    return reinterpret_cast<const void*>(kAreaAddress + i * kPage);
  }
  static hw::Pfn AreaFrame(uint64_t i) { return hw::Pfn{kRam.value + 40 - 2 * i}; }
  hw::CacheType last_type = hw::CacheType::kWriteBack;  // of AccessAs()
  bool area_is_for_user = true;                         // VM_USERMAP
  // Counts of LockMmap calls.
  int write_locks = 0, read_locks = 0, page_lock_waits = 0;

 private:
  bool Fails();
  std::vector<char> ram_, bar_;
  std::vector<page> pages_;
  std::array<bool, kAnonPages> anon_used_{};
  uint64_t anon_in_use_ = 0;
  int buffers_in_use_ = 0;
  int fail_at_ = 0;
};

// The driver: each callback is what the test puts here. An operation that is not in `ops` is
// absent.
struct TestDriver {
  std::function<int(file*, vm_area_struct*)> mmap;
  std::function<int(vm_area_desc*)> mmap_prepare;     // in use after UsePrepare()
  std::function<int(vm_area_struct, void**)> mapped;  // with what it is told as a VMA
  std::function<void(vm_area_struct*)> open, close;
  std::function<int(vm_area_struct*, uint64_t address)> may_split;
  std::function<int(vm_area_struct*)> mremap;
  std::function<int(vm_area_struct*, uint64_t start, uint64_t end, uint64_t flags)> mprotect;
  std::function<int(vm_area_struct*, uint64_t address, void* buffer, int size_bytes, int write)>
      access;
  std::function<int(file*, long long first, long long last, int datasync)> fsync;
  std::function<vm_fault_t(vm_fault*)> fault, page_mkwrite, pfn_mkwrite;
  std::function<uint64_t(uint64_t address, uint64_t length, uint64_t pgoff, uint64_t flags)>
      get_unmapped_area;
  vm_operations_struct ops{};
  int mmaps = 0, opens = 0, closes = 0, faults = 0;
  std::string calls;  // "open close ", in order
};

class MmTest : public testing::Test {
 protected:
  static constexpr uint64_t kBase = 0x100000;  // where At() is
  static constexpr int kRead = kProtRead, kReadWrite = kProtRead | kProtWrite;

  explicit MmTest(const hw::Platform& platform = hw::Platforms()[0], int profile = 601);
  ~MmTest() override;
  // Ends the world: every mapping goes, and then nothing may be left: no reference to a file or a
  // page, no own page, no lock.
  void TearDown() override;

  static uint64_t At(uint64_t page) { return kBase + page * kPage; }
  file& rw() { return files_[0]; }
  file& ro() { return files_[1]; }
  file& wo() { return files_[2]; }
  file& no_mmap() { return files_[3]; }
  file& second() { return files_[4]; }  // rw, of the same node
  file& syncs() { return files_[5]; }   // rw, with an fsync hook

  // mmap(2) of the driver at page `at` of kBase.
  int64_t Map(uint64_t at, uint64_t pages, int prot, int type, uint64_t pgoff = 0) {
    return MapFile(rw(), at, pages, prot, type, pgoff);
  }
  int64_t MapFile(file& file, uint64_t at, uint64_t pages, int prot, int type, uint64_t pgoff = 0) {
    return mm.Mmap(p, At(at), pages * kPage, prot, type | kMapFixed, &file, false, pgoff * kPage);
  }
  int64_t MapAnon(uint64_t at, uint64_t pages, int prot, int type) {
    return mm.Mmap(p, At(at), pages * kPage, prot, type | kMapFixed | kMapAnonymous, nullptr, false,
                   0);
  }
  int64_t Unmap(uint64_t at, uint64_t pages) { return mm.Munmap(p, At(at), pages * kPage); }
  int64_t Protect(uint64_t at, uint64_t pages, int prot) {
    return mm.Mprotect(p, At(at), pages * kPage, prot);
  }
  int64_t Remap(uint64_t at, uint64_t old_pages, uint64_t new_pages, int flags, uint64_t to = 0) {
    return mm.Mremap(p, At(at), old_pages * kPage, new_pages * kPage, flags, to == 0 ? 0 : At(to));
  }
  int64_t Advise(uint64_t at, uint64_t pages, int advice) {
    return mm.Madvise(p, At(at), pages * kPage, advice);
  }
  // A load or a store of one byte at a page. "" = done, else the signal, "trap".
  std::string Load(uint64_t at, char* byte = nullptr, uint32_t process = 0);
  std::string Store(uint64_t at, char byte, uint32_t process = 0);
  char LoadByte(uint64_t at, uint32_t process = 0);

  // Whole state. Ends of the lines as in maps_text.h; frames are ram+N, bar+N, own.
  std::string Maps(uint32_t process = 0) const;
  std::string State() const;  // Maps of all processes, memory types, file references, own pages
  const vm_area_struct& VmaAt(uint64_t at, uint32_t process = 0) const;
  uint64_t FlagsAt(uint64_t at) const { return VmaAt(at).vm_flags; }
  const hw::Extent* Entry(uint64_t at, uint32_t process = 0) const {
    return mm.table(process).Find({At(at)});
  }

  // Takes vm_ops into use with these operations: open close may_split mremap mprotect fault
  // page_mkwrite pfn_mkwrite mapped access.
  void UseOps(std::initializer_list<const char*> names);
  // ->mmap that maps the whole VMA to `first` + vm_pgoff with vm_page_prot.
  static int RemapAll(vm_area_struct* vma, hw::Pfn first);
  // The driver has ->mmap_prepare; and ->mmap as well, or not.
  void UsePrepare(bool with_mmap = false);
  void MapsFrom(hw::Pfn first);  // makes that the driver's ->mmap
  void FaultsOnly();             // ->mmap sets nothing but vm_ops; ->fault gives ram + pgoff
  void InsertsPages();           // ->mmap inserts ram + i with vm_insert_page
  vm_fault_t GivePage(vm_fault* vmf, hw::Pfn pfn);  // what ->fault does with a struct page

  // The violation recorded last, as "C10 one page past"; "" for none. Forgets all and clears a
  // trap.
  std::string TakeVerdict();
  bool Trapped() const { return verdicts.pending_trap() != Trap::kNone; }

  hw::ResetList list;
  Verdicts verdicts;
  FakeBackend backend;
  TestDriver driver;
  DriverRunner runner;
  Mm mm;
  const uint32_t p = 0;  // the first process

 private:
  std::string Signal(const user::Outcome& outcome) const;
  std::array<file, 6> files_{};
  inode inode_{};
  address_space mapping_{};
  file_operations fops_{}, no_mmap_fops_{}, syncs_fops_{};
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MM_TESTING_H_
