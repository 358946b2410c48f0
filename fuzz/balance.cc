#include "fuzz/balance.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "sim/kernel/kernel.h"

namespace drydock::fuzz {
namespace {

using kernel::Allocation;
using kernel::AllocationKind;
using kernel::CopyKind;

// Objects that are larger hold data, not counts.
constexpr uint64_t kMostBytes = 8192;
// Of each block of pages, as many reference counts are looked at.
constexpr uint64_t kMostCounts = 16;

// Indices of the first states: before the mmap, and after it.
constexpr size_t kBefore = 0, kMapped = 1, kUnmapped = 2;

const char* MiddleOf(CopyKind kind) {
  switch (kind) {
    case CopyKind::kSplit:
      return "after a part was unmapped and the rest is still mapped";
    case CopyKind::kFork:
      return "after a forked child has exited and the parent still maps it";
    case CopyKind::kMove:
      return "after mremap moved it";
  }
  return "";
}

const char* EndOf(CopyKind kind) {
  switch (kind) {
    case CopyKind::kSplit:
      return "after both parts were unmapped";
    case CopyKind::kFork:
      return "after child and parent have unmapped it";
    case CopyKind::kMove:
      return "after mremap moved it and it was unmapped";
  }
  return "";
}

// The part of `program` up to its step `maker`, all of which is kept.
Program UpTo(const Program& program, uint32_t maker) {
  Program part = program;
  part.step_count = maker + 1;
  for (size_t i = part.step_count; i < part.steps.size(); ++i) part.steps[i] = Step{};
  part.header.fail_allocation = 0;
  return part;
}

}  // namespace

// Keeps the states after chosen steps.
class Balance::Looker final : public StepObserver {
 public:
  Looker(Balance& balance, const Program& program, uint32_t maker, std::vector<State>* states)
      : balance_(balance), program_(program), maker_(maker), states_(states) {}
  void AfterStep(int step) override {
    const auto index = static_cast<uint32_t>(step);
    if (index >= program_.step_count) return;  // the exits at the end
    if (index + 1 == maker_) balance_.FindPieces();
    if (index + 1 >= maker_) states_->push_back(balance_.Look());
  }

 private:
  Balance& balance_;
  const Program& program_;
  const uint32_t maker_;
  std::vector<State>* states_;
};

// The driver's memory as it is now, piece by piece.
void Balance::FindPieces() {
  pieces_.clear();
  std::vector<unsigned char> data;
  world_.CopyDriverData(&data);
  size_t first = data.size() / 4;
  pieces_.push_back({.words = first, .size_bytes = data.size()});
  world_.kernel().allocations().ForEachLive([&](kernel::AllocationId id, const Allocation& a) {
    const bool small = a.kind == AllocationKind::kKmalloc || a.from_kmalloc != 0;
    Piece piece{.allocation = id,
                .serial = a.serial,
                .first = first,
                .words = 0,
                .size_bytes = a.size_bytes,
                .counts = !small};
    if (small && a.size_bytes <= kMostBytes) {
      piece.words = a.size_bytes / 4;
    } else if (!small && a.kind != AllocationKind::kVmalloc &&
               a.backing != kernel::kScatteredBacking) {
      piece.words = std::min(a.pages, kMostCounts);
    }
    pieces_.push_back(piece);
    first += piece.words;
  });
}

Balance::State Balance::Look() {
  State state;
  state.allocations = world_.kernel().allocations().live_count();
  hw::PhysicalMemory& memory = world_.kernel().memory();
  for (const Piece& piece : pieces_) {
    if (piece.allocation == 0) {
      std::vector<unsigned char> data;
      world_.CopyDriverData(&data);
      state.words.resize(piece.words);
      std::memcpy(state.words.data(), data.data(), piece.words * 4);
      state.gone.push_back(0);
      continue;
    }
    const Allocation* a = world_.kernel().alloc().Find(piece.allocation);
    const bool gone = a == nullptr || a->serial != piece.serial || a->released != 0;
    state.gone.push_back(gone ? 1 : 0);
    for (size_t i = 0; i < piece.words; ++i) {
      uint32_t word = 0;
      if (!gone && !piece.counts) {
        const hw::PhysAddr at = hw::PhysAddr::Of(a->pfn) + ((a->address & hw::kPageMask) + 4 * i);
        std::memcpy(&word, memory.Plain(at.pfn()) + (at.value & hw::kPageMask), sizeof word);
      } else if (!gone) {
        word = static_cast<uint32_t>(memory.ReadPage(a->pfn + i)._refcount.counter);
      }
      state.words.push_back(word);
    }
  }
  return state;
}

// Runs it; false unless each step after the mmap did what it should.
bool Balance::Probe(const Program& program, std::vector<State>* states) {
  uint32_t maker = 0;
  for (uint32_t i = 0; i < program.step_count; ++i) {
    if (program.steps[i].call == Call::kMmap) maker = i;
  }
  if (maker == 0 || !IsValid(program)) return false;
  states->clear();
  world_.Reset();
  world_.verdicts().Clear();
  Looker looker(*this, program, maker, states);
  executor_.Run(program, &looker);
  for (uint32_t i = maker - 1; i < program.step_count; ++i) {
    const Observation& seen = executor_.observations()[i];
    if (seen.state != StepState::kRan || !seen.outcome.ok()) return false;
  }
  return true;
}

std::string Balance::NameOf(size_t word) const {
  for (const Piece& piece : pieces_) {
    if (word < piece.first || word - piece.first >= piece.words) continue;
    const size_t at = 4 * (word - piece.first);
    char text[80];
    if (piece.allocation == 0) {
      const std::string_view name =
          image_ == nullptr ? std::string_view() : image_->ObjectAt(world_.DriverDataOffset(at));
      if (!name.empty()) return "`" + std::string(name) + "`";
      std::snprintf(text, sizeof text, "byte %zu of the driver's data", at);
      return text;
    }
    if (piece.counts) {
      std::snprintf(text, sizeof text, "the count of page %zu of a buffer", at / 4);
    } else {
      std::snprintf(text, sizeof text, "byte %zu of a kmalloc object of %zu bytes", at,
                    piece.size_bytes);
    }
    return text;
  }
  return "";
}

std::string Balance::WhyUncounted(const Program& program, uint32_t maker, CopyKind kind) {
  const Step& mmap = program.steps[maker];
  const uint64_t length = hw::PageAlignUp(mmap.length);
  const uint8_t mapping = CountResults(program, maker).mappings;
  const uint8_t child = CountResults(program, maker).processes;
  const auto unmap = [&](uint64_t offset, uint64_t bytes) {
    return Step{.call = Call::kMunmap, .mapping = mapping, .offset = offset, .length = bytes};
  };
  const Program plain = UpTo(program, maker);
  Program whole = plain, copied = plain;
  whole.Add(unmap(0, length));
  switch (kind) {
    case CopyKind::kSplit:
      if (length < Pages(2)) return {};
      copied.Add(unmap(0, Pages(1)));
      copied.Add(unmap(Pages(1), length - Pages(1)));
      break;
    case CopyKind::kFork:
      copied.Add({.call = Call::kFork});
      copied.Add({.call = Call::kSwitch, .process = child});
      copied.Add({.call = Call::kExit});
      copied.Add(unmap(0, length));
      break;
    case CopyKind::kMove: {
      // To the free room below, further down than the mapping is long.
      const uint64_t below = uint64_t{0} - length - Pages(16);
      copied.Add({.call = Call::kMremap,
                  .mapping = mapping,
                  .at = mapping,
                  .flags = kMremapMaymove | kMremapFixed,
                  .length = length,
                  .new_length = length,
                  .at_offset = below});
      Step last = unmap(0, length);
      last.mapping = static_cast<uint8_t>(mapping + 1);
      copied.Add(last);
      break;
    }
  }
  if (copied.step_count > kMaxSteps || copied.steps[copied.step_count - 1].call != Call::kMunmap) {
    return {};  // no room for the probe
  }
  std::vector<State> a, b;
  if (!Probe(whole, &a) || a.size() < 3) return {};
  if (!Probe(copied, &b) || b.size() < 4) return {};
  const State& before = a[kBefore];
  const State& mapped = a[kMapped];
  const State& unmapped = a[kUnmapped];
  const State& middle = b[b.size() - 2];
  const State& end = b.back();
  if (b[kBefore].words != before.words || middle.words.size() != before.words.size()) return {};
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (unmapped.gone[i] == 0 && end.gone[i] != 0) {
      return "an object of " + std::to_string(pieces_[i].size_bytes) +
             " bytes that was there before mmap is freed " + EndOf(kind);
    }
  }
  const auto number = [](uint32_t word) { return std::to_string(static_cast<int32_t>(word)); };
  const auto tell = [&](const std::string& what, uint32_t was, uint32_t is, uint32_t now,
                        const char* when) {
    return what + ": " + number(was) + " before mmap, " + number(is) + " while mapped, " +
           number(now) + " " + when;
  };
  const auto compare = [&](const std::string& what, uint32_t was, uint32_t is, uint32_t after,
                           uint32_t in_middle, uint32_t at_end) -> std::string {
    if (was != after || was == is) return {};  // not state about mappings
    if (at_end != was) return tell(what, was, is, at_end, EndOf(kind));
    if (in_middle == was) return tell(what, was, is, in_middle, MiddleOf(kind));
    return {};
  };
  for (size_t i = 0; i < before.words.size(); ++i) {
    const std::string why = compare("", before.words[i], mapped.words[i], unmapped.words[i],
                                    middle.words[i], end.words[i]);
    if (!why.empty()) return NameOf(i) + why;
  }
  return compare("live allocations", before.allocations, mapped.allocations, unmapped.allocations,
                 middle.allocations, end.allocations);
}

}  // namespace drydock::fuzz
