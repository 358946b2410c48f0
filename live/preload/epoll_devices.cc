#include "live/preload/epoll_devices.h"

#include <cerrno>

#include "live/preload/descriptors.h"
#include "live/preload/session.h"

namespace drydock::live {

EpollDevices epoll_devices;

namespace {

constexpr uint32_t kOptions = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;

class Held {
 public:
  explicit Held(raw::Lock* lock) : lock_(lock) { lock_->Acquire(); }
  ~Held() { lock_->Release(); }

 private:
  raw::SignalsBlocked blocked_;
  raw::Lock* const lock_;
};

}  // namespace

int64_t AskPoll(int simulated, uint32_t events, bool* can_poll) {
  if (!session.joined()) return -EBADF;
  Call call(Op::kPoll);
  call[0] = static_cast<uint64_t>(simulated);
  call[1] = events;
  const int64_t seen = call.Run();
  if (can_poll != nullptr) *can_poll = (call.flags() & kCannotPoll) == 0;
  return seen;
}

EpollDevices::Entry* EpollDevices::Find(int epoll, int fd) {
  for (Entry& entry : entries_) {
    if (entry.used && entry.epoll == epoll && entry.fd == fd) return &entry;
  }
  return nullptr;
}

int64_t EpollDevices::Control(int epoll, int operation, int fd, int simulated,
                              const epoll_event* event) {
  if (operation != EPOLL_CTL_DEL && event == nullptr) return -EFAULT;
  bool can_poll = false;
  AskPoll(simulated, 0, &can_poll);
  if (!can_poll) return -EPERM;
  const Held held(&lock_);
  Entry* entry = Find(epoll, fd);
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (entry != nullptr) return -EEXIST;
      for (Entry& free : entries_) {
        if (free.used) continue;
        free = {true, epoll, fd, event->events | EPOLLERR | EPOLLHUP, 0, event->data.u64};
        count_.fetch_add(1);
        return 0;
      }
      return -ENOSPC;
    case EPOLL_CTL_MOD:
      if (entry == nullptr) return -ENOENT;
      entry->events = event->events | EPOLLERR | EPOLLHUP;
      entry->seen = 0;
      entry->data = event->data.u64;
      return 0;
    case EPOLL_CTL_DEL:
      if (entry == nullptr) return -ENOENT;
      entry->used = false;
      count_.fetch_sub(1);
      return 0;
    default:
      return -EINVAL;
  }
}

bool EpollDevices::Has(int epoll) const {
  if (count_.load() == 0) return false;
  for (const Entry& entry : entries_) {
    if (entry.used && entry.epoll == epoll) return true;
  }
  return false;
}

int EpollDevices::Collect(int epoll, epoll_event* events, int capacity) {
  const Held held(&lock_);
  int ready = 0;
  for (Entry& entry : entries_) {
    if (!entry.used || entry.epoll != epoll || ready == capacity) continue;
    const uint32_t wanted = entry.events & ~kOptions;
    const int simulated = wanted != 0 ? descriptors.Find(entry.fd) : -1;
    if (simulated < 0) continue;
    const int64_t seen = AskPoll(simulated, wanted, nullptr);
    const uint32_t now = seen < 0 ? EPOLLERR : static_cast<uint32_t>(seen);
    const uint32_t fresh = (entry.events & EPOLLET) != 0 ? now & ~entry.seen : now;
    entry.seen = now;
    if (fresh == 0) continue;
    events[ready].events = now;
    events[ready].data.u64 = entry.data;
    ++ready;
    if ((entry.events & EPOLLONESHOT) != 0) entry.events &= kOptions;
  }
  return ready;
}

void EpollDevices::Forget(int fd) {
  if (count_.load() == 0) return;
  const Held held(&lock_);
  for (Entry& entry : entries_) {
    if (!entry.used || (entry.fd != fd && entry.epoll != fd)) continue;
    entry.used = false;
    count_.fetch_sub(1);
  }
}

}  // namespace drydock::live
