/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "egress_ipsec.h"

/* The reply is XFRM_MSG_NEWSPDINFO: a word of flags, then attributes. */
static int counted(const struct nlmsghdr *message, size_t length)
{
	const struct rtattr *attribute;
	size_t left;

	if (!NLMSG_OK(message, length))
		return -EBADMSG;
	if (message->nlmsg_type == NLMSG_ERROR && message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
	if (message->nlmsg_type != XFRM_MSG_NEWSPDINFO || message->nlmsg_len < NLMSG_SPACE(sizeof(__u32)))
		return -EBADMSG;
	attribute = (const void *)((const char *)message + NLMSG_SPACE(sizeof(__u32)));
	left = message->nlmsg_len - NLMSG_SPACE(sizeof(__u32));
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == XFRMA_SPD_INFO && RTA_PAYLOAD(attribute) >= sizeof(struct xfrmu_spdinfo))
			return (int)((const struct xfrmu_spdinfo *)RTA_DATA(attribute))->outcnt;
	return -EBADMSG;
}

int egress_ipsec_policies(void)
{
	struct {
		struct nlmsghdr header;
		__u32 flags;
	} request = {.header = {.nlmsg_len = sizeof(request), .nlmsg_type = XFRM_MSG_GETSPDINFO, .nlmsg_flags = NLM_F_REQUEST}};
	_Alignas(struct nlmsghdr) char reply[4096];
	struct timeval limit = {.tv_sec = 2};
	int result, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	ssize_t length;

	if (fd < 0)
		return errno == EPROTONOSUPPORT ? 0 : -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, &request, sizeof(request), 0) < 0 || (length = recv(fd, reply, sizeof(reply), 0)) < 0)
		result = -errno;
	else
		result = counted((const struct nlmsghdr *)reply, (size_t)length);
	close(fd);
	return result;
}
