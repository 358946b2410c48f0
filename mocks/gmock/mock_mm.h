// GoogleMock over the roles of mapping: the page tables of a process. How to use them:
// mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_MM_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_MM_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockMmApi : public MmApi {
 public:
  MockMmApi();
  explicit MockMmApi(MmApi& real);
  ~MockMmApi() override;

  MOCK_METHOD(int, RemapPfnRange,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn, unsigned long size,
               pgprot_t prot),
              (override));
  MOCK_METHOD(int, VmIomapMemory,
              (vm_area_struct * vma, unsigned long long start, unsigned long len), (override));
  MOCK_METHOD(int, VmInsertPage, (vm_area_struct * vma, unsigned long addr, page* page),
              (override));
  MOCK_METHOD(vm_fault_t, VmfInsertPfn,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn), (override));
  MOCK_METHOD(vm_fault_t, VmfInsertPfnProt,
              (vm_area_struct * vma, unsigned long addr, unsigned long pfn, pgprot_t prot),
              (override));
  MOCK_METHOD(void, ZapVmaPtes, (vm_area_struct * vma, unsigned long addr, unsigned long size),
              (override));
  MOCK_METHOD(void, UnmapMappingRange,
              (address_space * mapping, long long hole_begin, long long hole_len, int even_cows),
              (override));
  MOCK_METHOD(pgprot_t, VmGetPageProt, (unsigned long vm_flags), (override));
  MOCK_METHOD(pgprot_t, PgprotWritecombine, (pgprot_t prot), (override));
  MOCK_METHOD(vm_area_struct*, FindVma, (mm_struct * mm, unsigned long addr), (override));
  MOCK_METHOD(int, GenericAccessPhys,
              (vm_area_struct * vma, unsigned long addr, void* buf, int len, int write),
              (override));
  MOCK_METHOD(mm_struct*, CurrentMm, (), (override));
  MOCK_METHOD(int, RemapVmallocRange, (vm_area_struct * vma, void* address, unsigned long pgoff),
              (override));
  MOCK_METHOD(pgprot_t, PgprotWritethrough, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotNoncached, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotDevice, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotDmacoherent, (pgprot_t prot), (override));
  MOCK_METHOD(pgprot_t, PgprotFramebuffer, (pgprot_t prot), (override));
  MOCK_METHOD(int, VmInsertPages,
              (vm_area_struct * vma, unsigned long addr, page** pages, unsigned long* count),
              (override));
  MOCK_METHOD(vm_fault_t, VmfInsertMixed,
              (vm_area_struct * vma, unsigned long addr, unsigned long long pfn, pgprot_t prot,
               bool mkwrite),
              (override));
  MOCK_METHOD(void, UnmapMappingPages,
              (address_space * mapping, unsigned long start, unsigned long count, int even_cows),
              (override));
  MOCK_METHOD(int, MmapActionPrepare, (vm_area_desc * desc), (override));
  MOCK_METHOD(int, MmapActionComplete, (vm_area_struct * vma, mmap_action* action, bool is_compat),
              (override));
  MOCK_METHOD(int, CompatVmaMmap, (vm_area_desc * desc, vm_area_struct* vma), (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_MM_H_
