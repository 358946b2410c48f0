// PID 1 of a guest: runs the programs that come over the channel on the kernel that runs, each in
// processes of its own, and sends back what they showed. Static, without C++ exceptions.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include "kmod/agent/channel.h"
#include "kmod/agent/edu_reset.h"
#include "kmod/agent/guest_setup.h"
#include "kmod/agent/in_place.h"
#include "kmod/agent/kernel_log.h"
#include "kmod/agent/program_run.h"
#include "kmod/agent/run_state.h"
#include "kmod/agent/worker.h"

namespace drydock::kmod {
namespace {

constexpr unsigned char kEndedWell = 16;  // 33 as QEMU's exit status
constexpr uint64_t kRunPlace = 0x20000000;

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
    std::string loaded = LoadModule("drydock_ptdump.ko", "");
    if (!loaded.empty()) return loaded;
    const int fd = open("/dev/drydock_ptdump", O_RDWR);
    if (fd < 0 || dup2(fd, kPtdumpFd) != kPtdumpFd) return "/dev/drydock_ptdump cannot be opened";
    close(fd);
    void* const at = mmap(reinterpret_cast<void*>(kRunPlace), sizeof(RunState),
                          PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED) return "no memory for the agent";
    run_ = new (at) RunState;
    CatchSignals();
    log_.Open();
    worker_ = std::make_unique<Worker>(channel_, &log_, run_);
    return {};
  }

  [[noreturn]] void Serve() {
    uint64_t finished = 0;
    TellClock(channel_);
    channel_->state = GuestState::kReady;
    for (;;) {
      while (channel_->posted == finished && channel_->quit == 0) {
        ++channel_->alive;
        TellClock(channel_);
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
    if (wrong.empty()) {
      ResetEdu();
      wrong = LoadModule(driver_, channel_->parameters);
    }
    if (!wrong.empty()) Fail(wrong);
    for (size_t i = 0; i < fuzz::kMaxNodes; ++i) {
      memcpy(run_->nodes[i], channel_->nodes[i], sizeof run_->nodes[i]);
      if (run_->nodes[i][0] == '\0') continue;
      const std::string missing = NeedNode(run_->nodes[i]);
      if (!missing.empty()) Fail(missing);
    }
    log_.Complaints();
  }

  void RunChunk() {
    const uint32_t count = channel_->program_count;
    run_->program = 0;
    run_->results_at = channel_->results_at;
    while (run_->program < count) {
      uint32_t end = run_->program;
      while (end < count && RunsInPlace(ProgramOf(channel_, end))) ++end;
      const bool in_place = end > run_->program;
      const Ending ending = in_place ? worker_->Run(end) : RunApart();
      if (in_place && ending == Ending::kOverflow) Fail("the results do not fit into the channel");
      if (ending == Ending::kHung) Fail("a process of a program hangs and cannot be killed");
    }
  }

  // A program that could harm the process that runs it.
  Ending RunApart() {
    fuzz::Program program;
    memcpy(&program, &ProgramOf(channel_, run_->program), sizeof program);
    channel_->program = run_->program;
    ++channel_->alive;
    const Ending ending = RunProgram(channel_, program, run_);
    if (!AppendResult(channel_, run_, program.step_count, ending, log_.Complaints())) {
      Fail("the results do not fit into the channel");
    }
    return ending;
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
  std::unique_ptr<Worker> worker_;
  std::string driver_;
};

}  // namespace
}  // namespace drydock::kmod

int main(int, char** argv) {
  static drydock::kmod::Agent agent;
  agent.Live(argv);
}
