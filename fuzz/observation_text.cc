#include "fuzz/observation_text.h"

#include <cinttypes>
#include <cstdio>

#include "fuzz/linux_names.h"

namespace drydock::fuzz {
namespace {

std::string ErrnoText(int64_t number) {
  const std::string_view name = ErrnoName(number);
  return name.empty() ? "errno " + std::to_string(number) : std::string(name);
}

std::string Loaded(const Step& step, uint64_t data) {
  char text[24];
  const int digits = 2 * static_cast<int>(step.length < 8 ? step.length : 8);
  std::snprintf(text, sizeof text, "0x%0*" PRIx64, digits, data);
  return step.length > 8 ? std::string(text) + "..." : text;
}

}  // namespace

std::string FormatObservation(const Step& step, const Observation& observation) {
  if (observation.state == StepState::kNotRun) return "not run";
  if (observation.state == StepState::kSkipped) return "skipped";
  const user::Outcome& outcome = observation.outcome;
  if (outcome.trapped) return "the driver stopped";
  switch (outcome.signal) {
    case user::Signal::kSegvMaperr:
      return "SIGSEGV (SEGV_MAPERR)";
    case user::Signal::kSegvAccerr:
      return "SIGSEGV (SEGV_ACCERR)";
    case user::Signal::kSegvKernel:
      return "SIGSEGV (SI_KERNEL)";
    case user::Signal::kKilled:
      return "SIGKILL (nothing else ends the call)";
    case user::Signal::kBusAdrerr:
      return "SIGBUS (BUS_ADRERR)";
    case user::Signal::kBusAdraln:
      return "SIGBUS (BUS_ADRALN)";
    case user::Signal::kNone:
      break;
  }
  // mmap returns an address or -4095..-1; anything else a driver made up is shown as it is.
  if (outcome.value < 0 && outcome.value >= -4095) return ErrnoText(-outcome.value);
  switch (step.call) {
    case Call::kMmap:
    case Call::kAnonymous:
    case Call::kMremap:
    case Call::kStore:
    case Call::kFork:
    case Call::kExit:
    case Call::kSwitch:
      return "ok";
    case Call::kLoad:
      return Loaded(step, observation.data);
    case Call::kClose:
    case Call::kMunmap:
    case Call::kMprotect:
    case Call::kMadvise:
      if (outcome.value == 0) return "ok";
      [[fallthrough]];
    default:
      return std::to_string(outcome.value);
  }
}

}  // namespace drydock::fuzz
