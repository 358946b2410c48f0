// The register of memory types: docs/mmap-rules.md section 5.
#include "sim/hw/memory_type.h"

#include <gtest/gtest.h>

namespace drydock::hw {
namespace {

using enum CacheType;
using Result = MemoryTypes::Result;

class MemoryTypeTest : public testing::Test {
 protected:
  CacheType Reserve(uint64_t pfn, uint64_t pages, CacheType wanted) {
    CacheType got = kWriteProtected;
    EXPECT_EQ(types_.Reserve({pfn}, pages, wanted, &got), Result::kOk);
    return got;
  }
  ResetList list_;
  MemoryTypes types_{list_};
};

TEST(CacheTypes, PAT1_EncodingsAreThoseOfLinuxsPat) {
  EXPECT_EQ(CacheBitsOf(kWriteBack), 0x00U);
  EXPECT_EQ(CacheBitsOf(kWriteCombining), 0x08U);
  EXPECT_EQ(CacheBitsOf(kUncachedMinus), 0x10U);
  EXPECT_EQ(CacheBitsOf(kUncached), 0x18U);
  EXPECT_EQ(CacheBitsOf(kWriteProtected), 0x88U);
  EXPECT_EQ(CacheBitsOf(kWriteThrough), 0x98U);
}

TEST(CacheTypes, PAT1_DecodingIgnoresOtherBitsAndKnowsAllEight) {
  for (const CacheType type :
       {kWriteBack, kWriteCombining, kUncachedMinus, kUncached, kWriteProtected, kWriteThrough}) {
    EXPECT_EQ(CacheTypeOf(CacheBitsOf(type) | 0x8000000000000067), type) << CacheName(type);
  }
  EXPECT_EQ(CacheTypeOf(0x80), kWriteBack);
  EXPECT_EQ(CacheTypeOf(0x90), kUncachedMinus);
}

TEST_F(MemoryTypeTest, PAT2_TheIsaRangeIsWriteBackAndInNoRegister) {
  CacheType got = CacheType::kUncached;
  EXPECT_EQ(types_.Reserve(Pfn{0xa0}, 0x60, CacheType::kUncachedMinus, &got),
            MemoryTypes::Result::kOk);
  EXPECT_EQ(got, CacheType::kWriteBack);
  EXPECT_EQ(types_.Lookup(Pfn{0xa0}), CacheType::kWriteBack);
  EXPECT_EQ(types_.Lookup(Pfn{0xff}), CacheType::kWriteBack);
  EXPECT_EQ(types_.Lookup(Pfn{0x9f}), CacheType::kUncachedMinus);
  EXPECT_EQ(types_.Lookup(Pfn{0x100}), CacheType::kUncachedMinus);
  EXPECT_TRUE(types_.Uniform(Pfn{0xa0}, 0x60));
  EXPECT_FALSE(types_.Uniform(Pfn{0x9f}, 2));
  EXPECT_FALSE(types_.Uniform(Pfn{0xff}, 2));
  EXPECT_TRUE(types_.Free(Pfn{0xa0}, 0x60));
  EXPECT_EQ(types_.count(), 0U);
}

TEST_F(MemoryTypeTest, PAT2_ARangeThatLeavesTheIsaRangeIsTracked) {
  CacheType got = CacheType::kWriteBack;
  EXPECT_EQ(types_.Reserve(Pfn{0x9f}, 2, CacheType::kWriteBack, &got), MemoryTypes::Result::kOk);
  EXPECT_EQ(got, CacheType::kUncachedMinus);
  EXPECT_EQ(types_.count(), 1U);
}

TEST_F(MemoryTypeTest, PAT3_WriteBackBecomesUncachedMinus) {
  EXPECT_EQ(Reserve(10, 4, kWriteBack), kUncachedMinus);
  EXPECT_EQ(types_.Lookup({12}), kUncachedMinus);
}

TEST_F(MemoryTypeTest, PAT4_OverlapTakesTheTypeThatIsThere) {
  EXPECT_EQ(Reserve(10, 4, kWriteCombining), kWriteCombining);
  EXPECT_EQ(Reserve(13, 4, kUncachedMinus), kWriteCombining);
  EXPECT_EQ(Reserve(16, 4, kWriteBack), kWriteCombining);
  EXPECT_EQ(types_.count(), 3U);
}

TEST_F(MemoryTypeTest, PAT4_NeighboursDoNotOverlap) {
  EXPECT_EQ(Reserve(10, 4, kWriteCombining), kWriteCombining);
  EXPECT_EQ(Reserve(14, 4, kUncached), kUncached);
  EXPECT_EQ(Reserve(6, 4, kUncachedMinus), kUncachedMinus);
}

TEST_F(MemoryTypeTest, PAT4_SeveralTypesConflictAndNothingChanges) {
  Reserve(10, 1, kWriteCombining);
  Reserve(12, 1, kUncachedMinus);
  CacheType got = kWriteProtected;
  EXPECT_EQ(types_.Reserve({9}, 5, kWriteCombining, &got), Result::kConflict);
  EXPECT_EQ(types_.count(), 2U);
  EXPECT_EQ(got, kWriteProtected);
}

TEST_F(MemoryTypeTest, PAT5_ForbiddenSubstitutions) {
  for (const CacheType wanted : {kUncachedMinus, kWriteCombining, kWriteThrough}) {
    EXPECT_FALSE(MemoryTypes::Compatible(wanted, kWriteBack));
  }
  EXPECT_FALSE(MemoryTypes::Compatible(kWriteThrough, kWriteCombining));
  EXPECT_TRUE(MemoryTypes::Compatible(kWriteCombining, kUncachedMinus));
  EXPECT_TRUE(MemoryTypes::Compatible(kUncachedMinus, kWriteCombining));
  EXPECT_TRUE(MemoryTypes::Compatible(kWriteBack, kWriteCombining));
}

TEST_F(MemoryTypeTest, PAT6_UnreservedIsUncachedMinus) {
  EXPECT_EQ(types_.Lookup({0}), kUncachedMinus);
  EXPECT_TRUE(types_.Uniform({0x100}, uint64_t{1} << 40));
  Reserve(10, 4, kWriteCombining);
  EXPECT_TRUE(types_.Uniform({10}, 4));
  EXPECT_TRUE(types_.Uniform({14}, 100));
  EXPECT_TRUE(types_.Uniform({0}, 10));
  EXPECT_FALSE(types_.Uniform({0}, 11));
  EXPECT_FALSE(types_.Uniform({13}, 2));
  EXPECT_FALSE(types_.Uniform({0}, 100));
  Reserve(14, 4, kUncachedMinus);
  EXPECT_TRUE(types_.Uniform({14}, 100));
}

TEST_F(MemoryTypeTest, P4_AHeadOrAMiddleStaysForEver) {
  Reserve(10, 4, kWriteCombining);
  EXPECT_FALSE(types_.Free({10}, 2));
  EXPECT_FALSE(types_.Free({11}, 2));
  EXPECT_FALSE(types_.Free({9}, 5));
  EXPECT_FALSE(types_.Free({9}, 6));
  EXPECT_FALSE(types_.Free({20}, 1));
  EXPECT_EQ(types_.count(), 1U);
  EXPECT_EQ(types_.Lookup({13}), kWriteCombining);
}

TEST_F(MemoryTypeTest, P5_TheEndShrinksTheEntry) {
  Reserve(10, 4, kWriteCombining);
  EXPECT_TRUE(types_.Free({12}, 2));
  EXPECT_EQ(types_.Lookup({11}), kWriteCombining);
  EXPECT_EQ(types_.Lookup({12}), kUncachedMinus);
  EXPECT_TRUE(types_.Free({10}, 2));
  EXPECT_EQ(types_.count(), 0U);
}

TEST_F(MemoryTypeTest, P5_AnExactMatchGoesBeforeAMatchOfTheEnd) {
  Reserve(10, 4, kWriteCombining);
  Reserve(12, 2, kWriteCombining);
  EXPECT_TRUE(types_.Free({12}, 2));
  EXPECT_EQ(types_.count(), 1U);
  EXPECT_EQ(types_.Lookup({13}), kWriteCombining);
}

TEST_F(MemoryTypeTest, WhenFullItSaysSo) {
  CacheType got = kWriteBack;
  uint64_t pfn = 0;
  while (types_.Reserve({pfn}, 1, kUncached, &got) == Result::kOk) ASSERT_LT(++pfn, 1000U);
  EXPECT_EQ(types_.Reserve({5000}, 1, kUncached, &got), Result::kFull);
  EXPECT_EQ(types_.count(), pfn);
}

TEST_F(MemoryTypeTest, ResetBringsBackTheCheckpoint) {
  Reserve(10, 4, kWriteCombining);
  list_.Checkpoint();
  Reserve(20, 4, kUncached);
  types_.Free({12}, 2);
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  EXPECT_EQ(types_.Lookup({13}), kWriteCombining);
  EXPECT_EQ(types_.count(), 1U);
}

}  // namespace
}  // namespace drydock::hw
