// Programs on one kernel: each driver in both worlds, batch by batch, compared.
#ifndef DRYDOCK_KMOD_CONFORM_KERNEL_RUN_H_
#define DRYDOCK_KMOD_CONFORM_KERNEL_RUN_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/minimise.h"
#include "kmod/conform/comparison.h"
#include "kmod/conform/conform.h"
#include "kmod/conform/driver_table.h"
#include "kmod/conform/guest_side.h"
#include "kmod/conform/mix.h"
#include "kmod/conform/program_set.h"
#include "kmod/conform/sim_side.h"
#include "kmod/runner/kernel_store.h"

namespace drydock::kmod {

struct Tally {
  size_t programs = 0, observations = 0, differences = 0, known = 0;
  size_t not_comparable = 0, too_much = 0, not_modelled = 0, risky = 0, risky_run = 0;
  double sim_seconds = 0, guest_seconds = 0, compare_seconds = 0;
};

// A driver of the table in both worlds.
struct Subject {
  DriverRow row;
  ModuleOfDriver module;
  std::string object;  // path: what the simulation loads
  DriverInGuest in_guest;
  std::unique_ptr<SimSide> sim;  // while it is the subject's turn
  uint64_t object_pages = 0;
  std::vector<NamedProgram> programs;
};

class KernelRun {
 public:
  // `folder` is for files of this run. All outlive it.
  KernelRun(const ConformOptions& options, const StoredKernel& kernel, const std::string& folder,
            KnownDifferences* known);

  // Compiles the drivers for both worlds. "" or one line.
  std::string Prepare(const std::vector<DriverRow>& rows);
  // Runs all programs and prints the differences. "" or one line.
  std::string Run();
  void Report() const;

  const Tally& tally() const { return tally_; }
  const Mix& mix() const { return mix_; }
  // The program files that ran: whether both worlds showed the same of each.
  const std::map<std::string, bool>& equal() const { return equal_; }

 private:
  struct Batch {
    std::vector<fuzz::Program> programs;  // the survey's first
    size_t surveyed = 0;
    std::vector<Shown> sim, guest;
    KnownFrames sim_frames, guest_frames;
  };
  class Reproducer;

  std::string Compile(size_t index);
  std::string Load(Subject* subject);
  std::string Choose(Subject* subject, size_t index);
  std::string RunSubject(Subject& subject);
  void BeginBatch(Subject& subject, Batch* batch);
  std::string RunBatch(Subject& subject, size_t begin, size_t most, size_t* end,
                       std::vector<size_t>* risky);
  std::string RunGuest(Subject& subject, Batch* batch);
  void CompareBatch(Subject& subject, size_t begin, const Batch& batch);
  // False if there is a difference, known or not.
  bool CompareOne(Subject& subject, const std::string& name, const Batch& batch, size_t index);
  bool IsLeftOut(const NamedProgram& program, const Shown& shown);
  std::string AddRandom(const Subject& subject, size_t index,
                        std::vector<NamedProgram>* chosen) const;
  void Note(const std::string& file, bool equal);
  std::string RunRisky(Subject& subject, size_t index);
  // Runs one program alone in both worlds, each with a driver that was just loaded. nullopt: they
  // agree, or cannot be compared.
  struct Alone {
    Difference difference;
    std::vector<StepText> sim, linux;
    std::string said;  // by the kernel
  };
  std::optional<Alone> RunAlone(Subject& subject, const fuzz::Program& program);
  std::string Save(const Subject& subject, const fuzz::Program& program,
                   const Difference& difference) const;

  const ConformOptions& options_;
  const StoredKernel kernel_;
  const std::string folder_;
  KnownDifferences* const known_;
  GuestSide guest_;
  std::vector<Subject> subjects_;
  Tally tally_;
  Mix mix_;
  std::map<std::string, size_t> signatures_;
  size_t shown_ = 0;
  std::map<std::string, bool> equal_;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_KERNEL_RUN_H_
