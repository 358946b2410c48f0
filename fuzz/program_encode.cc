// The way back: Encode() of program_bytes.h. Seeds go through it, the fuzz loop does not.
#include <algorithm>

#include "fuzz/byte_operands.h"
#include "fuzz/program_bytes.h"

namespace drydock::fuzz {
namespace {

using namespace operands;  // NOLINT: the tables of this very form

class Encoder {
 public:
  Encoder(const Encoding& encoding, std::span<uint8_t, kMaxEncodedBytes> out)
      : np_(encoding.object_pages == 0 ? 16 : encoding.object_pages), out_(out) {}

  size_t Run(const Program& program) {
    const uint32_t n = program.header.fail_allocation;
    Byte(n == 0 ? 0 : 0xc0 + n - 1);
    for (size_t i = 0; i < program.step_count; ++i) EncodeStep(program.steps[i]);
    return size_;
  }

 private:
  void Byte(uint64_t value) { out_[size_++] = static_cast<uint8_t>(value); }
  void Bytes(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) Byte(value >> (8 * i));
  }
  // The index of `word` in a 16-entry table, or the raw one.
  static unsigned IndexOf(const std::array<uint32_t, 16>& table, uint32_t word) {
    return static_cast<unsigned>(std::find(table.begin(), table.begin() + kRawWord, word) -
                                 table.begin());
  }
  void RawIf(unsigned index, uint32_t word) {
    if (index == kRawWord) Bytes(word, 4);
  }
  template <class Plain>
  void Value(Plain plain, uint64_t value) {
    for (unsigned v = 0; v < kEscapePages16; ++v) {
      if ((v < kBoundary ? plain(v, np_) : Boundary(v, np_)) == value) return Byte(v);
    }
    if (value % Pages(1) == 0 && value < Pages(0x10000)) {
      Byte(kEscapePages16);
      Bytes(value >> hw::kPageShift, 2);
    } else if (value < 0x10000) {
      Byte(kEscapeBytes16);
      Bytes(value, 2);
    } else {
      Byte(kEscapeBytes64);
      Bytes(value, 8);
    }
  }
  void Length(uint64_t value) { Value(PlainLength, value); }
  void Offset(uint64_t value) { Value(PlainOffset, value); }
  void Fd(const Step& step) { Byte(counts_.fds - 1 - step.fd); }
  void Mapping(const Step& step) { Byte(counts_.mappings - 1 - step.mapping); }
  void At(const Step& step) {
    if (step.at == kNone) return Byte(0);
    Byte(counts_.mappings - step.at);
    Offset(step.at_offset);
  }
  void EncodePart(const Step& step) {
    Mapping(step);
    const Part wanted{step.offset, step.length};
    for (unsigned i = 0; i < kParts; ++i) {
      if (PartOf(i, lengths_[step.mapping]) == wanted) return Byte(i);
    }
    Byte(kPartRaw);
    Offset(step.offset);
    Length(step.length);
  }
  void EncodePlace(const Step& step) {
    Mapping(step);
    const Part wanted{step.offset, step.length};
    for (unsigned i = 0; i < kPlaceRaw; ++i) {
      if (PlaceOf(i, lengths_[step.mapping]) == wanted) return Byte(i);
    }
    Byte(kPlaceRaw);
    Bytes(step.offset, 8);
    Bytes(step.length - 1, 2);
  }
  void Select(Form form, Call call) {
    for (size_t i = 0; i < kSelectors; ++i) {
      if (kSelectorTable[i].form == form && kSelectorTable[i].call == call) return Byte(i);
    }
  }
  void EncodeMmap(const Step& step) {
    const bool file = step.call == Call::kMmap;
    const bool plain = file && step.at == kNone && step.fd + 1 == counts_.fds;
    Select(!file ? Form::kCall : plain ? Form::kShortMmap : Form::kLongMmap, step.call);
    const unsigned prot = IndexOf(kProtections, step.prot);
    const unsigned flags = IndexOf(kMapFlags, step.flags);
    Byte(prot | flags << 4);
    RawIf(prot, step.prot);
    RawIf(flags, step.flags);
    Length(step.length);
    if (file) Offset(step.offset);
    if (plain) return;
    if (file) Fd(step);
    At(step);
  }
  void EncodeMremap(const Step& step) {
    EncodePart(step);
    const auto found =
        std::find(kRemapFlags.begin(), kRemapFlags.begin() + kRawRemapFlags, step.flags);
    const auto index = static_cast<unsigned>(found - kRemapFlags.begin());
    Byte(index);
    if (index == kRawRemapFlags) Bytes(step.flags, 4);
    const int64_t growth = static_cast<int64_t>(step.new_length - step.length);
    const int64_t page = static_cast<int64_t>(Pages(1));
    if (growth % page == 0 && growth / page >= -4 && growth / page <= 3) {
      Byte(static_cast<uint64_t>(growth / page) & 7);
    } else {
      Byte(0xff);
      Bytes(step.new_length, 8);
    }
    At(step);
  }

  void EncodeStep(const Step& step) {
    const bool mmap = step.call == Call::kMmap || step.call == Call::kAnonymous;
    const bool rare = step.call == Call::kMadvise && IndexOf(kAdvices, step.flags) == kRawWord &&
                      IndexOf(kRareAdvices, step.flags) != kRawWord;
    if (!mmap) Select(rare ? Form::kRareAdvice : Form::kCall, step.call);
    switch (step.call) {
      case Call::kOpen: {
        const unsigned flags = IndexOf(kOpenFlags, step.flags);
        Byte(flags | unsigned{step.node} << 4);
        RawIf(flags, step.flags);
        break;
      }
      case Call::kClose:
        Fd(step);
        break;
      case Call::kMmap:
      case Call::kAnonymous:
        EncodeMmap(step);
        break;
      case Call::kMunmap:
      case Call::kMlock:
      case Call::kMunlock:
      case Call::kMincore:
        EncodePart(step);
        break;
      case Call::kMseal: {
        EncodePart(step);
        const bool raw = step.flags != 0 && (step.flags < 0xf0 || step.flags > 0xfe);
        Byte(raw ? 0xff : step.flags);
        if (raw) Bytes(step.flags, 4);
        break;
      }
      case Call::kMsync: {
        EncodePart(step);
        const unsigned flags = IndexOf(kSyncFlags, step.flags);
        Byte(flags);
        RawIf(flags, step.flags);
        break;
      }
      case Call::kPoll: {
        Fd(step);
        const unsigned events = IndexOf(kPollEvents, step.flags);
        Byte(events);
        RawIf(events, step.flags);
        break;
      }
      case Call::kVmReadv:
      case Call::kVmWritev:
      case Call::kMemRead:
      case Call::kMemWrite:
        Byte(counts_.processes - 1 - step.process);
        EncodePlace(step);
        break;
      case Call::kMprotect: {
        EncodePart(step);
        const unsigned prot = IndexOf(kProtections, step.prot);
        Byte(prot);
        RawIf(prot, step.prot);
        break;
      }
      case Call::kMadvise: {
        EncodePart(step);
        const unsigned advice = IndexOf(rare ? kRareAdvices : kAdvices, step.flags);
        Byte(advice);
        RawIf(advice, step.flags);
        break;
      }
      case Call::kMremap:
        EncodeMremap(step);
        break;
      case Call::kLoad:
      case Call::kStore:
        EncodePlace(step);
        break;
      case Call::kRead:
      case Call::kWrite:
        Fd(step);
        EncodePlace(step);
        break;
      case Call::kLseek:
        Fd(step);
        Byte(step.flags < 0xff ? step.flags : 0xff);
        if (step.flags >= 0xff) Bytes(step.flags, 4);
        Offset(step.offset);
        break;
      case Call::kIoctl:
        Fd(step);
        Bytes(step.flags, 4);
        At(step);
        if (step.at == kNone) Offset(step.offset);
        break;
      case Call::kSwitch:
        Byte(counts_.processes - 1 - step.process);
        break;
      case Call::kUnbind:
      case Call::kBind:
        Byte(step.node);
        break;
      case Call::kFork:
      case Call::kExit:
        break;
    }
    if (MakesMapping(step.call)) {
      lengths_[counts_.mappings] = step.call == Call::kMremap ? step.new_length : step.length;
    }
    CountResult(step, &counts_);
  }

  const uint64_t np_;
  std::span<uint8_t, kMaxEncodedBytes> out_;
  size_t size_ = 0;
  ResultCounts counts_;
  std::array<uint64_t, kMaxSteps> lengths_{};
};

}  // namespace

size_t Encode(const Program& program, const Encoding& encoding,
              std::span<uint8_t, kMaxEncodedBytes> out) {
  return Encoder(encoding, out).Run(program);
}

}  // namespace drydock::fuzz
