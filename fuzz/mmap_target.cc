// The fuzz target for the mmap handler of any driver: libFuzzer's three entry points.
//
// Under a supervisor (DRYDOCK_PAGE and DRYDOCK_REPORT are set) each new violation is minimised and
// written as one line, and fuzzing goes on. Without one a finding is printed and ends the process,
// as libFuzzer and tests expect; advice never does. Nothing is allocated in LLVMFuzzerTestOneInput
// once warm, unless a violation is new.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "fuzz/mutator.h"
#include "fuzz/observation_text.h"
#include "fuzz/seeds.h"
#include "fuzz/session.h"
#include "fuzz/violation_classes.h"
#include "fuzz/worker_modes.h"

namespace drydock::fuzz {
namespace {

WorkerPage own_page;
WorkerPage* page = &own_page;
Session* session;
int report = -1;  // file descriptor; -1 without a supervisor

[[noreturn]] void CannotRun(const std::string& why) {
  std::snprintf(page->error, sizeof page->error, "%s", why.c_str());
  page->state = WorkerState::kCannotRun;
  if (report < 0) std::fprintf(stderr, "drydock: %s\n", why.c_str());
  std::_Exit(kExitCannotRun);
}

void JoinSupervisor() {
  const char* page_path = std::getenv(kPageVariable);
  const char* report_path = std::getenv(kReportVariable);
  if (page_path == nullptr || report_path == nullptr) return;
  const int file = open(page_path, O_RDWR | O_CLOEXEC);
  void* shared =
      file < 0 ? MAP_FAILED
               : mmap(nullptr, sizeof(WorkerPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  report = open(report_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (shared == MAP_FAILED || report < 0) {
    std::fprintf(stderr, "drydock: %s: cannot be shared: %s\n", page_path, std::strerror(errno));
    std::_Exit(kExitCannotRun);
  }
  if (file >= 0) close(file);
  page = static_cast<WorkerPage*>(shared);
}

void WriteLine(std::string line) {
  line += '\n';
  // One write: lines of a worker that is killed are whole or missing.
  if (write(report, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    CannotRun(std::string("report: cannot be written: ") + std::strerror(errno));
  }
}

[[noreturn]] void PrintAndAbort(size_t index) {
  session->MinimiseViolation(&index);
  const std::optional<kernel::Violation> named = session->Named(index);
  const kernel::Violation violation = named ? *named : session->world().verdicts()[index];
  const ViolationClass& c = ClassOf(violation.class_number, violation.trap);
  const Program& program = session->program();
  std::fprintf(stderr, "drydock: %.*s %.*s: %s; expected: %s\n", static_cast<int>(c.id.size()),
               c.id.data(), static_cast<int>(c.name.size()), c.name.data(), violation.seen,
               violation.expected);
  const std::string_view function = session->FunctionOf(violation);
  std::fprintf(stderr, "oracle O%u, in %.*s, after step %u of\n\n%s\n", unsigned{violation.oracle},
               static_cast<int>(function.size()), function.data(), violation.step + 1u,
               FormatProgram(program, session->nodes()).c_str());
  for (size_t i = 0; i < program.step_count; ++i) {
    const std::string result =
        FormatObservation(program.steps[i], session->executor().observations()[i]);
    std::fprintf(stderr, "step %zu: %s\n", i + 1, result.c_str());
  }
  std::abort();
}

// What insmod showed: told before the first program runs.
void TellLoadViolations() {
  for (const LoadViolation& found : session->load_violations()) {
    const kernel::Violation& violation = found.violation;
    if (report >= 0) {
      WriteLine(session->LineOf(found));
      continue;
    }
    const ViolationClass& c = ClassOf(violation.class_number, violation.trap);
    if (c.weight == Weight::kAdvice) continue;
    const std::string function(session->FunctionOf(violation));
    std::fprintf(
        stderr,
        "drydock: %s %s: %s; expected: %s\noracle O%u, in %s, when allocation %u of insmod "
        "fails (0: in rmmod)\n",
        std::string(c.id).c_str(), std::string(c.name).c_str(), violation.seen, violation.expected,
        unsigned{violation.oracle}, function.c_str(), found.fail_allocation);
    std::abort();
  }
}

void TellViolations() {
  session->ConfirmLoop();
  int found = session->NextNew(0);
  if (found < 0) return session->EndTelling();
  page->telling = 1;
  const Program original = session->program();
  size_t next = 0;
  while (found >= 0) {
    size_t index = static_cast<size_t>(found);
    next = index + 1;
    const kernel::Violation& violation = session->world().verdicts()[index];
    const Weight weight = ClassOf(violation.class_number, violation.trap).weight;
    if (report < 0) {
      if (weight != Weight::kAdvice) PrintAndAbort(index);
    } else {
      session->MinimiseViolation(&index);
      WriteLine(session->LineOf(index));
      session->NoteTold(index);
      // Minimising has run other programs; the violations of this one come back with it.
      session->RunProgram(original);
    }
    found = session->NextNew(next);
  }
  session->EndTelling();
  page->telling = 0;
}

int Initialize(int* argc, char** argv) {
  JoinSupervisor();
  page->state = WorkerState::kLoading;
  WorkerOptions options = TakeWorkerOptions(argc, argv);
  if (!options.replay.empty()) {
    const ParsedProgram program = LoadProgram(options.replay);
    if (program.error.empty() && program.program.header.load_trial != kNoLoadTrial) {
      std::_Exit(ReplayLoadMode(options, program.program, report));
    }
  }
  options.load_trials = options.minimise.empty() && options.replay.empty();
  // Lives as long as the process: libFuzzer leaves by _Exit.
  session = new Session(options, page);
  if (!session->error().empty()) CannotRun(session->error());
  if (!options.replay.empty()) std::_Exit(ReplayMode(*session, options.replay, report));
  if (!options.minimise.empty()) std::_Exit(MinimiseMode(*session, options.minimise, report));
  const std::string wrong = WriteSeeds(options.seeds, options.corpus, *session);
  if (!wrong.empty()) CannotRun(wrong);
  TellLoadViolations();
  page->executions = 0;
  page->mmaps = 0;
  page->mmaps_ok = 0;
  page->state = WorkerState::kRunning;
  return 0;
}

// Seeds are kept as text: the bytes of their program. Where text is cut or mutated (libFuzzer), or
// the driver has not its nodes, it is bytes like any.
std::span<const uint8_t> BytesOfText(std::span<const uint8_t> text) {
  static std::array<uint8_t, kMaxEncodedBytes> bytes;
  std::string error;
  const size_t size = EncodeText({reinterpret_cast<const char*>(text.data()), text.size()},
                                 "the input", *session, bytes, &error);
  return size == 0 ? text : std::span<const uint8_t>(bytes.data(), size);
}

}  // namespace
}  // namespace drydock::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  return drydock::fuzz::Initialize(argc, *argv);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drydock::fuzz::session;
  std::span input(data, size);
  if (drydock::fuzz::IsProgramText(input)) [[unlikely]] {
    input = drydock::fuzz::BytesOfText(input);
  }
  session->RunBytes(input);
  if (session->world().verdicts().count() != 0) [[unlikely]]
    drydock::fuzz::TellViolations();
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  if (drydock::fuzz::IsProgramText({data, size})) [[unlikely]] {
    const std::span bytes = drydock::fuzz::BytesOfText({data, size});
    if (bytes.size() <= max_size) {
      std::memmove(data, bytes.data(), bytes.size());
      size = bytes.size();
    }
  }
  return drydock::fuzz::Mutate({data, max_size}, size, seed, drydock::fuzz::session->encoding());
}

// AddressSanitizer reads these before main(). Reports are violations here, so they do not end the
// process where the driver was compiled to go on after one, and are not told to people by the
// sanitizer.
extern "C" const char* __asan_default_options() {
  return "halt_on_error=0:detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
         "handle_sigill=0:suppress_equal_pcs=0:symbolize=0:detect_stack_use_after_return=0:"
         "print_legend=0:print_full_thread_history=0:allocator_may_return_null=1";
}
