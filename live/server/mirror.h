// What one process shows of its simulated page table: which of its pages are mapped from which
// store, and how. Knows what to map when entries are new and what to take away when they are gone.
//
// Pages that no bytes stand behind (registers that react, addresses where nothing is) are never
// mapped, nor is arm64's Device memory, whose accesses have to be aligned (AR4): each access of
// them is a fault, which the server carries out.
#ifndef DRYDOCK_LIVE_SERVER_MIRROR_H_
#define DRYDOCK_LIVE_SERVER_MIRROR_H_

#include <cstdint>
#include <vector>

#include "live/protocol.h"
#include "sim/hw/mmio_space.h"
#include "sim/hw/page_table.h"
#include "sim/hw/physical_memory.h"

namespace drydock::live {

class Mirror {
 public:
  // Both outlive the mirror.
  Mirror(hw::PhysicalMemory& memory, hw::MmioSpace& mmio) : memory_(memory), mmio_(mmio) {}

  // Appends what has to be mapped so that everything present in [from, to) of `table` is shown.
  // Free frames get their pattern (PhysicalMemory::Plain) and count as written from then on.
  void Grant(const hw::PageTable& table, hw::VirtAddr from, hw::VirtAddr to,
             std::vector<Update>* updates);
  // The range is no longer shown. Appends what has to be taken away.
  void Revoke(hw::VirtAddr va, uint64_t pages, std::vector<Update>* updates);
  void Clear() { shown_.clear(); }

  // Whether the page at `va` of an entry can be mapped at all.
  bool CanShow(const hw::Extent& extent, hw::VirtAddr va) const;
  const std::vector<Update>& shown() const { return shown_; }

 private:
  // The store and offset of `pfn`, and how many of `pages` from there on are alike.
  Update Piece(hw::Pfn pfn, uint64_t pages) const;
  void Show(const Update& wanted, std::vector<Update>* fresh) const;
  void ShowFreeFrames(hw::Pfn pfn, uint64_t pages);

  hw::PhysicalMemory& memory_;
  hw::MmioSpace& mmio_;
  std::vector<Update> shown_;  // by address, without overlap
};

}  // namespace drydock::live

#endif  // DRYDOCK_LIVE_SERVER_MIRROR_H_
