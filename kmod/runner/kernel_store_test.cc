#include "kmod/runner/kernel_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "tools/command/subprocess.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

// The head of a program for `machine`.
std::string Elf(char machine) {
  std::string bytes(1000, '\0');
  bytes.replace(0, 4,
                "\x7f"
                "ELF");
  bytes[18] = machine;
  return bytes;
}

class KernelStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/kernels.XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  // A kernel as `./drydock kernel get` leaves it.
  void Put(const std::string& name, const std::string& image) {
    const std::string place = folder_ + "/" + name;
    fs::create_directories(place + "/build");
    std::ofstream(place + "/image", std::ios::binary) << image;
    std::ofstream(place + "/build/Module.symvers") << "";
    int status = 0;
    const std::string sum = command::Capture({"sha256sum", place + "/image"}, &status);
    ASSERT_EQ(status, 0);
    std::ofstream(place + "/stamp") << "name: " << name << "\nversion: 6.1.9-1\nrelease: 6.1.9\n"
                                    << "image-sha256: " << sum.substr(0, 64) << "\n";
  }
  std::string Wrong(const std::string& name) {
    std::string error;
    FindKernel(folder_, name, &error);
    return error;
  }

  std::string folder_;
};

TEST_F(KernelStoreTest, FindsAKernelAndItsProfile) {
  Put("6.1-small", Elf(62));
  std::string error;
  const StoredKernel kernel = FindKernel(folder_, "6.1-small", &error);
  EXPECT_EQ(error, "");
  EXPECT_EQ(kernel.name, "6.1-small");
  EXPECT_EQ(kernel.release, "6.1.9");
  EXPECT_EQ(kernel.version, "6.1.9-1");
  EXPECT_EQ(kernel.image, folder_ + "/6.1-small/image");
  EXPECT_EQ(kernel.profile, 601);
}

TEST_F(KernelStoreTest, TakesABzImage) {
  std::string image(1000, '\0');
  image.replace(0x202, 4, "HdrS");
  Put("6.1", image);
  EXPECT_EQ(Wrong("6.1"), "");
}

TEST_F(KernelStoreTest, SaysWhatIsWrongAndWhatToDo) {
  const std::string then = "; run ./drydock kernel get 6.1";
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: it is not here" + then);

  Put("6.1", Elf(62));
  fs::rename(folder_ + "/6.1", folder_ + "/6.12");
  EXPECT_EQ(Wrong("6.12"), "kernel 6.12: it is not here; run ./drydock kernel get 6.12");

  Put("6.1", Elf(62));
  std::ofstream(folder_ + "/6.1/image", std::ios::app) << "x";
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: its image is corrupt" + then);
  fs::remove(folder_ + "/6.1/image");
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: its image is corrupt" + then);

  Put("6.1", Elf(40));
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: its image is not one for x86-64" + then);
  Put("6.1", "");
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: its image is not one for x86-64" + then);

  Put("6.1", Elf(62));
  fs::remove(folder_ + "/6.1/build/Module.symvers");
  EXPECT_EQ(Wrong("6.1"), "kernel 6.1: what modules are built against is not there" + then);

  Put("5.10", Elf(62));
  EXPECT_EQ(Wrong("5.10"), "kernel 5.10: no profile has its number; run ./drydock kernel get 5.10");
}

TEST(ParseStamp, TakesLinesOfFieldAndValue) {
  const auto fields = ParseStamp("name: 6.1\nno field\nurl: http://a: b\n");
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields.at("name"), "6.1");
  EXPECT_EQ(fields.at("url"), "http://a: b");
}

}  // namespace
}  // namespace drydock::kmod
