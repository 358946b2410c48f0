/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of QEMU's educational device, as docs/specs/edu of QEMU
 * describes them: PCI 1234:11e8, all in BAR 0. Offsets in bytes. Those below 0x80
 * have 32 bits and are accessed so; the others have 64 bits and take accesses of
 * 32 bits too, which set the whole register. Addresses have 28 bits, so that
 * the latter is all that is needed.
 */
#ifndef DRYDOCK_EDU_REGS_H
#define DRYDOCK_EDU_REGS_H

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

#define EDU_ID 0x00	   /* read: 0xRRrr00ed, version RR.rr */
#define EDU_LIVENESS 0x04  /* reads as the inverse of what was written */
#define EDU_FACTORIAL 0x08 /* write n, read n! when not computing */
#define EDU_STATUS 0x20
#define EDU_IRQ_STATUS 0x24 /* read: the bits that raised the interrupt */
#define EDU_IRQ_RAISE 0x60  /* write: bits to raise it with */
#define EDU_IRQ_ACK 0x64 /* write: bits to clear; lowers it when none is left */
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_DESTINATION 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_WINDOW 0xa0 /* bytes of all registers */

#define EDU_ID_MASK 0xff
#define EDU_ID_VALUE 0xed

#define EDU_STATUS_COMPUTING 0x01 /* read */
#define EDU_STATUS_IRQ 0x80	  /* raise the interrupt when computed */

#define EDU_IRQ_FACTORIAL 0x001 /* a factorial is computed */
#define EDU_IRQ_DMA 0x100	/* a transfer has ended */

#define EDU_DMA_START 0x1     /* reads as 1 while a transfer runs */
#define EDU_DMA_TO_MEMORY 0x2 /* else from memory */
#define EDU_DMA_IRQ 0x4	      /* raise the interrupt at the end */

/* The device's own memory, as source and destination of transfers. */
#define EDU_BUFFER 0x40000
#define EDU_BUFFER_SIZE 4096

/*
 * QEMU (7.2, for one) ends at once, with "DMA range out of bounds", when a
 * transfer reaches the last byte. So none does.
 */
#define EDU_BUFFER_USABLE (EDU_BUFFER_SIZE - 1)

/* Bus addresses that it puts out have so many bits. */
#define EDU_DMA_BITS 28

#endif /* DRYDOCK_EDU_REGS_H */
