// A PCI driver and a device that reacts, in a whole world: BARs, interrupts, DMA, removal.
#include "sim/testing/plugged.h"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/devices/picture.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {
namespace {

using user::Outcome;
using Params = std::vector<std::pair<std::string, std::string>>;

constexpr char kDriver[] = "sim/testing/plugged.so";
constexpr char kFunction[] = "0000:00:04.0";
constexpr char kMachine[] =
    "pci 1234:11e8 04.0\n bar 0 0x100000\n irq 11\n msi 1\n model edu\n"
    "device screen\n mem 0xa0000000 0x10000\n mem 0xa0100000 0x1000\n model framebuffer\n";
constexpr int kReadWrite = 2;
constexpr uint64_t kMs = 1'000'000;

class PluggedTest : public ::testing::Test {
 protected:
  void Load(const Params& params = {}) {
    WorldOptions options;
    options.device_text = kMachine;
    options.device_name = "test.device";
    world_ = std::make_unique<World>(options);
    ASSERT_EQ(world_->LoadDriver(kDriver, params), "");
    world_->Checkpoint();
    fd_ = static_cast<int>(world_->init().Open("/dev/plugged", kReadWrite).value);
    ASSERT_EQ(fd_, 3);
  }
  Outcome Ioctl(uint32_t command, uint64_t argument = 0) {
    return world_->init().Ioctl(fd_, command, argument);
  }
  hw::VirtAddr Map() {
    return {static_cast<uint64_t>(world_->init().Mmap({}, 0x1000, 3, 1, fd_, 0).value)};
  }
  void ExpectClean() { EXPECT_EQ(world_->verdicts().count(), 0u) << world_->verdicts()[0].seen; }
  std::string Seen() { return world_->verdicts().count() == 0 ? "" : world_->verdicts()[0].seen; }
  std::string RefusedFor(const char* text) {
    WorldOptions options;
    options.device_text = text;
    options.device_name = "x.device";
    try {
      World world(options);
    } catch (const std::runtime_error& wrong) {
      return wrong.what();
    }
    return "";
  }

  std::unique_ptr<World> world_;
  int fd_ = -1;
};

TEST_F(PluggedTest, FactorialComesByInterrupt) {
  Load();
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, 120);
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 6).value, 720);
  EXPECT_EQ(Ioctl(PLUGGED_INTERRUPTS).value, 2);
  ExpectClean();
}

TEST_F(PluggedTest, TheLineServesAsWellAsMessages) {
  Load({{"plugged_vectors", "1"}});
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, 120);
  EXPECT_EQ(Ioctl(PLUGGED_ROUND_TRIP, 0x5a).value, 0x5a);
  EXPECT_EQ(Ioctl(PLUGGED_INTERRUPTS).value, 3);
  ExpectClean();
}

TEST_F(PluggedTest, MemoryGoesToTheCardAndComesBack) {
  Load();
  EXPECT_EQ(Ioctl(PLUGGED_ROUND_TRIP, 0xa5).value, 0xa5);
  EXPECT_GE(world_->kernel().clock().NowNs(), 200 * kMs);
  ExpectClean();
}

TEST_F(PluggedTest, ManagedFormsGiveEverythingBack) {
  Load({{"plugged_managed", "1"}});
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, 120);
  EXPECT_EQ(world_->init().Close(fd_).value, 0);
  EXPECT_TRUE(world_->UnloadDriver());
  EXPECT_EQ(world_->kernel().io().live_mappings(), 0u);
  EXPECT_EQ(world_->kernel().io().live_resources(), 0u);
  ExpectClean();
}

TEST_F(PluggedTest, ProgramReachesTheRegistersThroughItsMapping) {
  Load();
  const hw::VirtAddr regs = Map();
  uint32_t word = 0;
  ASSERT_TRUE(world_->init().Load(regs, &word, 4).ok());
  EXPECT_EQ(word, 0x010000edu);
  const uint32_t liveness = 0x1234;
  world_->init().Store(regs + 4, &liveness, 4);
  world_->init().Load(regs + 4, &word, 4);
  EXPECT_EQ(word, ~0x1234u);
  const uint32_t raise = 2;
  world_->init().Store(regs + 0x60, &raise, 4);
  EXPECT_EQ(Ioctl(PLUGGED_INTERRUPTS).value, 1);
  ExpectClean();
}

TEST_F(PluggedTest, LostInterruptIsATimeOut) {
  Load();
  EXPECT_TRUE(world_->InjectFault(kFunction, "lost-interrupt", 1));
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, -ETIMEDOUT);
  EXPECT_EQ(world_->kernel().clock().NowNs() / kMs / 1000, 1u);
  EXPECT_FALSE(world_->InjectFault(kFunction, "smoke", 1));
  EXPECT_FALSE(world_->InjectFault("nothing", "lost-interrupt", 1));
  ExpectClean();
}

TEST_F(PluggedTest, ShortTransferAndBusErrorAreSeenInTheMemory) {
  Load();
  world_->InjectFault(kFunction, "short-transfer", 2);
  EXPECT_EQ(Ioctl(PLUGGED_ROUND_TRIP, 0xa5).value, 0);
  world_->InjectFault(kFunction, "bus-error", 1);
  EXPECT_EQ(Ioctl(PLUGGED_ROUND_TRIP, 0xa5).value, -ETIMEDOUT);
  ExpectClean();
}

TEST_F(PluggedTest, RegistersBeforeEnablingReadAsOnesAndAreFound) {
  Load({{"plugged_no_enable", "1"}});
  EXPECT_NE(Seen().find("memory decoding is off"), std::string::npos) << Seen();
}

TEST_F(PluggedTest, WithoutTheBusNeitherTransferNorMessageComes) {
  Load({{"plugged_no_master", "1"}});
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, -ETIMEDOUT);
  EXPECT_EQ(Ioctl(PLUGGED_INTERRUPTS).value, 0);
}

TEST_F(PluggedTest, NeighbourOfASharedLineFindsAHandlerThatIsNotReady) {
  WorldOptions options;
  options.device_text = kMachine;
  World world(options);
  // Its counter is set behind request_irq(); the neighbour's interrupt finds no status, so that
  // nothing happens. With a status it would: the device raises one first.
  world.kernel().machine().Find(kFunction)->WriteRegister(0, 0x60, 1, 4);
  const std::string wrong =
      world.LoadDriver(kDriver, {{"plugged_early_irq", "1"}, {"plugged_vectors", "1"}});
  EXPECT_NE(wrong.find("plugged_init() did not return"), std::string::npos) << wrong;
}

TEST_F(PluggedTest, PullingItOutUnbindsAndOpenFilesSayNodev) {
  Load();
  const hw::VirtAddr regs = Map();
  EXPECT_TRUE(world_->UnplugDevice(kFunction));
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, -ENODEV);
  uint32_t word = 0;
  ASSERT_TRUE(world_->init().Load(regs, &word, 4).ok());
  EXPECT_EQ(word, 0xffffffffu);
  EXPECT_EQ(world_->init().Open("/dev/plugged", kReadWrite).value, -ENOENT);
  EXPECT_EQ(world_->init().Close(fd_).value, 0);
  EXPECT_FALSE(world_->UnplugDevice(kFunction));
  ExpectClean();
}

TEST_F(PluggedTest, RootUnbindsAndBindsAgain) {
  Load();
  EXPECT_TRUE(world_->UnbindDevice(kFunction));
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, -ENODEV);
  EXPECT_TRUE(world_->BindDevice(kFunction));
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, 120);
  ExpectClean();
}

TEST_F(PluggedTest, InterruptOfAHandlerThatWasNotFreedIsSeen) {
  Load({{"plugged_keep_irq", "1"}});
  world_->UnbindDevice(kFunction);
  EXPECT_NE(Seen().find("a handler of vector"), std::string::npos) << Seen();
}

TEST_F(PluggedTest, ModuleIsBusyWhileItsOwnerHoldsIt) {
  Load();
  EXPECT_FALSE(world_->UnloadDriver());
  EXPECT_EQ(Ioctl(PLUGGED_FACTORIAL, 5).value, 120);
  EXPECT_EQ(world_->init().Close(fd_).value, 0);
  EXPECT_TRUE(world_->UnloadDriver());
  ExpectClean();
}

TEST_F(PluggedTest, EveryRunIsTheSameAndResetIsComplete) {
  Load();
  const uint64_t start = world_->kernel().clock().NowNs();
  (void)start;
  uint64_t hash = 0;
  for (int i = 0; i < 20; ++i) {
    world_->Reset();
    ASSERT_EQ(world_->FirstDifference(), nullptr);
    world_->init().Open("/dev/plugged", kReadWrite);
    Ioctl(PLUGGED_FACTORIAL, 5);
    Ioctl(PLUGGED_ROUND_TRIP, 0x77);
    world_->UnplugDevice(kFunction);
    if (i == 0) hash = world_->StateHash();
    EXPECT_EQ(world_->StateHash(), hash);
  }
  ExpectClean();
}

TEST_F(PluggedTest, ScreenShowsWhatLiesInItsMemory) {
  Load();
  hw::MmioSpace& mmio = world_->kernel().mmio();
  devices::Picture picture;
  EXPECT_EQ(world_->ScanOut("screen", &picture), "the framebuffer is off");
  EXPECT_EQ(world_->ScanOut(kFunction, &picture), "0000:00:04.0 is no framebuffer");
  const uint32_t kMode[] = {1, 2, 1, 4, 8, 0};
  for (uint64_t i = 0; i < 6; ++i) mmio.WriteRegister({0xa0100004 + 4 * i}, kMode[i], 4);
  mmio.WriteRegister({0xa0000004}, 0x00112233, 4);
  ASSERT_EQ(world_->ScanOut("screen", &picture), "");
  EXPECT_EQ(picture.rgb, (std::vector<uint8_t>{0, 0, 0, 0x11, 0x22, 0x33}));
}

TEST_F(PluggedTest, BadMachinesAreRefusedWithTheirLine) {
  EXPECT_EQ(
      RefusedFor("device d\nmodel toaster\n"),
      "x.device:2: there is no model 'toaster'; there are dma-engine, edu, framebuffer and nic");
  EXPECT_EQ(RefusedFor("pci 1:1\nmodel edu\noption speed 1\n"),
            "x.device:2: model edu has no option 'speed'; it has dma-ns and factorial-ns");
  EXPECT_EQ(RefusedFor("device d\nmem 0x1000000 16\n"),
            "x.device: window of d overlaps memory or another window, give it a range of its own");
}

}  // namespace
}  // namespace drydock
