/* SPDX-License-Identifier: Apache-2.0 */
/* The units that one lock guards, as one text: their names in the order in which they start, with one blank between
 * two. A single name is the list of one. The text travels from the configuration through permits to the guard's files
 * and is what humans read; what a name may be is permit_unit_valid()'s (codec/permit.h). Pure. */
#pragma once

#include "base/util.h"

enum {
        UNIT_LIST_MAX = 16, /* units of one lock */
};
#define UNIT_NAME_SIZE 256
#define UNIT_LIST_SIZE 256 /* of the text, with its end: as long as one name may be (codec/permit.h) */

/* Copies the name at *at, or what fits of it, into buf[UNIT_NAME_SIZE] and moves *at behind it. Returns false, and
 * leaves both, when there is none left. To walk: `for (const char *at = list; unit_list_next(&at, name);)`. */
bool unit_list_next(const char **at, char *buf);

/* How many names there are. */
size_t unit_list_count(const char *list);

/* The place of that name, from 0; -1: it is not in the list. */
int unit_list_find(const char *list, const char *name);

/* Appends a name to list[UNIT_LIST_SIZE]. Returns false, with nothing changed, when it does not fit, is empty, or has a
 * blank. */
bool unit_list_add(char *list, const char *name);
