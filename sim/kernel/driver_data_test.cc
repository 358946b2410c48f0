#include "sim/kernel/driver_data.h"

#include <gtest/gtest.h>

#include "sim/hw/page_copy.h"

namespace drydock::kernel {
namespace {

TEST(DriverDataTest, RestoresEveryRangeAndNothingElse) {
  unsigned char bytes[64] = {};
  const ModuleImage::Range ranges[] = {{bytes, 13}, {bytes + 20, 7}};
  DriverData data(ranges);
  EXPECT_EQ(data.size_bytes(), 20u);
  for (unsigned char& b : bytes) b = 0xee;
  EXPECT_FALSE(data.EqualsCheckpoint());
  data.Reset();
  EXPECT_TRUE(data.EqualsCheckpoint());
  for (size_t i = 0; i < sizeof bytes; ++i) {
    EXPECT_EQ(bytes[i], i < 13 || (i >= 20 && i < 27) ? 0 : 0xee) << i;
  }
}

TEST(DriverDataTest, NamesTheFirstByteThatDiffers) {
  unsigned char bytes[64] = {};
  const ModuleImage::Range ranges[] = {{bytes, 8}, {bytes + 32, 8}};
  DriverData data(ranges);
  EXPECT_EQ(data.FirstDifference(), nullptr);
  bytes[10] = 1;  // in no range
  EXPECT_EQ(data.FirstDifference(), nullptr);
  bytes[35] = 1;
  EXPECT_EQ(data.FirstDifference(), bytes + 35);
}

TEST(DriverDataTest, CheckpointMovesTheGoal) {
  unsigned char bytes[8] = {};
  const ModuleImage::Range ranges[] = {{bytes, 8}};
  DriverData data(ranges);
  const uint64_t hash = data.Hash();
  bytes[0] = 1;
  EXPECT_NE(data.Hash(), hash);
  data.Checkpoint();
  bytes[0] = 2;
  data.Reset();
  EXPECT_EQ(bytes[0], 1);
}

TEST(DriverDataTest, PlainCopyAndComparisonTakeAnySize) {
  for (size_t size = 0; size < 140; ++size) {
    unsigned char from[160];
    unsigned char to[160] = {};
    for (size_t i = 0; i < sizeof from; ++i) from[i] = static_cast<unsigned char>(i + 1);
    hw::CopyPlain(to, from, size);
    EXPECT_EQ(FirstDifferencePlain(to, from, size), size);
    EXPECT_EQ(to[size], 0);
    EXPECT_EQ(FirstDifferencePlain(to, from, size + 1), size);
  }
}

TEST(DriverDataTest, NoRangesAreFine) {
  DriverData data({});
  data.Reset();
  EXPECT_TRUE(data.EqualsCheckpoint());
}

}  // namespace
}  // namespace drydock::kernel
