// The fb core: registration, /dev/fb%d and its calls. drivers/video/fbdev/core/fbmem.c of 6.1,
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
using drydock::mocks::IoApi;
using drydock::mocks::KernelApi;
using drydock::mocks::LockKind;
using drydock::mocks::LogApi;
using drydock::mocks::MmApi;
using drydock::mocks::SyncApi;
using drydock::mocks::UaccessApi;
using namespace drydock::mocks::fb;

namespace {

constexpr unsigned int kMajor = 29;
constexpr int kMaxBuffers = 32;
constexpr unsigned int kPixmapBytes = 8192;
constexpr unsigned int kPixmapDefault = 1;
constexpr int kHideSmemStart = 0x200000;

struct Core {
  fb_info* registered[kMaxBuffers];
  kclass* fb_class;
  int count;
  int reserved;
};

Core& TheCore() { return *static_cast<Core*>(KernelApi::Current().LibraryState(sizeof(Core))); }

DRYDOCK_SHIM_INLINE void Lock(drydock_lock* lock, const char* name) {
  Cross<&SyncApi::LockAcquire>(lock, LockKind::kMutex, name);
}
DRYDOCK_SHIM_INLINE void Unlock(drydock_lock* lock, const char* name) {
  Cross<&SyncApi::LockRelease>(lock, LockKind::kMutex, name);
}

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

unsigned int MinorOf(const inode* inode) { return inode->i_rdev & 0xfffff; }

// file_fb_info(): nullptr once the frame buffer is unregistered.
fb_info* InfoOf(const file* file) {
  const unsigned int index = MinorOf(file->f_inode);
  fb_info* info = index < kMaxBuffers ? TheCore().registered[index] : nullptr;
  return info == file->private_data ? info : nullptr;
}

void PutInfo(fb_info* info) {
  if (--info->count.counter != 0) return;
  if (info->fbops->fb_destroy != nullptr) info->fbops->fb_destroy(info);
}

int Open(inode* inode, file* file) {
  const unsigned int index = MinorOf(inode);
  fb_info* info = index < kMaxBuffers ? TheCore().registered[index] : nullptr;
  if (info == nullptr) return -kEnodev;
  ++info->count.counter;
  Lock(&info->lock, "fb_open");
  int result = 0;
  if (!Cross<&LogApi::TryModuleGet>(info->fbops->owner)) {
    result = -kEnodev;
  } else {
    file->private_data = info;
    if (info->fbops->fb_open != nullptr) {
      result = info->fbops->fb_open(info, 1);
      if (result != 0) Cross<&LogApi::ModulePut>(info->fbops->owner);
    }
  }
  Unlock(&info->lock, "fb_open");
  if (result != 0) PutInfo(info);
  return result;
}

int Release(inode*, file* file) {
  auto* info = static_cast<fb_info*>(file->private_data);
  Lock(&info->lock, "fb_release");
  if (info->fbops->fb_release != nullptr) info->fbops->fb_release(info, 1);
  Cross<&LogApi::ModulePut>(info->fbops->owner);
  Unlock(&info->lock, "fb_release");
  PutInfo(info);
  return 0;
}

// fb_read() and fb_write() of registers or video memory that ioremap() gave: a page at a time.
long CopyIoMemory(fb_info* info, char* to_user, const char* from_user, unsigned long count,
                  long long* pos) {
  unsigned long total = info->screen_size != 0 ? info->screen_size : info->fix.smem_len;
  auto at = static_cast<unsigned long>(*pos);
  long error = 0;
  if (to_user != nullptr) {
    if (at >= total) return 0;
    count = std::min(count, total - at);
  } else {
    if (at > total) return -kEfbig;
    if (count > total) {
      error = -kEfbig;
      count = total;
    }
    if (count > total - at) {
      if (error == 0) error = -kEnospc;
      count = total - at;
    }
  }
  auto* buffer =
      static_cast<char*>(Cross<&AllocApi::Kmalloc>(std::min<size_t>(count, kPageSize), kGfpKernel));
  if (buffer == nullptr) return -kEnomem;
  if (info->fbops->fb_sync != nullptr) info->fbops->fb_sync(info);
  long done = 0;
  while (count != 0) {
    const unsigned long piece = std::min(count, kPageSize);
    const volatile char* device = info->screen_base + at;
    if (from_user != nullptr &&
        Cross<&UaccessApi::CopyFromUser>(static_cast<void*>(buffer),
                                         static_cast<const void*>(from_user + done), piece) != 0) {
      error = -kEfault;
      break;
    }
    for (unsigned long i = 0; i < piece; ++i) {
      if (from_user != nullptr) {
        Cross<&IoApi::MmioWrite>(
            const_cast<volatile void*>(static_cast<const volatile void*>(device + i)),
            uint64_t{static_cast<unsigned char>(buffer[i])}, 1u);
      } else {
        buffer[i] = static_cast<char>(
            Cross<&IoApi::MmioRead>(static_cast<const volatile void*>(device + i), 1u));
      }
    }
    if (to_user != nullptr &&
        Cross<&UaccessApi::CopyToUser>(static_cast<void*>(to_user + done),
                                       static_cast<const void*>(buffer), piece) != 0) {
      error = -kEfault;
      break;
    }
    at += piece;
    done += static_cast<long>(piece);
    count -= piece;
    *pos += static_cast<long long>(piece);
  }
  Cross<&AllocApi::Kfree>(static_cast<const void*>(buffer));
  if (to_user != nullptr) return error != 0 ? error : done;
  return done != 0 ? done : error;
}

long Read(file* file, char* to, unsigned long count, long long* pos) {
  fb_info* info = InfoOf(file);
  if (info == nullptr) return -kEnodev;
  if (info->state != kStateRunning) return -kEperm;
  if (info->fbops->fb_read != nullptr) return info->fbops->fb_read(info, to, count, pos);
  if (info->screen_base == nullptr) return -kEnodev;
  return CopyIoMemory(info, to, nullptr, count, pos);
}

long Write(file* file, const char* from, unsigned long count, long long* pos) {
  fb_info* info = InfoOf(file);
  if (info == nullptr) return -kEnodev;
  if (info->state != kStateRunning) return -kEperm;
  if (info->fbops->fb_write != nullptr) return info->fbops->fb_write(info, from, count, pos);
  if (info->screen_base == nullptr) return -kEnodev;
  return CopyIoMemory(info, nullptr, from, count, pos);
}

int Mmap(file* file, vm_area_struct* vma) {
  fb_info* info = InfoOf(file);
  if (info == nullptr) return -kEnodev;
  Lock(&info->mm_lock, "fb_mmap");
  if (info->fbops->fb_mmap != nullptr) {
    const int result = info->fbops->fb_mmap(info, vma);
    Unlock(&info->mm_lock, "fb_mmap");
    return result;
  }
  if (info->fbdefio != nullptr) {
    Unlock(&info->mm_lock, "fb_mmap");
    return -kEnodev;
  }
  // Video memory, and behind its last page the registers.
  unsigned long start = info->fix.smem_start;
  unsigned int length = info->fix.smem_len;
  const unsigned long registers_at =
      ((start & (kPageSize - 1)) + length + kPageSize - 1) / kPageSize;
  if (vma->vm_pgoff >= registers_at) {
    if (info->var.accel_flags != 0) {
      Unlock(&info->mm_lock, "fb_mmap");
      return -kEinval;
    }
    vma->vm_pgoff -= registers_at;
    start = info->fix.mmio_start;
    length = info->fix.mmio_len;
  }
  Unlock(&info->mm_lock, "fb_mmap");
  vma->vm_page_prot = Cross<&MmApi::PgprotFramebuffer>(Cross<&MmApi::VmGetPageProt>(vma->vm_flags));
  return Cross<&MmApi::VmIomapMemory>(vma, static_cast<unsigned long long>(start),
                                      static_cast<unsigned long>(length));
}

bool ToUser(unsigned long user, const void* from, unsigned long size) {
  return Cross<&UaccessApi::CopyToUser>(reinterpret_cast<void*>(user), from, size) == 0;
}
bool FromUser(void* to, unsigned long user, unsigned long size) {
  return Cross<&UaccessApi::CopyFromUser>(to, reinterpret_cast<const void*>(user), size) == 0;
}

long Ioctl(file* file, unsigned int cmd, unsigned long arg) {
  fb_info* info = InfoOf(file);
  if (info == nullptr) return -kEnodev;
  fb_var_screeninfo var;
  fb_fix_screeninfo fix;
  fb_cmap cmap, own;
  long result = 0;
  switch (cmd) {
    case FBIOGET_VSCREENINFO:
      Lock(&info->lock, "fb_ioctl");
      var = info->var;
      Unlock(&info->lock, "fb_ioctl");
      return ToUser(arg, &var, sizeof var) ? 0 : -kEfault;
    case FBIOPUT_VSCREENINFO:
      if (!FromUser(&var, arg, sizeof var)) return -kEfault;
      var.activate &= ~static_cast<__u32>(FB_ACTIVATE_KD_TEXT);
      Lock(&info->lock, "fb_ioctl");
      result = fb_set_var(info, &var);
      Unlock(&info->lock, "fb_ioctl");
      if (result == 0 && !ToUser(arg, &var, sizeof var)) result = -kEfault;
      return result;
    case FBIOGET_FSCREENINFO:
      Lock(&info->lock, "fb_ioctl");
      fix = info->fix;
      if ((info->flags & kHideSmemStart) != 0) fix.smem_start = 0;
      Unlock(&info->lock, "fb_ioctl");
      return ToUser(arg, &fix, sizeof fix) ? 0 : -kEfault;
    case FBIOPUTCMAP:
      if (!FromUser(&cmap, arg, sizeof cmap)) return -kEfault;
      return SetUserCmap(&cmap, info);
    case FBIOGETCMAP:
      if (!FromUser(&cmap, arg, sizeof cmap)) return -kEfault;
      Lock(&info->lock, "fb_ioctl");
      own = info->cmap;
      Unlock(&info->lock, "fb_ioctl");
      return CmapToUser(own, cmap);
    case FBIOPAN_DISPLAY:
      if (!FromUser(&var, arg, sizeof var)) return -kEfault;
      Lock(&info->lock, "fb_ioctl");
      result = fb_pan_display(info, &var);
      Unlock(&info->lock, "fb_ioctl");
      if (result == 0 && !ToUser(arg, &var, sizeof var)) return -kEfault;
      return result;
    case FBIO_CURSOR:
      return -kEinval;
    case FBIOGET_CON2FBMAP:
    case FBIOPUT_CON2FBMAP:
      // The console's: there is none.
      drydock::mocks::CrossUnmodelled("FBIOGET_CON2FBMAP and FBIOPUT_CON2FBMAP of the fb core");
      return -kEinval;
    case FBIOBLANK:
      if (arg > 4) return -kEinval;  // FB_BLANK_POWERDOWN
      Lock(&info->lock, "fb_ioctl");
      result = fb_blank(info, static_cast<int>(arg));
      Unlock(&info->lock, "fb_ioctl");
      return result;
    default:
      Lock(&info->lock, "fb_ioctl");
      result = info->fbops->fb_ioctl != nullptr ? info->fbops->fb_ioctl(info, cmd, arg) : -kEnotty;
      Unlock(&info->lock, "fb_ioctl");
      return result;
  }
}

long long Seek(file* file, long long offset, int whence) {
  return default_llseek(file, offset, whence);
}

const file_operations kOperations = [] {
  file_operations operations{};
  operations.read = Read;
  operations.write = Write;
  operations.unlocked_ioctl = Ioctl;
  operations.mmap = Mmap;
  operations.open = Open;
  operations.release = Release;
  operations.llseek = Seek;
  return operations;
}();

device* CreateDevice(kclass* fb_class, fb_info* info, int node, ...) {
  va_list args;
  va_start(args, node);
  device* made =
      Cross<&DeviceApi::DeviceCreate>(fb_class, info->device, kMajor << 20 | unsigned(node),
                                      static_cast<void*>(nullptr), "fb%d", args);
  va_end(args);
  return made;
}

bool IsError(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) >= -4095ul; }

// What loading fb.ko does.
int Begin(Core* core) {
  if (core->fb_class != nullptr) return 0;
  int error = Cross<&ChrdevApi::RegisterChrdev>(kMajor, 0u, 256u, "fb", &kOperations);
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
