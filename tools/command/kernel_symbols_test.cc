#include "tools/command/kernel_symbols.h"

#include <gtest/gtest.h>

namespace drydock::command {
namespace {

constexpr char kTable[] =
    "class_create\tinline\tlinux/device.h\t-\t-\t6.1\n"
    "class_create\tmodelled\tlinux/device.h\tclass_create\tDeviceApi::ClassCreate\t6.12 7.3\n"
    "kmalloc\tinline\tlinux/slab.h\t-\t-\n"
    "cut off\tinline\n"
    "\n"
    "poll_wait\tmodelled\tlinux/wait.h\tdrydock_poll_wait\t-\n"
    "strlcpy\tmodelled\tlinux/string.h\tdrydock_strlcpy\t-\t6.1\n"
    "zap_vma_ptes\tmodelled\tlinux/mm.h\tzap_vma_ptes\tMmApi::ZapVmaPtes\t6.1 6.12\n";

TEST(KernelSymbols, OneThatTheKernelLacksIsSaidToBeInTheOthers) {
  const KernelSymbols symbols(kTable);

  EXPECT_EQ(symbols.OnlyIn("zap_vma_ptes", 703), "6.1 and 6.12");
  EXPECT_EQ(symbols.OnlyIn("strlcpy", 612), "6.1");
  EXPECT_EQ(symbols.OnlyIn("drydock_strlcpy", 703), "6.1");
}

TEST(KernelSymbols, OneThatTheKernelHasInAnyFormIsNot) {
  const KernelSymbols symbols(kTable);

  for (const int profile : {601, 612, 703}) {
    EXPECT_EQ(symbols.OnlyIn("class_create", profile), "") << profile;
    EXPECT_EQ(symbols.OnlyIn("poll_wait", profile), "") << profile;
    EXPECT_EQ(symbols.OnlyIn("kmalloc", profile), "") << profile;
  }
  EXPECT_EQ(symbols.OnlyIn("zap_vma_ptes", 612), "");
}

TEST(KernelSymbols, NothingIsSaidOfOneThatIsNotThere) {
  EXPECT_EQ(KernelSymbols(kTable).OnlyIn("vm_frob", 703), "");
  EXPECT_EQ(KernelSymbols(kTable).OnlyIn("cut off", 703), "");
  EXPECT_EQ(KernelSymbols().OnlyIn("zap_vma_ptes", 703), "");
}

TEST(KernelName, IsThatOfTheProfile) {
  EXPECT_EQ(KernelName(601), "6.1");
  EXPECT_EQ(KernelName(612), "6.12");
  EXPECT_EQ(KernelName(703), "7.3");
}

}  // namespace
}  // namespace drydock::command
