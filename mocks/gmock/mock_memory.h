// GoogleMock over the roles of memory: allocation, copies from and to user space, registers. How to
// use them: mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_MEMORY_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_MEMORY_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockAllocApi : public AllocApi {
 public:
  MockAllocApi();
  explicit MockAllocApi(AllocApi& real);
  ~MockAllocApi() override;

  MOCK_METHOD(void*, Kmalloc, (size_t size_bytes, unsigned int gfp), (override));
  MOCK_METHOD(void*, Krealloc, (const void* object, size_t size_bytes, unsigned int gfp),
              (override));
  MOCK_METHOD(void, Kfree, (const void* object), (override));
  MOCK_METHOD(size_t, Ksize, (const void* object), (override));
  MOCK_METHOD(page*, AllocPages, (unsigned int gfp, unsigned int order), (override));
  MOCK_METHOD(void, FreePages, (page * page, unsigned int order), (override));
  MOCK_METHOD(void*, AllocPagesExact, (size_t size_bytes, unsigned int gfp), (override));
  MOCK_METHOD(void, FreePagesExact, (void* address, size_t size_bytes), (override));
  MOCK_METHOD(void, GetPage, (page * page), (override));
  MOCK_METHOD(void, PutPage, (page * page), (override));
  MOCK_METHOD(bool, TrylockPage, (page * page), (override));
  MOCK_METHOD(void, UnlockPage, (page * page), (override));
  MOCK_METHOD(void, SplitPage, (page * page, unsigned int order), (override));
  MOCK_METHOD(void*, Vmalloc, (size_t size_bytes, unsigned int gfp, bool user), (override));
  MOCK_METHOD(void, Vfree, (const void* address), (override));
  MOCK_METHOD(page*, VmallocToPage, (const void* address), (override));
  MOCK_METHOD(bool, IsVmallocAddr, (const void* address), (override));
  MOCK_METHOD(unsigned long long, VirtToPhys, (const volatile void* address), (override));
  MOCK_METHOD(void*, PhysToVirt, (unsigned long long phys), (override));
  MOCK_METHOD(bool, PfnValid, (unsigned long pfn), (override));
};

class MockUaccessApi : public UaccessApi {
 public:
  MockUaccessApi();
  explicit MockUaccessApi(UaccessApi& real);
  ~MockUaccessApi() override;

  MOCK_METHOD(unsigned long, CopyToUser,
              (void* user_to, const void* from, unsigned long size_bytes), (override));
  MOCK_METHOD(unsigned long, CopyFromUser,
              (void* to, const void* user_from, unsigned long size_bytes), (override));
  MOCK_METHOD(unsigned long, ClearUser, (void* user_to, unsigned long size_bytes), (override));
  MOCK_METHOD(long, StrncpyFromUser, (char* to, const char* user_from, long count), (override));
  MOCK_METHOD(bool, AccessOk, (const void* user, unsigned long size_bytes), (override));
};

class MockIoApi : public IoApi {
 public:
  MockIoApi();
  explicit MockIoApi(IoApi& real);
  ~MockIoApi() override;

  MOCK_METHOD(void*, Ioremap, (unsigned long long phys, unsigned long size_bytes, IoCache cache),
              (override));
  MOCK_METHOD(void, Iounmap, (volatile void* address), (override));
  MOCK_METHOD(void*, Memremap, (unsigned long long phys, size_t size_bytes, unsigned long flags),
              (override));
  MOCK_METHOD(void, Memunmap, (void* address), (override));
  MOCK_METHOD(resource*, RequestMemRegion,
              (unsigned long long start, unsigned long long size_bytes, const char* name),
              (override));
  MOCK_METHOD(void, ReleaseMemRegion, (unsigned long long start, unsigned long long size_bytes),
              (override));
  MOCK_METHOD(uint64_t, MmioRead, (const volatile void* address, unsigned int size_bytes),
              (override));
  MOCK_METHOD(void, MmioWrite, (volatile void* address, uint64_t value, unsigned int size_bytes),
              (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_MEMORY_H_
