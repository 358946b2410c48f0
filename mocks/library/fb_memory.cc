// read(2) and write(2) of a frame buffer in system memory: drivers/video/fbdev/core/fb_sys_fops.c
// of 6.1.
#include <algorithm>

#include "mocks/library/fb_library.h"

using drydock::mocks::Cross;
using drydock::mocks::UaccessApi;
using drydock::mocks::fb::kEfault;
using drydock::mocks::fb::kEfbig;
using drydock::mocks::fb::kEnodev;
using drydock::mocks::fb::kEnospc;

namespace {

unsigned long SizeOf(const fb_info* info) {
  return info->screen_size != 0 ? info->screen_size : info->fix.smem_len;
}

}  // namespace

extern "C" {

long fb_sys_read(fb_info* info, char* buf, size_t count, long long* pos) {
  if (info->screen_buffer == nullptr) return -kEnodev;
  const unsigned long total = SizeOf(info);
  const auto at = static_cast<unsigned long>(*pos);
  if (at >= total) return 0;
  count = std::min(count, total - at);
  if (info->fbops->fb_sync != nullptr) info->fbops->fb_sync(info);
  if (Cross<&UaccessApi::CopyToUser>(static_cast<void*>(buf),
                                     static_cast<const void*>(info->screen_buffer + at),
                                     count) != 0) {
    return -kEfault;
  }
  *pos += static_cast<long long>(count);
  return static_cast<long>(count);
}

long fb_sys_write(fb_info* info, const char* buf, size_t count, long long* pos) {
  if (info->screen_buffer == nullptr) return -kEnodev;
  const unsigned long total = SizeOf(info);
  const auto at = static_cast<unsigned long>(*pos);
  if (at > total) return -kEfbig;
  long error = 0;
  if (count > total) {
    error = -kEfbig;
    count = total;
  }
  if (count > total - at) {
    if (error == 0) error = -kEnospc;
    count = total - at;
  }
  if (info->fbops->fb_sync != nullptr) info->fbops->fb_sync(info);
  if (Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(info->screen_buffer + at),
                                       static_cast<const void*>(buf), count) != 0) {
    error = -kEfault;
  }
  if (error != 0) return error;
  *pos += static_cast<long long>(count);
  return static_cast<long>(count);
}

}  // extern "C"
