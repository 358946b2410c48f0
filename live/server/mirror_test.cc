#include "live/server/mirror.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <ostream>
#include <vector>

namespace drydock::live {

bool operator==(const Update& a, const Update& b) {
  return a.address == b.address && a.pages == b.pages && a.offset == b.offset &&
         a.store == b.store && a.prot == b.prot;
}
std::ostream& operator<<(std::ostream& out, const Update& u) {
  return out << std::hex << "{" << u.address << ", " << u.pages << " pages, offset " << u.offset
             << ", store " << static_cast<int>(u.store) << ", prot " << u.prot << "}";
}

namespace {

constexpr hw::PteBits kReadWrite{.present = 1, .write = 1};
constexpr hw::PteBits kReadOnly{.present = 1};
constexpr uint64_t kBase = 0x7f0000000000;
constexpr hw::Pfn kFrame{hw::PhysicalMemory::kNormalBase.pfn() + 100};

hw::VirtAddr At(uint64_t page) { return {kBase + page * kPageBytes}; }

class MirrorTest : public testing::Test {
 protected:
  uint64_t OffsetOf(hw::Pfn pfn) const { return memory_.FileOffset(pfn); }
  Update Ram(uint64_t page, uint64_t pages, hw::Pfn pfn, int prot) const {
    return {At(page).value, pages, OffsetOf(pfn), Store::kRam, static_cast<uint32_t>(prot)};
  }
  static Update None(uint64_t page, uint64_t pages) { return {At(page).value, pages}; }
  std::vector<Update> Grant() {
    std::vector<Update> updates;
    mirror_.Grant(table_, {0}, {~uint64_t{0}}, &updates);
    return updates;
  }
  std::vector<Update> Revoke(uint64_t page, uint64_t pages) {
    std::vector<Update> updates;
    mirror_.Revoke(At(page), pages, &updates);
    return updates;
  }

  static constexpr int kRw = PROT_READ | PROT_WRITE;
  hw::ResetList list_;
  hw::PhysicalMemory memory_{list_};
  hw::MmioSpace mmio_;
  hw::PageTable table_{list_, "table"};
  Mirror mirror_{memory_, mmio_};
};

using Updates = std::vector<Update>;

TEST_F(MirrorTest, ShowsEachEntryOnce) {
  ASSERT_TRUE(table_.Map(At(0), 4, kFrame, kReadWrite, 0));
  EXPECT_EQ(Grant(), Updates({Ram(0, 4, kFrame, kRw)}));
  EXPECT_EQ(Grant(), Updates());
  ASSERT_TRUE(table_.Map(At(4), 2, kFrame + 4, kReadWrite, 0));
  EXPECT_EQ(Grant(), Updates({Ram(4, 2, kFrame + 4, kRw)}));
}

TEST_F(MirrorTest, ShowsProtectionAsTheEntriesHaveIt) {
  ASSERT_TRUE(table_.Map(At(0), 1, kFrame, kReadOnly, 0));
  ASSERT_TRUE(table_.Map(At(1), 1, kFrame, {.present = 0, .write = 1}, 0));
  ASSERT_TRUE(table_.Map(At(2), 1, kFrame, {.present = 1, .write = 1, .exec = 1}, 0));
  EXPECT_EQ(Grant(), Updates({Ram(0, 1, kFrame, PROT_READ),
                              Ram(2, 1, kFrame, PROT_READ | PROT_WRITE | PROT_EXEC)}));
}

TEST_F(MirrorTest, ShowsAgainWhatMayBeWrittenNow) {
  ASSERT_TRUE(table_.Map(At(0), 4, kFrame, kReadOnly, 0));
  Grant();
  ASSERT_TRUE(table_.Change(At(1), 1, [](hw::PteBits bits) {
    bits.write = 1;
    return bits;
  }));
  EXPECT_EQ(Grant(), Updates({Ram(1, 1, kFrame + 1, kRw)}));
  EXPECT_EQ(mirror_.shown(), Updates({Ram(0, 1, kFrame, PROT_READ), Ram(1, 1, kFrame + 1, kRw),
                                      Ram(2, 2, kFrame + 2, PROT_READ)}));
}

TEST_F(MirrorTest, TakesAwayOnlyWhatIsShown) {
  ASSERT_TRUE(table_.Map(At(0), 4, kFrame, kReadWrite, 0));
  ASSERT_TRUE(table_.Map(At(8), 4, kFrame + 8, kReadWrite, 0));
  EXPECT_EQ(Revoke(0, 100), Updates());
  Grant();
  EXPECT_EQ(Revoke(2, 8), Updates({None(2, 2), None(8, 2)}));
  EXPECT_EQ(Revoke(2, 8), Updates());
  EXPECT_EQ(mirror_.shown(), Updates({Ram(0, 2, kFrame, kRw), Ram(10, 2, kFrame + 10, kRw)}));
  EXPECT_EQ(Revoke(0, ~uint64_t{0} >> 12), Updates({None(0, 2), None(10, 2)}));
}

TEST_F(MirrorTest, ShowsAFrameThatHasChanged) {
  ASSERT_TRUE(table_.Map(At(0), 2, kFrame, kReadWrite, 0));
  Grant();
  ASSERT_TRUE(table_.Unmap(At(0), 2));
  Revoke(0, 2);
  ASSERT_TRUE(table_.Map(At(0), 2, kFrame + 50, kReadWrite, 0));
  EXPECT_EQ(Grant(), Updates({Ram(0, 2, kFrame + 50, kRw)}));
}

TEST_F(MirrorTest, LeavesOutWhatHasNoBytes) {
  constexpr hw::PhysAddr kWindow{0xa0000000};
  ASSERT_TRUE(mmio_.AddWindow(kWindow, 2 * kPageBytes + 8, hw::WindowKind::kMmio, "window"));
  // Nothing, two whole pages of the window, its last bytes, nothing.
  ASSERT_TRUE(table_.Map(At(0), 6, hw::Pfn{kWindow.pfn().value - 2}, kReadWrite, 0));
  uint64_t offset = 0;
  ASSERT_TRUE(mmio_.FileOffset(kWindow.pfn(), &offset));
  EXPECT_EQ(Grant(), Updates({{At(2).value, 2, offset, Store::kMmio, kRw}}));
  for (uint64_t page = 0; page < 6; ++page) {
    EXPECT_EQ(mirror_.CanShow(*table_.Find(At(page)), At(page)), page == 2 || page == 3) << page;
  }
}

TEST_F(MirrorTest, LeavesOutDeviceMemoryOfArm64) {
  ASSERT_TRUE(
      table_.Map(At(0), 1, kFrame, {.present = 1, .cache = hw::CacheType::kDeviceEarlyAck}, 0));
  ASSERT_TRUE(table_.Map(At(1), 1, kFrame + 5,
                         {.present = 1, .cache = hw::CacheType::kNormalNonCacheable}, 0));
  EXPECT_EQ(Grant(), Updates({Ram(1, 1, kFrame + 5, PROT_READ)}));
  EXPECT_FALSE(mirror_.CanShow(table_[0], At(0)));
  EXPECT_TRUE(mirror_.CanShow(table_[1], At(1)));
}

TEST_F(MirrorTest, SplitsAtTheEndsOfRamAndTakesATebibyteInItsStride) {
  const hw::Pfn last = hw::PhysicalMemory::kDma32Base.pfn() + hw::PhysicalMemory::kDma32Frames;
  ASSERT_TRUE(table_.Map(At(0), uint64_t{1} << 28, hw::Pfn{last.value - 1}, kReadWrite, 0));
  const uint64_t normal = hw::PhysicalMemory::kNormalBase.pfn() - last + 1;
  EXPECT_EQ(Grant(), Updates({Ram(0, 1, hw::Pfn{last.value - 1}, kRw),
                              Ram(normal, hw::PhysicalMemory::kNormalBytes / kPageBytes,
                                  hw::PhysicalMemory::kNormalBase.pfn(), kRw)}));
}

TEST_F(MirrorTest, AFreeFrameShowsItsPattern) {
  ASSERT_TRUE(table_.Map(At(0), 1, kFrame, kReadOnly, 0));
  Grant();
  uint64_t word = 0;
  __builtin_memcpy(&word, memory_.ram().Plain(memory_.FrameIndex(kFrame)), sizeof word);
  EXPECT_EQ(word, hw::PhysicalMemory::UninitialisedWord(hw::PhysAddr::Of(kFrame)));
}

}  // namespace
}  // namespace drydock::live
