// What a kernel is asked after the steps of a finding: more steps, in the same program.
#ifndef DRYDOCK_KMOD_CONFIRM_QUESTION_H_
#define DRYDOCK_KMOD_CONFIRM_QUESTION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "fuzz/program.h"

namespace drydock::kmod {

// A program that begins as a finding's does and then reads a file or memory.
class Question {
 public:
  Question(const fuzz::Program& program, size_t steps) : program_(program) {
    program_.step_count = static_cast<uint32_t>(std::min<size_t>(steps, program.step_count));
    for (size_t i = program_.step_count; i < program_.steps.size(); ++i) program_.steps[i] = {};
  }
  bool HasRoomFor(size_t steps) const { return program_.step_count + steps <= fuzz::kMaxSteps; }
  // Eight bytes at `at` of the file that is node `node`. The last step, a load, shows them.
  void Read(uint8_t node, uint64_t at) {
    const fuzz::ResultCounts counts = CountResults(program_, program_.step_count);
    program_.Add({.call = fuzz::Call::kOpen, .node = node});
    program_.Add({.call = fuzz::Call::kLseek, .fd = counts.fds, .offset = at});
    program_.Add({.call = fuzz::Call::kAnonymous,
                  .flags = fuzz::kMapPrivate,
                  .prot = fuzz::kProtRead | fuzz::kProtWrite,
                  .length = fuzz::Pages(1)});
    program_.Add(
        {.call = fuzz::Call::kRead, .fd = counts.fds, .mapping = counts.mappings, .length = 8});
    program_.Add({.call = fuzz::Call::kLoad, .mapping = counts.mappings, .length = 8});
  }
  static constexpr size_t kReadSteps = 5;
  void Load(uint8_t mapping, uint64_t at) {
    program_.Add({.call = fuzz::Call::kLoad, .mapping = mapping, .offset = at, .length = 1});
  }
  const fuzz::Program& program() const { return program_; }

 private:
  fuzz::Program program_;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFIRM_QUESTION_H_
