// PID 1 of a guest: runs the programs that come over the channel on the kernel that runs, each in
// processes of its own, and sends back what they showed. Static, without C++ exceptions.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>

#include "kmod/agent/channel.h"
#include "kmod/agent/guest_setup.h"
#include "kmod/agent/program_run.h"
#include "kmod/agent/run_state.h"

namespace drydock::kmod {
namespace {

constexpr unsigned char kEndedWell = 16;  // 33 as QEMU's exit status
constexpr uint64_t kRunPlace = 0x20000000;
constexpr size_t kMostSaid = 2048;

// What the kernel writes while a program runs, as far as it is a complaint.
class KernelLog {
 public:
  void Open() {
    const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    fd_ = fcntl(fd, F_DUPFD_CLOEXEC, kPtdumpFd + 1);  // out of the way, as well
    close(fd);
    lseek(fd_, 0, SEEK_END);
  }
  std::string Complaints() {
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

 private:
  int fd_ = -1;
};

class Agent {
 public:
  [[noreturn]] void Live(char** argv) {
    MountFileSystems();
    std::string wrong = ArrangeAddressSpace(argv);
    channel_ = OpenChannel();
    if (channel_ == nullptr) {
      printf("drydock agent: the channel is not there\n");
      _exit(1);
    }
    if (wrong.empty()) wrong = Prepare();
    if (!wrong.empty()) Fail(wrong);
    Serve();
  }

 private:
  std::string Prepare() {
    const std::string loaded = LoadModule("drydock_ptdump.ko", "");
    if (!loaded.empty()) return loaded;
    const int fd = open("/dev/drydock_ptdump", O_RDWR);
    if (fd < 0 || dup2(fd, kPtdumpFd) != kPtdumpFd) return "/dev/drydock_ptdump cannot be opened";
    close(fd);
    void* const at = mmap(reinterpret_cast<void*>(kRunPlace), sizeof(RunState),
                          PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED) return "no memory for the agent";
    run_ = new (at) RunState;
    CatchAccessSignals();
    log_.Open();
    return {};
  }

  [[noreturn]] void Serve() {
    uint64_t finished = 0;
    channel_->state = GuestState::kReady;
    for (;;) {
      while (channel_->posted == finished && channel_->quit == 0) {
        ++channel_->alive;
        usleep(200);
      }
      if (channel_->quit != 0) EndGuest(kEndedWell);
      channel_->state = GuestState::kRunning;
      if (channel_->load_driver != 0) LoadDriver();
      RunChunk();
      channel_->state = GuestState::kReady;
      channel_->finished = ++finished;
    }
  }

  void LoadDriver() {
    std::string wrong = driver_.empty() ? "" : UnloadModule(driver_);
    driver_ = channel_->driver;
    if (wrong.empty()) wrong = LoadModule(driver_, channel_->parameters);
    if (!wrong.empty()) Fail(wrong);
    for (size_t i = 0; i < fuzz::kMaxNodes; ++i) {
      memcpy(nodes_[i], channel_->nodes[i], sizeof nodes_[i]);
      if (nodes_[i][0] == '\0') continue;
      const std::string missing = NeedNode(nodes_[i]);
      if (!missing.empty()) Fail(missing);
    }
    log_.Complaints();
  }

  void RunChunk() {
    auto* const base = reinterpret_cast<uint8_t*>(channel_);
    uint64_t at = channel_->results_at;
    for (uint32_t i = 0; i < channel_->program_count; ++i) {
      fuzz::Program program;
      memcpy(&program, base + kProgramsAt + i * sizeof program, sizeof program);
      channel_->program = i;
      ++channel_->alive;
      const Ending ending =
          RunProgram(program, nodes_, static_cast<int>(channel_->patience_ms), run_);
      std::string said = log_.Complaints();
      const auto said_bytes = static_cast<uint32_t>(said.size());
      said.resize((said.size() + 7) / 8 * 8);
      const ResultHead head = {.bytes = sizeof(ResultHead) + run_->used + said.size(),
                               .ending = ending,
                               .steps = program.step_count,
                               .said = said_bytes,
                               .reserved = 0};
      if (at + head.bytes > kChannelBytes) Fail("the results do not fit into the channel");
      memcpy(base + at, &head, sizeof head);
      memcpy(base + at + sizeof head, run_->bytes, run_->used);
      memcpy(base + at + sizeof head + run_->used, said.data(), said.size());
      at += head.bytes;
      channel_->done = i + 1;
      if (ending == Ending::kHung) Fail("a process of a program hangs and cannot be killed");
    }
  }

  [[noreturn]] void Fail(const std::string& words) {
    snprintf(channel_->words, sizeof channel_->words, "%s", words.c_str());
    channel_->state = GuestState::kFailed;
    for (;;) {
      if (channel_->quit != 0) EndGuest(kEndedWell + 1);
      usleep(1000);
    }
  }

  Header* channel_ = nullptr;
  RunState* run_ = nullptr;
  KernelLog log_;
  std::string driver_;
  char nodes_[fuzz::kMaxNodes][64] = {};
};

}  // namespace
}  // namespace drydock::kmod

int main(int, char** argv) {
  static drydock::kmod::Agent agent;
  agent.Live(argv);
}
