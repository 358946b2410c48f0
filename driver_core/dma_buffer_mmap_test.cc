// What the reference driver asks of the kernel when it is mapped, and what it leaves when the
// kernel refuses. The driver is the shared object that is fuzzed; what a mapping may be is
// dma_buffer_plan_test's subject.
#include <cerrno>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "driver_core/dma_buffer_uapi.h"
#include "driver_core/testing/driver_world.h"
#include "driver_core/testing/mmap_calls.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/kernel/kernel.h"

namespace drydock {
namespace {

using kernel::Allocation;
using kernel::AllocationKind;
using ::testing::_;
using ::testing::DoDefault;
using ::testing::Field;
using ::testing::NiceMock;
using ::testing::NotNull;
using ::testing::Return;
using ::testing::StrictMock;

constexpr unsigned long kAttrWriteCombine = 1 << 2, kAttrNoWarn = 1 << 8;

std::vector<Allocation> LiveAllocations(const kernel::AllocationRegister &all) {
  std::vector<Allocation> live;
  all.ForEachLive([&](kernel::AllocationId, const Allocation &a) { live.push_back(a); });
  return live;
}

class DmaBufferMmapTest : public DriverWorldTest {
 protected:
  DmaBufferMmapTest() : DriverWorldTest("dma_buffer", "/dev/drydock_dma_buffer") {}

  drydock_dma_buffer_info Info() {
    drydock_dma_buffer_info info{};
    EXPECT_EQ(Ioctl(DRYDOCK_DMA_BUFFER_INFO, &info), 0);
    return info;
  }
  // The one allocation of this kind that is as big as the buffer.
  Allocation Buffer(AllocationKind kind, uint64_t pages) {
    std::vector<Allocation> found;
    for (const Allocation &a : LiveAllocations(world_->kernel().allocations())) {
      if (a.kind == kind && a.pages == pages) found.push_back(a);
    }
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? Allocation{} : found[0];
  }
};

// What mmap(2) is asked for, and how the module is loaded.
struct MapCase {
  const char *name;
  const char *cache;
  int open_flags;
  int prot;
  int flags;
  uint64_t offset_pages;
  uint64_t length_bytes;
  uint64_t mapped_pages;
  unsigned long pgprot;  // remap only
};
void PrintTo(const MapCase &c, std::ostream *out) { *out << c.name; }
std::string CaseName(const ::testing::TestParamInfo<MapCase> &info) { return info.param.name; }

class DmaBufferRemapTest : public DmaBufferMmapTest,
                           public ::testing::WithParamInterface<MapCase> {};

TEST_P(DmaBufferRemapTest, RemapPfnRangeGetsExactlyStartFrameSizeAndProtection) {
  const MapCase &c = GetParam();
  ASSERT_NO_FATAL_FAILURE(Load({{"cache", c.cache}}));
  const uint64_t pfn = Buffer(AllocationKind::kPages, 16).pfn.value;
  const int fd = c.open_flags == kReadWrite ? fd_ : Open(c.open_flags);
  MmapCalls<StrictMock> calls(world_->kernel());
  unsigned long start = 0;
  if (std::string_view(c.cache) == "wc") EXPECT_CALL(calls.mm, PgprotWritecombine).Times(1);
  if (std::string_view(c.cache) == "uncached") EXPECT_CALL(calls.mm, PgprotNoncached).Times(1);
  EXPECT_CALL(calls.mm, RemapPfnRange(NotNull(), _, pfn + c.offset_pages, c.mapped_pages * kPage,
                                      Field(&pgprot_t::pgprot, c.pgprot)))
      .WillOnce([&](vm_area_struct *vma, unsigned long addr, unsigned long first,
                    unsigned long size, pgprot_t prot) {
        start = addr;
        EXPECT_EQ(vma->vm_start, addr);
        EXPECT_EQ(vma->vm_end, addr + size);
        EXPECT_EQ(vma->vm_page_prot.pgprot, prot.pgprot);
        return world_->kernel().mm().RemapPfnRange(vma, addr, first, size, prot);
      });
  const user::Outcome mapped =
      process().Mmap({}, c.length_bytes, c.prot, c.flags, fd, c.offset_pages * kPage);
  ASSERT_TRUE(mapped.ok()) << mapped.value;
  EXPECT_EQ(static_cast<uint64_t>(mapped.value), start);
  EXPECT_EQ(Info().mappings, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DmaBufferRemapTest,
    ::testing::Values(
        MapCase{"OnePage", "wb", kReadWrite, kRead | kWrite, kShared, 0, kPage, 1, kPageShared},
        MapCase{"OneByteIsAPage", "wb", kReadWrite, kRead | kWrite, kShared, 0, 1, 1, kPageShared},
        MapCase{"WholeBuffer", "wb", kReadWrite, kRead | kWrite, kShared, 0, 16 * kPage, 16,
                kPageShared},
        MapCase{"MiddleOfBuffer", "wb", kReadWrite, kRead | kWrite, kShared, 5, 3 * kPage, 3,
                kPageShared},
        MapCase{"LastPage", "wb", kReadWrite, kRead | kWrite, kShared, 15, kPage, 1, kPageShared},
        MapCase{"AllButFirstPage", "wb", kReadWrite, kRead | kWrite, kShared, 1, 15 * kPage, 15,
                kPageShared},
        MapCase{"ReadOnlyOfWritableFile", "wb", kReadWrite, kRead, kShared, 0, kPage, 1,
                kPageReadOnly},
        MapCase{"ReadOnlyFile", "wb", kReadOnly, kRead, kShared, 2, kPage, 1, kPageReadOnly},
        MapCase{"PrivateReadOnly", "wb", kReadWrite, kRead, kPrivate, 3, 2 * kPage, 2,
                kPageReadOnly},
        MapCase{"WriteCombining", "wc", kReadWrite, kRead | kWrite, kShared, 0, 16 * kPage, 16,
                kPageShared | kPwt},
        MapCase{"WriteCombiningAtOffset", "wc", kReadWrite, kRead, kShared, 7, 2 * kPage, 2,
                kPageReadOnly | kPwt},
        MapCase{"Uncached", "uncached", kReadWrite, kRead | kWrite, kShared, 0, 16 * kPage, 16,
                kPageShared | kPcd},
        MapCase{"UncachedPrivateAtOffset", "uncached", kReadWrite, kRead, kPrivate, 15, kPage, 1,
                kPageReadOnly | kPcd}),
    CaseName);

class DmaBufferDmaMmapTest : public DmaBufferMmapTest,
                             public ::testing::WithParamInterface<MapCase> {};

TEST_P(DmaBufferDmaMmapTest, DmaMmapAttrsGetsTheWholeBufferAndWhatItWasAllocatedWith) {
  const MapCase &c = GetParam();
  // Not whole pages, and device addresses that are not physical ones.
  ASSERT_NO_FATAL_FAILURE(
      Load({{"method", "dma_mmap"}, {"cache", c.cache}, {"size", "65000"}}, "offset-dma"));
  const Allocation buffer = Buffer(AllocationKind::kDma, 16);
  ASSERT_NE(buffer.dma.value, buffer.pfn.value << 12);
  const int fd = c.open_flags == kReadWrite ? fd_ : Open(c.open_flags);
  MmapCalls<StrictMock> calls(world_->kernel());
  const unsigned long attrs =
      kAttrNoWarn | (std::string_view(c.cache) == "wc" ? kAttrWriteCombine : 0);
  EXPECT_CALL(calls.dma, DmaMmapAttrs(NotNull(), Field(&vm_area_struct::vm_pgoff, c.offset_pages),
                                      reinterpret_cast<void *>(buffer.address), buffer.dma.value,
                                      16 * kPage, attrs))
      .Times(1);
  const user::Outcome mapped =
      process().Mmap({}, c.length_bytes, c.prot, c.flags, fd, c.offset_pages * kPage);
  ASSERT_TRUE(mapped.ok()) << mapped.value;
  EXPECT_EQ(Info().mappings, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DmaBufferDmaMmapTest,
    ::testing::Values(
        MapCase{"OnePage", "wb", kReadWrite, kRead | kWrite, kShared, 0, kPage, 1, 0},
        MapCase{"WholeBuffer", "wb", kReadWrite, kRead | kWrite, kShared, 0, 16 * kPage, 16, 0},
        MapCase{"LastPage", "wb", kReadWrite, kRead | kWrite, kShared, 15, kPage, 1, 0},
        MapCase{"WriteCombining", "wc", kReadWrite, kRead | kWrite, kShared, 4, 2 * kPage, 2, 0},
        MapCase{"PrivateReadOnly", "wb", kReadWrite, kRead, kPrivate, 3, 2 * kPage, 2, 0}),
    CaseName);

struct RefusalCase {
  const char *name;
  int prot;
  int flags;
  uint64_t offset_pages;
  uint64_t length_bytes;
  int remap_errno;
  int dma_errno;
};
void PrintTo(const RefusalCase &c, std::ostream *out) { *out << c.name; }

class DmaBufferRefusalTest
    : public DmaBufferMmapTest,
      public ::testing::WithParamInterface<std::tuple<const char *, RefusalCase>> {};

TEST_P(DmaBufferRefusalTest, KernelIsAskedForNothingAndNothingChanges) {
  const auto &[method, c] = GetParam();
  const bool remap = std::string_view(method) == "remap";
  ASSERT_NO_FATAL_FAILURE(Load({{"method", method}, {"max_map", "49152"}}));
  const auto allocations = Allocations();
  const uint32_t vmas = Vmas();
  MmapCalls<StrictMock> calls(world_->kernel());
  const user::Outcome mapped =
      process().Mmap({}, c.length_bytes, c.prot, c.flags, fd_, c.offset_pages * kPage);
  EXPECT_EQ(mapped.value, remap ? -c.remap_errno : -c.dma_errno);
  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_EQ(Allocations(), allocations);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DmaBufferRefusalTest,
    ::testing::Combine(
        ::testing::Values("remap", "dma_mmap"),
        ::testing::Values(
            RefusalCase{"Executable", kRead | kExec, kShared, 0, kPage, EPERM, EPERM},
            RefusalCase{"PrivateWritable", kRead | kWrite, kPrivate, 0, kPage, EINVAL, EINVAL},
            RefusalCase{"PrivateWriteOnly", kWrite, kPrivate, 0, kPage, EINVAL, EINVAL},
            RefusalCase{"LongerThanMaxMap", kRead, kShared, 0, 13 * kPage, EINVAL, EINVAL},
            RefusalCase{"OffsetAtEnd", kRead, kShared, 16, kPage, EINVAL, ENXIO},
            RefusalCase{"OffsetBeyondEnd", kRead, kShared, 17, kPage, EINVAL, ENXIO},
            RefusalCase{"EndsOnePageBeyond", kRead, kShared, 15, 2 * kPage, EINVAL, ENXIO},
            RefusalCase{"OffsetOf4GiB", kRead, kShared, uint64_t{1} << 20, kPage, EINVAL, ENXIO},
            RefusalCase{"OffsetNearTwo64", kRead, kShared, (uint64_t{1} << 52) - 16, 4 * kPage,
                        EINVAL, ENXIO})),
    [](const auto &info) {
      return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param).name;
    });

class DmaBufferFailureTest : public DmaBufferMmapTest, public ::testing::WithParamInterface<int> {};

TEST_P(DmaBufferFailureTest, RemapPfnRangesErrnoIsPassedOnAndEverythingUndone) {
  ASSERT_NO_FATAL_FAILURE(Load({}));
  const auto allocations = Allocations();
  const uint32_t vmas = Vmas();
  MmapCalls<NiceMock> calls(world_->kernel());
  unsigned long start = 0;
  EXPECT_CALL(calls.mm, RemapPfnRange)
      .WillOnce([&](vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long,
                    pgprot_t prot) {
        start = addr;
        // As the kernel does it: what came before the failure is in the page table already.
        EXPECT_EQ(world_->kernel().mm().RemapPfnRange(vma, addr, pfn, kPage, prot), 0);
        return -GetParam();
      })
      .WillRepeatedly(DoDefault());
  const user::Outcome mapped = process().Mmap({}, 4 * kPage, kRead | kWrite, kShared, fd_, 0);
  EXPECT_EQ(mapped.value, -GetParam());
  char byte = 0;
  EXPECT_EQ(process().Load({start}, &byte, 1).signal, user::Signal::kSegvMaperr);
  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_EQ(Allocations(), allocations);
  // The driver is as good as before.
  EXPECT_TRUE(process().Mmap({}, 4 * kPage, kRead | kWrite, kShared, fd_, 0).ok());
  EXPECT_EQ(Info().mappings, 1u);
}

TEST_P(DmaBufferFailureTest, DmaMmapAttrsErrnoIsPassedOnAndEverythingUndone) {
  ASSERT_NO_FATAL_FAILURE(Load({{"method", "dma_mmap"}}));
  const auto allocations = Allocations();
  const uint32_t vmas = Vmas();
  MmapCalls<NiceMock> calls(world_->kernel());
  EXPECT_CALL(calls.dma, DmaMmapAttrs).WillOnce(Return(-GetParam()));
  EXPECT_EQ(process().Mmap({}, 4 * kPage, kRead | kWrite, kShared, fd_, 0).value, -GetParam());
  EXPECT_EQ(Vmas(), vmas);
  EXPECT_EQ(Info().mappings, 0u);
  EXPECT_EQ(Allocations(), allocations);
}

INSTANTIATE_TEST_SUITE_P(Errnos, DmaBufferFailureTest,
                         ::testing::Values(EINVAL, ENOMEM, EBUSY, ENXIO, EAGAIN));

}  // namespace
}  // namespace drydock
