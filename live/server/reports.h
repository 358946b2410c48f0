// What the server has to tell people: one JSON object a line, on a descriptor that `drydock run`
// reads (docs/live.md, "The server's lines").
#ifndef DRYDOCK_LIVE_SERVER_REPORTS_H_
#define DRYDOCK_LIVE_SERVER_REPORTS_H_

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/elf_image.h"
#include "fuzz/violation_log.h"
#include "sim/kernel/verdict.h"

namespace drydock::live {

class Reports {
 public:
  // `image` is the driver's and outlives the reports.
  Reports(int descriptor, const fuzz::ElfImage& image);

  void Ready(const std::vector<std::string>& nodes);
  void Error(const std::string& line);  // could not run
  void Note(const std::string& line);   // for people, once
  void KernelLog(std::string_view line, int level);
  void Left(bool unloaded);  // the machine is gone

  // Takes a violation that `call` of process `pid` showed. True if it is new: then the program's
  // stack is wanted, and the violation is told when TellStack() or TellWithoutStack() is called.
  bool Add(const kernel::Violation& violation, pid_t pid, const std::string& call);
  void TellStack(pid_t pid, std::span<const uint64_t> frames);
  void TellWithoutStack(pid_t pid);

 private:
  struct Untold {
    kernel::Violation violation;
    pid_t pid;
    std::string call, program;
  };

  void Tell(pid_t pid, std::span<const uint64_t> frames);
  void Write(const nlohmann::json& line);

  const int descriptor_;
  const fuzz::ElfImage& image_;
  fuzz::SeenViolations seen_;
  std::vector<Untold> untold_;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_REPORTS_H_
