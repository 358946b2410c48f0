// What kernel functions answer when memory that they take for themselves cannot be had: rules NM1
// to NM12 of docs/mmap-rules.md, each allocation of each function, and that nothing is left of a
// call that failed.
#include <functional>
#include <ostream>

#include "sim/kernel/chrdev.h"
#include "sim/kernel/errno_name.h"
#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

int ProbeIsCalled(platform_device*) {
  Note("probe");
  return 0;
}

std::string Text(long error) {
  if (error == 0) return "0";
  const char* name = ErrnoName(error);
  return name != nullptr && error < 0 ? "-" + std::string(name) : std::to_string(error);
}
std::string Text(const void* pointer) {
  if (pointer == nullptr) return "NULL";
  return IsErrorPointer(pointer) ? Text(PointerError(pointer)) : "0";
}

// A kernel's devices, and what a driver would have.
struct Machine {
  explicit Machine(int fail_nth) : memory(fail_nth) {
    owner.name = "pump";
    owner.state = 1;
    fops.owner = &owner;
    driver.driver.name = "pump";
    driver.probe = ProbeIsCalled;
    misc.name = "pump";
    misc.minor = Chrdevs::kMiscDynamicMinor;
    misc.fops = &fops;
    cls.name = "valve";
  }
  device* CreateDevice(const char* format, ...) {
    va_list args;
    va_start(args, format);
    device* made = devices.DeviceCreate(pumps, nullptr, MakeDevt(240, 0), nullptr, format, args);
    va_end(args);
    return made;
  }
  int NameDevice(const char* format, ...) {
    va_list args;
    va_start(args, format);
    const int error = devices.DevSetName(&dev, format, args);
    va_end(args);
    return error;
  }
  // From here on the n-th allocation fails.
  void StartFailing() {
    devices.SetMemory(&memory);
    chrdevs.SetMemory(&memory);
  }

  hw::ResetList list;
  Verdicts verdicts;
  DirectDriverCall calls;
  CountingHeap heap;
  Log log{list, verdicts};
  DeviceModel devices{list, verdicts, calls, heap, log};
  Chrdevs chrdevs{list, verdicts, calls, heap, log, devices};
  FailingMemory memory;

  kclass* pumps = devices.ClassCreate(nullptr, "pumps");
  module owner{};
  file_operations fops{};
  platform_driver driver{};
  platform_device* pdev = nullptr;
  miscdevice misc{};
  kclass cls{};
  device dev{};
  cdev the_cdev{};
  unsigned int devt = 0;
  resource resources[1] = {};
};

struct Case {
  const char* name;
  std::function<void(Machine&)> before;
  std::function<std::string(Machine&)> call;
  std::vector<std::string> answers;  // to the failure of the 1st, 2nd, ... allocation
  bool keeps = false;                // true if what a failed call leaves is said by `answers` alone
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

void Nothing(Machine&) {}
void AllocatePlatformDevice(Machine& m) { m.pdev = m.devices.PlatformDeviceAlloc("pump", -1); }
void RegisterDriver(Machine& m) { m.devices.PlatformDriverRegister(&m.driver, &m.owner); }

const Case kCases[] = {
    {"NM1_PlatformDeviceAlloc",
     Nothing,
     [](Machine& m) { return Text(m.devices.PlatformDeviceAlloc("pump", -1)); },
     {"NULL"}},
    {"NM2_PlatformDeviceAddResources",
     AllocatePlatformDevice,
     [](Machine& m) { return Text(m.devices.PlatformDeviceAddResources(m.pdev, m.resources, 1)); },
     {"-ENOMEM"}},
    {"NM2_NoResourcesNeedNoMemory",
     AllocatePlatformDevice,
     [](Machine& m) { return Text(m.devices.PlatformDeviceAddResources(m.pdev, nullptr, 0)); },
     {}},
    {"NM3_DevSetName",
     [](Machine& m) { m.devices.DeviceInitialize(&m.dev); },
     [](Machine& m) { return Text(m.NameDevice("pump")); },
     {"-ENOMEM"}},
    // The error of dev_set_name() is dropped: device_add() finds no name.
    {"NM3_PlatformDeviceAdd",
     AllocatePlatformDevice,
     [](Machine& m) { return Text(m.devices.PlatformDeviceAdd(m.pdev)); },
     {"-EINVAL", "-ENOMEM", "-ENOMEM"},
     true},
    {"NM3_PlatformDeviceAddWithAutomaticId",
     [](Machine& m) { m.pdev = m.devices.PlatformDeviceAlloc("pump", -2); },
     [](Machine& m) {
       const std::string answer = Text(m.devices.PlatformDeviceAdd(m.pdev));
       EXPECT_EQ(m.pdev->id, answer == "0" ? 0 : -2);
       return answer;
     },
     {"-ENOMEM", "-EINVAL", "-ENOMEM", "-ENOMEM"},
     true},
    {"NM3_DeviceAddWithInitName",
     [](Machine& m) {
       m.devices.DeviceInitialize(&m.dev);
       m.dev.init_name = "pump";
     },
     [](Machine& m) { return Text(m.devices.DeviceAdd(&m.dev)); },
     {"-ENOMEM", "-EINVAL", "-ENOMEM"},
     true},
    {"NM4_DeviceAdd",
     [](Machine& m) {
       m.devices.DeviceInitialize(&m.dev);
       m.NameDevice("pump");
     },
     [](Machine& m) { return Text(m.devices.DeviceAdd(&m.dev)); },
     {"-ENOMEM", "-ENOMEM"}},
    {"NM5_DeviceCreate",
     Nothing,
     [](Machine& m) { return Text(m.CreateDevice("pump")); },
     {"-ENOMEM", "-ENOMEM", "-ENOMEM", "-ENOMEM"}},
    {"NM6_ClassCreate",
     Nothing,
     [](Machine& m) { return Text(m.devices.ClassCreate(nullptr, "valves")); },
     {"-ENOMEM", "-ENOMEM"}},
    {"NM6_ClassRegister",
     Nothing,
     [](Machine& m) { return Text(m.devices.ClassRegister(&m.cls)); },
     {"-ENOMEM"}},
    {"NM7_PlatformDriverRegister",
     Nothing,
     [](Machine& m) { return Text(m.devices.PlatformDriverRegister(&m.driver, &m.owner)); },
     {"-ENOMEM"}},
    // Both are registered, and not bound to one another.
    {"NM8_PlatformDriverRegisterWhereADeviceWaits",
     [](Machine& m) {
       AllocatePlatformDevice(m);
       m.devices.PlatformDeviceAdd(m.pdev);
     },
     [](Machine& m) {
       const std::string answer = Text(m.devices.PlatformDriverRegister(&m.driver, &m.owner));
       return answer + (m.devices.bound_count() == 1 ? "" : " unbound");
     },
     {"-ENOMEM unbound", "0 unbound"},
     true},
    {"NM8_PlatformDeviceAddWhereADriverWaits",
     [](Machine& m) {
       RegisterDriver(m);
       AllocatePlatformDevice(m);
     },
     [](Machine& m) {
       const std::string answer = Text(m.devices.PlatformDeviceAdd(m.pdev));
       return answer + (m.devices.bound_count() == 1 ? "" : " unbound");
     },
     {"-EINVAL unbound", "-ENOMEM unbound", "-ENOMEM unbound", "0 unbound"},
     true},
    {"NM8_PlatformDriverProbe",
     [](Machine& m) {
       AllocatePlatformDevice(m);
       m.devices.PlatformDeviceAdd(m.pdev);
     },
     [](Machine& m) {
       return Text(m.devices.PlatformDriverProbe(&m.driver, ProbeIsCalled, &m.owner));
     },
     {"-ENOMEM", "-ENODEV"},
     true},
    {"NM9_RegisterChrdev",
     Nothing,
     [](Machine& m) {
       const int major = m.chrdevs.RegisterChrdev(0, 0, 256, "pump", &m.fops);
       return Text(major > 0 ? 0 : major);
     },
     {"-ENOMEM", "-ENOMEM", "-ENOMEM"}},
    {"NM9_AllocChrdevRegion",
     Nothing,
     [](Machine& m) { return Text(m.chrdevs.AllocChrdevRegion(&m.devt, 0, 1, "pump")); },
     {"-ENOMEM"}},
    {"NM9_RegisterChrdevRegionOfTwoMajors",
     Nothing,
     [](Machine& m) {
       return Text(m.chrdevs.RegisterChrdevRegion(MakeDevt(240, 0xfffff), 2, "pump"));
     },
     {"-ENOMEM", "-ENOMEM"}},
    {"NM10_CdevAdd",
     [](Machine& m) { m.chrdevs.CdevInit(&m.the_cdev, &m.fops); },
     [](Machine& m) { return Text(m.chrdevs.CdevAdd(&m.the_cdev, MakeDevt(240, 0), 1)); },
     {"-ENOMEM"}},
    {"NM11_MiscRegister",
     Nothing,
     [](Machine& m) {
       const std::string answer = Text(m.chrdevs.MiscRegister(&m.misc));
       EXPECT_EQ(m.misc.minor == Chrdevs::kMiscDynamicMinor, answer != "0");
       return answer;
     },
     {"-ENOMEM", "-ENOMEM", "-ENOMEM", "-ENOMEM"}},
    // Without memory for the name of its own the node has the device's name.
    {"NM11_MiscRegisterWithNodename",
     [](Machine& m) { m.misc.nodename = "water/pump"; },
     [](Machine& m) {
       const std::string answer = Text(m.chrdevs.MiscRegister(&m.misc));
       const bool plain = m.devices.FindNode("/dev/pump").path != nullptr;
       return answer + (plain ? " /dev/pump" : "");
     },
     {"-ENOMEM", "-ENOMEM", "0 /dev/pump", "-ENOMEM", "-ENOMEM"},
     true},
    {"NM12_DevmAddAction",
     [](Machine& m) { m.devices.DeviceInitialize(&m.dev); },
     [](Machine& m) {
       return Text(m.devices.DevmAddAction(&m.dev, [](void*) { Note("action"); }, nullptr));
     },
     {"-ENOMEM"}},
};

class NoMemoryRules : public testing::TestWithParam<Case> {};

TEST_P(NoMemoryRules, AnswersAsTheKernelDoesAndLeavesNothing) {
  const Case& c = GetParam();
  for (size_t n = 1; n <= c.answers.size(); ++n) {
    Trace().clear();
    Machine machine(static_cast<int>(n));
    c.before(machine);
    const uint64_t hash = machine.list.Hash();
    machine.StartFailing();

    EXPECT_EQ(c.call(machine), c.answers[n - 1]) << "allocation " << n;

    EXPECT_NE(machine.memory.refused(), "") << "allocation " << n;
    if (!c.keeps) {
      EXPECT_EQ(machine.list.Hash(), hash) << "allocation " << n;
    }
    EXPECT_EQ(Trace(), "") << "allocation " << n;
    EXPECT_EQ(machine.verdicts.count(), 0u) << machine.verdicts[0].seen;
  }
}

TEST_P(NoMemoryRules, AllocatesNoMore) {
  const Case& c = GetParam();
  Machine machine(static_cast<int>(c.answers.size()) + 1);
  c.before(machine);
  machine.StartFailing();

  EXPECT_EQ(c.call(machine), "0");

  EXPECT_EQ(machine.memory.refused(), "");
}

INSTANTIATE_TEST_SUITE_P(Kernel, NoMemoryRules, testing::ValuesIn(kCases),
                         [](const testing::TestParamInfo<Case>& info) {
                           return std::string(info.param.name);
                         });

// What a failed platform_device_add() or device_add() leaves is a device that can be put.
TEST(NoMemory, NM3_ADeviceThatWasNotAddedIsPut) {
  for (int n = 1; n <= 3; ++n) {
    Machine machine(n);
    const uint64_t hash = machine.list.Hash();
    AllocatePlatformDevice(machine);
    machine.StartFailing();
    EXPECT_NE(machine.devices.PlatformDeviceAdd(machine.pdev), 0) << n;
    machine.devices.PlatformDevicePut(machine.pdev);
    EXPECT_EQ(machine.list.Hash(), hash) << n;
    EXPECT_EQ(machine.verdicts.count(), 0u) << machine.verdicts[0].seen;
  }
}

TEST(NoMemory, NM8_TheLogSaysThatTheProbeWasNotCalled) {
  Machine machine(2);
  AllocatePlatformDevice(machine);
  machine.devices.PlatformDeviceAdd(machine.pdev);
  machine.StartFailing();
  EXPECT_EQ(machine.devices.PlatformDriverRegister(&machine.driver, &machine.owner), 0);
  ASSERT_EQ(machine.log.line_count(), 1u);
  EXPECT_EQ(machine.log.line(0), "really_probe: driver_sysfs_add(pump) failed");
}

}  // namespace
}  // namespace drydock::kernel
