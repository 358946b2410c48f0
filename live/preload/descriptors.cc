#include "live/preload/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <cerrno>

#include "live/preload/raw.h"
#include "live/preload/session.h"

namespace drydock::live {

Descriptors descriptors;

namespace {

// "/proc/self/fd/N".
struct FdPath {
  explicit FdPath(int fd) {
    strcpy(text, "/proc/self/fd/");
    char digits[12];
    int count = 0;
    do {
      digits[count++] = static_cast<char>('0' + fd % 10);
      fd /= 10;
    } while (fd != 0);
    size_t at = strlen(text);
    while (count > 0) text[at++] = digits[--count];
    text[at] = '\0';
  }
  char text[32];
};

bool Stat(int fd, struct stat* status) {
  return !raw::Failed(raw::Call(SYS_newfstatat, fd, reinterpret_cast<long>(""),
                                reinterpret_cast<long>(status), AT_EMPTY_PATH));
}

// Gives the descriptor up that the table still calls a device.
void Forget(int simulated) {
  if (!session.joined()) return;
  Call call(Op::kClose);
  call[0] = static_cast<uint64_t>(simulated);
  call.Run();
}

}  // namespace

int Descriptors::Check(int fd) {
  struct stat status = {};
  const int simulated = table_[fd].simulated.load(std::memory_order_relaxed);
  if (Stat(fd, &status) && S_ISREG(status.st_mode) && status.st_ino == table_[fd].inode) {
    return simulated;
  }
  Remove(fd);
  Forget(simulated);
  return -1;
}

int Descriptors::Make(bool close_on_exec, uint64_t* inode) {
  const long file = raw::Call(SYS_memfd_create, reinterpret_cast<long>(kMemfdName),
                              MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (raw::Failed(file)) return static_cast<int>(file);
  const int fd = static_cast<int>(file);
  raw::Call(SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  const FdPath path(fd);
  const long twin =
      raw::Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path.text), O_PATH | O_CLOEXEC);
  struct stat status = {};
  long result = twin;
  // The O_PATH one takes the number of the other, which is the lowest.
  if (!raw::Failed(twin)) {
    result = raw::Call(SYS_dup3, twin, fd, close_on_exec ? O_CLOEXEC : 0);
    raw::Close(static_cast<int>(twin));
  }
  if (!raw::Failed(result) && (fd >= kMaxDescriptors || !Stat(fd, &status))) result = -EMFILE;
  if (raw::Failed(result)) {
    raw::Close(fd);
    return static_cast<int>(result);
  }
  *inode = status.st_ino;
  return fd;
}

void Descriptors::Add(int fd, int simulated, uint64_t inode, const Node& node) {
  Descriptor& d = table_[fd];
  d.inode = inode;
  d.major = node.major;
  d.minor = node.minor;
  d.mode = node.mode;
  d.simulated.store(simulated, std::memory_order_relaxed);
}

void Descriptors::AddDuplicate(int from, int to, int simulated) {
  Descriptor& d = table_[to];
  d.inode = table_[from].inode;
  d.major = table_[from].major;
  d.minor = table_[from].minor;
  d.mode = table_[from].mode;
  d.simulated.store(simulated, std::memory_order_relaxed);
}

void Descriptors::AddInherited(int fd, int simulated, uint64_t inode) {
  Node unknown;
  unknown.mode = 0600;
  Add(fd, simulated, inode, unknown);
}

uint32_t Descriptors::ListInherited(int* fds, uint64_t* inodes, uint32_t capacity) const {
  uint32_t count = 0;
  constexpr char kTarget[] = "/memfd:";
  const long folder = raw::Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/fd"),
                                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (raw::Failed(folder)) return 0;
  alignas(8) char entries[2048] = {};
  for (;;) {
    const long size =
        raw::Call(SYS_getdents64, folder, reinterpret_cast<long>(entries), sizeof entries);
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      int fd = 0;
      const char* digit = entry->d_name;
      while (*digit >= '0' && *digit <= '9') fd = fd * 10 + (*digit++ - '0');
      if (*digit != '\0' || digit == entry->d_name || fd >= kMaxDescriptors) continue;
      char target[64];
      const FdPath path(fd);
      const long length = raw::Call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>(path.text),
                                    reinterpret_cast<long>(target), sizeof target - 1);
      if (raw::Failed(length)) continue;
      target[length] = '\0';
      if (strncmp(target, kTarget, sizeof kTarget - 1) != 0 ||
          strncmp(target + sizeof kTarget - 1, kMemfdName, sizeof kMemfdName - 1) != 0) {
        continue;
      }
      struct stat status;
      if (count == capacity || !Stat(fd, &status)) continue;
      fds[count] = fd;
      inodes[count++] = status.st_ino;
    }
  }
  raw::Close(static_cast<int>(folder));
  return count;
}

}  // namespace drydock::live
