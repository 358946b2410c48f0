// Interposed: poll, select and epoll. Devices are asked; what else is waited for is the host's. A
// wait that has both looks at each in turn, soon at first and then every few milliseconds.
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "live/preload/descriptors.h"
#include "live/preload/epoll_devices.h"
#include "live/preload/interpose.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

constexpr int64_t kFirstNapNs = 50'000, kLongestNapNs = 2'000'000;
constexpr size_t kMaxWaited = 1024;

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

timespec TimeOf(int64_t ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

// Until when; < 0: for ever.
int64_t EndOf(const timespec* timeout) {
  if (timeout == nullptr) return -1;
  return NowNs() + timeout->tv_sec * 1'000'000'000 + timeout->tv_nsec;
}

class Naps {
 public:
  explicit Naps(int64_t end) : end_(end) {}
  // How long to wait for the rest now; 0: the time is up.
  timespec Next() {
    int64_t nap = nap_;
    nap_ = nap_ * 2 < kLongestNapNs ? nap_ * 2 : kLongestNapNs;
    if (end_ >= 0) {
      const int64_t left = end_ - NowNs();
      if (left <= 0) over_ = true;
      if (left < nap) nap = left > 0 ? left : 0;
    }
    return TimeOf(nap);
  }
  bool over() const { return over_; }

 private:
  const int64_t end_;
  int64_t nap_ = kFirstNapNs;
  bool over_ = false;
};

bool AnyDevice(const pollfd* fds, nfds_t count) {
  if (!session.joined()) return false;
  for (nfds_t i = 0; i < count; ++i) {
    if (fds[i].fd >= 0 && descriptors.Find(fds[i].fd) > 0) return true;
  }
  return false;
}

// Precondition: AnyDevice().
int Poll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  if (count > kMaxWaited) return static_cast<int>(Returned(-EINVAL));
  pollfd others[kMaxWaited];
  Naps naps(EndOf(timeout));
  for (;;) {
    int ready = 0;
    for (nfds_t i = 0; i < count; ++i) {
      others[i] = fds[i];
      fds[i].revents = 0;
      const int simulated = fds[i].fd >= 0 ? descriptors.Find(fds[i].fd) : -1;
      if (simulated < 0) continue;
      others[i].fd = -1;
      const int64_t seen = AskPoll(simulated, static_cast<uint16_t>(fds[i].events), nullptr);
      fds[i].revents = static_cast<short>(seen < 0 ? POLLERR : seen);
      ready += fds[i].revents != 0;
    }
    timespec nap = ready != 0 ? timespec{} : naps.Next();
    const long seen = raw::Call(SYS_ppoll, reinterpret_cast<long>(others), static_cast<long>(count),
                                reinterpret_cast<long>(&nap), reinterpret_cast<long>(mask), 8);
    if (raw::Failed(seen) && ready == 0) return static_cast<int>(Returned(seen));
    for (nfds_t i = 0; i < count; ++i) {
      if (others[i].fd >= 0) fds[i].revents = others[i].revents;
    }
    if (seen > 0) ready += static_cast<int>(seen);
    if (ready != 0 || naps.over()) return ready;
  }
}

bool AnyDevice(int count, const fd_set* const (&sets)[3]) {
  if (!session.joined()) return false;
  for (int fd = 0; fd < count && fd < FD_SETSIZE; ++fd) {
    for (const fd_set* set : sets) {
      if (set != nullptr && FD_ISSET(fd, set) && descriptors.Find(fd) > 0) return true;
    }
  }
  return false;
}

// Of fs/select.c: POLLIN_SET, POLLOUT_SET, POLLEX_SET.
constexpr short kSets[3] = {POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
                            POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};

int Select(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
           const sigset_t* mask) {
  fd_set* const sets[3] = {read, write, except};
  pollfd fds[FD_SETSIZE];
  nfds_t used = 0;
  for (int fd = 0; fd < count && fd < FD_SETSIZE; ++fd) {
    short events = 0;
    for (int i = 0; i < 3; ++i) {
      if (sets[i] != nullptr && FD_ISSET(fd, sets[i])) events |= kSets[i];
    }
    if (events != 0) fds[used++] = {fd, events, 0};
  }
  const int result = Poll(fds, used, timeout, mask);
  if (result < 0) return result;
  int ready = 0;
  fd_set seen[3];
  for (fd_set& set : seen) FD_ZERO(&set);
  for (nfds_t k = 0; k < used; ++k) {
    if ((fds[k].revents & POLLNVAL) != 0) return static_cast<int>(Returned(-EBADF));
    for (int i = 0; i < 3; ++i) {
      if (sets[i] == nullptr || !FD_ISSET(fds[k].fd, sets[i])) continue;
      if ((fds[k].revents & kSets[i]) == 0) continue;
      FD_SET(fds[k].fd, &seen[i]);
      ++ready;
    }
  }
  for (int i = 0; i < 3; ++i) {
    if (sets[i] != nullptr) *sets[i] = seen[i];
  }
  return ready;
}

int EpollWait(int epoll, epoll_event* events, int capacity, int timeout_ms, const sigset_t* mask) {
  if (capacity <= 0) return static_cast<int>(Returned(-EINVAL));
  const timespec time = TimeOf(int64_t{timeout_ms} * 1'000'000);
  Naps naps(EndOf(timeout_ms < 0 ? nullptr : &time));
  for (;;) {
    int ready = epoll_devices.Collect(epoll, events, capacity);
    if (ready == capacity) return ready;
    const timespec nap = ready != 0 ? timespec{} : naps.Next();
    const long seen =
        raw::Call(SYS_epoll_pwait2, epoll, reinterpret_cast<long>(events + ready), capacity - ready,
                  reinterpret_cast<long>(&nap), reinterpret_cast<long>(mask), 8);
    if (raw::Failed(seen) && ready == 0) return static_cast<int>(Returned(seen));
    if (seen > 0) ready += static_cast<int>(seen);
    if (ready != 0 || naps.over()) return ready;
  }
}

timespec FromMs(int ms) { return TimeOf(int64_t{ms} * 1'000'000); }

}  // namespace
}  // namespace drydock::live

using namespace drydock::live;  // NOLINT: the interposed functions are C's

DRYDOCK_INTERPOSE(int, poll, pollfd* fds, nfds_t count, int timeout) {
  if (!AnyDevice(fds, count)) {
    return DRYDOCK_NEXT(int(pollfd*, nfds_t, int), "poll")(fds, count, timeout);
  }
  const timespec time = FromMs(timeout);
  return Poll(fds, count, timeout < 0 ? nullptr : &time, nullptr);
}

DRYDOCK_INTERPOSE(int, __poll_chk, pollfd* fds, nfds_t count, int timeout, size_t room) {
  if (!AnyDevice(fds, count) || room / sizeof *fds < count) {
    return DRYDOCK_NEXT(int(pollfd*, nfds_t, int, size_t), "__poll_chk")(fds, count, timeout, room);
  }
  const timespec time = FromMs(timeout);
  return Poll(fds, count, timeout < 0 ? nullptr : &time, nullptr);
}

DRYDOCK_INTERPOSE(int, ppoll, pollfd* fds, nfds_t count, const timespec* timeout,
                  const sigset_t* mask) {
  if (!AnyDevice(fds, count)) {
    return DRYDOCK_NEXT(int(pollfd*, nfds_t, const timespec*, const sigset_t*), "ppoll")(
        fds, count, timeout, mask);
  }
  return Poll(fds, count, timeout, mask);
}

DRYDOCK_INTERPOSE(int, __ppoll_chk, pollfd* fds, nfds_t count, const timespec* timeout,
                  const sigset_t* mask, size_t room) {
  if (!AnyDevice(fds, count) || room / sizeof *fds < count) {
    return DRYDOCK_NEXT(int(pollfd*, nfds_t, const timespec*, const sigset_t*, size_t),
                        "__ppoll_chk")(fds, count, timeout, mask, room);
  }
  return Poll(fds, count, timeout, mask);
}

DRYDOCK_INTERPOSE(int, select, int count, fd_set* read, fd_set* write, fd_set* except,
                  timeval* timeout) {
  if (!AnyDevice(count, {read, write, except})) {
    return DRYDOCK_NEXT(int(int, fd_set*, fd_set*, fd_set*, timeval*), "select")(count, read, write,
                                                                                 except, timeout);
  }
  timespec time = {};
  if (timeout != nullptr) time = {timeout->tv_sec, timeout->tv_usec * 1000};
  return Select(count, read, write, except, timeout != nullptr ? &time : nullptr, nullptr);
}

DRYDOCK_INTERPOSE(int, pselect, int count, fd_set* read, fd_set* write, fd_set* except,
                  const timespec* timeout, const sigset_t* mask) {
  if (!AnyDevice(count, {read, write, except})) {
    return DRYDOCK_NEXT(int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*),
                        "pselect")(count, read, write, except, timeout, mask);
  }
  return Select(count, read, write, except, timeout, mask);
}

DRYDOCK_INTERPOSE(int, epoll_ctl, int epoll, int operation, int fd, epoll_event* event) {
  const int simulated = descriptors.Find(fd);
  if (simulated < 0) {
    return DRYDOCK_NEXT(int(int, int, int, epoll_event*), "epoll_ctl")(epoll, operation, fd, event);
  }
  return static_cast<int>(Returned(epoll_devices.Control(epoll, operation, fd, simulated, event)));
}

DRYDOCK_INTERPOSE(int, epoll_wait, int epoll, epoll_event* events, int capacity, int timeout) {
  if (!epoll_devices.Has(epoll)) {
    return DRYDOCK_NEXT(int(int, epoll_event*, int, int), "epoll_wait")(epoll, events, capacity,
                                                                        timeout);
  }
  return EpollWait(epoll, events, capacity, timeout, nullptr);
}

DRYDOCK_INTERPOSE(int, epoll_pwait, int epoll, epoll_event* events, int capacity, int timeout,
                  const sigset_t* mask) {
  if (!epoll_devices.Has(epoll)) {
    return DRYDOCK_NEXT(int(int, epoll_event*, int, int, const sigset_t*), "epoll_pwait")(
        epoll, events, capacity, timeout, mask);
  }
  return EpollWait(epoll, events, capacity, timeout, mask);
}
