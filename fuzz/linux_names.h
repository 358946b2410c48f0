// Names of Linux's numbers (x86-64), both ways: flags, protections, advices, errnos.
#ifndef DRYDOCK_FUZZ_LINUX_NAMES_H_
#define DRYDOCK_FUZZ_LINUX_NAMES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace drydock::fuzz {

struct NamedBits {
  std::string_view name;
  uint32_t bits;
  uint32_t mask;  // the name stands for (value & mask) == bits
};

// Sets of flags: names joined by '|', what has no name in hex, "0" for nothing.
std::span<const NamedBits> OpenFlagNames();
std::span<const NamedBits> ProtectionNames();
std::span<const NamedBits> MapFlagNames();
std::span<const NamedBits> RemapFlagNames();
std::span<const NamedBits> SyncFlagNames();
std::span<const NamedBits> PollEventNames();
void AppendFlags(std::span<const NamedBits> names, uint32_t value, std::string* out);
// nullopt if a word is neither a name nor a number.
std::optional<uint32_t> ParseFlags(std::span<const NamedBits> names, std::string_view text);

// Single values: the name, or the number if there is none.
std::span<const NamedBits> AdviceNames();
std::span<const NamedBits> WhenceNames();
void AppendName(std::span<const NamedBits> names, uint32_t value, std::string* out);
std::optional<uint32_t> ParseName(std::span<const NamedBits> names, std::string_view text);

// "EINVAL" for 22; "" if the number has no name.
std::string_view ErrnoName(int64_t number);

// A decimal or 0x number that fits in 64 bits; nothing else.
std::optional<uint64_t> ParseNumber(std::string_view text);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_LINUX_NAMES_H_
