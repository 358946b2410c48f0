#include "kmod/conform/sim_side.h"

#include <signal.h>

#include <algorithm>

#include "sim/hw/memory_type.h"
#include "sim/hw/page_table.h"
#include "sim/kernel/kernel.h"
#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kmod {
namespace {

static_assert(kMmapBase == kernel::Mm::kMmapBase);

uint16_t CacheNumber(hw::CacheType type) {
  switch (type) {
    case hw::CacheType::kWriteBack:
      return PTDUMP_WB;
    case hw::CacheType::kWriteCombining:
      return PTDUMP_WC;
    case hw::CacheType::kUncachedMinus:
      return PTDUMP_UC_MINUS;
    case hw::CacheType::kUncached:
      return PTDUMP_UC;
    case hw::CacheType::kWriteThrough:
      return PTDUMP_WT;
    case hw::CacheType::kWriteProtected:
      return PTDUMP_WP;
    case hw::CacheType::kNormalNonCacheable:
    case hw::CacheType::kDeviceEarlyAck:
    case hw::CacheType::kDeviceNoEarlyAck:
      break;  // not of the machine that this world is
  }
  return PTDUMP_WB;
}

// The part [from, to) of an extent, as ptdump tells it.
ptdump_record RunOf(const hw::Extent& extent, uint64_t from, uint64_t to, bool shared_anonymous) {
  const hw::PteBits& bits = extent.bits;
  ptdump_record record{};
  record.kind = PTDUMP_RUN;
  record.bits = static_cast<uint16_t>(
      (bits.present != 0 ? PTDUMP_PRESENT : 0) | (bits.write != 0 ? PTDUMP_WRITE : 0) |
      (bits.exec != 0 ? PTDUMP_EXEC : 0) | (bits.special != 0 ? PTDUMP_SPECIAL : 0) |
      (bits.dirty != 0 ? PTDUMP_DIRTY : 0) | (bits.accessed != 0 ? PTDUMP_ACCESSED : 0) |
      // (Shared anonymous memory is pages of a file, for the kernel; the entry of an anonymous page
      // that was only read is that of the zero page.)
      (bits.anon == 0 || shared_anonymous ? 0
       : bits.special != 0                ? PTDUMP_ZERO
                                          : PTDUMP_ANON));
  record.cache = CacheNumber(bits.cache);
  record.start = from;
  record.end = to;
  record.frame = hw::PageTable::PfnAt(extent, {from}).value;
  return record;
}

void AppendRuns(const hw::PageTable& table, uint64_t from, uint64_t to, bool shared_anonymous,
                std::vector<ptdump_record>* space) {
  for (size_t i = table.LowerBound({from}); i < table.count() && table[i].va.value < to; ++i) {
    const uint64_t start = std::max(from, table[i].va.value);
    const uint64_t end = std::min(to, table[i].end().value);
    if (start < end) space->push_back(RunOf(table[i], start, end, shared_anonymous));
  }
}

std::vector<ptdump_record> SpaceOf(const kernel::Mm& mm, uint32_t index) {
  const hw::PageTable& table = mm.table(index);
  std::vector<ptdump_record> space;
  space.reserve(mm.VmaCount(index) + table.count());
  uint64_t told_up_to = kSeenFrom;
  for (uint32_t i = 0; i < mm.VmaCount(index); ++i) {
    const vm_area_struct& vma = mm.VmaAt(index, i).c;
    if (vma.vm_end <= kSeenFrom || vma.vm_start >= kSeenTo) continue;
    AppendRuns(table, told_up_to, vma.vm_start, false, &space);
    ptdump_record record{};
    record.kind = PTDUMP_VMA;
    const bool shared_anonymous = vma.vm_file == nullptr && (vma.vm_flags & kernel::kVmShared) != 0;
    record.bits =
        static_cast<uint16_t>(((vma.vm_page_prot.pgprot & kernel::kPteRw) != 0 ? PTDUMP_WRITE : 0) |
                              (shared_anonymous ? PTDUMP_OBJECT : 0));
    record.cache = CacheNumber(hw::CacheTypeOf(vma.vm_page_prot.pgprot));
    record.start = vma.vm_start;
    record.end = vma.vm_end;
    record.frame = vma.vm_pgoff;
    record.flags = vma.vm_flags;
    space.push_back(record);
    AppendRuns(table, vma.vm_start, vma.vm_end, shared_anonymous, &space);
    told_up_to = vma.vm_end;
  }
  AppendRuns(table, told_up_to, kSeenTo, false, &space);
  return space;
}

// vm_normal_page() finds "Bad page map" in the second kind.
bool HasStrays(const std::vector<ptdump_record>& space) {
  const ptdump_record* vma = nullptr;
  for (const ptdump_record& record : space) {
    if (record.kind == PTDUMP_VMA) {
      vma = &record;
      continue;
    }
    if (vma == nullptr || record.start >= vma->end) return true;
    const bool of_frames = (vma->flags & (kernel::kVmPfnMap | kernel::kVmMixedMap)) != 0;
    const bool special = (record.bits & PTDUMP_SPECIAL) != 0 && (record.bits & PTDUMP_ZERO) == 0;
    if (special && !of_frames) return true;
  }
  return false;
}

}  // namespace

class SimSide::Observer final : public fuzz::StepObserver {
 public:
  Observer(World& world, fuzz::Executor& executor, const fuzz::Program& program, const Told& tell,
           Shown* shown)
      : world_(world),
        executor_(executor),
        program_(program),
        tell_(tell),
        shown_(shown),
        types_(world.kernel().mm().memory_types().count()),
        used_bytes_(program.step_count * sizeof(StepShown)) {}

  void AfterStep(int step) override {
    const auto i = static_cast<size_t>(step);
    if (i >= program_.step_count) return;  // the exits at the end
    const uint32_t index = executor_.world_process(executor_.current());
    if (CopiesFromMapping(i, index)) shown_->ending = Ending::kCopiesOntoItself;
    if (IsTheMachines(i, index)) shown_->is_the_machines = true;
    if (ReachesStack(i)) shown_->reaches_stack = true;
    if (executor_.observations()[i].outcome.trapped || !world_.process(index).alive()) return;
    Step& told = shown_->steps[i];
    told.space = SpaceOf(world_.kernel().mm(), index);
    if (HasStrays(told.space)) shown_->leaves_strays = true;
    if (world_.kernel().mm().memory_types().count() != types_) shown_->reserves_types = true;
    used_bytes_ += told.space.size() * sizeof(ptdump_record);
    // A full page table is one from which entries are missing that a kernel has room for.
    const hw::PageTable& table = world_.kernel().mm().table(index);
    if (used_bytes_ > kMostShownBytes || table.count() == table.capacity()) {
      shown_->ending = Ending::kOverflow;
    }
    told.shown.entries = static_cast<uint32_t>(told.space.size());
    told.shown.process = static_cast<uint16_t>(executor_.current());
    if (tell_) tell_(i, told);
  }

 private:
  bool IsTheMachines(size_t i, uint32_t index) const {
    const fuzz::Step& step = program_.steps[i];
    const bool store = step.call == fuzz::Call::kStore;
    if (!store && step.call != fuzz::Call::kLoad) return false;
    const uint64_t to = PlaceOf(step) + step.length;
    for (uint64_t at = PlaceOf(step) & ~hw::kPageMask; at < to; at += hw::kPageSize) {
      const hw::Extent* const entry = world_.kernel().mm().table(index).Find({at});
      if (entry == nullptr) continue;
      const hw::Pfn pfn = hw::PageTable::PfnAt(*entry, {at});
      hw::PhysicalMemory& memory = world_.kernel().memory();
      if (memory.IsRam(pfn)) {
        const hw::FrameKind kind = memory.frame(pfn).kind;
        if (kind == hw::FrameKind::kFree || kind == hw::FrameKind::kReserved) return true;
      } else if (store || world_.kernel().mmio().Find(hw::PhysAddr::Of(pfn)) == nullptr) {
        return true;  // (A PC's bus answers ones then, QEMU's zeroes.)
      }
    }
    return false;
  }
  // What would be refused as longer than the address space does not matter.
  bool ReachesStack(size_t i) const {
    if (executor_.observations()[i].state != fuzz::StepState::kRan) return false;
    const fuzz::Step& step = program_.steps[i];
    const uint64_t length = std::max({uint64_t{1}, step.length, step.new_length});
    const auto reaches = [length](uint64_t from) {
      const uint64_t to = from + length;
      return from < kernel::kTaskSize && to > kSeenTo &&
             (from >= kSeenTo || to <= kernel::kTaskSize);
    };
    return (UsesMapping(step.call) && reaches(PlaceOf(step))) ||
           (step.at != fuzz::kNone && reaches(MappedAt(step.at) + step.at_offset));
  }
  // Of steps that ran.
  uint64_t PlaceOf(const fuzz::Step& step) const { return MappedAt(step.mapping) + step.offset; }
  uint64_t MappedAt(size_t mapping) const {
    size_t made = 0, mapped = 0;  // the step that made the mapping
    while (!MakesMapping(program_.steps[mapped].call) || made++ != mapping) ++mapped;
    return static_cast<uint64_t>(executor_.observations()[mapped].outcome.value);
  }

  // A page of the buffer is no memory of the process's own.
  bool CopiesFromMapping(size_t i, uint32_t index) const {
    const fuzz::Step& step = program_.steps[i];
    const auto observations = executor_.observations();
    if (step.call != fuzz::Call::kRead && step.call != fuzz::Call::kWrite) return false;
    if (!observations[i].outcome.ok() || observations[i].outcome.value == 0) return false;
    const uint64_t from = PlaceOf(step);
    const uint64_t to = from + static_cast<uint64_t>(observations[i].outcome.value);
    const hw::PageTable& table = world_.kernel().mm().table(index);
    for (size_t k = table.LowerBound({from & ~hw::kPageMask});
         k < table.count() && table[k].va.value < to; ++k) {
      if (table[k].bits.anon == 0) return true;
    }
    return false;
  }

  World& world_;
  fuzz::Executor& executor_;
  const fuzz::Program& program_;
  const Told& tell_;
  Shown* shown_;
  const size_t types_;   // memory types reserved before
  uint64_t used_bytes_;  // of kMostShownBytes
};

SimSide::SimSide(int profile, const std::string& shared_object, const Parameters& parameters) {
  WorldOptions options;
  options.profile = profile;
  options.raw_io = true;  // root, as in the guest
  world_ = std::make_unique<World>(options);
  error_ = world_->LoadDriver(shared_object, parameters);
  if (!error_.empty()) return;
  world_->Checkpoint();
  executor_ = std::make_unique<fuzz::Executor>(*world_);
}

uint64_t SimSide::ObjectPages() {
  uint64_t least = 0, too_many = 4097;
  while (least + 1 < too_many) {
    const uint64_t pages = least + (too_many - least) / 2;
    fuzz::Program program;
    program.Add({.call = fuzz::Call::kOpen, .flags = fuzz::kOpenReadWrite});
    program.Add({.call = fuzz::Call::kMmap,
                 .flags = fuzz::kMapShared,
                 .prot = fuzz::kProtRead,
                 .length = fuzz::Pages(pages)});
    Fresh();
    const Shown shown = Run(program);
    const bool granted = shown.ending == Ending::kFinished &&
                         shown.steps[1].shown.ran == Ran::kRan && shown.steps[1].shown.value > 0;
    (granted ? least : too_many) = pages;
  }
  Fresh();
  return least;
}

void SimSide::Fresh() {
  world_->Reset();
  world_->verdicts().Clear();
  first_ = true;
}

Shown SimSide::Run(const fuzz::Program& program, const Told& told) {
  Shown shown;
  shown.steps.resize(program.step_count);
  for (Step& step : shown.steps) step.shown.entries = kNoSpace;
  world_->verdicts().Clear();
  if (!first_) world_->StartProcess();
  first_ = false;
  Observer observer(*world_, *executor_, program, told, &shown);
  executor_->Run(program, &observer);
  for (size_t i = 0; i < program.step_count; ++i) {
    const fuzz::Observation& seen = executor_->observations()[i];
    StepShown& step = shown.steps[i].shown;
    step.ran = static_cast<Ran>(seen.state);
    step.value = seen.outcome.value;
    step.data = seen.data;
    if (step.entries == kNoSpace) step.process = static_cast<uint16_t>(seen.process);
    switch (seen.outcome.signal) {
      case user::Signal::kNone:
        break;
      case user::Signal::kSegvMaperr:
      case user::Signal::kSegvAccerr:
        step.signal = SIGSEGV;
        step.signal_code =
            seen.outcome.signal == user::Signal::kSegvMaperr ? SEGV_MAPERR : SEGV_ACCERR;
        break;
      case user::Signal::kSegvKernel:
        step.signal = SIGSEGV;
        step.signal_code = SI_KERNEL;
        break;
      case user::Signal::kBusAdrerr:
        step.signal = SIGBUS;
        step.signal_code = BUS_ADRERR;
        break;
      case user::Signal::kBusAdraln:
        step.signal = SIGBUS;
        step.signal_code = BUS_ADRALN;
        break;
      case user::Signal::kKilled:
        step.signal = SIGKILL;
        break;
    }
  }
  if (!executor_->finished()) {
    // (A page table that is full stops a program, too.)
    if (shown.ending != Ending::kOverflow) shown.ending = Ending::kTrapped;
    const kernel::Verdicts& verdicts = world_->verdicts();
    for (size_t i = 0; i < verdicts.count(); ++i) {
      if (verdicts[i].trap != kernel::Trap::kNone) shown.said = verdicts[i].seen;
    }
  }
  return shown;
}

}  // namespace drydock::kmod
