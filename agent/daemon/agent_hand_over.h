/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the API server before a lock is given up because a human says so, and what the answers mean: between
 * agent_step_down.c, which asks, and agent_hand_over.c, which judges. */
#pragma once

#include "daemon/agent_parts.h"

/* The placeholders of the namespace, our rights on the lock, our rules; and one by one the placeholders that the rules
 * name, where they may not be listed. */
enum agent_ask_of {
        AGENT_ASK_LIST,
        AGENT_ASK_GET,
        AGENT_ASK_PATCH,
        AGENT_ASK_DELETE,
        AGENT_ASK_RULES,
        AGENT_ASK_NAMED,
};
enum {
        N_AGENT_ASKS = AGENT_ASK_NAMED + 1
};

struct agent_ask {
        struct agent_hand_over *of;
        struct kube_slot *request;
        bool done;
        bool allowed;
        enum kube_result result;
        long http_code;
        char text[400];
};

/* A step-down that waits for answers. */
struct agent_hand_over {
        struct agent_hand_over *next;
        struct agent *agent;
        char title[320]; /* of the lock, which may leave the configuration meanwhile */
        char *reason;
        uint64_t call;       /* on the bus */
        uint64_t until_usec; /* CLOCK_BOOTTIME */
        struct agent_ask ask[N_AGENT_ASKS];
        size_t n_others; /* placeholders of other agents */
        struct {
                char name[254];
        } named[32];
        size_t n_named, next_named;
        bool unsure; /* there are more names, or not all could be read */
        bool again;  /* all of it is asked for the second time */
};

/* For so long it is waited for: less than leaderctl waits (bus.h), whatever request_timeout is. */
#define AGENT_HAND_OVER_USEC (8 * USEC_PER_SEC)

/* The verb that is reviewed, 0: it is no review. */
unsigned agent_ask_verb(enum agent_ask_of of);
/* No answer of an API server to the list, which goes the way that a release would. */
bool agent_ask_is_silent(const struct agent_ask *list);
/* The placeholders of others may not be listed. */
bool agent_hand_over_unlisted(const struct agent_hand_over *h);

/* What giving l up would come to, as long as it cannot be released: until when its unit would run nowhere. */
void agent_hand_over_means(const struct agent_lock *l, const char *until, char *buf, size_t size);
/* Returns 0 when nothing is known that speaks against it, or -EBUSY with err set. */
int agent_hand_over_judge(const struct agent_hand_over *h, const struct agent_lock *l, struct err *err);
