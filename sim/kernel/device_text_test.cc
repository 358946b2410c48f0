#include "sim/kernel/device_text.h"

#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>

namespace drydock::kernel {
namespace {

using std::string_literals::operator""s;

std::string ErrorOf(const std::string& text) {
  try {
    ParseDeviceText(text, "x.device");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

const NodeText& NodeOf(const DeviceDescription& d, const std::string& path) {
  for (const NodeText& node : d.nodes) {
    if (node.path == path) return node;
  }
  throw std::runtime_error("no node " + path);
}

std::string ValueOf(const NodeText& node, const std::string& name) {
  for (const PropertyText& property : node.properties) {
    if (property.name == name) return property.value;
  }
  return "none";
}

TEST(DeviceTextTest, EmptyTextHasTheRootAlone) {
  const DeviceDescription d = ParseDeviceText("\n // nothing\n\t\r\n", "x.device");
  ASSERT_EQ(d.nodes.size(), 1u);
  EXPECT_EQ(ValueOf(d.nodes[0], "#address-cells"), "\0\0\0\2"s);
  EXPECT_TRUE(d.devices.empty());
}

TEST(DeviceTextTest, ReadsEveryKindOfValue) {
  const DeviceDescription d = ParseDeviceText(
      "node /a/b@1 lab // comment\n"
      "  compatible = \"x,y\", \"//z\"\n"
      "  cells = <1 0xff>,\n"
      "     <&lab>\n"
      "  wide = /bits/ 64 <0x100000000>\n"
      "  bytes = [00 fF]\n"
      "  ibm,#flag\n"
      "  irq 7 done\n",
      "x.device");
  const NodeText& node = NodeOf(d, "/a/b@1");
  EXPECT_EQ(ValueOf(node, "compatible"), "x,y\0//z\0"s);
  EXPECT_EQ(ValueOf(node, "cells"), "\0\0\0\1\0\0\0\xff\0\0\0\1"s);
  EXPECT_EQ(ValueOf(node, "wide"), "\0\0\0\1\0\0\0\0"s);
  EXPECT_EQ(ValueOf(node, "bytes"), "\0\xff"s);
  EXPECT_EQ(ValueOf(node, "ibm,#flag"), "");
  EXPECT_EQ(ValueOf(node, "phandle"), "\0\0\0\1"s);
  ASSERT_EQ(node.interrupts.size(), 1u);
  EXPECT_EQ(node.interrupts[0].name, "done");
  EXPECT_EQ(d.nodes[static_cast<size_t>(node.parent)].path, "/a");
}

TEST(DeviceTextTest, LabelsMayBeUsedBeforeTheyAreGiven) {
  const DeviceDescription d = ParseDeviceText("node /a\n r = <&b>\nnode /b b\n", "x.device");
  EXPECT_EQ(ValueOf(NodeOf(d, "/a"), "r"), "\0\0\0\1"s);
}

TEST(DeviceTextTest, ReadsPlainDevices) {
  const DeviceDescription d = ParseDeviceText(
      "device fb auto\n mem 0x80000000 4096 vram\n irq 3\ndevice uart\n", "x.device");
  ASSERT_EQ(d.devices.size(), 2u);
  EXPECT_EQ(d.devices[0].id, PlainDeviceText::kAutoId);
  EXPECT_EQ(d.devices[0].resources[0].size_bytes, 4096u);
  EXPECT_EQ(d.devices[1].id, PlainDeviceText::kNoId);
}

TEST(DeviceTextTest, ReadsPciFunctions) {
  const DeviceDescription d = ParseDeviceText(
      "pci 1234:11e8\n class 0x00ff00\n revision 16\n subsystem 1af4:1100\n bar 0 0x100000\n"
      " bar 2 4096 64 prefetch\n irq 11\n msi 4\n model edu\n option dma-ns 5\n"
      "pci 8086:100e 1f.7\n msix 3\npci ffff:0\n",
      "x.device");
  ASSERT_EQ(d.functions.size(), 3u);
  const PciFunctionText& edu = d.functions[0];
  EXPECT_EQ(edu.vendor, 0x1234u);
  EXPECT_EQ(edu.device, 0x11e8u);
  EXPECT_EQ(edu.slot, 4u << 3);
  EXPECT_EQ(edu.class_code, 0xff00u);
  EXPECT_EQ(edu.revision, 16u);
  EXPECT_EQ(edu.subsystem_vendor, 0x1af4u);
  EXPECT_EQ(edu.subsystem_device, 0x1100u);
  EXPECT_EQ(edu.bars[0].size_bytes, 0x100000u);
  EXPECT_FALSE(edu.bars[0].wide || edu.bars[0].prefetch);
  EXPECT_TRUE(edu.bars[2].wide && edu.bars[2].prefetch);
  EXPECT_EQ(edu.irq, 11u);
  EXPECT_EQ(edu.messages, 4u);
  EXPECT_FALSE(edu.msix);
  EXPECT_EQ(edu.model.name, "edu");
  ASSERT_EQ(edu.model.options.size(), 1u);
  EXPECT_EQ(edu.model.options[0], std::make_pair("dma-ns"s, "5"s));
  EXPECT_EQ(d.functions[1].slot, (0x1fu << 3) | 7);
  EXPECT_TRUE(d.functions[1].msix);
  EXPECT_EQ(d.functions[2].slot, 6u << 3);
}

TEST(DeviceTextTest, ReadsTheModelOfAPlainDevice) {
  const DeviceDescription d =
      ParseDeviceText("device fb\n mem 0x80000000 4096\n model framebuffer\n", "x.device");
  EXPECT_EQ(d.devices[0].model.name, "framebuffer");
  EXPECT_EQ(d.devices[0].model.line, 3);
}

struct BadText {
  std::string text;
  std::string error;
};

void PrintTo(const BadText& bad, std::ostream* out) { *out << bad.error; }

class BadDeviceText : public testing::TestWithParam<BadText> {};

TEST_P(BadDeviceText, IsRefusedWithItsLine) {
  EXPECT_EQ(ErrorOf(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadDeviceText,
    testing::Values(
        BadText{"pci",
                "x.device:1: expected the function's numbers as VENDOR:DEVICE in hex, as in "
                "1234:11e8"},
        BadText{"pci 12345:1", "x.device:1: '12345' is not a vendor's number in hex"},
        BadText{"pci 1:xyz", "x.device:1: 'xyz' is not a device's number in hex"},
        BadText{"pci 1:1 20.0", "x.device:1: '20' is not a device's number, 00 to 1f"},
        BadText{"pci 1:1 4.8", "x.device:1: '8' is not a function's number, 0 to 7"},
        BadText{"pci 1:1 4", "x.device:1: a slot is DEVICE.FUNCTION, as in 04.0"},
        BadText{"pci 1:1\npci 2:2 4.0", "x.device:2: two functions in one slot"},
        BadText{"pci 1:1\nbar 6 16", "x.device:2: '6' is too large for the BAR's index, 0 to 5"},
        BadText{"pci 1:1\nbar 0 100", "x.device:2: a BAR's size is a power of two, at least 16"},
        BadText{"pci 1:1\nbar 0 8", "x.device:2: a BAR's size is a power of two, at least 16"},
        BadText{"pci 1:1\nbar 0 16 io", "x.device:2: 'io' is none of 64 and prefetch"},
        BadText{"pci 1:1\nbar 0 16\nbar 0 16", "x.device:3: BAR 0 is taken"},
        BadText{"pci 1:1\nbar 0 16 64\nbar 1 16", "x.device:3: BAR 1 is taken"},
        BadText{"pci 1:1\nbar 5 16 64", "x.device:2: BAR 5 is taken"},
        BadText{"pci 1:1\nirq 0", "x.device:2: 0 is no interrupt line"},
        BadText{"pci 1:1\nirq 24", "x.device:2: '24' is too large for the interrupt line, 1 to 23"},
        BadText{"pci 1:1\nmsi 0", "x.device:2: 0 vectors"},
        BadText{"pci 1:1\nmsi 1\nmsix 1", "x.device:3: a function has 'msi' or 'msix', once"},
        BadText{
            "pci 1:1\nmem 1 2",
            "x.device:2: 'mem' is none of bar, class, revision, subsystem, irq, msi, msix, model "
            "and option"},
        BadText{"device d\nmodel", "x.device:2: expected the model's name"},
        BadText{"device d\nmodel a\nmodel b", "x.device:3: a device has one model"},
        BadText{"device d\noption a 1", "x.device:2: an 'option' stands behind a 'model'"},
        BadText{"device d\nmodel a\noption x",
                "x.device:3: expected an option's name and its value"},
        BadText{"\nfoo = <1>", "x.device:2: 'foo = <1>' stands before any 'node' or 'device'"},
        BadText{"node", "x.device:1: a node is named by its path: node /soc/pump@1000"},
        BadText{"node a", "x.device:1: a node is named by its path: node /soc/pump@1000"},
        BadText{"node /a//b", "x.device:1: '/a//b' has an empty part"},
        BadText{"node /a/", "x.device:1: '/a/' has an empty part"},
        BadText{"node /a\nnode /a", "x.device:2: node /a is described twice, first in line 1"},
        BadText{"node /a l\nnode /b l", "x.device:2: the label l is used twice"},
        BadText{"node /a l more", "x.device:1: 'more' is too much here"},
        BadText{"node /a\nx = <1", "x.device:2: '>' is missing"},
        BadText{"node /a\nx = <0x1ffffffff>",
                "x.device:2: '0x1ffffffff' is too large for a cell of 32 bits"},
        BadText{"node /a\nx = <18446744073709551616>",
                "x.device:2: '18446744073709551616' is too large for a cell of 32 bits"},
        BadText{"node /a\nx = <-1>",
                "x.device:2: '-1' is not a number; expected a cell of 32 bits"},
        BadText{"node /a\nx = <0x>", "x.device:2: '0x' is not a number"},
        BadText{"node /a\nx = /bits/ 12 <1>", "x.device:2: /bits/ is 8, 16, 32 or 64"},
        BadText{"node /a\nx = /bits/ 8 <&a>", "x.device:2: &a stands in cells of 32 bits only"},
        BadText{"node /a\n\nx = <&gone>", "x.device:3: no node has the label 'gone'"},
        BadText{"node /a\nx = \"y", "x.device:2: the closing '\"' is missing"},
        BadText{"node /a\nx = [0]", "x.device:2: '0' is not a byte of two hex digits"},
        BadText{"node /a\nx = [00", "x.device:2: ']' is missing"},
        BadText{"node /a\nx = 5", "x.device:2: expected a value: \"text\", <cells> or [bytes]"},
        BadText{"node /a\nx =", "x.device:2: expected a value: \"text\", <cells> or [bytes]"},
        BadText{"node /a\nx = <1>;", "x.device:2: ';' is too much here"},
        BadText{"node /a\nx = <1>,", "x.device:2: the text ends behind a ','"},
        BadText{"node /a\nx\nx", "x.device:3: the property x is given twice"},
        BadText{"node /a\nphandle = <1>",
                "x.device:2: phandles are given by labels: node PATH LABEL, then <&LABEL>"},
        BadText{"node /a\nmem 0 1",
                "x.device:2: 'mem' belongs to a 'device'; a node has a property "
                "'reg'"},
        BadText{"device", "x.device:1: expected the device's name"},
        BadText{"device d 10000", "x.device:1: '10000' is too large for the device's id"},
        BadText{"device d\nx = <1>",
                "x.device:2: a device without a node has no properties; describe "
                "it with 'node'"},
        BadText{"device d\nmem 0x1000", "x.device:2: expected the window's size in bytes"},
        BadText{"device d\nmem 0x1000 0", "x.device:2: a window of 0 bytes"},
        BadText{"device d\nmem 0xffffffffffffffff 2", "x.device:2: the window wraps around"},
        BadText{"device d\nirq 0", "x.device:2: 0 is no interrupt number"},
        BadText{"irq 1", "x.device:1: 'irq' stands before any 'node' or 'device'"},
        BadText{"node /a\n\0"s, "x.device:2: a NUL byte: not a text file"},
        BadText{std::string((1 << 20) + 1, '\n'),
                "x.device: larger than 1 MiB; not a device file?"}));

TEST(DeviceTextTest, TooManyNodesOrResourcesAreRefused) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "node /n" + std::to_string(i) + "\n";
  EXPECT_EQ(ErrorOf(text), "x.device:256: more than 256 nodes");
  text = "device d\n";
  for (int i = 1; i <= 17; ++i) text += "irq " + std::to_string(i) + "\n";
  EXPECT_EQ(ErrorOf(text), "x.device:18: more than 16 resources of one device");
}

}  // namespace
}  // namespace drydock::kernel
