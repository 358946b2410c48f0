#include "sim/kernel/vfs.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr unsigned kModeLseek = 0x4, kModePread = 0x8, kModePwrite = 0x10, kModeCanRead = 0x20000,
                   kModeCanWrite = 0x40000, kModeOpened = 0x80000, kModeStream = 0x200000,
                   kModePath = 0x4000;
constexpr int kCreate = 0100, kExclusive = 0200, kNoTty = 0400, kTruncate = 01000,
              kDataSync = 010000, kDirect = 040000, kLargeFile = 0100000, kDirectory = 0200000,
              kNoFollow = 0400000, kSync = 04000000, kPath = 010000000, kTemporary = 020000000;
// VALID_OPEN_FLAGS without O_CLOEXEC, which is the descriptor's and not the file's.
constexpr int kValidOpenFlags = 035777703;
constexpr uint64_t kMaxRwBytes = 0x7ffff000;
constexpr unsigned short kCharDevice = 0020000;
constexpr int64_t kNoIoctlCmd = 515, kErestartnohand = 514;

// OF1: build_open_how() and build_open_flags(). -EINVAL, or the flags that the file gets.
int64_t OpenFlags(int flags) {
  flags = (flags | kLargeFile) & kValidOpenFlags;
  if ((flags & kPath) != 0) flags &= kPath | kDirectory | kNoFollow;
  if ((flags & kDirectory) != 0 && (flags & kCreate) != 0) return -EINVAL;
  const bool writes = (flags & 3) != 0;
  if ((flags & kTemporary) != 0 && ((flags & kDirectory) == 0 || !writes)) return -EINVAL;
  return (flags & kSync) != 0 ? flags | kDataSync : flags;
}

// What is opened with O_PATH is of no driver.
const file_operations kNoOperations{};

}  // namespace

Vfs::Vfs(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Chrdevs& chrdevs,
         MmBackend& backend, const Capacity& capacity)
    : verdicts_(verdicts),
      calls_(calls),
      chrdevs_(chrdevs),
      backend_(backend),
      last_fd_(capacity.last_fd),
      processes_(list, "processes", capacity.processes),
      fds_(list, "descriptors",
           capacity.processes * static_cast<size_t>(capacity.last_fd + 1 - kFirstFd)),
      files_(list, "files", capacity.files),
      inodes_(list, "inodes", kMaxInodes) {}

int Vfs::NewProcess() {
  const int mm = mm_->NewMm();
  if (mm < 0) return -1;
  // A process has the index of its address space.
  processes_.Mut(static_cast<size_t>(mm)) = Process{.alive = 1};
  return mm;
}

Vfs::InodeSlot* Vfs::InodeFor(const char* path, unsigned int devt, unsigned short mode) {
  for (size_t i = 0; i < kMaxInodes; ++i) {
    const InodeSlot& present = inodes_[i];
    if (present.used != 0 && (present.c.i_rdev != devt || std::strcmp(present.path, path) != 0)) {
      continue;
    }
    InodeSlot& slot = inodes_.Mut(i);
    if (slot.used == 0) {  // then it is all zero: no inode ever goes
      slot.used = 1;
      slot.c.i_mode = static_cast<unsigned short>(kCharDevice | mode);
      slot.c.i_rdev = devt;
      slot.c.i_ino = i + 1;
      slot.c.i_count = 1;
      slot.c.i_mapping = &slot.c.i_data;
      slot.c.i_data.host = &slot.c;
      slot.entry.d_inode = &slot.c;
      const size_t length = std::min(std::strlen(path), sizeof slot.path - 1);
      std::memcpy(slot.path, path, length);
      slot.entry.drydock_name = std::strrchr(slot.path, '/') + 1;
    }
    return &slot;
  }
  return nullptr;
}

void Vfs::MakeInode(const char* path) {
  unsigned int devt = 0;
  unsigned short mode = 0;
  if (chrdevs_.FindNode(path, &devt, &mode)) InodeFor(path, devt, mode);
}

int64_t Vfs::Open(uint32_t process, const char* path, int flags) {
  const int64_t valid = OpenFlags(flags);
  if (valid < 0) return valid;
  flags = static_cast<int>(valid);
  unsigned int devt = 0;
  unsigned short mode = 0;
  const auto fd = static_cast<int>(FreeFd(process));
  if (fd < 0) return fd;
  if (!chrdevs_.FindNode(path, &devt, &mode)) return -ENOENT;
  if ((flags & kCreate) != 0 && (flags & kExclusive) != 0) return -EEXIST;
  if ((flags & kDirectory) != 0) return -ENOTDIR;
  if (backend_.FailNow()) return -ENOMEM;
  uint32_t index = 0;
  while (index < files_.size() && files_[index].used != 0) ++index;
  InodeSlot* node = InodeFor(path, devt, mode);
  if (index == files_.size() || node == nullptr) return -ENFILE;

  FileSlot& slot = files_.Mut(index);
  slot = FileSlot{};
  slot.used = 1;
  file& file = slot.c;
  file.f_inode = &node->c;
  file.f_path.dentry = &node->entry;
  file.f_mapping = node->c.i_mapping;
  file.f_flags = static_cast<unsigned>(flags);
  file.f_mode = (static_cast<unsigned>(flags + 1) & 3U) | kModeLseek | kModePread | kModePwrite;
  file.f_count.counter = 1;
  file.drydock_id = index;
  if ((flags & kPath) != 0) {  // OF3
    file.f_mode = kModePath | kModeOpened;
    file.f_op = &kNoOperations;
    SetFd(process, fd, index + 1);
    return fd;
  }
  SetFd(process, fd, kReserved);  // ->open may sleep
  const int error = chrdevs_.Open(&node->c, &file);
  SetFd(process, fd, 0);
  if (Trapped()) return -EINTR;
  if (error != 0) {
    slot = FileSlot{};
    return error;
  }
  // do_dentry_open().
  file.f_mode |= kModeOpened;
  if ((file.f_mode & kFmodeRead) != 0 &&
      (file.f_op->read != nullptr || file.f_op->read_iter != nullptr)) {
    file.f_mode |= kModeCanRead;
  }
  if ((file.f_mode & kFmodeWrite) != 0 &&
      (file.f_op->write != nullptr || file.f_op->write_iter != nullptr)) {
    file.f_mode |= kModeCanWrite;
  }
  if (file.f_op->llseek == nullptr) file.f_mode &= ~kModeLseek;
  file.f_flags &= ~static_cast<unsigned>(kCreate | kExclusive | kNoTty | kTruncate);
  if ((flags & kDirect) != 0) {  // OF2: no a_ops with ->direct_IO
    FilePut(&file);
    return -EINVAL;
  }
  SetFd(process, fd, index + 1);
  return fd;
}

int64_t Vfs::FreeFd(uint32_t process) const {
  int fd = kFirstFd;
  const int end = static_cast<int>(processes_[process].end);
  while (fd < end && FdAt(process, fd) != 0) ++fd;
  return fd <= last_fd_ ? fd : -EMFILE;
}

// `value`: 0 for none.
void Vfs::SetFd(uint32_t process, int fd, uint32_t value) {
  fds_.Mut(FdIndex(process, fd)) = static_cast<uint16_t>(value);
  const uint32_t end = processes_[process].end;
  if (value != 0 && static_cast<uint32_t>(fd) >= end) {
    processes_.Mut(process).end = static_cast<uint32_t>(fd) + 1;
  } else if (value == 0 && static_cast<uint32_t>(fd) + 1 == end) {
    uint32_t last = end;
    while (last > static_cast<uint32_t>(kFirstFd) &&
           FdAt(process, static_cast<int>(last) - 1) == 0) {
      --last;
    }
    processes_.Mut(process).end = last;
  }
}

file* Vfs::FileOf(uint32_t process, int fd) {
  file* const found = FileAt(process, fd);
  return found == nullptr || (found->f_mode & kModePath) != 0 ? nullptr : found;
}

file* Vfs::FileAt(uint32_t process, int fd) {
  if (fd < kFirstFd || fd > last_fd_) return nullptr;
  const uint16_t index = FdAt(process, fd);
  return index == 0 || index == kReserved ? nullptr : &files_.Mut(index - 1U).c;
}

void Vfs::FileGet(file* file) { ++file->f_count.counter; }

void Vfs::FilePut(file* file) {
  if (--file->f_count.counter != 0) return;
  if ((file->f_mode & kModePath) == 0) chrdevs_.Release(file->f_inode, file);
  if (Trapped()) return;
  files_.Mut(file->drydock_id) = FileSlot{};
}

uint32_t Vfs::open_files() const {
  uint32_t count = 0;
  for (size_t i = 0; i < files_.size(); ++i) count += files_[i].used != 0 ? 1U : 0U;
  return count;
}

void Vfs::ReportLeftovers() {
  for (size_t i = 0; i < kMaxInodes; ++i) {
    if (inodes_[i].used == 0 || inodes_[i].c.i_count <= 1) continue;
    verdicts_.Report(45, 6, "module exit gives back what the module holds",
                     "the inode of %s is still held by ihold()", inodes_[i].path);
  }
}

const char* Vfs::PathOf(const file* file) const {
  for (size_t i = 0; i < kMaxInodes; ++i) {
    if (&inodes_[i].c == file->f_inode) return inodes_[i].path;
  }
  return "?";
}

int64_t Vfs::Close(uint32_t process, int fd) {
  file* file = FileAt(process, fd);
  if (file == nullptr) return -EBADF;
  SetFd(process, fd, 0);
  int64_t result = 0;
  if (file->f_op->flush != nullptr)
    result = CallDriver(calls_, file->f_op->flush, file, static_cast<void*>(nullptr));
  if (!Trapped()) FilePut(file);
  return result;
}

int64_t Vfs::Read(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes) {
  return Transfer(process, fd, buffer, size_bytes, /*write=*/false);
}

int64_t Vfs::Write(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes) {
  return Transfer(process, fd, buffer, size_bytes, /*write=*/true);
}

int64_t Vfs::Pread(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, int64_t offset) {
  return TransferAt(process, fd, buffer, size_bytes, /*write=*/false, offset);
}

int64_t Vfs::Pwrite(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes,
                    int64_t offset) {
  return TransferAt(process, fd, buffer, size_bytes, /*write=*/true, offset);
}

// ksys_pread64() and ksys_pwrite64().
int64_t Vfs::TransferAt(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, bool write,
                        int64_t offset) {
  if (offset < 0) return -EINVAL;
  file* file = FileOf(process, fd);
  if (file == nullptr) return -EBADF;
  if ((file->f_mode & (write ? kModePwrite : kModePread)) == 0) return -ESPIPE;
  long long position = offset;
  return CallTransfer(file, buffer, size_bytes, write, &position);
}

// ksys_read() and ksys_write(): the position is kept after success.
int64_t Vfs::Transfer(uint32_t process, int fd, uint64_t buffer, uint64_t size_bytes, bool write) {
  file* file = FileOf(process, fd);
  if (file == nullptr) return -EBADF;
  const bool stream = (file->f_mode & kModeStream) != 0;
  long long position = stream ? 0 : file->f_pos;
  const int64_t result =
      CallTransfer(file, buffer, size_bytes, write, stream ? nullptr : &position);
  if (result >= 0 && !stream && !Trapped()) file->f_pos = position;
  return result;
}

int64_t Vfs::CallTransfer(file* file, uint64_t buffer, uint64_t size_bytes, bool write,
                          long long* position) {
  if ((file->f_mode & (write ? kFmodeWrite : kFmodeRead)) == 0) return -EBADF;
  if ((file->f_mode & (write ? kModeCanWrite : kModeCanRead)) == 0) return -EINVAL;
  if (buffer > kTaskSize || size_bytes > kTaskSize - buffer) return -EFAULT;
  if (static_cast<int64_t>(size_bytes) < 0 || (position != nullptr && *position < 0)) {
    return -EINVAL;
  }
  if (size_bytes > kMaxRwBytes) size_bytes = kMaxRwBytes;
  if (write && file->f_op->write != nullptr) {
    return CallDriver(calls_, file->f_op->write, file, reinterpret_cast<const char*>(buffer),
                      static_cast<unsigned long>(size_bytes), position);
  }
  if (!write && file->f_op->read != nullptr) {
    return CallDriver(calls_, file->f_op->read, file, reinterpret_cast<char*>(buffer),
                      static_cast<unsigned long>(size_bytes), position);
  }
  verdicts_.TrapNow(Trap::kUnmodelled, 0, 0, "a hook that is modelled", "%s",
                    write ? "file_operations.write_iter" : "file_operations.read_iter");
  return -EINVAL;
}

int64_t Vfs::Lseek(uint32_t process, int fd, int64_t offset, int whence) {
  file* file = FileOf(process, fd);
  if (file == nullptr) return -EBADF;
  if (whence < 0 || whence > 4) return -EINVAL;
  if ((file->f_mode & kModeLseek) == 0) return -ESPIPE;
  return CallDriver(calls_, file->f_op->llseek, file, static_cast<long long>(offset), whence);
}

int64_t Vfs::Ioctl(uint32_t process, int fd, uint32_t command, uint64_t argument) {
  file* file = FileOf(process, fd);
  if (file == nullptr) return -EBADF;
  switch (command) {  // do_vfs_ioctl(): what never comes to the driver
    case 0x5450:      // FIONCLEX
    case 0x5451:      // FIOCLEX
      return 0;
    case 0x5421: {  // FIONBIO
      int on = 0;
      if (mm_->CopyUser(argument, &on, nullptr, sizeof on) != sizeof on) return -EFAULT;
      constexpr unsigned kNonBlock = 04000;
      file->f_flags = on != 0 ? file->f_flags | kNonBlock : file->f_flags & ~kNonBlock;
      return 0;
    }
    case 2: {  // FIGETBSZ
      const int block = 4096;
      return mm_->CopyUser(argument, nullptr, &block, sizeof block) == sizeof block ? 0 : -EFAULT;
    }
    default:
      break;
  }
  if (file->f_op->unlocked_ioctl == nullptr) return -ENOTTY;
  // vfs_ioctl() keeps it in an int.
  const auto result = static_cast<int>(CallDriver(calls_, file->f_op->unlocked_ioctl, file, command,
                                                  static_cast<unsigned long>(argument)));
  return result == -kNoIoctlCmd ? -ENOTTY : result;
}

int64_t Vfs::Dup(uint32_t process, int fd) {
  file* file = FileAt(process, fd);
  if (file == nullptr) return -EBADF;
  const int64_t copy = FreeFd(process);
  if (copy < 0) return copy;
  FileGet(file);
  SetFd(process, static_cast<int>(copy), static_cast<uint32_t>(file->drydock_id) + 1);
  return copy;
}

int64_t Vfs::GetFlags(uint32_t process, int fd) {
  const file* file = FileAt(process, fd);
  return file == nullptr ? -EBADF : static_cast<int64_t>(file->f_flags);
}

// setfl() of fs/fcntl.c. (Without ->fasync, FASYNC is set and nobody is told.)
int64_t Vfs::SetFlags(uint32_t process, int fd, int flags) {
  file* file = FileOf(process, fd);
  if (file == nullptr) return -EBADF;
  constexpr unsigned kAppend = 02000, kNonBlock = 04000, kNoAtime = 01000000;
  if ((flags & kDirect) != 0) return -EINVAL;  // no ->direct_IO
  constexpr unsigned kSettable = kAppend | kNonBlock | kNoAtime;
  file->f_flags = (file->f_flags & ~kSettable) | (static_cast<unsigned>(flags) & kSettable);
  return 0;
}

// fs/select.c:do_pollfd().
unsigned Vfs::PollOne(uint32_t process, PollFd* entry, poll_table_struct* table) {
  constexpr unsigned kErr = 0x8, kHup = 0x10, kInvalid = 0x20, kAlways = 0x145;  // DEFAULT_POLLMASK
  if (entry->fd < 0) return 0;
  file* file = FileOf(process, entry->fd);
  if (file == nullptr) return kInvalid;
  const unsigned wanted = entry->events | kErr | kHup;
  table->_key = wanted;
  if (file->f_op->poll == nullptr) return kAlways & wanted;
  const unsigned mask = CallDriver(calls_, file->f_op->poll, file, table);
  if (!Trapped() && mask >= 0x8000) {
    verdicts_.Report(35, 9, "poll returns a mask of events",
                     "poll returned %#x: an errno, or bits that are no events", mask);
  }
  return mask & wanted;
}

// fs/select.c:do_poll(): every file is asked once with the table, then again whenever one of their
// wait queues was woken.
int64_t Vfs::Poll(uint32_t process, PollFd* fds, size_t count, int timeout_ms) {
  if (count > kMaxPollFds) return -EINVAL;
  poll_table_struct table{};
  const uint64_t deadline = tasks_->DeadlineIn(timeout_ms);
  tasks_->BeginPoll(&table, 0);
  bool timed_out = timeout_ms == 0;
  if (timed_out) table._qproc = nullptr;
  int64_t result = 0;
  for (;;) {
    for (size_t i = 0; i < count && !Trapped(); ++i) {
      fds[i].revents = static_cast<uint16_t>(PollOne(process, &fds[i], &table));
      if (fds[i].revents == 0) continue;
      ++result;
      table._qproc = nullptr;
    }
    table._qproc = nullptr;
    if (result != 0 || timed_out || Trapped()) break;
    const int woken = tasks_->PollSleep(deadline);
    if (woken == -EINTR) {
      result = -kErestartnohand;
      break;
    }
    timed_out = woken == -ETIME;
  }
  tasks_->EndPoll();
  return result;
}

int64_t Vfs::Fork(uint32_t process) {
  const int child = NewProcess();
  if (child < 0) return -EAGAIN;
  const auto index = static_cast<uint32_t>(child);
  const int end = static_cast<int>(processes_[process].end);
  for (int fd = kFirstFd; fd < end; ++fd) {
    file* shared = FileAt(process, fd);
    if (shared == nullptr) continue;
    SetFd(index, fd, FdAt(process, fd));
    FileGet(shared);
  }
  const int64_t error = mm_->Fork(process, index);
  if (Trapped()) return -EINTR;
  if (error != 0) {
    Exit(index);
    return error;
  }
  return child;
}

int64_t Vfs::Exit(uint32_t process) {
  mm_->ExitMm(process);  // exit_mm() comes before exit_files()
  const int end = static_cast<int>(processes_[process].end);
  for (int fd = kFirstFd; fd < end && !Trapped(); ++fd) {
    if (FdAt(process, fd) != 0) Close(process, fd);
  }
  if (!Trapped()) processes_.Mut(process) = Process{};
  return 0;
}

}  // namespace drydock::kernel
