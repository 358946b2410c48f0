// Interposed: what makes, uses and ends descriptors of devices. All else goes on to libc.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "live/preload/descriptors.h"
#include "live/preload/epoll_devices.h"
#include "live/preload/interpose.h"
#include "live/preload/mappings.h"
#include "live/preload/nodes.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

uint64_t Word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }
uint64_t Word(int number) { return static_cast<uint64_t>(static_cast<int64_t>(number)); }

int64_t OpenNode(const Node& node, int flags) {
  {
    const LayoutLock lock;
    const int error = session.Join();
    if (error != 0) return error;
  }
  uint64_t inode = 0;
  const int fd = descriptors.Make((flags & O_CLOEXEC) != 0, &inode);
  if (fd < 0) return fd;
  const int64_t simulated = RunRestarting(Op::kOpen, [&](Call& call) {
    call[0] = Word(flags);
    call[1] = inode;
    call.SetPath(node.path);
  });
  if (simulated < 0) {
    raw::Close(fd);
    return simulated;
  }
  descriptors.Add(fd, static_cast<int>(simulated), inode, node);
  return fd;
}

// True if it was a device's, and *result is open's.
bool Open(int folder, const char* path, int flags, int* result) {
  Node node;
  if ((flags & O_PATH) != 0 || !FindNode(folder, path, &node)) return false;
  *result = static_cast<int>(Returned(OpenNode(node, flags)));
  return true;
}

int64_t Transfer(Op op, int simulated, const void* buffer, size_t bytes, off_t offset = 0) {
  if (!session.joined()) return -EBADF;
  return RunRestarting(op, [&](Call& call) {
    call[0] = Word(simulated);
    call[1] = Word(buffer);
    call[2] = bytes;
    call[3] = static_cast<uint64_t>(offset);
  });
}

// do_loop_readv_writev(): a driver with read() and write() gets one call a piece.
int64_t TransferAll(Op op, int simulated, const iovec* parts, int count, off_t offset) {
  if (count < 0 || count > 1024) return -EINVAL;
  int64_t done = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t part =
        Transfer(op, simulated, parts[i].iov_base, parts[i].iov_len, offset + done);
    if (part < 0) return done != 0 ? done : part;
    done += part;
    if (static_cast<size_t>(part) != parts[i].iov_len) break;
  }
  return done;
}

int64_t CloseSimulated(int simulated) {
  if (!session.joined()) return -EBADF;
  Call call(Op::kClose);
  call[0] = Word(simulated);
  return call.Run();
}

int64_t Simple(Op op, int simulated, uint64_t argument = 0) {
  if (!session.joined()) return -EBADF;
  Call call(op);
  call[0] = Word(simulated);
  call[1] = argument;
  return call.Run();
}

// The host has duplicated `from`, a device with this number, to `to`.
int64_t Duplicated(int from, int simulated, long to) {
  if (raw::Failed(to)) return to;
  if (to >= kMaxDescriptors) {
    raw::Close(static_cast<int>(to));
    return -EMFILE;
  }
  const int64_t copy = Simple(Op::kDup, simulated);
  if (copy < 0) {
    raw::Close(static_cast<int>(to));
    return copy;
  }
  descriptors.AddDuplicate(from, static_cast<int>(to), static_cast<int>(copy));
  return to;
}

int64_t DupTo(int from, int to, int flags) {
  if (from == to) return -EINVAL;
  if (session.IsOwn(to)) return -EBADF;
  const int source = descriptors.Find(from);
  const int target = descriptors.Find(to);
  const long result = raw::Call(SYS_dup3, from, to, flags);
  if (raw::Failed(result)) return result;
  if (target > 0) {
    descriptors.Remove(to);
    CloseSimulated(target);
  }
  return source > 0 ? Duplicated(from, source, result) : result;
}

void CloseRange(unsigned first, unsigned last) {
  for (unsigned fd = first; fd <= last && fd < kMaxDescriptors; ++fd) {
    const int simulated = descriptors.Find(static_cast<int>(fd));
    if (simulated < 0) continue;
    epoll_devices.Forget(static_cast<int>(fd));
    descriptors.Remove(static_cast<int>(fd));
    raw::Close(static_cast<int>(fd));
    CloseSimulated(simulated);
  }
}

// [first, last] without the library's own descriptors, piece by piece.
long HostCloseRange(unsigned first, unsigned last, int flags) {
  long result = 0;
  while (first <= last) {
    unsigned next = last;
    bool stop = false;
    for (const int own : {session.socket(), session.ram(), session.mmio()}) {
      if (!session.joined() || own < 0) continue;
      const auto fd = static_cast<unsigned>(own);
      if (fd < first || fd > next) continue;
      next = fd;
      stop = true;
    }
    if (!stop) return raw::Call(SYS_close_range, first, last, flags);
    if (next > first) result = raw::Call(SYS_close_range, first, next - 1, flags);
    if (raw::Failed(result) || next == last) return result;
    first = next + 1;
  }
  return result;
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, mode_t) : 0;
}

}  // namespace
}  // namespace drydock::live

using namespace drydock::live;  // NOLINT: the interposed functions are C's

#define INTERPOSE_OPEN(name)                                                   \
  DRYDOCK_INTERPOSE(int, name, const char* path, int flags, ...) {             \
    int result;                                                                \
    if (Open(AT_FDCWD, path, flags, &result)) return result;                   \
    va_list arguments;                                                         \
    va_start(arguments, flags);                                                \
    const mode_t mode = ModeOf(flags, arguments);                              \
    va_end(arguments);                                                         \
    return DRYDOCK_NEXT(int(const char*, int, ...), #name)(path, flags, mode); \
  }
INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open64)

#define INTERPOSE_OPENAT(name)                                                              \
  DRYDOCK_INTERPOSE(int, name, int folder, const char* path, int flags, ...) {              \
    int result;                                                                             \
    if (Open(folder, path, flags, &result)) return result;                                  \
    va_list arguments;                                                                      \
    va_start(arguments, flags);                                                             \
    const mode_t mode = ModeOf(flags, arguments);                                           \
    va_end(arguments);                                                                      \
    return DRYDOCK_NEXT(int(int, const char*, int, ...), #name)(folder, path, flags, mode); \
  }
INTERPOSE_OPENAT(openat)
INTERPOSE_OPENAT(openat64)

// What open() becomes under _FORTIFY_SOURCE.
#define INTERPOSE_OPEN_2(name)                                      \
  DRYDOCK_INTERPOSE(int, name, const char* path, int flags) {       \
    int result;                                                     \
    if (Open(AT_FDCWD, path, flags, &result)) return result;        \
    return DRYDOCK_NEXT(int(const char*, int), #name)(path, flags); \
  }
INTERPOSE_OPEN_2(__open_2)
INTERPOSE_OPEN_2(__open64_2)
#define INTERPOSE_OPENAT_2(name)                                                 \
  DRYDOCK_INTERPOSE(int, name, int folder, const char* path, int flags) {        \
    int result;                                                                  \
    if (Open(folder, path, flags, &result)) return result;                       \
    return DRYDOCK_NEXT(int(int, const char*, int), #name)(folder, path, flags); \
  }
INTERPOSE_OPENAT_2(__openat_2)
INTERPOSE_OPENAT_2(__openat64_2)

#define INTERPOSE_CREAT(name)                                                       \
  DRYDOCK_INTERPOSE(int, name, const char* path, mode_t mode) {                     \
    int result;                                                                     \
    if (Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, &result)) return result; \
    return DRYDOCK_NEXT(int(const char*, mode_t), #name)(path, mode);               \
  }
INTERPOSE_CREAT(creat)
INTERPOSE_CREAT(creat64)

DRYDOCK_INTERPOSE(int, close, int fd) {
  const int simulated = descriptors.Find(fd);
  epoll_devices.Forget(fd);
  if (simulated < 0) {
    if (session.IsOwn(fd)) return static_cast<int>(Returned(-EBADF));
    return DRYDOCK_NEXT(int(int), "close")(fd);
  }
  // The descriptor is gone first, as in close_fd(); then ->flush.
  descriptors.Remove(fd);
  raw::Close(fd);
  return static_cast<int>(Returned(CloseSimulated(simulated)));
}

DRYDOCK_INTERPOSE(int, close_range, unsigned first, unsigned last, int flags) {
  constexpr int kCloseOnExec = 1 << 2;
  if (!session.joined()) {
    return DRYDOCK_NEXT(int(unsigned, unsigned, int), "close_range")(first, last, flags);
  }
  if ((flags & kCloseOnExec) == 0) CloseRange(first, last);
  return static_cast<int>(Returned(HostCloseRange(first, last, flags)));
}

DRYDOCK_INTERPOSE(void, closefrom, int first) {
  if (!session.joined()) return DRYDOCK_NEXT(void(int), "closefrom")(first);
  CloseRange(first < 0 ? 0 : static_cast<unsigned>(first), ~0U);
  HostCloseRange(first < 0 ? 0 : static_cast<unsigned>(first), ~0U, 0);
}

DRYDOCK_INTERPOSE(int, dup, int fd) {
  const int simulated = descriptors.Find(fd);
  if (simulated < 0) return DRYDOCK_NEXT(int(int), "dup")(fd);
  return static_cast<int>(Returned(Duplicated(fd, simulated, raw::Call(SYS_dup, fd))));
}

DRYDOCK_INTERPOSE(int, dup2, int from, int to) {
  if (!session.joined() || from == to) return DRYDOCK_NEXT(int(int, int), "dup2")(from, to);
  return static_cast<int>(Returned(DupTo(from, to, 0)));
}

DRYDOCK_INTERPOSE(int, dup3, int from, int to, int flags) {
  if (!session.joined()) return DRYDOCK_NEXT(int(int, int, int), "dup3")(from, to, flags);
  return static_cast<int>(Returned(DupTo(from, to, flags)));
}

#define INTERPOSE_FCNTL(name)                                                                  \
  DRYDOCK_INTERPOSE(int, name, int fd, int command, ...) {                                     \
    va_list arguments;                                                                         \
    va_start(arguments, command);                                                              \
    const long argument = va_arg(arguments, long);                                             \
    va_end(arguments);                                                                         \
    const int simulated = descriptors.Find(fd);                                                \
    if (simulated < 0) return DRYDOCK_NEXT(int(int, int, ...), #name)(fd, command, argument);  \
    switch (command) {                                                                         \
      case F_DUPFD:                                                                            \
      case F_DUPFD_CLOEXEC:                                                                    \
        return static_cast<int>(                                                               \
            Returned(Duplicated(fd, simulated, raw::Call(SYS_fcntl, fd, command, argument)))); \
      case F_GETFL:                                                                            \
        return static_cast<int>(Returned(Simple(Op::kGetFlags, simulated)));                   \
      case F_SETFL:                                                                            \
        return static_cast<int>(                                                               \
            Returned(Simple(Op::kSetFlags, simulated, static_cast<uint64_t>(argument))));      \
      default:                                                                                 \
        return DRYDOCK_NEXT(int(int, int, ...), #name)(fd, command, argument);                 \
    }                                                                                          \
  }
INTERPOSE_FCNTL(fcntl)
INTERPOSE_FCNTL(fcntl64)

DRYDOCK_INTERPOSE(int, ioctl, int fd, unsigned long command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const uint64_t argument = va_arg(arguments, uint64_t);
  va_end(arguments);
  const int simulated = descriptors.Find(fd);
  if (simulated < 0) {
    return DRYDOCK_NEXT(int(int, unsigned long, ...), "ioctl")(fd, command, argument);
  }
  if (command == FIOCLEX || command == FIONCLEX) {
    return static_cast<int>(
        Returned(raw::Call(SYS_fcntl, fd, F_SETFD, command == FIOCLEX ? FD_CLOEXEC : 0)));
  }
  if (!session.joined()) return static_cast<int>(Returned(-EBADF));
  return static_cast<int>(Returned(RunRestarting(Op::kIoctl, [&](Call& call) {
    call[0] = Word(simulated);
    call[1] = command;
    call[2] = argument;
  })));
}

DRYDOCK_INTERPOSE(ssize_t, read, int fd, void* buffer, size_t bytes) {
  const int simulated = descriptors.Find(fd);
  if (simulated < 0) return DRYDOCK_NEXT(ssize_t(int, void*, size_t), "read")(fd, buffer, bytes);
  return Returned(Transfer(Op::kRead, simulated, buffer, bytes));
}

DRYDOCK_INTERPOSE(ssize_t, __read_chk, int fd, void* buffer, size_t bytes, size_t room) {
  const int simulated = descriptors.Find(fd);
  if (simulated < 0 || bytes > room) {
    return DRYDOCK_NEXT(ssize_t(int, void*, size_t, size_t), "__read_chk")(fd, buffer, bytes, room);
  }
  return Returned(Transfer(Op::kRead, simulated, buffer, bytes));
}

DRYDOCK_INTERPOSE(ssize_t, write, int fd, const void* buffer, size_t bytes) {
  const int simulated = descriptors.Find(fd);
  if (simulated < 0) {
    return DRYDOCK_NEXT(ssize_t(int, const void*, size_t), "write")(fd, buffer, bytes);
  }
  return Returned(Transfer(Op::kWrite, simulated, buffer, bytes));
}

#define INTERPOSE_PREAD(name, check)                                                             \
  DRYDOCK_INTERPOSE(ssize_t, name, int fd, void* buffer, size_t bytes, off_t offset) {           \
    const int simulated = descriptors.Find(fd);                                                  \
    if (simulated < 0) {                                                                         \
      return DRYDOCK_NEXT(ssize_t(int, void*, size_t, off_t), #name)(fd, buffer, bytes, offset); \
    }                                                                                            \
    return Returned(Transfer(Op::kPread, simulated, buffer, bytes, offset));                     \
  }                                                                                              \
  DRYDOCK_INTERPOSE(ssize_t, check, int fd, void* buffer, size_t bytes, off_t offset,            \
                    size_t room) {                                                               \
    const int simulated = descriptors.Find(fd);                                                  \
    if (simulated < 0 || bytes > room) {                                                         \
      return DRYDOCK_NEXT(ssize_t(int, void*, size_t, off_t, size_t), #check)(fd, buffer, bytes, \
                                                                              offset, room);     \
    }                                                                                            \
    return Returned(Transfer(Op::kPread, simulated, buffer, bytes, offset));                     \
  }
INTERPOSE_PREAD(pread, __pread_chk)
INTERPOSE_PREAD(pread64, __pread64_chk)

#define INTERPOSE_PWRITE(name)                                                                \
  DRYDOCK_INTERPOSE(ssize_t, name, int fd, const void* buffer, size_t bytes, off_t offset) {  \
    const int simulated = descriptors.Find(fd);                                               \
    if (simulated < 0) {                                                                      \
      return DRYDOCK_NEXT(ssize_t(int, const void*, size_t, off_t), #name)(fd, buffer, bytes, \
                                                                           offset);           \
    }                                                                                         \
    return Returned(Transfer(Op::kPwrite, simulated, buffer, bytes, offset));                 \
  }
INTERPOSE_PWRITE(pwrite)
INTERPOSE_PWRITE(pwrite64)

#define INTERPOSE_VECTOR(name, op)                                                   \
  DRYDOCK_INTERPOSE(ssize_t, name, int fd, const iovec* parts, int count) {          \
    const int simulated = descriptors.Find(fd);                                      \
    if (simulated < 0) {                                                             \
      return DRYDOCK_NEXT(ssize_t(int, const iovec*, int), #name)(fd, parts, count); \
    }                                                                                \
    return Returned(TransferAll(op, simulated, parts, count, 0));                    \
  }
INTERPOSE_VECTOR(readv, Op::kRead)
INTERPOSE_VECTOR(writev, Op::kWrite)

#define INTERPOSE_VECTOR_AT(name, op)                                                      \
  DRYDOCK_INTERPOSE(ssize_t, name, int fd, const iovec* parts, int count, off_t offset) {  \
    const int simulated = descriptors.Find(fd);                                            \
    if (simulated < 0) {                                                                   \
      return DRYDOCK_NEXT(ssize_t(int, const iovec*, int, off_t), #name)(fd, parts, count, \
                                                                         offset);          \
    }                                                                                      \
    return Returned(TransferAll(op, simulated, parts, count, offset));                     \
  }
INTERPOSE_VECTOR_AT(preadv, Op::kPread)
INTERPOSE_VECTOR_AT(preadv64, Op::kPread)
INTERPOSE_VECTOR_AT(pwritev, Op::kPwrite)
INTERPOSE_VECTOR_AT(pwritev64, Op::kPwrite)

#define INTERPOSE_LSEEK(name)                                                                  \
  DRYDOCK_INTERPOSE(off_t, name, int fd, off_t offset, int whence) {                           \
    const int simulated = descriptors.Find(fd);                                                \
    if (simulated < 0) return DRYDOCK_NEXT(off_t(int, off_t, int), #name)(fd, offset, whence); \
    if (!session.joined()) return Returned(-EBADF);                                            \
    Call call(Op::kLseek);                                                                     \
    call[0] = Word(simulated);                                                                 \
    call[1] = static_cast<uint64_t>(offset);                                                   \
    call[2] = Word(whence);                                                                    \
    return Returned(call.Run());                                                               \
  }
INTERPOSE_LSEEK(lseek)
INTERPOSE_LSEEK(lseek64)
