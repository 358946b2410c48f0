// The life of calls on a live machine, and its time; programs are in machine_programs.cc.
#include "live/server/machine.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "live/futex.h"
#include "sim/kernel/kernel.h"

namespace drydock::live {
namespace {

// Further behind than this, simulated time stood still meanwhile (a stopped server).
constexpr uint64_t kMaxLagNs = 1'000'000'000;
// Of programs' own; ends of processes need room, too.
constexpr size_t kMaxCalls = 20;
// Moments of simulated time in one go: programs are served in between.
constexpr int kMaxMoments = 64;

}  // namespace

kernel::Capacity Machine::Room() {
  return {.processes = 32,
          .vmas = 32768,
          .vmas_per_process = 16384,
          .page_table_runs = 16384,
          .memory_types = 16384,
          .last_fd = 1023,
          .files = 4096};
}

Machine::Machine(World& world, const fuzz::Policy& policy, Reports& reports)
    : world_(world),
      kernel_(world.kernel()),
      reports_(reports),
      oracles_(world, policy),
      memory_(kernel_.mm().max_mms()) {
  kernel_.memory().StopWatching();
  kernel_.mmio().StopWatching();
  world_.init().Exit();  // programs bring their own processes
  kernel_.mm().SetWatcher(this);
  kernel_.mm().SetForeignMemory(&memory_);
  kernel_.tasks().SetHostLoop();
  host_base_ns_ = 0;
  host_base_ns_ = HostNs() - kernel_.clock().NowNs();
  oracles_.Begin();
}

// (Calls that sleep still are abandoned where they are: the server ends.)
Machine::~Machine() {
  kernel_.mm().SetWatcher(nullptr);
  kernel_.mm().SetForeignMemory(nullptr);
}

kernel::Tasks& Machine::kernel_tasks() const { return kernel_.tasks(); }

uint64_t Machine::HostNs() const {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec) -
         host_base_ns_;
}

void Machine::Run(void* machine, uint64_t call) {
  auto& self = *static_cast<Machine*>(machine);
  auto& running = *reinterpret_cast<RunningCall*>(call);
  running.task = self.kernel_.tasks().running();
  self.by_task_[running.task] = &running;
  running.body(running);
  self.by_task_[running.task] = nullptr;
  running.done = true;
}

bool Machine::Begin(std::unique_ptr<RunningCall> call) {
  RunningCall* const begun = call.get();
  if (kernel_.tasks().BeginCall(begun->program->process(), &Run, this,
                                reinterpret_cast<uint64_t>(begun)) == 0) {
    return false;
  }
  if (world_.verdicts().pending_trap() != kernel::Trap::kNone) TakeTrapOfKernel();
  ++begun->program->running_calls;
  calls_.push_back(std::move(call));
  Reap();
  return true;
}

bool Machine::BeginFor(Program& program, std::function<void(RunningCall&)> body) {
  auto call = std::make_unique<RunningCall>();
  call->program = &program;
  call->body = std::move(body);
  return Begin(std::move(call));
}

bool Machine::Serve(Program& program, Slot* slot) {
  Request request = ReadRequest(*slot);
  slot->flags = 0;
  slot->signal = slot->code = 0;
  if (request.op == Op::kStack || request.op == Op::kMore || request.op == Op::kForked) {
    if (request.op == Op::kStack) reports_.TellStack(program.pid(), request.frames);
    if (request.op == Op::kForked) {
      Forked(request.args[0], static_cast<pid_t>(request.args[1]));
    }
    RunningCall at_once;
    at_once.program = &program;
    at_once.request = std::move(request);
    at_once.slot = slot;
    Answer(at_once, Result{});
    return true;
  }
  auto call = std::make_unique<RunningCall>();
  call->program = &program;
  call->slot = slot;
  call->many_threads = (request.flags & kManyThreads) != 0;
  call->request = std::move(request);
  call->body = [this](RunningCall& running) { Answer(running, Act(running)); };
  const uint32_t flags = call->request.flags;
  if (calls_.size() < kMaxCalls && Begin(std::move(call))) return true;
  slot->flags = flags;
  if (!std::exchange(no_room_told_, true)) {
    reports_.Note("no more than " + std::to_string(calls_.size()) +
                  " calls can sleep in the driver at a time: further ones wait for them");
  }
  return false;
}

void Machine::Answer(RunningCall& call, const Result& result) {
  Program& program = *call.program;
  if (result.value < 0 && (result.flags & kReplaced) == 0) {
    program.updates.insert(program.updates.end(), call.discarded.begin(), call.discarded.end());
  }
  call.discarded.clear();
  call.discard_begin = call.discard_end = 0;
  if (program.channel() == nullptr) return;  // it is gone, or another program
  Slot& slot = *call.slot;
  slot.value = result.value;
  slot.signal = result.signal;
  slot.code = result.code;
  slot.flags = result.flags | (call.wants_stack ? kTellStack : 0);
  if (call.request.op == Op::kLoad) {
    slot.update_count = 0;
    slot.batch = 0;
    std::copy_n(result.bytes, sizeof result.bytes, slot.bytes);
  } else {
    program.Answer(&slot);
  }
  slot.state.store(SlotState::kAnswer);
  if (slot.waiter.load() != 0) FutexWake(&slot.state);
}

void Machine::Interrupt(Program& program, const Slot* slot) {
  for (const auto& call : calls_) {
    if (call->program != &program || call->slot != slot || call->done) continue;
    kernel_.tasks().SendSignal(call->task, /*fatal=*/false);
  }
}

bool Machine::GoOn() {
  const uint64_t target = HostNs();
  kernel::Clock& clock = kernel_.clock();
  if (clock.NowNs() + kMaxLagNs < target && clock.next_due_ns() < target) {
    host_base_ns_ += target - clock.NowNs();
    return true;
  }
  bool any = false;
  // Those for whom there was no room.
  for (size_t i = 0; i < programs_.size(); ++i) {
    Program& program = *programs_[i];
    if (program.running_calls == 0 && (program.dying || program.when_idle != nullptr)) {
      WhenIdle(program);
    }
  }
  for (int moment = 0; moment < kMaxMoments; ++moment) {
    const uint64_t due = clock.next_due_ns();
    clock.AdvanceTo(std::min(due, target));
    if (!kernel_.tasks().CanGoOn()) break;
    kernel_.tasks().GoOn();
    if (world_.verdicts().pending_trap() != kernel::Trap::kNone) TakeTrapOfKernel();
    Reap();
    any = true;
  }
  return any;
}

int64_t Machine::IdleNs() const {
  if (kernel_.tasks().CanGoOn()) return 0;
  const uint64_t due = kernel_.clock().next_due_ns();
  if (due == kernel::Clock::kNever) return -1;
  const uint64_t now = HostNs();
  return due <= now ? 0 : static_cast<int64_t>(due - now);
}

void Machine::Reap() {
  // Who has no call left may begin another one, which changes the list.
  for (size_t i = 0; i < calls_.size();) {
    if (!calls_[i]->done) {
      ++i;
      continue;
    }
    const std::unique_ptr<RunningCall> ended = std::move(calls_[i]);
    calls_.erase(calls_.begin() + static_cast<ptrdiff_t>(i));
    --ended->program->running_calls;
    WhenIdle(*ended->program);
    i = 0;
  }
  if (world_.verdicts().count() == 0 && kernel_.log().line_count() == 0) return;
  // Of those that sleep, the one that began last has said it.
  RunningCall* last = calls_.empty() ? nullptr : calls_.back().get();
  if (last == nullptr) return;
  last->wants_stack |= TakeVerdicts(last->program->pid(), Describe(last->request));
}

void Machine::OnNarrowed(const hw::PageTable& table, hw::VirtAddr va, uint64_t pages) {
  RunningCall* const caller = Current();
  for (const std::unique_ptr<Program>& program : programs_) {
    if (&kernel_.mm().table(program->process()) != &table) continue;
    const uint64_t end = va.value + pages * kPageBytes;
    const bool alone =
        caller != nullptr && program.get() == caller->program && !caller->many_threads;
    const bool discards = alone && va.value >= caller->discard_begin && end <= caller->discard_end;
    program->mirror().Revoke(va, pages, discards ? &caller->discarded : &program->updates);
    // Nobody but the caller can touch it, and the caller waits for the answer, which says it.
    if (alone || program->updates.empty()) return;
    if (!program->PushNow()) {
      reports_.Note("process " + std::to_string(program->pid()) +
                    " is stopped: what it may no longer touch is taken away when it goes on");
    }
    return;
  }
}

}  // namespace drydock::live
