// Drivers of Linux 6.1 as they are, with the devices that examples/devices describes: what a short
// fuzz says of them. open-dice and vfb are right; bsr shows the same page at every offset.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "fuzz/short_fuzz.h"
#include "fuzz/worker_options.h"

namespace drydock::fuzz {
namespace {

using Classes = std::set<std::string>;

class MainlineDriver : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(std::getenv("DRYDOCK_WHY_NOT"));
    ASSERT_TRUE(file.is_open());
    const std::string why{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (why.empty()) return;
    const char* tests = std::getenv("KERNEL_TESTS");
    if (tests != nullptr && std::string(tests) == "required") FAIL() << why;
    GTEST_SKIP() << "skipped: " << why;
  }

  static ShortFuzz Fuzz(const std::string& driver, const std::string& device,
                        const std::string& platform) {
    return Fuzz({"--driver=fuzz/mainline/" + driver, "--device=examples/devices/" + device,
                 "--platform=" + platform});
  }

  static ShortFuzz Fuzz(std::vector<std::string> words) {
    words.insert(words.begin(), "worker");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int argc = static_cast<int>(words.size());
    return FuzzShortly(TakeWorkerOptions(&argc, argv.data()));
  }

  static std::string TextOf(const ShortFuzz& seen) {
    std::string text;
    for (const auto& [id, sighting] : seen.found) text += sighting + "\n";
    return text;
  }
};

// It refuses what is writable and shared, so of its mmap what an author hardly means is left: a
// private copy, and code in it. The finding is in insmod: when its device is not bound (for want of
// memory), init returns 0 although platform_driver_probe() has unregistered the driver, and the
// module's exit unregisters it again.
TEST_F(MainlineDriver, OpenDiceUnregistersItsDriverTwice) {
  for (const char* platform : {"x86-64", "offset-dma"}) {
    const ShortFuzz seen = Fuzz("open_dice.so", "open-dice.device", platform);
    ASSERT_EQ(seen.error, "");
    EXPECT_EQ(seen.findings, Classes{"C44"}) << TextOf(seen);
    EXPECT_EQ(seen.limits, Classes{}) << TextOf(seen);
    EXPECT_EQ(seen.advice, (Classes{"A01", "C25"})) << TextOf(seen);
    EXPECT_EQ(seen.nodes, std::vector<std::string>{"/dev/open-dice0"});
    EXPECT_GT(seen.mmaps_ok, 1000u);
  }
}

// And its exit deletes the devices that device_create() made, and never puts them.
TEST_F(MainlineDriver, BsrIgnoresTheOffsetAndKeepsItsDevices) {
  for (const char* platform : {"x86-64", "offset-dma"}) {
    const ShortFuzz seen = Fuzz("bsr.so", "bsr.device", platform);
    ASSERT_EQ(seen.error, "");
    EXPECT_EQ(seen.findings, (Classes{"C15", "C45"})) << TextOf(seen);
    EXPECT_EQ(seen.limits, Classes{}) << TextOf(seen);
    EXPECT_EQ(seen.advice, (Classes{"A01", "C25"})) << TextOf(seen);
    EXPECT_EQ(seen.nodes.size(), 5u);
    EXPECT_GT(seen.mmaps_ok, 1000u);
  }
}

// Its pages are vmalloc's, inserted one by one: a private mapping is a copy by design. 6.1's does
// not set fb_ops.owner (7.3's does), so it can be removed while /dev/fb0 is open.
TEST_F(MainlineDriver, VfbIsNotHeldWhileOpenAndHasNoOtherFinding) {
  for (const char* platform : {"x86-64", "arm64-noncoherent"}) {
    const ShortFuzz seen = Fuzz({"--driver=fuzz/mainline/vfb.so", "--param=vfb_enable=1",
                                 std::string("--platform=") + platform});
    ASSERT_EQ(seen.error, "");
    EXPECT_EQ(seen.findings, Classes{"C63"}) << TextOf(seen);
    EXPECT_EQ(seen.limits, Classes{}) << TextOf(seen);
    EXPECT_EQ(seen.advice, (Classes{"A01", "C25"})) << TextOf(seen);
    EXPECT_EQ(seen.nodes, std::vector<std::string>{"/dev/fb0"});
    EXPECT_GT(seen.mmaps_ok, 1000u);
  }
}

// As with insmod: it does not load unless it is asked to.
TEST_F(MainlineDriver, VfbIsOffByDefault) {
  const ShortFuzz seen = Fuzz({"--driver=fuzz/mainline/vfb.so"});
  EXPECT_NE(seen.error.find("ENXIO"), std::string::npos) << seen.error;
}

}  // namespace
}  // namespace drydock::fuzz
