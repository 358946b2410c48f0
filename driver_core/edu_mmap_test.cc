// The driver of QEMU's educational device, run on a machine that has one: what its mappings show
// and refuse, that the device computes and copies, and what is left when it is pulled out. What a
// mapping or a transfer may be is edu_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>

#include "driver_core/edu_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

constexpr char kFunction[] = "0000:00:04.0";
constexpr uint64_t kRegistersSize = 0x100000;
constexpr uint64_t kMemory = DRYDOCK_EDU_MEMORY;
constexpr uint32_t kId = 0x010000ed;
constexpr uint64_t kStatus = 0x20;

class EduMmapTest : public DriverWorldTest {
 protected:
  EduMmapTest() : DriverWorldTest("edu", DRYDOCK_EDU_NODE) {}

  drydock_edu_info Info() {
    drydock_edu_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_EDU_INFO, &info), 0);
    return info;
  }
  int64_t Factorial(uint32_t n, uint32_t *result) {
    drydock_edu_factorial factorial = {n, 0};
    const int64_t error = Ioctl(DRYDOCK_EDU_FACTORIAL, &factorial);
    *result = factorial.result;
    return error;
  }
  int64_t Transfer(uint32_t buffer, uint32_t memory, uint32_t length, bool to_memory) {
    drydock_edu_transfer transfer = {buffer, memory, length, to_memory ? 1u : 0u};
    return Ioctl(DRYDOCK_EDU_TRANSFER, &transfer);
  }
  uint64_t MapMemory() { return static_cast<uint64_t>(Map(kMemory, kPage)); }
};

TEST_F(EduMmapTest, TellsWhatThereIs) {
  Load({});
  const drydock_edu_info info = Info();
  EXPECT_EQ(info.registers_size, kRegistersSize);
  EXPECT_EQ(info.memory_size, kPage);
  EXPECT_EQ(info.id, kId);
  EXPECT_EQ(info.interrupts, 0u);
  EXPECT_EQ(info.lost, 0u);
}

TEST_F(EduMmapTest, DeviceComputesAndSaysSoByAnInterrupt) {
  Load({});
  uint32_t result = 0;
  EXPECT_EQ(Factorial(5, &result), 0);
  EXPECT_EQ(result, 120u);
  EXPECT_EQ(Factorial(13, &result), 0);
  EXPECT_EQ(result, 1932053504u);  // modulo 2^32
  EXPECT_EQ(Info().interrupts, 2u);
  std::string count;
  EXPECT_EQ(ReadText(&count, 4), 4);
  EXPECT_EQ(count, std::string("\2\0\0\0", 4));
}

TEST_F(EduMmapTest, AFactorialWhoseInterruptIsLostIsReadFromTheRegister) {
  Load({});
  ASSERT_TRUE(world_->InjectFault(kFunction, "lost-interrupt", 1));
  uint32_t result = 0;
  EXPECT_EQ(Factorial(6, &result), 0);
  EXPECT_EQ(result, 720u);
  EXPECT_EQ(Info().lost, 1u);
  EXPECT_EQ(Info().interrupts, 0u);
}

TEST_F(EduMmapTest, TransfersGoFromTheMappedMemoryToTheDeviceAndBack) {
  Load({});
  const uint64_t at = MapMemory();
  StoreAs<uint64_t>(at + 8, 0x1122334455667788);
  ASSERT_EQ(Transfer(256, 8, 8, false), 0);
  StoreAs<uint64_t>(at + 8, 0);
  ASSERT_EQ(Transfer(256, 1024, 8, true), 0);
  EXPECT_EQ(LoadAs<uint64_t>(at + 1024), 0x1122334455667788u);
  EXPECT_EQ(LoadAs<uint64_t>(at + 8), 0u);
  EXPECT_EQ(Info().interrupts, 2u);
}

TEST_F(EduMmapTest, ATransferThatIsRefusedMovesNothing) {
  Load({});
  const uint64_t at = MapMemory();
  StoreAs<uint32_t>(at, 7);
  EXPECT_EQ(Transfer(0, 0, 0, true), -EINVAL);
  EXPECT_EQ(Transfer(4096, 0, 4, true), -EINVAL);
  EXPECT_EQ(Transfer(0, 4093, 4, true), -EINVAL);
  EXPECT_EQ(Transfer(0xffffffff, 0, 4, true), -EINVAL);
  EXPECT_EQ(LoadAs<uint32_t>(at), 7u);
  EXPECT_EQ(Info().interrupts, 0u);
}

TEST_F(EduMmapTest, ATransferThatEndsEarlyLeavesTheRestAsItWas) {
  Load({});
  const uint64_t at = MapMemory();
  StoreAs<uint64_t>(at, 0x1111111111111111);
  ASSERT_EQ(Transfer(0, 0, 8, false), 0);
  StoreAs<uint64_t>(at, 0x2222222222222222);
  ASSERT_TRUE(world_->InjectFault(kFunction, "short-transfer", 1));
  EXPECT_EQ(Transfer(0, 0, 8, true), 0);
  EXPECT_EQ(LoadAs<uint64_t>(at), 0x2222222211111111u);
}

TEST_F(EduMmapTest, RegistersAreTheDevicesOwn) {
  raw_io_ = true;
  Load({});
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage));
  EXPECT_EQ(LoadAs<uint32_t>(at), kId);
  StoreAs<uint32_t>(at + 4, 0x0f0f0f0f);
  EXPECT_EQ(LoadAs<uint32_t>(at + 4), 0xf0f0f0f0u);
  EXPECT_EQ(LoadAs<uint32_t>(at + kStatus), 0u);
}

TEST_F(EduMmapTest, RegistersAreForReadingOnlyWithoutRawIo) {
  Load({});
  EXPECT_EQ(Map(0, kPage), -EPERM);
  const uint64_t at = static_cast<uint64_t>(Map(0, kPage, kRead));
  EXPECT_EQ(LoadAs<uint32_t>(at), kId);
  EXPECT_EQ(process().Mprotect({at}, kPage, kRead | kWrite).value, -EACCES);
}

struct RefusalCase {
  const char *name;
  uint64_t offset_bytes;
  uint64_t length_bytes;
  int prot;
  int flags;
  int error;
};
void PrintTo(const RefusalCase &c, std::ostream *out) { *out << c.name; }

class EduRefusalTest : public EduMmapTest, public ::testing::WithParamInterface<RefusalCase> {};

TEST_P(EduRefusalTest, NothingIsMapped) {
  const RefusalCase &c = GetParam();
  Load({});
  const AllocationNames allocations = Allocations();
  const uint32_t vmas = Vmas();

  EXPECT_EQ(Map(c.offset_bytes, c.length_bytes, c.prot, c.flags), -c.error);

  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Allocations(), allocations);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EduRefusalTest,
    ::testing::Values(
        RefusalCase{"FromTheRegistersIntoTheMemory", kRegistersSize - kPage, 2 * kPage, kRead,
                    kShared, EINVAL},
        RefusalCase{"BeyondTheMemory", kMemory + kPage, kPage, kRead, kShared, EINVAL},
        RefusalCase{"MemoryAndAPageMore", kMemory, 2 * kPage, kRead, kShared, EINVAL},
        RefusalCase{"OffsetOf4GiB", uint64_t{1} << 32, kPage, kRead, kShared, EINVAL},
        RefusalCase{"OffsetWhosePageIsNegative", uint64_t{1} << 62, kPage, kRead, kShared, EINVAL},
        RefusalCase{"RegistersPrivateWritable", 0, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusalCase{"MemoryPrivateWritable", kMemory, kPage, kRead | kWrite, kPrivate, EINVAL},
        RefusalCase{"RegistersExecutable", 0, kPage, kRead | kExec, kShared, EPERM},
        RefusalCase{"MemoryExecutable", kMemory, kPage, kRead | kExec, kShared, EPERM}),
    [](const auto &info) { return std::string(info.param.name); });

TEST_F(EduMmapTest, WhatIsMappedWhenTheDeviceIsPulledOutIsGone) {
  Load({});
  const uint64_t registers = static_cast<uint64_t>(Map(0, 2 * kPage, kRead));
  const uint64_t memory = MapMemory();
  EXPECT_EQ(LoadAs<uint32_t>(registers), kId);
  StoreAs<uint32_t>(memory, 7);
  const user::Outcome child = process().Fork();
  ASSERT_TRUE(child.ok());

  ASSERT_TRUE(world_->UnplugDevice(kFunction));

  EXPECT_EQ(SignalOfLoad(registers), user::Signal::kBusAdrerr);
  EXPECT_EQ(SignalOfLoad(registers + kPage), user::Signal::kBusAdrerr);
  EXPECT_EQ(SignalOfLoad(memory), user::Signal::kBusAdrerr);
  char byte = 0;
  user::Process other = world_->process(static_cast<uint32_t>(child.value));
  EXPECT_EQ(other.Load({memory}, &byte, 1).signal, user::Signal::kBusAdrerr);
  EXPECT_TRUE(other.Exit().ok());
  uint32_t result = 0;
  EXPECT_EQ(Factorial(5, &result), -ENODEV);
  EXPECT_EQ(Transfer(0, 0, 8, true), -ENODEV);
  EXPECT_EQ(Map(kMemory, kPage), -ENODEV);
  EXPECT_EQ(process().Open(DRYDOCK_EDU_NODE, kReadWrite).value, -ENOENT);
  EXPECT_TRUE(process().Exit().ok());
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
}

TEST_F(EduMmapTest, WhatIsOpenWhenTheDriverIsUnboundDoesNotReachTheNextDevice) {
  Load({});
  const uint64_t memory = MapMemory();
  StoreAs<uint32_t>(memory, 7);
  ASSERT_TRUE(world_->UnbindDevice(kFunction));
  ASSERT_TRUE(world_->BindDevice(kFunction));
  uint32_t result = 0;
  EXPECT_EQ(Factorial(5, &result), -ENODEV);
  EXPECT_EQ(SignalOfLoad(memory), user::Signal::kBusAdrerr);
  fd_ = Open(kReadWrite);
  EXPECT_EQ(Factorial(5, &result), 0);
  EXPECT_EQ(LoadAs<uint32_t>(MapMemory()), 0u);
}

TEST_F(EduMmapTest, IsNotUnloadedWhileMapped) {
  Load({});
  const uint64_t at = MapMemory();
  ASSERT_TRUE(process().Close(fd_).ok());

  EXPECT_FALSE(world_->UnloadDriver());
  StoreAs<uint64_t>(at, 7);
  ASSERT_TRUE(process().Munmap({at}, kPage).ok());
  EXPECT_TRUE(world_->UnloadDriver());
}

}  // namespace
}  // namespace drydock
