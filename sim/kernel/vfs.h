// Processes, descriptors and files: the system calls of a program that are not about memory. Linux
// fs/open.c, fs/read_write.c, fs/ioctl.c, fs/file.c, kernel/fork.c and kernel/exit.c of 6.1, as far
// as character devices go.
#ifndef DRYDOCK_SIM_KERNEL_VFS_H_
#define DRYDOCK_SIM_KERNEL_VFS_H_

#include <cstdint>

#include "sim/hw/tracked.h"
#include "sim/kernel/capacity.h"
#include "sim/kernel/chrdev.h"
#include "sim/kernel/driver_call.h"
#include "sim/kernel/mm.h"
#include "sim/kernel/tasks.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Vfs {
 public:
  static constexpr int kFirstFd = 3;  // 0, 1 and 2 are the terminal's
  static constexpr uint32_t kMaxInodes = 32;

  Vfs(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Chrdevs& chrdevs,
      MmBackend& backend, const Capacity& capacity);
  void SetMm(Mm& mm) { mm_ = &mm; }  // Mm and Vfs need each other; before anything else
  void SetTasks(Tasks& tasks) { tasks_ = &tasks; }

  // A first process with an empty address space. Its index, or -1.
  int NewProcess();
  // The node's inode is there from now on, and has its number. Otherwise the first open makes it.
  void MakeInode(const char* path);
  bool Alive(uint32_t process) const { return processes_[process].alive != 0; }
  int last_fd() const { return last_fd_; }

  // System calls of `process`; values or negative errnos. Buffers are user addresses.
  int64_t Open(uint32_t process, const char* path, int flags);
  int64_t Close(uint32_t process, int fd);
  int64_t Read(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes);
  int64_t Write(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes);
  // pread(2) and pwrite(2): at `offset`, which the file's position does not take part in.
  int64_t Pread(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, int64_t offset);
  int64_t Pwrite(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, int64_t offset);
  int64_t Lseek(uint32_t process, int fd, int64_t offset, int whence);
  int64_t Ioctl(uint32_t process, int fd, uint32_t command, uint64_t argument);
  int64_t Dup(uint32_t process, int fd);       // another descriptor of the same open file
  int64_t GetFlags(uint32_t process, int fd);  // fcntl(2): F_GETFL
  int64_t SetFlags(uint32_t process, int fd, int flags);  // F_SETFL
  // struct pollfd of poll(2); values of Linux on x86-64.
  struct PollFd {
    int32_t fd = -1;
    uint16_t events = 0;
    uint16_t revents = 0;
  };
  static constexpr size_t kMaxPollFds = 16;
  // How many are ready, at most `timeout_ms` from now (-1: no limit). -EINVAL: too many.
  int64_t Poll(uint32_t process, PollFd* fds, size_t count, int timeout_ms);
  int64_t Fork(uint32_t process);  // the child's index
  int64_t Exit(uint32_t process);

  file* FileOf(uint32_t process, int fd);  // nullptr: EBADF; one opened with O_PATH is none
  void FileGet(file* file);
  void FilePut(file* file);  // the last one releases it
  uint32_t open_files() const;
  // What a driver holds that is gone: inodes.
  void ReportLeftovers();
  // The node a file was opened by ("/dev/pump").
  const char* PathOf(const file* file) const;

 private:
  struct Process {
    uint32_t alive = 0;
    uint32_t end = kFirstFd;  // descriptors from here on are free
  };
  struct FileSlot {
    file c;
    uint64_t used = 0;
  };
  struct InodeSlot {
    inode c;
    dentry entry;
    uint64_t used = 0;
    char path[96] = {};
  };

  void SetFd(uint32_t process, int fd, uint32_t value);
  InodeSlot* InodeFor(const char* path, unsigned int devt, unsigned short mode);
  // What a descriptor is: a file's index + 1; 0: free.
  static constexpr uint16_t kReserved = 0xffff;  // an open is on its way
  uint16_t FdAt(uint32_t process, int fd) const { return fds_[FdIndex(process, fd)]; }
  size_t FdIndex(uint32_t process, int fd) const {
    return process * static_cast<size_t>(last_fd_ + 1 - kFirstFd) +
           static_cast<size_t>(fd - kFirstFd);
  }
  // What the descriptor names, a file opened with O_PATH too.
  file* FileAt(uint32_t process, int fd);
  // The lowest free descriptor, or -EMFILE.
  int64_t FreeFd(uint32_t process) const;
  unsigned PollOne(uint32_t process, PollFd* entry, poll_table_struct* table);
  int64_t Transfer(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, bool write);
  int64_t TransferAt(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, bool write,
                     int64_t offset);
  // vfs_read() and vfs_write(), after the file's position is known; nullptr: it has none.
  int64_t CallTransfer(file* file, uint64_t buffer, uint64_t size_bytes, bool write,
                       long long* position);
  bool Trapped() const { return verdicts_.pending_trap() != Trap::kNone; }

  Verdicts& verdicts_;
  DriverCall& calls_;
  Chrdevs& chrdevs_;
  MmBackend& backend_;
  Mm* mm_ = nullptr;
  Tasks* tasks_ = nullptr;
  const int last_fd_;
  hw::TrackedArray<Process> processes_;
  hw::TrackedArray<uint16_t> fds_;
  hw::TrackedArray<FileSlot> files_;
  hw::TrackedArray<InodeSlot> inodes_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_VFS_H_
