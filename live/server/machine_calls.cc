// What each call of a program does on the simulated machine.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "live/server/machine.h"
#include "sim/kernel/kernel.h"

namespace drydock::live {
namespace {

using user::Outcome;
using user::Signal;

// Of uapi/asm-generic/siginfo.h.
constexpr int kSegvMaperr = 1, kSegvAccerr = 2, kSiKernel = 128, kBusAdraln = 1, kBusAdrerr = 2;

}  // namespace

Result Machine::Act(RunningCall& call) {
  Program& program = *call.program;
  const Request& request = call.request;
  const uint64_t* a = request.args;
  user::Process process = world_.process(program.process());
  const int fd = static_cast<int>(a[0]);
  Outcome outcome;
  Result result;
  // What may be there now that was not.
  hw::VirtAddr grants{0}, grants_end{0};
  const auto grant = [&](uint64_t at, uint64_t length) {
    grants = {at};
    grants_end = {at + hw::PageAlignUp(length)};
  };
  const uint32_t files = kernel_.chrdev().open_count();
  // fdget(): another thread may close the descriptor meanwhile.
  file* const held = call.many_threads ? HeldFile(program, request) : nullptr;
  if (held != nullptr) kernel_.vfs().FileGet(held);
  switch (request.op) {
    case Op::kOpen:
      outcome = process.Open(request.path.c_str(), static_cast<int>(a[0]));
      if (outcome.ok()) program.inodes[static_cast<size_t>(outcome.value)] = a[1];
      break;
    case Op::kClose:
      if (fd >= 0 && static_cast<size_t>(fd) < program.inodes.size()) {
        program.inodes[static_cast<size_t>(fd)] = 0;
      }
      outcome = process.Close(fd);
      break;
    case Op::kRead:
      outcome = process.Read(fd, {a[1]}, a[2]);
      break;
    case Op::kWrite:
      outcome = process.Write(fd, {a[1]}, a[2]);
      break;
    case Op::kPread:
      outcome = process.Pread(fd, {a[1]}, a[2], static_cast<int64_t>(a[3]));
      break;
    case Op::kPwrite:
      outcome = process.Pwrite(fd, {a[1]}, a[2], static_cast<int64_t>(a[3]));
      break;
    case Op::kLseek:
      outcome = process.Lseek(fd, static_cast<int64_t>(a[1]), static_cast<int>(a[2]));
      break;
    case Op::kIoctl:
      outcome = process.Ioctl(fd, static_cast<uint32_t>(a[1]), a[2]);
      break;
    case Op::kPoll:
      outcome = process.Poll(fd, static_cast<unsigned>(a[1]));
      if (const file* file = kernel_.vfs().FileOf(program.process(), fd);
          file != nullptr && file->f_op->poll == nullptr) {
        result.flags |= kCannotPoll;
      }
      break;
    case Op::kDup:
      outcome = process.Dup(fd);
      if (outcome.ok()) {
        program.inodes[static_cast<size_t>(outcome.value)] =
            program.inodes[static_cast<size_t>(fd)];
      }
      break;
    case Op::kGetFlags:
      outcome = process.GetFlags(fd);
      break;
    case Op::kSetFlags:
      outcome = process.SetFlags(fd, static_cast<int>(a[1]));
      break;
    case Op::kMmap: {
      if ((a[3] & MAP_FIXED) != 0) {
        call.discard_begin = a[0];
        call.discard_end = a[0] + hw::PageAlignUp(a[1]);
      }
      outcome = process.Mmap({a[0]}, a[1], static_cast<int>(a[2]), static_cast<int>(a[3]),
                             static_cast<int>(a[4]), a[5]);
      if (kernel_.mm().last_mmap().called) result.flags |= kReplaced;
      const auto at = static_cast<uint64_t>(outcome.value);
      if (outcome.ok() && kernel_.mm().Find(program.process(), at) != nullptr) {
        result.flags |= kMapped;
        grant(at, a[1]);
      }
      break;
    }
    case Op::kMunmap:
      call.discard_begin = a[0];
      call.discard_end = a[0] + hw::PageAlignUp(a[1]);
      outcome = process.Munmap({a[0]}, a[1]);
      break;
    case Op::kMprotect:
      outcome = process.Mprotect({a[0]}, a[1], static_cast<int>(a[2]));
      grant(a[0], a[1]);
      break;
    case Op::kMadvise:
      outcome = process.Madvise({a[0]}, a[1], static_cast<int>(a[2]));
      break;
    case Op::kMremap:
      call.discard_begin = a[0];
      call.discard_end = a[0] + hw::PageAlignUp(a[1]);
      outcome = process.Mremap({a[0]}, a[1], a[2], static_cast<int>(a[3]), {a[4]});
      if (outcome.ok()) grant(static_cast<uint64_t>(outcome.value), a[2]);
      break;
    case Op::kFault:
      outcome = process.Touch({a[0]}, a[1] == static_cast<uint64_t>(Access::kStore));
      if (outcome.ok()) result.flags |= Fault(program, request).flags;
      if (const kernel::Vma* vma = kernel_.mm().Find(program.process(), a[0]); vma != nullptr) {
        grant(vma->c.vm_start, vma->c.vm_end - vma->c.vm_start);
      }
      break;
    case Op::kLoad:
      outcome = process.Load({a[0]}, result.bytes, std::min<uint64_t>(a[1], sizeof result.bytes));
      break;
    case Op::kStore:
      outcome =
          process.Store({a[0]}, request.bytes, std::min<uint64_t>(a[1], sizeof request.bytes));
      break;
    case Op::kFork:
      return Fork(program);
    default:
      result.value = -ENOSYS;
      return result;
  }
  if (held != nullptr && !outcome.trapped) kernel_.vfs().FilePut(held);
  const Result taken = Take(outcome);
  result.value = taken.value;
  result.signal = taken.signal;
  result.code = taken.code;
  if (const int64_t restart = kernel_.tasks().TakeRestart(); restart != 0) {
    constexpr int64_t kErestartsys = -512, kErestartnointr = -513;
    if (restart == kErestartsys) result.flags |= kRestarts;
    if (restart == kErestartnointr) result.flags |= kRestarts | kRestartsAlways;
  }
  if (outcome.ok() && grants < grants_end) {
    oracles_.LookOnlyAt(program.process(), grants, grants_end);
  } else if (outcome.ok() && request.op == Op::kMunmap) {
    oracles_.LookOnlyAt(program.process(), {a[0]}, {a[0] + hw::PageAlignUp(a[1])});
  }
  // What the present call shows of a file that is gone says nothing about the next one there.
  if (Judge(program, Describe(request))) result.flags |= kTellStack;
  if (kernel_.chrdev().open_count() < files) oracles_.Begin();
  if (outcome.trapped) {
    Oops(&result);
    return result;
  }
  if (request.op == Op::kFault && result.signal == 0 &&
      a[1] == static_cast<uint64_t>(Access::kFetch)) {
    const hw::Extent* extent = kernel_.mm().table(program.process()).Find({a[0]});
    if (extent == nullptr || extent->bits.exec == 0) {
      result.signal = SIGSEGV;
      result.code = kSegvAccerr;
    }
  }
  if (grants < grants_end) {
    program.mirror().Grant(kernel_.mm().table(program.process()), grants, grants_end,
                           &program.updates);
  }
  return result;
}

// The open file that a call works on, or nullptr.
file* Machine::HeldFile(const Program& program, const Request& request) {
  switch (request.op) {
    case Op::kRead:
    case Op::kWrite:
    case Op::kPread:
    case Op::kPwrite:
    case Op::kLseek:
    case Op::kIoctl:
    case Op::kPoll:
      return kernel_.vfs().FileOf(program.process(), static_cast<int>(request.args[0]));
    case Op::kMmap:
      return kernel_.vfs().FileOf(program.process(), static_cast<int>(request.args[4]));
    default:
      return nullptr;
  }
}

// The page is present now: bytes that can be mapped, or registers to ask.
Result Machine::Fault(Program& program, const Request& request) {
  Result result;
  const hw::VirtAddr at{request.args[0]};
  const hw::Extent* extent = kernel_.mm().table(program.process()).Find(at);
  if (extent != nullptr && !program.mirror().CanShow(*extent, at)) result.flags = kEmulate;
  return result;
}

Result Machine::Take(const Outcome& outcome) {
  Result result;
  result.value = outcome.value;
  switch (outcome.signal) {
    case Signal::kNone:
      break;
    case Signal::kSegvMaperr:
      result.signal = SIGSEGV;
      result.code = kSegvMaperr;
      break;
    case Signal::kSegvAccerr:
      result.signal = SIGSEGV;
      result.code = kSegvAccerr;
      break;
    case Signal::kSegvKernel:
      result.signal = SIGSEGV;
      result.code = kSiKernel;
      break;
    case Signal::kBusAdrerr:
      result.signal = SIGBUS;
      result.code = kBusAdrerr;
      break;
    case Signal::kKilled:
      result.signal = SIGKILL;
      break;
    case Signal::kBusAdraln:
      result.signal = SIGBUS;
      result.code = kBusAdraln;
      break;
  }
  return result;
}

Result Machine::Fork(Program& program) {
  Result result;
  const Outcome outcome = world_.process(program.process()).Fork();
  if (Judge(program, "fork()")) result.flags |= kTellStack;
  if (outcome.trapped) {
    Oops(&result);
    return result;
  }
  if (!outcome.ok()) {
    if (outcome.value == -EAGAIN) {
      reports_.Note("no more than " + std::to_string(kernel_.mm().max_mms()) +
                    " processes can use the simulated machine at a time (fork of process " +
                    std::to_string(program.pid()) + " fails with EAGAIN)");
    }
    result.value = outcome.value;
    return result;
  }
  int error = 0;
  Program* child = Make(static_cast<uint32_t>(outcome.value), 0, &error);
  child->token = ++last_token_;
  child->inodes = program.inodes;
  result.value = static_cast<int64_t>(child->token);
  return result;
}

}  // namespace drydock::live
