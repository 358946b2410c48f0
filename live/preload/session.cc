#include "live/preload/session.h"

#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "live/preload/agent.h"
#include "live/preload/fault.h"

namespace drydock::live {

Session session;

namespace raw {

void Say(const char* text, uint64_t number, const char* more) {
  char line[512];
  size_t size = 0;
  const auto put = [&](char c) {
    if (size < sizeof line) line[size++] = c;
  };
  for (const char* s = "drydock: "; *s != '\0'; ++s) put(*s);
  for (const char* s = text; *s != '\0'; ++s) {
    if (s[0] != '%' || (s[1] != 'd' && s[1] != 'x' && s[1] != 's')) {
      put(*s);
      continue;
    }
    const char kind = *++s;
    if (kind == 's') {
      for (const char* m = more; *m != '\0'; ++m) put(*m);
      continue;
    }
    const unsigned base = kind == 'd' ? 10 : 16;
    char digits[20];
    int count = 0;
    do {
      digits[count++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    while (count > 0) put(digits[--count]);
  }
  if (size == sizeof line) --size;
  put('\n');
  Call(SYS_write, 2, reinterpret_cast<long>(line), static_cast<long>(size));
}

}  // namespace raw

namespace {

constexpr uint64_t kSpinNs = 30'000;
constexpr long kSignalNapNs = 10'000'000;  // how often a waiting call looks for signals
constexpr int kOwnDescriptors = 8;         // room below the limit for the library's descriptors

uint64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// Out of the way of programs, which expect the lowest free number.
int MoveUp(int fd) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  const long top = limit.rlim_cur > 65536 ? 65536 : static_cast<long>(limit.rlim_cur);
  const long moved = raw::Call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, top - kOwnDescriptors);
  if (raw::Failed(moved)) return fd;
  raw::Close(fd);
  return static_cast<int>(moved);
}

}  // namespace

void Session::Find() {
  const char* folder = getenv(kSessionVariable);
  if (folder == nullptr || strlen(folder) + sizeof kSocketFile > sizeof socket_path_) return;
  char path[sizeof socket_path_ + sizeof kPageFile];
  snprintf(path, sizeof path, "%s%s", folder, kPageFile);
  const long file =
      raw::Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (raw::Failed(file)) return;
  const long at = raw::Map(0, sizeof(SessionPage), PROT_READ, MAP_SHARED, static_cast<int>(file));
  raw::Close(static_cast<int>(file));
  if (raw::Failed(at)) return;
  snprintf(socket_path_, sizeof socket_path_, "%s%s", folder, kSocketFile);
  const auto* page = reinterpret_cast<const SessionPage*>(at);
  if (page->magic == kMagic) page_ = page;
}

bool Session::NodeAt(uint32_t index, Node* node) const {
  for (;;) {
    const uint32_t before = page_->generation.load();
    if ((before & 1) != 0) continue;
    const bool there = index < page_->node_count && index < SessionPage::kMaxNodes;
    if (there) memcpy(static_cast<void*>(node), &page_->nodes[index], sizeof *node);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (page_->generation.load() == before) return there;
  }
}

int Session::Connect(const Hello& hello, Welcome* welcome) {
  const long fd = raw::Call(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (raw::Failed(fd)) return static_cast<int>(fd);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  static_assert(sizeof address.sun_path >= sizeof socket_path_);
  memcpy(address.sun_path, socket_path_, sizeof socket_path_);
  long result = raw::Call(SYS_connect, fd, reinterpret_cast<long>(&address), sizeof address);
  if (raw::Failed(result)) {
    raw::Close(static_cast<int>(fd));
    return static_cast<int>(result);
  }
  iovec part = {const_cast<Hello*>(&hello), sizeof hello};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // The server copies to and from this process; it is no relation of ours as ptrace(2) sees it.
  ucred peer = {};
  socklen_t length = sizeof peer;
  raw::Call(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, reinterpret_cast<long>(&peer),
            reinterpret_cast<long>(&length));
  raw::Call(SYS_prctl, PR_SET_PTRACER, peer.pid);
  result = raw::Call(SYS_sendmsg, fd, reinterpret_cast<long>(&message), MSG_NOSIGNAL);
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {};
  part = {welcome, sizeof *welcome};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  do {
    result = raw::Call(SYS_recvmsg, fd, reinterpret_cast<long>(&message), MSG_CMSG_CLOEXEC);
  } while (result == -EINTR);
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (result != static_cast<long>(sizeof *welcome) || welcome->magic != kMagic ||
      welcome->error != 0 || header == nullptr || header->cmsg_type != SCM_RIGHTS) {
    raw::Close(static_cast<int>(fd));
    if (result != static_cast<long>(sizeof *welcome) || welcome->error == 0) return -EIO;
    raw::Say("this process cannot use the simulated machine: %s", 0, welcome->message);
    return -welcome->error;
  }
  int descriptors[3];
  memcpy(descriptors, CMSG_DATA(header), sizeof descriptors);
  const long at = raw::Map(0, sizeof(Channel), PROT_READ | PROT_WRITE, MAP_SHARED, descriptors[0]);
  raw::Close(descriptors[0]);
  if (raw::Failed(at)) {
    raw::Close(static_cast<int>(fd));
    raw::Close(descriptors[1]);
    raw::Close(descriptors[2]);
    return static_cast<int>(at);
  }
  socket_ = MoveUp(static_cast<int>(fd));
  ram_ = MoveUp(descriptors[1]);
  mmio_ = MoveUp(descriptors[2]);
  channel_ = reinterpret_cast<Channel*>(at);
  pid_ = raw::Pid();
  cpu_set_t processors;
  can_spin_ = raw::Call(SYS_sched_getaffinity, 0, sizeof processors,
                        reinterpret_cast<long>(&processors)) > 0 &&
              CPU_COUNT(&processors) > 1;
  StartAgent(channel_);
  return 0;
}

int Session::Join() {
  if (joined()) {
    if (Mine()) return gone() ? -EIO : 0;
    raw::Say(
        "process %d was made by clone(2) or the like, which live mode does not follow: its "
        "calls on devices fail with EIO",
        static_cast<uint64_t>(raw::Pid()));
    return -EIO;
  }
  Welcome welcome;
  const int error = Connect(Hello{}, &welcome);
  if (error != 0) {
    if (welcome.error == 0) {
      raw::Say("the simulated machine does not answer (errno %d)", static_cast<uint64_t>(-error));
    }
    return error;
  }
  void* frames[1];
  backtrace(frames, 1);  // its first call allocates: not in a signal handler later
  CatchFaults();
  return 0;
}

void Session::Inherit(const uint64_t* inodes, int32_t* descriptors, uint32_t count) {
  Hello hello;
  hello.inherited_count = count < Hello::kMaxInherited ? count : Hello::kMaxInherited;
  memcpy(hello.inherited, inodes, hello.inherited_count * sizeof *inodes);
  Welcome welcome;
  for (uint32_t i = 0; i < count; ++i) descriptors[i] = -1;
  if (Connect(hello, &welcome) != 0) return;
  memcpy(descriptors, welcome.inherited, hello.inherited_count * sizeof *descriptors);
  void* frames[1];
  backtrace(frames, 1);
  CatchFaults();
}

void Session::LeaveParent() {
  raw::Unmap(reinterpret_cast<uint64_t>(channel_), sizeof(Channel));
  channel_ = nullptr;
  raw::Close(socket_);
  raw::Close(ram_);
  raw::Close(mmio_);
  socket_ = ram_ = mmio_ = -1;
}

void Session::JoinAsChild(uint64_t token) {
  LeaveParent();
  Hello hello;
  hello.join = Join::kFork;
  hello.token = token;
  Welcome welcome;
  if (Connect(hello, &welcome) != 0) Lost();
}

void Session::Lost() {
  if (gone_.exchange(true)) return;
  raw::Say("the simulated machine is gone: calls on devices fail with EIO");
}

Call::Call(Op op) {
  Channel* channel = session.channel();
  for (index_ = 0;; index_ = (index_ + 1) % Channel::kSlots) {
    slot_ = &channel->slots[index_];
    SlotState free = SlotState::kFree;
    if (slot_->state.compare_exchange_strong(free, SlotState::kTaken)) break;
    if (index_ == Channel::kSlots - 1) raw::Call(SYS_sched_yield);
  }
  slot_->op = op;
  slot_->flags = __libc_single_threaded == 0 ? kManyThreads : 0;
  slot_->waiter.store(0, std::memory_order_relaxed);
}

Call::~Call() { slot_->state.store(SlotState::kFree, std::memory_order_release); }

void Call::SetPath(const char* path) {
  strncpy(slot_->path, path, Slot::kPathBytes - 1);
  slot_->path[Slot::kPathBytes - 1] = '\0';
}

// Sends what is in the slot and waits for the answer; false if the server is dead.
bool Call::Exchange() {
  if (session.gone() || !session.Mine()) return false;
  slot_->state.store(SlotState::kRequest);
  session.channel()->pending.fetch_or(uint64_t{1} << index_);
  Ring();
  if (session.can_spin()) {
    const uint64_t end = NowNs() + kSpinNs;
    do {
      for (int i = 0; i < 32; ++i) {
        if (slot_->state.load(std::memory_order_acquire) == SlotState::kAnswer) return true;
        __builtin_ia32_pause();
      }
    } while (NowNs() < end);
  }
  slot_->waiter.store(1);
  while (slot_->state.load() != SlotState::kAnswer) {
    const timespec time = {0, kSignalNapNs};
    raw::FutexWait(&slot_->state, static_cast<uint32_t>(SlotState::kRequest), &time);
    if (slot_->state.load() == SlotState::kAnswer) break;
    if (!interrupted_) LookForSignals();
    pollfd server = {session.socket(), POLLIN, 0};
    const timespec now = {};
    const long ready = raw::Call(SYS_ppoll, reinterpret_cast<long>(&server), 1,
                                 reinterpret_cast<long>(&now), 0, 8);
    if (ready > 0 && (server.revents & (POLLHUP | POLLERR)) != 0) {
      session.Lost();
      return false;
    }
  }
  slot_->waiter.store(0, std::memory_order_relaxed);
  return true;
}

void Call::Ring() {
  if (session.page()->sleeping.load() == 0) return;
  raw::Call(SYS_sendto, session.socket(), reinterpret_cast<long>("!"), 1,
            MSG_DONTWAIT | MSG_NOSIGNAL);
}

// A call that sleeps in the driver ends by a signal, if the driver lets it. Blocked meanwhile, the
// signal is pending, and comes when the call has ended.
void Call::LookForSignals() {
  uint64_t pending = 0;
  raw::Call(SYS_rt_sigpending, reinterpret_cast<long>(&pending), sizeof pending);
  pending &= ~blocked_.before();
  for (; pending != 0; pending &= pending - 1) {
    const int number = std::countr_zero(pending) + 1;
    struct {
      void (*handler)(int);
      unsigned long flags;
      void (*restorer)();
      uint64_t mask;
    } action = {};
    raw::Call(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(&action), 8);
    const bool ignored = action.handler == SIG_IGN ||
                         (action.handler == SIG_DFL && (number == SIGCHLD || number == SIGCONT ||
                                                        number == SIGURG || number == SIGWINCH));
    if (ignored) continue;
    interrupted_ = true;
    restartable_ &= action.handler == SIG_DFL || (action.flags & SA_RESTART) != 0;
  }
  if (!interrupted_) return;
  session.channel()->interrupted.fetch_or(uint64_t{1} << index_);
  Ring();
}

int64_t Call::Run(Before before, void* argument) {
  const Op op = slot_->op;
  if (!Exchange()) {
    if (before != nullptr) before(argument, -EIO, 0);
    return -EIO;
  }
  const int64_t value = slot_->value;
  flags_ = slot_->flags;
  signal_ = slot_->signal;
  code_ = slot_->code;
  if (before != nullptr) before(argument, value, flags_);
  if (op == Op::kLoad || op == Op::kStore) {
    unsigned char kept[sizeof slot_->bytes];
    memcpy(kept, slot_->bytes, sizeof kept);
    if ((flags_ & kTellStack) != 0) TellStack();
    if (signal_ != 0 && code_ == 0) DieOf(signal_);
    memcpy(slot_->bytes, kept, sizeof kept);
    return value;
  }
  CarryOut(session.channel(), slot_->batch, slot_->updates, slot_->update_count);
  for (uint32_t more = flags_ & kHasMore; more != 0; more = slot_->flags & kHasMore) {
    slot_->op = Op::kMore;
    if (!Exchange()) return -EIO;
    CarryOut(session.channel(), slot_->batch, slot_->updates, slot_->update_count);
  }
  if ((flags_ & kTellStack) != 0) TellStack();
  if (signal_ != 0 && code_ == 0) DieOf(signal_);
  return value;
}

void Call::TellStack() {
  void* frames[Slot::kMaxFrames];
  const int count = backtrace(frames, static_cast<int>(Slot::kMaxFrames));
  slot_->op = Op::kStack;
  slot_->args[0] = static_cast<uint64_t>(count);
  for (int i = 0; i < count; ++i) slot_->frames[i] = reinterpret_cast<uint64_t>(frames[i]);
  Exchange();
}

void CarryOut(Channel* channel, uint64_t batch, const Update* updates, uint32_t count) {
  if (batch == 0) return;
  while (channel->applied.load() + 1 != batch) raw::Call(SYS_sched_yield);
  for (uint32_t i = 0; i < count; ++i) {
    const Update& u = updates[i];
    const uint64_t length = u.pages * kPageBytes;
    const long at =
        u.store == Store::kNone
            ? raw::Reserve(u.address, length, MAP_FIXED)
            : raw::Map(u.address, length, static_cast<int>(u.prot), MAP_SHARED | MAP_FIXED,
                       u.store == Store::kRam ? session.ram() : session.mmio(), u.offset);
    if (!raw::Failed(at)) continue;
    raw::Say(
        "a mapping of the simulated machine cannot be shown: mmap of the host fails with "
        "errno %d (vm.max_map_count?)",
        static_cast<uint64_t>(-at));
    DieOf(SIGABRT);
  }
  channel->applied.store(batch);
}

void DieOf(int signal) {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    uint64_t mask;
  } action = {SIG_DFL, 0, nullptr, 0};
  raw::Call(SYS_rt_sigaction, signal, reinterpret_cast<long>(&action), 0, 8);
  const uint64_t bit = uint64_t{1} << (signal - 1);
  raw::Call(SYS_rt_sigprocmask, SIG_UNBLOCK, reinterpret_cast<long>(&bit), 0, 8);
  raw::Call(SYS_tgkill, raw::Pid(), raw::Call(SYS_gettid), signal);
  for (;;) raw::Call(SYS_exit_group, 128 + signal);
}

}  // namespace drydock::live
