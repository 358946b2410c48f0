// f_op->mmap_prepare, the action that it leaves, and vm_ops->mapped: Linux mm/vma.c, mm/util.c and
// mm/memory.c of 7.3; docs/mmap-rules.md section 2b.
#include <cerrno>
#include <utility>

#include "sim/kernel/mm.h"
#include "sim/kernel/vm_flags.h"

namespace drydock::kernel {
namespace {

constexpr uint64_t kRemapFlags = kVmIo | kVmPfnMap | kVmDontExpand | kVmDontDump;

uint64_t& FlagsOf(vm_area_desc& desc) { return desc.vma_flags.__vma_flags[0]; }

bool Inside(const vm_area_desc& desc, uint64_t start, uint64_t end) {  // range_in_vma_desc()
  return desc.start <= start && end <= desc.end;
}

}  // namespace

// call_mmap_prepare(), then __mmap_region() to its end (P13).
int64_t Mm::MapPrepared(uint32_t mm, uint64_t start, uint64_t end, uint64_t vm_flags,
                        uint64_t pgoff, file* file, Vma** replaced) {
  vm_area_desc desc{};
  desc.mm = &mms_.Mut(mm).c;
  desc.file = file;
  desc.start = start;
  desc.end = end;
  desc.pgoff = pgoff;
  desc.vm_file = file;
  FlagsOf(desc) = vm_flags;
  desc.page_prot.pgprot = PageProtOf(vm_flags);
  desc.vm_ops = &kDummyOps;
  const vm_area_desc given = desc;
  auto* const hook = reinterpret_cast<const char*>(file->f_op->mmap_prepare);
  last_mmap_ = MmapCall{.serial = ++counts_.Mut().serial,
                        .start = start,
                        .end = end,
                        .pgoff = pgoff,
                        .flags = vm_flags,
                        .vm_file = file,
                        .hook_pc = verdicts_.EntryPc(hook),
                        .called = true};
  // PR1: before any merge. MR2 has been: what was there is gone, whatever comes.
  int64_t error = CallDriver(driver_, file->f_op->mmap_prepare, &desc);
  last_mmap_.result = error;
  last_mmap_.file_changed = desc.vm_file != file;
  if (error != 0 || Trapped()) return error;  // PR8, MR7
  CheckDescription(desc, given, last_mmap_.hook_pc);
  error = MmapActionPrepare(&desc);
  if (error != 0 || Trapped()) return error;  // PR8, PR9: neither ->close nor error_override

  const bool given_file = desc.vm_file == file;  // else the driver has a reference for us
  Vma* merged =
      Merge(Preceding(mm, start), mm, start, end, FlagsOf(desc), desc.pgoff, desc.vm_file, nullptr);
  if (merged != nullptr) {  // PR1: what else the hook left is forgotten, mapped is not called
    merged->c.vm_flags |= kVmSoftDirty;
    SetPageProt(merged);
    return static_cast<int64_t>(start);
  }
  Vma* vma = AllocVma(mm);
  if (vma == nullptr) {
    if (!given_file) backend_.FilePut(desc.vm_file);
    return -ENOMEM;  // PR8: no ->close
  }
  vma->serial = last_mmap_.serial;
  vma->opened = 1;  // MR6
  if (given_file) backend_.FileGet(file);
  vma->c.vm_start = start;
  vma->c.vm_end = end;
  vma->c.vm_flags = FlagsOf(desc);
  vma->c.vm_pgoff = desc.pgoff;
  vma->c.vm_page_prot = desc.page_prot;
  vma->c.vm_file = desc.vm_file;
  vma->c.vm_ops = desc.vm_ops;
  vma->c.vm_private_data = desc.private_data;
  Link(vma);
  FinishMapping(vma);  // PR13: of page_prot the cache bits stay
  // P13: what was in the way gives up its memory type before the action takes one (PAT8).
  if (*replaced != nullptr) ReleaseAll(std::exchange(*replaced, nullptr));
  if (Trapped()) return -EINTR;
  verdicts_.NoteCaller(hook + 1);  // the place of what is mapped now
  error = MmapActionComplete(&vma->c, &desc.action, /*is_compat=*/false);
  return error != 0 ? error : static_cast<int64_t>(start);
}

void Mm::CheckDescription(const vm_area_desc& left, const vm_area_desc& given, uint64_t hook_pc) {
  if (left.mm != given.mm || left.file != given.file || left.start != given.start ||
      left.end != given.end) {  // PR2
    verdicts_.Report(18, 10, "->mmap_prepare leaves mm, file, start and end alone",
                     "->mmap_prepare changed what is not its own to change");
    verdicts_.Last().driver_pc = hook_pc;
  }
  const mmap_action& action = left.action;
  const bool remaps = action.type == MMAP_REMAP_PFN || action.type == MMAP_IO_REMAP_PFN;
  if (remaps && CacheOf(action.remap.pgprot.pgprot) != CacheOf(left.page_prot.pgprot)) {  // PR3
    verdicts_.Report(103, 12, "page_prot is set before the action, which takes it over",
                     "the action maps %s, page_prot says %s",
                     hw::CacheName(CacheOf(action.remap.pgprot.pgprot)),
                     hw::CacheName(CacheOf(left.page_prot.pgprot)));
    verdicts_.Last().driver_pc = hook_pc;
  }
}

int Mm::RemapPrepare(vm_area_desc* desc) {
  const mmap_action& action = desc->action;
  const uint64_t start = action.remap.start, end = start + action.remap.size;
  if (!Inside(*desc, start, end)) return -EFAULT;  // PR4
  if (IsCowMapping(FlagsOf(*desc))) {              // PR5, RP2
    if (start != desc->start || end != desc->end) return -EINVAL;
    desc->pgoff = action.remap.start_pfn;
  }
  FlagsOf(*desc) |= kRemapFlags;
  return 0;
}

int Mm::MmapActionPrepare(vm_area_desc* desc) {
  mmap_action& action = desc->action;
  if (action.error_override > 0 || action.error_override < -4095) {  // PR9
    verdicts_.Report(35, 9, "an errno that user space knows", "error_override is %d: WARN, -EINVAL",
                     action.error_override);
    return -EINVAL;
  }
  const uint64_t pages = (desc->end - desc->start) >> hw::kPageShift;
  switch (action.type) {
    case MMAP_NOTHING:
      return 0;
    case MMAP_SIMPLE_IO_REMAP: {  // PR6
      uint64_t pfn = 0;
      const int error = IomapFrame(pages, desc->pgoff, action.simple_ioremap.start_phys_addr,
                                   action.simple_ioremap.size, &pfn);
      if (error != 0) return error;
      action.remap = {.start = desc->start,
                      .start_pfn = pfn,
                      .size = desc->end - desc->start,
                      .pgprot = desc->page_prot};
      [[fallthrough]];
    }
    case MMAP_IO_REMAP_PFN:
      action.type = MMAP_REMAP_PFN;  // RP12
      [[fallthrough]];
    case MMAP_REMAP_PFN:
      return RemapPrepare(desc);
    case MMAP_MAP_KERNEL_PAGES: {
      if ((FlagsOf(*desc) & (kVmMixedMap | kVmPfnMap)) == kVmPfnMap) {
        verdicts_.Report(27, 10, "not on a VM_PFNMAP mapping",
                         "map_kernel_pages on a VM_PFNMAP mapping");
      }
      FlagsOf(*desc) |= kVmMixedMap;  // PR7
      const uint64_t start = action.map_kernel.start;
      const uint64_t end = start + (action.map_kernel.nr_pages << hw::kPageShift);
      return Inside(*desc, start, end) ? 0 : -EFAULT;  // PR4
    }
  }
  verdicts_.Report(0, 10, "an action that there is", "action.type is %d: WARN, -EINVAL",
                   static_cast<int>(action.type));
  return -EINVAL;
}

int Mm::MmapActionComplete(vm_area_struct* c, mmap_action* action, bool is_compat) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given",
                      "a copy of a VMA, or a stale one");
    return -EINVAL;
  }
  const uint64_t start = c->vm_start, end = c->vm_end;
  int error = CarryOut(vma, *action);
  if (error == 0 && !Trapped()) {
    if (action->hide_from_rmap_until_complete && c->vm_file != nullptr) {
      rmap_held_ = c->vm_file->f_mapping;  // PR14
    }
    error = CallMapped(vma);
  }
  rmap_held_ = nullptr;
  action->hide_from_rmap_until_complete = false;
  if (error == 0 || is_compat || Trapped()) return error;
  // PR8: mmap_action_finish() takes the mapping away again, with its ->close.
  UnmapRange(vma->mm, start, end);
  return action->error_override != 0 ? action->error_override : error;  // PR9
}

int Mm::CompatVmaMmap(vm_area_desc* desc, vm_area_struct* c) {
  Vma* vma = VmaOf(c);
  if (vma == nullptr) {
    verdicts_.TrapNow(Trap::kBug, 28, 10, "the VMA that ->mmap was given",
                      "a copy of a VMA, or a stale one");
    return -EINVAL;
  }
  const int error = MmapActionPrepare(desc);
  if (error != 0) return error;
  // compat_set_vma_from_desc()
  c->vm_pgoff = desc->pgoff;
  if (desc->vm_file != c->vm_file) {  // vma_set_file()
    backend_.FileGet(desc->vm_file);
    backend_.FilePut(c->vm_file);
    c->vm_file = desc->vm_file;
  }
  c->vm_flags = FlagsOf(*desc);
  c->vm_page_prot = desc->page_prot;
  c->vm_ops = desc->vm_ops;
  c->vm_private_data = desc->private_data;
  compat_serial_ = vma->serial;
  return MmapActionComplete(c, &desc->action, /*is_compat=*/true);
}

int Mm::CarryOut(Vma* vma, const mmap_action& action) {
  if (action.type == MMAP_NOTHING) return 0;
  return CallDriver(driver_, &CarryOutOnDriverStack, this, vma, &action);
}

int Mm::CarryOutOnDriverStack(Mm* self, Vma* vma, const mmap_action* action) {
  switch (action->type) {
    case MMAP_NOTHING:
      return 0;
    case MMAP_REMAP_PFN:
      return self->RemapFrames(vma, action->remap.start, action->remap.start_pfn,
                               action->remap.size, action->remap.pgprot.pgprot);
    case MMAP_MAP_KERNEL_PAGES: {  // PR7
      unsigned long count = action->map_kernel.nr_pages;
      return self->InsertPages(vma, action->map_kernel.start, action->map_kernel.pages, &count);
    }
    case MMAP_IO_REMAP_PFN:
    case MMAP_SIMPLE_IO_REMAP:
      break;  // mmap_action_prepare() makes them a plain remap
  }
  self->verdicts_.Report(0, 10, "an action that was prepared", "action.type is %d: WARN, -EINVAL",
                         static_cast<int>(action->type));
  return -EINVAL;
}

// call_vma_mapped() (PR10).
int Mm::CallMapped(Vma* vma) {
  const vm_area_struct& c = vma->c;
  if (c.vm_ops == nullptr || c.vm_ops->mapped == nullptr) return 0;
  void* data = c.vm_private_data;
  const int error = CallDriver(driver_, c.vm_ops->mapped, c.vm_start, c.vm_end, c.vm_pgoff,
                               static_cast<const file*>(c.vm_file), &data);
  if (Trapped()) return 0;
  if (error > 0) {  // MR7
    verdicts_.Report(35, 9, "0 or a negative errno",
                     "vm_ops->mapped returned %d: mmap(2) gives it to user space as an address",
                     error);
    verdicts_.Last().driver_pc = verdicts_.EntryPc(reinterpret_cast<void*>(c.vm_ops->mapped));
  }
  if (error == 0) vma->c.vm_private_data = data;
  return error;
}

}  // namespace drydock::kernel
