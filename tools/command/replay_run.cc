#include "tools/command/replay_run.h"

#include <fstream>

#include "sim/hw/platform.h"
#include "tools/command/driver_file.h"
#include "tools/command/subprocess.h"
#include "tools/command/supervisor.h"

namespace drydock::command {
namespace {

constexpr double kReplaySeconds = 60;

}  // namespace

Replayed ReplayInWorker(const ReplayRun& run) {
  Replayed replayed;
  const std::string platform(hw::Platforms()[run.header.platform].name);
  std::vector<std::string> command = {run.worker};
  command.insert(command.end(), run.arguments.begin(), run.arguments.end());
  command.insert(command.end(),
                 {"--driver=" + run.driver, "--platform=" + platform,
                  "--profile=" + fuzz::FormatProfile(run.header.profile),
                  std::string("--core-guards=") + (run.header.core_guards ? "on" : "off"),
                  "--object-pages=16", "--replay=" + run.program});
  const pid_t worker = Spawn(command, {.environment = {}, .output_file = run.output});
  if (worker < 0) {
    replayed.error = run.worker + ": cannot be started, build it anew";
    return replayed;
  }
  replayed.status = WaitSeconds(worker, kReplaySeconds);

  std::ifstream file(run.output);
  std::string line, last;
  while (std::getline(file, line)) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    Finding finding;
    if (!json.is_object()) {
      if (line.starts_with("drydock: ")) last = line.substr(9);
    } else if (json.contains("error")) {
      replayed.error = NameFile(json.value("error", ""), run.driver, run.driver_file);
      return replayed;
    } else if (json.contains("text")) {
      replayed.steps.push_back(json);
      replayed.steps.back()["result"] =
          NameFile(json.value("result", ""), run.driver, run.driver_file);
    } else if (ParseFinding(line, &finding)) {
      finding.platform = platform;
      finding.maps.clear();  // drawn after each step already
      replayed.findings.push_back(std::move(finding));
    }
  }
  if (Interrupted()) {
    replayed.error = "interrupted";
  } else if (replayed.status == 2 && replayed.steps.empty()) {
    replayed.error = last.empty() ? run.driver_file + ": could not be run"
                                  : NameFile(last, run.driver, run.driver_file);
  }
  return replayed;
}

}  // namespace drydock::command
