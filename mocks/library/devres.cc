// Managed resources: an ordinary resource and an action that gives it back, newest first, when the
// device's driver goes. Also what drivers/base makes of its own smaller functions.
#include <cstring>

#include "mocks/include/drydock/flags.h"
#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::ChrdevApi;
using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::CrossUnmodelled;
using drydock::mocks::DeviceApi;
using drydock::mocks::DmaApi;
using drydock::mocks::IoApi;
using drydock::mocks::IoCache;
using drydock::mocks::LogApi;

extern "C" resource iomem_resource;

namespace {

constexpr int kEinval = 22, kEbusy = 16, kEnomem = 12, kEnxio = 6;
constexpr unsigned int kGfpKernel =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS;

void* ErrPtr(long error) { return reinterpret_cast<void*>(error); }
bool IsErr(const void* p) { return reinterpret_cast<unsigned long>(p) >= -4095ul; }

using Action = void (*)(void*);
void Unmap(void* address) { Cross<&IoApi::Iounmap>(static_cast<volatile void*>(address)); }
void Unremap(void* address) { Cross<&IoApi::Memunmap>(address); }
struct Region {
  unsigned long long start;
  unsigned long long size;
};
void ReleaseRegion(void* data) {
  auto* region = static_cast<Region*>(data);
  Cross<&IoApi::ReleaseMemRegion>(region->start, region->size);
}
struct Coherent {
  device* dev;
  size_t size;
  void* cpu_addr;
  unsigned long long handle;
  unsigned long attrs;
};
void FreeCoherent(void* data) {
  auto* block = static_cast<Coherent*>(data);
  Cross<&DmaApi::DmaFreeAttrs>(block->dev, block->size, block->cpu_addr, block->handle,
                               block->attrs);
}

DRYDOCK_SHIM_INLINE void* IoremapManaged(device* dev, unsigned long long phys,
                                         unsigned long long size, IoCache cache) {
  void* address = Cross<&IoApi::Ioremap>(phys, static_cast<unsigned long>(size), cache);
  if (address != nullptr && Cross<&DeviceApi::DevmAddAction>(dev, Action{Unmap}, address) != 0) {
    Cross<&IoApi::Iounmap>(static_cast<volatile void*>(address));
    return nullptr;
  }
  return address;
}
DRYDOCK_SHIM_INLINE resource* RequestManaged(device* dev, unsigned long long start,
                                             unsigned long long size, const char* name) {
  auto* region =
      static_cast<Region*>(Cross<&DeviceApi::DevmKmalloc>(dev, sizeof(Region), kGfpKernel));
  if (region == nullptr) return nullptr;
  *region = {start, size};
  resource* res = Cross<&IoApi::RequestMemRegion>(start, size, name);
  if (res == nullptr) {
    Cross<&DeviceApi::DevmKfree>(dev, static_cast<const void*>(region));
  } else if (Cross<&DeviceApi::DevmAddAction>(dev, Action{ReleaseRegion},
                                              static_cast<void*>(region)) != 0) {
    Cross<&IoApi::ReleaseMemRegion>(start, size);
    return nullptr;
  }
  return res;
}

}  // namespace

// Not inlined, as it has variable arguments: the caller is handed in.
static void Complain(const void* caller, device* dev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  CrossFrom<&LogApi::DevPrintk>(caller, "\0013", static_cast<const device*>(dev), format, args);
  va_end(args);
}

namespace {

// "DEVICE RESOURCE", or "DEVICE" where the resource has no name; managed.
DRYDOCK_SHIM_INLINE char* RegionName(device* dev, const resource* res) {
  const char* device_name = dev->kobj.name != nullptr ? dev->kobj.name : "(null)";
  const size_t first = std::strlen(device_name);
  const size_t second = res->name != nullptr ? std::strlen(res->name) + 1 : 0;
  auto* name =
      static_cast<char*>(Cross<&DeviceApi::DevmKmalloc>(dev, first + second + 1, kGfpKernel));
  if (name == nullptr) return nullptr;
  std::memcpy(name, device_name, first + 1);
  if (second == 0) return name;
  name[first] = ' ';
  std::memcpy(name + first + 1, res->name, second);
  return name;
}

DRYDOCK_SHIM_INLINE void* IoremapResource(device* dev, const resource* res, IoCache cache) {
  if (res == nullptr || (res->flags & IORESOURCE_TYPE_BITS) != IORESOURCE_MEM) {
    Complain(__builtin_return_address(0), dev, "invalid resource\n");
    return ErrPtr(-kEinval);
  }
  unsigned long long size = res->end - res->start + 1;
  const char* name = RegionName(dev, res);
  if (name == nullptr) {
    Complain(__builtin_return_address(0), dev, "can't generate pretty name for resource %pR\n",
             res);
    return ErrPtr(-kEnomem);
  }
  if (RequestManaged(dev, res->start, size, name) == nullptr) {
    Complain(__builtin_return_address(0), dev, "can't request region for resource %pR\n", res);
    return ErrPtr(-kEbusy);
  }
  void* address = IoremapManaged(dev, res->start, size, cache);
  if (address == nullptr) {
    Complain(__builtin_return_address(0), dev, "ioremap failed for resource %pR\n", res);
    return ErrPtr(-kEnomem);
  }
  return address;
}

}  // namespace

extern "C" {

void* devm_ioremap(device* dev, unsigned long long phys, unsigned long long size) {
  return IoremapManaged(dev, phys, size, IoCache::kUncachedMinus);
}
void* devm_ioremap_uc(device* dev, unsigned long long phys, unsigned long long size) {
  return IoremapManaged(dev, phys, size, IoCache::kUncached);
}
void* devm_ioremap_wc(device* dev, unsigned long long phys, unsigned long long size) {
  return IoremapManaged(dev, phys, size, IoCache::kWriteCombining);
}
void devm_iounmap(device* dev, void* address) {
  Cross<&DeviceApi::DevmRemoveAction>(dev, Action{Unmap}, address, true);
}
void* devm_ioremap_resource(device* dev, const resource* res) {
  return IoremapResource(dev, res, IoCache::kUncachedMinus);
}
resource* platform_get_resource_byname(platform_device* pdev, unsigned int type, const char* name) {
  for (unsigned int i = 0; i < pdev->num_resources; ++i) {
    resource* res = &pdev->resource[i];
    if (res->name != nullptr && (res->flags & IORESOURCE_TYPE_BITS) == type &&
        std::strcmp(res->name, name) == 0) {
      return res;
    }
  }
  return nullptr;
}
void* devm_platform_ioremap_resource(platform_device* pdev, unsigned int index) {
  resource* res = Cross<&DeviceApi::PlatformGetResource>(
      pdev, static_cast<unsigned int>(IORESOURCE_MEM), index);
  return IoremapResource(&pdev->dev, res, IoCache::kUncachedMinus);
}
void* devm_platform_ioremap_resource_byname(platform_device* pdev, const char* name) {
  return IoremapResource(&pdev->dev, platform_get_resource_byname(pdev, IORESOURCE_MEM, name),
                         IoCache::kUncachedMinus);
}
void* devm_platform_get_and_ioremap_resource(platform_device* pdev, unsigned int index,
                                             resource** out) {
  resource* res = Cross<&DeviceApi::PlatformGetResource>(
      pdev, static_cast<unsigned int>(IORESOURCE_MEM), index);
  if (out != nullptr) *out = res;
  return IoremapResource(&pdev->dev, res, IoCache::kUncachedMinus);
}

resource* __devm_request_region(device* dev, resource* parent, unsigned long long start,
                                unsigned long long size, const char* name) {
  if (parent != &iomem_resource) CrossUnmodelled("devm_request_region of ports");
  return RequestManaged(dev, start, size, name);
}
void* devm_memremap(device* dev, unsigned long long phys, size_t size, unsigned long flags) {
  void* address = Cross<&IoApi::Memremap>(phys, size, flags);
  if (address == nullptr) return ErrPtr(-kEnxio);
  if (Cross<&DeviceApi::DevmAddAction>(dev, Action{Unremap}, address) != 0) {
    Cross<&IoApi::Memunmap>(address);
    return ErrPtr(-kEnomem);
  }
  return address;
}
void devm_memunmap(device* dev, void* address) {
  Cross<&DeviceApi::DevmRemoveAction>(dev, Action{Unremap}, address, true);
}
void* dmam_alloc_attrs(device* dev, size_t size, unsigned long long* handle, unsigned int gfp,
                       unsigned long attrs) {
  auto* block = static_cast<Coherent*>(Cross<&DeviceApi::DevmKmalloc>(dev, sizeof(Coherent), gfp));
  if (block == nullptr) return nullptr;
  void* cpu_addr = Cross<&DmaApi::DmaAllocAttrs>(dev, size, handle, gfp, attrs);
  if (cpu_addr == nullptr) {
    Cross<&DeviceApi::DevmKfree>(dev, static_cast<const void*>(block));
    return nullptr;
  }
  *block = {dev, size, cpu_addr, *handle, attrs};
  if (Cross<&DeviceApi::DevmAddAction>(dev, Action{FreeCoherent}, static_cast<void*>(block)) != 0) {
    Cross<&DmaApi::DmaFreeAttrs>(dev, size, cpu_addr, *handle, attrs);
    return nullptr;
  }
  return cpu_addr;
}

void* devm_kmemdup(device* dev, const void* from, size_t n, unsigned int gfp) {
  void* copy = Cross<&DeviceApi::DevmKmalloc>(dev, n, gfp);
  if (copy != nullptr) std::memcpy(copy, from, n);
  return copy;
}
char* devm_kstrdup(device* dev, const char* s, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = std::strlen(s) + 1;
  void* copy = Cross<&DeviceApi::DevmKmalloc>(dev, n, gfp);
  if (copy != nullptr) std::memcpy(copy, s, n);
  return static_cast<char*>(copy);
}
char* devm_kasprintf(device* dev, unsigned int gfp, const char* format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = Cross<&LogApi::Vsnprintf>(static_cast<char*>(nullptr), size_t{0}, format, args);
  size_t size = static_cast<size_t>(length) + 1;
  auto* text = static_cast<char*>(Cross<&DeviceApi::DevmKmalloc>(dev, size, gfp));
  if (text != nullptr) Cross<&LogApi::Vsnprintf>(text, size, format, again);
  va_end(again);
  va_end(args);
  return text;
}

int device_register(device* dev) {
  Cross<&DeviceApi::DeviceInitialize>(dev);
  return Cross<&DeviceApi::DeviceAdd>(dev);
}
void device_unregister(device* dev) {
  Cross<&DeviceApi::DeviceDel>(dev);
  Cross<&DeviceApi::PutDevice>(dev);
}
device* device_create_with_groups(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                                  const attribute_group** groups, const char* format, ...) {
  va_list args;
  va_start(args, format);
  device* dev = Cross<&DeviceApi::DeviceCreate>(cls, parent, devt, drvdata, format, args);
  va_end(args);
  if (!IsErr(dev)) dev->groups = groups;
  return dev;
}
cdev* cdev_alloc() {
  auto* made =
      static_cast<cdev*>(Cross<&AllocApi::Kmalloc>(sizeof(cdev), kGfpKernel | ___GFP_ZERO));
  if (made == nullptr) return nullptr;
  Cross<&ChrdevApi::CdevInit>(made, static_cast<const file_operations*>(nullptr));
  made->kobj.drydock_state |= DRYDOCK_CDEV_ALLOCATED;
  return made;
}
void cdev_set_parent(cdev* cdev, kobject* parent) { cdev->kobj.parent = parent; }
int cdev_device_add(cdev* cdev, device* dev) {
  if (dev->devt != 0) {
    cdev->kobj.parent = &dev->kobj;
    int error = Cross<&ChrdevApi::CdevAdd>(cdev, dev->devt, 1u);
    if (error != 0) return error;
  }
  int error = Cross<&DeviceApi::DeviceAdd>(dev);
  if (error != 0 && dev->devt != 0) Cross<&ChrdevApi::CdevDel>(cdev);
  return error;
}
void cdev_device_del(cdev* cdev, device* dev) {
  Cross<&DeviceApi::DeviceDel>(dev);
  if (dev->devt != 0) Cross<&ChrdevApi::CdevDel>(cdev);
}

int platform_device_register(platform_device* pdev) {
  Cross<&DeviceApi::DeviceInitialize>(&pdev->dev);
  return Cross<&DeviceApi::PlatformDeviceAdd>(pdev);
}
void platform_device_unregister(platform_device* pdev) {
  if (pdev == nullptr || IsErr(pdev)) return;
  Cross<&DeviceApi::PlatformDeviceDel>(pdev);
  Cross<&DeviceApi::PlatformDevicePut>(pdev);
}
platform_device* platform_device_register_full(const platform_device_info* info) {
  if (info->data != nullptr) CrossUnmodelled("platform_device_register_full with platform data");
  platform_device* pdev = Cross<&DeviceApi::PlatformDeviceAlloc>(info->name, info->id);
  if (pdev == nullptr) return static_cast<platform_device*>(ErrPtr(-kEnomem));
  pdev->dev.parent = info->parent;
  pdev->dev.fwnode = info->fwnode;
  if (info->dma_mask != 0) {
    pdev->platform_dma_mask = info->dma_mask;
    pdev->dev.dma_mask = &pdev->platform_dma_mask;
    pdev->dev.coherent_dma_mask = info->dma_mask;
  }
  int error = Cross<&DeviceApi::PlatformDeviceAddResources>(pdev, info->res, info->num_res);
  if (error == 0) error = Cross<&DeviceApi::PlatformDeviceAdd>(pdev);
  if (error != 0) {
    Cross<&DeviceApi::PlatformDevicePut>(pdev);
    return static_cast<platform_device*>(ErrPtr(error));
  }
  return pdev;
}

}  // extern "C"
