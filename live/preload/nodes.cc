#include "live/preload/nodes.h"

#include <fcntl.h>
#include <string.h>

#include "live/preload/session.h"

namespace drydock::live {
namespace {

constexpr size_t kMostBytes = 4096;

const char* LastPart(const char* path) {
  const char* slash = strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

// Appends `path` to the absolute path in `to`, part by part; false if it is too long.
bool Append(const char* path, char* to, size_t* size) {
  while (*path != '\0') {
    while (*path == '/') ++path;
    const char* end = strchrnul(path, '/');
    const auto length = static_cast<size_t>(end - path);
    if (length == 0) break;
    if (length == 1 && path[0] == '.') {
    } else if (length == 2 && path[0] == '.' && path[1] == '.') {
      while (*size > 0 && to[*size - 1] != '/') --*size;
      if (*size > 0) --*size;
    } else {
      if (*size + length + 2 > kMostBytes) return false;
      to[(*size)++] = '/';
      memcpy(to + *size, path, length);
      *size += length;
    }
    path = end;
  }
  to[*size] = '\0';
  return true;
}

// Where a relative path begins; false if it cannot be said.
bool FolderPath(int folder, char* to) {
  long size;
  if (folder == AT_FDCWD) {
    size = raw::Call(SYS_getcwd, reinterpret_cast<long>(to), kMostBytes) - 1;
  } else {
    char link[32] = "/proc/self/fd/";
    char digits[12];
    int count = 0;
    for (int n = folder; count == 0 || n != 0; n /= 10) {
      digits[count++] = static_cast<char>('0' + n % 10);
    }
    size_t at = strlen(link);
    while (count > 0) link[at++] = digits[--count];
    link[at] = '\0';
    size = raw::Call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>(link),
                     reinterpret_cast<long>(to), kMostBytes - 1);
  }
  if (size <= 0 || size >= static_cast<long>(kMostBytes)) return false;
  to[size] = '\0';
  return to[0] == '/';
}

}  // namespace

bool FindNode(int folder, const char* path, Node* node) {
  if (!session.exists() || path == nullptr) return false;
  // Most paths end in a name that no node has.
  const char* name = LastPart(path);
  bool likely = false;
  for (uint32_t i = 0; !likely && session.NodeAt(i, node); ++i) {
    likely = strcmp(LastPart(node->path), name) == 0;
  }
  if (!likely) return false;
  char whole[kMostBytes + 2];
  size_t size = 0;
  whole[0] = '\0';
  if (path[0] != '/') {
    char base[kMostBytes];
    if (!FolderPath(folder, base) || !Append(base, whole, &size)) return false;
  }
  if (!Append(path, whole, &size)) return false;
  for (uint32_t i = 0; session.NodeAt(i, node); ++i) {
    if (strcmp(node->path, whole) == 0) return true;
  }
  return false;
}

}  // namespace drydock::live
