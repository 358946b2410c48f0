// Memory functions that a kernel makes of its allocators and of vm_insert_page().
#include <cstring>

#include "mocks/include/drydock/flags.h"
#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::MmApi;

extern "C" {
extern struct page* drydock_vmemmap;
extern char* drydock_direct_map;
}

namespace {

constexpr int kEnxio = 6;
constexpr unsigned long kPageShift = 12;
constexpr unsigned long kPageSize = 1ul << kPageShift;

void* AddressOf(const page* page) {
  return drydock_direct_map + (static_cast<unsigned long>(page - drydock_vmemmap) << kPageShift);
}

// MP1, MP2: `offset` pages of the array are skipped; the mapping must not be longer than the rest.
DRYDOCK_SHIM_INLINE int MapPages(vm_area_struct* vma, page** pages, unsigned long count,
                                 unsigned long offset) {
  unsigned long wanted = (vma->vm_end - vma->vm_start) >> kPageShift;
  if (offset >= count || wanted > count - offset) return -kEnxio;
  for (unsigned long i = 0; i < wanted; ++i) {
    int error =
        Cross<&MmApi::VmInsertPage>(vma, vma->vm_start + (i << kPageShift), pages[offset + i]);
    if (error != 0) return error;
  }
  return 0;
}

}  // namespace

extern "C" {

unsigned long __get_free_pages(unsigned int gfp, unsigned int order) {
  page* first = Cross<&AllocApi::AllocPages>(gfp & ~___GFP_HIGHMEM, order);
  return first == nullptr ? 0 : reinterpret_cast<unsigned long>(AddressOf(first));
}
unsigned long get_zeroed_page(unsigned int gfp) {
  page* first = Cross<&AllocApi::AllocPages>((gfp & ~___GFP_HIGHMEM) | ___GFP_ZERO, 0u);
  return first == nullptr ? 0 : reinterpret_cast<unsigned long>(AddressOf(first));
}
void free_pages(unsigned long address, unsigned int order) {
  if (address == 0) return;
  unsigned long long phys = Cross<&AllocApi::VirtToPhys>(
      static_cast<const volatile void*>(reinterpret_cast<void*>(address)));
  Cross<&AllocApi::FreePages>(drydock_vmemmap + (phys >> kPageShift), order);
}
void kfree_sensitive(const void* object) {
  size_t size = object == nullptr ? 0 : Cross<&AllocApi::Ksize>(object);
  if (size > 0) std::memset(const_cast<void*>(object), 0, size);
  Cross<&AllocApi::Kfree>(object);
}
void* kvmalloc_node(size_t size, unsigned int gfp, int) {
  bool small = size <= kPageSize;
  unsigned int quiet = small ? gfp : gfp | ___GFP_NOWARN | ___GFP_NORETRY;
  void* memory = Cross<&AllocApi::Kmalloc>(size, quiet);
  if (memory != nullptr || small || size > 0x7fffffff) return memory;
  return Cross<&AllocApi::Vmalloc>(size, gfp, false);
}
void kvfree(const void* address) {
  if (Cross<&AllocApi::IsVmallocAddr>(address)) {
    Cross<&AllocApi::Vfree>(address);
  } else {
    Cross<&AllocApi::Kfree>(address);
  }
}
unsigned long vmalloc_to_pfn(const void* address) {
  return static_cast<unsigned long>(Cross<&AllocApi::VmallocToPage>(address) - drydock_vmemmap);
}

kmem_cache* kmem_cache_create(const char*, unsigned int size, unsigned int, unsigned int flags,
                              void (*ctor)(void*)) {
  constexpr unsigned int kGfpKernel =
      ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;
  auto* cache = static_cast<kmem_cache*>(Cross<&AllocApi::Kmalloc>(sizeof(kmem_cache), kGfpKernel));
  if (cache != nullptr) *cache = {size, flags, ctor};
  return cache;
}
void kmem_cache_destroy(kmem_cache* cache) {
  if (cache != nullptr) Cross<&AllocApi::Kfree>(static_cast<const void*>(cache));
}
void* kmem_cache_alloc(kmem_cache* cache, unsigned int gfp) {
  void* object = Cross<&AllocApi::Kmalloc>(size_t{cache->size}, gfp);
  if (object != nullptr && cache->ctor != nullptr) cache->ctor(object);
  return object;
}
void kmem_cache_free(kmem_cache*, void* object) {
  Cross<&AllocApi::Kfree>(static_cast<const void*>(object));
}

int vm_map_pages(vm_area_struct* vma, page** pages, unsigned long count) {
  return MapPages(vma, pages, count, vma->vm_pgoff);
}
int vm_map_pages_zero(vm_area_struct* vma, page** pages, unsigned long count) {
  return MapPages(vma, pages, count, 0);
}

}  // extern "C"
