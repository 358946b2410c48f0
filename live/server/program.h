// One process that has joined: its channel, its mirror, and what it has not been told yet.
#ifndef DRYDOCK_LIVE_SERVER_PROGRAM_H_
#define DRYDOCK_LIVE_SERVER_PROGRAM_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "live/protocol.h"
#include "live/server/mirror.h"

namespace drydock::live {

class Program {
 public:
  // `process` is its index in the simulation, `pidfd` and `socket` become the program's own.
  Program(pid_t pid, uint32_t process, int pidfd, Mirror mirror);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Makes a channel; *memfd is it, to be sent and closed. False: the host has no memory for it.
  bool MakeChannel(int* memfd);
  // What is left of the process after an exec: no channel, nothing shown, nothing to tell.
  void LeaveChannel();
  void SetSocket(int socket);

  pid_t pid() const { return pid_; }
  uint32_t process() const { return process_; }
  int pidfd() const { return pidfd_; }
  int socket() const { return socket_; }
  Channel* channel() { return channel_; }
  Mirror& mirror() { return mirror_; }
  bool Dead() const;

  // What the process has to carry out, in this order.
  std::vector<Update> updates;
  // Puts as many of them as fit into the answer of a call.
  void Answer(Slot* slot);
  // Has the process carry out all of them now. Returns when it has, or when it is dead; false if it
  // does not for so long that it must be stopped: then it will when it goes on.
  bool PushNow();

  // Inode of each simulated descriptor, 0: none. They name descriptors over an exec.
  std::vector<uint64_t> inodes;
  uint64_t token = 0;    // of a fork whose child has not joined yet; 0: none
  bool watched = false;  // the server hears of its end
  // --- its calls ---
  uint32_t running_calls = 0;  // that have begun and not ended
  uint32_t deferred = 0;       // bit by slot: requests for which there was no room
  bool dying = false;          // the process is dead
  bool exited = false;         // its exit has begun
  // Waits until none runs; false: it must be tried again.
  std::function<bool()> when_idle;

 private:
  bool WaitForRevocation();

  const pid_t pid_;
  const uint32_t process_;
  int pidfd_;
  int socket_ = -1;
  Channel* channel_ = nullptr;
  Mirror mirror_;
  uint64_t batch_ = 0;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_PROGRAM_H_
