#include "fuzz/executor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/kernel/kernel.h"

namespace drydock::fuzz {

Executor::Executor(World& world)
    : world_(world),
      kernel_(world.kernel()),
      node_count_(std::min(world.nodes().size(), kMaxNodes)) {
  for (size_t i = 0; i < node_count_; ++i) nodes_[i] = world.nodes()[i].c_str();
}

void Executor::Run(const Program& program, StepObserver* observer) {
  kernel::Verdicts& verdicts = kernel_.verdicts();
  fd_count_ = mapping_count_ = 0;
  mmaps_ = mmaps_ok_ = 0;
  process_count_ = 1;
  processes_[0] = world_.init().index();
  exited_.fill(false);
  for (size_t i = 0; i < node_count_; ++i) taken_[i][0] = '\0';
  current_ = 0;
  finished_ = false;
  count_ = program.step_count + 1;
  world_.FailAllocation(program.header.fail_allocation);
  for (size_t i = 0; i < program.step_count; ++i) {
    verdicts.SetStep(static_cast<uint8_t>(i));
    const bool go_on = RunStep(program, i, &observations_[i]);
    if (observations_[i].state == StepState::kRan && observer != nullptr) {
      observer->AfterStep(static_cast<int>(i));
    }
    // After a trap the driver's locks and lists are in no state that a kernel would go on with.
    if (!go_on) {
      std::fill(&observations_[i + 1], &observations_[count_], Observation{});
      return;
    }
  }
  verdicts.SetStep(static_cast<uint8_t>(program.step_count));
  ExitAll(&observations_[program.step_count]);
  finished_ = !observations_[program.step_count].outcome.trapped;
  if (observer != nullptr) observer->AfterStep(static_cast<int>(program.step_count));
}

// True if the program goes on.
bool Executor::RunStep(const Program& program, size_t index, Observation* observation) {
  const Step& step = program.steps[index];
  user::Process process(kernel_, 0);
  *observation = {.state = StepState::kSkipped};
  user::Outcome outcome;
  if (Current(&process) && Ready(step)) {
    observation->state = StepState::kRan;
    observation->process = current_;
    outcome = Act(step, index, process, observation);
    observation->outcome = outcome;
  }
  // Results are numbered whether they came or not: a reference means the same in every run.
  const bool came = observation->state == StepState::kRan && outcome.ok();
  if (MakesFd(step.call)) fds_[fd_count_++] = came ? static_cast<int>(outcome.value) : kFailedFd;
  if (MakesMapping(step.call)) {
    mappings_[mapping_count_++] =
        came ? hw::VirtAddr{static_cast<uint64_t>(outcome.value)} : kFailedMapping;
  }
  if (MakesProcess(step.call)) {
    processes_[process_count_++] = came ? static_cast<uint32_t>(outcome.value) : kFailedProcess;
  }
  return !outcome.trapped;
}

bool Executor::Alive(uint32_t index) const {
  return processes_[index] != kFailedProcess && !exited_[index] &&
         kernel_.vfs().Alive(processes_[index]);
}

// The process whose turn it is: if it has exited, the first one that is alive.
bool Executor::Current(user::Process* process) {
  for (uint32_t i = 0; !Alive(current_) && i < process_count_; ++i) {
    if (Alive(i)) current_ = i;
  }
  *process = {kernel_, processes_[current_]};
  return Alive(current_);
}

bool Executor::Ready(const Step& step) {
  if (UsesNode(step.call) && step.node >= node_count_) return false;
  if (step.call == Call::kUnbind) return FindDevice(step.node);
  if (step.call == Call::kBind) return taken_[step.node][0] != '\0';
  if (UsesFd(step.call) && fds_[step.fd] == kFailedFd) return false;
  if (UsesMapping(step.call) && mappings_[step.mapping] == kFailedMapping) return false;
  if (UsesAt(step.call) && step.at != kNone && mappings_[step.at] == kFailedMapping) return false;
  return !UsesProcess(step.call) || Alive(step.process);
}

user::Outcome Executor::Act(const Step& step, size_t index, user::Process process,
                            Observation* seen) {
  const int prot = static_cast<int>(step.prot);
  const int flags = static_cast<int>(step.flags);
  switch (step.call) {
    case Call::kOpen:
      return process.Open(nodes_[step.node], flags);
    case Call::kClose:
      return process.Close(fds_[step.fd]);
    case Call::kMmap: {
      const user::Outcome outcome =
          process.Mmap(AtOf(step), step.length, prot, flags, fds_[step.fd], step.offset);
      ++mmaps_;
      mmaps_ok_ += outcome.ok() ? 1 : 0;
      return outcome;
    }
    case Call::kAnonymous:
      return process.Mmap(AtOf(step), step.length, prot, flags | static_cast<int>(kMapAnonymous),
                          -1, 0);
    case Call::kMunmap:
      return process.Munmap(PlaceOf(step), step.length);
    case Call::kMprotect:
      return process.Mprotect(PlaceOf(step), step.length, prot);
    case Call::kMadvise:
      return process.Madvise(PlaceOf(step), step.length, flags);
    case Call::kMremap:
      return process.Mremap(PlaceOf(step), step.length, step.new_length, flags, AtOf(step));
    case Call::kLoad: {
      const user::Outcome outcome = process.Load(PlaceOf(step), bytes_.data(), step.length);
      if (outcome.ok()) {
        std::memcpy(&seen->data, bytes_.data(), std::min<uint64_t>(step.length, 8));
      }
      return outcome;
    }
    case Call::kStore:
      FillBytes(step, index);
      return process.Store(PlaceOf(step), bytes_.data(), step.length);
    case Call::kRead:
      return process.Read(fds_[step.fd], PlaceOf(step), step.length);
    case Call::kWrite:
      return process.Write(fds_[step.fd], PlaceOf(step), step.length);
    case Call::kLseek:
      return process.Lseek(fds_[step.fd], static_cast<int64_t>(step.offset), flags);
    case Call::kIoctl:
      return process.Ioctl(fds_[step.fd], step.flags,
                           step.at == kNone ? step.offset : AtOf(step).value);
    case Call::kFork:
      return process.Fork();
    case Call::kExit:
      exited_[current_] = true;
      return process.Exit();
    case Call::kSwitch:
      current_ = step.process;
      return {};
    default:
      return ActRarely(step, index, process, seen);
  }
}

user::Outcome Executor::ActRarely(const Step& step, size_t index, user::Process process,
                                  Observation* seen) {
  const uint32_t other = processes_[step.process];
  user::Outcome outcome;
  uint64_t told = 0;  // bytes of bytes_ that the call has filled in
  switch (step.call) {
    case Call::kMlock:
      return process.Mlock(PlaceOf(step), step.length);
    case Call::kMunlock:
      return process.Munlock(PlaceOf(step), step.length);
    case Call::kMsync:
      return process.Msync(PlaceOf(step), step.length, static_cast<int>(step.flags));
    case Call::kMseal:
      return process.Mseal(PlaceOf(step), step.length, step.flags);
    case Call::kMincore:
      outcome = process.Mincore(PlaceOf(step), step.length, bytes_.data());
      told = hw::PagesOf(step.length);
      break;
    case Call::kUnbind:
    case Call::kBind:
      return TellDriver(step.node, step.call == Call::kBind);
    case Call::kPoll:
      return process.Poll(fds_[step.fd], step.flags);
    case Call::kVmReadv:
      outcome = process.VmReadv(other, PlaceOf(step), bytes_.data(), step.length);
      told = static_cast<uint64_t>(outcome.value);
      break;
    case Call::kVmWritev:
      FillBytes(step, index);
      return process.VmWritev(other, PlaceOf(step), bytes_.data(), step.length);
    case Call::kMemRead:
      outcome = process.ReadMem(other, PlaceOf(step), bytes_.data(), step.length);
      told = static_cast<uint64_t>(outcome.value);
      break;
    case Call::kMemWrite:
      FillBytes(step, index);
      return process.WriteMem(other, PlaceOf(step), bytes_.data(), step.length);
    default:
      break;
  }
  if (outcome.ok()) std::memcpy(&seen->data, bytes_.data(), std::min<uint64_t>(told, 8));
  return outcome;
}

bool Executor::FindDevice(uint8_t node) {
  const char* name = world_.DeviceBehind(nodes_[node]);
  if (name == nullptr || std::strlen(name) >= taken_[node].size()) return false;
  std::memcpy(taken_[node].data(), name, std::strlen(name) + 1);
  return true;
}

user::Outcome Executor::TellDriver(uint8_t node, bool bind) {
  const char* name = taken_[node].data();
  const bool did = bind ? world_.BindDevice(name) : world_.UnbindDevice(name);
  if (bind) taken_[node][0] = '\0';
  return {.value = did ? 0 : -ENODEV,
          .signal = user::Signal::kNone,
          .trapped = kernel_.verdicts().pending_trap() != kernel::Trap::kNone};
}

void Executor::FillBytes(const Step& step, size_t index) {
  for (uint64_t i = 0; i < step.length; ++i) bytes_[i] = StoredByte(index, i);
}

void Executor::ExitAll(Observation* observation) {
  *observation = {.state = StepState::kRan};
  for (uint32_t i = 0; i < process_count_; ++i) {
    if (!Alive(i)) continue;
    user::Process process(kernel_, processes_[i]);
    observation->process = i;
    const user::Outcome outcome = process.Exit();
    if (!outcome.trapped) continue;
    observation->outcome = outcome;
    return;
  }
  if (!world_.Settle()) observation->outcome.trapped = true;
}

}  // namespace drydock::fuzz
