// Symbols of mm/memory.c, mm/mmap.c and arch/x86/mm/pat that change or read VMAs and page tables.
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::MmApi;

extern "C" {

int remap_pfn_range(vm_area_struct* vma, unsigned long addr, unsigned long pfn, unsigned long size,
                    pgprot_t prot) {
  return Cross<&MmApi::RemapPfnRange>(vma, addr, pfn, size, prot);
}
int vm_iomap_memory(vm_area_struct* vma, unsigned long long start, unsigned long len) {
  return Cross<&MmApi::VmIomapMemory>(vma, start, len);
}
int vm_insert_page(vm_area_struct* vma, unsigned long addr, page* page) {
  return Cross<&MmApi::VmInsertPage>(vma, addr, page);
}
int vm_insert_pages(vm_area_struct* vma, unsigned long addr, page** pages, unsigned long* count) {
  return Cross<&MmApi::VmInsertPages>(vma, addr, pages, count);
}
vm_fault_t vmf_insert_pfn(vm_area_struct* vma, unsigned long addr, unsigned long pfn) {
  return Cross<&MmApi::VmfInsertPfn>(vma, addr, pfn);
}
vm_fault_t vmf_insert_pfn_prot(vm_area_struct* vma, unsigned long addr, unsigned long pfn,
                               pgprot_t prot) {
  return Cross<&MmApi::VmfInsertPfnProt>(vma, addr, pfn, prot);
}
// A pfn_t is a struct of one 64-bit number, passed as that number.
vm_fault_t vmf_insert_mixed(vm_area_struct* vma, unsigned long addr, unsigned long long pfn) {
  return Cross<&MmApi::VmfInsertMixed>(vma, addr, pfn, vma->vm_page_prot, false);
}
vm_fault_t vmf_insert_mixed_prot(vm_area_struct* vma, unsigned long addr, unsigned long long pfn,
                                 pgprot_t prot) {
  return Cross<&MmApi::VmfInsertMixed>(vma, addr, pfn, prot, false);
}
vm_fault_t vmf_insert_mixed_mkwrite(vm_area_struct* vma, unsigned long addr,
                                    unsigned long long pfn) {
  return Cross<&MmApi::VmfInsertMixed>(vma, addr, pfn, vma->vm_page_prot, true);
}
void zap_vma_ptes(vm_area_struct* vma, unsigned long addr, unsigned long size) {
  Cross<&MmApi::ZapVmaPtes>(vma, addr, size);
}
void zap_special_vma_range(vm_area_struct* vma, unsigned long addr, unsigned long size) {
  Cross<&MmApi::ZapVmaPtes>(vma, addr, size);
}
int mmap_action_prepare(vm_area_desc* desc) { return Cross<&MmApi::MmapActionPrepare>(desc); }
int mmap_action_complete(vm_area_struct* vma, mmap_action* action, bool is_compat) {
  return Cross<&MmApi::MmapActionComplete>(vma, action, is_compat);
}
int __compat_vma_mmap(vm_area_desc* desc, vm_area_struct* vma) {
  return Cross<&MmApi::CompatVmaMmap>(desc, vma);
}
void unmap_mapping_range(address_space* mapping, long long begin, long long len, int even_cows) {
  Cross<&MmApi::UnmapMappingRange>(mapping, begin, len, even_cows);
}
void unmap_mapping_pages(address_space* mapping, unsigned long start, unsigned long count,
                         bool even_cows) {
  Cross<&MmApi::UnmapMappingPages>(mapping, start, count, even_cows ? 1 : 0);
}
int remap_vmalloc_range(vm_area_struct* vma, void* address, unsigned long pgoff) {
  return Cross<&MmApi::RemapVmallocRange>(vma, address, pgoff);
}
pgprot_t vm_get_page_prot(unsigned long vm_flags) { return Cross<&MmApi::VmGetPageProt>(vm_flags); }
pgprot_t pgprot_writecombine(pgprot_t prot) { return Cross<&MmApi::PgprotWritecombine>(prot); }
pgprot_t pgprot_writethrough(pgprot_t prot) { return Cross<&MmApi::PgprotWritethrough>(prot); }
int generic_access_phys(vm_area_struct* vma, unsigned long addr, void* buf, int len, int write) {
  return Cross<&MmApi::GenericAccessPhys>(vma, addr, buf, len, write);
}
vm_area_struct* find_vma(mm_struct* mm, unsigned long addr) {
  return Cross<&MmApi::FindVma>(mm, addr);
}

// Inline in a kernel; here they cross.
pgprot_t drydock_pgprot_noncached(pgprot_t prot) { return Cross<&MmApi::PgprotNoncached>(prot); }
pgprot_t drydock_pgprot_device(pgprot_t prot) { return Cross<&MmApi::PgprotDevice>(prot); }
pgprot_t drydock_pgprot_dmacoherent(pgprot_t prot) {
  return Cross<&MmApi::PgprotDmacoherent>(prot);
}
void drydock_get_page(page* page) { Cross<&AllocApi::GetPage>(page); }
void drydock_put_page(page* page) { Cross<&AllocApi::PutPage>(page); }
unsigned long long drydock_virt_to_phys(const volatile void* address) {
  return Cross<&AllocApi::VirtToPhys>(address);
}
void* drydock_phys_to_virt(unsigned long long phys) { return Cross<&AllocApi::PhysToVirt>(phys); }
bool drydock_pfn_valid(unsigned long pfn) { return Cross<&AllocApi::PfnValid>(pfn); }

}  // extern "C"
