// The user programs on the simulated machine: they print what is in examples/expected, as they do
// in a real kernel (//kmod:qemu_smoke_test), and the machine is clean afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "live/tests/live_session.h"

namespace drydock::live {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  const char *name;
  const char *program;
  const char *driver;
  std::vector<std::string> options;
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

std::string Expected(const std::string &program) {
  std::ifstream file("examples/expected/" + program + ".txt");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class ProgramOnTheSimulatedMachine : public testing::TestWithParam<Case> {};

TEST_P(ProgramOnTheSimulatedMachine, PrintsWhatItPrintsInARealKernel) {
  const Case &c = GetParam();
  const std::string expected = Expected(c.program);
  ASSERT_NE(expected, "");
  LiveSession session(std::string("driver_core/") + c.driver + ".so", c.options);
  ASSERT_EQ(session.error(), "");

  const Ended ended = session.Run({Parts().cases + "/" + c.program});

  EXPECT_EQ(ended.output, expected);
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(session.Violations(), IsEmpty());
  EXPECT_EQ(session.Stop(), 0);
  EXPECT_THAT(session.Lines("left"), ElementsAre("true"));
}

INSTANTIATE_TEST_SUITE_P(
    Programs, ProgramOnTheSimulatedMachine,
    testing::Values(Case{"DmaHelloRemap", "dma_hello", "dma_buffer", {"--param=method=remap"}},
                    Case{"DmaHelloDmaMmap",
                         "dma_hello",
                         "dma_buffer",
                         {"--param=method=dma_mmap", "--platform=offset-dma"}},
                    Case{"DmaHelloBehindAnIommu",
                         "dma_hello",
                         "dma_buffer",
                         {"--param=method=dma_mmap", "--platform=iommu"}},
                    Case{"DmaHelloOfVmallocMemory",
                         "dma_hello",
                         "dma_buffer",
                         {"--param=method=dma_mmap", "--platform=vmalloc-dma"}},
                    Case{"DmaHelloOnADevice",
                         "dma_hello",
                         "dma_buffer",
                         {"--device=examples/devices/dma_engine.device"}},
                    Case{"FramebufferPainter", "framebuffer_painter", "framebuffer", {}},
                    Case{"FramebufferPainterOnADevice",
                         "framebuffer_painter",
                         "framebuffer",
                         {"--device=examples/devices/framebuffer_screen.device"}},
                    Case{"PacketCounter", "packet_counter", "nic_rings", {}},
                    Case{"PacketCounterOnADevice",
                         "packet_counter",
                         "nic_rings",
                         {"--device=examples/devices/nic_rings.device"}},
                    Case{"PacketCounterWithoutSomeInterrupts",
                         "packet_counter",
                         "nic_rings",
                         {"--device=examples/devices/nic_rings.device",
                          "--fault=drydock_nic_rings,lost-interrupt,3"}},
                    Case{"TutorialDemo", "tutorial_demo", "chardev", {}}),
    [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

// The mode that the painter leaves is the first one: 300 by 200 pixels.
TEST(Screen, IsWrittenWhenTheProgramsAreGone) {
  const std::string picture = testing::TempDir() + "/screen.ppm";
  LiveSession session(
      "driver_core/framebuffer.so",
      {"--device=examples/devices/framebuffer_screen.device", "--screen=" + picture});
  ASSERT_EQ(session.error(), "");

  EXPECT_EQ(session.Run({Parts().cases + "/framebuffer_painter"}).status, 0);

  EXPECT_EQ(session.Stop(), 0);
  std::ifstream file(picture, std::ios::binary);
  const std::string ppm{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string head = "P6\n300 200\n255\n";
  ASSERT_EQ(ppm.size(), head.size() + 300 * 200 * 3);
  EXPECT_EQ(ppm.substr(0, head.size() + 3), head + std::string("\0\0\x40", 3));
}

TEST(Screen, ThatIsNotThereIsSaid) {
  LiveSession session("driver_core/framebuffer.so",
                      {"--screen=" + testing::TempDir() + "/none.png"});
  ASSERT_EQ(session.error(), "");
  EXPECT_EQ(session.Stop(), 2);
  EXPECT_THAT(session.Lines("note"),
              ElementsAre(testing::HasSubstr("the machine has no framebuffer")));
}

TEST(Fault, OfNoDeviceIsRefused) {
  LiveSession session("driver_core/nic_rings.so", {"--fault=drydock_nic_rings,lost-interrupt"});
  EXPECT_THAT(session.error(), testing::HasSubstr("there is no simulated device"));
}

// What is measured, a number with a point, becomes N, as in a real kernel's
// kmod/guest/programs_smoke.c. How many bytes were copied is counted, and is the same everywhere.
std::string WithoutMeasures(const std::string &text) {
  static const std::regex measure(" *[0-9][0-9]*\\.[0-9]*");
  return std::regex_replace(text, measure, " N");
}

TEST(Benchmark, PrintsWhatItPrintsInARealKernelButForWhatItMeasures) {
  LiveSession session("driver_core/dma_buffer.so", {"--param=size=1048576"});
  ASSERT_EQ(session.error(), "");
  const std::string plot = testing::TempDir() + "/plot.svg";

  const Ended ended = session.Run(
      {Parts().cases + "/benchmark_io_vs_mmap", "/dev/drydock_dma_buffer", plot, "4194304"});

  EXPECT_EQ(WithoutMeasures(ended.output), Expected("benchmark_io_vs_mmap"));
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(ended.status, 0);
  std::ifstream file(plot);
  const std::string svg{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_THAT(svg, testing::StartsWith("<svg "));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(session.Violations(), IsEmpty());
  EXPECT_EQ(session.Stop(), 0);
}

TEST(PacketCounter, PrintsWhatItPrintsInARealKernelButForWhatItMeasures) {
  LiveSession session("driver_core/nic_rings.so");
  ASSERT_EQ(session.error(), "");

  const Ended ended =
      session.Run({Parts().cases + "/packet_counter", "/dev/drydock_nic_rings", "20000"});

  EXPECT_EQ(WithoutMeasures(ended.output), Expected("packet_counter_rates"));
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(session.Violations(), IsEmpty());
  EXPECT_EQ(session.Stop(), 0);
}

}  // namespace
}  // namespace drydock::live

int main(int argc, char **argv) {
  testing::InitGoogleMock(&argc, argv);
  drydock::live::TakeParts(&argc, argv);
  return RUN_ALL_TESTS();
}
