#include "kmod/agent/turn.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <time.h>

#include "kmod/agent/raw_call.h"

namespace drydock::kmod {
namespace {

// Nobody is woken whose turn it is not.
uint64_t BitOf(uint32_t turn) {
  return uint64_t{1} << (turn < kMostProcesses ? turn : turn == kAgentsTurn ? 30 : 31);
}
static_assert(kMostProcesses < 30);

int64_t AwaitChange(RunState* run, uint32_t now, const timespec* until, uint64_t bits) {
  return RawCall(SYS_futex, reinterpret_cast<uint64_t>(&run->turn), FUTEX_WAIT_BITSET, now,
                 reinterpret_cast<uint64_t>(until), 0, bits);
}

}  // namespace

void WakeTurn(RunState* run, uint32_t turn) {
  run->turn.store(turn);
  RawCall(SYS_futex, reinterpret_cast<uint64_t>(&run->turn), FUTEX_WAKE_BITSET, 1, 0, 0,
          BitOf(turn));
}

bool AwaitTurn(RunState* run, uint32_t turn, int timeout_ms) {
  timespec until = {};
  RawCall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<uint64_t>(&until));
  until.tv_sec += timeout_ms / 1000;
  until.tv_nsec += timeout_ms % 1000 * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    ++until.tv_sec;
    until.tv_nsec -= 1000000000L;
  }
  for (;;) {
    const uint32_t now = run->turn.load();
    if (now == turn) return true;
    if (AwaitChange(run, now, &until, BitOf(turn)) == -ETIMEDOUT) return run->turn.load() == turn;
  }
}

uint32_t AwaitEitherTurn(RunState* run, uint32_t one, uint32_t other) {
  for (;;) {
    const uint32_t now = run->turn.load();
    if (now == one || now == other) return now;
    AwaitChange(run, now, nullptr, BitOf(one) | BitOf(other));
  }
}

bool AwaitExit(pid_t pid, int timeout_ms) {
  const int64_t fd = RawCall(SYS_pidfd_open, static_cast<uint64_t>(pid), 0);
  if (fd < 0) return true;  // reaped already
  pollfd wait = {static_cast<int>(fd), POLLIN, 0};
  const int64_t ready =
      RawCall(SYS_poll, reinterpret_cast<uint64_t>(&wait), 1, static_cast<uint64_t>(timeout_ms));
  RawCall(SYS_close, static_cast<uint64_t>(fd));
  return ready > 0;
}

}  // namespace drydock::kmod
