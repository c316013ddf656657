/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "route.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SEQUENCE 1
#define MOST_MESSAGES 8 /* of others, before ours */

struct question {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr attribute;
	unsigned char destination[16];
};

static bool ask(int descriptor, const struct address *destination)
{
	size_t width = (size_t)families[destination->family].bits / 8;
	struct question question = {
		.header = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = SEQUENCE },
		.route = { .rtm_family = (unsigned char)families[destination->family].number,
			   .rtm_dst_len = (unsigned char)families[destination->family].bits },
		.attribute = { .rta_type = RTA_DST, .rta_len = (unsigned short)RTA_LENGTH(width) },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	memcpy(question.destination, destination->bytes, width);
	question.header.nlmsg_len = (unsigned int)(offsetof(struct question, destination) + width);
	return sendto(descriptor, &question, question.header.nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) ==
	       (ssize_t)question.header.nlmsg_len;
}

/* The kernel's one message to our question; its length, or -1 and errno. */
static ssize_t hear(int descriptor, void *buffer, size_t size)
{
	for (int i = 0; i < MOST_MESSAGES; i++) {
		struct sockaddr_nl sender = { .nl_pid = 0 };
		socklen_t length = sizeof(sender);
		ssize_t count = recvfrom(descriptor, buffer, size, 0, (struct sockaddr *)&sender, &length);
		const struct nlmsghdr *header = buffer;

		if (count < 0 && errno != EINTR)
			return -1;
		if (count >= (ssize_t)sizeof(*header) && sender.nl_pid == 0 && header->nlmsg_seq == SEQUENCE &&
		    header->nlmsg_len >= sizeof(*header) && header->nlmsg_len <= (size_t)count)
			return count;
	}
	errno = EAGAIN;
	return -1;
}

static const char *refusal(int number)
{
	switch (number) {
	case ENETUNREACH: /* Also of an IPv6 route of type unreachable or throw. */
	case ESRCH:
		return "this node has no route to it";
	case EHOSTUNREACH:
		return "this node's route to it says unreachable";
	case EACCES:
		return "this node's route to it says prohibited";
	case EINVAL:
		return "this node's route to it is a blackhole, or it is no destination";
	case EAFNOSUPPORT:
	case EOPNOTSUPP:
		return "this node doesn't have its family";
	default:
		return NULL;
	}
}

static const char *not_unicast(unsigned char type)
{
	switch (type) {
	case RTN_LOCAL:
		return "it is an address of this node";
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return "it is no address of one host";
	default:
		return "this node's route to it leads nowhere";
	}
}

/* Reads a message whose length `hear` has checked. NULL, or why there is no interface. */
static const char *read_route(const struct nlmsghdr *header, unsigned int *index)
{
	const struct rtmsg *route = NLMSG_DATA(header);
	size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof(*route));
	const struct rtattr *attribute = RTM_RTA(route);

	if (route->rtm_type != RTN_UNICAST)
		return not_unicast(route->rtm_type);
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == RTA_OIF && RTA_PAYLOAD(attribute) >= sizeof(*index)) {
			memcpy(index, RTA_DATA(attribute), sizeof(*index));
			return NULL;
		}
	}
	return "this node's route to it names no interface";
}

/* 0 with *words NULL or why there is no route, else an errno. */
static int exchange(int descriptor, const struct address *destination, unsigned int *index, const char **words)
{
	union {
		struct nlmsghdr header;
		char bytes[4096];
	} message;
	const struct timeval patience = { .tv_sec = 1 };
	const struct nlmsgerr *failure = NLMSG_DATA(&message.header);

	*words = NULL;
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 || !ask(descriptor, destination) ||
	    hear(descriptor, &message, sizeof(message)) < 0)
		return errno;
	if (message.header.nlmsg_type == NLMSG_ERROR && message.header.nlmsg_len >= NLMSG_LENGTH(sizeof(*failure))) {
		*words = refusal(-failure->error);
		return *words ? 0 : failure->error ? -failure->error : EPROTO;
	}
	if (message.header.nlmsg_type != RTM_NEWROUTE || message.header.nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return EPROTO;
	*words = read_route(&message.header, index);
	return 0;
}

int32_t find_route(const struct address *destination, unsigned int *index, struct egress_text *error)
{
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const char *words = NULL;
	int number = descriptor < 0 ? errno : exchange(descriptor, destination, index, &words);

	if (descriptor >= 0)
		close(descriptor);
	if (number != 0) {
		say(error, "the kernel can't be asked for the route to %s: %s", ADDRESS_TEXT(destination),
		    number == EAGAIN ? "no answer within a second" : strerror(number));
		return EGRESS_PLUGIN_RETRY;
	}
	if (words)
		say(error, "%s can't be reached: %s", ADDRESS_TEXT(destination), words);
	return words ? EGRESS_PLUGIN_NO_ADDRESS : EGRESS_PLUGIN_DONE;
}
