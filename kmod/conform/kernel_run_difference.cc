// A program of a batch whose worlds may differ: whether they do, whether it differs alone, its
// shortest form, and what is kept and printed of it. The batches: kernel_run.cc.
#include <cstdio>
#include <utility>

#include "kmod/conform/kernel_run.h"
#include "tools/command/subprocess.h"

namespace drydock::kmod {

// Does it still differ in the same way?
class KernelRun::Reproducer final : public fuzz::Reproducer {
 public:
  Reproducer(KernelRun& run, Subject& subject, std::string signature)
      : run_(run), subject_(subject), signature_(std::move(signature)) {}
  bool Shows(const fuzz::Program& program) override {
    const auto alone = run_.RunAlone(subject_, program);
    return alone && SignatureOf(alone->difference) == signature_;
  }

 private:
  KernelRun& run_;
  Subject& subject_;
  const std::string signature_;
};

std::optional<KernelRun::Alone> KernelRun::RunAlone(Subject& subject,
                                                    const fuzz::Program& program) {
  if (command::Interrupted()) return std::nullopt;
  Batch batch;
  BeginBatch(subject, &batch);
  batch.programs.push_back(program);
  batch.sim.push_back(subject.sim->Run(program));
  if (batch.sim.back().ending != Ending::kFinished) return std::nullopt;
  if (!RunGuest(subject, &batch).empty() || batch.guest.size() < batch.programs.size()) {
    return std::nullopt;
  }
  Alone alone;
  alone.sim = TextOf(program, batch.sim.back(), batch.sim_frames);
  alone.linux = TextOf(program, batch.guest.back(), batch.guest_frames);
  alone.said = batch.guest.back().said;
  const auto found = Compare(program, subject.sim->nodes(), alone.sim, alone.linux);
  if (!found) return std::nullopt;
  alone.difference = *found;
  return alone;
}

bool KernelRun::CompareOne(Subject& subject, const std::string& name, const Batch& batch,
                           size_t index) {
  const fuzz::Program& program = batch.programs[index];
  const fuzz::NodePaths& nodes = subject.sim->nodes();
  Alone whole;
  whole.sim = TextOf(program, batch.sim[index], batch.sim_frames);
  whole.linux = TextOf(program, batch.guest[index], batch.guest_frames);
  whole.said = batch.guest[index].said;
  tally_.observations += CountObservations(whole.linux);
  const std::optional<Difference> found = Compare(program, nodes, whole.sim, whole.linux);
  if (!found) return true;
  if (Explain(*found, kernel_.name, subject.row.name, known_) != nullptr) {
    ++tally_.known;
    return false;
  }
  whole.difference = *found;
  ++tally_.differences;
  const std::string signature = SignatureOf(*found);
  if (++signatures_[signature] > 1 || ++shown_ > options_.show) return false;

  // The guest's death costs a boot a try.
  const bool dies = batch.guest[index].ending == Ending::kHung;
  const int tries = static_cast<int>(dies ? options_.deadly_tries : options_.tries);
  Reproducer reproducer(*this, subject, signature);
  const bool alone = tries > 0 && reproducer.Shows(program);
  fuzz::Program shortest = program;
  if (alone) {
    shortest = fuzz::Minimise(program, {.object_pages = subject.object_pages, .max_runs = tries},
                              reproducer);
    if (auto again = RunAlone(subject, shortest)) whole = std::move(*again);
  }
  const std::string saved = Save(subject, shortest, whole.difference);
  std::printf("\n%s on kernel %s, %s%s%s%s\n%s", subject.row.name.c_str(), kernel_.name.c_str(),
              name.c_str(), alone ? "" : " (after the programs before it, not alone)",
              saved.empty() ? "" : ", kept as ", saved.c_str(),
              FormatDifference(shortest, nodes, whole.difference, whole.sim, whole.linux).c_str());
  if (!whole.said.empty()) std::printf("        linux said: %s\n", whole.said.c_str());
  std::fflush(stdout);
  return false;
}

std::string KernelRun::Save(const Subject& subject, const fuzz::Program& program,
                            const Difference& difference) const {
  const std::string path = options_.out + "/conform-" + kernel_.name + "-" + subject.row.name +
                           "-" + std::to_string(shown_) + ".prog";
  const std::string text =
      FormatRegression(program, subject.sim->nodes(), kernel_.name, subject.row.name, difference);
  return WriteWhole(path, text) ? path : "";
}

}  // namespace drydock::kmod
