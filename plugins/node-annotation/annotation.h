/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EGRESS_NODE_ANNOTATION_H
#define EGRESS_NODE_ANNOTATION_H

#include "module.h"

#define LONGEST_KEY 317     /* of an annotation: 253 of the prefix, '/', 63 of the name */
#define LONGEST_POINTER 255

/* How an annotation is written. */
enum format {
	FORMAT_AUTO, /* JSON when it begins as JSON does, else a list */
	FORMAT_TEXT, /* one address */
	FORMAT_LIST, /* addresses with commas or white space between them */
	FORMAT_JSON, /* a text, a list of texts, or an object with those as ipv4 and ipv6 */
};

/* Reads an annotation's addresses, all of them or none.
 * EGRESS_PLUGIN_DONE; EGRESS_PLUGIN_NO_ADDRESS when it isn't written as it should be; EGRESS_PLUGIN_RETRY when memory is
 * short; `error` has the words.
 * `pointer` is a JSON Pointer (RFC 6901) that is_pointer accepted; empty: the whole. */
int32_t read_annotation(const char *key, enum format format, const char *pointer, struct json_object *value,
			struct addresses *addresses, struct egress_text *error);

bool is_pointer(const char *text);

#endif
