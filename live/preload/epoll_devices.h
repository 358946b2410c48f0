// Devices in sets of epoll(7): the host's sets do not take their descriptors.
#ifndef DRYDOCK_LIVE_PRELOAD_EPOLL_DEVICES_H_
#define DRYDOCK_LIVE_PRELOAD_EPOLL_DEVICES_H_

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "live/preload/raw.h"

namespace drydock::live {

// The device's events of those in `events`; *can_poll, if wanted, is false where the driver has no
// poll: then they are always there, and epoll_ctl(2) refuses.
int64_t AskPoll(int simulated, uint32_t events, bool* can_poll);

class EpollDevices {
 public:
  // epoll_ctl(2) for a device; 0 or a negative errno.
  int64_t Control(int epoll, int operation, int fd, int simulated, const epoll_event* event);
  bool Has(int epoll) const;
  // Events that are there now; at most `capacity`.
  int Collect(int epoll, epoll_event* events, int capacity);
  // A descriptor is closed: as a device, and as a set.
  void Forget(int fd);

 private:
  struct Entry {
    bool used = false;
    int epoll = 0, fd = 0;
    uint32_t events = 0;
    uint32_t seen = 0;  // with EPOLLET: what was told
    uint64_t data = 0;
  };
  static constexpr size_t kCapacity = 256;

  Entry* Find(int epoll, int fd);

  raw::Lock lock_;
  std::atomic<uint32_t> count_{0};
  Entry entries_[kCapacity];
};

extern EpollDevices epoll_devices;

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_EPOLL_DEVICES_H_
