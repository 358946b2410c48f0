#include "fuzz/load_trials.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>

#include "fuzz/sanitizer_reports.h"
#include "sim/world.h"

namespace drydock::fuzz {
namespace {

constexpr uint32_t kMostAllocations = 256;  // of one load
constexpr int kMostDeaths = 4;
constexpr unsigned kPatienceSeconds = 20;  // for all the trials of one process

// What a trial says: written whole, so that nothing is lost when the driver ends the process.
struct Record {
  enum Kind : uint32_t { kViolation, kTrialDone, kNoMore } kind = kNoMore;
  uint32_t fail_allocation = 0;
  kernel::Violation violation;  // kViolation
  char error[512] = {};         // kTrialDone: what insmod said
};

// Where the child is; both see it.
struct Progress {
  std::atomic<uint32_t> trial{0};
  std::atomic<uint64_t> fault_pc{0};
  std::atomic<bool> after_use{false};  // a program runs, and is no part of the trial
};

class Shared {
 public:
  Shared() {
    void* memory =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) progress_ = new (memory) Progress;
  }
  ~Shared() {
    if (progress_ != nullptr) munmap(progress_, sizeof(Progress));
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  Progress* get() const { return progress_; }

 private:
  Progress* progress_ = nullptr;
};

void Send(int to, const Record& record) {
  if (write(to, &record, sizeof record) != sizeof record) _exit(3);
}

bool IsOneOf(const std::vector<kernel::Violation>& known, const kernel::Violation& violation) {
  for (const kernel::Violation& other : known) {
    if (other.class_number == violation.class_number && other.trap == violation.trap &&
        other.driver_pc == violation.driver_pc) {
      return true;
    }
  }
  return false;
}

// What unloading shows when a program has used the driver, and showed not before.
void TryUnload(const WorkerOptions& options, World& world, int to, Progress* progress) {
  std::vector<kernel::Violation> known;
  for (size_t i = 0; i < world.verdicts().count(); ++i) known.push_back(world.verdicts()[i]);
  world.verdicts().Clear();
  progress->after_use = true;
  world.TryUnloadAfterUse(options.driver, options.params);
  progress->after_use = false;
  for (size_t i = 0; i < world.verdicts().count(); ++i) {
    if (IsOneOf(known, world.verdicts()[i])) continue;
    Send(to, {.kind = Record::kViolation,
              .fail_allocation = 0,
              .violation = world.verdicts()[i],
              .error = {}});
  }
}

// Trials first..last, until one in which no allocation failed. In the child.
void RunTrials(const WorkerOptions& options, uint32_t first, uint32_t last, int to,
               Progress* progress) {
  World world(options.world);
  CatchSanitizerReports(&world.kernel(), &progress->fault_pc);
  for (uint32_t n = first; n <= last; ++n) {
    progress->trial = n;
    world.verdicts().Clear();
    const World::LoadTrial trial = world.TryLoad(options.driver, options.params, n);
    // Without a failure it does not load: that is for whoever loads it to say. And the last trial,
    // in which no allocation was left to fail, is the first once more.
    const bool never_loads = n == 0 && !trial.error.empty();
    const bool no_more = n != 0 && !trial.allocation_failed;
    for (size_t i = 0; i < world.verdicts().count() && !never_loads && !no_more; ++i) {
      Send(to, {.kind = Record::kViolation,
                .fail_allocation = n,
                .violation = world.verdicts()[i],
                .error = {}});
    }
    if (n == 0 && !never_loads) TryUnload(options, world, to, progress);
    Record done{.kind = Record::kTrialDone, .fail_allocation = n, .violation = {}, .error = {}};
    std::snprintf(done.error, sizeof done.error, "%s", trial.error.c_str());
    Send(to, done);
    if (never_loads || no_more) break;
  }
  Send(to, {});
}

bool ReadRecord(int from, Record* record) {
  auto* bytes = reinterpret_cast<char*>(record);
  for (size_t done = 0; done < sizeof *record;) {
    const ssize_t count = read(from, bytes + done, sizeof *record - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// What ended the child in the middle of a trial.
LoadViolation DeathOf(const Progress& progress, int status) {
  LoadViolation death{.fail_allocation = progress.trial, .violation = {}};
  kernel::Violation& violation = death.violation;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  violation.oracle = 14;
  violation.driver_pc = progress.fault_pc;
  std::snprintf(violation.expected, sizeof violation.expected, "an insmod that comes back");
  const char* what = "a sanitizer ended the process";
  violation.trap = kernel::Trap::kSanitizer;
  if (signal == SIGALRM) {
    violation.trap = kernel::Trap::kBudget;
    what = "insmod does not come back";
  } else if (signal == SIGSEGV || signal == SIGBUS) {
    violation.trap = kernel::Trap::kOops;
    what = "a segmentation fault ended the process";
  } else if (signal != 0 && violation.driver_pc == 0) {
    // An abort that no report of the driver's code came before is the simulation's own.
    violation.trap = kernel::Trap::kUnmodelled;
    what = "the simulation stopped: please report it with the driver";
  }
  std::snprintf(violation.seen, sizeof violation.seen, "%s", what);
  return death;
}

class Trials {
 public:
  Trials(const WorkerOptions& options, uint32_t first, uint32_t last)
      : options_(options), next_(first), last_(last) {}

  LoadTrials Run(std::string* result) {
    for (int deaths = 0; next_ <= last_ && deaths < kMostDeaths && shared_.get() != nullptr;) {
      if (RunProcess(result)) break;
      ++deaths;
      next_ = shared_.get()->trial + 1;
    }
    return std::move(found_);
  }

 private:
  // True if there is nothing more to try.
  bool RunProcess(std::string* result) {
    Progress& progress = *shared_.get();
    progress.trial = next_;
    progress.fault_pc = 0;
    progress.after_use = false;
    int ends[2];
    if (pipe(ends) != 0) return true;
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      // The watchdog of DriverRunner ends callbacks; this one ends what that cannot.
      signal(SIGALRM, SIG_DFL);
      alarm(kPatienceSeconds);
      try {
        RunTrials(options_, next_, last_, ends[1], &progress);
      } catch (const std::runtime_error&) {
        Send(ends[1], {});  // a bad device text: whoever loads the driver says so
      }
      _exit(0);
    }
    close(ends[1]);
    if (child < 0) {
      close(ends[0]);
      return true;
    }
    bool finished = false;
    for (Record record; !finished && ReadRecord(ends[0], &record);) {
      if (record.kind == Record::kViolation) {
        found_.violations.push_back({record.fail_allocation, record.violation});
      } else if (record.kind == Record::kTrialDone) {
        ++found_.trials;
        *result = record.error;
      }
      finished = record.kind == Record::kNoMore;
    }
    close(ends[0]);
    int status = 0;
    if (waitpid(child, &status, 0) != child) return true;
    if (finished) return true;
    // How programs end the driver the fuzzer finds out.
    if (progress.after_use) return false;
    found_.violations.push_back(DeathOf(progress, status));
    return false;
  }

  const WorkerOptions& options_;
  uint32_t next_;
  const uint32_t last_;
  Shared shared_;
  LoadTrials found_;
};

}  // namespace

LoadTrials TryLoads(const WorkerOptions& options) {
  std::string result;
  return Trials(options, 0, kMostAllocations).Run(&result);
}

LoadTrials TryLoad(const WorkerOptions& options, uint32_t fail_allocation, std::string* result) {
  return Trials(options, fail_allocation, fail_allocation).Run(result);
}

}  // namespace drydock::fuzz
