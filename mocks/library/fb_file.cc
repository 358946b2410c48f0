// The calls on /dev/fb%d: drivers/video/fbdev/core/fbmem.c of 6.1.
#include <algorithm>
#include <cstring>

#include "mocks/library/fb_library.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::IoApi;
using drydock::mocks::LogApi;
using drydock::mocks::MmApi;
using drydock::mocks::UaccessApi;
using drydock::mocks::fb::CmapToUser;
using drydock::mocks::fb::kEfault;
using drydock::mocks::fb::kEfbig;
using drydock::mocks::fb::kEinval;
using drydock::mocks::fb::kEnodev;
using drydock::mocks::fb::kEnomem;
using drydock::mocks::fb::kEnospc;
using drydock::mocks::fb::kEnotty;
using drydock::mocks::fb::kEperm;
using drydock::mocks::fb::kGfpKernel;
using drydock::mocks::fb::kMaxBuffers;
using drydock::mocks::fb::kPageSize;
using drydock::mocks::fb::kStateRunning;
using drydock::mocks::fb::Lock;
using drydock::mocks::fb::PutInfo;
using drydock::mocks::fb::SetUserCmap;
using drydock::mocks::fb::TheCore;
using drydock::mocks::fb::Unlock;

namespace {

constexpr int kHideSmemStart = 0x200000;

unsigned int MinorOf(const inode* inode) { return inode->i_rdev & 0xfffff; }

// file_fb_info(): nullptr once the frame buffer is unregistered.
fb_info* InfoOf(const file* file) {
  const unsigned int index = MinorOf(file->f_inode);
  fb_info* info = index < kMaxBuffers ? TheCore().registered[index] : nullptr;
  return info == file->private_data ? info : nullptr;
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

}  // namespace

const file_operations drydock::mocks::fb::kFileOperations = [] {
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
