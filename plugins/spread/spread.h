/* SPDX-License-Identifier: Apache-2.0 */
/* The C that the Swift files of this folder use. */
#include <arpa/inet.h>
#include <egress_plugin.h>
#include <json-c/json.h>
#include <string.h>
