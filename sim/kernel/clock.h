// Simulated time, and what is to happen at a later time: timers, sleeping tasks, devices at work.
//
// Time passes where something lets it: reading it, a delay, a register that is read, a system call
// while anything is waiting for its time. When every task sleeps it jumps to the next event. So it
// is the same in every run of a program.
#ifndef DRYDOCK_SIM_KERNEL_CLOCK_H_
#define DRYDOCK_SIM_KERNEL_CLOCK_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/tracked.h"
#include "sim/kernel/capacity_note.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// Who is told that an event's time has come. Lives as long as the clock.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(uint64_t cookie) = 0;
};

// Hardware goes on whatever the processor does; an interrupt waits until it may come.
enum class EventKind : uint32_t { kHardware, kInterrupt };

class Clock {
 public:
  static constexpr size_t kMaxEvents = 128;
  static constexpr uint64_t kTickNs = 4'000'000;  // HZ is 250
  static constexpr uint64_t kNever = ~uint64_t{0};
  // INITIAL_JIFFIES: the counter wraps five minutes after the start, as a 32-bit one would.
  static constexpr uint64_t kInitialJiffies = static_cast<uint32_t>(-300 * 250);

  Clock(hw::ResetList& list, Verdicts& verdicts);

  uint64_t NowNs() const { return state_->now_ns; }
  uint64_t Jiffies() const { return kInitialJiffies + state_->now_ns / kTickNs; }
  // The moment at which jiffies becomes `jiffies`; 0 if that is past.
  static uint64_t NsOfJiffies(uint64_t jiffies);
  void Advance(uint64_t ns);
  // To an event's time, if it is later than now.
  void AdvanceTo(uint64_t ns) {
    if (ns > state_->now_ns) state_.Mut().now_ns = ns;
  }

  // `sink` is told of `cookie` once, at `due_ns` or when it is looked for later. Events of one
  // moment come in the order in which they were added. One more than kMaxEvents is a limit (trap).
  void Add(uint64_t due_ns, EventKind kind, EventSink& sink, uint64_t cookie);
  // Takes out the event of `sink` with `cookie`. False if there is none.
  bool Cancel(const EventSink& sink, uint64_t cookie);
  // When it is due; kNever if there is none.
  uint64_t DueOf(const EventSink& sink, uint64_t cookie) const;
  // The first event of `sink` whose cookie lies in [begin, end); false if there is none.
  bool FindIn(const EventSink& sink, uint64_t begin, uint64_t end, uint64_t* cookie) const;

  bool empty() const { return state_->first == 0; }
  uint64_t next_due_ns() const {
    return state_->first == 0 ? kNever : events_[state_->first - 1].due_ns;
  }
  // True if some event's time has come.
  bool due() const { return next_due_ns() <= state_->now_ns; }
  // Takes out the first event whose time has come and tells its sink. With `masked`, hardware's
  // alone. False if there is none.
  bool FireDue(bool masked);

 private:
  struct Event {
    uint64_t due_ns;
    uint64_t sink;
    uint64_t cookie;
    uint32_t next;  // index + 1
    uint32_t kind;
  };
  struct State {
    uint64_t now_ns;
    uint32_t first;  // index + 1, by time
    uint32_t free;   // index + 1
    uint32_t made;   // slots from here on were never used
    uint32_t reserved;
  };
  void Unlink(uint32_t before, uint32_t index);

  CapacityNote full_;
  hw::TrackedArray<Event> events_;
  hw::Tracked<State> state_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_CLOCK_H_
