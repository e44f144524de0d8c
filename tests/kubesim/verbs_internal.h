/* SPDX-License-Identifier: Apache-2.0 */
/* Between the verbs_*.c files only. */
#pragma once

#include "verbs.h"

void verbs_get(struct store *s, const struct call *c, struct reply *r);
void verbs_list(struct store *s, const struct call *c, struct reply *r);
void verbs_create(struct store *s, const struct call *c, struct reply *r);
void verbs_update(struct store *s, const struct call *c, struct reply *r);
void verbs_patch(struct store *s, const struct call *c, struct reply *r);
void verbs_remove(struct store *s, const struct call *c, struct reply *r);
void verbs_remove_all(struct store *s, const struct call *c, struct reply *r);

/* Parses and decodes the body of POST and PUT; NULL with r filled (400, 415). */
doc *verbs_decode_body(const struct call *c, struct reply *r);
/* Creation of the decoded document d (taken), by POST or PUT. */
void verbs_insert(struct store *s, const struct call *c, doc *d, struct reply *r);
