// The text form at its edges: what a parser of files that people write must answer.
#include "fuzz/program_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <ostream>

namespace drydock::fuzz {
namespace {

constexpr char kHead[] =
    "drydock program 1\nprofile 6.1\nplatform x86-64\ncore-guards on\n"
    "fail-allocation 0\n\n";
constexpr char kOpen[] = "fd0 = open(\"/dev/pump\", O_RDWR)\n";
constexpr char kMap[] =
    "m0 = mmap(fd0, 4 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 0 pages)\n";

// Every call once, with every kind of operand.
constexpr char kEverything[] = R"(drydock program 1
profile 6.12
platform offset-dma
core-guards off
fail-allocation 3

fd0 = open("/dev/pump", O_RDWR|O_SYNC)
m0 = mmap(fd0, 4 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 17 pages)
m1 = mmap(anonymous, 100 bytes, PROT_NONE, MAP_PRIVATE|MAP_NORESERVE)
m2 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED|MAP_FIXED, offset 4503599627370495 pages, at m0 + 1 page)
store(m0 + 2 pages + 8, 8 bytes, pattern)
load(m0 + 4095, 1 byte)
munmap(m0 + 1 page, 2 pages)
mprotect(m0, 4 pages, PROT_READ|PROT_EXEC)
madvise(m0, 4 pages, MADV_DOFORK)
m3 = mremap(m0, 1 page, 2 pages, MREMAP_MAYMOVE|MREMAP_FIXED, to m1 + 3 pages)
read(fd0, m1 + 16, 64 bytes)
write(fd0, m1, 4096 bytes)
lseek(fd0, -1 page, SEEK_END)
p1 = fork()
switch(p1)
exit()
)";

TEST(ProgramText, EveryCallIsWrittenAsItIsRead) {
  const ParsedProgram parsed = ParseProgram(kEverything, "all.prog");

  ASSERT_EQ(parsed.error, "");
  EXPECT_EQ(FormatProgram(parsed.program, parsed.nodes), kEverything);
}

// The calls that are not in it.
constexpr char kTheRest[] = R"(drydock program 1
profile 6.1
platform x86-64
core-guards on
fail-allocation 0

fd0 = open("/dev/pump", O_RDWR)
m0 = mmap(fd0, 4 pages, PROT_READ|PROT_WRITE, MAP_SHARED, offset 0 pages)
p1 = fork()
mlock(m0 + 1 page, 2 pages)
munlock(m0 + 1, 4095 bytes)
msync(m0, 4 pages, MS_INVALIDATE|MS_SYNC)
mincore(m0, 4096 pages)
mseal(m0 + 1 page, 2 pages, 0)
poll(fd0, POLLIN|POLLOUT|0x8000)
process_vm_readv(p1, m0 + 4095, 2 bytes)
process_vm_writev(p0, m0 + 3 pages + 8, 64 bytes, pattern)
pread("/proc/p1/mem", m0, 8 bytes)
pwrite("/proc/p0/mem", m0, 1 byte, pattern)
unbind("/dev/pump")
bind("/dev/pump")
)";

TEST(ProgramText, CallsThatAreRarelyMadeAreWrittenAsTheyAreRead) {
  const ParsedProgram parsed = ParseProgram(kTheRest, "rest.prog");

  ASSERT_EQ(parsed.error, "");
  EXPECT_EQ(FormatProgram(parsed.program, parsed.nodes), kTheRest);
}

TEST(ProgramText, CommentsBlanksAndCarriageReturnsMeanNothing) {
  const ParsedProgram parsed = ParseProgram(
      "# a seed\r\ndrydock program 1 # the version\n\n  fd0=open( \"/dev/pump\" ,O_RDWR )\t\r\n"
      "ioctl(fd0, 0x4008, 7)\nclose(fd0)\n",
      "t.prog");

  ASSERT_EQ(parsed.error, "");
  EXPECT_EQ(FormatProgram(parsed.program, parsed.nodes),
            std::string(kHead) + kOpen + "ioctl(fd0, 0x4008, 7)\nclose(fd0)\n");
}

TEST(ProgramText, ALoadTrialHasNoCalls) {
  const std::string text = std::string(kHead, sizeof kHead - 2) + "load-trial 3\n";
  const ParsedProgram parsed = ParseProgram(text, "t.prog");

  ASSERT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.program.header.load_trial, 3u);
  EXPECT_TRUE(IsValid(parsed.program));
  EXPECT_EQ(FormatProgram(parsed.program, {}), text);
}

TEST(ProgramText, NodesByNumberComeAfterTheOnesByPath) {
  ParsedProgram parsed =
      ParseProgram(std::string(kHead) + kOpen + "fd1 = open(node 0, O_RDWR)\n", "t.prog");
  ASSERT_EQ(parsed.error, "");

  EXPECT_EQ(RenumberNodes(parsed.nodes, {"/dev/valve", "/dev/pump"}, &parsed.program), "");
  EXPECT_EQ(parsed.program.steps[0].node, 1);
  EXPECT_EQ(parsed.program.steps[1].node, 0);
}

TEST(ProgramText, ANodeTheDriverHasNotIsNamed) {
  ParsedProgram parsed = ParseProgram(std::string(kHead) + kOpen, "t.prog");

  EXPECT_EQ(RenumberNodes(parsed.nodes, {"/dev/valve"}, &parsed.program), "/dev/pump");
}

struct BadCase {
  const char* name;
  std::string text;
  const char* error;  // a part of it
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.name; }

class BadProgramText : public testing::TestWithParam<BadCase> {};

TEST_P(BadProgramText, IsRefusedWithItsLine) {
  const ParsedProgram parsed = ParseProgram(GetParam().text, "t.prog");

  EXPECT_THAT(parsed.error, testing::StartsWith("t.prog:"));
  EXPECT_THAT(parsed.error, testing::HasSubstr(GetParam().error));
  EXPECT_THAT(parsed.error, testing::Not(testing::HasSubstr("\n")));
}

std::string After(const char* line) { return std::string(kHead) + kOpen + kMap + line + "\n"; }

INSTANTIATE_TEST_SUITE_P(
    Table, BadProgramText,
    testing::ValuesIn(std::vector<BadCase>{
        {"empty", "", "1: empty: the first line must be `drydock program 1`"},
        {"blank", "\n\n# nothing\n", "1: empty"},
        {"other_file", "int main(void) {}\n", "1: not a program of version 1"},
        {"later_version", "drydock program 2\n", "1: not a program of version 1"},
        {"binary", std::string("drydock program 1\n\0x\n", 21), "2: not text"},
        {"cut_off", std::string(kHead) + "fd0 = open(\"/dev/pu", "7: the last line has no end"},
        {"header_only", kHead, "no calls"},
        {"megabytes", std::string(3 << 20, 'x'), "1: too long for a program (3145728 bytes)"},
        {"profile", "drydock program 1\nprofile 5.4\n", "2: no kernel profile '5.4'"},
        {"platform", "drydock program 1\nplatform vax\n", "2: no platform 'vax'"},
        {"guards", "drydock program 1\ncore-guards yes\n", "2: core-guards is `on` or `off`"},
        {"fail", "drydock program 1\nfail-allocation 65\n", "2: fail-allocation is 0"},
        {"load_trial", "drydock program 1\nload-trial 257\n", "2: load-trial is 0 (no"},
        {"load_trial_of_nothing", "drydock program 1\nload-trial x\n", "2: load-trial is 0 (no"},
        {"load_trial_with_calls", std::string(kHead) + "load-trial 1\n" + kOpen,
         "8: a load-trial has no calls"},
        {"late_header", After("profile 6.1"), "9: header lines come before the first call"},
        {"unknown_call", After("mlockall(1)"), "9: no call named `mlockall`"},
        {"too_much_for_mincore", After("mincore(m0, 4097 pages)"),
         "9: mincore is asked about 4096"},
        {"events_beyond", After("poll(fd0, 0x10000)"), "9: the events of poll have 16 bits"},
        {"events_unknown", After("poll(fd0, POLLFOO)"), "9: unknown flags `POLLFOO`"},
        {"unbind_of_no_node", After("unbind(fd0)"), "9: expected `\"`"},
        {"bind_of_a_ninth_node", After("bind(node 8)"), "9: at most 8 nodes"},
        {"poll_of_nothing", After("poll(fd1, POLLIN)"), "9: this descriptor is not opened before"},
        {"no_such_process", After("process_vm_readv(p1, m0, 1 byte)"),
         "9: this process is not forked before"},
        {"process_without_name", After("process_vm_readv(0, m0, 1 byte)"),
         "9: expected a process (`p0`) before `0, m0"},
        {"huge_remote_access", After("process_vm_readv(p0, m0, 4097 bytes)"),
         "9: an access has 1 to 4096 bytes"},
        {"remote_write_of_nothing", After("process_vm_writev(p0, m0, 8 bytes)"),
         "9: expected `,` before `)`"},
        {"another_file", After("pread(\"/proc/p0/maps\", m0, 8 bytes)"), "9: expected `/mem\"`"},
        {"pread_of_a_descriptor", After("pread(fd0, m0, 8 bytes)"), "9: expected `\"/proc/`"},
        {"mseal_without_flags", After("mseal(m0, 1 page)"), "9: expected `,` before `)`"},
        {"msync_without_flags", After("msync(m0, 1 page)"), "9: expected `,` before `)`"},
        {"no_parenthesis", After("fork"), "9: expected `(` at the end of the line"},
        {"no_close", After("p1 = fork("), "9: expected `)` at the end of the line"},
        {"after_call", After("exit() now"), "9: nothing may follow the call"},
        {"no_fd", After("close(fd1)"), "9: this descriptor is not opened before"},
        {"no_mapping", After("munmap(m1, 1 page)"), "9: this mapping is not made before"},
        {"no_process", After("switch(p1)"), "9: this process is not forked before"},
        {"wrong_reference", After("munmap(fd0, 1 page)"), "9: expected a mapping (`m0`)"},
        {"no_result_name", After("fork()"), "9: the result of this call is `p1`"},
        {"wrong_result_name", After("p2 = fork()"), "write `p1 = ...`"},
        {"result_of_nothing", After("x = exit()"), "9: this call has no result to name"},
        {"no_unit", After("munmap(m0, 4)"), "9: a size needs its unit: write `4 pages`"},
        {"huge_pages", After("munmap(m0, 4503599627370496 pages)"), "at most 2^52 - 1"},
        {"huge_number", After("munmap(m0, 99999999999999999999 pages)"), "9: expected a number"},
        {"negative", After("munmap(m0, -1 pages)"), "9: expected a number before `-1 pages)`"},
        {"flags", After("mprotect(m0, 1 page, PROT_RED)"), "9: unknown flags `PROT_RED`"},
        {"huge_access", After("load(m0, 2 pages)"), "9: an access has 1 to 4096 bytes"},
        {"empty_access", After("load(m0, 0 bytes)"), "9: an access has 1 to 4096 bytes"},
        {"no_pattern", After("store(m0, 8 bytes)"), "9: expected `,` before `)`"},
        {"fixed_without_address",
         After("m1 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED|MAP_FIXED, offset 0 pages)"),
         "9: MAP_FIXED needs an address"},
        {"unreserved_huge_pages",
         After("m1 = mmap(anonymous, 1 page, PROT_READ, MAP_PRIVATE|MAP_NORESERVE|MAP_HUGETLB)"),
         "9: huge pages that are not reserved are not modelled"},
        {"anonymous_flag",
         After("m1 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, offset 0 pages)"),
         "9: MAP_ANONYMOUS has no descriptor"},
        {"no_quotes", After("fd1 = open(/dev/pump, O_RDWR)"), "9: expected `\"`"},
        {"not_a_node", After("fd1 = open(\"/etc/passwd\", O_RDWR)"), "a node is a path below /dev"},
        {"node_number", After("fd1 = open(node 8, O_RDWR)"), "9: at most 8 nodes"},
        {"seventeen_steps",
         std::string(kHead) + kOpen +
             [] {
               std::string text;
               for (int i = 0; i < 16; ++i) text += "lseek(fd0, 0 pages, SEEK_SET)\n";
               return text;
             }(),
         "23: a program has at most 16 steps"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(LoadProgram, SaysWhichFileCannotBeRead) {
  EXPECT_EQ(LoadProgram("/nonexistent/x.prog").error,
            "/nonexistent/x.prog: No such file or directory, name a program file");
  EXPECT_THAT(LoadProgram("/tmp").error, testing::HasSubstr("/tmp: cannot be read"));
}

TEST(LoadProgram, DoesNotReadMegabytes) {
  const std::string path = testing::TempDir() + "/big.prog";
  std::ofstream(path) << std::string(5 << 20, '\n');

  EXPECT_EQ(LoadProgram(path).error, path + ":1: too long for a program: at most 64 KiB");
}

TEST(FormatProfile, IsTheKernelsName) {
  int profile = 0;
  for (const char* name : {"6.1", "6.12", "7.3"}) {
    ASSERT_TRUE(ParseProfile(name, &profile));
    EXPECT_EQ(FormatProfile(profile), name);
  }
  EXPECT_FALSE(ParseProfile("6.2", &profile));
}

}  // namespace
}  // namespace drydock::fuzz
