// What the server of a live machine and the library in its programs (preload/) say to each other.
// Includes nothing of either, and is the only thing both see.
//
// A session is a folder: `page` is a SessionPage that the server writes and programs read, `socket`
// is where a process joins. From then on the two share a Channel: a thread that makes a system call
// on a device takes a slot, writes the request and waits; the server answers in place. The socket
// stays open as the bell that wakes the server and as the sign that the process is there.
//
// A process mirrors its simulated page table: what it may touch is mapped from the files that hold
// the simulated memory, everything else of a mapping is PROT_NONE, so that a touch of it is a fault
// here as there. The server says what to map and what to take away, in numbered batches that are
// carried out in their order: with the answer to a call, or by Channel::revocation, which a thread
// of the library's own serves at any time.
#ifndef DRYDOCK_LIVE_PROTOCOL_H_
#define DRYDOCK_LIVE_PROTOCOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace drydock::live {

inline constexpr char kSessionVariable[] = "DRYDOCK_LIVE";  // the session's folder
inline constexpr char kPageFile[] = "/page";
inline constexpr char kSocketFile[] = "/socket";
// Descriptors of devices are O_PATH ones of sealed, empty memfds of this name.
inline constexpr char kMemfdName[] = "drydock-live";

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint32_t kMagic = 0x64726c31;

struct Node {
  char path[96] = {};  // NUL-terminated, "/dev/..."
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t mode = 0;  // permission bits
  uint32_t reserved = 0;
};

struct SessionPage {
  static constexpr uint32_t kMaxNodes = 128;

  uint32_t magic = 0;
  // 1 while the server may sleep: who has written a request rings.
  std::atomic<uint32_t> sleeping{0};
  // Odd while the nodes change.
  std::atomic<uint32_t> generation{0};
  uint32_t node_count = 0;
  Node nodes[kMaxNodes];
};

enum class Op : uint32_t {
  kNone,
  kOpen,      // path in the slot, [0] flags, [1] inode of the descriptor -> descriptor
  kClose,     // [0] descriptor
  kRead,      // [0] descriptor, [1] buffer, [2] bytes
  kWrite,     //
  kPread,     // ... [3] offset
  kPwrite,    //
  kLseek,     // [0] descriptor, [1] offset, [2] whence
  kIoctl,     // [0] descriptor, [1] command, [2] argument
  kPoll,      // [0] descriptor, [1] events wanted -> events
  kDup,       // [0] descriptor -> descriptor
  kGetFlags,  // [0] descriptor -> flags
  kSetFlags,  // [0] descriptor, [1] flags
  kMmap,      // [0] address, [1] length, [2] prot, [3] flags, [4] descriptor, [5] offset -> address
  kMunmap,    // [0] address, [1] length
  kMprotect,  // [0] address, [1] length, [2] prot
  kMadvise,   // [0] address, [1] length, [2] advice
  kMremap,    // [0] address, [1] old length, [2] new length, [3] flags, [4] new address -> address
  kFault,     // [0] address, [1] Access
  kLoad,      // [0] address, [1] bytes: 1 to 64; the value in the slot's bytes
  kStore,     // [0] address, [1] bytes: 1 to 64; the value in the slot's bytes
  kFork,      // -> token of the child
  kForked,    // [0] token, [1] pid of the child or, if there is none, 0
  kStack,     // [0] frames: addresses in the slot, innermost first
  kMore,      // what did not fit into the last answer
};

// Of the request.
inline constexpr uint32_t kManyThreads = 1;  // other threads of the process may run

enum class Access : uint64_t { kLoad, kStore, kFetch };

// Of the answer.
inline constexpr uint32_t kMapped = 1;       // kMmap: a mapping was made at `value`
inline constexpr uint32_t kReplaced = 2;     // kMmap: what was mapped in the range is gone
inline constexpr uint32_t kHasMore = 4;      // ask kMore for the rest of the updates
inline constexpr uint32_t kTellStack = 8;    // the server wants kStack
inline constexpr uint32_t kEmulate = 16;     // kFault: no memory behind it; kLoad and kStore do it
inline constexpr uint32_t kCannotPoll = 32;  // kPoll: the driver has no poll
inline constexpr uint32_t kRestarts = 64;    // -EINTR: restarted, if the handler has SA_RESTART ...
inline constexpr uint32_t kRestartsAlways = 128;  // ... or whatever it has

enum class Store : uint32_t { kNone, kRam, kMmio };

// One range of a process's mirror.
struct Update {
  uint64_t address = 0;
  uint64_t pages = 0;
  uint64_t offset = 0;         // in the store, bytes
  Store store = Store::kNone;  // kNone: PROT_NONE
  uint32_t prot = 0;           // PROT_*
};

enum class SlotState : uint32_t { kFree, kTaken, kRequest, kAnswer };

struct Slot {
  static constexpr size_t kPathBytes = 128;
  static constexpr size_t kMaxUpdates = 96;
  static constexpr size_t kMaxFrames = 64;

  std::atomic<SlotState> state{SlotState::kFree};
  std::atomic<uint32_t> waiter{0};  // 1: the client sleeps on `state`
  Op op = Op::kNone;
  uint32_t flags = 0;
  uint64_t args[6] = {};
  int64_t value = 0;   // result, or negative errno
  int32_t signal = 0;  // the access or the call ends in this signal ...
  int32_t code = 0;    // ... with this si_code; 0: the kernel kills the process
  uint64_t batch = 0;  // number of the updates here; 0: none
  uint32_t update_count = 0;
  uint32_t reserved = 0;
  union {
    Update updates[kMaxUpdates] = {};
    uint64_t frames[kMaxFrames];
    char path[kPathBytes];
    unsigned char bytes[64];
  };
};

struct Revocation {
  static constexpr size_t kMaxUpdates = 256;
  std::atomic<uint32_t> posted{0};  // number of revocations so far; the library sleeps on it
  std::atomic<uint32_t> done{0};    // number carried out; the server sleeps on it
  uint64_t batch = 0;
  uint32_t update_count = 0;
  uint32_t reserved = 0;
  Update updates[kMaxUpdates];
};

struct Channel {
  static constexpr size_t kSlots = 32;
  uint32_t magic = kMagic;
  uint32_t reserved = 0;
  std::atomic<uint64_t> pending{0};      // bit i: slot i has a request
  std::atomic<uint64_t> interrupted{0};  // bit i: a signal waits for who waits for slot i
  std::atomic<uint64_t> applied{0};      // number of the last batch that was carried out
  Revocation revocation;
  Slot slots[kSlots];
};

// The first and only messages on the socket, apart from the bell's single bytes.
enum class Join : uint32_t { kNew, kFork };

struct Hello {
  static constexpr size_t kMaxInherited = 64;
  uint32_t magic = kMagic;
  Join join = Join::kNew;
  uint64_t token = 0;  // of kFork
  // Descriptors that were there when the program began: inodes.
  uint32_t inherited_count = 0;
  uint32_t reserved = 0;
  uint64_t inherited[kMaxInherited] = {};
};

// Comes with three descriptors: the channel, RAM, device memory; with none if error != 0.
struct Welcome {
  uint32_t magic = kMagic;
  int32_t error = 0;  // errno
  int32_t server_pid = 0;
  uint32_t range_count = 0;
  int32_t inherited[Hello::kMaxInherited] = {};  // simulated descriptors, -1: none
  char message[160] = {};                        // why not
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_PROTOCOL_H_
