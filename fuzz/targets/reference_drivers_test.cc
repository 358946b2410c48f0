// The reference drivers that need a device, and those that prepare mappings on 7.3, fuzzed shortly:
// nothing is found, and what they refuse they refuse. What the corpus finds in them is the fuzz
// targets' matter.
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "fuzz/short_fuzz.h"
#include "fuzz/worker_options.h"

namespace drydock::fuzz {
namespace {

struct Case {
  const char* name;
  const char* driver;
  const char* device;  // "" for the default machine
  std::vector<std::string> params;
  const char* profile = "6.1";
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ReferenceDriver : public testing::TestWithParam<Case> {};

TEST_P(ReferenceDriver, IsCleanOnEachPlatform) {
  const Case& c = GetParam();
  for (const char* platform : {"x86-64", "offset-dma", "arm64-noncoherent"}) {
    std::vector<std::string> words = {"worker", std::string("--driver=driver_core/") + c.driver,
                                      std::string("--platform=") + platform,
                                      std::string("--profile=") + c.profile};
    if (*c.device != '\0') words.push_back(std::string("--device=examples/devices/") + c.device);
    for (const std::string& param : c.params) words.push_back("--param=" + param);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int argc = static_cast<int>(words.size());

    const ShortFuzz seen = FuzzShortly(TakeWorkerOptions(&argc, argv.data()));

    ASSERT_EQ(seen.error, "") << platform;
    std::string text;
    for (const auto& [id, sighting] : seen.found) text += sighting + "\n";
    EXPECT_EQ(seen.findings, std::set<std::string>{}) << platform << "\n" << text;
    EXPECT_EQ(seen.limits, std::set<std::string>{}) << platform << "\n" << text;
    EXPECT_GT(seen.mmaps_ok, 1000u) << platform;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Drivers, ReferenceDriver,
    testing::Values(Case{"Edu", "edu.so", "", {}}, Case{"EduFast", "edu.so", "edu.device", {}},
                    Case{"NicRings", "nic_rings.so", "", {"entries=64"}},
                    Case{"NicRingsDevice", "nic_rings.so", "nic_rings.device", {"entries=64"}},
                    Case{"SharedRing", "shared_ring.so", "", {}},
                    Case{"SharedRingPfn", "shared_ring.so", "", {"method=pfn"}},
                    Case{"SharedRingWhole", "shared_ring.so", "", {"whole=1"}},
                    Case{"PreparedDmaBuffer", "dma_buffer_7_3.so", "", {}, "7.3"},
                    Case{"PreparedFramebuffer", "framebuffer_7_3.so", "", {}, "7.3"}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock::fuzz
