#include "sim/kernel/pci.h"

#include <cerrno>

#include "sim/kernel/machine_fixture.h"

namespace drydock::kernel {
namespace {

constexpr unsigned kLegacy = 1, kMsi = 2, kMsix = 4;

class PciTest : public MachineTest {
 public:
  PciTest() { tasks_.SetSources(&irqs_, nullptr); }
  ~PciTest() override { tasks_.SetSources(nullptr, nullptr); }
  void SetUp() override {
    MachineTest::SetUp();
    self = this;
    driver_.name = "drv";
    driver_.id_table = ids_;
    driver_.probe = &Probe;
    driver_.remove = &Remove;
  }
  static inline PciTest* self;
  static int Probe(pci_dev* pdev, const pci_device_id* id) {
    Note("probe" + std::to_string(id - self->ids_));
    self->pdev_ = pdev;
    return self->probe_result_;
  }
  static void Remove(pci_dev* pdev) {
    unsigned value = 0;
    Note(self->pci_.PciReadConfig(pdev, 0, 2, &value) == 0 ? "remove" : "remove(gone)");
  }
  // One function, and the driver bound to it.
  void Bind(uint32_t irq = 11, uint32_t messages = 2, bool msix = false) {
    PciFunctionText text;
    text.vendor = 0x1234;
    text.device = 0x11e8;
    text.subsystem_vendor = 0x1af4;
    text.slot = 4 << 3;
    text.class_code = 0x00ff00;
    text.revision = 0x10;
    text.irq = irq;
    text.messages = messages;
    text.msix = msix;
    text.bars[0].size_bytes = 0x100000;
    text.bars[2] = {.size_bytes = 0x1000, .wide = true, .prefetch = true};
    pci_.AddFunction(text, {0xe0000000, 0, 0xe0200000, 0, 0, 0});
    ASSERT_EQ(pci_.CreateDevices(), 0);
    devices_.AdoptExisting();
    ids_[0] = {.vendor = 0x1234,
               .device = 0x11e8,
               .subvendor = PCI_ANY_ID,
               .subdevice = PCI_ANY_ID,
               .class_ = 0,
               .class_mask = 0,
               .driver_data = 0,
               .override_only = 0,
               .drydock_reserved = 0};
    ASSERT_EQ(pci_.PciRegisterDriver(&driver_, nullptr, "drv"), 0);
  }
  static unsigned OnIrq(int irq, void*) {
    Note("irq" + std::to_string(irq));
    return 1;
  }
  unsigned Config(int where, unsigned size) {
    unsigned value = 0;
    EXPECT_EQ(pci_.PciReadConfig(pdev_, where, size, &value), 0);
    return value;
  }

  Interrupts irqs_{list_, verdicts_, calls_, locks_, log_, tasks_, *this};
  DeviceModel devices_{list_, verdicts_, calls_, heap_, log_};
  PciBus pci_{list_, verdicts_, calls_, log_, devices_, irqs_};
  pci_driver driver_{};
  pci_device_id ids_[4] = {};
  pci_dev* pdev_ = nullptr;
  int probe_result_ = 0;
};

TEST_F(PciTest, DriverMeetsTheFunctionThatItsTableNames) {
  Bind();
  EXPECT_EQ(Trace(), "probe0");
  ASSERT_NE(pdev_, nullptr);
  EXPECT_EQ(pdev_->dev.driver, &driver_.driver);
  EXPECT_EQ(pdev_->driver, &driver_);
  EXPECT_STREQ(pdev_->dev.kobj.name, "0000:00:04.0");
  EXPECT_EQ(pdev_->resource[0].start, 0xe0000000u);
  EXPECT_EQ(pdev_->resource[0].end, 0xe00fffffu);
  EXPECT_EQ(pdev_->irq, 11u);
  EXPECT_EQ(pdev_->dma_mask, 0xffffffffu);
  pci_.PciUnregisterDriver(&driver_);
  EXPECT_EQ(Trace(), "probe0 remove");
  EXPECT_EQ(pdev_->driver, nullptr);
}

TEST_F(PciTest, TablesMatchAsTheKernelsDo) {
  const struct {
    const char* name;
    pci_device_id id;
    bool fits;
  } kRows[] = {
      {"any device of the vendor",
       {0x1234, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, 0, 0, 0, 0, 0},
       true},
      {"another device", {0x1234, 0x11e9, PCI_ANY_ID, PCI_ANY_ID, 0, 0, 0, 0, 0}, false},
      {"by subsystem", {0x1234, 0x11e8, 0x1af4, 0, 0, 0, 0, 0, 0}, true},
      {"another subsystem", {0x1234, 0x11e8, 0x1af5, 0, 0, 0, 0, 0, 0}, false},
      {"by class",
       {PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, 0x00ff00, 0xffff00, 0, 0, 0},
       true},
      {"another class",
       {PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, 0x020000, 0xffff00, 0, 0, 0},
       false},
      {"override only", {0x1234, 0x11e8, PCI_ANY_ID, PCI_ANY_ID, 0, 0, 0, 1, 0}, false},
  };
  Bind();
  pci_.PciUnregisterDriver(&driver_);
  for (const auto& row : kRows) {
    Trace().clear();
    ids_[0] = row.id;
    pci_.PciRegisterDriver(&driver_, nullptr, "drv");
    EXPECT_EQ(Trace(), row.fits ? "probe0" : "") << row.name;
    pci_.PciUnregisterDriver(&driver_);
  }
}

TEST_F(PciTest, ProbeThatFailsLeavesTheFunctionAlone) {
  probe_result_ = -EBUSY;
  Bind();
  EXPECT_EQ(pdev_->dev.driver, nullptr);
  EXPECT_EQ(pdev_->driver, nullptr);
  EXPECT_TRUE(LogHas("probe of 0000:00:04.0 failed with error -16"));
}

TEST_F(PciTest, PositiveProbeIsAComplaintAndSuccess) {
  probe_result_ = 3;
  Bind();
  EXPECT_EQ(pdev_->driver, &driver_);
  EXPECT_TRUE(LogHas("unexpectedly returned 3"));
}

TEST_F(PciTest, ConfigurationSpaceSaysWhatTheTextSays) {
  Bind();
  EXPECT_EQ(Config(0x00, 4), 0x11e81234u);
  EXPECT_EQ(Config(0x08, 4), 0x00ff0010u);
  EXPECT_EQ(Config(0x10, 4), 0xe0000000u);
  EXPECT_EQ(Config(0x18, 4), 0xe020000cu);
  EXPECT_EQ(Config(0x2c, 2), 0x1af4u);
  EXPECT_EQ(Config(0x3c, 1), 11u);
  EXPECT_EQ(Config(0x3d, 1), 1u);
  unsigned value = 0;
  EXPECT_EQ(pci_.PciReadConfig(pdev_, 1, 2, &value), 0x87);
  EXPECT_EQ(pci_.PciReadConfig(pdev_, 256, 4, &value), 0x87);
  EXPECT_EQ(pci_.PciReadConfig(pdev_, -4, 4, &value), 0x87);
  EXPECT_EQ(value, ~0u);
  EXPECT_EQ(pci_.PciWriteConfig(pdev_, 0x00, 2, 0xffff), 0);
  EXPECT_EQ(Config(0x00, 2), 0x1234u);
}

TEST_F(PciTest, BarsTellTheirSize) {
  Bind();
  pci_.PciWriteConfig(pdev_, 0x10, 4, 0xffffffff);
  EXPECT_EQ(Config(0x10, 4), 0xfff00000u);
  pci_.PciWriteConfig(pdev_, 0x10, 4, 0xe0000000);
  EXPECT_EQ(Config(0x10, 4), 0xe0000000u);
}

TEST_F(PciTest, EnablingCountsAndTurnsDecodingOn) {
  Bind();
  EXPECT_FALSE(pci_.Decodes(0));
  EXPECT_EQ(pci_.PciEnableDevice(pdev_), 0);
  EXPECT_EQ(pci_.PciEnableDevice(pdev_), 0);
  EXPECT_TRUE(pci_.Decodes(0));
  EXPECT_FALSE(pci_.Masters(0));
  pci_.PciSetMaster(pdev_, true);
  EXPECT_TRUE(pci_.Masters(0));
  pci_.PciDisableDevice(pdev_);
  EXPECT_TRUE(pci_.Masters(0));
  pci_.PciDisableDevice(pdev_);
  EXPECT_FALSE(pci_.Masters(0));
  EXPECT_TRUE(pci_.Decodes(0));
  EXPECT_EQ(OnlyVerdict(), "");
  pci_.PciDisableDevice(pdev_);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(PciTest, RegistersBeforeEnablingAreToldOnce) {
  Bind();
  pci_.NoteUndecoded(0);
  pci_.NoteUndecoded(0);
  EXPECT_EQ(OnlyVerdict(), "C0 O14");
}

TEST_F(PciTest, VectorsAreOfTheBestKindThatIsAskedFor) {
  const struct {
    const char* name;
    uint32_t irq, messages;
    bool msix;
    unsigned min, max, flags;
    int result;
  } kRows[] = {
      {"msi", 11, 4, false, 1, 8, kLegacy | kMsi | kMsix, 4},
      {"fewer", 11, 4, false, 1, 2, kMsi, 2},
      {"msix", 11, 4, true, 1, 8, kLegacy | kMsix, 4},
      {"msi not there", 11, 4, true, 1, 8, kLegacy | kMsi, 1},
      {"the line", 11, 0, false, 1, 8, kLegacy | kMsi, 1},
      {"too few messages", 11, 2, false, 3, 8, kMsi, -ENOSPC},
      {"no line", 0, 0, false, 1, 1, kLegacy | kMsi, -ENOSPC},
      {"two lines", 11, 0, false, 2, 2, kLegacy, -ENOSPC},
      {"nothing allowed", 11, 4, false, 1, 1, 0, -ENOSPC},
      {"senseless", 11, 4, false, 3, 2, kMsi, -EINVAL},
  };
  Bind();
  for (size_t i = 0; i < std::size(kRows); ++i) {
    const auto& row = kRows[i];
    hw::ResetList list;
    Interrupts irqs(list, verdicts_, calls_, locks_, log_, tasks_, *this);
    PciBus pci(list, verdicts_, calls_, log_, devices_, irqs);
    PciFunctionText text;
    text.irq = row.irq;
    text.messages = row.messages;
    text.msix = row.msix;
    pci.AddFunction(text, {});
    pci_dev pdev{};
    pdev.irq = row.irq;
    EXPECT_EQ(pci.PciAllocIrqVectors(&pdev, row.min, row.max, row.flags), row.result) << row.name;
    if (row.result < 0) continue;
    EXPECT_GT(pci.PciIrqVector(&pdev, 0), 0) << row.name;
    EXPECT_EQ(pci.PciIrqVector(&pdev, static_cast<unsigned>(row.result)), -EINVAL) << row.name;
    pci.PciFreeIrqVectors(&pdev);
    EXPECT_EQ(pdev.irq, row.irq) << row.name;
  }
}

TEST_F(PciTest, LineIsAssertedUntilTheDeviceLowersIt) {
  Bind();
  pci_.PciEnableDevice(pdev_);
  ASSERT_EQ(pci_.PciAllocIrqVectors(pdev_, 1, 1, kLegacy), 1);
  irqs_.RequestThreadedIrq(
      11,
      [](int, void*) {
        Note("irq");
        self->pci_.SetInterrupt(0, 0, false);
        return 1u;
      },
      nullptr, 0, "drv", this);
  pci_.SetInterrupt(0, 0, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "probe0 irq");
  pci_.PciWriteConfig(pdev_, 4, 2, PciBus::kCommandIntxOff);
  pci_.SetInterrupt(0, 0, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "probe0 irq");
}

TEST_F(PciTest, MessagesNeedTheBus) {
  Bind();
  pci_.PciEnableDevice(pdev_);
  ASSERT_EQ(pci_.PciAllocIrqVectors(pdev_, 2, 2, kMsi), 2);
  const int second = pci_.PciIrqVector(pdev_, 1);
  irqs_.RequestThreadedIrq(static_cast<unsigned>(second), &OnIrq, nullptr, 0, "drv", this);
  pci_.SetInterrupt(0, 1, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "probe0");
  pci_.PciSetMaster(pdev_, true);
  pci_.SetInterrupt(0, 1, true);
  tasks_.Serve();
  EXPECT_EQ(Trace(), "probe0 irq" + std::to_string(second));
  EXPECT_EQ(pdev_->msi_enabled, 1);
}

TEST_F(PciTest, VectorsAreFreedAfterTheirHandlers) {
  Bind();
  pci_.PciAllocIrqVectors(pdev_, 1, 1, kMsi);
  const auto irq = static_cast<unsigned>(pci_.PciIrqVector(pdev_, 0));
  irqs_.RequestThreadedIrq(irq, &OnIrq, nullptr, 0, "drv", this);
  pci_.PciFreeIrqVectors(pdev_);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  verdicts_.Clear();
  irqs_.FreeIrq(irq, this);
  pci_.PciFreeIrqVectors(pdev_);
  EXPECT_EQ(OnlyVerdict(), "");
  EXPECT_EQ(pdev_->msi_enabled, 0);
  EXPECT_EQ(pdev_->irq, 11u);
}

TEST_F(PciTest, FunctionThatIsPulledOutIsGone) {
  Bind();
  pci_.PciEnableDevice(pdev_);
  EXPECT_FALSE(pci_.Unplug("0000:00:05.0"));
  EXPECT_TRUE(pci_.Unplug("0000:00:04.0"));
  EXPECT_EQ(Trace(), "probe0 remove(gone)");
  EXPECT_FALSE(pci_.Decodes(0));
  EXPECT_FALSE(pci_.Unplug("0000:00:04.0"));
  EXPECT_EQ(pci_.PciEnableDevice(pdev_), -EIO);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(PciTest, UnbindAndBindFromUserSpace) {
  Bind();
  EXPECT_TRUE(devices_.UnbindDevice("0000:00:04.0"));
  EXPECT_FALSE(devices_.UnbindDevice("0000:00:04.0"));
  EXPECT_TRUE(devices_.BindDevice("0000:00:04.0"));
  EXPECT_FALSE(devices_.BindDevice("0000:00:04.0"));
  EXPECT_FALSE(devices_.BindDevice("nothing"));
  EXPECT_EQ(Trace(), "probe0 remove probe0");
}

TEST_F(PciTest, UnregisteringWhatIsNotRegisteredAndLeavingADriverAreReported) {
  Bind();
  devices_.ReportLeftovers("x");
  EXPECT_EQ(OnlyVerdict(), "C45 O6");
  EXPECT_EQ(Seen(), "the pci driver drv is still registered");
  verdicts_.Clear();
  pci_.PciUnregisterDriver(&driver_);
  pci_.PciUnregisterDriver(&driver_);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(PciTest, ResetPutsItBack) {
  Bind();
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  pci_.PutBackReachable();
  pdev_->dev.driver_data = pdev_;
  pci_.PciEnableDevice(pdev_);
  pci_.PciSetMaster(pdev_, true);
  pci_.PciAllocIrqVectors(pdev_, 1, 2, kMsi);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(list_.FirstDifference(), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
