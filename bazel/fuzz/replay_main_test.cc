// The replay main() is this program's main(): the test is its fuzz target. It
// starts itself anew with arguments of its choice and looks at what arrived.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

constexpr char kRecord[] = "REPLAY_MAIN_TEST_RECORD";

class ReplayMain : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "deep");
    Write("b", "second");
    Write("deep/c", "third");
    Write("a", "first");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  // Exit status of this program, run as a fuzz target with these arguments.
  int Run(const std::string& arguments) {
    const std::string command =
        "cd '" + folder_.string() + "' && " + kRecord + "='" + record_.string() + "' '" +
        fs::read_symlink("/proc/self/exe").string() + "' " + arguments + " 2>/dev/null";
    return WEXITSTATUS(std::system(command.c_str()));
  }

  std::string Seen() const {
    std::ifstream file(record_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "replay_inputs";
  const fs::path record_ = folder_ / ".." / "replay_record";
};

TEST_F(ReplayMain, RunsEveryFileBelowAFolderInOrderOfNames) {
  fs::remove(record_);
  EXPECT_EQ(Run("."), 0);
  EXPECT_EQ(Seen(), "init;first;second;third;");
}

TEST_F(ReplayMain, SkipsOptionsAndRunsAnEmptyFile) {
  fs::remove(record_);
  Write("empty", "");
  EXPECT_EQ(Run("-runs=1 --driver=x.so empty b"), 0);
  EXPECT_EQ(Seen(), "init;;second;");
}

TEST_F(ReplayMain, FailsOnAMissingFileAndStillRunsTheOthers) {
  fs::remove(record_);
  EXPECT_EQ(Run("nowhere b"), 1);
  EXPECT_EQ(Seen(), "init;second;");
}

TEST_F(ReplayMain, FailsWhenThereIsNothingToRun) { EXPECT_EQ(Run("-runs=1"), 1); }

void Record(const std::string& text) {
  std::ofstream(std::getenv(kRecord), std::ios::binary | std::ios::app) << text << ';';
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (std::getenv(kRecord) == nullptr) {
    testing::InitGoogleMock(argc, *argv);
    std::exit(RUN_ALL_TESTS());
  }
  Record("init");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Record(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
