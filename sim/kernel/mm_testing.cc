#include "sim/kernel/mm_testing.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/hw/memory_type.h"
#include "sim/hw/mmio_space.h"
#include "sim/hw/physical_memory.h"

namespace drydock::kernel {
namespace {

MmTest* Current(MmTest* test, bool set) {
  static MmTest* current = nullptr;
  if (set) current = test;
  return current;
}

TestDriver* driver_now = nullptr;  // of the running test

// DriverRunner's signal handlers, which no test here installs, would ask these.
hw::PhysicalMemory& Memory() {
  static auto* list = new hw::ResetList;
  static auto* memory = new hw::PhysicalMemory(*list);
  return *memory;
}
hw::MmioSpace& Mmio() {
  static auto* mmio = new hw::MmioSpace;
  return *mmio;
}

// The driver, as the C it would be.
int DriverMmap(file* file, vm_area_struct* vma) {
  ++driver_now->mmaps;
  return driver_now->mmap ? driver_now->mmap(file, vma) : 0;
}
int DriverMmapPrepare(vm_area_desc* desc) {
  ++driver_now->mmaps;
  return driver_now->mmap_prepare ? driver_now->mmap_prepare(desc) : 0;
}
int DriverMapped(unsigned long start, unsigned long end, unsigned long pgoff, const file* of,
                 void** data) {
  driver_now->calls += "mapped ";
  vm_area_struct told{};
  told.vm_start = start;
  told.vm_end = end;
  told.vm_pgoff = pgoff;
  told.vm_file = const_cast<file*>(of);
  return driver_now->mapped ? driver_now->mapped(told, data) : 0;
}
void DriverOpen(vm_area_struct* vma) {
  ++driver_now->opens;
  driver_now->calls += "open ";
  if (driver_now->open) driver_now->open(vma);
}
void DriverClose(vm_area_struct* vma) {
  ++driver_now->closes;
  driver_now->calls += "close ";
  if (driver_now->close) driver_now->close(vma);
}
int DriverMaySplit(vm_area_struct* vma, unsigned long address) {
  driver_now->calls += "may_split ";
  return driver_now->may_split ? driver_now->may_split(vma, address) : 0;
}
int DriverMremap(vm_area_struct* vma) {
  driver_now->calls += "mremap ";
  return driver_now->mremap ? driver_now->mremap(vma) : 0;
}
int DriverMprotect(vm_area_struct* vma, unsigned long start, unsigned long end,
                   unsigned long flags) {
  driver_now->calls += "mprotect ";
  return driver_now->mprotect ? driver_now->mprotect(vma, start, end, flags) : 0;
}
vm_fault_t DriverFault(vm_fault* vmf) {
  ++driver_now->faults;
  return driver_now->fault ? driver_now->fault(vmf) : kFaultCodeSigbus;
}
vm_fault_t DriverPageMkwrite(vm_fault* vmf) {
  driver_now->calls += "page_mkwrite ";
  return driver_now->page_mkwrite ? driver_now->page_mkwrite(vmf) : kFaultCodeLocked;
}
vm_fault_t DriverPfnMkwrite(vm_fault* vmf) {
  driver_now->calls += "pfn_mkwrite ";
  return driver_now->pfn_mkwrite ? driver_now->pfn_mkwrite(vmf) : 0;
}
int DriverAccess(vm_area_struct* vma, unsigned long address, void* buffer, int size_bytes,
                 int write) {
  driver_now->calls += "access ";
  return driver_now->access ? driver_now->access(vma, address, buffer, size_bytes, write) : -1;
}
int DriverFsync(file* file, long long first, long long last, int datasync) {
  driver_now->calls += "fsync ";
  return driver_now->fsync ? driver_now->fsync(file, first, last, datasync) : 0;
}
unsigned long DriverGetUnmappedArea(file*, unsigned long address, unsigned long length,
                                    unsigned long pgoff, unsigned long flags) {
  driver_now->calls += "area ";
  return driver_now->get_unmapped_area(address, length, pgoff, flags);
}

std::string FrameName(hw::Pfn pfn, uint64_t* pages) {
  const auto in = [&](hw::Pfn first, uint64_t count, const char* name) -> std::string {
    if (pfn < first || pfn >= first + count) return "";
    const uint64_t offset = pfn - first;
    if (*pages > count - offset) *pages = count - offset;
    return name + std::to_string(offset);
  };
  std::string name = in(FakeBackend::kRam, FakeBackend::kRamPages, "ram+");
  if (name.empty()) name = in(FakeBackend::kBar, FakeBackend::kBarPages, "bar+");
  if (name.empty() &&
      !in(FakeBackend::kRam + FakeBackend::kRamPages, FakeBackend::kAnonPages, "").empty()) {
    name = "own";
  }
  return name;
}

}  // namespace

FakeBackend::FakeBackend()
    : ram_((kRamPages + kAnonPages) * kPage),
      bar_(kBarPages * kPage),
      pages_(kRamPages + kAnonPages) {
  for (uint64_t i = 0; i < kRamPages; ++i) pages_[i]._refcount.counter = 1;  // the driver's
  for (uint64_t i = 0; i < kRamPages; ++i) ram_[i * kPage] = static_cast<char>('A' + i % 26);
  for (uint64_t i = 0; i < kBarPages; ++i) bar_[i * kPage] = static_cast<char>('a' + i % 26);
}

bool FakeBackend::VmallocArea(const void* address, uint64_t* size_bytes, bool* user) {
  if (VmallocPage(address) == nullptr) return false;
  *size_bytes = kAreaPages * kPage;
  *user = area_is_for_user;
  return true;
}

page* FakeBackend::VmallocPage(const void* address) {
  const uint64_t offset = reinterpret_cast<uintptr_t>(address) - kAreaAddress;
  return offset < kAreaPages * kPage ? &PageAt(AreaFrame(offset / kPage)) : nullptr;
}

bool FakeBackend::Fails() {
  if (fail_at_ <= 0) return false;
  return --fail_at_ == 0;
}
bool FakeBackend::FailNow() { return Fails(); }

bool FakeBackend::AllocAnonPage(bool zeroed, hw::Pfn* pfn) {
  if (Fails()) return false;
  for (uint64_t i = 0; i < kAnonPages; ++i) {
    if (anon_used_[i]) continue;
    anon_used_[i] = true;
    ++anon_in_use_;
    *pfn = kRam + kRamPages + i;
    std::memset(Bytes(*pfn), zeroed ? 0 : 0x5a, kPage);
    return true;
  }
  return false;
}

void FakeBackend::FreeAnonPage(hw::Pfn pfn) {
  const uint64_t i = pfn - (kRam + kRamPages);
  ASSERT_LT(i, kAnonPages);
  ASSERT_TRUE(anon_used_[i]) << "freed twice";
  anon_used_[i] = false;
  --anon_in_use_;
}

bool FakeBackend::AnyRam(hw::Pfn pfn, uint64_t pages) {
  return pfn < kRam + (kRamPages + kAnonPages) && kRam < pfn + pages;
}

hw::Pfn FakeBackend::PfnOf(const page* page) {
  return kRam + static_cast<uint64_t>(page - pages_.data());
}

char* FakeBackend::Bytes(hw::Pfn pfn) {
  if (pfn >= kBar && pfn < kBar + kBarPages) return &bar_[(pfn - kBar) * kPage];
  return IsRam(pfn) ? &ram_[(pfn - kRam) * kPage] : nullptr;
}

bool FakeBackend::ReadPhysical(hw::PhysAddr from, void* to, size_t size_bytes) {
  const char* bytes = Bytes(from.pfn());
  if (bytes == nullptr) return false;
  std::memcpy(to, bytes + (from.value & hw::kPageMask), size_bytes);
  return true;
}

bool FakeBackend::WritePhysical(hw::PhysAddr to, const void* from, size_t size_bytes) {
  char* bytes = Bytes(to.pfn());
  if (bytes == nullptr) return false;
  std::memcpy(bytes + (to.value & hw::kPageMask), from, size_bytes);
  return true;
}

void* FakeBackend::TakeBuffer(size_t size_bytes) {
  if (Fails()) return nullptr;
  ++buffers_in_use_;
  return std::malloc(size_bytes);
}

void FakeBackend::GiveBuffer(void* buffer) {
  --buffers_in_use_;
  std::free(buffer);
}

void FakeBackend::CopyPage(hw::Pfn to, hw::Pfn from) {
  const char* bytes = Bytes(from);
  if (bytes != nullptr) std::memcpy(Bytes(to), bytes, kPage);
}

void FakeBackend::LockMmap(mm_struct* mm, bool write) {
  ++(write ? write_locks : read_locks);
  EXPECT_EQ(mm->mmap_lock.owner, 0U) << "dead lock";
  if (write) {
    EXPECT_EQ(mm->mmap_lock.readers, 0U) << "dead lock";
    mm->mmap_lock.owner = 1;
  } else {
    ++mm->mmap_lock.readers;
  }
}

void FakeBackend::UnlockMmap(mm_struct* mm, bool write) {
  if (write) {
    EXPECT_EQ(mm->mmap_lock.owner, 1U);
    mm->mmap_lock.owner = 0;
  } else {
    EXPECT_GT(mm->mmap_lock.readers, 0U);
    --mm->mmap_lock.readers;
  }
}

MmTest::MmTest(const hw::Platform& platform, int profile)
    : runner(verdicts, Memory(), Mmio()),
      mm(list, verdicts, runner, backend, /*core_guards=*/true, platform, ProfileOf(profile)) {
  driver_now = &driver;
  Current(this, true);
  fops_.mmap = &DriverMmap;
  inode_.i_mapping = &mapping_;
  for (file& f : files_) {
    f.f_op = &fops_;
    f.f_inode = &inode_;
    f.f_mapping = &mapping_;
    f.f_mode = kFmodeRead | kFmodeWrite;
  }
  ro().f_mode = kFmodeRead;
  wo().f_mode = kFmodeWrite;
  no_mmap().f_op = &no_mmap_fops_;
  syncs_fops_ = fops_;
  syncs_fops_.fsync = &DriverFsync;
  syncs().f_op = &syncs_fops_;
  EXPECT_EQ(mm.NewMm(), 0);
}

MmTest::~MmTest() { driver_now = nullptr; }

void MmTest::TearDown() {
  if (Trapped()) return;  // the run was abandoned: what it held is for the reset
  for (uint32_t i = 0; i < mm.max_mms(); ++i) {
    if (!mm.MmLive(i)) continue;
    EXPECT_EQ(mm.mm(i)->mmap_lock.owner, 0U);
    EXPECT_EQ(mm.mm(i)->mmap_lock.readers, 0U);
    uint64_t pages = 0;
    for (uint32_t v = 0; v < mm.VmaCount(i); ++v) {
      pages += (mm.VmaAt(i, v).c.vm_end - mm.VmaAt(i, v).c.vm_start) / kPage;
    }
    EXPECT_EQ(mm.mm(i)->total_vm, pages);
    mm.ExitMm(i);
    EXPECT_EQ(mm.table(i).count(), 0U);
  }
  for (const file& f : files_) EXPECT_EQ(f.f_count.counter, 0);
  for (uint64_t i = 0; i < FakeBackend::kRamPages; ++i) {
    EXPECT_EQ(backend.PageAt(FakeBackend::kRam + i)._refcount.counter, 1) << "page " << i;
  }
  EXPECT_EQ(backend.anon_in_use(), 0U);
  EXPECT_EQ(backend.buffers_in_use(), 0);
}

std::string MmTest::Signal(const user::Outcome& outcome) const {
  if (outcome.trapped) return "trap";
  switch (outcome.signal) {
    case user::Signal::kNone:
      return outcome.value < 0 ? "error" : "";
    case user::Signal::kSegvMaperr:
      return "SEGV_MAPERR";
    case user::Signal::kSegvAccerr:
      return "SEGV_ACCERR";
    case user::Signal::kSegvKernel:
      return "SI_KERNEL";
    case user::Signal::kKilled:
      return "killed";
    case user::Signal::kBusAdrerr:
      return "BUS_ADRERR";
    case user::Signal::kBusAdraln:
      return "BUS_ADRALN";
  }
  return "?";
}

std::string MmTest::Load(uint64_t at, char* byte, uint32_t process) {
  char ignored = 0;
  return Signal(mm.Access(process, At(at), byte != nullptr ? byte : &ignored, nullptr, 1));
}

std::string MmTest::Store(uint64_t at, char byte, uint32_t process) {
  return Signal(mm.Access(process, At(at), nullptr, &byte, 1));
}

char MmTest::LoadByte(uint64_t at, uint32_t process) {
  char byte = 0;
  EXPECT_EQ(Load(at, &byte, process), "");
  return byte;
}

std::string MmTest::Maps(uint32_t process) const {
  const MapsNames names{
      .node = [this](const file& f) { return "/dev/t" + std::to_string(&f - files_.data()); },
      .frame = &FrameName};
  return MapsText(mm, process, names);
}

std::string MmTest::State() const {
  std::string text;
  for (uint32_t i = 0; i < mm.max_mms(); ++i) {
    if (mm.MmLive(i)) text += "process " + std::to_string(i) + "\n" + Maps(i);
  }
  text += "memory types " + std::to_string(mm.memory_types().count()) + "\nfiles";
  for (const file& f : files_) text += " " + std::to_string(f.f_count.counter);
  return text + "\nown pages " + std::to_string(backend.anon_in_use()) + "\n";
}

const vm_area_struct& MmTest::VmaAt(uint64_t at, uint32_t process) const {
  static const vm_area_struct kNone{};
  const Vma* vma = mm.Find(process, At(at));
  EXPECT_NE(vma, nullptr) << "page " << at << " is not mapped";
  return vma != nullptr ? vma->c : kNone;
}

void MmTest::UseOps(std::initializer_list<const char*> names) {
  vm_operations_struct& ops = driver.ops;
  for (const std::string name : names) {
    if (name == "open") {
      ops.open = &DriverOpen;
    } else if (name == "close") {
      ops.close = &DriverClose;
    } else if (name == "may_split") {
      ops.may_split = &DriverMaySplit;
    } else if (name == "mremap") {
      ops.mremap = &DriverMremap;
    } else if (name == "mprotect") {
      ops.mprotect = &DriverMprotect;
    } else if (name == "fault") {
      ops.fault = &DriverFault;
    } else if (name == "page_mkwrite") {
      ops.page_mkwrite = &DriverPageMkwrite;
    } else if (name == "pfn_mkwrite") {
      ops.pfn_mkwrite = &DriverPfnMkwrite;
    } else if (name == "mapped") {
      ops.mapped = &DriverMapped;
    } else if (name == "access") {
      ops.access = &DriverAccess;
    } else if (name == "get_unmapped_area") {
      fops_.get_unmapped_area = &DriverGetUnmappedArea;
    } else {
      ADD_FAILURE() << "no operation " << name;
    }
  }
}

void MmTest::UsePrepare(bool with_mmap) {
  fops_.mmap_prepare = &DriverMmapPrepare;
  if (!with_mmap) fops_.mmap = nullptr;
}

int MmTest::RemapAll(vm_area_struct* vma, hw::Pfn first) {
  return Current(nullptr, false)
      ->mm.RemapPfnRange(vma, vma->vm_start, first.value + vma->vm_pgoff,
                         vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

void MmTest::MapsFrom(hw::Pfn first) {
  driver.mmap = [this, first](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    return RemapAll(vma, first);
  };
}

void MmTest::FaultsOnly() {
  UseOps({"fault"});
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    return 0;
  };
  driver.fault = [this](vm_fault* vmf) { return GivePage(vmf, FakeBackend::kRam + vmf->pgoff); };
}

vm_fault_t MmTest::GivePage(vm_fault* vmf, hw::Pfn pfn) {
  vmf->page = &backend.PageAt(pfn);
  backend.PageGet(pfn);
  return 0;
}

void MmTest::InsertsPages() {
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    for (uint64_t at = vma->vm_start, i = 0; at < vma->vm_end; at += kPage, ++i) {
      const int error = mm.VmInsertPage(vma, at, &backend.PageAt(FakeBackend::kRam + i));
      if (error != 0) return error;
    }
    return 0;
  };
}

std::string MmTest::TakeVerdict() {
  std::string text;
  if (verdicts.count() > 0) {
    const Violation& v = verdicts[0];
    text = "C" + std::to_string(v.class_number) + " " + v.seen;
  }
  verdicts.Clear();
  verdicts.ClearTrap();
  return text;
}

}  // namespace drydock::kernel
