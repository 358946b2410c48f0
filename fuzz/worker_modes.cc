#include "fuzz/worker_modes.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "fuzz/elf_image.h"
#include "fuzz/load_trials.h"
#include "fuzz/maps_text.h"
#include "fuzz/observation_text.h"
#include "fuzz/violation_classes.h"

namespace drydock::fuzz {
namespace {

bool Write(int out, std::string line) {
  line += '\n';
  const int file = out < 0 ? STDOUT_FILENO : out;
  return write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

// Reads the program and makes its nodes the driver's; "" or what is wrong.
std::string Load(const Session& session, const std::string& file, Program* program) {
  ParsedProgram parsed = LoadProgram(file);
  if (!parsed.error.empty()) return parsed.error;
  const std::string missing = RenumberNodes(parsed.nodes, session.nodes(), &parsed.program);
  if (!missing.empty()) {
    std::string has;
    for (const std::string& node : session.nodes()) has += " " + node;
    return file + ": the driver has no " + missing + ", its nodes are:" + has;
  }
  *program = parsed.program;
  return {};
}

int Fail(const std::string& why, int out) {
  std::string line = "{\"error\":";
  AppendJsonString(why, &line);
  if (!Write(out, line + "}")) std::fprintf(stderr, "drydock: %s\n", why.c_str());
  return kExitCannotRun;
}

// Writes each step when it is done: what ends the process leaves the ones before it to be read.
class Explainer final : public StepObserver {
 public:
  Explainer(Session& session, const Program& program, int out)
      : session_(session), program_(program), out_(out) {}

  void AfterStep(int index) override {
    const auto i = static_cast<size_t>(index);
    std::string line = "{\"step\":" + std::to_string(index) + ",\"text\":";
    Executor& executor = session_.executor();
    const Observation& seen = executor.observations()[i];
    const bool end = i == program_.step_count;
    AppendJsonString(end ? "(all processes exit)" : FormatStep(program_, i, session_.nodes()),
                     &line);
    line += ",\"result\":";
    AppendJsonString(end ? "" : FormatObservation(program_.steps[i], seen), &line);
    line += ",\"process\":" + std::to_string(seen.process) + ",\"maps\":";
    AppendJsonString(MapsText(session_.world(), executor.world_process(seen.process)), &line);
    written_ = written_ && Write(out_, line + "}");
  }

  bool written() const { return written_; }

 private:
  Session& session_;
  const Program& program_;
  const int out_;
  bool written_ = true;
};

// Each try in a child: what kills the child leaves this process to tell of it.
class DeathReproducer final : public Reproducer {
 public:
  DeathReproducer(Session& session, std::atomic<uint64_t>* fault_pc)
      : session_(session), fault_pc_(fault_pc) {}

  bool Shows(const Program& program) override {
    fault_pc_->store(0);
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
      session_.world().UnshareAfterFork();
      session_.RunProgram(program);
      _exit(0);
    }
    int status = 0;
    const timespec nap = {0, 500'000};
    for (int waited = 0; waitpid(child, &status, WNOHANG) == 0; ++waited) {
      if (waited == kPatience) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        signal_ = SIGALRM;
        return true;
      }
      nanosleep(&nap, nullptr);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
    signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return true;
  }

  int signal() const { return signal_; }

 private:
  static constexpr int kPatience = 2000;  // naps: about a second
  Session& session_;
  std::atomic<uint64_t>* fault_pc_;
  int signal_ = 0;
};

}  // namespace

int ReplayMode(Session& session, const std::string& file, int out) {
  Program program;
  const std::string wrong = Load(session, file, &program);
  if (!wrong.empty()) return Fail(wrong, out);
  Explainer explainer(session, program, out);
  session.RunProgram(program, &explainer);
  if (!explainer.written()) return kExitCannotRun;
  int status = 0;
  const kernel::Verdicts& verdicts = session.world().verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    const size_t count = verdicts.count();
    const std::optional<kernel::Violation> named = session.Named(i);
    if (!named) {
      if (verdicts.count() < count) --i;
      continue;
    }
    if (!Write(out, session.LineOf(i))) return kExitCannotRun;
    const Weight weight = ClassOf(named->class_number, named->trap).weight;
    if (weight == Weight::kFinding) status = 1;
  }
  return status;
}

int ReplayLoadMode(const WorkerOptions& options, const Program& program, int out) {
  const ElfImage image = ReadElfImage(options.driver);
  if (!options.error.empty() || !image.error.empty()) {
    return Fail(options.error.empty() ? image.error : options.error, out);
  }
  const uint32_t n = program.header.load_trial;
  std::string result;
  const LoadTrials found = TryLoad(options, n, &result);
  std::string line = "{\"step\":0,\"text\":";
  AppendJsonString(
      n == 0 ? "insmod and rmmod" : "insmod, where allocation " + std::to_string(n) + " fails",
      &line);
  line += ",\"result\":";
  AppendJsonString(result.empty() ? "ok" : result, &line);
  if (!Write(out, line + ",\"process\":0,\"maps\":\"\"}")) return kExitCannotRun;
  int status = 0;
  for (const LoadViolation& each : found.violations) {
    const kernel::Violation& violation = each.violation;
    const ViolationLine of = {.violation = violation,
                              .function = image.FunctionAt(violation.driver_pc),
                              .program = program,
                              .nodes = {},
                              .observations = {},
                              .maps = {},
                              .executions = 0};
    if (!Write(out, FormatViolationLine(of))) return kExitCannotRun;
    if (ClassOf(violation.class_number, violation.trap).weight == Weight::kFinding) status = 1;
  }
  return status;
}

int MinimiseMode(Session& session, const std::string& file, int out) {
  Program program;
  const std::string wrong = Load(session, file, &program);
  if (!wrong.empty()) return Fail(wrong, out);
  void* shared = mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return Fail(std::string("mmap: ") + std::strerror(errno), out);
  auto* fault_pc = new (shared) std::atomic<uint64_t>(0);
  session.CatchFaultPc(fault_pc);
  DeathReproducer reproducer(session, fault_pc);
  if (!reproducer.Shows(program)) return Fail(file + ": the program runs to its end", out);
  const Program best =
      reproducer.signal() == SIGALRM
          ? program  // every try costs a second: it stays as it is
          : Minimise(program, {.object_pages = session.encoding().object_pages, .max_runs = 80},
                     reproducer);
  reproducer.Shows(best);
  std::string line = "{\"program\":";
  AppendJsonString(FormatProgram(best, session.nodes()), &line);
  line += ",\"signal\":" + std::to_string(reproducer.signal()) +
          ",\"driver_pc\":" + std::to_string(fault_pc->load()) + ",\"function\":";
  AppendJsonString(session.image().FunctionAt(fault_pc->load()), &line);
  return Write(out, line + "}") ? 0 : kExitCannotRun;
}

}  // namespace drydock::fuzz
