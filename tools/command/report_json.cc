#include <nlohmann/json.hpp>

#include "tools/command/reports.h"

namespace drydock::command {
namespace {

using Json = nlohmann::ordered_json;

Json JsonOf(const Finding& finding) {
  Json steps = Json::array();
  const fuzz::ParsedProgram parsed = fuzz::ParseProgram(finding.program, "program");
  for (size_t i = 0; i < parsed.program.step_count; ++i) {
    Json step = {{"call", fuzz::FormatStep(parsed.program, i, parsed.nodes)}};
    step["result"] = i < finding.results.size() ? Json(finding.results[i]) : Json(nullptr);
    steps.push_back(std::move(step));
  }
  Json confirmation = nullptr;
  if (!finding.confirmation.kernel.empty()) {
    confirmation = {{"kernel", finding.confirmation.kernel},
                    {"verdict", finding.confirmation.verdict},
                    {"shown", finding.confirmation.shown}};
  }
  return {
      {"class", finding.class_id},
      {"name", finding.kind().name},
      {"oracle", finding.oracle == 0 ? Json(nullptr) : Json("O" + std::to_string(finding.oracle))},
      {"function", finding.function},
      {"file", finding.file},
      {"line", finding.line},
      {"platform", finding.platform},
      {"step", finding.step + 1},
      {"expected", finding.expected},
      {"seen", finding.seen},
      {"steps", std::move(steps)},
      {"program", finding.program},
      {"program_file", finding.program_file},
      {"c_file", finding.c_file},
      {"test_file", finding.test_file},
      {"confirmation", std::move(confirmation)}};
}

Json List(const DriverReport& report, fuzz::Weight weight) {
  Json list = Json::array();
  for (const Finding& finding : report.findings) {
    if (finding.kind().weight == weight) list.push_back(JsonOf(finding));
  }
  return list;
}

}  // namespace

std::string FormatJson(const std::vector<DriverReport>& reports, int exit_status) {
  Json drivers = Json::array();
  for (const DriverReport& report : reports) {
    drivers.push_back({{"file", report.file},
                       {"module", report.module},
                       {"error", report.error.empty() ? Json(nullptr) : Json(report.error)},
                       {"profile", fuzz::FormatProfile(report.profile)},
                       {"platforms", report.platforms},
                       {"interrupted", report.interrupted},
                       {"executions", report.executions},
                       {"seconds", report.seconds},
                       {"executions_per_second", report.ExecutionsPerSecond()},
                       {"edges", report.edges},
                       {"edges_covered", report.edges_covered},
                       {"mmaps", report.mmaps},
                       {"mmaps_succeeded", report.mmaps_succeeded},
                       {"findings", List(report, fuzz::Weight::kFinding)},
                       {"advice", List(report, fuzz::Weight::kAdvice)},
                       {"limits", List(report, fuzz::Weight::kLimit)}});
  }
  const Json whole = {{"drydock", 1}, {"exit_status", exit_status}, {"drivers", drivers}};
  return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace drydock::command
