#include "sim/kernel/machine_devices.h"

#include <stdexcept>

namespace drydock::kernel {
namespace {

constexpr uint32_t kPlatformSource = 31;  // of an interrupt line; PCI functions have those below
constexpr size_t kMaxUnits = 64;

uint64_t AlignUp(uint64_t value, uint64_t to) { return (value + to - 1) & ~(to - 1); }

}  // namespace

// One device with its place.
class MachineDevices::Unit final : public DeviceSite {
 public:
  Unit(MachineDevices& owner, size_t index, std::string name, int function)
      : owner_(owner), index_(index), name_(std::move(name)), function_(function) {}

  const std::string& name() const { return name_; }
  SimulatedDevice* model() const { return device_.get(); }
  void SetDevice(std::unique_ptr<SimulatedDevice> device) { device_ = std::move(device); }
  void AddLine(uint32_t irq) { lines_.push_back(irq); }
  void SetWindow(unsigned window, hw::PhysAddr base, uint64_t size_bytes) {
    if (windows_.size() <= window) windows_.resize(window + 1);
    windows_[window] = {base, size_bytes};
  }
  bool present() const { return (*owner_.unplugged_ >> index_ & 1) == 0; }
  bool Answers() const {
    return function_ >= 0 ? owner_.pci_.Decodes(static_cast<size_t>(function_)) : present();
  }
  void NoteNoAnswer() {
    if (function_ >= 0) owner_.pci_.NoteUndecoded(static_cast<size_t>(function_));
  }
  void Unplug() {
    owner_.unplugged_.Mut() |= uint64_t{1} << index_;
    for (const uint32_t irq : lines_) owner_.interrupts_.SetLevel(irq, kPlatformSource, false);
  }

  // --- DeviceSite ---
  hw::ResetList& state() override { return owner_.list_; }
  uint64_t NowNs() const override { return owner_.clock_.NowNs(); }
  void After(uint64_t ns, EventSink& sink, uint64_t cookie) override {
    owner_.clock_.Add(owner_.clock_.NowNs() + ns, EventKind::kHardware, sink, cookie);
  }
  bool Cancel(EventSink& sink, uint64_t cookie) override {
    return owner_.clock_.Cancel(sink, cookie);
  }
  void SetInterrupt(unsigned vector, bool asserted) override {
    if (function_ >= 0) {
      owner_.pci_.SetInterrupt(static_cast<size_t>(function_), vector, asserted);
    } else if (present() && vector < lines_.size()) {
      owner_.interrupts_.SetLevel(lines_[vector], kPlatformSource, asserted);
    }
  }
  bool Dma(uint64_t bus_address, void* to, const void* from, size_t size_bytes) override {
    if (size_bytes == 0) return true;
    const device* dev = nullptr;
    if (function_ >= 0) {
      const auto function = static_cast<size_t>(function_);
      if (!owner_.pci_.Masters(function)) return false;
      dev = owner_.pci_.DeviceOf(function);
    } else {
      if (!present()) return false;
      dev = owner_.devices_.FindBusDevice(name_.c_str());
    }
    return to != nullptr ? owner_.dma_.DeviceRead(dev, {bus_address}, to, size_bytes)
                         : owner_.dma_.DeviceWrite(dev, {bus_address}, from, size_bytes);
  }
  bool HasMessages() const override {
    return function_ >= 0 && owner_.pci_.HasMessages(static_cast<size_t>(function_));
  }
  void ReadWindow(unsigned window, uint64_t offset, void* to, size_t size_bytes) override {
    owner_.mmio_.Read(windows_[window].first + offset, to, size_bytes);
  }
  uint64_t WindowSize(unsigned window) const override {
    return window < windows_.size() ? windows_[window].second : 0;
  }

 private:
  MachineDevices& owner_;
  size_t index_;
  std::string name_;
  int function_;  // of PCI, or -1
  std::unique_ptr<SimulatedDevice> device_;
  std::vector<uint32_t> lines_;
  std::vector<std::pair<hw::PhysAddr, uint64_t>> windows_;
};

// One window of registers: where a device does not answer, reads give ones and writes vanish.
class MachineDevices::Window final : public hw::MmioDevice {
 public:
  Window(Unit& unit, unsigned window) : unit_(unit), window_(window) {}
  uint64_t ReadRegister(uint64_t offset, unsigned size_bytes) override {
    if (!Answers()) return ~uint64_t{0};
    return unit_.model()->ReadRegister(window_, offset, size_bytes);
  }
  void WriteRegister(uint64_t offset, uint64_t value, unsigned size_bytes) override {
    if (Answers()) unit_.model()->WriteRegister(window_, offset, value, size_bytes);
  }

 private:
  bool Answers() {
    if (unit_.Answers()) return true;
    unit_.NoteNoAnswer();
    return false;
  }
  Unit& unit_;
  unsigned window_;
};

MachineDevices::MachineDevices(hw::ResetList& list, hw::MmioSpace& mmio, Clock& clock,
                               Interrupts& interrupts, PciBus& pci, Dma& dma, DeviceModel& devices)
    : list_(list),
      mmio_(mmio),
      clock_(clock),
      interrupts_(interrupts),
      pci_(pci),
      dma_(dma),
      devices_(devices),
      unplugged_(list, "unplugged devices") {}

MachineDevices::~MachineDevices() = default;

std::unique_ptr<SimulatedDevice> MachineDevices::Make(const ModelText& model, DeviceModels* models,
                                                      Unit& unit, const std::string& file_name) {
  if (model.name.empty()) return nullptr;
  const std::string where = file_name + ":" + std::to_string(model.line) + ": ";
  if (models == nullptr) throw std::runtime_error(where + "there are no models of devices here");
  if (units_.size() > kMaxUnits) throw std::runtime_error(where + "more than 64 devices");
  try {
    return models->Make(model.name, model.options, unit);
  } catch (const std::runtime_error& wrong) {
    throw std::runtime_error(where + wrong.what());
  }
}

bool MachineDevices::AddWindow(Unit& unit, unsigned window, hw::PhysAddr base,
                               uint64_t size_bytes) {
  hw::MmioDevice* behind = nullptr;
  if (unit.model() != nullptr && unit.model()->HasRegisters(window)) {
    windows_.push_back(std::make_unique<Window>(unit, window));
    behind = windows_.back().get();
  }
  if (!mmio_.AddWindow(base, size_bytes, hw::WindowKind::kMmio, unit.name(), behind)) return false;
  unit.SetWindow(window, base, size_bytes);
  return true;
}

void MachineDevices::Place(Unit& unit, unsigned window, hw::PhysAddr base, uint64_t size_bytes,
                           const std::string& file_name) {
  if (AddWindow(unit, window, base, size_bytes)) return;
  throw std::runtime_error(file_name + ": window of " + unit.name() +
                           " overlaps memory or another window, give it a range of its own");
}

// The firmware's part: the first place that is free.
hw::PhysAddr MachineDevices::PlaceBar(Unit& unit, unsigned window, uint64_t size_bytes,
                                      const std::string& file_name) {
  for (uint64_t base = AlignUp(next_bar_, size_bytes); base + size_bytes <= kBarsEnd;
       base += size_bytes) {
    if (!AddWindow(unit, window, {base}, size_bytes)) continue;
    // A page apart, so that no page has registers of two functions.
    next_bar_ = AlignUp(base + size_bytes, hw::kPageSize);
    return {base};
  }
  throw std::runtime_error(file_name + ": no room for BAR " + std::to_string(window) + " of " +
                           unit.name() + ", " + std::to_string(size_bytes) + " bytes");
}

void MachineDevices::Build(const OfTree& text, DeviceModels* models, const std::string& file_name) {
  const std::vector<PlainDeviceText>& plain = text.plain_devices();
  for (const PlainDeviceText& device : plain) {
    std::string name = device.name;
    if (device.id >= 0) name += "." + std::to_string(device.id);
    if (device.id == PlainDeviceText::kAutoId) name += ".0.auto";
    units_.push_back(std::make_unique<Unit>(*this, units_.size(), std::move(name), -1));
    Unit& unit = *units_.back();
    for (const ResourceText& res : device.resources) {
      if (res.kind == ResourceText::Kind::kIrq) unit.AddLine(static_cast<uint32_t>(res.start));
    }
    unit.SetDevice(Make(device.model, models, unit, file_name));
  }
  for (const MmioWindow& window : text.windows()) {
    if (window.device >= 0) {
      Place(*units_[static_cast<size_t>(window.device)], window.index, window.base,
            window.size_bytes, file_name);
    } else if (!mmio_.AddWindow(window.base, window.size_bytes, hw::WindowKind::kMmio,
                                window.name)) {
      throw std::runtime_error(file_name + ": window of " + window.name +
                               " overlaps memory or another window, give it a range of its own");
    }
  }
  for (size_t i = 0; i < text.pci_functions().size(); ++i) {
    const PciFunctionText& function = text.pci_functions()[i];
    units_.push_back(std::make_unique<Unit>(*this, units_.size(), PciBus::NameOf(function.slot),
                                            static_cast<int>(i)));
    Unit& unit = *units_.back();
    unit.SetDevice(Make(function.model, models, unit, file_name));
    std::array<uint64_t, 6> bars{};
    for (unsigned bar = 0; bar < 6; ++bar) {
      const uint64_t size_bytes = function.bars[bar].size_bytes;
      if (size_bytes != 0) bars[bar] = PlaceBar(unit, bar, size_bytes, file_name).value;
    }
    pci_.AddFunction(function, bars);
  }
}

SimulatedDevice* MachineDevices::Find(std::string_view name) const {
  for (const std::unique_ptr<Unit>& unit : units_) {
    if (unit->name() == name) return unit->model();
  }
  return nullptr;
}

SimulatedDevice* MachineDevices::At(size_t index) const { return units_[index]->model(); }

void MachineDevices::NotePlatformUnplugged(std::string_view name) {
  for (const std::unique_ptr<Unit>& unit : units_) {
    if (unit->name() == name) unit->Unplug();
  }
}

}  // namespace drydock::kernel
