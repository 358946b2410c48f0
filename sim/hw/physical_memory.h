// RAM of the simulated machine: frames with an owner and a state, and their bytes.
//
// The bytes are one memfd mapped several times (watched_memory.h). The *kernel view* is what driver
// code sees: the direct map, where kernel "virtual" address = base + physical address, poisoned for
// AddressSanitizer wherever no live allocation is, and write-protected after Checkpoint() so that
// no store of the driver goes unnoticed. Frames of the vmalloc pool have a second kernel address,
// in the shuffled map. struct page lies in the vmemmap, watched in the same way. The *plain view*
// is for the simulation itself (user loads and stores, copies, restoring) and is never poisoned nor
// protected; who writes through it calls MarkDirty().
//
// What a free frame holds is defined: a pattern that says "never written" or "freed". It is written
// when someone looks (Plain), so freeing costs nothing and a run never sees what an earlier one
// left behind. The kernel view of a free frame is not refreshed: reading it is a use after free,
// which AddressSanitizer reports.
//
// RAM is two extents, as on a PC: DMA32 below 4 GiB and Normal above, so that a physical address
// cut to 32 bits is another address.
#ifndef DRYDOCK_SIM_HW_PHYSICAL_MEMORY_H_
#define DRYDOCK_SIM_HW_PHYSICAL_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mocks/include/drydock/mm_structs.h"
#include "sim/hw/address.h"
#include "sim/hw/host_layout.h"
#include "sim/hw/tracked.h"
#include "sim/hw/watched_memory.h"

extern "C" {
// Of the PhysicalMemory that is current: the struct page of PFN 0, and the kernel address of
// physical address 0. The inline helpers of the driver's headers (page_to_pfn, page_address)
// compute with them.
extern struct page* drydock_vmemmap;
extern char* drydock_direct_map;
}

namespace drydock::hw {

enum class FrameKind : uint32_t {
  kFree,      // nobody's; freed or never used
  kReserved,  // the kernel's own: firmware, kernel text
  kSlab,      // kmalloc up to 8 KiB: objects smaller than a page share it
  kPages,     // alloc_pages and its kin, kmalloc of more than 8 KiB
  kVmalloc,
  kDma,   // dma_alloc_*
  kAnon,  // a process's own memory: anonymous, or copied on write
};

// What a free frame shows.
enum class FreeContent : uint32_t {
  kNeverUsed,  // UninitialisedWord
  kFreed,      // FreedWord
  kWritten,    // somebody wrote to it while it was free (a mapping of a frame that is nobody's)
};

struct Frame {
  FrameKind kind = FrameKind::kFree;
  uint32_t owner = 0;  // kernel::AllocationId of the allocation it belongs to; 0 for none
  FreeContent free_content = FreeContent::kNeverUsed;
};

enum class Zone { kDma32, kNormal };

class PhysicalMemory {
 public:
  static constexpr PhysAddr kDma32Base{uint64_t{16} << 20};
  static constexpr uint64_t kDma32Bytes = uint64_t{96} << 20;
  static constexpr PhysAddr kNormalBase{uint64_t{4} << 30};
  static constexpr uint64_t kNormalBytes = uint64_t{160} << 20;
  static constexpr uint64_t kDma32Frames = kDma32Bytes >> kPageShift;
  static constexpr uint64_t kFrames = (kDma32Bytes + kNormalBytes) >> kPageShift;
  // The last frames of Normal are the vmalloc pool: slot i of the shuffled map is frame
  // kFirstShuffledFrame + i * kShuffleStride mod kShuffledPages. Neighbouring slots are never
  // neighbouring frames.
  static constexpr uint64_t kShuffledPages = uint64_t{16} << 10;
  static constexpr uint64_t kFirstShuffledFrame = kFrames - kShuffledPages;
  static constexpr uint64_t kShuffleStride = 9749;

  // The first object of a process (of those alive) lies at the addresses of host_layout.h. Makes
  // itself current.
  explicit PhysicalMemory(ResetList& list);
  ~PhysicalMemory();
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  // Points drydock_vmemmap and drydock_direct_map here.
  void MakeCurrent();

  bool IsRam(Pfn pfn) const {
    return pfn.value - kDma32Base.pfn().value < kDma32Frames ||
           pfn.value - kNormalBase.pfn().value < kFrames - kDma32Frames;
  }
  // True if any (if all) of the pages [pfn, pfn + pages) are RAM; pages may be huge, cost O(1).
  bool AnyRam(Pfn pfn, uint64_t pages) const;  // PAT2 asks this
  bool AllRam(Pfn pfn, uint64_t pages) const;

  // Frames are numbered densely, 0..kFrames-1; frames of one zone that are neighbours have
  // neighbouring numbers. Precondition for all below: IsRam of each page named.
  uint64_t FrameIndex(Pfn pfn) const {
    return pfn < kNormalBase.pfn() ? pfn - kDma32Base.pfn()
                                   : pfn - kNormalBase.pfn() + kDma32Frames;
  }
  Pfn PfnAt(uint64_t frame_index) const {
    return frame_index < kDma32Frames ? kDma32Base.pfn() + frame_index
                                      : kNormalBase.pfn() + (frame_index - kDma32Frames);
  }
  const Frame& frame(Pfn pfn) const { return frames_[FrameIndex(pfn)]; }
  Frame& MutFrame(Pfn pfn) { return frames_.Mut(FrameIndex(pfn)); }  // marks

  // struct page. PageAddress is the driver's view of it, to hand out; MutPage writes it from the
  // simulation; PageOf is the driver's view again, but marked and safe for the simulation to write.
  struct page* PageAddress(Pfn pfn) const { return vmemmap() + pfn.value; }
  const struct page& ReadPage(Pfn pfn) const;
  struct page& MutPage(Pfn pfn);  // marks
  struct page* PageOf(Pfn pfn);
  Pfn PfnOf(const struct page* page) const;
  bool IsPage(const struct page* page) const;  // points to a struct page of RAM
  struct page* vmemmap() const;                // struct page of PFN 0; only RAM's may be touched

  // Bytes through the plain view, of one page. Of a free frame: fills in what it must show, first.
  unsigned char* Plain(Pfn pfn) const;
  // Before writing bytes [offset, offset + size) of it, or all of them.
  void MarkDirty(Pfn pfn) { MarkDirty(pfn, 0, kPageSize); }
  void MarkDirty(Pfn pfn, size_t offset, size_t size_bytes);

  // Kernel addresses of the linear map.
  void* KernelAddress(PhysAddr phys) const { return direct_map_ + phys.value; }
  bool IsLinear(const volatile void* address) const;    // within RAM's linear map
  PhysAddr PhysOf(const volatile void* address) const;  // arithmetic; any address
  // The shuffled map: where vmalloc memory lies. Slots are numbered 0..kShuffledPages-1.
  static constexpr uint64_t ShuffledFrame(uint64_t slot) {
    return kFirstShuffledFrame + slot * kShuffleStride % kShuffledPages;
  }
  void* ShuffledAddress(uint64_t slot) const { return vmalloc_region_.base() + slot * kPageSize; }
  bool InShuffledMap(const volatile void* address) const {
    return vmalloc_region_.Contains(address);
  }
  uint64_t ShuffledSlot(const volatile void* address) const;  // precondition: InShuffledMap
  static constexpr bool IsShuffledFrame(uint64_t frame_index) {
    return frame_index >= kFirstShuffledFrame;
  }
  // The remap: other frames' second kernel address, neighbours where they are neighbours. It is one
  // of vmalloc's, as the shuffled map's are.
  void* RemapAddress(Pfn pfn) const { return remap_region_.base() + FrameIndex(pfn) * kPageSize; }
  bool InRemap(const volatile void* address) const { return remap_region_.Contains(address); }
  void MapRemap(Pfn pfn, uint64_t pages);  // costs as MapShuffled
  // Maps the slots' pages into the kernel view. Costs a system call a page, once in the object's
  // life.
  void MapShuffled(uint64_t slot, uint64_t pages);
  // The frame behind a kernel address of either map; false if there is none.
  bool FindFrame(const volatile void* address, Pfn* pfn) const;

  // Copies to or from kernel addresses as the kernel does it: through the plain view where that is
  // RAM (it marks), else plainly. The caller has checked the range.
  void WriteKernel(void* to, const void* from, size_t size_bytes);
  void ReadKernel(void* to, const void* from, size_t size_bytes) const;
  // Where the simulation reads (writes: it marks) the byte at a kernel address: the plain view of
  // RAM, else the address itself. Cuts *size_bytes to what lies in the same page.
  unsigned char* ForReading(const void* address, size_t* size_bytes) const;
  unsigned char* ForWriting(void* address, size_t* size_bytes);
  // Opens the frames of a range that the simulation is about to write through the kernel view.
  void OpenForWriting(const void* address, size_t size_bytes);

  // Poisons or unpoisons bytes of kernel views for AddressSanitizer; put back by reset. `address`
  // is of either map; a frame that has two addresses is changed at both.
  void Poison(const void* address, size_t size_bytes);
  void Unpoison(const void* address, size_t size_bytes);

  // What never-written memory holds: 8-byte words derived from their physical address, so that a
  // byte nobody wrote is known when a user sees it (O8). Freed memory and foreign objects (the
  // kernel's own, beside the driver's in a slab page) have patterns of their own.
  static constexpr uint64_t UninitialisedWord(PhysAddr phys) {
    return Word(phys, 0x756e696e69746961);
  }
  static constexpr uint64_t FreedWord(PhysAddr phys) { return Word(phys, 0x6672656564667265); }
  static constexpr uint64_t ForeignWord(PhysAddr phys) { return Word(phys, 0x666f726569676e66); }
  // `phys` is 8-byte aligned, the range is RAM; they mark. Whole pages that hold the pattern are
  // left alone.
  void FillUninitialised(PhysAddr phys, size_t size_bytes) { Fill(phys, size_bytes, kNever); }
  void FillFreed(PhysAddr phys, size_t size_bytes) { Fill(phys, size_bytes, kFreedPattern); }
  void FillForeign(PhysAddr phys, size_t size_bytes) { Fill(phys, size_bytes, kForeign); }
  void FillZero(PhysAddr phys, size_t size_bytes) { Fill(phys, size_bytes, kZero); }

  // Page-level reset, called by the world with ResetList's (in any order): write-protects and
  // snapshots, or puts back. Checkpoint costs O(RAM); Reset O(touched).
  void Checkpoint();
  void Reset() {
    ram_.Reset();
    page_structs_.Reset();
  }
  // Compares every byte of frames that were in use at the checkpoint, every shadow byte and struct
  // page with the snapshot (slow; tests). Returns what differs, or nullptr.
  const char* FirstDifference() const;
  // Over the bytes of all frames in use, and the struct pages. Equal states, equal hashes. Slow.
  uint64_t Hash() const;

  // For a child of fork(2): its memory becomes its own.
  void Unshare() {
    ram_.Unshare();
    page_structs_.Unshare();
  }

  // For another process that maps RAM: the file that holds its bytes, and where a frame lies in it.
  // Precondition of FileOffset: IsRam.
  int file() const { return ram_.file(); }
  uint64_t FileOffset(Pfn pfn) const { return FrameIndex(pfn) * kPageSize; }
  // For a world that is never reset: stores no longer fault to be noticed.
  void StopWatching() {
    ram_.StopWatching();
    page_structs_.StopWatching();
  }

  // For the SIGSEGV handler (async-signal-safe): true if the fault was the first store to a
  // protected page, and is mended: the store may be done again.
  bool OnWriteFault(void* address);

  const WatchedMemory& ram() const { return ram_; }

 private:
  enum Holds : uint8_t { kZero, kNever, kFreedPattern, kForeign, kUnknown };

  static constexpr uint64_t Word(PhysAddr phys, uint64_t kind) {
    return (phys.value >> 3) * 0x9e3779b97f4a7c15 + kind;
  }
  static uint64_t PatternWord(PhysAddr phys, Holds pattern);
  void Fill(PhysAddr phys, size_t size_bytes, Holds pattern);
  void FillPage(uint64_t frame_index, Holds pattern) const;
  void ShowFree(uint64_t frame_index) const;
  static uint64_t PageStructPage(uint64_t frame_index) { return frame_index / kStructsPerPage; }
  // action(in RAM?, frame index, offset in page, bytes) for each page of a range of kernel
  // addresses.
  template <class Action>
  void ForEachPiece(const void* address, size_t size_bytes, Action action) const;

  static constexpr uint64_t kStructsPerPage = kPageSize / sizeof(struct page);

  // Declared before what is mapped into them.
  HostRegion linear_region_, vmalloc_region_, remap_region_, vmemmap_region_;
  char* direct_map_;
  mutable WatchedMemory ram_;
  WatchedMemory page_structs_;
  TrackedArray<Frame> frames_;
  // What the bytes of a frame are known to be. A fact about bytes, not state: no reset touches it.
  mutable std::vector<uint8_t> holds_;
};

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_PHYSICAL_MEMORY_H_
