#include "kmod/observe/shown_text.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

#include "sim/kernel/vm_flags.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;

constexpr uint16_t kRead = PTDUMP_PRESENT;
constexpr uint64_t kShared = kernel::kVmRead | kernel::kVmShared | kernel::kVmMayShare;

uint64_t At(int64_t page) { return kMmapBase + static_cast<uint64_t>(page * 4096); }

ptdump_record Vma(int64_t from, int64_t to, uint64_t pgoff, uint64_t flags) {
  ptdump_record record{};
  record.kind = PTDUMP_VMA;
  record.cache = PTDUMP_WB;
  record.start = At(from);
  record.end = At(to);
  record.frame = pgoff;
  record.flags = flags;
  return record;
}

ptdump_record Entries(int64_t from, int64_t to, uint64_t frame, uint16_t bits,
                      uint16_t cache = PTDUMP_WB) {
  ptdump_record record{};
  record.kind = PTDUMP_RUN;
  record.bits = bits;
  record.cache = cache;
  record.start = At(from);
  record.end = At(to);
  record.frame = frame;
  return record;
}

// A program of stores and what its steps left of the address space.
std::vector<StepText> TextsOf(const std::vector<std::vector<ptdump_record>>& spaces,
                              const KnownFrames& known = {}) {
  Program program;
  Shown shown;
  for (const auto& space : spaces) {
    program.Add({.call = Call::kStore, .length = 1});
    Step step{};
    step.shown.ran = Ran::kRan;
    step.shown.entries = static_cast<uint32_t>(space.size());
    step.space = space;
    shown.steps.push_back(step);
  }
  return TextOf(program, shown, known);
}

using Lines = std::vector<std::string>;

TEST(ShownText, NamesPlacesFromTheBaseAndFramesByWhatTheyAre) {
  const KnownFrames known = {{500, {"n0", 3}}, {501, {"n0", 4}}, {900, {"n1", 0}}};
  const auto texts =
      TextsOf({{Vma(-6, -1, 2, kShared), Entries(-6, -4, 500, kRead | PTDUMP_SPECIAL),
                Entries(-4, -3, 900, kRead | PTDUMP_WRITE | PTDUMP_DIRTY),
                Entries(-3, -2, 77, kRead | PTDUMP_ANON | PTDUMP_ACCESSED),
                Entries(-2, -1, 1, PTDUMP_ZERO | PTDUMP_EXEC, PTDUMP_UC_MINUS)}},
              known);
  EXPECT_EQ(texts[0].space, (Lines{
                                "[-6,-1) pgoff 2 rd sh ms, prot WB r-",
                                "  +0 2 pages n0+3 WB r-- special",
                                "  +2 1 page n1+0 WB rw- dirty",
                                "  +3 1 page a0 WB r-- accessed",
                                "  +4 1 page zero UC- --x",
                            }));
}

TEST(ShownText, ARunIsCutWhereTheNamesEnd) {
  const KnownFrames known = {{500, {"n0", 3}}, {501, {"n0", 9}}};
  const auto texts = TextsOf({{Vma(-3, 0, 0, kShared), Entries(-3, 0, 500, kRead)}}, known);
  EXPECT_EQ(texts[0].space, (Lines{
                                "[-3,0) pgoff 0 rd sh ms, prot WB r-",
                                "  +0 1 page n0+3 WB r--",
                                "  +1 1 page n0+9 WB r--",
                                "  +2 1 page x0 WB r--",
                            }));
}

// Whichever frame the kernel takes, and whether neighbours are one run in its tables.
TEST(ShownText, OtherFramesWithTheSameMeaningAreTheSameText) {
  const auto one = TextsOf({{Vma(-2, 0, 0, kShared), Entries(-2, 0, 40, kRead | PTDUMP_ANON)}});
  const auto two = TextsOf({{Vma(-2, 0, 0, kShared), Entries(-2, -1, 7, kRead | PTDUMP_ANON),
                             Entries(-1, 0, 3, kRead | PTDUMP_ANON)}});
  EXPECT_EQ(one, two);
}

TEST(ShownText, ANameLastsAsLongAsTheFrameIsMapped) {
  const std::vector<ptdump_record> first = {Vma(-1, 0, 0, kShared),
                                            Entries(-1, 0, 40, kRead | PTDUMP_ANON)};
  const auto texts = TextsOf({first, first, {}, first});
  EXPECT_EQ(texts[0].space[1], "  +0 1 page a0 WB r--");
  EXPECT_EQ(texts[1].space[1], "  +0 1 page a0 WB r--");
  EXPECT_EQ(texts[3].space[1], "  +0 1 page a1 WB r--");
}

TEST(ShownText, EntriesOutsideOfMappingsAreTold) {
  const auto texts =
      TextsOf({{Entries(-9, -8, 5, kRead), Vma(-4, -2, 0, kShared), Entries(-3, 0, 6, kRead)}});
  EXPECT_EQ(texts[0].space, (Lines{
                                "[-4,-2) pgoff 0 rd sh ms, prot WB r-",
                                "  +1 1 page x1 WB r--",
                                "outside:",
                                "  -9 1 page x0 WB r--",
                                "  -2 2 pages x2 WB r--",
                            }));
}

// RP2: vm_pgoff of a mapping that is copied on write is a frame's number.
TEST(ShownText, AFrameThatIsAnOffsetIsNamed) {
  const uint64_t cow = kernel::kVmRead | kernel::kVmMayWrite | kernel::kVmPfnMap;
  const KnownFrames known = {{500, {"n0", 3}}};
  EXPECT_EQ(TextsOf({{Vma(-1, 0, 500, cow)}}, known)[0].space[0],
            "[-1,0) pgoff of n0+3 rd mw pf, prot WB r-");
  EXPECT_EQ(TextsOf({{Vma(-1, 0, 501, cow)}}, known)[0].space[0],
            "[-1,0) pgoff of a frame rd mw pf, prot WB r-");
  EXPECT_EQ(TextsOf({{Vma(-1, 0, 3, cow)}}, known)[0].space[0],
            "[-1,0) pgoff 3 rd mw pf, prot WB r-");
  EXPECT_EQ(TextsOf({{Vma(-1, 0, 500, kShared | kernel::kVmPfnMap)}}, known)[0].space[0],
            "[-1,0) pgoff 500 rd sh ms pf, prot WB r-");
}

// A driver that gets its device again allocates anew, from wherever the kernel likes.
TEST(ShownText, KnownFramesAreNoLongerKnownOnceADeviceIsBoundAgain) {
  const auto text_of = [](uint64_t frame) {
    Program program;
    Shown shown;
    for (const Call call : {Call::kStore, Call::kBind, Call::kStore}) {
      program.Add({.call = call, .length = 1});
      Step step{};
      step.shown.ran = Ran::kRan;
      step.shown.entries = 2;
      step.space = {Vma(-1, 0, 0, kShared), Entries(-1, 0, frame, kRead)};
      shown.steps.push_back(step);
    }
    return TextOf(program, shown, {{500, {"n0", 3}}});
  };
  EXPECT_EQ(text_of(500)[0].space[1], "  +0 1 page n0+3 WB r--");
  EXPECT_EQ(text_of(500)[2], text_of(7)[2]);
}

TEST(ShownText, ResultsAreErrnosPlacesAndSignals) {
  struct Row {
    Call call;
    StepShown shown;
    const char* text;
  };
  const auto ran = [](int64_t value, uint8_t signal = 0, int32_t code = 0, uint64_t data = 0) {
    StepShown shown = {};
    shown.ran = Ran::kRan;
    shown.entries = kNoSpace;
    shown.value = value;
    shown.signal = signal;
    shown.signal_code = code;
    shown.data = data;
    return shown;
  };
  const Row rows[] = {
      {Call::kMmap, ran(static_cast<int64_t>(At(-5))), "ok at -5"},
      {Call::kMmap, ran(static_cast<int64_t>(At(-5) + 12)), "ok at -5p+12"},
      {Call::kMmap, ran(-EAGAIN), "EAGAIN"},
      {Call::kOpen, ran(3), "3"},
      {Call::kLoad, ran(0, 0, 0, 0x7f), "0x7f"},
      {Call::kLoad, ran(0, SIGSEGV, SEGV_MAPERR), "SIGSEGV (SEGV_MAPERR)"},
      {Call::kLoad, ran(0, SIGSEGV, SEGV_ACCERR), "SIGSEGV (SEGV_ACCERR)"},
      {Call::kLoad, ran(0, SIGSEGV, SI_KERNEL), "SIGSEGV (SI_KERNEL)"},
      {Call::kLoad, ran(0, SIGSEGV, SEGV_PKUERR), "signal 11 (code 4)"},
      {Call::kLoad, ran(0, SIGBUS, BUS_ADRERR), "SIGBUS (BUS_ADRERR)"},
      {Call::kLoad, ran(0, SIGBUS, BUS_MCEERR_AR), "signal 7 (code 4)"},
      {Call::kStore, ran(0, SIGKILL), "signal 9 (code 0)"},
      {Call::kMunmap, {}, "not run"},
  };
  for (const Row& row : rows) {
    Program program;
    program.Add({.call = row.call, .length = 1});
    Shown shown;
    shown.steps.push_back({.shown = row.shown, .space = {}});
    EXPECT_EQ(TextOf(program, shown, {})[0].result, row.text);
  }
}

TEST(ShownText, TheLastStepSaysHowAProgramEndedThatDidNotGoOn) {
  Program program;
  for (int i = 0; i < 3; ++i) program.Add({.call = Call::kMunmap});
  Shown shown;
  shown.steps.resize(3);
  for (Step& step : shown.steps) step.shown.entries = kNoSpace;
  shown.steps[0].shown.ran = shown.steps[1].shown.ran = Ran::kRan;
  shown.ending = Ending::kBlocked;
  const auto texts = TextOf(program, shown, {});
  EXPECT_EQ(texts[0].result, "ok");
  EXPECT_EQ(texts[1].result, "does not come back");
  EXPECT_EQ(texts[2].result, "not run");
  shown.ending = Ending::kHung;
  shown.said = "the guest's kernel panicked";
  EXPECT_EQ(TextOf(program, shown, {})[1].result, "the guest's kernel panicked");
}

}  // namespace
}  // namespace drydock::kmod
