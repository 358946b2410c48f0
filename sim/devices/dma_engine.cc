#include "sim/devices/dma_engine.h"

#include <algorithm>
#include <stdexcept>

#include "sim/devices/options.h"

namespace drydock::devices {
namespace {

constexpr uint64_t kId = 0x00, kStatus = 0x04, kAcknowledge = 0x08, kCommand = 0x0c,
                   kSourceLow = 0x10, kSourceHigh = 0x14, kDestinationLow = 0x18,
                   kDestinationHigh = 0x1c, kCount = 0x20, kCopied = 0x24;
constexpr uint32_t kIdValue = 0xd3a00001;
constexpr uint32_t kBusy = 1, kDone = 2, kError = 4;
constexpr uint32_t kStart = 1, kReset = 2;
constexpr uint32_t kBurstBytes = 4096;

uint64_t WithLow(uint64_t value, uint32_t low) { return (value & ~uint64_t{0xffffffff}) | low; }
uint64_t WithHigh(uint64_t value, uint32_t high) {
  return (value & 0xffffffff) | uint64_t{high} << 32;
}

}  // namespace

DmaEngine::DmaEngine(const kernel::DeviceOptions& options, kernel::DeviceSite& site)
    : site_(site), state_(site.state(), "dma-engine registers") {
  for (const auto& [name, value] : options) {
    if (name == "start-ns") {
      start_ns_ = NumberOption("dma-engine", name, value, uint64_t{1} << 40);
    } else if (name == "kib-ns") {
      ns_per_kib_ = NumberOption("dma-engine", name, value, uint64_t{1} << 30);
    } else {
      throw std::runtime_error("model dma-engine has no option '" + name +
                               "'; it has start-ns and kib-ns");
    }
  }
}

uint64_t DmaEngine::ReadRegister(unsigned, uint64_t offset, unsigned size_bytes) {
  if (size_bytes != 4) return ~uint64_t{0};
  const State& state = *state_;
  switch (offset) {
    case kId:
      return kIdValue;
    case kStatus:
      return state.status;
    case kSourceLow:
      return static_cast<uint32_t>(state.source);
    case kSourceHigh:
      return state.source >> 32;
    case kDestinationLow:
      return static_cast<uint32_t>(state.destination);
    case kDestinationHigh:
      return state.destination >> 32;
    case kCount:
      return state.count;
    case kCopied:
      return state.copied;
    default:
      return ~uint64_t{0};
  }
}

void DmaEngine::WriteRegister(unsigned, uint64_t offset, uint64_t value, unsigned size_bytes) {
  if (size_bytes != 4) return;
  const auto word = static_cast<uint32_t>(value);
  if (offset == kCommand) {
    Command(word);
    return;
  }
  State& state = state_.Mut();
  if (offset == kAcknowledge) {
    state.status &= ~(word & (kDone | kError));
    if ((state.status & (kDone | kError)) == 0) site_.SetInterrupt(0, false);
    return;
  }
  if ((state.status & kBusy) != 0) return;  // what it works with stays as it is
  switch (offset) {
    case kSourceLow:
      state.source = WithLow(state.source, word);
      return;
    case kSourceHigh:
      state.source = WithHigh(state.source, word);
      return;
    case kDestinationLow:
      state.destination = WithLow(state.destination, word);
      return;
    case kDestinationHigh:
      state.destination = WithHigh(state.destination, word);
      return;
    case kCount:
      state.count = word;
      return;
    default:
      return;
  }
}

void DmaEngine::Command(uint32_t command) {
  State& state = state_.Mut();
  if (command == kReset) {
    site_.Cancel(*this, 0);
    site_.SetInterrupt(0, false);
    state.status = 0;
    return;
  }
  if (command != kStart || (state.status & kBusy) != 0) return;
  state.status = kBusy;
  state.copied = 0;
  if (state.stuck != 0) {
    --state.stuck;
    return;
  }
  site_.After(start_ns_ + (state.count + uint64_t{1023}) / 1024 * ns_per_kib_, *this, 0);
}

void DmaEngine::OnEvent(uint64_t) {
  State& state = state_.Mut();
  uint32_t count = state.count;
  if (state.short_transfers != 0) {
    --state.short_transfers;
    state.copied = Copy(count / 2);
    End(kDone);
    return;
  }
  const bool refused = state.bus_errors != 0;
  if (refused) {
    --state.bus_errors;
    count /= 2;
  }
  state.copied = Copy(count);
  End(refused || state.copied != count ? kError : kDone);
}

uint32_t DmaEngine::Copy(uint32_t count) {
  uint8_t burst[kBurstBytes];
  for (uint32_t done = 0; done < count;) {
    const uint32_t piece = std::min(count - done, kBurstBytes);
    if (!site_.Dma(state_->source + done, burst, nullptr, piece) ||
        !site_.Dma(state_->destination + done, nullptr, burst, piece)) {
      return done;
    }
    done += piece;
  }
  return count;
}

void DmaEngine::End(uint32_t status) {
  State& state = state_.Mut();
  state.status = status;
  if (state.lose_interrupts != 0) {
    --state.lose_interrupts;
    return;
  }
  site_.SetInterrupt(0, true);
}

bool DmaEngine::Inject(std::string_view fault, uint32_t count) {
  if (fault == "lost-interrupt") {
    state_.Mut().lose_interrupts = count;
  } else if (fault == "bus-error") {
    state_.Mut().bus_errors = count;
  } else if (fault == "short-transfer") {
    state_.Mut().short_transfers = count;
  } else if (fault == "stuck") {
    state_.Mut().stuck = count;
  } else {
    return false;
  }
  return true;
}

}  // namespace drydock::devices
