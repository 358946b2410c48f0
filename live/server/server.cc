#include "live/server/server.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "sim/kernel/kernel.h"

namespace drydock::live {
namespace {

// How long the server looks for the next request before it sleeps.
constexpr uint64_t kSpinNs = 50'000;

uint64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t Tag(int descriptor, uint32_t kind) {
  return static_cast<uint64_t>(kind) << 32 | static_cast<uint32_t>(descriptor);
}

// How long a call of a dead process may sleep on before the end of the run waits no longer for it.
constexpr uint64_t kGraceNs = 3'000'000'000;

void Send(int socket, const Welcome& welcome, const int* descriptors, size_t count) {
  iovec part = {const_cast<Welcome*>(&welcome), sizeof welcome};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count != 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
  }
  sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Server::Server(Machine& machine, World& world, const std::string& folder)
    : machine_(machine), world_(world), folder_(folder) {
  const auto fail = [&](const std::string& what) { error_ = what + ": " + std::strerror(errno); };
  const std::string page = folder_ + kPageFile;
  const int file = open(page.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof(SessionPage)) != 0) {
    fail(page);
    return;
  }
  void* at = mmap(nullptr, sizeof(SessionPage), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (at == MAP_FAILED) {
    fail(page);
    return;
  }
  page_ = new (at) SessionPage;
  ListNodes();

  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ + kSocketFile;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(path);
    return;
  }
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  listen_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listen_ < 0 || bind(listen_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listen_, 64) != 0) {
    fail(path);
    return;
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0 || !Watch(listen_, Kind::kListen)) {
    fail("epoll");
    return;
  }
  cpu_set_t processors;
  can_spin_ =
      sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
  page_->magic = kMagic;
}

Server::~Server() {
  if (page_ != nullptr) munmap(static_cast<void*>(page_), sizeof(SessionPage));
  if (listen_ >= 0) close(listen_);
  if (epoll_ >= 0) close(epoll_);
}

bool Server::Watch(int descriptor, Kind kind) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = Tag(descriptor, static_cast<uint32_t>(kind));
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Server::WatchProcesses() {
  for (const auto& program : machine_.programs()) {
    if (!program->watched && program->pidfd() >= 0) {
      program->watched = Watch(program->pidfd(), Kind::kProcess);
    }
  }
}

void Server::ListNodes() {
  kernel::Chrdevs::Node nodes[SessionPage::kMaxNodes];
  const size_t count = std::min<size_t>(
      world_.kernel().chrdev().ListNodes(nodes, SessionPage::kMaxNodes), SessionPage::kMaxNodes);
  bool same = count == page_->node_count;
  for (size_t i = 0; same && i < count; ++i) {
    same = std::strcmp(nodes[i].path, page_->nodes[i].path) == 0 &&
           kernel::MajorOf(nodes[i].devt) == page_->nodes[i].major &&
           kernel::MinorOf(nodes[i].devt) == page_->nodes[i].minor;
  }
  if (same) return;
  page_->generation.fetch_add(1);
  for (size_t i = 0; i < count; ++i) {
    Node& node = page_->nodes[i];
    node = Node{};
    static_assert(sizeof node.path >= sizeof nodes[i].path);
    std::memcpy(node.path, nodes[i].path, sizeof nodes[i].path);
    node.major = kernel::MajorOf(nodes[i].devt);
    node.minor = kernel::MinorOf(nodes[i].devt);
    node.mode = nodes[i].mode & 07777U;
  }
  page_->node_count = static_cast<uint32_t>(count);
  page_->generation.fetch_add(1);
}

std::vector<std::string> Server::nodes() const {
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < page_->node_count; ++i) paths.emplace_back(page_->nodes[i].path);
  return paths;
}

void Server::Accept() {
  for (;;) {
    const int socket = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    if (!Watch(socket, Kind::kNewcomer)) close(socket);
  }
}

// A newcomer has said its hello.
void Server::TakeHello(int socket) {
  Hello hello;
  const ssize_t size = recv(socket, &hello, sizeof hello, MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  ucred peer = {};
  socklen_t length = sizeof peer;
  if (size != static_cast<ssize_t>(sizeof hello) || hello.magic != kMagic ||
      getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    close(socket);
    return;
  }
  Welcome welcome;
  Program* program = nullptr;
  const uint32_t inherited = std::min<uint32_t>(hello.inherited_count, Hello::kMaxInherited);
  for (uint32_t i = 0; i < inherited; ++i) welcome.inherited[i] = -1;
  if (hello.join == Join::kFork) {
    program = machine_.Adopt(hello.token, peer.pid);
    if (program == nullptr) {
      return Refuse(socket, welcome, ESRCH, "a fork that the machine does not know of");
    }
    return Admit(socket, program, welcome);
  }
  for (const auto& other : machine_.programs()) {
    if (other->pid() == peer.pid && !other->dying && !other->Dead()) program = other.get();
  }
  if (program != nullptr) {
    const std::vector<uint64_t> inodes(hello.inherited, hello.inherited + inherited);
    return machine_.Exec(*program, inodes,
                         [this, socket, program](const Machine::Inherited& descriptors) {
                           Welcome known;
                           std::copy(descriptors.begin(), descriptors.end(), known.inherited);
                           Admit(socket, program, known);
                         });
  }
  int error = 0;
  program = machine_.Join(peer.pid, &error);
  if (program == nullptr) return Refuse(socket, welcome, error, std::strerror(error));
  Admit(socket, program, welcome);
}

void Server::Refuse(int socket, Welcome welcome, int error, const std::string& why) {
  welcome.error = error;
  why.copy(welcome.message, sizeof welcome.message - 1);
  Send(socket, welcome, nullptr, 0);
  close(socket);
}

void Server::Admit(int socket, Program* program, Welcome welcome) {
  WatchProcesses();
  welcome.server_pid = getpid();
  int channel = -1;
  if (program->dying || !program->MakeChannel(&channel)) {
    const int error = program->dying ? ESRCH : errno;
    machine_.Leave(*program);
    return Refuse(socket, welcome, error, std::strerror(error));
  }
  program->SetSocket(socket);
  Watch(socket, Kind::kSocket);
  const int descriptors[] = {channel, world_.kernel().memory().file(),
                             world_.kernel().mmio().file()};
  Send(socket, welcome, descriptors, std::size(descriptors));
  close(channel);
}

void Server::TakeEvents(int64_t timeout_ns) {
  epoll_event events[32];
  const timespec time = {timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  const int count =
      epoll_pwait2(epoll_, events, std::size(events), timeout_ns < 0 ? nullptr : &time, nullptr);
  for (int i = 0; i < count; ++i) {
    const int descriptor = static_cast<int>(events[i].data.u64 & 0xffffffff);
    switch (static_cast<Kind>(events[i].data.u64 >> 32)) {
      case Kind::kListen:
        Accept();
        break;
      case Kind::kNewcomer:
        TakeHello(descriptor);
        break;
      case Kind::kStop:
        stopping_ = true;
        epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
        break;
      case Kind::kSocket: {
        char bells[64];
        const ssize_t got = recv(descriptor, bells, sizeof bells, MSG_DONTWAIT);
        if (got > 0 || (got < 0 && errno == EAGAIN)) break;
        // The process is dead, which its pidfd tells, or has become another program.
        epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
        for (const auto& program : machine_.programs()) {
          if (program->socket() != descriptor) continue;
          program->LeaveChannel();
          break;
        }
        break;
      }
      case Kind::kProcess:
        for (const auto& program : machine_.programs()) {
          if (program->pidfd() != descriptor) continue;
          epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
          machine_.Leave(*program);
          break;
        }
        break;
    }
  }
}

void Server::ServeSlots(Program& program, uint64_t slots) {
  Channel* channel = program.channel();
  while (slots != 0) {
    const auto index = static_cast<size_t>(std::countr_zero(slots));
    Slot& slot = channel->slots[index];
    slots &= slots - 1;
    if (slot.state.load(std::memory_order_acquire) != SlotState::kRequest) continue;
    if (!machine_.Serve(program, &slot)) program.deferred |= uint32_t{1} << index;
  }
}

bool Server::Asks(Program& program) {
  Channel* channel = program.channel();
  return channel != nullptr && (channel->pending.load() != 0 || program.deferred != 0 ||
                                channel->interrupted.load() != 0);
}

bool Server::ServeAll() {
  bool served = false;
  for (size_t i = 0; i < machine_.programs().size(); ++i) {
    Program& program = *machine_.programs()[i];
    if (!Asks(program)) continue;
    if (machine_.programs().size() > 1) {
      // Who asks may have seen another one's end: first that, then the request.
      const size_t before = machine_.programs().size();
      TakeEvents(0);
      if (machine_.programs().size() != before) return true;
      if (program.channel() == nullptr) continue;
    }
    const bool fresh = program.channel()->pending.load() != 0;
    uint64_t slots = program.channel()->pending.exchange(0) | std::exchange(program.deferred, 0);
    for (uint64_t left = program.channel()->interrupted.exchange(0); left != 0; left &= left - 1) {
      machine_.Interrupt(program, &program.channel()->slots[std::countr_zero(left)]);
    }
    ServeSlots(program, slots);
    served |= fresh;
  }
  if (served) {
    ListNodes();
    WatchProcesses();
  }
  return served;
}

void Server::Run(int stop) {
  Watch(stop, Kind::kStop);
  uint64_t last = 0;
  while (!stopping_ || !machine_.programs().empty()) {
    const bool served = ServeAll();
    if (machine_.GoOn()) {
      ListNodes();
      last = NowNs();
      // (Work that never ends must not keep deaths from being seen.)
      TakeEvents(0);
      continue;
    }
    if (served) {
      last = NowNs();
      continue;
    }
    if (can_spin_ && NowNs() - last < kSpinNs) {
      __builtin_ia32_pause();
      continue;
    }
    page_->sleeping.store(1);
    bool waiting = false;
    bool all_dead = stopping_;
    for (const auto& program : machine_.programs()) {
      waiting |= program->channel() != nullptr && (program->channel()->pending.load() != 0 ||
                                                   program->channel()->interrupted.load() != 0);
      all_dead &= program->dying;
    }
    const int64_t idle = machine_.IdleNs();
    if (!waiting && !all_dead) TakeEvents(idle);
    if (!waiting && all_dead) {
      TakeEvents(idle < 0 ? static_cast<int64_t>(kGraceNs / 10) : idle);
      if (NowNs() - last > kGraceNs && machine_.GiveUp()) return;
    }
    page_->sleeping.store(0);
  }
}

}  // namespace drydock::live
