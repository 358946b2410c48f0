// Another process's memory: docs/mmap-rules.md GU1, GU2, AC1, AC2, AC3.
#include <cerrno>
#include <cstring>
#include <string>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;
constexpr hw::Pfn kBar = FakeBackend::kBar;

class RemoteRules : public MmTest {
 protected:
  // What was read, or the error.
  std::string ReadVm(uint64_t address, size_t size_bytes, uint32_t process = 0) {
    std::string text(size_bytes, '?');
    const int64_t result = mm.ProcessVm(process, address, text.data(), nullptr, size_bytes);
    return Told(result, text);
  }
  int64_t WriteVm(uint64_t address, const std::string& text, uint32_t process = 0) {
    return mm.ProcessVm(process, address, nullptr, text.data(), text.size());
  }
  std::string ReadMem(uint64_t address, size_t size_bytes, uint32_t process = 0) {
    std::string text(size_bytes, '?');
    const int64_t result = mm.ProcMem(process, address, text.data(), nullptr, size_bytes);
    return Told(result, text);
  }
  int64_t WriteMem(uint64_t address, const std::string& text, uint32_t process = 0) {
    return mm.ProcMem(process, address, nullptr, text.data(), text.size());
  }
  // ->access of memory that the test has.
  void AccessesBytes() {
    UseOps({"access"});
    driver.access = [this](vm_area_struct* vma, uint64_t address, void* buffer, int size_bytes,
                           int write) {
      const uint64_t at = address - vma->vm_start;
      if (at >= bytes_.size()) return -EINVAL;
      const auto count = std::min<size_t>(static_cast<size_t>(size_bytes), bytes_.size() - at);
      if (write != 0) {
        std::memcpy(&bytes_[at], buffer, count);
      } else {
        std::memcpy(buffer, &bytes_[at], count);
      }
      return static_cast<int>(count);
    };
  }
  void UsesGenericAccess() {
    UseOps({"access"});
    driver.access = [this](vm_area_struct* vma, uint64_t address, void* buffer, int size_bytes,
                           int write) {
      generic_ = mm.GenericAccessPhys(vma, address, buffer, size_bytes, write);
      return generic_;
    };
  }

  std::string bytes_ = "0123456789";
  int generic_ = 1;  // what generic_access_phys() said

 private:
  static std::string Told(int64_t result, std::string text) {
    if (result < 0) return std::to_string(result);
    text.resize(static_cast<size_t>(result));
    return text;
  }
};

const std::string kEfault = std::to_string(-EFAULT);
const std::string kEio = std::to_string(-EIO);

TEST_F(RemoteRules, GU1_APfnMapIsEfaultForProcessVm) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadVm(At(0), 8), kEfault);
  EXPECT_EQ(WriteVm(At(0), "x"), -EFAULT);
  EXPECT_EQ(LoadByte(0), 'A');
}

TEST_F(RemoteRules, GU1_OneOfVmIoAloneIsRefusedToo) {
  FaultsOnly();
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmIo;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadVm(At(0), 1), kEfault);
  EXPECT_EQ(driver.faults, 0);
}

TEST_F(RemoteRules, IP10_InsertedPagesAreReadAndWritten) {
  InsertsPages();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadVm(At(1), 1), "B");
  EXPECT_EQ(WriteVm(At(1), "x"), 1);
  EXPECT_EQ(ReadMem(At(1), 1), "x");
  EXPECT_EQ(LoadByte(1), 'x');
  EXPECT_EQ(WriteMem(At(1), "y"), 1);
  EXPECT_EQ(LoadByte(1), 'y');
}

TEST_F(RemoteRules, GU1_AWriteLeavesTheDirtyBitAlone) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  ASSERT_EQ(WriteVm(At(0), "x"), 1);
  EXPECT_EQ(Entry(0)->bits.dirty, 0);
}

TEST_F(RemoteRules, GU1_NothingMappedNoPermissionNoAddressIsEfault) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  ASSERT_GT(Map(1, 1, 0, kMapShared), 0);
  EXPECT_EQ(WriteVm(At(0), "x"), -EFAULT);
  EXPECT_EQ(ReadVm(At(1), 1), kEfault);
  EXPECT_EQ(ReadVm(At(7), 1), kEfault);
  EXPECT_EQ(ReadVm(~uint64_t{0}, 1), kEfault);
  EXPECT_EQ(ReadVm(kTaskSize, 8), kEfault);
}

TEST_F(RemoteRules, GU1_WhatIsReadBeforeItFailsCounts) {
  FaultsOnly();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(ReadVm(At(1) - 3, 8).size(), 3U);
  driver.fault = [](vm_fault*) { return kFaultCodeSigbus; };
  ASSERT_GT(Map(1, 1, kRead, kMapShared), 0);
  EXPECT_EQ(ReadVm(At(1) - 3, 8).size(), 3U);
  EXPECT_EQ(driver.faults, 3) << "the page behind is asked for twice";
}

TEST_F(RemoteRules, GU1_AFaultIsServedAndNotAUsers) {
  FaultsOnly();
  unsigned flags = 0;
  driver.fault = [&](vm_fault* vmf) {
    flags = vmf->flags;
    return GivePage(vmf, kRam + 3);
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(WriteVm(At(0), "x"), 1);
  EXPECT_EQ(flags, 0x01U | 0x04U | 0x10U);
  EXPECT_EQ(LoadByte(0), 'x');
}

TEST_F(RemoteRules, GU1_AFaultThatInstallsNothingIsReported) {
  FaultsOnly();
  driver.fault = [](vm_fault*) { return kFaultCodeNoPage; };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  static_cast<void>(ReadVm(At(0), 1));
  EXPECT_EQ(TakeVerdict(),
            "C37 the same page faulted 4 times in a row: ->fault says it installed a page and did "
            "not");
}

TEST_F(RemoteRules, GU2_PinningAPageThatAForkSharesCopiesIt) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'p'), "");
  ASSERT_EQ(mm.NewMm(), 1);
  ASSERT_EQ(mm.Fork(p, 1), 0);
  EXPECT_EQ(ReadVm(At(0), 1, 1), "p");
  EXPECT_EQ(backend.anon_in_use(), 2U);
  EXPECT_EQ(Entry(0, 1)->bits.write, 0);
  EXPECT_EQ(Entry(0, 1)->bits.dirty, 0);
  EXPECT_EQ(Entry(0, 1)->bits.anon, kAnonExclusive);
  EXPECT_EQ(ReadVm(At(0), 1), "p");  // nobody else's any more
  EXPECT_EQ(backend.anon_in_use(), 2U);
  EXPECT_EQ(Entry(0)->bits.anon, kAnonExclusive);
}

TEST_F(RemoteRules, GU2_MemOfAForkedPageDoesNotCopy) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_EQ(Store(0, 'p'), "");
  ASSERT_EQ(mm.NewMm(), 1);
  ASSERT_EQ(mm.Fork(p, 1), 0);
  EXPECT_EQ(ReadMem(At(0), 1, 1), "p");
  EXPECT_EQ(backend.anon_in_use(), 1U);
  EXPECT_EQ(WriteMem(At(0), "c", 1), 1);
  EXPECT_EQ(LoadByte(0), 'p');
  EXPECT_EQ(LoadByte(0, 1), 'c');
}

TEST_F(RemoteRules, AC1_OfADeviceWithoutAnAccessHookIsEio) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 8), kEio);
  EXPECT_EQ(WriteMem(At(0), "x"), -EIO);
  EXPECT_EQ(ReadMem(At(5), 1), kEio);
  EXPECT_EQ(ReadMem(uint64_t{1} << 63, 1), std::to_string(-EINVAL));
  EXPECT_EQ(ReadMem(~uint64_t{0} >> 1, 1), kEio);
}

TEST_F(RemoteRules, AC1_TheHookIsAskedWherePagesCannotBeHad) {
  MapsFrom(kRam);
  AccessesBytes();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0) + 2, 4), "2345");
  EXPECT_EQ(WriteMem(At(0) + 1, "ab"), 2);
  EXPECT_EQ(bytes_, "0ab3456789");
  EXPECT_EQ(ReadVm(At(0), 1), kEfault);
  EXPECT_EQ(driver.calls, "access access ");
}

TEST_F(RemoteRules, AC1_ItIsAskedOnceMoreForTheRestAndWhatWasDoneCounts) {
  MapsFrom(kRam);
  AccessesBytes();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0) + 7, 8), "789");
  // Twice it says no: the caller tries once more when something was done.
  EXPECT_EQ(driver.calls, "access access access ");
  EXPECT_EQ(ReadMem(At(0) + 10, 8), kEio);
}

TEST_F(RemoteRules, AC1_TheHookIsAskedForWhatFollowsAMappingWithPages) {
  MapsFrom(kRam);
  AccessesBytes();
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(Map(1, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(WriteMem(At(1) - 2, "abcd"), 4);
  EXPECT_EQ(bytes_, "cd23456789");
  EXPECT_EQ(ReadMem(At(1) - 3, 7), std::string("\0abcd23", 7));
  EXPECT_EQ(ReadMem(At(0), 1), std::string("\0", 1));
  EXPECT_EQ(driver.calls, "access access ");
}

TEST_F(RemoteRules, AC1_TheHookIsNotAskedWherePagesAre) {
  InsertsPages();
  AccessesBytes();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 1), "A");
  EXPECT_EQ(driver.calls, "");
}

TEST_F(RemoteRules, AC1_MappingsWithoutPermissionAreReadAndPrivateOnesWritten) {
  InsertsPages();
  ASSERT_GT(Map(0, 1, 0, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 1), "A");
  EXPECT_EQ(WriteMem(At(0), "x"), -EIO) << "a shared one";
  ASSERT_GT(Map(1, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(WriteMem(At(1), "x"), 1);
  EXPECT_EQ(LoadByte(1), 'x');
  EXPECT_EQ(Entry(1)->bits.write, 0);
  EXPECT_EQ(Store(1, 'y'), "SEGV_ACCERR");
  ASSERT_GT(MapAnon(2, 1, kRead, kMapPrivate), 0);
  EXPECT_EQ(WriteMem(At(2), "z"), 1);
  EXPECT_EQ(LoadByte(2), 'z');
  EXPECT_EQ(Entry(2)->bits.write, 0);
  ASSERT_GT(MapAnon(3, 1, 0, kMapPrivate), 0);
  EXPECT_EQ(WriteMem(At(3), "w"), 1);
  EXPECT_EQ(ReadMem(At(3), 1), "w");
  EXPECT_EQ(Load(3), "SEGV_ACCERR");
}

TEST_F(RemoteRules, AC1_WithoutMemoryIsEnomem) {
  MapsFrom(kRam);
  AccessesBytes();
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  backend.FailAt(1);
  EXPECT_EQ(ReadMem(At(0), 1), std::to_string(-ENOMEM));
  ASSERT_GT(MapAnon(2, 1, kReadWrite, kMapPrivate), 0);
  backend.FailAt(1);
  EXPECT_EQ(ReadMem(At(2), 1), std::to_string(-ENOMEM));
  EXPECT_EQ(driver.calls, "");
}

TEST_F(RemoteRules, AC2_AHookThatSaysMoreThanItWasAskedForIsReported) {
  MapsFrom(kRam);
  UseOps({"access"});
  driver.access = [](vm_area_struct*, uint64_t, void*, int size_bytes, int) {
    return size_bytes + 1;
  };
  ASSERT_GT(Map(0, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 4), kEio);
  EXPECT_EQ(TakeVerdict(), "C12 ->access was asked for 4 bytes and says it did 5");
}

TEST_F(RemoteRules, AC2_AHookThatWritesWhatMayNeverBeWrittenIsReported) {
  MapsFrom(kRam);
  AccessesBytes();
  ASSERT_GT(MapFile(ro(), 0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(WriteMem(At(0), "abc"), 3);
  EXPECT_EQ(TakeVerdict(),
            "C23 ->access wrote 3 bytes of a mapping that can never be writable: its caller does "
            "not look");
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);  // may be made writable: a debugger's break point
  EXPECT_EQ(WriteMem(At(0), "abc"), 3);
  EXPECT_EQ(TakeVerdict(), "");
}

TEST_F(RemoteRules, AC3_GenericAccessOfDeviceMemory) {
  MapsFrom(kBar);
  UsesGenericAccess();
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(1), 1), "b");
  EXPECT_EQ(WriteMem(At(1), "x"), 1);
  EXPECT_EQ(LoadByte(1), 'x');
  EXPECT_EQ(ReadMem(At(1) - 1, 2), std::string(1, '\0') + "x") << "the frames behind it";
}

TEST_F(RemoteRules, AC3_GenericAccessWritesWhatTheEntryAllows) {
  MapsFrom(kBar);
  UsesGenericAccess();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(WriteMem(At(0), "x"), -EIO);
  EXPECT_EQ(generic_, -EINVAL);
  EXPECT_EQ(LoadByte(0), 'a');
  ASSERT_EQ(Protect(0, 1, 0), 0);
  EXPECT_EQ(ReadMem(At(0), 1), "a") << "an entry without access is an entry";
}

TEST_F(RemoteRules, AC3_GenericAccessNeedsAnEntryAndADevicesMapping) {
  UsesGenericAccess();
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    vma->vm_flags |= kVmPfnMap | kVmIo;
    return 0;
  };
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 1), kEio);
  EXPECT_EQ(generic_, -EINVAL);
  generic_ = 1;
  driver.mmap = [this](file*, vm_area_struct* vma) {
    vma->vm_ops = &driver.ops;
    return 0;
  };
  ASSERT_GT(Map(1, 1, kRead, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(1), 1), kEio);  // no ->fault: SIGBUS, so no page
  EXPECT_EQ(generic_, -EINVAL);
}

TEST_F(RemoteRules, AC3_GenericAccessOfRamIsRefusedWithAWarning) {
  MapsFrom(kRam);
  UsesGenericAccess();
  ASSERT_GT(Map(0, 1, kRead, kMapShared), 0);
  EXPECT_EQ(ReadMem(At(0), 1), kEio);
  EXPECT_EQ(generic_, -ENOMEM);
  EXPECT_EQ(TakeVerdict(),
            "C0 generic_access_phys() of RAM, frame 0x100000: ioremap() refuses with a warning");
}

}  // namespace
}  // namespace drydock::kernel
