// Video modes: drivers/video/fbdev/core/modedb.c of 6.1, with the caller's own modes alone.
#include <cstring>

#include "mocks/library/fb_library.h"

namespace {

// fb_try_mode(): 0 if the driver takes it.
int Try(fb_var_screeninfo* var, fb_info* info, const fb_videomode& mode, unsigned int bpp) {
  var->xres = mode.xres;
  var->yres = mode.yres;
  var->xres_virtual = mode.xres;
  var->yres_virtual = mode.yres;
  var->xoffset = 0;
  var->yoffset = 0;
  var->bits_per_pixel = bpp;
  var->activate |= FB_ACTIVATE_TEST;
  var->pixclock = mode.pixclock;
  var->left_margin = mode.left_margin;
  var->right_margin = mode.right_margin;
  var->upper_margin = mode.upper_margin;
  var->lower_margin = mode.lower_margin;
  var->hsync_len = mode.hsync_len;
  var->vsync_len = mode.vsync_len;
  var->sync = mode.sync;
  var->vmode = mode.vmode;
  const int error = info->fbops->fb_check_var != nullptr ? info->fbops->fb_check_var(var, info) : 0;
  var->activate &= ~static_cast<__u32>(FB_ACTIVATE_TEST);
  return error;
}

}  // namespace

extern "C" {

// 3: the default mode; 4: the first of the others that the driver takes; 0: none.
int fb_find_mode(fb_var_screeninfo* var, fb_info* info, const char* mode_option,
                 const fb_videomode* db, unsigned int dbsize, const fb_videomode* default_mode,
                 unsigned int default_bpp) {
  if (mode_option != nullptr) {
    drydock::mocks::CrossUnmodelled("fb_find_mode() with a mode's name");
    return 0;
  }
  if (default_mode == nullptr && db != nullptr) default_mode = db;
  if (default_mode == nullptr) {
    drydock::mocks::CrossUnmodelled("fb_find_mode() with the built-in table of modes");
    return 0;
  }
  if (default_bpp == 0) default_bpp = 8;
  if (Try(var, info, *default_mode, default_bpp) == 0) return 3;
  if (db == nullptr) {
    drydock::mocks::CrossUnmodelled("fb_find_mode() with the built-in table of modes");
    return 0;
  }
  for (unsigned int i = 0; i < dbsize; ++i) {
    if (Try(var, info, db[i], default_bpp) == 0) return 4;
  }
  return 0;
}

void fb_var_to_videomode(fb_videomode* mode, const fb_var_screeninfo* var) {
  *mode = fb_videomode{};
  mode->xres = var->xres;
  mode->yres = var->yres;
  mode->pixclock = var->pixclock;
  mode->hsync_len = var->hsync_len;
  mode->vsync_len = var->vsync_len;
  mode->left_margin = var->left_margin;
  mode->right_margin = var->right_margin;
  mode->upper_margin = var->upper_margin;
  mode->lower_margin = var->lower_margin;
  mode->sync = var->sync;
  mode->vmode = var->vmode & FB_VMODE_MASK;
  mode->flag = 32;  // FB_MODE_IS_FROM_VAR
  if (var->pixclock == 0) return;
  // Picoseconds a pixel: pixels a second, lines a second, frames a second.
  const __u32 total_width = var->xres + var->right_margin + var->hsync_len + var->left_margin;
  __u32 total_height = var->yres + var->lower_margin + var->vsync_len + var->upper_margin;
  if (total_width == 0 || total_height == 0) return;
  const __u32 pixels = 1000000000 / var->pixclock * 1000;
  if ((var->vmode & FB_VMODE_INTERLACED) != 0) total_height /= 2;
  if ((var->vmode & FB_VMODE_DOUBLE) != 0) total_height *= 2;
  if (total_height == 0) return;
  mode->refresh = pixels / total_width / total_height;
}

void fb_videomode_to_var(fb_var_screeninfo* var, const fb_videomode* mode) {
  var->xres = mode->xres;
  var->yres = mode->yres;
  var->xres_virtual = mode->xres;
  var->yres_virtual = mode->yres;
  var->xoffset = 0;
  var->yoffset = 0;
  var->pixclock = mode->pixclock;
  var->left_margin = mode->left_margin;
  var->right_margin = mode->right_margin;
  var->upper_margin = mode->upper_margin;
  var->lower_margin = mode->lower_margin;
  var->hsync_len = mode->hsync_len;
  var->vsync_len = mode->vsync_len;
  var->sync = mode->sync;
  var->vmode = mode->vmode & FB_VMODE_MASK;
}

int fb_mode_is_equal(const fb_videomode* mode1, const fb_videomode* mode2) {
  return mode1->xres == mode2->xres && mode1->yres == mode2->yres &&
         mode1->pixclock == mode2->pixclock && mode1->hsync_len == mode2->hsync_len &&
         mode1->vsync_len == mode2->vsync_len && mode1->left_margin == mode2->left_margin &&
         mode1->right_margin == mode2->right_margin && mode1->upper_margin == mode2->upper_margin &&
         mode1->lower_margin == mode2->lower_margin && mode1->sync == mode2->sync &&
         mode1->vmode == mode2->vmode;
}

}  // extern "C"
