// The simulated machine as programs reach it: which of its processes belongs to which program, and
// what each call does. Each call is a task of the emulated kernel: one that sleeps in the driver
// keeps its own thread waiting and nobody else. One runs at a time.
//
// Time is the host's: what is to come in a millisecond comes a millisecond later.
#ifndef DRYDOCK_LIVE_SERVER_MACHINE_H_
#define DRYDOCK_LIVE_SERVER_MACHINE_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/oracles.h"
#include "fuzz/policy.h"
#include "live/protocol.h"
#include "live/server/program.h"
#include "live/server/program_memory.h"
#include "live/server/reports.h"
#include "live/server/request.h"
#include "live/server/running_call.h"
#include "sim/hw/page_table.h"
#include "sim/kernel/tasks.h"
#include "sim/world.h"

namespace drydock::live {

class Machine final : private hw::PageTableWatcher {
 public:
  // `world` has its driver; it is never reset from now on. All outlive the machine.
  Machine(World& world, const fuzz::Policy& policy, Reports& reports);
  ~Machine() override;

  // What a live machine has room for.
  static kernel::Capacity Room();

  const std::vector<std::unique_ptr<Program>>& programs() const { return programs_; }
  // nullptr and *error for a process that cannot be had (EAGAIN: the simulation has room for no
  // more).
  Program* Join(pid_t pid, int* error);
  // The child that a fork made for `token`, which is now known to be `pid`; nullptr: no such token.
  Program* Adopt(uint64_t token, pid_t pid);
  // The program of a process goes on as another one: its memory is gone; of its descriptors those
  // stay that `inherited` names by inode. `then` gets their numbers, -1: not known; when its calls
  // have ended, which may be later.
  using Inherited = std::vector<int32_t>;
  void Exec(Program& program, std::vector<uint64_t> inherited,
            std::function<void(const Inherited&)> then);
  // The process is dead: its calls end, then as exit(2). It may be a while before it is no longer
  // among programs().
  void Leave(Program& program);

  // Begins the request in `slot`, whose answer comes now or later. False: not begun, there is no
  // room for one more call that sleeps; try again.
  bool Serve(Program& program, Slot* slot);
  // A signal waits for the thread whose call is in `slot`: its sleep ends if the driver lets it.
  void Interrupt(Program& program, const Slot* slot);
  // Time passes, and what comes of it: interrupts, timers, work, calls that were woken. True if
  // anything was done.
  bool GoOn();
  // How long nothing will happen by itself: 0: there is something to do now; -1: for ever.
  int64_t IdleNs() const;
  // For calls of dead processes that nothing has ended for a while: says that they hang. True if
  // there are any.
  bool GiveUp();

  // Programs are gone: rmmod. False if the module stays.
  bool Unload();
  // Something is not modelled, or too small, for what was asked.
  bool reached_limit() const { return reached_limit_; }
  uint32_t findings() const { return findings_; }

 private:
  void OnNarrowed(const hw::PageTable& table, hw::VirtAddr va, uint64_t pages) override;

  // machine_programs.cc
  Program* Make(uint32_t process, pid_t pid, int* error);
  void WhenIdle(Program& program);
  void CloseAll(Program& program);
  void Forked(uint64_t token, pid_t pid);

  // machine.cc
  uint64_t HostNs() const;
  // Takes `call` when it has begun; false: no room.
  bool Begin(std::unique_ptr<RunningCall> call);
  bool BeginFor(Program& program, std::function<void(RunningCall&)> body);
  static void Run(void* machine, uint64_t call);
  void Answer(RunningCall& call, const Result& result);
  // Looks after calls that have ended or fallen asleep.
  void Reap();
  RunningCall* Current() { return by_task_[kernel_tasks().running()]; }
  kernel::Tasks& kernel_tasks() const;

  // machine_calls.cc
  Result Act(RunningCall& call);
  file* HeldFile(const Program& program, const Request& request);
  Result Fault(Program& program, const Request& request);
  Result Fork(Program& program);
  static Result Take(const user::Outcome& outcome);

  // machine_judge.cc
  // Looks at what a call left; true if the program's stack is wanted.
  bool Judge(Program& program, const std::string& call);
  // Takes what was reported meanwhile.
  bool TakeVerdicts(pid_t pid, const std::string& call);
  // A task of the kernel's own was abandoned in the driver.
  void TakeTrapOfKernel();
  void Oops(Result* result);

  World& world_;
  kernel::Kernel& kernel_;
  Reports& reports_;
  fuzz::Oracles oracles_;
  ProgramMemory memory_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::vector<std::unique_ptr<RunningCall>> calls_;
  std::array<RunningCall*, kernel::Tasks::kMaxTasks> by_task_{};
  uint64_t host_base_ns_ = 0;  // host time less simulated time
  uint64_t last_token_ = 0;
  uint32_t findings_ = 0;
  bool reached_limit_ = false;
  bool no_room_told_ = false;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_MACHINE_H_
