// msync(2) and mincore(2): docs/mmap-rules.md MS1, MC1.
#include <array>
#include <cerrno>
#include <string>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

constexpr hw::Pfn kRam = FakeBackend::kRam;
constexpr int kAsync = 1, kInvalidate = 2, kSync = 4;

class MsyncRules : public MmTest {
 protected:
  int64_t Sync(uint64_t at, uint64_t pages, int flags) {
    return mm.Msync(p, At(at), pages * kPage, flags);
  }
};

TEST_F(MsyncRules, MS1_BadArgumentsAreEinvalWrappingIsEnomem) {
  EXPECT_EQ(Sync(0, 1, 8), -EINVAL);
  EXPECT_EQ(Sync(0, 1, kSync | kAsync), -EINVAL);
  EXPECT_EQ(mm.Msync(p, At(0) + 1, kPage, kAsync), -EINVAL);
  EXPECT_EQ(mm.Msync(p, ~hw::kPageMask, 2 * kPage, kAsync), -ENOMEM);
  EXPECT_EQ(Sync(0, 0, kSync), 0);
  EXPECT_EQ(Sync(0, 1, 0), -ENOMEM);
}

TEST_F(MsyncRules, MS1_OfADeviceWithoutFsyncIsEinvalAsyncIsNothing) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 2, kReadWrite, kMapShared), 0);
  const std::string before = State();
  EXPECT_EQ(Sync(0, 2, kSync), -EINVAL);
  EXPECT_EQ(Sync(0, 2, kSync | kInvalidate), -EINVAL);
  EXPECT_EQ(Sync(0, 2, kAsync), 0);
  EXPECT_EQ(Sync(0, 2, kInvalidate), 0);
  EXPECT_EQ(Sync(0, 2, 0), 0);
  EXPECT_EQ(State(), before);
}

TEST_F(MsyncRules, MS1_WhatIsNotSharedOrNoFileHasNothingToWrite) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 1, kRead, kMapPrivate), 0);
  ASSERT_GT(MapFile(ro(), 1, 1, kRead, kMapShared), 0);  // VM_SHARED is taken from it
  ASSERT_GT(MapAnon(2, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Sync(0, 3, kSync), 0);
}

TEST_F(MsyncRules, MS1_FsyncGetsTheFilesBytesAndNoLock) {
  MapsFrom(kRam);
  long long range[2] = {};
  driver.fsync = [&](file* file, long long first, long long last, int datasync) {
    EXPECT_EQ(file, &syncs());
    EXPECT_EQ(file->f_count.counter, 2);
    EXPECT_EQ(datasync, 1);
    EXPECT_EQ(mm.mm(p)->mmap_lock.readers, 0U);
    range[0] = first;
    range[1] = last;
    return 0;
  };
  ASSERT_GT(MapFile(syncs(), 0, 4, kReadWrite, kMapShared, 3), 0);
  EXPECT_EQ(Sync(1, 2, kSync), 0);
  EXPECT_EQ(range[0], static_cast<long long>(4 * kPage));
  EXPECT_EQ(range[1], static_cast<long long>(6 * kPage) - 1);
  driver.fsync = nullptr;
}

TEST_F(MsyncRules, MS1_TheFirstErrorOfFsyncEndsIt) {
  MapsFrom(kRam);
  driver.fsync = [](file*, long long, long long, int) { return -EIO; };
  ASSERT_GT(MapFile(syncs(), 0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapFile(syncs(), 1, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Sync(0, 2, kSync), -EIO);
  EXPECT_EQ(driver.calls, "fsync ");
}

TEST_F(MsyncRules, MS1_AHoleIsEnomemInTheEndAtOnceForAsync) {
  MapsFrom(kRam);
  ASSERT_GT(MapFile(syncs(), 0, 1, kReadWrite, kMapShared), 0);
  ASSERT_GT(MapFile(syncs(), 2, 1, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Sync(0, 3, kSync), -ENOMEM);
  EXPECT_EQ(driver.calls, "fsync fsync ");
  EXPECT_EQ(Sync(0, 3, kAsync), -ENOMEM);
  EXPECT_EQ(Sync(1, 1, kSync), -ENOMEM);
  EXPECT_EQ(Sync(2, 5, kSync), -ENOMEM);
}

class MincoreRules : public MmTest {
 protected:
  // A digit for each page, or the error.
  std::string Resident(uint64_t at, uint64_t pages) {
    std::array<uint8_t, 16> told{};
    const int64_t error = mm.Mincore(p, At(at), pages * kPage, told.data());
    if (error != 0) return std::to_string(error);
    std::string text;
    for (uint64_t i = 0; i < pages; ++i) text += static_cast<char>('0' + told[i]);
    return text;
  }
};

TEST_F(MincoreRules, MC1_BadAddressesAreEinvalOrEnomem) {
  uint8_t none = 0;
  EXPECT_EQ(mm.Mincore(p, At(0) + 1, kPage, &none), -EINVAL);
  EXPECT_EQ(mm.Mincore(p, kTaskSize, kPage, &none), -ENOMEM);
  EXPECT_EQ(mm.Mincore(p, ~hw::kPageMask, 2 * kPage, &none), -ENOMEM);
  EXPECT_EQ(mm.Mincore(p, At(0), kPage, &none), -ENOMEM);
  EXPECT_EQ(mm.Mincore(p, At(0), 0, &none), 0);
}

TEST_F(MincoreRules, MC1_APfnMapHasNoPages) {
  MapsFrom(kRam);
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  EXPECT_EQ(Resident(0, 3), "000");
}

TEST_F(MincoreRules, MC1_InsertedAndTouchedPagesAreThere) {
  FaultsOnly();
  ASSERT_GT(Map(0, 3, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Load(1), "");
  EXPECT_EQ(Resident(0, 3), "010");
  ASSERT_EQ(Protect(0, 3, 0), 0);
  EXPECT_EQ(Resident(0, 3), "010") << "without access, too";
  EXPECT_EQ(driver.faults, 1);
}

TEST_F(MincoreRules, MC1_SharedMemoryIsThereForAllThatMapIt) {
  ASSERT_GT(MapAnon(0, 3, kReadWrite, kMapShared), 0);
  ASSERT_EQ(Store(2, 'x'), "");
  ASSERT_GT(Remap(0, 0, 3, kMremapMayMove | kMremapFixed, 8), 0);  // the same once more
  EXPECT_EQ(Resident(8, 3), "001");
  ASSERT_GT(MapAnon(4, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Resident(4, 1), "0");
}

TEST_F(MincoreRules, MC1_AHoleIsEnomem) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  ASSERT_GT(MapAnon(2, 1, kReadWrite, kMapPrivate), 0);
  EXPECT_EQ(Resident(0, 3), std::to_string(-ENOMEM));
}

TEST_F(MincoreRules, MC1_WithoutMemoryIsEagain) {
  ASSERT_GT(MapAnon(0, 1, kReadWrite, kMapPrivate), 0);
  backend.FailAt(1);
  EXPECT_EQ(Resident(0, 1), std::to_string(-EAGAIN));
}

}  // namespace
}  // namespace drydock::kernel
