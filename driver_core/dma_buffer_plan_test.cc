// The plan of the DMA buffer's mmap: a table of every boundary, and a check of a small world, all
// of it, against an oracle that thinks in pages instead of in differences. No kernel and no double
// is needed.

#include <errno.h>
#include <string.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "driver_core/testing/plan_request.h"
#include "gtest/gtest.h"

extern "C" {
#include "driver_core/dma_buffer_plan.h"
}

using Geometry = struct dma_buffer_geometry;
using Mapping = struct dma_buffer_mapping;

// In the global namespace, where the C structs are, so that GoogleTest finds them.
static bool operator==(const Mapping& a, const Mapping& b) {
  return a.pfn == b.pfn && a.offset == b.offset && a.length == b.length && a.cache == b.cache &&
         a.clear_may_write == b.clear_may_write && a.clear_may_exec == b.clear_may_exec;
}

static std::ostream& operator<<(std::ostream& os, const Mapping& mapping) {
  return os << "{pfn " << mapping.pfn << ", offset " << mapping.offset << ", length "
            << mapping.length << ", cache " << static_cast<int>(mapping.cache)
            << ", clear_may_write " << mapping.clear_may_write << ", clear_may_exec "
            << mapping.clear_may_exec << "}";
}

namespace drydock {
namespace {

constexpr unsigned long kPages = 16;  // of the buffer in most rows
constexpr uint64_t kPhys = 0x7ff0'0000;
constexpr unsigned long kPfn = kPhys >> kPageShift;

// What a plan leaves alone when it refuses: nothing a plan could say.
Mapping Untouched() {
  return {.pfn = 0xdead,
          .offset = 0xbeef,
          .length = 0xf00d,
          .cache = DMA_BUFFER_UNCACHED,
          .clear_may_write = true,
          .clear_may_exec = true};
}

struct Answer {
  int error = 0;
  Mapping mapping = Untouched();

  bool operator==(const Answer& other) const = default;
};

std::ostream& operator<<(std::ostream& os, const Answer& answer) {
  return os << "error " << answer.error << ", mapping " << answer.mapping;
}

Answer Plan(const Geometry& geometry, const Request& request) {
  Answer answer;
  answer.error = dma_buffer_plan(&geometry, &request, &answer.mapping);
  return answer;
}

// An enum's value that a C caller can get wrong and C++ may not name.
template <typename Enum>
void SetRaw(Enum& field, unsigned int value) {
  static_assert(sizeof(field) == sizeof(value));
  memcpy(&field, &value, sizeof(field));
}

// Rows
// ---------------------------------------------------------------------------------------------

using Change = void (*)(Geometry&, Request&);

struct Row {
  std::string name;
  Geometry geometry;
  Request request;
  Answer expected;
};

void PrintTo(const Row& row, std::ostream* os) { *os << row.name; }

// The middle of what is allowed: all of a 16-page buffer, shared, read and write.
Row Plain(std::string name) {
  return {.name = std::move(name),
          .geometry = {.phys = kPhys,
                       .size = kPages * kPage,
                       .max_map = 0,
                       .page_shift = kPageShift,
                       .method = DMA_BUFFER_REMAP,
                       .cache = DMA_BUFFER_WB},
          .request = SharedWritable(kPages),
          .expected = {}};
}

Row Rejects(std::string name, int error, Change change) {
  Row row = Plain(std::move(name));
  change(row.geometry, row.request);
  row.expected.error = -error;
  return row;
}

Row Accepts(std::string name, const Mapping& mapping, Change change) {
  Row row = Plain(std::move(name));
  change(row.geometry, row.request);
  row.expected = {.error = 0, .mapping = mapping};
  return row;
}

// The plain mapping of `pages` pages from page `pgoff`, as its answer.
Mapping Maps(unsigned long pgoff, unsigned long pages) {
  return {.pfn = kPfn + pgoff,
          .offset = pgoff * kPage,
          .length = pages * kPage,
          .cache = DMA_BUFFER_WB,
          .clear_may_write = false,
          .clear_may_exec = true};
}

Mapping WithoutPfn(Mapping mapping) {
  mapping.pfn = 0;
  return mapping;
}

Mapping WithCache(Mapping mapping, enum dma_buffer_cache cache) {
  mapping.cache = cache;
  return mapping;
}

Mapping WithClearMayWrite(Mapping mapping) {
  mapping.clear_may_write = true;
  return mapping;
}

Mapping WithoutClearMayExec(Mapping mapping) {
  mapping.clear_may_exec = false;
  return mapping;
}

class DmaBufferPlan : public testing::TestWithParam<Row> {};

TEST_P(DmaBufferPlan, Answers) {
  EXPECT_EQ(Plan(GetParam().geometry, GetParam().request), GetParam().expected);
}

TEST_P(DmaBufferPlan, AnswersTheSameTwice) {
  const Answer first = Plan(GetParam().geometry, GetParam().request);
  EXPECT_EQ(Plan(GetParam().geometry, GetParam().request), first);
}

std::string RowName(const testing::TestParamInfo<Row>& info) { return info.param.name; }

// Offset and length, remap_pfn_range: outside is EINVAL.
INSTANTIATE_TEST_SUITE_P(
    Range, DmaBufferPlan,
    testing::Values(
        Accepts("AcceptsExactlyTheBuffer", Maps(0, 16), [](Geometry&, Request&) {}),
        Accepts("AcceptsFirstPage", Maps(0, 1), [](Geometry&, Request& r) { SetRange(r, 0, 1); }),
        Accepts("AcceptsSecondPage", Maps(1, 1), [](Geometry&, Request& r) { SetRange(r, 1, 1); }),
        Accepts("AcceptsLastPage", Maps(15, 1), [](Geometry&, Request& r) { SetRange(r, 15, 1); }),
        Accepts("AcceptsFromAnOffsetToTheEnd", Maps(5, 11),
                [](Geometry&, Request& r) { SetRange(r, 5, 11); }),
        Accepts("AcceptsAllButTheLastPage", Maps(0, 15),
                [](Geometry&, Request& r) { SetRange(r, 0, 15); }),
        Rejects("RejectsOnePageMoreThanTheBuffer", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 0, 17); }),
        Rejects("RejectsOffsetAtTheEnd", EINVAL, [](Geometry&, Request& r) { SetRange(r, 16, 1); }),
        Rejects("RejectsOffsetOnePastTheEnd", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 17, 1); }),
        Rejects("RejectsLastPageAndOneMore", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 15, 2); }),
        Rejects("RejectsWholeLengthAtAnOffset", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1, 16); }),
        Rejects("RejectsOffsetOfFourGiB", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1UL << 20, 1); }),
        Rejects("RejectsOffsetWhoseEndWrapsIn32Bits", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, (1UL << 20) - 1, 2); }),
        Rejects("RejectsOffsetThatIsNegativeIn32Bits", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1UL << 19, 1); }),
        Rejects("RejectsOffsetThatIsZeroIn32Bits", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1UL << 32, 1); }),
        Rejects("RejectsOffsetWhoseEndWraps", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, (1UL << 52) - 1, 2); }),
        Rejects("RejectsOffsetWhoseEndWrapsToTheBuffersEnd", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, (1UL << 52) - 1, 17); }),
        Rejects("RejectsOffsetWhoseBytesWrapToZero", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1UL << 52, 1); }),
        Rejects("RejectsOffsetWhoseBytesWrapIntoTheBuffer", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, (1UL << 52) + 3, 1); }),
        Rejects("RejectsOffsetThatIsNegative", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 1UL << 63, 1); }),
        Rejects("RejectsGreatestOffset", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, kMax, 1); }),
        Rejects("RejectsGreatestOffsetWhosePagesWrap", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, kMax, 2); }),
        Rejects("RejectsLengthOfFourGiB", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 0, 1UL << 20); }),
        Rejects("RejectsLengthThatIsTheBuffersIn32Bits", EINVAL,
                [](Geometry&, Request& r) { SetRange(r, 0, (1UL << 20) + 16); }),
        Rejects("RejectsTheWholeAddressSpace", EINVAL,
                [](Geometry&, Request& r) {
                  r.start = 0;
                  r.end = kMax - (kPage - 1);
                })),
    RowName);

// The VMA itself. The kernel never asks for these.
INSTANTIATE_TEST_SUITE_P(
    Vma, DmaBufferPlan,
    testing::Values(
        Rejects("RejectsEmptyRange", EINVAL, [](Geometry&, Request& r) { r.end = r.start; }),
        Rejects("RejectsRangeThatRunsBackwards", EINVAL,
                [](Geometry&, Request& r) { r.end = r.start - kPage; }),
        Rejects("RejectsRangeWhoseEndWrapped", EINVAL,
                [](Geometry&, Request& r) {
                  r.start = kMax - (kPage - 1);
                  r.end = 0;
                }),
        Rejects("RejectsLengthOneByteOverAPage", EINVAL,
                [](Geometry&, Request& r) { r.end = r.start + kPage + 1; }),
        Rejects("RejectsLengthOneByteUnderAPage", EINVAL,
                [](Geometry&, Request& r) { r.end = r.start + kPage - 1; }),
        Rejects("RejectsLengthOfOneByte", EINVAL,
                [](Geometry&, Request& r) { r.end = r.start + 1; }),
        Rejects("RejectsStartNotOnAPage", EINVAL, [](Geometry&, Request& r) { r.start += 8; }),
        Rejects("RejectsWholePagesNotOnAPage", EINVAL,
                [](Geometry&, Request& r) {
                  r.start += 8;
                  r.end = r.start + kPage;
                }),
        Accepts("AcceptsAddressZero", Maps(0, 1),
                [](Geometry&, Request& r) {
                  r.start = 0;
                  r.end = kPage;
                }),
        Accepts("AcceptsTheLastAddressesThereAre", Maps(0, 1),
                [](Geometry&, Request& r) {
                  r.start = kMax - (2 * kPage - 1);
                  r.end = kMax - (kPage - 1);
                })),
    RowName);

// Who may write and execute, now and after an mprotect.
INSTANTIATE_TEST_SUITE_P(
    Protection, DmaBufferPlan,
    testing::Values(
        Accepts("AcceptsSharedReadOnlyAndLeavesMprotectAlone", Maps(0, 16),
                [](Geometry&, Request& r) { r.write = false; }),
        // The kernel has taken both VM_SHARED and VM_MAYWRITE away.
        Accepts("AcceptsSharedMappingOfADescriptorOpenedReadOnly", Maps(0, 16),
                [](Geometry&, Request& r) {
                  r.write = false;
                  r.may_write = false;
                  r.shared = false;
                }),
        Accepts("KeepsMprotectFromMakingAPrivateMappingWritable", WithClearMayWrite(Maps(0, 16)),
                [](Geometry&, Request& r) { MakePrivateReadOnly(r); }),
        Accepts("KeepsMprotectFromMakingPartOfTheBufferPrivateWritable",
                WithClearMayWrite(Maps(3, 2)),
                [](Geometry&, Request& r) {
                  SetRange(r, 3, 2);
                  r.write = false;
                  r.shared = false;
                }),
        Rejects("RejectsPrivateWritable", EINVAL, [](Geometry&, Request& r) { r.shared = false; }),
        Rejects("RejectsPrivateWritableOfOnePage", EINVAL,
                [](Geometry&, Request& r) {
                  SetRange(r, 15, 1);
                  r.shared = false;
                }),
        Rejects("RejectsPrivateWritableWithoutMayWrite", EINVAL,
                [](Geometry&, Request& r) {
                  r.shared = false;
                  r.may_write = false;
                }),
        Rejects("RejectsPrivateWritableWithTheSameErrnoForDmaMmap", EINVAL,
                [](Geometry& g, Request& r) {
                  g.method = DMA_BUFFER_DMA_MMAP;
                  r.shared = false;
                }),
        Rejects("RejectsExecutable", EPERM, [](Geometry&, Request& r) { r.exec = true; }),
        Rejects("RejectsExecutableReadOnly", EPERM,
                [](Geometry&, Request& r) {
                  r.exec = true;
                  r.write = false;
                }),
        Rejects("RejectsExecutablePrivateReadOnly", EPERM,
                [](Geometry&, Request& r) {
                  r.exec = true;
                  r.write = false;
                  r.shared = false;
                }),
        Accepts("LeavesMayExecAloneWhereTheFileSystemTookIt", WithoutClearMayExec(Maps(0, 16)),
                [](Geometry&, Request& r) { r.may_exec = false; })),
    RowName);

// The cap on one mapping.
INSTANTIATE_TEST_SUITE_P(Cap, DmaBufferPlan,
                         testing::Values(Accepts("AcceptsExactlyTheCap", Maps(0, 4),
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = 4 * kPage;
                                                   SetRange(r, 0, 4);
                                                 }),
                                         Accepts("AcceptsTheCapAtAnOffset", Maps(12, 4),
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = 4 * kPage;
                                                   SetRange(r, 12, 4);
                                                 }),
                                         Rejects("RejectsOnePageMoreThanTheCap", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = 4 * kPage;
                                                   SetRange(r, 0, 5);
                                                 }),
                                         Rejects("RejectsOneByteMoreThanTheCap", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = 4 * kPage - 1;
                                                   SetRange(r, 0, 4);
                                                 }),
                                         Accepts("RoundsTheCapDownToPages", Maps(0, 4),
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = 5 * kPage - 1;
                                                   SetRange(r, 0, 4);
                                                 }),
                                         Rejects("RejectsEverythingWithACapBelowAPage", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = kPage - 1;
                                                   SetRange(r, 0, 1);
                                                 }),
                                         Accepts("AcceptsTheBufferWithACapBeyondIt", Maps(0, 16),
                                                 [](Geometry& g, Request&) { g.max_map = kMax; }),
                                         Rejects("RejectsMoreThanTheBufferWithACapBeyondIt", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.max_map = kMax;
                                                   SetRange(r, 0, 17);
                                                 }),
                                         Rejects("AppliesTheCapToDmaMmapWithEinval", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.method = DMA_BUFFER_DMA_MMAP;
                                                   g.max_map = 4 * kPage;
                                                   SetRange(r, 0, 5);
                                                 })),
                         RowName);

// Sizes that are not whole pages: the last page is the buffer's, the one after it is not.
INSTANTIATE_TEST_SUITE_P(
    Size, DmaBufferPlan,
    testing::Values(Accepts("AcceptsLastPageThatTheBufferFillsByOneByte", Maps(2, 1),
                            [](Geometry& g, Request& r) {
                              g.size = 2 * kPage + 1;
                              SetRange(r, 2, 1);
                            }),
                    Rejects("RejectsPageAfterAPartlyFilledOne", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.size = 2 * kPage + 1;
                              SetRange(r, 3, 1);
                            }),
                    Rejects("RejectsMorePagesThanAPartlyFilledBufferHas", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.size = 2 * kPage + 1;
                              SetRange(r, 0, 4);
                            }),
                    Accepts("AcceptsAllPagesOfABufferOneByteShort", Maps(0, 3),
                            [](Geometry& g, Request& r) {
                              g.size = 3 * kPage - 1;
                              SetRange(r, 0, 3);
                            }),
                    Accepts("AcceptsTheOnePageOfAOneByteBuffer", Maps(0, 1),
                            [](Geometry& g, Request& r) {
                              g.size = 1;
                              SetRange(r, 0, 1);
                            }),
                    Rejects("RejectsTwoPagesOfAOneByteBuffer", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.size = 1;
                              SetRange(r, 0, 2);
                            }),
                    Accepts("AcceptsTheOnePageOfAOnePageBuffer", Maps(0, 1),
                            [](Geometry& g, Request& r) {
                              g.size = kPage;
                              SetRange(r, 0, 1);
                            }),
                    Rejects("RejectsOffsetOneInAOnePageBuffer", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.size = kPage;
                              SetRange(r, 1, 1);
                            }),
                    Accepts("AcceptsAnOffsetBeyondFourGiBInABufferThatHasIt",
                            Maps((1UL << 20) + 1, 1),
                            [](Geometry& g, Request& r) {
                              g.size = (1UL << 32) + 2 * kPage;
                              SetRange(r, (1UL << 20) + 1, 1);
                            })),
    RowName);

// Geometries that are none. An mmap is refused; the driver does not load with most of them.
INSTANTIATE_TEST_SUITE_P(
    Geometry, DmaBufferPlan,
    testing::Values(
        Rejects("RejectsBufferOfSizeZero", EINVAL, [](Geometry& g, Request&) { g.size = 0; }),
        Rejects("RejectsSizeThatWrapsWhenRounded", EINVAL,
                [](Geometry& g, Request&) { g.size = kMax; }),
        Rejects("RejectsSizeOneByteTooGreatToRound", EINVAL,
                [](Geometry& g, Request&) {
                  g.size = kMax - (kPage - 1) + 1;
                  g.phys = 0;
                }),
        Accepts("AcceptsGreatestSizeThatCanBeRounded",
                {.pfn = (1UL << 52) - 2,
                 .offset = kMax - (2 * kPage - 1),
                 .length = kPage,
                 .cache = DMA_BUFFER_WB,
                 .clear_may_write = false,
                 .clear_may_exec = true},
                [](Geometry& g, Request& r) {
                  g.size = kMax - (kPage - 1);
                  g.phys = 0;
                  SetRange(r, (1UL << 52) - 2, 1);
                }),
        Rejects("RejectsBufferNotOnAPage", EINVAL,
                [](Geometry& g, Request&) { g.phys = kPhys + 64; }),
        Rejects("RejectsBufferOneByteBeforeAPage", EINVAL,
                [](Geometry& g, Request&) { g.phys = kPhys - 1; }),
        Rejects("RejectsBufferWhoseEndWraps", EINVAL,
                [](Geometry& g, Request&) { g.phys = UINT64_MAX - 15 * kPage + 1; }),
        Accepts("AcceptsBufferThatEndsAtTheLastAddress",
                {.pfn = (1UL << 52) - 16,
                 .offset = 0,
                 .length = 16 * kPage,
                 .cache = DMA_BUFFER_WB,
                 .clear_may_write = false,
                 .clear_may_exec = true},
                [](Geometry& g, Request&) { g.phys = UINT64_MAX - 16 * kPage + 1; }),
        Accepts("TakesThePfnFromAddressesBeyondFourGiB",
                {.pfn = 0x123456789 + 2,
                 .offset = 2 * kPage,
                 .length = kPage,
                 .cache = DMA_BUFFER_WB,
                 .clear_may_write = false,
                 .clear_may_exec = true},
                [](Geometry& g, Request& r) {
                  g.phys = 0x123456789000;
                  SetRange(r, 2, 1);
                }),
        Rejects("RejectsPageSizeOf64Bits", EINVAL,
                [](Geometry& g, Request&) { g.page_shift = 64; }),
        Rejects("RejectsUnknownMethod", EINVAL, [](Geometry& g, Request&) { SetRaw(g.method, 2); }),
        Rejects("RejectsUnknownCache", EINVAL, [](Geometry& g, Request&) { SetRaw(g.cache, 3); }),
        Rejects("RejectsUncachedThatTheDmaApiCannotGive", EINVAL,
                [](Geometry& g, Request&) {
                  g.method = DMA_BUFFER_DMA_MMAP;
                  g.cache = DMA_BUFFER_UNCACHED;
                })),
    RowName);

// dma_mmap_coherent: no PFN, no physical address looked at, and outside is ENXIO.
INSTANTIATE_TEST_SUITE_P(
    DmaMmap, DmaBufferPlan,
    testing::Values(Accepts("AcceptsExactlyTheBuffer", WithoutPfn(Maps(0, 16)),
                            [](Geometry& g, Request&) { g.method = DMA_BUFFER_DMA_MMAP; }),
                    Accepts("AcceptsLastPage", WithoutPfn(Maps(15, 1)),
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, 15, 1);
                            }),
                    Accepts("IgnoresThePhysicalAddress", WithoutPfn(Maps(0, 16)),
                            [](Geometry& g, Request&) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              g.phys = UINT64_MAX;
                            }),
                    Rejects("RejectsOnePageMoreThanTheBuffer", ENXIO,
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, 0, 17);
                            }),
                    Rejects("RejectsOffsetAtTheEnd", ENXIO,
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, 16, 1);
                            }),
                    Rejects("RejectsWholeLengthAtAnOffset", ENXIO,
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, 1, 16);
                            }),
                    Rejects("RejectsOffsetWhoseEndWraps", ENXIO,
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, (1UL << 52) - 1, 2);
                            }),
                    Rejects("RejectsGreatestOffset", ENXIO,
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              SetRange(r, kMax, 2);
                            }),
                    Accepts("PassesWriteCombiningOn",
                            WithCache(WithoutPfn(Maps(0, 16)), DMA_BUFFER_WC),
                            [](Geometry& g, Request&) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              g.cache = DMA_BUFFER_WC;
                            }),
                    Accepts("KeepsMprotectFromMakingAPrivateMappingWritable",
                            WithClearMayWrite(WithoutPfn(Maps(0, 16))),
                            [](Geometry& g, Request& r) {
                              g.method = DMA_BUFFER_DMA_MMAP;
                              r.write = false;
                              r.shared = false;
                            })),
    RowName);

// Memory types of remap_pfn_range, and other page sizes.
INSTANTIATE_TEST_SUITE_P(
    Platform, DmaBufferPlan,
    testing::Values(Accepts("PassesWriteCombiningOn", WithCache(Maps(0, 16), DMA_BUFFER_WC),
                            [](Geometry& g, Request&) { g.cache = DMA_BUFFER_WC; }),
                    Accepts("PassesUncachedOn", WithCache(Maps(0, 16), DMA_BUFFER_UNCACHED),
                            [](Geometry& g, Request&) { g.cache = DMA_BUFFER_UNCACHED; }),
                    Accepts("CountsInPagesOf64KiB",
                            {.pfn = (kPhys >> 16) + 1,
                             .offset = 0x10000,
                             .length = 0x10000,
                             .cache = DMA_BUFFER_WB,
                             .clear_may_write = false,
                             .clear_may_exec = true},
                            [](Geometry& g, Request& r) {
                              g.page_shift = 16;
                              g.size = 0x10001;
                              r.start = 0x10000;
                              r.end = 0x20000;
                              r.pgoff = 1;
                            }),
                    // Only with bytes for pages can a page count wrap.
                    Rejects("RejectsCountOfOneBytePagesWhoseSumWithTheOffsetWraps", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.page_shift = 0;
                              g.size = 16;
                              r.start = 0;
                              r.end = kMax;
                              r.pgoff = 15;
                            }),
                    Rejects("RejectsPagesOf4KiBWhereAPageHas64KiB", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.page_shift = 16;
                              r.start = 0x10000;
                              r.end = 0x11000;
                            }),
                    Rejects("RejectsSecondPageWherePagesOf64KiBHoldTheBufferInOne", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.page_shift = 16;
                              r.start = 0x10000;
                              r.end = 0x20000;
                              r.pgoff = 1;
                            }),
                    Rejects("RejectsBufferOnA4KiBPageWhereAPageHas64KiB", EINVAL,
                            [](Geometry& g, Request& r) {
                              g.page_shift = 16;
                              g.phys = kPhys + 0x1000;
                              r.start = 0x10000;
                              r.end = 0x20000;
                            })),
    RowName);

// Which error comes first: the order that dma_buffer_plan.h promises.
INSTANTIATE_TEST_SUITE_P(Order, DmaBufferPlan,
                         testing::Values(Rejects("SaysGeometryBeforeExecutable", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.size = 0;
                                                   r.exec = true;
                                                 }),
                                         Rejects("SaysAlignmentBeforeExecutable", EINVAL,
                                                 [](Geometry&, Request& r) {
                                                   r.end += 1;
                                                   r.exec = true;
                                                 }),
                                         Rejects("SaysExecutableBeforePrivateWritable", EPERM,
                                                 [](Geometry&, Request& r) {
                                                   r.exec = true;
                                                   r.shared = false;
                                                 }),
                                         Rejects("SaysExecutableBeforeRange", EPERM,
                                                 [](Geometry& g, Request& r) {
                                                   g.method = DMA_BUFFER_DMA_MMAP;
                                                   r.exec = true;
                                                   SetRange(r, 16, 1);
                                                 }),
                                         Rejects("SaysPrivateWritableBeforeRange", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.method = DMA_BUFFER_DMA_MMAP;
                                                   r.shared = false;
                                                   SetRange(r, 16, 1);
                                                 }),
                                         Rejects("SaysCapBeforeRange", EINVAL,
                                                 [](Geometry& g, Request& r) {
                                                   g.method = DMA_BUFFER_DMA_MMAP;
                                                   g.max_map = kPage;
                                                   SetRange(r, 16, 2);
                                                 })),
                         RowName);

// The size that the driver allocates.
TEST(DmaBufferMappedSize, RoundsUpToPages) {
  struct {
    unsigned long size;
    unsigned long expected;
  } rows[] = {
      {1, kPage},
      {kPage - 1, kPage},
      {kPage, kPage},
      {kPage + 1, 2 * kPage},
      {kMax - (kPage - 1), kMax - (kPage - 1)},
  };
  for (const auto& row : rows) {
    Row plain = Plain("");
    plain.geometry.phys = 0;
    plain.geometry.size = row.size;
    unsigned long mapped_size = 0;
    EXPECT_EQ(dma_buffer_mapped_size(&plain.geometry, &mapped_size), 0) << row.size;
    EXPECT_EQ(mapped_size, row.expected) << row.size;
  }
}

TEST(DmaBufferMappedSize, LeavesTheResultAloneWhenItRefuses) {
  for (unsigned long size : {0UL, kMax, kMax - (kPage - 1) + 1}) {
    Row plain = Plain("");
    plain.geometry.size = size;
    unsigned long mapped_size = 0xdead;
    EXPECT_EQ(dma_buffer_mapped_size(&plain.geometry, &mapped_size), -EINVAL) << size;
    EXPECT_EQ(mapped_size, 0xdeadUL) << size;
  }
}

// A small world, all of it
// ---------------------------------------------------------------------------
//
// With pages of 2^61 bytes the whole of 64-bit arithmetic is eight pages: each wrap there can be is
// a few steps away and every combination can be tried. The oracle never subtracts: it walks over
// pages, one by one, in integers that cannot wrap.

using Wide = __int128;

constexpr Wide kSpace = Wide{1} << 64;  // addresses there are

struct PageSet {
  bool fits = true;  // the last page ends within the 64-bit space
  int count = 0;     // pages that hold a byte of the buffer
};

PageSet PagesOf(Wide first, Wide size, Wide page) {
  PageSet set;
  for (Wide byte = 0; byte < size; byte += page) {
    ++set.count;
    if (first + byte + page > kSpace) set.fits = false;
  }
  return set;
}

Answer Oracle(const Geometry& g, const Request& r) {
  const Wide page = Wide{1} << g.page_shift;
  const auto refused = [](int error) { return Answer{.error = -error, .mapping = Untouched()}; };
  const bool remap = g.method == DMA_BUFFER_REMAP;

  const PageSet buffer = PagesOf(0, g.size, page);
  if (buffer.count == 0) return refused(EINVAL);
  if (Wide{buffer.count} * page >= kSpace) return refused(EINVAL);  // no unsigned long holds it
  if (remap && (g.phys % page != 0 || !PagesOf(g.phys, g.size, page).fits)) return refused(EINVAL);
  if (!remap && g.cache == DMA_BUFFER_UNCACHED) return refused(EINVAL);

  if (r.start % page != 0 || r.end % page != 0) return refused(EINVAL);
  std::vector<Wide> wanted;  // the buffer's page that each page of the VMA is to show
  for (Wide address = r.start; address < Wide{r.end}; address += page) {
    wanted.push_back(Wide{r.pgoff} + static_cast<int>(wanted.size()));
  }
  if (wanted.empty()) return refused(EINVAL);

  if (r.exec) return refused(EPERM);
  if (r.write && !r.shared) return refused(EINVAL);
  if (g.max_map != 0 && Wide{static_cast<int>(wanted.size())} * page > Wide{g.max_map}) {
    return refused(EINVAL);
  }
  for (Wide index : wanted) {
    if (index >= buffer.count) return refused(remap ? EINVAL : ENXIO);
  }

  const Wide first_byte = wanted.front() * page;
  return {.error = 0,
          .mapping = {.pfn = remap ? static_cast<unsigned long>((g.phys + first_byte) / page) : 0,
                      .offset = static_cast<unsigned long>(first_byte),
                      .length = static_cast<unsigned long>(static_cast<int>(wanted.size()) * page),
                      .cache = g.cache,
                      .clear_may_write = !r.shared && r.may_write,
                      .clear_may_exec = r.may_exec}};
}

// Multiples of a page over the whole space, and their neighbours where asked for.
std::vector<unsigned long> Multiples(unsigned int page_shift, bool neighbours) {
  std::vector<unsigned long> values;
  const unsigned long page = 1UL << page_shift;
  for (unsigned long i = 0; i < (1UL << (64 - page_shift)); ++i) {
    if (neighbours && i != 0) values.push_back(i * page - 1);
    values.push_back(i * page);
    if (neighbours) values.push_back(i * page + 1);
  }
  if (neighbours) values.push_back(kMax);
  return values;
}

struct Tally {
  long accepted = 0;
  long refused = 0;
};

// Stops at the first difference: one is enough to read, a million are not.
void Compare(const Geometry& g, const Request& r, Tally& tally) {
  const Answer answer = Plan(g, r);
  ASSERT_EQ(answer, Oracle(g, r)) << "phys " << g.phys << " size " << g.size << " max_map "
                                  << g.max_map << " page_shift " << g.page_shift << " method "
                                  << g.method << " start " << r.start << " end " << r.end
                                  << " pgoff " << r.pgoff << " shared " << r.shared << " write "
                                  << r.write << " may_write " << r.may_write << " exec " << r.exec
                                  << " may_exec " << r.may_exec;
  ++(answer.error == 0 ? tally.accepted : tally.refused);
}

class SmallWorld : public testing::TestWithParam<unsigned int> {};

TEST_P(SmallWorld, EveryRangeIsAnsweredAsThePagesSay) {
  const unsigned int page_shift = GetParam();
  const unsigned long page = 1UL << page_shift;
  std::vector<unsigned long> offsets = Multiples(page_shift, false);
  for (unsigned long i = 0; i <= 64 / page_shift + 8; ++i) offsets.push_back(i);
  for (unsigned long i = 0; i < 3; ++i) offsets.push_back(kMax - i);

  Tally tally;
  for (auto method : {DMA_BUFFER_REMAP, DMA_BUFFER_DMA_MMAP}) {
    for (unsigned long size : Multiples(page_shift, true)) {
      for (unsigned long phys : Multiples(page_shift, false)) {
        for (unsigned long max_map : {0UL, page - 1, page, page + 1, 2 * page, kMax}) {
          const Geometry g = {.phys = phys,
                              .size = size,
                              .max_map = max_map,
                              .page_shift = page_shift,
                              .method = method,
                              .cache = DMA_BUFFER_WB};
          for (unsigned long start : Multiples(page_shift, false)) {
            for (unsigned long end : Multiples(page_shift, false)) {
              for (unsigned long pgoff : offsets) {
                const Request r = {.start = start,
                                   .end = end,
                                   .pgoff = pgoff,
                                   .shared = true,
                                   .write = true,
                                   .may_write = true,
                                   .exec = false,
                                   .may_exec = true};
                ASSERT_NO_FATAL_FAILURE(Compare(g, r, tally));
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(tally.accepted, 0);
  EXPECT_GT(tally.refused, tally.accepted);
}

INSTANTIATE_TEST_SUITE_P(PageShift, SmallWorld, testing::Values(62u, 63u),
                         testing::PrintToStringParamName());

// The same world with less at a time: three pages around the end of a buffer, all flags, all odd
// sizes.
TEST(SmallWorld, EveryFlagAndMisalignmentIsAnsweredAsThePagesSay) {
  constexpr unsigned int kShift = 61;
  constexpr unsigned long kBig = 1UL << kShift;
  Tally tally;
  for (auto method : {DMA_BUFFER_REMAP, DMA_BUFFER_DMA_MMAP}) {
    for (auto cache : {DMA_BUFFER_WB, DMA_BUFFER_WC, DMA_BUFFER_UNCACHED}) {
      for (unsigned long phys : {0UL, 1UL, kBig, 5 * kBig, 6 * kBig, 7 * kBig, kMax}) {
        for (unsigned long size : {0UL, 1UL, 2 * kBig, 2 * kBig + 1, 7 * kBig, 7 * kBig + 1}) {
          const Geometry g = {.phys = phys,
                              .size = size,
                              .max_map = 0,
                              .page_shift = kShift,
                              .method = method,
                              .cache = cache};
          for (unsigned long start : {0UL, 1UL, kBig, 2 * kBig}) {
            for (unsigned long end : {0UL, kBig - 1, kBig, 2 * kBig, 3 * kBig, 3 * kBig + 1}) {
              for (unsigned long pgoff : {0UL, 1UL, 2UL, 3UL, 7UL, 8UL, kMax}) {
                for (unsigned int bits = 0; bits < 32; ++bits) {
                  const Request r = {.start = start,
                                     .end = end,
                                     .pgoff = pgoff,
                                     .shared = (bits & 1) != 0,
                                     .write = (bits & 2) != 0,
                                     .may_write = (bits & 4) != 0,
                                     .exec = (bits & 8) != 0,
                                     .may_exec = (bits & 16) != 0};
                  ASSERT_NO_FATAL_FAILURE(Compare(g, r, tally));
                }
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(tally.accepted, 0);
  EXPECT_GT(tally.refused, tally.accepted);
}

// What every accepted mapping promises, whatever the buffer: it lies inside it and shows the right
// pages.
TEST(DmaBufferPlanProperty, AnAcceptedMappingLiesInsideTheBuffer) {
  for (unsigned long pgoff = 0; pgoff < kPages + 2; ++pgoff) {
    for (unsigned long pages = 1; pages < kPages + 2; ++pages) {
      Row row = Plain("");
      SetRange(row.request, pgoff, pages);
      const Answer answer = Plan(row.geometry, row.request);
      EXPECT_EQ(answer.error == 0, pgoff + pages <= kPages) << pgoff << " " << pages;
      if (answer.error != 0) continue;
      EXPECT_EQ(answer.mapping, Maps(pgoff, pages));
    }
  }
}

// Transfers.

struct TransferRow {
  const char* name;
  uint64_t source;
  uint64_t destination;
  uint64_t length;
  int error;
};

void PrintTo(const TransferRow& row, std::ostream* os) { *os << row.name; }

class DmaBufferTransferPlan : public testing::TestWithParam<TransferRow> {};

TEST_P(DmaBufferTransferPlan, Answers) {
  const TransferRow& row = GetParam();
  const struct dma_buffer_transfer transfer = {
      .source = row.source, .destination = row.destination, .length = row.length};
  EXPECT_EQ(dma_buffer_transfer_plan(10000, &transfer), -row.error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DmaBufferTransferPlan,
    testing::Values(TransferRow{"AcceptsOneByte", 0, 1, 1, 0},
                    TransferRow{"AcceptsTheTwoHalves", 0, 5000, 5000, 0},
                    TransferRow{"AcceptsTheTwoHalvesBackwards", 5000, 0, 5000, 0},
                    TransferRow{"AcceptsTheLastByte", 0, 9999, 1, 0},
                    TransferRow{"RejectsNoBytes", 0, 1, 0, EINVAL},
                    TransferRow{"RejectsAByteOntoItself", 7, 7, 1, EINVAL},
                    TransferRow{"RejectsOverlapOfOneByte", 0, 99, 100, EINVAL},
                    TransferRow{"RejectsOverlapOfOneByteBackwards", 99, 0, 100, EINVAL},
                    TransferRow{"RejectsSourceAtTheEnd", 10000, 0, 1, EINVAL},
                    TransferRow{"RejectsDestinationAtTheEnd", 0, 10000, 1, EINVAL},
                    TransferRow{"RejectsSourceOverTheEnd", 9901, 0, 100, EINVAL},
                    TransferRow{"RejectsDestinationOverTheEnd", 0, 9901, 100, EINVAL},
                    TransferRow{"RejectsSourceWhoseEndWraps", UINT64_MAX, 0, 2, EINVAL},
                    TransferRow{"RejectsDestinationWhoseEndWraps", 0, UINT64_MAX - 9, 20, EINVAL},
                    TransferRow{"RejectsLengthOf64Bits", 0, 0, UINT64_MAX, EINVAL}),
    [](const testing::TestParamInfo<TransferRow>& info) { return std::string(info.param.name); });

TEST(DmaBufferTransferLimits, RejectsWhatTheDevicesCounterDoesNotHold) {
  struct dma_buffer_transfer transfer = {
      .source = 0, .destination = 1ull << 40, .length = 0xffffffff};
  EXPECT_EQ(dma_buffer_transfer_plan(1ull << 41, &transfer), 0);
  transfer.length = 0x100000000;
  EXPECT_EQ(dma_buffer_transfer_plan(1ull << 41, &transfer), -EINVAL);
}

// In a buffer of seven bytes, every transfer, against one that marks bytes.
TEST(DmaBufferTransferLimits, AcceptsWhatLiesInsideAndDoesNotOverlap) {
  constexpr uint64_t kSize = 7;
  for (uint64_t source = 0; source < 10; ++source) {
    for (uint64_t destination = 0; destination < 10; ++destination) {
      for (uint64_t length = 0; length < 10; ++length) {
        int marks[32] = {};
        bool good = length != 0;
        for (uint64_t i = 0; i < length; ++i) {
          ++marks[source + i];
          ++marks[destination + i];
          if (source + i >= kSize || destination + i >= kSize) good = false;
        }
        for (int mark : marks) {
          if (mark > 1) good = false;
        }
        const struct dma_buffer_transfer transfer = {
            .source = source, .destination = destination, .length = length};
        EXPECT_EQ(dma_buffer_transfer_plan(kSize, &transfer), good ? 0 : -EINVAL)
            << source << " " << destination << " " << length;
      }
    }
  }
}

}  // namespace
}  // namespace drydock
