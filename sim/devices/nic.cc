#include "sim/devices/nic.h"

#include <bit>
#include <stdexcept>

namespace drydock::devices {
namespace {

constexpr uint32_t kIdValue = 0x4e494301;
constexpr uint32_t kRun = 1, kLossless = 2, kLoopback = 4;
constexpr uint32_t kIrqRx = 1, kIrqTx = 2;
constexpr uint32_t kDevice = 0, kProgram = 1;
constexpr uint32_t kOk = 0, kBadLength = 1;
constexpr uint64_t kDescriptorBytes = 16;
constexpr uint64_t kUs = 1000;

uint64_t WithLow(uint64_t value, uint32_t low) { return (value & ~uint64_t{0xffffffff}) | low; }
uint64_t WithHigh(uint64_t value, uint32_t high) {
  return (value & 0xffffffff) | uint64_t{high} << 32;
}

uint32_t MakeFrame(uint32_t number, uint8_t* to) {
  const uint32_t length = 64 + number % 1455;
  for (uint32_t i = 0; i < 4; ++i) to[i] = static_cast<uint8_t>(number >> 8 * i);
  for (uint32_t i = 4; i < length; ++i) to[i] = static_cast<uint8_t>(number + i);
  return length;
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "descriptors are copied as bytes");

Nic::Nic(const kernel::DeviceOptions& options, kernel::DeviceSite& site)
    : site_(site), state_(site.state(), "nic registers") {
  if (!options.empty()) {
    throw std::runtime_error("model nic has no option '" + options[0].first + "'");
  }
}

uint64_t Nic::ReadRegister(unsigned, uint64_t offset, unsigned size_bytes) {
  if (size_bytes != 4) return ~uint64_t{0};
  const State& s = *state_;
  switch (offset) {
    case 0x00:
      return kIdValue;
    case 0x04:
      return s.control;
    case 0x08:
      return s.entries;
    case 0x0c:
      return s.count;
    case 0x10:
      return s.burst;
    case 0x14:
      return s.interval_us;
    case 0x1c:
      return s.irq_status;
    case 0x24:
      return s.received;
    case 0x28:
      return s.dropped;
    case 0x2c:
      return s.sent;
    case 0x30:
      return s.bad;
    case 0x34:
      return s.rx_index;
    case 0x38:
      return s.tx_index;
    case 0x40:
      return static_cast<uint32_t>(s.rx_ring);
    case 0x44:
      return s.rx_ring >> 32;
    case 0x48:
      return static_cast<uint32_t>(s.tx_ring);
    case 0x4c:
      return s.tx_ring >> 32;
    case 0x50:
      return static_cast<uint32_t>(s.buffers);
    case 0x54:
      return s.buffers >> 32;
    default:
      return ~uint64_t{0};
  }
}

void Nic::WriteRegister(unsigned, uint64_t offset, uint64_t value, unsigned size_bytes) {
  if (size_bytes != 4) return;
  const auto word = static_cast<uint32_t>(value);
  const bool runs = (state_->control & kRun) != 0;
  switch (offset) {
    case 0x04:
      if ((word & kRun) == 0) {
        Stop();
      } else if (!runs) {
        Start(word);
      }
      return;
    case 0x18:
      if (runs) {
        site_.Cancel(*this, kSend);
        site_.After(kSendNs, *this, kSend);
      }
      return;
    case 0x20: {
      State& s = state_.Mut();
      s.irq_status &= ~word;
      if (s.irq_status == 0) site_.SetInterrupt(0, false);
      return;
    }
    default:
      break;
  }
  if (runs) return;  // what it works with stays as it is
  State& s = state_.Mut();
  switch (offset) {
    case 0x08:
      s.entries = word;
      return;
    case 0x0c:
      s.count = word;
      return;
    case 0x10:
      s.burst = word;
      return;
    case 0x14:
      s.interval_us = word;
      return;
    case 0x40:
      s.rx_ring = WithLow(s.rx_ring, word);
      return;
    case 0x44:
      s.rx_ring = WithHigh(s.rx_ring, word);
      return;
    case 0x48:
      s.tx_ring = WithLow(s.tx_ring, word);
      return;
    case 0x4c:
      s.tx_ring = WithHigh(s.tx_ring, word);
      return;
    case 0x50:
      s.buffers = WithLow(s.buffers, word);
      return;
    case 0x54:
      s.buffers = WithHigh(s.buffers, word);
      return;
    default:
      return;
  }
}

// A number of entries that is no power of two, or too large: it does not run.
void Nic::Start(uint32_t control) {
  State& s = state_.Mut();
  if (s.entries == 0 || s.entries > kMaxEntries || !std::has_single_bit(s.entries)) return;
  s.control = control & (kRun | kLossless | kLoopback);
  s.received = s.dropped = s.sent = s.bad = s.rx_index = s.tx_index = s.produced = 0;
  if (s.count != 0) site_.After(s.interval_us * kUs, *this, kReceive);
}

void Nic::Stop() {
  if ((state_->control & kRun) == 0) return;
  site_.Cancel(*this, kReceive);
  site_.Cancel(*this, kSend);
  state_.Mut().control = 0;
}

void Nic::OnEvent(uint64_t event) {
  if (event == kSend) {
    Send();
  } else {
    ReceiveBurst();
  }
}

uint64_t Nic::BufferAt(bool tx, uint32_t index) const {
  return state_->buffers + (uint64_t{tx ? state_->entries : 0} + index) * kBufferBytes;
}

bool Nic::Access(uint64_t address, void* to, const void* from, size_t size_bytes) {
  if (state_->bus_errors != 0) {
    --state_.Mut().bus_errors;
    return false;
  }
  return site_.Dma(address, to, from, size_bytes);
}

bool Nic::Receive(const uint8_t* frame, uint32_t length) {
  State& s = state_.Mut();
  const uint64_t at = s.rx_ring + s.rx_index * kDescriptorBytes;
  Descriptor descriptor{};
  if (!Access(at, &descriptor, nullptr, sizeof descriptor)) return false;
  if (descriptor.owner != kDevice) return false;
  uint32_t arrives = length;
  if (s.short_transfers != 0) {
    --s.short_transfers;
    arrives /= 2;
  }
  if (!Access(BufferAt(false, s.rx_index), nullptr, frame, arrives)) return false;
  // The owner goes last, so that a program which polls it finds the rest.
  descriptor = {kDevice, length, kOk, s.received};
  site_.Dma(at, nullptr, &descriptor, sizeof descriptor);
  site_.Dma(at, nullptr, &kProgram, sizeof kProgram);
  s.rx_index = (s.rx_index + 1) & (s.entries - 1);
  ++s.received;
  return true;
}

void Nic::ReceiveBurst() {
  State& s = state_.Mut();
  bool waits = false;
  uint8_t frame[kLongest + 1];
  for (uint32_t i = 0; i < s.burst && s.produced != s.count && !waits; ++i) {
    const uint32_t length = MakeFrame(s.received, frame);
    if (!Receive(frame, length)) {
      if ((s.control & kLossless) != 0) {
        waits = true;
        continue;
      }
      ++s.dropped;
      ++s.received;
    }
    ++s.produced;
  }
  // It comes again even if the interval is zero: in a microsecond.
  if (s.produced != s.count) {
    site_.After((s.interval_us != 0 ? s.interval_us : 1) * kUs, *this, kReceive);
  }
  Raise(kIrqRx);
}

void Nic::Send() {
  State& s = state_.Mut();
  uint32_t done = 0;
  for (; done < s.entries; ++done) {
    const uint64_t at = s.tx_ring + s.tx_index * kDescriptorBytes;
    Descriptor descriptor{};
    if (!Access(at, &descriptor, nullptr, sizeof descriptor)) break;
    if (descriptor.owner != kDevice) break;
    uint8_t frame[kLongest + 1];
    const bool good = descriptor.length >= kShortest && descriptor.length <= kLongest &&
                      Access(BufferAt(true, s.tx_index), frame, nullptr, descriptor.length);
    if (!good) {
      ++s.bad;
    } else {
      ++s.sent;
      if ((s.control & kLoopback) != 0 && !Receive(frame, descriptor.length)) {
        ++s.dropped;
        ++s.received;
      }
    }
    const uint32_t status = good ? kOk : kBadLength;
    site_.Dma(at + 8, nullptr, &status, sizeof status);
    site_.Dma(at, nullptr, &kProgram, sizeof kProgram);
    s.tx_index = (s.tx_index + 1) & (s.entries - 1);
  }
  // A program may fill the ring as fast as it is emptied: the rest after another moment.
  if (done == s.entries) site_.After(kSendNs, *this, kSend);
  Raise(done != 0 && (s.control & kLoopback) != 0 ? kIrqTx | kIrqRx : kIrqTx);
}

void Nic::Raise(uint32_t bits) {
  State& s = state_.Mut();
  s.irq_status |= bits;
  if (s.lose_interrupts != 0) {
    --s.lose_interrupts;
    return;
  }
  site_.SetInterrupt(0, true);
}

bool Nic::Inject(std::string_view fault, uint32_t count) {
  if (fault == "lost-interrupt") {
    state_.Mut().lose_interrupts = count;
  } else if (fault == "bus-error") {
    state_.Mut().bus_errors = count;
  } else if (fault == "short-transfer") {
    state_.Mut().short_transfers = count;
  } else {
    return false;
  }
  return true;
}

}  // namespace drydock::devices
