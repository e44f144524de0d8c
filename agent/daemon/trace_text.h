/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a trace as text that a human reads and tests/traces replays: what happened, then what the core wanted
 * done.
 *
 *   begin
 *   change 0 add-lock lease-placeholder=1 tenure=lease duration=30.000000 …
 *   [1000.023500] placeholder 1: go -> renew uid=7c version=11
 *   [1000.030012] lock 0: go -> permit uid=3f until=1015.023500 kill=1023.023500
 *
 * Uids, versions and claims are the core's tokens (hexadecimal); instants are seconds of CLOCK_BOOTTIME. A field that
 * is 0, or the first of its words (result=ok, unit=unknown …), is left out. Both directions go through one table per
 * struct, so that a new field is one row. How to read one: ARCHITECTURE 6. */
#pragma once

#include "core/core.h"

#define TRACE_TEXT_MAX 2048

enum trace_type {
        TRACE_BEGIN, /* a new process: an empty core */
        TRACE_CHANGE,
        TRACE_LOCK,
        TRACE_PLACEHOLDER,
};

struct trace_line {
        enum trace_type type;
        size_t index;
        struct core_change change;
        struct election_event lock_event;
        struct election_actions lock_actions;
        struct placeholder_event placeholder_event;
        struct placeholder_action placeholder_action;
};

/* Writes the line with its newline; returns its length, at most size - 1. */
size_t trace_text_format(const struct trace_line *line, char *buf, size_t size);
/* The opposite; line: without newline. Returns -EBADMSG when it is none of ours. */
int trace_text_parse(const char *text, struct trace_line *ret);
