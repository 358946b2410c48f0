/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame-buffer structures that driver code and the emulated fb core share.
 * Valid C11 and C++20. Include the user-space API's <linux/fb.h> before it.
 */
#ifndef DRYDOCK_FB_STRUCTS_H
#define DRYDOCK_FB_STRUCTS_H

#include "mm_structs.h"

struct device;
struct fb_blit_caps;
struct fb_copyarea;
struct fb_cursor;
struct fb_fillrect;
struct fb_image;
struct fb_info;
struct module;

struct fb_videomode {
	const char *name; /* optional */
	__u32 refresh;	  /* optional */
	__u32 xres;
	__u32 yres;
	__u32 pixclock;
	__u32 left_margin;
	__u32 right_margin;
	__u32 upper_margin;
	__u32 lower_margin;
	__u32 hsync_len;
	__u32 vsync_len;
	__u32 sync;
	__u32 vmode;
	__u32 flag;
};

/**
 * struct fb_ops - what a frame-buffer driver does; all but one are optional
 * @fb_destroy: the last reference is gone: gives back what the driver has
 */
struct fb_ops {
	struct module *owner;
	int (*fb_open)(struct fb_info *info, int user);
	int (*fb_release)(struct fb_info *info, int user);
	long (*fb_read)(struct fb_info *info, char *buf, unsigned long count,
			long long *pos);
	long (*fb_write)(struct fb_info *info, const char *buf,
			 unsigned long count, long long *pos);
	int (*fb_check_var)(struct fb_var_screeninfo *var,
			    struct fb_info *info);
	int (*fb_set_par)(struct fb_info *info);
	int (*fb_setcolreg)(unsigned int regno, unsigned int red,
			    unsigned int green, unsigned int blue,
			    unsigned int transp, struct fb_info *info);
	int (*fb_setcmap)(struct fb_cmap *cmap, struct fb_info *info);
	int (*fb_blank)(int blank, struct fb_info *info);
	int (*fb_pan_display)(struct fb_var_screeninfo *var,
			      struct fb_info *info);
	void (*fb_fillrect)(struct fb_info *info,
			    const struct fb_fillrect *rect);
	void (*fb_copyarea)(struct fb_info *info,
			    const struct fb_copyarea *region);
	void (*fb_imageblit)(struct fb_info *info,
			     const struct fb_image *image);
	int (*fb_cursor)(struct fb_info *info, struct fb_cursor *cursor);
	int (*fb_sync)(struct fb_info *info);
	int (*fb_ioctl)(struct fb_info *info, unsigned int cmd,
			unsigned long arg);
	int (*fb_compat_ioctl)(struct fb_info *info, unsigned int cmd,
			       unsigned long arg);
	int (*fb_mmap)(struct fb_info *info, struct vm_area_struct *vma);
	void (*fb_get_caps)(struct fb_info *info, struct fb_blit_caps *caps,
			    struct fb_var_screeninfo *var);
	void (*fb_destroy)(struct fb_info *info);
	int (*fb_debug_enter)(struct fb_info *info);
	int (*fb_debug_leave)(struct fb_info *info);
};

struct fb_pixmap {
	unsigned char *addr;
	unsigned int size;
	unsigned int offset;
	unsigned int buf_align;
	unsigned int scan_align;
	unsigned int access_align;
	unsigned int flags;
	unsigned int blit_x;
	unsigned int blit_y;
	void (*writeio)(struct fb_info *info, void *dst, void *src,
			unsigned int size);
	void (*readio)(struct fb_info *info, void *dst, void *src,
		       unsigned int size);
};

/**
 * struct fb_info - one frame buffer
 * @count: references: the registration's, and one for each open file
 * @node: its number, of /dev/fb%d
 * @lock: held around open, release, ioctl
 * @mm_lock: held around mmap
 * @device: the parent
 * @dev: the frame buffer's own device, NULL while it is not registered
 * @drydock_monspecs: struct fb_monspecs, which only drivers look into
 */
struct fb_info {
	atomic_t count;
	int node;
	int flags;
	int fbcon_rotate_hint;
	struct drydock_lock lock;
	struct drydock_lock mm_lock;
	struct fb_var_screeninfo var;
	struct fb_fix_screeninfo fix;
	struct fb_pixmap pixmap;
	struct fb_pixmap sprite;
	struct fb_cmap cmap;
	struct list_head modelist;
	struct fb_videomode *mode;
	const struct fb_ops *fbops;
	struct device *device;
	struct device *dev;
	int class_flag;
	unsigned int drydock_reserved;
	union {
		char *screen_base;
		char *screen_buffer;
	};
	unsigned long screen_size;
	void *pseudo_palette;
	unsigned int state;
	unsigned int drydock_reserved2;
	void *fbcon_par;
	void *par;
	struct apertures_struct *apertures;
	void *bl_dev;
	void *fbdefio;
	DRYDOCK_BOOL skip_vt_switch;
};

#endif
