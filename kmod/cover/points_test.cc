#include "kmod/cover/points.h"

#include <gtest/gtest.h>

namespace drydock::kmod {
namespace {

TEST(CallPoints, AreBehindCallsAndRelocationsInText) {
  EXPECT_EQ(CallPoints("pump.so:     file format elf64-x86-64\n\n"
                       "Disassembly of section .plt:\n\n"
                       "0000000000001020 <__sanitizer_cov_trace_pc@plt>:\n"
                       "    1020:\tjmp    *0x2fe2(%rip)\n\n"
                       "Disassembly of section .text:\n\n"
                       "0000000000001139 <pump_mmap>:\n"
                       "    113d:\tcall   1020 <__sanitizer_cov_trace_pc@plt>\n"
                       "    1142:\tcall   1040 <remap_pfn_range@plt>\n"),
            (std::vector<uint64_t>{0x1142}));
  EXPECT_EQ(CallPoints("Disassembly of section .text:\n\n"
                       "0000000000000010 <pump_mmap>:\n"
                       "      14:\tcall   19 <pump_mmap+0x9>\n"
                       "\t\t\t15: R_X86_64_PLT32\t__sanitizer_cov_trace_pc-0x4\n\n"
                       "Disassembly of section .init.text:\n\n"
                       "0000000000000000 <init_module>:\n"
                       "\t\t\t5: R_X86_64_PLT32\t__sanitizer_cov_trace_pc-0x4\n"),
            (std::vector<uint64_t>{0x19}));
  EXPECT_TRUE(CallPoints("").empty());
}

TEST(SymbolAt, IsTheSymbolsOwn) {
  uint64_t at = 7;
  EXPECT_FALSE(SymbolAt("                 U printk\n", "printk", &at));
  EXPECT_FALSE(SymbolAt("0000000000000040 T pump_mmap2\n", "pump_mmap", &at));
  EXPECT_EQ(at, 7u);
  EXPECT_TRUE(SymbolAt("0000000000000040 T pump_mmap\n", "pump_mmap", &at));
  EXPECT_EQ(at, 0x40u);
}

TEST(ReadPlaces, GivesFunctionFileAndLine) {
  const std::vector<Place> places =
      ReadPlaces("pump_mmap.isra.0\n/a/b/pump.c:88 (discriminator 2)\n??\n??:0\n");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].function, "pump_mmap");
  EXPECT_EQ(places[0].file, "pump.c");
  EXPECT_EQ(places[0].line, 88);
  EXPECT_EQ(places[1].line, 0);
}

Reached Both(const std::set<uint64_t>& told) {
  return ReachedOf({1, 2, 3, 4, 5},
                   {{"f", "pump.c", 10},
                    {"f", "pump.c", 11},
                    {"g", "pump.c", 20},
                    {"list_add", "list.h", 5},
                    {"g", "pump.c", 0}},
                   told, {"pump.c"});
}

TEST(CompareReached, NamesWhatOneWorldAloneHasReached) {
  const CoverComparison comparison = CompareReached(Both({1, 3}), Both({1, 2, 4, 5}));
  EXPECT_EQ(comparison.functions, 2u);
  EXPECT_EQ(comparison.functions_reached, 1u);
  EXPECT_EQ(comparison.lines, 3u);
  EXPECT_EQ(comparison.lines_reached, 1u);
  EXPECT_EQ(comparison.differences,
            (std::vector<std::string>{"g(): the simulation alone", "pump.c:11: the kernel alone",
                                      "pump.c:20: the simulation alone"}));
}

// A line that only one build tells of is laid out otherwise there: nothing follows from it.
TEST(CompareReached, DoesNotCompareLinesOfOneBuild) {
  Reached sim = Both({1}), linux = Both({1});
  sim.lines[{"pump.c", 30}] = true;
  linux.lines[{"pump.c", 31}] = true;
  sim.functions["only_here"] = true;
  const CoverComparison comparison = CompareReached(sim, linux);
  EXPECT_EQ(comparison.lines_of_one, 2u);
  EXPECT_TRUE(comparison.differences.empty());
}

TEST(OffsetsIn, CountsFromTheFirst) {
  EXPECT_EQ(OffsetsIn({0x81, 0x02}, 100), (std::set<uint64_t>{100, 107, 109}));
  EXPECT_EQ(OffsetsIn({0x81}, -1), (std::set<uint64_t>{6}));
  EXPECT_TRUE(OffsetsIn({}, 0).empty());
}

}  // namespace
}  // namespace drydock::kmod
