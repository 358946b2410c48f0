#include "kmod/agent/device_reset.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kmod/agent/guest_setup.h"

namespace drydock::kmod {
namespace {

constexpr size_t kRegisterBytes = 4096;
constexpr uint32_t kIdByte = 0xed;
// Registers of 32 bits, and those of the DMA engine.
constexpr size_t kId = 0x00, kLiveness = 0x04, kFactorial = 0x08, kStatus = 0x20, kIrqAck = 0x64;
constexpr size_t kDmaSource = 0x80, kDmaDestination = 0x88, kDmaCount = 0x90, kDmaCommand = 0x98;
constexpr uint32_t kComputing = 1;
constexpr uint32_t kFactorialIsZero = 34;  // 34! is a multiple of 2^32

}  // namespace

void ResetEdu() {
  const int fd = OpenPciResource("0x1234", "0x11e8", 0);
  if (fd < 0) return;
  void* const at = mmap(nullptr, kRegisterBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  const auto word = [at](size_t offset) {
    return reinterpret_cast<volatile uint32_t*>(static_cast<char*>(at) + offset);
  };
  if ((*word(kId) & 0xff) == kIdByte) {  // not so: it does not decode addresses yet
    *word(kLiveness) = ~uint32_t{0};     // reads as the inverse
    *word(kStatus) = 0;
    if (*word(kFactorial) != 0) *word(kFactorial) = kFactorialIsZero;
    while ((*word(kStatus) & kComputing) != 0) {
    }
    *word(kIrqAck) = ~uint32_t{0};
    for (const size_t offset : {kDmaCommand, kDmaSource, kDmaDestination, kDmaCount}) {
      *reinterpret_cast<volatile uint64_t*>(static_cast<char*>(at) + offset) = 0;
    }
  }
  munmap(at, kRegisterBytes);
}

}  // namespace drydock::kmod
