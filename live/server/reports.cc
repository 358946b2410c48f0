#include "live/server/reports.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "fuzz/violation_classes.h"
#include "live/server/stack_frames.h"

namespace drydock::live {
namespace {

using nlohmann::json;

const char* WeightName(fuzz::Weight weight) {
  switch (weight) {
    case fuzz::Weight::kFinding:
      return "finding";
    case fuzz::Weight::kAdvice:
      return "advice";
    case fuzz::Weight::kLimit:
      break;
  }
  return "limit";
}

std::string ProgramOf(pid_t pid) {
  char link[64], path[512];
  std::snprintf(link, sizeof link, "/proc/%d/exe", static_cast<int>(pid));
  const ssize_t size = readlink(link, path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

}  // namespace

Reports::Reports(int descriptor, const fuzz::ElfImage& image)
    : descriptor_(descriptor), image_(image), seen_(image) {}

void Reports::Write(const json& line) {
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  for (size_t done = 0; done < text.size();) {
    const ssize_t part = write(descriptor_, text.data() + done, text.size() - done);
    if (part <= 0) return;  // nobody reads any more
    done += static_cast<size_t>(part);
  }
}

void Reports::Ready(const std::vector<std::string>& nodes) { Write({{"ready", nodes}}); }
void Reports::Error(const std::string& line) { Write({{"error", line}}); }
void Reports::Note(const std::string& line) { Write({{"note", line}}); }
void Reports::Left(bool unloaded) { Write({{"left", unloaded}}); }

void Reports::KernelLog(std::string_view line, int level) {
  Write({{"log", std::string(line)}, {"level", level}});
}

bool Reports::Add(const kernel::Violation& violation, pid_t pid, const std::string& call) {
  // Candidates that only `check` can confirm, by probes: would the driver have refused the mapping,
  // does it count the copies of one?
  constexpr int kCandidates[] = {21, 38, 39, 41};
  const int number = violation.class_number;
  if (std::ranges::find(kCandidates, number) != std::end(kCandidates) || !seen_.IsNew(violation)) {
    return false;
  }
  untold_.push_back({violation, pid, call, ProgramOf(pid)});
  return true;
}

void Reports::TellStack(pid_t pid, std::span<const uint64_t> frames) { Tell(pid, frames); }
void Reports::TellWithoutStack(pid_t pid) { Tell(pid, {}); }

void Reports::Tell(pid_t pid, std::span<const uint64_t> frames) {
  std::vector<Untold> rest;
  json stack = json::array();
  for (const StackFrame& frame : ResolveFrames(pid, frames)) {
    stack.push_back({{"file", frame.file}, {"address", frame.address}});
  }
  for (Untold& untold : untold_) {
    if (untold.pid != pid) {
      rest.push_back(std::move(untold));
      continue;
    }
    const kernel::Violation& v = untold.violation;
    const fuzz::ViolationClass& c = fuzz::ClassOf(v.class_number, v.trap);
    Write({{"class", std::string(c.id)},
           {"name", std::string(c.name)},
           {"weight", WeightName(c.weight)},
           {"oracle", v.oracle},
           {"driver_pc", v.driver_pc},
           {"function", std::string(image_.FunctionAt(v.driver_pc))},
           {"seen", v.seen},
           {"expected", v.expected},
           {"pid", pid},
           {"program", untold.program},
           {"call", untold.call},
           {"stack", stack}});
  }
  untold_ = std::move(rest);
}

}  // namespace drydock::live
