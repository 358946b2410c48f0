// Whose a physical page is, and, if it is not the driver's, by what mistake a mapping came to show
// it. The mistakes of page arithmetic leave signatures: the frame is what the object's address
// gives when it is shifted twice, added twice, cut, or taken for another kind of address.
#ifndef DRYDOCK_FUZZ_PROVENANCE_H_
#define DRYDOCK_FUZZ_PROVENANCE_H_

#include <cstddef>
#include <cstdint>

#include "sim/hw/address.h"
#include "sim/kernel/kernel.h"

namespace drydock::fuzz {

// What a mapping asked for, in pages; `start` is where it was made, in bytes.
struct Request {
  uint64_t start = 0;
  uint64_t pgoff = 0;
  uint64_t pages = 0;
};

// A piece of memory that the driver has: an allocation, a resource, a region it mapped for itself.
struct Object {
  hw::Pfn pfn;
  uint64_t pages = 0;
  uint64_t address = 0;  // kernel virtual; 0 for none
  bool has_dma = false;
  hw::DmaAddr dma;
  bool shares_page = false;  // smaller than its page
};

struct Mistake {
  int class_number = 0;
  bool object_known = false;
  Object object;         // the one that was meant
  const char* how = "";  // "the offset counts twice"
};

// How many pages from `pfn` on belong to one object of the driver; 0 if `pfn` is none of its pages.
uint64_t OwnedPages(kernel::Kernel& kernel, hw::Pfn pfn);

// By which mistake a request of which page 0 shows `first` may have come about.
Mistake Explain(kernel::Kernel& kernel, const Request& request, hw::Pfn first);

// Text without an allocation: violations are found in the fuzz loop.
struct OwnerName {
  char text[72] = {};
};

// Whose a page is: "kmalloc-2k", "free memory", "window regs, page 3", "dma_alloc of 16 pages, page
// 2", "no memory and no device". *pages, if given, is lowered to for how many from there on that is
// true, the number of the page apart.
OwnerName NameOfOwner(kernel::Kernel& kernel, hw::Pfn pfn, uint64_t* pages = nullptr);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROVENANCE_H_
