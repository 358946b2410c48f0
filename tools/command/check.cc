#include "tools/command/check.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/program_c.h"
#include "fuzz/program_gtest.h"
#include "sim/hw/platform.h"
#include "tools/command/confirm.h"
#include "tools/command/output_files.h"
#include "tools/command/reports.h"
#include "tools/command/subprocess.h"
#include "tools/command/supervisor.h"
#include "tools/command/symbolize.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

// A line that is written over and over on a terminal, after the first two seconds.
class ProgressLine {
 public:
  void Show(const Progress& progress) {
    if (!tty_ || progress.seconds < 2 || progress.seconds < next_) return;
    next_ = progress.seconds + 0.2;
    std::fprintf(stderr, "\r\033[K%.0f of %.0f s · %s programs · %zu finding%s", progress.seconds,
                 progress.total_seconds, WithCommas(progress.executions).c_str(), progress.findings,
                 progress.findings == 1 ? "" : "s");
    shown_ = true;
  }
  ~ProgressLine() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool tty_ = isatty(2) != 0;
  bool shown_ = false;
  double next_ = 0;
};

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class CheckRun {
 public:
  CheckRun(const Installation& installation, const CheckOptions& options)
      : installation_(installation), options_(options) {}

  int Run() {
    std::string wrong = Prepare();
    if (!wrong.empty()) return CannotRun(wrong);
    Compile();
    std::vector<Job> jobs = MakeJobs();
    {
      ProgressLine line;
      RunJobs(jobs, &reports_, [&](const Progress& progress) { line.Show(progress); });
    }
    // What was found is told, wherever it could not be written.
    for (size_t i = 0; i < reports_.size(); ++i) {
      Symbolize(installation_.symbolizer, drivers_[i].object, &reports_[i].findings);
      if (wrong.empty()) wrong = WriteReproducers(i);
      if (wrong.empty() && !options_.confirm.empty() && !Interrupted()) wrong = ConfirmDriver(i);
    }
    const std::string not_printed = WriteStandardOutput(Text());
    if (wrong.empty()) wrong = not_printed;
    const int status = wrong.empty() ? ExitStatusOf(reports_) : 2;
    if (!options_.json.empty()) {
      const std::string not_written = WriteWhole(options_.json, FormatJson(reports_, status));
      if (wrong.empty()) wrong = not_written;
    }
    for (const DriverReport& report : reports_) {
      const std::string why = report.error.empty() ? LimitOf(report) : report.error;
      if (!why.empty()) CannotRun(why);
    }
    const bool interrupted =
        std::any_of(reports_.begin(), reports_.end(),
                    [](const DriverReport& report) { return report.interrupted; });
    if (interrupted) CannotRun("interrupted, this is what was found until then");
    return wrong.empty() ? status : CannotRun(wrong);
  }

 private:
  std::string Prepare() {
    if (!fuzz::ParseProfile(options_.profile, &profile_)) {
      return "--profile " + options_.profile + ": no such kernel, write 6.1, 6.12 or 7.3";
    }
    platforms_ = options_.platforms;
    for (const std::string& name : platforms_) {
      if (hw::FindPlatform(name) != nullptr) continue;
      std::string known;
      for (const hw::Platform& platform : hw::Platforms()) {
        known += (known.empty() ? "" : ", ") + std::string(platform.name);
      }
      return "--platform " + name + ": no such platform, there are: " + known;
    }
    if (platforms_.empty()) {
      for (const hw::Platform& platform : hw::Platforms()) {
        if (platform.by_default) platforms_.emplace_back(platform.name);
      }
    }
    files_ = options_.files;
    if (files_.empty()) {
      for (const Module& module : ModulesIn(installation_.root + "/driver_core")) {
        files_.push_back(module.parts.front());
      }
      if (files_.empty()) return "driver_core/Kbuild names no driver: name a FILE.c";
    }
    std::string wrong = WorkerArguments(options_, &arguments_);
    if (wrong.empty()) wrong = PrepareFolder(options_.out);
    if (wrong.empty() && !options_.json.empty()) wrong = PrepareFile(options_.json);
    if (wrong.empty()) wrong = scratch_.error();
    if (wrong.empty() && !options_.confirm.empty()) {
      wrong = WhyNoConfirmation(installation_, options_.confirm);
    }
    return wrong;
  }

  std::string ConfirmDriver(size_t index) {
    if (isatty(2) != 0 && !reports_[index].findings.empty()) {
      std::fprintf(stderr, "\r\033[K%s: what was found, on kernel %s ...",
                   reports_[index].file.c_str(), options_.confirm.c_str());
    }
    const std::string wrong =
        ConfirmFindings(installation_, options_,
                        {options_.confirm, drivers_[index], arguments_,
                         scratch_.path() + "/" + std::to_string(index) + "/confirm"},
                        &reports_[index]);
    if (isatty(2) != 0) std::fputs("\r\033[K", stderr);
    return wrong;
  }

  void Compile() {
    for (size_t i = 0; i < files_.size(); ++i) {
      DriverReport report;
      report.file = files_[i];
      report.profile = profile_;
      report.platforms = platforms_;
      report.interrupted = Interrupted();
      drivers_.emplace_back();
      if (!report.interrupted) CompileOne(scratch_.path() + "/" + std::to_string(i), &report);
      reports_.push_back(std::move(report));
    }
  }

  void CompileOne(const std::string& folder, DriverReport* report) {
    CompiledDriver& driver = drivers_.back();
    driver = CompileDriver(installation_, report->file, profile_, folder);
    report->module = driver.module.name;
    report->interrupted = Interrupted();
    if (report->interrupted) return;
    report->error = driver.error;
    if (!report->error.empty()) KeepLog(folder, report);
  }

  // Where what is written about a driver begins: out/MODULE, and out/MODULE-2 for a second driver
  // of that name.
  std::string StemOf(const DriverReport& report) const {
    int number = 1;
    for (const DriverReport& other : reports_) {
      if (&other == &report) break;
      number += other.module == report.module;
    }
    const std::string stem = options_.out + "/" + report.module;
    return number == 1 ? stem : stem + "-" + std::to_string(number);
  }

  // The compiler's log outlives the scratch folder, and the message names where it is then.
  void KeepLog(const std::string& folder, DriverReport* report) {
    const std::string log = folder + "/" + report->module + ".log";
    const std::string kept = StemOf(*report) + "-compile.log";
    const size_t at = report->error.find(log);
    if (at == report->error.npos) return;
    report->error.replace(at, log.size(), kept);
    std::error_code ignored;
    fs::copy_file(log, kept, fs::copy_options::overwrite_existing, ignored);
  }

  std::vector<Job> MakeJobs() const {
    std::vector<Job> jobs;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!reports_[i].error.empty() || reports_[i].interrupted) continue;
      for (const std::string& platform : platforms_) {
        Job job;
        job.report = i;
        job.worker = installation_.worker;
        job.driver = drivers_[i].object;
        job.platform = platform;
        job.profile = profile_;
        job.core_guards = options_.core_guards ? "on" : "off";
        job.arguments = arguments_;
        const std::string seeds = installation_.root + "/fuzz/corpus";
        const std::string dictionary = installation_.root + "/fuzz/mmap.dict";
        if (fs::is_directory(seeds)) job.seeds = seeds;
        if (fs::exists(dictionary)) job.dictionary = dictionary;
        job.folder = scratch_.path() + "/" + std::to_string(i) + "/" + platform;
        job.seconds = options_.seconds / static_cast<double>(platforms_.size());
        job.seed = options_.seed;
        jobs.push_back(std::move(job));
      }
    }
    return jobs;
  }

  // STEM-CLASS.prog and .c; a second finding of the class is STEM-CLASS-2. "" or one line.
  std::string WriteReproducers(size_t index) {
    DriverReport& report = reports_[index];
    for (size_t i = 0; i < report.findings.size(); ++i) {
      Finding& finding = report.findings[i];
      int number = 1;
      for (size_t k = 0; k < i; ++k) number += report.findings[k].class_id == finding.class_id;
      std::string stem = StemOf(report) + "-" + finding.class_id;
      if (number > 1) stem += "-" + std::to_string(number);
      const std::string title =
          finding.class_id + " " + std::string(finding.kind().name) + " in " + finding.function;
      const std::string comment = "# " + title + ": " + finding.seen + "\n";
      std::string wrong = WriteWhole(stem + ".prog", comment + finding.program);
      if (!wrong.empty()) return wrong;
      finding.program_file = stem + ".prog";
      wrong = WriteWhole(stem + "_test.cc",
                         fuzz::FormatGtest(finding.program, GtestNotesOf(title, report, finding)));
      if (!wrong.empty()) return wrong;
      finding.test_file = stem + "_test.cc";
      const fuzz::ParsedProgram parsed = fuzz::ParseProgram(finding.program, stem);
      // A program of system calls cannot say what happens in insmod.
      if (!parsed.error.empty() || parsed.program.header.load_trial != fuzz::kNoLoadTrial) continue;
      wrong = WriteWhole(stem + ".c", fuzz::FormatC(parsed.program, parsed.nodes,
                                                    {.title = title,
                                                     .simulated = {},
                                                     .results = finding.results,
                                                     .bad_step = finding.step,
                                                     .expected = finding.expected}));
      if (!wrong.empty()) return wrong;
      finding.c_file = stem + ".c";
    }
    return {};
  }

  fuzz::GtestNotes GtestNotesOf(const std::string& title, const DriverReport& report,
                                const Finding& finding) const {
    fuzz::GtestNotes notes{.title = title,
                           .seen = finding.seen,
                           .module = report.module,
                           .class_id = finding.class_id,
                           .class_name = std::string(finding.kind().name),
                           .params = {},
                           .device_name = options_.device,
                           .device_text = ReadText(options_.device),
                           .policy_file = options_.policy};
    for (const std::string& param : options_.params) {
      const size_t equals = param.find('=');
      notes.params.emplace_back(param.substr(0, equals), param.substr(equals + 1));
    }
    return notes;
  }

  // The options of the command that replays a finding.
  std::string ReplayOptionsOf(const std::string& file) const {
    std::string command = "--driver " + file;
    if (!options_.device.empty()) command += " --device " + options_.device;
    if (!options_.policy.empty()) command += " --policy " + options_.policy;
    for (const std::string& param : options_.params) command += " --param " + param;
    return command;
  }

  std::string Text() const {
    std::string text = FormatTable(reports_);
    size_t advice = 0;
    for (const DriverReport& report : reports_) {
      for (const Finding& finding : report.findings) {
        const bool is_advice = finding.kind().weight == fuzz::Weight::kAdvice;
        advice += is_advice;
        if (is_advice && !options_.advice) continue;
        text += "\n" + FormatFinding(finding, ReplayOptionsOf(report.file));
      }
    }
    if (advice != 0 && !options_.advice) {
      std::string first;
      for (const DriverReport& report : reports_) {
        for (const Finding& finding : report.findings) {
          if (finding.kind().weight != fuzz::Weight::kAdvice || !first.empty()) continue;
          first = finding.kind().name;
        }
      }
      text += "\nadvice: " + std::to_string(advice) + " (" + first + (advice == 1 ? "" : ", ...") +
              "; --advice to see it)\n";
    }
    return text;
  }

  const Installation& installation_;
  const CheckOptions& options_;
  int profile_ = kPlainProfile;
  std::vector<std::string> platforms_, files_, arguments_;
  std::vector<CompiledDriver> drivers_;
  std::vector<DriverReport> reports_;
  ScratchFolder scratch_;
};

}  // namespace

int CannotRun(const std::string& line) {
  std::fflush(stdout);
  std::fprintf(stderr, "drydock: %s\n", line.c_str());
  return 2;
}

std::string WorkerArguments(const DriverOptions& options, std::vector<std::string>* arguments) {
  for (const auto& [name, file] :
       {std::pair("device", &options.device), std::pair("policy", &options.policy)}) {
    if (file->empty()) continue;
    if (!std::ifstream(*file).good() || fs::is_directory(*file)) {
      return *file + ": cannot be read, name a --" + name + " file";
    }
    arguments->push_back("--" + std::string(name) + "=" + *file);
  }
  for (const std::string& param : options.params) {
    const size_t equals = param.find('=');
    if (equals == param.npos || equals == 0) return "--param " + param + ": write NAME=VALUE";
    arguments->push_back("--param=" + param);
  }
  return {};
}

int Check(const Installation& installation, const CheckOptions& options) {
  return CheckRun(installation, options).Run();
}

}  // namespace drydock::command
