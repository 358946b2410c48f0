#include "fuzz/program_findings.h"

#include <optional>

#include "fuzz/elf_image.h"
#include "fuzz/load_trials.h"
#include "fuzz/program_text.h"
#include "fuzz/session.h"
#include "fuzz/violation_classes.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

void Add(const kernel::Violation& violation, std::string_view function, std::string* lines) {
  const ViolationClass& c = ClassOf(violation.class_number, violation.trap);
  if (c.weight == Weight::kAdvice) return;
  *lines += std::string(c.id) + " " + std::string(c.name);
  if (!function.empty()) *lines += " in " + std::string(function);
  *lines += std::string(": ") + violation.seen + "\n";
}

std::string FindingsOfLoad(const WorkerOptions& options, uint32_t fail_allocation) {
  const ElfImage image = ReadElfImage(options.driver);
  if (!image.error.empty()) return image.error + "\n";
  std::string result, lines;
  for (const LoadViolation& found : TryLoad(options, fail_allocation, &result).violations) {
    Add(found.violation, image.FunctionAt(found.violation.driver_pc), &lines);
  }
  return lines;
}

}  // namespace

std::string FindingsOf(WorkerOptions options, std::string_view program) {
  ParsedProgram parsed = ParseProgram(program, "program");
  if (!parsed.error.empty()) return parsed.error + "\n";
  const Header& header = parsed.program.header;
  options.world.profile = header.profile;
  options.world.platform = &hw::Platforms()[header.platform];
  options.world.core_guards = header.core_guards;
  options.object_pages = 16;
  if (header.load_trial != kNoLoadTrial) return FindingsOfLoad(options, header.load_trial);

  WorkerPage page;
  Session session(options, &page);
  if (!session.error().empty()) return session.error() + "\n";
  const std::string missing = RenumberNodes(parsed.nodes, session.nodes(), &parsed.program);
  if (!missing.empty()) return "program: the driver has no " + missing + "\n";
  session.RunProgram(parsed.program);
  std::string lines;
  for (int i = session.NextNew(0); i >= 0; i = session.NextNew(static_cast<size_t>(i) + 1)) {
    const std::optional<kernel::Violation> named = session.Named(static_cast<size_t>(i));
    if (named) Add(*named, session.FunctionOf(*named), &lines);
  }
  return lines;
}

}  // namespace drydock::fuzz
