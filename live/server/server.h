// Joins programs to the machine, hears their requests and sees them die. One thread.
#ifndef DRYDOCK_LIVE_SERVER_SERVER_H_
#define DRYDOCK_LIVE_SERVER_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/protocol.h"
#include "live/server/machine.h"

namespace drydock::live {

class Server {
 public:
  // `folder` is there and empty; the session's files are made in it. On failure error() says why.
  Server(Machine& machine, World& world, const std::string& folder);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& error() const { return error_; }
  std::vector<std::string> nodes() const;
  // Until `stop` (a descriptor) has been closed at its other end and no program is left.
  void Run(int stop);

 private:
  enum class Kind : uint32_t { kListen, kStop, kSocket, kProcess, kNewcomer };

  void ListNodes();
  bool Watch(int descriptor, Kind kind);
  void WatchProcesses();
  // Deaths, new programs, bells. Sleeps for at most so long; -1: until something happens.
  void TakeEvents(int64_t timeout_ns);
  void Accept();
  void TakeHello(int socket);
  // The program may use the machine, or may not: tells it.
  void Admit(int socket, Program* program, Welcome welcome);
  static void Refuse(int socket, Welcome welcome, int error, const std::string& why);
  static bool Asks(Program& program);
  void ServeSlots(Program& program, uint64_t slots);
  bool ServeAll();

  Machine& machine_;
  World& world_;
  const std::string folder_;
  std::string error_;
  SessionPage* page_ = nullptr;
  int listen_ = -1, epoll_ = -1;
  bool stopping_ = false;
  bool can_spin_ = false;
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_SERVER_H_
