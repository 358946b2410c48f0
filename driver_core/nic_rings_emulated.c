// SPDX-License-Identifier: GPL-2.0
/*
 * A small network device in software, for machines that have none: it does with
 * rings and buffers what nic_rings_regs.h says of a real one. The frames are
 * made up, or those that were sent.
 */
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "kernel_versions.h"
#include "nic_rings.h"

/* The next RX descriptor, if the device may use it. */
static struct drydock_nic_descriptor *rx_descriptor(struct nic_rings *nic)
{
	struct drydock_nic_descriptor *descriptor =
		nic_descriptor(nic, NIC_RX_RING, nic->emulated.state.rx_index);

	return nic_owned_by(descriptor, DRYDOCK_NIC_DEVICE) ? descriptor : NULL;
}

static void rx_give(struct nic_rings *nic,
		    struct drydock_nic_descriptor *descriptor, u32 length)
{
	struct nic_state *state = &nic->emulated.state;

	descriptor->length = cpu_to_le32(length);
	descriptor->status = cpu_to_le32(DRYDOCK_NIC_OK);
	descriptor->number = cpu_to_le32(state->received);
	nic_give_to(descriptor, DRYDOCK_NIC_PROGRAM);
	state->rx_index = (state->rx_index + 1) & (nic->geometry.entries - 1);
	state->received++;
}

static void rx_drop(struct nic_rings *nic)
{
	nic->emulated.state.dropped++;
	nic->emulated.state.received++;
}

static u32 make_frame(u8 *to, u32 number)
{
	u32 length = 64 + number % 1455, i;

	put_unaligned_le32(number, to);
	for (i = 4; i < length; i++)
		to[i] = number + i;
	return length;
}

/* False if there is no descriptor. */
static bool receive_made_up(struct nic_rings *nic)
{
	struct drydock_nic_descriptor *descriptor = rx_descriptor(nic);
	u32 length;

	if (!descriptor)
		return false;
	length = make_frame(nic_buffer(nic, NIC_RX_RING,
				       nic->emulated.state.rx_index),
			    nic->emulated.state.received);
	rx_give(nic, descriptor, length);
	return true;
}

static void receive_sent(struct nic_rings *nic, const void *frame, u32 length)
{
	struct drydock_nic_descriptor *descriptor = rx_descriptor(nic);

	if (!descriptor) {
		rx_drop(nic);
		return;
	}
	memcpy(nic_buffer(nic, NIC_RX_RING, nic->emulated.state.rx_index),
	       frame, length);
	rx_give(nic, descriptor, length);
}

/* Called with the lock held. Returns whether there was a descriptor for each. */
static bool receive_burst(struct nic_rings *nic)
{
	struct nic_emulated *emulated = &nic->emulated;
	u32 i;

	for (i = 0; i < emulated->run.burst; i++) {
		if (emulated->produced == emulated->run.count)
			break;
		if (!receive_made_up(nic)) {
			if (emulated->run.lossless)
				return false;
			rx_drop(nic);
		}
		emulated->produced++;
	}
	return true;
}

static void receive_work(struct work_struct *work)
{
	struct nic_rings *nic = container_of(
		to_delayed_work(work), struct nic_rings, emulated.receive);
	struct nic_emulated *emulated = &nic->emulated;
	unsigned long delay = usecs_to_jiffies(emulated->run.interval_us);

	mutex_lock(&emulated->lock);
	/* Time for the program to make room, however short the interval is. */
	if (emulated->on && !receive_burst(nic) && !delay)
		delay = 1;
	if (emulated->on && emulated->produced != emulated->run.count)
		schedule_delayed_work(&emulated->receive, delay);
	mutex_unlock(&emulated->lock);
	nic_wake(nic);
}

/* Called with the lock held. False if there is no frame to send. */
static bool transmit_one(struct nic_rings *nic)
{
	struct nic_state *state = &nic->emulated.state;
	struct drydock_nic_descriptor *descriptor =
		nic_descriptor(nic, NIC_TX_RING, state->tx_index);
	u32 length, status = DRYDOCK_NIC_OK;

	if (!nic_owned_by(descriptor, DRYDOCK_NIC_DEVICE))
		return false;
	/* Once: the program can change it in the next moment. */
	length = le32_to_cpu(READ_ONCE(descriptor->length));
	if (!nic_frame_length(length)) {
		status = DRYDOCK_NIC_BAD_LENGTH;
		state->bad++;
	} else {
		state->sent++;
		if (nic->emulated.run.loopback)
			receive_sent(nic,
				     nic_buffer(nic, NIC_TX_RING,
						state->tx_index),
				     length);
	}
	descriptor->status = cpu_to_le32(status);
	nic_give_to(descriptor, DRYDOCK_NIC_PROGRAM);
	state->tx_index = (state->tx_index + 1) & (nic->geometry.entries - 1);
	return true;
}

static void transmit_work(struct work_struct *work)
{
	struct nic_rings *nic =
		container_of(work, struct nic_rings, emulated.transmit);
	struct nic_emulated *emulated = &nic->emulated;
	u32 i;

	/* Not for ever: a program may fill the ring as fast as it is emptied. */
	mutex_lock(&emulated->lock);
	for (i = 0; i < nic->geometry.entries && emulated->on; i++) {
		if (!transmit_one(nic))
			break;
	}
	if (i == nic->geometry.entries)
		schedule_work(&emulated->transmit);
	mutex_unlock(&emulated->lock);
	nic_wake(nic);
}

static void emulated_start(struct nic_rings *nic, const struct nic_run *run)
{
	struct nic_emulated *emulated = &nic->emulated;

	mutex_lock(&emulated->lock);
	emulated->run = *run;
	emulated->produced = 0;
	memset(&emulated->state, 0, sizeof(emulated->state));
	emulated->on = true;
	mutex_unlock(&emulated->lock);
	if (run->count)
		schedule_delayed_work(&emulated->receive,
				      usecs_to_jiffies(run->interval_us));
}

static void emulated_stop(struct nic_rings *nic)
{
	struct nic_emulated *emulated = &nic->emulated;

	/* The work does not come back by itself after this. */
	mutex_lock(&emulated->lock);
	emulated->on = false;
	mutex_unlock(&emulated->lock);
	cancel_delayed_work_sync(&emulated->receive);
	cancel_work_sync(&emulated->transmit);
}

static void emulated_kick(struct nic_rings *nic)
{
	schedule_work(&nic->emulated.transmit);
}

static void emulated_state(struct nic_rings *nic, struct nic_state *state)
{
	mutex_lock(&nic->emulated.lock);
	*state = nic->emulated.state;
	mutex_unlock(&nic->emulated.lock);
}

static const struct nic_device_ops emulated_ops = {
	.start = emulated_start,
	.stop = emulated_stop,
	.kick = emulated_kick,
	.state = emulated_state,
};

void nic_emulated_init(struct nic_rings *nic)
{
	mutex_init(&nic->emulated.lock);
	INIT_DELAYED_WORK(&nic->emulated.receive, receive_work);
	INIT_WORK(&nic->emulated.transmit, transmit_work);
	nic->ops = &emulated_ops;
}

void nic_emulated_exit(struct nic_rings *nic)
{
	emulated_stop(nic);
	nic->ops = NULL;
}
