#include "tools/command/subprocess.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

namespace drydock::command {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void OnInterrupt(int) { interrupted = 1; }

void Nap() {
  const timespec nap = {0, 2'000'000};
  nanosleep(&nap, nullptr);
}

int StatusOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Start(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            int output, int error) {
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(variables);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int nothing = open("/dev/null", O_RDWR);
  if (nothing < 0) _exit(127);
  dup2(nothing, 0);
  dup2(output < 0 ? nothing : output, 1);
  dup2(error < 0 ? nothing : error, 2);
  execvpe(argv[0], argv.data(), envp.data());
  _exit(127);
}

}  // namespace

pid_t Spawn(const std::vector<std::string>& arguments, const SpawnOptions& options) {
  int output = -1;
  if (!options.output_file.empty()) {
    output = open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output < 0) return -1;
  }
  const pid_t child = Start(arguments, options.environment, output, output);
  if (output >= 0) close(output);
  return child;
}

int Poll(pid_t child) {
  int status = 0;
  const pid_t done = waitpid(child, &status, WNOHANG);
  if (done == 0) return -1;
  return done < 0 ? 127 : StatusOf(status);
}

int Wait(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return StatusOf(status);
}

int WaitSeconds(pid_t child, double seconds) {
  const double end = Now() + seconds;
  for (;;) {
    const int status = Poll(child);
    if (status >= 0) return status;
    if (Now() > end || Interrupted()) {
      Kill(child);
      return 128 + SIGKILL;
    }
    Nap();
  }
}

void Kill(pid_t child) {
  kill(-child, SIGKILL);
  kill(child, SIGKILL);
  Wait(child);
}

double CpuSeconds(pid_t child) {
  clockid_t clock = 0;
  timespec used = {};
  if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

bool IsAsleep(pid_t child) {
  std::ifstream file("/proc/" + std::to_string(child) + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(") ");  // proc(5): PID (NAME) STATE
  return name_end == line.npos || line[name_end + 2] != 'R';
}

std::string Capture(const std::vector<std::string>& arguments, int* status) {
  int ends[2];
  *status = 127;
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = Start(arguments, {}, ends[1], -1);
  close(ends[1]);
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = read(ends[0], buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
  }
  close(ends[0]);
  if (child > 0) *status = Wait(child);
  return text;
}

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

bool Interrupted() { return interrupted != 0; }

double Now() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace drydock::command
