/* SPDX-License-Identifier: Apache-2.0 */
/* libbpf as the system has it; wrappers for what Swift cannot import live in CEgressShims. */
#pragma once
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
