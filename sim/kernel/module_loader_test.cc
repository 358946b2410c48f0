#include "sim/kernel/module_loader.h"

#include <dlfcn.h>

#include <fstream>
#include <stdexcept>

#include "sim/kernel/driver_data.h"
#include "sim/kernel/part_fixture.h"

namespace drydock::kernel {
namespace {

constexpr char kSample[] = "sim/kernel/sample_module.so";

std::string OpenError(const std::string& path) {
  try {
    ModuleImage image(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

template <class T>
T* Variable(const char* name) {
  void* handle = dlopen(kSample, RTLD_NOW | RTLD_NOLOAD);
  return static_cast<T*>(dlsym(handle, name));
}

Chrdevs* g_chrdevs = nullptr;
Verdicts* g_verdicts = nullptr;
file_operations g_fops{};

int RegisterPump() { return g_chrdevs->RegisterChrdev(240, 0, 256, "pump", &g_fops); }

class ModuleLoaderTest : public PartTest {
 protected:
  void SetUp() override {
    g_chrdevs = &chrdevs_;
    g_verdicts = &verdicts_;
    g_fops = {};
    g_fops.mmap = [](file*, vm_area_struct*) { return 0; };
    OnInit(RegisterPump);
    Trace().clear();
  }
  void OnInit(int (*init)()) { *Variable<int (*)()>("sample_on_init") = init; }
  void OnExit(void (*exit)()) { *Variable<void (*)()>("sample_on_exit") = exit; }
  int Set(drydock_param_kind kind, void* value, std::string_view text, long max = 1,
          unsigned int* count = nullptr) {
    const drydock_param param = {"p", kind, max, value, count, 0};
    return SetModuleParam(param, text, &texts_);
  }

  ModuleImage image_{kSample};
  DeviceModel model_{list_, verdicts_, calls_, heap_, log_};
  Chrdevs chrdevs_{list_, verdicts_, calls_, heap_, log_, model_};
  ModuleLoader loader_{verdicts_, calls_, log_, chrdevs_, model_};
  std::vector<std::unique_ptr<char[]>> texts_;
};

TEST(ModuleImageTest, WhatCannotBeLoadedIsSaidInOneLine) {
  EXPECT_EQ(OpenError("no/such.so"), "no/such.so: no such file");
  EXPECT_EQ(OpenError("sim/kernel"), "sim/kernel: is not a file");
  EXPECT_EQ(OpenError("sim/kernel/sample_no_record.so"),
            "sim/kernel/sample_no_record.so: is not a driver: it has no symbol 'drydock_module'");
  EXPECT_EQ(OpenError("sim/kernel/sample_missing_symbol.so"),
            "sim/kernel/sample_missing_symbol.so: the emulated kernel has no symbol "
            "'sample_symbol_that_no_kernel_has'");
  const std::string text = testing::TempDir() + "/text.so";
  std::ofstream(text) << "hello\n";
  EXPECT_EQ(OpenError(text), text + ": file too short");
}

TEST_F(ModuleLoaderTest, SecondOpenIsRefused) {
  EXPECT_EQ(OpenError(kSample), std::string(kSample) + ": this driver is loaded already");
}

TEST_F(ModuleLoaderTest, DataIsRestoredAndCoverageIsNot) {
  DriverData data(image_.data());
  *Variable<int>("sample_counter") = 6;
  *Variable<int>("sample_zero") = 1;
  Variable<char>("sample_large")[8999] = 1;
  Variable<unsigned char>("sample_coverage")[0] = 9;
  data.Reset();
  EXPECT_EQ(*Variable<int>("sample_counter"), 5);
  EXPECT_EQ(*Variable<int>("sample_zero"), 0);
  EXPECT_EQ(Variable<char>("sample_large")[8999], 0);
  EXPECT_EQ(Variable<unsigned char>("sample_coverage")[0], 9);
}

TEST(ModuleImageTest, OpenedAgainItIsAsNew) {
  {
    ModuleImage image(kSample);
  }
  *Variable<int>("sample_counter") = 6;
  ModuleImage image(kSample);
  EXPECT_EQ(*Variable<int>("sample_counter"), 5);
}

TEST_F(ModuleLoaderTest, CodeRangeHoldsTheInit) {
  const auto* init = reinterpret_cast<const char*>(image_.initcalls()[0].init);
  EXPECT_GE(init, image_.code_begin());
  EXPECT_LT(init, image_.code_end());
  EXPECT_FALSE(&list_ >= image_.code_begin() && &list_ < image_.code_end());
}

TEST_F(ModuleLoaderTest, LoadsAndUnloads) {
  OnExit([] { g_chrdevs->UnregisterChrdev(240, 0, 256, "pump"); });
  EXPECT_EQ(loader_.Load(image_, {{"number", "0x10"}, {"the-flag", "y"}}), "");
  EXPECT_EQ(image_.self().state, 1);
  EXPECT_EQ(loader_.Unload(image_), ModuleLoader::Unloaded::kDone);
  EXPECT_EQ(OnlyVerdict(), "");
}

TEST_F(ModuleLoaderTest, LeftoversOfExitAreReported) {
  EXPECT_EQ(loader_.Load(image_, {}), "");
  EXPECT_EQ(loader_.Unload(image_), ModuleLoader::Unloaded::kDone);
  EXPECT_EQ(OnlyVerdict(), "C45 O6");
}

TEST_F(ModuleLoaderTest, BusyModuleStays) {
  EXPECT_EQ(loader_.Load(image_, {}), "");
  log_.TryModuleGet(&image_.self());
  EXPECT_EQ(loader_.Unload(image_), ModuleLoader::Unloaded::kBusy);
  EXPECT_TRUE(chrdevs_.AnythingRegistered());
  log_.ModulePut(&image_.self());
}

TEST_F(ModuleLoaderTest, CanBeRemovedOnceItIsLiveAndNothingHoldsIt) {
  EXPECT_FALSE(ModuleLoader::CanBeRemoved(image_));
  EXPECT_EQ(loader_.Load(image_, {}), "");
  EXPECT_TRUE(ModuleLoader::CanBeRemoved(image_));
  log_.TryModuleGet(&image_.self());
  EXPECT_FALSE(ModuleLoader::CanBeRemoved(image_));
  log_.ModulePut(&image_.self());
  EXPECT_TRUE(ModuleLoader::CanBeRemoved(image_));
}

TEST_F(ModuleLoaderTest, ParametersAreCheckedByName) {
  EXPECT_EQ(
      loader_.Load(image_, {{"size", "3"}}),
      image_.path() + ": unknown parameter 'size'; it has number, the_flag, text, charp, array");
  EXPECT_EQ(loader_.Load(image_, {{"number", "3x"}}),
            image_.path() + ": '3x' is invalid for parameter 'number'");
  EXPECT_EQ(loader_.Load(image_, {{"text", "sixsix"}}),
            image_.path() + ": 'sixsix' is too long for parameter 'text'");
  EXPECT_FALSE(chrdevs_.AnythingRegistered());
}

TEST_F(ModuleLoaderTest, FailingInitIsNamedWithItsErrno) {
  OnInit([] { return -19; });
  EXPECT_EQ(loader_.Load(image_, {}), image_.path() + ": sample_init() failed with -ENODEV");
  OnInit([] { return -1234; });
  EXPECT_EQ(loader_.Load(image_, {}), image_.path() + ": sample_init() failed with -1234");
}

TEST_F(ModuleLoaderTest, TrappingInitIsNamed) {
  OnInit([] {
    g_verdicts->TrapNow(Trap::kUnmodelled, 0, 0, "", "dma_pool_create is not modelled");
    return 0;
  });
  EXPECT_EQ(loader_.Load(image_, {}),
            image_.path() + ": sample_init() did not return: dma_pool_create is not modelled");
}

TEST_F(ModuleLoaderTest, PositiveInitSucceedsWithAWarning) {
  OnInit([] {
    RegisterPump();
    return 1;
  });
  EXPECT_EQ(loader_.Load(image_, {}), "");
  EXPECT_TRUE(LogHas("suspiciously returned 1"));
}

TEST_F(ModuleLoaderTest, RegisteringNothingIsSaid) {
  OnInit([] { return 0; });
  EXPECT_EQ(loader_.Load(image_, {}), image_.path() +
                                          ": registers no character device; if it is a platform "
                                          "driver, describe its device with --device");
}

TEST_F(ModuleLoaderTest, NothingToMapIsSaid) {
  g_fops.mmap = nullptr;
  EXPECT_EQ(loader_.Load(image_, {}),
            image_.path() + ": no character device of it has an mmap hook");
}

TEST_F(ModuleLoaderTest, NumbersAreTakenAsTheKernelDoes) {
  int number = 7;
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, "-12"), 0);
  EXPECT_EQ(number, -12);
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, "010\n"), 0);
  EXPECT_EQ(number, 8);
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, "+0xF"), 0);
  EXPECT_EQ(number, 15);
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, "-2147483648"), 0);
  for (const char* bad : {"", "-", "+", "x", "1 ", " 1", "08", "0x", "1.5", "--1", "1\n\n"}) {
    EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, bad), -EINVAL) << bad;
  }
  for (const char* large : {"2147483648", "-2147483649", "99999999999999999999"}) {
    EXPECT_EQ(Set(DRYDOCK_PARAM_INT, &number, large), -ERANGE) << large;
  }
  EXPECT_EQ(number, -2147483647 - 1);
}

TEST_F(ModuleLoaderTest, UnsignedNumbersHaveNoMinus) {
  unsigned long number = 7;
  unsigned char byte = 7;
  EXPECT_EQ(Set(DRYDOCK_PARAM_ULONG, &number, "18446744073709551615"), 0);
  EXPECT_EQ(number, ~0UL);
  EXPECT_EQ(Set(DRYDOCK_PARAM_ULONG, &number, "-1"), -EINVAL);
  EXPECT_EQ(Set(DRYDOCK_PARAM_ULONG, &number, "18446744073709551616"), -ERANGE);
  EXPECT_EQ(Set(DRYDOCK_PARAM_BYTE, &byte, "256"), -ERANGE);
  EXPECT_EQ(byte, 7);
}

TEST_F(ModuleLoaderTest, BooleansGoByTheirFirstLetters) {
  bool flag = false;
  for (const char* yes : {"1", "y", "Yes", "on", "true"}) {
    flag = false;
    EXPECT_EQ(Set(DRYDOCK_PARAM_BOOL, &flag, yes), 0);
    EXPECT_TRUE(flag) << yes;
    EXPECT_EQ(Set(DRYDOCK_PARAM_INVBOOL, &flag, yes), 0);
    EXPECT_FALSE(flag) << yes;
  }
  for (const char* bad : {"", "2", "o", "maybe"}) {
    EXPECT_EQ(Set(DRYDOCK_PARAM_BOOL, &flag, bad), -EINVAL) << bad;
  }
}

TEST_F(ModuleLoaderTest, TextsAreBounded) {
  char text[4] = "abc";
  EXPECT_EQ(Set(DRYDOCK_PARAM_STRING, text, "wxyz", 4), -ENOSPC);
  EXPECT_STREQ(text, "abc");
  EXPECT_EQ(Set(DRYDOCK_PARAM_STRING, text, "xyz", 4), 0);
  EXPECT_STREQ(text, "xyz");
  char* pointer = nullptr;
  EXPECT_EQ(Set(DRYDOCK_PARAM_CHARP, static_cast<void*>(&pointer), std::string(1025, 'x')),
            -ENOSPC);
  EXPECT_EQ(pointer, nullptr);
  EXPECT_EQ(Set(DRYDOCK_PARAM_CHARP, static_cast<void*>(&pointer), "hello"), 0);
  EXPECT_STREQ(pointer, "hello");
}

TEST_F(ModuleLoaderTest, ArraysTakeUpToTheirSize) {
  int values[3] = {};
  unsigned int count = 0;
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, values, "1,2", 3, &count), 0);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(values[1], 2);
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, values, "1,2,3,4", 3, &count), -EINVAL);
  EXPECT_EQ(Set(DRYDOCK_PARAM_INT, values, "1,,3", 3, &count), -EINVAL);
  EXPECT_EQ(count, 2u);
}

}  // namespace
}  // namespace drydock::kernel
