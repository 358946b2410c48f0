// lib/kstrtox.c, lib/cmdline.c: numbers from text.
#include <climits>
#include <cstring>

#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::KernelApi;
using drydock::mocks::UaccessApi;

namespace {

constexpr int kEinval = 22, kEfault = 14, kErange = 34;

// A wild pointer faults in the C library: the note says where the driver was.
DRYDOCK_SHIM_INLINE void Note() { KernelApi::NoteCallerIfInstalled(__builtin_return_address(0)); }

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// Reads digits at *s; base 0 means as the prefix says. Returns how many digits there were;
// *overflow is set when they do not fit.
int ParseDigits(const char** s, unsigned int base, unsigned long long* out, bool* overflow) {
  const char* at = *s;
  if ((base == 0 || base == 16) && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') &&
      Digit(at[2]) < 16) {
    at += 2;
    base = 16;
  } else if (base == 0) {
    base = at[0] == '0' ? 8 : 10;
  }
  int digits = 0;
  unsigned long long value = 0;
  for (; Digit(*at) < static_cast<int>(base); ++at, ++digits) {
    if (__builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, static_cast<unsigned>(Digit(*at)), &value)) {
      *overflow = true;
    }
  }
  *s = at;
  *out = value;
  return digits;
}

// A whole string: an optional sign, digits, at most one newline at the end.
int ParseWhole(const char* s, unsigned int base, bool allow_minus, bool* negative,
               unsigned long long* out) {
  *negative = allow_minus && *s == '-';
  if (*s == '+' || *negative) ++s;
  bool overflow = false;
  if (ParseDigits(&s, base, out, &overflow) == 0) return -kEinval;
  if (overflow) return -kErange;
  if (*s == '\n') ++s;
  return *s == '\0' ? 0 : -kEinval;
}

int ParseUnsigned(const char* s, unsigned int base, unsigned long long max,
                  unsigned long long* out) {
  bool negative;
  int error = ParseWhole(s, base, false, &negative, out);
  return error == 0 && *out > max ? -kErange : error;
}

int ParseSigned(const char* s, unsigned int base, long long min, long long max, long long* out) {
  bool negative;
  unsigned long long magnitude;
  int error = ParseWhole(s, base, true, &negative, &magnitude);
  if (error != 0) return error;
  if (magnitude > static_cast<unsigned long long>(LLONG_MAX) + (negative ? 1 : 0)) return -kErange;
  *out = negative ? static_cast<long long>(0 - magnitude) : static_cast<long long>(magnitude);
  return *out < min || *out > max ? -kErange : 0;
}

// Copies a user's number into `text`, as much as fits.
DRYDOCK_SHIM_INLINE int NumberFromUser(const char* s, size_t count, char (&text)[68]) {
  if (count > sizeof(text) - 1) count = sizeof(text) - 1;
  if (Cross<&UaccessApi::CopyFromUser>(text, s, count) != 0) return -kEfault;
  text[count] = '\0';
  return 0;
}

}  // namespace

extern "C" {

int kstrtoull(const char* s, unsigned int base, unsigned long long* out) {
  Note();
  return ParseUnsigned(s, base, ULLONG_MAX, out);
}
int kstrtoll(const char* s, unsigned int base, long long* out) {
  Note();
  return ParseSigned(s, base, LLONG_MIN, LLONG_MAX, out);
}
#define DRYDOCK_KSTRTO(symbol, type, parse, wide, ...)      \
  int symbol(const char* s, unsigned int base, type* out) { \
    Note();                                                 \
    wide value;                                             \
    int error = parse(s, base, __VA_ARGS__, &value);        \
    if (error == 0) *out = static_cast<type>(value);        \
    return error;                                           \
  }
DRYDOCK_KSTRTO(kstrtouint, unsigned int, ParseUnsigned, unsigned long long, UINT_MAX)
DRYDOCK_KSTRTO(kstrtou16, unsigned short, ParseUnsigned, unsigned long long, USHRT_MAX)
DRYDOCK_KSTRTO(kstrtou8, unsigned char, ParseUnsigned, unsigned long long, UCHAR_MAX)
DRYDOCK_KSTRTO(kstrtoint, int, ParseSigned, long long, INT_MIN, INT_MAX)
int kstrtobool(const char* s, bool* out) {
  Note();
  if (s == nullptr) return -kEinval;
  char first = s[0];
  if (first == 'o' || first == 'O')
    first = s[1] == 'n' || s[1] == 'N' ? '1' : s[1] == 'f' || s[1] == 'F' ? '0' : '?';
  if (first == 'y' || first == 'Y' || first == 't' || first == 'T' || first == '1') {
    *out = true;
  } else if (first == 'n' || first == 'N' || first == 'f' || first == 'F' || first == '0') {
    *out = false;
  } else {
    return -kEinval;
  }
  return 0;
}
#define DRYDOCK_KSTRTO_FROM_USER(symbol, type, parse)                                          \
  int symbol(const char* s, size_t count, unsigned int base, type* out) { /* NOLINT: a type */ \
    char text[68];                                                                             \
    int error = NumberFromUser(s, count, text);                                                \
    return error != 0 ? error : parse(text, base, out);                                        \
  }
DRYDOCK_KSTRTO_FROM_USER(kstrtoull_from_user, unsigned long long, kstrtoull)
DRYDOCK_KSTRTO_FROM_USER(kstrtouint_from_user, unsigned int, kstrtouint)
DRYDOCK_KSTRTO_FROM_USER(kstrtoint_from_user, int, kstrtoint)

unsigned long long simple_strtoull(const char* s, char** end, unsigned int base) {
  Note();
  unsigned long long value = 0;
  bool overflow = false;
  ParseDigits(&s, base, &value, &overflow);
  if (end != nullptr) *end = const_cast<char*>(s);
  return value;
}
unsigned long simple_strtoul(const char* s, char** end, unsigned int base) {
  return simple_strtoull(s, end, base);
}
long simple_strtol(const char* s, char** end, unsigned int base) {
  return *s == '-' ? static_cast<long>(0 - simple_strtoull(s + 1, end, base))
                   : static_cast<long>(simple_strtoull(s, end, base));
}
unsigned long long memparse(const char* s, char** end) {
  char* at;
  unsigned long long value = simple_strtoull(s, &at, 0);
  static constexpr char kSuffixes[] = "KMGTPE";
  char upper = static_cast<char>(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
  const char* suffix = upper == '\0' ? nullptr : std::strchr(kSuffixes, upper);
  if (suffix != nullptr) {
    value <<= 10 * (suffix - kSuffixes + 1);
    ++at;
  }
  if (end != nullptr) *end = at;
  return value;
}

}  // extern "C"
