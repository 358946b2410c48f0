// The proof of reset: whatever ran before, a program does the same as in a world where it is the
// first one.
//
// A fresh world is a child process: it is forked after the driver was loaded and before any program
// ran, so it is the world as loading left it, at the same addresses, and has never been reset. It
// takes its memory to itself, runs one program and tells what that showed.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/executor.h"
#include "fuzz/program_bytes.h"
#include "fuzz/program_text.h"
#include "sim/kernel/verdict.h"
#include "sim/world.h"

namespace drydock::fuzz {
namespace {

constexpr char kDriver[] = "driver_core/dma_buffer.so";
constexpr size_t kRandomPrograms = 60;
constexpr size_t kRandomPairs = 240;

// What one run showed; bytes that a pipe can carry.
struct Shown {
  uint64_t state_hash;
  uint64_t verdicts;
  uint64_t finished;
  uint64_t step_count;
  struct Step {
    int64_t value;
    uint64_t data;
    uint32_t process;
    uint8_t signal, trapped, state, reserved;
    friend bool operator==(const Step&, const Step&) = default;
  } steps[kMaxSteps + 1];
  friend bool operator==(const Shown&, const Shown&) = default;
};
static_assert(std::has_unique_object_representations_v<Shown>);

struct Named {
  std::string name;
  Program program;
};

std::vector<Named> CorpusPrograms(const NodePaths& nodes) {
  std::vector<Named> programs;
  for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus")) {
    ParsedProgram parsed = LoadProgram(entry.path().string());
    EXPECT_EQ(parsed.error, "");
    EXPECT_EQ(RenumberNodes(parsed.nodes, nodes, &parsed.program), "");
    programs.push_back({entry.path().stem().string(), parsed.program});
  }
  std::sort(programs.begin(), programs.end(),
            [](const Named& a, const Named& b) { return a.name < b.name; });
  return programs;
}

std::vector<Named> RandomPrograms() {
  std::mt19937 random(20240229);
  std::vector<Named> programs;
  for (size_t i = 0; i < kRandomPrograms; ++i) {
    std::array<uint8_t, 96> bytes;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const size_t size = 8 + random() % (bytes.size() - 8);
    programs.push_back(
        {"random " + std::to_string(i), Decode({bytes.data(), size}, {.object_pages = 16})});
  }
  return programs;
}

using Params = std::vector<std::pair<std::string, std::string>>;
struct Config {
  const char* name;
  Params params;
  int profile;
};
void PrintTo(const Config& config, std::ostream* out) { *out << config.name; }

class ResetTest : public ::testing::TestWithParam<Config> {
 protected:
  void SetUp() override {
    WorldOptions options;
    options.profile = GetParam().profile;
    world_ = std::make_unique<World>(options);
    ASSERT_EQ(world_->LoadDriver(kDriver, GetParam().params), "");
    world_->Checkpoint();
    executor_ = std::make_unique<Executor>(*world_);
    programs_ = CorpusPrograms(world_->nodes());
    corpus_ = programs_.size();
    ASSERT_GE(corpus_, 15u);
    for (const Named& program : RandomPrograms()) programs_.push_back(program);
    for (const Named& program : programs_) {
      fresh_.emplace_back();
      ASSERT_TRUE(RunInFreshWorld(program.program, &fresh_.back())) << program.name;
    }
  }

  Shown Run(const Program& program) {
    world_->verdicts().Clear();
    executor_->Run(program, nullptr);
    Shown shown{};
    shown.state_hash = world_->StateHash();
    shown.verdicts = world_->verdicts().count();
    shown.finished = executor_->finished() ? 1 : 0;
    for (const Observation& seen : executor_->observations()) {
      shown.steps[shown.step_count++] = {.value = seen.outcome.value,
                                         .data = seen.data,
                                         .process = seen.process,
                                         .signal = static_cast<uint8_t>(seen.outcome.signal),
                                         .trapped = seen.outcome.trapped,
                                         .state = static_cast<uint8_t>(seen.state),
                                         .reserved = 0};
    }
    return shown;
  }

  bool RunInFreshWorld(const Program& program, Shown* shown) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
      world_->UnshareAfterFork();
      const Shown seen = Run(program);
      _exit(write(ends[1], &seen, sizeof seen) == sizeof seen ? 0 : 1);
    }
    close(ends[1]);
    // (Shorter than what a pipe takes at once.)
    const bool whole = read(ends[0], shown, sizeof *shown) == sizeof *shown;
    close(ends[0]);
    int status = 0;
    return waitpid(child, &status, 0) == child && status == 0 && whole;
  }

  // A, reset, B; the world is put back before and after. (The reset after B is looked at where B
  // comes first.)
  void CheckPair(size_t a, size_t b) {
    Run(programs_[a].program);
    Reset(a);
    const Shown shown = Run(programs_[b].program);
    if (shown != fresh_[b]) {
      ADD_FAILURE() << programs_[b].name << " after " << programs_[a].name
                    << " is not what it is in a fresh world"
                    << (shown.state_hash != fresh_[b].state_hash ? ": another state" : "")
                    << (std::memcmp(shown.steps, fresh_[b].steps, sizeof shown.steps) != 0
                            ? ": other results"
                            : "");
    }
    world_->Reset();
  }
  void Reset(size_t after) {
    world_->Reset();
    const char* difference = world_->FirstDifference();
    if (difference == nullptr) return;
    ADD_FAILURE() << "reset does not put back " << difference << " after " << programs_[after].name
                  << ": " << FormatProgram(programs_[after].program, world_->nodes());
  }

  std::unique_ptr<World> world_;
  std::unique_ptr<Executor> executor_;
  std::vector<Named> programs_;  // those of the corpus first
  size_t corpus_ = 0;
  std::vector<Shown> fresh_;  // of each program
};

TEST_P(ResetTest, EachCorpusProgramAfterEachOtherIsAsInAFreshWorld) {
  for (size_t a = 0; a < corpus_ && !HasFailure(); ++a) {
    for (size_t b = 0; b < corpus_ && !HasFailure(); ++b) CheckPair(a, b);
  }
}

TEST_P(ResetTest, RandomProgramsOneAfterTheOtherAreAsInAFreshWorld) {
  std::mt19937 random(7);
  for (size_t a = corpus_; a < programs_.size() && !HasFailure(); ++a) CheckPair(a, a);
  for (size_t i = 0; i < kRandomPairs && !HasFailure(); ++i) {
    CheckPair(random() % programs_.size(), random() % programs_.size());
  }
}

TEST_P(ResetTest, ProgramsDifferFromOneAnother) {
  // Else the others would prove nothing.
  size_t mapped = 0;
  for (size_t i = 0; i < programs_.size(); ++i) {
    const Program& program = programs_[i].program;
    for (size_t s = 0; s < program.step_count; ++s) {
      mapped += program.steps[s].call == Call::kMmap && fresh_[i].steps[s].value > 0;
    }
  }
  EXPECT_GT(mapped, programs_.size() / 2);
  EXPECT_NE(fresh_[0].state_hash, fresh_[1].state_hash);
}

INSTANTIATE_TEST_SUITE_P(
    Configs, ResetTest,
    ::testing::Values(Config{"Remap", {}, 601},
                      Config{"RemapUncached", {{"cache", "uncached"}}, 703},
                      Config{"DmaMmapWriteCombining",
                             {{"method", "dma_mmap"}, {"cache", "wc"}, {"size", "65000"}},
                             601}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock::fuzz
