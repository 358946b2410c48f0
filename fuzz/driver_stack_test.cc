// A driver that uses more of the stack than a kernel has: which function is told, and what comes of
// the call.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "fuzz/elf_image.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock::fuzz {
namespace {

constexpr int kReadWrite = 2, kProt = 3, kPrivateAnonymous = 0x22;

struct Case {
  const char* driver;
  bool trapped;
  const char* function;  // "" for no violation
  const char* seen;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.driver; }

class DriverStack : public testing::TestWithParam<Case> {};

TEST_P(DriverStack, IsCounted) {
  const Case& c = GetParam();
  const std::string path = std::string("fuzz/bugs/deep_stack/") + c.driver + ".so";
  World world{WorldOptions{}};
  ASSERT_EQ(world.LoadDriver(path, {}), "");
  user::Process process = world.init();
  const auto fd = static_cast<int>(process.Open("/dev/drydock_deep_stack", kReadWrite).value);
  const user::Outcome memory = process.Mmap({}, hw::kPageSize, kProt, kPrivateAnonymous, -1, 0);
  ASSERT_TRUE(memory.ok());

  const user::Outcome read = process.Read(fd, {static_cast<uint64_t>(memory.value)}, 64);

  EXPECT_EQ(read.trapped, c.trapped);
  const kernel::Verdicts& verdicts = world.verdicts();
  if (c.function[0] == '\0') {
    EXPECT_EQ(read.value, 64);
    EXPECT_EQ(verdicts.count(), 0u) << verdicts[0].seen;
    return;
  }
  ASSERT_EQ(verdicts.count(), 1u);
  EXPECT_EQ(verdicts[0].trap, kernel::Trap::kOops);
  EXPECT_NE(std::string(verdicts[0].seen).find(c.seen), std::string::npos) << verdicts[0].seen;
  EXPECT_EQ(ReadElfImage(path).FunctionAt(verdicts[0].driver_pc), c.function);
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, DriverStack,
    testing::Values(Case{"repaired", false, "", ""}, Case{"fits", false, "", ""},
                    Case{"faulty", true, "deep_stack_format", "it overflows"},
                    Case{"recursion", true, "deep_stack_sum", "it overflows"},
                    Case{"leaf", false, "deep_stack_read", "more than 65536 bytes"}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.driver); });

}  // namespace
}  // namespace drydock::fuzz
