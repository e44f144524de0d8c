/* SPDX-License-Identifier: Apache-2.0 */
/* The piece of object.h that has a file of its own; only for object*.c and their tests. */
#pragma once

#include "codec/object.h"

/* Whether the tree has all that the text says, and nothing else: members in their order, texts byte by byte, of numbers
 * that they are some. The text is valid JSON. False also where an object has a name twice, or one with a NUL in it.
 * Allocates nothing. */
bool object_is_whole(struct json_object *root, const char *json, size_t n);
/* Why it is not: -EBADMSG for a name that an object has twice or that has a NUL, else -ENOMEM. */
int object_why_not_whole(const char *json, size_t n);
