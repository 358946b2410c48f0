// Colour maps: drivers/video/fbdev/core/fbcmap.c of 6.1.
#include <algorithm>
#include <cstring>

#include "mocks/library/fb_library.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::UaccessApi;
using drydock::mocks::fb::kEinval;
using drydock::mocks::fb::kEnomem;
using drydock::mocks::fb::kGfpKernel;
using drydock::mocks::fb::kGfpZero;

namespace {

// The console's colours, as many as there are bits for.
__u16 red2[] = {0x0000, 0xaaaa};
__u16 green2[] = {0x0000, 0xaaaa};
__u16 blue2[] = {0x0000, 0xaaaa};
__u16 red4[] = {0x0000, 0xaaaa, 0x5555, 0xffff};
__u16 green4[] = {0x0000, 0xaaaa, 0x5555, 0xffff};
__u16 blue4[] = {0x0000, 0xaaaa, 0x5555, 0xffff};
// VGA's: blue, green, red are bits 0, 1, 2, brown is half as green, bit 3 is bright.
__u16 red16[] = {0x0000, 0x0000, 0x0000, 0x0000, 0xaaaa, 0xaaaa, 0xaaaa, 0xaaaa,
                 0x5555, 0x5555, 0x5555, 0x5555, 0xffff, 0xffff, 0xffff, 0xffff};
__u16 green16[] = {0x0000, 0x0000, 0xaaaa, 0xaaaa, 0x0000, 0x0000, 0x5555, 0xaaaa,
                   0x5555, 0x5555, 0xffff, 0xffff, 0x5555, 0x5555, 0xffff, 0xffff};
__u16 blue16[] = {0x0000, 0xaaaa, 0x0000, 0xaaaa, 0x0000, 0xaaaa, 0x0000, 0xaaaa,
                  0x5555, 0xffff, 0x5555, 0xffff, 0x5555, 0xffff, 0x5555, 0xffff};

fb_cmap Table(__u16* red, __u16* green, __u16* blue, __u32 length) {
  fb_cmap cmap{};
  cmap.len = length;
  cmap.red = red;
  cmap.green = green;
  cmap.blue = blue;
  return cmap;
}
const fb_cmap kColours2 = Table(red2, green2, blue2, 2);
const fb_cmap kColours4 = Table(red4, green4, blue4, 4);
const fb_cmap kColours8 = Table(red16, green16, blue16, 8);
const fb_cmap kColours16 = Table(red16, green16, blue16, 16);

__u16* AllocColours(size_t size) {
  return static_cast<__u16*>(Cross<&AllocApi::Kmalloc>(size, kGfpKernel | kGfpZero));
}
void Free(const void* memory) { Cross<&AllocApi::Kfree>(memory); }

// Which entries two maps have in common, as indices; the number of bytes of each colour, or an
// error.
int Common(const fb_cmap& from, const fb_cmap& to, unsigned int* from_at, unsigned int* to_at) {
  *from_at = to.start > from.start ? to.start - from.start : 0;
  *to_at = to.start > from.start ? 0 : from.start - to.start;
  if (*from_at >= from.len || *to_at >= to.len) return -kEinval;
  return static_cast<int>(std::min(to.len - *to_at, from.len - *from_at) * sizeof(__u16));
}

bool Take(__u16* to, const __u16* user, size_t size) {
  return Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(to), static_cast<const void*>(user),
                                          size) == 0;
}
bool Give(__u16* user, const __u16* from, size_t size) {
  return Cross<&UaccessApi::CopyToUser>(static_cast<void*>(user), static_cast<const void*>(from),
                                        size) == 0;
}

}  // namespace

namespace drydock::mocks::fb {

int SetUserCmap(fb_cmap* cmap, fb_info* info) {
  const int size = static_cast<int>(cmap->len * sizeof(__u16));
  if (size < 0 || static_cast<__u32>(size) < cmap->len) return -kE2big;
  fb_cmap own{};
  int result = fb_alloc_cmap(&own, static_cast<int>(cmap->len), cmap->transp != nullptr ? 1 : 0);
  if (result != 0) return result;
  const auto bytes = static_cast<size_t>(size);
  if (!Take(own.red, cmap->red, bytes) || !Take(own.green, cmap->green, bytes) ||
      !Take(own.blue, cmap->blue, bytes) ||
      (cmap->transp != nullptr && !Take(own.transp, cmap->transp, bytes))) {
    fb_dealloc_cmap(&own);
    return -kEfault;
  }
  own.start = cmap->start;
  Cross<&SyncApi::LockAcquire>(&info->lock, LockKind::kMutex, "fb_set_user_cmap");
  result = fb_set_cmap(&own, info);
  Cross<&SyncApi::LockRelease>(&info->lock, LockKind::kMutex, "fb_set_user_cmap");
  fb_dealloc_cmap(&own);
  return result;
}

int CmapToUser(const fb_cmap& from, const fb_cmap& user) {
  unsigned int from_at = 0, user_at = 0;
  const int size = Common(from, user, &from_at, &user_at);
  if (size < 0) return size;
  const auto bytes = static_cast<size_t>(size);
  if (!Give(user.red + user_at, from.red + from_at, bytes) ||
      !Give(user.green + user_at, from.green + from_at, bytes) ||
      !Give(user.blue + user_at, from.blue + from_at, bytes)) {
    return -kEfault;
  }
  if (from.transp != nullptr && user.transp != nullptr &&
      !Give(user.transp + user_at, from.transp + from_at, bytes)) {
    return -kEfault;
  }
  return 0;
}

}  // namespace drydock::mocks::fb

extern "C" {

const fb_cmap* fb_default_cmap(int len) {
  if (len <= 2) return &kColours2;
  if (len <= 4) return &kColours4;
  return len <= 8 ? &kColours8 : &kColours16;
}

void fb_dealloc_cmap(fb_cmap* cmap) {
  Free(cmap->red);
  Free(cmap->green);
  Free(cmap->blue);
  Free(cmap->transp);
  cmap->red = cmap->green = cmap->blue = cmap->transp = nullptr;
  cmap->len = 0;
}

int fb_alloc_cmap(fb_cmap* cmap, int len, int transp) {
  const int size = static_cast<int>(static_cast<unsigned int>(len) * sizeof(__u16));
  if (cmap->len != static_cast<__u32>(len)) {
    fb_dealloc_cmap(cmap);
    if (len == 0) return 0;
    const auto bytes = static_cast<size_t>(size);
    cmap->red = AllocColours(bytes);
    if (cmap->red != nullptr) cmap->green = AllocColours(bytes);
    if (cmap->green != nullptr) cmap->blue = AllocColours(bytes);
    if (cmap->blue != nullptr && transp != 0) cmap->transp = AllocColours(bytes);
    if (cmap->blue == nullptr || (transp != 0 && cmap->transp == nullptr)) {
      fb_dealloc_cmap(cmap);
      return -kEnomem;
    }
  }
  cmap->start = 0;
  cmap->len = static_cast<__u32>(len);
  const int error = fb_copy_cmap(fb_default_cmap(len), cmap);
  if (error == 0) return 0;
  fb_dealloc_cmap(cmap);
  return error;
}

int fb_copy_cmap(const fb_cmap* from, fb_cmap* to) {
  unsigned int from_at = 0, to_at = 0;
  const int size = Common(*from, *to, &from_at, &to_at);
  if (size < 0) return size;
  const auto bytes = static_cast<size_t>(size);
  std::memcpy(to->red + to_at, from->red + from_at, bytes);
  std::memcpy(to->green + to_at, from->green + from_at, bytes);
  std::memcpy(to->blue + to_at, from->blue + from_at, bytes);
  if (from->transp != nullptr && to->transp != nullptr) {
    std::memcpy(to->transp + to_at, from->transp + from_at, bytes);
  }
  return 0;
}

int fb_set_cmap(fb_cmap* cmap, fb_info* info) {
  auto start = static_cast<int>(cmap->start);
  if (start < 0 || (info->fbops->fb_setcolreg == nullptr && info->fbops->fb_setcmap == nullptr)) {
    return -kEinval;
  }
  int result = 0;
  if (info->fbops->fb_setcmap != nullptr) {
    result = info->fbops->fb_setcmap(cmap, info);
  } else {
    for (__u32 i = 0; i < cmap->len; ++i) {
      const unsigned int transp = cmap->transp != nullptr ? cmap->transp[i] : 0xffffu;
      if (info->fbops->fb_setcolreg(static_cast<unsigned int>(start++), cmap->red[i],
                                    cmap->green[i], cmap->blue[i], transp, info) != 0) {
        break;
      }
    }
  }
  if (result == 0) fb_copy_cmap(cmap, &info->cmap);
  return result;
}

}  // extern "C"
