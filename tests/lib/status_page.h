/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent of a status_world shows now, as texts, and what of a text is new beside another one: a page for humans
 * does not repeat what does not differ. */
#pragma once

#include "status_world.h"

#define STATUS_TEXT 16384

/* What it shows, each with the paths of the world under STATUS_ETC. */
struct status_shown {
        char line[STATUS_TEXT]; /* STATUS= */
        char json[STATUS_TEXT]; /* the status document */
        char ctl[STATUS_TEXT];  /* leaderctl status */
};
void status_look(struct status_world *w, struct status_shown *ret);

/* A member of the document as text: "api.error", "locks.0.next"; empty: it is empty, or there is none. */
void status_member(const struct status_shown *s, const char *path, char buf[static STATUS_TEXT]);
/* Every member that is not so in `before`, a line "PATH = VALUE" each. */
void status_members(const struct status_shown *s, const struct status_shown *before, char buf[static STATUS_TEXT]);

/* Fails the test unless leaderctl(1) has that; … each member of the document as a term. */
void status_documented(const char *term);
void status_members_documented(const struct status_shown *s);

/* Parts of text between separators that are not parts of `before` too; what is left out is "…". The first letter of a
 * part may be a capital or not. */
void status_parts(const char *text, const char *before, const char *separator, char buf[static STATUS_TEXT]);
/* Each occurrence of known becomes `as`. */
void status_replace(char where[static STATUS_TEXT], const char *known, const char *as);

/* What the journal got since the last call, "PRIORITY [KIND]: MESSAGE" each, with "\n" between; and what writes it. */
void status_journal(struct status_world *w, char buf[static STATUS_TEXT]);
void status_journal_add(int priority, const char *id, const char *message);

/* Lets the agent look at itself, as each turn of its loop does. */
void status_turn(struct status_world *w);
