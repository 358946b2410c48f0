#include "sim/hw/host_layout.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>

namespace drydock::hw {
namespace {

constexpr uint64_t kAlignment = uint64_t{2} << 20;
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

}  // namespace

HostRegion::HostRegion(uint64_t preferred, uint64_t size_bytes) : size_bytes_(size_bytes) {
  void* wanted = reinterpret_cast<void*>(preferred);
  void* got = mmap(wanted, size_bytes, PROT_NONE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == wanted) {
    base_ = static_cast<char*>(got);
    return;
  }
  if (got != MAP_FAILED) munmap(got, size_bytes);  // a kernel before 4.17 takes it for a hint
  got = mmap(nullptr, size_bytes + kAlignment, PROT_NONE, kFlags, -1, 0);
  if (got == MAP_FAILED) {
    std::fprintf(stderr, "drydock: no %llu bytes of address space for the simulated machine\n",
                 static_cast<unsigned long long>(size_bytes));
    std::abort();
  }
  const auto start = reinterpret_cast<uint64_t>(got);
  const uint64_t aligned = (start + kAlignment - 1) & ~(kAlignment - 1);
  if (aligned != start) munmap(got, aligned - start);
  const uint64_t rest = start + kAlignment - aligned;
  if (rest != 0) munmap(reinterpret_cast<void*>(aligned + size_bytes), rest);
  base_ = reinterpret_cast<char*>(aligned);
}

HostRegion::~HostRegion() { munmap(base_, size_bytes_); }

}  // namespace drydock::hw
