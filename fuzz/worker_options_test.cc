// What a worker takes from its command line and its environment, and how it refuses the rest.
#include "fuzz/worker_options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace drydock::fuzz {
namespace {

// A command line, and what is left of it.
class CommandLine {
 public:
  explicit CommandLine(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string& word : words_) argv_.push_back(word.data());
    argc_ = static_cast<int>(argv_.size());
    argv_.push_back(nullptr);
  }
  WorkerOptions Take() { return TakeWorkerOptions(&argc_, argv_.data()); }
  std::vector<std::string> Rest() const { return {argv_.begin(), argv_.begin() + argc_}; }
  bool Terminated() const { return argv_[static_cast<size_t>(argc_)] == nullptr; }

 private:
  std::vector<std::string> words_;
  std::vector<char*> argv_;
  int argc_ = 0;
};

TEST(WorkerOptions, OursAreTakenOutAndTheRestStaysInOrder) {
  CommandLine line({"worker", "-runs=3", "--driver=a.so", "corpus", "--world-seed=0x10", "-x"});

  const WorkerOptions options = line.Take();

  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.driver, "a.so");
  EXPECT_EQ(options.world.seed, 16u);
  EXPECT_EQ(line.Rest(), (std::vector<std::string>{"worker", "-runs=3", "corpus", "-x"}));
  EXPECT_TRUE(line.Terminated());
}

TEST(WorkerOptions, WhatOnlyLooksLikeOursStays) {
  const std::vector<std::string> words = {"--driver=program", "-driver=a.so",   "--driver",
                                          "driver=a.so",      "--drivers=a.so", "--Driver=a.so"};
  CommandLine line(words);

  EXPECT_EQ(line.Take().error, "--driver=PATH is missing: name the driver's shared object");
  EXPECT_EQ(line.Rest(), words);
}

TEST(WorkerOptions, ValuesMayHoldEqualsSigns) {
  CommandLine line({"worker", "--driver=a=b.so", "--param=mode=x=y", "--param=empty="});

  const WorkerOptions options = line.Take();

  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.driver, "a=b.so");
  EXPECT_EQ(options.params,
            (std::vector<std::pair<std::string, std::string>>{{"mode", "x=y"}, {"empty", ""}}));
}

TEST(WorkerOptions, TheEnvironmentHasThemTooAndTheCommandLineWins) {
  setenv("DRYDOCK_DRIVER", "environment.so", 1);
  setenv("DRYDOCK_CORE_GUARDS", "off", 1);
  setenv("DRYDOCK_OBJECT_PAGES", "7", 1);
  CommandLine line({"worker", "--driver=argument.so"});

  const WorkerOptions options = line.Take();
  for (const char* name : {"DRYDOCK_DRIVER", "DRYDOCK_CORE_GUARDS", "DRYDOCK_OBJECT_PAGES"}) {
    unsetenv(name);
  }

  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.driver, "argument.so");
  EXPECT_FALSE(options.world.core_guards);
  EXPECT_EQ(options.object_pages, 7u);
}

TEST(WorkerOptions, TheDeviceIsRead) {
  const std::string path = testing::TempDir() + "/pump.device";
  std::ofstream(path) << "device pump\n";
  CommandLine line({"worker", "--driver=a.so", "--device=" + path});

  const WorkerOptions options = line.Take();

  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.world.device_name, path);
  EXPECT_EQ(options.world.device_text, "device pump\n");
}

struct Refused {
  const char* name;
  const char* argument;
  const char* error;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class RefusedOption : public testing::TestWithParam<Refused> {};

TEST_P(RefusedOption, IsOneLineThatNamesIt) {
  CommandLine line({"worker", "--driver=a.so", GetParam().argument});

  EXPECT_EQ(line.Take().error, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedOption,
    testing::Values(
        Refused{"Platform", "--platform=vax", "--platform=vax: no such platform"},
        Refused{"NoPlatform", "--platform=", "--platform=: no such platform"},
        Refused{"Profile", "--profile=5.4",
                "--profile=5.4: no such kernel profile, write 6.1, 6.12 or 7.3"},
        Refused{"CoreGuards", "--core-guards=yes", "--core-guards=yes: write on or off"},
        Refused{"CoreGuardsInCapitals", "--core-guards=ON", "--core-guards=ON: write on or off"},
        Refused{"ParamWithoutValue", "--param=size", "--param=size: write --param=NAME=VALUE"},
        Refused{"ParamWithoutName", "--param==3", "--param==3: write --param=NAME=VALUE"},
        Refused{"EmptyNumber", "--world-seed=", "--world-seed=: not a number"},
        Refused{"NegativeNumber", "--object-pages=-1", "--object-pages=-1: not a number"},
        Refused{"NumberAndMore", "--object-pages=16k", "--object-pages=16k: not a number"},
        Refused{"NumberOf65Bits", "--world-seed=18446744073709551616",
                "--world-seed=18446744073709551616: not a number"},
        Refused{"NoDevice", "--device=/nonexistent/x.device",
                "/nonexistent/x.device: cannot be read, name a readable file"},
        Refused{"FolderAsDevice", "--device=/", "/: cannot be read, name a readable file"}),
    [](const testing::TestParamInfo<Refused>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace drydock::fuzz
