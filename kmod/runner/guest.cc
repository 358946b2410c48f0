#include "kmod/runner/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

namespace drydock::kmod {
namespace {

constexpr int kEndedWell = 33;
constexpr int kEndedFailed = 35;
constexpr int kNotStarted = 127;
constexpr double kClockJumpSeconds = 5;  // a machine that is busy may hold a guest up for a while
constexpr off_t kConsoleFlood = off_t{1} << 20;
// Room for the programs of a chunk, and for what they show (kMostShownBytes each is not to be
// feared).
constexpr size_t kChunk = 2000;
constexpr uint64_t kResultsAt = uint64_t{4} << 20;
static_assert(kProgramsAt + kChunk * sizeof(fuzz::Program) <= kResultsAt);

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Pause() { std::this_thread::sleep_for(std::chrono::microseconds(500)); }

template <size_t n>
bool Set(char (&to)[n], const std::string& from) {
  std::memset(to, 0, n);
  if (from.size() >= n) return false;
  std::memcpy(to, from.data(), from.size());
  return true;
}

std::string TooLong(const std::string& what) {
  return "the agent has no room for `" + what + "'; make it shorter";
}

}  // namespace

Guest::Guest(GuestOptions options)
    : options_(std::move(options)), console_(options_.folder + "/console.log") {}

Guest::~Guest() {
  Stop();
  if (channel_ != nullptr) munmap(channel_, kChannelBytes);
  unlink((options_.folder + "/channel").c_str());
}

void Guest::Stop() {
  if (qemu_ <= 0) return;
  kill(qemu_, SIGKILL);
  waitpid(qemu_, nullptr, 0);
  qemu_ = -1;
}

std::string Guest::Start() {
  started_at_ = Now();
  const std::string channel = options_.folder + "/channel";
  const int fd = open(channel.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return channel + ": " + std::strerror(errno);
  // Blocks are reserved: no space is an error here, not a signal later.
  const int error = posix_fallocate(fd, 0, static_cast<off_t>(kChannelBytes));
  void* const at = error == 0
                       ? mmap(nullptr, kChannelBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                       : MAP_FAILED;
  close(fd);
  if (at == MAP_FAILED) return channel + ": " + std::strerror(error != 0 ? error : errno);
  channel_ = static_cast<Header*>(at);
  channel_->magic = kChannelMagic;

  std::vector<std::string> words = {
      options_.qemu,
      "-accel",
      options_.accelerator,
      "-m",
      std::to_string(options_.memory_megabytes),
      "-display",
      "none",
      "-nodefaults",
      "-no-reboot",
      "-nic",
      "none",
      "-serial",
      "file:" + console_,
      "-device",
      "isa-debug-exit,iobase=0xf4,iosize=4",
      "-device",
      "edu",  // as the default machine of the simulation has one
      "-object",
      "memory-backend-file,id=channel,share=on,mem-path=" + channel +
          ",size=" + std::to_string(kChannelBytes),
      "-device",
      "ivshmem-plain,memdev=channel",
      "-kernel",
      options_.image,
      "-initrd",
      options_.initramfs,
      "-append",
      "console=ttyS0 quiet panic=-1 oops=panic nokaslr mitigations=off no_timer_check "
      "cryptomgr.notests" +
          options_.kernel_words};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string errors = options_.folder + "/qemu.log";
  qemu_ = fork();
  if (qemu_ < 0) return std::string("fork: ") + std::strerror(errno);
  if (qemu_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDONLY);
    const int log = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int output = log < 0 ? null : log;
    if (null < 0 || output < 0) _exit(kNotStarted);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    execvp(argv[0], argv.data());
    dprintf(2, "%s cannot be started: %s\n", argv[0], std::strerror(errno));
    _exit(kNotStarted);
  }
  return {};
}

std::string Guest::Boot() {
  const std::string wrong = Start();
  return wrong.empty() ? AwaitReady() : wrong;
}

std::string Guest::AwaitReady() {
  const double begun = Now();
  std::string wrong;
  while (wrong.empty() && channel_->state.load() == GuestState::kBooting) {
    Pause();
    if (Now() - started_at_ > options_.boot_seconds) {
      wrong = "the guest is not ready after " + std::to_string(options_.boot_seconds) + " s";
      const std::string complaint = ConsoleComplaint();
      if (!complaint.empty()) wrong += ": " + complaint;
      break;
    }
    alive_at_ = Now();
    wrong = Trouble();
  }
  // Of one that was ready before it was waited for, its own word.
  boot_seconds_ = waited_seconds_ = Now() - begun;
  if (begun - started_at_ > 0.1) {
    boot_seconds_ = std::max(boot_seconds_, static_cast<double>(channel_->clock_ms.load()) / 1000);
  }
  if (!wrong.empty()) Stop();
  return wrong;
}

std::string Guest::ConsoleComplaint() const {
  std::ifstream file(console_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return ComplaintIn(text);
}

std::string ComplaintIn(const std::string& console) {
  // From the most telling to the least. Of several such lines, the first: the rest follows from it.
  for (const char* word : {"kernel BUG at", "BUG: ", "Oops", "general protection", "Kernel panic",
                           "UBSAN: ", "WARNING: ", "drydock agent"}) {
    size_t at = console.find(word);
    if (at == std::string::npos) continue;
    const size_t end = console.find_first_of("\r\n", at);
    return console.substr(at, std::min(end, at + 200) - at);
  }
  return {};
}

std::string Guest::WhyEnded(int status) {
  const std::string complaint = ConsoleComplaint();
  const std::string detail = complaint.empty() ? "" : ": " + complaint;
  if (WIFSIGNALED(status)) {
    return "QEMU was killed by signal " + std::to_string(WTERMSIG(status));
  }
  switch (WEXITSTATUS(status)) {
    case kEndedWell:
      return "the guest ended before it was asked to";
    case kEndedFailed:
      return "the agent failed";
    case 0:
      return "the guest's kernel panicked" + detail;
    default: {
      std::ifstream file(options_.folder + "/qemu.log");
      std::string line;
      std::getline(file, line);
      if (WEXITSTATUS(status) == kNotStarted && !line.empty()) return line;
      return "QEMU did not run: " +
             (line.empty() ? "exit status " + std::to_string(WEXITSTATUS(status)) : line);
    }
  }
}

void Guest::WatchClock() {
  const uint64_t clock_ms = channel_->clock_ms.load();
  if (clock_ms == clock_ms_) return;
  const double now = Now();
  if (clock_ms_ != 0) {
    const double theirs = (static_cast<double>(clock_ms) - static_cast<double>(clock_ms_)) / 1000;
    if (std::abs(theirs - (now - clock_at_)) > kClockJumpSeconds) ++clock_jumps_;
  }
  clock_ms_ = clock_ms;
  clock_at_ = now;
}

std::string Guest::Trouble() {
  WatchClock();
  if (options_.interrupted != nullptr && options_.interrupted()) return "interrupted";
  int status = 0;
  if (waitpid(qemu_, &status, WNOHANG) == qemu_) {
    qemu_ = -1;
    return WhyEnded(status);
  }
  struct stat about;
  if (stat(console_.c_str(), &about) == 0 && about.st_size > kConsoleFlood) {
    const std::string complaint = ConsoleComplaint();
    return "the guest floods its console" + (complaint.empty() ? "" : ": " + complaint);
  }
  if (channel_->state.load() == GuestState::kFailed) {
    channel_->words[sizeof channel_->words - 1] = '\0';
    return std::string("the agent: ") + channel_->words;
  }
  const uint64_t alive = channel_->alive.load();
  if (alive != seen_alive_) {
    seen_alive_ = alive;
    alive_at_ = Now();
  } else if (Now() - alive_at_ > options_.silence_seconds) {
    const std::string complaint = ConsoleComplaint();
    return "the guest hangs: no sign of life for " + std::to_string(options_.silence_seconds) +
           " s" + (complaint.empty() ? "" : ": " + complaint);
  }
  return {};
}

std::string Guest::Run(std::span<const fuzz::Program> programs, const DriverInGuest* driver,
                       std::vector<Shown>* shown) {
  channel_->load_driver = driver != nullptr ? 1 : 0;
  if (driver != nullptr) {
    if (!Set(channel_->driver, driver->file)) return TooLong(driver->file);
    if (!Set(channel_->parameters, driver->parameters)) return TooLong(driver->parameters);
    for (size_t i = 0; i < fuzz::kMaxNodes; ++i) {
      const std::string node = i < driver->nodes.size() ? driver->nodes[i] : "";
      if (!Set(channel_->nodes[i], node)) return TooLong(node);
    }
  }
  channel_->patience_ms = static_cast<uint32_t>(options_.step_ms);
  do {
    const auto chunk = programs.subspan(0, std::min(kChunk, programs.size()));
    const std::string wrong = RunChunk(chunk, shown);
    if (!wrong.empty()) return wrong;
    channel_->load_driver = 0;
    programs = programs.subspan(chunk.size());
  } while (!programs.empty());
  return {};
}

std::string Guest::RunChunk(std::span<const fuzz::Program> programs, std::vector<Shown>* shown) {
  auto* const base = reinterpret_cast<uint8_t*>(channel_);
  std::memcpy(base + kProgramsAt, programs.data(), programs.size_bytes());
  channel_->program_count = static_cast<uint32_t>(programs.size());
  channel_->results_at = kResultsAt;
  channel_->program = 0;
  channel_->done = 0;
  const uint64_t number = ++channel_->posted;
  alive_at_ = Now();
  std::string wrong;
  while (wrong.empty() && channel_->finished.load() != number) {
    Pause();
    wrong = Trouble();
  }
  const std::span<const uint8_t> results{base + kResultsAt, kChannelBytes - kResultsAt};
  const size_t done = std::min<size_t>(channel_->done.load(), programs.size());
  size_t at = 0;
  for (size_t i = 0; i < done; ++i) {
    Shown one;
    if (!ReadResult(results, &at, &one) || one.steps.size() != programs[i].step_count) {
      Stop();
      return "the guest's results are cut off at program " + std::to_string(i);
    }
    shown->push_back(std::move(one));
  }
  if (wrong.empty()) return {};
  const bool failed = channel_->state.load() == GuestState::kFailed;
  Stop();
  // (An agent that failed has said what of, and no program is to blame but one that hangs, which
  // is done.)
  if (!failed && done < programs.size()) {
    Shown last;
    last.ending = Ending::kHung;
    last.said = wrong;
    last.steps.resize(programs[done].step_count);
    for (Step& step : last.steps) step.shown.entries = kNoSpace;
    shown->push_back(std::move(last));
  }
  return wrong;
}

bool ReadResult(std::span<const uint8_t> results, size_t* at, Shown* shown) {
  const auto take = [&](void* to, size_t bytes, size_t end) {
    if (bytes > end - *at) return false;
    if (bytes != 0) std::memcpy(to, results.data() + *at, bytes);
    *at += bytes;
    return true;
  };
  ResultHead head;
  const size_t begin = *at;
  if (!take(&head, sizeof head, results.size())) return false;
  if (head.bytes < sizeof head || head.bytes > results.size() - begin) return false;
  const size_t end = begin + head.bytes;
  if (head.steps > fuzz::kMaxSteps || head.ending > Ending::kOverflow) return false;
  shown->ending = head.ending;
  for (uint32_t i = 0; i < head.steps; ++i) {
    Step step;
    if (!take(&step.shown, sizeof step.shown, end)) return false;
    if (step.shown.entries != kNoSpace) {
      if (step.shown.entries > (end - *at) / sizeof(ptdump_record)) return false;
      step.space.resize(step.shown.entries);
      if (!take(step.space.data(), step.space.size() * sizeof(ptdump_record), end)) return false;
    }
    shown->steps.push_back(std::move(step));
  }
  if (head.said > end - *at) return false;
  shown->said.assign(reinterpret_cast<const char*>(results.data() + *at), head.said);
  *at = end;
  return true;
}

std::string Guest::End() {
  if (qemu_ <= 0) return "the guest has ended already";
  channel_->quit = 1;
  const double begun = Now();
  int status = 0;
  while (Now() - begun < options_.end_seconds) {
    if (waitpid(qemu_, &status, WNOHANG) == qemu_) {
      qemu_ = -1;
      if (WIFEXITED(status) && WEXITSTATUS(status) == kEndedWell) return {};
      return WhyEnded(status);
    }
    Pause();
  }
  Stop();
  return "the guest does not end";
}

}  // namespace drydock::kmod
