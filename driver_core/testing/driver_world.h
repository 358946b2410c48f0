// What the tests of the reference drivers share: a world with one driver loaded, its first process,
// and a page of that process's own to hand to system calls.
#ifndef DRYDOCK_DRIVER_CORE_TESTING_DRIVER_WORLD_H_
#define DRYDOCK_DRIVER_CORE_TESTING_DRIVER_WORLD_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"
#include "sim/world.h"

namespace drydock {

// Linux on x86-64.
inline constexpr uint64_t kPage = 4096;
inline constexpr int kReadOnly = 0, kReadWrite = 2, kNonblock = 04000;
inline constexpr int kRead = 1, kWrite = 2, kExec = 4;
inline constexpr int kShared = 1, kPrivate = 2, kFixed = 0x10, kAnonymous = 0x20;
inline constexpr int kMayMove = 1;
inline constexpr unsigned long kPageShared = 0x8000000000000027;
inline constexpr unsigned long kPageReadOnly = 0x8000000000000025;
inline constexpr unsigned long kPwt = 0x8, kPcd = 0x10;

using Params = std::vector<std::pair<std::string, std::string>>;

// Serial and place of each live allocation: what tells it from any other.
using AllocationNames = std::vector<std::pair<uint64_t, uint64_t>>;

inline AllocationNames Names(const kernel::AllocationRegister& all) {
  AllocationNames names;
  all.ForEachLive([&](kernel::AllocationId, const kernel::Allocation& a) {
    names.emplace_back(a.serial, a.address);
  });
  return names;
}

// The kernel that a test is about, as its target says: DRYDOCK_TEST_KERNEL, "7.3"; 6.1 without.
inline int TestedProfile() {
  const char* text = std::getenv("DRYDOCK_TEST_KERNEL");
  const std::string_view kernel = text != nullptr ? text : "6.1";
  EXPECT_TRUE(kernel == "6.1" || kernel == "6.12" || kernel == "7.3") << kernel;
  return kernel == "7.3" ? 703 : kernel == "6.12" ? 612 : 601;
}

// A reference driver, compiled for that kernel.
inline std::string TestedDriver(std::string_view driver) {
  const int profile = TestedProfile();
  return "driver_core/" + std::string(driver) +
         (profile == 703   ? "_7_3.so"
          : profile == 612 ? "_6_12.so"
                           : ".so");
}

class DriverWorldTest : public ::testing::Test {
 protected:
  DriverWorldTest(std::string driver, std::string node)
      : driver_(std::move(driver)), node_(std::move(node)) {}

  // Loads the driver, takes the scratch page and opens the node. Without a device text, the machine
  // is the default one.
  void Load(const Params& params, std::string_view platform = "x86-64",
            std::string_view device_text = "") {
    WorldOptions options;
    options.platform = hw::FindPlatform(platform);
    ASSERT_NE(options.platform, nullptr) << platform;
    options.device_text = std::string(device_text);
    if (!device_text.empty()) options.device_name = "test.device";
    options.core_guards = core_guards_;
    options.raw_io = raw_io_;
    options.profile = TestedProfile();
    world_ = std::make_unique<World>(options);
    ASSERT_EQ(world_->LoadDriver(TestedDriver(driver_), params), "");
    world_->Checkpoint();
    const user::Outcome page =
        process().Mmap({}, kPage, kRead | kWrite, kShared | kAnonymous, -1, 0);
    ASSERT_TRUE(page.ok());
    scratch_ = {static_cast<uint64_t>(page.value)};
    fd_ = Open(kReadWrite);
  }
  // The driver broke no rule.
  void TearDown() override {
    if (world_ == nullptr) return;
    EXPECT_EQ(world_->verdicts().count(), 0u) << world_->verdicts()[0].seen;
  }

  user::Process process() { return world_->init(); }
  int Open(int flags) {
    const user::Outcome outcome = process().Open(node_.c_str(), flags);
    EXPECT_TRUE(outcome.ok()) << outcome.value;
    return static_cast<int>(outcome.value);
  }
  // The address or the errno, negated.
  int64_t Map(uint64_t offset_bytes, uint64_t length_bytes, int prot = kRead | kWrite,
              int flags = kShared) {
    return process().Mmap({}, length_bytes, prot, flags, fd_, offset_bytes).value;
  }
  template <typename T>
  T LoadAs(uint64_t address) {
    T value{};
    EXPECT_TRUE(process().Load({address}, &value, sizeof value).ok()) << std::hex << address;
    return value;
  }
  template <typename T>
  void StoreAs(uint64_t address, const T& value) {
    EXPECT_TRUE(process().Store({address}, &value, sizeof value).ok()) << std::hex << address;
  }
  user::Signal SignalOfLoad(uint64_t address) {
    char byte = 0;
    return process().Load({address}, &byte, 1).signal;
  }
  // An ioctl with a struct that goes in, comes out, or both. The result or the errno, negated.
  template <typename T>
  int64_t Ioctl(uint32_t command, T* argument) {
    StoreAs(scratch_.value, *argument);
    const int64_t result = process().Ioctl(fd_, command, scratch_.value).value;
    *argument = LoadAs<T>(scratch_.value);
    return result;
  }
  // read(2) and write(2) at the file's position.
  int64_t ReadText(std::string* text, size_t size_bytes) {
    const int64_t result = process().Read(fd_, scratch_, size_bytes).value;
    text->resize(result > 0 ? static_cast<size_t>(result) : 0);
    if (result > 0) {
      EXPECT_TRUE(process().Load(scratch_, text->data(), text->size()).ok());
    }
    return result;
  }
  int64_t WriteText(std::string_view text) {
    EXPECT_TRUE(process().Store(scratch_, text.data(), text.size()).ok());
    return process().Write(fd_, scratch_, text.size()).value;
  }
  uint32_t Vmas() { return world_->kernel().mm().VmaCount(process().index()); }
  AllocationNames Allocations() { return Names(world_->kernel().allocations()); }

  bool core_guards_ = true;  // of the next Load(): as WorldOptions
  std::unique_ptr<World> world_;
  hw::VirtAddr scratch_;
  int fd_ = -1;
  bool raw_io_ = false;  // before Load(): programs have CAP_SYS_RAWIO

 private:
  const std::string driver_, node_;
};

}  // namespace drydock

#endif  // DRYDOCK_DRIVER_CORE_TESTING_DRIVER_WORLD_H_
