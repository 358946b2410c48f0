// Driver C, the shims that it calls, and a mock of each role behind them.
#ifndef DRYDOCK_MOCKS_SHIMS_SHIM_FIXTURE_H_
#define DRYDOCK_MOCKS_SHIMS_SHIM_FIXTURE_H_

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mocks/gmock/mock_devices.h"
#include "mocks/gmock/mock_dma.h"
#include "mocks/gmock/mock_kernel.h"
#include "mocks/gmock/mock_memory.h"
#include "mocks/gmock/mock_mm.h"
#include "mocks/gmock/mock_sync.h"
#include "mocks/gmock/mock_tasks.h"
#include "mocks/include/drydock/flags.h"

namespace drydock::mocks {

// All memory that there is: eight frames, from number 0.
extern page shim_frames[8];
extern char shim_memory[8 * 4096];

inline constexpr unsigned int kGfpKernel =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;

// Thrown where the driver is left.
struct Left {};

class ShimTest : public ::testing::Test {
 protected:
  ShimTest() : installed_(kernel_) {
    kernel_.Use(mm_);
    kernel_.Use(alloc_);
    kernel_.Use(dma_);
    kernel_.Use(uaccess_);
    kernel_.Use(io_);
    kernel_.Use(chrdev_);
    kernel_.Use(devices_);
    kernel_.Use(of_);
    kernel_.Use(sync_);
    kernel_.Use(log_);
    kernel_.Use(tasks_);
    kernel_.Use(timers_);
    kernel_.Use(works_);
    kernel_.Use(irqs_);
    kernel_.OnLeaveDriver([] { throw Left{}; });
    kernel_.OnUnmodelled([this](const char* symbol) {
      unmodelled_ = symbol;
      kernel_.set_trap_pending(true);
    });
    vma_.vm_start = 0x10000;
    vma_.vm_end = 0x12000;
    vma_.vm_page_prot = {0x27};
  }

  void Trap() { kernel_.set_trap_pending(true); }

  ::testing::StrictMock<MockMmApi> mm_;
  ::testing::StrictMock<MockAllocApi> alloc_;
  ::testing::StrictMock<MockDmaApi> dma_;
  ::testing::StrictMock<MockUaccessApi> uaccess_;
  ::testing::StrictMock<MockIoApi> io_;
  ::testing::StrictMock<MockChrdevApi> chrdev_;
  ::testing::StrictMock<MockDeviceApi> devices_;
  ::testing::StrictMock<MockOfApi> of_;
  ::testing::StrictMock<MockSyncApi> sync_;
  ::testing::StrictMock<MockLogApi> log_;
  ::testing::StrictMock<MockTaskApi> tasks_;
  ::testing::StrictMock<MockTimerApi> timers_;
  ::testing::StrictMock<MockWorkApi> works_;
  ::testing::StrictMock<MockIrqApi> irqs_;
  MockKernel kernel_;
  ScopedKernelApi installed_;
  vm_area_struct vma_{};
  device dev_{};
  std::string unmodelled_;
};

MATCHER_P(ProtIs, bits, "") { return arg.pgprot == static_cast<unsigned long>(bits); }

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_SHIMS_SHIM_FIXTURE_H_
