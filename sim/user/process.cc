#include "sim/user/process.h"

#include "sim/kernel/kernel.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::user {
namespace {

bool Trapped(kernel::Kernel& kernel) {
  return kernel.verdicts().pending_trap() != kernel::Trap::kNone;
}

// The user killed the process that did not come back.
Outcome Kill(kernel::Kernel& kernel) {
  // (A real program's process exits when all of its calls have ended.)
  if (!kernel.tasks().host_loop()) kernel.vfs().Exit(kernel.mm().current());
  return {.value = 0, .signal = Signal::kKilled, .trapped = Trapped(kernel)};
}

// The end of a system call: what the driver still holds is its fault, a trap is the caller's to
// see.
Outcome Finish(kernel::Kernel& kernel, const char* call, int64_t value) {
  bool killed = false;
  if (!Trapped(kernel)) value = kernel.EndCall(call, value, &killed);
  if (Trapped(kernel)) {
    kernel.tasks().UnwindAfterTrap();
    return {.value = 0, .signal = Signal::kNone, .trapped = true};
  }
  if (killed) return Kill(kernel);
  return {.value = value, .signal = Signal::kNone, .trapped = false};
}

// The same after a load or a store.
Outcome FinishAccess(kernel::Kernel& kernel, Outcome outcome) {
  bool killed = false;
  if (!outcome.trapped) kernel.EndCall("page fault", 0, &killed);
  if (Trapped(kernel)) {
    kernel.tasks().UnwindAfterTrap();
    outcome.trapped = true;
    return outcome;
  }
  return killed ? Kill(kernel) : outcome;
}

}  // namespace

bool Process::alive() const { return kernel_->vfs().Alive(index_); }

Outcome Process::Open(const char* node, int flags) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "open", kernel_->vfs().Open(index_, node, flags));
}

Outcome Process::Close(int fd) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "close", kernel_->vfs().Close(index_, fd));
}

Outcome Process::Read(int fd, hw::VirtAddr buffer, uint64_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "read", kernel_->vfs().Read(index_, fd, buffer.value, size_bytes));
}

Outcome Process::Write(int fd, hw::VirtAddr buffer, uint64_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "write", kernel_->vfs().Write(index_, fd, buffer.value, size_bytes));
}

Outcome Process::Lseek(int fd, int64_t offset, int whence) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "lseek", kernel_->vfs().Lseek(index_, fd, offset, whence));
}

Outcome Process::Pread(int fd, hw::VirtAddr buffer, uint64_t size_bytes, int64_t offset) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "pread",
                kernel_->vfs().Pread(index_, fd, buffer.value, size_bytes, offset));
}

Outcome Process::Pwrite(int fd, hw::VirtAddr buffer, uint64_t size_bytes, int64_t offset) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "pwrite",
                kernel_->vfs().Pwrite(index_, fd, buffer.value, size_bytes, offset));
}

Outcome Process::Poll(int fd, unsigned events) {
  kernel_->mm().SetCurrent(index_);
  kernel::Vfs::PollFd one{.fd = fd, .events = static_cast<uint16_t>(events)};
  const Outcome outcome = Finish(*kernel_, "poll", kernel_->vfs().Poll(index_, &one, 1, 0));
  return outcome.ok() ? Outcome{.value = one.revents} : outcome;
}

Outcome Process::Dup(int fd) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "dup", kernel_->vfs().Dup(index_, fd));
}

Outcome Process::GetFlags(int fd) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "fcntl", kernel_->vfs().GetFlags(index_, fd));
}

Outcome Process::SetFlags(int fd, int flags) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "fcntl", kernel_->vfs().SetFlags(index_, fd, flags));
}

Outcome Process::Ioctl(int fd, uint32_t command, uint64_t argument) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "ioctl", kernel_->vfs().Ioctl(index_, fd, command, argument));
}

Outcome Process::Poll(kernel::Vfs::PollFd* fds, size_t count, int timeout_ms) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "poll", kernel_->vfs().Poll(index_, fds, count, timeout_ms));
}

Outcome Process::Mmap(hw::VirtAddr address, uint64_t length, int prot, int flags, int fd,
                      uint64_t offset) {
  kernel_->mm().SetCurrent(index_);
  const bool anonymous = (flags & kernel::kMapAnonymous) != 0;
  file* file = anonymous ? nullptr : kernel_->vfs().FileOf(index_, fd);
  return Finish(*kernel_, "mmap",
                kernel_->mm().Mmap(index_, address.value, length, prot, flags, file,
                                   !anonymous && file == nullptr, offset));
}

Outcome Process::Munmap(hw::VirtAddr address, uint64_t length) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "munmap", kernel_->mm().Munmap(index_, address.value, length));
}

Outcome Process::Mprotect(hw::VirtAddr address, uint64_t length, int prot) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "mprotect", kernel_->mm().Mprotect(index_, address.value, length, prot));
}

Outcome Process::Madvise(hw::VirtAddr address, uint64_t length, int advice) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "madvise", kernel_->mm().Madvise(index_, address.value, length, advice));
}

Outcome Process::Mremap(hw::VirtAddr old_address, uint64_t old_length, uint64_t new_length,
                        int flags, hw::VirtAddr new_address) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "mremap",
                kernel_->mm().Mremap(index_, old_address.value, old_length, new_length, flags,
                                     new_address.value));
}

Outcome Process::Mlock(hw::VirtAddr address, uint64_t length) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "mlock", kernel_->mm().Mlock(index_, address.value, length));
}

Outcome Process::Munlock(hw::VirtAddr address, uint64_t length) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "munlock", kernel_->mm().Munlock(index_, address.value, length));
}

Outcome Process::Msync(hw::VirtAddr address, uint64_t length, int flags) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "msync", kernel_->mm().Msync(index_, address.value, length, flags));
}

Outcome Process::Mseal(hw::VirtAddr address, uint64_t length, uint64_t flags) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "mseal", kernel_->mm().Mseal(index_, address.value, length, flags));
}

Outcome Process::Mincore(hw::VirtAddr address, uint64_t length, uint8_t* pages) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "mincore", kernel_->mm().Mincore(index_, address.value, length, pages));
}

Outcome Process::VmReadv(uint32_t other, hw::VirtAddr address, void* to, size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "process_vm_readv",
                kernel_->mm().ProcessVm(other, address.value, to, nullptr, size_bytes));
}

Outcome Process::VmWritev(uint32_t other, hw::VirtAddr address, const void* from,
                          size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "process_vm_writev",
                kernel_->mm().ProcessVm(other, address.value, nullptr, from, size_bytes));
}

Outcome Process::ReadMem(uint32_t other, hw::VirtAddr address, void* to, size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "pread",
                kernel_->mm().ProcMem(other, address.value, to, nullptr, size_bytes));
}

Outcome Process::WriteMem(uint32_t other, hw::VirtAddr address, const void* from,
                          size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "pwrite",
                kernel_->mm().ProcMem(other, address.value, nullptr, from, size_bytes));
}

Outcome Process::Fork() {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "fork", kernel_->vfs().Fork(index_));
}

Outcome Process::Exit() {
  kernel_->mm().SetCurrent(index_);
  return Finish(*kernel_, "exit", kernel_->vfs().Exit(index_));
}

Outcome Process::Load(hw::VirtAddr address, void* to, size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return FinishAccess(*kernel_,
                      kernel_->mm().Access(index_, address.value, to, nullptr, size_bytes));
}

Outcome Process::Store(hw::VirtAddr address, const void* from, size_t size_bytes) {
  kernel_->mm().SetCurrent(index_);
  return FinishAccess(*kernel_,
                      kernel_->mm().Access(index_, address.value, nullptr, from, size_bytes));
}

Outcome Process::Touch(hw::VirtAddr address, bool write) {
  kernel_->mm().SetCurrent(index_);
  const Outcome outcome = kernel_->mm().Touch(index_, address.value, write);
  if (!outcome.trapped) kernel_->locks().CheckNoneHeld("page fault");
  return outcome;
}

}  // namespace drydock::user
