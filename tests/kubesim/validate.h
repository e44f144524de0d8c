/* SPDX-License-Identifier: Apache-2.0 */
/* Validation and defaulting of decoded documents: what ends in 422. */
#pragma once

#include "reply.h"

/* Fields a server fills in at creation (Pod and Namespace status, ...). */
void validate_default(const struct resource *resource, doc *d);
/* old: the stored document, NULL at creation. Adds what is wrong to v. */
void validate(struct invalid *v, const struct resource *resource, doc *d, doc *old);
bool validate_name(const char *name);
