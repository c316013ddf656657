/* SPDX-License-Identifier: Apache-2.0 */
/* json-c as the system has it. */
#pragma once
#include <json-c/json.h>
