#include "tools/command/supervisor.h"

#include <time.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tools/command/subprocess.h"
#include "tools/command/worker_run.h"

namespace drydock::command {

bool ParseFinding(const std::string& line, Finding* finding) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("class")) return false;
  try {
    finding->class_id = json.at("class");
    finding->oracle = json.at("oracle");
    finding->trap = json.at("trap");
    finding->driver_pc = json.at("driver_pc");
    finding->function = json.at("function");
    finding->step = json.at("step");
    finding->expected = json.at("expected");
    finding->seen = json.at("seen");
    finding->program = json.at("program");
    finding->results = json.at("results").get<std::vector<std::string>>();
    finding->maps = json.at("maps");
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  return true;
}

// Lets a worker find the shortest program that ends it.
bool WorkerRun::MinimiseDeath(const std::string& program_file, Finding* finding, int* signal) {
  const std::string out = program_file + ".json";
  std::vector<std::string> arguments = Arguments();
  arguments.push_back("--minimise=" + program_file);
  const uint64_t pages = page_->object_pages;
  arguments.push_back("--object-pages=" + std::to_string(pages == 0 ? 16 : pages));
  const pid_t child = Spawn(arguments, {.environment = {}, .output_file = out});
  if (child < 0 || WaitSeconds(child, 10) != 0) return false;
  std::ifstream file(out);
  std::string line;
  while (std::getline(file, line)) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("program")) continue;
    finding->program = json.value("program", finding->program);
    finding->driver_pc = json.value("driver_pc", finding->driver_pc);
    finding->function = json.value("function", finding->function);
    *signal = json.value("signal", *signal);
    return true;
  }
  return false;
}

void RunJobs(const std::vector<Job>& jobs, std::vector<DriverReport>* reports,
             const std::function<void(const Progress&)>& progress) {
  const size_t at_once = std::max(1u, std::thread::hardware_concurrency());
  const double begun = Now();
  double total = 0;
  for (const Job& job : jobs) total += job.seconds;
  std::vector<std::unique_ptr<WorkerRun>> running;
  size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    while (running.size() < at_once && next < jobs.size() && !Interrupted()) {
      const Job& job = jobs[next++];
      // A driver that could not be run on one platform is not tried on the next.
      if (!(*reports)[job.report].error.empty()) continue;
      running.push_back(std::make_unique<WorkerRun>(job, &(*reports)[job.report]));
    }
    if (Interrupted()) {
      for (const std::unique_ptr<WorkerRun>& run : running) run->Interrupt();
      for (; next < jobs.size(); ++next) (*reports)[jobs[next].report].interrupted = true;
      return;
    }
    std::erase_if(running, [](const std::unique_ptr<WorkerRun>& run) { return !run->Tick(); });
    Progress now{.seconds = Now() - begun,
                 .total_seconds = total / static_cast<double>(std::min(at_once, jobs.size()))};
    for (const DriverReport& report : *reports) {
      now.executions += report.executions;
      now.findings += report.Count(fuzz::Weight::kFinding);
    }
    for (const std::unique_ptr<WorkerRun>& run : running) now.executions += run->executions();
    progress(now);
    const timespec nap = {0, 10'000'000};
    nanosleep(&nap, nullptr);
  }
}

}  // namespace drydock::command
