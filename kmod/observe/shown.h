// What a program showed in one world, step by step: plain data, the same from the simulation and
// from a guest, so that both become text by one road (shown_text.h).
#ifndef DRYDOCK_KMOD_OBSERVE_SHOWN_H_
#define DRYDOCK_KMOD_OBSERVE_SHOWN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kmod/ptdump/ptdump_uapi.h"

namespace drydock::kmod {

// How a program ended.
enum class Ending : uint32_t {
  kFinished = 0,
  kTrapped,   // simulation: the driver's run was abandoned (a BUG, a dead lock, ...)
  kKilled,    // guest: the kernel killed the process that made the last step
  kBlocked,   // guest: the last step did not come back; the process could be killed
  kHung,      // guest: the last step did not come back, and its process cannot be killed
  kOverflow,  // more was shown than there is room for: kMostShownBytes
  // Simulation: read or write between the driver's memory and a mapping of such memory. Where they
  // overlap, what comes of it depends on how the processor copies.
  kCopiesOntoItself,
};

// A step's state, as fuzz::StepState.
enum class Ran : uint8_t { kNotRun, kSkipped, kRan };

// What a step showed, without the address space. The guest writes this; `entries` records of
// struct ptdump_record follow it.
struct StepShown {
  int64_t value;     // >= 0 result, < 0 errno, negated
  uint64_t data;     // load: the first 8 bytes
  uint32_t entries;  // of the address space after the step; kNoSpace: not looked at
  uint16_t process;  // the program's number of the process whose space that is
  Ran ran;
  uint8_t signal;       // number of the signal that a load or store raised, 0 for none
  int32_t signal_code;  // its si_code
  uint32_t reserved;
};
static_assert(sizeof(StepShown) == 32);
inline constexpr uint32_t kNoSpace = ~uint32_t{0};

// Room for what one program shows, in both worlds by the same measure: a StepShown for each step,
// with its records. (In the guest it is memory that the processes share.)
inline constexpr uint64_t kMostShownBytes = uint64_t{1} << 20;

struct Step {
  StepShown shown;
  std::vector<ptdump_record> space;
};

struct Shown {
  Ending ending = Ending::kFinished;
  std::vector<Step> steps;  // of each step of the program
  // Simulation: what it showed is the machine's affair. It stored to memory of a device, and what
  // that does then takes its time; or it accessed frames that nobody has, or loaded from where
  // nothing answers.
  bool is_the_machines = false;
  // Simulation: it reached for addresses above kSeenTo, where in the guest the agent's stack is.
  bool reaches_stack = false;
  // Simulation: it left entries of frames where no mapping of frames is (RP5). A real kernel stops
  // or not, later, with whatever comes to lie there.
  bool leaves_strays = false;
  // Simulation: it made or lost reservations of memory types. Before 7.3 some stay for good (P2 to
  // P6), even when the driver has gone.
  bool reserves_types = false;
  std::string said;  // what the kernel wrote meanwhile: a warning, a bug; mostly empty
};

// Where addresses of the simulated process count down from (sim/kernel/mm.h), and where the guest's
// do: the agent arranges that they are the same. The part of the address space that is looked at.
inline constexpr uint64_t kMmapBase = 0x21fffffff000;
inline constexpr uint64_t kSeenFrom = 0x40000000;
inline constexpr uint64_t kSeenTo = 0x7f0000000000;

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_OBSERVE_SHOWN_H_
