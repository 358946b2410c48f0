// kernel/params.c, lib/kstrtox.c.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

#include "sim/kernel/module_loader.h"

namespace drydock::kernel {
namespace {

constexpr size_t kCharpMax = 1024;

// _parse_integer(): all digits of the base, an optional newline, nothing else.
int ParseUnsigned(std::string_view text, uint64_t* value) {
  uint64_t base = 10;
  const auto digit_of = [](char c) -> uint64_t {
    if (c >= '0' && c <= '9') return static_cast<uint64_t>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? static_cast<uint64_t>(lower - 'a' + 10) : 99;
  };
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
      digit_of(text[2]) < 16) {
    base = 16;
    text.remove_prefix(2);
  } else if (!text.empty() && text[0] == '0') {
    base = 8;
  }
  uint64_t result = 0;
  size_t digits = 0;
  bool overflow = false;
  for (; digits < text.size() && digit_of(text[digits]) < base; ++digits) {
    const uint64_t digit = digit_of(text[digits]);
    overflow = overflow || result > (UINT64_MAX - digit) / base;
    result = result * base + digit;
  }
  if (overflow) return -ERANGE;
  if (digits == 0) return -EINVAL;
  text.remove_prefix(digits);
  if (text.starts_with('\n')) text.remove_prefix(1);
  if (!text.empty()) return -EINVAL;
  *value = result;
  return 0;
}

int ParseSigned(std::string_view text, int64_t low, int64_t high, int64_t* value) {
  uint64_t magnitude = 0;
  if (text.starts_with('-')) {
    if (const int error = ParseUnsigned(text.substr(1), &magnitude)) return error;
    if (magnitude > uint64_t{1} << 63 ||
        (magnitude != 0 && static_cast<int64_t>(0 - magnitude) >= 0)) {
      return -ERANGE;
    }
    *value = static_cast<int64_t>(0 - magnitude);
  } else {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (const int error = ParseUnsigned(text, &magnitude)) return error;
    if (magnitude > static_cast<uint64_t>(INT64_MAX)) return -ERANGE;
    *value = static_cast<int64_t>(magnitude);
  }
  return *value < low || *value > high ? -ERANGE : 0;
}

int ParseBool(std::string_view text, bool* value) {
  const char first = text.empty() ? '\0' : text[0];
  const char second = text.size() < 2 ? '\0' : text[1];
  const bool is_o = first == 'o' || first == 'O';
  if ((first != '\0' && std::strchr("yYtT1", first) != nullptr) ||
      (is_o && (second == 'n' || second == 'N'))) {
    *value = true;
  } else if ((first != '\0' && std::strchr("nNfF0", first) != nullptr) ||
             (is_o && (second == 'f' || second == 'F'))) {
    *value = false;
  } else {
    return -EINVAL;
  }
  return 0;
}

template <class T>
int StoreSigned(std::string_view text, void* to) {
  int64_t value = 0;
  const int error =
      ParseSigned(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), &value);
  if (error == 0) *static_cast<T*>(to) = static_cast<T>(value);
  return error;
}

template <class T>
int StoreUnsigned(std::string_view text, void* to) {
  uint64_t value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (const int error = ParseUnsigned(text, &value)) return error;
  if (value > std::numeric_limits<T>::max()) return -ERANGE;
  *static_cast<T*>(to) = static_cast<T>(value);
  return 0;
}

size_t ElementSize(long kind) {
  switch (kind) {
    case DRYDOCK_PARAM_BOOL:
    case DRYDOCK_PARAM_INVBOOL:
    case DRYDOCK_PARAM_BYTE:
      return 1;
    case DRYDOCK_PARAM_SHORT:
    case DRYDOCK_PARAM_USHORT:
      return 2;
    case DRYDOCK_PARAM_INT:
    case DRYDOCK_PARAM_UINT:
      return 4;
    default:
      return 8;
  }
}

int StoreOne(long kind, std::string_view text, void* to,
             std::vector<std::unique_ptr<char[]>>* texts) {
  switch (kind) {
    case DRYDOCK_PARAM_BOOL:
    case DRYDOCK_PARAM_INVBOOL: {
      bool value = false;
      if (const int error = ParseBool(text, &value)) return error;
      *static_cast<bool*>(to) = value == (kind == DRYDOCK_PARAM_BOOL);
      return 0;
    }
    case DRYDOCK_PARAM_BYTE:
      return StoreUnsigned<unsigned char>(text, to);
    case DRYDOCK_PARAM_SHORT:
      return StoreSigned<short>(text, to);
    case DRYDOCK_PARAM_USHORT:
      return StoreUnsigned<unsigned short>(text, to);
    case DRYDOCK_PARAM_INT:
      return StoreSigned<int>(text, to);
    case DRYDOCK_PARAM_UINT:
      return StoreUnsigned<unsigned int>(text, to);
    case DRYDOCK_PARAM_LONG:
      return StoreSigned<long>(text, to);
    case DRYDOCK_PARAM_ULONG:
      return StoreUnsigned<unsigned long>(text, to);
    case DRYDOCK_PARAM_ULLONG:
      return StoreUnsigned<unsigned long long>(text, to);
    case DRYDOCK_PARAM_CHARP: {
      if (text.size() > kCharpMax) return -ENOSPC;
      auto copy = std::make_unique<char[]>(text.size() + 1);
      std::copy(text.begin(), text.end(), copy.get());
      *static_cast<char**>(to) = copy.get();
      texts->push_back(std::move(copy));
      return 0;
    }
    default:
      return -EINVAL;
  }
}

}  // namespace

int SetModuleParam(const drydock_param& param, std::string_view value,
                   std::vector<std::unique_ptr<char[]>>* texts) {
  if (param.kind == DRYDOCK_PARAM_STRING) {  // param_set_copystring()
    if (static_cast<long>(value.size()) + 1 > param.max) return -ENOSPC;
    auto* to = static_cast<char*>(param.value);
    std::memcpy(to, value.data(), value.size());
    to[value.size()] = '\0';
    return 0;
  }
  if (param.max <= 1 && param.count == nullptr) {
    return StoreOne(param.kind, value, param.value, texts);
  }
  // param_array()
  auto* to = static_cast<unsigned char*>(param.value);
  unsigned int count = 0;
  for (bool more = true; more; ++count) {
    if (static_cast<long>(count) == param.max) return -EINVAL;
    const size_t comma = value.find(',');
    more = comma != std::string_view::npos;
    const int error =
        StoreOne(param.kind, value.substr(0, comma), to + count * ElementSize(param.kind), texts);
    if (error != 0) return error;
    if (more) value.remove_prefix(comma + 1);
  }
  if (param.count != nullptr) *param.count = count;
  return 0;
}

}  // namespace drydock::kernel
