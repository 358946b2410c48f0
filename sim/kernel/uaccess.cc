#include "sim/kernel/uaccess.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace drydock::kernel {
namespace {

hw::VirtAddr UserAddress(const void* user) { return {reinterpret_cast<uintptr_t>(user)}; }

constexpr unsigned char kZeroes[hw::kPageSize] = {};

// Up to the end of the user page.
unsigned long PieceAt(hw::VirtAddr user, unsigned long left) {
  return std::min<unsigned long>(left, hw::kPageSize - (user.value & hw::kPageMask));
}

}  // namespace

bool Uaccess::AccessOk(const void* user, unsigned long size_bytes) {
  // The simulated kernel's addresses lie below kTaskSize; a real one's do not.
  hw::Pfn pfn;
  if (size_bytes != 0 && allocator_.memory().FindFrame(user, &pfn)) return false;
  return size_bytes <= kTaskSize && UserAddress(user).value <= kTaskSize - size_bytes;
}

bool Uaccess::CheckKernelSide(const char* function, const void* address, unsigned long size_bytes,
                              bool write) {
  const char* what = nullptr;
  if (allocator_.MayCopy(address, size_bytes, &what)) {
    if (dma_ != nullptr) dma_->ReportIfDeviceOwned(address, size_bytes, write, function);
    return true;
  }
  const AllocationId id = allocator_.FindByAddress(address);
  const bool hardened = id != 0 && (allocator_.Find(id)->kind == AllocationKind::kKmalloc ||
                                    allocator_.Find(id)->kind == AllocationKind::kVmalloc);
  verdicts_.TrapNow(hardened ? Trap::kBug : Trap::kSanitizer, 0, 14,
                    "a copy stays within the kernel object it starts in",
                    "%s of %lu bytes at %p: %s", function, size_bytes, address, what);
  return false;
}

unsigned long Uaccess::CopyToUser(void* user_to, const void* from, unsigned long size_bytes) {
  MightSleep("copy_to_user");
  if (!AccessOk(user_to, size_bytes)) return size_bytes;
  if (!CheckKernelSide("copy_to_user", from, size_bytes, false)) return size_bytes;
  const auto* in = static_cast<const unsigned char*>(from);
  hw::VirtAddr to = UserAddress(user_to);
  for (unsigned long left = size_bytes; left != 0;) {
    unsigned long piece = PieceAt(to, left);
    const unsigned char* bytes = allocator_.memory().ForReading(in, &piece);
    const unsigned long done = user_.CopyOut(to, bytes, piece);
    left -= done;
    if (done < piece) return left;
    to = to + piece;
    in += piece;
  }
  return 0;
}

unsigned long Uaccess::CopyFromUser(void* to, const void* user_from, unsigned long size_bytes) {
  MightSleep("copy_from_user");
  if (!CheckKernelSide("copy_from_user", to, size_bytes, true)) return size_bytes;
  auto* out = static_cast<unsigned char*>(to);
  hw::VirtAddr from = UserAddress(user_from);
  unsigned long left = size_bytes;
  if (AccessOk(user_from, size_bytes)) {
    while (left != 0) {
      unsigned long piece = PieceAt(from, left);
      unsigned char* bytes = allocator_.memory().ForWriting(out, &piece);
      const unsigned long done = user_.CopyIn(bytes, from, piece);
      if (verdicts_.pending_trap() != Trap::kNone) return left;
      left -= done;
      out += done;
      from = from + done;
      if (done < piece) break;
    }
  }
  // The driver never sees what was in its buffer before.
  for (unsigned long rest = left; rest != 0;) {
    const unsigned long piece = std::min<unsigned long>(rest, sizeof kZeroes);
    allocator_.memory().WriteKernel(out, kZeroes, piece);
    out += piece;
    rest -= piece;
  }
  return left;
}

unsigned long Uaccess::ClearUser(void* user_to, unsigned long size_bytes) {
  MightSleep("clear_user");
  if (!AccessOk(user_to, size_bytes)) return size_bytes;
  hw::VirtAddr to = UserAddress(user_to);
  for (unsigned long left = size_bytes; left != 0;) {
    const unsigned long piece = PieceAt(to, left);
    const unsigned long done = user_.CopyOut(to, kZeroes, piece);
    left -= done;
    if (done < piece) return left;
    to = to + piece;
  }
  return 0;
}

long Uaccess::StrncpyFromUser(char* to, const char* user_from, long count) {
  MightSleep("strncpy_from_user");
  if (count <= 0) return 0;
  if (!CheckKernelSide("strncpy_from_user", to, static_cast<unsigned long>(count), true)) {
    return -EFAULT;
  }
  hw::VirtAddr from = UserAddress(user_from);
  for (long done = 0; done < count;) {
    if (from.value >= kTaskSize) return -EFAULT;
    // A word at a time, as the kernel reads: no byte behind the NUL's word is looked at.
    char word[8];
    const long piece =
        std::min<long>(count - done, static_cast<long>(sizeof word - from.value % sizeof word));
    const auto got = user_.CopyIn(word, from, static_cast<unsigned long>(piece));
    const void* nul = std::memchr(word, 0, got);
    const long bytes =
        nul == nullptr ? static_cast<long>(got) : static_cast<const char*>(nul) - word;
    allocator_.memory().WriteKernel(to + done, word,
                                    static_cast<size_t>(bytes + (nul != nullptr ? 1 : 0)));
    done += bytes;
    if (nul != nullptr) return done;
    if (static_cast<long>(got) < piece) return -EFAULT;
    from = from + got;
  }
  return count;
}

}  // namespace drydock::kernel
