#include "tools/command/command_main.h"

#include <gtest/gtest.h>

#include <new>

namespace drydock::command {
namespace {

int Returns(int (*run)(int, char**)) {
  char name[] = "drydock";
  char* words[] = {name, nullptr};
  return CommandMain(run, 1, words);
}

TEST(CommandMain, ReturnsWhatTheCommandReturns) {
  EXPECT_EQ(Returns([](int argc, char**) { return argc; }), 1);
}

TEST(CommandMain, ReportsAnExceptionThatNobodyCaughtInOneLine) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Returns([](int, char**) -> int { throw std::bad_alloc(); }), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "drydock: stopped: std::bad_alloc, see to free memory and disk\n");
}

TEST(CommandMain, ReportsWhatIsNoExceptionOfTheStandardLibrary) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Returns([](int, char**) -> int { throw 1; }), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "drydock: stopped by an unknown exception, please report it\n");
}

}  // namespace
}  // namespace drydock::command
