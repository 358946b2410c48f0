/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of a device that shows a picture: a platform device with the
 * name "drydock_framebuffer" and two windows. The first is the video memory, of
 * whole pages; the second, which may be absent, has these registers. All of them
 * have 32 bits and are little-endian; the offsets are in bytes.
 *
 * While ENABLE is 1 the device shows HEIGHT lines of WIDTH pixels, the first one
 * from byte START of the video memory, each LINE_LENGTH bytes after the one
 * before.
 */
#ifndef DRYDOCK_FRAMEBUFFER_REGS_H
#define DRYDOCK_FRAMEBUFFER_REGS_H

#define FRAMEBUFFER_ID 0x00 /* read: FRAMEBUFFER_ID_VALUE */
#define FRAMEBUFFER_ENABLE 0x04
#define FRAMEBUFFER_WIDTH 0x08
#define FRAMEBUFFER_HEIGHT 0x0c
#define FRAMEBUFFER_BYTES_PER_PIXEL 0x10 /* 2 RGB565, 4 XRGB8888 */
#define FRAMEBUFFER_LINE_LENGTH 0x14
#define FRAMEBUFFER_START 0x18
#define FRAMEBUFFER_WINDOW 0x1c /* bytes of all registers */

#define FRAMEBUFFER_ID_VALUE 0xfb000001

#endif /* DRYDOCK_FRAMEBUFFER_REGS_H */
