#include "kmod/confirm/judge.h"

#include <algorithm>
#include <cstdio>

#include "kmod/conform/comparison.h"
#include "sim/hw/address.h"

namespace drydock::kmod {
namespace {

// include/uapi/linux/kernel-page-flags.h, and bit 32 of include/linux/kernel-page-flags.h.
constexpr uint64_t kSlab = uint64_t{1} << 7;
constexpr uint64_t kBuddy = uint64_t{1} << 10;
constexpr uint64_t kAnon = uint64_t{1} << 12;
constexpr uint64_t kNoPage = uint64_t{1} << 20;
constexpr uint64_t kPageTable = uint64_t{1} << 26;
constexpr uint64_t kReserved = uint64_t{1} << 32;

std::string Hex(uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

const ptdump_record* VmaAt(const std::vector<ptdump_record>& space, uint64_t at) {
  for (const ptdump_record& record : space) {
    if (record.kind == PTDUMP_VMA && at >= record.start && at < record.end) return &record;
  }
  return nullptr;
}

// The step whose result the mapping at `at` is, and its name.
struct Maker {
  size_t step = 0;
  std::string name;  // "m0"
  uint64_t start = 0;
  uint8_t node = 0;
};

std::optional<Maker> MakerOf(const Case& of, uint64_t at) {
  std::optional<Maker> found;
  std::vector<uint8_t> fd_nodes;
  size_t mapping = 0;
  for (size_t i = 0; i <= of.step && i < of.program.step_count; ++i) {
    const fuzz::Step& step = of.program.steps[i];
    if (MakesFd(step.call)) fd_nodes.push_back(step.node);
    if (!MakesMapping(step.call)) continue;
    const size_t number = mapping++;
    const StepShown& shown = of.guest.steps[i].shown;
    if (shown.ran != Ran::kRan || shown.value <= 0) continue;
    const auto start = static_cast<uint64_t>(shown.value);
    const uint64_t length = step.call == fuzz::Call::kMremap ? step.new_length : step.length;
    if (at < start || at - start >= ((length + hw::kPageMask) & ~hw::kPageMask)) continue;
    uint8_t node = found ? found->node : 0;
    if (step.call == fuzz::Call::kMmap && step.fd < fd_nodes.size()) node = fd_nodes[step.fd];
    found = Maker{i, "m" + std::to_string(number), start, node};
  }
  return found;
}

std::string PageOf(const Case& of, uint64_t at) {
  const std::optional<Maker> maker = MakerOf(of, at);
  if (!maker) return "an address outside of what was asked for";
  return "page " + std::to_string((at - maker->start) >> hw::kPageShift) + " of " + maker->name;
}

// The driver's own frames, in the kernel's numbers.
std::vector<std::pair<uint64_t, uint64_t>> OwnInGuest(const Survey& survey) {
  std::vector<std::pair<uint64_t, uint64_t>> own;
  for (const auto& [place, page] : survey) {
    if (page.owned == 0) continue;
    const uint64_t end = page.guest + page.owned;
    if (!own.empty() && page.guest >= own.back().first && page.guest <= own.back().second) {
      own.back().second = std::max(own.back().second, end);
    } else {
      own.emplace_back(page.guest, end);
    }
  }
  return own;
}

std::string OwnText(const std::vector<std::pair<uint64_t, uint64_t>>& own) {
  if (own.empty()) return {};
  std::string text = "the driver's ";
  text += own[0].second - own[0].first == 1 ? "is " : "are ";
  text += Hex(own[0].first);
  if (own[0].second - own[0].first > 1) text += " to " + Hex(own[0].second - 1);
  return own.size() == 1 ? text : text + " and others";
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kConfirmed:
      return "confirmed";
    case Verdict::kNotObservable:
      return "not observable";
    case Verdict::kRefuted:
      return "refuted";
  }
  return "";
}

std::optional<uint64_t> FrameAt(const std::vector<ptdump_record>& space, uint64_t at) {
  for (const ptdump_record& record : space) {
    if (record.kind != PTDUMP_RUN || at < record.start || at >= record.end) continue;
    if ((record.bits & PTDUMP_SWAP) != 0) return std::nullopt;
    return record.frame + ((at - record.start) >> hw::kPageShift);
  }
  return std::nullopt;
}

EntryJudgement JudgeEntries(const Case& of) {
  EntryJudgement judgement;
  const std::vector<ptdump_record>& space = of.guest.steps[of.step].space;
  const std::vector<ptdump_record>& sim_space = of.sim.steps[of.step].space;
  const auto own = OwnInGuest(of.survey);
  for (const OwnedRun& run : of.owned) {
    for (uint64_t i = 0; i < run.pages; ++i) {
      const uint64_t at = run.start + (i << hw::kPageShift);
      const bool foreign = run.owned == 0;
      const bool outside = VmaAt(sim_space, at) == nullptr;
      // Of its own pages, those that another offset should show.
      const std::optional<Maker> maker = MakerOf(of, at);
      const auto first = of.survey.find({maker ? maker->node : uint8_t{0}, 0});
      bool moved = false;
      uint64_t by = 0;
      if (maker && first != of.survey.end()) {
        const uint64_t asked = (of.program.steps[maker->step].offset >> hw::kPageShift) +
                               ((at - maker->start) >> hw::kPageShift);
        by = run.frame + i - first->second.sim;
        moved = by != asked && of.program.steps[maker->step].call == fuzz::Call::kMmap;
      }
      if (!foreign && !outside && !moved) continue;
      judgement.any_in_simulation = true;
      const std::optional<uint64_t> frame = FrameAt(space, at);
      if (!frame) {
        judgement.contrary = PageOf(of, at) + " has no entry there";
        return judgement;
      }
      const bool is_own = std::any_of(own.begin(), own.end(), [&](const auto& range) {
        return *frame >= range.first && *frame < range.second;
      });
      WrongPage page{at, *frame, PageOf(of, at) + " shows frame " + Hex(*frame), OwnText(own)};
      if (foreign) {
        if (own.empty()) return judgement;
        if (is_own) {
          judgement.contrary = page.words + ", and " + page.instead;
        } else {
          judgement.confirmed = std::move(page);
        }
        return judgement;
      }
      if (outside) {
        if (VmaAt(space, at) == nullptr) {
          page.words = "an entry for frame " + Hex(*frame) + " lies outside of every mapping";
          judgement.confirmed = std::move(page);
        } else {
          judgement.contrary = "every entry lies in a mapping";
        }
        return judgement;
      }
      const uint64_t there = *frame - first->second.guest;
      if (there == by) {
        page.words = PageOf(of, at) + " shows page " + std::to_string(static_cast<int64_t>(by)) +
                     " of what offset 0 shows";
        page.instead.clear();
        judgement.confirmed = std::move(page);
      } else {
        judgement.contrary = PageOf(of, at) + " shows page " +
                             std::to_string(static_cast<int64_t>(there)) +
                             " of what offset 0 shows";
      }
      return judgement;
    }
  }
  return judgement;
}

Judgement JudgeSame(const Case& of) {
  const std::vector<StepText> sim = TextOf(of.program, of.sim, of.sim_frames);
  const std::vector<StepText> guest = TextOf(of.program, of.guest, of.guest_frames);
  for (size_t i = 0; i <= of.step && i < sim.size() && i < guest.size(); ++i) {
    if (sim[i] == guest[i]) continue;
    std::string here = sim[i].result, there = guest[i].result;
    for (size_t line = 0; here == there; ++line) {
      here = line < sim[i].space.size() ? sim[i].space[line] : "nothing more";
      there = line < guest[i].space.size() ? guest[i].space[line] : "nothing more";
    }
    return {Verdict::kRefuted, FormatStep(of.program, i, of.nodes) + ": " + there +
                                   ", where the simulation has " + here};
  }
  const StepText& last = guest[of.step];
  std::string shown = FormatStep(of.program, of.step, of.nodes) + " = " + last.result;
  for (const std::string& line : last.space) {
    if (!line.starts_with('[')) continue;
    shown += "; " + line;
    break;
  }
  return {Verdict::kConfirmed, shown};
}

std::string WithDriversPath(const std::string& complaint, const std::string& folder,
                            const std::string& driver) {
  constexpr std::string_view kStage = "/part.";
  constexpr size_t kRandom = 6;  // characters that mktemp chooses
  const std::string inside = "/" + folder + "/";
  const size_t slash = driver.rfind('/');
  const std::string beside = slash == driver.npos ? "" : driver.substr(0, slash + 1);
  std::string text = complaint;
  for (size_t at = 0; (at = text.find(kStage, at)) != text.npos;) {
    const size_t folder_at = at + kStage.size() + kRandom;
    if (folder_at >= text.size() || text.compare(folder_at, inside.size(), inside) != 0) {
      at += kStage.size();
      continue;
    }
    const size_t space = text.rfind(' ', at);
    const size_t begin = space == text.npos ? 0 : space + 1;
    text.replace(begin, folder_at + inside.size() - begin, beside);
    at = begin + beside.size();
  }
  return text;
}

bool IsSlabPage(int64_t read, uint64_t flags) { return read == 8 && (flags & kSlab) != 0; }
bool IsFreePage(int64_t read, uint64_t flags) { return read == 8 && (flags & kBuddy) != 0; }

std::string WordsOfPage(int64_t read, uint64_t flags) {
  if (read == 0 || (read == 8 && (flags & kNoPage) != 0)) return "no memory of the machine";
  if (read != 8) return {};
  if (IsFreePage(read, flags)) return "free memory";
  if (IsSlabPage(read, flags)) return "the slab allocator's";
  if ((flags & kPageTable) != 0) return "a page table";
  if ((flags & kAnon) != 0) return "a process's memory";
  if ((flags & kReserved) != 0) return "the kernel's own";
  return "memory in use";
}

std::string WordsOfMark(uint8_t byte) {
  switch (byte) {
    case 0x6b:  // include/linux/poison.h: POISON_FREE, PAGE_POISON
      return "the slab allocator's mark of memory that nobody has written since it was free";
    case 0xaa:
      return "the page allocator's mark of memory that nobody has written since it was free";
    default:
      return {};
  }
}

}  // namespace drydock::kmod
