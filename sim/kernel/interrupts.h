// Interrupt lines and their handlers: kernel/irq/manage.c, kernel/irq/handle.c, kernel/irq/chip.c,
// kernel/irq/spurious.c.
//
// A device asserts a line, or sends a message (MSI). Handlers run in hard interrupt context, when
// interrupts may come (Tasks::Serve). Thread functions run on tasks of their own. A line without a
// handler is masked: a message is lost and counted, a level waits. On a shared line (IRQF_SHARED)
// the neighbour interrupts once when a handler is there, and once when it is gone, as a kernel with
// CONFIG_DEBUG_SHIRQ does. What is reported:
//
//  nobody cares for a line that stays asserted             class 0, O10; the line is disabled
//  handled again and again, and the line stays asserted    Trap::kBudget, class 0, O11
//  free_irq() of what is not there, unbalanced enable_irq  C44, O6
//  a handler's value that is none                          class 0, O10
//  a handler that waits for itself (disable_irq)           Trap::kDeadlock, C52, O15
//  locks held when a handler returns                       C52, O11
//  a handler left at module exit                           C45, O6
#ifndef DRYDOCK_SIM_KERNEL_INTERRUPTS_H_
#define DRYDOCK_SIM_KERNEL_INTERRUPTS_H_

#include <cstddef>
#include <cstdint>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/failure_injection.h"
#include "sim/kernel/locks.h"
#include "sim/kernel/log.h"
#include "sim/kernel/tasks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Interrupts final : public mocks::IrqApi, public InterruptSource {
 public:
  static constexpr uint32_t kMaxLines = 64;
  static constexpr uint32_t kMaxHandlers = 64;
  static constexpr uint32_t kFirstMessage = 32;  // numbers of MSI vectors
  static constexpr uint32_t kUnhandledInARow = 100;
  static constexpr uint32_t kHandledInARow = 1000;

  Interrupts(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Locks& locks, Log& log,
             Tasks& tasks, FailureInjection& failure);

  int RequestThreadedIrq(unsigned int irq, Handler handler, Handler thread, unsigned long flags,
                         const char* name, void* data) override;
  const void* FreeIrq(unsigned int irq, void* data) override;
  void EnableIrq(unsigned int irq) override;
  void DisableIrq(unsigned int irq, bool sync) override;
  void SynchronizeIrq(unsigned int irq) override;

  bool InterruptPending() const override { return *attention_ != 0; }
  void Deliver() override;

  // The machine has this line; numbers 1 to 15 are always there. False if there is no room.
  bool Declare(uint32_t irq);
  bool Has(uint32_t irq) const { return Find(irq) >= 0; }
  // `count` lines in a row for messages; the first one's number, or 0.
  uint32_t AllocateMessages(uint32_t count);
  // -EBUSY if one of them still has a handler; they stay then.
  int FreeMessages(uint32_t first, uint32_t count);

  // Devices. `source`: 0 to 31, one of those that share the line. Handlers come at the next
  // Tasks::Serve().
  void SetLevel(uint32_t irq, uint32_t source, bool asserted);
  void Pulse(uint32_t irq);

  uint64_t unhandled_count(uint32_t irq) const;  // no handler said that it was its own
  uint64_t unclaimed_count(uint32_t irq) const;  // came while no handler was there
  void ReportLeftovers();

 private:
  struct Line {
    uint32_t irq;    // 0: free
    uint32_t level;  // bit by source
    uint32_t pulse;
    uint32_t depth;  // disabled so often; 1 while no handler is there
    uint32_t running;
    uint32_t threads;  // thread functions of one-shot handlers that have not ended
    uint32_t stuck;
    uint32_t message;
    uint32_t in_a_row;
    uint32_t unhandled_in_a_row;
    uint64_t unhandled;
    uint64_t unclaimed;
  };
  struct Action {
    uint64_t handler;
    uint64_t thread;
    uint64_t data;
    uint64_t name;
    uint64_t flags;
    uint64_t serial;  // 0: free
    uint32_t line;
    uint32_t task;     // of the thread function
    uint32_t wakes;    // of the thread function that it has not seen
    uint32_t oneshot;  // it holds the line
  };

  long Find(uint32_t irq) const;                         // index, or -1
  long FindAction(uint32_t line, uint64_t after) const;  // the next in order, or -1
  void Update(uint32_t line);
  unsigned Handle(uint32_t line);
  unsigned CallHandler(uint32_t line, uint32_t action);
  void WakeThread(uint32_t line, uint32_t action);
  static void RunThread(void* self, uint64_t action);
  void Thread(uint32_t action);
  bool WaitForThreads(uint32_t line, const char* function);
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }

  Verdicts& verdicts_;
  DriverCall& calls_;
  Locks& locks_;
  Log& log_;
  Tasks& tasks_;
  FailureInjection& failure_;
  CapacityNote lines_full_, actions_full_;
  hw::TrackedArray<Line> lines_;
  hw::TrackedArray<Action> actions_;
  hw::Tracked<uint64_t> attention_;  // bit by line: it may interrupt now
  hw::Tracked<uint64_t> serial_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_INTERRUPTS_H_
