#include "kmod/confirm/judge.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kSim = 0x100020, kThere = 0x3a20;  // the buffer's first frame, in each world
constexpr uint64_t kBufferPages = 16;

ptdump_record Vma(uint64_t start, uint64_t pages) {
  ptdump_record record{};
  record.kind = PTDUMP_VMA;
  record.start = start;
  record.end = start + pages * kPage;
  return record;
}

ptdump_record Entries(uint64_t start, uint64_t pages, uint64_t frame) {
  ptdump_record record{};
  record.kind = PTDUMP_RUN;
  record.bits = PTDUMP_PRESENT;
  record.start = start;
  record.end = start + pages * kPage;
  record.frame = frame;
  return record;
}

// open, and mmap of `pages` from `offset` on; what it showed in one world.
struct OneWorld {
  int64_t result = static_cast<int64_t>(kMmapBase - 32 * kPage);
  std::vector<ptdump_record> space;
};

class Mapping {
 public:
  Mapping(uint64_t offset, uint64_t pages) {
    program_.Add({.call = Call::kOpen, .flags = fuzz::kOpenReadWrite});
    program_.Add({.call = Call::kMmap,
                  .flags = fuzz::kMapShared,
                  .prot = fuzz::kProtRead,
                  .offset = fuzz::Pages(offset),
                  .length = fuzz::Pages(pages)});
    for (uint64_t i = 0; i < kBufferPages; ++i) {
      survey_[{0, i}] = {kSim + i, kThere + i, kBufferPages - i};
    }
  }

  Case With(const OneWorld& sim, const OneWorld& there, std::vector<OwnedRun> owned) {
    sim_ = ShownOf(sim);
    there_ = ShownOf(there);
    owned_ = std::move(owned);
    return {program_, nodes_, 1, sim_, there_, owned_, survey_, known_, known_};
  }
  Survey& survey() { return survey_; }

 private:
  static Shown ShownOf(const OneWorld& world) {
    Shown shown;
    shown.steps.resize(2);
    shown.steps[0].shown.ran = shown.steps[1].shown.ran = Ran::kRan;
    shown.steps[0].shown.value = 3;
    shown.steps[0].shown.entries = 0;
    shown.steps[1].shown.value = world.result;
    shown.steps[1].space = world.space;
    shown.steps[1].shown.entries = static_cast<uint32_t>(world.space.size());
    return shown;
  }

  Program program_;
  fuzz::NodePaths nodes_ = {"/dev/pump"};
  Survey survey_;
  KnownFrames known_;
  Shown sim_, there_;
  std::vector<OwnedRun> owned_;
};

constexpr uint64_t kAt = kMmapBase - 32 * kPage;

OneWorld Showing(uint64_t pages, uint64_t frame) {
  return {static_cast<int64_t>(kAt), {Vma(kAt, pages), Entries(kAt, pages, frame)}};
}

TEST(JudgeEntries, ConfirmsAPageBehindTheBuffer) {
  Mapping mapping(0, 17);

  const EntryJudgement judged =
      JudgeEntries(mapping.With(Showing(17, kSim), Showing(17, kThere),
                                {{kAt, 16, kSim, 16}, {kAt + 16 * kPage, 1, kSim + 16, 0}}));

  ASSERT_TRUE(judged.confirmed);
  EXPECT_EQ(judged.confirmed->words, "page 16 of m0 shows frame 0x3a30");
  EXPECT_EQ(judged.confirmed->instead, "the driver's are 0x3a20 to 0x3a2f");
  EXPECT_EQ(judged.confirmed->at, kAt + 16 * kPage);
}

// An address that is shifted too far: another frame in each world, the driver's in neither.
TEST(JudgeEntries, ConfirmsAForeignFrameThatIsAnotherOneThere) {
  Mapping mapping(1, 1);

  const EntryJudgement judged = JudgeEntries(
      mapping.With(Showing(1, kSim >> 1), Showing(1, kThere >> 1), {{kAt, 1, kSim >> 1, 0}}));

  ASSERT_TRUE(judged.confirmed);
  EXPECT_EQ(judged.confirmed->frame, kThere >> 1);
}

TEST(JudgeEntries, TakesAPageOfTheBufferForTheContrary) {
  Mapping mapping(16, 1);

  const EntryJudgement judged = JudgeEntries(
      mapping.With(Showing(1, kSim + 16), Showing(1, kThere + 15), {{kAt, 1, kSim + 16, 0}}));

  EXPECT_FALSE(judged.confirmed);
  EXPECT_EQ(judged.contrary,
            "page 0 of m0 shows frame 0x3a2f, and the driver's are 0x3a20 to 0x3a2f");
}

TEST(JudgeEntries, TakesNoEntryForTheContrary) {
  Mapping mapping(16, 1);
  OneWorld refused;
  refused.result = -EINVAL;

  const EntryJudgement judged =
      JudgeEntries(mapping.With(Showing(1, kSim + 16), refused, {{kAt, 1, kSim + 16, 0}}));

  EXPECT_FALSE(judged.confirmed);
  EXPECT_EQ(judged.contrary, "an address outside of what was asked for has no entry there");
}

// Nobody knows where the buffer is: then nothing is claimed.
TEST(JudgeEntries, ClaimsNothingWithoutASurvey) {
  Mapping mapping(16, 1);
  mapping.survey().clear();

  const EntryJudgement judged = JudgeEntries(
      mapping.With(Showing(1, kSim + 16), Showing(1, kThere + 16), {{kAt, 1, kSim + 16, 0}}));

  EXPECT_TRUE(judged.any_in_simulation);
  EXPECT_FALSE(judged.confirmed);
  EXPECT_EQ(judged.contrary, "");
}

TEST(JudgeEntries, ConfirmsAnOffsetThatIsIgnored) {
  Mapping mapping(2, 1);

  const EntryJudgement judged =
      JudgeEntries(mapping.With(Showing(1, kSim), Showing(1, kThere), {{kAt, 1, kSim, 16}}));

  ASSERT_TRUE(judged.confirmed);
  EXPECT_EQ(judged.confirmed->words, "page 0 of m0 shows page 0 of what offset 0 shows");
}

TEST(JudgeEntries, TakesTheRightPageForTheContrary) {
  Mapping mapping(2, 1);

  const EntryJudgement judged =
      JudgeEntries(mapping.With(Showing(1, kSim), Showing(1, kThere + 2), {{kAt, 1, kSim, 16}}));

  EXPECT_FALSE(judged.confirmed);
  EXPECT_EQ(judged.contrary, "page 0 of m0 shows page 2 of what offset 0 shows");
}

TEST(JudgeEntries, ConfirmsAnEntryOutsideOfEveryMapping) {
  Mapping mapping(0, 1);
  OneWorld sim = Showing(1, kSim), there = Showing(1, kThere);
  sim.space[1] = Entries(kAt, 2, kSim);
  there.space[1] = Entries(kAt, 2, kThere);

  const EntryJudgement judged = JudgeEntries(mapping.With(sim, there, {{kAt, 2, kSim, 16}}));

  ASSERT_TRUE(judged.confirmed);
  EXPECT_EQ(judged.confirmed->words, "an entry for frame 0x3a21 lies outside of every mapping");
}

TEST(JudgeEntries, SeesNothingWrongWhereNothingIs) {
  Mapping mapping(0, 2);

  const EntryJudgement judged =
      JudgeEntries(mapping.With(Showing(2, kSim), Showing(2, kThere), {{kAt, 2, kSim, 16}}));

  EXPECT_FALSE(judged.any_in_simulation);
  EXPECT_FALSE(judged.confirmed);
}

TEST(JudgeSame, ConfirmsWhatIsEqual) {
  Mapping mapping(0, 1);
  const OneWorld world = Showing(1, 7);

  const Judgement judged = JudgeSame(mapping.With(world, world, {}));

  EXPECT_EQ(judged.verdict, Verdict::kConfirmed);
  EXPECT_EQ(judged.shown,
            "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages) = ok at -32; "
            "[-32,-31) pgoff 0 , prot UC r-");
}

TEST(JudgeSame, RefutesAnotherResult) {
  Mapping mapping(0, 1);
  OneWorld refused;
  refused.result = -EINVAL;

  const Judgement judged = JudgeSame(mapping.With(Showing(1, 7), refused, {}));

  EXPECT_EQ(judged.verdict, Verdict::kRefuted);
  EXPECT_EQ(judged.shown,
            "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages): EINVAL, where the "
            "simulation has ok at -32");
}

TEST(JudgeSame, RefutesAnotherEntry) {
  Mapping mapping(0, 1);
  OneWorld there = Showing(1, 7);
  there.space[1].bits |= PTDUMP_WRITE;

  EXPECT_EQ(JudgeSame(mapping.With(Showing(1, 7), there, {})).verdict, Verdict::kRefuted);
}

TEST(WithDriversPath, CallsTheDriversFilesAsTheUserDoes) {
  const std::string stage = "/home/a/.cache/drydock/modules/6.1-kasan/part.Ab3xYz/pump/";
  const struct {
    const char* name;
    std::string complaint, driver, wanted;
  } rows[] = {
      {"UBSAN", "UBSAN: shift-out-of-bounds in " + stage + "pump.c:12:3", "drivers/pump/pump.c",
       "UBSAN: shift-out-of-bounds in drivers/pump/pump.c:12:3"},
      {"a BUG", "kernel BUG at " + stage + "pump.c:7!", "/src/pump/pump.c",
       "kernel BUG at /src/pump/pump.c:7!"},
      {"a file beside it", "WARNING: CPU: 0 PID: 9 at " + stage + "pump_io.c:3 pump_map+0x1/0x9",
       "pump.c", "WARNING: CPU: 0 PID: 9 at pump_io.c:3 pump_map+0x1/0x9"},
      {"the path first", stage + "pump.c:1 and " + stage + "b.c:2", "p/pump.c",
       "p/pump.c:1 and p/b.c:2"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(WithDriversPath(row.complaint, "pump", row.driver), row.wanted) << row.name;
  }
}

TEST(WithDriversPath, LeavesWhatIsNotOfTheModulesFolder) {
  for (const char* complaint :
       {"", "BUG: KASAN: use-after-free in pump_map+0x12/0x30 [pump]",
        "kernel BUG at mm/memory.c:1!", "kernel BUG at /a/part.Ab3xYz/other/pump.c:7!",
        "kernel BUG at /a/part.Ab3xYz", "/part.", "at /spare/part.pump/pump.c:7"}) {
    EXPECT_EQ(WithDriversPath(complaint, "pump", "p/pump.c"), complaint);
  }
}

TEST(FrameAt, IsThatOfThePageAndNoneOfASwappedOne) {
  std::vector<ptdump_record> space = {Vma(kAt, 3), Entries(kAt, 2, 7)};
  EXPECT_EQ(FrameAt(space, kAt + kPage), 8u);
  EXPECT_EQ(FrameAt(space, kAt + 2 * kPage), std::nullopt);
  EXPECT_EQ(FrameAt(space, kAt - 1), std::nullopt);
  space[1].bits = PTDUMP_SWAP;
  EXPECT_EQ(FrameAt(space, kAt), std::nullopt);
}

TEST(WordsOfPage, SayWhatTheKernelSays) {
  EXPECT_EQ(WordsOfPage(0, 0), "no memory of the machine");
  EXPECT_EQ(WordsOfPage(8, uint64_t{1} << 20), "no memory of the machine");
  EXPECT_EQ(WordsOfPage(8, 1 << 10), "free memory");
  EXPECT_EQ(WordsOfPage(8, 1 << 7), "the slab allocator's");
  EXPECT_EQ(WordsOfPage(8, uint64_t{1} << 32), "the kernel's own");
  EXPECT_EQ(WordsOfPage(8, 0), "memory in use");
  EXPECT_EQ(WordsOfPage(-EFAULT, 1 << 7), "");
  EXPECT_FALSE(IsSlabPage(0, 1 << 7));
  EXPECT_FALSE(IsFreePage(-EPERM, 1 << 10));
}

TEST(WordsOfMark, KnowTheMarksAlone) {
  EXPECT_NE(WordsOfMark(0x6b), "");
  EXPECT_NE(WordsOfMark(0xaa), "");
  EXPECT_EQ(WordsOfMark(0), "");
  EXPECT_EQ(WordsOfMark(0x5a), "");  // also what programs store
}

}  // namespace
}  // namespace drydock::kmod
