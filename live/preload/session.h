// This process's part in a session: where the server is, the nodes it has, and calls to it.
#ifndef DRYDOCK_LIVE_PRELOAD_SESSION_H_
#define DRYDOCK_LIVE_PRELOAD_SESSION_H_

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "live/preload/raw.h"
#include "live/protocol.h"

namespace drydock::live {

class Session {
 public:
  // Finds the session that the environment names. Called when the library is loaded.
  void Find();
  bool exists() const { return page_ != nullptr; }
  bool joined() const { return channel_ != nullptr; }

  // Copies node `index` of the server's list; false after the last.
  bool NodeAt(uint32_t index, Node* node) const;

  // Joins if this process has not. 0 or a negative errno, after a message.
  int Join();
  // In the child of a fork of a process that had joined.
  void JoinAsChild(uint64_t token);
  // Descriptors that the program before this one left open (execve): asks whose they are.
  void Inherit(const uint64_t* inodes, int32_t* descriptors, uint32_t count);

  int ram() const { return ram_; }
  int mmio() const { return mmio_; }
  Channel* channel() const { return channel_; }
  const SessionPage* page() const { return page_; }
  int socket() const { return socket_; }
  // A descriptor of the library's own, which programs do not see.
  bool IsOwn(int fd) const {
    return joined() && fd >= 0 && (fd == socket_ || fd == ram_ || fd == mmio_);
  }
  // False when this is a process that the library has not seen come into being.
  bool Mine() const { return raw::Pid() == pid_; }
  bool gone() const { return gone_.load(std::memory_order_relaxed); }
  void Lost();  // the server is dead
  bool can_spin() const { return can_spin_; }

 private:
  int Connect(const Hello& hello, Welcome* welcome);
  void LeaveParent();

  const SessionPage* page_ = nullptr;
  char socket_path_[108] = {};
  Channel* channel_ = nullptr;
  int socket_ = -1, ram_ = -1, mmio_ = -1;
  int pid_ = 0;
  bool can_spin_ = false;
  std::atomic<bool> gone_{false};
};

extern Session session;

// One request to the server. Signals are blocked while it lives: a handler that left it half-way
// would leave the answer, and what it says to map, unread.
class Call {
 public:
  // Precondition: session.joined().
  explicit Call(Op op);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  uint64_t& operator[](size_t i) { return slot_->args[i]; }
  void SetPath(const char* path);
  unsigned char* bytes() { return slot_->bytes; }

  // Sends it and waits; carries out the updates that come with the answer, after `before` (if any)
  // has run: it sees the value and the flags. Returns the value; -EIO if the server is dead.
  // If the kernel would kill the process, does not return.
  using Before = void (*)(void* argument, int64_t value, uint32_t flags);
  int64_t Run(Before before = nullptr, void* argument = nullptr);
  uint32_t flags() const { return flags_; }
  int signal() const { return signal_; }
  int code() const { return code_; }
  // After Run(): a signal ended the call, and it is to be made again when the handler has run.
  bool restarts() const {
    return interrupted_ && (flags_ & kRestarts) != 0 &&
           (restartable_ || (flags_ & kRestartsAlways) != 0);
  }

 private:
  bool Exchange();
  void LookForSignals();
  void Ring();
  void TellStack();

  raw::SignalsBlocked blocked_;
  Slot* slot_;
  size_t index_;
  uint32_t flags_ = 0;
  int signal_ = 0, code_ = 0;
  bool interrupted_ = false;  // a signal waits for this thread, and the server knows
  bool restartable_ = true;   // as far as its handlers say
};

// Makes a call, which `fill(Call&)` fills in, until no signal restarts it. The signals' handlers
// run in between. Precondition: session.joined().
template <class Fill>
int64_t RunRestarting(Op op, Fill fill) {
  for (;;) {
    Call call(op);
    fill(call);
    const int64_t value = call.Run();
    if (value != -EINTR || !call.restarts()) return value;
  }
}

// Carries out the updates of one batch when those before it have been.
void CarryOut(Channel* channel, uint64_t batch, const Update* updates, uint32_t count);

// Ends the process as the signal's default action does.
[[noreturn]] void DieOf(int signal);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PRELOAD_SESSION_H_
