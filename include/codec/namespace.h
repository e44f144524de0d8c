/* SPDX-License-Identifier: Apache-2.0 */
/* The Namespace object, as far as it tells one namespace from another of the same name: its uid. No I/O, no decisions.
 */
#pragma once

#include "base/err.h"

struct namespace_object {
        char name[64];
        char uid[64];
};

/* Returns -EBADMSG with err set when it is not a v1 Namespace with name and uid of sane length. */
int namespace_parse(const char *json, size_t n, struct namespace_object *ret, struct err *err);
