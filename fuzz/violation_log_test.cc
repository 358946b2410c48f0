#include "fuzz/violation_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drydock::fuzz {
namespace {

ElfImage Image() {
  ElfImage image;
  image.functions = {{0x100, 0x180, "pump_mmap"}, {0x180, 0x1c0, "pump_open"}};
  return image;
}

kernel::Violation At(uint64_t pc, uint8_t class_number = 4) {
  kernel::Violation violation;
  violation.class_number = class_number;
  violation.oracle = 1;
  violation.driver_pc = pc;
  return violation;
}

TEST(SeenViolations, AreOnePerClassOracleAndFunction) {
  const ElfImage image = Image();
  SeenViolations seen(image);

  EXPECT_TRUE(seen.IsNew(At(0x110)));
  EXPECT_FALSE(seen.IsNew(At(0x110)));
  EXPECT_FALSE(seen.IsNew(At(0x150))) << "another line of the same function";
  EXPECT_TRUE(seen.IsNew(At(0x190))) << "another function";
  EXPECT_TRUE(seen.IsNew(At(0x110, 15))) << "another class";
  EXPECT_TRUE(seen.IsNew(At(0)));
  EXPECT_FALSE(seen.IsNew(At(0x500))) << "no function is like outside";
}

TEST(SeenViolations, NeverFillUpToAnEndlessSearch) {
  const ElfImage image = Image();
  SeenViolations seen(image);
  for (uint64_t pc = 1; pc < 100000; ++pc) seen.IsNew(At(pc));

  EXPECT_FALSE(seen.IsNew(At(0x110)));
}

TEST(ElfImage, NamesTheFunctionOfAnOffset) {
  const ElfImage image = Image();
  EXPECT_EQ(image.FunctionAt(0xff), "");
  EXPECT_EQ(image.FunctionAt(0x100), "pump_mmap");
  EXPECT_EQ(image.FunctionAt(0x1bf), "pump_open");
  EXPECT_EQ(image.FunctionAt(0x1c0), "pump_open") << "behind a call that does not return";
  EXPECT_EQ(image.FunctionAt(0x1c1), "");
}

TEST(ElfImage, ReadsThisVeryProgram) {
  const ElfImage image = ReadElfImage("/proc/self/exe");
  EXPECT_EQ(image.error, "");
  EXPECT_FALSE(image.functions.empty());
  EXPECT_THAT(ReadElfImage("/etc/passwd").error, testing::HasSubstr("not a 64-bit ELF file"));
  EXPECT_THAT(ReadElfImage("/nonexistent").error, testing::HasSubstr("not a 64-bit ELF file"));
}

TEST(JsonString, EscapesWhatJsonDoesNotTake) {
  std::string out;
  AppendJsonString("a\"b\\c\nd\x01\xff", &out);
  EXPECT_EQ(out, "\"a\\\"b\\\\c\\nd\\u0001\\u00ff\"");
}

}  // namespace
}  // namespace drydock::fuzz
