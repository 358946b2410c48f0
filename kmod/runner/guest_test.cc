// The runner with fake_guest in place of QEMU: what it makes of a guest that something happens to.
#include "kmod/runner/guest.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cstring>
#include <string>

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;

std::vector<Program> ThreePrograms() {
  Program program;
  program.Add({.call = Call::kFork});
  program.Add({.call = Call::kExit});
  return {program, program, program};
}

class FakeGuestTest : public testing::Test {
 protected:
  GuestOptions Options(const std::string& befalls) {
    setenv("FAKE_GUEST", befalls.c_str(), 1);
    std::string folder = testing::TempDir() + "/guest.XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    GuestOptions options;
    options.qemu = "kmod/runner/fake_guest";
    options.folder = folder;
    options.boot_seconds = 2;
    options.silence_seconds = 1;
    options.end_seconds = 1;
    return options;
  }
};

std::string Seen(const std::vector<Shown>& shown) {
  std::string text;
  for (const Shown& one : shown) {
    if (one.ending == Ending::kHung) {
      text += "[hung]";
      continue;
    }
    text += "[";
    for (const Step& step : one.steps) text += std::to_string(step.shown.value) + " ";
    text += "]";
  }
  return text;
}

TEST_F(FakeGuestTest, GivesWhatEachProgramShowedAndEndsWell) {
  Guest guest(Options(""));
  ASSERT_EQ(guest.Boot(), "");
  std::vector<Shown> shown;
  const std::vector<Program> programs = ThreePrograms();
  EXPECT_EQ(guest.Run(programs, nullptr, &shown), "");
  EXPECT_EQ(guest.Run(programs, nullptr, &shown), "");
  EXPECT_EQ(Seen(shown), "[0 1 ][100 101 ][200 201 ][0 1 ][100 101 ][200 201 ]");
  EXPECT_EQ(guest.End(), "");
  EXPECT_EQ(guest.End(), "the guest has ended already");
}

struct Fate {
  const char* befalls;
  const char* wrong;
  const char* seen;
};

// What the guest did before is kept; the program that did it is the last one, unless none did.
TEST_F(FakeGuestTest, NamesWhatBefellTheGuestAndKeepsTheRest) {
  const Fate fates[] = {
      {"panics",
       "the guest's kernel panicked: BUG: kernel NULL pointer dereference, address: "
       "0000000000000008",
       "[0 1 ][hung]"},
      {"hangs", "the guest hangs: no sign of life for 1 s", "[0 1 ][hung]"},
      {"floods", "the guest floods its console", "[0 1 ][hung]"},
      {"ends early", "the guest ended before it was asked to", "[0 1 ][hung]"},
      {"fails", "the agent: loading driver.ko: Invalid argument", "[0 1 ]"},
      {"result too long", "the guest's results are cut off at program 1", "[0 1 ]"},
      {"too few steps", "the guest's results are cut off at program 1", "[0 1 ]"},
      {"nothing written", "the guest's results are cut off at program 2", "[200 201 ][100 101 ]"},
  };
  for (const Fate& fate : fates) {
    SCOPED_TRACE(fate.befalls);
    Guest guest(Options(fate.befalls));
    ASSERT_EQ(guest.Boot(), "");
    std::vector<Shown> shown;
    EXPECT_EQ(guest.Run(ThreePrograms(), nullptr, &shown), fate.wrong);
    EXPECT_EQ(Seen(shown), fate.seen);
    EXPECT_EQ(guest.End(), "the guest has ended already");
  }
}

TEST_F(FakeGuestTest, RefusesNamesThatTheAgentHasNoRoomFor) {
  const std::string longest(kPathBytes - 1, 'n'), too_long(kPathBytes, 'n');
  Guest guest(Options("nothing"));
  ASSERT_EQ(guest.Boot(), "");
  std::vector<Shown> shown;
  const DriverInGuest fits = {.file = "driver.ko", .parameters = {}, .nodes = {longest}};
  const DriverInGuest does_not = {.file = "driver.ko", .parameters = {}, .nodes = {too_long}};
  EXPECT_EQ(guest.Run(ThreePrograms(), &does_not, &shown),
            "the agent has no room for `" + too_long + "'; make it shorter");
  EXPECT_EQ(shown.size(), 0u);
  EXPECT_EQ(guest.Run(ThreePrograms(), &fits, &shown), "");
  EXPECT_EQ(guest.End(), "");
}

TEST_F(FakeGuestTest, NamesWhyAGuestDoesNotBoot) {
  const Fate fates[] = {
      {"refuses", "QEMU did not run: qemu-system-x86_64: could not load kernel 'image'", ""},
      {"panics at boot",
       "the guest's kernel panicked: Kernel panic - not syncing: VFS: Unable to mount root fs", ""},
      {"never ready", "the guest is not ready after 2 s", ""},
  };
  for (const Fate& fate : fates) {
    SCOPED_TRACE(fate.befalls);
    Guest guest(Options(fate.befalls));
    EXPECT_EQ(guest.Boot(), fate.wrong);
  }
}

TEST_F(FakeGuestTest, SaysThatThereIsNoQemu) {
  GuestOptions options = Options("");
  options.qemu = "no-such-qemu";
  Guest guest(options);
  EXPECT_EQ(guest.Boot(), "no-such-qemu cannot be started: No such file or directory");
}

TEST_F(FakeGuestTest, SaysThatThereIsNoFolder) {
  GuestOptions options = Options("");
  options.folder = "/nonexistent";
  Guest guest(options);
  EXPECT_EQ(guest.Boot(), "/nonexistent/channel: No such file or directory");
}

TEST_F(FakeGuestTest, SaysThatThereIsNoSpace) {
  const GuestOptions options = Options("");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit little = {uint64_t{1} << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  Guest guest(options);
  const std::string wrong = guest.Boot();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(wrong, options.folder + "/channel: File too large");
}

TEST_F(FakeGuestTest, AClockThatJumpsIsSeenAndDoesNoHarm) {
  Guest guest(Options("clock jumps"));
  ASSERT_EQ(guest.Boot(), "");
  std::vector<Shown> shown;
  EXPECT_EQ(guest.Run(ThreePrograms(), nullptr, &shown), "");
  EXPECT_EQ(Seen(shown), "[0 1 ][100 101 ][200 201 ]");
  EXPECT_EQ(guest.clock_jumps(), 2u);  // ahead, and back
  EXPECT_EQ(guest.End(), "");
}

TEST_F(FakeGuestTest, SaysThatAGuestDoesNotEnd) {
  Guest guest(Options("does not end"));
  ASSERT_EQ(guest.Boot(), "");
  EXPECT_EQ(guest.End(), "the guest does not end");
}

std::vector<uint8_t> Result(ResultHead head, StepShown shown, size_t bytes) {
  std::vector<uint8_t> result(4096);
  std::memcpy(result.data(), &head, sizeof head);
  std::memcpy(result.data() + sizeof head, &shown, sizeof shown);
  result.resize(bytes);
  return result;
}

// Whatever a guest that went mad has written, reading it stays inside.
TEST(ReadResult, RefusesWhatDoesNotFit) {
  struct Row {
    const char* what;
    ResultHead head;
    uint32_t entries;
    size_t bytes;
    bool whole;
  };
  constexpr uint64_t kOne = sizeof(ResultHead) + sizeof(StepShown);
  constexpr Ending kEnd = Ending::kFinished;
  const Row rows[] = {
      {"a step", {kOne, kEnd, 1, 0, 0}, kNoSpace, kOne, true},
      {"a step that showed no entry", {kOne, kEnd, 1, 0, 0}, 0, kOne, true},
      {"an entry", {kOne + sizeof(ptdump_record), kEnd, 1, 0, 0}, 1, 4096, true},
      {"an entry too many", {kOne + sizeof(ptdump_record), kEnd, 1, 0, 0}, 2, 4096, false},
      {"very many entries", {kOne, kEnd, 1, 0, 0}, kNoSpace - 1, 4096, false},
      {"a head that is cut", {kOne, kEnd, 1, 0, 0}, kNoSpace, sizeof(ResultHead) - 1, false},
      {"a step that is cut", {kOne, kEnd, 1, 0, 0}, kNoSpace, kOne - 1, false},
      {"less than a head", {8, kEnd, 0, 0, 0}, kNoSpace, 4096, false},
      {"more than there is", {8192, kEnd, 1, 0, 0}, kNoSpace, 4096, false},
      {"a wrap", {~uint64_t{0}, kEnd, 1, 0, 0}, kNoSpace, 4096, false},
      {"more steps than fit", {kOne, kEnd, 2, 0, 0}, kNoSpace, 4096, false},
      {"more steps than a program has", {4096, kEnd, 17, 0, 0}, 0, 4096, false},
      {"no such ending", {kOne, static_cast<Ending>(9), 1, 0, 0}, kNoSpace, kOne, false},
      {"words", {kOne + 8, kEnd, 1, 8, 0}, kNoSpace, kOne + 8, true},
      {"words that are cut", {kOne, kEnd, 1, 8, 0}, kNoSpace, 4096, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    StepShown step = {};
    step.entries = row.entries;
    const std::vector<uint8_t> result = Result(row.head, step, row.bytes);
    size_t at = 0;
    Shown shown;
    EXPECT_EQ(ReadResult(result, &at, &shown), row.whole);
    EXPECT_EQ(at, row.whole ? row.head.bytes : at);
  }
}

TEST(ComplaintIn, IsTheMostTellingLine) {
  EXPECT_EQ(ComplaintIn(""), "");
  EXPECT_EQ(ComplaintIn("all is well\n"), "");
  EXPECT_EQ(ComplaintIn("[1.0] Kernel panic - not syncing\r\n"), "Kernel panic - not syncing");
  EXPECT_EQ(ComplaintIn("[1] WARNING: CPU: 0\n[2] kernel BUG at mm/memory.c:1\n[3] Oops: 1\n"),
            "kernel BUG at mm/memory.c:1");
}

}  // namespace
}  // namespace drydock::kmod
