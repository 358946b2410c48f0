// The seeds are good programs, and the dictionary's words are the steps that their names say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "fuzz/program_bytes.h"
#include "fuzz/program_text.h"

namespace drydock::fuzz {
namespace {

TEST(Seeds, EachIsAProgramThatTheBytesFormKeeps) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus")) {
    const ParsedProgram parsed = LoadProgram(entry.path());
    ASSERT_EQ(parsed.error, "");
    std::array<uint8_t, kMaxEncodedBytes> bytes;
    const Encoding encoding{.header = parsed.program.header, .object_pages = 16};
    const size_t size = Encode(parsed.program, encoding, bytes);
    EXPECT_EQ(Decode({bytes.data(), size}, encoding), parsed.program) << entry.path();
    EXPECT_LE(size, 64u) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 15);
}

std::string LastStep(std::vector<uint8_t> bytes) {
  bytes.insert(bytes.begin(), 0);
  const Program program = Decode(bytes, {.object_pages = 16});
  return FormatStep(program, program.step_count - 1, {});
}

TEST(Dictionary, WordsAreTheStepsTheirNamesSay) {
  EXPECT_EQ(LastStep({0, 0, 0, 0xe3}),
            "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED, offset 17 pages)");
  EXPECT_EQ(LastStep({0, 0, 0, 0xeb}),
            "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED, offset 1048575 pages)");
  EXPECT_EQ(
      LastStep({0, 0, 0, 0xf5}),
      "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_SHARED, offset 4503599627370495 pages)");
  EXPECT_EQ(LastStep({0, 0xd0, 0, 0}),
            "m0 = mmap(fd0, 1 page, PROT_READ|PROT_WRITE, MAP_PRIVATE, offset 0 pages)");
  EXPECT_EQ(LastStep({0, 9, 0, 0}),
            "m0 = mmap(fd0, 1 page, PROT_READ, MAP_SHARED, offset 0 pages)");
  EXPECT_EQ(LastStep({0x12, 0, 1}), "munmap(m0, 1 page)");
  EXPECT_EQ(LastStep({0x12, 0, 2}), "munmap(m0 + 1 page, 1 page)");
  EXPECT_EQ(LastStep({0x1a, 0, 0}), "load(m0, 8 bytes)");
  EXPECT_EQ(LastStep({0x20, 0, 0}), "store(m0, 8 bytes, pattern)");
  EXPECT_EQ(LastStep({0x26, 0, 0, 0}), "mprotect(m0, 2 pages, PROT_READ|PROT_WRITE)");
  EXPECT_EQ(LastStep({0x2b, 0x30, 0}), "switch(p1)");
  EXPECT_EQ(LastStep({0x2e}), "exit()");
  EXPECT_EQ(LastStep({0xe0, 0, 0}), "mlock(m0, 2 pages)");
  EXPECT_EQ(LastStep({0xe6, 0, 0, 0}), "msync(m0, 2 pages, MS_SYNC)");
  EXPECT_EQ(LastStep({0xf5, 0, 0, 0x91}), "pread(\"/proc/p0/mem\", m0 + 1 page + 4088, 64 bytes)");
  EXPECT_EQ(LastStep({0xf8, 0, 0, 0x91}),
            "pwrite(\"/proc/p0/mem\", m0 + 1 page + 4088, 64 bytes, pattern)");
  EXPECT_EQ(LastStep({0xfe, 0}), "unbind(node 0)");
}

}  // namespace
}  // namespace drydock::fuzz
