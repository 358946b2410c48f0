#include "sim/kernel/interrupts.h"

#include <bit>
#include <cerrno>
#include <climits>

#include "sim/kernel/format.h"

namespace drydock::kernel {
namespace {

constexpr unsigned kNone = 0, kHandled = 1, kWakeThread = 2;
constexpr unsigned kNotConnected = 1u << 31;
constexpr unsigned long kTriggerMask = 0xf, kShared = 0x80, kOneshot = 0x2000, kNoSuspend = 0x4000,
                        kCondSuspend = 0x40000, kNoAutoen = 0x80000;
constexpr uint32_t kLastLegacy = 15;

}  // namespace

Interrupts::Interrupts(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Locks& locks,
                       Log& log, Tasks& tasks, FailureInjection& failure)
    : verdicts_(verdicts),
      calls_(calls),
      locks_(locks),
      log_(log),
      tasks_(tasks),
      failure_(failure),
      lines_full_(list, verdicts, "interrupt lines"),
      actions_full_(list, verdicts, "interrupt handlers"),
      lines_(list, "interrupt lines", kMaxLines),
      actions_(list, "interrupt handlers", kMaxHandlers),
      attention_(list, "pending interrupts"),
      serial_(list, "interrupt serial") {}

long Interrupts::Find(uint32_t irq) const {
  for (uint32_t i = 0; i < kMaxLines; ++i) {
    if (irq != 0 && lines_[i].irq == irq) return i;
  }
  return -1;
}

bool Interrupts::Declare(uint32_t irq) {
  if (irq == 0 || Find(irq) >= 0) return irq != 0;
  for (uint32_t i = 0; i < kMaxLines; ++i) {
    if (lines_[i].irq != 0) continue;
    Line& line = lines_.Mut(i);
    line = {};
    line.irq = irq;
    line.depth = 1;
    return true;
  }
  lines_full_.Exceeded(kMaxLines);
  return false;
}

uint32_t Interrupts::AllocateMessages(uint32_t count) {
  uint32_t first = kFirstMessage;
  for (uint32_t i = first; i < first + count; ++i) {
    if (Find(i) >= 0) first = i + 1;
  }
  for (uint32_t i = first; i < first + count; ++i) {
    if (!Declare(i)) return 0;
    lines_.Mut(static_cast<size_t>(Find(i))).message = 1;
  }
  return first;
}

int Interrupts::FreeMessages(uint32_t first, uint32_t count) {
  for (uint32_t irq = first; irq < first + count; ++irq) {
    const long line = Find(irq);
    if (line >= 0 && FindAction(static_cast<uint32_t>(line), 0) >= 0) return -EBUSY;
  }
  for (uint32_t irq = first; irq < first + count; ++irq) {
    const long line = Find(irq);
    if (line < 0) continue;
    lines_.Mut(static_cast<size_t>(line)) = {};
    Update(static_cast<uint32_t>(line));
  }
  return 0;
}

long Interrupts::FindAction(uint32_t line, uint64_t after) const {
  long next = -1;
  for (uint32_t i = 0; i < kMaxHandlers; ++i) {
    const Action& action = actions_[i];
    if (action.serial <= after || action.line != line) continue;
    if (next < 0 || action.serial < actions_[static_cast<size_t>(next)].serial) next = i;
  }
  return next;
}

void Interrupts::Update(uint32_t index) {
  const Line& line = lines_[index];
  const bool may_come = (line.level != 0 || line.pulse != 0) && line.depth == 0 &&
                        line.running == 0 && line.threads == 0 && line.stuck == 0;
  const uint64_t bit = uint64_t{1} << index;
  if (((*attention_ & bit) != 0) == may_come) return;
  if (may_come) {
    attention_.Mut() |= bit;
  } else {
    attention_.Mut() &= ~bit;
  }
}

// --- devices ---

void Interrupts::SetLevel(uint32_t irq, uint32_t source, bool asserted) {
  const long index = Find(irq);
  if (index < 0) return;
  const uint32_t bit = uint32_t{1} << (source % 32);
  Line& line = lines_.Mut(static_cast<size_t>(index));
  if (asserted == ((line.level & bit) != 0)) return;
  if (asserted) {
    line.level |= bit;
    if (FindAction(static_cast<uint32_t>(index), 0) < 0) ++line.unclaimed;
  } else {
    line.level &= ~bit;
    line.in_a_row = 0;
  }
  Update(static_cast<uint32_t>(index));
}

void Interrupts::Pulse(uint32_t irq) {
  const long index = Find(irq);
  if (index < 0) return;
  Line& line = lines_.Mut(static_cast<size_t>(index));
  if (FindAction(static_cast<uint32_t>(index), 0) < 0) {
    ++line.unclaimed;
    log_.Say(4, "irq %u: no handler for it\n", irq);
    return;
  }
  line.pulse = 1;
  Update(static_cast<uint32_t>(index));
}

// --- handlers ---

void Interrupts::Deliver() {
  while (*attention_ != 0 && !Trapped()) {
    const auto index = static_cast<uint32_t>(std::countr_zero(*attention_));
    Line& line = lines_.Mut(index);
    line.pulse = 0;
    line.running = 1;
    Update(index);
    const unsigned result = Handle(index);
    line.running = 0;
    if (Trapped()) return;
    if (result == kNone) {
      ++line.unhandled;
      ++line.unhandled_in_a_row;
    } else {
      line.unhandled_in_a_row = 0;
    }
    line.in_a_row = line.level != 0 ? line.in_a_row + 1 : 0;
    if (line.level != 0 && line.unhandled_in_a_row >= kUnhandledInARow) {
      line.stuck = 1;
      verdicts_.Report(0, 10, "a handler knows its device's interrupt and silences it",
                       "irq %u: nobody cared: asserted, and %u times no handler took it; the line "
                       "is disabled",
                       line.irq, line.unhandled_in_a_row);
    } else if (line.in_a_row >= kHandledInARow) {
      verdicts_.TrapNow(Trap::kBudget, 0, 11, "a handler silences its device",
                        "irq %u: handled %u times in a row, and the device still asserts it",
                        line.irq, line.in_a_row);
    }
    Update(index);
  }
}

// kernel/irq/handle.c:__handle_irq_event_percpu().
unsigned Interrupts::Handle(uint32_t line) {
  unsigned all = kNone;
  uint64_t after = 0;
  for (;;) {
    const long found = FindAction(line, after);
    if (found < 0) return all;
    const auto action = static_cast<uint32_t>(found);
    after = actions_[action].serial;
    unsigned result = kWakeThread;
    if (actions_[action].handler != 0) {
      result = CallHandler(line, action);
      if (Trapped()) return all;
    }
    if (result > kWakeThread) {
      verdicts_.Report(0, 10, "a handler returns IRQ_NONE, IRQ_HANDLED or IRQ_WAKE_THREAD",
                       "irq event %u: bogus return value %x", lines_[line].irq, result);
      result = kHandled;
    }
    if (result == kWakeThread) {
      if (actions_[action].thread == 0) {
        verdicts_.Report(
            0, 10, "who wakes a thread has one",
            "IRQ %u device %s returned IRQ_WAKE_THREAD but no thread function available",
            lines_[line].irq, reinterpret_cast<const char*>(actions_[action].name));
      } else {
        WakeThread(line, action);
      }
    }
    all |= result;
  }
}

unsigned Interrupts::CallHandler(uint32_t line, uint32_t action) {
  const unsigned context = locks_.context();
  const size_t held = locks_.held_count();
  locks_.SetContext(context | kHardirqContext);
  const unsigned result = CallDriver(calls_, reinterpret_cast<Handler>(actions_[action].handler),
                                     static_cast<int>(lines_[line].irq),
                                     reinterpret_cast<void*>(actions_[action].data));
  locks_.SetContext(context);
  if (!Trapped() && locks_.held_count() > held) {
    verdicts_.Report(52, 11, "an interrupt handler gives its locks back",
                     "the handler of irq %u returns and holds a lock", lines_[line].irq);
  }
  return result;
}

void Interrupts::WakeThread(uint32_t line, uint32_t index) {
  Action& action = actions_.Mut(index);
  ++action.wakes;
  if ((action.flags & kOneshot) != 0 && action.oneshot == 0) {
    action.oneshot = 1;
    ++lines_.Mut(line).threads;
  }
  if (action.task != 0) return;
  char name[32];
  FormatTextOf(name, sizeof name, "irq/%u-%s", lines_[line].irq,
               action.name != 0 ? reinterpret_cast<const char*>(action.name) : "");
  action.task = tasks_.Spawn(&RunThread, this, index, name);
}

void Interrupts::RunThread(void* self, uint64_t action) {
  static_cast<Interrupts*>(self)->Thread(static_cast<uint32_t>(action));
}

// kernel/irq/manage.c:irq_thread(), irq_finalize_oneshot().
void Interrupts::Thread(uint32_t index) {
  Action& action = actions_.Mut(index);
  const uint32_t line = action.line;
  while (action.wakes != 0 && !Trapped()) {
    action.wakes = 0;
    CallDriver(calls_, reinterpret_cast<Handler>(action.thread), static_cast<int>(lines_[line].irq),
               reinterpret_cast<void*>(action.data));
    if (Trapped()) break;
    if (action.oneshot != 0) {
      action.oneshot = 0;
      --lines_.Mut(line).threads;
      Update(line);
      tasks_.Serve();
    }
  }
  action.task = 0;
  if (!Trapped()) tasks_.WakeOn(&lines_[line], 0);
}

// --- mocks::IrqApi ---

int Interrupts::RequestThreadedIrq(unsigned int irq, Handler handler, Handler thread,
                                   unsigned long flags, const char* name, void* data) {
  const bool shared = (flags & kShared) != 0;
  if (irq == kNotConnected) return -ENOTCONN;
  if ((shared && (data == nullptr || (flags & kNoAutoen) != 0)) ||
      (!shared && (flags & kCondSuspend) != 0) ||
      ((flags & kNoSuspend) != 0 && (flags & kCondSuspend) != 0)) {
    return -EINVAL;
  }
  if (Find(irq) < 0 && irq >= 1 && irq <= kLastLegacy) Declare(irq);
  const long found = Find(irq);
  if (found < 0) return -EINVAL;
  if (handler == nullptr && thread == nullptr) return -EINVAL;
  locks_.MightSleep("request_irq");
  if (failure_.FailAllocationNow()) return -ENOMEM;

  const auto index = static_cast<uint32_t>(found);
  const long old = FindAction(index, 0);
  if (old >= 0) {
    const unsigned long before = actions_[static_cast<size_t>(old)].flags;
    if ((before & flags & kShared) == 0 || ((before ^ flags) & (kTriggerMask | kOneshot)) != 0) {
      log_.Say(3, "genirq: Flags mismatch irq %u. %08lx (%s) vs. %08lx (%s)\n", irq, flags,
               name != nullptr ? name : "", before,
               reinterpret_cast<const char*>(actions_[static_cast<size_t>(old)].name));
      return -EBUSY;
    }
  }
  if (handler == nullptr && (flags & kOneshot) == 0 && lines_[index].message == 0) {
    log_.Say(3, "genirq: Threaded irq requested with handler=NULL and !ONESHOT for %s (irq %u)\n",
             name != nullptr ? name : "", irq);
    return -EINVAL;
  }
  uint32_t slot = 0;
  while (slot < kMaxHandlers && actions_[slot].serial != 0) ++slot;
  if (slot == kMaxHandlers) {
    actions_full_.Exceeded(kMaxHandlers);
    return -ENOMEM;
  }
  Action& action = actions_.Mut(slot);
  action = {};
  action.handler = reinterpret_cast<uint64_t>(handler);
  action.thread = reinterpret_cast<uint64_t>(thread);
  action.data = reinterpret_cast<uint64_t>(data);
  action.name = reinterpret_cast<uint64_t>(name != nullptr ? name : "");
  action.flags = flags;
  action.serial = ++serial_.Mut();
  action.line = index;
  if (old < 0) {
    Line& line = lines_.Mut(index);
    line.depth = (flags & kNoAutoen) != 0 ? 1 : 0;
    line.stuck = line.in_a_row = line.unhandled_in_a_row = 0;
    Update(index);
  }
  if (shared && handler != nullptr) CallHandler(index, slot);
  if (!Trapped()) tasks_.Serve();
  return 0;
}

const void* Interrupts::FreeIrq(unsigned int irq, void* data) {
  if (locks_.context() != 0) {
    verdicts_.Report(0, 10, "free_irq() is called by tasks",
                     "Trying to free IRQ %u from IRQ context!", irq);
    return nullptr;
  }
  locks_.MightSleep("free_irq");
  const long found = Find(irq);
  long action = -1;
  for (uint64_t after = 0; found >= 0;) {
    action = FindAction(static_cast<uint32_t>(found), after);
    if (action < 0 ||
        actions_[static_cast<size_t>(action)].data == reinterpret_cast<uint64_t>(data))
      break;
    after = actions_[static_cast<size_t>(action)].serial;
  }
  if (action < 0) {
    verdicts_.Report(44, 6, "free_irq() is given what request_irq() was, once",
                     "WARN: Trying to free already-free IRQ %u", irq);
    return nullptr;
  }
  const auto index = static_cast<uint32_t>(found);
  const auto slot = static_cast<uint32_t>(action);
  const Action gone = actions_[slot];
  // Out of the line's list first; its thread may still run.
  actions_.Mut(slot).line = kMaxLines;
  if (FindAction(index, 0) < 0) {
    lines_.Mut(index).depth = 1;
    Update(index);
  }
  while (actions_[slot].task != 0 && !Trapped()) {
    if (actions_[slot].task == tasks_.running()) {
      verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a handler does not wait for itself",
                        "free_irq: called by the thread function of irq %u", irq);
      return nullptr;
    }
    long forever = LONG_MAX;
    tasks_.WaitOn(&lines_[index], TASK_UNINTERRUPTIBLE, &forever, "free_irq");
  }
  if (Trapped()) return nullptr;
  if (actions_[slot].oneshot != 0 && lines_[index].threads != 0) --lines_.Mut(index).threads;
  Update(index);
  if ((gone.flags & kShared) != 0 && gone.handler != 0) {
    actions_.Mut(slot).line = index;
    CallHandler(index, slot);
  }
  if (!Trapped()) actions_.Mut(slot) = {};
  return reinterpret_cast<const void*>(gone.name);
}

void Interrupts::EnableIrq(unsigned int irq) {
  const long index = Find(irq);
  if (index < 0) return;
  Line& line = lines_.Mut(static_cast<size_t>(index));
  if (line.depth == 0 || FindAction(static_cast<uint32_t>(index), 0) < 0) {
    verdicts_.Report(44, 6, "enable_irq() undoes one disable_irq()",
                     "WARN: Unbalanced enable for IRQ %u", irq);
    return;
  }
  --line.depth;
  Update(static_cast<uint32_t>(index));
  tasks_.Serve();
}

void Interrupts::DisableIrq(unsigned int irq, bool sync) {
  const long index = Find(irq);
  if (index < 0) return;
  ++lines_.Mut(static_cast<size_t>(index)).depth;
  Update(static_cast<uint32_t>(index));
  if (sync) WaitForThreads(static_cast<uint32_t>(index), "disable_irq");
}

void Interrupts::SynchronizeIrq(unsigned int irq) {
  const long index = Find(irq);
  if (index >= 0) WaitForThreads(static_cast<uint32_t>(index), "synchronize_irq");
}

bool Interrupts::WaitForThreads(uint32_t line, const char* function) {
  if (lines_[line].running != 0) {
    verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a handler does not wait for itself",
                      "%s: called by the handler of irq %u, for which it waits", function,
                      lines_[line].irq);
    return false;
  }
  for (uint32_t i = 0; i < kMaxHandlers && !Trapped(); ++i) {
    while (actions_[i].serial != 0 && actions_[i].line == line && actions_[i].task != 0 &&
           !Trapped()) {
      if (actions_[i].task == tasks_.running()) {
        verdicts_.TrapNow(Trap::kDeadlock, 52, 15, "a handler does not wait for itself",
                          "%s: called by the thread function of irq %u, for which it waits",
                          function, lines_[line].irq);
        return false;
      }
      long forever = LONG_MAX;
      tasks_.WaitOn(&lines_[line], TASK_UNINTERRUPTIBLE, &forever, function);
    }
  }
  return !Trapped();
}

uint64_t Interrupts::unhandled_count(uint32_t irq) const {
  const long line = Find(irq);
  return line < 0 ? 0 : lines_[static_cast<size_t>(line)].unhandled;
}

uint64_t Interrupts::unclaimed_count(uint32_t irq) const {
  const long line = Find(irq);
  return line < 0 ? 0 : lines_[static_cast<size_t>(line)].unclaimed;
}

void Interrupts::ReportLeftovers() {
  for (uint32_t i = 0; i < kMaxHandlers; ++i) {
    if (actions_[i].serial == 0) continue;
    verdicts_.Report(45, 6, "module exit takes back what init registered",
                     "a handler of irq %u is still there", lines_[actions_[i].line].irq);
  }
}

}  // namespace drydock::kernel
