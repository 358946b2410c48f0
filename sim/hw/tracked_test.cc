#include "sim/hw/tracked.h"

#include "gtest/gtest.h"

namespace drydock::hw {
namespace {

struct Pair {
  uint32_t a = 0;
  uint32_t b = 0;
};

class TrackedTest : public testing::Test {
 protected:
  ResetList list_;
  Tracked<Pair> pair_{list_, "pair"};
  TrackedArray<Pair> array_{list_, "array", 8};
};

TEST_F(TrackedTest, ResetRestoresAValueWrittenSinceTheCheckpoint) {
  pair_.Mut().a = 1;
  list_.Checkpoint();
  pair_.Mut().a = 2;
  list_.Reset();
  EXPECT_EQ(pair_->a, 1u);
}

TEST_F(TrackedTest, ResetRestoresOnlyTheElementsWritten) {
  array_.Mut(3).b = 7;
  list_.Checkpoint();
  array_.Mut(3).b = 8;
  array_.Mut(5).a = 9;
  list_.Reset();
  EXPECT_EQ(array_[3].b, 7u);
  EXPECT_EQ(array_[5].a, 0u);
}

TEST_F(TrackedTest, ResetWithoutAWriteChangesNothing) {
  pair_.Mut().a = 4;
  list_.Checkpoint();
  list_.Reset();
  EXPECT_EQ(pair_->a, 4u);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
}

TEST_F(TrackedTest, ASecondResetRestoresWhatWasWrittenAfterTheFirst) {
  list_.Checkpoint();
  for (int round = 0; round < 3; ++round) {
    array_.Mut(1).a = 5;
    list_.Reset();
    EXPECT_EQ(array_[1].a, 0u) << round;
  }
}

TEST_F(TrackedTest, ResetAlwaysRestoresTheBytesNamedAndNoOthers) {
  Pair& unwatched = array_.Mut(2);
  list_.Checkpoint();
  array_.PutBackAlways(2, offsetof(Pair, b), sizeof unwatched.b);
  for (uint32_t round = 1; round < 4; ++round) {
    unwatched = {round, 5};
    pair_.Mut().b = 6;
    list_.Reset();
    EXPECT_EQ(array_[2].a, round);
    EXPECT_EQ(array_[2].b, 0u) << round;
    EXPECT_EQ(pair_->b, 0u) << round;
  }
}

TEST_F(TrackedTest, ResetRestoresAWholeElementThatIsAlsoPutBackAlways) {
  list_.Checkpoint();
  array_.PutBackAlways(2, offsetof(Pair, b), sizeof(uint32_t));
  array_.Mut(2) = {3, 4};
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
}

TEST_F(TrackedTest, ACheckpointEndsWhatIsPutBackAlways) {
  list_.Checkpoint();
  Pair& unwatched = array_.Mut(2);
  array_.PutBackAlways(2, 0, sizeof unwatched);
  list_.Checkpoint();
  unwatched.a = 5;
  list_.Reset();
  EXPECT_EQ(array_[2].a, 5u);
  EXPECT_STREQ(list_.FirstDifference(), "array");
}

TEST_F(TrackedTest, ResetRestoresSizesThatAreNoMultipleOfAWord) {
  struct Odd {
    unsigned char bytes[45];
  };
  TrackedArray<Odd> odd(list_, "odd", 3);
  for (unsigned i = 0; i < 45; ++i) odd.Mut(1).bytes[i] = static_cast<unsigned char>(i);
  list_.Checkpoint();
  for (unsigned char& byte : odd.Mut(1).bytes) byte = 0xff;
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
  for (unsigned i = 0; i < 45; ++i) EXPECT_EQ(odd[1].bytes[i], i);
}

TEST_F(TrackedTest, WhatIsTouchedBeforeALaterPieceIsMadeIsPutBack) {
  list_.Checkpoint();
  array_.Mut(4).a = 1;
  TrackedArray<Pair> later(list_, "later", 1000);
  later.Mut(999).b = 2;
  list_.Reset();
  EXPECT_EQ(array_[4].a, 0u);
  EXPECT_EQ(later[999].b, 0u);
}

TEST_F(TrackedTest, ACheckpointMovesWhatResetReturnsTo) {
  list_.Checkpoint();
  pair_.Mut().a = 1;
  list_.Checkpoint();
  pair_.Mut().a = 2;
  list_.Reset();
  EXPECT_EQ(pair_->a, 1u);
}

TEST_F(TrackedTest, FirstDifferenceNamesThePieceThatDiffers) {
  list_.Checkpoint();
  array_.Mut(0).a = 1;
  EXPECT_STREQ(list_.FirstDifference(), "array");
  list_.Reset();
  EXPECT_EQ(list_.FirstDifference(), nullptr);
}

TEST_F(TrackedTest, HashDiffersWithOneByteAndReturnsAfterReset) {
  list_.Checkpoint();
  const uint64_t before = list_.Hash();
  array_.Mut(7).b = 1;
  EXPECT_NE(list_.Hash(), before);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), before);
}

TEST_F(TrackedTest, ContainsTellsElementsFromOtherAddresses) {
  EXPECT_TRUE(array_.Contains(&array_[7]));
  EXPECT_FALSE(array_.Contains(&array_[0] + 8));
  EXPECT_FALSE(array_.Contains(&*pair_));
  EXPECT_EQ(array_.IndexOf(&array_[7]), 7u);
}

}  // namespace
}  // namespace drydock::hw
