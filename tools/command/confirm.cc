#include "tools/command/confirm.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/command/output_files.h"
#include "tools/command/replay_run.h"
#include "tools/command/subprocess.h"

namespace drydock::command {
namespace {

using Json = nlohmann::json;

// For all findings of a driver; a boot of Debian's kernel takes ten seconds.
constexpr double kConfirmSeconds = 1800;

std::string LastLine(const std::string& path) {
  std::ifstream file(path);
  std::string line, last;
  while (std::getline(file, line)) {
    if (line.starts_with("drydock: ")) last = line.substr(9);
  }
  return last;
}

// "" or one line.
std::string RunConfirm(const Installation& installation, std::vector<std::string> arguments,
                       const std::string& log) {
  if (installation.confirm.empty()) {
    return "--confirm: DRYDOCK_CONFIRM is not set: start ./drydock in the checkout";
  }
  std::error_code ignored;
  std::filesystem::remove(log, ignored);
  arguments.insert(arguments.begin(), installation.confirm);
  const pid_t child = Spawn(arguments, {.environment = {}, .output_file = log});
  const int status = child > 0 ? WaitSeconds(child, kConfirmSeconds) : 127;
  if (Interrupted()) return "interrupted";
  if (status == 0) return {};
  const std::string why = LastLine(log);
  return "--confirm: " +
         (why.empty() ? installation.confirm + " ended with status " + std::to_string(status)
                      : why);
}

// The finding as an x86-64 machine shows it; nullptr-like (an empty class) if it does not.
Finding OnX86(const Installation& installation, const ConfirmRun& run, const Finding& finding,
              const fuzz::ParsedProgram& parsed, const std::string& file) {
  if (finding.platform == "x86-64") return finding;
  ReplayRun replay{.worker = installation.worker,
                   .driver = run.driver.object,
                   .driver_file = run.driver.file,
                   .arguments = run.arguments,
                   .program = file + ".prog",
                   .header = parsed.program.header,
                   .output = file + ".out"};
  replay.header.platform = 0;
  fuzz::Program program = parsed.program;
  program.header = replay.header;
  if (!WriteWhole(replay.program, FormatProgram(program, parsed.nodes)).empty()) return {};
  const Replayed replayed = ReplayInWorker(replay);
  for (const Finding& one : replayed.findings) {
    if (one.class_id == finding.class_id && one.step <= finding.step) return one;
  }
  // A program that ends the worker ends it there, too.
  const bool by_death = finding.class_id == "X02" || finding.class_id == "X06";
  return by_death && replayed.status > 2 ? finding : Finding{};
}

}  // namespace

std::string WhyNoConfirmation(const Installation& installation, const std::string& kernel) {
  const ScratchFolder scratch;
  if (!scratch.error().empty()) return scratch.error();
  return RunConfirm(installation, {"--ready", "--kernel", kernel}, scratch.path() + "/log");
}

std::string ConfirmFindings(const Installation& installation, const DriverOptions& options,
                            const ConfirmRun& run, DriverReport* report) {
  Json claims = Json::array();
  std::vector<Finding*> asked;
  std::filesystem::create_directories(run.folder);
  for (Finding& finding : report->findings) {
    if (finding.kind().weight == fuzz::Weight::kLimit) continue;
    const fuzz::ParsedProgram parsed = fuzz::ParseProgram(finding.program, "program");
    Finding there = finding;
    if (parsed.error.empty() && parsed.program.header.load_trial == fuzz::kNoLoadTrial) {
      there = OnX86(installation, run, finding, parsed,
                    run.folder + "/x86-" + std::to_string(asked.size()));
    }
    claims.push_back({{"class", finding.class_id},
                      {"program", finding.program},
                      {"step", there.class_id.empty() ? finding.step : there.step},
                      {"on_x86", !there.class_id.empty()},
                      {"seen", there.seen}});
    asked.push_back(&finding);
  }
  if (asked.empty()) return {};
  const std::string claims_file = run.folder + "/claims.json";
  const std::string answer_file = run.folder + "/judgements.json";
  std::string wrong =
      WriteWhole(claims_file, claims.dump(1, ' ', false, Json::error_handler_t::replace));
  if (!wrong.empty()) return wrong;
  std::vector<std::string> arguments = {"--kernel", run.kernel,  "--driver",     run.driver.file,
                                        "--claims", claims_file, "--judgements", answer_file};
  for (const std::string& param : options.params) {
    arguments.insert(arguments.end(), {"--param", param});
  }
  if (!options.device.empty()) arguments.insert(arguments.end(), {"--device", options.device});
  wrong = RunConfirm(installation, arguments, run.folder + "/confirm.log");
  if (!wrong.empty()) return wrong;
  std::ifstream file(answer_file);
  const Json judgements = Json::parse(file, nullptr, false);
  if (!judgements.is_array() || judgements.size() != asked.size()) {
    return "--confirm: " + answer_file + ": not a judgement for each finding";
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    asked[i]->confirmation = {run.kernel, judgements[i].value("verdict", ""),
                              judgements[i].value("shown", "")};
  }
  return {};
}

}  // namespace drydock::command
