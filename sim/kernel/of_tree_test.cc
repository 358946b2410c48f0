#include "sim/kernel/of_tree.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

constexpr char kText[] =
    "node /soc\n"
    "  compatible = \"simple-bus\"\n"
    "  #address-cells = <1>\n"
    "  #size-cells = <1>\n"
    "  ranges = <0x1000 0 0x80000000 0x10000>\n"
    "node /soc/pump@2000 pump\n"
    "  compatible = \"acme,pump-v2\", \"acme,pump\"\n"
    "  reg = <0x2000 0x100>, <0x3000 0x1000>, <0x20000 0x1000>\n"
    "  reg-names = \"regs\", \"buffer\"\n"
    "  irq 9\n"
    "node /soc/off\n"
    "  compatible = \"acme,pump\"\n"
    "  status = \"disabled\"\n"
    "node /hidden/deep@0\n"
    "  compatible = \"acme,deep\"\n"
    "  reg = <0 0 0 0x1000>\n"
    "node /reserved-memory/frames@90000000\n"
    "  reg = <0 0x90000000 0 0x4000>\n"
    "  no-map\n"
    "device fb 0\n"
    "  mem 0xa0000000 0x2000 vram\n";

class OfTreeTest : public PartTest {
 protected:
  OfTree Make(const char* text) {
    return OfTree(list_, verdicts_, ParseDeviceText(text, "x.device"), "x.device");
  }
  std::string ErrorOf(const char* text) {
    try {
      Make(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }
  DeviceModel model_{list_, verdicts_, calls_, heap_, log_};
  OfTree tree_{list_, verdicts_, ParseDeviceText(kText, "x.device"), "x.device"};
};

TEST_F(OfTreeTest, TranslatesAddressesThroughRanges) {
  device_node* node = tree_.FindNodeByPath("/soc/pump@2000");
  ASSERT_NE(node, nullptr);
  resource res{};
  EXPECT_EQ(tree_.AddressToResource(node, 0, &res), 0);
  EXPECT_EQ(res.start, 0x80001000u);
  EXPECT_EQ(res.end, 0x800010ffu);
  EXPECT_EQ(res.flags, 0x200u);
  EXPECT_STREQ(res.name, "regs");
}

TEST_F(OfTreeTest, AddressesWithoutAWayOutAreInvalid) {
  device_node* node = tree_.FindNodeByPath("/soc/pump@2000");
  resource res{};
  EXPECT_EQ(tree_.AddressToResource(node, 2, &res), -EINVAL);  // outside of ranges
  EXPECT_EQ(tree_.AddressToResource(node, 3, &res), -EINVAL);  // no such entry
  EXPECT_EQ(tree_.AddressToResource(node, -1, &res), -EINVAL);
  EXPECT_EQ(tree_.AddressToResource(nullptr, 0, &res), -EINVAL);
  EXPECT_EQ(tree_.AddressToResource(tree_.FindNodeByPath("/hidden/deep@0"), 0, &res), -EINVAL);
}

TEST_F(OfTreeTest, DescribesWindowsAndReservedMemory) {
  ASSERT_EQ(tree_.windows().size(), 3u);
  EXPECT_EQ(tree_.windows()[1].base.value, 0x80002000u);
  EXPECT_EQ(tree_.windows()[2].name, "fb");
  ASSERT_EQ(tree_.reserved().size(), 1u);
  EXPECT_TRUE(tree_.reserved()[0].no_map);
}

TEST_F(OfTreeTest, ReservedMemoryIsTheNodeItself) {
  unsigned long long base = 0;
  unsigned long long size = 0;
  EXPECT_TRUE(
      tree_.ReservedMem(tree_.FindNodeByPath("/reserved-memory/frames@90000000"), &base, &size));
  EXPECT_EQ(base, 0x90000000u);
  EXPECT_EQ(size, 0x4000u);
  EXPECT_FALSE(tree_.ReservedMem(tree_.FindNodeByPath("/soc/pump@2000"), &base, &size));
  EXPECT_FALSE(tree_.ReservedMem(nullptr, &base, &size));
}

TEST_F(OfTreeTest, FindsCompatibleNodesInOrderAndCountsThem) {
  device_node* first = tree_.FindCompatibleNode(nullptr, nullptr, "ACME,pump");
  ASSERT_NE(first, nullptr);
  EXPECT_STREQ(first->full_name, "pump@2000");
  device_node* second = tree_.FindCompatibleNode(first, nullptr, "acme,pump");
  EXPECT_STREQ(second->full_name, "off");
  EXPECT_EQ(tree_.FindCompatibleNode(second, nullptr, "acme,pump"), nullptr);
  EXPECT_EQ(tree_.FindCompatibleNode(nullptr, "cpu", nullptr), nullptr);
  EXPECT_EQ(OnlyVerdict(), "");
  tree_.NodePut(first);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(OfTreeTest, AbsentThingsAreNull) {
  EXPECT_EQ(tree_.FindNodeByPath("/soc/pump"), nullptr);
  EXPECT_EQ(tree_.FindNodeByPath(""), nullptr);
  EXPECT_EQ(tree_.FindNodeByPhandle(0), nullptr);
  EXPECT_EQ(tree_.FindNodeByPhandle(99), nullptr);
  int length = 0;
  EXPECT_EQ(tree_.GetProperty(tree_.FindNodeByPath("/soc"), "none", &length), nullptr);
  EXPECT_EQ(length, -EINVAL);
  EXPECT_EQ(tree_.GetProperty(nullptr, "none", nullptr), nullptr);
}

TEST_F(OfTreeTest, EmptyPropertyIsNotAbsent) {
  int length = -1;
  device_node* node = tree_.FindNodeByPath("/reserved-memory/frames@90000000");
  EXPECT_NE(tree_.GetProperty(node, "no-map", &length), nullptr);
  EXPECT_EQ(length, 0);
}

TEST_F(OfTreeTest, DriverBindsByCompatible) {
  static std::string bound;
  bound.clear();
  ASSERT_EQ(tree_.CreateDevices(model_), 0);
  static const of_device_id ids[] = {{"", "", "acme,pump", nullptr}, {}};
  platform_driver driver{};
  driver.driver.name = "anything";
  driver.driver.of_match_table = ids;
  driver.probe = [](platform_device* pdev) {
    bound += std::string(pdev->dev.kobj.name) + ":" + std::to_string(pdev->num_resources) + " ";
    return 0;
  };
  model_.PlatformDriverRegister(&driver, nullptr);
  EXPECT_EQ(bound, "80001000.pump:3 ");  // two windows and the interrupt
  EXPECT_EQ(driver.driver.of_match_table, ids);
  model_.PlatformDriverUnregister(&driver);
  model_.ReportLeftovers("nothing is left");
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(OfTreeTest, DriverWithAnotherCompatibleIsNotProbed) {
  ASSERT_EQ(tree_.CreateDevices(model_), 0);
  static const of_device_id ids[] = {{"", "", "acme,deep", nullptr}, {}};
  platform_driver driver{};
  driver.driver.name = "deep";
  driver.driver.of_match_table = ids;
  driver.probe = [](platform_device*) { return 0; };
  model_.PlatformDriverRegister(&driver, nullptr);
  EXPECT_EQ(model_.bound_count(), 0u);  // its parent is no bus
}

TEST_F(OfTreeTest, NodesWithSenselessAddressesAreRefused) {
  EXPECT_EQ(ErrorOf("node /a\n reg = <0 1 2>\n"),
            "x.device:1: node /a: reg has 3 cells; each entry takes 4");
  EXPECT_EQ(ErrorOf("node /a\n reg = <0 1 0 0>\n"), "x.device:1: node /a: reg entry 0 has 0 bytes");
  EXPECT_EQ(ErrorOf("node /a\n reg = <0xffffffff 0xffffffff 0 2>\n"),
            "x.device:1: node /a: reg entry 0 wraps around");
  EXPECT_EQ(ErrorOf("node /a\n #size-cells = <3>\n"),
            "x.device:1: node /a: #size-cells is not 0, 1 or 2");
  EXPECT_EQ(ErrorOf("node /a\n #address-cells\n"),
            "x.device:1: node /a: #address-cells is not 0, 1 or 2");
}

TEST_F(OfTreeTest, ExamplesAreWhatTheirDriversExpect) {
  const auto read = [](const char* path) {
    std::ifstream in(path);
    EXPECT_TRUE(in.good()) << path;
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  OfTree dice = Make(read("examples/devices/open-dice.device").c_str());
  ASSERT_EQ(dice.reserved().size(), 1u);
  EXPECT_EQ(dice.reserved()[0].base.value % hw::kPageSize, 0u);
  OfTree bsr = Make(read("examples/devices/bsr.device").c_str());
  device_node* node = bsr.FindCompatibleNode(nullptr, nullptr, "ibm,bsr");
  int stride = 0;
  int bytes = 0;
  ASSERT_NE(bsr.GetProperty(node, "ibm,lock-stride", &stride), nullptr);
  const auto* values =
      static_cast<const unsigned int*>(bsr.GetProperty(node, "ibm,#lock-bytes", &bytes));
  EXPECT_EQ(stride, bytes);
  EXPECT_EQ(values[0], 8u);  // as bsr.c reads them: in the machine's order
  EXPECT_EQ(bsr.windows().size(), 5u);
  EXPECT_NE(bsr.FindCompatibleNode(node, nullptr, "ibm,bsr"), nullptr);
}

}  // namespace
}  // namespace drydock::kernel
