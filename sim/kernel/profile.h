// What differs between the kernels that are modelled, as data: Mm reads it and asks for no version.
// Each field is a rule of docs/mmap-rules.md (its id) and names where the kernel decides it; false
// is what 6.1 does.
#ifndef DRYDOCK_SIM_KERNEL_PROFILE_H_
#define DRYDOCK_SIM_KERNEL_PROFILE_H_

#include <cstdint>

namespace drydock::kernel {

struct Profile {
  int number = 601;  // 601, 612, 703
  const char* name = "6.1";

  // --- VMAs are made, split, merged ---
  // MR2, MR3, P13: mmap(2) splits, charges, and only then unmaps what is in its way; ->close runs,
  // the rest of the old VMAs goes when the new one is done. mm/vma.c:__mmap_setup()
  bool charges_before_unmap = false;
  // SP1: where an unmapping begins, the new VMA is the part below.
  // mm/vma.c:vms_gather_munmap_vmas()
  bool splits_off_below = false;
  // P8: a neighbour with ->close is merged unless that would remove it.
  // mm/vma.c:can_merge_remove_vma()
  bool merges_beside_close = false;
  // MR10: a driver's new flags are no reason to try again. mm/vma.c:__mmap_new_vma()
  bool merges_once = false;
  // AN1: a range with private pages joins a neighbour that has none.
  // mm/vma.c:is_mergeable_anon_vma()
  bool joins_with_pages = false;
  // 1.8: anonymous memory in multiples of 2 MiB is aligned so. mm/mmap.c:__get_unmapped_area()
  bool aligns_large = false;
  // 1.8: and so are mappings of files, 6.12 alone. mm/mmap.c:__get_unmapped_area()
  bool aligns_files = false;
  // 1.2: MAP_32BIT holds for huge pages, too. fs/hugetlbfs/inode.c:hugetlb_get_unmapped_area()
  bool huge_pages_below_2g = false;
  // 1.10: MAP_STACK is VM_NOHUGEPAGE. include/linux/mman.h:calc_vm_flag_bits()
  bool stack_without_huge_pages = false;
  // 1.12: MAP_SHARED_VALIDATE knows MAP_ABOVE4G. include/linux/mman.h
  bool knows_above_4g = false;
  // 1.12: MAP_DROPPABLE. mm/mmap.c:do_mmap()
  bool droppable = false;
  // P14: mseal(2), whose mark is this flag. 0: there is no such call. mm/mseal.c
  uint64_t sealed = 0;

  // LK1: munmap(2) lets go of mmap_lock for writing below a mapping that grows down, too.
  // mm/vma.c:vms_complete_munmap_vmas()
  bool downgrades_below_stacks = false;

  // --- frames are mapped, with their cache type ---
  // P2 to P7, PAT8: what a remap reserved is counted, and freed with the last VMA that has a part
  // of it, instead of found again by VM_PAT and the first entry.
  // mm/memory.c:remap_pfn_range_track()
  bool counts_reservations = false;
  // RP1, P11: the rule of copy-on-write mappings and the flags come before the cache type, and an
  // unaligned address only after it. mm/memory.c:remap_pfn_range_prepare_vma()
  bool remap_tracks_last = false;
  // P10: pgprot_writecombine() and _writethrough() replace the type that was there.
  // arch/x86/mm/pat/memtype.c:pgprot_set_cachemode()
  bool replaces_cache_type = false;

  // ZP1: zap_special_vma_range(), which stands in for zap_vma_ptes(), does VM_MIXEDMAP too.
  // mm/memory.c:zap_special_vma_range()
  bool zaps_mixed = false;

  // --- pages are inserted ---
  // IP2: VM_MIXEDMAP is set before the page's count is looked at.
  // mm/memory.c:validate_page_before_insert()
  bool inserts_flag_first = false;
  // IP3, P18: vm_insert_pages() has no BUG. mm/memory.c:vm_insert_pages()
  bool inserts_pages_anywhere = false;
  // FM1: vmf_insert_mixed() where it may not is SIGBUS. mm/memory.c:__vm_insert_mixed()
  bool mixed_is_sigbus = false;
  // P16: its frame is a plain number, without flags. include/linux/mm.h
  bool plain_frames = false;

  // FA7: what a load makes is dirty if it is writable and the page is. mm/memory.c:set_pte_range()
  bool shows_dirty_pages = false;

  // --- DMA pools ---
  // DP3, DP4: blocks are a list of the pool, of at least two words each; the last one of a page is
  // not left out. mm/dmapool.c:pool_initialise_page()
  bool lists_pool_blocks = false;

  // --- mremap, mprotect, madvise ---
  // MPR3: of private pages, a clean one becomes writable, too.
  // mm/mprotect.c:can_change_private_pte_writable()
  bool makes_clean_writable = false;
  // P9: what grows in place is merged, with ->close too. mm/vma.c:vma_merge_extend()
  bool grows_by_merging = false;
  // RM6: mremap(2) looks at everything before it unmaps the target.
  // mm/mremap.c:check_mremap_params(), check_prep_vma()
  bool remap_checks_first = false;
  // P15: a move to a fixed address takes all VMAs of the range. mm/mremap.c:remap_move()
  bool moves_many = false;
  // MPR5: private memory that nobody has touched is not charged while it is not writable.
  // mm/mprotect.c:mprotect_fixup()
  bool uncharges_untouched = false;
  // MA4: MADV_POPULATE_* stops at a hole. mm/madvise.c:madvise_populate()
  bool populates_to_hole = false;
  // MA7: MADV_PAGEOUT takes pages whatever accessed them, and leaves the bit.
  // mm/madvise.c:madvise_cold_or_pageout_pte_range()
  bool pages_out_young = false;
  // MC1: mincore(2) walks VM_PFNMAP too. mm/mincore.c:do_mincore()
  bool mincore_walks_all = false;
  // AC3: generic_access_phys() ends with its page, and asks by itself whether it is RAM.
  // mm/memory.c:generic_access_phys()
  bool accesses_one_page = false;
  // AC1: /proc/PID/mem overrides permissions for an active tracer alone, which no program here is
  // (CONFIG_PROC_MEM_FORCE_PTRACE, the default). fs/proc/base.c:proc_mem_foll_force()
  bool mem_needs_tracer = false;
  // FK1: MADV_DOFORK of any VM_SPECIAL is EINVAL. mm/madvise.c:madvise_vma_behavior()
  bool no_dofork_of_special = false;
};

// The profile of this number; 6.1's if there is none.
const Profile& ProfileOf(int number);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_PROFILE_H_
