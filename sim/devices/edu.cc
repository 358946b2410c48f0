#include "sim/devices/edu.h"

#include <stdexcept>

#include "sim/devices/options.h"

namespace drydock::devices {
namespace {

constexpr uint64_t kId = 0x00, kLiveness = 0x04, kFactorial = 0x08, kStatus = 0x20,
                   kIrqStatus = 0x24, kIrqRaise = 0x60, kIrqAck = 0x64, kDmaSource = 0x80,
                   kDmaDestination = 0x88, kDmaCount = 0x90, kDmaCommand = 0x98;
constexpr uint32_t kIdValue = 0x010000ed;
constexpr uint32_t kComputing = 0x01, kRaiseWhenComputed = 0x80;
constexpr uint32_t kFactorialIrq = 0x001, kDmaIrq = 0x100;
constexpr uint64_t kRun = 1, kToMemory = 2, kRaiseWhenDone = 4;

// As a 32-bit machine computes it: what does not fit is lost.
uint32_t FactorialOf(uint32_t n) {
  uint32_t result = 1;
  for (; n > 1; --n) {
    result *= n;
    if (result == 0) return 0;  // and stays 0
  }
  return result;
}

}  // namespace

Edu::Edu(const kernel::DeviceOptions& options, kernel::DeviceSite& site)
    : site_(site), state_(site.state(), "edu registers"), buffer_(site.state(), "edu buffer") {
  for (const auto& [name, value] : options) {
    if (name == "dma-ns") {
      dma_ns_ = NumberOption("edu", name, value, uint64_t{1} << 40);
    } else if (name == "factorial-ns") {
      factorial_ns_ = NumberOption("edu", name, value, uint64_t{1} << 40);
    } else {
      throw std::runtime_error("model edu has no option '" + name +
                               "'; it has dma-ns and factorial-ns");
    }
  }
}

uint64_t Edu::ReadRegister(unsigned, uint64_t offset, unsigned size_bytes) {
  if (size_bytes < 4) return 0;  // the bus does not let them through
  if (size_bytes == 8 && offset < kDmaSource) return ~uint64_t{0};
  const State& state = *state_;
  switch (offset) {
    case kId:
      return kIdValue;
    case kLiveness:
      return state.liveness;
    case kFactorial:
      return state.factorial;
    case kStatus:
      return state.status;
    case kIrqStatus:
      return state.irq_status;
    case kDmaSource:
      return state.dma_source;
    case kDmaDestination:
      return state.dma_destination;
    case kDmaCount:
      return state.dma_count;
    case kDmaCommand:
      return state.dma_command;
    default:
      return ~uint64_t{0};
  }
}

void Edu::WriteRegister(unsigned, uint64_t offset, uint64_t value, unsigned size_bytes) {
  if (size_bytes != 4 && (size_bytes != 8 || offset < kDmaSource)) return;
  const bool transferring = (state_->dma_command & kRun) != 0;
  const auto word = static_cast<uint32_t>(value);
  switch (offset) {
    case kLiveness:
      state_.Mut().liveness = ~word;
      return;
    case kFactorial:
      if ((state_->status & kComputing) != 0) return;  // one at a time
      state_.Mut().factorial = word;
      state_.Mut().status |= kComputing;
      site_.After(factorial_ns_, *this, kFactorialDone);
      return;
    case kStatus:
      state_.Mut().status = (state_->status & ~kRaiseWhenComputed) | (word & kRaiseWhenComputed);
      return;
    case kIrqRaise:
      Raise(word);
      return;
    case kIrqAck:
      Acknowledge(word);
      return;
    case kDmaSource:
      if (!transferring) state_.Mut().dma_source = value;
      return;
    case kDmaDestination:
      if (!transferring) state_.Mut().dma_destination = value;
      return;
    case kDmaCount:
      if (!transferring) state_.Mut().dma_count = value;
      return;
    case kDmaCommand:
      if (transferring || (value & kRun) == 0) return;
      state_.Mut().dma_command = value & (kRun | kToMemory | kRaiseWhenDone);
      site_.After(dma_ns_, *this, kDmaDone);
      return;
    default:
      return;
  }
}

void Edu::OnEvent(uint64_t event) {
  if (event == kDmaDone) {
    EndTransfer();
    return;
  }
  State& state = state_.Mut();
  state.factorial = FactorialOf(state.factorial);
  state.status &= ~kComputing;
  if ((state.status & kRaiseWhenComputed) != 0) Raise(kFactorialIrq);
}

bool Edu::InBuffer(uint64_t address, uint64_t count) {
  return address >= kBufferAt && count <= kBufferBytes &&
         address - kBufferAt <= kBufferBytes - count;
}

void Edu::EndTransfer() {
  State& state = state_.Mut();
  const bool to_memory = (state.dma_command & kToMemory) != 0;
  const uint64_t inside = to_memory ? state.dma_source : state.dma_destination;
  // What it has no wires for does not go out.
  const uint64_t outside = (to_memory ? state.dma_destination : state.dma_source) & kDmaMask;
  uint64_t count = state.dma_count;
  bool refused = false;
  if (state.short_transfers != 0) {
    --state.short_transfers;
    count /= 2;
  }
  if (state.bus_errors != 0) {
    --state.bus_errors;
    count /= 2;
    refused = true;
  }
  if (InBuffer(inside, count)) {
    uint8_t* bytes = buffer_.Mut().bytes + (inside - kBufferAt);
    if (to_memory) {
      site_.Dma(outside, nullptr, bytes, count);
    } else {
      site_.Dma(outside, bytes, nullptr, count);
    }
  }
  const bool raise = (state.dma_command & kRaiseWhenDone) != 0 && !refused;
  state.dma_command &= ~kRun;
  if (raise) Raise(kDmaIrq);
}

void Edu::Raise(uint32_t bits) {
  State& state = state_.Mut();
  state.irq_status |= bits;
  if (state.irq_status == 0) return;
  if (state.lose_interrupts != 0) {
    --state.lose_interrupts;
    return;
  }
  site_.SetInterrupt(0, true);
}

void Edu::Acknowledge(uint32_t bits) {
  state_.Mut().irq_status &= ~bits;
  if (state_->irq_status == 0) site_.SetInterrupt(0, false);
}

bool Edu::Inject(std::string_view fault, uint32_t count) {
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
