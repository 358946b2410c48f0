// What drivers/pci and lib/pci_iomap.c make of smaller functions: BARs claimed and mapped, and the
// managed forms.
#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::CrossUnmodelled;
using drydock::mocks::DeviceApi;
using drydock::mocks::IoApi;
using drydock::mocks::IoCache;
using drydock::mocks::LogApi;
using drydock::mocks::PciApi;

namespace {

constexpr int kEinval = 22, kEbusy = 16, kEnomem = 12;

bool IsBar(int bar) { return bar >= 0 && bar < PCI_STD_NUM_BARS; }
unsigned long long LengthOf(const resource& bar) {
  return bar.end == 0 && bar.start == 0 ? 0 : bar.end - bar.start + 1;
}

void Complain(const void* caller, pci_dev* pdev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  CrossFrom<&LogApi::DevPrintk>(caller, "\0014", static_cast<const device*>(&pdev->dev), format,
                                args);
  va_end(args);
}

DRYDOCK_SHIM_INLINE int Request(pci_dev* pdev, int bar, const char* name) {
  if (!IsBar(bar)) return -kEinval;
  const resource& res = pdev->resource[bar];
  if (LengthOf(res) == 0) return 0;
  if ((res.flags & IORESOURCE_IO) != 0) CrossUnmodelled("pci_request_region of ports");
  if (Cross<&IoApi::RequestMemRegion>(res.start, LengthOf(res), name) == nullptr) {
    Complain(__builtin_return_address(0), pdev, "BAR %d: can't reserve %pR\n", bar, &res);
    return -kEbusy;
  }
  if (pdev->drydock_managed != 0) {
    pdev->drydock_regions = static_cast<unsigned char>(pdev->drydock_regions | 1 << bar);
  }
  return 0;
}

DRYDOCK_SHIM_INLINE void Release(pci_dev* pdev, int bar) {
  if (!IsBar(bar)) return;
  const resource& res = pdev->resource[bar];
  if (LengthOf(res) == 0) return;
  Cross<&IoApi::ReleaseMemRegion>(res.start, LengthOf(res));
  pdev->drydock_regions = static_cast<unsigned char>(pdev->drydock_regions & ~(1 << bar));
}

DRYDOCK_SHIM_INLINE int RequestSelected(pci_dev* pdev, int mask, const char* name) {
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) {
    if ((mask >> bar & 1) == 0) continue;
    const int error = Request(pdev, bar, name);
    if (error == 0) continue;
    while (--bar >= 0) {
      if ((mask >> bar & 1) != 0) Release(pdev, bar);
    }
    return error;
  }
  return 0;
}

DRYDOCK_SHIM_INLINE void* Map(pci_dev* pdev, int bar, unsigned long offset, unsigned long max,
                              IoCache cache) {
  if (!IsBar(bar)) return nullptr;
  const resource& res = pdev->resource[bar];
  const unsigned long long length = LengthOf(res);
  if (length <= offset || res.start == 0) return nullptr;
  if ((res.flags & IORESOURCE_MEM) == 0) {
    CrossUnmodelled("pci_iomap of ports");
    return nullptr;
  }
  auto size = static_cast<unsigned long>(length - offset);
  if (max != 0 && size > max) size = max;
  return Cross<&IoApi::Ioremap>(res.start + offset, size, cache);
}

// drivers/pci/pci.c:pcim_release(), when the driver is unbound.
void ReleaseManaged(void* data) {
  auto* pdev = static_cast<pci_dev*>(data);
  if (pdev->msi_enabled != 0 || pdev->msix_enabled != 0) Cross<&PciApi::PciFreeIrqVectors>(pdev);
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) {
    if ((pdev->drydock_regions >> bar & 1) != 0) Release(pdev, bar);
  }
  if (pdev->enable_cnt.counter > 0) Cross<&PciApi::PciDisableDevice>(pdev);
  pdev->drydock_managed = 0;
}

void UnmapManaged(void* data) {
  auto* pdev = static_cast<pci_dev*>(data);
  for (void*& address : pdev->drydock_iomap) {
    if (address != nullptr) Cross<&IoApi::Iounmap>(static_cast<volatile void*>(address));
    address = nullptr;
  }
}

// The table is there once one BAR was mapped into it.
DRYDOCK_SHIM_INLINE void* MapManaged(pci_dev* pdev, int bar, unsigned long max) {
  if (!IsBar(bar) || pdev->drydock_iomap[bar] != nullptr) return nullptr;
  bool any = false;
  for (void* address : pdev->drydock_iomap) any = any || address != nullptr;
  if (!any &&
      Cross<&DeviceApi::DevmAddAction>(&pdev->dev, &UnmapManaged, static_cast<void*>(pdev)) != 0) {
    return nullptr;
  }
  return pdev->drydock_iomap[bar] = Map(pdev, bar, 0, max, IoCache::kUncachedMinus);
}

}  // namespace

extern "C" {

int pci_request_region(pci_dev* pdev, int bar, const char* name) {
  return Request(pdev, bar, name);
}
void pci_release_region(pci_dev* pdev, int bar) { Release(pdev, bar); }
int pci_request_regions(pci_dev* pdev, const char* name) {
  return RequestSelected(pdev, (1 << PCI_STD_NUM_BARS) - 1, name);
}
void pci_release_regions(pci_dev* pdev) {
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) Release(pdev, bar);
}
int pci_request_selected_regions(pci_dev* pdev, int mask, const char* name) {
  return RequestSelected(pdev, mask, name);
}
void pci_release_selected_regions(pci_dev* pdev, int mask) {
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) {
    if ((mask >> bar & 1) != 0) Release(pdev, bar);
  }
}
int pci_select_bars(pci_dev* pdev, unsigned long flags) {
  int mask = 0;
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) {
    if ((pdev->resource[bar].flags & flags) != 0) mask |= 1 << bar;
  }
  return mask;
}

void* pci_iomap(pci_dev* pdev, int bar, unsigned long max) {
  return Map(pdev, bar, 0, max, IoCache::kUncachedMinus);
}
void* pci_iomap_range(pci_dev* pdev, int bar, unsigned long offset, unsigned long max) {
  return Map(pdev, bar, offset, max, IoCache::kUncachedMinus);
}
void* pci_iomap_wc(pci_dev* pdev, int bar, unsigned long max) {
  return Map(pdev, bar, 0, max, IoCache::kWriteCombining);
}
void* pci_ioremap_bar(pci_dev* pdev, int bar) {
  if (!IsBar(bar) || (pdev->resource[bar].flags & IORESOURCE_MEM) == 0) {
    Complain(__builtin_return_address(0), pdev, "can't ioremap BAR %d: it is no memory\n", bar);
    return nullptr;
  }
  return Map(pdev, bar, 0, 0, IoCache::kUncachedMinus);
}
void* pci_ioremap_wc_bar(pci_dev* pdev, int bar) {
  return Map(pdev, bar, 0, 0, IoCache::kWriteCombining);
}
void pci_iounmap(pci_dev*, volatile void* address) { Cross<&IoApi::Iounmap>(address); }

int pcim_enable_device(pci_dev* pdev) {
  if (pdev->drydock_managed != 0) return 0;
  if (Cross<&DeviceApi::DevmAddAction>(&pdev->dev, &ReleaseManaged, static_cast<void*>(pdev)) !=
      0) {
    return -kEnomem;
  }
  const int error = Cross<&PciApi::PciEnableDevice>(pdev);
  if (error == 0) pdev->drydock_managed = 1;
  return error;
}
void* pcim_iomap(pci_dev* pdev, int bar, unsigned long max) { return MapManaged(pdev, bar, max); }
void* const* pcim_iomap_table(pci_dev* pdev) {
  for (void* address : pdev->drydock_iomap) {
    if (address != nullptr) return pdev->drydock_iomap;
  }
  return nullptr;
}
int pcim_iomap_regions(pci_dev* pdev, int mask, const char* name) {
  for (int bar = 0; bar < PCI_STD_NUM_BARS; ++bar) {
    if ((mask >> bar & 1) == 0) continue;
    int error = LengthOf(pdev->resource[bar]) == 0 ? -kEinval : Request(pdev, bar, name);
    if (error == 0 && MapManaged(pdev, bar, 0) == nullptr) {
      Release(pdev, bar);
      error = -kEnomem;
    }
    if (error == 0) continue;
    while (--bar >= 0) {
      if ((mask >> bar & 1) == 0) continue;
      Cross<&IoApi::Iounmap>(static_cast<volatile void*>(pdev->drydock_iomap[bar]));
      pdev->drydock_iomap[bar] = nullptr;
      Release(pdev, bar);
    }
    return error;
  }
  return 0;
}

}  // extern "C"
