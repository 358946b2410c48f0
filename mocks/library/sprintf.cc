// lib/vsprintf.c, fs/sysfs/file.c, lib/kasprintf.c: text by a format, which the kernel that is
// installed knows.
#include <climits>
#include <cstring>

#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::CrossFrom;
using drydock::mocks::LogApi;

namespace {

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

}  // namespace

extern "C" {

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

}  // extern "C"
