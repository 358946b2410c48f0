// The numbers of Linux that mmap(2) and its kin speak: VM_*, PROT_*, MAP_*, page protection bits
// (x86-64).
#ifndef DRYDOCK_SIM_KERNEL_VM_FLAGS_H_
#define DRYDOCK_SIM_KERNEL_VM_FLAGS_H_

#include <cstdint>

#include "mocks/include/drydock/mm_structs.h"
#include "sim/hw/page_table.h"
#include "sim/kernel/user_memory.h"

namespace drydock::kernel {

inline constexpr uint64_t kVmRead = 0x1, kVmWrite = 0x2, kVmExec = 0x4, kVmShared = 0x8;
inline constexpr uint64_t kVmMayRead = 0x10, kVmMayWrite = 0x20, kVmMayExec = 0x40,
                          kVmMayShare = 0x80;
inline constexpr uint64_t kVmGrowsDown = 0x100, kVmPfnMap = 0x400, kVmLocked = 0x2000,
                          kVmIo = 0x4000, kVmDontCopy = 0x20000, kVmDontExpand = 0x40000,
                          kVmAccount = 0x100000, kVmNoReserve = 0x200000, kVmPat = 0x1000000,
                          kVmWipeOnFork = 0x2000000, kVmDontDump = 0x4000000,
                          kVmSoftDirty = 0x8000000, kVmMixedMap = 0x10000000,
                          kVmNoHugePage = 0x40000000, kVmDroppable = uint64_t{1} << 40;
// mm.h: VMAs that are not merged, locked or expanded.
inline constexpr uint64_t kVmSpecial = kVmIo | kVmDontExpand | kVmPfnMap | kVmMixedMap;
inline constexpr uint64_t kVmAccess = kVmRead | kVmWrite | kVmExec;

inline constexpr int kProtRead = 1, kProtWrite = 2, kProtExec = 4;
inline constexpr int kProtGrowsDown = 0x01000000, kProtGrowsUp = 0x02000000;

inline constexpr int kMapShared = 1, kMapPrivate = 2, kMapSharedValidate = 3, kMapDroppable = 8,
                     kMapType = 0xf, kMapFixed = 0x10, kMapAnonymous = 0x20, kMap32Bit = 0x40,
                     kMapAbove4G = 0x80, kMapGrowsDown = 0x100, kMapLocked = 0x2000,
                     kMapNoReserve = 0x4000, kMapStack = 0x20000, kMapHugetlb = 0x40000,
                     kMapSync = 0x80000, kMapFixedNoReplace = 0x100000;
// What MAP_SHARED_VALIDATE knows without the driver's help (mman.h: LEGACY_MAP_MASK).
inline constexpr int kMapLegacyMask = kMapShared | kMapPrivate | kMapFixed | kMapAnonymous |
                                      0x800 /* DENYWRITE */ | 0x1000 /* EXECUTABLE */ | kMap32Bit |
                                      0x4000000 /* UNINITIALIZED */ | kMapGrowsDown | kMapLocked |
                                      kMapNoReserve | 0x8000 /* POPULATE */ |
                                      0x10000 /* NONBLOCK */ | kMapStack | kMapHugetlb;

// __vm_enough_memory() as it is set when a system has started: one request may not be for more
// pages than there are.
inline constexpr uint64_t kMostChargedPages = uint64_t{256} << 20 >> 12;

inline constexpr unsigned kFmodeRead = 1, kFmodeWrite = 2;

// Page protection bits.
inline constexpr uint64_t kPtePresent = 0x1, kPteRw = 0x2, kPteUser = 0x4, kPteAccessed = 0x20,
                          kPteDirty = 0x40, kPteProtNone = 0x100, kPteSpecial = 0x200,
                          kPteSoftDirty = 0x800, kPteNx = uint64_t{1} << 63;
// What pgprot_modify() keeps of the old protection: PFN field, cache bits, special, accessed,
// dirty.
inline constexpr uint64_t kPteChangeMask =
    0x000ffffffffff000 | hw::kCacheBits | kPteSpecial | kPteAccessed | kPteDirty | kPteSoftDirty;

// arch/x86/mm/pgprot.c: vm_get_page_prot(). Private mappings have no write bit: they copy on write.
constexpr uint64_t PageProtOf(uint64_t vm_flags) {
  if ((vm_flags & kVmAccess) == 0) return kPteAccessed | kPteProtNone;
  uint64_t prot = kPtePresent | kPteUser | kPteAccessed;
  if ((vm_flags & kVmExec) == 0) prot |= kPteNx;
  if ((vm_flags & kVmWrite) != 0 && (vm_flags & kVmShared) != 0) prot |= kPteRw;
  return prot;
}

// include/linux/mm.h: is_cow_mapping().
constexpr bool IsCowMapping(uint64_t vm_flags) {
  return (vm_flags & (kVmShared | kVmMayWrite)) == kVmMayWrite;
}

// A page-table entry made with this protection.
constexpr hw::PteBits BitsOf(uint64_t pgprot, bool special) {
  hw::PteBits bits;
  bits.present = (pgprot & kPtePresent) != 0 ? 1 : 0;
  bits.write = (pgprot & kPteRw) != 0 ? 1 : 0;
  bits.exec = (pgprot & kPteNx) == 0 ? 1 : 0;
  bits.special = special ? 1 : 0;
  bits.dirty = (pgprot & kPteDirty) != 0 ? 1 : 0;
  bits.accessed = (pgprot & kPteAccessed) != 0 ? 1 : 0;
  return bits;
}

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_VM_FLAGS_H_
