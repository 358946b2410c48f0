#include "kmod/observe/shown_text.h"

#include <signal.h>

#include <algorithm>
#include <set>

#include "fuzz/observation_text.h"
#include "sim/hw/address.h"
#include "sim/kernel/maps_text.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kmod {
namespace {

// Runs that are longer are taken for one piece: memory of a device.
constexpr uint64_t kMostPagesNamed = 8192;

const char* CacheText(uint16_t cache) {
  switch (cache) {
    case PTDUMP_UC:
      return "UC";
    case PTDUMP_WC:
      return "WC";
    case PTDUMP_WT:
      return "WT";
    case PTDUMP_WP:
      return "WP";
    case PTDUMP_WB:
      return "WB";
    case PTDUMP_UC_MINUS:
      return "UC-";
    default:
      return "reserved";
  }
}

std::string BitsText(uint16_t bits) {
  if ((bits & PTDUMP_SWAP) != 0) return "swapped";
  std::string text;
  text += (bits & PTDUMP_PRESENT) != 0 ? 'r' : '-';
  text += (bits & PTDUMP_WRITE) != 0 ? 'w' : '-';
  text += (bits & PTDUMP_EXEC) != 0 ? 'x' : '-';
  if ((bits & PTDUMP_SPECIAL) != 0) text += " special";
  if ((bits & PTDUMP_DIRTY) != 0) text += " dirty";
  if ((bits & PTDUMP_ACCESSED) != 0) text += " accessed";
  if ((bits & PTDUMP_HUGE) != 0) text += " huge";
  return text;
}

std::string PagesText(uint64_t pages) {
  return std::to_string(pages) + (pages == 1 ? " page" : " pages");
}

std::string PlaceText(uint64_t address) {
  const auto from_base = static_cast<int64_t>(address - kMmapBase);
  std::string text = std::to_string(from_base >> hw::kPageShift);
  const uint64_t rest = address & hw::kPageMask;
  return rest == 0 ? text : text + "p+" + std::to_string(rest);
}

std::string NameText(const FrameName& name) {
  if (name.of == "zero") return name.of;
  return name.of.size() == 1 ? name.of + std::to_string(name.page)
                             : name.of + "+" + std::to_string(name.page);
}

// The names of one program's frames.
class Names {
 public:
  explicit Names(const KnownFrames& known) : known_(&known) {}

  FrameName Of(uint64_t frame, uint16_t bits) {
    if ((bits & PTDUMP_ZERO) != 0) return {"zero", 0};
    const bool anonymous = (bits & PTDUMP_ANON) != 0;
    if (!anonymous) {
      const auto found = known_->find(frame);
      if (found != known_->end()) return found->second;
    }
    const auto [place, is_new] = given_.try_emplace(frame);
    if (is_new) place->second = anonymous ? FrameName{"a", anons_++} : FrameName{"x", others_++};
    seen_.insert(frame);
    return place->second;
  }
  const FrameName* Find(uint64_t frame) const {
    const auto known = known_->find(frame);
    if (known != known_->end()) return &known->second;
    const auto given = given_.find(frame);
    return given == given_.end() ? nullptr : &given->second;
  }

  // What was asked for since the last call is what `process` maps now.
  void EndOf(uint16_t process) {
    mapped_[process] = std::move(seen_);
    seen_.clear();
    Forget();
  }
  // The device got its driver again: what its nodes show from now on may be other memory.
  void Rebound() {
    static const KnownFrames kNone;
    known_ = &kNone;
  }
  void Forked(uint16_t parent, uint16_t child) { mapped_[child] = mapped_[parent]; }
  void Exited(uint16_t process) {
    mapped_.erase(process);
    Forget();
  }

 private:
  void Forget() {
    std::erase_if(given_, [this](const auto& one) {
      return std::none_of(mapped_.begin(), mapped_.end(),
                          [&](const auto& frames) { return frames.second.contains(one.first); });
    });
  }

  const KnownFrames* known_;
  std::map<uint64_t, FrameName> given_;
  std::set<uint64_t> seen_;
  std::map<uint16_t, std::set<uint64_t>> mapped_;
  uint64_t anons_ = 0, others_ = 0;
};

// Pages whose entries say the same, of frames whose names follow each other.
struct NamedRun {
  uint64_t start = 0, pages = 0;
  FrameName name;
  uint16_t bits = 0, cache = 0;
};

void Append(const NamedRun& one, std::vector<NamedRun>* runs) {
  if (!runs->empty()) {
    NamedRun& last = runs->back();
    const bool follows = last.name.of == one.name.of &&
                         (last.name.of == "zero" || last.name.page + last.pages == one.name.page);
    if (follows && last.bits == one.bits && last.cache == one.cache &&
        last.start + (last.pages << hw::kPageShift) == one.start) {
      last.pages += one.pages;
      return;
    }
  }
  runs->push_back(one);
}

// The part [from, to) of the run that `record` is.
void AppendPart(const ptdump_record& record, uint64_t from, uint64_t to, Names* names,
                std::vector<NamedRun>* runs) {
  const uint64_t pages = (to - from) >> hw::kPageShift;
  const uint64_t frame = record.frame + ((from - record.start) >> hw::kPageShift);
  // Of an entry in use, these two are not the kernel's word but what the name says.
  const auto bits = static_cast<uint16_t>(record.bits & ~(PTDUMP_ANON | PTDUMP_ZERO));
  if (pages > kMostPagesNamed) {
    Append({from, pages, names->Of(frame, record.bits), bits, record.cache}, runs);
    return;
  }
  for (uint64_t i = 0; i < pages; ++i) {
    Append({from + (i << hw::kPageShift), 1, names->Of(frame + i, record.bits), bits, record.cache},
           runs);
  }
}

void AppendRuns(const std::vector<NamedRun>& runs, uint64_t base, const char* indent,
                std::vector<std::string>* lines) {
  for (const NamedRun& run : runs) {
    const std::string place = base == 0
                                  ? PlaceText(run.start)
                                  : "+" + std::to_string((run.start - base) >> hw::kPageShift);
    lines->push_back(indent + place + " " + PagesText(run.pages) + " " + NameText(run.name) + " " +
                     CacheText(run.cache) + " " + BitsText(run.bits));
  }
}

// RP2: of a mapping that is copied on write, vm_pgoff is the first frame's number.
std::string OffsetText(const ptdump_record& vma, const Names& names) {
  const bool may_be_frame = (vma.flags & kernel::kVmPfnMap) != 0 &&
                            (vma.flags & (kernel::kVmShared | kernel::kVmMayShare)) == 0;
  if (may_be_frame) {
    const FrameName* name = names.Find(vma.frame);
    if (name != nullptr) return "of " + NameText(*name);
    if (vma.frame > 0x100) return "of a frame";
  }
  return std::to_string(vma.frame);
}

std::vector<std::string> SpaceText(const std::vector<ptdump_record>& space, Names* names) {
  std::vector<std::string> lines, outside;
  std::vector<NamedRun> unmapped;
  for (size_t i = 0; i < space.size();) {
    if (space[i].kind != PTDUMP_VMA) {  // entries where no VMA is
      AppendPart(space[i], space[i].start, space[i].end, names, &unmapped);
      ++i;
      continue;
    }
    const ptdump_record& vma = space[i];
    std::vector<NamedRun> runs;
    for (++i; i < space.size() && space[i].kind == PTDUMP_RUN; ++i) {
      const uint64_t end = std::min<uint64_t>(space[i].end, vma.end);
      if (space[i].start < end && (vma.bits & PTDUMP_OBJECT) == 0)
        AppendPart(space[i], space[i].start, end, names, &runs);
      const uint64_t from = std::max<uint64_t>(space[i].start, vma.end);
      if (from < space[i].end) AppendPart(space[i], from, space[i].end, names, &unmapped);
    }
    lines.push_back("[" + PlaceText(vma.start) + "," + PlaceText(vma.end) + ") pgoff " +
                    OffsetText(vma, *names) + " " + kernel::VmFlagLetters(vma.flags) + ", prot " +
                    CacheText(vma.cache) + ((vma.bits & PTDUMP_WRITE) != 0 ? " rw" : " r-"));
    AppendRuns(runs, vma.start, "  ", &lines);
  }
  if (!unmapped.empty()) {
    lines.push_back("outside:");
    AppendRuns(unmapped, 0, "  ", &lines);
  }
  return lines;
}

std::string EndingText(Ending ending, const std::string& said) {
  switch (ending) {
    case Ending::kTrapped:
      return "the driver stopped";
    case Ending::kBlocked:
      return "does not come back";
    case Ending::kHung:
      return said.empty() ? "hangs" : said;
    case Ending::kOverflow:
      return "too much to show";
    case Ending::kKilled:
    case Ending::kFinished:
    case Ending::kCopiesOntoItself:
      break;
  }
  return {};
}

fuzz::Observation ObservationOf(const StepShown& shown) {
  fuzz::Observation seen;
  seen.outcome.value = shown.value;
  if (shown.signal == SIGSEGV) {
    seen.outcome.signal = shown.signal_code == SEGV_ACCERR ? user::Signal::kSegvAccerr
                          : shown.signal_code == SI_KERNEL ? user::Signal::kSegvKernel
                                                           : user::Signal::kSegvMaperr;
  } else if (shown.signal == SIGBUS) {
    seen.outcome.signal = user::Signal::kBusAdrerr;
  }
  seen.data = shown.data;
  seen.process = shown.process;
  seen.state = static_cast<fuzz::StepState>(shown.ran);
  return seen;
}

std::string ResultText(const fuzz::Step& step, const StepShown& shown) {
  const bool usual = shown.signal == 0 ||
                     (shown.signal == SIGSEGV &&
                      (shown.signal_code == SEGV_MAPERR || shown.signal_code == SEGV_ACCERR ||
                       shown.signal_code == SI_KERNEL)) ||
                     (shown.signal == SIGBUS && shown.signal_code == BUS_ADRERR);
  if (!usual) {
    return "signal " + std::to_string(shown.signal) + " (code " +
           std::to_string(shown.signal_code) + ")";
  }
  std::string text = FormatObservation(step, ObservationOf(shown));
  if (MakesMapping(step.call) && text == "ok") {
    text += " at " + PlaceText(static_cast<uint64_t>(shown.value));
  }
  return text;
}

}  // namespace

std::vector<StepText> TextOf(const fuzz::Program& program, const Shown& shown,
                             const KnownFrames& known) {
  Names names(known);
  std::vector<StepText> texts;
  uint16_t processes = 1;
  bool ended = false;
  for (size_t i = 0; i < shown.steps.size() && i < program.step_count; ++i) {
    const StepShown& step = shown.steps[i].shown;
    StepText text;
    const bool last = !ended && shown.ending != Ending::kFinished &&
                      (i + 1 == shown.steps.size() || shown.steps[i + 1].shown.ran == Ran::kNotRun);
    text.result = ResultText(program.steps[i], step);
    if (last) {
      const std::string end = EndingText(shown.ending, shown.said);
      if (!end.empty()) text.result = end;
      ended = true;
    }
    if (step.ran == Ran::kRan && program.steps[i].call == fuzz::Call::kBind) names.Rebound();
    if (step.entries != kNoSpace) {
      text.space = SpaceText(shown.steps[i].space, &names);
      names.EndOf(step.process);
    }
    if (MakesProcess(program.steps[i].call)) {
      if (step.ran == Ran::kRan && step.value > 0) names.Forked(step.process, processes);
      ++processes;
    }
    if (step.ran == Ran::kRan && program.steps[i].call == fuzz::Call::kExit) {
      names.Exited(step.process);
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace drydock::kmod
