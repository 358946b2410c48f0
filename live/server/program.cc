#include "live/server/program.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "live/futex.h"

namespace drydock::live {
namespace {

constexpr int kNaps = 100;  // of 10 ms: what a process may take to carry out a revocation

}  // namespace

Program::Program(pid_t pid, uint32_t process, int pidfd, Mirror mirror)
    : pid_(pid), process_(process), pidfd_(pidfd), mirror_(std::move(mirror)) {}

Program::~Program() {
  LeaveChannel();
  if (pidfd_ >= 0) close(pidfd_);
}

bool Program::MakeChannel(int* memfd) {
  *memfd = memfd_create("drydock-channel", MFD_CLOEXEC);
  if (*memfd < 0) return false;
  void* at = MAP_FAILED;
  if (ftruncate(*memfd, sizeof(Channel)) == 0) {
    at = mmap(nullptr, sizeof(Channel), PROT_READ | PROT_WRITE, MAP_SHARED, *memfd, 0);
  }
  if (at == MAP_FAILED) {
    const int error = errno;
    close(*memfd);
    *memfd = -1;
    errno = error;
    return false;
  }
  channel_ = new (at) Channel;
  batch_ = 0;
  return true;
}

void Program::LeaveChannel() {
  if (channel_ != nullptr) munmap(static_cast<void*>(channel_), sizeof(Channel));
  channel_ = nullptr;
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  mirror_.Clear();
  updates.clear();
  deferred = 0;
}

void Program::SetSocket(int socket) {
  if (socket_ >= 0) close(socket_);
  socket_ = socket;
}

bool Program::Dead() const {
  pollfd wait = {pidfd_, POLLIN, 0};
  return pidfd_ < 0 || (poll(&wait, 1, 0) > 0 && wait.revents != 0);
}

void Program::Answer(Slot* slot) {
  const size_t count = std::min(updates.size(), Slot::kMaxUpdates);
  std::copy_n(updates.begin(), count, slot->updates);
  updates.erase(updates.begin(), updates.begin() + static_cast<ptrdiff_t>(count));
  slot->update_count = static_cast<uint32_t>(count);
  slot->batch = count != 0 ? ++batch_ : 0;
  if (!updates.empty()) slot->flags |= kHasMore;
}

bool Program::WaitForRevocation() {
  Revocation& revocation = channel_->revocation;
  for (int nap = 0; nap < kNaps; ++nap) {
    const uint32_t posted = revocation.posted.load();
    const uint32_t done = revocation.done.load();
    if (done == posted) return true;
    const timespec time = {0, 10'000'000};
    FutexWait(&revocation.done, done, &time);
    if (Dead()) {
      updates.clear();
      return true;
    }
  }
  return false;
}

bool Program::PushNow() {
  if (channel_ == nullptr) {
    updates.clear();
    return true;
  }
  Revocation& revocation = channel_->revocation;
  while (!updates.empty()) {
    // One that it has not carried out yet is in the way.
    if (!WaitForRevocation()) return false;
    const size_t count = std::min(updates.size(), Revocation::kMaxUpdates);
    std::copy_n(updates.begin(), count, revocation.updates);
    updates.erase(updates.begin(), updates.begin() + static_cast<ptrdiff_t>(count));
    if (count == 0) break;
    revocation.update_count = static_cast<uint32_t>(count);
    revocation.batch = ++batch_;
    revocation.posted.fetch_add(1);
    FutexWake(&revocation.posted);
    if (!WaitForRevocation()) return false;
  }
  return true;
}

}  // namespace drydock::live
