// Copying and comparing what reset puts back, past AddressSanitizer: its runtime replaces memcpy()
// and memcmp() in the whole program, and would check the shadow at each call.
#ifndef DRYDOCK_SIM_HW_PAGE_COPY_H_
#define DRYDOCK_SIM_HW_PAGE_COPY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sim/hw/address.h"

namespace drydock::hw {

namespace plain_copy_internal {

template <size_t kBytes>
struct Piece {
  uint32_t words[kBytes / sizeof(uint32_t)];
} __attribute__((packed, may_alias));

// (The empty asm keeps the compiler from making memcpy() of several. Clang that does not optimise
// makes one of a struct of 64 bytes.)
template <size_t kBytes>
__attribute__((no_sanitize("address"), always_inline)) inline void CopyPiece(
    unsigned char* to, const unsigned char* from) {
#if defined(__clang__) && !defined(__OPTIMIZE__)
  for (size_t i = 0; i < kBytes; ++i) to[i] = from[i];
#else
  *reinterpret_cast<Piece<kBytes>*>(to) = *reinterpret_cast<const Piece<kBytes>*>(from);
#endif
  asm volatile("" : : : "memory");
}

}  // namespace plain_copy_internal

// Any size and alignment, no overlap. For some hundred bytes: a loop, which is faster then than a
// call or `rep movs`. The last piece of a size may copy bytes of the one before once more.
__attribute__((no_sanitize("address"))) inline void CopyPlain(void* to, const void* from,
                                                              size_t size_bytes) {
  using plain_copy_internal::CopyPiece;
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  unsigned char* const out_end = out + size_bytes;
  const unsigned char* const in_end = in + size_bytes;
  if (size_bytes >= 64) {
    for (; out_end - out >= 64; out += 64, in += 64) CopyPiece<64>(out, in);
    if (out != out_end) CopyPiece<64>(out_end - 64, in_end - 64);
  } else if (size_bytes >= 16) {
    CopyPiece<16>(out, in);
    if (size_bytes > 32) {
      CopyPiece<16>(out + 16, in + 16);
      CopyPiece<16>(out_end - 32, in_end - 32);
    }
    CopyPiece<16>(out_end - 16, in_end - 16);
  } else if (size_bytes >= 8) {
    CopyPiece<8>(out, in);
    CopyPiece<8>(out_end - 8, in_end - 8);
  } else if (size_bytes == 4) {
    CopyPiece<4>(out, in);
  } else {
    for (; out != out_end; ++out, ++in) {
      *out = *in;
      asm volatile("" : : : "memory");
    }
  }
}

// Both are page-aligned.
inline void CopyPage(void* to, const void* from) {
#if defined(__x86_64__)
  size_t words = kPageSize / sizeof(uint64_t);
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
#else
  CopyPlain(to, from, kPageSize);
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
