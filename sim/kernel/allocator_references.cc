// References to pages, and their locks: get_page, put_page, split_page, lock_page.
#include "sim/kernel/allocator.h"

namespace drydock::kernel {

using hw::FrameKind;
using hw::Pfn;

constexpr unsigned long kPageLocked = 1;  // PG_locked

// compound_head() by the register, not by the struct page: the driver can write to that.
Pfn Allocator::HeadOf(Pfn pfn) const {
  const AllocationId id = memory_.frame(pfn).owner;
  return id != 0 && register_[id].compound != 0 ? register_[id].pfn : pfn;
}

int Allocator::PageCount(const struct page* page) const {
  if (!memory_.IsPage(page)) return 0;
  return memory_.ReadPage(HeadOf(memory_.PfnOf(page)))._refcount.counter;
}

void Allocator::GetPage(struct page* page) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "get_page() is given a struct page",
                      "get_page(%p): no struct page", static_cast<void*>(page));
    return;
  }
  const Pfn pfn = memory_.PfnOf(page);
  const Pfn head = HeadOf(pfn);
  const FrameKind kind = memory_.frame(pfn).kind;
  // A tail page of a block that is not compound counts from 0 (C48 shows when it falls back to
  // that).
  if (memory_.ReadPage(head)._refcount.counter <= 0 && kind == FrameKind::kFree) {
    verdicts_.Report(43, 6, "a reference is taken to a page that somebody holds",
                     "get_page() of PFN 0x%llx, which is free",
                     static_cast<unsigned long long>(pfn.value));
    return;
  }
  ++memory_.MutPage(head)._refcount.counter;
}

void Allocator::PutPage(struct page* page) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "put_page() is given a struct page",
                      "put_page(%p): no struct page", static_cast<void*>(page));
    return;
  }
  const Pfn head = HeadOf(memory_.PfnOf(page));
  if (memory_.ReadPage(head)._refcount.counter <= 0) {
    verdicts_.Report(44, 6, "a page's reference count never falls below 0",
                     "put_page() of PFN 0x%llx, whose count is %d",
                     static_cast<unsigned long long>(head.value),
                     memory_.ReadPage(head)._refcount.counter);
    return;
  }
  if (--memory_.MutPage(head)._refcount.counter == 0) LastReferenceDropped(head);
}

// mm/filemap.c: PG_locked is the block's, in its first page.
bool Allocator::TrylockPage(struct page* page) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "lock_page() is given a struct page",
                      "lock_page(%p): no struct page", static_cast<void*>(page));
    return true;
  }
  const Pfn pfn = memory_.PfnOf(page);
  if (memory_.frame(pfn).kind == FrameKind::kFree) {
    verdicts_.Report(43, 6, "a page is locked while somebody holds it",
                     "lock_page() of PFN 0x%llx, which is free",
                     static_cast<unsigned long long>(pfn.value));
  }
  const Pfn head = HeadOf(pfn);
  if ((memory_.ReadPage(head).flags & kPageLocked) != 0) return false;
  memory_.MutPage(head).flags |= kPageLocked;
  return true;
}

void Allocator::UnlockPage(struct page* page) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "unlock_page() is given a struct page",
                      "unlock_page(%p): no struct page", static_cast<void*>(page));
    return;
  }
  const Pfn head = HeadOf(memory_.PfnOf(page));
  if ((memory_.ReadPage(head).flags & kPageLocked) == 0) {
    verdicts_.Report(0, 15, "who unlocks a page has locked it",
                     "unlock_page() of PFN 0x%llx, which is not locked",
                     static_cast<unsigned long long>(head.value));
    return;
  }
  memory_.MutPage(head).flags &= ~kPageLocked;
}

void Allocator::LastReferenceDropped(Pfn head) {
  const hw::Frame& frame = memory_.frame(head);
  if (frame.kind == FrameKind::kAnon) {
    FreeFrames(head, 1);
    return;
  }
  if (frame.owner != 0) {
    const Allocation& allocation = register_[frame.owner];
    const bool own_count = allocation.split != 0 || allocation.pages == 1;
    if (allocation.released != 0 && allocation.compound == 0) {
      FreeFrames(head, 1);
      return;
    }
    if (allocation.kind == AllocationKind::kPages &&
        (allocation.compound != 0 || (own_count && allocation.from_kmalloc == 0))) {
      FreeFrames(head, allocation.compound != 0 ? allocation.pages : 1);
      return;
    }
    if (allocation.kind != AllocationKind::kVmalloc && allocation.pages > 1) {
      verdicts_.Report(
          48, 6, "pages of a block are counted one by one only if it is split or compound",
          "page %llu of a block of %llu fell to 0 references while the block is in use",
          static_cast<unsigned long long>(head - allocation.pfn),
          static_cast<unsigned long long>(allocation.pages));
      if (head == allocation.pfn) memory_.MutPage(head)._refcount.counter = 1;
      return;
    }
  }
  // The allocation's own reference was dropped. It is kept, so that the free to come finds its
  // page.
  memory_.MutPage(head)._refcount.counter = 1;
  verdicts_.Report(44, 6, "who took a reference drops it, once",
                   "put_page() dropped the last reference of PFN 0x%llx, which is still allocated",
                   static_cast<unsigned long long>(head.value));
}

void Allocator::SplitPage(struct page* page, unsigned order) {
  if (!memory_.IsPage(page)) {
    verdicts_.TrapNow(Trap::kOops, 0, 14, "split_page() is given a struct page",
                      "split_page(%p): no struct page", static_cast<void*>(page));
    return;
  }
  const Pfn pfn = memory_.PfnOf(page);
  const AllocationId id = memory_.frame(pfn).owner;
  if (id == 0 || register_[id].compound != 0 || register_[id].released != 0 ||
      memory_.ReadPage(pfn)._refcount.counter == 0) {
    verdicts_.TrapNow(Trap::kBug, 0, 10, "split_page() is given a block that is not compound",
                      "split_page() of PFN 0x%llx: BUG",
                      static_cast<unsigned long long>(pfn.value));
    return;
  }
  const Allocation& allocation = register_[id];
  if (allocation.pfn != pfn || allocation.order != order || allocation.split != 0 ||
      allocation.kind != AllocationKind::kPages) {
    verdicts_.Report(0, 14, "a block is split as a whole, once, by its own order",
                     "split_page() with order %u of a block of order %u", order, allocation.order);
    return;
  }
  register_.Mut(id).split = 1;
  for (uint64_t i = 1; i < allocation.pages; ++i) {
    memory_.MutPage(pfn + i)._refcount.counter = 1;
  }
}

}  // namespace drydock::kernel
