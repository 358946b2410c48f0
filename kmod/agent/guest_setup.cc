#include "kmod/agent/guest_setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kmod/agent/run_state.h"

namespace drydock::kmod {
namespace {

constexpr uint64_t kTaskSize = 0x7ffffffff000;
constexpr uint64_t kStackGuardGap = uint64_t{256} << 12;
constexpr uint64_t kChannelPlace = 0x30000000;  // below what programs map
static_assert(kChannelPlace + kChannelBytes <= kSeenFrom);
constexpr unsigned short kExitPort = 0xf4;  // of -device isa-debug-exit

std::string ReadFile(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char part[4096];
  for (ssize_t got; (got = read(fd, part, sizeof part)) > 0;) {
    text.append(part, static_cast<size_t>(got));
  }
  close(fd);
  return text;
}

// sysfs writes numbers as "0x1234".
unsigned long ReadNumber(const std::string& path) {
  return strtoul(ReadFile(path).c_str(), nullptr, 0);
}

std::string Failed(const std::string& what) { return what + ": " + strerror(errno); }

// What the kernel put where programs map: vdso and its data, in some versions.
void FreeSeenPart() {
  const std::string maps = ReadFile("/proc/self/maps");
  for (size_t at = 0; at < maps.size(); at = maps.find('\n', at) + 1) {
    char* dash = nullptr;
    const unsigned long from = strtoul(maps.c_str() + at, &dash, 16);
    if (*dash != '-') return;
    const unsigned long to = strtoul(dash + 1, nullptr, 16);
    if (from >= kSeenFrom && to <= kSeenTo) {
      syscall(SYS_munmap, from, to - from);
    }
  }
}

std::string ModuleName(const std::string& file) { return file.substr(0, file.find('.')); }

}  // namespace

void MountFileSystems() {
  for (const char* folder : {"/proc", "/sys"}) mkdir(folder, 0755);
  mount("proc", "/proc", "proc", 0, nullptr);
  mount("sysfs", "/sys", "sysfs", 0, nullptr);
  mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr);
}

// arch/x86/mm/mmap.c: mmap_base() leaves the stack's limit and a guard gap free below TASK_SIZE.
// The limit that counts is the one at exec; afterwards it is put back, or the stack would grow into
// everything that is touched by mistake.
std::string ArrangeAddressSpace(char** argv) {
  constexpr rlim_t kLimit = kTaskSize - kMmapBase - kStackGuardGap;
  constexpr rlim_t kUsual = rlim_t{8} << 20;
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  if (limit.rlim_cur != kLimit) {
    limit = {kLimit, RLIM_INFINITY};
    if (setrlimit(RLIMIT_STACK, &limit) != 0) return Failed("setrlimit");
    personality(ADDR_NO_RANDOMIZE);
    execv("/proc/self/exe", argv);
    return Failed("exec of the agent");
  }
  limit = {kUsual, RLIM_INFINITY};
  setrlimit(RLIMIT_STACK, &limit);
  FreeSeenPart();
  constexpr size_t kPage = 4096;
  void* const at = mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(at, kPage);
  if (reinterpret_cast<uint64_t>(at) == kMmapBase - kPage) return {};
  char text[100];
  snprintf(text, sizeof text, "mmap's search begins at %p, not at 0x%lx", at, kMmapBase - kPage);
  return text;
}

Header* MapChannel() {
  void* const at = mmap(reinterpret_cast<void*>(kChannelPlace), kChannelBytes,
                        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, kChannelFd, 0);
  if (at == MAP_FAILED) return nullptr;
  madvise(at, kChannelBytes, MADV_DONTFORK);  // (Of memory of a device there is no way back.)
  return static_cast<Header*>(at);
}

int OpenPciFile(uint16_t vendor, uint16_t device, const char* name) {
  DIR* const folder = opendir("/sys/bus/pci/devices");
  if (folder == nullptr) return -1;
  int fd = -1;
  while (const dirent* entry = fd < 0 ? readdir(folder) : nullptr) {
    const std::string path = std::string("/sys/bus/pci/devices/") + entry->d_name;
    if (ReadNumber(path + "/vendor") != vendor || ReadNumber(path + "/device") != device) {
      continue;
    }
    fd = open((path + "/" + name).c_str(), O_RDWR | O_CLOEXEC);
  }
  closedir(folder);
  return fd;
}

Header* OpenChannel() {
  const int fd = OpenPciFile(0x1af4, 0x1110, "resource2");  // ivshmem
  if (fd < 0) return nullptr;
  Header* found = nullptr;
  struct stat about{};
  fstat(fd, &about);
  if (static_cast<uint64_t>(about.st_size) == kChannelBytes &&
      dup3(fd, kChannelFd, O_CLOEXEC) == kChannelFd) {
    found = MapChannel();
    if (found != nullptr && found->magic != kChannelMagic) found = nullptr;
  }
  close(fd);
  return found;
}

std::string UnloadModule(const std::string& file) {
  const std::string name = ModuleName(file);
  if (syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) == 0 || errno == ENOENT) return {};
  return Failed("unloading " + name);
}

std::string LoadModule(const std::string& file, const std::string& parameters) {
  std::string unloaded = UnloadModule(file);
  if (!unloaded.empty()) return unloaded;
  const int fd = open(("/" + file).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed(file);
  const long error = syscall(SYS_finit_module, fd, parameters.c_str(), 0);
  const std::string failed =
      error == 0 ? "" : Failed("loading " + file + (parameters.empty() ? "" : " " + parameters));
  close(fd);
  return failed;
}

std::string NeedNode(const std::string& path) {
  if (access(path.c_str(), F_OK) == 0) return {};
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string devices = ReadFile("/proc/devices");
  for (size_t at = 0; at < devices.size(); at = devices.find('\n', at) + 1) {
    const size_t end = devices.find('\n', at);
    if (end == std::string::npos) break;
    char* after = nullptr;  // "MAJOR NAME" is a line
    const unsigned long major = strtoul(devices.c_str() + at, &after, 10);
    const size_t name_at = static_cast<size_t>(after - devices.c_str()) + 1;
    if (*after == ' ' && devices.compare(name_at, end - name_at, name) == 0) {
      if (mknod(path.c_str(), S_IFCHR | 0600, makedev(static_cast<unsigned>(major), 0)) == 0) {
        return {};
      }
      return Failed("mknod " + path);
    }
  }
  return "the driver makes no " + path;
}

void EndGuest(unsigned char value) {
  if (ioperm(kExitPort, 1, 1) == 0) outb(value, kExitPort);
  // Not reached where there is the device. PID 1 that ends is a panic.
  _exit(1);
}

}  // namespace drydock::kmod
