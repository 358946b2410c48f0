// Which of the process's descriptors are devices. Each is a real one, so that dup, fork and exec
// need nothing of us and a call that is not intercepted fails with EBADF: an O_PATH descriptor of
// an empty, sealed file, whose inode tells it from what took its number meanwhile.
#ifndef DRYDOCK_LIVE_PRELOAD_DESCRIPTORS_H_
#define DRYDOCK_LIVE_PRELOAD_DESCRIPTORS_H_

#include <atomic>
#include <cstdint>

#include "live/protocol.h"

namespace drydock::live {

inline constexpr int kMaxDescriptors = 65536;

struct Descriptor {
  std::atomic<int32_t> simulated{0};  // the simulation's number; 0: no device
  uint32_t major = 0, minor = 0, mode = 0;
  uint64_t inode = 0;
};

class Descriptors {
 public:
  // The simulation's number of `fd`, or -1 if it is no device's. Sees descriptors that were closed
  // behind our back, and gives them up.
  int Find(int fd) { return MaybeDevice(fd) ? Check(fd) : -1; }
  const Descriptor& operator[](int fd) const { return table_[fd]; }

  // Makes the real descriptor, the lowest that is free. It or a negative errno.
  int Make(bool close_on_exec, uint64_t* inode);
  void Add(int fd, int simulated, uint64_t inode, const Node& node);
  // `to` is a duplicate of `from`, which is a device, and `simulated` is its number.
  void AddDuplicate(int from, int to, int simulated);
  void Remove(int fd) { table_[fd].simulated.store(0, std::memory_order_relaxed); }
  // Descriptors that the program before this one left (execve): at most `capacity`; how many.
  uint32_t ListInherited(int* fds, uint64_t* inodes, uint32_t capacity) const;
  void AddInherited(int fd, int simulated, uint64_t inode);

 private:
  bool MaybeDevice(int fd) const {
    return static_cast<unsigned>(fd) < kMaxDescriptors &&
           table_[fd].simulated.load(std::memory_order_relaxed) != 0;
  }
  int Check(int fd);

  Descriptor table_[kMaxDescriptors];
};

extern Descriptors descriptors;

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_DESCRIPTORS_H_
