#include "sim/hw/mmio_space.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "sim/hw/physical_memory.h"

namespace drydock::hw {
namespace {

bool Overlap(PhysAddr a, uint64_t a_bytes, PhysAddr b, uint64_t b_bytes) {
  return a.value < b.value + b_bytes && b.value < a.value + a_bytes;
}

static_assert(std::endian::native == std::endian::little, "register values are copied as bytes");

}  // namespace

MmioSpace::MmioSpace() : region_(kHostDeviceMemory, kMaxPages * kPageSize), bytes_(kMaxPages) {}

bool MmioSpace::AddWindow(PhysAddr base, uint64_t size_bytes, WindowKind kind,
                          std::string_view name, MmioDevice* device) {
  if (size_bytes == 0 || base.value + size_bytes < base.value || count_ == kMaxWindows)
    return false;
  if (Overlap(base, size_bytes, PhysicalMemory::kDma32Base, PhysicalMemory::kDma32Bytes) ||
      Overlap(base, size_bytes, PhysicalMemory::kNormalBase, PhysicalMemory::kNormalBytes)) {
    return false;
  }
  for (size_t i = 0; i < count_; ++i) {
    if (Overlap(base, size_bytes, windows_[i].base, windows_[i].size_bytes)) return false;
  }
  // A device answers for itself: no bytes. One page apart, so that a view never runs into the next
  // window's.
  const uint64_t pages = device != nullptr ? 0 : PagesOf((base.value & kPageMask) + size_bytes);
  if (pages != 0 && (pages > kMaxPages || used_pages_ + pages + 1 > kMaxPages)) return false;
  MmioWindow& window = windows_[count_++];
  window = MmioWindow{.base = base,
                      .size_bytes = size_bytes,
                      .kind = kind,
                      .device = device,
                      .first_page = used_pages_};
  any_device_ = any_device_ || device != nullptr;
  name.copy(window.name.data(), window.name.size() - 1);
  if (pages != 0) {
    bytes_.AddView(0, used_pages_, pages, region_.base() + used_pages_ * kPageSize, true);
    used_pages_ += pages + 1;
  }
  return true;
}

const MmioWindow* MmioSpace::Find(PhysAddr phys) const {
  for (size_t i = 0; i < count_; ++i) {
    if (windows_[i].Contains(phys)) return &windows_[i];
  }
  return nullptr;
}

// The window at `phys` with the bytes left in it, or nullptr with the bytes up to the next window.
const MmioWindow* MmioSpace::Next(PhysAddr phys, uint64_t* distance) const {
  *distance = ~uint64_t{0};
  for (size_t i = 0; i < count_; ++i) {
    const MmioWindow& window = windows_[i];
    if (window.Contains(phys)) {
      *distance = window.size_bytes - (phys.value - window.base.value);
      return &window;
    }
    if (window.base > phys) *distance = std::min(*distance, window.base.value - phys.value);
  }
  return nullptr;
}

unsigned char* MmioSpace::Plain(const MmioWindow& window, uint64_t offset) const {
  return bytes_.Plain(window.first_page) + (window.base.value & kPageMask) + offset;
}

void MmioSpace::MarkDirty(const MmioWindow& window, uint64_t offset, uint64_t size_bytes) {
  const uint64_t first = (window.base.value & kPageMask) + offset;
  for (uint64_t i = first >> kPageShift; i <= (first + size_bytes - 1) >> kPageShift; ++i) {
    bytes_.MarkDirty(window.first_page + i);
  }
}

template <class Access>
void MmioSpace::ForEachRegister(uint64_t offset, size_t size_bytes, Access access) {
  for (size_t done = 0; done < size_bytes;) {
    unsigned size = 8;
    while (size > size_bytes - done || (offset + done) % size != 0) size /= 2;
    access(offset + done, done, size);
    done += size;
  }
}

void MmioSpace::Read(PhysAddr phys, void* to, size_t size_bytes) {
  auto* out = static_cast<unsigned char*>(to);
  while (size_bytes != 0) {
    uint64_t distance;
    const MmioWindow* window = Next(phys, &distance);
    const size_t piece = std::min<uint64_t>(size_bytes, distance);
    if (window == nullptr) {
      std::memset(out, 0xff, piece);
    } else if (window->device != nullptr) {
      const uint64_t offset = phys.value - window->base.value;
      ForEachRegister(offset, piece, [&](uint64_t at, size_t done, unsigned size) {
        const uint64_t value = window->device->ReadRegister(at, size);
        std::memcpy(out + done, &value, size);
      });
    } else {
      std::memcpy(out, Plain(*window, phys.value - window->base.value), piece);
    }
    out += piece;
    phys = phys + piece;
    size_bytes -= piece;
  }
}

void MmioSpace::Write(PhysAddr phys, const void* from, size_t size_bytes) {
  const auto* in = static_cast<const unsigned char*>(from);
  while (size_bytes != 0) {
    uint64_t distance;
    const MmioWindow* window = Next(phys, &distance);
    const size_t piece = std::min<uint64_t>(size_bytes, distance);
    if (window != nullptr) {
      const uint64_t offset = phys.value - window->base.value;
      if (window->device != nullptr) {
        ForEachRegister(offset, piece, [&](uint64_t at, size_t done, unsigned size) {
          uint64_t value = 0;
          std::memcpy(&value, in + done, size);
          window->device->WriteRegister(at, value, size);
        });
      } else {
        MarkDirty(*window, offset, piece);
        std::memcpy(Plain(*window, offset), in, piece);
      }
    }
    in += piece;
    phys = phys + piece;
    size_bytes -= piece;
  }
}

uint64_t MmioSpace::ReadRegister(PhysAddr phys, unsigned size_bytes) {
  uint64_t value = 0;
  Read(phys, &value, size_bytes);
  return value;
}

void MmioSpace::WriteRegister(PhysAddr phys, uint64_t value, unsigned size_bytes) {
  Write(phys, &value, size_bytes);
}

void* MmioSpace::KernelView(PhysAddr phys, uint64_t size_bytes) const {
  const MmioWindow* window = Find(phys);
  if (window == nullptr || window->device != nullptr || size_bytes == 0) return nullptr;
  const uint64_t offset = phys.value - window->base.value;
  if (size_bytes > window->size_bytes - offset) return nullptr;
  return region_.base() + window->first_page * kPageSize + (window->base.value & kPageMask) +
         offset;
}

void MmioSpace::Poison(const void* address, uint64_t size_bytes) {
  uint64_t at = static_cast<uint64_t>(static_cast<const char*>(address) - region_.base());
  while (size_bytes != 0) {
    const uint64_t piece = std::min(size_bytes, kPageSize - (at & kPageMask));
    bytes_.Poison(at >> kPageShift, at & kPageMask, piece);
    at += piece;
    size_bytes -= piece;
  }
}

void MmioSpace::Unpoison(const void* address, uint64_t size_bytes) {
  uint64_t at = static_cast<uint64_t>(static_cast<const char*>(address) - region_.base());
  while (size_bytes != 0) {
    const uint64_t piece = std::min(size_bytes, kPageSize - (at & kPageMask));
    bytes_.Unpoison(at >> kPageShift, at & kPageMask, piece);
    at += piece;
    size_bytes -= piece;
  }
}

bool MmioSpace::PhysOf(const volatile void* address, PhysAddr* phys) const {
  if (!region_.Contains(address)) return false;
  const auto at =
      reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(region_.base());
  for (size_t i = 0; i < count_; ++i) {
    const MmioWindow& window = windows_[i];
    if (window.device != nullptr) continue;
    const uint64_t first = window.first_page * kPageSize + (window.base.value & kPageMask);
    if (at < first || at - first >= window.size_bytes) continue;
    *phys = window.base + (at - first);
    return true;
  }
  return false;
}

bool MmioSpace::FileOffset(Pfn pfn, uint64_t* offset) const {
  const PhysAddr page = PhysAddr::Of(pfn);
  const MmioWindow* window = Find(page);
  if (window == nullptr || window->device != nullptr) return false;
  const uint64_t into = page.value - window->base.value;
  if (window->size_bytes - into < kPageSize) return false;
  // A window that begins within a page has its first byte there in the file, too.
  const uint64_t at = window->first_page * kPageSize + (window->base.value & kPageMask) + into;
  *offset = at;
  return true;
}

void MmioSpace::Checkpoint() {
  std::vector<uint8_t> keep(kMaxPages);
  std::fill(keep.begin(), keep.begin() + static_cast<ptrdiff_t>(used_pages_), uint8_t{1});
  bytes_.Checkpoint(keep);
}

const char* MmioSpace::FirstDifference() const {
  return bytes_.EqualsCheckpoint() ? nullptr : "MMIO or reserved memory";
}

uint64_t MmioSpace::Hash() const {
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t page = 0; page < used_pages_; ++page) {
    uint64_t word;
    for (size_t i = 0; i < kPageSize; i += sizeof word) {
      std::memcpy(&word, bytes_.Plain(page) + i, sizeof word);
      hash = (hash ^ word) * 0x100000001b3;
      hash ^= hash >> 32;
    }
  }
  return hash;
}

bool MmioSpace::OnWriteFault(void* address) {
  if (!region_.Contains(address)) return false;
  const auto at = static_cast<uint64_t>(static_cast<char*>(address) - region_.base());
  return bytes_.OnWriteFault(0, at >> kPageShift);
}

}  // namespace drydock::hw
