/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * event_send(event): to whoever watches. Losses are counted: nobody waits for a reader.
 */
#ifndef EGRESS_EVENTS_H
#define EGRESS_EVENTS_H

#include "skb.h"

static __always_inline void event_lost(void)
{
	__u32 lost = EGRESS_COUNT_UNWATCHED;
	struct egress_counter *counter = bpf_map_lookup_elem(&egress_counts, &lost);

	if (counter)
		counter->packets++;
}

/* Gives it its time. */
static __always_inline void event_send(struct egress_event *event)
{
	event->time = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&egress_events, event, sizeof(*event), 0))
		event_lost();
}

#endif
