#include "sim/hw/iommu.h"

#include "gtest/gtest.h"

namespace drydock::hw {
namespace {

constexpr uint64_t kMask32 = 0xffffffff;

class IommuTest : public testing::Test {
 protected:
  DmaAddr Take(uint64_t pages, uint64_t limit, Pfn first, uint64_t access = 3) {
    DmaAddr iova;
    EXPECT_TRUE(iommu_.Find(pages, limit, &iova));
    for (uint64_t i = 0; i < pages; ++i) {
      iommu_.Map({iova.value + i * kPageSize}, first + i, access);
    }
    return iova;
  }
  ResetList list_;
  Iommu iommu_{list_};
  PhysAddr phys_;
};

TEST_F(IommuTest, TranslatesPageByPage) {
  const DmaAddr iova = Take(2, kMask32, {0x100});
  ASSERT_TRUE(iommu_.Translate({iova.value + kPageSize + 5}, Iommu::kRead, &phys_));
  EXPECT_EQ(phys_.value, 0x101005u);
  EXPECT_FALSE(iommu_.Translate({iova.value + 2 * kPageSize}, Iommu::kRead, &phys_));
  EXPECT_FALSE(iommu_.Translate({iova.value - 1}, Iommu::kRead, &phys_));
  EXPECT_FALSE(iommu_.Translate({0x100000}, Iommu::kRead, &phys_));  // a physical address
}

TEST_F(IommuTest, HonoursTheDirection) {
  const DmaAddr reads = Take(1, kMask32, {0x100}, Iommu::kRead);
  const DmaAddr writes = Take(1, kMask32, {0x101}, Iommu::kWrite);
  EXPECT_FALSE(iommu_.Translate(reads, Iommu::kWrite, &phys_));
  EXPECT_FALSE(iommu_.Translate(writes, Iommu::kRead, &phys_));
  EXPECT_TRUE(iommu_.Translate(writes, Iommu::kWrite, &phys_));
}

TEST_F(IommuTest, StaysBelowTheLimit) {
  EXPECT_GE(Take(1, ~uint64_t{0}, {1}).value, Iommu::kHighBase);
  const DmaAddr low = Take(4, 0xfffffff, {1});
  EXPECT_LT(low.value + 4 * kPageSize - 1, 0x10000000u);
  const DmaAddr lower = Take(1, 0x8000fff, {9});
  EXPECT_EQ(lower.value, Iommu::kLowBase);
  DmaAddr none;
  EXPECT_FALSE(iommu_.Find(1, 0x8000fff, &none));  // taken
  EXPECT_FALSE(iommu_.Find(1, 0xffffff, &none));
  EXPECT_FALSE(iommu_.Find(Iommu::kHighPages + 1, kMask32, &none));
  EXPECT_FALSE(iommu_.Find(0, kMask32, &none));
}

TEST_F(IommuTest, WhatWasGivenBackFaultsAndIsNotGivenOutAtOnce) {
  const DmaAddr first = Take(1, kMask32, {1});
  iommu_.Unmap(first, 1);
  EXPECT_FALSE(iommu_.Translate(first, Iommu::kRead, &phys_));
  EXPECT_NE(Take(1, kMask32, {2}), first);
  EXPECT_EQ(iommu_.mapped_pages(), 1u);
}

TEST_F(IommuTest, GoesRoundWhenTheWindowIsUsedUp) {
  const DmaAddr all = Take(Iommu::kHighPages, kMask32, {1});
  EXPECT_LT(Take(1, kMask32, {2}).value, Iommu::kHighBase);  // the low window
  iommu_.Unmap({all.value + 7 * kPageSize}, 1);
  EXPECT_EQ(Take(1, kMask32, {3}).value, all.value + 7 * kPageSize);
}

TEST_F(IommuTest, ResetPutsMappingsBack) {
  const DmaAddr kept = Take(1, kMask32, {1});
  list_.Checkpoint();
  iommu_.Unmap(kept, 1);
  const DmaAddr gone = Take(3, kMask32, {2});
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_TRUE(iommu_.IsMapped(kept));
  EXPECT_FALSE(iommu_.IsMapped(gone));
}

}  // namespace
}  // namespace drydock::hw
