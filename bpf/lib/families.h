/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The whole datapath for one family, IPV (4 or 6); included once for each, so without a guard. Nothing is written twice:
 * what is under family/ says `F(name)` for `name4` and `name6`, and what really differs is in ipv4.h and ipv6.h.
 */
#include "family/address.h"
#include "family/packet.h"
#if IPV == 4
#include "ipv4.h"
#else
#include "ipv6.h"
#endif
#include "family/flows.h"
#include "family/events.h"
#include "family/memo.h"
#include "family/use.h"
#include "family/nat.h"
#include "family/scratch.h"
#include "family/reclaim.h"
#include "family/claim.h"
#include "family/rewrite.h"
#include "family/fragments.h"
#include "family/too_big.h"
#include "family/expired.h"
#include "family/mss.h"
#include "family/recent.h"
#include "family/route.h"
#include "family/moves.h"
#include "family/classify.h"
#include "family/quote.h"
#include "family/icmp_error.h"
#include "family/reset.h"
#include "family/translate.h"
#include "family/pod.h"
#include "family/stack.h"
#include "family/tunnel.h"
#include "family/uplink.h"
#include "family/guard.h"
#include "family/foreign.h"
#include "family/collect.h"
