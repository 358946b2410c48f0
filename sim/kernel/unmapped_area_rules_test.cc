// Where mmap(2) finds room: docs/mmap-rules.md 1.8.
#include <cerrno>

#include "sim/kernel/mm_testing.h"

namespace drydock::kernel {
namespace {

class UnmappedAreaRules : public MmTest {
 protected:
  int64_t Raw(uint64_t address, uint64_t length, int prot, int flags, file* file, uint64_t offset) {
    return mm.Mmap(p, address, length, prot, flags, file, /*bad_fd=*/false, offset);
  }
};

TEST_F(UnmappedAreaRules, R1_8_LengthBeyondTheAddressSpaceIsEnomem) {
  EXPECT_EQ(Raw(0, kTaskSize + kPage, kRead, kMapShared, &rw(), 0), -ENOMEM);
  EXPECT_EQ(Raw(kTaskSize, kPage, kRead, kMapShared | kMapFixed, &rw(), 0), -ENOMEM);
}

TEST_F(UnmappedAreaRules, R1_8_FixedUnalignedAddressIsEinvalAfterTheRange) {
  EXPECT_EQ(Raw(At(0) + 1, kPage, kRead, kMapShared | kMapFixed, &wo(), 0), -EINVAL);
  EXPECT_EQ(Raw(kTaskSize - 1, kPage, kRead, kMapShared | kMapFixed, &wo(), 0), -ENOMEM);
}

TEST_F(UnmappedAreaRules, R1_8_TheDriverChoosesTheAddressEvenWithFixed) {
  UseOps({"get_unmapped_area"});
  driver.get_unmapped_area = [](uint64_t, uint64_t, uint64_t, uint64_t) { return At(7); };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), static_cast<int64_t>(At(7)));
  driver.get_unmapped_area = [](uint64_t, uint64_t, uint64_t, uint64_t) {
    return static_cast<uint64_t>(-EBUSY);
  };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EBUSY);
  driver.get_unmapped_area = [](uint64_t, uint64_t, uint64_t, uint64_t) { return At(7) + 1; };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -EINVAL);
  driver.get_unmapped_area = [](uint64_t, uint64_t, uint64_t, uint64_t) { return kTaskSize; };
  EXPECT_EQ(Map(0, 1, kRead, kMapShared), -ENOMEM);
}

TEST_F(UnmappedAreaRules, R1_8_HintBelowTheLowestAddressIsRoundedUp) {
  EXPECT_EQ(Raw(kPage, kPage, kRead, kMapShared, &rw(), 0), 0x10000);
  EXPECT_EQ(Raw(At(3) + 5, kPage, kRead, kMapShared, &rw(), 0), static_cast<int64_t>(At(3)));
}

TEST_F(UnmappedAreaRules, R1_8_WithoutAHintPlacesTopDownInTheHighestGap) {
  const auto top = static_cast<int64_t>(Mm::kMmapBase);
  const auto page = static_cast<int64_t>(kPage);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), 9 * kPage), top - page);
  EXPECT_EQ(Raw(0, 2 * kPage, kRead, kMapShared, &rw(), 0), top - 3 * page);
  EXPECT_EQ(mm.Munmap(p, Mm::kMmapBase - kPage, kPage), 0);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), 20 * kPage), top - page);
  // A hint that is taken is no better than none.
  EXPECT_EQ(Raw(Mm::kMmapBase - kPage, kPage, kRead, kMapShared, &rw(), 40 * kPage),
            top - 4 * page);
}

TEST_F(UnmappedAreaRules, R1_8_BelowWhatGrowsDownStayAMegabyteFree) {
  constexpr int kStack = kMapPrivate | kMapAnonymous | kMapGrowsDown;
  const auto top = static_cast<int64_t>(Mm::kMmapBase);
  const auto page = static_cast<int64_t>(kPage);
  ASSERT_EQ(Raw(0, kPage, kRead, kStack, nullptr, 0), top - page);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), 0), top - 258 * page);
  // A hint in the gap is not taken, one at its end and a fixed address are.
  EXPECT_EQ(Raw(Mm::kMmapBase - 257 * kPage, kPage, kRead, kMapShared, &rw(), 0), top - 259 * page);
  ASSERT_EQ(mm.Munmap(p, Mm::kMmapBase - 258 * kPage, kPage), 0);
  EXPECT_EQ(Raw(Mm::kMmapBase - 258 * kPage, kPage, kRead, kMapShared, &rw(), 0), top - 258 * page);
  EXPECT_EQ(Raw(Mm::kMmapBase - 2 * kPage, kPage, kRead, kMapShared | kMapFixed, &rw(), 0),
            top - 2 * page);
  // The lowest gap has it, too.
  constexpr int kLow = kMapShared | kMap32Bit;
  ASSERT_EQ(Raw(0x40100000, kPage, kRead, kStack | kMapFixed, nullptr, 0), 0x40100000);
  EXPECT_EQ(Raw(0, kPage, kRead, kLow, &rw(), 0), 0x40101000);
}

TEST_F(UnmappedAreaRules, R1_8_WhatGrowsDownKeepsNothingFreeBelowTheNextMapping) {
  const auto top = static_cast<int64_t>(Mm::kMmapBase);
  const auto page = static_cast<int64_t>(kPage);
  ASSERT_EQ(Raw(0, 2 * kPage, kRead, kMapShared, &rw(), 0), top - 2 * page);
  ASSERT_EQ(Raw(Mm::kMmapBase - kPage, kPage, kRead,
                kMapPrivate | kMapAnonymous | kMapGrowsDown | kMapFixed, nullptr, 0),
            top - page);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), 8 * kPage), top - 3 * page);
  // But where there would be room above that mapping, the search goes on a megabyte lower.
  ASSERT_EQ(mm.Munmap(p, Mm::kMmapBase - 2 * kPage, kPage), 0);
  EXPECT_EQ(Raw(0, kPage, kRead, kMapShared, &rw(), 16 * kPage), top - 258 * page);
}

TEST_F(UnmappedAreaRules, R1_8_WhatDoesNotFitBelowTheBaseIsLookedForFromAThirdOfTheAddresses) {
  constexpr int kAnon = kMapPrivate | kMapAnonymous | kMapNoReserve;
  constexpr uint64_t kThird = 0x2aaaaaaab000;
  EXPECT_EQ(Raw(0, Mm::kMmapBase, 0, kAnon, nullptr, 0), static_cast<int64_t>(kThird));
  EXPECT_EQ(Raw(0, 0x580000000000, 0, kAnon, nullptr, 0), -ENOMEM);
}

TEST_F(UnmappedAreaRules, R1_8_32BitIsTheLowestGapOfTheSecondGibibyte) {
  constexpr int kLow = kMapShared | kMap32Bit;
  constexpr int64_t kBottom = 0x40000000;
  const auto page = static_cast<int64_t>(kPage);
  EXPECT_EQ(Raw(0, kPage, kRead, kLow, &rw(), 0), kBottom);
  EXPECT_EQ(Raw(0, 2 * kPage, kRead, kLow, &rw(), 8 * kPage), kBottom + page);
  EXPECT_EQ(Raw(kBottom, kPage, kRead, kLow, &rw(), 20 * kPage), kBottom + 3 * page);
  EXPECT_EQ(mm.Munmap(p, kBottom, kPage), 0);
  EXPECT_EQ(Raw(0, 2 * kPage, kRead, kLow, &rw(), 30 * kPage), kBottom + 4 * page);
  EXPECT_EQ(Raw(0, kPage, kRead, kLow, &rw(), 40 * kPage), kBottom);
  // A hint is taken if it is free, below the range too.
  EXPECT_EQ(Raw(0x20000000, kPage, kRead, kLow, &rw(), 50 * kPage), 0x20000000);
  EXPECT_EQ(Raw(0x7ffff000, 2 * kPage, kRead, kLow, &rw(), 60 * kPage), kBottom + 6 * page);
  EXPECT_EQ(Raw(At(0), kPage, kRead, kLow | kMapFixed, &rw(), 70 * kPage),
            static_cast<int64_t>(At(0)));
}

TEST_F(UnmappedAreaRules, R1_8_32BitHasNoRoomForMoreThanOneGibibyte) {
  constexpr int kLow = kMapShared | kMapAnonymous | kMapNoReserve | kMap32Bit;
  EXPECT_EQ(Raw(0, 0x40000001, kRead, kLow, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, 0x80000001, kRead, kLow, nullptr, 0), -ENOMEM);
  EXPECT_EQ(Raw(0, 0x40000000, kRead, kLow, nullptr, 0), 0x40000000);
  EXPECT_EQ(Raw(0, kPage, kRead, kLow, nullptr, 0), -ENOMEM);
}

}  // namespace
}  // namespace drydock::kernel
