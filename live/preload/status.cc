// Interposed: what programs ask of a node or its descriptor besides using it. They see a character
// device with the driver's numbers.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "live/preload/descriptors.h"
#include "live/preload/interpose.h"
#include "live/preload/nodes.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

void Fill(uint32_t major_number, uint32_t minor_number, uint32_t mode, struct stat* status) {
  memset(status, 0, sizeof *status);
  status->st_mode = S_IFCHR | mode;
  status->st_nlink = 1;
  status->st_ino = uint64_t{major_number} << 20 | minor_number;
  status->st_dev = makedev(0, 5);
  status->st_rdev = makedev(major_number, minor_number);
  status->st_blksize = 4096;
}

bool StatPath(int folder, const char* path, struct stat* status) {
  Node node;
  if (!FindNode(folder, path, &node)) return false;
  Fill(node.major, node.minor, node.mode, status);
  return true;
}

bool StatFd(int fd, struct stat* status) {
  if (descriptors.Find(fd) < 0) return false;
  Fill(descriptors[fd].major, descriptors[fd].minor, descriptors[fd].mode, status);
  return true;
}

bool StatAt(int folder, const char* path, int flags, struct stat* status) {
  if (path != nullptr && path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
    return StatFd(folder, status);
  }
  return StatPath(folder, path, status);
}

// Programs run as root: reading and writing are allowed, executing is where anybody may.
bool MayAccess(int folder, const char* path, int how, int* result) {
  Node node;
  if (!FindNode(folder, path, &node)) return false;
  *result = (how & X_OK) != 0 && (node.mode & 0111) == 0 ? static_cast<int>(Returned(-EACCES)) : 0;
  return true;
}

}  // namespace
}  // namespace drydock::live

using namespace drydock::live;  // NOLINT: the interposed functions are C's

#define INTERPOSE_STAT(name)                                                  \
  DRYDOCK_INTERPOSE(int, name, const char* path, struct stat* status) {       \
    if (StatPath(AT_FDCWD, path, status)) return 0;                           \
    return DRYDOCK_NEXT(int(const char*, struct stat*), #name)(path, status); \
  }
INTERPOSE_STAT(stat)
INTERPOSE_STAT(stat64)
INTERPOSE_STAT(lstat)
INTERPOSE_STAT(lstat64)

#define INTERPOSE_FSTAT(name)                                       \
  DRYDOCK_INTERPOSE(int, name, int fd, struct stat* status) {       \
    if (StatFd(fd, status)) return 0;                               \
    return DRYDOCK_NEXT(int(int, struct stat*), #name)(fd, status); \
  }
INTERPOSE_FSTAT(fstat)
INTERPOSE_FSTAT(fstat64)

#define INTERPOSE_FSTATAT(name)                                                                \
  DRYDOCK_INTERPOSE(int, name, int folder, const char* path, struct stat* status, int flags) { \
    if (StatAt(folder, path, flags, status)) return 0;                                         \
    return DRYDOCK_NEXT(int(int, const char*, struct stat*, int), #name)(folder, path, status, \
                                                                         flags);               \
  }
INTERPOSE_FSTATAT(fstatat)
INTERPOSE_FSTATAT(fstatat64)

// As programs that were linked with glibc before 2.33 call them.
#define INTERPOSE_XSTAT(name)                                                               \
  DRYDOCK_INTERPOSE(int, name, int version, const char* path, struct stat* status) {        \
    if (StatPath(AT_FDCWD, path, status)) return 0;                                         \
    return DRYDOCK_NEXT(int(int, const char*, struct stat*), #name)(version, path, status); \
  }
INTERPOSE_XSTAT(__xstat)
INTERPOSE_XSTAT(__xstat64)
INTERPOSE_XSTAT(__lxstat)
INTERPOSE_XSTAT(__lxstat64)

#define INTERPOSE_FXSTAT(name)                                                    \
  DRYDOCK_INTERPOSE(int, name, int version, int fd, struct stat* status) {        \
    if (StatFd(fd, status)) return 0;                                             \
    return DRYDOCK_NEXT(int(int, int, struct stat*), #name)(version, fd, status); \
  }
INTERPOSE_FXSTAT(__fxstat)
INTERPOSE_FXSTAT(__fxstat64)

DRYDOCK_INTERPOSE(int, statx, int folder, const char* path, int flags, unsigned mask,
                  struct statx* status) {
  struct stat plain;
  if (!StatAt(folder, path, flags, &plain)) {
    return DRYDOCK_NEXT(int(int, const char*, int, unsigned, struct statx*), "statx")(
        folder, path, flags, mask, status);
  }
  memset(status, 0, sizeof *status);
  status->stx_mask = STATX_BASIC_STATS;
  status->stx_blksize = 4096;
  status->stx_nlink = 1;
  status->stx_mode = static_cast<uint16_t>(plain.st_mode);
  status->stx_ino = plain.st_ino;
  status->stx_rdev_major = major(plain.st_rdev);
  status->stx_rdev_minor = minor(plain.st_rdev);
  status->stx_dev_minor = 5;
  return 0;
}

DRYDOCK_INTERPOSE(int, access, const char* path, int how) {
  int result;
  if (MayAccess(AT_FDCWD, path, how, &result)) return result;
  return DRYDOCK_NEXT(int(const char*, int), "access")(path, how);
}

DRYDOCK_INTERPOSE(int, faccessat, int folder, const char* path, int how, int flags) {
  int result;
  if (MayAccess(folder, path, how, &result)) return result;
  return DRYDOCK_NEXT(int(int, const char*, int, int), "faccessat")(folder, path, how, flags);
}
