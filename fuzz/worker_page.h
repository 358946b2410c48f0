// The page that a fuzzing worker and its supervisor share: how far the worker is, and the program
// it is running right now, so that the supervisor knows what killed it.
//
// The worker writes, the supervisor reads. The program's bytes are written before each execution
// with a plain copy; they are read for sure only when the worker is dead or stopped.
#ifndef DRYDOCK_FUZZ_WORKER_PAGE_H_
#define DRYDOCK_FUZZ_WORKER_PAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace drydock::fuzz {

enum class WorkerState : uint32_t { kStarting, kLoading, kRunning, kDone, kCannotRun };

struct WorkerPage {
  static constexpr size_t kMaxInput = 1024;

  std::atomic<WorkerState> state{WorkerState::kStarting};
  std::atomic<uint32_t> input_size{0};
  std::atomic<uint64_t> executions{0};
  std::atomic<uint64_t> mmaps{0};     // that the fuzzer's programs made
  std::atomic<uint64_t> mmaps_ok{0};  // and that succeeded
  std::atomic<uint64_t> object_pages{0};
  std::atomic<uint64_t> fault_pc{0};  // offset in the driver, of a report that ended the worker
  std::atomic<uint32_t> node_count{1};
  uint8_t input[kMaxInput] = {};
  char nodes[8][128] = {};  // paths, ended by 0
  char error[512] = {};     // kCannotRun: one line that says why
  // A violation was found, and its line is not written yet.
  std::atomic<uint32_t> telling{0};
  // Programs that were run, also to measure, to diagnose and to minimise: who stands still hangs.
  std::atomic<uint64_t> runs{0};
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// Environment of a supervised worker.
inline constexpr char kPageVariable[] = "DRYDOCK_PAGE";      // file to map the page from
inline constexpr char kReportVariable[] = "DRYDOCK_REPORT";  // file to append violations to

// Exit status of a worker that could not load its driver.
inline constexpr int kExitCannotRun = 2;

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_WORKER_PAGE_H_
