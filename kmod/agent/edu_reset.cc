#include "kmod/agent/edu_reset.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver_core/edu_regs.h"
#include "kmod/agent/guest_setup.h"

namespace drydock::kmod {
namespace {

constexpr size_t kMappedBytes = 4096;      // holds the registers
constexpr uint32_t kFactorialIsZero = 34;  // 34! is a multiple of 2^32
constexpr int kPolls = 1000;

class Registers {
 public:
  explicit Registers(void* at) : at_(static_cast<char*>(at)) {}

  uint32_t Read(size_t offset) const { return *reinterpret_cast<volatile uint32_t*>(at_ + offset); }
  void Write(size_t offset, uint32_t value) const {
    *reinterpret_cast<volatile uint32_t*>(at_ + offset) = value;
  }

 private:
  char* at_;
};

void PowerOn(const Registers& edu) {
  edu.Write(EDU_LIVENESS, ~uint32_t{0});  // reads as the inverse
  edu.Write(EDU_STATUS, 0);
  if (edu.Read(EDU_FACTORIAL) != 0) {
    edu.Write(EDU_FACTORIAL, kFactorialIsZero);
    for (int i = 0; i < kPolls && (edu.Read(EDU_STATUS) & EDU_STATUS_COMPUTING) != 0; ++i) {
      usleep(10);
    }
  }
  edu.Write(EDU_IRQ_ACK, ~uint32_t{0});
  for (const size_t offset :
       {EDU_DMA_COMMAND, EDU_DMA_SOURCE, EDU_DMA_DESTINATION, EDU_DMA_COUNT}) {
    edu.Write(offset, 0);
  }
}

}  // namespace

void ResetEdu() {
  const int fd = OpenPciResource(EDU_VENDOR, EDU_DEVICE, 0);
  if (fd < 0) return;
  void* const at = mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  const Registers edu(at);
  // Another value: no driver has enabled the device yet, its registers have not been touched.
  if ((edu.Read(EDU_ID) & EDU_ID_MASK) == EDU_ID_VALUE) PowerOn(edu);
  munmap(at, kMappedBytes);
}

}  // namespace drydock::kmod
