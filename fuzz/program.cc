#include "fuzz/program.h"

#include <algorithm>

namespace drydock::fuzz {

ResultCounts CountResults(const Program& program, size_t steps) {
  ResultCounts counts;
  for (size_t i = 0; i < steps && i < program.step_count; ++i) {
    CountResult(program.steps[i], &counts);
  }
  return counts;
}

const char* WhyInvalid(const Step& step, const ResultCounts& before) {
  if (static_cast<size_t>(step.call) >= kCallCount) return "no such call";
  if (UsesNode(step.call) && step.node >= kMaxNodes) return "at most 8 nodes";
  if (UsesFd(step.call) && step.fd >= before.fds) return "this descriptor is not opened before";
  if (UsesMapping(step.call) && step.mapping >= before.mappings) {
    return "this mapping is not made before";
  }
  if (UsesAt(step.call) && step.at != kNone && step.at >= before.mappings) {
    return "the mapping given as address is not made before";
  }
  if (UsesProcess(step.call) && step.process >= before.processes) {
    return "this process is not forked before";
  }
  const bool is_mmap = step.call == Call::kMmap || step.call == Call::kAnonymous;
  if (is_mmap && (step.flags & (kMapFixed | kMapFixedNoreplace)) != 0 && step.at == kNone) {
    return "MAP_FIXED needs an address: add `at mN`";
  }
  if (step.call == Call::kMmap && (step.flags & kMapAnonymous) != 0) {
    return "MAP_ANONYMOUS has no descriptor: write mmap(anonymous, ...)";
  }
  if (step.call == Call::kAnonymous && (step.flags & kMapAnonymous) != 0) {
    return "MAP_ANONYMOUS is said by `anonymous` already: leave it out";
  }
  if (step.call == Call::kAnonymous && (step.flags & kMapHugeUnreserved) == kMapHugeUnreserved) {
    return "huge pages that are not reserved are not modelled: leave out MAP_NORESERVE";
  }
  if (step.call == Call::kMremap && (step.flags & kMremapFixed) != 0 && step.at == kNone) {
    return "MREMAP_FIXED needs an address: add `to mN`";
  }
  if (MovesBytes(step.call) && (step.length == 0 || step.length > kMaxAccessBytes)) {
    return "an access has 1 to 4096 bytes";
  }
  if (step.call == Call::kMincore && step.length > Pages(kMaxResidentPages)) {
    return "mincore is asked about 4096 pages at most";
  }
  if (step.call == Call::kPoll && step.flags > 0xffff) return "the events of poll have 16 bits";
  return nullptr;
}

bool IsValid(const Program& program) {
  if (program.step_count > kMaxSteps) return false;
  if (program.header.fail_allocation > kMaxFailAllocation) return false;
  if (program.header.load_trial != kNoLoadTrial && program.step_count != 0) return false;
  ResultCounts counts;
  for (size_t i = 0; i < program.step_count; ++i) {
    if (WhyInvalid(program.steps[i], counts) != nullptr) return false;
    CountResult(program.steps[i], &counts);
  }
  return true;
}

Program Without(const Program& program, size_t index) {
  Program result;
  result.header = program.header;
  // New number of each old result; kNone for one that is gone.
  std::array<uint8_t, kMaxSteps> fds, mappings;
  std::array<uint8_t, kMaxSteps + 1> processes;
  ResultCounts before, after;
  processes[0] = 0;
  for (size_t i = 0; i < program.step_count; ++i) {
    Step step = program.steps[i];
    bool keep = i != index;
    if (keep && UsesFd(step.call)) keep = (step.fd = fds[step.fd]) != kNone;
    if (keep && UsesMapping(step.call)) keep = (step.mapping = mappings[step.mapping]) != kNone;
    if (keep && UsesAt(step.call) && step.at != kNone) {
      keep = (step.at = mappings[step.at]) != kNone;
    }
    if (keep && UsesProcess(step.call)) {
      keep = (step.process = processes[step.process]) != kNone;
    }
    const Call call = program.steps[i].call;
    if (MakesFd(call)) fds[before.fds] = keep ? after.fds : kNone;
    if (MakesMapping(call)) mappings[before.mappings] = keep ? after.mappings : kNone;
    if (MakesProcess(call)) processes[before.processes] = keep ? after.processes : kNone;
    CountResult(program.steps[i], &before);
    if (!keep) continue;
    CountResult(step, &after);
    result.Add(step);
  }
  return result;
}

bool TakesDevices(const Program& program) {
  return std::any_of(program.steps.begin(), program.steps.begin() + program.step_count,
                     [](const Step& step) { return step.call == Call::kUnbind; });
}

uint64_t LengthOf(const Program& program, uint8_t index) {
  uint8_t seen = 0;
  for (size_t i = 0; i < program.step_count; ++i) {
    const Step& step = program.steps[i];
    if (!MakesMapping(step.call)) continue;
    if (seen++ == index) return step.call == Call::kMremap ? step.new_length : step.length;
  }
  return 0;
}

}  // namespace drydock::fuzz
