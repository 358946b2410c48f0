#include "kmod/agent/device_removal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kmod/agent/raw_call.h"

namespace drydock::kmod {
namespace {

// What a link says, after its last `from`; "" if there is none.
template <size_t kSize>
void LinkAfter(const char* link, const char* from, char (&part)[kSize]) {
  char to[512];
  const ssize_t got = readlink(link, to, sizeof to - 1);
  to[got < 0 ? 0 : got] = '\0';
  const char* found = strstr(to, from);
  for (const char* next = found; next != nullptr; next = strstr(next + 1, from)) found = next;
  snprintf(part, kSize, "%s", found == nullptr ? "" : found);
}

}  // namespace

bool FindBoundDevice(const char* node, BoundDevice* device) {
  struct stat about{};
  if (stat(node, &about) != 0) return false;
  char link[80], name[128], driver[200], file[300];
  snprintf(link, sizeof link, "/sys/dev/char/%u:%u/device", major(about.st_rdev),
           minor(about.st_rdev));
  LinkAfter(link, "/", name);
  snprintf(link, sizeof link, "/sys/dev/char/%u:%u/device/driver", major(about.st_rdev),
           minor(about.st_rdev));
  LinkAfter(link, "/bus/", driver);
  if (name[0] == '\0' || driver[0] == '\0') return false;
  snprintf(file, sizeof file, "/sys%s/unbind", driver);
  if (access(file, F_OK) != 0) return false;
  snprintf(device->name, sizeof device->name, "%s", name + 1);
  snprintf(device->driver, sizeof device->driver, "/sys%s", driver);
  return true;
}

int64_t TellDriver(const BoundDevice& device, const char* file) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", device.driver, file);
  const int64_t fd = RawCall(SYS_open, reinterpret_cast<uint64_t>(path), O_WRONLY);
  if (fd < 0) return fd;
  const int64_t done = RawCall(SYS_write, static_cast<uint64_t>(fd),
                               reinterpret_cast<uint64_t>(device.name), strlen(device.name));
  RawCall(SYS_close, static_cast<uint64_t>(fd));
  return done < 0 ? done : 0;
}

}  // namespace drydock::kmod
