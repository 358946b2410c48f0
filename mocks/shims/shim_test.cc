// Each family of shims, from driver C to a mock of its role: the call arrives with its arguments,
// the result goes back, a trap leaves the driver, and without a kernel nothing runs.
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "mocks/gmock/mock_devices.h"
#include "mocks/gmock/mock_dma.h"
#include "mocks/gmock/mock_kernel.h"
#include "mocks/gmock/mock_memory.h"
#include "mocks/gmock/mock_mm.h"
#include "mocks/gmock/mock_sync.h"
#include "mocks/gmock/mock_tasks.h"
#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim_test_driver.h"

// The simulation defines these; the test has eight frames of its own. The module's own record is
// here too, since the snippet is linked in and not loaded.
static page frames[8];
alignas(4096) static char memory[8 * 4096];
extern "C" {
page* drydock_vmemmap = frames;
char* drydock_direct_map = memory;
module __this_module = {"shim_test_driver", {0}, 0};
}

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::InSequence;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrEq;

constexpr unsigned int kGfpKernel =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;

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

TEST_F(ShimTest, RemapPfnRangeArrivesAsGiven) {
  EXPECT_CALL(mm_, RemapPfnRange(&vma_, 0x10000, 0x1234, 0x2000, ProtIs(0x27)))
      .WillOnce(Return(-ENOMEM));
  EXPECT_EQ(drv_remap(&vma_, 0x1234), -ENOMEM);
}

TEST_F(ShimTest, CallerIsTheDriversCode) {
  EXPECT_CALL(mm_, RemapPfnRange).WillOnce(Return(0));
  drv_remap(&vma_, 1);
  auto at = reinterpret_cast<uintptr_t>(kernel_.caller());
  auto function = reinterpret_cast<uintptr_t>(&drv_remap);
  EXPECT_GT(at, function);
  EXPECT_LT(at, function + 4096);
}

TEST_F(ShimTest, TrapLeavesTheDriver) {
  EXPECT_CALL(mm_, RemapPfnRange).WillOnce(Invoke([this](auto...) {
    Trap();
    return 0;
  }));
  EXPECT_THROW(drv_remap(&vma_, 1), Left);
}

TEST_F(ShimTest, VmIomapMemory) {
  EXPECT_CALL(mm_, VmIomapMemory(&vma_, 0xfe000000, 0x3000)).WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_iomap(&vma_, 0xfe000000, 0x3000), -EINVAL);
}

TEST_F(ShimTest, VmfInsertPageTurnsErrnosIntoFaultBits) {
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, frames))
      .WillOnce(Return(0))
      .WillOnce(Return(-EBUSY))
      .WillOnce(Return(-ENOMEM))
      .WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_fault_page(&vma_, frames), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_fault_page(&vma_, frames), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_fault_page(&vma_, frames), VM_FAULT_OOM);
  EXPECT_EQ(drv_fault_page(&vma_, frames), VM_FAULT_SIGBUS);
}

TEST_F(ShimTest, VmMapPagesRefusesWhatIsTooLongAndStartsAtPgoff) {  // MP1
  page* pages[] = {frames, frames + 1, frames + 2};
  vma_.vm_pgoff = 2;
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -ENXIO);
  vma_.vm_pgoff = 3;
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -ENXIO);
  vma_.vm_pgoff = 1;
  InSequence in_order;
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, frames + 1)).WillOnce(Return(0));
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x11000, frames + 2)).WillOnce(Return(0));
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), 0);
}

TEST_F(ShimTest, VmMapPagesStopsAtTheFirstError) {
  page* pages[] = {frames, frames + 1, frames + 2};
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, frames)).WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_map_pages(&vma_, pages, 3), -EBUSY);
}

TEST_F(ShimTest, VmMapPagesZeroIgnoresPgoff) {  // MP2
  page* pages[] = {frames, frames + 1, frames + 2};
  vma_.vm_pgoff = 13;
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 1), -ENXIO);
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 0), -ENXIO);
  InSequence in_order;
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x10000, frames)).WillOnce(Return(0));
  EXPECT_CALL(mm_, VmInsertPage(&vma_, 0x11000, frames + 1)).WillOnce(Return(0));
  EXPECT_EQ(drv_map_pages_zero(&vma_, pages, 3), 0);
}

TEST_F(ShimTest, VmInsertPagesSharesItsCount) {
  page* pages[] = {frames};
  unsigned long count = 5;
  EXPECT_CALL(mm_, VmInsertPages(&vma_, 0x10000, pages, &count)).WillOnce(Return(-EFAULT));
  EXPECT_EQ(drv_insert_pages(&vma_, pages, &count), -EFAULT);
}

TEST_F(ShimTest, RemapVmallocRange) {
  vma_.vm_pgoff = 7;
  EXPECT_CALL(mm_, RemapVmallocRange(&vma_, memory, 7)).WillOnce(Return(-EINVAL));
  EXPECT_EQ(drv_remap_vmalloc(&vma_, memory), -EINVAL);
}

TEST_F(ShimTest, VmfInsertMixedHandsOverFlagsAndProtection) {
  constexpr unsigned long long kDev = 1ULL << 61;
  EXPECT_CALL(mm_, VmfInsertMixed(&vma_, 0x10000, kDev | 0x55, ProtIs(0x27), false))
      .WillOnce(Return(VM_FAULT_NOPAGE));
  EXPECT_CALL(mm_, VmfInsertMixed(&vma_, 0x10000, kDev | 0x55, ProtIs(0x27), true))
      .WillOnce(Return(VM_FAULT_SIGBUS));
  EXPECT_EQ(drv_insert_mixed(&vma_, 0x55, 0), VM_FAULT_NOPAGE);
  EXPECT_EQ(drv_insert_mixed(&vma_, 0x55, 1), VM_FAULT_SIGBUS);
}

TEST_F(ShimTest, DmaMmapPagesHasTheBoundsOfTheSize) {  // DM7
  vma_.vm_pgoff = 1;
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 2 * 4096, frames), -ENXIO);
  vma_.vm_pgoff = 3;
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 3 * 4096, frames), -ENXIO);
  vma_.vm_pgoff = 1;
  EXPECT_CALL(mm_, RemapPfnRange(&vma_, 0x10000, 4, 0x2000, ProtIs(0x27))).WillOnce(Return(0));
  EXPECT_EQ(drv_dma_mmap_pages(&dev_, &vma_, 2 * 4096 + 1, frames + 3), 0);
}

TEST_F(ShimTest, DmaMapSingleAndItsErrorCross) {
  EXPECT_CALL(dma_, DmaMapSingle(&dev_, memory, 100, 1, 0)).WillOnce(Return(0x1234));
  EXPECT_CALL(dma_, DmaMappingError(&dev_, 0x1234)).WillOnce(Return(0));
  EXPECT_EQ(drv_dma_map(&dev_, memory, 100), 0x1234u);
  EXPECT_CALL(dma_, DmaMapSingle).WillOnce(Return(~0ull));
  EXPECT_CALL(dma_, DmaMappingError(&dev_, ~0ull)).WillOnce(Return(-ENOMEM));
  EXPECT_EQ(drv_dma_map(&dev_, memory, 100), 0u);
}

TEST_F(ShimTest, DmaMapSgGivesZeroForAnErrorAndSgtableTheErrno) {
  scatterlist entry{};
  sg_table table{&entry, 7, 1};
  EXPECT_CALL(dma_, DmaMapSg(&dev_, &entry, 1, 2, 0))
      .WillOnce(Return(-EIO))
      .WillOnce(Return(-EIO))
      .WillOnce(Return(1));
  EXPECT_EQ(drv_dma_map_sg(&dev_, &entry, 1), 0u);
  EXPECT_EQ(drv_dma_map_sgtable(&dev_, &table), -EIO);
  EXPECT_EQ(table.nents, 7u);
  EXPECT_EQ(drv_dma_map_sgtable(&dev_, &table), 0);
  EXPECT_EQ(table.nents, 1u);
}

TEST_F(ShimTest, DmaPoolZallocAsksForZeroes) {
  unsigned long long handle = 0;
  auto* pool = reinterpret_cast<dma_pool*>(memory);
  EXPECT_CALL(dma_, DmaPoolAlloc(pool, kGfpKernel | ___GFP_ZERO, &handle)).WillOnce(Return(memory));
  EXPECT_EQ(drv_dma_pool_zalloc(pool, &handle), memory);
}

// Memory of the host stands in for kmalloc's.
class ScatterListTest : public ShimTest {
 protected:
  ScatterListTest() {
    EXPECT_CALL(alloc_, Kmalloc).WillRepeatedly(Invoke([this](size_t size, unsigned int) {
      ++live_;
      return calls_++ == fail_at_ ? (--live_, nullptr) : std::malloc(size);
    }));
    EXPECT_CALL(alloc_, Kfree).WillRepeatedly(Invoke([this](const void* object) {
      --live_;
      std::free(const_cast<void*>(object));
    }));
  }
  int live_ = 0, calls_ = 0, fail_at_ = -1;
  sg_table table_{};
};

TEST_F(ScatterListTest, OneChunkHoldsUpToAPageOfEntries) {
  EXPECT_EQ(drv_sg_alloc(&table_, 128), 0);
  EXPECT_EQ(live_, 1);
  EXPECT_EQ(table_.orig_nents, 128u);
  EXPECT_EQ(drv_sg_walk(&table_), 128u);
  drv_sg_free(&table_);
  EXPECT_EQ(live_, 0);
  EXPECT_EQ(table_.sgl, nullptr);
}

TEST_F(ScatterListTest, MoreAreChained) {
  EXPECT_EQ(drv_sg_alloc(&table_, 300), 0);
  EXPECT_EQ(live_, 3);
  EXPECT_EQ(drv_sg_walk(&table_), 300u);
  drv_sg_free(&table_);
  EXPECT_EQ(live_, 0);
}

TEST_F(ScatterListTest, NoEntriesIsEinval) { EXPECT_EQ(drv_sg_alloc(&table_, 0), -EINVAL); }

TEST_F(ScatterListTest, AFailingChunkLeavesNothing) {
  for (fail_at_ = 0; fail_at_ < 3; ++fail_at_) {
    calls_ = 0;
    EXPECT_EQ(drv_sg_alloc(&table_, 300), -ENOMEM);
    EXPECT_EQ(live_, 0);
    EXPECT_EQ(table_.sgl, nullptr);
  }
}

TEST_F(ScatterListTest, NeighbouringPagesBecomeOneEntry) {
  page* pages[] = {frames, frames + 1, frames + 5};
  ASSERT_EQ(drv_sg_from_pages(&table_, pages, 3, 100, 2 * 4096), 0);
  ASSERT_EQ(table_.orig_nents, 2u);
  EXPECT_EQ(table_.sgl[0].offset, 100u);
  EXPECT_EQ(table_.sgl[0].length, 2 * 4096u - 100);
  EXPECT_EQ(table_.sgl[1].page_link, reinterpret_cast<unsigned long>(frames + 5) | SG_END);
  EXPECT_EQ(table_.sgl[1].length, 100u);
  drv_sg_free(&table_);
}

TEST_F(ShimTest, UnmapMappingPages) {
  address_space mapping{};
  EXPECT_CALL(mm_, UnmapMappingPages(&mapping, 3, 4, 1));
  drv_unmap_pages(&mapping);
}

TEST_F(ShimTest, PgprotWritethroughArrivesAndComesBack) {
  EXPECT_CALL(mm_, PgprotWritethrough(ProtIs(0x27))).WillOnce(Return(pgprot_t{0xbf}));
  EXPECT_EQ(drv_writethrough(&vma_), 0xbfu);
}

TEST_F(ShimTest, PageCountOfATailIsTheHeads) {
  frames[0]._refcount.counter = 3;
  frames[2].compound_head = frames;
  EXPECT_EQ(drv_page_count(&frames[2]), 3);
  EXPECT_EQ(drv_page_count(&frames[0]), 3);
  frames[2].compound_head = nullptr;
  EXPECT_EQ(drv_page_count(&frames[2]), 0);
  frames[0]._refcount.counter = 0;
}

TEST_F(ShimTest, PgprotNoncachedIsTheMachines) {
  EXPECT_CALL(mm_, PgprotNoncached(ProtIs(0x27))).WillOnce(Return(pgprot_t{0x37}));
  EXPECT_EQ(drv_noncached(&vma_), 0x37u);
}

TEST_F(ShimTest, KzallocAsksForZeroes) {
  EXPECT_CALL(alloc_, Kmalloc(100, kGfpKernel | ___GFP_ZERO)).WillOnce(Return(memory));
  EXPECT_EQ(drv_kzalloc(100), memory);
}

TEST_F(ShimTest, KmallocArrayThatOverflowsAsksForNothing) {
  EXPECT_EQ(drv_kmalloc_array(~0ul / 2, 4), nullptr);
  EXPECT_CALL(alloc_, Kmalloc(40, ___GFP_HIGH | ___GFP_ATOMIC | ___GFP_KSWAPD_RECLAIM))
      .WillOnce(Return(memory));
  EXPECT_EQ(drv_kmalloc_array(10, 4), memory);
}

TEST_F(ShimTest, KfreeOfNullCrossesToo) {
  EXPECT_CALL(alloc_, Kfree(nullptr));
  drv_kfree(nullptr);
}

TEST_F(ShimTest, GetFreePagesGivesTheAddressOfTheFrame) {
  EXPECT_CALL(alloc_, AllocPages(kGfpKernel, 1)).WillOnce(Return(frames + 2));
  EXPECT_EQ(drv_get_free_pages(1), reinterpret_cast<unsigned long>(memory + size_t{2} * 4096));
}

TEST_F(ShimTest, PageAddressIsArithmetic) {
  EXPECT_EQ(drv_page_address(frames + 3), memory + size_t{3} * 4096);
}

TEST_F(ShimTest, VirtToPhysCrosses) {
  EXPECT_CALL(alloc_, VirtToPhys(memory)).WillOnce(Return(0x123456789000));
  EXPECT_EQ(drv_virt_to_phys(memory), 0x123456789000u);
}

TEST_F(ShimTest, VmallocUserIsZeroedAndMayBeMapped) {
  EXPECT_CALL(alloc_, Vmalloc(8192, kGfpKernel | ___GFP_ZERO, true)).WillOnce(Return(memory));
  EXPECT_EQ(drv_vmalloc_user(8192), memory);
}

TEST_F(ShimTest, DmaAllocCoherentAndMmap) {
  unsigned long long handle = 0;
  EXPECT_CALL(dma_, DmaAllocAttrs(&dev_, 4096, &handle, kGfpKernel, 0)).WillOnce(Return(memory));
  EXPECT_EQ(drv_dma_alloc(&dev_, 4096, &handle), memory);
  EXPECT_CALL(dma_, DmaMmapAttrs(&dev_, &vma_, memory, 0x55, 4096, 0)).WillOnce(Return(-ENXIO));
  EXPECT_EQ(drv_dma_mmap(&dev_, &vma_, memory, 0x55, 4096), -ENXIO);
}

TEST_F(ShimTest, SimpleReadFromBufferStopsAtTheEndAndMovesThePosition) {
  long long position = 8;
  EXPECT_CALL(uaccess_, CopyToUser(memory, _, 2)).WillOnce(Return(0));
  EXPECT_EQ(drv_read(memory, 100, &position), 2);
  EXPECT_EQ(position, 10);
  EXPECT_EQ(drv_read(memory, 100, &position), 0);
  position = 0;
  EXPECT_CALL(uaccess_, CopyToUser(memory, _, 4)).WillOnce(Return(4));
  EXPECT_EQ(drv_read(memory, 4, &position), -EFAULT);
  EXPECT_EQ(position, 0);
  position = -1;
  EXPECT_EQ(drv_read(memory, 4, &position), -EINVAL);
}

TEST_F(ShimTest, GetUserLeavesZeroWhenItFails) {
  int source = 0, value = 9;
  EXPECT_CALL(uaccess_, CopyFromUser(_, &source, 4))
      .WillOnce(Invoke([](void* to, const void*, unsigned long) {
        int seven = 7;
        std::memcpy(to, &seven, 4);
        return 0ul;
      }))
      .WillOnce(Return(4));
  EXPECT_EQ(drv_get_user(&source, &value), 0);
  EXPECT_EQ(value, 7);
  EXPECT_EQ(drv_get_user(&source, &value), -EFAULT);
  EXPECT_EQ(value, 0);
}

TEST_F(ShimTest, PutUser) {
  int target = 0;
  EXPECT_CALL(uaccess_, CopyToUser(&target, _, 4)).WillOnce(Return(1));
  EXPECT_EQ(drv_put_user(3, &target), -EFAULT);
}

TEST_F(ShimTest, IoremapReadlWritel) {
  EXPECT_CALL(io_, Ioremap(0xfe000000, 0x100, IoCache::kUncachedMinus)).WillOnce(Return(memory));
  EXPECT_CALL(io_, MmioWrite(memory + 8, 5, 4));
  EXPECT_CALL(io_, MmioRead(memory + 4, 4)).WillOnce(Return(77));
  EXPECT_EQ(drv_ioremap_read(0xfe000000), 77);
}

TEST_F(ShimTest, RegisterChrdevTakesAllMinors) {
  EXPECT_CALL(chrdev_, RegisterChrdev(0, 0, 256, StrEq("drv"), _)).WillOnce(Return(240));
  EXPECT_EQ(drv_register_chrdev(), 240);
}

TEST_F(ShimTest, MiscRegister) {
  miscdevice misc{};
  EXPECT_CALL(chrdev_, MiscRegister(&misc)).WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_misc(&misc), -EBUSY);
}

TEST_F(ShimTest, CdevAllocIsAnInitialisedCdevThatItsLastPutFrees) {
  cdev made{};
  EXPECT_CALL(alloc_, Kmalloc(sizeof(cdev), kGfpKernel | ___GFP_ZERO)).WillOnce(Return(&made));
  EXPECT_CALL(chrdev_, CdevInit(&made, nullptr)).WillOnce([](cdev* cdev, const file_operations*) {
    cdev->kobj.drydock_state = DRYDOCK_CDEV_INITIALISED;
  });
  EXPECT_EQ(drv_cdev_alloc(), &made);
  EXPECT_EQ(made.kobj.drydock_state, DRYDOCK_CDEV_INITIALISED | DRYDOCK_CDEV_ALLOCATED);
}

TEST_F(ShimTest, CdevAllocWithoutMemoryIsNull) {
  EXPECT_CALL(alloc_, Kmalloc).WillOnce(Return(nullptr));
  EXPECT_CALL(chrdev_, CdevInit).Times(0);
  EXPECT_EQ(drv_cdev_alloc(), nullptr);
}

TEST_F(ShimTest, DevmIoremapResourceClaimsMapsAndKeepsBothToUndo) {
  resource res{};
  res.start = 0xfe000000;
  res.end = 0xfe000fff;
  res.name = "regs";
  res.flags = IORESOURCE_MEM;
  dev_.kobj.name = "pump";
  InSequence in_order;
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, sizeof "pump regs", _)).WillOnce(Return(memory + 8192));
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, _, _)).WillOnce(Return(memory));
  EXPECT_CALL(io_, RequestMemRegion(0xfe000000, 0x1000, StrEq("pump regs"))).WillOnce(Return(&res));
  EXPECT_CALL(devices_, DevmAddAction(&dev_, _, memory)).WillOnce(Return(0));
  EXPECT_CALL(io_, Ioremap(0xfe000000, 0x1000, IoCache::kUncachedMinus))
      .WillOnce(Return(memory + 4096));
  void (*undo)(void*) = nullptr;
  EXPECT_CALL(devices_, DevmAddAction(&dev_, _, memory + 4096))
      .WillOnce(Invoke([&](device*, void (*action)(void*), void*) {
        undo = action;
        return 0;
      }));
  EXPECT_EQ(drv_devm_ioremap_resource(&dev_, &res), memory + 4096);
  EXPECT_CALL(io_, Iounmap(memory + 4096));
  undo(memory + 4096);
}

TEST_F(ShimTest, DevmIoremapResourceWithoutMemoryForItsNameIsEnomem) {
  resource res{};
  res.end = 0xfff;
  res.flags = IORESOURCE_MEM;
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, _, _)).WillOnce(Return(nullptr));
  EXPECT_CALL(log_, DevPrintk(StrEq("\0013"), &dev_, _, _));
  EXPECT_EQ(reinterpret_cast<long>(drv_devm_ioremap_resource(&dev_, &res)), -ENOMEM);
}

TEST_F(ShimTest, DevmIoremapResourceOfNothingIsEinval) {
  EXPECT_CALL(log_, DevPrintk(StrEq("\0013"), &dev_, _, _));
  EXPECT_EQ(reinterpret_cast<long>(drv_devm_ioremap_resource(&dev_, nullptr)), -EINVAL);
}

TEST_F(ShimTest, OfPropertyReadU32TurnsTheCell) {
  device_node node{};
  static const unsigned char cell[] = {0, 0, 1, 2};
  EXPECT_CALL(of_, GetProperty(&node, StrEq("reg-shift"), _))
      .WillOnce(Invoke([](const device_node*, const char*, int* length) -> const void* {
        *length = 4;
        return cell;
      }))
      .WillOnce(Return(nullptr));
  unsigned int value = 0;
  EXPECT_EQ(drv_read_cell(&node, &value), 0);
  EXPECT_EQ(value, 0x102u);
  EXPECT_EQ(drv_read_cell(&node, &value), -EINVAL);
}

TEST_F(ShimTest, LocksSayTheirKind) {
  EXPECT_CALL(sync_, LockAcquire(_, LockKind::kMutex, StrEq("mutex_lock")))
      .WillOnce(Invoke([](drydock_lock* lock, LockKind, const char*) {
        EXPECT_EQ(lock->magic, DRYDOCK_LOCK_MAGIC);
        EXPECT_STREQ(lock->name, "drv_mutex");
      }));
  EXPECT_CALL(sync_, LockRelease(_, LockKind::kMutex, _));
  drv_lock_twice_over();
  EXPECT_CALL(sync_, LockAcquire(_, LockKind::kSpinIrq, _));
  EXPECT_CALL(sync_, LockRelease(_, LockKind::kSpinIrq, _));
  drv_spin();
}

TEST_F(ShimTest, MutexWaitMayEndBySignal) {
  EXPECT_CALL(sync_, LockAcquireOrSignal(_, LockKind::kMutex, TASK_INTERRUPTIBLE,
                                         StrEq("mutex_lock_interruptible")))
      .WillOnce(Return(-EINTR));
  EXPECT_EQ(drv_lock_interruptible(), -EINTR);
}

TEST_F(ShimTest, WaitEventQueuesItselfSleepsAndLeavesTheQueue) {
  InSequence in_order;
  task_struct task{};
  EXPECT_CALL(sync_, MightSleep(StrEq("drv_wait_for_nothing")));
  EXPECT_CALL(tasks_, CurrentTask()).WillOnce(Return(&task));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, TASK_INTERRUPTIBLE))
      .WillOnce(Invoke([&task](wait_queue_head*, wait_queue_entry* entry, unsigned) {
        EXPECT_EQ(entry->private_, &task);
        EXPECT_EQ(entry->flags, 0u);
        return 0;
      }));
  EXPECT_CALL(tasks_, ScheduleTimeout(__LONG_MAX__, _)).WillOnce(Return(__LONG_MAX__));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, TASK_INTERRUPTIBLE)).WillOnce(Return(-512));
  EXPECT_CALL(tasks_, FinishWait(_, _));
  EXPECT_EQ(drv_wait_for_nothing(), -512);
}

TEST_F(ShimTest, WaitWithTimeoutReturnsWhatIsLeft) {
  task_struct task{};
  int done = 0;
  EXPECT_CALL(sync_, MightSleep(_)).Times(3);
  EXPECT_CALL(tasks_, CurrentTask()).WillRepeatedly(Return(&task));
  EXPECT_CALL(tasks_, PrepareToWaitEvent(_, _, _)).WillRepeatedly(Return(0));
  EXPECT_CALL(tasks_, FinishWait(_, _)).Times(2);
  EXPECT_CALL(tasks_, ScheduleTimeout(20, _)).WillOnce(Return(0)).WillOnce(Invoke([&](auto...) {
    done = 1;
    return 0;
  }));
  EXPECT_EQ(drv_wait_timeout(&done, 20), 0);
  EXPECT_EQ(drv_wait_timeout(&done, 20), 1);
  EXPECT_EQ(drv_wait_timeout(&done, 20), 20);
}

TEST_F(ShimTest, TrapInAWaitLeavesTheDriver) {
  EXPECT_CALL(sync_, MightSleep(_)).WillOnce(Invoke([this](auto...) { Trap(); }));
  EXPECT_THROW(drv_wait_for_nothing(), Left);
}

TEST_F(ShimTest, WakeUpHasModeCountAndKey) {
  EXPECT_CALL(tasks_, WakeUpQueue(_, TASK_INTERRUPTIBLE, 1, reinterpret_cast<void*>(0x41),
                                  StrEq("wake_up")));
  drv_wake(0x41);
}

TEST_F(ShimTest, CompletionIsTakenOnceForEachComplete) {
  EXPECT_CALL(tasks_, WakeOn(_, 1u)).Times(2);
  drv_complete();
  drv_complete();
  EXPECT_CALL(sync_, MightSleep(_)).Times(3);
  EXPECT_EQ(drv_wait_completion(), 0);
  EXPECT_EQ(drv_wait_completion(), 0);
  EXPECT_CALL(tasks_, WaitOn(_, TASK_INTERRUPTIBLE, _, _)).WillOnce(Return(-512));
  EXPECT_EQ(drv_wait_completion(), -512);
}

TEST_F(ShimTest, PageLockIsWaitedForAndItsEndWakesOne) {
  page first{}, tail{};
  tail.compound_head = &first;
  EXPECT_CALL(sync_, MightSleep(StrEq("lock_page")));
  EXPECT_CALL(alloc_, TrylockPage(&tail)).WillOnce(Return(false)).WillOnce(Return(true));
  EXPECT_CALL(tasks_, WaitOn(static_cast<const void*>(&first), TASK_UNINTERRUPTIBLE, _, _))
      .WillOnce(Return(0));
  drv_lock_page(&tail);
  EXPECT_CALL(alloc_, UnlockPage(&tail));
  EXPECT_CALL(tasks_, WakeOn(static_cast<const void*>(&first), 1u));
  drv_unlock_page(&tail);
}

TEST_F(ShimTest, KillEndsTheWaitForAPage) {
  page page{};
  EXPECT_CALL(sync_, MightSleep(StrEq("lock_page_killable")));
  EXPECT_CALL(alloc_, TrylockPage(&page)).WillOnce(Return(false));
  EXPECT_CALL(tasks_, WaitOn(_, TASK_KILLABLE, _, _)).WillOnce(Return(-512));
  EXPECT_EQ(drv_lock_page_killable(&page), -EINTR);
}

TEST_F(ShimTest, InodesAreHeldAndPut) {
  inode inode{};
  EXPECT_CALL(chrdev_, Ihold(&inode));
  drv_hold_inode(&inode);
  EXPECT_CALL(chrdev_, Iput(nullptr));
  drv_put_inode(nullptr);
}

TEST_F(ShimTest, UnalignedNumbersHaveTheirOrderOfBytes) {
  unsigned char at[8] = {};
  EXPECT_EQ(drv_unaligned(at, 0x11223344), 0x44332211u);
  EXPECT_THAT(at, ::testing::ElementsAre(0, 0x44, 0x33, 0x22, 0x11, 0x33, 0x44, 0));
}

TEST_F(ShimTest, SleepsAndDelaysAreInNanoseconds) {
  EXPECT_CALL(tasks_, Sleep(3'000'000u, TASK_UNINTERRUPTIBLE, StrEq("msleep")));
  drv_msleep();
  EXPECT_CALL(tasks_, BusyWait(5000u));
  EXPECT_CALL(tasks_, BusyWait(50u));
  drv_delay();
}

TEST_F(ShimTest, ContextIsTheKernels) {
  EXPECT_CALL(tasks_, Context()).WillOnce(Return(0x10000u)).WillOnce(Return(0x100u));
  EXPECT_EQ(drv_in_irq(), 1);
  EXPECT_EQ(drv_in_irq(), 0);
}

TEST_F(ShimTest, TimersArrive) {
  EXPECT_CALL(timers_, ModTimer(_, 1234u, _)).WillOnce(Return(1));
  EXPECT_EQ(drv_arm(1234), 1);
  EXPECT_EQ(drv_hrtimer_forward(99), 0u);
  EXPECT_EQ(drv_hrtimer_forward(100), 1u);
  EXPECT_EQ(drv_hrtimer_forward(161), 3u);
}

TEST_F(ShimTest, WorkArrivesWithItsQueueAndDelay) {
  auto* system = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);
  EXPECT_CALL(works_, QueueWork(system, _)).WillOnce(Return(true));
  EXPECT_CALL(works_, QueueDelayedWork(system, _, 7u)).WillOnce(Return(true));
  EXPECT_EQ(drv_schedule(), 2);
}

TEST_F(ShimTest, InterruptHandlerArrives) {
  EXPECT_CALL(irqs_, RequestThreadedIrq(11u, _, nullptr, 0x80u, StrEq("drv"), &dev_))
      .WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_request_irq(11, &dev_), -EBUSY);
}

TEST_F(ShimTest, PrintkHasItsLevelAndArguments) {
  EXPECT_CALL(log_, Printk(StrEq("\0016value %d\n"), _))
      .WillOnce(Invoke([](const char*, va_list args) {
        EXPECT_EQ(va_arg(args, int), 42);
        return 9;
      }));
  drv_printk(42);
}

TEST_F(ShimTest, SnprintfCutsAndReturnsTheWholeLength) {
  EXPECT_CALL(log_, Vsnprintf(_, _, StrEq("%d"), _))
      .WillOnce(Invoke([](char* to, size_t size, const char* format, va_list args) {
        return vsnprintf(to, size, format, args);
      }));
  char text[4];
  EXPECT_EQ(drv_snprintf(text, sizeof(text), 123456), 6);
  EXPECT_STREQ(text, "123");
}

TEST_F(ShimTest, BugLeavesAndWarnGoesOn) {
  drv_bug_on(0);
  EXPECT_CALL(log_, Bug(_, _, StrEq("drv_bug_on"))).WillOnce(Invoke([this](auto...) { Trap(); }));
  EXPECT_THROW(drv_bug_on(1), Left);
  kernel_.set_trap_pending(false);
  EXPECT_CALL(log_, Warn(_, _, StrEq("drv_warn_on"), _, _));
  EXPECT_EQ(drv_warn_on(2), 1);
}

TEST_F(ShimTest, StubLeavesWithItsName) {
  EXPECT_THROW(drv_stub(), Left);
  EXPECT_EQ(unmodelled_, "kthread_stop");
}

TEST_F(ShimTest, MemcpyNeedsNoRole) {
  char to[4] = "";
  EXPECT_EQ(drv_memcpy(to, "abc", 4), to);
  EXPECT_STREQ(to, "abc");
}

TEST_F(ShimTest, KstrdupAllocatesAndCopies) {
  EXPECT_CALL(alloc_, Kmalloc(4, kGfpKernel)).WillOnce(Return(memory)).WillOnce(Return(nullptr));
  EXPECT_STREQ(drv_kstrdup("abc"), "abc");
  EXPECT_EQ(drv_kstrdup("abc"), nullptr);
}

TEST_F(ShimTest, Capable) {
  EXPECT_CALL(sync_, Capable(21)).WillOnce(Return(true));
  EXPECT_TRUE(drv_capable());
}

TEST(ShimDeathTest, NoKernelInstalled) {
  vm_area_struct vma{};
  EXPECT_DEATH(drv_remap(&vma, 1), "none is installed");
}

TEST(ShimPlanTest, MemoryFunctionsWorkWithoutAKernel) {
  char to[4] = "";
  EXPECT_STREQ(static_cast<char*>(drv_memcpy(to, "xyz", 4)), "xyz");
}

}  // namespace
}  // namespace drydock::mocks
