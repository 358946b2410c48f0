#include "sim/kernel/frame_reservations.h"

#include "gtest/gtest.h"

namespace drydock::kernel {
namespace {

class FrameReservationsTest : public testing::Test {
 protected:
  hw::ResetList list_;
  FrameReservations reservations_{list_, 2};
  FrameReservations::Range range_{hw::Pfn{1}, 1};  // what a Drop() that frees nothing leaves alone
};

TEST_F(FrameReservationsTest, IsFreedWithItsLastHolder) {
  const uint32_t name = reservations_.Add({hw::Pfn{100}, 4});
  reservations_.Hold(name);
  reservations_.Hold(name);
  EXPECT_FALSE(reservations_.Drop(name, &range_));
  EXPECT_FALSE(reservations_.Drop(name, &range_));
  EXPECT_EQ(range_.first, hw::Pfn{1});
  EXPECT_TRUE(reservations_.Drop(name, &range_));
  EXPECT_EQ(range_.first, hw::Pfn{100});
  EXPECT_EQ(range_.pages, 4U);
}

TEST_F(FrameReservationsTest, NothingIsHeldByNoName) {
  reservations_.Hold(0);
  EXPECT_FALSE(reservations_.Drop(0, &range_));
}

TEST_F(FrameReservationsTest, TheSameFramesTwiceAreTwo) {
  const uint32_t first = reservations_.Add({hw::Pfn{100}, 4});
  const uint32_t second = reservations_.Add({hw::Pfn{100}, 4});
  EXPECT_NE(first, second);
  EXPECT_TRUE(reservations_.Drop(first, &range_));
  EXPECT_TRUE(reservations_.Drop(second, &range_));
}

TEST_F(FrameReservationsTest, APlaceIsUsedAgain) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(reservations_.Drop(reservations_.Add({}), &range_));
}

TEST_F(FrameReservationsTest, ResetPutsBackWhatWasHeld) {
  const uint32_t name = reservations_.Add({hw::Pfn{100}, 4});
  list_.Checkpoint();
  EXPECT_TRUE(reservations_.Drop(name, &range_));
  reservations_.Add({hw::Pfn{200}, 1});
  reservations_.Add({hw::Pfn{300}, 1});
  list_.Reset();
  EXPECT_TRUE(reservations_.Drop(name, &range_));
  EXPECT_EQ(range_.first, hw::Pfn{100});
}

using FrameReservationsDeathTest = FrameReservationsTest;

TEST_F(FrameReservationsDeathTest, MoreThanThereCanBeAborts) {
  reservations_.Add({});
  reservations_.Add({});
  EXPECT_DEATH(reservations_.Add({}), "");
}

}  // namespace
}  // namespace drydock::kernel
