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

void PrintStep(const nlohmann::json& step, int violations) {
  const int number = step.value("step", 0) + 1;
  const int process = step.value("process", 0);
  const std::string result = step.value("result", "");
  std::string text = step.value("text", "");
  if (text.size() < 62) text.resize(62, ' ');
  std::printf("%2d  %s", number, text.c_str());
  if (!result.empty()) std::printf(" = %s", result.c_str());
  if (process != 0) std::printf("   (p%d)", process);
  if (violations != 0) std::printf("   <- %d violation%s", violations, violations == 1 ? "" : "s");
  std::printf("\n%s", DrawMaps(step.value("maps", "")).c_str());
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
    } else if (ParseFinding(line, &finding)) {
      finding.platform = platform;
      finding.maps.clear();  // drawn after each step already
      findings.push_back(std::move(finding));
    }
  }
  if (status == 2 && steps.empty()) {
    return CannotRun(last.empty() ? options.driver + ": could not be run"
                                  : NameFile(last, driver.object, options.driver));
  }
  Symbolize(installation.symbolizer, driver.object, &findings);

  std::printf("%s on %s · kernel %s · %s\n", options.program.c_str(), options.driver.c_str(),
              fuzz::FormatProfile(header.profile).c_str(), platform.c_str());
  for (const nlohmann::json& step : steps) {
    int here = 0;
    for (const Finding& finding : findings) here += finding.step == step.value("step", -1);
    PrintStep(step, here);
  }
  bool found = false;
  for (const Finding& finding : findings) {
    found |= finding.kind().weight == fuzz::Weight::kFinding;
    std::printf("\n%s", FormatFinding(finding, "").c_str());
  }
  if (findings.empty()) std::printf("no violations\n");
  std::fflush(stdout);
  if (status > 2) {
    std::fprintf(stderr, "drydock: %s: the program ended the worker after step %zu (status %d)\n",
                 options.program.c_str(), steps.size(), status);
    return 1;
  }
  return found ? 1 : status == 2 ? 2 : 0;
}

}  // namespace drydock::command
