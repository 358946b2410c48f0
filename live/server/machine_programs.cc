// Who is on a live machine: processes that join, fork, become another program, and die.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "live/server/machine.h"
#include "sim/kernel/kernel.h"

namespace drydock::live {
namespace {

int PidFd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

Program* Machine::Make(uint32_t process, pid_t pid, int* error) {
  const int pidfd = pid != 0 ? PidFd(pid) : -1;
  if (pid != 0 && pidfd < 0) {
    *error = errno;
    return nullptr;
  }
  memory_.SetPid(process, pid);
  programs_.push_back(
      std::make_unique<Program>(pid, process, pidfd, Mirror(kernel_.memory(), kernel_.mmio())));
  programs_.back()->inodes.resize(static_cast<size_t>(kernel_.vfs().last_fd()) + 1);
  return programs_.back().get();
}

Program* Machine::Join(pid_t pid, int* error) {
  const int process = kernel_.vfs().NewProcess();
  if (process < 0) {
    reports_.Note("no more than " + std::to_string(kernel_.mm().max_mms()) +
                  " processes can use the simulated machine at a time (process " +
                  std::to_string(pid) + " gets EAGAIN)");
    *error = EAGAIN;
    return nullptr;
  }
  Program* program = Make(static_cast<uint32_t>(process), pid, error);
  if (program == nullptr) kernel_.vfs().Exit(static_cast<uint32_t>(process));
  return program;
}

Program* Machine::Adopt(uint64_t token, pid_t pid) {
  for (std::unique_ptr<Program>& program : programs_) {
    if (token == 0 || program->token != token || program->dying) continue;
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

void Machine::Exec(Program& program, std::vector<uint64_t> inherited,
                   std::function<void(const Inherited&)> then) {
  program.LeaveChannel();
  for (const auto& call : calls_) {
    if (call->program == &program) kernel_.tasks().SendSignal(call->task, /*fatal=*/true);
  }
  auto body = [this, inherited = std::move(inherited), then = std::move(then)](RunningCall& call) {
    Program& self = *call.program;
    user::Process process = world_.process(self.process());
    const auto end = [&](const user::Outcome& outcome, const char* what) {
      Judge(self, what);
      Result ignored;
      if (outcome.trapped) Oops(&ignored);
    };
    end(process.Munmap({0}, kernel::kTaskSize), "execve()");
    Inherited descriptors(inherited.size(), -1);
    std::vector<bool> kept(self.inodes.size());
    for (size_t i = 0; i < inherited.size(); ++i) {
      for (size_t fd = 0; fd < self.inodes.size(); ++fd) {
        if (kept[fd] || self.inodes[fd] == 0 || self.inodes[fd] != inherited[i]) continue;
        kept[fd] = true;
        descriptors[i] = static_cast<int32_t>(fd);
        break;
      }
    }
    for (size_t fd = 0; fd < self.inodes.size(); ++fd) {
      if (self.inodes[fd] == 0 || kept[fd]) continue;
      self.inodes[fd] = 0;
      end(process.Close(static_cast<int>(fd)), "close() by execve()");
    }
    reports_.TellWithoutStack(self.pid());
    self.when_idle = [then, descriptors] {
      then(descriptors);
      return true;
    };
  };
  program.when_idle = [this, &program, body = std::move(body)] { return BeginFor(program, body); };
  WhenIdle(program);
}

// A driver that traps in close or release leaves the rest for the next try.
void Machine::CloseAll(Program& program) {
  user::Process process = world_.process(program.process());
  for (int tries = 0; process.alive() && tries < kernel_.vfs().last_fd() + 2; ++tries) {
    const user::Outcome outcome = process.Exit();
    Judge(program, "exit()");
    if (outcome.trapped) {
      Result ignored;
      Oops(&ignored);
    }
  }
  reports_.TellWithoutStack(program.pid());
}

void Machine::Leave(Program& program) {
  if (program.dying) return;
  program.dying = true;
  program.LeaveChannel();
  for (const auto& call : calls_) {
    if (call->program == &program) kernel_.tasks().SendSignal(call->task, /*fatal=*/true);
  }
  WhenIdle(program);
}

// What waits until all calls of a program have ended.
void Machine::WhenIdle(Program& program) {
  if (program.running_calls != 0) return;
  if (program.when_idle != nullptr) {
    std::function<bool()> next = std::exchange(program.when_idle, nullptr);
    if (!next()) program.when_idle = std::move(next);
    return;
  }
  if (!program.dying) return;
  if (!program.exited) {
    program.exited = true;
    if (!BeginFor(program, [this](RunningCall& call) { CloseAll(*call.program); })) {
      program.exited = false;
    }
    return;  // (where the call has ended, the program is gone)
  }
  memory_.SetPid(program.process(), 0);
  std::erase_if(programs_, [&](const auto& other) { return other.get() == &program; });
}

void Machine::Forked(uint64_t token, pid_t pid) {
  if (pid != 0 && Adopt(token, pid) != nullptr) return;
  for (const std::unique_ptr<Program>& program : programs_) {
    if (program->token != token || program->pid() != 0) continue;
    Leave(*program);  // there is no child, or it is dead already
    break;
  }
}

}  // namespace drydock::live
