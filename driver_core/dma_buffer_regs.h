/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of a device that copies memory: a platform device with the name
 * "drydock_dma_engine", one window of registers and one interrupt. All of them
 * have 32 bits and are little-endian; the offsets are in bytes.
 *
 * The device copies COUNT bytes from the bus address SOURCE to DESTINATION when
 * START is written to COMMAND. STATUS then says BUSY, and at the end DONE or
 * ERROR, and the interrupt is raised until both are acknowledged. COPIED says
 * how many bytes arrived; after DONE it may be less than COUNT.
 */
#ifndef DRYDOCK_DMA_BUFFER_REGS_H
#define DRYDOCK_DMA_BUFFER_REGS_H

#define DMA_ENGINE_ID 0x00	/* read: DMA_ENGINE_ID_VALUE */
#define DMA_ENGINE_STATUS 0x04	/* read: the bits below */
#define DMA_ENGINE_ACK 0x08	/* write: the bits of STATUS to clear */
#define DMA_ENGINE_COMMAND 0x0c /* write: one of the commands below */
#define DMA_ENGINE_SOURCE_LOW 0x10
#define DMA_ENGINE_SOURCE_HIGH 0x14
#define DMA_ENGINE_DESTINATION_LOW 0x18
#define DMA_ENGINE_DESTINATION_HIGH 0x1c
#define DMA_ENGINE_COUNT 0x20
#define DMA_ENGINE_COPIED 0x24 /* read */
#define DMA_ENGINE_WINDOW 0x28 /* bytes of all registers */

#define DMA_ENGINE_ID_VALUE 0xd3a00001

#define DMA_ENGINE_BUSY 0x1
#define DMA_ENGINE_DONE 0x2
#define DMA_ENGINE_ERROR 0x4

#define DMA_ENGINE_START 0x1
#define DMA_ENGINE_RESET 0x2 /* stops a transfer; STATUS is 0 after it */

#endif /* DRYDOCK_DMA_BUFFER_REGS_H */
