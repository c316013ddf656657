/* SPDX-License-Identifier: Apache-2.0 */
#include "egress_manifests.h"

/* A file that isn't there makes an empty entry, and `install` says that this build lacks it. */
static const unsigned char policies[] = {
#if __has_embed("../../deploy/crds/ciliumegressgatewaypolicies.yaml")
#embed "../../deploy/crds/ciliumegressgatewaypolicies.yaml" suffix(, )
#endif
	0
};
static const unsigned char nodes[] = {
#if __has_embed("../../deploy/crds/egressnodes.yaml")
#embed "../../deploy/crds/egressnodes.yaml" suffix(, )
#endif
	0
};
static const unsigned char namespace[] = {
#if __has_embed("../../deploy/base/namespace.yaml")
#embed "../../deploy/base/namespace.yaml" suffix(, )
#endif
	0
};
static const unsigned char serviceaccount[] = {
#if __has_embed("../../deploy/base/serviceaccount.yaml")
#embed "../../deploy/base/serviceaccount.yaml" suffix(, )
#endif
	0
};
static const unsigned char rbac_agent[] = {
#if __has_embed("../../deploy/base/rbac-agent.yaml")
#embed "../../deploy/base/rbac-agent.yaml" suffix(, )
#endif
	0
};
static const unsigned char rbac_users[] = {
#if __has_embed("../../deploy/base/rbac-users.yaml")
#embed "../../deploy/base/rbac-users.yaml" suffix(, )
#endif
	0
};
static const unsigned char daemonset[] = {
#if __has_embed("../../deploy/base/daemonset.yaml")
#embed "../../deploy/base/daemonset.yaml" suffix(, )
#endif
	0
};

#define MANIFEST(file, text) { file, text, sizeof(text) - 1 }

static const struct egress_manifest manifests[] = {
	MANIFEST("crds/ciliumegressgatewaypolicies.yaml", policies),
	MANIFEST("crds/egressnodes.yaml", nodes),
	MANIFEST("base/namespace.yaml", namespace),
	MANIFEST("base/serviceaccount.yaml", serviceaccount),
	MANIFEST("base/rbac-agent.yaml", rbac_agent),
	MANIFEST("base/rbac-users.yaml", rbac_users),
	MANIFEST("base/daemonset.yaml", daemonset),
};

const struct egress_manifest *egress_manifests(size_t *count)
{
	*count = sizeof(manifests) / sizeof(manifests[0]);
	return manifests;
}
