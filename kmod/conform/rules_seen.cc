#include "kmod/conform/rules_seen.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "sim/kernel/vm_flags.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;
using fuzz::Program;
using kernel::kVmPfnMap;

constexpr uint64_t kTaskSize = 0x7ffffffff000;
constexpr uint32_t kPath = 0x200000, kDirect = 0x4000, kDirectory = 0x10000;
constexpr uint32_t kPopulate = 0x8000;
constexpr uint64_t kPfnFlags =
    kernel::kVmIo | kVmPfnMap | kernel::kVmDontExpand | kernel::kVmDontDump;

using Space = std::vector<ptdump_record>;

// One step, with what is known of it.
struct Seen {
  const fuzz::Step& step;
  const StepShown& shown;
  const Space& before;  // of the process that made the step; empty where it was not looked at
  const Space& after;
  const fuzz::Step* open;  // of its descriptor
  uint64_t place;          // of the mapping that it names

  bool Is(Call call) const { return step.call == call; }
  bool MakesNew() const { return Is(Call::kMmap) || Is(Call::kAnonymous); }
  bool Ok() const { return shown.value >= 0 && shown.signal == 0; }
  bool Says(int error) const { return shown.value == -error; }
  bool Says(Call call, int error) const { return Is(call) && Says(error); }
  bool Raises(uint8_t signal, int code) const {
    return (Is(Call::kLoad) || Is(Call::kStore)) && shown.signal == signal &&
           shown.signal_code == code;
  }
  bool Has(uint32_t flag) const { return (step.flags & flag) != 0; }
  uint32_t Type() const { return step.flags & 0xf; }
};

uint64_t PageUp(uint64_t bytes) { return (bytes + 0xfff) & ~uint64_t{0xfff}; }

const ptdump_record* VmaAt(const Space& space, uint64_t address) {
  for (const ptdump_record& one : space) {
    if (one.kind == PTDUMP_VMA && one.start <= address && address < one.end) return &one;
  }
  return nullptr;
}
const ptdump_record* RunAt(const Space& space, uint64_t address) {
  for (const ptdump_record& one : space) {
    if (one.kind == PTDUMP_RUN && one.start <= address && address < one.end) return &one;
  }
  return nullptr;
}
bool Touches(const Space& space, uint64_t from, uint64_t to) {
  return std::any_of(space.begin(), space.end(), [&](const ptdump_record& one) {
    return one.kind == PTDUMP_VMA && one.start < to && from < one.end;
  });
}
size_t Vmas(const Space& space) {
  return static_cast<size_t>(std::count_if(space.begin(), space.end(),
                                           [](const auto& one) { return one.kind == PTDUMP_VMA; }));
}
uint64_t FlagsAt(const Space& space, uint64_t address) {
  const ptdump_record* vma = VmaAt(space, address);
  return vma == nullptr ? 0 : vma->flags;
}
uint64_t Result(const Seen& s) { return static_cast<uint64_t>(s.shown.value); }
uint64_t Target(const Seen& s) { return s.place + s.step.offset; }
bool Wraps(const Seen& s) { return s.step.offset + PageUp(s.step.length) < s.step.offset; }
// An mmap whose mapping has, or has not, another cache type than write-back in its protection, and
// in its first entry.
bool MapsAs(const Seen& s, bool other_in_prot, bool other_in_entry) {
  const ptdump_record* vma = s.Is(Call::kMmap) && s.Ok() ? VmaAt(s.after, Result(s)) : nullptr;
  const ptdump_record* run = vma != nullptr ? RunAt(s.after, Result(s)) : nullptr;
  return run != nullptr && (vma->cache != PTDUMP_WB) == other_in_prot &&
         (run->cache != PTDUMP_WB) == other_in_entry;
}
bool IsCow(uint64_t flags) { return kernel::IsCowMapping(flags); }
bool NewEntry(const Seen& s) {
  return s.Ok() && RunAt(s.before, Target(s)) == nullptr && RunAt(s.after, Target(s)) != nullptr;
}

constexpr int kEachProfile = 9999;

struct Row {
  std::string_view id;
  bool (*shows)(const Seen&);
  int last_profile = kEachProfile;  // of those that have it
};

// Each says what the rule of that id says could be seen of it, and no more.
constexpr Row kRows[] = {
    {"OF1", [](const Seen& s) { return s.Is(Call::kOpen) && s.Has(kPath | kDirectory); }},
    {"OF2", [](const Seen& s) { return s.Says(Call::kOpen, EINVAL) && s.Has(kDirect); }},
    {"OF3", [](const Seen& s) { return s.open && (s.open->flags & kPath) && s.Says(EBADF); }},
    {"1.1",
     [](const Seen& s) { return s.Says(Call::kMmap, EINVAL) && (s.step.offset & 0xfff) != 0; }},
    {"1.2",
     [](const Seen& s) {
       return s.Says(Call::kMmap, EBADF) || (s.MakesNew() && s.Has(kernel::kMapHugetlb));
     }},
    {"1.3", [](const Seen& s) { return s.MakesNew() && s.Says(EINVAL) && s.step.length == 0; }},
    {"1.5",
     [](const Seen& s) {
       return s.MakesNew() && s.Says(ENOMEM) && s.step.length != 0 && PageUp(s.step.length) == 0;
     }},
    {"1.8",
     [](const Seen& s) { return s.MakesNew() && s.Says(ENOMEM) && s.step.length > kTaskSize / 2; }},
    {"1.9",
     [](const Seen& s) {
       return s.MakesNew() && s.Says(EEXIST) && s.Has(fuzz::kMapFixedNoreplace);
     }},
    {"1.11", [](const Seen& s) { return s.Says(Call::kMmap, EOVERFLOW) && Wraps(s); }},
    {"1.12",
     [](const Seen& s) {
       return s.Is(Call::kMmap) && (s.Says(EACCES) || s.Says(EOPNOTSUPP) || s.Says(ENODEV) ||
                                    (s.Says(EINVAL) && (s.Type() == 0 || s.Type() > 3)));
     }},
    {"1.13",
     [](const Seen& s) {
       return s.Is(Call::kMmap) && s.Ok() && (s.step.prot & fuzz::kProtExec) != 0;
     }},
    {"1.15", [](const Seen& s) { return s.MakesNew() && s.Ok() && s.Has(kPopulate); }},
    {"MR2",
     [](const Seen& s) {
       return s.MakesNew() && s.Ok() && s.Has(fuzz::kMapFixed) &&
              Touches(s.before, Result(s), Result(s) + PageUp(s.step.length));
     }},
    {"MR3",
     [](const Seen& s) {
       return s.MakesNew() && s.Ok() && (FlagsAt(s.after, Result(s)) & kernel::kVmAccount) != 0;
     }},
    {"MR4",
     [](const Seen& s) {
       const ptdump_record* vma = s.MakesNew() && s.Ok() ? VmaAt(s.after, Result(s)) : nullptr;
       return vma != nullptr &&
              (vma->start < Result(s) || vma->end > Result(s) + PageUp(s.step.length));
     }},
    {"RP2",
     [](const Seen& s) {
       if (s.Is(Call::kMmap) && s.Ok()) {
         const uint64_t flags = FlagsAt(s.after, Result(s));
         return (flags & kVmPfnMap) != 0 && IsCow(flags);
       }
       return s.Says(Call::kMmap, EINVAL) && s.Type() == fuzz::kMapPrivate;
     }},
    {"RP4",
     [](const Seen& s) {
       return s.Is(Call::kMmap) && s.Ok() && (FlagsAt(s.after, Result(s)) & kPfnFlags) == kPfnFlags;
     }},
    {"RP6",
     [](const Seen& s) {
       const ptdump_record* run = s.Is(Call::kMmap) && s.Ok() ? RunAt(s.after, Result(s)) : nullptr;
       return run != nullptr && (run->bits & PTDUMP_SPECIAL) != 0;
     }},
    {"IP9",
     [](const Seen& s) {
       return s.Is(Call::kMmap) && s.Ok() &&
              (FlagsAt(s.after, Result(s)) & kernel::kVmMixedMap) != 0;
     }},
    {"PAT2", [](const Seen& s) { return MapsAs(s, true, false); }},  // of RAM: what its pages are
    {"PAT3", [](const Seen& s) { return MapsAs(s, false, true); }},
    {"FA1", [](const Seen& s) { return s.Raises(SIGSEGV, 1) || s.Raises(SIGSEGV, 2); }},
    {"FA1 (SIGBUS)", [](const Seen& s) { return s.Raises(SIGBUS, 2); }},
    {"FA3", [](const Seen& s) { return s.Is(Call::kLoad) && NewEntry(s); }},
    {"FA3 (store)", [](const Seen& s) { return s.Is(Call::kStore) && NewEntry(s); }},
    {"FA5",
     [](const Seen& s) {
       const ptdump_record* was =
           s.Is(Call::kStore) && s.Ok() ? RunAt(s.before, Target(s)) : nullptr;
       const ptdump_record* is = was != nullptr ? RunAt(s.after, Target(s)) : nullptr;
       return is != nullptr && (was->bits & PTDUMP_SPECIAL) != 0 && (is->bits & PTDUMP_ANON) != 0;
     }},
    {"SP1",
     [](const Seen& s) { return s.Is(Call::kMunmap) && s.Ok() && Vmas(s.after) > Vmas(s.before); }},
    {"SP1 (part)",
     [](const Seen& s) {
       const ptdump_record* vma =
           s.Is(Call::kMunmap) && s.Ok() ? VmaAt(s.before, Target(s)) : nullptr;
       return vma != nullptr &&
              (vma->start < Target(s) || vma->end > Target(s) + PageUp(s.step.length)) &&
              Vmas(s.after) == Vmas(s.before);
     }},
    {"MPR1", [](const Seen& s) { return s.Is(Call::kMprotect) && !s.Ok(); }},
    {"MPR1 (EACCES)", [](const Seen& s) { return s.Says(Call::kMprotect, EACCES); }},
    {"MPR2",
     [](const Seen& s) {
       return s.Is(Call::kMprotect) && s.Ok() && Vmas(s.after) != Vmas(s.before);
     }},
    {"MPR3",
     [](const Seen& s) {
       const ptdump_record* was = s.Is(Call::kMprotect) ? RunAt(s.before, Target(s)) : nullptr;
       const ptdump_record* is = was != nullptr ? RunAt(s.after, Target(s)) : nullptr;
       return is != nullptr && (was->bits & PTDUMP_WRITE) == 0 && (is->bits & PTDUMP_WRITE) != 0;
     }},
    {"RM1",
     [](const Seen& s) { return s.Says(Call::kMremap, EFAULT) || s.Says(Call::kMremap, EINVAL); }},
    {"RM1 (shrinks)",
     [](const Seen& s) {
       return s.Is(Call::kMremap) && s.Ok() && PageUp(s.step.new_length) < PageUp(s.step.length);
     }},
    {"RM2", [](const Seen& s) { return s.Is(Call::kMremap) && s.Ok() && Result(s) != Target(s); }},
    {"P9",
     [](const Seen& s) {
       return s.Says(Call::kMremap, ENOMEM) &&
              (FlagsAt(s.before, Target(s)) & (kernel::kVmMixedMap | kernel::kVmIo)) != 0;
     }},
    {"FK1",
     [](const Seen& s) {
       return s.Is(Call::kFork) && s.Ok() &&
              std::any_of(s.after.begin(), s.after.end(), [](const ptdump_record& one) {
                return one.kind == PTDUMP_VMA && (one.flags & kernel::kVmDontCopy) != 0;
              });
     }},
    {"FK2", [](const Seen& s) { return s.Is(Call::kFork) && s.Ok() && Vmas(s.after) != 0; }},
    {"P7", [](const Seen& s) { return s.Says(Call::kFork, ENOMEM); }, 612},
    {"MA1", [](const Seen& s) { return s.Is(Call::kMadvise) && !s.Ok(); }},
    {"MA2",
     [](const Seen& s) {
       return s.Is(Call::kMadvise) && s.Ok() && RunAt(s.before, Target(s)) != nullptr &&
              RunAt(s.after, Target(s)) == nullptr;
     }},
};

constexpr auto kIds = [] {
  std::array<std::string_view, std::size(kRows)> ids;
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = kRows[i].id;
  return ids;
}();

}  // namespace

std::span<const std::string_view> RuleIds() { return kIds; }

int LastProfileOf(size_t rule) { return kRows[rule].last_profile; }

void CountRules(const Program& program, const Shown& shown, std::vector<size_t>* counts) {
  static const Space kNothing;
  std::map<uint16_t, const Space*> spaces;  // by process: as it was last seen
  std::vector<const fuzz::Step*> opens;
  std::vector<uint64_t> places;
  uint16_t current = 0;
  for (size_t i = 0; i < program.step_count && i < shown.steps.size(); ++i) {
    const fuzz::Step& step = program.steps[i];
    const Step& told = shown.steps[i];
    const bool looked = told.shown.entries != kNoSpace;
    if (told.shown.ran == Ran::kRan) {
      const auto before = spaces.find(current);
      const Seen seen = {
          .step = step,
          .shown = told.shown,
          .before = before == spaces.end() ? kNothing : *before->second,
          .after = looked ? told.space : kNothing,
          .open = UsesFd(step.call) && step.fd < opens.size() ? opens[step.fd] : nullptr,
          .place = step.mapping < places.size() ? places[step.mapping] : 0};
      for (size_t rule = 0; rule < std::size(kRows); ++rule) {
        if (kRows[rule].shows(seen)) ++(*counts)[rule];
      }
    }
    if (MakesFd(step.call)) opens.push_back(&step);
    if (MakesMapping(step.call)) places.push_back(static_cast<uint64_t>(told.shown.value));
    if (looked) {
      current = told.shown.process;
      spaces[current] = &told.space;
    }
  }
}

}  // namespace drydock::kmod
