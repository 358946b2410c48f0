// The memory that a guest and its runner share: programs go one way, what they showed comes the
// other. It is the memory of an ivshmem device; the guest maps it through sysfs, without a driver.
//
//   offset 0          Header
//   kProgramsAt       program_count of fuzz::Program
//   results_at        of each program: ResultHead, then its steps (StepShown, each followed by its
//                     entries), then `said` bytes of text, padded to 8
//
// The runner fills in a chunk and raises `posted`; the agent runs it, raises `finished` to the same
// number, and waits. Either side only reads what the other has published before the number. What a
// guest that died has written stays readable.
#ifndef DRYDOCK_KMOD_AGENT_CHANNEL_H_
#define DRYDOCK_KMOD_AGENT_CHANNEL_H_

#include <atomic>
#include <cstdint>

#include "fuzz/program.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

inline constexpr uint64_t kChannelBytes = uint64_t{64} << 20;
inline constexpr uint64_t kChannelMagic = 0x316e616863646472;  // "rddchan1"
inline constexpr size_t kPathBytes = 128;                      // of a device node's name
inline constexpr uint32_t kMostPrograms = 16384;               // of a chunk

enum class GuestState : uint32_t {
  kBooting = 0,  // the agent has not come to life
  kReady,        // waits for a chunk
  kRunning,
  kFailed,  // `words` says what, in one line; the agent does no more
};

struct Header {
  // The runner's.
  uint64_t magic;
  std::atomic<uint64_t> posted;  // chunks
  uint32_t program_count;
  uint32_t quit;  // 1: the guest is to end
  uint64_t results_at;
  uint32_t load_driver;  // 1: unload the driver and load it anew before this chunk
  uint32_t patience_ms;  // how long a step may take
  char driver[64];  // module's file in the initramfs, without a folder: "drydock_dma_buffer.ko"
  char parameters[256];  // of the module
  char nodes[fuzz::kMaxNodes][kPathBytes];

  // The agent's.
  std::atomic<uint64_t> finished;  // chunks
  std::atomic<uint64_t> alive;     // counts on while the agent lives
  std::atomic<uint64_t> clock_ms;  // the guest's CLOCK_MONOTONIC, now and then
  std::atomic<uint32_t> program;   // of this chunk: the one that runs
  std::atomic<uint32_t> done;      // of this chunk: results that are whole
  std::atomic<GuestState> state;
  uint32_t reserved;
  char words[256];
};

struct ResultHead {
  uint64_t bytes;  // of the whole result, this included; a multiple of 8
  Ending ending;
  uint32_t steps;  // as many as the program has
  uint32_t said;   // bytes of text
  uint32_t reserved;
};

inline constexpr uint64_t kProgramsAt = 4096;
static_assert(sizeof(Header) <= kProgramsAt);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

inline fuzz::Program& ProgramOf(Header* channel, uint32_t index) {
  return reinterpret_cast<fuzz::Program*>(reinterpret_cast<uint8_t*>(channel) + kProgramsAt)[index];
}

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_CHANNEL_H_
