// mm/util.c, lib/usercopy.c: copies of strings and memory, also of the user's.
#include <cstring>

#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::UaccessApi;

namespace {

constexpr int kEfault = 14, kE2big = 7, kEnomem = 12;

void* ErrPtr(long error) { return reinterpret_cast<void*>(error); }

constexpr unsigned int kGfpUser =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS | ___GFP_HARDWALL;

}  // namespace

extern "C" {

void* kmemdup(const void* from, size_t n, unsigned int gfp) {
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, from, n);
  return copy;
}
char* kmemdup_nul(const char* s, size_t n, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, gfp));
  if (copy != nullptr) {
    std::memcpy(copy, s, n);
    std::memset(copy + n, 0, 1);
  }
  return copy;
}
char* kstrdup(const char* s, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = std::strlen(s) + 1;
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, s, n);
  return static_cast<char*>(copy);
}
// A constant of the kernel's own image is shared in a kernel; a driver's is copied, and so is all
// here.
const char* kstrdup_const(const char* s, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = std::strlen(s) + 1;
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, s, n);
  return static_cast<char*>(copy);
}
void kfree_const(const void* s) { Cross<&AllocApi::Kfree>(s); }
char* kstrndup(const char* s, size_t max, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = strnlen(s, max);
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, gfp));
  if (copy != nullptr) {
    std::memcpy(copy, s, n);
    std::memset(copy + n, 0, 1);
  }
  return copy;
}

void* memdup_user(const void* from, size_t n) {
  void* copy = Cross<&AllocApi::Kmalloc>(n, kGfpUser | ___GFP_NOWARN);
  if (copy == nullptr) return ErrPtr(-kEnomem);
  if (Cross<&UaccessApi::CopyFromUser>(copy, from, n) != 0) {
    Cross<&AllocApi::Kfree>(static_cast<const void*>(copy));
    return ErrPtr(-kEfault);
  }
  return copy;
}
void* memdup_user_nul(const void* from, size_t n) {
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, kGfpUser & ~___GFP_HARDWALL));
  if (copy == nullptr) return ErrPtr(-kEnomem);
  if (Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(copy), from, n) != 0) {
    Cross<&AllocApi::Kfree>(static_cast<const void*>(copy));
    return ErrPtr(-kEfault);
  }
  std::memset(copy + n, 0, 1);
  return copy;
}
// The struct may be shorter than ours (the rest is zero) or longer (the rest must be zero).
int drydock_copy_struct_from_user(void* to, size_t ksize, const void* from, size_t usize) {
  size_t size = ksize < usize ? ksize : usize;
  for (size_t at = size; at < usize; ++at) {
    unsigned char byte;
    if (Cross<&UaccessApi::CopyFromUser>(
            static_cast<void*>(&byte),
            static_cast<const void*>(static_cast<const char*>(from) + at), 1ul) != 0) {
      return -kEfault;
    }
    if (byte != 0) return -kE2big;
  }
  if (usize < ksize) std::memset(static_cast<char*>(to) + size, 0, ksize - size);
  return Cross<&UaccessApi::CopyFromUser>(to, from, size) != 0 ? -kEfault : 0;
}

}  // extern "C"
