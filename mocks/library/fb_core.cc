// The fb core: registration and modes; the calls on /dev/fb%d are in fb_file.cc. fbmem.c of 6.1,
// without the console (fbcon), notifiers, deferred I/O and the list of modes. What it keeps between
// calls is the kernel's (LibraryState), so that reset knows of it.
//
// Its class and major number are made with the first frame buffer and go with the last one, as if
// fb.ko were loaded for the driver.
#include <algorithm>
#include <cstring>

#include "mocks/library/fb_library.h"

using drydock::mocks::AllocApi;
using drydock::mocks::ChrdevApi;
using drydock::mocks::Cross;
using drydock::mocks::DeviceApi;
using drydock::mocks::LockKind;
using drydock::mocks::LogApi;
using drydock::mocks::SyncApi;
using drydock::mocks::fb::Core;
using drydock::mocks::fb::kEinval;
using drydock::mocks::fb::kEnxio;
using drydock::mocks::fb::kFileOperations;
using drydock::mocks::fb::kGfpKernel;
using drydock::mocks::fb::kGfpZero;
using drydock::mocks::fb::kMaxBuffers;
using drydock::mocks::fb::kStateRunning;
using drydock::mocks::fb::PutInfo;
using drydock::mocks::fb::TheCore;

namespace {

constexpr unsigned int kMajor = 29;
constexpr unsigned int kPixmapBytes = 8192;
constexpr unsigned int kPixmapDefault = 1;

void Say(const char* format, ...) {
  va_list args;
  va_start(args, format);
  Cross<&LogApi::Printk>(format, args);
  va_end(args);
}

void WarnOn(const char* function, ...) {
  va_list args;
  va_start(args, function);
  Cross<&LogApi::Warn>("fbsysfs.c", 0, function, static_cast<const char*>(nullptr), args);
  va_end(args);
}

device* CreateDevice(kclass* fb_class, fb_info* info, int node, ...) {
  va_list args;
  va_start(args, node);
  device* made = Cross<&DeviceApi::DeviceCreate>(fb_class, info->device,
                                                 kMajor << 20 | static_cast<unsigned>(node),
                                                 static_cast<void*>(nullptr), "fb%d", args);
  va_end(args);
  return made;
}

bool IsError(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) >= -4095ul; }

// What loading fb.ko does.
int Begin(Core* core) {
  if (core->fb_class != nullptr) return 0;
  int error = Cross<&ChrdevApi::RegisterChrdev>(kMajor, 0u, 256u, "fb", &kFileOperations);
  if (error < 0) return error;
  kclass* made = Cross<&DeviceApi::ClassCreate>(static_cast<module*>(nullptr), "graphics");
  if (IsError(made)) {
    Cross<&ChrdevApi::UnregisterChrdev>(kMajor, 0u, 256u, "fb");
    return static_cast<int>(reinterpret_cast<intptr_t>(made));
  }
  core->fb_class = made;
  return 0;
}

void EndIfUnused(Core* core) {
  if (core->count != 0 || core->fb_class == nullptr) return;
  Cross<&DeviceApi::ClassDestroy>(core->fb_class);
  Cross<&ChrdevApi::UnregisterChrdev>(kMajor, 0u, 256u, "fb");
  core->fb_class = nullptr;
}

}  // namespace

namespace drydock::mocks::fb {

void PutInfo(fb_info* info) {
  if (--info->count.counter != 0) return;
  if (info->fbops->fb_destroy != nullptr) info->fbops->fb_destroy(info);
}

}  // namespace drydock::mocks::fb

extern "C" {

fb_info* framebuffer_alloc(size_t size, device* dev) {
  constexpr size_t kInfoBytes = (sizeof(fb_info) + sizeof(long) - 1) & ~(sizeof(long) - 1);
  auto* bytes = static_cast<char*>(Cross<&AllocApi::Kmalloc>(
      size != 0 ? kInfoBytes + size : sizeof(fb_info), kGfpKernel | kGfpZero));
  if (bytes == nullptr) return nullptr;
  auto* info = reinterpret_cast<fb_info*>(bytes);
  if (size != 0) info->par = bytes + kInfoBytes;
  info->device = dev;
  info->fbcon_rotate_hint = -1;
  return info;
}

void framebuffer_release(fb_info* info) {
  if (info == nullptr) return;
  if (info->count.counter != 0) {
    WarnOn("framebuffer_release");
    return;
  }
  Cross<&AllocApi::Kfree>(static_cast<const void*>(info->apertures));
  Cross<&AllocApi::Kfree>(static_cast<const void*>(info));
}

int register_framebuffer(fb_info* info) {
  Core& core = TheCore();
  if (core.count == kMaxBuffers) return -kEnxio;
  if (const int error = Begin(&core); error != 0) return error;
  int node = 0;
  while (core.registered[node] != nullptr) ++node;
  info->node = node;
  info->count.counter = 1;
  Cross<&SyncApi::LockInit>(&info->lock, LockKind::kMutex, "&fb_info->lock");
  Cross<&SyncApi::LockInit>(&info->mm_lock, LockKind::kMutex, "&fb_info->mm_lock");
  info->dev = CreateDevice(core.fb_class, info, node, node);
  if (IsError(info->dev)) {
    // Not an error: it only has no node.
    Say("\001"
        "4"
        "Unable to create device for framebuffer %d; errno = %ld\n",
        node, reinterpret_cast<intptr_t>(info->dev));
    info->dev = nullptr;
  }
  if (info->pixmap.addr == nullptr) {
    info->pixmap.addr =
        static_cast<unsigned char*>(Cross<&AllocApi::Kmalloc>(size_t{kPixmapBytes}, kGfpKernel));
    if (info->pixmap.addr != nullptr) {
      info->pixmap.size = kPixmapBytes;
      info->pixmap.buf_align = 1;
      info->pixmap.scan_align = 1;
      info->pixmap.access_align = 32;
      info->pixmap.flags = kPixmapDefault;
    }
  }
  info->pixmap.offset = 0;
  if (info->pixmap.blit_x == 0) info->pixmap.blit_x = ~0u;
  if (info->pixmap.blit_y == 0) info->pixmap.blit_y = ~0u;
  if (info->modelist.prev == nullptr || info->modelist.next == nullptr) {
    info->modelist.prev = &info->modelist;
    info->modelist.next = &info->modelist;
  }
  ++core.count;
  core.registered[node] = info;
  return 0;
}

void unregister_framebuffer(fb_info* info) {
  Core& core = TheCore();
  if (info->node < 0 || info->node >= kMaxBuffers || core.registered[info->node] != info) {
    WarnOn("unlink_framebuffer");
    return;
  }
  if (info->dev != nullptr) {
    Cross<&DeviceApi::DeviceDestroy>(core.fb_class, kMajor << 20 | unsigned(info->node));
    info->dev = nullptr;
  }
  if (info->pixmap.addr != nullptr && (info->pixmap.flags & kPixmapDefault) != 0) {
    Cross<&AllocApi::Kfree>(static_cast<const void*>(info->pixmap.addr));
    info->pixmap.addr = nullptr;
  }
  core.registered[info->node] = nullptr;
  --core.count;
  EndIfUnused(&core);
  PutInfo(info);
}

int fb_pan_display(fb_info* info, fb_var_screeninfo* var) {
  const fb_fix_screeninfo& fix = info->fix;
  unsigned int yres = info->var.yres;
  const bool wraps = (var->vmode & FB_VMODE_YWRAP) != 0;
  bool bad = false;
  if (var->yoffset > 0) {
    const unsigned int step = wraps ? fix.ywrapstep : fix.ypanstep;
    bad = step == 0 || var->yoffset % step != 0;
    if (wraps && !bad) yres = 0;
  }
  if (var->xoffset > 0 && (fix.xpanstep == 0 || var->xoffset % fix.xpanstep != 0)) bad = true;
  if (bad || info->fbops->fb_pan_display == nullptr ||
      var->yoffset > info->var.yres_virtual - yres ||
      var->xoffset > info->var.xres_virtual - info->var.xres) {
    return -kEinval;
  }
  const int error = info->fbops->fb_pan_display(var, info);
  if (error != 0) return error;
  info->var.xoffset = var->xoffset;
  info->var.yoffset = var->yoffset;
  if (wraps) {
    info->var.vmode |= FB_VMODE_YWRAP;
  } else {
    info->var.vmode &= ~static_cast<__u32>(FB_VMODE_YWRAP);
  }
  return 0;
}

int fb_set_var(fb_info* info, fb_var_screeninfo* var) {
  if ((var->activate & FB_ACTIVATE_INV_MODE) != 0) {
    // Takes a mode out of the list, which is sysfs's alone; not the one in use.
    fb_videomode asked{}, used{};
    fb_var_to_videomode(&asked, var);
    fb_var_to_videomode(&used, &info->var);
    return fb_mode_is_equal(&asked, &used) != 0 ? -kEinval : 0;
  }
  if ((var->activate & FB_ACTIVATE_FORCE) == 0 && std::memcmp(&info->var, var, sizeof *var) == 0) {
    return 0;
  }
  const auto colour = [](const fb_bitfield& field) {
    return field.offset != 0 || field.length != 0 || field.msb_right != 0;
  };
  if ((info->fix.capabilities & FB_CAP_FOURCC) != 0 && var->grayscale > 1 &&
      (colour(var->red) || colour(var->green) || colour(var->blue) || colour(var->transp))) {
    return -kEinval;
  }
  if (info->fbops->fb_check_var == nullptr) {
    *var = info->var;
    return 0;
  }
  __u32 product = 0;
  if (var->xres < 8 || var->yres < 8 || __builtin_mul_overflow(var->xres, var->yres, &product) ||
      __builtin_mul_overflow(var->xres_virtual, var->yres_virtual, &product)) {
    return -kEinval;
  }
  int result = info->fbops->fb_check_var(var, info);
  if (result != 0) return result;
  if (var->xres_virtual < var->xres || var->yres_virtual < var->yres) {
    Say("\001"
        "4"
        "WARNING: fbcon: Driver '%s' missed to adjust virtual screen size "
        "(%ux%u vs. %ux%u)\n",
        info->fix.id, var->xres_virtual, var->yres_virtual, var->xres, var->yres);
    return -kEinval;
  }
  if ((var->activate & FB_ACTIVATE_MASK) != FB_ACTIVATE_NOW) return 0;
  if (info->fbops->fb_get_caps != nullptr) {
    drydock::mocks::CrossUnmodelled("fb_check_caps() of the fb core");
    return -kEinval;
  }
  const fb_var_screeninfo before = info->var;
  info->var = *var;
  if (info->fbops->fb_set_par != nullptr) {
    result = info->fbops->fb_set_par(info);
    if (result != 0) {
      info->var = before;
      Say("\001"
          "4"
          "detected fb_set_par error, error code: %d\n",
          result);
      return result;
    }
  }
  fb_pan_display(info, &info->var);
  fb_set_cmap(&info->cmap, info);
  return 0;
}

int fb_blank(fb_info* info, int blank) {
  if (blank > 4) blank = 4;
  return info->fbops->fb_blank != nullptr ? info->fbops->fb_blank(blank, info) : -kEinval;
}

void fb_set_suspend(fb_info* info, int state) { info->state = state != 0 ? 1u : kStateRunning; }

}  // extern "C"
