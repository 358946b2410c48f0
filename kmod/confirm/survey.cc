#include "kmod/confirm/survey.h"

#include <algorithm>
#include <optional>

#include "fuzz/provenance.h"
#include "sim/kernel/kernel.h"

namespace drydock::kmod {
namespace {

// A page that something else lies in beside the driver's memory is the driver's here.
uint64_t OwnedFrom(kernel::Kernel& kernel, uint64_t start, uint64_t pages, hw::Pfn frame) {
  const uint64_t owned = fuzz::OwnedPages(kernel, frame);
  if (owned != 0) return owned;
  const fuzz::Object object = fuzz::Explain(kernel, {start, 0, pages}, frame).object;
  return object.shares_page && object.pfn == frame ? 1 : 0;
}

}  // namespace

std::vector<OwnedRun> OwnedRunsOf(kernel::Kernel& kernel, const std::vector<ptdump_record>& space) {
  constexpr uint64_t kMostPages = 8192;  // of a run; beyond, it is more of the same
  std::vector<OwnedRun> runs;
  for (const ptdump_record& record : space) {
    if (record.kind != PTDUMP_RUN || (record.bits & (PTDUMP_ANON | PTDUMP_ZERO)) != 0) continue;
    const uint64_t pages =
        std::min<uint64_t>((record.end - record.start) >> hw::kPageShift, kMostPages);
    for (uint64_t i = 0; i < pages;) {
      const uint64_t frame = record.frame + i;
      const uint64_t owned = OwnedFrom(kernel, record.start, pages, hw::Pfn{frame});
      const uint64_t here = owned == 0 ? 1 : std::min(owned, pages - i);
      runs.push_back({record.start + (i << hw::kPageShift), here, frame, owned});
      i += here;
    }
  }
  return runs;
}

void AddSurvey(const fuzz::Program& program, const Shown& sim, const Shown& there,
               const std::vector<std::vector<OwnedRun>>& owned, Survey* survey) {
  for (size_t i = 1; i + 1 < program.step_count; ++i) {
    const fuzz::Step& step = program.steps[i];
    if (step.call != fuzz::Call::kMmap) continue;
    const int64_t at = sim.steps[i].shown.value, at_there = there.steps[i].shown.value;
    if (at <= 0 || at_there <= 0) continue;
    const auto frame = FrameAt(there.steps[i + 1].space, static_cast<uint64_t>(at_there));
    for (const OwnedRun& run : owned[i + 1]) {
      const uint64_t into = (static_cast<uint64_t>(at) - run.start) >> hw::kPageShift;
      if (static_cast<uint64_t>(at) < run.start || into >= run.pages || !frame) continue;
      const uint64_t left = run.owned > into ? run.owned - into : 0;
      (*survey)[{program.steps[0].node, step.offset >> hw::kPageShift}] = {run.frame + into, *frame,
                                                                           left};
    }
  }
}

}  // namespace drydock::kmod
