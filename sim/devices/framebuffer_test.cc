#include "sim/devices/framebuffer.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "sim/devices/fake_site.h"

namespace drydock::devices {
namespace {

class FramebufferTest : public testing::Test {
 protected:
  void Write(uint64_t offset, uint32_t value) { screen_.WriteRegister(1, offset, value, 4); }
  void SetMode(uint32_t width, uint32_t height, uint32_t bytes, uint32_t line, uint32_t start) {
    Write(0x08, width);
    Write(0x0c, height);
    Write(0x10, bytes);
    Write(0x14, line);
    Write(0x18, start);
    Write(0x04, 1);
  }
  FakeSite site_;
  Framebuffer screen_{{}, site_};
  Picture picture_;
};

TEST_F(FramebufferTest, RegistersAreThoseOfTheSecondWindow) {
  EXPECT_FALSE(screen_.HasRegisters(0));
  EXPECT_TRUE(screen_.HasRegisters(1));
  EXPECT_EQ(screen_.ReadRegister(1, 0, 4), 0xfb000001u);
  EXPECT_EQ(screen_.ReadRegister(1, 0, 2), ~uint64_t{0});
  EXPECT_EQ(screen_.ReadRegister(1, 0x1c, 4), ~uint64_t{0});
  SetMode(5, 6, 4, 20, 8);
  const uint32_t kWant[] = {1, 5, 6, 4, 20, 8};
  for (uint32_t i = 0; i < 6; ++i) EXPECT_EQ(screen_.ReadRegister(1, 4 + 4 * i, 4), kWant[i]);
}

TEST_F(FramebufferTest, ShowsPixelsOf32BitsLineByLineFromItsStart) {
  site_.window[16] = 3;       // blue
  site_.window[17] = 2;       // green
  site_.window[18] = 1;       // red
  site_.window[16 + 12] = 9;  // second line
  SetMode(2, 2, 4, 12, 16);
  ASSERT_EQ(screen_.ScanOut(&picture_), "");
  EXPECT_EQ(picture_.width, 2u);
  EXPECT_EQ(picture_.rgb, (std::vector<uint8_t>{1, 2, 3, 0, 0, 0, 0, 0, 9, 0, 0, 0}));
}

TEST_F(FramebufferTest, ShowsPixelsOf16Bits) {
  site_.window[0] = 0x00;
  site_.window[1] = 0xf8;  // red
  site_.window[2] = 0xe0;
  site_.window[3] = 0x07;  // green
  site_.window[4] = 0x1f;  // blue
  SetMode(3, 1, 2, 6, 0);
  ASSERT_EQ(screen_.ScanOut(&picture_), "");
  EXPECT_EQ(picture_.rgb, (std::vector<uint8_t>{255, 0, 0, 0, 255, 0, 0, 0, 255}));
}

TEST_F(FramebufferTest, ShowsNothingWhenItsRegistersMakeNoSense) {
  EXPECT_EQ(screen_.ScanOut(&picture_), "the framebuffer is off");
  const struct {
    const char* name;
    uint32_t width, height, bytes, line, start;
  } kRows[] = {{"no width", 0, 1, 4, 4, 0},
               {"no height", 1, 0, 4, 4, 0},
               {"three bytes", 1, 1, 3, 4, 0},
               {"short lines", 2, 2, 4, 7, 0},
               {"beyond the memory", 16, 65, 4, 64, 0},
               {"start beyond", 1, 1, 4, 4, 0xffd},
               {"huge", 0xffffffff, 0xffffffff, 4, 0xffffffff, 0}};
  for (const auto& row : kRows) {
    SetMode(row.width, row.height, row.bytes, row.line, row.start);
    EXPECT_NE(screen_.ScanOut(&picture_), "") << row.name;
  }
  SetMode(16, 64, 4, 64, 0);
  EXPECT_EQ(screen_.ScanOut(&picture_), "");
}

TEST(FramebufferOptions, ThereAreNone) {
  FakeSite site;
  EXPECT_THROW(Framebuffer({{"width", "1"}}, site), std::runtime_error);
}

// --- the files ---

Picture Small() { return {.width = 2, .height = 1, .rgb = {255, 0, 0, 0, 0, 255}}; }

TEST(PictureFiles, PpmIsHeaderAndBytes) {
  EXPECT_EQ(AsPpm(Small()), std::string("P6\n2 1\n255\n\xff\0\0\0\0\xff", 17));
}

TEST(PictureFiles, PngHasItsChunksAndSums) {
  const std::string png = AsPng(Small());
  EXPECT_EQ(png.substr(0, 8), std::string("\x89PNG\r\n\x1a\n", 8));
  EXPECT_EQ(png.substr(12, 4), "IHDR");
  // zlib.crc32(b"IHDR" + struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0))
  EXPECT_EQ(png.substr(29, 4), "\x7b\x40\xe8\xdd");
  // One line: no filter, six bytes; zlib.compress(line, 0), and its zlib.crc32 with the type.
  EXPECT_EQ(png.substr(33, 8), std::string("\0\0\0\x12IDAT", 8));
  EXPECT_EQ(png.substr(41, 18),
            std::string("\x78\x01\x01\x07\0\xf8\xff\0\xff\0\0\0\0\xff\x07\0\x01\xff", 18));
  EXPECT_EQ(png.substr(59, 4), "\x55\x36\xba\xc7");
  EXPECT_EQ(png.substr(png.size() - 12), std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12));
}

TEST(PictureFiles, LargePngHasSeveralBlocks) {
  Picture picture{.width = 400, .height = 100, .rgb = std::vector<uint8_t>(120000, 7)};
  const std::string png = AsPng(picture);
  EXPECT_GT(png.size(), 120000u);
  EXPECT_LT(png.size(), 120300u);
}

}  // namespace
}  // namespace drydock::devices
