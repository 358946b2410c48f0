// What programs do with a mapping once they have it, the same for every reference driver: parts of
// it are unmapped, it is inherited, moved, protected, and outlives its descriptor. What it shows
// stays the driver's memory, no page is seen that was not asked for, and in the end nothing is
// left. Where the driver has a device, that may go at any time: then a touch is SIGBUS.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "driver_core/testing/driver_world.h"
#include "gtest/gtest.h"

namespace drydock {
namespace {

using user::Signal;

struct Case {
  const char *name;
  const char *driver;
  const char *node;
  Params params;
  const char *platform;
  uint64_t first_page;
  uint64_t pages;
  const char *device;  // what root unbinds; nullptr: the driver has none
  bool parts = true;   // may be mapped by themselves
};
void PrintTo(const Case &c, std::ostream *out) { *out << c.name; }

class MappingLifeTest : public DriverWorldTest, public ::testing::WithParamInterface<Case> {
 protected:
  MappingLifeTest() : DriverWorldTest(GetParam().driver, GetParam().node) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Load(GetParam().params, GetParam().platform));
    at_ = MapAll(kRead | kWrite, kShared);
  }
  void TearDown() override {
    // Whatever the program did: when it has exited, the module goes, and takes everything along.
    for (uint32_t p = 0; p < 3; ++p) {
      if (world_->process(p).alive()) {
        EXPECT_TRUE(world_->process(p).Exit().ok());
      }
    }
    if (!unloaded_) {
      EXPECT_TRUE(world_->UnloadDriver());
    }
    EXPECT_EQ(world_->kernel().allocations().live_count(), 0u);
    DriverWorldTest::TearDown();
  }
  uint64_t MapAll(int prot, int flags) {
    const int64_t at = Map(GetParam().first_page * kPage, GetParam().pages * kPage, prot, flags);
    EXPECT_GT(at, 0);
    return static_cast<uint64_t>(at);
  }
  uint64_t size() const { return GetParam().pages * kPage; }
  uint64_t LastPage() const { return at_ + size() - kPage; }
  // A number in each page, by its place.
  void Mark(uint64_t at) {
    for (uint64_t page = 0; page < GetParam().pages; ++page) {
      StoreAs<uint64_t>(at + page * kPage + 8, 0x1000 + page);
    }
  }
  void ExpectMarked(uint64_t at, uint64_t from_page, uint64_t pages) {
    for (uint64_t page = from_page; page < from_page + pages; ++page) {
      EXPECT_EQ(LoadAs<uint64_t>(at + (page - from_page) * kPage + 8), 0x1000 + page) << page;
    }
  }
  Signal SignalOfStore(uint64_t address) {
    const char byte = 1;
    return process().Store({address}, &byte, 1).signal;
  }
  user::Process Child() {
    const user::Outcome child = process().Fork();
    EXPECT_TRUE(child.ok());
    return world_->process(static_cast<uint32_t>(child.value));
  }

  uint64_t at_ = 0;
  bool unloaded_ = false;
};

TEST_P(MappingLifeTest, FirstPageUnmappedLeavesTheOthers) {
  Mark(at_);
  ASSERT_EQ(process().Munmap({at_}, kPage).value, 0);

  EXPECT_EQ(SignalOfLoad(at_), Signal::kSegvMaperr);
  ExpectMarked(at_ + kPage, 1, GetParam().pages - 1);
}

TEST_P(MappingLifeTest, LastPageUnmappedLeavesTheOthers) {
  Mark(at_);
  ASSERT_EQ(process().Munmap({LastPage()}, kPage).value, 0);

  EXPECT_EQ(SignalOfLoad(LastPage()), Signal::kSegvMaperr);
  ExpectMarked(at_, 0, GetParam().pages - 1);
}

TEST_P(MappingLifeTest, HoleInTheMiddleIsFilledByTheSamePage) {
  if (GetParam().pages < 3) GTEST_SKIP() << "skipped: the driver has fewer than 3 pages";
  if (!GetParam().parts) GTEST_SKIP() << "skipped: the driver maps all or nothing";
  Mark(at_);
  ASSERT_EQ(process().Munmap({at_ + kPage}, kPage).value, 0);
  EXPECT_EQ(SignalOfLoad(at_ + kPage), Signal::kSegvMaperr);

  EXPECT_EQ(process()
                .Mmap({at_ + kPage}, kPage, kRead | kWrite, kShared | kFixed, fd_,
                      (GetParam().first_page + 1) * kPage)
                .value,
            static_cast<int64_t>(at_ + kPage));

  ExpectMarked(at_, 0, GetParam().pages);
}

TEST_P(MappingLifeTest, AnotherMappingOverItTakesItsPlace) {
  Mark(at_);
  EXPECT_EQ(
      process().Mmap({at_}, kPage, kRead | kWrite, kPrivate | kAnonymous | kFixed, -1, 0).value,
      static_cast<int64_t>(at_));

  StoreAs<uint64_t>(at_ + 8, 1);

  ExpectMarked(MapAll(kRead, kShared), 0, GetParam().pages);
}

TEST_P(MappingLifeTest, AChildSeesWhatItsParentStoresAndTheOtherWayRound) {
  user::Process child = Child();
  Mark(at_);

  uint64_t seen = 0;
  ASSERT_TRUE(child.Load({LastPage() + 8}, &seen, sizeof seen).ok());
  EXPECT_EQ(seen, 0x1000 + GetParam().pages - 1);
  const uint64_t word = 77;
  ASSERT_TRUE(child.Store({at_ + 16}, &word, sizeof word).ok());
  EXPECT_EQ(LoadAs<uint64_t>(at_ + 16), 77u);
}

TEST_P(MappingLifeTest, AChildsEndLeavesItsParentsMapping) {
  Mark(at_);
  ASSERT_TRUE(Child().Exit().ok());

  EXPECT_FALSE(world_->UnloadDriver());
  ExpectMarked(at_, 0, GetParam().pages);
}

TEST_P(MappingLifeTest, AParentsEndLeavesItsChildsMapping) {
  user::Process child = Child();
  Mark(at_);
  ASSERT_TRUE(process().Exit().ok());

  uint64_t seen = 0;
  ASSERT_TRUE(child.Load({at_ + 8}, &seen, sizeof seen).ok());
  EXPECT_EQ(seen, 0x1000u);
  EXPECT_FALSE(world_->UnloadDriver());
}

TEST_P(MappingLifeTest, WhatIsLeftOfAChildsCopyHoldsTheModule) {
  if (GetParam().pages < 2) GTEST_SKIP() << "skipped: the driver has one page";
  user::Process child = Child();
  ASSERT_TRUE(child.Munmap({at_}, size() - kPage).ok());
  ASSERT_TRUE(child.Close(fd_).ok());
  Mark(at_);
  ASSERT_TRUE(process().Exit().ok());

  EXPECT_FALSE(world_->UnloadDriver());
  uint64_t seen = 0;
  ASSERT_TRUE(child.Load({LastPage() + 8}, &seen, sizeof seen).ok());
  EXPECT_EQ(seen, 0x1000 + GetParam().pages - 1);
}

TEST_P(MappingLifeTest, MovesWithItsPages) {
  Mark(at_);
  const uint64_t place = at_ + 64 * size();
  ASSERT_EQ(process().Mremap({at_}, size(), size(), kMayMove | 2, {place}).value,
            static_cast<int64_t>(place));

  EXPECT_EQ(SignalOfLoad(at_), Signal::kSegvMaperr);
  ExpectMarked(place, 0, GetParam().pages);
}

TEST_P(MappingLifeTest, DoesNotGrow) {
  const uint32_t vmas = Vmas();

  EXPECT_EQ(process().Mremap({at_}, size(), size() + kPage, kMayMove, {}).value, -EFAULT);
  EXPECT_EQ(process().Mremap({at_}, size(), size() + kPage, 0, {}).value, -EFAULT);
  EXPECT_EQ(process().Mremap({LastPage()}, kPage, 2 * kPage, kMayMove, {}).value, -EFAULT);

  EXPECT_EQ(Vmas(), vmas);
}

TEST_P(MappingLifeTest, Shrinks) {
  if (GetParam().pages < 2) GTEST_SKIP() << "skipped: the driver has one page";
  Mark(at_);
  ASSERT_EQ(process().Mremap({at_}, size(), kPage, 0, {}).value, static_cast<int64_t>(at_));

  EXPECT_EQ(SignalOfLoad(at_ + kPage), Signal::kSegvMaperr);
  ExpectMarked(at_, 0, 1);
}

TEST_P(MappingLifeTest, ProtectionIsTakenAndGivenBack) {
  Mark(at_);
  ASSERT_EQ(process().Mprotect({LastPage()}, kPage, kRead).value, 0);
  EXPECT_EQ(SignalOfStore(LastPage()), Signal::kSegvAccerr);
  ASSERT_EQ(process().Mprotect({LastPage()}, kPage, 0).value, 0);
  EXPECT_EQ(SignalOfLoad(LastPage()), Signal::kSegvAccerr);
  ASSERT_EQ(process().Mprotect({LastPage()}, kPage, kRead | kWrite).value, 0);

  ExpectMarked(at_, 0, GetParam().pages);
  EXPECT_EQ(SignalOfStore(LastPage()), Signal::kNone);
}

TEST_P(MappingLifeTest, NobodyGetsByMprotectWhatMmapRefuses) {
  const uint64_t own = MapAll(kRead, kPrivate);

  EXPECT_EQ(process().Mprotect({at_}, size(), kRead | kExec).value, -EACCES);
  EXPECT_EQ(process().Mprotect({own}, size(), kRead | kExec).value, -EACCES);
  EXPECT_EQ(process().Mprotect({own}, size(), kRead | kWrite).value, -EACCES);
  EXPECT_EQ(SignalOfStore(own), Signal::kSegvAccerr);
}

TEST_P(MappingLifeTest, AReadersMappingStaysForReading) {
  fd_ = Open(kReadOnly);
  EXPECT_EQ(Map(GetParam().first_page * kPage, size(), kRead | kWrite), -EACCES);
  const uint64_t reader = MapAll(kRead, kShared);

  EXPECT_EQ(process().Mprotect({reader}, size(), kRead | kWrite).value, -EACCES);
  EXPECT_EQ(SignalOfStore(reader), Signal::kSegvAccerr);
  Mark(at_);
  ExpectMarked(reader, 0, GetParam().pages);
}

TEST_P(MappingLifeTest, OutlivesItsDescriptorAndHoldsTheModule) {
  Mark(at_);
  ASSERT_TRUE(process().Close(fd_).ok());

  EXPECT_FALSE(world_->UnloadDriver());
  ExpectMarked(at_, 0, GetParam().pages);
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());
  EXPECT_TRUE(world_->UnloadDriver());
  unloaded_ = true;
}

TEST_P(MappingLifeTest, DescriptorsOutliveMappingsAndHoldTheModule) {
  const int other = Open(kReadWrite);
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());
  ASSERT_TRUE(process().Close(fd_).ok());

  EXPECT_FALSE(world_->UnloadDriver());
  ASSERT_TRUE(process().Close(other).ok());
  EXPECT_TRUE(world_->UnloadDriver());
  unloaded_ = true;
}

TEST_P(MappingLifeTest, TheNextProgramSeesWhatTheLastOneStored) {
  Mark(at_);
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());
  ASSERT_TRUE(process().Close(fd_).ok());

  fd_ = Open(kReadWrite);

  ExpectMarked(MapAll(kRead, kShared), 0, GetParam().pages);
}

TEST_P(MappingLifeTest, MayBeMappedManyTimes) {
  Mark(at_);
  uint64_t last = at_;
  for (int i = 0; i < 20; ++i) last = MapAll(kRead | kWrite, kShared);

  ExpectMarked(last, 0, GetParam().pages);
}

// Root removes the device, as a person who pulls it out would.
class DeviceRemovalTest : public MappingLifeTest {
 protected:
  void Remove() { ASSERT_TRUE(world_->UnbindDevice(GetParam().device)); }
  // Each page of a mapping, for both kinds of access.
  void ExpectGone(user::Process who, uint64_t at) {
    for (uint64_t page = 0; page < GetParam().pages; ++page) {
      char byte = 0;
      EXPECT_EQ(who.Load({at + page * kPage}, &byte, 1).signal, Signal::kBusAdrerr) << page;
      EXPECT_EQ(who.Store({at + page * kPage}, &byte, 1).signal, Signal::kBusAdrerr) << page;
    }
  }
  int64_t MapAgain() { return Map(GetParam().first_page * kPage, size()); }
};

TEST_P(DeviceRemovalTest, WhatIsMappedIsSigbusForEverybody) {
  Mark(at_);
  user::Process child = Child();
  fd_ = Open(kReadWrite);
  const uint64_t other = MapAll(kRead | kWrite, kShared);
  const int64_t text = process().Mmap({}, kPage, kRead, kPrivate | kAnonymous, -1, 0).value;

  Remove();

  ExpectGone(process(), at_);
  ExpectGone(process(), other);
  ExpectGone(child, at_);
  EXPECT_EQ(SignalOfLoad(static_cast<uint64_t>(text)), Signal::kNone);
}

TEST_P(DeviceRemovalTest, NothingIsMappedAnyMoreAndNothingOpened) {
  const uint32_t vmas = Vmas();

  Remove();

  EXPECT_EQ(MapAgain(), -ENODEV);
  EXPECT_EQ(process().Open(GetParam().node, kReadWrite).value, -ENOENT);
  EXPECT_EQ(Vmas(), vmas);
}

TEST_P(DeviceRemovalTest, WhatIsLeftOfAMappingIsHandledAsAnyOther) {
  const uint64_t moved = at_ + 64 * size();
  Remove();

  EXPECT_EQ(process().Mprotect({at_}, size(), kRead).value, 0);
  EXPECT_EQ(process().Mprotect({at_}, size(), kRead | kWrite).value, 0);
  EXPECT_EQ(process().Mremap({at_}, size(), size(), kMayMove | 2, {moved}).value,
            static_cast<int64_t>(moved));
  EXPECT_EQ(process().Mremap({moved}, size(), size() + kPage, kMayMove, {}).value, -EFAULT);
  user::Process child = Child();
  ExpectGone(child, moved);
  ExpectGone(process(), moved);
  EXPECT_EQ(process().Munmap({moved}, kPage).value, 0);
  EXPECT_EQ(SignalOfLoad(moved), Signal::kSegvMaperr);
}

TEST_P(DeviceRemovalTest, MappingWithoutADescriptorHoldsTheModuleAlone) {
  ASSERT_TRUE(process().Close(fd_).ok());

  Remove();

  ExpectGone(process(), at_);
  EXPECT_FALSE(world_->UnloadDriver());
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());
  EXPECT_TRUE(world_->UnloadDriver());
  unloaded_ = true;
}

TEST_P(DeviceRemovalTest, ProcessThatMapsAndIsGoneIsNotWaitedFor) {
  user::Process child = Child();
  ASSERT_TRUE(process().Exit().ok());

  Remove();

  ExpectGone(child, at_);
}

TEST_P(DeviceRemovalTest, MappingThatWasRefusedIsNotWaitedFor) {
  EXPECT_LT(Map(uint64_t{1} << 40, kPage), 0);
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());

  Remove();

  EXPECT_EQ(MapAgain(), -ENODEV);
}

TEST_P(DeviceRemovalTest, DeviceThatComesBackIsAnother) {
  Mark(at_);
  Remove();
  EXPECT_FALSE(world_->UnbindDevice(GetParam().device));

  ASSERT_TRUE(world_->BindDevice(GetParam().device));

  ExpectGone(process(), at_);
  EXPECT_EQ(MapAgain(), -ENODEV);
  const int before = fd_;
  fd_ = Open(kReadWrite);
  const uint64_t at = MapAll(kRead | kWrite, kShared);
  for (uint64_t page = 0; page < GetParam().pages; ++page) {
    EXPECT_EQ(LoadAs<uint64_t>(at + page * kPage + 8), 0u) << page;
  }
  Mark(at);
  ASSERT_TRUE(process().Munmap({at_}, size()).ok());
  ASSERT_TRUE(process().Close(before).ok());
  ExpectMarked(at, 0, GetParam().pages);
}

TEST_P(DeviceRemovalTest, MayBeRemovedAgainAndAgain) {
  for (int i = 0; i < 20; ++i) {
    Remove();
    ExpectGone(process(), at_);
    ASSERT_TRUE(process().Munmap({at_}, size()).ok());
    ASSERT_TRUE(process().Close(fd_).ok());
    ASSERT_TRUE(world_->BindDevice(GetParam().device));
    fd_ = Open(kReadWrite);
    at_ = MapAll(kRead | kWrite, kShared);
    Mark(at_);
  }
  ExpectMarked(at_, 0, GetParam().pages);
}

const std::vector<Case> &Cases() {
  static const std::vector<Case> cases = {
      {"Chardev", "chardev", "/dev/drydock_chardev", {}, "x86-64", 0, 1, nullptr},
      {"ChardevOnArm64", "chardev", "/dev/drydock_chardev", {}, "arm64", 0, 1, nullptr},
      {"DmaBufferRemap",
       "dma_buffer",
       "/dev/drydock_dma_buffer",
       {{"method", "remap"}},
       "offset-dma",
       3,
       5,
       "drydock_dma_buffer"},
      {"DmaBufferRemapUncached",
       "dma_buffer",
       "/dev/drydock_dma_buffer",
       {{"method", "remap"}, {"cache", "uncached"}},
       "x86-64",
       0,
       4,
       "drydock_dma_buffer"},
      {"DmaBufferDmaMmap",
       "dma_buffer",
       "/dev/drydock_dma_buffer",
       {{"method", "dma_mmap"}},
       "iommu",
       3,
       5,
       "drydock_dma_buffer"},
      {"DmaBufferDmaMmapOfVmallocMemory",
       "dma_buffer",
       "/dev/drydock_dma_buffer",
       {{"method", "dma_mmap"}},
       "vmalloc-dma",
       0,
       16,
       "drydock_dma_buffer"},
      {"DmaBufferDmaMmapWithoutCoherence",
       "dma_buffer",
       "/dev/drydock_dma_buffer",
       {{"method", "dma_mmap"}},
       "arm64-noncoherent",
       0,
       4,
       "drydock_dma_buffer"},
      {"EduMemory", "edu", "/dev/drydock_edu0", {}, "x86-64", 0x100, 1, "0000:00:04.0"},
      {"Framebuffer",
       "framebuffer",
       "/dev/drydock_framebuffer",
       {},
       "x86-64",
       7,
       30,
       "drydock_soft_fb"},
      {"NicRingsTxRing",
       "nic_rings",
       "/dev/drydock_nic_rings",
       {},
       "iommu",
       0x10000,
       1,
       "drydock_soft_nic"},
      {"NicRingsBuffers",
       "nic_rings",
       "/dev/drydock_nic_rings",
       {{"entries", "64"}},
       "vmalloc-dma",
       0x20000,
       64,
       "drydock_soft_nic",
       /*parts=*/false},
      {"SharedRingPage",
       "shared_ring",
       "/dev/drydock_shared_ring",
       {},
       "x86-64",
       1,
       5,
       "drydock_shared_ring"},
      {"SharedRingPfn",
       "shared_ring",
       "/dev/drydock_shared_ring",
       {{"method", "pfn"}},
       "arm64",
       1,
       16,
       "drydock_shared_ring"}};
  return cases;
}

std::vector<Case> CasesWithADevice() {
  std::vector<Case> some;
  for (const Case &c : Cases()) {
    if (c.device != nullptr) some.push_back(c);
  }
  return some;
}

std::string CaseName(const ::testing::TestParamInfo<Case> &info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Drivers, MappingLifeTest, ::testing::ValuesIn(Cases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Drivers, DeviceRemovalTest, ::testing::ValuesIn(CasesWithADevice()),
                         CaseName);

}  // namespace
}  // namespace drydock
