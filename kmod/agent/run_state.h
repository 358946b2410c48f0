// What the processes of one running program and the agent share: whose turn it is, what the steps
// so far have made, and what they showed. In shared anonymous memory below everything that is
// looked at; the processes are forks of the agent, so it is at one address in all of them.
#ifndef DRYDOCK_KMOD_AGENT_RUN_STATE_H_
#define DRYDOCK_KMOD_AGENT_RUN_STATE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "fuzz/program.h"
#include "kmod/agent/channel.h"
#include "kmod/agent/device_removal.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

inline constexpr uint32_t kMostProcesses = fuzz::kMaxSteps + 1;
inline constexpr uint32_t kAgentsTurn = 1000;
inline constexpr uint32_t kWorkersTurn = 1001;
// Out of the way: a program's descriptors count from 3.
inline constexpr int kPtdumpFd = 100;
inline constexpr int kChannelFd = 101;

struct RunState {
  std::atomic<uint32_t> turn;  // a futex: the process that acts, kAgentsTurn or kWorkersTurn
  uint32_t ends_program;       // whose turn it is after the last step
  bool leave;                  // whose turn it is, is to exit
  bool look;                   // whose turn it is, is to look at its memory first

  uint32_t next;     // the step to come
  uint32_t current;  // the process that made the last one
  uint32_t process_count;
  pid_t pids[kMostProcesses];  // 0: the fork failed, or the process has exited
  pid_t leaving;               // before anything else: wait until it is gone

  int64_t fds[fuzz::kMaxSteps];  // < 0: failed
  uint32_t fd_count;
  uint64_t mappings[fuzz::kMaxSteps];  // kNoMapping: failed
  uint32_t mapping_count;

  BoundDevice taken[fuzz::kMaxNodes];      // from their drivers, by node
  uint8_t scratch[fuzz::kMaxAccessBytes];  // what a step reads, or writes, of another process
  static_assert(fuzz::kMaxResidentPages <= fuzz::kMaxAccessBytes);  // and what mincore fills in

  // What a worker is to do (worker.h): programs of the chunk, and where their results go.
  uint32_t program;  // the one that runs, or runs next
  uint32_t programs_end;
  uint64_t results_at;  // in the channel; moves on with each program that has ended
  bool no_room;         // for the result of `program`
  bool worker_leaves;   // something was left in it: it is to be replaced

  char nodes[fuzz::kMaxNodes][kPathBytes];  // paths; "": no such node

  uint64_t last;  // in `bytes`: the last step's StepShown
  uint64_t used;
  bool overflow;
  alignas(8) uint8_t bytes[kMostShownBytes];

  void BeginProgram(uint32_t whose_end) {
    leave = look = overflow = false;
    ends_program = whose_end;
    next = current = 0;
    process_count = 1;
    for (pid_t& pid : pids) pid = 0;
    leaving = 0;
    for (BoundDevice& device : taken) device.name[0] = '\0';
    fd_count = mapping_count = 0;
    last = used = 0;
    turn = 0;
  }
  StepShown* Last() { return reinterpret_cast<StepShown*>(bytes + last); }
};

inline constexpr uint64_t kNoMapping = ~uint64_t{0};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_RUN_STATE_H_
