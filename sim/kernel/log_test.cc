#include "sim/kernel/log.h"

#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

class LogTest : public PartTest {
 protected:
  int Printk(const char* format, ...) {
    va_list args;
    va_start(args, format);
    const int length = log_.Printk(format, args);
    va_end(args);
    return length;
  }
  void Warn(const char* format, ...) {
    va_list args;
    va_start(args, format);
    log_.Warn("/src/pump.c", 7, "pump_mmap", format, args);
    va_end(args);
  }
};

TEST_F(LogTest, KeepsLevelAndText) {
  EXPECT_EQ(Printk("\0016hello %d\n", 5), 8);
  Printk("plain\n");
  ASSERT_EQ(log_.line_count(), 2u);
  EXPECT_EQ(log_.line(0), "hello 5");
  EXPECT_EQ(log_.level(0), 6);
  EXPECT_EQ(log_.level(1), Log::kDefaultLevel);
}

TEST_F(LogTest, JoinsOnlyContinuations) {
  Printk("\0016one");
  Printk("\001c two\n");
  Printk("\001cthree\n");
  Printk("\0016four");
  Printk("\0016five\n");
  ASSERT_EQ(log_.line_count(), 4u);
  EXPECT_EQ(log_.line(0), "one two");
  EXPECT_EQ(log_.line(1), "three");
  EXPECT_EQ(log_.line(2), "four");
}

TEST_F(LogTest, SplitsAtNewlines) {
  Printk("a\nb\n");
  ASSERT_EQ(log_.line_count(), 2u);
  EXPECT_EQ(log_.line(1), "b");
}

TEST_F(LogTest, ForgetsTheOldestWhenFull) {
  const std::string filler(1000, 'x');
  for (int i = 0; i < 500; ++i) Printk("%03d %s\n", i, filler.c_str());
  EXPECT_LT(log_.line_count(), 66u);
  EXPECT_GT(log_.line_count(), 60u);
  for (size_t i = 0; i < log_.line_count(); ++i) {
    EXPECT_EQ(log_.line(i).size(), 1004u);
    EXPECT_EQ(std::stoul(std::string(log_.line(i).substr(0, 3))), 500 - log_.line_count() + i);
  }
}

TEST_F(LogTest, ForgetsTheOldestOfManyShortLines) {
  for (int i = 0; i < 5000; ++i) Printk("%d\n", i);
  EXPECT_EQ(log_.line_count(), 2048u);
  EXPECT_EQ(log_.line(2047), "4999");
}

TEST_F(LogTest, CutsLongMessages) {
  const std::string filler(3000, 'y');
  EXPECT_EQ(Printk("%s", filler.c_str()), 1023);
  EXPECT_EQ(log_.line(0).size(), 1023u);
}

TEST_F(LogTest, IsEmptyAfterClear) {
  Printk("a");
  log_.Clear();
  EXPECT_EQ(log_.line_count(), 0u);
  Printk("\001cb\n");
  EXPECT_EQ(log_.line(0), "b");
}

TEST_F(LogTest, NamesDriverAndDevice) {
  device dev{};
  device_driver driver{};
  driver.name = "pump";
  dev.driver = &driver;
  dev.kobj.name = "80000000.pump";
  const auto print = [&](const device* d, ...) {
    va_list args;
    va_start(args, d);
    log_.DevPrintk("\0013", d, "no irq\n", args);
    va_end(args);
  };
  print(&dev);
  print(nullptr);
  EXPECT_EQ(log_.line(0), "pump 80000000.pump: no irq");
  EXPECT_EQ(log_.level(0), 3);
  EXPECT_EQ(log_.line(1), "(NULL device *): no irq");
}

TEST_F(LogTest, WarnIsAVerdictWithItsPlace) {
  Warn("bad size %d\n", 3);
  EXPECT_EQ(OnlyVerdict(), "C0 O10");
  EXPECT_EQ(Seen(), "WARN at pump.c:7 in pump_mmap(): bad size 3");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kNone);
}

TEST_F(LogTest, WarnWithoutTextIsAVerdictToo) {
  Warn(nullptr);
  EXPECT_EQ(Seen(), "WARN at pump.c:7 in pump_mmap()");
}

TEST_F(LogTest, BugTraps) {
  log_.Bug("pump.c", 9, "pump_open");
  EXPECT_EQ(verdicts_.pending_trap(), Trap::kBug);
  EXPECT_EQ(Seen(), "BUG at pump.c:9 in pump_open()");
}

TEST_F(LogTest, ModuleReferencesAreCounted) {
  module mod{};
  mod.state = 1;
  EXPECT_TRUE(log_.TryModuleGet(nullptr));
  EXPECT_TRUE(log_.TryModuleGet(&mod));
  log_.ModulePut(&mod);
  EXPECT_EQ(OnlyVerdict(), "");
  log_.ModulePut(&mod);
  EXPECT_EQ(OnlyVerdict(), "C44 O6");
}

TEST_F(LogTest, ModuleThatGoesAwayIsRefused) {
  module mod{};
  mod.state = 2;
  EXPECT_FALSE(log_.TryModuleGet(&mod));
  EXPECT_EQ(mod.refcount.counter, 0);
}

TEST_F(LogTest, RateLimitLetsTenPassInFiveSeconds) {
  const int site = 0;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(log_.RateLimit(&site, 100));
  EXPECT_FALSE(log_.RateLimit(&site, 4'999'999'999));
  EXPECT_TRUE(log_.RateLimit(&site, 5'000'000'100));
}

}  // namespace
}  // namespace drydock::kernel
