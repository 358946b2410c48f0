// For tests of Dma: a device, a Dma over a machine of its own, and an Mm that notes what is mapped.
#ifndef DRYDOCK_SIM_KERNEL_DMA_FIXTURE_H_
#define DRYDOCK_SIM_KERNEL_DMA_FIXTURE_H_

#include "sim/kernel/dma.h"
#include "sim/kernel/memory_fixture.h"

namespace drydock::kernel {

struct RemapCall {
  unsigned long addr = 0, pfn = 0, size = 0, prot = 0;
  int count = 0;
};

struct InsertCall {
  unsigned long addr = 0;
  struct page* page = nullptr;  // of the last one
  int count = 0;
};

class FakeMm final : public mocks::MmApi {
 public:
  int RemapPfnRange(vm_area_struct*, unsigned long addr, unsigned long pfn, unsigned long size,
                    pgprot_t prot) override {
    call = {addr, pfn, size, prot.pgprot, call.count + 1};
    return result;
  }
  int VmIomapMemory(vm_area_struct*, unsigned long long, unsigned long) override { return 0; }
  int VmInsertPage(vm_area_struct*, unsigned long addr, struct page* page) override {
    inserted = {addr, page, inserted.count + 1};
    return result;
  }
  vm_fault_t VmfInsertPfn(vm_area_struct*, unsigned long, unsigned long) override { return 0; }
  vm_fault_t VmfInsertPfnProt(vm_area_struct*, unsigned long, unsigned long, pgprot_t) override {
    return 0;
  }
  void ZapVmaPtes(vm_area_struct*, unsigned long, unsigned long) override {}
  void UnmapMappingRange(address_space*, long long, long long, int) override {}
  pgprot_t VmGetPageProt(unsigned long) override { return {}; }
  pgprot_t PgprotWritecombine(pgprot_t prot) override { return prot; }
  pgprot_t PgprotWritethrough(pgprot_t prot) override { return prot; }
  pgprot_t PgprotNoncached(pgprot_t prot) override { return {prot.pgprot | 0x10}; }
  pgprot_t PgprotDevice(pgprot_t prot) override { return prot; }
  pgprot_t PgprotFramebuffer(pgprot_t prot) override { return prot; }
  pgprot_t PgprotDmacoherent(pgprot_t prot) override { return {prot.pgprot | 0x08}; }
  int RemapVmallocRange(vm_area_struct*, void*, unsigned long) override { return 0; }
  int VmInsertPages(vm_area_struct*, unsigned long, struct page**, unsigned long*) override {
    return 0;
  }
  vm_fault_t VmfInsertMixed(vm_area_struct*, unsigned long, unsigned long long, pgprot_t,
                            bool) override {
    return 0;
  }
  void UnmapMappingPages(address_space*, unsigned long, unsigned long, int) override {}
  int MmapActionPrepare(vm_area_desc*) override { return 0; }
  int MmapActionComplete(vm_area_struct*, mmap_action*, bool) override { return 0; }
  int CompatVmaMmap(vm_area_desc*, vm_area_struct*) override { return 0; }
  vm_area_struct* FindVma(mm_struct*, unsigned long) override { return nullptr; }
  int GenericAccessPhys(vm_area_struct*, unsigned long, void*, int, int) override { return 0; }
  mm_struct* CurrentMm() override { return nullptr; }
  RemapCall call;
  InsertCall inserted;
  int result = 0;
};

class DmaTest : public MemoryTest {
 protected:
  explicit DmaTest(const char* platform = "x86-64", int profile = 601)
      : MemoryTest(*hw::FindPlatform(platform)),
        platform_(*hw::FindPlatform(platform)),
        profile_(ProfileOf(profile)) {
    dev_.coherent_dma_mask = 0xffffffff;
    dev_.dma_mask = &mask_;
    allocator_.SetDmaRegister(&mapped_for_devices_);
  }
  char* Alloc(size_t size_bytes, unsigned long attrs = 0) {
    return static_cast<char*>(dma_.DmaAllocAttrs(&dev_, size_bytes, &handle_, kGfpKernel, attrs));
  }
  int Mmap(uint64_t pgoff, uint64_t vma_pages, size_t size_bytes) {
    vma_.vm_start = 0x10000;
    vma_.vm_end = vma_.vm_start + vma_pages * hw::kPageSize;
    vma_.vm_pgoff = pgoff;
    vma_.vm_page_prot.pgprot = 0x27;
    return dma_.DmaMmapAttrs(&dev_, &vma_, nullptr, handle_, size_bytes, 0);
  }

  device dev_{};
  unsigned long long mask_ = 0xffffffff;
  unsigned long long handle_ = 1;
  vm_area_struct vma_{};
  FakeMm mm_;
  DmaRegister mapped_for_devices_{list_, verdicts_};
  const hw::Platform& platform_;
  const Profile& profile_;
  Dma dma_{list_, allocator_, mapped_for_devices_, verdicts_, mm_, platform_, profile_};
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_DMA_FIXTURE_H_
