#include "fuzz/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "fuzz/diagnosis.h"
#include "fuzz/maps_text.h"
#include "fuzz/oracles.h"
#include "fuzz/sanitizer_reports.h"
#include "sim/kernel/driver_runner.h"

namespace drydock::fuzz {

// Looks after each step: first the oracles, then whoever wants to explain.
class Session::Watcher final : public StepObserver {
 public:
  explicit Watcher(Oracles& oracles) : oracles_(oracles) {}
  void set_then(StepObserver* then) { then_ = then; }
  void AfterStep(int step) override {
    oracles_.AfterStep(step);
    if (then_ != nullptr) then_->AfterStep(step);
  }

 private:
  Oracles& oracles_;
  StepObserver* then_ = nullptr;
};

namespace {

// What the address space looks like after one step.
class MapsAfter final : public StepObserver {
 public:
  MapsAfter(World& world, const Executor& executor, int step)
      : world_(world), executor_(executor), step_(step) {}
  void AfterStep(int step) override {
    if (step != step_) return;
    const uint32_t process = executor_.observations()[static_cast<size_t>(step)].process;
    maps = MapsText(world_, executor_.world_process(process));
  }
  std::string maps;

 private:
  World& world_;
  const Executor& executor_;
  const int step_;
};

}  // namespace

Session::Session(const WorkerOptions& options, WorkerPage* page) : page_(page) {
  error_ = options.error;
  if (error_.empty()) error_ = ReadPolicy(options.policy_file, &policy_);
  if (!error_.empty()) return;
  image_ = ReadElfImage(options.driver);
  error_ = image_.error;
  if (!error_.empty()) return;
  if (options.load_trials) {
    SeenViolations seen(image_);
    for (const LoadViolation& found : TryLoads(options).violations) {
      if (seen.IsNew(found.violation)) load_violations_.push_back(found);
    }
  }
  try {
    world_ = std::make_unique<World>(options.world);
  } catch (const std::runtime_error& wrong) {
    error_ = wrong.what();
    return;
  }
  CatchSanitizerReports(&world_->kernel(), &page_->fault_pc);
  error_ = world_->LoadDriver(options.driver, options.params);
  if (!error_.empty()) return;
  world_->Checkpoint();
  oracles_ = std::make_unique<Oracles>(*world_, policy_);
  watcher_ = std::make_unique<Watcher>(*oracles_);
  executor_ = std::make_unique<Executor>(*world_);
  diagnosis_ = std::make_unique<Diagnosis>(*world_, *executor_, *oracles_, &image_);

  encoding_.header.profile = static_cast<uint16_t>(options.world.profile);
  encoding_.header.platform = static_cast<uint8_t>(options.world.platform - hw::Platforms().data());
  encoding_.header.core_guards = options.world.core_guards;
  encoding_.node_count = static_cast<uint8_t>(std::min(nodes().size(), kMaxNodes));
  page_->node_count = encoding_.node_count;
  for (size_t i = 0; i < encoding_.node_count; ++i) {
    std::strncpy(page_->nodes[i], nodes()[i].c_str(), sizeof page_->nodes[i] - 1);
  }
  LearnObjectPages(options.object_pages);
}

Session::~Session() { CatchSanitizerReports(nullptr, nullptr); }

void Session::RunBytes(std::span<const uint8_t> bytes) {
  const size_t size = std::min(bytes.size(), WorkerPage::kMaxInput);
  if (size != 0) std::memcpy(page_->input, bytes.data(), size);
  page_->input_size.store(static_cast<uint32_t>(size), std::memory_order_relaxed);
  page_->executions.store(++executions_, std::memory_order_relaxed);
  DecodeTo(&program_, bytes.first(size), encoding_);
  RunProgram(program_);
  page_->mmaps.store(page_->mmaps.load(std::memory_order_relaxed) + executor_->mmaps(),
                     std::memory_order_relaxed);
  page_->mmaps_ok.store(page_->mmaps_ok.load(std::memory_order_relaxed) + executor_->mmaps_ok(),
                        std::memory_order_relaxed);
}

void Session::RunProgram(const Program& program, StepObserver* then) {
  if (&program != &program_) program_ = program;
  page_->runs.store(++runs_, std::memory_order_relaxed);
  world_->Reset();
  world_->verdicts().Clear();
  watcher_->set_then(then);
  oracles_->Begin();
  executor_->Run(program_, watcher_.get());
  // A trap leaves the kernel in a state that nothing can be said about.
  if (executor_->finished()) oracles_->AfterRun();
}

int Session::NextNew(size_t from) {
  const kernel::Verdicts& verdicts = world_->verdicts();
  for (size_t i = from; i < verdicts.count(); ++i) {
    if (IsConsequence(verdicts[i]) || !seen_.IsNew(verdicts[i])) continue;
    const size_t count = verdicts.count();
    const std::optional<kernel::Violation> named = Named(i);
    if (!named) {
      // A candidate that is refused for good is not reported again: the next one is in its place.
      if (verdicts.count() < count) --i;
      continue;
    }
    // Two oracles that see one mistake of one function tell it once.
    ViolationKey key = seen_.KeyOf(*named);
    key.oracle = 0;
    if (std::find(told_.begin(), told_.end(), key) != told_.end()) continue;
    told_.push_back(key);
    return static_cast<int>(i);
  }
  return -1;
}

// A page-table entry that user space ran into, and that an oracle tells of in the same run.
bool Session::IsConsequence(const kernel::Violation& violation) const {
  if (!violation.of_entry) return false;
  const kernel::Verdicts& verdicts = world_->verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    const bool of_frames =
        verdicts[i].oracle == 1 || verdicts[i].oracle == 2 || verdicts[i].oracle == 18;
    if (of_frames && !verdicts[i].of_entry && verdicts[i].driver_pc == violation.driver_pc) {
      return true;
    }
  }
  return false;
}

std::optional<kernel::Violation> Session::Named(size_t index) {
  kernel::Violation violation = world_->verdicts()[index];
  if (!Diagnosis::Concerns(violation)) return violation;
  const Program program = program_;
  const bool real = diagnosis_->Refine(program, &violation);
  RunProgram(program);
  if (!real) return std::nullopt;
  violation.variant = 0;
  return violation;
}

std::string_view Session::FunctionOf(const kernel::Violation& violation) const {
  return seen_.KeyOf(violation).function;
}

bool Session::IsWanted(const kernel::Violation& violation) const {
  ViolationKey key = seen_.KeyOf(violation);
  if (any_way_) key.variant = wanted_.variant;
  return key == wanted_;
}

size_t Session::FirstWanted() const {
  const kernel::Verdicts& verdicts = world_->verdicts();
  size_t i = 0;
  while (i < verdicts.count() && !IsWanted(verdicts[i])) ++i;
  return i < verdicts.count() ? i : 0;
}

bool Session::Shows(const Program& program) {
  RunProgram(program);
  const kernel::Verdicts& verdicts = world_->verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (IsWanted(verdicts[i])) return true;
  }
  return false;
}

Program Session::MinimiseWanted(const Program& start, size_t* index) {
  const Program best =
      Minimise(start, {.object_pages = encoding_.object_pages, .max_runs = 3000}, *this);
  RunProgram(best);
  *index = FirstWanted();
  return best;
}

Program Session::MinimiseViolation(size_t* index) {
  const kernel::Violation violation = world_->verdicts()[*index];
  const Program start = program_;
  wanted_ = seen_.KeyOf(violation);
  any_way_ = false;
  if (violation.trap == kernel::Trap::kBudget) {
    // Every try would cost the callback's whole time. What comes after it did not run, so it goes.
    Program best = start;
    best.step_count = std::min<uint32_t>(best.step_count, violation.step + 1u);
    std::fill(best.steps.begin() + best.step_count, best.steps.end(), Step{});
    RunProgram(best);
    *index = FirstWanted();
    return best;
  }
  // A mistake that is not one of arithmetic shows itself in every way out of the object: the
  // shortest is told, if diagnosis gives it the same name.
  const std::optional<kernel::Violation> named = Named(*index);
  if (named && wanted_.variant != 0 && named->class_number == violation.class_number) {
    any_way_ = true;
    const Program best = MinimiseWanted(start, index);
    const std::optional<kernel::Violation> again = Named(*index);
    if (again && again->class_number == named->class_number) return best;
    any_way_ = false;
  }
  return MinimiseWanted(start, index);
}

std::string Session::LineOf(size_t index) {
  const std::optional<kernel::Violation> named = Named(index);
  const kernel::Violation violation = named ? *named : world_->verdicts()[index];
  MapsAfter after(*world_, *executor_, violation.step);
  RunProgram(program_, &after);
  return FormatViolationLine({.violation = violation,
                              .function = FunctionOf(violation),
                              .program = program_,
                              .nodes = nodes(),
                              .observations = executor_->observations(),
                              .maps = after.maps,
                              .executions = executions_});
}

std::string Session::LineOf(const LoadViolation& of) const {
  Program program;
  program.header = encoding_.header;
  program.header.load_trial = of.fail_allocation;
  return FormatViolationLine({.violation = of.violation,
                              .function = FunctionOf(of.violation),
                              .program = program,
                              .nodes = nodes(),
                              .observations = {},
                              .maps = {},
                              .executions = 0});
}

void Session::CatchFaultPc(std::atomic<uint64_t>* fault_pc) {
  CatchSanitizerReports(&world_->kernel(), fault_pc);
}

bool Session::MapsPages(uint64_t pages) {
  Program program;
  program.header = encoding_.header;
  program.Add({.call = Call::kOpen, .flags = kOpenReadWrite});
  program.Add({.call = Call::kMmap,
               .flags = kMapShared,
               .prot = kProtRead | kProtWrite,
               .length = Pages(pages)});
  std::array<uint8_t, kMaxEncodedBytes> bytes;
  RunBytes({bytes.data(), Encode(program, encoding_, bytes)});
  return executor_->observations()[1].state == StepState::kRan &&
         executor_->observations()[1].outcome.ok();
}

// The longest mapping that the driver grants is as long as its buffer, if it checks lengths at all.
void Session::LearnObjectPages(uint64_t given) {
  constexpr uint64_t kMost = uint64_t{1} << 20;
  uint64_t longest = given;
  if (given == 0) {
    for (uint64_t pages = 1; pages <= 64; ++pages) {
      if (MapsPages(pages)) longest = pages;
      // A handler that loops costs a second each time: what is known has to do.
      if (LastRunLooped()) return KeepObjectPages(longest);
    }
    uint64_t refused = kMost;
    for (uint64_t pages = 128; pages <= kMost; pages *= 2) {
      if (MapsPages(pages)) {
        longest = pages;
      } else {
        refused = pages;
        break;
      }
    }
    while (longest >= 64 && refused - longest > 1) {
      const uint64_t middle = longest + (refused - longest) / 2;
      (MapsPages(middle) ? longest : refused) = middle;
    }
    if (longest >= kMost - 1) longest = 0;  // it grants anything: nothing was learnt
  }
  KeepObjectPages(longest);
}

bool Session::LastRunLooped() const {
  const kernel::Verdicts& verdicts = world_->verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (verdicts[i].trap == kernel::Trap::kBudget) return true;
  }
  return false;
}

void Session::SetHurried(bool hurried) {
  constexpr double kSeconds = 1.0, kHurriedSeconds = 0.1;
  if (hurried != hurried_) {
    kernel::DriverRunner::InstallSignalHandlers(hurried ? kHurriedSeconds : kSeconds);
  }
  hurried_ = hurried;
}

void Session::ConfirmLoop() {
  const kernel::Verdicts& verdicts = world_->verdicts();
  for (size_t i = 0; hurried_ && i < verdicts.count(); ++i) {
    if (verdicts[i].trap != kernel::Trap::kBudget || seen_.Knows(verdicts[i])) continue;
    SetHurried(false);
    RunProgram(Program(program_));
    return;
  }
}

void Session::NoteTold(size_t index) {
  if (world_->verdicts()[index].trap != kernel::Trap::kBudget) return;
  loops_ = true;
  SetHurried(true);
}

void Session::KeepObjectPages(uint64_t pages) {
  encoding_.object_pages = pages;
  diagnosis_->SetObjectPages(pages);
  page_->object_pages = pages;
}

}  // namespace drydock::fuzz
