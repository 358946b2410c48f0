// `drydock replay`: one program on one driver, explained step by step.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/hw/platform.h"
#include "tools/command/check.h"
#include "tools/command/driver_file.h"
#include "tools/command/output_files.h"
#include "tools/command/reports.h"
#include "tools/command/subprocess.h"
#include "tools/command/supervisor.h"
#include "tools/command/symbolize.h"

namespace drydock::command {
namespace {

constexpr double kReplaySeconds = 60;

std::string FormatReplayedStep(const nlohmann::json& step, int violations) {
  const int process = step.value("process", 0);
  const std::string result = step.value("result", "");
  std::string call = step.value("text", "");
  if (call.size() < 62) call.resize(62, ' ');
  std::string number = std::to_string(step.value("step", 0) + 1);
  if (number.size() < 2) number.insert(0, " ");
  std::string text = number + "  " + call;
  if (!result.empty()) text += " = " + result;
  if (process != 0) text += "   (p" + std::to_string(process) + ")";
  if (violations != 0) {
    text +=
        "   <- " + std::to_string(violations) + (violations == 1 ? " violation" : " violations");
  }
  return text + "\n" + DrawMaps(step.value("maps", ""));
}

}  // namespace

int Replay(const Installation& installation, const ReplayOptions& options) {
  const fuzz::ParsedProgram parsed = fuzz::LoadProgram(options.program);
  if (!parsed.error.empty()) return CannotRun(parsed.error);
  const fuzz::Header& header = parsed.program.header;
  if (header.profile != kModelledProfile) {
    return CannotRun(options.program +
                     ": its profile's rules are not modelled yet, write profile 6.1");
  }
  const std::string platform(hw::Platforms()[header.platform].name);
  std::vector<std::string> command = {installation.worker};
  const std::string wrong = WorkerArguments(options, &command);
  if (!wrong.empty()) return CannotRun(wrong);
  const ScratchFolder scratch;
  if (!scratch.error().empty()) return CannotRun(scratch.error());
  const CompiledDriver driver =
      CompileDriver(installation, options.driver, header.profile, scratch.path());
  if (Interrupted()) return CannotRun("interrupted");
  if (!driver.error.empty()) return CannotRun(driver.error);

  const std::string out = scratch.path() + "/replay";
  command.insert(command.end(),
                 {"--driver=" + driver.object, "--platform=" + platform,
                  "--profile=" + fuzz::FormatProfile(header.profile),
                  std::string("--core-guards=") + (header.core_guards ? "on" : "off"),
                  "--object-pages=16", "--replay=" + options.program});
  const pid_t worker = Spawn(command, {.environment = {}, .output_file = out});
  if (worker < 0) return CannotRun(installation.worker + ": cannot be started, build it anew");
  const int status = WaitSeconds(worker, kReplaySeconds);

  std::vector<nlohmann::json> steps;
  std::vector<Finding> findings;
  std::ifstream file(out);
  std::string line, last;
  while (std::getline(file, line)) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    Finding finding;
    if (!json.is_object()) {
      if (line.starts_with("drydock: ")) last = line.substr(9);
    } else if (json.contains("error")) {
      return CannotRun(NameFile(json.value("error", ""), driver.object, options.driver));
    } else if (json.contains("text")) {
      steps.push_back(json);
      steps.back()["result"] = NameFile(json.value("result", ""), driver.object, options.driver);
    } else if (ParseFinding(line, &finding)) {
      finding.platform = platform;
      finding.maps.clear();  // drawn after each step already
      findings.push_back(std::move(finding));
    }
  }
  if (Interrupted()) return CannotRun("interrupted");
  if (status == 2 && steps.empty()) {
    return CannotRun(last.empty() ? options.driver + ": could not be run"
                                  : NameFile(last, driver.object, options.driver));
  }
  Symbolize(installation.symbolizer, driver.object, &findings);

  std::string text = options.program + " on " + options.driver + " · kernel " +
                     fuzz::FormatProfile(header.profile) + " · " + platform + "\n";
  for (const nlohmann::json& step : steps) {
    int here = 0;
    for (const Finding& finding : findings) here += finding.step == step.value("step", -1);
    text += FormatReplayedStep(step, here);
  }
  for (const Finding& finding : findings) text += "\n" + FormatFinding(finding, "");
  if (findings.empty() && status < 2) text += "no violations\n";
  const std::string wrong_output = WriteStandardOutput(text);
  if (!wrong_output.empty()) return CannotRun(wrong_output);
  if (status > 2) {
    CannotRun(options.program + ": the program ended the worker in step " +
              std::to_string(steps.size() + 1) + " (status " + std::to_string(status) + ")");
    return 1;
  }
  DriverReport report;
  report.file = options.driver;
  report.findings = std::move(findings);
  const std::string limit = LimitOf(report);
  if (!limit.empty()) CannotRun(limit);
  const int verdict = ExitStatusOf({report});
  return verdict == 0 ? status : verdict;
}

}  // namespace drydock::command
