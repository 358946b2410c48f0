// Copying and comparing whole pages of the simulation's own memory, past AddressSanitizer: its
// runtime replaces memcpy() and memcmp() in the whole program, and would check 4 KiB of shadow at
// each call of the reset.
#ifndef DRYDOCK_SIM_HW_PAGE_COPY_H_
#define DRYDOCK_SIM_HW_PAGE_COPY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sim/hw/address.h"

namespace drydock::hw {

// Both are page-aligned.
__attribute__((no_sanitize("address"))) inline void CopyPage(void* to, const void* from) {
#if defined(__x86_64__)
  size_t words = kPageSize / sizeof(uint64_t);
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
#else
  std::memcpy(to, from, kPageSize);
#endif
}

__attribute__((no_sanitize("address"))) inline bool PagesEqual(const void* a, const void* b) {
  const auto* x = static_cast<const uint64_t*>(a);
  const auto* y = static_cast<const uint64_t*>(b);
  for (size_t i = 0; i < kPageSize / sizeof(uint64_t); i += 16) {
    uint64_t difference = 0;
    for (size_t j = i; j < i + 16; ++j) difference |= x[j] ^ y[j];
    if (difference != 0) return false;
  }
  return true;
}

}  // namespace drydock::hw

#endif  // DRYDOCK_SIM_HW_PAGE_COPY_H_
