// In place of QEMU, for tests: takes its arguments, and serves the channel as an agent does, or as
// one does that something has happened to. FAKE_GUEST says what.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "kmod/agent/channel.h"

namespace {

using drydock::kmod::Ending;
using drydock::kmod::GuestState;
using drydock::kmod::Header;
using drydock::kmod::kChannelBytes;
using drydock::kmod::ResultHead;
using drydock::kmod::StepShown;

constexpr uint32_t kEvilProgram = 1;  // the second one

std::string mode;
std::string console;
Header* channel;

void Say(const std::string& line) { std::ofstream(console, std::ios::app) << line << "\n"; }

[[noreturn]] void StandStill() {
  for (;;) pause();
}

// What it has to go through before a program of a chunk.
void Befall(uint32_t program) {
  const bool later = mode == "panics later" && program + 1 == channel->program_count;
  if (program != kEvilProgram && !later) return;
  if (mode == "panics" || later) {
    Say("[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008");
    Say("[    1.1] Kernel panic - not syncing: Fatal exception");
    _exit(0);
  }
  if (mode == "hangs") StandStill();
  if (mode == "floods") {
    Say(std::string(2 << 20, 'x'));
    StandStill();
  }
  if (mode == "ends early") _exit(33);
  if (mode == "clock jumps") {
    for (const uint64_t ms : {uint64_t{1000}, uint64_t{3'600'000}, uint64_t{2'000}}) {
      channel->clock_ms = ms;
      usleep(100'000);
    }
  }
  if (mode == "fails") {
    std::strcpy(channel->words, "loading driver.ko: Invalid argument");
    channel->state = GuestState::kFailed;
    StandStill();
  }
}

void Serve() {
  auto* const base = reinterpret_cast<uint8_t*>(channel);
  uint64_t at = channel->results_at;
  for (uint32_t i = 0; i < channel->program_count; ++i) {
    channel->program = i;
    ++channel->alive;
    Befall(i);
    drydock::fuzz::Program program;
    std::memcpy(&program, base + drydock::kmod::kProgramsAt + i * sizeof program, sizeof program);
    ResultHead head = {.bytes = sizeof head + program.step_count * sizeof(StepShown),
                       .ending = Ending::kFinished,
                       .steps = program.step_count,
                       .said = 0,
                       .reserved = 0};
    if (mode == "result too long" && i == kEvilProgram) head.bytes = kChannelBytes;
    if (mode == "too few steps" && i == kEvilProgram) --head.steps;
    std::memcpy(base + at, &head, sizeof head);
    for (uint32_t k = 0; k < program.step_count; ++k) {
      StepShown shown = {};
      shown.value = int64_t{100} * i + k;
      shown.entries = drydock::kmod::kNoSpace;
      shown.ran = drydock::kmod::Ran::kRan;
      std::memcpy(base + at + sizeof head + k * sizeof shown, &shown, sizeof shown);
    }
    at += head.bytes;
    if (mode == "nothing written" && i == kEvilProgram) at = channel->results_at;
    channel->done = i + 1;
    if (head.bytes == kChannelBytes) break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const char* const variable = std::getenv("FAKE_GUEST");
  mode = variable == nullptr ? "" : variable;
  std::string memory;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t path = word.find("mem-path=");
    if (path != word.npos) memory = word.substr(path + 9, word.find(",size=") - path - 9);
    if (word.starts_with("file:")) console = word.substr(5);
  }
  if (mode == "refuses") {
    std::fprintf(stderr, "qemu-system-x86_64: could not load kernel 'image'\n");
    return 1;
  }
  if (mode == "panics at boot") {
    Say("[    0.9] Kernel panic - not syncing: VFS: Unable to mount root fs");
    return 0;
  }
  if (mode == "never ready") StandStill();
  const int fd = open(memory.c_str(), O_RDWR);
  void* const at = mmap(nullptr, kChannelBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return 2;
  channel = static_cast<Header*>(at);
  channel->state = GuestState::kReady;
  for (uint64_t finished = 0;;) {
    while (channel->posted == finished && channel->quit == 0) usleep(200);
    if (channel->quit != 0 && mode == "does not end") StandStill();
    if (channel->quit != 0) return 33;
    Serve();
    channel->finished = ++finished;
  }
}
