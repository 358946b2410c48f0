#include "kmod/agent/in_place.h"

#include <gtest/gtest.h>

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;
using fuzz::Step;

constexpr uint64_t kFar = uint64_t{1} << 40;

TEST(RunsInPlace, IsFalseForWhatMayReachTheAgentsOwnMemory) {
  struct Row {
    const char* what;
    Step step;
    bool in_place;
  };
  const Row rows[] = {
      {"an open", {.call = Call::kOpen}, true},
      {"a fork", {.call = Call::kFork}, true},
      {"an exit", {.call = Call::kExit}, true},
      {"a mapping", {.call = Call::kMmap, .length = 4096}, true},
      {"a file's last page", {.call = Call::kMmap, .offset = ~uint64_t{4095}, .length = 1}, true},
      {"a mapping of 1 TiB", {.call = Call::kMmap, .length = kFar}, false},
      {"a far address", {.call = Call::kMmap, .at = 0, .length = 1, .at_offset = kFar}, false},
      {"anonymous memory of 1 TiB", {.call = Call::kAnonymous, .length = kFar}, false},
      {"a munmap near by", {.call = Call::kMunmap, .offset = kFar - 1, .length = 1}, true},
      {"a munmap far off", {.call = Call::kMunmap, .offset = kFar, .length = 1}, false},
      {"a munmap before the mapping",
       {.call = Call::kMunmap, .offset = ~uint64_t{0}, .length = 1},
       false},
      {"a munmap of much", {.call = Call::kMunmap, .length = kFar}, false},
      {"an mprotect far off", {.call = Call::kMprotect, .offset = kFar, .length = 1}, false},
      {"an madvise far off", {.call = Call::kMadvise, .offset = kFar, .length = 1}, false},
      {"an mremap that grows far", {.call = Call::kMremap, .length = 1, .new_length = kFar}, false},
      {"a load far off", {.call = Call::kLoad, .offset = kFar, .length = 1}, false},
      {"a store far off", {.call = Call::kStore, .offset = kFar, .length = 1}, false},
      {"a read far off", {.call = Call::kRead, .offset = kFar, .length = 1}, false},
      {"a write from far off", {.call = Call::kWrite, .offset = kFar, .length = 1}, false},
      {"an lseek", {.call = Call::kLseek, .offset = ~uint64_t{0}}, true},
      {"an ioctl with a small number", {.call = Call::kIoctl, .offset = 0xffff}, true},
      {"an ioctl with an address", {.call = Call::kIoctl, .offset = 0x10000}, false},
      {"an ioctl with an address of the kernel", {.call = Call::kIoctl, .offset = kFar << 7}, true},
      {"an ioctl with a mapping", {.call = Call::kIoctl, .at = 0, .at_offset = 8}, true},
      {"an ioctl far from it", {.call = Call::kIoctl, .at = 0, .at_offset = kFar}, false},
      {"a poll", {.call = Call::kPoll}, true},
      {"an mlock near by", {.call = Call::kMlock, .length = 4096}, true},
      {"an mlock far off", {.call = Call::kMlock, .offset = kFar, .length = 1}, false},
      {"a munlock of much", {.call = Call::kMunlock, .length = kFar}, false},
      {"an msync near by", {.call = Call::kMsync, .length = 4096}, true},
      {"an msync far off", {.call = Call::kMsync, .offset = kFar, .length = 1}, false},
      {"a mincore near by", {.call = Call::kMincore, .length = 4096}, true},
      {"a mincore far off", {.call = Call::kMincore, .offset = kFar, .length = 1}, false},
      {"a process_vm_writev near by", {.call = Call::kVmWritev, .length = 8}, true},
      {"a process_vm_writev far off",
       {.call = Call::kVmWritev, .offset = kFar, .length = 8},
       false},
      {"a process_vm_readv far off", {.call = Call::kVmReadv, .offset = kFar, .length = 8}, false},
      {"a write to /proc/PID/mem near by", {.call = Call::kMemWrite, .length = 8}, true},
      {"a write to /proc/PID/mem far off",
       {.call = Call::kMemWrite, .offset = kFar, .length = 8},
       false},
      {"a read of /proc/PID/mem far off",
       {.call = Call::kMemRead, .offset = kFar, .length = 8},
       false},
      {"an mseal, which munmap cannot undo", {.call = Call::kMseal, .length = 4096}, false},
      {"an unbind", {.call = Call::kUnbind}, false},
      {"a bind", {.call = Call::kBind}, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Program program;
    program.Add({.call = Call::kOpen});
    program.Add(row.step);
    EXPECT_EQ(RunsInPlace(program), row.in_place);
  }
}

TEST(RunsInPlace, IsFalseForWhatADriverMayTellAfterAnExit) {
  Program program;
  program.Add({.call = Call::kOpen});
  program.Add({.call = Call::kIoctl});
  program.Add({.call = Call::kExit});
  EXPECT_TRUE(RunsInPlace(program));
  program.Add({.call = Call::kIoctl});
  EXPECT_FALSE(RunsInPlace(program));
}

TEST(RunsInPlace, IsFalseForACallThatItDoesNotKnow) {
  Program program;
  program.Add({.call = static_cast<Call>(200)});
  EXPECT_FALSE(RunsInPlace(program));
}

}  // namespace
}  // namespace drydock::kmod
