#include "fuzz/linux_names.h"

#include <charconv>
#include <cstdio>

namespace drydock::fuzz {
namespace {

constexpr NamedBits One(std::string_view name, uint32_t bits) { return {name, bits, bits}; }
constexpr NamedBits Only(std::string_view name, uint32_t bits) { return {name, bits, ~0u}; }

// A name that covers another's bits comes first.
constexpr NamedBits kOpen[] = {
    {"O_RDONLY", 0, 3},         {"O_WRONLY", 1, 3},         {"O_RDWR", 2, 3},
    One("O_SYNC", 0x101000),    One("O_TMPFILE", 0x410000), One("O_CREAT", 0x40),
    One("O_EXCL", 0x80),        One("O_NOCTTY", 0x100),     One("O_TRUNC", 0x200),
    One("O_APPEND", 0x400),     One("O_NONBLOCK", 0x800),   One("O_DSYNC", 0x1000),
    One("O_DIRECT", 0x4000),    One("O_LARGEFILE", 0x8000), One("O_DIRECTORY", 0x10000),
    One("O_NOFOLLOW", 0x20000), One("O_NOATIME", 0x40000),  One("O_CLOEXEC", 0x80000),
    One("O_PATH", 0x200000),
};
constexpr NamedBits kProtection[] = {
    Only("PROT_NONE", 0),
    One("PROT_READ", 1),
    One("PROT_WRITE", 2),
    One("PROT_EXEC", 4),
    One("PROT_GROWSDOWN", 0x1000000),
    One("PROT_GROWSUP", 0x2000000),
};
constexpr NamedBits kMap[] = {
    {"MAP_SHARED_VALIDATE", 3, 3}, {"MAP_SHARED", 1, 3},
    {"MAP_PRIVATE", 2, 3},         One("MAP_FIXED", 0x10),
    One("MAP_ANONYMOUS", 0x20),    One("MAP_32BIT", 0x40),
    One("MAP_GROWSDOWN", 0x100),   One("MAP_DENYWRITE", 0x800),
    One("MAP_LOCKED", 0x2000),     One("MAP_NORESERVE", 0x4000),
    One("MAP_POPULATE", 0x8000),   One("MAP_NONBLOCK", 0x10000),
    One("MAP_STACK", 0x20000),     One("MAP_HUGETLB", 0x40000),
    One("MAP_SYNC", 0x80000),      One("MAP_FIXED_NOREPLACE", 0x100000),
};
constexpr NamedBits kRemap[] = {
    One("MREMAP_MAYMOVE", 1),
    One("MREMAP_FIXED", 2),
    One("MREMAP_DONTUNMAP", 4),
};
constexpr NamedBits kAdvice[] = {
    Only("MADV_NORMAL", 0),          Only("MADV_RANDOM", 1),
    Only("MADV_SEQUENTIAL", 2),      Only("MADV_WILLNEED", 3),
    Only("MADV_DONTNEED", 4),        Only("MADV_FREE", 8),
    Only("MADV_REMOVE", 9),          Only("MADV_DONTFORK", 10),
    Only("MADV_DOFORK", 11),         Only("MADV_MERGEABLE", 12),
    Only("MADV_UNMERGEABLE", 13),    Only("MADV_HUGEPAGE", 14),
    Only("MADV_NOHUGEPAGE", 15),     Only("MADV_DONTDUMP", 16),
    Only("MADV_DODUMP", 17),         Only("MADV_WIPEONFORK", 18),
    Only("MADV_KEEPONFORK", 19),     Only("MADV_COLD", 20),
    Only("MADV_PAGEOUT", 21),        Only("MADV_POPULATE_READ", 22),
    Only("MADV_POPULATE_WRITE", 23), Only("MADV_DONTNEED_LOCKED", 24),
    Only("MADV_COLLAPSE", 25),
};
constexpr NamedBits kWhence[] = {
    Only("SEEK_SET", 0),  Only("SEEK_CUR", 1),  Only("SEEK_END", 2),
    Only("SEEK_DATA", 3), Only("SEEK_HOLE", 4),
};
constexpr NamedBits kSync[] = {
    One("MS_ASYNC", 1),
    One("MS_INVALIDATE", 2),
    One("MS_SYNC", 4),
};
constexpr NamedBits kPoll[] = {
    One("POLLIN", 0x1),       One("POLLPRI", 0x2),     One("POLLOUT", 0x4),
    One("POLLERR", 0x8),      One("POLLHUP", 0x10),    One("POLLNVAL", 0x20),
    One("POLLRDNORM", 0x40),  One("POLLRDBAND", 0x80), One("POLLWRNORM", 0x100),
    One("POLLWRBAND", 0x200), One("POLLMSG", 0x400),   One("POLLREMOVE", 0x1000),
    One("POLLRDHUP", 0x2000),
};
constexpr NamedBits kErrno[] = {
    Only("EPERM", 1),         Only("ENOENT", 2),      Only("ESRCH", 3),
    Only("EINTR", 4),         Only("EIO", 5),         Only("ENXIO", 6),
    Only("E2BIG", 7),         Only("ENOEXEC", 8),     Only("EBADF", 9),
    Only("ECHILD", 10),       Only("EAGAIN", 11),     Only("ENOMEM", 12),
    Only("EACCES", 13),       Only("EFAULT", 14),     Only("ENOTBLK", 15),
    Only("EBUSY", 16),        Only("EEXIST", 17),     Only("EXDEV", 18),
    Only("ENODEV", 19),       Only("ENOTDIR", 20),    Only("EISDIR", 21),
    Only("EINVAL", 22),       Only("ENFILE", 23),     Only("EMFILE", 24),
    Only("ENOTTY", 25),       Only("ETXTBSY", 26),    Only("EFBIG", 27),
    Only("ENOSPC", 28),       Only("ESPIPE", 29),     Only("EROFS", 30),
    Only("EMLINK", 31),       Only("EPIPE", 32),      Only("EDOM", 33),
    Only("ERANGE", 34),       Only("EDEADLK", 35),    Only("ENAMETOOLONG", 36),
    Only("ENOSYS", 38),       Only("ENODATA", 61),    Only("ETIME", 62),
    Only("EPROTO", 71),       Only("EBADMSG", 74),    Only("EOVERFLOW", 75),
    Only("EOPNOTSUPP", 95),   Only("ETIMEDOUT", 110), Only("EALREADY", 114),
    Only("EINPROGRESS", 115),
};

void AppendHex(uint32_t value, std::string* out) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", value);
  *out += text;
}

}  // namespace

std::span<const NamedBits> OpenFlagNames() { return kOpen; }
std::span<const NamedBits> ProtectionNames() { return kProtection; }
std::span<const NamedBits> MapFlagNames() { return kMap; }
std::span<const NamedBits> RemapFlagNames() { return kRemap; }
std::span<const NamedBits> AdviceNames() { return kAdvice; }
std::span<const NamedBits> WhenceNames() { return kWhence; }
std::span<const NamedBits> SyncFlagNames() { return kSync; }
std::span<const NamedBits> PollEventNames() { return kPoll; }

void AppendFlags(std::span<const NamedBits> names, uint32_t value, std::string* out) {
  const size_t begin = out->size();
  uint32_t rest = value;
  for (const NamedBits& name : names) {
    if ((value & name.mask) != name.bits) continue;
    // Already said by a wider name (O_SYNC has O_DSYNC in it).
    if (name.bits != 0 && (rest & name.bits) == 0) continue;
    if (out->size() != begin) *out += '|';
    *out += name.name;
    rest &= ~name.bits;
  }
  if (rest != 0 || out->size() == begin) {
    if (out->size() != begin) *out += '|';
    if (rest == 0) {
      *out += '0';
    } else {
      AppendHex(rest, out);
    }
  }
}

std::optional<uint32_t> ParseFlags(std::span<const NamedBits> names, std::string_view text) {
  uint32_t value = 0;
  while (true) {
    const size_t bar = text.find('|');
    const std::optional<uint32_t> word = ParseName(names, text.substr(0, bar));
    if (!word) return std::nullopt;
    value |= *word;
    if (bar == std::string_view::npos) return value;
    text.remove_prefix(bar + 1);
  }
}

void AppendName(std::span<const NamedBits> names, uint32_t value, std::string* out) {
  for (const NamedBits& name : names) {
    if (name.bits == value) {
      *out += name.name;
      return;
    }
  }
  AppendHex(value, out);
}

std::optional<uint32_t> ParseName(std::span<const NamedBits> names, std::string_view text) {
  for (const NamedBits& name : names) {
    if (name.name == text) return name.bits;
  }
  const std::optional<uint64_t> number = ParseNumber(text);
  if (!number || *number > 0xffffffffu) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::string_view ErrnoName(int64_t number) {
  for (const NamedBits& name : kErrno) {
    if (name.bits == number) return name.name;
  }
  return {};
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace drydock::fuzz
