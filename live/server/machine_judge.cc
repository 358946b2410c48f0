// What is told of a call: violations, the kernel's log, traps.
#include <csignal>

#include "fuzz/violation_classes.h"
#include "live/server/machine.h"
#include "sim/kernel/kernel.h"

namespace drydock::live {

bool Machine::Judge(Program& program, const std::string& call) {
  if (world_.verdicts().pending_trap() == kernel::Trap::kNone) oracles_.AfterStep(0);
  return TakeVerdicts(program.pid(), call);
}

bool Machine::TakeVerdicts(pid_t pid, const std::string& call) {
  kernel::Verdicts& verdicts = world_.verdicts();
  kernel::Log& log = kernel_.log();
  for (size_t i = 0; i < log.line_count(); ++i) reports_.KernelLog(log.line(i), log.level(i));
  log.Clear();
  if (verdicts.count() == 0) return false;
  bool stack = false;
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (!reports_.Add(verdicts[i], pid, call)) continue;
    stack = true;
    const fuzz::ViolationClass& c = fuzz::ClassOf(verdicts[i].class_number, verdicts[i].trap);
    findings_ += c.weight == fuzz::Weight::kFinding;
    reached_limit_ |= c.weight == fuzz::Weight::kLimit;
  }
  // The trap stays for who asked; the rest is told.
  if (verdicts.pending_trap() == kernel::Trap::kNone) verdicts.Clear();
  return stack;
}

void Machine::TakeTrapOfKernel() {
  TakeVerdicts(0, "work of the kernel");
  reports_.TellWithoutStack(0);
  world_.verdicts().Clear();
}

// The driver's run was abandoned in the middle. As after an oops the task is killed with what it
// held, and the machine goes on.
void Machine::Oops(Result* result) {
  kernel::Verdicts& verdicts = world_.verdicts();
  const bool limit = verdicts.pending_trap() == kernel::Trap::kUnmodelled;
  verdicts.Clear();
  kernel_.locks().ForgetHeld();
  // mmap_lock dies with the address space, and its exit must not wait for itself.
  drydock_lock& lock = kernel_.mm().mm(kernel_.mm().current())->mmap_lock;
  lock.owner = lock.readers = lock.depth = 0;
  result->value = -EIO;
  result->signal = limit ? SIGKILL : SIGSEGV;  // make_task_dead(SIGSEGV)
  result->code = 0;
}

bool Machine::Unload() {
  if (!programs_.empty() || !world_.UnloadDriver()) return false;
  TakeVerdicts(0, "rmmod");
  reports_.TellWithoutStack(0);
  return true;
}

bool Machine::GiveUp() {
  bool any = false;
  for (const std::unique_ptr<RunningCall>& call : calls_) {
    if (!call->program->dying) continue;
    any = true;
    world_.verdicts().NoteCaller(nullptr);
    world_.verdicts().TrapNow(kernel::Trap::kDeadlock, 0, 11, "a wait ends",
                              "a call of a process that was killed sleeps, and no signal and "
                              "nothing else ends it");
    TakeVerdicts(call->program->pid(), Describe(call->request));
    world_.verdicts().Clear();
    reports_.TellWithoutStack(call->program->pid());
  }
  return any;
}

}  // namespace drydock::live
