#include "fuzz/diagnosis.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "sim/kernel/kernel.h"

namespace drydock::fuzz {
namespace {

constexpr uint64_t kTwo32Pages = uint64_t{1} << (32 - hw::kPageShift);
constexpr uint64_t kTwo64Pages = uint64_t{1} << (64 - hw::kPageShift);
constexpr int kRange = 2, kWrap = 3, kUnderflow = 4, kOffByOne = 5, kTruncation = 11,
              kIdentity = 15, kSigned = 17, kUpgrade = 21, kSplit = 38, kFork = 39, kMove = 41,
              kLeak = 45;
constexpr int kIdentityOracle = 3, kLedgerOracle = 6;

// The oracle saw a copy of a mapping, and not yet whether it is counted.
bool IsCopy(const kernel::Violation& violation) {
  const int c = violation.class_number;
  return violation.oracle == kLedgerOracle && (c == kSplit || c == kFork || c == kMove);
}

// The identity oracle names the mistake that could have made the two offsets one.
bool IsGuess(const kernel::Violation& violation) {
  return violation.oracle == kIdentityOracle && violation.class_number != kIdentity;
}

// The open that made descriptor `fd`.
const Step* OpenOf(const Program& program, uint8_t fd) {
  uint8_t count = 0;
  for (uint32_t i = 0; i < program.step_count; ++i) {
    if (!MakesFd(program.steps[i].call)) continue;
    if (count++ == fd) return &program.steps[i];
  }
  return nullptr;
}

}  // namespace

void Diagnosis::Run(const Program& program, StepObserver* observer) {
  world_.Reset();
  world_.verdicts().Clear();
  oracles_.Begin();
  executor_.Run(program, observer);
}

bool Diagnosis::Accepts(const Program& program, uint32_t like, uint64_t pgoff, uint64_t pages) {
  const Step& model = program.steps[like];
  const Step* open = OpenOf(program, model.fd);
  if (open == nullptr) return false;
  Program probe;
  probe.header = program.header;
  probe.header.fail_allocation = 0;
  probe.Add(*open);
  Step mmap = model;
  mmap.fd = 0;
  mmap.at = kNone;
  mmap.at_offset = 0;
  mmap.flags &= ~(kMapFixed | kMapFixedNoreplace);
  mmap.offset = pgoff << hw::kPageShift;
  mmap.length = pages << hw::kPageShift;
  probe.Add(mmap);
  Run(probe);
  return executor_.observations().size() > 1 && executor_.observations()[1].outcome.ok();
}

uint32_t Diagnosis::MakerOf(const Program& program, const kernel::Violation& violation) {
  const uint32_t step = violation.step;
  // The last one that asked for what the oracle saw asked.
  for (uint32_t i = std::min(step + 1, program.step_count); violation.pages != 0 && i-- > 0;) {
    const Step& made = program.steps[i];
    if (made.call == Call::kMmap && made.offset >> hw::kPageShift == violation.pgoff &&
        hw::PagesOf(made.length) == violation.pages) {
      return i;
    }
  }
  if (step < program.step_count && program.steps[step].call == Call::kMmap) return step;
  // The mapping that a later step touches, or else the last one made before.
  uint32_t maker = program.step_count;
  uint8_t count = 0;
  for (uint32_t i = 0; i < program.step_count; ++i) {
    const Step& made = program.steps[i];
    if (!MakesMapping(made.call)) continue;
    const bool meant = step < program.step_count && UsesMapping(program.steps[step].call)
                           ? count == program.steps[step].mapping
                           : i <= step;
    if (made.call == Call::kMmap && meant) maker = i;
    ++count;
  }
  return maker;
}

// Which check of the range is missing, told by the driver's answers around the end of the object.
int Diagnosis::ClassOfRange(const Program& program, uint32_t step,
                            const kernel::Violation& violation) {
  const uint64_t end = violation.object_pages;
  const uint64_t pgoff = violation.pgoff;
  const uint64_t pages = violation.pages;
  if (end == 0) return kRange;
  if (pgoff < end) {
    // The length is too long from a good offset.
    const uint64_t room = end - pgoff;
    if (!Accepts(program, step, pgoff, room + 1)) {
      return Accepts(program, step, kTwo32Pages - 1, 2) ? kWrap : kTruncation;
    }
    if (Accepts(program, step, pgoff, room + 2)) return kRange;
    // One page too many at each offset, or a length that is only held against the whole object?
    const bool at_start = Accepts(program, step, 0, end + 1) && !Accepts(program, step, 0, end + 2);
    return at_start ? kOffByOne : kRange;
  }
  const bool just_beyond = Accepts(program, step, end, 1);
  const bool further = Accepts(program, step, end + 1, 1);
  if (just_beyond && further) return kRange;
  // (More than a page from there: the offset is checked, the length not against what is left.)
  if (just_beyond) return Accepts(program, step, end, 2) ? kRange : kOffByOne;
  // There is a check of the offset: the request went round it.
  if (further) return kUnderflow;
  // (In bytes. A sum of exactly 2^64 is 0; a driver that takes offsets below it adds nothing up.)
  if (pgoff + pages >= kTwo64Pages && !Accepts(program, step, kTwo64Pages - 2, 1)) return kWrap;
  if (Accepts(program, step, kTwo32Pages - 1, 2)) return kWrap;
  const uint64_t low = pgoff & (kTwo32Pages - 1);
  if (pgoff >= kTwo32Pages && low + pages <= end) return kTruncation;
  if (low + pages >= kTwo32Pages && low + pages - kTwo32Pages <= end) return kWrap;
  if (low >= kTwo32Pages / 2) return kSigned;
  return kRange;
}

// Two offsets that show one page may be congruent in some wrong calculation; offsets 0 and 1 are in
// none.
bool Diagnosis::IgnoresOffset(const Program& program, uint32_t like) {
  const Step* open = OpenOf(program, program.steps[like].fd);
  if (open == nullptr) return false;
  Program probe;
  probe.header = program.header;
  probe.header.fail_allocation = 0;
  probe.Add(*open);
  for (const uint64_t pgoff : {0, 1}) {
    probe.Add({.call = Call::kMmap,
               .flags = program.steps[like].flags & ~(kMapFixed | kMapFixedNoreplace),
               .prot = program.steps[like].prot,
               .offset = Pages(pgoff),
               .length = Pages(1)});
  }
  Run(probe, &oracles_);
  const kernel::Verdicts& verdicts = world_.verdicts();
  for (size_t i = 0; i < verdicts.count(); ++i) {
    if (verdicts[i].class_number == kIdentity && verdicts[i].oracle == kIdentityOracle) return true;
  }
  return false;
}

// A leak grows with every run of the program; memory kept for the next one does not.
bool Diagnosis::IsLeak(const Program& program) {
  Run(program);
  const uint32_t once = world_.kernel().allocations().live_count();
  for (int i = 0; i < 2; ++i) {
    if (!world_.process(0).alive() && !world_.StartProcess()) return false;
    executor_.Run(program, nullptr);
  }
  return world_.kernel().allocations().live_count() >= once + 2;
}

// A driver that does not count the parts of a split mapping counts no other copies either: it is
// told once, as that.
bool Diagnosis::IsUncounted(const Program& program, uint32_t maker, kernel::Violation* violation) {
  using kernel::CopyKind;
  const CopyKind kind = violation->class_number == kSplit  ? CopyKind::kSplit
                        : violation->class_number == kFork ? CopyKind::kFork
                                                           : CopyKind::kMove;
  std::string why;
  const Step* open =
      maker < program.step_count ? OpenOf(program, program.steps[maker].fd) : nullptr;
  if (open != nullptr) {
    // An open and the mmap alone; the same for all of the buffer, which some drivers count by; and,
    // if the driver wants more before it maps, all that the program did.
    Program plain, whole;
    plain.header = whole.header = program.header;
    plain.Add(*open);
    whole.Add(*open);
    Step mmap = program.steps[maker];
    mmap.fd = 0;
    mmap.at = kNone;
    mmap.at_offset = 0;
    mmap.flags &= ~(kMapFixed | kMapFixedNoreplace);
    plain.Add(mmap);
    mmap.offset = 0;
    mmap.length = Pages(object_pages_);
    whole.Add(mmap);
    for (const CopyKind each : {CopyKind::kSplit, kind}) {
      why = balance_.WhyUncounted(plain, 1, each);
      if (why.empty() && object_pages_ != 0) why = balance_.WhyUncounted(whole, 1, each);
      if (why.empty()) why = balance_.WhyUncounted(program, maker, each);
      if (why.empty()) continue;
      if (each == CopyKind::kSplit) violation->class_number = kSplit;
      break;
    }
  }
  if (why.empty()) {
    oracles_.NoteCounted(violation->driver_pc, kind);
    return false;
  }
  std::snprintf(violation->seen, sizeof violation->seen, "%s", why.c_str());
  violation->pgoff = violation->pages = 0;
  return true;
}

bool Diagnosis::RefusesWritable(const Program& program, uint32_t step) {
  const Step& model = program.steps[step];
  Program writable = program;
  writable.steps[step].prot |= kProtWrite;
  return !Accepts(writable, step, model.offset >> hw::kPageShift, hw::PagesOf(model.length));
}

bool Diagnosis::Concerns(const kernel::Violation& violation) {
  return IsGuess(violation) || IsCopy(violation) || violation.class_number == kRange ||
         violation.class_number == kUpgrade || violation.class_number == kLeak;
}

bool Diagnosis::Refine(const Program& program, kernel::Violation* violation) {
  bool real = true;
  const uint32_t maker = MakerOf(program, *violation);
  if (IsGuess(*violation) && maker < program.step_count && IgnoresOffset(program, maker)) {
    violation->class_number = kIdentity;
  }
  switch (violation->class_number) {
    case kRange:
      if (maker < program.step_count) {
        violation->class_number = static_cast<uint8_t>(ClassOfRange(program, maker, *violation));
      }
      break;
    case kUpgrade:
      real = maker < program.step_count && RefusesWritable(program, maker);
      break;
    case kSplit:
    case kFork:
    case kMove:
      real = !IsCopy(*violation) || IsUncounted(program, maker, violation);
      break;
    case kLeak:
      real = program.header.fail_allocation != 0 || IsLeak(program);
      break;
    default:
      break;
  }
  world_.Reset();
  world_.verdicts().Clear();
  return real;
}

}  // namespace drydock::fuzz
