#include "tools/command/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/hw/platform.h"
#include "tools/command/output_files.h"
#include "tools/command/program_file.h"
#include "tools/command/reports.h"
#include "tools/command/subprocess.h"
#include "tools/command/symbolize.h"

namespace drydock::command {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kReadySeconds = 60;
constexpr size_t kMostFrames = 12;

struct LiveParts {
  std::string server, library, error;
};

LiveParts FindLiveParts() {
  LiveParts parts;
  const auto variable = [&](const char* name, std::string* value) {
    const char* text = std::getenv(name);
    if (text != nullptr) *value = text;
    if (parts.error.empty() && (value->empty() || !fs::exists(*value))) {
      parts.error = std::string(name) +
                    (value->empty() ? " is not set" : "=" + *value + " is not there") +
                    ": start ./drydock in the checkout, it sets what the command needs";
    }
  };
  variable("DRYDOCK_LIVE_SERVER", &parts.server);
  variable("DRYDOCK_LIVE_LIBRARY", &parts.library);
  return parts;
}

// A pipe whose ends are for us and for a child.
struct Pipe {
  int read = -1, write = -1;
  bool Make(bool child_reads) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    fcntl(child_reads ? read : write, F_SETFD, 0);
    return true;
  }
  void CloseRead() { Close(&read); }
  void CloseWrite() { Close(&write); }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }

 private:
  static void Close(int* end) {
    if (*end >= 0) close(*end);
    *end = -1;
  }
};

class LiveRun {
 public:
  LiveRun(const Installation& installation, const RunOptions& options)
      : installation_(installation), options_(options) {}
  ~LiveRun() {
    if (server_ > 0) Kill(server_);
  }

  int Run() {
    std::string wrong = Prepare();
    if (wrong.empty()) wrong = StartServer();
    if (!wrong.empty()) return CannotRun(wrong);
    Announce();
    const pid_t program = StartProgram();
    if (program < 0) return CannotRun(program_file_ + ": cannot be started");
    const int status = Attend(program);
    const int server_status = Finish();
    return Verdict(status, server_status);
  }

 private:
  std::string Prepare() {
    const LiveParts parts = FindLiveParts();
    if (!parts.error.empty()) return parts.error;
    server_file_ = parts.server;
    library_ = parts.library;
    if (options_.drivers.empty()) return "--driver is missing: name the driver's C file";
    if (options_.drivers.size() > 1) {
      return "--driver " + options_.drivers[1] + ": there is " + options_.drivers[0] +
             " already, a machine has one driver";
    }
    if (options_.program.empty()) {
      return "no program: write it and its arguments after --";
    }
    if (hw::FindPlatform(options_.platform) == nullptr) {
      std::string known;
      for (const hw::Platform& platform : hw::Platforms()) {
        known += (known.empty() ? "" : ", ") + std::string(platform.name);
      }
      return "--platform " + options_.platform + ": no such platform, there are: " + known;
    }
    if (!hw::FindPlatform(options_.platform)->coherent) {
      return "--platform " + options_.platform +
             ": a program reaches memory directly, past the model of its caches; use check";
    }
    std::string wrong;
    const char* path = std::getenv("PATH");
    program_file_ =
        FindProgram(options_.program[0], path != nullptr ? path : "/usr/bin:/bin", &wrong);
    if (wrong.empty()) wrong = WhyNotLive(program_file_);
    if (wrong.empty()) wrong = WorkerArguments(options_, &arguments_);
    if (wrong.empty()) wrong = scratch_.error();
    if (!wrong.empty()) return wrong;
    driver_ = CompileDriver(installation_, options_.drivers[0], kPlainProfile, scratch_.path());
    return driver_.error;
  }

  std::string StartServer() {
    const std::string session = scratch_.path() + "/live";
    fs::create_directory(session);
    if (!report_.Make(/*child_reads=*/false) || !stop_.Make(/*child_reads=*/true)) {
      return std::string("pipe: ") + std::strerror(errno);
    }
    std::vector<std::string> command = {server_file_,
                                        "--driver=" + driver_.object,
                                        "--platform=" + options_.platform,
                                        "--session=" + session,
                                        "--report=" + std::to_string(report_.write),
                                        "--stop=" + std::to_string(stop_.read)};
    if (!options_.screen.empty()) command.push_back("--screen=" + options_.screen);
    for (const std::string& fault : options_.faults) command.push_back("--fault=" + fault);
    command.insert(command.end(), arguments_.begin(), arguments_.end());
    server_ = Spawn(command, {.environment = {}, .output_file = scratch_.path() + "/server.log"});
    if (server_ < 0) return server_file_ + ": cannot be started, build it anew";
    report_.CloseWrite();
    stop_.CloseRead();
    const double end = Now() + kReadySeconds;
    while (!ready_ && error_.empty() && !closed_ && Now() < end) Hear(200);
    if (!error_.empty()) return error_;
    if (!ready_) return options_.drivers[0] + ": the simulated machine does not start";
    return {};
  }

  void Announce() const {
    std::string nodes;
    for (const std::string& node : nodes_) nodes += (nodes.empty() ? "" : ", ") + node;
    std::fprintf(stderr,
                 "drydock: %s on %s, kernel 6.1: %s; the program's loads and stores are not looked "
                 "at (check does that)\n",
                 fs::path(options_.drivers[0]).filename().c_str(), options_.platform.c_str(),
                 nodes.c_str());
  }

  pid_t StartProgram() {
    const pid_t child = fork();
    if (child != 0) {
      // As a shell: the terminal's interrupts are for the program.
      std::signal(SIGINT, SIG_IGN);
      std::signal(SIGQUIT, SIG_IGN);
      return child;
    }
    const char* before = std::getenv("LD_PRELOAD");
    const std::string preload =
        library_ + (before != nullptr && *before != '\0' ? std::string(":") + before : "");
    setenv("LD_PRELOAD", preload.c_str(), 1);
    setenv("DRYDOCK_LIVE", (scratch_.path() + "/live").c_str(), 1);
    for (const char* name : {"DRYDOCK_ROOT", "DRYDOCK_WORKER", "DRYDOCK_FLAGS",
                             "DRYDOCK_LIVE_SERVER", "DRYDOCK_LIVE_LIBRARY"}) {
      unsetenv(name);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : options_.program) {
      arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execv(program_file_.c_str(), arguments.data());
    _exit(127);
  }

  // Tells what the server says until the program has ended; its wait status.
  int Attend(pid_t program) {
    const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, program, 0));
    int status = 0;
    while (waitpid(program, &status, WNOHANG) == 0) {
      pollfd waits[] = {{report_.read, POLLIN, 0}, {pidfd, POLLIN, 0}};
      poll(waits, 2, pidfd < 0 ? 20 : -1);
      if ((waits[0].revents & (POLLIN | POLLHUP)) != 0) Hear(0);
      if (closed_) {
        waitpid(program, &status, 0);
        break;
      }
    }
    if (pidfd >= 0) close(pidfd);
    return status;
  }

  // The machine goes on while somebody uses it. The server's exit status.
  int Finish() {
    stop_.CloseWrite();
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGQUIT, SIG_DFL);
    const double patience = Now() + 1;
    bool told = false;
    while (!closed_) {
      Hear(100);
      if (told || closed_ || Now() < patience) continue;
      told = true;
      std::fprintf(stderr,
                   "drydock: the program has ended, others that it started still use the machine; "
                   "waiting for them (Ctrl-C ends it)\n");
    }
    const int status = Wait(server_);
    server_ = -1;
    return status;
  }

  int Verdict(int status, int server_status) {
    if (!left_) {
      std::fprintf(stderr, "drydock: the simulated machine has broken down (%s %d)%s\n",
                   server_status > 128 ? "signal" : "status",
                   server_status > 128 ? server_status - 128 : server_status, LogTail().c_str());
      return 2;
    }
    if (advice_ != 0) std::fprintf(stderr, "drydock: advice: %zu\n", advice_);
    if (findings_ != 0) {
      std::fprintf(stderr, "drydock: %zu finding%s\n", findings_, findings_ == 1 ? "" : "s");
      return 1;
    }
    if (server_status == 2) return 2;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  // Reads what the server has written, waiting at most so long for it.
  void Hear(int timeout_ms) {
    pollfd wait = {report_.read, POLLIN, 0};
    if (poll(&wait, 1, timeout_ms) <= 0) return;
    char bytes[4096];
    const ssize_t size = read(report_.read, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      closed_ = true;
      return;
    }
    heard_.append(bytes, static_cast<size_t>(size));
    for (size_t end; (end = heard_.find('\n')) != heard_.npos;) {
      const json line = json::parse(heard_.substr(0, end), nullptr, false);
      heard_.erase(0, end + 1);
      if (line.is_object()) Tell(line);
    }
  }

  void Tell(const json& line) {
    if (line.contains("ready")) {
      ready_ = true;
      nodes_ = line["ready"].get<std::vector<std::string>>();
    } else if (line.contains("error")) {
      error_ = line.value("error", "");
    } else if (line.contains("note")) {
      std::fprintf(stderr, "drydock: %s\n", line.value("note", "").c_str());
    } else if (line.contains("log")) {
      constexpr int kDebug = 7;
      if (line.value("level", 4) < kDebug) {
        std::fprintf(stderr, "kernel: %s\n", line.value("log", "").c_str());
      }
    } else if (line.contains("left")) {
      left_ = true;
      if (!line.value("left", false)) {
        std::fprintf(stderr, "drydock: the module stays loaded: it has no exit, or is in use\n");
      }
    } else if (line.contains("class")) {
      TellViolation(line);
    }
  }

  void TellViolation(const json& line) {
    Finding finding;
    finding.class_id = line.value("class", "");
    finding.oracle = line.value("oracle", 0);
    finding.driver_pc = line.value("driver_pc", uint64_t{0});
    finding.function = line.value("function", "");
    finding.seen = line.value("seen", "");
    finding.expected = line.value("expected", "");
    finding.platform = options_.platform;
    const bool is_advice = line.value("weight", "") == "advice";
    (is_advice ? advice_ : findings_) += line.value("weight", "") != "limit";
    std::vector<Finding> one = {finding};
    Symbolize(installation_.symbolizer, driver_.object, &one);
    std::string text = FormatFinding(one[0], "");
    const std::string program = fs::path(line.value("program", "")).filename().string();
    text +=
        "     in        " + line.value("call", "") +
        (program.empty() ? ""
                         : " of " + program + ", process " + std::to_string(line.value("pid", 0))) +
        "\n";
    for (const std::string& frame : StackOf(line.value("stack", json::array()))) {
      text += "               " + frame + "\n";
    }
    std::fprintf(stderr, "\n%s\n", text.c_str());
  }

  // The program's frames, innermost first, those of the library and of libc's start apart.
  std::vector<std::string> StackOf(const json& stack) const {
    std::vector<std::string> frames;
    for (const json& frame : stack) {
      const std::string file = frame.value("file", "");
      const uint64_t address = frame.value("address", uint64_t{0});
      if (file.empty() || address == 0 ||
          fs::path(file).filename() == fs::path(library_).filename()) {
        continue;
      }
      char text[24];
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address - 1));
      int status = 0;
      const CodePlace place = ParseSymbolizerBlock(
          Capture({installation_.symbolizer, "-e", file, "--functions=linkage", text}, &status));
      if (place.function.starts_with("__libc_start_") || place.function == "_start") break;
      std::string line = place.function.empty() ? text : place.function;
      if (!place.file.empty() && place.line != 0) {
        line += ", " + fs::path(place.file).filename().string() + ":" + std::to_string(place.line);
      } else {
        line += ", " + fs::path(file).filename().string();
      }
      frames.push_back(std::move(line));
      if (place.function == "main" || frames.size() == kMostFrames) break;
    }
    return frames;
  }

  std::string LogTail() const {
    std::FILE* file = std::fopen((scratch_.path() + "/server.log").c_str(), "r");
    if (file == nullptr) return {};
    std::string text;
    char line[512];
    for (int i = 0; i < 20 && std::fgets(line, sizeof line, file) != nullptr; ++i) {
      text += std::string("\n  ") + line;
      if (text.ends_with('\n')) text.pop_back();
    }
    std::fclose(file);
    return text;
  }

  const Installation& installation_;
  const RunOptions& options_;
  std::string server_file_, library_, program_file_;
  std::vector<std::string> arguments_;
  ScratchFolder scratch_;
  CompiledDriver driver_;
  Pipe report_, stop_;
  pid_t server_ = -1;
  std::string heard_;
  bool closed_ = false, ready_ = false, left_ = false;
  std::string error_;
  std::vector<std::string> nodes_;
  size_t findings_ = 0, advice_ = 0;
};

}  // namespace

int Run(const Installation& installation, const RunOptions& options) {
  return LiveRun(installation, options).Run();
}

}  // namespace drydock::command
