// Symbols of kernel/resource.c, kernel/iomem.c, arch/x86/mm/ioremap.c and lib/iomap.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::CrossUnmodelled;
using drydock::mocks::IoApi;
using drydock::mocks::IoCache;

extern "C" {

resource iomem_resource = {.start = 0,
                           .end = ~0ULL,
                           .name = "PCI mem",
                           .flags = 0x200,
                           .desc = 0,
                           .parent = nullptr,
                           .sibling = nullptr,
                           .child = nullptr};
resource ioport_resource = {.start = 0,
                            .end = 0xffff,
                            .name = "PCI IO",
                            .flags = 0x100,
                            .desc = 0,
                            .parent = nullptr,
                            .sibling = nullptr,
                            .child = nullptr};

void* ioremap(unsigned long long phys, unsigned long size) {
  return Cross<&IoApi::Ioremap>(phys, size, IoCache::kUncachedMinus);
}
void* ioremap_uc(unsigned long long phys, unsigned long size) {
  return Cross<&IoApi::Ioremap>(phys, size, IoCache::kUncached);
}
void* ioremap_wc(unsigned long long phys, unsigned long size) {
  return Cross<&IoApi::Ioremap>(phys, size, IoCache::kWriteCombining);
}
void* ioremap_wt(unsigned long long phys, unsigned long size) {
  return Cross<&IoApi::Ioremap>(phys, size, IoCache::kWriteThrough);
}
void* ioremap_cache(unsigned long long phys, unsigned long size) {
  return Cross<&IoApi::Ioremap>(phys, size, IoCache::kWriteBack);
}
void iounmap(volatile void* address) { Cross<&IoApi::Iounmap>(address); }
void* memremap(unsigned long long phys, size_t size, unsigned long flags) {
  return Cross<&IoApi::Memremap>(phys, size, flags);
}
void memunmap(void* address) { Cross<&IoApi::Memunmap>(address); }

resource* __request_region(resource* parent, unsigned long long start, unsigned long long size,
                           const char* name, int) {
  if (parent != &iomem_resource) CrossUnmodelled("request_region of ports");
  return Cross<&IoApi::RequestMemRegion>(start, size, name);
}
void __release_region(resource* parent, unsigned long long start, unsigned long long size) {
  if (parent != &iomem_resource) CrossUnmodelled("release_region of ports");
  Cross<&IoApi::ReleaseMemRegion>(start, size);
}

unsigned int ioread8(const void* address) {
  return static_cast<uint8_t>(Cross<&IoApi::MmioRead>(address, 1u));
}
unsigned int ioread16(const void* address) {
  return static_cast<uint16_t>(Cross<&IoApi::MmioRead>(address, 2u));
}
unsigned int ioread32(const void* address) {
  return static_cast<uint32_t>(Cross<&IoApi::MmioRead>(address, 4u));
}
unsigned int ioread16be(const void* address) {
  return __builtin_bswap16(static_cast<uint16_t>(Cross<&IoApi::MmioRead>(address, 2u)));
}
unsigned int ioread32be(const void* address) {
  return __builtin_bswap32(static_cast<uint32_t>(Cross<&IoApi::MmioRead>(address, 4u)));
}
void iowrite8(uint8_t value, void* address) { Cross<&IoApi::MmioWrite>(address, value, 1u); }
void iowrite16(uint16_t value, void* address) { Cross<&IoApi::MmioWrite>(address, value, 2u); }
void iowrite32(uint32_t value, void* address) { Cross<&IoApi::MmioWrite>(address, value, 4u); }
void iowrite16be(uint16_t value, void* address) {
  Cross<&IoApi::MmioWrite>(address, __builtin_bswap16(value), 2u);
}
void iowrite32be(uint32_t value, void* address) {
  Cross<&IoApi::MmioWrite>(address, __builtin_bswap32(value), 4u);
}

// readl(), writel() and their kin are inline in a kernel; here they cross.
uint64_t drydock_mmio_read(const volatile void* address, unsigned int size) {
  return Cross<&IoApi::MmioRead>(address, size);
}
void drydock_mmio_write(volatile void* address, uint64_t value, unsigned int size) {
  Cross<&IoApi::MmioWrite>(address, value, size);
}

}  // extern "C"
