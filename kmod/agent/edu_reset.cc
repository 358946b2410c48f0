#include "kmod/agent/edu_reset.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver_core/edu_regs.h"
#include "kmod/agent/guest_setup.h"
#include "kmod/agent/run_state.h"
#include "kmod/ptdump/ptdump_uapi.h"

namespace drydock::kmod {
namespace {

constexpr size_t kPage = 4096;             // holds the registers, and as much as its memory
constexpr uint32_t kFactorialIsZero = 34;  // 34! is a multiple of 2^32
constexpr int kPolls = 1000;               // of a millisecond

class Registers {
 public:
  explicit Registers(void* at) : at_(static_cast<char*>(at)) {}

  uint32_t Read(size_t offset) const { return *reinterpret_cast<volatile uint32_t*>(at_ + offset); }
  void Write(size_t offset, uint32_t value) const {
    *reinterpret_cast<volatile uint32_t*>(at_ + offset) = value;
  }
  void AwaitZero(size_t offset, uint32_t bits) const {
    for (int i = 0; i < kPolls && (Read(offset) & bits) != 0; ++i) usleep(1000);
  }

 private:
  char* at_;
};

// While it lives, the device may read memory.
class BusMaster {
 public:
  BusMaster() : fd_(OpenPciFile(EDU_VENDOR, EDU_DEVICE, "config")) {
    if (pread(fd_, &was_, sizeof was_, PCI_COMMAND) == sizeof was_) {
      Write(static_cast<uint16_t>(was_ | PCI_COMMAND_MASTER));
    }
  }
  ~BusMaster() {
    Write(was_);
    close(fd_);
  }
  BusMaster(const BusMaster&) = delete;
  BusMaster& operator=(const BusMaster&) = delete;

 private:
  void Write(uint16_t command) const {
    [[maybe_unused]] const ssize_t written = pwrite(fd_, &command, sizeof command, PCI_COMMAND);
  }

  const int fd_;
  uint16_t was_ = 0;
};

// The bus address of a page of zeroes; 0: it cannot be known.
uint64_t BusAddress(void* page) {
  *static_cast<volatile char*>(page) = 0;
  const auto at = reinterpret_cast<uint64_t>(page);
  ptdump_record records[2] = {};
  ptdump_dump dump = {.start = at,
                      .end = at + kPage,
                      .records = reinterpret_cast<uint64_t>(records),
                      .capacity = 2,
                      .count = 0};
  if (ioctl(kPtdumpFd, PTDUMP_DUMP, &dump) != 0 || records[1].kind != PTDUMP_RUN) return 0;
  return (records[1].frame << 12) + (at - records[1].start);
}

// A transfer is also the only way to a command register that is zero.
void TransferZeroes(const Registers& edu) {
  void* const page =
      mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  const uint64_t from = BusAddress(page);
  if (from != 0 && from >> EDU_DMA_BITS == 0) {
    const BusMaster master;
    edu.Write(EDU_DMA_SOURCE, static_cast<uint32_t>(from));
    edu.Write(EDU_DMA_DESTINATION, EDU_BUFFER);
    edu.Write(EDU_DMA_COUNT, EDU_BUFFER_USABLE);
    edu.Write(EDU_DMA_COMMAND, EDU_DMA_START);
    edu.AwaitZero(EDU_DMA_COMMAND, EDU_DMA_START);
  }
  munmap(page, kPage);
}

void PowerOn(const Registers& edu) {
  edu.Write(EDU_LIVENESS, ~uint32_t{0});  // reads as the inverse
  edu.Write(EDU_STATUS, 0);
  if (edu.Read(EDU_FACTORIAL) != 0) {
    edu.Write(EDU_FACTORIAL, kFactorialIsZero);
    edu.AwaitZero(EDU_STATUS, EDU_STATUS_COMPUTING);
  }
  constexpr size_t kOfDma[] = {EDU_DMA_COMMAND, EDU_DMA_SOURCE, EDU_DMA_DESTINATION, EDU_DMA_COUNT};
  edu.AwaitZero(EDU_DMA_COMMAND, EDU_DMA_START);
  uint32_t used = 0;
  for (const size_t offset : kOfDma) used |= edu.Read(offset);
  if (used != 0) TransferZeroes(edu);
  for (const size_t offset : kOfDma) edu.Write(offset, 0);
  edu.Write(EDU_IRQ_ACK, ~uint32_t{0});
}

}  // namespace

void ResetEdu() {
  const int fd = OpenPciFile(EDU_VENDOR, EDU_DEVICE, "resource0");
  if (fd < 0) return;
  void* const at = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  const Registers edu(at);
  // Another value: no driver has enabled the device yet, its registers have not been touched.
  if ((edu.Read(EDU_ID) & EDU_ID_MASK) == EDU_ID_VALUE) PowerOn(edu);
  munmap(at, kPage);
}

}  // namespace drydock::kmod
