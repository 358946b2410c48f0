// Strings, memory and formatting. What the C library has goes to the C library, which
// AddressSanitizer watches; what only a kernel has is written here.
#include <strings.h>

#include <climits>
#include <cstring>

#include "mocks/include/drydock/flags.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::KernelApi;
using drydock::mocks::LogApi;
using drydock::mocks::UaccessApi;

namespace {

constexpr int kEinval = 22, kEfault = 14, kE2big = 7, kEnomem = 12, kErange = 34;

void* ErrPtr(long error) { return reinterpret_cast<void*>(error); }

// A wild pointer faults in the C library: the note says where the driver was.
DRYDOCK_SHIM_INLINE void Note() { KernelApi::NoteCallerIfInstalled(__builtin_return_address(0)); }

// Formats, then copies by memcpy, so that a write beyond the driver's buffer is seen. Returns the
// length that the whole text has.
int Format(const void* caller, char* to, size_t size, const char* format, va_list args) {
  char text[512];
  va_list again;
  va_copy(again, args);
  int length = CrossFrom<&LogApi::Vsnprintf>(caller, text, sizeof(text), format, args);
  if (size > 0 && length >= 0) {
    if (static_cast<size_t>(length) < sizeof(text)) {
      size_t copied = static_cast<size_t>(length) < size ? static_cast<size_t>(length) : size - 1;
      std::memcpy(to, text, copied);
      std::memset(to + copied, 0, 1);
    } else {
      CrossFrom<&LogApi::Vsnprintf>(caller, to, size, format, again);
    }
  }
  va_end(again);
  return length;
}

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

constexpr unsigned int kGfpUser =
    ___GFP_DIRECT_RECLAIM | ___GFP_KSWAPD_RECLAIM | ___GFP_IO | ___GFP_FS | ___GFP_HARDWALL;

}  // namespace

extern "C" {

void* drydock_memcpy(void* to, const void* from, size_t n) {
  Note();
  return std::memcpy(to, from, n);
}
void* drydock_memmove(void* to, const void* from, size_t n) {
  Note();
  return std::memmove(to, from, n);
}
void* drydock_memset(void* to, int c, size_t n) {
  Note();
  return std::memset(to, c, n);
}
int drydock_memcmp(const void* a, const void* b, size_t n) {
  Note();
  return std::memcmp(a, b, n);
}
const void* drydock_memchr(const void* s, int c, size_t n) {
  Note();
  return std::memchr(s, c, n);
}
size_t drydock_strlen(const char* s) {
  Note();
  return std::strlen(s);
}
size_t drydock_strnlen(const char* s, size_t n) {
  Note();
  return strnlen(s, n);
}
char* drydock_strcpy(char* to, const char* from) {
  Note();
  return std::strcpy(to, from);
}
char* drydock_strncpy(char* to, const char* from, size_t n) {
  Note();
  return std::strncpy(to, from, n);
}
char* drydock_strcat(char* to, const char* from) {
  Note();
  return std::strcat(to, from);
}
char* drydock_strncat(char* to, const char* from, size_t n) {
  Note();
  return std::strncat(to, from, n);
}
int drydock_strcmp(const char* a, const char* b) {
  Note();
  return std::strcmp(a, b);
}
int drydock_strncmp(const char* a, const char* b, size_t n) {
  Note();
  return std::strncmp(a, b, n);
}
int drydock_strcasecmp(const char* a, const char* b) {
  Note();
  return strcasecmp(a, b);
}
int drydock_strncasecmp(const char* a, const char* b, size_t n) {
  Note();
  return strncasecmp(a, b, n);
}
const char* drydock_strchr(const char* s, int c) {
  Note();
  return std::strchr(s, c);
}
const char* drydock_strrchr(const char* s, int c) {
  Note();
  return std::strrchr(s, c);
}
const char* drydock_strstr(const char* s, const char* what) {
  Note();
  return std::strstr(s, what);
}
size_t drydock_strspn(const char* s, const char* accept) {
  Note();
  return std::strspn(s, accept);
}
size_t drydock_strcspn(const char* s, const char* reject) {
  Note();
  return std::strcspn(s, reject);
}
const char* drydock_strpbrk(const char* s, const char* set) {
  Note();
  return std::strpbrk(s, set);
}
char* drydock_strsep(char** s, const char* set) {
  Note();
  return strsep(s, set);
}
size_t drydock_strlcpy(char* to, const char* from, size_t n) {
  Note();
  size_t length = std::strlen(from);
  if (n > 0) {
    size_t copied = length < n ? length : n - 1;
    std::memcpy(to, from, copied);
    std::memset(to + copied, 0, 1);
  }
  return length;
}
size_t drydock_strlcat(char* to, const char* from, size_t n) {
  Note();
  size_t before = strnlen(to, n);
  return before + drydock_strlcpy(to + before, from, n - before);
}
long strscpy(char* to, const char* from, size_t n) {
  Note();
  if (n == 0 || n > INT_MAX) return -kE2big;
  size_t length = strnlen(from, n);
  bool fits = length < n;
  if (!fits) length = n - 1;
  std::memcpy(to, from, length);
  std::memset(to + length, 0, 1);
  return fits ? static_cast<long>(length) : -kE2big;
}
long strscpy_pad(char* to, const char* from, size_t n) {
  Note();
  long length = strscpy(to, from, n);
  if (length >= 0) std::memset(to + length, 0, n - static_cast<size_t>(length));
  return length;
}
char* strnchr(const char* s, size_t n, int c) {
  Note();
  for (; n-- > 0; ++s) {
    if (*s == static_cast<char>(c)) return const_cast<char*>(s);
    if (*s == '\0') break;
  }
  return nullptr;
}
char* skip_spaces(const char* s) {
  Note();
  while (*s == ' ' || (*s >= '\t' && *s <= '\r')) ++s;
  return const_cast<char*>(s);
}
char* strim(char* s) {
  Note();
  size_t n = std::strlen(s);
  while (n > 0 && (s[n - 1] == ' ' || (s[n - 1] >= '\t' && s[n - 1] <= '\r'))) --n;
  std::memset(s + n, 0, 1);
  return skip_spaces(s);
}
bool sysfs_streq(const char* a, const char* b) {
  Note();
  while (*a != '\0' && *a == *b) ++a, ++b;
  if (*a == *b) return true;
  if (*a == '\0') return b[0] == '\n' && b[1] == '\0';
  return *b == '\0' && a[0] == '\n' && a[1] == '\0';
}
int match_string(const char* const* array, size_t n, const char* s) {
  Note();
  for (size_t i = 0; i < n && array[i] != nullptr; ++i) {
    if (std::strcmp(array[i], s) == 0) return static_cast<int>(i);
  }
  return -kEinval;
}
int __sysfs_match_string(const char* const* array, size_t n, const char* s) {
  Note();
  for (size_t i = 0; i < n && array[i] != nullptr; ++i) {
    if (sysfs_streq(array[i], s)) return static_cast<int>(i);
  }
  return -kEinval;
}
void* memchr_inv(const void* s, int c, size_t n) {
  Note();
  auto* bytes = static_cast<const unsigned char*>(s);
  for (size_t i = 0; i < n; ++i) {
    if (bytes[i] != static_cast<unsigned char>(c)) return const_cast<unsigned char*>(bytes + i);
  }
  return nullptr;
}

int drydock_vsnprintf(char* to, size_t size, const char* format, va_list args) {
  return Format(__builtin_return_address(0), to, size, format, args);
}
int drydock_vsprintf(char* to, const char* format, va_list args) {
  return Format(__builtin_return_address(0), to, INT_MAX, format, args);
}
int drydock_snprintf(char* to, size_t size, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = Format(__builtin_return_address(0), to, size, format, args);
  va_end(args);
  return length;
}
int drydock_sprintf(char* to, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = Format(__builtin_return_address(0), to, INT_MAX, format, args);
  va_end(args);
  return length;
}
// The scn variants return what was written, not what would have been.
int vscnprintf(char* to, size_t size, const char* format, va_list args) {
  int length = Format(__builtin_return_address(0), to, size, format, args);
  if (static_cast<size_t>(length) < size) return length;
  return size == 0 ? 0 : static_cast<int>(size - 1);
}
int scnprintf(char* to, size_t size, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = Format(__builtin_return_address(0), to, size, format, args);
  va_end(args);
  if (static_cast<size_t>(length) < size) return length;
  return size == 0 ? 0 : static_cast<int>(size - 1);
}
// A sysfs buffer is one page, and starts at one.
int sysfs_emit(char* to, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = Format(__builtin_return_address(0), to, 4096, format, args);
  va_end(args);
  return length < 4096 ? length : 4095;
}
int sysfs_emit_at(char* to, int at, const char* format, ...) {
  if (at < 0 || at >= 4096) return 0;
  va_list args;
  va_start(args, format);
  int length =
      Format(__builtin_return_address(0), to + at, static_cast<size_t>(4096 - at), format, args);
  va_end(args);
  return length < 4096 - at ? length : 4095 - at;
}
char* kvasprintf(unsigned int gfp, const char* format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = Cross<&LogApi::Vsnprintf>(static_cast<char*>(nullptr), size_t{0}, format, args);
  auto* text = static_cast<char*>(Cross<&AllocApi::Kmalloc>(static_cast<size_t>(length) + 1, gfp));
  if (text != nullptr)
    Format(__builtin_return_address(0), text, static_cast<size_t>(length) + 1, format, again);
  va_end(again);
  return text;
}
char* kasprintf(unsigned int gfp, const char* format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = Cross<&LogApi::Vsnprintf>(static_cast<char*>(nullptr), size_t{0}, format, args);
  auto* text = static_cast<char*>(Cross<&AllocApi::Kmalloc>(static_cast<size_t>(length) + 1, gfp));
  if (text != nullptr)
    Format(__builtin_return_address(0), text, static_cast<size_t>(length) + 1, format, again);
  va_end(again);
  va_end(args);
  return text;
}

void* kmemdup(const void* from, size_t n, unsigned int gfp) {
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, from, n);
  return copy;
}
char* kmemdup_nul(const char* s, size_t n, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, gfp));
  if (copy != nullptr) {
    std::memcpy(copy, s, n);
    std::memset(copy + n, 0, 1);
  }
  return copy;
}
char* kstrdup(const char* s, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = std::strlen(s) + 1;
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, s, n);
  return static_cast<char*>(copy);
}
// A constant of the kernel's own image is shared in a kernel; a driver's is copied, and so is all
// here.
const char* kstrdup_const(const char* s, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = std::strlen(s) + 1;
  void* copy = Cross<&AllocApi::Kmalloc>(n, gfp);
  if (copy != nullptr) std::memcpy(copy, s, n);
  return static_cast<char*>(copy);
}
void kfree_const(const void* s) { Cross<&AllocApi::Kfree>(s); }
char* kstrndup(const char* s, size_t max, unsigned int gfp) {
  if (s == nullptr) return nullptr;
  size_t n = strnlen(s, max);
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, gfp));
  if (copy != nullptr) {
    std::memcpy(copy, s, n);
    std::memset(copy + n, 0, 1);
  }
  return copy;
}

void* memdup_user(const void* from, size_t n) {
  void* copy = Cross<&AllocApi::Kmalloc>(n, kGfpUser | ___GFP_NOWARN);
  if (copy == nullptr) return ErrPtr(-kEnomem);
  if (Cross<&UaccessApi::CopyFromUser>(copy, from, n) != 0) {
    Cross<&AllocApi::Kfree>(static_cast<const void*>(copy));
    return ErrPtr(-kEfault);
  }
  return copy;
}
void* memdup_user_nul(const void* from, size_t n) {
  auto* copy = static_cast<char*>(Cross<&AllocApi::Kmalloc>(n + 1, kGfpUser & ~___GFP_HARDWALL));
  if (copy == nullptr) return ErrPtr(-kEnomem);
  if (Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(copy), from, n) != 0) {
    Cross<&AllocApi::Kfree>(static_cast<const void*>(copy));
    return ErrPtr(-kEfault);
  }
  std::memset(copy + n, 0, 1);
  return copy;
}
// The struct may be shorter than ours (the rest is zero) or longer (the rest must be zero).
int drydock_copy_struct_from_user(void* to, size_t ksize, const void* from, size_t usize) {
  size_t size = ksize < usize ? ksize : usize;
  for (size_t at = size; at < usize; ++at) {
    unsigned char byte;
    if (Cross<&UaccessApi::CopyFromUser>(
            static_cast<void*>(&byte),
            static_cast<const void*>(static_cast<const char*>(from) + at), 1ul) != 0) {
      return -kEfault;
    }
    if (byte != 0) return -kE2big;
  }
  if (usize < ksize) std::memset(static_cast<char*>(to) + size, 0, ksize - size);
  return Cross<&UaccessApi::CopyFromUser>(to, from, size) != 0 ? -kEfault : 0;
}

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
#define DRYDOCK_KSTRTO_FROM_USER(symbol, type, parse)                     \
  int symbol(const char* s, size_t count, unsigned int base, type* out) { \
    char text[68];                                                        \
    int error = NumberFromUser(s, count, text);                           \
    return error != 0 ? error : parse(text, base, out);                   \
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
