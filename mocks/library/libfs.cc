// fs/libfs.c, fs/read_write.c, fs/open.c: ready-made file operations. struct file is the emulated
// kernel's memory; positions and modes are written as the kernel's code writes them.
#include <climits>

#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::UaccessApi;

namespace {

constexpr int kEinval = 22, kEfault = 14, kEnxio = 6;

long long SetPosition(file* file, long long offset, long long max) {
  if (offset < 0 || offset > max) return -kEinval;
  file->f_pos = offset;
  return offset;
}

// As the kernel adds: what wraps is negative, and refused for that.
long long Sum(long long a, long long b) {
  return static_cast<long long>(static_cast<unsigned long long>(a) +
                                static_cast<unsigned long long>(b));
}

long long Seek(file* file, long long offset, int whence, long long max, long long end) {
  switch (whence) {
    case 0:
      return SetPosition(file, offset, max);
    case 1:
      if (offset == 0) return file->f_pos;
      return SetPosition(file, Sum(file->f_pos, offset), max);
    case 2:
      return SetPosition(file, Sum(end, offset), max);
    case 3:  // data: everything before the end is
      return offset < 0 || offset >= end ? -kEnxio : SetPosition(file, offset, max);
    case 4:  // hole: the one at the end
      return offset < 0 || offset >= end ? -kEnxio : SetPosition(file, end, max);
    default:
      return -kEinval;
  }
}

}  // namespace

extern "C" {

long long noop_llseek(file* file, long long, int) { return file->f_pos; }
long long default_llseek(file* file, long long offset, int whence) {
  return Seek(file, offset, whence, LLONG_MAX, file->f_inode->i_size);
}
long long generic_file_llseek(file* file, long long offset, int whence) {
  return Seek(file, offset, whence, LLONG_MAX, file->f_inode->i_size);
}
long long fixed_size_llseek(file* file, long long offset, int whence, long long size) {
  return whence > 2 ? -kEinval : Seek(file, offset, whence, size, size);
}
long long no_seek_end_llseek(file* file, long long offset, int whence) {
  return whence > 1 ? -kEinval : Seek(file, offset, whence, LLONG_MAX, 0);
}
int nonseekable_open(inode*, file* file) {
  file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
  return 0;
}
int stream_open(inode*, file* file) {
  file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE | FMODE_ATOMIC_POS);
  file->f_mode |= FMODE_STREAM;
  return 0;
}
int simple_open(inode* inode, file* file) {
  if (inode->i_private != nullptr) file->private_data = inode->i_private;
  return 0;
}

long simple_read_from_buffer(void* to, size_t count, long long* position, const void* from,
                             size_t available) {
  long long at = *position;
  if (at < 0) return -kEinval;
  if (static_cast<unsigned long long>(at) >= available || count == 0) return 0;
  if (count > available - static_cast<size_t>(at)) count = available - static_cast<size_t>(at);
  size_t left = Cross<&UaccessApi::CopyToUser>(
      to, static_cast<const void*>(static_cast<const char*>(from) + at), count);
  if (left == count) return -kEfault;
  count -= left;
  *position = at + static_cast<long long>(count);
  return static_cast<long>(count);
}
long simple_write_to_buffer(void* to, size_t available, long long* position, const void* from,
                            size_t count) {
  long long at = *position;
  if (at < 0) return -kEinval;
  if (static_cast<unsigned long long>(at) >= available || count == 0) return 0;
  if (count > available - static_cast<size_t>(at)) count = available - static_cast<size_t>(at);
  size_t left = Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(static_cast<char*>(to) + at),
                                                 from, count);
  if (left == count) return -kEfault;
  count -= left;
  *position = at + static_cast<long long>(count);
  return static_cast<long>(count);
}

// On x86 the 32-bit pointer in `arg` is the same number.
long compat_ptr_ioctl(file* file, unsigned int cmd, unsigned long arg) {
  constexpr int kEnoioctlcmd = 515;
  if (file->f_op->unlocked_ioctl == nullptr) return -kEnoioctlcmd;
  return file->f_op->unlocked_ioctl(file, cmd, static_cast<unsigned int>(arg));
}

}  // extern "C"
