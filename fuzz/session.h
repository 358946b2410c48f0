// One loaded driver under test: runs programs one after another, each on a world that was put back,
// with all oracles on, and says what is new about the violations they show.
#ifndef DRYDOCK_FUZZ_SESSION_H_
#define DRYDOCK_FUZZ_SESSION_H_

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fuzz/elf_image.h"
#include "fuzz/executor.h"
#include "fuzz/load_trials.h"
#include "fuzz/minimise.h"
#include "fuzz/policy.h"
#include "fuzz/program_bytes.h"
#include "fuzz/violation_log.h"
#include "fuzz/worker_options.h"
#include "fuzz/worker_page.h"
#include "sim/world.h"

namespace drydock::fuzz {

class Diagnosis;
class Oracles;

class Session final : public Reproducer {
 public:
  // Loads the driver and finds out how big its buffer is. On failure error() says why, in one line.
  // `page` is where progress is told; its input is written before each run.
  Session(const WorkerOptions& options, WorkerPage* page);
  ~Session() override;

  const std::string& error() const { return error_; }
  const Encoding& encoding() const { return encoding_; }
  World& world() const { return *world_; }
  Executor& executor() { return *executor_; }
  const NodePaths& nodes() const { return world_->nodes(); }
  const ElfImage& image() const { return image_; }

  // What loading the driver showed while memory ran out, and unloading it: each once. Known to the
  // session alone; no run shows them again.
  const std::vector<LoadViolation>& load_violations() const { return load_violations_; }
  std::string LineOf(const LoadViolation& of) const;

  // Decodes and runs. No allocation.
  void RunBytes(std::span<const uint8_t> bytes);
  // Runs a program on a world that was put back; `then`, if any, is told of each step after the
  // oracles.
  void RunProgram(const Program& program, StepObserver* then = nullptr);
  const Program& program() const { return program_; }  // the one that ran last

  // Index of the next violation of the last run from `from` on that was not seen before, and that
  // diagnosis confirms; -1: none. The last run stays the last run.
  int NextNew(size_t from);
  // Violation `index` of the last run as diagnosis names it; nothing if it finds nothing wrong.
  std::optional<kernel::Violation> Named(size_t index);
  std::string_view FunctionOf(const kernel::Violation& violation) const;

  // A callback has a second to return; once one was told to loop, a tenth of that, so that the run
  // goes on. If the last run met a loop that is not known yet, it is repeated with all the time.
  void ConfirmLoop();
  // Violation `index` of the last run was told; and what there was to tell is told.
  void NoteTold(size_t index);
  void EndTelling() { SetHurried(loops_); }

  // The shortest program that shows violation `index` of the last run; of one that loops, the
  // program up to there. The last run is then its run, and `index` is where the violation is in it.
  Program MinimiseViolation(size_t* index);
  // From now on a report that ends the process leaves its place there.
  void CatchFaultPc(std::atomic<uint64_t>* fault_pc);
  // The line that tells of violation `index` of the last run, which is run once more for it.
  std::string LineOf(size_t index);

 private:
  class Watcher;
  bool Shows(const Program& program) override;
  bool IsWanted(const kernel::Violation& violation) const;
  size_t FirstWanted() const;  // of the last run; 0 if there is none
  Program MinimiseWanted(const Program& start, size_t* index);
  bool IsConsequence(const kernel::Violation& violation) const;
  void LearnObjectPages(uint64_t given);
  void KeepObjectPages(uint64_t pages);
  bool LastRunLooped() const;
  void SetHurried(bool hurried);
  bool MapsPages(uint64_t pages);

  std::string error_;
  std::vector<LoadViolation> load_violations_;
  WorkerPage* page_;
  ElfImage image_;
  SeenViolations seen_{image_};
  Policy policy_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Oracles> oracles_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Diagnosis> diagnosis_;
  std::vector<ViolationKey> told_;  // by the names that diagnosis gave
  Encoding encoding_;
  Program program_;
  ViolationKey wanted_;
  bool any_way_ = false;  // a request may leave the object in another way than the wanted one's
  uint64_t executions_ = 0;
  uint64_t runs_ = 0;
  bool loops_ = false;
  bool hurried_ = false;
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_SESSION_H_
