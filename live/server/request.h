// What a program asks for, and what it gets: a slot's content, copied, so that the program cannot
// change it meanwhile.
#ifndef DRYDOCK_LIVE_SERVER_REQUEST_H_
#define DRYDOCK_LIVE_SERVER_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "live/protocol.h"

namespace drydock::live {

struct Request {
  Op op = Op::kNone;
  uint32_t flags = 0;
  uint64_t args[6] = {};
  std::string path;
  unsigned char bytes[64] = {};
  std::vector<uint64_t> frames;
};

struct Result {
  int64_t value = 0;
  int signal = 0, code = 0;
  uint32_t flags = 0;
  unsigned char bytes[64] = {};
};

Request ReadRequest(const Slot& slot);
// The call as people read it: "mmap(length 0x1000, PROT_READ, MAP_SHARED, offset 0)".
std::string Describe(const Request& request);

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_REQUEST_H_
