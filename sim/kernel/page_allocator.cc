#include "sim/kernel/page_allocator.h"

#include <bit>

namespace drydock::kernel {

using hw::PhysicalMemory;

PageAllocator::PageAllocator(hw::ResetList& list, PhysicalMemory& memory)
    : memory_(memory),
      nodes_(list, "buddy blocks", PhysicalMemory::kFrames),
      lists_(list, "buddy lists") {
  for (auto& zone : lists_.Mut().heads) {
    for (uint32_t& head : zone) head = kEnd;
  }
  constexpr uint64_t kBlock = uint64_t{1} << kMaxOrder;
  static_assert(PhysicalMemory::kDma32Frames % kBlock == 0);
  static_assert(PhysicalMemory::kFirstShuffledFrame % kBlock == 0);
  // From the top, so that the lowest block is given out first.
  for (uint64_t frame = PhysicalMemory::kFirstShuffledFrame; frame != 0;) {
    frame -= kBlock;
    Push(frame, kMaxOrder);
    lists_.Mut().free_pages += kBlock;
  }
}

void PageAllocator::Push(uint64_t frame, unsigned order) {
  uint32_t& head = lists_.Mut().heads[ZoneOf(frame)][order];
  nodes_.Mut(frame) = Node{.next = head, .previous = kEnd, .order = order};
  if (head != kEnd) nodes_.Mut(head).previous = static_cast<uint32_t>(frame);
  head = static_cast<uint32_t>(frame);
}

void PageAllocator::Unlink(uint64_t frame) {
  Node& node = nodes_.Mut(frame);
  if (node.next != kEnd) nodes_.Mut(node.next).previous = node.previous;
  if (node.previous != kEnd) {
    nodes_.Mut(node.previous).next = node.next;
  } else {
    lists_.Mut().heads[ZoneOf(frame)][node.order] = node.next;
  }
  node = Node{};
}

bool PageAllocator::TakeFrom(unsigned zone, unsigned order, uint64_t* frame) {
  unsigned found = order;
  while (found <= kMaxOrder && lists_->heads[zone][found] == kEnd) ++found;
  if (found > kMaxOrder) return false;
  *frame = lists_->heads[zone][found];
  Unlink(*frame);
  // The upper halves stay free.
  while (found > order) {
    --found;
    Push(*frame + (uint64_t{1} << found), found);
  }
  lists_.Mut().free_pages -= uint64_t{1} << order;
  return true;
}

bool PageAllocator::Take(unsigned order, bool dma32_only, hw::Pfn* pfn) {
  uint64_t frame = 0;
  if (order > kMaxOrder) return false;
  if ((dma32_only || !TakeFrom(1, order, &frame)) && !TakeFrom(0, order, &frame)) return false;
  *pfn = memory_.PfnAt(frame);
  return true;
}

void PageAllocator::Give(hw::Pfn pfn, unsigned order) {
  uint64_t frame = memory_.FrameIndex(pfn);
  lists_.Mut().free_pages += uint64_t{1} << order;
  while (order < kMaxOrder) {
    const uint64_t buddy = frame ^ (uint64_t{1} << order);
    if (buddy >= PhysicalMemory::kFirstShuffledFrame || nodes_[buddy].order != order) break;
    Unlink(buddy);
    frame &= ~(uint64_t{1} << order);
    ++order;
  }
  Push(frame, order);
}

void PageAllocator::GiveRange(hw::Pfn pfn, uint64_t pages) {
  while (pages != 0) {
    unsigned order = kMaxOrder;
    const uint64_t frame = memory_.FrameIndex(pfn);
    if (frame != 0) order = static_cast<unsigned>(std::countr_zero(frame));
    if (order > kMaxOrder) order = kMaxOrder;
    while ((uint64_t{1} << order) > pages) --order;
    Give(pfn, order);
    pfn = pfn + (uint64_t{1} << order);
    pages -= uint64_t{1} << order;
  }
}

}  // namespace drydock::kernel
