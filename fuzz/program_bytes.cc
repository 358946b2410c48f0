#include "fuzz/program_bytes.h"

#include <algorithm>

#include "fuzz/byte_operands.h"

namespace drydock::fuzz {
namespace {

using namespace operands;  // NOLINT: the tables of this very form

class Decoder {
 public:
  Decoder(std::span<const uint8_t> bytes, const Encoding& encoding, Program* program)
      : at_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        np_(encoding.object_pages == 0 ? 16 : encoding.object_pages),
        nodes_(std::clamp<uint8_t>(encoding.node_count, 1, kMaxNodes)),
        program_(*program) {
    program_.header = encoding.header;
    program_.header.fail_allocation = 0;
  }

  void Run(StepBoundaries* boundaries) {
    const uint8_t* const begin = at_;
    const uint32_t before = program_.step_count;
    program_.step_count = 0;
    const unsigned first = Byte();
    if (first >= 0xc0) program_.header.fail_allocation = first - 0xc0 + 1;
    while (at_ < end_ && program_.step_count < kMaxSteps) {
      if (boundaries != nullptr) {
        boundaries->at[boundaries->count++] = static_cast<size_t>(at_ - begin);
      }
      DecodeStep();
    }
    if (boundaries != nullptr) {
      boundaries->at[boundaries->count] = static_cast<size_t>(at_ - begin);
    }
    for (uint32_t i = program_.step_count; i < before; ++i) program_.steps[i] = Step{};
  }

 private:
  unsigned Byte() { return at_ < end_ ? *at_++ : 0; }
  uint64_t Bytes(int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= uint64_t{Byte()} << (8 * i);
    return value;
  }
  uint32_t Word(const std::array<uint32_t, 16>& table, unsigned selector) {
    return selector == kRawWord ? static_cast<uint32_t>(Bytes(4)) : table[selector];
  }
  template <class Plain>
  uint64_t Value(Plain plain) {
    const unsigned v = Byte();
    if (v < kBoundary) return plain(v, np_);
    if (v < kEscapePages16) return Boundary(v, np_);
    if (v == kEscapePages16) return Pages(Bytes(2));
    return v == kEscapeBytes16 ? Bytes(2) : Bytes(8);
  }
  uint64_t Length() { return Value(PlainLength); }
  uint64_t Offset() { return Value(PlainOffset); }

  // References count back from the newest: 0 is the last one made.
  static uint8_t Back(unsigned byte, unsigned count) {
    return static_cast<uint8_t>(count - 1 - (byte < count ? byte : byte % count));
  }
  uint8_t Fd() { return Back(Byte(), counts_.fds); }
  uint8_t Mapping() { return Back(Byte(), counts_.mappings); }

  // The next step, in its place; it counts once Added(). Precondition: there is room.
  Step& Next(Call call) {
    Step& step = program_.steps[program_.step_count];
    step = Step{};
    step.call = call;
    return step;
  }
  void Added(const Step& step) {
    if (MakesMapping(step.call)) {
      lengths_[counts_.mappings] = step.call == Call::kMremap ? step.new_length : step.length;
    }
    CountResult(step, &counts_);
    ++program_.step_count;
  }
  bool NeedFd() {
    if (counts_.fds == 0) {
      Step& step = Next(Call::kOpen);
      step.flags = kOpenReadWrite;
      Added(step);
    }
    return program_.step_count < kMaxSteps;
  }
  bool NeedMapping() {
    if (counts_.mappings != 0) return true;
    if (!NeedFd()) return false;
    Step& step = Next(Call::kMmap);
    step.fd = static_cast<uint8_t>(counts_.fds - 1);
    step.flags = kMapShared;
    step.prot = kProtRead | kProtWrite;
    step.length = Pages(std::min<uint64_t>(np_, 2));
    Added(step);
    return program_.step_count < kMaxSteps;
  }

  void At(Step* step) {  // an optional address
    const unsigned byte = Byte();
    if (byte == 0 || counts_.mappings == 0) return;
    step->at = Back(byte - 1, counts_.mappings);
    step->at_offset = Offset();
  }
  void DecodePart(Step* step) {
    step->mapping = Mapping();
    const unsigned selector = Byte();
    const Part part = selector == kPartRaw ? RawPart() : PartOf(selector, lengths_[step->mapping]);
    step->offset = part.offset;
    step->length = part.length;
  }
  Part RawPart() {
    const uint64_t offset = Offset();
    return {offset, Length()};
  }
  void DecodePlace(Step* step) {
    step->mapping = Mapping();
    const unsigned selector = Byte();
    Part place;
    if (selector == kPlaceRaw) {
      place.offset = Bytes(8);
      place.length = Bytes(2) % kMaxAccessBytes + 1;
    } else {
      place = PlaceOf(selector, lengths_[step->mapping]);
    }
    step->offset = place.offset;
    step->length = place.length;
  }

  void DecodeMmap(Step* step, Form form) {
    const unsigned shape = Byte();
    step->prot = Word(kProtections, shape & 15);
    step->flags = Word(kMapFlags, shape >> 4);
    step->length = Length();
    if (step->call == Call::kMmap) step->offset = Offset();
    if (form == Form::kLongMmap) {
      step->fd = Fd();
      At(step);
    } else if (step->call == Call::kMmap) {
      step->fd = static_cast<uint8_t>(counts_.fds - 1);
    } else {
      At(step);
    }
    // Anonymity is the call's, not the flags'; a fixed address has to be one we know.
    step->flags &= ~kMapAnonymous;
    if (step->call == Call::kAnonymous &&
        (step->flags & kMapHugeUnreserved) == kMapHugeUnreserved) {
      step->flags &= ~kMapHugeUnreserved;
    }
    if ((step->flags & (kMapFixed | kMapFixedNoreplace)) != 0 && step->at == kNone) {
      if (counts_.mappings != 0) {
        step->at = static_cast<uint8_t>(counts_.mappings - 1);
      } else {
        step->flags &= ~(kMapFixed | kMapFixedNoreplace);
      }
    }
  }

  void DecodeMremap(Step* step) {
    DecodePart(step);
    const unsigned selector = Byte() & 7;
    step->flags =
        selector == kRawRemapFlags ? static_cast<uint32_t>(Bytes(4)) : kRemapFlags[selector];
    const unsigned growth = Byte();
    if (growth < 0xfe) {  // the old length and -4..+3 pages
      const uint64_t pages = growth % 8;
      step->new_length = step->length + Pages(pages < 4 ? pages : pages - 8);
    } else {
      step->new_length = growth == 0xff ? Bytes(8) : Length();
    }
    At(step);
    if ((step->flags & kMremapFixed) != 0 && step->at == kNone) step->at = step->mapping;
  }

  void DecodeStep() {
    const Selector selector = kSelectorTable[Byte()];
    if (UsesFd(selector.call) && !NeedFd()) return;
    if (UsesMapping(selector.call) && !NeedMapping()) return;
    Step& step = Next(selector.call);
    switch (step.call) {
      case Call::kOpen: {
        const unsigned byte = Byte();
        step.flags = Word(kOpenFlags, byte & 15);
        step.node = static_cast<uint8_t>((byte >> 4) % nodes_);
        break;
      }
      case Call::kClose:
        step.fd = Fd();
        break;
      case Call::kMmap:
      case Call::kAnonymous:
        DecodeMmap(&step, selector.form);
        break;
      case Call::kMunmap:
      case Call::kMlock:
      case Call::kMunlock:
        DecodePart(&step);
        break;
      case Call::kMincore:
        DecodePart(&step);
        step.length = std::min(step.length, Pages(kMaxResidentPages));
        break;
      case Call::kMseal: {
        DecodePart(&step);
        const unsigned flags = Byte();  // none is known
        step.flags = flags == 0xff ? static_cast<uint32_t>(Bytes(4)) : flags < 0xf0 ? 0 : flags;
        break;
      }
      case Call::kMsync:
        DecodePart(&step);
        step.flags = Word(kSyncFlags, Byte() & 15);
        break;
      case Call::kPoll:
        step.fd = Fd();
        step.flags = Word(kPollEvents, Byte() & 15) & 0xffff;
        break;
      case Call::kVmReadv:
      case Call::kVmWritev:
      case Call::kMemRead:
      case Call::kMemWrite:
        step.process = Back(Byte(), counts_.processes);
        DecodePlace(&step);
        break;
      case Call::kMprotect:
        DecodePart(&step);
        step.prot = Word(kProtections, Byte() & 15);
        break;
      case Call::kMadvise:
        DecodePart(&step);
        step.flags =
            Word(selector.form == Form::kRareAdvice ? kRareAdvices : kAdvices, Byte() & 15);
        break;
      case Call::kMremap:
        DecodeMremap(&step);
        break;
      case Call::kLoad:
      case Call::kStore:
        DecodePlace(&step);
        break;
      case Call::kRead:
      case Call::kWrite:
        step.fd = Fd();
        DecodePlace(&step);
        break;
      case Call::kLseek: {
        step.fd = Fd();
        step.flags = Byte();
        if (step.flags == 0xff) step.flags = static_cast<uint32_t>(Bytes(4));
        step.offset = Offset();
        break;
      }
      case Call::kIoctl:
        step.fd = Fd();
        step.flags = static_cast<uint32_t>(Bytes(4));
        At(&step);
        if (step.at == kNone) step.offset = Offset();
        break;
      case Call::kSwitch:
        step.process = Back(Byte(), counts_.processes);
        break;
      case Call::kUnbind:
      case Call::kBind:
        step.node = static_cast<uint8_t>(Byte() % nodes_);
        break;
      case Call::kFork:
      case Call::kExit:
        break;
    }
    Added(step);
  }

  const uint8_t* at_;
  const uint8_t* end_;
  const uint64_t np_;
  const unsigned nodes_;
  Program& program_;
  ResultCounts counts_;
  std::array<uint64_t, kMaxSteps> lengths_;  // of the mappings made
};

}  // namespace

void DecodeTo(Program* program, std::span<const uint8_t> bytes, const Encoding& encoding,
              StepBoundaries* boundaries) {
  if (boundaries != nullptr) boundaries->count = 0;
  Decoder(bytes, encoding, program).Run(boundaries);
}

Program Decode(std::span<const uint8_t> bytes, const Encoding& encoding,
               StepBoundaries* boundaries) {
  Program program;
  DecodeTo(&program, bytes, encoding, boundaries);
  return program;
}

}  // namespace drydock::fuzz
