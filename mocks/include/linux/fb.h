/* SPDX-License-Identifier: GPL-2.0 */
/* Frame buffers: what a driver tells of one, and what it is asked. */
#ifndef _DRYDOCK_LINUX_FB_H
#define _DRYDOCK_LINUX_FB_H

#include <linux/kernel.h>
#define DRYDOCK_UAPI_INCLUDES
#include_next <linux/fb.h> /* UAPI: FBIO*, struct fb_*_screeninfo, fb_cmap */
#undef DRYDOCK_UAPI_INCLUDES
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/workqueue.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/device.h>
#include <linux/io.h>
#include <drydock/fb_structs.h>

#define FB_MODE_IS_UNKNOWN 0
#define FB_MODE_IS_DETAILED 1
#define FB_MODE_IS_STANDARD 2
#define FB_MODE_IS_VESA 4
#define FB_MODE_IS_CALCULATED 8
#define FB_MODE_IS_FIRST 16
#define FB_MODE_IS_FROM_VAR 32

#define FB_PIXMAP_DEFAULT 1
#define FB_PIXMAP_SYSTEM 2
#define FB_PIXMAP_IO 4
#define FB_PIXMAP_SYNC 256

#define FBINFO_HWACCEL_DISABLED 0x0002
#define FBINFO_VIRTFB 0x0004
#define FBINFO_PARTIAL_PAN_OK 0x0040
#define FBINFO_READS_FAST 0x0080
#define FBINFO_HWACCEL_NONE 0x0000
#define FBINFO_HWACCEL_COPYAREA 0x0100
#define FBINFO_HWACCEL_FILLRECT 0x0200
#define FBINFO_HWACCEL_IMAGEBLIT 0x0400
#define FBINFO_HWACCEL_ROTATE 0x0800
#define FBINFO_HWACCEL_XPAN 0x1000
#define FBINFO_HWACCEL_YPAN 0x2000
#define FBINFO_HWACCEL_YWRAP 0x4000
#define FBINFO_MISC_TILEBLITTING 0x20000
#define FBINFO_MISC_ALWAYS_SETPAR 0x40000
#define FBINFO_FOREIGN_ENDIAN 0x100000
#define FBINFO_BE_MATH 0x100000
#define FBINFO_HIDE_SMEM_START 0x200000
#define FBINFO_DEFAULT 0
#define FBINFO_FLAG_MODULE 0
#define FBINFO_FLAG_DEFAULT FBINFO_DEFAULT
#define FBINFO_STATE_RUNNING 0
#define FBINFO_STATE_SUSPENDED 1

struct fb_info *framebuffer_alloc(size_t size, struct device *dev);
void framebuffer_release(struct fb_info *info);
int register_framebuffer(struct fb_info *info);
void unregister_framebuffer(struct fb_info *info);
int fb_set_var(struct fb_info *info, struct fb_var_screeninfo *var);
int fb_pan_display(struct fb_info *info, struct fb_var_screeninfo *var);
int fb_blank(struct fb_info *info, int blank);
void fb_set_suspend(struct fb_info *info, int state);
ssize_t fb_sys_read(struct fb_info *info, char __user *buf, size_t count,
		    loff_t *pos);
ssize_t fb_sys_write(struct fb_info *info, const char __user *buf, size_t count,
		     loff_t *pos);

int fb_alloc_cmap(struct fb_cmap *cmap, int len, int transp);
void fb_dealloc_cmap(struct fb_cmap *cmap);
int fb_copy_cmap(const struct fb_cmap *from, struct fb_cmap *to);
int fb_set_cmap(struct fb_cmap *cmap, struct fb_info *info);
const struct fb_cmap *fb_default_cmap(int len);

int fb_find_mode(struct fb_var_screeninfo *var, struct fb_info *info,
		 const char *mode_option, const struct fb_videomode *db,
		 unsigned int dbsize, const struct fb_videomode *default_mode,
		 unsigned int default_bpp);
void fb_var_to_videomode(struct fb_videomode *mode,
			 const struct fb_var_screeninfo *var);
void fb_videomode_to_var(struct fb_var_screeninfo *var,
			 const struct fb_videomode *mode);
int fb_mode_is_equal(const struct fb_videomode *mode1,
		     const struct fb_videomode *mode2);

/* Drawing for the console, which nobody has here. */
void sys_fillrect(struct fb_info *info, const struct fb_fillrect *rect);
void sys_copyarea(struct fb_info *info, const struct fb_copyarea *area);
void sys_imageblit(struct fb_info *info, const struct fb_image *image);
void cfb_fillrect(struct fb_info *info, const struct fb_fillrect *rect);
void cfb_copyarea(struct fb_info *info, const struct fb_copyarea *area);
void cfb_imageblit(struct fb_info *info, const struct fb_image *image);

#define fb_readb __raw_readb
#define fb_readw __raw_readw
#define fb_readl __raw_readl
#define fb_writeb __raw_writeb
#define fb_writew __raw_writew
#define fb_writel __raw_writel

#define fb_err(info, fmt, ...) pr_err("fb%d: " fmt, (info)->node, ##__VA_ARGS__)
#define fb_notice(info, fmt, ...) \
	pr_info("fb%d: " fmt, (info)->node, ##__VA_ARGS__)
#define fb_warn(info, fmt, ...) \
	pr_warn("fb%d: " fmt, (info)->node, ##__VA_ARGS__)
#define fb_info(info, fmt, ...) \
	pr_info("fb%d: " fmt, (info)->node, ##__VA_ARGS__)
#define fb_dbg(info, fmt, ...) \
	pr_debug("fb%d: " fmt, (info)->node, ##__VA_ARGS__)

static inline bool fb_be_math(struct fb_info *info)
{
	return false;
}

#endif
