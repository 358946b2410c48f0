#include "sim/kernel/clock.h"

namespace drydock::kernel {
namespace {

uint64_t IdOf(const EventSink& sink) { return reinterpret_cast<uint64_t>(&sink); }

}  // namespace

Clock::Clock(hw::ResetList& list, Verdicts& verdicts)
    : full_(list, verdicts, "timers and other events"),
      events_(list, "events", kMaxEvents),
      state_(list, "time") {}

uint64_t Clock::NsOfJiffies(uint64_t jiffies) {
  const auto ticks = static_cast<int64_t>(jiffies - kInitialJiffies);
  if (ticks <= 0) return 0;
  if (static_cast<uint64_t>(ticks) > (kNever - 1) / kTickNs) return kNever - 1;
  return static_cast<uint64_t>(ticks) * kTickNs;
}

void Clock::Advance(uint64_t ns) {
  State& state = state_.Mut();
  state.now_ns = ns > kNever - 1 - state.now_ns ? kNever - 1 : state.now_ns + ns;
}

void Clock::Add(uint64_t due_ns, EventKind kind, EventSink& sink, uint64_t cookie) {
  State& state = state_.Mut();
  uint32_t index = state.free;
  if (index != 0) {
    state.free = events_[index - 1].next;
  } else if (state.made < kMaxEvents) {
    index = ++state.made;
  } else {
    full_.Exceeded(kMaxEvents);
    return;
  }
  uint32_t before = 0;
  uint32_t next = state.first;
  while (next != 0 && events_[next - 1].due_ns <= due_ns) {
    before = next;
    next = events_[next - 1].next;
  }
  events_.Mut(index - 1) = {due_ns, IdOf(sink), cookie, next, static_cast<uint32_t>(kind)};
  if (before == 0) {
    state.first = index;
  } else {
    events_.Mut(before - 1).next = index;
  }
}

void Clock::Unlink(uint32_t before, uint32_t index) {
  State& state = state_.Mut();
  const uint32_t next = events_[index - 1].next;
  if (before == 0) {
    state.first = next;
  } else {
    events_.Mut(before - 1).next = next;
  }
  events_.Mut(index - 1) = {0, 0, 0, state.free, 0};
  state.free = index;
}

bool Clock::Cancel(const EventSink& sink, uint64_t cookie) {
  uint32_t before = 0;
  for (uint32_t i = state_->first; i != 0; before = i, i = events_[i - 1].next) {
    if (events_[i - 1].sink != IdOf(sink) || events_[i - 1].cookie != cookie) continue;
    Unlink(before, i);
    return true;
  }
  return false;
}

uint64_t Clock::DueOf(const EventSink& sink, uint64_t cookie) const {
  for (uint32_t i = state_->first; i != 0; i = events_[i - 1].next) {
    if (events_[i - 1].sink == IdOf(sink) && events_[i - 1].cookie == cookie) {
      return events_[i - 1].due_ns;
    }
  }
  return kNever;
}

bool Clock::FindIn(const EventSink& sink, uint64_t begin, uint64_t end, uint64_t* cookie) const {
  for (uint32_t i = state_->first; i != 0; i = events_[i - 1].next) {
    const Event& event = events_[i - 1];
    if (event.sink != IdOf(sink) || event.cookie < begin || event.cookie >= end) continue;
    *cookie = event.cookie;
    return true;
  }
  return false;
}

bool Clock::FireDue(bool masked) {
  uint32_t before = 0;
  for (uint32_t i = state_->first; i != 0; before = i, i = events_[i - 1].next) {
    const Event event = events_[i - 1];
    if (event.due_ns > state_->now_ns) return false;
    if (masked && event.kind == static_cast<uint32_t>(EventKind::kInterrupt)) continue;
    Unlink(before, i);
    reinterpret_cast<EventSink*>(event.sink)->OnEvent(event.cookie);
    return true;
  }
  return false;
}

}  // namespace drydock::kernel
