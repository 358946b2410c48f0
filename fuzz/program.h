// A program: a short list of system calls and memory accesses, as plain data. It has three forms
// that say the same - bytes (program_bytes.h), text (program_text.h) and C (program_c.h) - and runs
// on executors.
//
// Results are named by order of appearance: the k-th open makes fd k, the k-th mmap or mremap makes
// mapping k, the k-th fork makes process k+1 (process 0 is there from the start). A reference names
// an earlier result. A step whose reference failed, or whose process is gone, is skipped, and
// counts as "skipped", not as passed. A mapping's address stays what it was after munmap: touching
// it then is a thing that programs do.
#ifndef DRYDOCK_FUZZ_PROGRAM_H_
#define DRYDOCK_FUZZ_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/hw/address.h"

namespace drydock::fuzz {

inline constexpr size_t kMaxSteps = 16;
inline constexpr size_t kMaxNodes = 8;
inline constexpr uint8_t kNone = 0xff;  // no mapping
inline constexpr uint32_t kMaxFailAllocation = 64;
inline constexpr uint64_t kMaxAccessBytes = 4096;    // of one load, store, read, write, ...
inline constexpr uint64_t kMaxResidentPages = 4096;  // that one mincore asks about

// Numbers of Linux on x86-64, spelled here because the simulation runs on any host.
inline constexpr uint32_t kMapShared = 0x01;
inline constexpr uint32_t kMapPrivate = 0x02;
inline constexpr uint32_t kMapFixed = 0x10;
inline constexpr uint32_t kMapAnonymous = 0x20;
inline constexpr uint32_t kMapHugeUnreserved = 0x44000;  // MAP_HUGETLB | MAP_NORESERVE
inline constexpr uint32_t kMapFixedNoreplace = 0x100000;
inline constexpr uint32_t kMremapMaymove = 1;
inline constexpr uint32_t kMremapFixed = 2;
inline constexpr uint32_t kProtRead = 1;
inline constexpr uint32_t kProtWrite = 2;
inline constexpr uint32_t kProtExec = 4;
inline constexpr uint32_t kOpenReadWrite = 2;
inline constexpr uint32_t kOpenCreate = 0x40;
inline constexpr uint32_t kMsAsync = 1, kMsSync = 4;
inline constexpr uint32_t kPollIn = 1, kPollOut = 4;

enum class Call : uint8_t {
  kOpen,       // node, flags                                       -> fd
  kClose,      // fd
  kMmap,       // fd, length, prot, flags, offset, at + at_offset   -> mapping
  kAnonymous,  // mmap of no file: length, prot, flags, at          -> mapping
  kMunmap,     // mapping + offset, length
  kMprotect,   // mapping + offset, length, prot
  kMadvise,    // mapping + offset, length, flags = advice
  kMremap,     // mapping + offset, length, new_length, flags, at   -> mapping
  kLoad,       // mapping + offset, length
  kStore,      // mapping + offset, length; the bytes are StoredByte()
  kRead,       // fd, length into mapping + offset
  kWrite,      // fd, length from mapping + offset
  kLseek,      // fd, offset (two's complement), flags = whence
  kIoctl,      // fd, flags = command; argument is at + at_offset, or offset if at is kNone
  kFork,       //                                                   -> process; the parent goes on
  kExit,       // of the current process; the first one alive goes on
  kSwitch,     // process: the steps that follow are its
  kMlock,      // mapping + offset, length
  kMunlock,    // mapping + offset, length
  kMsync,      // mapping + offset, length, flags
  kMincore,    // mapping + offset, length of at most kMaxResidentPages
  kPoll,       // fd, flags = events; does not wait
  kVmReadv,    // process_vm_readv: process, mapping + offset, length
  kVmWritev,   // process_vm_writev: the same; the bytes are StoredByte()
  kMemRead,    // pread of /proc/PID/mem: the same
  kMemWrite,   // pwrite of /proc/PID/mem: the same
  kUnbind,     // node: the device behind it is taken from its driver
  kBind,       // node: the device that was taken so gets its driver back
  kMseal,      // mapping + offset, length, flags
};
inline constexpr size_t kCallCount = 29;

// Fields that a call does not use are zero (`at`: kNone), so that equal programs have equal bytes.
struct Step {
  Call call = Call::kOpen;
  uint8_t node = 0;
  uint8_t fd = 0;
  uint8_t mapping = 0;
  uint8_t at = kNone;
  uint8_t process = 0;
  uint8_t reserved[2] = {};
  uint32_t flags = 0;
  uint32_t prot = 0;
  uint64_t offset = 0;      // bytes: into the file, or from the start of `mapping`
  uint64_t length = 0;      // bytes
  uint64_t new_length = 0;  // bytes
  uint64_t at_offset = 0;   // bytes from the start of mapping `at`

  friend bool operator==(const Step&, const Step&) = default;
};

inline constexpr uint32_t kNoLoadTrial = ~uint32_t{0};
inline constexpr uint32_t kMaxLoadTrial = 256;

struct Header {
  uint16_t profile = 601;  // 601, 612, 703
  uint8_t platform = 0;    // index into hw::Platforms()
  bool core_guards = true;
  uint32_t fail_allocation = 0;  // the n-th allocation of the run fails; 0 = none
  // Another kind of program, which has no steps (load_trials.h): insmod while allocation n of the
  // driver's init calls fails, or, if it is 0, insmod and rmmod.
  uint32_t load_trial = kNoLoadTrial;

  friend bool operator==(const Header&, const Header&) = default;
};

struct Program {
  Header header;
  uint32_t step_count = 0;
  std::array<Step, kMaxSteps> steps{};

  // The step is left out if the program is full.
  void Add(const Step& step) {
    if (step_count < kMaxSteps) steps[step_count++] = step;
  }
  friend bool operator==(const Program&, const Program&) = default;
};

constexpr bool MakesFd(Call call) { return call == Call::kOpen; }
constexpr bool MakesMapping(Call call) {
  return call == Call::kMmap || call == Call::kAnonymous || call == Call::kMremap;
}
constexpr bool MakesProcess(Call call) { return call == Call::kFork; }
constexpr bool UsesFd(Call call) {
  return call == Call::kClose || call == Call::kMmap || call == Call::kRead ||
         call == Call::kWrite || call == Call::kLseek || call == Call::kIoctl ||
         call == Call::kPoll;
}
constexpr bool UsesNode(Call call) {
  return call == Call::kOpen || call == Call::kUnbind || call == Call::kBind;
}
// The memory of another process is read or written.
constexpr bool IsRemote(Call call) { return call >= Call::kVmReadv && call <= Call::kMemWrite; }
constexpr bool UsesMapping(Call call) {
  return (call >= Call::kMunmap && call <= Call::kWrite) ||
         (call >= Call::kMlock && call <= Call::kMincore) || IsRemote(call) || call == Call::kMseal;
}
constexpr bool UsesProcess(Call call) { return call == Call::kSwitch || IsRemote(call); }
// It moves `length` bytes, 1 to kMaxAccessBytes.
constexpr bool MovesBytes(Call call) {
  return (call >= Call::kLoad && call <= Call::kWrite) || IsRemote(call);
}
constexpr bool UsesAt(Call call) {
  return call == Call::kMmap || call == Call::kAnonymous || call == Call::kMremap ||
         call == Call::kIoctl;
}

// How many results of each kind the first `steps` steps name.
struct ResultCounts {
  uint8_t fds = 0;
  uint8_t mappings = 0;
  uint8_t processes = 1;
};
constexpr void CountResult(const Step& step, ResultCounts* counts) {
  counts->fds += MakesFd(step.call);
  counts->mappings += MakesMapping(step.call);
  counts->processes += MakesProcess(step.call);
}
ResultCounts CountResults(const Program& program, size_t steps);

// nullptr if `step` may follow a prefix with these results, else what is wrong with it, for people.
// Every reference must name an earlier result, a fixed address must be given, an access has 1 to
// 4096 bytes.
const char* WhyInvalid(const Step& step, const ResultCounts& before);
bool IsValid(const Program& program);

// Removes step `index` and every step that, by references, cannot be without it; renumbers the
// rest.
Program Without(const Program& program, size_t index);

// What a store of step `step` writes at `offset` bytes from its start: differs by step and by
// place.
constexpr uint8_t StoredByte(size_t step, uint64_t offset) {
  return static_cast<uint8_t>(0x5a + 37 * step + 7 * offset + (offset >> 8));
}

constexpr uint64_t Pages(uint64_t count) { return count << hw::kPageShift; }

// A device is taken from its driver: what comes after the program meets a driver without it.
bool TakesDevices(const Program& program);

// The length that mapping `index` was asked to have.
uint64_t LengthOf(const Program& program, uint8_t index);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_H_
