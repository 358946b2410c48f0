// Symbols of mm/slab_common.c, mm/page_alloc.c and mm/vmalloc.c.
#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;

namespace {
constexpr unsigned int kGfpKernel =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;
constexpr unsigned int kGfpZeroed = kGfpKernel | ___GFP_ZERO;
}  // namespace

extern "C" {

void* __kmalloc(size_t size, unsigned int gfp) { return Cross<&AllocApi::Kmalloc>(size, gfp); }
void* krealloc(const void* object, size_t size, unsigned int gfp) {
  return Cross<&AllocApi::Krealloc>(object, size, gfp);
}
void kfree(const void* object) { Cross<&AllocApi::Kfree>(object); }
size_t ksize(const void* object) { return Cross<&AllocApi::Ksize>(object); }

page* __alloc_pages(unsigned int gfp, unsigned int order, int, void*) {
  return Cross<&AllocApi::AllocPages>(gfp, order);
}
void __free_pages(page* page, unsigned int order) { Cross<&AllocApi::FreePages>(page, order); }
void* alloc_pages_exact(size_t size, unsigned int gfp) {
  return Cross<&AllocApi::AllocPagesExact>(size, gfp);
}
void free_pages_exact(void* address, size_t size) {
  Cross<&AllocApi::FreePagesExact>(address, size);
}
void split_page(page* page, unsigned int order) { Cross<&AllocApi::SplitPage>(page, order); }

void* vmalloc(unsigned long size) { return Cross<&AllocApi::Vmalloc>(size, kGfpKernel, false); }
void* vzalloc(unsigned long size) { return Cross<&AllocApi::Vmalloc>(size, kGfpZeroed, false); }
void* vmalloc_user(unsigned long size) { return Cross<&AllocApi::Vmalloc>(size, kGfpZeroed, true); }
void* vmalloc_node(unsigned long size, int) {
  return Cross<&AllocApi::Vmalloc>(size, kGfpKernel, false);
}
void* vzalloc_node(unsigned long size, int) {
  return Cross<&AllocApi::Vmalloc>(size, kGfpZeroed, false);
}
void* vmalloc_32(unsigned long size) {
  return Cross<&AllocApi::Vmalloc>(size, kGfpKernel | ___GFP_DMA32, false);
}
void* vmalloc_32_user(unsigned long size) {
  return Cross<&AllocApi::Vmalloc>(size, kGfpZeroed | ___GFP_DMA32, true);
}
void* __vmalloc(unsigned long size, unsigned int gfp) {
  return Cross<&AllocApi::Vmalloc>(size, gfp, false);
}
void vfree(const void* address) { Cross<&AllocApi::Vfree>(address); }
page* vmalloc_to_page(const void* address) { return Cross<&AllocApi::VmallocToPage>(address); }
bool is_vmalloc_addr(const void* address) { return Cross<&AllocApi::IsVmallocAddr>(address); }

}  // extern "C"
