// lib/string.c, lib/string_helpers.c: strings and memory. What the C library has goes to the C
// library, which AddressSanitizer watches; what only a kernel has is written here.
#include <strings.h>

#include <climits>
#include <cstring>

#include "mocks/shims/shim.h"

using drydock::mocks::KernelApi;

namespace {

constexpr int kEinval = 22, kE2big = 7;

// A wild pointer faults in the C library: the note says where the driver was.
DRYDOCK_SHIM_INLINE void Note() { KernelApi::NoteCallerIfInstalled(__builtin_return_address(0)); }

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
  return std::strcpy(to, from);  // NOLINT: what the driver asked for
}
char* drydock_strncpy(char* to, const char* from, size_t n) {
  Note();
  return std::strncpy(to, from, n);
}
char* drydock_strcat(char* to, const char* from) {
  Note();
  return std::strcat(to, from);  // NOLINT: what the driver asked for
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

}  // extern "C"
