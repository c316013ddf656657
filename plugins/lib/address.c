/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "module.h"

#include <arpa/inet.h>
#include <string.h>

const struct family families[FAMILIES] = {
	[IPV4] = { .key = "ipv4", .title = "IPv4", .number = AF_INET, .bits = 32 },
	[IPV6] = { .key = "ipv6", .title = "IPv6", .number = AF_INET6, .bits = 128 },
};

/* Up to three digits without a leading zero, and nothing else; -1 for anything else. */
static int read_length(const char *text, size_t size, int most)
{
	int length = 0;

	if (size == 0 || size > 3 || (size > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		length = length * 10 + (text[i] - '0');
	}
	return length <= most ? length : -1;
}

bool read_address(const char *text, size_t size, struct address *address)
{
	const char *slash = memchr(text, '/', size);
	size_t width = slash ? (size_t)(slash - text) : size;
	char copy[LONGEST_ADDRESS];

	if (width >= sizeof(copy))
		return false;
	memcpy(copy, text, width);
	copy[width] = 0;
	/* A NUL in the middle would hide what follows. */
	if (strlen(copy) != width)
		return false;
	*address = (struct address){ .family = strchr(copy, ':') ? IPV6 : IPV4, .length = -1 };
	if (inet_pton(families[address->family].number, copy, address->bytes) != 1)
		return false;
	if (slash)
		address->length = read_length(slash + 1, size - width - 1, families[address->family].bits);
	return !slash || address->length >= 0;
}

bool same_address(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static const char *why_not_global_ipv4(const unsigned char *bytes)
{
	if (memcmp(bytes, "\0\0\0\0", 4) == 0)
		return "unspecified";
	if (bytes[0] == 127)
		return "loopback";
	if (bytes[0] == 169 && bytes[1] == 254)
		return "link-local";
	return bytes[0] >> 4 == 0xE ? "multicast" : NULL;
}

static const char *why_not_global_ipv6(const unsigned char *bytes)
{
	static const unsigned char zeros[16];

	if (memcmp(bytes, zeros, 16) == 0)
		return "unspecified";
	if (memcmp(bytes, zeros, 15) == 0 && bytes[15] == 1)
		return "loopback";
	if (memcmp(bytes, zeros, 10) == 0 && bytes[10] == 0xFF && bytes[11] == 0xFF)
		return "an IPv4 address written as IPv6";
	if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80)
		return "link-local";
	return bytes[0] == 0xFF ? "multicast" : NULL;
}

const char *why_not_global(const struct address *address)
{
	return address->family == IPV4 ? why_not_global_ipv4(address->bytes) : why_not_global_ipv6(address->bytes);
}

const char *address_text(const struct address *address, char room[LONGEST_ADDRESS])
{
	const char *text = inet_ntop(families[address->family].number, address->bytes, room, LONGEST_ADDRESS);

	return text ? text : "";
}

bool has_address(const struct addresses *addresses, const struct address *address)
{
	for (size_t i = 0; i < addresses->count[address->family]; i++)
		if (same_address(&addresses->list[address->family][i], address))
			return true;
	return false;
}

bool is_empty(const struct addresses *addresses)
{
	return addresses->count[IPV4] + addresses->count[IPV6] == 0;
}

bool add_address(struct addresses *addresses, const struct address *address)
{
	size_t *count = &addresses->count[address->family];

	if (has_address(addresses, address))
		return true;
	if (*count >= MOST_ADDRESSES)
		return false;
	addresses->list[address->family][(*count)++] = *address;
	return true;
}
