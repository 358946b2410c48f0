// `drydock replay`: one program on one driver, explained step by step.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/hw/platform.h"
#include "tools/command/check.h"
#include "tools/command/confirm.h"
#include "tools/command/output_files.h"
#include "tools/command/replay_run.h"
#include "tools/command/reports.h"
#include "tools/command/subprocess.h"
#include "tools/command/symbolize.h"

namespace drydock::command {
namespace {

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
  const std::string platform(hw::Platforms()[header.platform].name);
  std::vector<std::string> arguments;
  std::string wrong = WorkerArguments(options, &arguments);
  if (wrong.empty() && !options.confirm.empty()) {
    wrong = WhyNoConfirmation(installation, options.confirm);
  }
  if (!wrong.empty()) return CannotRun(wrong);
  const ScratchFolder scratch;
  if (!scratch.error().empty()) return CannotRun(scratch.error());
  const CompiledDriver driver =
      CompileDriver(installation, options.driver, header.profile, scratch.path());
  if (Interrupted()) return CannotRun("interrupted");
  if (!driver.error.empty()) return CannotRun(driver.error);

  Replayed replayed = ReplayInWorker({.worker = installation.worker,
                                      .driver = driver.object,
                                      .driver_file = options.driver,
                                      .arguments = arguments,
                                      .program = options.program,
                                      .header = header,
                                      .output = scratch.path() + "/replay"});
  if (!replayed.error.empty()) return CannotRun(replayed.error);
  const std::vector<nlohmann::json>& steps = replayed.steps;
  const int status = replayed.status;
  DriverReport report;
  report.file = options.driver;
  report.findings = std::move(replayed.findings);
  std::vector<Finding>& findings = report.findings;
  Symbolize(installation.symbolizer, driver.object, &findings);
  if (!options.confirm.empty()) {
    wrong =
        ConfirmFindings(installation, options,
                        {options.confirm, driver, arguments, scratch.path() + "/confirm"}, &report);
  }

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
  if (wrong.empty()) wrong = wrong_output;
  if (!wrong.empty()) return CannotRun(wrong);
  if (status > 2) {
    CannotRun(options.program + ": the program ended the worker in step " +
              std::to_string(steps.size() + 1) + " (status " + std::to_string(status) + ")");
    return 1;
  }
  const std::string limit = LimitOf(report);
  if (!limit.empty()) CannotRun(limit);
  const int verdict = ExitStatusOf({report});
  return verdict == 0 ? status : verdict;
}

}  // namespace drydock::command
