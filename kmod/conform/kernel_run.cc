#include "kmod/conform/kernel_run.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "sim/kernel/profile.h"
#include "tools/command/subprocess.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

constexpr char kSurvey[] = "the survey of its frames";
constexpr char kKept[] = "/kmod/conform/programs";  // of the checkout
// Of the random programs, one in so many is a kept one that was changed.
constexpr size_t kChangedIn = 8;

// Of `count` that are dealt out, those of one of `players`.
size_t Share(size_t count, size_t players, size_t player) {
  return count / players + (player < count % players ? 1 : 0);
}

double Rate(size_t programs, double seconds) {
  return static_cast<double>(programs) / std::max(seconds, 1e-9);
}

GuestParts PartsIn(const std::string& folder, GuestParts parts) {
  parts.folder = folder;
  return parts;
}

}  // namespace

KernelRun::KernelRun(const ConformOptions& options, const StoredKernel& kernel,
                     const std::string& folder, KnownDifferences* known)
    : options_(options),
      kernel_(kernel),
      folder_(folder),
      known_(known),
      guest_(PartsIn(folder, options.launch.guest), kernel) {}

std::string KernelRun::Prepare(const std::vector<DriverRow>& rows) {
  std::vector<ModuleOfDriver> modules;
  for (const DriverRow& row : rows) {
    Subject subject;
    subject.row = row;
    const std::string file = options_.launch.installation.root + "/" + row.file;
    subject.module = {fs::path(row.file).parent_path().string(), command::ModuleOf(file).name};
    modules.push_back(subject.module);
    subjects_.push_back(std::move(subject));
  }
  std::string wrong = guest_.Prepare(modules);
  if (!wrong.empty()) return wrong;
  guest_.Start();  // it boots while we compile
  for (size_t i = 0; i < subjects_.size(); ++i) {
    const std::string not_compiled = Compile(i);
    if (!not_compiled.empty()) return not_compiled;
  }
  return {};
}

std::string KernelRun::Run() {
  for (size_t i = 0; i < subjects_.size(); ++i) {
    std::string wrong = Load(&subjects_[i]);
    if (wrong.empty()) wrong = Choose(&subjects_[i], i);
    if (wrong.empty()) wrong = RunSubject(subjects_[i]);
    if (!wrong.empty()) return wrong;
    subjects_[i].sim.reset();  // one world at a time
  }
  return guest_.End();
}

void KernelRun::Report() const {
  const Tally& t = tally_;
  std::printf("kernel %s (%s): %zu programs, %zu observations, %zu differences",
              kernel_.name.c_str(), kernel_.release.c_str(), t.programs, t.observations,
              t.differences);
  if (t.known != 0) std::printf(", %zu known ones", t.known);
  std::printf("\n");
  std::printf(
      "  simulation %.0f programs/s, guest %.0f programs/s, comparison %.0f programs/s, "
      "%zu boot%s of %.1f s\n",
      Rate(t.programs, t.sim_seconds), Rate(t.programs, t.guest_seconds),
      Rate(t.programs, t.compare_seconds), guest_.boots(), guest_.boots() == 1 ? "" : "s",
      guest_.boot_seconds() / static_cast<double>(std::max<size_t>(guest_.boots(), 1)));
  if (guest_.clock_jumps() != 0) {
    std::printf("  the guest's clock jumped, %zu times; no program has to do with it\n",
                guest_.clock_jumps());
  }
  if (t.not_comparable != 0) {
    std::printf("  %zu programs left out: a kernel cannot run them as they are\n",
                t.not_comparable);
  }
  if (t.too_much != 0) {
    std::printf("  %zu programs left out: a guest has no room for all that they show\n",
                t.too_much);
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
  std::printf("%s", mix_.Text().c_str());
  std::fflush(stdout);  // the next kernel takes minutes
}

std::string KernelRun::Compile(size_t index) {
  // Variants of a driver have one object and one module, but each loads a file of its own.
  Subject& subject = subjects_[index];
  subject.object = folder_ + "/" + subject.row.name + ".so";
  const std::string file = options_.launch.installation.root + "/" + subject.row.file;
  const auto same = std::find_if(subjects_.begin(), subjects_.end(), [&](const Subject& other) {
    return other.row.file == subject.row.file;
  });
  std::string object = same->object;
  if (&*same == &subject) {
    const command::CompiledDriver driver =
        CompileDriver(options_.launch.installation, file, kernel_.profile, folder_, false);
    if (!driver.error.empty()) return driver.error;
    object = driver.object;
  }
  std::error_code error;
  fs::copy_file(object, subject.object, fs::copy_options::overwrite_existing, error);
  return error ? subject.object + ": " + error.message() : "";
}

std::string KernelRun::Load(Subject* subject) {
  subject->sim =
      std::make_unique<SimSide>(kernel_.profile, subject->object, subject->row.parameters);
  if (!subject->sim->error().empty()) return subject->row.name + ": " + subject->sim->error();
  subject->object_pages = subject->sim->ObjectPages();
  subject->in_guest = {subject->module.module + ".ko", subject->row.ParametersText(),
                       subject->sim->nodes()};
  return {};
}

// Adds the driver's share of the random programs: of the ones that chance writes, if it gets such,
// and of the kept ones that are changed.
std::string KernelRun::AddRandom(const Subject& subject, size_t index,
                                 std::vector<NamedProgram>* chosen) const {
  if (options_.random == 0) return {};
  const auto gets = [](const Subject& one) { return !one.row.only_programs; };
  const auto here = subjects_.begin() + static_cast<std::ptrdiff_t>(index);
  const auto drivers = static_cast<size_t>(std::count_if(subjects_.begin(), subjects_.end(), gets));
  const auto before = static_cast<size_t>(std::count_if(subjects_.begin(), here, gets));
  const size_t changed = options_.random / kChangedIn;
  const size_t of_chance = gets(subject) ? Share(options_.random - changed, drivers, before) : 0;

  const ProgramFiles kept =
      ReadPrograms(options_.launch.installation.root + kKept, subject.sim->nodes());
  if (!kept.error.empty()) return kept.error;
  const size_t nodes = subject.sim->nodes().size();
  const uint64_t seed = options_.seed + index;
  const auto add = [&](std::vector<NamedProgram> some) {
    std::move(some.begin(), some.end(), std::back_inserter(*chosen));
  };
  add(RandomPrograms(seed, of_chance, subject.object_pages, nodes));
  add(ChangedPrograms(seed, Share(changed, subjects_.size(), index), kept.programs,
                      subject.object_pages, nodes));
  return {};
}

// Which programs the driver gets: all files, and its share of the random ones.
std::string KernelRun::Choose(Subject* subject, size_t index) {
  std::vector<NamedProgram> chosen;
  for (const std::string& folder : options_.programs) {
    ProgramFiles files = ReadPrograms(folder, subject->sim->nodes());
    if (!files.error.empty()) return files.error;
    std::move(files.programs.begin(), files.programs.end(), std::back_inserter(chosen));
  }
  std::string wrong = AddRandom(*subject, index, &chosen);
  if (!wrong.empty()) return wrong;
  subject->sim->Fresh();
  for (NamedProgram& one : chosen) {
    const Shown shown = subject->sim->Run(one.program);
    const bool stopped = shown.ending == Ending::kTrapped || shown.ending == Ending::kOverflow;
    if (stopped || TakesDevices(one.program)) subject->sim->Fresh();
    if (IsLeftOut(one, shown)) continue;
    one.program.header.profile = static_cast<uint16_t>(kernel_.profile);
    subject->programs.push_back(std::move(one));
  }
  return {};
}

// Of both worlds, and counts it.
bool KernelRun::IsLeftOut(const NamedProgram& named, const Shown& shown) {
  if (shown.ending == Ending::kOverflow) {
    ++tally_.too_much;
    return true;
  }
  // What a program does that was written for a driver is meant; and it has memory of the device for
  // itself, which a changed one has not.
  const bool not_meant = named.file.empty() && (shown.is_the_machines || shown.leaves_strays);
  const bool spoils_types = named.changed && shown.reserves_types &&
                            !kernel::ProfileOf(kernel_.profile).counts_reservations;
  const bool not_comparable = !WhyNotComparable(named.program).empty() ||
                              shown.ending == Ending::kCopiesOntoItself || shown.reaches_stack ||
                              not_meant || spoils_types;
  tally_.not_comparable += not_comparable;
  return not_comparable;
}

// Batches: each begins with a driver that was just loaded, in both worlds, and with a survey of
// its frames; it ends where the simulated driver stops, or where the guest dies.
std::string KernelRun::RunSubject(Subject& subject) {
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

void KernelRun::BeginBatch(Subject& subject, Batch* batch) {
  batch->programs = SurveyPrograms(subject.object_pages, subject.sim->nodes().size());
  batch->surveyed = batch->programs.size();
  subject.sim->Fresh();
  for (const fuzz::Program& program : batch->programs) {
    batch->sim.push_back(subject.sim->Run(program));
  }
  batch->sim_frames = FramesOf(batch->programs, batch->sim);
}

// *end: the first program that is still to be run.
std::string KernelRun::RunBatch(Subject& subject, size_t begin, size_t most, size_t* end,
                                std::vector<size_t>* risky) {
  Batch batch;
  const double begun = command::Now();
  BeginBatch(subject, &batch);
  std::optional<size_t> stopped;
  size_t at = begin;
  // A program that takes the device away is its batch's last.
  for (bool more = true; at < most && !stopped && more; ++at) {
    more = !TakesDevices(subject.programs[at].program);
    Shown shown = subject.sim->Run(subject.programs[at].program);
    if (IsLeftOut(subject.programs[at], shown)) {
      stopped = at;
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
  const double waited_seconds = guest_.waited_seconds();
  const double guest_begun = command::Now();
  std::string wrong = RunGuest(subject, &batch);
  tally_.guest_seconds += command::Now() - guest_begun - (guest_.waited_seconds() - waited_seconds);
  if (!wrong.empty()) return wrong;
  const double compare_begun = command::Now();
  CompareBatch(subject, begin, batch);
  tally_.compare_seconds += command::Now() - compare_begun;
  // The guest died before the end: the rest is another batch, in both worlds.
  if (batch.guest.size() < batch.programs.size()) {
    *end = begin + batch.guest.size() - batch.surveyed;
  }
  return {};
}

std::string KernelRun::RunGuest(Subject& subject, Batch* batch) {
  const std::string wrong = guest_.Run(batch->programs, subject.in_guest, &batch->guest);
  if (command::Interrupted()) return "interrupted";
  if (!wrong.empty() &&
      (batch->guest.size() <= batch->surveyed || batch->guest.back().ending != Ending::kHung)) {
    return subject.row.name + " on kernel " + kernel_.name + ": " + wrong;
  }
  const std::span<const fuzz::Program> programs = batch->programs;
  batch->guest_frames = FramesOf(programs.first(batch->surveyed), batch->guest);
  return {};
}

void KernelRun::CompareBatch(Subject& subject, size_t begin, const Batch& batch) {
  for (size_t i = 0; i < batch.guest.size(); ++i) {
    const bool survey = i < batch.surveyed;
    if (survey) {
      CompareOne(subject, kSurvey, batch, i);
      continue;
    }
    const NamedProgram& named = subject.programs[begin + i - batch.surveyed];
    Note(named.file, CompareOne(subject, named.name, batch, i));
    ++tally_.programs;
    mix_.Count(batch.programs[i], batch.guest[i]);
  }
}

void KernelRun::Note(const std::string& file, bool equal) {
  if (file.empty()) return;
  const auto [at, is_new] = equal_.try_emplace(file, equal);
  if (!is_new) at->second = at->second && equal;
}

// The simulated driver stops in it (a BUG, a dead lock): does the real one?
std::string KernelRun::RunRisky(Subject& subject, size_t index) {
  Batch batch;
  BeginBatch(subject, &batch);
  const fuzz::Program& program = subject.programs[index].program;
  batch.programs.push_back(program);
  batch.sim.push_back(subject.sim->Run(program));
  std::string wrong = RunGuest(subject, &batch);
  if (!wrong.empty()) return wrong;
  ++tally_.risky_run;
  ++tally_.programs;
  const Shown& guest = batch.guest.back();
  tally_.observations += guest.steps.size();
  // A driver that is abandoned is, for Linux, a kernel or a process that does not go on.
  const NamedProgram& named = subject.programs[index];
  const bool both_stop = batch.sim.back().ending == Ending::kTrapped &&
                         guest.ending != Ending::kFinished && guest.ending != Ending::kOverflow;
  Note(named.file, both_stop || CompareOne(subject, named.name, batch, batch.programs.size() - 1));
  return {};
}

}  // namespace drydock::kmod
