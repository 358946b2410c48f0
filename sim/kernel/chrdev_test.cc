#include "sim/kernel/chrdev.h"

#include "sim/kernel/errno_name.h"
#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

class ChrdevTest : public PartTest {
 protected:
  void SetUp() override {
    module_.name = "pump";
    module_.state = 1;
    fops_.owner = &module_;
    Trace().clear();
  }
  std::string Nodes() {
    Chrdevs::Node nodes[32];
    std::string text;
    const size_t count = chrdevs_.ListNodes(nodes, 32);
    for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + std::string(nodes[i].path);
    return text;
  }
  int Open(unsigned int devt) {
    if (inode_.i_rdev != devt) inode_ = {};  // another node
    inode_.i_rdev = devt;
    file_ = {};
    return chrdevs_.Open(&inode_, &file_);
  }
  miscdevice Misc(const char* name, int minor = Chrdevs::kMiscDynamicMinor) {
    miscdevice misc{};
    misc.minor = minor;
    misc.name = name;
    misc.fops = &fops_;
    return misc;
  }

  DeviceModel model_{list_, verdicts_, calls_, heap_, log_};
  Chrdevs chrdevs_{list_, verdicts_, calls_, heap_, log_, model_};
  module module_{};
  file_operations fops_{};
  inode inode_{};
  file file_{};
};

TEST_F(ChrdevTest, DynamicMajorsGoDownFrom254AndThenFrom511) {
  EXPECT_EQ(chrdevs_.RegisterChrdev(0, 0, 256, "a", &fops_), 254);
  EXPECT_EQ(chrdevs_.RegisterChrdev(0, 0, 256, "b", &fops_), 253);
  for (int major = 252; major >= 234; --major) {
    EXPECT_EQ(chrdevs_.RegisterChrdev(0, 0, 256, "c", &fops_), major);
  }
  EXPECT_EQ(chrdevs_.RegisterChrdev(0, 0, 256, "d", &fops_), 511);
}

TEST_F(ChrdevTest, FixedMajorReturnsZeroAndIsBusyThen) {
  EXPECT_EQ(chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_), 0);
  EXPECT_EQ(chrdevs_.RegisterChrdev(240, 0, 256, "valve", &fops_), -EBUSY);
  EXPECT_EQ(chrdevs_.RegisterChrdev(240, 255, 2, "valve", &fops_), -EBUSY);
  EXPECT_EQ(chrdevs_.RegisterChrdev(240, 256, 2, "valve", &fops_), 0);
}

TEST_F(ChrdevTest, NumbersBeyondTheRangeAreInvalid) {
  EXPECT_EQ(chrdevs_.RegisterChrdev(512, 0, 256, "pump", &fops_), -EINVAL);
  EXPECT_EQ(chrdevs_.RegisterChrdev(240, 0xfffff, 2, "pump", &fops_), -EINVAL);
  EXPECT_EQ(chrdevs_.RegisterChrdev(10, 0, 256, "misc2", &fops_), -EBUSY);
  EXPECT_EQ(Nodes(), "");
}

TEST_F(ChrdevTest, RefusedRegistrationLeavesNothing) {
  chrdevs_.RegisterChrdevRegion(MakeDevt(241, 0), 1, "taken");
  const uint64_t before = list_.Hash();
  // Spans two majors; the second is taken.
  EXPECT_EQ(chrdevs_.RegisterChrdevRegion(MakeDevt(240, 0xfffff), 2, "pump"), -EBUSY);
  EXPECT_EQ(list_.Hash(), before);
}

TEST_F(ChrdevTest, UnregisterOfWhatIsNotRegisteredIsReported) {
  chrdevs_.UnregisterChrdev(240, 0, 256, "pump");
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  verdicts_.Clear();
  chrdevs_.RegisterChrdevRegion(MakeDevt(240, 0), 4, "pump");
  chrdevs_.UnregisterChrdevRegion(MakeDevt(240, 0), 3);  // another count
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(ChrdevTest, PlainRegistrationHasASyntheticNode) {
  fops_.mmap = [](file*, vm_area_struct*) { return 0; };
  const int major = chrdevs_.RegisterChrdev(0, 0, 256, "pump", &fops_);
  Chrdevs::Node node;
  ASSERT_EQ(chrdevs_.ListNodes(&node, 1), 1u);
  EXPECT_STREQ(node.path, "/dev/pump");
  EXPECT_TRUE(node.synthetic);
  EXPECT_TRUE(node.can_mmap);
  unsigned int devt = 0;
  unsigned short mode = 0;
  EXPECT_TRUE(chrdevs_.FindNode("/dev/pump", &devt, &mode));
  EXPECT_EQ(devt, MakeDevt(static_cast<unsigned int>(major), 0));
  EXPECT_FALSE(chrdevs_.FindNode("/dev/pum", &devt, &mode));
  EXPECT_FALSE(chrdevs_.FindNode("/dev/misc", &devt, &mode));
}

TEST_F(ChrdevTest, DeviceOfTheDriverReplacesTheSyntheticNode) {
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  kclass* cls = model_.ClassCreate(nullptr, "c");
  model_.CreateNamed(cls, nullptr, MakeDevt(240, 5), nullptr, "pump5", nullptr, 0);
  EXPECT_EQ(Nodes(), "/dev/pump5");
}

TEST_F(ChrdevTest, SeveralCdevsOfOneRegionAreNumbered) {
  cdev cdevs[2];
  chrdevs_.RegisterChrdevRegion(MakeDevt(240, 0), 8, "pump");
  for (unsigned int i = 0; i < 2; ++i) {
    chrdevs_.CdevInit(&cdevs[i], &fops_);
    EXPECT_EQ(chrdevs_.CdevAdd(&cdevs[i], MakeDevt(240, i), 1), 0);
  }
  EXPECT_EQ(Nodes(), "/dev/pump0 /dev/pump1");
}

TEST_F(ChrdevTest, CdevWithoutRegionIsNamedByItsNumber) {
  cdev cdev;
  chrdevs_.CdevInit(&cdev, &fops_);
  chrdevs_.CdevAdd(&cdev, MakeDevt(240, 3), 1);
  EXPECT_EQ(Nodes(), "/dev/char/240:3");
}

TEST_F(ChrdevTest, InodesAreHeldAsOftenAsTheyArePut) {
  inode_.i_count = 1;  // its name
  chrdevs_.Ihold(&inode_);
  EXPECT_EQ(inode_.i_count, 2u);
  chrdevs_.Iput(&inode_);
  chrdevs_.Iput(nullptr);
  EXPECT_EQ(inode_.i_count, 1u);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(ChrdevTest, InodePutOnceTooOftenIsReportedAndStays) {
  inode_.i_count = 1;
  chrdevs_.Iput(&inode_);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
  EXPECT_EQ(inode_.i_count, 1u);
}

TEST_F(ChrdevTest, InodeThatNobodyHoldsIsNotHeld) {
  chrdevs_.Ihold(&inode_);
  EXPECT_EQ(OnlyVerdict(), "C43 O6");
}

TEST_F(ChrdevTest, OpenTakesReferencesAndReleaseGivesThemBack) {
  fops_.release = [](inode*, file*) {
    Note("release");
    return -5;
  };
  cdev cdev;
  chrdevs_.CdevInit(&cdev, &fops_);
  cdev.owner = &module_;
  chrdevs_.CdevAdd(&cdev, MakeDevt(240, 0), 1);
  EXPECT_EQ(Open(MakeDevt(240, 0)), 0);
  EXPECT_EQ(inode_.i_cdev, &cdev);
  EXPECT_EQ(file_.f_op, &fops_);
  EXPECT_EQ(module_.refcount.counter, 2);  // cdev->owner and fops->owner
  EXPECT_EQ(chrdevs_.open_count(), 1u);
  chrdevs_.Release(&inode_, &file_);
  EXPECT_EQ(Trace(), "release");
  EXPECT_EQ(module_.refcount.counter, 0);
  EXPECT_EQ(chrdevs_.open_count(), 0u);
}

TEST_F(ChrdevTest, OpenOfNothingIsNoSuchDevice) { EXPECT_EQ(Open(MakeDevt(240, 0)), -ENXIO); }

TEST_F(ChrdevTest, FailedOpenKeepsNoReference) {
  fops_.open = [](inode*, file*) { return -EBUSY; };
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  EXPECT_EQ(Open(MakeDevt(240, 0)), -EBUSY);
  EXPECT_EQ(module_.refcount.counter, 0);
  EXPECT_EQ(file_.f_op, nullptr);
  EXPECT_EQ(chrdevs_.open_count(), 0u);
}

TEST_F(ChrdevTest, PositiveOpenIsReportedAndInvalid) {
  fops_.open = [](inode*, file*) { return 1; };
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  EXPECT_EQ(Open(MakeDevt(240, 0)), -EINVAL);
  EXPECT_EQ(OnlyVerdict(), "C35 O9");
}

TEST_F(ChrdevTest, OpenOfAModuleThatGoesAwayIsRefused) {
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  module_.state = 2;
  EXPECT_EQ(Open(MakeDevt(240, 0)), -ENXIO);
}

TEST_F(ChrdevTest, CdevDeletedWhileOpenServesItsFileToTheEnd) {
  cdev* cdev = new struct cdev;
  chrdevs_.CdevInit(cdev, &fops_);
  chrdevs_.CdevAdd(cdev, MakeDevt(240, 0), 1);
  EXPECT_EQ(Open(MakeDevt(240, 0)), 0);
  chrdevs_.CdevDel(cdev);
  EXPECT_EQ(Nodes(), "");
  delete cdev;  // the driver may: nothing looks at it again
  chrdevs_.Release(&inode_, &file_);
  EXPECT_EQ(module_.refcount.counter, 0);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(ChrdevTest, CdevDeletedTwiceIsReported) {
  cdev cdev;
  chrdevs_.CdevInit(&cdev, &fops_);
  chrdevs_.CdevAdd(&cdev, MakeDevt(240, 0), 1);
  EXPECT_EQ(chrdevs_.CdevAdd(&cdev, MakeDevt(240, 1), 1), -EBUSY);
  verdicts_.Clear();
  chrdevs_.CdevDel(&cdev);
  EXPECT_EQ(OnlyVerdict(), "");
  chrdevs_.CdevDel(&cdev);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(ChrdevTest, AllocatedCdevIsFreedByItsLastReference) {
  auto* cdev = static_cast<struct cdev*>(heap_.Kmalloc(sizeof(struct cdev), 0));
  chrdevs_.CdevInit(cdev, &fops_);
  cdev->kobj.drydock_state |= kCdevAllocated;
  chrdevs_.CdevAdd(cdev, MakeDevt(240, 0), 1);
  Open(MakeDevt(240, 0));
  chrdevs_.CdevDel(cdev);
  EXPECT_EQ(heap_.live(), 1);
  chrdevs_.Release(&inode_, &file_);
  EXPECT_EQ(heap_.live(), 0);
}

TEST_F(ChrdevTest, MiscDeviceHasNodeMinorAndDevice) {
  miscdevice misc = Misc("pump");
  misc.mode = 0644;
  EXPECT_EQ(chrdevs_.MiscRegister(&misc), 0);
  EXPECT_EQ(misc.minor, 127);
  ASSERT_NE(misc.this_device, nullptr);
  EXPECT_STREQ(misc.this_device->kobj.name, "pump");
  unsigned int devt = 0;
  unsigned short mode = 0;
  EXPECT_TRUE(chrdevs_.FindNode("/dev/pump", &devt, &mode));
  EXPECT_EQ(mode, 0644);
  EXPECT_EQ(devt, MakeDevt(10, 127));
}

TEST_F(ChrdevTest, MiscNodeNameWins) {
  miscdevice misc = Misc("pump");
  misc.nodename = "water/pump";
  chrdevs_.MiscRegister(&misc);
  EXPECT_EQ(Nodes(), "/dev/water/pump");
}

TEST_F(ChrdevTest, MiscOpenSetsPrivateDataBeforeTheDriver) {
  static void* seen = nullptr;
  fops_.open = [](inode*, file* f) {
    seen = f->private_data;
    return 0;
  };
  miscdevice misc = Misc("pump");
  chrdevs_.MiscRegister(&misc);
  EXPECT_EQ(Open(MakeDevt(10, 127)), 0);
  EXPECT_EQ(seen, &misc);
  EXPECT_EQ(module_.refcount.counter, 1);
}

TEST_F(ChrdevTest, MiscMinorTakenIsBusyAndNameTakenExists) {
  miscdevice a = Misc("pump", 50);
  miscdevice b = Misc("valve", 50);
  miscdevice c = Misc("pump");
  EXPECT_EQ(chrdevs_.MiscRegister(&a), 0);
  EXPECT_EQ(chrdevs_.MiscRegister(&b), -EBUSY);
  EXPECT_EQ(chrdevs_.MiscRegister(&c), -EEXIST);
  EXPECT_EQ(c.minor, Chrdevs::kMiscDynamicMinor);  // may be tried again
}

TEST_F(ChrdevTest, MiscOpenOfAbsentMinorIsNoDevice) {
  EXPECT_EQ(Open(MakeDevt(10, 50)), -ENODEV);
  EXPECT_EQ(Open(MakeDevt(10, 300)), -ENXIO);
}

TEST_F(ChrdevTest, MiscDeregisterTwiceIsReported) {
  miscdevice misc = Misc("pump");
  chrdevs_.MiscRegister(&misc);
  chrdevs_.MiscDeregister(&misc);
  EXPECT_EQ(Nodes(), "");
  EXPECT_EQ(OnlyVerdict(), "");
  chrdevs_.MiscDeregister(&misc);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(ChrdevTest, MiscRegisterFromMiscOpenDeadlocks) {
  static Chrdevs* chrdevs = nullptr;
  static miscdevice inner;
  chrdevs = &chrdevs_;
  inner = Misc("inner");
  fops_.open = [](inode*, file*) { return chrdevs->MiscRegister(&inner); };
  miscdevice misc = Misc("pump");
  chrdevs_.MiscRegister(&misc);
  Open(MakeDevt(10, 127));
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kDeadlock);
}

TEST_F(ChrdevTest, LeftoversAreReported) {
  chrdevs_.ReportLeftovers("nothing is left");
  EXPECT_EQ(OnlyVerdict(), "");
  EXPECT_FALSE(chrdevs_.AnythingRegistered());
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  EXPECT_TRUE(chrdevs_.AnythingRegistered());
  chrdevs_.ReportLeftovers("nothing is left");
  EXPECT_EQ(OnlyVerdict(), "C45 O6");
}

TEST_F(ChrdevTest, TooManyMiscDevicesIsBusyOrOutOfMemory) {
  static miscdevice misc[Chrdevs::kMaxMisc + 1];
  static char names[Chrdevs::kMaxMisc + 1][8];
  for (size_t i = 0; i <= Chrdevs::kMaxMisc; ++i) {
    std::snprintf(names[i], sizeof names[i], "m%zu", i);
    misc[i] = Misc(names[i]);
    EXPECT_EQ(chrdevs_.MiscRegister(&misc[i]), i < Chrdevs::kMaxMisc ? 0 : -ENOMEM);
  }
  EXPECT_EQ(OnlyVerdict(), "C0 O0");
}

TEST_F(ChrdevTest, ResetForgetsRegistrationsAndOpens) {
  chrdevs_.RegisterChrdev(240, 0, 256, "pump", &fops_);
  list_.Checkpoint();
  const uint64_t hash = list_.Hash();
  miscdevice misc = Misc("late");
  chrdevs_.MiscRegister(&misc);
  Open(MakeDevt(240, 0));
  list_.Reset();
  EXPECT_EQ(list_.Hash(), hash);
  EXPECT_EQ(Nodes(), "/dev/pump");
  EXPECT_EQ(chrdevs_.open_count(), 0u);
}

}  // namespace
}  // namespace drydock::kernel
