#include "sim/kernel/pci.h"

#include <cerrno>
#include <cstring>

#include "sim/kernel/format.h"

namespace drydock::kernel {
namespace {

constexpr int kBadRegister = 0x87, kNotFound = 0x86;  // PCIBIOS_*
constexpr unsigned kLegacy = 1, kMsi = 2, kMsix = 4;  // PCI_IRQ_*
constexpr unsigned long kResourceMem = 0x200, kPrefetch = 0x2000, kMem64 = 0x100000;
// Registers of the configuration space.
constexpr size_t kVendor = 0x00, kDevice = 0x02, kCommand = 0x04, kRevision = 0x08, kClass = 0x09,
                 kBar0 = 0x10, kSubVendor = 0x2c, kSubDevice = 0x2e, kLine = 0x3c, kPin = 0x3d;
constexpr uint16_t kCommandBits = 0x547;  // those that can be written

void Put(uint8_t* at, uint32_t value, size_t bytes) { std::memcpy(at, &value, bytes); }

uint32_t Get(const uint8_t* at, size_t bytes) {
  uint32_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}

}  // namespace

PciBus::PciBus(hw::ResetList& list, Verdicts& verdicts, DriverCall& calls, Log& log,
               DeviceModel& devices, Interrupts& interrupts)
    : verdicts_(verdicts),
      calls_(calls),
      log_(log),
      devices_(devices),
      interrupts_(interrupts),
      functions_(list, "PCI functions", kMaxFunctions),
      slots_(list, "PCI device structures", kMaxFunctions) {
  type_.name = "pci";
}

std::string PciBus::NameOf(uint32_t slot) {
  char name[16];
  FormatTextOf(name, sizeof name, "0000:00:%02x.%u", slot >> 3, slot & 7);
  return name;
}

pci_dev* PciBus::PdevOf(device* dev) {
  return reinterpret_cast<pci_dev*>(reinterpret_cast<char*>(dev) - offsetof(pci_dev, dev));
}

pci_driver* PciBus::DriverOf(const device_driver* driver) {
  return reinterpret_cast<pci_driver*>(reinterpret_cast<char*>(const_cast<device_driver*>(driver)) -
                                       offsetof(pci_driver, driver));
}

int PciBus::AddFunction(const PciFunctionText& text, const std::array<uint64_t, 6>& bars) {
  if (functions_made_ == kMaxFunctions) return -1;
  const size_t index = functions_made_++;
  Function& function = functions_.Mut(index);
  function = {};
  function.present = 1;
  function.line = text.irq;
  function.max_messages = text.messages;
  function.msix = text.msix ? 1 : 0;
  uint8_t* config = function.config;
  Put(config + kVendor, text.vendor, 2);
  Put(config + kDevice, text.device, 2);
  Put(config + kRevision, text.revision, 1);
  Put(config + kClass, text.class_code, 3);
  Put(config + kSubVendor, text.subsystem_vendor, 2);
  Put(config + kSubDevice, text.subsystem_device, 2);
  Put(config + kLine, text.irq, 1);
  Put(config + kPin, text.irq != 0 ? 1 : 0, 1);

  Slot& slot = slots_.Mut(index);
  pci_dev* pdev = reinterpret_cast<pci_dev*>(slot.pdev);
  NameOf(text.slot).copy(slot.name, sizeof slot.name - 1);
  pdev->bus = &bus_;
  pdev->devfn = text.slot;
  pdev->vendor = static_cast<unsigned short>(text.vendor);
  pdev->device = static_cast<unsigned short>(text.device);
  pdev->subsystem_vendor = static_cast<unsigned short>(text.subsystem_vendor);
  pdev->subsystem_device = static_cast<unsigned short>(text.subsystem_device);
  pdev->class_ = text.class_code;
  pdev->revision = static_cast<unsigned char>(text.revision);
  pdev->pin = text.irq != 0 ? 1 : 0;
  pdev->irq = text.irq;
  pdev->drydock_index = static_cast<unsigned int>(index);
  for (size_t i = 0; i < 6; ++i) {
    const PciBarText& bar = text.bars[i];
    if (bar.size_bytes == 0) continue;
    const uint32_t flags = (bar.wide ? 0x4u : 0) | (bar.prefetch ? 0x8u : 0);
    bar_masks_[index][i] = ~static_cast<uint32_t>(bar.size_bytes - 1) & ~0xfu;
    Put(config + kBar0 + 4 * i, static_cast<uint32_t>(bars[i]) | flags, 4);
    resource& res = pdev->resource[i];
    res.start = bars[i];
    res.end = bars[i] + bar.size_bytes - 1;
    res.flags = kResourceMem | (bar.prefetch ? kPrefetch : 0) | (bar.wide ? kMem64 : 0);
    res.name = slot.name;
  }
  if (text.irq != 0) interrupts_.Declare(text.irq);
  return static_cast<int>(index);
}

int PciBus::CreateDevices() {
  for (size_t i = 0; i < functions_made_; ++i) {
    pci_dev* pdev = Pdev(i);
    pdev->dma_mask = 0xffffffff;
    pdev->dev.dma_mask = &pdev->dma_mask;
    pdev->dev.coherent_dma_mask = 0xffffffff;
    devices_.DeviceInitialize(&pdev->dev);
    if (pdev->dev.drydock_id == 0) return -ENOMEM;
    devices_.BelongsToTheMachine(&pdev->dev);
    devices_.DevSetNameTo(&pdev->dev, "%s", slots_[i].name);
    pdev->dev.bus = &type_;
    if (const int error = devices_.DeviceAdd(&pdev->dev); error != 0) return error;
  }
  return 0;
}

// --- drivers ---

// drivers/pci/pci-driver.c:pci_match_one_device().
const pci_device_id* PciBus::Match(const pci_dev* pdev, const pci_driver* driver) const {
  const pci_device_id* id = driver->id_table;
  if (id == nullptr) return nullptr;
  for (; id->vendor != 0 || id->subvendor != 0 || id->class_mask != 0; ++id) {
    if ((id->vendor == PCI_ANY_ID || id->vendor == pdev->vendor) &&
        (id->device == PCI_ANY_ID || id->device == pdev->device) &&
        (id->subvendor == PCI_ANY_ID || id->subvendor == pdev->subsystem_vendor) &&
        (id->subdevice == PCI_ANY_ID || id->subdevice == pdev->subsystem_device) &&
        ((id->class_ ^ pdev->class_) & id->class_mask) == 0 && id->override_only == 0) {
      return id;
    }
  }
  return nullptr;
}

bool PciBus::Matches(device* dev, const device_driver* driver) {
  return Match(PdevOf(dev), DriverOf(driver)) != nullptr;
}

// pci_device_probe(), local_pci_probe(): a positive value is a complaint, and success.
long PciBus::Probe(device* dev, device_driver* driver) {
  pci_dev* pdev = PdevOf(dev);
  pci_driver* pci = DriverOf(driver);
  if (pci->probe == nullptr) return 0;
  pdev->driver = pci;
  const long result = CallDriver(calls_, pci->probe, pdev, Match(pdev, pci));
  if (Trapped() || result == 0) return 0;
  if (result > 0) {
    log_.Say(4, "pci %s: Driver probe function unexpectedly returned %ld\n", dev->kobj.name,
             result);
    return 0;
  }
  pdev->driver = nullptr;
  return result;
}

void PciBus::Remove(device* dev, device_driver* driver) {
  pci_dev* pdev = PdevOf(dev);
  pci_driver* pci = DriverOf(driver);
  if (pci->remove != nullptr) CallDriver(calls_, pci->remove, pdev);
  if (!Trapped()) pdev->driver = nullptr;
}

int PciBus::PciRegisterDriver(pci_driver* driver, module* owner, const char* module_name) {
  driver->driver.name = driver->name;
  driver->driver.owner = owner;
  driver->driver.mod_name = module_name;
  driver->driver.groups = driver->groups;
  driver->driver.dev_groups = driver->dev_groups;
  return devices_.RegisterDriver(*this, &driver->driver);
}

void PciBus::PciUnregisterDriver(pci_driver* driver) {
  devices_.UnregisterDriver(*this, &driver->driver);
}

// --- enabling ---

uint16_t PciBus::Command(size_t index) const {
  return static_cast<uint16_t>(Get(functions_[index].config + kCommand, 2));
}

void PciBus::SetCommand(size_t index, uint16_t value) {
  Put(functions_.Mut(index).config + kCommand, value & kCommandBits, 2);
  Route(index);
}

// drivers/pci/pci.c:pci_enable_device_flags(): only the first one touches the device.
int PciBus::PciEnableDevice(pci_dev* pdev) {
  const size_t index = pdev->drydock_index;
  if (functions_[index].present == 0) return -EIO;
  ++pdev->enable_cnt.counter;
  if (pdev->enable_cnt.counter > 1) return 0;
  SetCommand(index, static_cast<uint16_t>((Command(index) | kCommandMemory) & ~kCommandIntxOff));
  return 0;
}

// pci_disable_device(): takes the bus away; registers stay where they are.
void PciBus::PciDisableDevice(pci_dev* pdev) {
  if (pdev->enable_cnt.counter <= 0) {
    verdicts_.Report(44, 6, "pci_disable_device() undoes one pci_enable_device()",
                     "WARN: %s: disabling already-disabled device", pdev->dev.kobj.name);
    return;
  }
  --pdev->enable_cnt.counter;
  if (pdev->enable_cnt.counter > 0) return;
  pdev->is_busmaster = 0;
  SetCommand(pdev->drydock_index,
             static_cast<uint16_t>(Command(pdev->drydock_index) & ~kCommandMaster));
}

void PciBus::PciSetMaster(pci_dev* pdev, bool on) {
  const size_t index = pdev->drydock_index;
  const uint16_t command = Command(index);
  pdev->is_busmaster = on ? 1 : 0;
  SetCommand(index,
             static_cast<uint16_t>(on ? command | kCommandMaster : command & ~kCommandMaster));
}

// --- configuration space ---

int PciBus::PciReadConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                          unsigned int* value) {
  const auto at = static_cast<size_t>(where);
  *value = ~0u;
  if (where < 0 || at % size_bytes != 0 || at + size_bytes > kConfigBytes) return kBadRegister;
  const Function& function = functions_[pdev->drydock_index];
  if (function.present == 0) return kNotFound;
  *value = Get(function.config + at, size_bytes);
  return 0;
}

int PciBus::PciWriteConfig(const pci_dev* pdev, int where, unsigned int size_bytes,
                           unsigned int value) {
  const auto at = static_cast<size_t>(where);
  if (where < 0 || at % size_bytes != 0 || at + size_bytes > kConfigBytes) return kBadRegister;
  const size_t index = pdev->drydock_index;
  if (functions_[index].present == 0) return kNotFound;
  if (at == kCommand) {
    SetCommand(index, static_cast<uint16_t>(value));
  } else if (at >= kBar0 && at < kBar0 + 24 && size_bytes == 4) {
    // Sizing alone: what is written is kept where the BAR has address bits. The machine's windows
    // do not move.
    const size_t bar = (at - kBar0) / 4;
    uint8_t* place = functions_.Mut(index).config + at;
    Put(place, (value & bar_masks_[index][bar]) | (Get(place, 4) & 0xf), 4);
  } else if (at == kLine) {
    Put(functions_.Mut(index).config + at, value, 1);
  }
  return 0;
}

// --- interrupts ---

// Level to line or to messages, as the function is set up now.
void PciBus::Route(size_t index) {
  const Function& function = functions_[index];
  if (function.line == 0) return;
  const bool by_line = function.present != 0 && function.vectors == 0 &&
                       (Command(index) & kCommandIntxOff) == 0 && function.level != 0;
  interrupts_.SetLevel(function.line, static_cast<uint32_t>(index), by_line);
}

void PciBus::SetInterrupt(size_t index, unsigned vector, bool asserted) {
  const uint32_t bit = uint32_t{1} << (vector % 32);
  const bool was = (functions_[index].level & bit) != 0;
  if (was != asserted) {
    Function& function = functions_.Mut(index);
    function.level = asserted ? function.level | bit : function.level & ~bit;
  }
  const Function& function = functions_[index];
  if (function.vectors == 0) {
    Route(index);
    return;
  }
  // A message is a write to memory: without the bus it goes nowhere.
  if (asserted && function.present != 0 && Masters(index)) {
    interrupts_.Pulse(function.first_vector + vector % function.vectors);
  }
}

// drivers/pci/msi/api.c:pci_alloc_irq_vectors_affinity(): the best kind there is.
int PciBus::PciAllocIrqVectors(pci_dev* pdev, unsigned int min, unsigned int max,
                               unsigned int flags) {
  const size_t index = pdev->drydock_index;
  Function& function = functions_.Mut(index);
  if (min == 0 || min > max) return -EINVAL;  // msi: -ERANGE is a subset that is not told apart
  if (function.vectors != 0) return -EINVAL;  // enabled already: the kernel's WARN
  int error = -ENOSPC;
  const unsigned wanted = function.msix != 0 ? kMsix : kMsi;
  if ((flags & wanted) != 0 && function.max_messages != 0) {
    const unsigned count = function.max_messages < max ? function.max_messages : max;
    if (count >= min) {
      function.first_vector = interrupts_.AllocateMessages(count);
      if (function.first_vector == 0) return -ENOSPC;
      function.vectors = count;
      (function.msix != 0 ? pdev->msix_enabled : pdev->msi_enabled) = 1;
      if (function.msix == 0) pdev->irq = function.first_vector;
      SetCommand(index, static_cast<uint16_t>(Command(index) | kCommandIntxOff));
      return static_cast<int>(count);
    }
  }
  if ((flags & kLegacy) != 0 && min == 1 && function.line != 0) {
    SetCommand(index, static_cast<uint16_t>(Command(index) & ~kCommandIntxOff));
    return 1;
  }
  return error;
}

void PciBus::PciFreeIrqVectors(pci_dev* pdev) {
  const size_t index = pdev->drydock_index;
  Function& function = functions_.Mut(index);
  if (function.vectors == 0) return;
  if (interrupts_.FreeMessages(function.first_vector, function.vectors) != 0) {
    verdicts_.Report(44, 6, "vectors are freed after their handlers",
                     "pci_free_irq_vectors: %s: a handler of vector %u is still there (free_irq() "
                     "comes first)",
                     pdev->dev.kobj.name, function.first_vector);
    return;
  }
  function.vectors = function.first_vector = 0;
  pdev->msi_enabled = pdev->msix_enabled = 0;
  pdev->irq = function.line;
  SetCommand(index, static_cast<uint16_t>(Command(index) & ~kCommandIntxOff));
}

int PciBus::PciIrqVector(pci_dev* pdev, unsigned int index) {
  const Function& function = functions_[pdev->drydock_index];
  if (function.vectors != 0) {
    return index < function.vectors ? static_cast<int>(function.first_vector + index) : -EINVAL;
  }
  return index == 0 && pdev->irq != 0 ? static_cast<int>(pdev->irq) : -EINVAL;
}

// --- devices ---

bool PciBus::Decodes(size_t index) const {
  return functions_[index].present != 0 && (Command(index) & kCommandMemory) != 0;
}

bool PciBus::Masters(size_t index) const {
  return functions_[index].present != 0 && (Command(index) & kCommandMaster) != 0;
}

uint64_t PciBus::DmaMask(size_t index) const {
  return reinterpret_cast<const pci_dev*>(slots_[index].pdev)->dma_mask;
}

void PciBus::NoteUndecoded(size_t index) {
  if (functions_[index].present == 0 || functions_[index].told != 0) return;
  functions_.Mut(index).told = 1;
  verdicts_.Report(0, 14, "a PCI function is enabled before its registers are used",
                   "%s: a register is accessed and memory decoding is off: it reads as ones "
                   "(pci_enable_device() comes first)",
                   slots_[index].name);
}

bool PciBus::Unplug(const char* name) {
  for (size_t i = 0; i < functions_made_; ++i) {
    if (functions_[i].present == 0 || std::strcmp(slots_[i].name, name) != 0) continue;
    functions_.Mut(i).present = 0;
    Route(i);
    device* dev = DeviceOf(i);
    devices_.DeviceDel(dev);
    if (!Trapped()) devices_.PutDevice(dev);
    return true;
  }
  return false;
}

void PciBus::PutBackReachable() {
  for (size_t i = 0; i < functions_made_; ++i) {
    const auto* pdev = reinterpret_cast<const pci_dev*>(slots_[i].pdev);
    if (pdev->dev.driver != nullptr) slots_.PutBackAlways(i, 0, sizeof slots_[i]);
  }
}

}  // namespace drydock::kernel
