// The simulated machine as programs reach it: which of its processes belongs to which program, and
// what each call does. Calls run one after another, each to its end.
#ifndef DRYDOCK_LIVE_SERVER_MACHINE_H_
#define DRYDOCK_LIVE_SERVER_MACHINE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/oracles.h"
#include "fuzz/policy.h"
#include "live/protocol.h"
#include "live/server/program.h"
#include "live/server/program_memory.h"
#include "live/server/reports.h"
#include "sim/hw/page_table.h"
#include "sim/world.h"

namespace drydock::live {

class Machine final : private hw::PageTableWatcher {
 public:
  // `world` has its driver; it is never reset from now on. All outlive the machine.
  Machine(World& world, const fuzz::Policy& policy, Reports& reports);
  ~Machine() override;

  const std::vector<std::unique_ptr<Program>>& programs() const { return programs_; }
  // nullptr and *error for a process that cannot be had (EAGAIN: the simulation has room for no
  // more).
  Program* Join(pid_t pid, int* error);
  // The child that a fork made for `token`, which is now known to be `pid`; nullptr: no such token.
  Program* Adopt(uint64_t token, pid_t pid);
  // The program of a process goes on as another one: its memory is gone; of its descriptors those
  // stay that `inherited` names by inode. Their numbers go to `descriptors`, -1: not known.
  void Exec(Program& program, const uint64_t* inherited, int32_t* descriptors, uint32_t count);
  // The process is dead: as exit(2).
  void Leave(Program& program);

  // Carries out the request in `slot` and writes the answer.
  void Serve(Program& program, Slot* slot);

  // Programs are gone: rmmod. False if the module stays.
  bool Unload();
  // Something is not modelled, or too small, for what was asked.
  bool reached_limit() const { return reached_limit_; }
  uint32_t findings() const { return findings_; }
  // Counts what may have changed the list of nodes.
  uint64_t calls() const { return calls_; }

 private:
  struct Request {
    Op op = Op::kNone;
    uint32_t flags = 0;
    uint64_t args[6] = {};
    std::string path;
    unsigned char bytes[64] = {};
    std::vector<uint64_t> frames;
  };
  struct Result {
    int64_t value = 0;
    int signal = 0, code = 0;
    uint32_t flags = 0;
    unsigned char bytes[64] = {};
  };

  void OnNarrowed(const hw::PageTable& table, hw::VirtAddr va, uint64_t pages) override;
  Program* Make(uint32_t process, pid_t pid, int* error);
  Result Act(Program& program, const Request& request);
  Result Fault(Program& program, const Request& request);
  Result Fork(Program& program);
  Result Forked(uint64_t token, pid_t pid);
  Result Take(const user::Outcome& outcome);
  void CloseAll(Program& program);
  // Looks at what a call left; true if the program's stack is wanted.
  bool Judge(Program& program, const std::string& call);
  void Oops(Result* result);
  static std::string Describe(const Request& request);

  World& world_;
  kernel::Kernel& kernel_;
  Reports& reports_;
  fuzz::Oracles oracles_;
  ProgramMemory memory_;
  std::vector<std::unique_ptr<Program>> programs_;
  // The call that is on its way.
  Program* caller_ = nullptr;
  bool many_threads_ = false;
  // The caller takes this range away itself, unless the call fails.
  uint64_t discard_begin_ = 0, discard_end_ = 0;
  std::vector<Update> discarded_;
  uint64_t last_token_ = 0;
  uint64_t calls_ = 0;
  uint32_t findings_ = 0;
  bool reached_limit_ = false;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_MACHINE_H_
