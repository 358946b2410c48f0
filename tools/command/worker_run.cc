#include "tools/command/worker_run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

#include "fuzz/program_bytes.h"
#include "sim/hw/platform.h"
#include "tools/command/driver_file.h"
#include "tools/command/subprocess.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;
using fuzz::WorkerPage;
using fuzz::WorkerState;

constexpr double kLoadSeconds = 30;       // for loading a driver
constexpr double kIdleCpuSeconds = 0.05;  // a worker that uses less does nothing
constexpr double kShortest = 0.2;         // seconds that are worth another start
constexpr double kRestartSeconds = 5;
constexpr double kLongExecution = 0.3;

std::string ReadFrom(const std::string& path, size_t begin) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(begin));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The number after the last `before` in the text, or 0.
uint64_t NumberAfterLast(const std::string& text, const std::string& before) {
  const size_t at = text.rfind(before);
  return at == text.npos ? 0 : std::strtoull(text.c_str() + at + before.size(), nullptr, 10);
}

}  // namespace

WorkerRun::~WorkerRun() {
  if (worker_ > 0) Kill(worker_);
  if (page_ != nullptr) munmap(page_, sizeof *page_);
}

void WorkerRun::CannotRun(const std::string& why) {
  if (report_.error.empty()) report_.error = NameFile(why, job_.driver, report_.file);
  over_ = true;
}

std::vector<std::string> WorkerRun::Arguments() const {
  std::vector<std::string> arguments = {
      job_.worker,
      "--driver=" + job_.driver,
      "--platform=" + job_.platform,
      "--profile=" + fuzz::FormatProfile(job_.profile),
      "--core-guards=" + job_.core_guards,
  };
  arguments.insert(arguments.end(), job_.arguments.begin(), job_.arguments.end());
  if (object_pages_ != 0) arguments.push_back("--object-pages=" + std::to_string(object_pages_));
  return arguments;
}

bool WorkerRun::Start() {
  const std::string page_file = job_.folder + "/page";
  if (page_ == nullptr) {
    std::error_code wrong;
    fs::create_directories(job_.folder + "/corpus", wrong);
    const int file = open(page_file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    // Allocated now: a full disk is an error here, not a signal later.
    if (file < 0 || posix_fallocate(file, 0, sizeof(WorkerPage)) != 0) {
      if (file >= 0) close(file);
      CannotRun(page_file + ": cannot be made, see whether there is room for temporary files");
      return false;
    }
    void* memory = mmap(nullptr, sizeof(WorkerPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) {
      CannotRun(page_file + ": cannot be mapped: " + std::strerror(errno));
      return false;
    }
    page_ = static_cast<WorkerPage*>(memory);
  }
  new (page_) WorkerPage;
  if (begun_ == 0) begun_ = Now();
  std::vector<std::string> arguments = Arguments();
  if (deaths_ == 0 && !job_.seeds.empty()) {
    arguments.push_back("--seeds=" + job_.seeds);
    arguments.push_back("--corpus=" + job_.folder + "/corpus");
  }
  const double left = std::max(1.0, job_.seconds - used_);
  const uint64_t seed = job_.seed * 1000003 + static_cast<uint64_t>(deaths_);
  arguments.insert(
      arguments.end(),
      {"-max_total_time=" + std::to_string(std::lround(left)),
       "-seed=" + std::to_string(seed % 0x7fffffff + 1), "-max_len=192", "-len_control=0",
       "-timeout=0", "-rss_limit_mb=0", "-detect_leaks=0", "-reload=0", "-entropic=0",
       "-handle_abrt=0", "-handle_segv=0", "-handle_bus=0", "-handle_ill=0", "-handle_fpe=0",
       "-handle_int=0", "-handle_term=0", "-artifact_prefix=" + job_.folder + "/"});
  if (!job_.dictionary.empty()) arguments.push_back("-dict=" + job_.dictionary);
  arguments.push_back(job_.folder + "/corpus");
  worker_ =
      Spawn(arguments,
            {.environment = {std::string(fuzz::kPageVariable) + "=" + page_file,
                             std::string(fuzz::kReportVariable) + "=" + job_.folder + "/report"},
             .output_file = job_.folder + "/log"});
  if (worker_ < 0) {
    CannotRun(job_.worker + ": cannot be started: " + std::strerror(errno));
    return false;
  }
  started_ = progress_at_ = idle_since_ = Now();
  cpu_at_ = busy_at_cpu_ = 0;
  ran_since_ = 0;
  progress_ = 0;
  return true;
}

uint64_t WorkerRun::executions() const {
  const bool running = worker_ > 0 && page_->state == WorkerState::kRunning;
  return running ? page_->executions.load() : 0;
}

bool WorkerRun::Tick() {
  if (over_) return false;
  if (worker_ < 0 && !Start()) return false;
  TakeLines();
  const double now = Now();
  if (page_->state == WorkerState::kRunning && ran_since_ == 0) ran_since_ = progress_at_ = now;
  const int status = Poll(worker_);
  if (status >= 0) {
    worker_ = -1;
    End();
    if (last_state_ == WorkerState::kCannotRun) {
      CannotRun(page_->error);
    } else if (status == 127 && last_state_ == WorkerState::kStarting) {
      CannotRun(job_.worker + ": cannot be started, build it anew");
    } else if (status == 0 && last_state_ == WorkerState::kRunning) {
      over_ = true;
    } else {
      AddDeath(status, false);
      Restart();
    }
    return !over_;
  }
  if (Hangs()) {
    Kill(worker_);
    worker_ = -1;
    End();
    AddDeath(0, true);
    Restart();
  } else if (ran_since_ != 0 && used_ + (now - ran_since_) > job_.seconds && !IsAmidFinding()) {
    Stop();
  }
  return !over_;
}

// Its time may be over when it has found something and not told it yet, or when the driver does not
// come back: that is waited for as long as for any worker that hangs.
bool WorkerRun::IsAmidFinding() const {
  return page_->telling != 0 || Now() - progress_at_ > kLongExecution;
}

bool WorkerRun::Hangs() {
  const uint64_t progress = page_->executions + page_->runs;
  const double now = Now(), cpu = CpuSeconds(worker_);
  if (progress != progress_) {
    progress_ = progress;
    progress_at_ = now;
    cpu_at_ = cpu;
  }
  if (progress_at_ == now || cpu - busy_at_cpu_ > kIdleCpuSeconds) {
    busy_at_cpu_ = cpu;
    idle_since_ = now;
  }
  const double patience = progress == 0 ? kLoadSeconds : job_.hang_seconds;
  if (now - progress_at_ <= patience) return false;
  // On a busy machine it may only not have had its turn, or wait for the disk.
  return cpu - cpu_at_ > patience || (now - idle_since_ > patience && IsAsleep(worker_));
}

void WorkerRun::Interrupt() {
  report_.interrupted = true;
  Stop();
}

void WorkerRun::Stop() {
  if (worker_ > 0) {
    Kill(worker_);
    worker_ = -1;
    End();
  }
  over_ = true;
}

// Counts what the worker did.
void WorkerRun::End() {
  TakeLines();
  TakeEdges();
  last_state_ = page_->state;
  if (last_state_ != WorkerState::kRunning) return;
  if (ran_since_ == 0) ran_since_ = started_;
  const double ran = Now() - ran_since_;
  used_ += ran;
  report_.seconds += ran;
  report_.executions += page_->executions;
  report_.mmaps += page_->mmaps;
  report_.mmaps_succeeded += page_->mmaps_ok;
}

void WorkerRun::Restart() {
  ++deaths_;
  report_.interrupted |= Interrupted();
  // Starting a worker costs more than many programs: that is not counted, but has its bounds, too.
  const bool too_long = Now() - begun_ > 2 * job_.seconds + kRestartSeconds;
  if (over_ || Interrupted() || too_long || deaths_ >= job_.most_deaths ||
      job_.seconds - used_ < kShortest) {
    over_ = true;
    return;
  }
  // What ended the worker while it measured the buffer would do so again.
  object_pages_ = page_->object_pages != 0 ? page_->object_pages.load() : 16;
  ForgetLastInput();
}

void WorkerRun::TakeLines() {
  std::string text = ReadFrom(job_.folder + "/report", lines_read_);
  text.resize(text.rfind('\n') + 1);  // npos + 1 is 0: no whole line yet
  lines_read_ += text.size();
  while (!text.empty()) {
    const size_t end = text.find('\n');
    Finding finding;
    if (ParseFinding(text.substr(0, end), &finding)) Add(std::move(finding));
    text.erase(0, end + 1);
  }
}

void WorkerRun::TakeEdges() {
  const std::string log = ReadFrom(job_.folder + "/log", 0);
  const size_t loaded = log.rfind(" inline 8-bit counters)");
  if (loaded != log.npos) {
    const size_t open = log.rfind('(', loaded);
    report_.edges = std::max<uint64_t>(report_.edges, std::strtoull(&log[open + 1], nullptr, 10));
  }
  report_.edges_covered = std::max(report_.edges_covered, NumberAfterLast(log, " cov: "));
}

void WorkerRun::Add(Finding finding) {
  finding.platform = job_.platform;
  report_.findings.push_back(std::move(finding));
}

bool WorkerRun::LastProgram(std::string* text) const {
  fuzz::Encoding encoding;
  encoding.header.profile = static_cast<uint16_t>(job_.profile);
  encoding.header.core_guards = job_.core_guards != "off";
  const hw::Platform* platform = hw::FindPlatform(job_.platform);
  if (platform != nullptr) {
    encoding.header.platform = static_cast<uint8_t>(platform - hw::Platforms().data());
  }
  encoding.object_pages = page_->object_pages;
  encoding.node_count =
      static_cast<uint8_t>(std::min<uint32_t>(page_->node_count, fuzz::kMaxNodes));
  fuzz::NodePaths nodes;
  for (size_t i = 0; i < encoding.node_count && page_->nodes[i][0] != '\0'; ++i) {
    nodes.emplace_back(page_->nodes[i], strnlen(page_->nodes[i], sizeof page_->nodes[i]));
  }
  const size_t size = std::min<size_t>(page_->input_size, WorkerPage::kMaxInput);
  const fuzz::Program program = fuzz::Decode({page_->input, size}, encoding);
  *text = fuzz::FormatProgram(program, nodes);
  return program.step_count != 0;
}

void WorkerRun::AddDeath(int status, bool hang) {
  if (Interrupted()) return;
  Finding finding;
  if (page_->executions == 0 || !LastProgram(&finding.program)) {
    return CannotRun(report_.file + ": the driver ends the worker while it is loaded (" +
                     (hang ? "it does not come back" : "status " + std::to_string(status)) +
                     "), see what its init does");
  }
  const std::string file = job_.folder + "/death-" + std::to_string(deaths_) + ".prog";
  std::ofstream(file, std::ios::binary) << finding.program;
  finding.driver_pc = page_->fault_pc;
  int signal = status > 128 ? status - 128 : 0;
  // It costs a second or so each time, and later deaths are mostly those seen before.
  if (!hang && deaths_ < 5) MinimiseDeath(file, &finding, &signal);
  const fuzz::ParsedProgram parsed = fuzz::ParseProgram(finding.program, "death");
  finding.step =
      parsed.program.step_count == 0 ? 0 : static_cast<int>(parsed.program.step_count) - 1;
  if (hang || signal == SIGALRM) {
    finding.class_id = "X05";
    finding.oracle = 11;
    finding.expected = "a call that comes back";
    finding.seen = "nothing for " + std::to_string(static_cast<int>(job_.hang_seconds)) +
                   " seconds: the driver loops for ever";
  } else {
    // An abort that no sanitizer report came before is the simulation's own: not the driver's
    // fault.
    const bool wild = signal == SIGSEGV || signal == SIGBUS;
    const bool ours = signal == SIGABRT && finding.driver_pc == 0;
    finding.class_id = wild ? "X02" : ours ? "U02" : "X06";
    finding.oracle = ours ? 0 : 14;
    finding.expected = "a program that runs to its end";
    finding.seen = signal == 0
                       ? "a sanitizer ended the worker (status " + std::to_string(status) + ")"
                       : std::string("the worker was ended by SIG") +
                             (sigabbrev_np(signal) ? sigabbrev_np(signal) : "?");
  }
  Add(std::move(finding));
}

// Removes from the corpus what ended the worker: it would be the first thing to run again.
void WorkerRun::ForgetLastInput() const {
  const size_t size = std::min<size_t>(page_->input_size, WorkerPage::kMaxInput);
  const std::string input(reinterpret_cast<const char*>(page_->input), size);
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(job_.folder + "/corpus", error)) {
    if (ReadFrom(entry.path(), 0) == input) fs::remove(entry.path(), error);
  }
}

}  // namespace drydock::command
