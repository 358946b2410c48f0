/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registers of a network device with rings: a platform device with the name
 * "drydock_nic_rings", one window of registers and one interrupt. All of them
 * have 32 bits and are little-endian; the offsets are in bytes. Descriptors,
 * buffers and frames are those of nic_rings_uapi.h.
 *
 * While CONTROL has RUN the device works on the rings and buffers at the bus
 * addresses in the registers, from the first descriptor of each ring on. BURST
 * frames come every INTERVAL microseconds until COUNT have come; the frames of
 * the TX ring are sent when the DOORBELL is rung. Each burst, and each doorbell
 * when it is done, raises the interrupt until it is acknowledged. When RUN is
 * cleared the device has stopped before the write has reached it, so a read of
 * CONTROL after it says when that is.
 */
#ifndef DRYDOCK_NIC_RINGS_REGS_H
#define DRYDOCK_NIC_RINGS_REGS_H

#define NIC_ID 0x00	 /* read: NIC_ID_VALUE */
#define NIC_CONTROL 0x04 /* the bits below; setting RUN clears the counters */
#define NIC_ENTRIES 0x08
#define NIC_COUNT 0x0c
#define NIC_BURST 0x10
#define NIC_INTERVAL 0x14
#define NIC_DOORBELL 0x18   /* write: anything */
#define NIC_IRQ_STATUS 0x1c /* read: the bits below */
#define NIC_IRQ_ACK 0x20    /* write: bits to clear */
#define NIC_RECEIVED 0x24   /* read, as the next five: counters and places */
#define NIC_DROPPED 0x28
#define NIC_SENT 0x2c
#define NIC_BAD 0x30
#define NIC_RX_INDEX 0x34 /* the RX descriptor that the next frame goes to */
#define NIC_TX_INDEX 0x38 /* the TX descriptor that is sent next */
#define NIC_RX_RING_LOW 0x40
#define NIC_RX_RING_HIGH 0x44
#define NIC_TX_RING_LOW 0x48
#define NIC_TX_RING_HIGH 0x4c
#define NIC_BUFFERS_LOW 0x50
#define NIC_BUFFERS_HIGH 0x54
#define NIC_WINDOW 0x58 /* bytes of all registers */

#define NIC_ID_VALUE 0x4e494301

#define NIC_CONTROL_RUN 0x1
#define NIC_CONTROL_LOSSLESS 0x2
#define NIC_CONTROL_LOOPBACK 0x4

#define NIC_IRQ_RX 0x1
#define NIC_IRQ_TX 0x2

#endif /* DRYDOCK_NIC_RINGS_REGS_H */
