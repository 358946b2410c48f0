#include "sim/kernel/device_model.h"

#include "sim/kernel/errno_name.h"
#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

constexpr unsigned int kDevt = 240u << 20;

class DeviceModelTest : public PartTest {
 protected:
  void SetUp() override { Trace().clear(); }
  device* Create(kclass* cls, unsigned int devt, const char* format, ...) {
    va_list args;
    va_start(args, format);
    device* dev = model_.DeviceCreate(cls, nullptr, devt, nullptr, format, args);
    va_end(args);
    return dev;
  }
  platform_device* AddPlatform(const char* name, int id = -1) {
    platform_device* pdev = model_.PlatformDeviceAlloc(name, id);
    EXPECT_EQ(model_.PlatformDeviceAdd(pdev), 0);
    return pdev;
  }
  static platform_driver Driver(const char* name, int (*probe)(platform_device*)) {
    platform_driver driver{};
    driver.driver.name = name;
    driver.probe = probe;
    driver.remove = [](platform_device* pdev) {
      Note(std::string("remove:") + pdev->dev.kobj.name);
      return 0;
    };
    return driver;
  }

  DeviceModel model_{list_, verdicts_, calls_, heap_, log_};
  kclass* cls_ = model_.ClassCreate(nullptr, "pump");
};

DeviceModel* g_model = nullptr;
int ProbeOk(platform_device* pdev) {
  Note(std::string("probe:") + pdev->dev.kobj.name);
  return 0;
}
int ProbeFails(platform_device* pdev) {
  g_model->DevmAddAction(&pdev->dev, [](void*) { Note("first"); }, nullptr);
  g_model->DevmKmalloc(&pdev->dev, 16, 0);
  g_model->DevmAddAction(&pdev->dev, [](void*) { Note("second"); }, nullptr);
  pdev->dev.driver_data = pdev;
  return -EIO;
}
bool g_ready = false;
int ProbeDefers(platform_device* pdev) {
  if (!g_ready) return -517;
  Note(std::string("late:") + pdev->dev.kobj.name);
  return 0;
}
int ProbeMakesReady(platform_device*) {
  g_ready = true;
  return 0;
}

TEST_F(DeviceModelTest, DeviceWithNumberHasANode) {
  device* dev = Create(cls_, kDevt, "pump%d", 3);
  ASSERT_FALSE(IsErrorPointer(dev));
  EXPECT_STREQ(dev->kobj.name, "pump3");
  EXPECT_EQ(model_.FindNode("/dev/pump3").devt, kDevt);
  EXPECT_EQ(model_.FindNode("/dev/pump3").mode, 0600);
}

TEST_F(DeviceModelTest, DeviceWithoutNumberHasNoNode) {
  ASSERT_FALSE(IsErrorPointer(Create(cls_, 0, "pump")));
  EXPECT_EQ(model_.FindNode("/dev/pump").path, nullptr);
}

TEST_F(DeviceModelTest, NodeIsGoneAfterDestroy) {
  Create(cls_, kDevt, "pump");
  model_.DeviceDestroy(cls_, kDevt);
  EXPECT_EQ(model_.FindNode("/dev/pump").path, nullptr);
  model_.DeviceDestroy(cls_, kDevt);  // the kernel says nothing either
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(DeviceModelTest, SlashInANameBecomesAFolder) {
  Create(cls_, kDevt, "bus/pump");
  EXPECT_EQ(model_.FindNode("/dev/bus/pump").devt, kDevt);
}

TEST_F(DeviceModelTest, ClassChoosesTheNode) {
  static CountingHeap* heap = nullptr;
  heap = &heap_;
  cls_->devnode = [](device*, unsigned short* mode) {
    *mode = 0666;
    auto* name = static_cast<char*>(heap->Kmalloc(8, 0));
    std::snprintf(name, 8, "x/y");
    return name;
  };
  Create(cls_, kDevt, "pump");
  EXPECT_EQ(model_.FindNode("/dev/x/y").mode, 0666);
  EXPECT_EQ(heap_.live(), 0);
}

TEST_F(DeviceModelTest, SameNameInOneClassExists) {
  Create(cls_, kDevt, "pump");
  EXPECT_EQ(PointerError(Create(cls_, kDevt + 1, "pump")), -EEXIST);
  EXPECT_TRUE(LogHas("duplicate filename 'pump'"));
}

TEST_F(DeviceModelTest, SameNumberExists) {
  Create(cls_, kDevt, "pump");
  EXPECT_EQ(PointerError(Create(cls_, kDevt, "other")), -EEXIST);
}

TEST_F(DeviceModelTest, FailedCreateLeavesNothing) {
  Create(cls_, kDevt, "pump");
  const uint64_t before = list_.Hash();
  Create(cls_, kDevt, "other");
  EXPECT_EQ(list_.Hash(), before);
}

TEST_F(DeviceModelTest, BadClassIsNoDevice) {
  EXPECT_EQ(PointerError(Create(nullptr, kDevt, "pump")), -ENODEV);
  EXPECT_EQ(PointerError(Create(ErrorPointer<kclass>(-12), kDevt, "pump")), -ENODEV);
}

TEST_F(DeviceModelTest, ClassNamesAreUnique) {
  EXPECT_EQ(PointerError(model_.ClassCreate(nullptr, "pump")), -EEXIST);
}

TEST_F(DeviceModelTest, ClassDestroyedTwiceIsReported) {
  model_.ClassDestroy(cls_);
  model_.ClassDestroy(nullptr);
  EXPECT_EQ(OnlyVerdict(), "");
  model_.ClassDestroy(cls_);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(DeviceModelTest, AddWithoutNameIsInvalid) {
  device dev{};
  model_.DeviceInitialize(&dev);
  EXPECT_EQ(model_.DeviceAdd(&dev), -EINVAL);
}

TEST_F(DeviceModelTest, OwnDeviceIsReleasedByItsLastPut) {
  device dev{};
  dev.release = [](device*) { Note("release"); };
  model_.DeviceInitialize(&dev);
  model_.DevSetNameTo(&dev, "own");
  EXPECT_EQ(model_.DeviceAdd(&dev), 0);
  model_.GetDevice(&dev);
  model_.DeviceDel(&dev);
  model_.PutDevice(&dev);
  EXPECT_EQ(Trace(), "");
  model_.PutDevice(&dev);
  EXPECT_EQ(Trace(), "release");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(DeviceModelTest, PutBelowZeroIsReported) {
  device dev{};
  dev.release = [](device*) {};
  model_.DeviceInitialize(&dev);
  model_.PutDevice(&dev);
  model_.PutDevice(&dev);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(DeviceModelTest, GetOfReleasedDeviceIsReported) {
  device dev{};
  dev.release = [](device*) {};
  model_.DeviceInitialize(&dev);
  model_.PutDevice(&dev);
  model_.GetDevice(&dev);
  EXPECT_EQ(OnlyVerdict(), "C43 O6");
}

TEST_F(DeviceModelTest, ReleaseWhileAddedIsReported) {
  device* dev = Create(cls_, kDevt, "pump");
  model_.PutDevice(dev);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(DeviceModelTest, ReleaseFunctionIsRequired) {
  device dev{};
  model_.DeviceInitialize(&dev);
  model_.PutDevice(&dev);
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
}

TEST_F(DeviceModelTest, ProbesByName) {
  AddPlatform("pump");
  AddPlatform("valve");
  platform_driver driver = Driver("pump", ProbeOk);
  EXPECT_EQ(model_.PlatformDriverRegister(&driver, nullptr), 0);
  EXPECT_EQ(Trace(), "probe:pump");
}

TEST_F(DeviceModelTest, DriverWithTableIgnoresItsName) {
  AddPlatform("pump");
  AddPlatform("pump-v2", 1);
  static const platform_device_id ids[] = {{"pump-v2", 7}, {"", 0}};
  platform_driver driver = Driver("pump", ProbeOk);
  driver.id_table = ids;
  model_.PlatformDriverRegister(&driver, nullptr);
  EXPECT_EQ(Trace(), "probe:pump-v2.1");
}

TEST_F(DeviceModelTest, DeviceThatComesLaterIsProbed) {
  platform_driver driver = Driver("pump", ProbeOk);
  model_.PlatformDriverRegister(&driver, nullptr);
  EXPECT_EQ(Trace(), "");
  AddPlatform("pump", 0);
  EXPECT_EQ(Trace(), "probe:pump.0");
}

TEST_F(DeviceModelTest, UnbindsInReverse) {
  AddPlatform("pump", 0);
  AddPlatform("pump", 1);
  platform_driver driver = Driver("pump", ProbeOk);
  model_.PlatformDriverRegister(&driver, nullptr);
  Trace().clear();
  model_.PlatformDriverUnregister(&driver);
  EXPECT_EQ(Trace(), "remove:pump.1 remove:pump.0");
}

TEST_F(DeviceModelTest, FailedProbeReleasesItsResourcesInReverse) {
  g_model = &model_;
  platform_device* pdev = AddPlatform("pump");
  platform_driver driver = Driver("pump", ProbeFails);
  EXPECT_EQ(model_.PlatformDriverRegister(&driver, nullptr), 0);
  EXPECT_EQ(Trace(), "second first");
  EXPECT_EQ(heap_.live(), 0);
  EXPECT_EQ(pdev->dev.driver_data, nullptr);
  EXPECT_EQ(pdev->dev.driver, nullptr);
  EXPECT_TRUE(LogHas("probe of pump failed with error -5"));
}

TEST_F(DeviceModelTest, ProbeDeferredForEverIsKnown) {
  g_ready = false;
  AddPlatform("pump");
  platform_driver driver = Driver("pump", ProbeDefers);
  model_.PlatformDriverRegister(&driver, nullptr);
  ASSERT_EQ(model_.deferred_count(), 1u);
  EXPECT_STREQ(model_.deferred_name(0), "pump");
}

TEST_F(DeviceModelTest, DeferredProbeRunsAgainWhenAnotherBinds) {
  g_ready = false;
  AddPlatform("pump");
  AddPlatform("clock");
  platform_driver driver = Driver("pump", ProbeDefers);
  platform_driver clock = Driver("clock", ProbeMakesReady);
  model_.PlatformDriverRegister(&driver, nullptr);
  model_.PlatformDriverRegister(&clock, nullptr);
  EXPECT_EQ(Trace(), "late:pump");
  EXPECT_EQ(model_.deferred_count(), 0u);
}

TEST_F(DeviceModelTest, DriverProbeWithoutDeviceIsNoDevice) {
  platform_driver driver = Driver("pump", nullptr);
  EXPECT_EQ(model_.PlatformDriverProbe(&driver, ProbeOk, nullptr), -ENODEV);
  EXPECT_EQ(model_.PlatformDriverRegister(&driver, nullptr), 0);  // was unregistered
}

TEST_F(DeviceModelTest, DriverProbeRefusesToDefer) {
  g_ready = false;
  AddPlatform("pump");
  platform_driver driver = Driver("pump", nullptr);
  EXPECT_EQ(model_.PlatformDriverProbe(&driver, ProbeDefers, nullptr), -ENODEV);
  EXPECT_EQ(model_.deferred_count(), 0u);
  EXPECT_TRUE(LogHas("probe deferral not supported"));
}

TEST_F(DeviceModelTest, SameDriverNameIsBusy) {
  platform_driver a = Driver("pump", ProbeOk);
  platform_driver b = Driver("pump", ProbeOk);
  EXPECT_EQ(model_.PlatformDriverRegister(&a, nullptr), 0);
  EXPECT_EQ(model_.PlatformDriverRegister(&b, nullptr), -EBUSY);
}

TEST_F(DeviceModelTest, UnregisterOfUnknownDriverIsReported) {
  platform_driver driver{};
  driver.driver.name = "p";
  model_.PlatformDriverUnregister(&driver);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  EXPECT_EQ(Seen(), "platform_driver_unregister of p: WARN: Unexpected driver unregister!");
}

TEST_F(DeviceModelTest, UnregisterTwiceUsesWhatIsFreed) {
  platform_driver driver{};
  driver.driver.name = "p";
  EXPECT_EQ(model_.PlatformDriverRegister(&driver, nullptr), 0);
  model_.PlatformDriverUnregister(&driver);
  model_.PlatformDriverUnregister(&driver);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  EXPECT_EQ(
      Seen(),
      "platform_driver_unregister of p: it was unregistered before, and what it had is freed");
}

TEST_F(DeviceModelTest, ResourcesAreFoundByTypeAndIndex) {
  platform_device* pdev = model_.PlatformDeviceAlloc("pump", -1);
  resource resources[3] = {};
  resources[0].flags = resources[2].flags = 0x200;
  resources[1].flags = 0x400;
  resources[2].start = 5;
  EXPECT_EQ(model_.PlatformDeviceAddResources(pdev, resources, 3), 0);
  EXPECT_EQ(model_.PlatformGetResource(pdev, 0x200, 1)->start, 5u);
  EXPECT_EQ(model_.PlatformGetResource(pdev, 0x200, 2), nullptr);
  EXPECT_EQ(model_.PlatformGetResource(pdev, 0x100, 0), nullptr);
  EXPECT_EQ(model_.PlatformDeviceAddResources(pdev, resources, DeviceModel::kMaxResources + 1),
            -ENOMEM);
}

TEST_F(DeviceModelTest, AutomaticIdsCount) {
  EXPECT_STREQ(AddPlatform("pump", -2)->dev.kobj.name, "pump.0.auto");
  EXPECT_STREQ(AddPlatform("pump", -2)->dev.kobj.name, "pump.1.auto");
}

TEST_F(DeviceModelTest, DevresOfUnknownDeviceIsReported) {
  device dev{};
  EXPECT_EQ(model_.DevmKmalloc(&dev, 8, 0), nullptr);
  EXPECT_EQ(OnlyVerdict(), "C43 O6");
}

TEST_F(DeviceModelTest, LeftoversAreReportedAndTheMachinesAreNot) {
  AddPlatform("machine");
  model_.ClassDestroy(cls_);
  model_.AdoptExisting();
  model_.ReportLeftovers("nothing is left");
  EXPECT_EQ(OnlyVerdict(), "");
  kclass* cls = model_.ClassCreate(nullptr, "late");
  device* dev = Create(cls, kDevt, "left");
  model_.DeviceDel(dev);  // and no put, as bsr.c does
  model_.ReportLeftovers("nothing is left");
  ASSERT_EQ(verdicts_.count(), 2u);
  EXPECT_EQ(Seen(0), "the device left is still allocated: a put_device() is missing");
  EXPECT_EQ(Seen(1), "the class late is still registered");
}

TEST_F(DeviceModelTest, TooManyDevicesIsOutOfMemoryAndSaidOnce) {
  for (unsigned int i = 0; i < DeviceModel::kMaxDevices; ++i) {
    ASSERT_FALSE(IsErrorPointer(Create(cls_, 0, "pump%u", i)));
  }
  EXPECT_EQ(PointerError(Create(cls_, 0, "more")), -ENOMEM);
  EXPECT_EQ(PointerError(Create(cls_, 0, "more")), -ENOMEM);
  EXPECT_EQ(OnlyVerdict(), "C0 O0");
}

TEST_F(DeviceModelTest, ResetRestoresWhatTheDriverWroteByItself) {
  device* dev = Create(cls_, kDevt, "pump");
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  model_.PutBackReachable();
  dev->driver_data = dev;
  model_.DeviceDestroy(cls_, kDevt);
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(dev->driver_data, nullptr);
  EXPECT_EQ(model_.FindNode("/dev/pump").devt, kDevt);
}

TEST_F(DeviceModelTest, TheDeviceBehindANodeIsItsParentWhileADriverHasIt) {
  platform_device* pdev = AddPlatform("pump");
  device* node = Create(cls_, kDevt, "pump");
  EXPECT_EQ(model_.BoundBehind(kDevt), nullptr) << "it stands on nothing";
  node->parent = &pdev->dev;
  EXPECT_EQ(model_.BoundBehind(kDevt), nullptr) << "no driver has it";
  platform_driver driver = Driver("pump", &ProbeOk);
  ASSERT_EQ(model_.PlatformDriverRegister(&driver, nullptr), 0);
  EXPECT_STREQ(model_.BoundBehind(kDevt), "pump");
  EXPECT_EQ(model_.BoundBehind(kDevt + 1), nullptr) << "another node";
  driver.driver.suppress_bind_attrs = true;
  EXPECT_EQ(model_.BoundBehind(kDevt), nullptr) << "its driver forbids it";
  driver.driver.suppress_bind_attrs = false;
  EXPECT_TRUE(model_.UnbindDevice("pump"));
  EXPECT_EQ(model_.BoundBehind(kDevt), nullptr);
  EXPECT_TRUE(model_.BindDevice("pump"));
  EXPECT_STREQ(model_.BoundBehind(kDevt), "pump");
  model_.DeviceDestroy(cls_, kDevt);
  EXPECT_EQ(model_.BoundBehind(kDevt), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
