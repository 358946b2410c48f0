#include "kmod/agent/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <cstring>

#include "kmod/agent/raw_call.h"
#include "kmod/agent/turn.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Step;

constexpr int kForever = 1000 * 3600;
constexpr long kMseal = 462;  // SYS_mseal, which older headers do not have

sigjmp_buf on_signal;
volatile sig_atomic_t in_access;
volatile int signal_number, signal_code;

void Caught(int number, siginfo_t* info, void*) {
  // The agent's own code has lost its memory: a program unmapped it.
  if (in_access == 0) RawCall(SYS_exit_group, 128 + static_cast<uint64_t>(number));
  signal_number = number;
  signal_code = info->si_code;
  siglongjmp(on_signal, 1);
}

class Actor {
 public:
  Actor(uint32_t self, const fuzz::Program& program, NodeNames nodes, RunState* run)
      : self_(self),
        in_place_(self == 0 && run->ends_program == kWorkersTurn),
        program_(program),
        nodes_(nodes),
        run_(run) {}

  [[noreturn]] void Live() {
    for (;;) {
      AwaitEitherTurn(run_, self_, self_);
      if (run_->leaving != 0) {
        AwaitExit(run_->leaving, kForever);
        run_->leaving = 0;
      }
      if (run_->leave) Leave();
      if (run_->look) LookAt();
      Act();
    }
  }
  void LiveInPlace() {
    while (AwaitEitherTurn(run_, 0, kWorkersTurn) == 0) {
      if (run_->leaving != 0) {
        AwaitExit(run_->leaving, kForever);
        run_->leaving = 0;
      }
      if (run_->look) LookAt();
      Act();
    }
  }

 private:
  void Act() {
    while (run_->next < program_.step_count && !run_->overflow) {
      if (!RunStep(run_->next++)) return;
    }
    if (run_->process_count == 1 && !in_place_) {
      run_->pids[0] = 0;
      WakeTurn(run_, run_->ends_program);
      Leave();
    }
    GiveTurn(run_->ends_program);
  }
  void GiveTurn(uint32_t turn) {
    if (in_place_ && turn == kWorkersTurn) {  // to ourselves
      run_->turn = turn;
    } else {
      WakeTurn(run_, turn);
    }
  }

  [[noreturn]] void Leave() {
    RawCall(SYS_exit_group, 0);
    __builtin_unreachable();
  }

  // False if another process is to act now.
  bool RunStep(uint32_t index) {
    const Step& step = program_.steps[index];
    AppendNotRun(Ran::kNotRun, run_);
    if (run_->overflow) return true;
    StepShown* shown = run_->Last();
    bool came = false;
    uint32_t successor = self_;
    if (Ready(step)) {
      shown->process = static_cast<uint16_t>(self_);
      run_->current = self_;
      signal_number = 0;
      const int64_t value = step.call == Call::kFork     ? Fork()
                            : step.call == Call::kExit   ? 0
                            : step.call == Call::kSwitch ? 0
                                                         : Do(step, index, shown);
      shown->ran = Ran::kRan;
      shown->value = value;
      shown->signal = static_cast<uint8_t>(signal_number);
      shown->signal_code = signal_number != 0 ? signal_code : 0;
      came = value >= 0 && signal_number == 0;
      if (step.call == Call::kExit) {
        Exit();
        return false;
      }
      if (step.call == Call::kSwitch) successor = step.process;
    } else {
      shown->ran = Ran::kSkipped;
    }
    if (MakesFd(step.call)) run_->fds[run_->fd_count++] = came ? shown->value : -1;
    if (MakesMapping(step.call)) {
      run_->mappings[run_->mapping_count++] =
          came ? static_cast<uint64_t>(shown->value) : kNoMapping;
    }
    if (shown->ran == Ran::kSkipped) return true;
    if (successor == self_) {
      LookAt();
      return true;
    }
    // What is looked at is the other one's memory.
    shown->process = static_cast<uint16_t>(successor);
    run_->look = true;
    WakeTurn(run_, successor);
    return false;
  }

  bool Ready(const Step& step) const {
    if (UsesNode(step.call) && nodes_[step.node][0] == '\0') return false;
    if (step.call == Call::kUnbind) {
      return FindBoundDevice(nodes_[step.node], &run_->taken[step.node]);
    }
    if (step.call == Call::kBind) return run_->taken[step.node].name[0] != '\0';
    if (UsesFd(step.call) && run_->fds[step.fd] < 0) return false;
    if (UsesMapping(step.call) && run_->mappings[step.mapping] == kNoMapping) return false;
    if (UsesAt(step.call) && step.at != fuzz::kNone && run_->mappings[step.at] == kNoMapping) {
      return false;
    }
    return !UsesProcess(step.call) || run_->pids[step.process] != 0;
  }

  uint64_t PlaceOf(const Step& step) const { return run_->mappings[step.mapping] + step.offset; }
  uint64_t AtOf(const Step& step) const {
    return step.at == fuzz::kNone ? 0 : run_->mappings[step.at] + step.at_offset;
  }
  uint64_t FdOf(const Step& step) const { return static_cast<uint64_t>(run_->fds[step.fd]); }

  int64_t Do(const Step& step, size_t index, StepShown* shown) {
    switch (step.call) {
      case Call::kOpen:
        return RawCall(SYS_open, reinterpret_cast<uint64_t>(nodes_[step.node]), step.flags, 0600);
      case Call::kClose:
        return RawCall(SYS_close, FdOf(step));
      case Call::kMmap:
        return RawCall(SYS_mmap, AtOf(step), step.length, step.prot, step.flags, FdOf(step),
                       step.offset);
      case Call::kAnonymous:
        return RawCall(SYS_mmap, AtOf(step), step.length, step.prot,
                       step.flags | fuzz::kMapAnonymous, ~uint64_t{0}, 0);
      case Call::kMunmap:
        return RawCall(SYS_munmap, PlaceOf(step), step.length);
      case Call::kMprotect:
        return RawCall(SYS_mprotect, PlaceOf(step), step.length, step.prot);
      case Call::kMadvise:
        return RawCall(SYS_madvise, PlaceOf(step), step.length, step.flags);
      case Call::kMremap:
        return RawCall(SYS_mremap, PlaceOf(step), step.length, step.new_length, step.flags,
                       AtOf(step));
      case Call::kLoad:
        Load(PlaceOf(step), step.length, shown);
        return 0;
      case Call::kStore:
        Store(PlaceOf(step), step.length, index);
        return 0;
      case Call::kRead:
        return RawCall(SYS_read, FdOf(step), PlaceOf(step), step.length);
      case Call::kWrite:
        return RawCall(SYS_write, FdOf(step), PlaceOf(step), step.length);
      case Call::kLseek:
        return RawCall(SYS_lseek, FdOf(step), step.offset, step.flags);
      case Call::kIoctl:
        LetGoOfBatches();
        return RawCall(SYS_ioctl, FdOf(step), step.flags,
                       step.at == fuzz::kNone ? step.offset : AtOf(step));
      case Call::kMlock:
        return RawCall(SYS_mlock, PlaceOf(step), step.length);
      case Call::kMunlock:
        return RawCall(SYS_munlock, PlaceOf(step), step.length);
      case Call::kMsync:
        return RawCall(SYS_msync, PlaceOf(step), step.length, step.flags);
      case Call::kMseal:
        return RawCall(kMseal, PlaceOf(step), step.length, step.flags);
      case Call::kMincore: {
        const int64_t error = RawCall(SYS_mincore, PlaceOf(step), step.length, Word(run_->scratch));
        if (error == 0) Show(hw::PagesOf(step.length), shown);
        return error;
      }
      case Call::kPoll:
        return Poll(step);
      case Call::kUnbind:
        return TellDriver(run_->taken[step.node], "unbind");
      case Call::kBind: {
        const int64_t result = TellDriver(run_->taken[step.node], "bind");
        run_->taken[step.node].name[0] = '\0';
        return result;
      }
      case Call::kVmReadv:
      case Call::kVmWritev:
      case Call::kMemRead:
      case Call::kMemWrite:
        return Remote(step, index, shown);
      case Call::kFork:
      case Call::kExit:
      case Call::kSwitch:
        break;
    }
    return -ENOSYS;
  }

  static uint64_t Word(const void* address) { return reinterpret_cast<uint64_t>(address); }

  // What a call has put into the scratch memory.
  void Show(uint64_t size, StepShown* shown) const {
    memcpy(&shown->data, run_->scratch, size < 8 ? size : 8);
  }

  int64_t Poll(const Step& step) const {
    pollfd one = {static_cast<int>(FdOf(step)), static_cast<int16_t>(step.flags), 0};
    const int64_t ready = RawCall(SYS_poll, Word(&one), 1, 0);
    return ready < 0 ? ready : static_cast<uint16_t>(one.revents);
  }

  // The memory of a process that may be another one.
  int64_t Remote(const Step& step, size_t index, StepShown* shown) const {
    const bool write = step.call == Call::kVmWritev || step.call == Call::kMemWrite;
    const auto pid = static_cast<uint64_t>(run_->pids[step.process]);
    for (uint64_t i = 0; i < step.length; ++i) {
      run_->scratch[i] = write ? fuzz::StoredByte(index, i) : 0;
    }
    int64_t done = 0;
    if (step.call == Call::kVmReadv || step.call == Call::kVmWritev) {
      const iovec local = {run_->scratch, step.length};
      const iovec remote = {reinterpret_cast<void*>(PlaceOf(step)), step.length};
      done = RawCall(write ? SYS_process_vm_writev : SYS_process_vm_readv, pid, Word(&local), 1,
                     Word(&remote), 1, 0);
    } else {
      char path[32];
      snprintf(path, sizeof path, "/proc/%u/mem", static_cast<unsigned>(pid));
      const int64_t fd = RawCall(SYS_open, Word(path), O_RDWR);
      if (fd < 0) return fd;
      done = RawCall(write ? SYS_pwrite64 : SYS_pread64, static_cast<uint64_t>(fd),
                     Word(run_->scratch), step.length, PlaceOf(step));
      RawCall(SYS_close, static_cast<uint64_t>(fd));
    }
    if (!write && done > 0) Show(static_cast<uint64_t>(done), shown);
    return done;
  }

  static void Load(uint64_t from, uint64_t size, StepShown* shown) {
    uint64_t first = 0;
    if (sigsetjmp(on_signal, 0) == 0) {
      in_access = 1;
      ForEachPiece(from, size, [&](uint64_t i, auto piece) {
        const uint64_t value = *reinterpret_cast<volatile decltype(piece)*>(from + i);
        if (i < 8) first |= value << (8 * i);
      });
      shown->data = first;
    }
    in_access = 0;
  }

  static void Store(uint64_t to, uint64_t size, size_t index) {
    if (sigsetjmp(on_signal, 0) == 0) {
      in_access = 1;
      ForEachPiece(to, size, [&](uint64_t i, auto piece) {
        for (size_t k = 0; k < sizeof piece; ++k) {
          piece |=
              static_cast<decltype(piece)>(uint64_t{fuzz::StoredByte(index, i + k)} << (8 * k));
        }
        *reinterpret_cast<volatile decltype(piece)*>(to + i) = piece;
      });
    }
    in_access = 0;
  }

  // The largest aligned pieces of at most 8 bytes, as the simulation has them (hw::MmioSpace): for
  // a device's registers that is not the same as bytes.
  template <class Access>
  static void ForEachPiece(uint64_t at, uint64_t size, Access access) {
    for (uint64_t i = 0; i < size;) {
      const uint64_t left = size - i, place = at + i;
      if (left >= 8 && place % 8 == 0) {
        access(i, uint64_t{});
        i += 8;
      } else if (left >= 4 && place % 4 == 0) {
        access(i, uint32_t{});
        i += 4;
      } else if (left >= 2 && place % 2 == 0) {
        access(i, uint16_t{});
        i += 2;
      } else {
        access(i, uint8_t{});
        i += 1;
      }
    }
  }

  // A page that waits to be counted as locked has a reference more, which a driver could tell. This
  // advice begins with lru_add_drain().
  void LetGoOfBatches() {
    constexpr uint64_t kPage = 4096, kCold = 20;
    RawCall(SYS_madvise, reinterpret_cast<uint64_t>(run_) & ~(kPage - 1), kPage, kCold);
  }

  // In the child it does not come back.
  int64_t Fork() {
    const uint32_t number = run_->process_count;
    const int64_t pid = RawCall(SYS_clone, SIGCHLD);
    if (pid == 0) LiveAs(number, program_, nodes_, run_);
    run_->pids[number] = pid > 0 ? static_cast<pid_t>(pid) : 0;
    run_->process_count = number + 1;
    return pid > 0 ? number : pid;
  }

  // This process goes, the first one that is alive goes on.
  void Exit() {
    if (!in_place_) run_->leaving = run_->pids[self_];
    run_->pids[self_] = 0;
    uint32_t successor = run_->ends_program;
    for (uint32_t i = run_->process_count; i-- > 0;) {
      if (run_->pids[i] != 0) successor = i;
    }
    if (in_place_) LetGo();
    GiveTurn(successor);
    if (!in_place_) Leave();
  }

  void LookAt() {
    run_->look = false;
    StepShown* shown = run_->Last();
    ptdump_dump dump{};
    dump.start = kSeenFrom;
    dump.end = kSeenTo;
    dump.records = reinterpret_cast<uint64_t>(run_->bytes + run_->used);
    dump.capacity = static_cast<uint32_t>((kMostShownBytes - run_->used) / sizeof(ptdump_record));
    const int64_t error =
        RawCall(SYS_ioctl, kPtdumpFd, PTDUMP_DUMP, reinterpret_cast<uint64_t>(&dump));
    if (error != 0) {
      run_->overflow = true;
      return;
    }
    shown->entries = dump.count;
    run_->used += dump.count * sizeof(ptdump_record);
  }

  const uint32_t self_;
  const bool in_place_;
  const fuzz::Program& program_;
  const NodeNames nodes_;
  RunState* const run_;
};

}  // namespace

void CatchSignals() {
  struct sigaction action = {};
  action.sa_sigaction = Caught;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
  struct sigaction interrupt = {};  // without SA_RESTART: the call fails with EINTR
  interrupt.sa_handler = [](int) {};
  sigaction(kInterruptSignal, &interrupt, nullptr);
}

void LiveAs(uint32_t self, const fuzz::Program& program, NodeNames nodes, RunState* run) {
  signal(SIGCHLD, SIG_IGN);  // a process of the program that exits is gone at once
  Actor(self, program, nodes, run).Live();
}

void LiveInPlace(const fuzz::Program& program, NodeNames nodes, RunState* run) {
  Actor(0, program, nodes, run).LiveInPlace();
}

void LetGo() {
  RawCall(SYS_munmap, kSeenFrom, kSeenTo - kSeenFrom);
  RawCall(SYS_close_range, 3, kPtdumpFd - 1, 0);
}

void AppendNotRun(Ran ran, RunState* run) {
  if (run->used + sizeof(StepShown) > kMostShownBytes) {
    run->overflow = true;
    return;
  }
  run->last = run->used;
  run->used += sizeof(StepShown);
  *run->Last() = StepShown{};
  run->Last()->entries = kNoSpace;
  run->Last()->ran = ran;
}

}  // namespace drydock::kmod
