/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

int32_t read_place_interface(void *place, const struct field *field, struct json_object *value, struct egress_text *error)
{
	return read_name(((struct place *)place)->interface, field, value, error);
}

int32_t read_place_claim(void *place, const struct field *field, struct json_object *value, struct egress_text *error)
{
	return read_flag(&((struct place *)place)->claim, field, value, error);
}

int32_t check_place(const struct place *place, struct egress_text *error)
{
	if (!place->claim || place->interface[0])
		return EGRESS_PLUGIN_DONE;
	say(error, "claim: needs interface, the one that the addresses are put on");
	return EGRESS_PLUGIN_BAD_CONFIG;
}

int32_t find_place(const struct place *place, const struct request *request, struct answer *answer, struct json_object **interface,
		   struct egress_text *error)
{
	answer->claim = place->claim;
	*interface = NULL;
	/* Without a configured one the route decides: the address may be on lo. */
	if (!place->interface[0])
		return EGRESS_PLUGIN_DONE;
	*interface = find_interface_up(request, place->interface, error);
	if (!*interface)
		return EGRESS_PLUGIN_NO_ADDRESS;
	answer->interface = interface_name(*interface);
	return EGRESS_PLUGIN_DONE;
}
