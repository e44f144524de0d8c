/* SPDX-License-Identifier: Apache-2.0 */
/* Patches of documents: JSON merge patch (RFC 7386) and the operations test, add, replace, remove of JSON patch
 * (RFC 6902). */
#pragma once

#include "doc.h"

/* A new document: target (may be NULL) with patch applied. */
doc *merge_patch(doc *target, doc *patch);

enum merge_result {
        MERGE_OK,
        MERGE_MALFORMED, /* not a list of operations this server knows */
        MERGE_FAILED,    /* a test failed or a path does not exist */
};
/* Sets *ret to a new document on MERGE_OK. */
enum merge_result merge_json_patch(doc **ret, doc *target, doc *operations);
