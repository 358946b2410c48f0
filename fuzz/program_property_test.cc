// Properties that hold for every program: three forms, one meaning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "fuzz/byte_operands.h"
#include "fuzz/program_bytes.h"
#include "fuzz/program_text.h"

namespace drydock::fuzz {
namespace {

constexpr uint64_t kSeed = 20240607;
constexpr int kRounds = 20000;

std::vector<uint8_t> RandomBytes(std::mt19937_64& random) {
  std::vector<uint8_t> bytes(random() % 120);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() >> (random() % 50));
  return bytes;
}

TEST(ProgramBytes, EveryByteStringDecodesToAValidProgram) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const Encoding encoding{.object_pages = random() % 20, .node_count = 2};
    const Program program = Decode(RandomBytes(random), encoding);
    ASSERT_TRUE(IsValid(program)) << "round " << i << "\n" << FormatProgram(program, {});
  }
}

TEST(ProgramBytes, DecodingOverAProgramLeavesNothingOfIt) {
  std::mt19937_64 random(kSeed);
  Program program;
  StepBoundaries boundaries;
  for (int i = 0; i < kRounds; ++i) {
    const Encoding encoding{.object_pages = random() % 20, .node_count = 2};
    const auto bytes = RandomBytes(random);
    DecodeTo(&program, bytes, encoding, &boundaries);
    StepBoundaries expected;
    ASSERT_EQ(program, Decode(bytes, encoding, &expected)) << "round " << i;
    ASSERT_EQ(boundaries.count, expected.count) << "round " << i;
  }
}

TEST(ProgramBytes, EncodedProgramsDecodeToThemselves) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const Encoding encoding{.object_pages = 1 + random() % 40, .node_count = 3};
    const Program program = Decode(RandomBytes(random), encoding);
    // Encoded for a driver of another size, most values need the raw forms.
    for (const uint64_t pages : {encoding.object_pages, uint64_t{7}, uint64_t{0}}) {
      const Encoding other{.object_pages = pages, .node_count = 3};
      std::array<uint8_t, kMaxEncodedBytes> bytes;
      const size_t size = Encode(program, other, bytes);
      const Program again = Decode({bytes.data(), size}, other);
      ASSERT_EQ(again, program) << "round " << i << "\n"
                                << FormatProgram(program, {}) << FormatProgram(again, {});
    }
  }
}

TEST(ProgramText, WrittenProgramsParseToThemselvesAndAreWrittenTheSame) {
  std::mt19937_64 random(kSeed);
  const NodePaths nodes = {"/dev/pump", "/dev/valve"};
  for (int i = 0; i < kRounds; ++i) {
    const Encoding encoding{.header = {.profile = 612, .platform = 1, .core_guards = (i & 1) != 0},
                            .object_pages = 16,
                            .node_count = 2};
    const Program program = Decode(RandomBytes(random), encoding);
    if (program.step_count == 0) continue;
    const std::string text = FormatProgram(program, nodes);
    ParsedProgram parsed = ParseProgram(text, "t.prog");
    ASSERT_EQ(parsed.error, "") << text;
    EXPECT_EQ(FormatProgram(parsed.program, parsed.nodes), text);
    ASSERT_EQ(RenumberNodes(parsed.nodes, nodes, &parsed.program), "");
    ASSERT_EQ(parsed.program, program) << text;
  }
}

TEST(ProgramBytes, ZeroBytesOpenTheNodeAndMapOnePageOfItShared) {
  const Program program = Decode(std::array<uint8_t, 5>{}, {});

  EXPECT_THAT(FormatProgram(program, {"/dev/pump"}),
              testing::EndsWith("fd0 = open(\"/dev/pump\", O_RDWR)\n"
                                "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED, "
                                "offset 0 pages)\n"));
}

TEST(ProgramBytes, SelectorsBelowTheRareOnesMeanTheSameModulo64) {
  for (unsigned selector = 0; selector < operands::kRareSelectors; ++selector) {
    const std::array<uint8_t, 12> bytes = {0, static_cast<uint8_t>(selector), 1, 2, 3, 4, 5};
    std::array<uint8_t, 12> plain = bytes;
    plain[1] = static_cast<uint8_t>(selector % 64);
    ASSERT_EQ(Decode(bytes, {}), Decode(plain, {})) << selector;
  }
}

TEST(ProgramBytes, EveryCallHasASelector) {
  std::array<bool, kCallCount> reached{};
  for (unsigned selector = 0; selector < operands::kSelectors; ++selector) {
    reached[static_cast<size_t>(operands::kSelectorTable[selector].call)] = true;
  }
  for (size_t call = 0; call < kCallCount; ++call) EXPECT_TRUE(reached[call]) << call;
}

TEST(ProgramBytes, EveryAdviceAndEveryKindOfMremapIsOneByteAway) {
  const auto has = [](const auto& table, uint32_t word) {
    return std::find(table.begin(), table.begin() + operands::kRawWord, word) !=
           table.begin() + operands::kRawWord;
  };
  for (uint32_t advice = 0; advice <= 25; ++advice) {
    if (advice > 5 && advice < 8) continue;  // no advice
    EXPECT_TRUE(has(operands::kAdvices, advice) || has(operands::kRareAdvices, advice)) << advice;
  }
  for (uint32_t flags = 0; flags < 8; ++flags) {
    const bool makes_sense = flags != (kMremapFixed | 4);  // both need MREMAP_MAYMOVE
    EXPECT_TRUE(!makes_sense ||
                std::find(operands::kRemapFlags.begin(), operands::kRemapFlags.end(), flags) !=
                    operands::kRemapFlags.end())
        << flags;
  }
}

TEST(ProgramBytes, TheFirstByteChoosesTheAllocationThatFails) {
  EXPECT_EQ(Decode(std::array<uint8_t, 1>{0xbf}, {}).header.fail_allocation, 0u);
  EXPECT_EQ(Decode(std::array<uint8_t, 1>{0xc0}, {}).header.fail_allocation, 1u);
  EXPECT_EQ(Decode(std::array<uint8_t, 1>{0xff}, {}).header.fail_allocation, 64u);
}

// A driver that accepts what lies in its buffer, shared, and nothing else.
bool StrictDriverAccepts(const Step& step, uint64_t pages) {
  const uint64_t size = Pages(pages);
  const bool shared = (step.flags & 3) == kMapShared;
  return shared && step.length != 0 && step.length <= size && step.offset % Pages(1) == 0 &&
         step.offset <= size - hw::PageAlignUp(step.length);
}

TEST(ProgramBytes, AtLeast60PercentOfTheMmapsOfRandomBytesAreAcceptable) {
  for (const uint64_t pages : {1u, 4u, 16u, 1000u}) {
    std::mt19937_64 random(kSeed);
    int mmaps = 0, accepted = 0;
    for (int i = 0; i < kRounds; ++i) {
      std::vector<uint8_t> bytes(40);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
      const Program program = Decode(bytes, {.object_pages = pages});
      for (size_t k = 0; k < program.step_count; ++k) {
        if (program.steps[k].call != Call::kMmap) continue;
        ++mmaps;
        accepted += StrictDriverAccepts(program.steps[k], pages);
      }
    }
    std::printf("%4d pages: %d of %d mmaps acceptable (%.0f %%)\n", static_cast<int>(pages),
                accepted, mmaps, 100.0 * accepted / mmaps);
    EXPECT_GE(accepted * 100, mmaps * 60);
  }
}

TEST(ProgramBytes, EveryBoundaryOfOffsetAndLengthIsTwoBytesAway) {
  constexpr uint64_t kNp = 16;
  std::vector<uint64_t> offsets, lengths;
  for (int v = 0; v < 256; ++v) {
    // header, short mmap, shape, length or offset byte
    const std::array<uint8_t, 5> by_offset = {0, 0, 0, 0, static_cast<uint8_t>(v)};
    const std::array<uint8_t, 5> by_length = {0, 0, 0, static_cast<uint8_t>(v), 0};
    offsets.push_back(Decode(by_offset, {.object_pages = kNp}).steps[1].offset);
    lengths.push_back(Decode(by_length, {.object_pages = kNp}).steps[1].length);
  }
  for (const uint64_t pages : {uint64_t{0}, uint64_t{1}, kNp - 1, kNp, kNp + 1, uint64_t{1} << 19,
                               uint64_t{1} << 20, uint64_t{1} << 51, (uint64_t{1} << 52) - 1}) {
    EXPECT_THAT(offsets, testing::Contains(Pages(pages))) << pages << " pages";
    EXPECT_THAT(lengths, testing::Contains(Pages(pages))) << pages << " pages";
  }
}

TEST(ProgramWithout, KeepsProgramsValidAndTakesWhatDependsOnTheStep) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const Program program = Decode(RandomBytes(random), {});
    for (size_t k = 0; k < program.step_count; ++k) {
      const Program shorter = Without(program, k);
      ASSERT_LT(shorter.step_count, program.step_count);
      ASSERT_TRUE(IsValid(shorter)) << FormatProgram(program, {}) << "without " << k;
    }
  }
}

TEST(ProgramWithout, RenumbersTheResultsThatStay) {
  const ParsedProgram parsed = ParseProgram(
      "drydock program 1\n"
      "fd0 = open(node 0, O_RDWR)\n"
      "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)\n"
      "m1 = mmap(fd0, 2 pages, PROT_READ, MAP_SHARED, offset 0 pages)\n"
      "munmap(m0, 1 page)\n"
      "munmap(m1, 2 pages)\n",
      "t.prog");
  ASSERT_EQ(parsed.error, "");

  EXPECT_THAT(FormatProgram(Without(parsed.program, 1), {}),
              testing::EndsWith("fd0 = open(node 0, O_RDWR)\n"
                                "m0 = mmap(fd0, 2 pages, PROT_READ, MAP_SHARED, offset 0 pages)\n"
                                "munmap(m0, 2 pages)\n"));
}

}  // namespace
}  // namespace drydock::fuzz
