#include "kmod/agent/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmod/agent/run_state.h"

namespace drydock::kmod {
namespace {

constexpr size_t kMostSaid = 2048;

}  // namespace

void KernelLog::Open() {
  const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  fd_ = fcntl(fd, F_DUPFD_CLOEXEC, kChannelFd + 1);  // out of the way, as well
  close(fd);
  lseek(fd_, 0, SEEK_END);
}

std::string KernelLog::Complaints() {
  std::string said;
  char line[2048];
  for (;;) {
    const ssize_t got = read(fd_, line, sizeof line - 1);
    if (got < 0 && errno == EPIPE) continue;  // lost some
    if (got <= 0) return said;
    line[got] = '\0';
    // "6,123,456,-;text\n key=value\n"
    const unsigned level = static_cast<unsigned>(strtoul(line, nullptr, 10)) & 7;
    const char* text = strchr(line, ';');
    if (text == nullptr) continue;
    const std::string words(text + 1, strcspn(text + 1, "\n"));
    if ((level > 3 && words.find("WARNING: ") == words.npos) || said.size() > kMostSaid) continue;
    said += words + "\n";
  }
}

}  // namespace drydock::kmod
