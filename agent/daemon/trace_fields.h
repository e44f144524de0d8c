/* SPDX-License-Identifier: Apache-2.0 */
/* How each field of the core's events, actions and changes is written in a trace: one row a field. For trace_text.c
 * only. */
#pragma once

#include "core/core.h"

enum trace_form {
        TRACE_TOKEN,   /* uint64_t, hexadecimal */
        TRACE_INSTANT, /* uint64_t, CLOCK_BOOTTIME */
        TRACE_SPAN,    /* uint64_t, microseconds */
        TRACE_NUMBER,  /* uint32_t */
        TRACE_WORD,    /* uint8_t, one of words */
        TRACE_FLAG,    /* bool, the name alone */
};

struct trace_field {
        const char *name;
        size_t offset;
        enum trace_form form;
        const char *(*word)(uint8_t value);
        uint8_t n_words;
};

struct trace_fields {
        const struct trace_field *fields;
        size_t n;
};

/* Of struct election_event, without type and now_usec. */
extern const struct trace_fields trace_lock_event;
/* Of message i, and of the request, in struct election_actions, without its type. */
extern const struct trace_fields trace_lock_message[2];
extern const struct trace_fields trace_lock_request;
/* Of struct placeholder_event, without type and now_usec; of struct placeholder_action, without op. */
extern const struct trace_fields trace_placeholder_event;
extern const struct trace_fields trace_placeholder_action;
/* Of struct core_change, without type and index: what a change of this type has. */
struct trace_fields trace_change(uint8_t type);

const char *trace_event_word(uint8_t v);
const char *trace_placeholder_event_word(uint8_t v);
const char *trace_message_word(uint8_t v);
const char *trace_change_word(uint8_t v);
