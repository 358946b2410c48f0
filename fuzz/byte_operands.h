// The tables that program_bytes' decoder and encoder share: how one operand becomes a value. The
// encoder searches what the decoder computes, so the two cannot drift apart.
#ifndef DRYDOCK_FUZZ_BYTE_OPERANDS_H_
#define DRYDOCK_FUZZ_BYTE_OPERANDS_H_

#include <array>
#include <cstdint>

#include "fuzz/program.h"

namespace drydock::fuzz::operands {

// Which call a selector byte names. Below kRareSelectors it is selector % 64 in the first table: an
// mmap without operands of its own for descriptor and address comes first and often, then what
// finds life-cycle bugs. From kRareSelectors on, the second table has what rarely matters.
enum class Form : uint8_t { kShortMmap, kLongMmap, kCall, kRareAdvice };
struct Selector {
  Form form;
  Call call;
};
inline constexpr size_t kSelectors = 256, kOftenSelectors = 64, kRareSelectors = 224;
constexpr std::array<Selector, kSelectors> MakeSelectors() {
  std::array<Selector, kSelectors> table{};
  size_t n = 0;
  auto add = [&](Form form, Call call, int count) {
    while (count-- > 0) table[n++] = {form, call};
  };
  add(Form::kShortMmap, Call::kMmap, 14);
  add(Form::kLongMmap, Call::kMmap, 4);
  add(Form::kCall, Call::kMunmap, 8);
  add(Form::kCall, Call::kLoad, 6);
  add(Form::kCall, Call::kStore, 6);
  add(Form::kCall, Call::kMprotect, 5);
  add(Form::kCall, Call::kFork, 3);
  add(Form::kCall, Call::kExit, 2);
  add(Form::kCall, Call::kSwitch, 2);
  add(Form::kCall, Call::kMremap, 3);
  add(Form::kCall, Call::kMadvise, 2);
  add(Form::kCall, Call::kOpen, 2);
  add(Form::kCall, Call::kClose, 2);
  add(Form::kCall, Call::kIoctl, 1);
  add(Form::kCall, Call::kRead, 1);
  add(Form::kCall, Call::kWrite, 1);
  add(Form::kCall, Call::kLseek, 1);
  add(Form::kCall, Call::kAnonymous, 1);
  for (; n < kRareSelectors; ++n) table[n] = table[n % kOftenSelectors];
  add(Form::kCall, Call::kMlock, 4);
  add(Form::kCall, Call::kMunlock, 2);
  add(Form::kCall, Call::kMsync, 3);
  add(Form::kCall, Call::kMincore, 3);
  add(Form::kCall, Call::kPoll, 3);
  add(Form::kCall, Call::kVmReadv, 3);
  add(Form::kCall, Call::kVmWritev, 3);
  add(Form::kCall, Call::kMemRead, 3);
  add(Form::kCall, Call::kMemWrite, 3);
  add(Form::kRareAdvice, Call::kMadvise, 2);
  add(Form::kCall, Call::kMseal, 1);
  add(Form::kCall, Call::kUnbind, 1);
  add(Form::kCall, Call::kBind, 1);
  return table;
}
inline constexpr auto kSelectorTable = MakeSelectors();

// A size or an offset in bytes. Bytes below kBoundary are values that most drivers accept; then
// pages around the boundaries, 5 each (-2..+2); then escapes with operand bytes.
inline constexpr unsigned kBoundary = 0xe0;
inline constexpr unsigned kEscape = 0xf9;
inline constexpr unsigned kEscapePages16 = 0xfd;  // 2 bytes: pages
inline constexpr unsigned kEscapeBytes16 = 0xfe;  // 2 bytes: bytes
inline constexpr unsigned kEscapeBytes64 = 0xff;  // 8 bytes: bytes

// Value of selector byte `v` < kEscapePages16, for an object of `np` pages.
constexpr uint64_t Boundary(unsigned v, uint64_t np) {
  if (v < kEscape) {
    constexpr uint64_t kPages2To52 =
        0;  // 2^52 pages are 2^64 bytes: -1 page is the last one there is
    const std::array<uint64_t, 5> bases = {np, uint64_t{1} << 19, uint64_t{1} << 20,
                                           uint64_t{1} << 51, kPages2To52};
    const unsigned i = v - kBoundary;
    return Pages(bases[i / 5] + i % 5 - 2);
  }
  switch (v) {
    case 0xf9:
      return Pages(np / 2);
    case 0xfa:
      return Pages(2 * np);
    case 0xfb:
      return Pages((uint64_t{1} << 20) - np);  // with np pages: exactly 2^32 bytes
    default:
      return Pages(uint64_t{0} - np);  // with np pages: exactly 2^64 bytes
  }
}

constexpr uint64_t PlainLength(unsigned v, uint64_t np) {
  const uint64_t most = np < 4 ? np : 4;
  if (v >= 0xd0) return Pages(np);
  return Pages(1 + v % most);
}
constexpr uint64_t PlainOffset(unsigned v, uint64_t np) {
  if (v < 0x80 || np < 8) return 0;
  return Pages(1 + (v - 0x80) % (np - 4));
}

// Which part of a mapping of `length` bytes: the whole, halves, single pages, and one page too
// much.
struct Part {
  uint64_t offset, length;
  friend bool operator==(const Part&, const Part&) = default;
};
inline constexpr unsigned kParts = 12;
inline constexpr unsigned kPartRaw = 0xff;  // two values follow: offset, length
constexpr Part PartOf(unsigned selector, uint64_t length) {
  const uint64_t pages = hw::PagesOf(length);
  const uint64_t last = pages == 0 ? 0 : pages - 1;
  switch (selector % kParts) {
    case 1:
      return {0, Pages(1)};
    case 2:
      return {Pages(1), Pages(last)};
    case 3:
      return {Pages(last), Pages(1)};
    case 4:
      return {0, Pages(last)};
    case 5:
      return {Pages(pages / 2), Pages(1)};
    case 6:
      return {0, Pages(pages / 2)};
    case 7:
      return {Pages(pages / 2), Pages(pages - pages / 2)};
    case 8:
      return {Pages(1), Pages(1)};
    case 9:
      return {0, Pages(pages + 1)};
    case 10:
      return {Pages(pages), Pages(1)};
    default:
      return {0, Pages(pages)};
  }
}

// Where in a mapping an access goes: 3 bits page, 3 bits place in the page, 2 bits size.
inline constexpr unsigned kPlaceRaw = 0xff;  // 8 bytes offset and 2 bytes size - 1 follow
constexpr Part PlaceOf(unsigned selector, uint64_t length) {
  const uint64_t pages = hw::PagesOf(length);
  const uint64_t page[8] = {0, pages - 1, 1, pages / 2, pages, 2, 3, pages + 1};
  const uint64_t place[8] = {0, 8, 4088, 64, 2048, 1, 4095, 256};
  const uint64_t size[4] = {8, 1, 64, 4096};
  return {Pages(page[selector & 7]) + place[selector >> 3 & 7], size[selector >> 6]};
}

inline constexpr std::array<uint32_t, 16> kProtections = {
    3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 0, 2, 7};  // the 16th: 4 operand bytes
inline constexpr std::array<uint32_t, 16> kMapFlags = {kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared,
                                                       kMapShared | 0x8000 /* MAP_POPULATE */,
                                                       kMapPrivate,
                                                       kMapShared | kMapFixed};
inline constexpr std::array<uint32_t, 16> kOpenFlags = {
    2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 1, 0x101002 /* O_SYNC */, 0x80002, 0x802};
// MADV_*: DONTNEED, DOFORK, DONTFORK, WILLNEED, FREE, REMOVE, HUGEPAGE, DODUMP, WIPEONFORK, ...
inline constexpr std::array<uint32_t, 16> kAdvices = {4,  11, 10, 3,  8,  9,  14, 17,
                                                      18, 20, 21, 22, 23, 12, 1};
// Of Form::kRareAdvice: NORMAL, SEQUENTIAL, UNMERGEABLE, NOHUGEPAGE, DONTDUMP, KEEPONFORK,
// DONTNEED_LOCKED, COLLAPSE, and 5, which is none.
inline constexpr std::array<uint32_t, 16> kRareAdvices = {0,  2,  13, 15, 16, 19, 24, 25,
                                                          24, 15, 13, 19, 16, 2,  5};
// MS_*: SYNC, ASYNC, INVALIDATE, their sums, and one that is none.
inline constexpr std::array<uint32_t, 16> kSyncFlags = {4, 4, 4, 1, 1, 2, 6, 6,
                                                        3, 5, 0, 4, 1, 2, 8};
// POLLIN, POLLOUT, POLLPRI, POLLERR, POLLRDNORM, POLLWRNORM, ...
inline constexpr std::array<uint32_t, 16> kPollEvents = {1, 4,    5,     0x41,   0x104, 0, 2, 0x40,
                                                         8, 0x10, 0x145, 0x2000, 1,     4, 5};
inline constexpr std::array<uint32_t, 8> kRemapFlags = {1, 0, 3, 5, 7, 4, 2};
inline constexpr unsigned kRawWord = 15;       // of the 16-entry tables: 4 operand bytes
inline constexpr unsigned kRawRemapFlags = 7;  // of kRemapFlags

}  // namespace drydock::fuzz::operands

#endif  // DRYDOCK_FUZZ_BYTE_OPERANDS_H_
