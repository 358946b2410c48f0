// Interposed: mmap and what changes its mappings. A range that is no device's goes on to libc.
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/preload/descriptors.h"
#include "live/preload/interpose.h"
#include "live/preload/mappings.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

constexpr int kKept32Bit = 0x40;  // MAP_32BIT: where the host may put it

uint64_t Word(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

struct MmapResult {
  uint64_t address, length, reserved;
  bool fixed;
};

// The answer has come: makes the place before what is in it gets mapped.
void MakePlace(void* argument, int64_t value, uint32_t flags) {
  const auto& made = *static_cast<MmapResult*>(argument);
  const bool mapped = value >= 0 && (flags & kMapped) != 0;
  const auto at = static_cast<uint64_t>(value);
  if (made.reserved != 0 && !(mapped && at == made.reserved)) {
    raw::Unmap(made.reserved, made.length);
  }
  if (mapped) {
    if (at != made.reserved) raw::Reserve(at, made.length, MAP_FIXED);
    mappings.Add(at, at + made.length);
  } else if (made.fixed && (flags & kReplaced) != 0) {
    raw::Unmap(made.address, made.length);
    mappings.Remove(made.address, made.address + made.length);
  }
}

int64_t MapDevice(uint64_t address, uint64_t length, int prot, int flags, int simulated,
                  uint64_t offset) {
  if (!session.joined()) return -EBADF;
  const LayoutLock lock;
  const bool fixed = (flags & MAP_FIXED) != 0;
  MmapResult made = {address, PageUp(length), 0, fixed};
  if (!fixed) {
    // The host chooses the place, as it would for any mapping; the simulation takes it as a hint
    // that is free. Where the host finds none, the simulation says with what error.
    const long place = raw::Reserve(address, length, flags & (kKept32Bit | MAP_FIXED_NOREPLACE));
    if (place == -EEXIST) return -EEXIST;
    if (!raw::Failed(place)) made.reserved = static_cast<uint64_t>(place);
  }
  Call call(Op::kMmap);
  call[0] = made.reserved != 0 ? made.reserved : address;
  call[1] = length;
  call[2] = static_cast<uint64_t>(prot);
  call[3] = static_cast<uint64_t>(flags);
  call[4] = static_cast<uint64_t>(simulated);
  call[5] = offset;
  return call.Run(MakePlace, &made);
}

int64_t UnmapSimulated(uint64_t address, uint64_t length) {
  Call call(Op::kMunmap);
  call[0] = address;
  call[1] = length;
  return call.Run();
}

// munmap of a range that a device has a part of.
int64_t UnmapDevice(uint64_t address, uint64_t length) {
  const int64_t result = UnmapSimulated(address, length);
  if (result < 0) return result;
  raw::Unmap(address, PageUp(length));
  mappings.Remove(address, address + PageUp(length));
  return result;
}

// Calls `device` for each part of the range that is a device's and `other` for the rest, in order
// of addresses, until one fails.
template <class Device, class Other>
int64_t ForEachPart(uint64_t address, uint64_t length, Device device, Other other) {
  const uint64_t end = address + PageUp(length);
  while (address < end) {
    Range part;
    if (!mappings.First(address, end, &part)) return other(address, end - address);
    if (part.begin > address) {
      const int64_t result = other(address, part.begin - address);
      if (result < 0) return result;
    }
    const int64_t result = device(part.begin, part.end - part.begin);
    if (result < 0) return result;
    address = part.end;
  }
  return 0;
}

// The device's parts, and the rest by system call `number`.
int64_t InParts(Op op, long number, uint64_t address, uint64_t length, int argument) {
  const LayoutLock lock;
  if (!mappings.Overlaps(address, address + PageUp(length)) || (address & 4095) != 0) {
    return raw::Call(number, static_cast<long>(address), static_cast<long>(length), argument);
  }
  return ForEachPart(
      address, length,
      [&](uint64_t at, uint64_t bytes) {
        Call call(op);
        call[0] = at;
        call[1] = bytes;
        call[2] = static_cast<uint64_t>(argument);
        return call.Run();
      },
      [&](uint64_t at, uint64_t bytes) -> int64_t {
        return raw::Call(number, static_cast<long>(at), static_cast<long>(bytes), argument);
      });
}

struct MremapResult {
  uint64_t old_address, old_length, new_length;
  uint64_t reserved, reserved_length;  // where the host has made room
  bool keeps_old;
};

// The answer has come: makes the place before what is in it gets mapped.
void MovePlace(void* argument, int64_t value, uint32_t) {
  const auto& moved = *static_cast<MremapResult*>(argument);
  const uint64_t old_end = moved.old_address + moved.old_length;
  const auto at = static_cast<uint64_t>(value);
  const uint64_t new_end = at + moved.new_length;
  const bool fits =
      value >= 0 && moved.reserved >= at && moved.reserved + moved.reserved_length <= new_end;
  if (moved.reserved != 0 && !fits) raw::Unmap(moved.reserved, moved.reserved_length);
  if (value < 0) return;
  if (at != moved.old_address) {
    raw::Reserve(at, moved.new_length, MAP_FIXED);
    mappings.Add(at, new_end);
    if (moved.keeps_old) {
      raw::Reserve(moved.old_address, moved.old_length, MAP_FIXED);
    } else {
      raw::Unmap(moved.old_address, moved.old_length);
      mappings.Remove(moved.old_address, old_end);
    }
  } else if (new_end < old_end) {
    raw::Unmap(new_end, old_end - new_end);
    mappings.Remove(new_end, old_end);
  } else if (new_end > old_end) {
    mappings.Add(old_end, new_end);
  }
}

int64_t CallMremap(uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                   uint64_t new_address, MremapResult* moved) {
  Call call(Op::kMremap);
  call[0] = old_address;
  call[1] = old_length;
  call[2] = new_length;
  call[3] = static_cast<uint64_t>(flags);
  call[4] = new_address;
  return call.Run(moved != nullptr ? MovePlace : nullptr, moved);
}

int64_t MoveDevice(uint64_t old_address, uint64_t old_length, uint64_t new_length, int flags,
                   uint64_t new_address) {
  MremapResult moved = {
      .old_address = old_address,
      .old_length = PageUp(old_length),
      .new_length = PageUp(new_length),
      .reserved = 0,
      .reserved_length = 0,
      .keeps_old = (flags & MREMAP_DONTUNMAP) != 0,
  };
  const uint64_t old_end = old_address + moved.old_length;
  const uint64_t growth = moved.new_length - moved.old_length;
  const bool grows = moved.new_length > moved.old_length;
  if ((flags & MREMAP_FIXED) == 0 && (grows || moved.keeps_old)) {
    // Room behind it or, where it may move, anywhere: the simulation does not see what else the
    // process has mapped.
    long place = -ENOMEM;
    if (grows && !moved.keeps_old) {
      place = raw::Reserve(old_end, growth, MAP_FIXED_NOREPLACE);
      moved.reserved_length = growth;
    }
    if (raw::Failed(place) && (flags & MREMAP_MAYMOVE) != 0) {
      place = raw::Reserve(0, moved.new_length, 0);
      moved.reserved_length = moved.new_length;
      if (!raw::Failed(place)) {
        flags |= MREMAP_FIXED;
        new_address = static_cast<uint64_t>(place);
      }
    }
    if (raw::Failed(place)) {
      // The simulation may find room where the process has none: then that is undone.
      const int64_t value =
          CallMremap(old_address, old_length, new_length, flags & ~MREMAP_MAYMOVE, 0, nullptr);
      if (value < 0) return value;
      UnmapSimulated(old_end, growth);
      return -ENOMEM;
    }
    moved.reserved = static_cast<uint64_t>(place);
  }
  return CallMremap(old_address, old_length, new_length, flags, new_address, &moved);
}

void* Pointer(int64_t value) { return reinterpret_cast<void*>(Returned(value)); }

void* Mmap(void* (*next)(void*, size_t, int, int, int, off_t), void* address, size_t length,
           int prot, int flags, int fd, off_t offset) {
  const bool anonymous = (flags & MAP_ANONYMOUS) != 0;
  const int simulated = anonymous ? -1 : descriptors.Find(fd);
  if (simulated >= 0) {
    return Pointer(
        MapDevice(Word(address), length, prot, flags, simulated, static_cast<uint64_t>(offset)));
  }
  const uint64_t end = Word(address) + PageUp(length);
  if ((flags & MAP_FIXED) != 0 && mappings.MayOverlap(Word(address), end)) {
    const LayoutLock lock;
    if (mappings.Overlaps(Word(address), end)) {
      const int64_t unmapped = UnmapSimulated(Word(address), length);
      if (unmapped < 0) return Pointer(unmapped);
      mappings.Remove(Word(address), end);
      return Pointer(
          raw::Map(Word(address), length, prot, flags, fd, static_cast<uint64_t>(offset)));
    }
  }
  return next(address, length, prot, flags, fd, offset);
}

}  // namespace
}  // namespace drydock::live

using namespace drydock::live;  // NOLINT: the interposed functions are C's

#define INTERPOSE_MMAP(name)                                                                      \
  DRYDOCK_INTERPOSE(void*, name, void* address, size_t length, int prot, int flags, int fd,       \
                    off_t offset) {                                                               \
    return Mmap(DRYDOCK_NEXT(void*(void*, size_t, int, int, int, off_t), #name), address, length, \
                prot, flags, fd, offset);                                                         \
  }
INTERPOSE_MMAP(mmap)
INTERPOSE_MMAP(mmap64)

DRYDOCK_INTERPOSE(int, munmap, void* address, size_t length) {
  if (mappings.MayOverlap(Word(address), Word(address) + PageUp(length))) {
    const LayoutLock lock;
    if (mappings.Overlaps(Word(address), Word(address) + PageUp(length))) {
      return static_cast<int>(Returned(UnmapDevice(Word(address), length)));
    }
  }
  return DRYDOCK_NEXT(int(void*, size_t), "munmap")(address, length);
}

DRYDOCK_INTERPOSE(int, mprotect, void* address, size_t length, int prot) {
  if (!mappings.MayOverlap(Word(address), Word(address) + PageUp(length))) {
    return DRYDOCK_NEXT(int(void*, size_t, int), "mprotect")(address, length, prot);
  }
  return static_cast<int>(
      Returned(InParts(Op::kMprotect, SYS_mprotect, Word(address), length, prot)));
}

DRYDOCK_INTERPOSE(int, madvise, void* address, size_t length, int advice) {
  if (!mappings.MayOverlap(Word(address), Word(address) + PageUp(length))) {
    return DRYDOCK_NEXT(int(void*, size_t, int), "madvise")(address, length, advice);
  }
  return static_cast<int>(
      Returned(InParts(Op::kMadvise, SYS_madvise, Word(address), length, advice)));
}

DRYDOCK_INTERPOSE(void*, mremap, void* old_address, size_t old_length, size_t new_length, int flags,
                  ...) {
  va_list arguments;
  va_start(arguments, flags);
  void* new_address = va_arg(arguments, void*);
  va_end(arguments);
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) == 0) new_address = nullptr;
  const uint64_t from = Word(old_address);
  const uint64_t to = Word(new_address);
  const bool fixed = (flags & MREMAP_FIXED) != 0;
  if (mappings.MayOverlap(from, from + PageUp(old_length) + 1) ||
      (fixed && mappings.MayOverlap(to, to + PageUp(new_length)))) {
    const LayoutLock lock;
    if (mappings.Overlaps(from, from + 1)) {
      return Pointer(MoveDevice(from, old_length, new_length, flags, to));
    }
    if (fixed && mappings.Overlaps(to, to + PageUp(new_length))) {
      const int64_t unmapped = UnmapSimulated(to, new_length);
      if (unmapped < 0) return Pointer(unmapped);
      mappings.Remove(to, to + PageUp(new_length));
      return Pointer(raw::Call(SYS_mremap, static_cast<long>(from), static_cast<long>(old_length),
                               static_cast<long>(new_length), flags, static_cast<long>(to)));
    }
  }
  return DRYDOCK_NEXT(void*(void*, size_t, size_t, int, ...), "mremap")(
      old_address, old_length, new_length, flags, new_address);
}
