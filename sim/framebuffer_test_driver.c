// SPDX-License-Identifier: GPL-2.0
/* A frame buffer of two pages and one of registers, for framebuffer_test.cc. */
#include <linux/fb.h>
#include <linux/gfp.h>
#include <linux/module.h>

#define BUFFER_BYTES (2 * PAGE_SIZE - 96)
#define UNREGISTER _IO('T', 1)
#define SUSPEND _IO('T', 2)
#define ACCELERATE _IO('T', 3)

static bool own_mmap;
module_param(own_mmap, bool, 0);
static bool refuse_open;
module_param(refuse_open, bool, 0);
static bool fail_set_par;
module_param(fail_set_par, bool, 0);
static bool no_check_var;
module_param(no_check_var, bool, 0);

static struct fb_info *screen;
static void *buffer;
static unsigned long registers;

static int test_open(struct fb_info *info, int user) { return refuse_open ? -EBUSY : 0; }

static int test_check_var(struct fb_var_screeninfo *var, struct fb_info *info) {
  if (var->bits_per_pixel > 32) return -EDOM;
  if (var->yres_virtual == 13) var->yres_virtual = 1;
  return 0;
}

static int test_set_par(struct fb_info *info) { return fail_set_par ? -EIO : 0; }

static int test_pan(struct fb_var_screeninfo *var, struct fb_info *info) { return 0; }

static int test_setcolreg(unsigned int regno, unsigned int red, unsigned int green,
                          unsigned int blue, unsigned int transp, struct fb_info *info) {
  return regno >= 16;
}

static int test_ioctl(struct fb_info *info, unsigned int cmd, unsigned long arg) {
  switch (cmd) {
    case UNREGISTER:
      screen = NULL;
      unregister_framebuffer(info);
      return 0;
    case SUSPEND:
      fb_set_suspend(info, 1);
      return 0;
    case ACCELERATE:
      info->var.accel_flags = 1;
      return 0;
    default:
      return -ENOTTY;
  }
}

static int test_mmap(struct fb_info *info, struct vm_area_struct *vma) { return -EPERM; }

static void test_destroy(struct fb_info *info) {
  free_pages_exact(buffer, BUFFER_BYTES);
  free_page(registers);
  fb_dealloc_cmap(&info->cmap);
  framebuffer_release(info);
}

static struct fb_ops test_ops = {
    .owner = THIS_MODULE,
    .fb_open = test_open,
    .fb_read = fb_sys_read,
    .fb_write = fb_sys_write,
    .fb_check_var = test_check_var,
    .fb_set_par = test_set_par,
    .fb_setcolreg = test_setcolreg,
    .fb_pan_display = test_pan,
    .fb_ioctl = test_ioctl,
    .fb_destroy = test_destroy,
};

static const struct fb_videomode test_mode = {
    .xres = 16,
    .yres = 16,
    .pixclock = 20000,
};

static int __init test_init(void) {
  struct fb_info *info;
  int ret = -ENOMEM;

  if (own_mmap) test_ops.fb_mmap = test_mmap;
  if (no_check_var) test_ops.fb_check_var = NULL;
  buffer = alloc_pages_exact(BUFFER_BYTES, GFP_KERNEL | __GFP_ZERO);
  if (!buffer) return -ENOMEM;
  registers = get_zeroed_page(GFP_KERNEL);
  if (!registers) goto free_buffer;
  info = framebuffer_alloc(64, NULL);
  if (!info) goto free_registers;
  info->fbops = &test_ops;
  info->screen_buffer = buffer;
  strscpy(info->fix.id, "test", sizeof(info->fix.id));
  info->fix.smem_start = virt_to_phys(buffer);
  info->fix.smem_len = BUFFER_BYTES;
  info->fix.mmio_start = virt_to_phys((void *)registers);
  info->fix.mmio_len = PAGE_SIZE;
  info->fix.xpanstep = 1;
  info->fix.ypanstep = 2;
  if (!fb_find_mode(&info->var, info, NULL, NULL, 0, &test_mode, 8)) {
    ret = -EINVAL;
    goto release;
  }
  info->var.yres_virtual = 64;
  ret = fb_alloc_cmap(&info->cmap, 16, 0);
  if (ret) goto release;
  ret = register_framebuffer(info);
  if (ret) goto free_cmap;
  screen = info;
  fb_info(info, "ready\n");
  return 0;

free_cmap:
  fb_dealloc_cmap(&info->cmap);
release:
  framebuffer_release(info);
free_registers:
  free_page(registers);
free_buffer:
  free_pages_exact(buffer, BUFFER_BYTES);
  return ret;
}
module_init(test_init);

static void __exit test_exit(void) {
  if (screen) unregister_framebuffer(screen);
}
module_exit(test_exit);

MODULE_LICENSE("GPL");
