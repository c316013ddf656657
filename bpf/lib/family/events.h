/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A connection that was opened or closed, told to whoever watches.
 *
 *   event_of_flow(kind, key, flow)   of a pod of this node
 *   event_of_half(kind, key, half)   of another node's pod, which leaves here
 *
 * Functions of their own to the verifier too, for the stack. Nobody watches, nearly always: then each costs a load.
 */
static __always_inline struct egress_event *F(event_begin)(__u32 kind)
{
	const struct egress_config *config = config_read();
	struct egress_event *event;

	if (!config || !config->watched)
		return NULL;
	event = bpf_ringbuf_reserve(&egress_events, sizeof(*event), 0);
	if (!event) {
		event_lost();
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time = bpf_ktime_get_ns();
	event->kind = kind;
	event->family = IPV;
	return event;
}

static __always_inline void F(event_address)(struct egress_address6 *to, const ADDRESS *from)
{
	if (IPV == 4)
		to->word[2] = bpf_htonl(0xffff);
	__builtin_memcpy((__u8 *)to + sizeof(*to) - sizeof(*from), from, sizeof(*from));
}

static __always_inline void F(event_egress)(struct egress_event *event, const struct F(egress_half) *half)
{
	if (!half->egress_port)
		return;
	F(event_address)(&event->egress, &half->egress);
	event->egress_port = half->egress_port;
}

__noinline int F(event_of_flow)(__u32 kind, const struct F(egress_flow_key) *key, const struct F(egress_flow) *flow)
{
	struct egress_event *event;

	if (!key || !flow || flow->kind != EGRESS_FLOW_OUT)
		return 0;
	event = F(event_begin)(kind);
	if (!event)
		return 0;
	event->protocol = key->protocol;
	event->ifindex = flow->ifindex;
	event->policy = flow->policy;
	event->entry = flow->entry;
	event->node = flow->half.node;
	event->source_port = key->pod_port;
	event->remote_port = key->remote_port;
	F(event_address)(&event->source, &key->pod);
	F(event_address)(&event->remote, &key->remote);
	F(event_egress)(event, &flow->half);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

__noinline int F(event_of_half)(__u32 kind, const struct F(egress_fwd_key) *key, const struct F(egress_half) *half)
{
	struct egress_event *event;

	if (!key || !half)
		return 0;
	event = F(event_begin)(kind);
	if (!event)
		return 0;
	event->protocol = key->protocol;
	event->policy = half->policy;
	event->entry = key->entry;
	event->node = half->node;
	event->source_port = key->source_port;
	event->remote_port = key->remote_port;
	F(event_address)(&event->source, &key->source);
	F(event_address)(&event->remote, &key->remote);
	F(event_egress)(event, half);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
