// An address space as text, in the manner of /proc/PID/maps and pagemap: for replay, and for tests
// that compare whole states.
//
//   100000-104000 rw-s 00002000 /dev/pump rd wr sh mr mw me ms pf io de dd sd
//     +0 4 pages dma1+2 WB rw- special accessed
//
// A VMA's line: addresses, protection, offset in bytes, the node (or [anon], [shmem]), and the
// letters that smaps uses for its flags. Below it, each run of page-table entries: index of the
// first page, length, first frame, effective cache type, what the processor permits, and the other
// bits.
#ifndef DRYDOCK_SIM_KERNEL_MAPS_TEXT_H_
#define DRYDOCK_SIM_KERNEL_MAPS_TEXT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "sim/hw/address.h"
#include "sim/kernel/mm.h"

namespace drydock::kernel {

// How files and frames are called. Either may be empty: then a file is "file" and a frame its
// number.
struct MapsNames {
  std::function<std::string(const file&)> node;
  // Names the frame, relative to its owner; *pages is the length of the run, and is lowered to as
  // many as the name is true for. "" leaves it at the number.
  std::function<std::string(hw::Pfn first, uint64_t* pages)> frame;
};

// "rd wr sh mr mw me ms ..." of vm_flags, in smaps' order.
std::string VmFlagLetters(uint64_t vm_flags);

// Every VMA of the address space with its entries; then, under a line "outside:", entries that lie
// in no VMA, by their addresses. Ends with a newline; empty for an empty address space.
std::string MapsText(const Mm& mm, uint32_t index, const MapsNames& names);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MAPS_TEXT_H_
