/* SPDX-License-Identifier: Apache-2.0 */
/*
 * module.h - what the modules that this project ships in C have in common.
 *
 * Compiled into each of them, and hidden in it: a module exports egress_plugin_v1 and nothing else. Nothing here keeps
 * state, so every call is a function of its arguments.
 *
 * Text from outside (configuration, request) is shown by `shown` only: cut, and without control characters.
 */
#ifndef EGRESS_MODULE_H
#define EGRESS_MODULE_H

#include "egress_plugin.h"

#include <json-c/json.h>
#include <stdbool.h>

#define MOST_ADDRESSES 16     /* of a family, as the datapath has it */
#define LONGEST_NAME 127      /* of an interface, alternative names included (ALTIFNAMSIZ) */
#define LONGEST_ADDRESS 46    /* INET6_ADDRSTRLEN */
#define BROKEN_REQUEST 100    /* the modules' own status: what the host asked is no request */

/* --- text (text.c) --- */

/* Writes a text for people into the caller's buffer; what doesn't fit is cut between two characters. */
void say(struct egress_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line for the helper's log; nothing without a host. */
void tell(const struct egress_host *host, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

struct shown {
	char text[96];
};
/* A text from outside, cut after some 80 bytes; a control character becomes a space. */
const char *shown_name(struct shown *room, const char *name);
/* The same in quotes. */
const char *shown_text(struct shown *room, const char *text);
/* The same of a JSON value, as JSON. */
const char *shown_value(struct shown *room, struct json_object *value);
#define SHOWN_NAME(name) shown_name(&(struct shown){ { 0 } }, name)
#define SHOWN_TEXT(text) shown_text(&(struct shown){ { 0 } }, text)
#define SHOWN_VALUE(value) shown_value(&(struct shown){ { 0 } }, value)

/* Words with commas between them, as many as fit. */
struct list {
	char text[768];
	size_t length;
	size_t left_out;
};
void note(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The words and how many are missing, or "none". Ends the list. */
const char *noted(struct list *list);

/* --- JSON (json.c) --- */

extern const char out_of_memory[];

/* Reads one JSON text; *object is the caller's. Returns NULL, or what is wrong with the text: `out_of_memory`, or words
 * that follow "it ". With `by_hand` a repeated field and U+0000 are wrong too: json-c would take the last one, and end a
 * string early. */
const char *parse(const char *text, bool by_hand, struct json_object **object);
/* The text of a JSON string without U+0000 in it, else NULL. */
const char *string_of(struct json_object *value);
/* What an object has under this key, else NULL. */
struct json_object *member(struct json_object *object, const char *key);
/* Elements of an array; 0 for anything else. */
size_t count_of(struct json_object *array);

/* --- configuration (configuration.c) --- */

struct field {
	const char *name;
	/* Reads the value into the instance; EGRESS_PLUGIN_DONE, or another status and why. */
	int32_t (*read)(void *instance, const struct field *field, struct json_object *value, struct egress_text *error);
};

/* How a module's configuration becomes an instance, which begins with a `const struct egress_host *`. */
struct configuration {
	size_t size; /* of an instance; it begins as zeros */
	size_t count;
	const struct field *fields;
	/* After all fields were read: whether they go together. */
	int32_t (*check)(void *instance, struct egress_text *error);
};

int32_t open_instance(const struct configuration *configuration, const struct egress_host *host, const char *config_json,
		      void **instance, struct egress_text *error);
void close_instance(void **instance);

/* null, which is an empty name, or a name of 1 to LONGEST_NAME bytes. */
int32_t read_name(char name[LONGEST_NAME + 1], const struct field *field, struct json_object *value, struct egress_text *error);
int32_t read_flag(bool *flag, const struct field *field, struct json_object *value, struct egress_text *error);

/* --- addresses (address.c) --- */

enum { IPV4, IPV6, FAMILIES };

struct family {
	const char *key;   /* in requests, configurations and answers */
	const char *title; /* for people */
	int number;        /* AF_… */
	int bits;          /* of an address */
};
extern const struct family families[FAMILIES];

struct address {
	int family; /* IPV4 or IPV6 */
	int length; /* of the prefix that stood behind it; -1 without one */
	unsigned char bytes[16]; /* network order; those behind the family's width are 0 */
};

/* `192.0.2.11` or `192.0.2.11/24`, and nothing around it; false for anything else. */
bool read_address(const char *text, size_t size, struct address *address);
bool same_address(const struct address *a, const struct address *b);
/* NULL when packets can leave a node with this source, else what it is instead: "loopback", … */
const char *why_not_global(const struct address *address);
/* Canonical text (RFC 5952), without a prefix. */
const char *address_text(const struct address *address, char room[LONGEST_ADDRESS]);
#define ADDRESS_TEXT(address) address_text(address, (char[LONGEST_ADDRESS]){ 0 })

/* Each address once, in the order that they came. */
struct addresses {
	size_t count[FAMILIES];
	struct address list[FAMILIES][MOST_ADDRESSES];
};
/* False when there are MOST_ADDRESSES of its family already. */
bool add_address(struct addresses *addresses, const struct address *address);
bool has_address(const struct addresses *addresses, const struct address *address);
bool is_empty(const struct addresses *addresses);

/* --- request (request.c) --- */

struct request {
	struct json_object *json;
	bool wants[FAMILIES];    /* families of the policy's destinations; all when the request has none */
	const char *wanted;      /* for people: "IPv4", "IPv6", "IPv4 or IPv6" */
};

typedef int32_t answering(const void *instance, const struct request *request, struct egress_text *answer, struct egress_text *error);
/* What a module's resolve is: reads the request, has it answered, and ends it. */
int32_t answer_request(answering *answers, const void *instance, const char *request_json, struct egress_text *answer,
		       struct egress_text *error);

size_t interface_count(const struct request *request);
/* NULL unless it is an object with a name. */
struct json_object *interface_at(const struct request *request, size_t position);
const char *interface_name(struct json_object *interface);
int64_t interface_index(struct json_object *interface);
/* Not said is up. */
bool is_up(struct json_object *interface);
/* Whether `matches` is true of its name or of one of its alternative names. */
bool any_name(struct json_object *interface, bool (*matches)(const char *name, const char *wanted), const char *wanted);
/* The interface of this name, else the first one of this alternative name, else NULL. */
struct json_object *find_interface(const struct request *request, const char *name);
/* The one of this name that is up; else NULL, and `error` says what there is. */
struct json_object *find_interface_up(const struct request *request, const char *name, struct egress_text *error);
/* Names of all of them into a list. */
void note_interfaces(const struct request *request, struct list *list);

size_t address_count(struct json_object *interface);
/* False when that element is no address. */
bool address_at(struct json_object *interface, size_t position, struct address *address);
/* Those of the addresses that are of families that are wanted. EGRESS_PLUGIN_DONE, or EGRESS_PLUGIN_NO_ADDRESS when there is
 * none: `error` names who has them, and which they are. */
int32_t keep_wanted(const struct request *request, const char *who, const struct addresses *given, struct addresses *wanted,
		    struct egress_text *error);
/* Those of the addresses that an interface that is up holds; that one interface when it isn't NULL. EGRESS_PLUGIN_DONE, or
 * EGRESS_PLUGIN_NO_ADDRESS when there is none: `error` names whose they are, and says what is there. */
int32_t keep_held(const struct request *request, struct json_object *only, const char *whose, const struct addresses *given,
		  struct addresses *held, struct egress_text *error);

/* --- answer (answer.c) --- */

struct answer {
	struct addresses addresses;
	const char *interface; /* NULL: the route decides */
	bool claim;
	int32_t valid_seconds; /* 0: until the request changes */
};

/* EGRESS_PLUGIN_DONE, EGRESS_PLUGIN_BUFFER_SMALL, or EGRESS_PLUGIN_RETRY when memory is short. */
int32_t give(const struct answer *answer, struct egress_text *text, struct egress_text *error);

/* --- where the addresses are, or are to be (place.c) --- */

/* What an instance begins with, in modules whose configuration has `interface` and `claim`. */
struct place {
	const struct egress_host *host;
	char interface[LONGEST_NAME + 1]; /* empty: any */
	bool claim;
};

/* The fields' `read`. */
int32_t read_place_interface(void *place, const struct field *field, struct json_object *value, struct egress_text *error);
int32_t read_place_claim(void *place, const struct field *field, struct json_object *value, struct egress_text *error);
/* EGRESS_PLUGIN_BAD_CONFIG where something is to be claimed and nobody says on which interface. */
int32_t check_place(const struct place *place, struct egress_text *error);
/* The configured interface as the request has it, or NULL where none is configured, and what the answer says of both. Else
 * EGRESS_PLUGIN_NO_ADDRESS: it isn't there, or is down. */
int32_t find_place(const struct place *place, const struct request *request, struct answer *answer, struct json_object **interface,
		   struct egress_text *error);

#endif
