#include "kmod/agent/in_place.h"

#include "kmod/observe/shown.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Step;

// Mappings begin where mmap's search ends up: below kMmapBase, as long as the address space is not
// full, and above by what offsets add. All steps together stay between kSeenFrom and kSeenTo.
constexpr uint64_t kFar = uint64_t{1} << 40;
static_assert(kMmapBase - fuzz::kMaxSteps * 2 * kFar > kSeenFrom);
static_assert(kMmapBase + fuzz::kMaxSteps * 4 * kFar < kSeenTo);

// Where nothing is ever mapped, and where nothing can be.
constexpr uint64_t kLowest = 0x10000;
constexpr uint64_t kHighest = uint64_t{1} << 47;

bool StaysNear(const Step& step) {
  return step.length < kFar && step.new_length < kFar && step.at_offset < kFar;
}

bool StepRunsInPlace(const Step& step) {
  switch (step.call) {
    case Call::kOpen:
    case Call::kClose:
    case Call::kLseek:
    case Call::kFork:
    case Call::kExit:
    case Call::kSwitch:
    case Call::kPoll:
      return true;
    case Call::kMmap:
    case Call::kAnonymous:
      return StaysNear(step);
    case Call::kMunmap:
    case Call::kMprotect:
    case Call::kMadvise:
    case Call::kMremap:
    case Call::kLoad:
    case Call::kStore:
    case Call::kRead:
    case Call::kWrite:
    case Call::kMlock:
    case Call::kMunlock:
    case Call::kMsync:
    case Call::kMincore:
    case Call::kVmReadv:
    case Call::kVmWritev:
    case Call::kMemRead:
    case Call::kMemWrite:
      return StaysNear(step) && step.offset < kFar;
    case Call::kIoctl:  // the argument may be an address
      return step.at != fuzz::kNone ? StaysNear(step)
                                    : step.offset < kLowest || step.offset >= kHighest;
    default:  // mseal, unbind and bind outlast the program
      return false;
  }
}

}  // namespace

bool RunsInPlace(const fuzz::Program& program) {
  bool exits = false;
  for (uint32_t i = 0; i < program.step_count; ++i) {
    const fuzz::Step& step = program.steps[i];
    exits |= step.call == Call::kExit;
    if (!StepRunsInPlace(step) || (exits && step.call == Call::kIoctl)) return false;
  }
  return true;
}

}  // namespace drydock::kmod
