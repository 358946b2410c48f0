// Sleeping, waking and whose turn it is; wait queues are in wait_queues.cc.
#include "sim/kernel/tasks.h"

#include <bit>
#include <climits>
#include <cstring>

namespace drydock::kernel {
namespace {

constexpr int64_t kErestartsys = -512, kErestartnointr = -513, kErestartnohand = -514,
                  kErestartBlock = -516, kEintr = -4, kEtime = -62;
constexpr unsigned kPfKthread = 0x200000;
constexpr int kFirstPid = 100, kFirstKernelPid = 20;
constexpr int kMaxTurns = 64;

uint64_t Bit(uint32_t id) { return uint64_t{1} << id; }

bool EndsBySignal(unsigned state, unsigned signals) {
  return ((state & TASK_INTERRUPTIBLE) != 0 && signals != 0) ||
         ((state & TASK_WAKEKILL) != 0 && (signals & DRYDOCK_SIGNAL_FATAL) != 0);
}

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

void Tasks::SendSignal(uint32_t id, bool fatal) {
  Signal(id, fatal ? DRYDOCK_SIGNAL | DRYDOCK_SIGNAL_FATAL : DRYDOCK_SIGNAL);
  Record& record = records_.Mut(id);
  if (record.asleep == 0 || !EndsBySignal(Struct(id).__state, Struct(id).drydock_signals)) return;
  record.asleep = 0;  // its state stays: the sleep tells by it what ended it
  record.turn = ++state_.Mut().serial;
  ready_ |= Bit(id);
  if (record.timer == 1) {
    clock_.Cancel(*this, id);
    record.timer = 0;
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

// --- sleeping ---

bool Tasks::MaySchedule(const char* function) {
  if (locks_.context() != 0) {
    verdicts_.TrapNow(Trap::kBug, 64, 10, "nothing sleeps in an interrupt",
                      "BUG: scheduling while atomic: %s in %s", function,
                      locks_.context() >= kHardirqContext
                          ? "an interrupt handler"
                          : "a soft interrupt (a timer, a tasklet)");
    return false;
  }
  locks_.MightSleep(function);
  return !Trapped();
}

Tasks::Woken Tasks::SleepHere(uint64_t deadline_ns, bool hang, const char* function) {
  const uint32_t id = CurrentTask()->drydock_id;
  task_struct& task = Struct(id);
  if (task.__state == TASK_RUNNING) return Woken::kYes;
  if (EndsBySignal(task.__state, task.drydock_signals)) {
    task.__state = TASK_RUNNING;
    return Woken::kSignal;
  }
  Record& record = records_.Mut(id);
  record.asleep = 1;
  record.timer = 0;
  if (deadline_ns != Clock::kNever) {
    record.timer = 1;
    clock_.Add(deadline_ns, EventKind::kInterrupt, *this, id);
  }
  bool ends = true;
  if (fibres_.current() == 0) {
    ends = RunMachineUntilAwake(id, deadline_ns, hang, function);
  } else {
    while (record.asleep != 0 && !Trapped()) SwitchTo(NextContext(id));
  }
  const bool timeout = record.timer == 2;
  if (record.asleep != 0 && record.timer == 1) clock_.Cancel(*this, id);
  record.asleep = 0;
  ready_ &= ~Bit(id);
  const bool signal = EndsBySignal(task.__state, task.drydock_signals);
  task.__state = TASK_RUNNING;
  return !ends ? Woken::kNever : timeout ? Woken::kTimeout : signal ? Woken::kSignal : Woken::kYes;
}

bool Tasks::RunMachineUntilAwake(uint32_t me, uint64_t deadline_ns, bool hang,
                                 const char* function) {
  const uint64_t began_ns = clock_.NowNs();
  uint32_t events = 0;
  uint32_t turns = 0;
  while (!Trapped()) {
    if (interrupts_ != nullptr && interrupts_->InterruptPending()) {
      interrupts_->Deliver();
      continue;
    }
    if (++turns > kStormEvents) Storm(turns);
    if (clock_.due()) {
      clock_.FireDue(/*masked=*/false);
      continue;
    }
    if (const uint32_t next = NextReady(0); next != 0) {
      if (next == me) return true;
      SwitchTo(records_[next].context);
      continue;
    }
    if (works_ != nullptr && works_->WorkWaits() && works_->StartOne()) continue;
    const bool nothing = clock_.empty();
    if (deadline_ns == Clock::kNever) {
      const uint64_t waited_ns = clock_.NowNs() - began_ns;
      const unsigned state = structs_[me].c.__state;
      if (nothing || waited_ns >= kPatienceNs || events >= kPatienceEvents) {
        if ((state & TASK_INTERRUPTIBLE) != 0) {
          Signal(me, DRYDOCK_SIGNAL);
          return true;
        }
        if ((state & TASK_WAKEKILL) != 0) {
          Signal(me, DRYDOCK_SIGNAL | DRYDOCK_SIGNAL_FATAL);
          return true;
        }
      }
      if (nothing || waited_ns >= kHungNs || events >= kHungEvents) {
        if (!hang) return false;
        if (nothing) {
          verdicts_.TrapNow(Trap::kDeadlock, 0, 11, "a wait ends",
                            "%s: waits for an event that nothing can cause any more", function);
        } else {
          verdicts_.TrapNow(Trap::kDeadlock, 0, 11, "a wait ends",
                            "%s: waits, and in %llu s and %u events nothing has ended it", function,
                            static_cast<unsigned long long>(waited_ns / 1'000'000'000), events);
        }
        return false;
      }
    }
    JumpToNextEvent();
    ++events;
  }
  return true;
}

void Tasks::JumpToNextEvent() {
  clock_.AdvanceTo(clock_.next_due_ns());
  clock_.FireDue(/*masked=*/false);
}

void Tasks::Signal(uint32_t id, unsigned signals) {
  if (Struct(id).drydock_signals == 0) ++state_.Mut().signals;
  Struct(id).drydock_signals |= signals;
}

void Tasks::OnEvent(uint64_t task) {
  const auto id = static_cast<uint32_t>(task);
  records_.Mut(id).timer = 2;
  Wake(id);
}

void Tasks::Wake(uint32_t id) {
  Record& record = records_.Mut(id);
  if (record.asleep == 0) return;
  record.asleep = 0;
  record.turn = ++state_.Mut().serial;
  ready_ |= Bit(id);
  Struct(id).__state = TASK_RUNNING;
  if (record.timer == 1) {
    clock_.Cancel(*this, id);
    record.timer = 0;
  }
}

// kernel/sched/core.c:try_to_wake_up().
int Tasks::TryToWake(task_struct* task, unsigned mode) {
  if (!structs_.Contains(task)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "who is woken is a task",
                      "the task at %p was never one, or is gone", static_cast<void*>(task));
    return 0;
  }
  const uint32_t id = task->drydock_id;
  if ((task->__state & mode) == 0) return 0;
  Wake(id);
  Struct(id).__state = TASK_RUNNING;
  return 1;
}

int Tasks::WakeUpProcess(task_struct* task, unsigned int mode) { return TryToWake(task, mode); }

void Tasks::Schedule(const char* function) {
  if (!MaySchedule(function)) return;
  if (CurrentTask()->__state == TASK_RUNNING) {
    LetOthersRun();
    return;
  }
  SleepHere(Clock::kNever, /*hang=*/true, function);
}

long Tasks::ScheduleTimeout(long timeout, const char* function) {
  if (timeout == LONG_MAX) {
    Schedule(function);
    return timeout;
  }
  if (!MaySchedule(function)) return 0;
  if (timeout < 0) {  // the kernel complains, and goes on at once
    verdicts_.Report(0, 10, "a time-out is not negative", "%s: wrong timeout value %ld", function,
                     timeout);
    CurrentTask()->__state = TASK_RUNNING;
    return 0;
  }
  const uint64_t expire = clock_.Jiffies() + static_cast<uint64_t>(timeout);
  if (CurrentTask()->__state == TASK_RUNNING) {
    LetOthersRun();
  } else {
    const uint64_t deadline = Clock::NsOfJiffies(expire);
    SleepHere(deadline > clock_.NowNs() ? deadline : clock_.NowNs(), /*hang=*/true, function);
  }
  const auto left = static_cast<long>(expire - clock_.Jiffies());
  return left > 0 ? left : 0;
}

uint64_t Tasks::Sleep(uint64_t nanoseconds, unsigned int state, const char* function) {
  if (!MaySchedule(function)) return 0;
  const uint64_t deadline = clock_.NowNs() + nanoseconds;
  while (clock_.NowNs() < deadline && !Trapped()) {
    CurrentTask()->__state = state;
    if (SleepHere(deadline, /*hang=*/true, function) == Woken::kSignal) break;
  }
  return clock_.NowNs() < deadline ? deadline - clock_.NowNs() : 0;
}

void Tasks::Yield(const char* function) {
  if (!MaySchedule(function)) return;
  if (!clock_.empty()) clock_.Advance(kSystemCallNs);
  Serve();
  LetOthersRun();
}

void Tasks::BusyWait(uint64_t nanoseconds) {
  clock_.Advance(nanoseconds);
  Serve();
  if (locks_.context() == 0) LetOthersRun();
}

// --- waiting for a thing by its address ---

long Tasks::WaitOn(const void* key, unsigned int state, long* timeout, const char* function) {
  if (!MaySchedule(function)) return 0;
  task_struct* task = CurrentTask();
  task->__state = state;
  Record& record = records_.Mut(task->drydock_id);
  record.key = reinterpret_cast<uint64_t>(key);
  record.arrival = ++state_.Mut().serial;
  keyed_ |= Bit(task->drydock_id);
  const bool forever = *timeout == LONG_MAX;
  const uint64_t expire = clock_.Jiffies() + static_cast<uint64_t>(*timeout);
  uint64_t deadline = forever ? Clock::kNever : Clock::NsOfJiffies(expire);
  if (deadline < clock_.NowNs()) deadline = clock_.NowNs();
  const Woken woken = SleepHere(deadline, /*hang=*/true, function);
  record.key = 0;
  keyed_ &= ~Bit(task->drydock_id);
  if (!forever) {
    const auto left = static_cast<long>(expire - clock_.Jiffies());
    *timeout = woken == Woken::kTimeout ? 0 : left > 0 ? left : 1;
  }
  return woken == Woken::kSignal ? kErestartsys : woken == Woken::kTimeout ? kEtime : 0;
}

void Tasks::WakeOn(const void* key, unsigned int count) {
  if (keyed_ == 0) return;
  for (unsigned int woken = 0; count == 0 || woken < count; ++woken) {
    uint32_t first = 0;
    for (uint64_t left = keyed_; left != 0; left &= left - 1) {
      const auto id = static_cast<uint32_t>(std::countr_zero(left));
      if (records_[id].asleep == 0 || records_[id].key != reinterpret_cast<uint64_t>(key)) continue;
      if (first == 0 || records_[id].arrival < records_[first].arrival) first = id;
    }
    if (first == 0) return;
    Wake(first);
  }
}

LockWaiter::Result Tasks::WaitForLock(const drydock_lock* lock, bool spin, unsigned state,
                                      const char* function) {
  if (locks_.context() != 0) return Result::kNever;
  // Its holder has to be in the middle of something, or it will never give it back.
  const uint32_t holder = lock->owner;
  if (fibres_.current() == 0 && holder != 0 &&
      (holder >= kMaxTasks || ((alive_ & Bit(holder)) == 0 && records_[holder].asleep == 0))) {
    return Result::kNever;
  }
  task_struct* task = CurrentTask();
  task->__state = spin ? TASK_UNINTERRUPTIBLE : state;
  Record& record = records_.Mut(task->drydock_id);
  record.key = reinterpret_cast<uint64_t>(lock);
  record.arrival = ++state_.Mut().serial;
  keyed_ |= Bit(task->drydock_id);
  const Woken woken = SleepHere(Clock::kNever, /*hang=*/false, function);
  record.key = 0;
  keyed_ &= ~Bit(task->drydock_id);
  return woken == Woken::kSignal  ? Result::kSignal
         : woken == Woken::kNever ? Result::kNever
                                  : Result::kTryAgain;
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
