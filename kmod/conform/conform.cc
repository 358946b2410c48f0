#include "kmod/conform/conform.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "kmod/conform/comparison.h"
#include "kmod/conform/driver_table.h"
#include "kmod/conform/fidelity.h"
#include "kmod/conform/guest_side.h"
#include "kmod/conform/program_set.h"
#include "kmod/conform/sim_side.h"
#include "kmod/runner/kernel_store.h"
#include "tools/command/kbuild.h"
#include "tools/command/subprocess.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

int CannotRun(const std::string& why) {
  std::fprintf(stderr, "drydock: conform: %s\n", why.c_str());
  return 2;
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    const char* parent = std::getenv("TMPDIR");
    std::string name = std::string(parent != nullptr ? parent : "/tmp") + "/drydock-conform.XXXXXX";
    if (mkdtemp(name.data()) != nullptr) path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

struct Tally {
  size_t programs = 0, observations = 0, differences = 0, known = 0;
  size_t not_comparable = 0, not_modelled = 0, risky = 0, risky_run = 0;
  double sim_seconds = 0, guest_seconds = 0;
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
  KernelRun(const ConformOptions& options, const StoredKernel& kernel, const std::string& folder,
            KnownDifferences* known)
      : options_(options),
        kernel_(kernel),
        folder_(folder),
        known_(known),
        guest_({.root = options.installation.root,
                .agent = options.agent,
                .pack = options.pack,
                .cache = options.modules_cache,
                .folder = folder,
                .built_modules = options.built_modules,
                .accelerator = options.accelerator,
                .qemu = options.qemu},
               kernel) {}

  // "" or one line.
  std::string Prepare(const std::vector<DriverRow>& rows) {
    std::vector<ModuleOfDriver> modules;
    for (const DriverRow& row : rows) {
      Subject subject;
      subject.row = row;
      const std::string wrong = Compile(&subject);
      if (!wrong.empty()) return wrong;
      modules.push_back(subject.module);
      subjects_.push_back(std::move(subject));
    }
    return guest_.Prepare(modules);
  }

  std::string Run() {
    for (size_t i = 0; i < subjects_.size(); ++i) {
      std::string wrong = Load(&subjects_[i]);
      if (wrong.empty()) wrong = Choose(&subjects_[i], i);
      if (wrong.empty()) wrong = RunSubject(subjects_[i]);
      if (!wrong.empty()) return wrong;
      subjects_[i].sim.reset();  // one world at a time
    }
    return guest_.End();
  }

  void Report() const {
    const Tally& t = tally_;
    std::printf("kernel %s (%s): %zu programs, %zu observations, %zu differences",
                kernel_.name.c_str(), kernel_.release.c_str(), t.programs, t.observations,
                t.differences);
    if (t.known != 0) std::printf(", %zu known ones", t.known);
    std::printf("\n");
    std::printf("  simulation %.0f programs/s, guest %.0f programs/s, %zu boot%s of %.1f s\n",
                static_cast<double>(t.programs) / std::max(t.sim_seconds, 1e-9),
                static_cast<double>(t.programs) / std::max(t.guest_seconds, 1e-9), guest_.boots(),
                guest_.boots() == 1 ? "" : "s",
                guest_.boot_seconds() / static_cast<double>(std::max<size_t>(guest_.boots(), 1)));
    if (t.not_comparable != 0) {
      std::printf("  %zu programs left out: a kernel cannot run them as they are\n",
                  t.not_comparable);
    }
    if (t.not_modelled != 0) {
      std::printf("  %zu programs left out: they meet what is not modelled\n", t.not_modelled);
    }
    if (t.risky != 0) {
      std::printf(
          "  %zu programs stop the simulated driver; %zu of them ran, each in a boot of its own\n",
          t.risky, t.risky_run);
    }
    for (const auto& [signature, count] : signatures_) {
      if (count > 1) std::printf("  %zu times: %s\n", count, signature.c_str());
    }
  }

  const Tally& tally() const { return tally_; }
  // The program files that ran: whether both worlds showed the same of each.
  const std::map<std::string, bool>& equal() const { return equal_; }

 private:
  std::string Compile(Subject* subject) {
    const std::string file = options_.installation.root + "/" + subject->row.file;
    command::CompiledDriver driver =
        CompileDriver(options_.installation, file, kernel_.profile, folder_, false);
    if (!driver.error.empty()) return driver.error;
    // Each of its own: two variants of a driver have one module.
    subject->object = folder_ + "/" + subject->row.name + ".so";
    fs::copy_file(driver.object, subject->object, fs::copy_options::overwrite_existing);
    subject->module = {fs::path(subject->row.file).parent_path().string(), driver.module.name};
    return {};
  }

  std::string Load(Subject* subject) {
    subject->sim =
        std::make_unique<SimSide>(kernel_.profile, subject->object, subject->row.parameters);
    if (!subject->sim->error().empty()) return subject->row.name + ": " + subject->sim->error();
    subject->object_pages = subject->sim->ObjectPages();
    subject->in_guest = {subject->module.module + ".ko", subject->row.ParametersText(),
                         subject->sim->nodes()};
    return {};
  }

  // Of the random programs: those that there are, shared out over the drivers that get some.
  size_t ShareOf(size_t index) const {
    size_t drivers = 0, before = 0;
    for (size_t i = 0; i < subjects_.size(); ++i) {
      drivers += !subjects_[i].row.only_programs;
      before += i < index && !subjects_[i].row.only_programs;
    }
    if (drivers == 0 || subjects_[index].row.only_programs) return 0;
    return options_.random / drivers + (before < options_.random % drivers ? 1 : 0);
  }

  // Which programs the driver gets: all files, and its share of the random ones.
  std::string Choose(Subject* subject, size_t index) {
    std::vector<NamedProgram> chosen;
    for (const std::string& folder : options_.programs) {
      ProgramFiles files = ReadPrograms(folder, subject->sim->nodes());
      if (!files.error.empty()) return files.error;
      std::move(files.programs.begin(), files.programs.end(), std::back_inserter(chosen));
    }
    for (NamedProgram& one : RandomPrograms(options_.seed + index, ShareOf(index),
                                            subject->object_pages, subject->sim->nodes().size())) {
      chosen.push_back(std::move(one));
    }
    subject->sim->Fresh();
    for (NamedProgram& one : chosen) {
      const Ending ending = subject->sim->Run(one.program).ending;
      if (ending == Ending::kTrapped) subject->sim->Fresh();
      if (WhyNotComparable(one.program).empty() && ending != Ending::kCopiesOntoItself) {
        one.program.header.profile = static_cast<uint16_t>(kernel_.profile);
        subject->programs.push_back(std::move(one));
      } else {
        ++tally_.not_comparable;
      }
    }
    return {};
  }

  // Batches: each begins with a driver that was just loaded, in both worlds, and with a survey of
  // its frames; it ends where the simulated driver stops, or where the guest dies.
  std::string RunSubject(Subject& subject) {
    std::vector<size_t> risky;
    for (size_t at = 0; at < subject.programs.size();) {
      size_t end = at;
      const std::string wrong = RunBatch(subject, at, subject.programs.size(), &end, &risky);
      if (!wrong.empty()) return wrong;
      at = end;
    }
    tally_.risky += risky.size();
    for (size_t i = 0; i < risky.size() && i < options_.risky_boots; ++i) {
      std::string wrong = guest_.End();
      if (wrong.empty()) wrong = RunRisky(subject, risky[i]);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  struct Batch {
    std::vector<fuzz::Program> programs;  // the survey's first
    size_t surveyed = 0;
    std::vector<Shown> sim, guest;
    KnownFrames sim_frames, guest_frames;
  };

  void BeginBatch(Subject& subject, Batch* batch) {
    batch->programs = SurveyPrograms(subject.object_pages, subject.sim->nodes().size());
    batch->surveyed = batch->programs.size();
    subject.sim->Fresh();
    for (const fuzz::Program& program : batch->programs) {
      batch->sim.push_back(subject.sim->Run(program));
    }
    batch->sim_frames = FramesOf(batch->programs, batch->sim);
  }

  // *end: the first program that is still to be run.
  std::string RunBatch(Subject& subject, size_t begin, size_t most, size_t* end,
                       std::vector<size_t>* risky) {
    Batch batch;
    double begun = command::Now();
    BeginBatch(subject, &batch);
    std::optional<size_t> stopped;
    size_t at = begin;
    for (; at < most && !stopped; ++at) {
      Shown shown = subject.sim->Run(subject.programs[at].program);
      if (shown.ending == Ending::kCopiesOntoItself) {
        stopped = at;
        ++tally_.not_comparable;
        break;
      }
      if (shown.ending == Ending::kTrapped) {
        stopped = at;
        if (shown.said.find("is not modelled") != std::string::npos) {
          ++tally_.not_modelled;
        } else {
          risky->push_back(at);
        }
        break;
      }
      batch.programs.push_back(subject.programs[at].program);
      batch.sim.push_back(std::move(shown));
    }
    tally_.sim_seconds += command::Now() - begun;
    *end = stopped ? *stopped + 1 : at;
    if (batch.programs.size() == batch.surveyed) return {};
    const std::string wrong = RunGuest(subject, &batch);
    if (!wrong.empty()) return wrong;
    CompareBatch(subject, begin, batch);
    // The guest died before the end: the rest is another batch, in both worlds.
    if (batch.guest.size() < batch.programs.size()) {
      *end = begin + batch.guest.size() - batch.surveyed;
    }
    return {};
  }

  std::string RunGuest(Subject& subject, Batch* batch) {
    const double boot_seconds = guest_.boot_seconds();
    const double begun = command::Now();
    const std::string wrong = guest_.Run(batch->programs, subject.in_guest, &batch->guest);
    tally_.guest_seconds += command::Now() - begun - (guest_.boot_seconds() - boot_seconds);
    if (!wrong.empty() &&
        (batch->guest.size() <= batch->surveyed || batch->guest.back().ending != Ending::kHung)) {
      return subject.row.name + " on kernel " + kernel_.name + ": " + wrong;
    }
    const std::span<const fuzz::Program> programs = batch->programs;
    batch->guest_frames = FramesOf(programs.first(batch->surveyed), batch->guest);
    return {};
  }

  void CompareBatch(const Subject& subject, size_t begin, const Batch& batch) {
    for (size_t i = 0; i < batch.guest.size(); ++i) {
      const bool survey = i < batch.surveyed;
      const std::string& name =
          survey ? survey_name_ : subject.programs[begin + i - batch.surveyed].name;
      const bool equal = CompareOne(subject, name, batch.programs[i], batch.sim[i], batch.guest[i],
                                    batch.sim_frames, batch.guest_frames);
      if (survey) continue;
      ++tally_.programs;
      Note(subject.programs[begin + i - batch.surveyed].file, equal);
    }
  }

  void Note(const std::string& file, bool equal) {
    if (file.empty()) return;
    const auto [at, is_new] = equal_.try_emplace(file, equal);
    if (!is_new) at->second = at->second && equal;
  }

  // False if there is a difference, known or not.
  bool CompareOne(const Subject& subject, const std::string& name, const fuzz::Program& program,
                  const Shown& sim, const Shown& guest, const KnownFrames& sim_frames,
                  const KnownFrames& guest_frames) {
    const std::vector<StepText> left = TextOf(program, sim, sim_frames);
    const std::vector<StepText> right = TextOf(program, guest, guest_frames);
    tally_.observations += CountObservations(right);
    const fuzz::NodePaths& nodes = subject.sim->nodes();
    const std::optional<Difference> found = Compare(program, nodes, left, right);
    if (!found) return true;
    if (Explain(*found, kernel_.name, subject.row.name, known_) != nullptr) {
      ++tally_.known;
      return false;
    }
    ++tally_.differences;
    const std::string signature = SignatureOf(*found);
    if (++signatures_[signature] > 1 || ++shown_ > options_.show) return false;
    const std::string saved = Save(subject, program, nodes);
    std::printf("\n%s on kernel %s, %s%s%s\n%s", subject.row.name.c_str(), kernel_.name.c_str(),
                name.c_str(), saved.empty() ? "" : ", kept as ", saved.c_str(),
                FormatDifference(program, nodes, *found, left, right).c_str());
    if (!guest.said.empty()) std::printf("        linux said: %s\n", guest.said.c_str());
    std::fflush(stdout);
    return false;
  }

  std::string Save(const Subject& subject, const fuzz::Program& program,
                   const fuzz::NodePaths& nodes) const {
    std::error_code error;
    fs::create_directories(options_.out, error);
    const std::string path = options_.out + "/conform-" + kernel_.name + "-" + subject.row.name +
                             "-" + std::to_string(shown_) + ".prog";
    std::ofstream file(path);
    file << FormatProgram(program, nodes);
    file.close();
    return file ? path : "";
  }

  // The simulated driver stops in it (a BUG, a dead lock): does the real one?
  std::string RunRisky(Subject& subject, size_t index) {
    Batch batch;
    BeginBatch(subject, &batch);
    const fuzz::Program& program = subject.programs[index].program;
    batch.programs.push_back(program);
    batch.sim.push_back(subject.sim->Run(program));
    const std::string wrong = RunGuest(subject, &batch);
    if (!wrong.empty()) return wrong;
    ++tally_.risky_run;
    ++tally_.programs;
    const Shown& sim = batch.sim.back();
    const Shown& guest = batch.guest.back();
    tally_.observations += guest.steps.size();
    // A driver that is abandoned is, for Linux, a kernel or a process that does not go on.
    const NamedProgram& named = subject.programs[index];
    const bool both_stop = sim.ending == Ending::kTrapped && guest.ending != Ending::kFinished;
    Note(named.file, both_stop || CompareOne(subject, named.name, program, sim, guest,
                                             batch.sim_frames, batch.guest_frames));
    return {};
  }

  const ConformOptions& options_;
  const StoredKernel kernel_;
  const std::string folder_;
  KnownDifferences* const known_;
  GuestSide guest_;
  std::vector<Subject> subjects_;
  Tally tally_;
  std::map<std::string, size_t> signatures_;
  size_t shown_ = 0;
  std::map<std::string, bool> equal_;
  const std::string survey_name_ = "the survey of its frames";
};

// The rows that were asked for. "" or what is wrong.
std::string ChooseRows(const ConformOptions& options, std::vector<DriverRow>* rows) {
  const std::string path = options.installation.root + "/kmod/conform/drivers.txt";
  const DriverTable table = ParseDriverTable(ReadWhole(path), path);
  if (!table.error.empty()) return table.error;
  if (options.drivers.empty()) {
    *rows = table.rows;
    return {};
  }
  for (const std::string& name : options.drivers) {
    const auto found = std::find_if(table.rows.begin(), table.rows.end(),
                                    [&](const DriverRow& row) { return row.name == name; });
    if (found == table.rows.end()) {
      std::string names;
      for (const DriverRow& row : table.rows) names += " " + row.name;
      return "no driver " + name + "; there are:" + names;
    }
    rows->push_back(*found);
  }
  return {};
}

// What was equal goes into the record of the checkout, what was not goes out of it.
std::string WriteDown(const ConformOptions& options, const StoredKernel& kernel,
                      const std::map<std::string, bool>& equal) {
  const std::string path = options.installation.root + "/" + kRecordsFile;
  Records records = ParseRecords(ReadWhole(path), path);
  if (!records.error.empty()) return records.error;
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof date, "%F", std::gmtime(&now));
  const size_t count =
      NoteConfirmed(ReadRulePrograms(options.installation.root), equal,
                    {"", "", kernel.name, kernel.release, date, ""}, &records.list);
  std::ofstream file(path);
  file << FormatRecords(records.list);
  file.close();
  if (!file) return path + ": cannot be written, see to the space there";
  std::printf("  %zu programs that show rules are recorded\n", count);
  return {};
}

}  // namespace

int Conform(const ConformOptions& options) {
  std::vector<DriverRow> rows;
  std::string wrong = ChooseRows(options, &rows);
  if (!wrong.empty()) return CannotRun(wrong);
  std::vector<StoredKernel> kernels;
  for (const std::string& name : options.kernels) {
    kernels.push_back(FindKernel(options.kernels_folder, name, &wrong));
    if (!wrong.empty()) return CannotRun(wrong);
  }
  const std::string known_path = options.installation.root + "/kmod/conform/known_differences.txt";
  KnownDifferences known = ParseKnownDifferences(ReadWhole(known_path), known_path);
  if (!known.error.empty()) return CannotRun(known.error);

  Tally all;
  for (const StoredKernel& kernel : kernels) {
    const TemporaryFolder folder;
    if (folder.path.empty()) return CannotRun("no temporary folder can be made; set TMPDIR");
    KernelRun run(options, kernel, folder.path, &known);
    std::vector<DriverRow> of_kernel;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(of_kernel),
                 [&](const DriverRow& row) { return row.RunsOn(kernel.name); });
    if (of_kernel.empty()) {
      return CannotRun(rows[0].name + " is for kernels " + rows[0].kernels + ", not for " +
                       kernel.name + ": see kmod/conform/drivers.txt");
    }
    wrong = run.Prepare(of_kernel);
    if (wrong.empty()) wrong = run.Run();
    if (!wrong.empty()) return CannotRun(wrong);
    run.Report();
    if (options.record) wrong = WriteDown(options, kernel, run.equal());
    if (!wrong.empty()) return CannotRun(wrong);
    all.programs += run.tally().programs;
    all.observations += run.tally().observations;
    all.differences += run.tally().differences;
    all.known += run.tally().known;
  }
  for (const KnownDifference& one : known.list) {
    std::printf("known: %s, %zu times: %s\n", one.name.c_str(), one.seen, one.why.c_str());
  }
  std::printf("%zu programs, %zu observations, %zu differences\n", all.programs, all.observations,
              all.differences);
  return all.differences == 0 ? 0 : 1;
}

}  // namespace drydock::kmod
