/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of the documents: which fields exist and of which type. Go's decoder in words. */
#pragma once

#include "resource.h"

/* Brings a document sent by a client into stored form: unknown fields dropped, nulls and empty maps and lists dropped,
 * times in UTC. d is in storage form (core/v1 for Events).
 *
 * strict: an unknown field is an error. ret_error: owned text in Go's wording, NULL when all is well; then *ret is a
 * new document. */
void schema_decode(doc **ret, char **ret_error, const struct resource *resource, doc *d, bool strict);

/* RFC 3339 of now, whole seconds. */
const char *schema_now(char buffer[static 32]);
