#include "sim/hw/physical_memory.h"

#include <cstring>
#include <memory>
#include <set>

#include "gtest/gtest.h"
#include "sim/hw/shadow.h"
#include "sim/hw/write_fault_handler.h"

namespace drydock::hw {
namespace {

using Handler = ScopedWriteFaultHandler<PhysicalMemory>;

constexpr Pfn kLow = PhysicalMemory::kDma32Base.pfn();
constexpr Pfn kHigh = PhysicalMemory::kNormalBase.pfn();

uint64_t WordAt(const PhysicalMemory& memory, Pfn pfn, size_t offset = 0) {
  uint64_t word;
  std::memcpy(&word, memory.Plain(pfn) + offset, sizeof word);
  return word;
}

class PhysicalMemoryTest : public testing::Test {
 protected:
  // A page in use, with defined bytes, that the kernel view may touch.
  volatile uint64_t* Use(Pfn pfn) {
    memory_.MutFrame(pfn) = Frame{.kind = FrameKind::kPages, .owner = 1};
    memory_.FillZero(PhysAddr::Of(pfn), kPageSize);
    void* address = memory_.KernelAddress(PhysAddr::Of(pfn));
    memory_.Unpoison(address, kPageSize);
    return static_cast<volatile uint64_t*>(address);
  }
  void Checkpoint() {
    list_.Checkpoint();
    memory_.Checkpoint();
  }
  void Reset() {
    list_.Reset();
    memory_.Reset();
  }

  ResetList list_;
  PhysicalMemory memory_{list_};
  Handler handler_{memory_};
};

// --- geometry ---

TEST_F(PhysicalMemoryTest, IsRamHoldsExactlyForTheTwoExtents) {
  EXPECT_TRUE(memory_.IsRam(kLow));
  EXPECT_FALSE(memory_.IsRam({kLow.value - 1}));
  EXPECT_TRUE(memory_.IsRam(kLow + (PhysicalMemory::kDma32Frames - 1)));
  EXPECT_FALSE(memory_.IsRam(kLow + PhysicalMemory::kDma32Frames));
  EXPECT_TRUE(memory_.IsRam(kHigh));
  EXPECT_FALSE(memory_.IsRam({kHigh.value - 1}));
  EXPECT_FALSE(memory_.IsRam(kHigh + (PhysicalMemory::kNormalBytes >> kPageShift)));
  EXPECT_FALSE(memory_.IsRam({~uint64_t{0}}));
}

TEST_F(PhysicalMemoryTest, AnyRamSeesOverlapsOfHugeRangesWithoutWrapping) {
  EXPECT_TRUE(memory_.AnyRam({0}, kLow.value + 1));
  EXPECT_FALSE(memory_.AnyRam({0}, kLow.value));
  EXPECT_TRUE(memory_.AnyRam({0}, ~uint64_t{0}));
  EXPECT_FALSE(memory_.AnyRam({~uint64_t{0} - 5}, 100));
  EXPECT_FALSE(memory_.AnyRam(kLow, 0));
  EXPECT_FALSE(memory_.AnyRam(kLow + PhysicalMemory::kDma32Frames, 100));
}

TEST_F(PhysicalMemoryTest, AllRamRefusesARangeThatLeavesItsExtent) {
  EXPECT_TRUE(memory_.AllRam(kLow, PhysicalMemory::kDma32Frames));
  EXPECT_FALSE(memory_.AllRam(kLow, PhysicalMemory::kDma32Frames + 1));
  EXPECT_FALSE(memory_.AllRam({kLow.value - 1}, 2));
}

TEST_F(PhysicalMemoryTest, FrameIndexAndPfnAtAreInverse) {
  for (const uint64_t i : {uint64_t{0}, PhysicalMemory::kDma32Frames - 1,
                           PhysicalMemory::kDma32Frames, PhysicalMemory::kFrames - 1}) {
    EXPECT_EQ(memory_.FrameIndex(memory_.PfnAt(i)), i);
  }
}

TEST_F(PhysicalMemoryTest, InlineHelpersOfDriversComputeWithTheCurrentObject) {
  EXPECT_EQ(drydock_vmemmap + kHigh.value, memory_.PageAddress(kHigh));
  EXPECT_EQ(drydock_direct_map + PhysAddr::Of(kLow).value,
            memory_.KernelAddress(PhysAddr::Of(kLow)));
}

TEST_F(PhysicalMemoryTest, IsPageRefusesWhatIsNoStructPageOfRam) {
  EXPECT_TRUE(memory_.IsPage(memory_.PageAddress(kLow)));
  EXPECT_FALSE(memory_.IsPage(memory_.vmemmap()));  // PFN 0 is no RAM
  EXPECT_FALSE(memory_.IsPage(nullptr));
  EXPECT_FALSE(memory_.IsPage(
      reinterpret_cast<struct page*>(reinterpret_cast<char*>(memory_.PageAddress(kLow)) + 8)));
}

TEST_F(PhysicalMemoryTest, IsLinearRefusesTheHoleBetweenTheExtents) {
  EXPECT_TRUE(memory_.IsLinear(memory_.KernelAddress(PhysAddr::Of(kLow))));
  EXPECT_FALSE(memory_.IsLinear(memory_.KernelAddress(PhysAddr{uint64_t{1} << 30})));
  EXPECT_FALSE(memory_.IsLinear(memory_.ShuffledAddress(0)));
  EXPECT_FALSE(memory_.IsLinear(&list_));
}

TEST(PhysicalMemoryPlacementTest, OneAfterAnotherLieAtTheSameFixedAddress) {
  for (int i = 0; i < 2; ++i) {
    ResetList list;
    PhysicalMemory memory(list);
    EXPECT_EQ(reinterpret_cast<uint64_t>(drydock_direct_map), kHostDirectMap);
    EXPECT_EQ(reinterpret_cast<uint64_t>(drydock_vmemmap), kHostVmemmap);
  }
  EXPECT_EQ(drydock_direct_map, nullptr);
}

TEST(PhysicalMemoryPlacementTest, TwoAliveTogetherAreSeparateAndMakeCurrentChooses) {
  ResetList list_a, list_b;
  PhysicalMemory a(list_a), b(list_b);
  EXPECT_EQ(drydock_vmemmap, b.vmemmap());
  a.MakeCurrent();
  EXPECT_EQ(drydock_vmemmap, a.vmemmap());
  a.MarkDirty(kLow);
  *a.Plain(kLow) = 1;
  b.MarkDirty(kLow);
  *b.Plain(kLow) = 2;
  EXPECT_EQ(*a.Plain(kLow), 1);
  EXPECT_NE(a.KernelAddress({0}), b.KernelAddress({0}));
}

// --- views and patterns ---

TEST_F(PhysicalMemoryTest, BothViewsShowTheSameBytes) {
  volatile uint64_t* words = Use(kLow);
  words[3] = 42;
  EXPECT_EQ(WordAt(memory_, kLow, 24), 42u);
  memory_.MarkDirty(kLow);
  memory_.Plain(kLow)[24] = 43;
  EXPECT_EQ(words[3], 43u);
}

TEST_F(PhysicalMemoryTest, TheShuffledMapShowsTheSameBytesAndNeverNeighbours) {
  memory_.MapShuffled(5, 2);
  const Pfn five = memory_.PfnAt(PhysicalMemory::ShuffledFrame(5));
  const Pfn six = memory_.PfnAt(PhysicalMemory::ShuffledFrame(6));
  EXPECT_NE(six, five + 1);
  Use(five);
  *static_cast<volatile uint64_t*>(memory_.ShuffledAddress(5)) = 77;
  EXPECT_EQ(WordAt(memory_, five), 77u);
  Pfn found;
  ASSERT_TRUE(memory_.FindFrame(static_cast<char*>(memory_.ShuffledAddress(6)) + 9, &found));
  EXPECT_EQ(found, six);
}

TEST_F(PhysicalMemoryTest, TheShuffledMapIsAPermutation) {
  std::set<uint64_t> frames;
  for (uint64_t i = 0; i < PhysicalMemory::kShuffledPages; ++i) {
    frames.insert(PhysicalMemory::ShuffledFrame(i));
  }
  EXPECT_EQ(frames.size(), PhysicalMemory::kShuffledPages);
  EXPECT_EQ(*frames.begin(), PhysicalMemory::kFirstShuffledFrame);
}

TEST_F(PhysicalMemoryTest, AFrameNeverUsedShowsTheUninitialisedPattern) {
  EXPECT_EQ(WordAt(memory_, kHigh, 16),
            PhysicalMemory::UninitialisedWord(PhysAddr::Of(kHigh) + 16));
}

TEST_F(PhysicalMemoryTest, AFreedFrameShowsTheFreedPattern) {
  Use(kLow);
  memory_.MutFrame(kLow) = Frame{.free_content = FreeContent::kFreed};
  EXPECT_EQ(WordAt(memory_, kLow, 4088), PhysicalMemory::FreedWord(PhysAddr::Of(kLow) + 4088));
}

TEST_F(PhysicalMemoryTest, AStoreToAFreeFrameStaysVisibleUntilReset) {
  Checkpoint();
  memory_.MarkDirty(kLow);
  memory_.Plain(kLow)[8] = 0xaa;
  EXPECT_EQ(memory_.Plain(kLow)[8], 0xaa);
  EXPECT_EQ(WordAt(memory_, kLow), PhysicalMemory::UninitialisedWord(PhysAddr::Of(kLow)));
  Reset();
  EXPECT_EQ(WordAt(memory_, kLow, 8), PhysicalMemory::UninitialisedWord(PhysAddr::Of(kLow) + 8));
}

TEST_F(PhysicalMemoryTest, FillCoversAnExactByteCount) {
  Use(kLow);
  memory_.FillFreed(PhysAddr::Of(kLow) + 8, 11);
  const uint64_t second = PhysicalMemory::FreedWord(PhysAddr::Of(kLow) + 16);
  EXPECT_EQ(WordAt(memory_, kLow, 8), PhysicalMemory::FreedWord(PhysAddr::Of(kLow) + 8));
  EXPECT_EQ(WordAt(memory_, kLow, 16), second & 0xffffff);
}

// --- reset ---

TEST_F(PhysicalMemoryTest, ResetPutsBackBytesWrittenThroughThePlainView) {
  Use(kLow);
  Checkpoint();
  memory_.MarkDirty(kLow);
  memory_.Plain(kLow)[0] = 1;
  EXPECT_NE(memory_.FirstDifference(), nullptr);
  Reset();
  EXPECT_EQ(memory_.Plain(kLow)[0], 0);
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

TEST_F(PhysicalMemoryTest, ResetPutsBackAllBytesThatWereMarkedAndWrittenInAnyOrder) {
  Use(kLow);
  for (size_t i = 0; i < kPageSize; ++i) memory_.Plain(kLow)[i] = static_cast<unsigned char>(i * 7);
  Checkpoint();
  struct Piece {
    size_t offset, size_bytes;
  };
  for (const Piece piece : {Piece{2000, 8}, {100, 3}, {4090, 6}, {99, 1}, {0, 1}, {0, kPageSize}}) {
    for (const Piece other : {Piece{50, 70}, {4095, 1}, {1, 4}}) {
      for (const Piece written : {piece, other}) {
        memory_.MarkDirty(kLow, written.offset, written.size_bytes);
        std::memset(memory_.Plain(kLow) + written.offset, 0xee, written.size_bytes);
      }
      EXPECT_NE(memory_.FirstDifference(), nullptr);
      Reset();
      EXPECT_EQ(memory_.FirstDifference(), nullptr) << piece.offset << ", " << other.offset;
    }
  }
}

TEST_F(PhysicalMemoryTest, ResetPutsBackAPageMarkedInPartThatTheDriverWroteToAsWell) {
  volatile uint64_t* words = Use(kLow);
  Checkpoint();
  memory_.MarkDirty(kLow, 64, 8);
  memory_.Plain(kLow)[64] = 1;
  words[300] = 5;
  Reset();
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

TEST_F(PhysicalMemoryTest, TheFirstDriverStoreFaultsOnceAndEveryResetPutsItBack) {
  volatile uint64_t* words = Use(kLow);
  Checkpoint();
  const int faults = Handler::faults;
  for (int round = 0; round < 3; ++round) {
    words[1] = 5;
    EXPECT_EQ(words[1], 5u);
    Reset();
    EXPECT_EQ(words[1], 0u);
    EXPECT_EQ(memory_.FirstDifference(), nullptr);
  }
  EXPECT_EQ(Handler::faults, faults + 1);
  EXPECT_EQ(memory_.ram().hot_pages(), 1u);
}

TEST_F(PhysicalMemoryTest, DriverStoresThroughTheShuffledMapArePutBack) {
  memory_.MapShuffled(0, 1);
  const Pfn pfn = memory_.PfnAt(PhysicalMemory::ShuffledFrame(0));
  Use(pfn);
  auto* words = static_cast<volatile uint64_t*>(memory_.ShuffledAddress(0));
  Checkpoint();
  words[2] = 9;
  Reset();
  EXPECT_EQ(words[2], 0u);
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

TEST_F(PhysicalMemoryTest, AHotPageThatStaysEqualIsProtectedAgain) {
  volatile uint64_t* words = Use(kLow);
  Checkpoint();
  words[0] = 1;
  for (uint32_t i = 0; i <= WatchedMemory::kCoolAfter; ++i) Reset();
  EXPECT_EQ(memory_.ram().hot_pages(), 0u);
  const int faults = Handler::faults;
  words[0] = 1;
  EXPECT_EQ(Handler::faults, faults + 1);
  Reset();
  EXPECT_EQ(words[0], 0u);
}

TEST_F(PhysicalMemoryTest, APageThatBecomesHotAgainIsCooledLater) {
  volatile uint64_t* words = Use(kLow);
  Checkpoint();
  for (uint32_t times = 0; times < 2; ++times) {
    words[0] = 1;
    for (uint32_t i = 0; i <= WatchedMemory::kCoolAfter; ++i) Reset();
  }
  EXPECT_EQ(memory_.ram().hot_pages(), 1u);
}

TEST_F(PhysicalMemoryTest, AStoreToAnUnmappedKernelAddressIsNotMended) {
  Checkpoint();
  EXPECT_FALSE(memory_.OnWriteFault(memory_.KernelAddress(PhysAddr{uint64_t{1} << 30})));
  EXPECT_FALSE(memory_.OnWriteFault(nullptr));
  EXPECT_FALSE(memory_.OnWriteFault(&list_));
}

TEST_F(PhysicalMemoryTest, AFaultOnAnOpenPageIsNotMendedTwice) {
  Use(kLow);
  void* address = memory_.KernelAddress(PhysAddr::Of(kLow));
  EXPECT_FALSE(memory_.OnWriteFault(address));  // nothing is protected before the checkpoint
  Checkpoint();
  EXPECT_TRUE(memory_.OnWriteFault(address));
  EXPECT_FALSE(memory_.OnWriteFault(address));
}

TEST_F(PhysicalMemoryTest, ResetPutsBackStructPagesWrittenByEitherSide) {
  Checkpoint();
  memory_.MutPage(kLow)._refcount.counter = 3;
  memory_.PageAddress(kHigh)->flags = 7;  // as a driver's SetPageReserved()
  EXPECT_STREQ(memory_.FirstDifference(), "struct pages");
  Reset();
  EXPECT_EQ(memory_.ReadPage(kLow)._refcount.counter, 0);
  EXPECT_EQ(memory_.ReadPage(kHigh).flags, 0u);
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

TEST_F(PhysicalMemoryTest, PageOfMayBeWrittenWithoutAFault) {
  Checkpoint();
  const int faults = Handler::faults;
  memory_.PageOf(kLow)->index = 5;
  EXPECT_EQ(Handler::faults, faults);
  Reset();
  EXPECT_EQ(memory_.ReadPage(kLow).index, 0u);
}

TEST_F(PhysicalMemoryTest, AFrameFreeAtTheCheckpointIsFreeAgainAndShowsNothingOfTheRun) {
  Checkpoint();
  const uint64_t hash = memory_.Hash();
  volatile uint64_t* words = Use(kLow);
  words[0] = 0x1234;
  Reset();
  EXPECT_EQ(memory_.frame(kLow).kind, FrameKind::kFree);
  EXPECT_EQ(WordAt(memory_, kLow), PhysicalMemory::UninitialisedWord(PhysAddr::Of(kLow)));
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
  EXPECT_EQ(memory_.Hash(), hash);
}

TEST_F(PhysicalMemoryTest, ZeroFillIsRightAgainAfterTheDriverWroteToTheFrame) {
  Checkpoint();
  for (int round = 0; round < 3; ++round) {
    volatile uint64_t* words = Use(kLow);
    ASSERT_EQ(words[7], 0u) << round;
    words[7] = 1;
    Reset();
  }
}

TEST_F(PhysicalMemoryTest, AFrameInUseThatIsFreedAndReusedInTheRunComesBack) {
  volatile uint64_t* words = Use(kLow);
  words[0] = 0x55;
  Checkpoint();
  memory_.MutFrame(kLow) = Frame{.free_content = FreeContent::kFreed};
  EXPECT_EQ(WordAt(memory_, kLow), PhysicalMemory::FreedWord(PhysAddr::Of(kLow)));
  Use(kLow);
  Reset();
  EXPECT_EQ(words[0], 0x55u);
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
  Use(kLow);  // and the fill does not believe what it knew of the run before
  EXPECT_EQ(words[0], 0u);
}

TEST_F(PhysicalMemoryTest, ASecondCheckpointMovesWhatResetReturnsTo) {
  volatile uint64_t* words = Use(kLow);
  Checkpoint();
  words[0] = 1;
  Checkpoint();
  words[0] = 2;
  Reset();
  EXPECT_EQ(words[0], 1u);
}

TEST_F(PhysicalMemoryTest, WriteKernelMarksRamAndCrossesPages) {
  Use(kLow);
  Use(kLow + 1);
  Checkpoint();
  char* end = static_cast<char*>(memory_.KernelAddress(PhysAddr::Of(kLow + 1))) - 2;
  memory_.WriteKernel(end, "abcd", 4);
  char back[4];
  memory_.ReadKernel(back, end, 4);
  EXPECT_EQ(std::string_view(back, 4), "abcd");
  Reset();
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

// --- poison ---

class PoisonTest : public PhysicalMemoryTest {
 protected:
  void SetUp() override {
    if (!shadow::Present()) GTEST_SKIP() << "no AddressSanitizer runtime";
  }
  char* At(Pfn pfn) { return static_cast<char*>(memory_.KernelAddress(PhysAddr::Of(pfn))); }
};

TEST_F(PoisonTest, FreeRamIsPoisonedAndThePlainViewNever) {
  EXPECT_EQ(shadow::FirstPoisoned(At(kLow), 1), At(kLow));
  EXPECT_EQ(shadow::FirstPoisoned(memory_.Plain(kLow), kPageSize), nullptr);
}

TEST_F(PoisonTest, ResetRestoresPoisonOfPagesInUseAndOfFreeOnes) {
  Use(kLow);
  memory_.Poison(At(kLow) + 100, kPageSize - 100);
  Checkpoint();
  memory_.Unpoison(At(kLow), kPageSize);
  memory_.Unpoison(At(kHigh), 16);
  EXPECT_NE(memory_.FirstDifference(), nullptr);
  Reset();
  EXPECT_EQ(shadow::FirstPoisoned(At(kLow), kPageSize), At(kLow) + 100);
  EXPECT_EQ(shadow::FirstPoisoned(At(kHigh), 16), At(kHigh));
  EXPECT_EQ(memory_.FirstDifference(), nullptr);
}

TEST_F(PoisonTest, AVmallocFrameIsPoisonedAtBothAddresses) {
  memory_.MapShuffled(1, 1);
  const Pfn pfn = memory_.PfnAt(PhysicalMemory::ShuffledFrame(1));
  auto* shuffled = static_cast<char*>(memory_.ShuffledAddress(1));
  EXPECT_EQ(shadow::FirstPoisoned(shuffled, 1), shuffled);
  memory_.Unpoison(shuffled, kPageSize);
  EXPECT_EQ(shadow::FirstPoisoned(At(pfn), kPageSize), nullptr);
  memory_.Poison(At(pfn), kPageSize);
  EXPECT_EQ(shadow::FirstPoisoned(shuffled, 1), shuffled);
}

TEST_F(PoisonTest, TheHostsMemoryIsCleanAfterTheObjectIsGone) {
  char* address;
  {
    ResetList list;
    PhysicalMemory other(list);
    address = static_cast<char*>(other.KernelAddress(PhysAddr::Of(kLow)));
    EXPECT_NE(shadow::FirstPoisoned(address, 1), nullptr);
  }
  EXPECT_EQ(shadow::FirstPoisoned(address, PhysicalMemory::kDma32Bytes), nullptr);
}

TEST(PhysicalMemoryAfterFork, AChildThatUnsharedLeavesTheParentsBytesAlone) {
  ResetList list;
  PhysicalMemory memory(list);
  const Pfn pfn = PhysicalMemory::kNormalBase.pfn();
  memory.MutFrame(pfn).kind = FrameKind::kPages;
  memory.FillZero(PhysAddr::Of(pfn), kPageSize);
  memory.Checkpoint();
  list.Checkpoint();

  const pid_t child = fork();
  if (child == 0) {
    memory.Unshare();
    memory.MarkDirty(pfn);
    memory.Plain(pfn)[7] = 1;
    const bool seen = static_cast<char*>(memory.KernelAddress(PhysAddr::Of(pfn)))[7] == 1;
    memory.Reset();
    _exit(seen && memory.Plain(pfn)[7] == 0 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
  EXPECT_EQ(memory.Plain(pfn)[7], 0);
}

}  // namespace
}  // namespace drydock::hw
