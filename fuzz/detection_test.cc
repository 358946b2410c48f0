// Each mistake of the sample drivers is found and named with its class, and nothing else is: what
// one driver with one mistake shows, the others undone, on every platform. What is not here is
// not claimed, so a class too many fails as a class too few does.
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string>

#include "fuzz/program_findings.h"
#include "fuzz/short_fuzz.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

using Classes = std::set<std::string>;

struct Case {
  const char* sample;
  const char* driver;
  const char* platform;
  bool core_guards;
  Classes findings;
  // Each maps executable if asked, as hardly any driver refuses to; private mappings are refused.
  Classes advice = {"C25"};
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.sample << "/" << c.driver; }

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  const Case& c = info.param;
  std::string name = std::string(c.sample) + "_" + c.driver + "_on_" + c.platform;
  if (!c.core_guards) name += "_without_core_guards";
  for (char& letter : name) {
    if (letter == '-') letter = '_';
  }
  return name;
}

class SampleDriver : public testing::TestWithParam<Case> {};

TEST_P(SampleDriver, ShowsItsMistakesAndNoOthers) {
  const Case& c = GetParam();
  WorkerOptions options;
  options.driver = std::string("fuzz/bugs/") + c.sample + "/" + c.driver + ".so";
  options.world.platform = hw::FindPlatform(c.platform);
  ASSERT_NE(options.world.platform, nullptr);
  options.world.core_guards = c.core_guards;

  const ShortFuzz seen = FuzzShortly(options);

  ASSERT_EQ(seen.error, "");
  std::string texts;
  for (const auto& [id, text] : seen.found) texts += text + "\n";
  EXPECT_EQ(seen.findings, c.findings) << texts;
  EXPECT_EQ(seen.limits, Classes{}) << texts;
  EXPECT_EQ(seen.advice, c.advice) << texts;
  EXPECT_GT(seen.mmaps_ok, 1000u);
}

constexpr char kX86[] = "x86-64";
constexpr char kOffset[] = "offset-dma";
constexpr char kIommu[] = "iommu";
constexpr char kNoncoherent[] = "arm64-noncoherent";

INSTANTIATE_TEST_SUITE_P(Tutorial, SampleDriver,
                         testing::Values(
                             // clang-format off
    Case{"tutorial", "only_C02", kX86, true, {"C02"}},
    Case{"tutorial", "only_C02", kOffset, true, {"C02"}},
    Case{"tutorial", "only_C16", kX86, true, {"C16"}},
    Case{"tutorial", "only_C16", kOffset, true, {"C16"}},
    Case{"tutorial", "only_C49", kX86, true, {"C49"}},
    Case{"tutorial", "only_C49", kOffset, true, {"C49"}},
    Case{"tutorial", "only_C50", kX86, true, {"C50"}},
    Case{"tutorial", "only_C50", kOffset, true, {"C50"}},
    Case{"tutorial", "faulty", kX86, true, {"C02", "C16", "C49", "C50"}},
    Case{"tutorial", "faulty", kOffset, true, {"C02", "C16", "C49", "C50"}},
    Case{"tutorial", "repaired", kX86, true, {}},
    Case{"tutorial", "repaired", kOffset, true, {}}),
                         // clang-format on
                         NameOf);

// Where a DMA address is a physical address, taking one for the other shows nothing.
INSTANTIATE_TEST_SUITE_P(
    WrapDma, SampleDriver,
    testing::Values(
        // clang-format off
    Case{"wrap_dma", "only_C03", kX86, true, {"C03"}},
    Case{"wrap_dma", "only_C03", kOffset, true, {"C03"}},
    Case{"wrap_dma", "only_C32", kX86, true, {}},
    Case{"wrap_dma", "only_C32", kOffset, true, {"C32"}},
    Case{"wrap_dma", "only_C32", kIommu, true, {"C32"}},
    Case{"wrap_dma", "faulty", kX86, true, {"C03"}},
    Case{"wrap_dma", "faulty", kOffset, true, {"C03", "C32"}},
    Case{"wrap_dma", "repaired", kX86, true, {}},
    Case{"wrap_dma", "repaired", kOffset, true, {}},
    Case{"wrap_dma", "repaired", kIommu, true, {}}),
    // clang-format on
    NameOf);

// mmap(2) of a 64-bit kernel refuses what would wrap; without its checks the driver has to.
INSTANTIATE_TEST_SUITE_P(Wrap64, SampleDriver,
                         testing::Values(
                             // clang-format off
    Case{"wrap_dma", "wrap64", kX86, true, {}},
    Case{"wrap_dma", "wrap64", kOffset, true, {}},
    Case{"wrap_dma", "wrap64", kX86, false, {"C03"}},
    Case{"wrap_dma", "wrap64", kOffset, false, {"C03"}},
    Case{"wrap_dma", "repaired64", kX86, false, {}},
    Case{"wrap_dma", "repaired64", kOffset, false, {}}),
                         // clang-format on
                         NameOf);

INSTANTIATE_TEST_SUITE_P(
    FramebufferOffset, SampleDriver,
    testing::Values(
        // clang-format off
    Case{"framebuffer_offset", "only_C02", kX86, true, {"C02"}},
    Case{"framebuffer_offset", "only_C02", kOffset, true, {"C02"}},
    Case{"framebuffer_offset", "only_C15", kX86, true, {"C15"}},
    Case{"framebuffer_offset", "only_C15", kOffset, true, {"C15"}},
    // With the mapping's own length as the bound, vm_iomap_memory() refuses every offset but 0.
    Case{"framebuffer_offset", "faulty", kX86, true, {"C02"}},
    Case{"framebuffer_offset", "faulty", kOffset, true, {"C02"}},
    Case{"framebuffer_offset", "repaired", kX86, true, {}},
    Case{"framebuffer_offset", "repaired", kOffset, true, {}}),
    // clang-format on
    NameOf);

// What the kernel maps uncached because devices do not see the caches, user space maps cached.
// Where they see them nothing is wrong with it.
INSTANTIATE_TEST_SUITE_P(
    CachedAlias, SampleDriver,
    testing::Values(
        // clang-format off
    Case{"cached_alias", "faulty", kX86, true, {}},
    Case{"cached_alias", "faulty", "arm64", true, {}},
    Case{"cached_alias", "faulty", kNoncoherent, true, {"C36"}},
    Case{"cached_alias", "repaired", kX86, true, {}},
    Case{"cached_alias", "repaired", kOffset, true, {}},
    Case{"cached_alias", "repaired", kIommu, true, {}},
    Case{"cached_alias", "repaired", "vmalloc-dma", true, {}},
    Case{"cached_alias", "repaired", "arm64", true, {}},
    // What the kernel maps uncached there (pgprot_dmacoherent) cannot be executed.
    Case{"cached_alias", "repaired", kNoncoherent, true, {}, {}}),
    // clang-format on
    NameOf);

// And what comes of it: the bytes themselves.
TEST(CachedAlias, ShowsStaleBytesWhereDevicesDoNotSeeTheCaches) {
  constexpr char kProgram[] =
      "drydock program 1\nplatform arm64-noncoherent\n\nfd0 = open(node 0, O_RDWR)\n"
      "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED, offset 0 pages)\n"
      "m1 = mmap(anonymous, 1 page, PROT_READ|PROT_WRITE, MAP_PRIVATE)\n"
      "store(m0, 8 bytes, pattern)\nread(fd0, m1, 8 bytes)\n";
  WorkerOptions options;
  options.driver = "fuzz/bugs/cached_alias/faulty.so";
  const std::string faulty = FindingsOf(options, kProgram);
  EXPECT_NE(faulty.find("in alias_read: "), std::string::npos) << faulty;
  EXPECT_NE(faulty.find("stale: a cached mapping holds back"), std::string::npos) << faulty;

  options.driver = "fuzz/bugs/cached_alias/repaired.so";
  EXPECT_EQ(FindingsOf(options, kProgram), "");
}

// What an exit shows, and a file that is open.
INSTANTIATE_TEST_SUITE_P(DmaTextbook, SampleDriver,
                         testing::Values(
                             // clang-format off
    Case{"dma_textbook", "only_C59", kX86, true, {"C59"}},
    Case{"dma_textbook", "only_C59", kIommu, true, {"C59"}},
    Case{"dma_textbook", "only_C60", kX86, true, {"C60"}},
    Case{"dma_textbook", "only_C60", kIommu, true, {"C60"}},
    Case{"dma_textbook", "only_C63", kX86, true, {"C63"}},
    Case{"dma_textbook", "only_C63", kIommu, true, {"C63"}},
    Case{"dma_textbook", "faulty", kX86, true, {"C59", "C60", "C63"}},
    Case{"dma_textbook", "repaired", kX86, true, {}},
    Case{"dma_textbook", "repaired", kOffset, true, {}},
    Case{"dma_textbook", "repaired", kIommu, true, {}},
    Case{"dma_textbook", "repaired", "vmalloc-dma", true, {}},
    Case{"dma_textbook", "repaired", kNoncoherent, true, {}, {}}),
                         // clang-format on
                         NameOf);

// What insmod leaves behind when an allocation fails in it.
INSTANTIATE_TEST_SUITE_P(Unwinding, SampleDriver,
                         testing::Values(
                             // clang-format off
    Case{"unwinding", "only_C44", kX86, true, {"C44"}},
    Case{"unwinding", "only_C45", kX86, true, {"C45"}},
    Case{"unwinding", "faulty", kX86, true, {"C44", "C45"}},
    Case{"unwinding", "repaired", kX86, true, {}}),
                         // clang-format on
                         NameOf);

// More of the stack than a kernel has: seen where the driver calls the kernel, or, of a function
// that calls nothing, afterwards.
INSTANTIATE_TEST_SUITE_P(DeepStack, SampleDriver,
                         testing::Values(
                             // clang-format off
    Case{"deep_stack", "only_X02", kX86, true, {"X02"}},
    Case{"deep_stack", "recursion", kX86, true, {"X02"}},
    Case{"deep_stack", "leaf", kX86, true, {"X02"}},
    Case{"deep_stack", "fits", kX86, true, {}},
    Case{"deep_stack", "repaired", kX86, true, {}}),
                         // clang-format on
                         NameOf);

// Copies of a mapping that are closed and were not counted. Seen in what the driver counts: no
// consequence of it is needed.
INSTANTIATE_TEST_SUITE_P(
    SplitCount, SampleDriver,
    testing::Values(
        // clang-format off
    Case{"split_count", "only_C38", kX86, true, {"C38"}},
    Case{"split_count", "only_C38", kOffset, true, {"C38"}},
    // ->open is there, and does not count; ->close does not count down what ->open counted.
    Case{"split_count", "uncounted", kX86, true, {"C38"}},
    Case{"split_count", "unclosed", kX86, true, {"C38"}},
    // Parts cannot be split off: what remains is fork, and mremap.
    Case{"split_count", "unsplittable", kX86, true, {"C39", "C41"}},
    // Pages are counted, not mappings, and children have none: what remains is mremap.
    Case{"split_count", "pages", kX86, true, {"C41"}},
    // A count of calls is no count of mappings.
    Case{"split_count", "statistics", kX86, true, {}},
    Case{"split_count", "repaired", kX86, true, {}},
    Case{"split_count", "repaired", kOffset, true, {}}),
    // clang-format on
    NameOf);

}  // namespace
}  // namespace drydock::fuzz
