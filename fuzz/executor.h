// Runs a program on a world and keeps what each step showed. After the last step every process that
// is still alive exits, as at the end of a real program: that is step number `step_count`, so that
// what a driver does in close and release is run and looked at always.
//
// Nothing is allocated or formatted.
#ifndef DRYDOCK_FUZZ_EXECUTOR_H_
#define DRYDOCK_FUZZ_EXECUTOR_H_

#include <array>
#include <span>
#include <string>

#include "fuzz/observation.h"
#include "fuzz/program.h"
#include "sim/world.h"

namespace drydock::fuzz {

// Told of every step that ran, and of the exits at the end (`step` == step_count).
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  virtual void AfterStep(int step) = 0;
};

class Executor {
 public:
  // `world` is loaded and outlives the executor.
  explicit Executor(World& world);

  // Preconditions: IsValid(program); the world is as Reset() leaves it.
  void Run(const Program& program, StepObserver* observer);

  // Of the last run; step_count + 1 of them, the last one for the exits at the end.
  std::span<const Observation> observations() const { return {observations_.data(), count_}; }
  // False if a trap ended the last run.
  bool finished() const { return finished_; }
  // Calls of mmap(2) on a file in the last run, and those of them that succeeded.
  uint32_t mmaps() const { return mmaps_; }
  uint32_t mmaps_ok() const { return mmaps_ok_; }
  // The world's number of the program's process `index`, in the last run.
  uint32_t world_process(uint32_t index) const { return processes_[index]; }
  uint32_t process_count() const { return process_count_; }
  uint32_t current() const { return current_; }

 private:
  // Both are used once, on the hottest road there is.
  [[gnu::always_inline]] inline bool RunStep(const Program& program, size_t index,
                                             Observation* observation);
  [[gnu::always_inline]] inline user::Outcome Act(const Step& step, size_t index,
                                                  user::Process process, Observation* seen);
  user::Outcome ActRarely(const Step& step, size_t index, user::Process process, Observation* seen);
  void FillBytes(const Step& step, size_t index);  // bytes_, with what the step stores
  bool Ready(const Step& step);
  bool FindDevice(uint8_t node);  // what is behind it, into taken_
  user::Outcome TellDriver(uint8_t node, bool bind);
  bool Current(user::Process* process);
  bool Alive(uint32_t index) const;
  hw::VirtAddr PlaceOf(const Step& step) const { return mappings_[step.mapping] + step.offset; }
  hw::VirtAddr AtOf(const Step& step) const {
    return step.at == kNone ? hw::VirtAddr{} : mappings_[step.at] + step.at_offset;
  }
  void ExitAll(Observation* observation);

  World& world_;
  kernel::Kernel& kernel_;
  std::array<const char*, kMaxNodes> nodes_{};
  size_t node_count_;

  static constexpr int kFailedFd = -1;
  static constexpr hw::VirtAddr kFailedMapping{~uint64_t{0}};
  static constexpr uint32_t kFailedProcess = ~uint32_t{0};
  std::array<int, kMaxSteps> fds_;
  std::array<hw::VirtAddr, kMaxSteps> mappings_;
  std::array<uint32_t, kMaxSteps + 1> processes_;
  std::array<bool, kMaxSteps + 1> exited_;  // the world may have given its number to another one
  uint32_t fd_count_ = 0, mapping_count_ = 0, process_count_ = 0, current_ = 0;
  uint32_t mmaps_ = 0, mmaps_ok_ = 0;
  std::array<Observation, kMaxSteps + 1> observations_;
  size_t count_ = 0;
  bool finished_ = false;
  // By node: the name of the device that was taken from its driver; "" for none.
  std::array<std::array<char, 64>, kMaxNodes> taken_{};
  alignas(16) std::array<uint8_t, kMaxAccessBytes> bytes_{};
};

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_EXECUTOR_H_
