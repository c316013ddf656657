/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_objects.h"

/* An ELF file is read in place: libelf wants the alignment of its headers. `make bpf` touches this file. */
#if __has_embed("../../.build/bpf/egress.bpf.o")
_Alignas(16) static const unsigned char object[] = {
#embed "../../.build/bpf/egress.bpf.o"
};

const void *egress_object(size_t *size)
{
	*size = sizeof(object);
	return object;
}
#else
const void *egress_object(size_t *size)
{
	*size = 0;
	return NULL;
}
#endif
