// Whose turn it is, calls and their ends; sleeping and waking are in task_sleep.cc, wait queues in
// wait_queues.cc.
#include "sim/kernel/tasks.h"

#include <bit>
#include <cstring>

namespace drydock::kernel {
namespace {

constexpr int64_t kErestartsys = -512, kErestartnointr = -513, kErestartnohand = -514,
                  kErestartBlock = -516, kEintr = -4;
constexpr unsigned kPfKthread = 0x200000;
constexpr int kFirstPid = 100, kFirstKernelPid = 20;
constexpr int kMaxTurns = 64;

uint64_t Bit(uint32_t id) { return uint64_t{1} << id; }

}  // namespace

Tasks::Tasks(hw::ResetList& list, Verdicts& verdicts, Fibres& fibres, DriverCall& calls,
             Clock& clock, Locks& locks, ProcessSwitch& processes)
    : verdicts_(verdicts),
      fibres_(fibres),
      calls_(calls),
      clock_(clock),
      locks_(locks),
      processes_(processes),
      tasks_full_(list, verdicts, "tasks of the kernel at a time"),
      waits_full_(list, verdicts, "entries in wait queues"),
      polls_full_(list, verdicts, "wait queues that are polled"),
      records_(list, "task records", kMaxTasks),
      structs_(list, "tasks", kMaxTasks),
      waits_(list, "waits", kMaxWaits),
      polls_(list, "poll entries", kMaxPolls),
      state_(list, "task state") {}

uint32_t Tasks::CurrentId() const {
  if (running_ != 0) return running_;
  return processes_.CurrentProcess() % kMaxUserTasks + 1;
}

task_struct* Tasks::CurrentTask() {
  const uint32_t id = CurrentId();
  task_struct& task = Struct(id);
  if (running_ == 0) {
    if (records_[id].kind == kFree) records_.Mut(id).kind = kUser;
    const uint32_t process = processes_.CurrentProcess();
    task.mm = processes_.AddressSpaceOf(process);
    task.pid = task.tgid = static_cast<int>(process) + kFirstPid;
    std::memcpy(task.comm, "program", sizeof "program");
  }
  task.drydock_id = id;
  return &task;
}

unsigned int Tasks::Context() {
  return locks_.context() | (locks_.bh_off() ? 2 * kSoftirqContext : 0) |
         (locks_.AtomicLock() != nullptr || locks_.preempt_off() ? 1 : 0);
}

// --- whose turn it is ---

uint32_t Tasks::NextReady(uint32_t except) const {
  uint32_t next = 0;
  for (uint64_t left = ready_ & ~Bit(except); left != 0; left &= left - 1) {
    const auto id = static_cast<uint32_t>(std::countr_zero(left));
    if (next == 0 || records_[id].turn < records_[next].turn) next = id;
  }
  return next;
}

// Another context goes on; what is true of the running task is as before when this one does.
void Tasks::SwitchTo(uint32_t context) {
  if (context == fibres_.current()) return;
  const uint32_t running = running_;
  const uint32_t process = processes_.CurrentProcess();
  const unsigned interrupts = locks_.context();
  const void* caller = verdicts_.caller();
  const int fault_depth = processes_.ExchangeFaultDepth(0);
  locks_.SetContext(0);
  fibres_.SwitchTo(context);
  running_ = running;
  processes_.SetCurrentProcess(process);
  processes_.ExchangeFaultDepth(fault_depth);
  locks_.SetContext(interrupts);
  verdicts_.NoteCaller(caller);
}

uint32_t Tasks::Spawn(Run run, void* self, uint64_t argument, const char* name) {
  uint32_t id = kMaxUserTasks + 1;
  while (id < kMaxTasks && (alive_ & Bit(id)) != 0) ++id;
  const uint32_t context = id < kMaxTasks ? fibres_.NewContext(&ContextBody, this) : 0;
  if (context == 0) {
    tasks_full_.Exceeded(std::popcount(alive_));
    return 0;
  }
  Record& record = records_.Mut(id);
  record = {};
  record.kind = kKernel;
  record.context = context;
  record.run = reinterpret_cast<uint64_t>(run);
  record.self = reinterpret_cast<uint64_t>(self);
  record.argument = argument;
  record.turn = ++state_.Mut().serial;
  alive_ |= Bit(id);
  ready_ |= Bit(id);
  task_struct& task = Struct(id);
  task = {};
  task.drydock_id = id;
  task.flags = kPfKthread;
  task.pid = task.tgid = kFirstKernelPid + static_cast<int>(id);
  std::strncpy(task.comm, name, sizeof task.comm - 1);
  return id;
}

uint32_t Tasks::ContextBody(void* self) { return static_cast<Tasks*>(self)->RunTask(); }

uint32_t Tasks::RunTask() {
  uint32_t id = 1;
  while ((alive_ & Bit(id)) == 0 || records_[id].context != fibres_.current()) ++id;
  running_ = id;
  const Record& record = records_[id];
  const bool call = record.kind == kUser;
  if (!call) processes_.SetCurrentProcess(ProcessSwitch::kNoProcess);
  verdicts_.NoteCaller(nullptr);
  ready_ &= ~Bit(id);
  if (!Trapped()) {
    reinterpret_cast<Run>(record.run)(reinterpret_cast<void*>(record.self), record.argument);
  }
  if (Trapped()) {
    locks_.ForgetHeld();
  } else if (!call) {
    locks_.CheckNoneHeldAtEnd(structs_[id].c.comm);
    if (state_->waits != 0) CheckWaits(structs_[id].c.comm);
  }
  EndTask(id);
  // Context 0 is the host's, where the machine goes on.
  return Trapped() ? 0 : NextContext(0);
}

void Tasks::EndTask(uint32_t id) {
  alive_ &= ~Bit(id);
  ready_ &= ~Bit(id);
  records_.Mut(id) = {};
  if (structs_[id].c.drydock_signals != 0) --state_.Mut().signals;
  if (id > kMaxUserTasks) {
    structs_.Mut(id) = {};
  } else {
    Struct(id).drydock_signals = 0;  // a process is the same task in its next call
  }
}

uint32_t Tasks::BeginCall(uint32_t process, Run run, void* self, uint64_t argument) {
  // A process is one task; further threads of it are tasks of their own.
  uint32_t id = process % kMaxUserTasks + 1;
  if ((alive_ & Bit(id)) != 0) {
    id = kMaxUserTasks + 1;
    while (id < kMaxTasks && (alive_ & Bit(id)) != 0) ++id;
  }
  const uint32_t context = id < kMaxTasks ? fibres_.NewContext(&ContextBody, this) : 0;
  if (context == 0) return 0;
  Record& record = records_.Mut(id);
  record = {};
  record.kind = kUser;
  record.context = context;
  record.run = reinterpret_cast<uint64_t>(run);
  record.self = reinterpret_cast<uint64_t>(self);
  record.argument = argument;
  alive_ |= Bit(id);
  task_struct& task = Struct(id);
  task.drydock_id = id;
  task.__state = TASK_RUNNING;
  task.mm = processes_.AddressSpaceOf(process);
  task.tgid = static_cast<int>(process) + kFirstPid;
  task.pid = id <= kMaxUserTasks ? task.tgid : kFirstPid + static_cast<int>(id);
  std::memcpy(task.comm, "program", sizeof "program");
  fibres_.CountEntry();
  const uint32_t before = processes_.CurrentProcess();
  processes_.SetCurrentProcess(process);
  SwitchTo(context);
  processes_.SetCurrentProcess(before);
  return id;
}

void Tasks::GoOn() {
  Serve();
  while (works_ != nullptr && works_->WorkWaits() && !Trapped() && works_->StartOne()) {
  }
  const uint64_t turn = state_->serial;
  for (;;) {
    const uint32_t next = NextReady(0);
    if (next == 0 || records_[next].turn > turn || Trapped()) return;
    fibres_.CountEntry();
    SwitchTo(records_[next].context);
  }
}

// Before a system call returns. On the host's own context everything is let go as far as it can; a
// call with a context of its own leaves what is not there yet to the host's loop.
bool Tasks::OthersCanRun() const {
  return fibres_.current() == 0 || (ready_ & ~Bit(CurrentId())) != 0 ||
         (works_ != nullptr && works_->WorkWaits());
}

// Whoever is ready, and work that waits, has one turn. False if there was nobody.
bool Tasks::LetOthersRun() {
  const uint32_t me = CurrentId();
  while (works_ != nullptr && works_->WorkWaits() && !Trapped() && works_->StartOne()) {
  }
  if (Trapped()) return false;
  if (fibres_.current() != 0) {  // the host's context always has something to do
    records_.Mut(me).turn = ++state_.Mut().serial;
    ready_ |= Bit(me);
    SwitchTo(NextContext(me));
    ready_ &= ~Bit(me);
    return true;
  }
  if ((ready_ & ~Bit(me)) == 0) return false;
  const uint64_t turn = state_->serial;
  for (;;) {
    const uint32_t next = NextReady(me);
    if (next == 0 || records_[next].turn > turn || Trapped()) return true;
    SwitchTo(records_[next].context);
  }
}

void Tasks::Serve() {
  uint32_t count = 0;
  while (!Trapped()) {
    const bool masked = Masked();
    if (++count > kStormEvents) {
      Storm(count);
    } else if (clock_.due() && clock_.FireDue(masked)) {
      continue;
    } else if (masked || interrupts_ == nullptr || !interrupts_->InterruptPending()) {
      return;
    } else {
      interrupts_->Deliver();
    }
  }
}

void Tasks::Storm(uint32_t events) {
  verdicts_.TrapNow(Trap::kBudget, 0, 11, "interrupts, timers and work leave time for the rest",
                    "%u of them came, and there is no end", events);
}

// --- the ends of things ---

int64_t Tasks::EndCall(const char* call, int64_t value, bool* killed) {
  *killed = false;
  restart_ = 0;
  if (!clock_.empty()) clock_.Advance(kSystemCallNs);
  Serve();
  // (Calls that end side by side would let each other go first for ever.)
  const int most_turns = fibres_.current() == 0 ? kMaxTurns : 1;
  for (int turns = 0; turns < most_turns && OthersCanRun() && LetOthersRun(); ++turns) Serve();
  if (Trapped()) return 0;
  if (state_->waits != 0) CheckWaits(call);
  if (state_->signals == 0) return value;
  task_struct& task = Struct(CurrentId());
  if (task.drydock_signals == 0) return value;
  *killed = (task.drydock_signals & DRYDOCK_SIGNAL_FATAL) != 0;
  task.drydock_signals = 0;
  --state_.Mut().signals;
  const bool restarts = value == kErestartsys || value == kErestartnointr ||
                        value == kErestartnohand || value == kErestartBlock;
  if (restarts) restart_ = value;
  return restarts ? kEintr : value;
}

void Tasks::Settle() {
  const uint64_t end_ns = clock_.NowNs() + kSettleNs;
  for (uint32_t events = 0; events < kSettleEvents && !Trapped(); ++events) {
    Serve();
    for (int turns = 0; turns < kMaxTurns && LetOthersRun(); ++turns) Serve();
    if (clock_.empty() || clock_.next_due_ns() > end_ns) return;
    JumpToNextEvent();
  }
}

void Tasks::Unwind() {
  if (alive_ == 0) return;
  const bool trapped = Trapped();
  if (!trapped) verdicts_.BeginUnwinding();
  while (alive_ != 0) {
    SwitchTo(records_[static_cast<uint32_t>(std::countr_zero(alive_))].context);
  }
  if (!trapped) verdicts_.ClearTrap();
}

}  // namespace drydock::kernel
