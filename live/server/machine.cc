#include "live/server/machine.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "fuzz/linux_names.h"
#include "fuzz/violation_classes.h"
#include "sim/kernel/kernel.h"

namespace drydock::live {
namespace {

using user::Outcome;
using user::Signal;

// Of uapi/asm-generic/siginfo.h.
constexpr int kSegvMaperr = 1, kSegvAccerr = 2, kBusAdraln = 1, kBusAdrerr = 2;

int PidFd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

void AppendNumber(const char* name, uint64_t value, std::string* text) {
  char number[32];
  std::snprintf(number, sizeof number, value < 4096 ? "%lu" : "%#lx",
                static_cast<unsigned long>(value));
  *text += std::string(text->ends_with('(') ? "" : ", ") + name + number;
}

void AppendFlagSet(std::span<const fuzz::NamedBits> names, uint64_t value, std::string* text) {
  *text += ", ";
  fuzz::AppendFlags(names, static_cast<uint32_t>(value), text);
}

}  // namespace

Machine::Machine(World& world, const fuzz::Policy& policy, Reports& reports)
    : world_(world), kernel_(world.kernel()), reports_(reports), oracles_(world, policy) {
  kernel_.memory().StopWatching();
  kernel_.mmio().StopWatching();
  world_.init().Exit();  // programs bring their own processes
  kernel_.mm().SetWatcher(this);
  kernel_.mm().SetForeignMemory(&memory_);
  oracles_.Begin();
}

Machine::~Machine() {
  kernel_.mm().SetWatcher(nullptr);
  kernel_.mm().SetForeignMemory(nullptr);
}

Program* Machine::Make(uint32_t process, pid_t pid, int* error) {
  int pidfd = -1;
  if (pid != 0 && (pidfd = PidFd(pid)) < 0) {
    *error = errno;
    return nullptr;
  }
  memory_.SetPid(process, pid);
  programs_.push_back(
      std::make_unique<Program>(pid, process, pidfd, Mirror(kernel_.memory(), kernel_.mmio())));
  return programs_.back().get();
}

Program* Machine::Join(pid_t pid, int* error) {
  const int process = kernel_.vfs().NewProcess();
  if (process < 0) {
    reports_.Note("no more than " + std::to_string(kernel::Mm::kMaxMms) +
                  " processes can use the simulated machine at a time (process " +
                  std::to_string(pid) + " gets EAGAIN)");
    *error = EAGAIN;
    return nullptr;
  }
  Program* program = Make(static_cast<uint32_t>(process), pid, error);
  if (program == nullptr) world_.process(static_cast<uint32_t>(process)).Exit();
  return program;
}

Program* Machine::Adopt(uint64_t token, pid_t pid) {
  for (std::unique_ptr<Program>& program : programs_) {
    if (token == 0 || program->token != token) continue;
    if (program->pid() == pid) return program.get();
    if (program->pid() != 0) return nullptr;  // somebody else's
    int error = 0;
    Program* grown = Make(program->process(), pid, &error);
    if (grown == nullptr) return nullptr;
    grown->token = token;
    // (The new one is the last of the list: `program` still names the old one's place.)
    for (size_t i = 0; i < programs_.size(); ++i) {
      if (programs_[i]->token != token || programs_[i]->pid() != 0) continue;
      grown->inodes = programs_[i]->inodes;
      programs_.erase(programs_.begin() + static_cast<ptrdiff_t>(i));
      break;
    }
    return grown;
  }
  return nullptr;
}

void Machine::Exec(Program& program, const uint64_t* inherited, int32_t* descriptors,
                   uint32_t count) {
  program.LeaveChannel();
  user::Process process = world_.process(program.process());
  caller_ = &program;
  process.Munmap({0}, kernel::kTaskSize);
  Judge(program, "execve()");
  std::array<bool, kernel::Vfs::kMaxFds + 1> kept{};
  for (uint32_t i = 0; i < count; ++i) {
    descriptors[i] = -1;
    for (size_t fd = 0; fd < program.inodes.size(); ++fd) {
      if (kept[fd] || program.inodes[fd] == 0 || program.inodes[fd] != inherited[i]) continue;
      kept[fd] = true;
      descriptors[i] = static_cast<int32_t>(fd);
      break;
    }
  }
  for (size_t fd = 0; fd < program.inodes.size(); ++fd) {
    if (program.inodes[fd] == 0 || kept[fd]) continue;
    program.inodes[fd] = 0;
    process.Close(static_cast<int>(fd));
    Judge(program, "close() by execve()");
  }
  caller_ = nullptr;
  reports_.TellWithoutStack(program.pid());
}

// A driver that traps in close or release leaves the rest for the next try.
void Machine::CloseAll(Program& program) {
  user::Process process = world_.process(program.process());
  for (int tries = 0; process.alive() && tries < kernel::Vfs::kMaxFds + 2; ++tries) {
    const Outcome outcome = process.Exit();
    Judge(program, "exit()");
    if (outcome.trapped) {
      Result ignored;
      Oops(&ignored);
    }
  }
}

void Machine::Leave(Program& program) {
  program.mirror().Clear();
  program.updates.clear();
  caller_ = &program;
  CloseAll(program);
  caller_ = nullptr;
  reports_.TellWithoutStack(program.pid());
  memory_.SetPid(program.process(), 0);
  std::erase_if(programs_, [&](const auto& other) { return other.get() == &program; });
}

bool Machine::Unload() {
  if (!programs_.empty() || !world_.UnloadDriver()) return false;
  const kernel::Verdicts& verdicts = world_.verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (!reports_.Add(verdicts[i], 0, "rmmod")) continue;
    const fuzz::ViolationClass& c = fuzz::ClassOf(verdicts[i].class_number, verdicts[i].trap);
    findings_ += c.weight == fuzz::Weight::kFinding;
    reached_limit_ |= c.weight == fuzz::Weight::kLimit;
  }
  reports_.TellWithoutStack(0);
  return true;
}

void Machine::OnNarrowed(const hw::PageTable& table, hw::VirtAddr va, uint64_t pages) {
  for (const std::unique_ptr<Program>& program : programs_) {
    if (&kernel_.mm().table(program->process()) != &table) continue;
    const uint64_t end = va.value + pages * kPageBytes;
    const bool alone = program.get() == caller_ && !many_threads_;
    const bool discards = alone && va.value >= discard_begin_ && end <= discard_end_;
    program->mirror().Revoke(va, pages, discards ? &discarded_ : &program->updates);
    // Nobody but the caller can touch it, and the caller waits for the answer, which says it.
    if (alone || program->updates.empty()) return;
    if (!program->PushNow()) {
      reports_.Note("process " + std::to_string(program->pid()) +
                    " is stopped: what it may no longer touch is taken away when it goes on");
    }
    return;
  }
}

void Machine::Serve(Program& program, Slot* slot) {
  Request request;
  request.op = slot->op;
  request.flags = slot->flags;
  std::copy_n(slot->args, std::size(slot->args), request.args);
  if (request.op == Op::kOpen) {
    request.path.assign(slot->path, strnlen(slot->path, Slot::kPathBytes));
  } else if (request.op == Op::kStack) {
    const size_t count = std::min<uint64_t>(request.args[0], Slot::kMaxFrames);
    request.frames.assign(slot->frames, slot->frames + count);
  } else {
    std::memcpy(request.bytes, slot->bytes, sizeof request.bytes);
  }
  slot->flags = 0;
  slot->signal = slot->code = 0;

  Result result;
  caller_ = &program;
  many_threads_ = (request.flags & kManyThreads) != 0;
  ++calls_;
  if (request.op == Op::kStack) {
    reports_.TellStack(program.pid(), request.frames);
  } else if (request.op != Op::kMore) {
    result = Act(program, request);
  }
  caller_ = nullptr;
  if (result.value < 0 && (result.flags & kReplaced) == 0) {
    program.updates.insert(program.updates.end(), discarded_.begin(), discarded_.end());
  }
  discarded_.clear();
  discard_begin_ = discard_end_ = 0;

  slot->value = result.value;
  slot->signal = result.signal;
  slot->code = result.code;
  slot->flags = result.flags;
  if (request.op == Op::kLoad) {
    slot->update_count = 0;
    slot->batch = 0;
    std::memcpy(slot->bytes, result.bytes, sizeof result.bytes);
  } else {
    program.Answer(slot);
  }
}

Machine::Result Machine::Act(Program& program, const Request& request) {
  const uint64_t* a = request.args;
  user::Process process = world_.process(program.process());
  const int fd = static_cast<int>(a[0]);
  Outcome outcome;
  Result result;
  bool grants = false;
  const uint32_t files = kernel_.vfs().open_files();
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
        discard_begin_ = a[0];
        discard_end_ = a[0] + hw::PageAlignUp(a[1]);
      }
      outcome = process.Mmap({a[0]}, a[1], static_cast<int>(a[2]), static_cast<int>(a[3]),
                             static_cast<int>(a[4]), a[5]);
      if (kernel_.mm().last_mmap().called) result.flags |= kReplaced;
      const auto at = static_cast<uint64_t>(outcome.value);
      if (outcome.ok() && kernel_.mm().Find(program.process(), at) != nullptr) {
        result.flags |= kMapped;
      }
      grants = true;
      break;
    }
    case Op::kMunmap:
      discard_begin_ = a[0];
      discard_end_ = a[0] + hw::PageAlignUp(a[1]);
      outcome = process.Munmap({a[0]}, a[1]);
      break;
    case Op::kMprotect:
      outcome = process.Mprotect({a[0]}, a[1], static_cast<int>(a[2]));
      grants = true;
      break;
    case Op::kMadvise:
      outcome = process.Madvise({a[0]}, a[1], static_cast<int>(a[2]));
      break;
    case Op::kMremap:
      discard_begin_ = a[0];
      discard_end_ = a[0] + hw::PageAlignUp(a[1]);
      outcome = process.Mremap({a[0]}, a[1], a[2], static_cast<int>(a[3]), {a[4]});
      grants = true;
      break;
    case Op::kFault:
      outcome = process.Touch({a[0]}, a[1] == static_cast<uint64_t>(Access::kStore));
      if (outcome.ok()) result.flags |= Fault(program, request).flags;
      grants = true;
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
    case Op::kForked:
      return Forked(a[0], static_cast<pid_t>(a[1]));
    default:
      result.value = -ENOSYS;
      return result;
  }
  const Result taken = Take(outcome);
  result.value = taken.value;
  result.signal = taken.signal;
  result.code = taken.code;
  // What the present call shows of a file that is gone says nothing about the next one there.
  if (Judge(program, Describe(request))) result.flags |= kTellStack;
  if (kernel_.vfs().open_files() < files) oracles_.Begin();
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
  if (grants) {
    program.mirror().Grant(kernel_.mm().table(program.process()), &program.updates);
  }
  return result;
}

// The page is present now: bytes that can be mapped, or registers to ask.
Machine::Result Machine::Fault(Program& program, const Request& request) {
  Result result;
  const hw::VirtAddr at{request.args[0]};
  const hw::Extent* extent = kernel_.mm().table(program.process()).Find(at);
  if (extent != nullptr && !program.mirror().CanShow(*extent, at)) result.flags = kEmulate;
  return result;
}

Machine::Result Machine::Take(const Outcome& outcome) {
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

Machine::Result Machine::Fork(Program& program) {
  Result result;
  const Outcome outcome = world_.process(program.process()).Fork();
  if (Judge(program, "fork()")) result.flags |= kTellStack;
  if (outcome.trapped) {
    Oops(&result);
    return result;
  }
  if (!outcome.ok()) {
    if (outcome.value == -EAGAIN) {
      reports_.Note("no more than " + std::to_string(kernel::Mm::kMaxMms) +
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

Machine::Result Machine::Forked(uint64_t token, pid_t pid) {
  if (pid != 0 && Adopt(token, pid) != nullptr) return {};
  for (const std::unique_ptr<Program>& program : programs_) {
    if (program->token != token || program->pid() != 0) continue;
    Leave(*program);  // there is no child, or it is dead already
    break;
  }
  return {};
}

bool Machine::Judge(Program& program, const std::string& call) {
  kernel::Verdicts& verdicts = world_.verdicts();
  if (verdicts.pending_trap() == kernel::Trap::kNone) oracles_.AfterStep(0);
  kernel::Log& log = kernel_.log();
  for (size_t i = 0; i < log.line_count(); ++i) reports_.KernelLog(log.line(i), log.level(i));
  log.Clear();
  if (verdicts.count() == 0) return false;
  bool stack = false;
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (!reports_.Add(verdicts[i], program.pid(), call)) continue;
    stack = true;
    const fuzz::ViolationClass& c = fuzz::ClassOf(verdicts[i].class_number, verdicts[i].trap);
    findings_ += c.weight == fuzz::Weight::kFinding;
    reached_limit_ |= c.weight == fuzz::Weight::kLimit;
  }
  // The trap stays for who asked; the rest is told.
  if (verdicts.pending_trap() == kernel::Trap::kNone) verdicts.Clear();
  return stack;
}

// The driver's run was abandoned in the middle. As after an oops the task is killed with what it
// held, and the machine goes on.
void Machine::Oops(Result* result) {
  kernel::Verdicts& verdicts = world_.verdicts();
  const bool limit = verdicts.pending_trap() == kernel::Trap::kUnmodelled;
  verdicts.Clear();
  kernel_.locks().ForgetHeld();
  // mmap_lock dies with the address space, and its exit must not wait for itself.
  drydock_lock& lock = kernel_.mm().mm(kernel_.mm().current())->mmap_lock;
  lock.owner = lock.readers = lock.depth = 0;
  result->value = -EIO;
  result->signal = limit ? SIGKILL : SIGSEGV;  // make_task_dead(SIGSEGV)
  result->code = 0;
}

std::string Machine::Describe(const Request& request) {
  const uint64_t* a = request.args;
  std::string text;
  switch (request.op) {
    case Op::kOpen:
      text = "open(\"" + request.path + "\"";
      AppendFlagSet(fuzz::OpenFlagNames(), a[0], &text);
      break;
    case Op::kClose:
      text = "close(";
      break;
    case Op::kRead:
    case Op::kPread:
      text = request.op == Op::kRead ? "read(" : "pread(";
      AppendNumber("", a[2], &text);
      text += " bytes";
      break;
    case Op::kWrite:
    case Op::kPwrite:
      text = request.op == Op::kWrite ? "write(" : "pwrite(";
      AppendNumber("", a[2], &text);
      text += " bytes";
      break;
    case Op::kLseek:
      text = "lseek(";
      AppendNumber("", a[1], &text);
      break;
    case Op::kIoctl:
      text = "ioctl(";
      AppendNumber("command ", a[1], &text);
      AppendNumber("", a[2], &text);
      break;
    case Op::kMmap:
      text = "mmap(";
      AppendNumber("length ", a[1], &text);
      AppendFlagSet(fuzz::ProtectionNames(), a[2], &text);
      AppendFlagSet(fuzz::MapFlagNames(), a[3], &text);
      AppendNumber("offset ", a[5], &text);
      break;
    case Op::kMunmap:
    case Op::kMprotect:
    case Op::kMadvise:
    case Op::kMremap:
      text = request.op == Op::kMunmap     ? "munmap("
             : request.op == Op::kMprotect ? "mprotect("
             : request.op == Op::kMadvise  ? "madvise("
                                           : "mremap(";
      AppendNumber("", a[0], &text);
      AppendNumber("length ", a[1], &text);
      break;
    case Op::kFault:
    case Op::kLoad:
    case Op::kStore:
      text = request.op == Op::kStore || a[1] == static_cast<uint64_t>(Access::kStore)
                 ? "a store to "
                 : "a load of ";
      AppendNumber("", a[0], &text);
      return "a page fault (" + text + ")";
    default:
      return "a system call";
  }
  return text + ")";
}

}  // namespace drydock::live
