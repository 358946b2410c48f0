// C reproducers build alone, with all warnings as errors, and run.
#include "fuzz/program_c.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz/byte_operands.h"
#include "fuzz/program_bytes.h"

namespace drydock::fuzz {
namespace {

class ProgramC : public testing::Test {
 protected:
  // Exit status of `gcc`; the program is then at stem_.
  int Build(const std::string& text) {
    std::ofstream(stem_ + ".c") << text;
    return std::system(
        ("gcc -std=gnu11 -Wall -Wextra -Werror -O1 -o " + stem_ + " " + stem_ + ".c").c_str());
  }
  // What the built program prints; its status goes to status_.
  std::string Run() {
    const int status = std::system((stem_ + " > " + stem_ + ".out 2>&1").c_str());
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::ifstream file(stem_ + ".out");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const std::string stem_ = testing::TempDir() + "/reproducer";
  int status_ = -1;
};

ParsedProgram Parse(const std::string& steps) {
  ParsedProgram parsed = ParseProgram("drydock program 1\n" + steps, "t.prog");
  EXPECT_EQ(parsed.error, "");
  return parsed;
}

Observation Ran(int64_t value, user::Signal signal = user::Signal::kNone) {
  return {.outcome = {.value = value, .signal = signal},
          .data = 0,
          .process = 0,
          .state = StepState::kRan};
}

TEST_F(ProgramC, EveryCallBuildsAlone) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 12; ++i) {
    std::array<uint8_t, 90> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    for (size_t k = 1; i >= 6 && k < bytes.size(); k += 5) bytes[k] |= operands::kRareSelectors;
    const Program program = Decode(bytes, {});
    ASSERT_EQ(Build(FormatC(program, {"/dev/pump"}, {})), 0) << FormatProgram(program, {});
  }
}

TEST_F(ProgramC, ShowsErrnosSkipsAndSignals) {
  const ParsedProgram parsed = Parse(
      "fd0 = open(\"/dev/zero\", O_RDWR)\n"
      "m0 = mmap(fd0, 2 pages, PROT_READ|PROT_WRITE, MAP_PRIVATE, offset 0 pages)\n"
      "store(m0 + 1 page, 8 bytes, pattern)\n"
      "load(m0 + 1 page, 8 bytes)\n"
      "munmap(m0 + 1 page, 1 page)\n"
      "load(m0 + 1 page, 8 bytes)\n"
      "fd1 = open(\"/dev/no-such-node\", O_RDWR)\n"
      "close(fd1)\n");
  const std::array<Observation, 9> simulated = {
      Ran(3), Ran(4096), Ran(0), Ran(0), Ran(-22), Ran(0, user::Signal::kSegvMaperr), Ran(-2)};
  ASSERT_EQ(Build(FormatC(parsed.program, parsed.nodes,
                          {.title = "C99 a title with a */ in it",
                           .simulated = simulated,
                           .results = {},
                           .bad_step = 4,
                           .expected = "ok"})),
            0);

  const std::string seen = Run();

  EXPECT_THAT(seen, testing::HasSubstr(" 3  store(m0 + 1 page, 8 bytes, pattern) = ok\n"));
  EXPECT_THAT(seen, testing::HasSubstr("bytes: a4 ab b2 b9"));
  EXPECT_THAT(seen, testing::HasSubstr("= ok   <- simulated: EINVAL\n"));
  EXPECT_THAT(seen, testing::HasSubstr(" 6  load(m0 + 1 page, 8 bytes) = SIGSEGV\n"));
  EXPECT_THAT(seen, testing::HasSubstr("= ENOENT (No such file or directory)\n"));
  EXPECT_THAT(seen, testing::HasSubstr(" 8  close(fd1) = skipped\n"));
  EXPECT_EQ(status_, 1) << "one step differs";
}

TEST_F(ProgramC, CallsThatAreRarelyMadeRun) {
  const ParsedProgram parsed = Parse(
      "fd0 = open(\"/dev/zero\", O_RDWR)\n"
      "m0 = mmap(anonymous, 2 pages, PROT_READ|PROT_WRITE, MAP_PRIVATE)\n"
      "store(m0, 8 bytes, pattern)\n"
      "mincore(m0, 2 pages)\n"
      "msync(m0, 2 pages, MS_ASYNC|MS_SYNC)\n"
      "mlock(m0, 1 page)\n"
      "munlock(m0, 1 page)\n"
      "poll(fd0, POLLIN)\n"
      "pread(\"/proc/p0/mem\", m0, 4 bytes)\n"
      "pwrite(\"/proc/p0/mem\", m0 + 1, 2 bytes, pattern)\n"
      "process_vm_readv(p0, m0, 4 bytes)\n"
      "process_vm_writev(p0, m0 + 9 pages, 8 bytes, pattern)\n");
  ASSERT_EQ(Build(FormatC(parsed.program, parsed.nodes, {})), 0);

  const std::string seen = Run();

  EXPECT_THAT(seen, testing::HasSubstr("    pages: 10\n"));
  EXPECT_THAT(seen, testing::HasSubstr(" 5  msync(m0, 2 pages, MS_ASYNC|MS_SYNC) = EINVAL"));
  EXPECT_THAT(seen, testing::HasSubstr(" 7  munlock(m0, 1 page) = ok\n"));
  EXPECT_THAT(seen, testing::HasSubstr("    events: 0x1\n"));
  EXPECT_THAT(seen, testing::HasSubstr("    4 bytes: a4 ab b2 b9\n 9  pread"));
  EXPECT_THAT(seen,
              testing::HasSubstr("10  pwrite(\"/proc/p0/mem\", m0 + 1, 2 bytes, pattern) = ok"));
  EXPECT_THAT(seen, testing::HasSubstr("12  process_vm_writev"));
}

TEST_F(ProgramC, ANodeWithoutADeviceIsNotUnbound) {
  const ParsedProgram parsed = Parse(
      "unbind(\"/dev/null\")\n"
      "bind(\"/dev/null\")\n"
      "unbind(\"/dev/no-such-node\")\n");
  ASSERT_EQ(Build(FormatC(parsed.program, parsed.nodes, {})), 0);

  const std::string seen = Run();

  EXPECT_THAT(seen, testing::HasSubstr(" 1  unbind(\"/dev/null\") = skipped\n"));
  EXPECT_THAT(seen, testing::HasSubstr(" 2  bind(\"/dev/null\") = skipped\n"));
  EXPECT_THAT(seen, testing::HasSubstr(" 3  unbind(\"/dev/no-such-node\") = skipped\n"));
}

TEST_F(ProgramC, ProcessesTakeTurns) {
  const ParsedProgram parsed = Parse(
      "m0 = mmap(anonymous, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED)\n"
      "p1 = fork()\n"
      "switch(p1)\n"
      "store(m0, 8 bytes, pattern)\n"
      "munmap(m0, 1 page)\n"
      "load(m0, 8 bytes)\n"
      "exit()\n"
      "load(m0, 8 bytes)\n");
  ASSERT_EQ(Build(FormatC(parsed.program, parsed.nodes, {})), 0);

  const std::string seen = Run();

  EXPECT_THAT(seen, testing::HasSubstr(" 6  load(m0, 8 bytes) = SIGSEGV\n")) << "in the child";
  EXPECT_THAT(seen, testing::HasSubstr("bytes: c9 d0")) << "the parent sees the child's store";
  EXPECT_THAT(seen, testing::HasSubstr(" 8  load(m0, 8 bytes) = ok\n"));
  EXPECT_EQ(status_, 0);
}

}  // namespace
}  // namespace drydock::fuzz
