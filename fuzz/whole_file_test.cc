#include "fuzz/whole_file.h"

#include <gtest/gtest.h>

#include <fstream>

namespace drydock::fuzz {
namespace {

TEST(ReadWholeFile, WhatCannotBeReadIsNothing) {
  EXPECT_EQ(ReadWholeFile("/nonexistent/file"), std::nullopt);
  EXPECT_EQ(ReadWholeFile(""), std::nullopt);
  EXPECT_EQ(ReadWholeFile(testing::TempDir()), std::nullopt);  // fopen() opens a folder
}

TEST(ReadWholeFile, AnEmptyFileIsNoBytes) { EXPECT_EQ(ReadWholeFile("/dev/null"), ""); }

TEST(ReadWholeFile, EveryByteOfMoreThanABlockIsThere) {
  const std::string path = testing::TempDir() + "/bytes";
  std::string bytes;
  for (int i = 0; i < 200'001; ++i) bytes += static_cast<char>(i);  // NULs and newlines among them
  std::ofstream(path, std::ios::binary) << bytes;

  EXPECT_EQ(ReadWholeFile(path), bytes);
}

}  // namespace
}  // namespace drydock::fuzz
