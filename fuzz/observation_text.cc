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

std::string Loaded(uint64_t size_bytes, uint64_t data) {
  char text[24];
  const int digits = 2 * static_cast<int>(size_bytes < 8 ? size_bytes : 8);
  std::snprintf(text, sizeof text, "0x%0*" PRIx64, digits, data);
  return size_bytes > 8 ? std::string(text) + "..." : text;
}

// A digit for each page, the first one first.
std::string Resident(const Step& step, uint64_t data) {
  const uint64_t pages = hw::PagesOf(step.length);
  std::string text = pages == 0 ? "ok" : "ok ";
  for (uint64_t i = 0; i < pages && i < 8; ++i) text += (data >> (8 * i) & 0xff) == 0 ? '0' : '1';
  return pages > 8 ? text + "..." : text;
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
      return Loaded(step.length, observation.data);
    case Call::kVmReadv:
    case Call::kMemRead:
      return std::to_string(outcome.value) + " " +
             Loaded(static_cast<uint64_t>(outcome.value), observation.data);
    case Call::kMincore:
      return Resident(step, observation.data);
    case Call::kPoll: {
      std::string events;
      AppendFlags(PollEventNames(), static_cast<uint32_t>(outcome.value), &events);
      return events;
    }
    case Call::kClose:
    case Call::kMunmap:
    case Call::kMprotect:
    case Call::kMadvise:
    case Call::kMlock:
    case Call::kMunlock:
    case Call::kMsync:
    case Call::kMseal:
    case Call::kUnbind:
    case Call::kBind:
      if (outcome.value == 0) return "ok";
      [[fallthrough]];
    default:
      return std::to_string(outcome.value);
  }
}

}  // namespace drydock::fuzz
