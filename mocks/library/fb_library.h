// What the files of the fb core share. Linux drivers/video/fbdev/core of 6.1.
#ifndef DRYDOCK_MOCKS_LIBRARY_FB_LIBRARY_H_
#define DRYDOCK_MOCKS_LIBRARY_FB_LIBRARY_H_

#include <linux/fb.h>
#include <linux/ioctl.h>

#include "mocks/include/drydock/fb_structs.h"
#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

namespace drydock::mocks::fb {

inline constexpr int kEperm = 1, kEio = 5, kE2big = 7, kEnomem = 12, kEfault = 14, kEnodev = 19,
                     kEinval = 22, kEfbig = 27, kEnospc = 28, kEnotty = 25, kEnxio = 6;
inline constexpr unsigned int kGfpKernel = 0xcc0, kGfpZero = 0x100;
inline constexpr unsigned long kPageSize = 4096;
inline constexpr unsigned int kStateRunning = 0;

}  // namespace drydock::mocks::fb

extern "C" {
int fb_set_var(fb_info* info, fb_var_screeninfo* var);
int fb_pan_display(fb_info* info, fb_var_screeninfo* var);
int fb_blank(fb_info* info, int blank);
int fb_set_cmap(fb_cmap* cmap, fb_info* info);
int fb_copy_cmap(const fb_cmap* from, fb_cmap* to);
int fb_alloc_cmap(fb_cmap* cmap, int len, int transp);
void fb_dealloc_cmap(fb_cmap* cmap);
const fb_cmap* fb_default_cmap(int len);
void fb_var_to_videomode(fb_videomode* mode, const fb_var_screeninfo* var);
int fb_mode_is_equal(const fb_videomode* mode1, const fb_videomode* mode2);
long long default_llseek(file* file, long long offset, int whence);
}

namespace drydock::mocks::fb {

inline constexpr int kMaxBuffers = 32;

// What the core keeps between calls.
struct Core {
  fb_info* registered[kMaxBuffers];
  kclass* fb_class;
  int count;
  int reserved;
};

inline Core& TheCore() {
  return *static_cast<Core*>(KernelApi::Current().LibraryState(sizeof(Core)));
}

DRYDOCK_SHIM_INLINE void Lock(drydock_lock* lock, const char* name) {
  Cross<&SyncApi::LockAcquire>(lock, LockKind::kMutex, name);
}
DRYDOCK_SHIM_INLINE void Unlock(drydock_lock* lock, const char* name) {
  Cross<&SyncApi::LockRelease>(lock, LockKind::kMutex, name);
}

// Drops a reference. fbmem.c:put_fb_info()
void PutInfo(fb_info* info);

// Of the nodes, fb_file.cc.
extern const file_operations kFileOperations;

// Of user space's colour map: fb_set_user_cmap(), fb_cmap_to_user().
int SetUserCmap(fb_cmap* cmap, fb_info* info);
int CmapToUser(const fb_cmap& from, const fb_cmap& user);

}  // namespace drydock::mocks::fb

#endif  // DRYDOCK_MOCKS_LIBRARY_FB_LIBRARY_H_
