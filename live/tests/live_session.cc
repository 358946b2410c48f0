#include "live/tests/live_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

namespace drydock::live {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int StatusOf(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

[[noreturn]] void Execute(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& text : command) arguments.push_back(const_cast<char*>(text.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  std::perror(arguments[0]);
  _exit(127);
}

}  // namespace

TestParts& Parts() {
  static TestParts parts;
  return parts;
}

void TakeParts(int* argc, char** argv) {
  const std::pair<std::string_view, std::string*> names[] = {{"--server=", &Parts().server},
                                                             {"--library=", &Parts().library},
                                                             {"--driver=", &Parts().driver},
                                                             {"--dma-buffer=", &Parts().dma_buffer},
                                                             {"--cases=", &Parts().cases}};
  int kept = 0;
  for (int i = 0; i < *argc; ++i) {
    bool taken = false;
    for (const auto& [name, value] : names) {
      if (!std::string_view(argv[i]).starts_with(name)) continue;
      *value = fs::absolute(argv[i] + name.size());
      taken = true;
    }
    if (!taken) argv[kept++] = argv[i];
  }
  *argc = kept;
}

LiveSession::LiveSession(const std::string& driver, const std::vector<std::string>& options) {
  char folder[] = "/tmp/drydock-test-XXXXXX";
  folder_ = mkdtemp(folder);
  int report[2], stop[2];
  if (pipe2(report, O_CLOEXEC) != 0 || pipe2(stop, O_CLOEXEC) != 0) std::abort();
  fs::create_directory(folder_ + "/session");
  server_ = fork();
  if (server_ == 0) {
    fcntl(report[1], F_SETFD, 0);
    fcntl(stop[0], F_SETFD, 0);
    std::vector<std::string> command = {
        Parts().server, "--driver=" + driver, "--session=" + folder_ + "/session",
        "--report=" + std::to_string(report[1]), "--stop=" + std::to_string(stop[0])};
    command.insert(command.end(), options.begin(), options.end());
    Execute(command);
  }
  close(report[1]);
  close(stop[0]);
  report_ = report[0];
  stop_ = stop[1];
  for (int i = 0; i < 600; ++i) {
    Hear(100);
    if (!Lines("ready").empty()) return;
    if (const std::vector<std::string> errors = Lines("error"); !errors.empty()) {
      error_ = errors[0];
      return;
    }
    if (report_ < 0) break;
  }
  error_ = "the server says nothing";
}

LiveSession::~LiveSession() {
  for (auto& [number, program] : programs_) {
    if (program.pid > 0) kill(program.pid, SIGKILL);
  }
  if (server_ > 0) {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
  if (report_ >= 0) close(report_);
  if (stop_ >= 0) close(stop_);
  fs::remove_all(folder_);
}

void LiveSession::Hear(int timeout_ms) {
  pollfd wait = {report_, POLLIN, 0};
  if (report_ < 0 || poll(&wait, 1, timeout_ms) <= 0) return;
  char bytes[4096];
  const ssize_t size = read(report_, bytes, sizeof bytes);
  if (size > 0) {
    heard_.append(bytes, static_cast<size_t>(size));
  } else {
    close(report_);
    report_ = -1;
  }
}

std::vector<std::string> LiveSession::Lines(const std::string& key) {
  pollfd wait = {report_, POLLIN, 0};
  while (report_ >= 0 && poll(&wait, 1, 0) > 0) Hear(0);
  std::vector<std::string> found;
  for (size_t begin = 0, end; (end = heard_.find('\n', begin)) != heard_.npos; begin = end + 1) {
    const nlohmann::json line =
        nlohmann::json::parse(heard_.substr(begin, end - begin), nullptr, false);
    if (!line.is_object() || !line.contains(key)) continue;
    found.push_back(line[key].is_string() ? line[key].get<std::string>() : line[key].dump());
  }
  return found;
}

int LiveSession::Start(const std::vector<std::string>& command) {
  const int number = next_++;
  Program& program = programs_[number];
  program.output = folder_ + "/output" + std::to_string(number);
  program.errors = folder_ + "/errors" + std::to_string(number);
  program.pid = fork();
  if (program.pid == 0) {
    dup2(open(program.output.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1);
    dup2(open(program.errors.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 2);
    setenv("LD_PRELOAD", Parts().library.c_str(), 1);
    setenv("DRYDOCK_LIVE", (folder_ + "/session").c_str(), 1);
    Execute(command);
  }
  return number;
}

Ended LiveSession::Wait(int number) {
  Program& program = programs_[number];
  int status = 0;
  // The server's lines are taken meanwhile: it waits for who reads them.
  while (waitpid(program.pid, &status, WNOHANG) == 0) {
    if (report_ >= 0) {
      Hear(5);
    } else {
      usleep(5000);
    }
  }
  program.pid = -1;
  return {ReadFile(program.output), ReadFile(program.errors), StatusOf(status)};
}

Ended LiveSession::Run(const std::vector<std::string>& command) { return Wait(Start(command)); }
void LiveSession::Kill(int program, int signal) { kill(programs_[program].pid, signal); }

void LiveSession::KillServer() {
  kill(server_, SIGKILL);
  waitpid(server_, nullptr, 0);
  server_ = -1;
}

int LiveSession::Stop() {
  close(stop_);
  stop_ = -1;
  while (report_ >= 0) Hear(-1);
  int status = 0;
  waitpid(server_, &status, 0);
  server_ = -1;
  return StatusOf(status);
}

}  // namespace drydock::live
