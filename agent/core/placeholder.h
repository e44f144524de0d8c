/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder of this agent: creates it, renews it, proves that it lives, notices that it is lost. Pure: see
 * core.h for the rules of a step. Says nothing about locks; elections read its view and tell it their wishes. */
#pragma once

#include "core/steps.h"

enum placeholder_status {
        PLACEHOLDER_PENDING, /* not known yet */
        PLACEHOLDER_OURS,    /* ours as far as we know; how well proven: proven_at */
        PLACEHOLDER_NONE,    /* certainly no living placeholder of ours */
};

/* What elections see. */
struct placeholder_view {
        uint64_t uid;
        uint64_t proven_at_usec; /* sent instant of the last successful renewal of `uid`, 0 none */
        uint64_t taken_uid; /* whoever has our name: another's, or ours that another instance of us renews; 0 none */
        uint8_t status;     /* enum placeholder_status */
        bool name_taken;    /* our name is taken by a placeholder that is not ours */
        bool strange;       /* … by an object that is no placeholder of an agent: never deleted */
};

struct placeholder {
        uint64_t uid;
        uint64_t version;
        uint64_t proven_at_usec;
        uint64_t renewed_at_usec; /* last attempt */
        uint64_t looked_at_usec;  /* last read, of which a taken name counts */
        uint64_t seen_at_usec;    /* taken: this version first seen */
        uint64_t taken_duration_usec;
        struct retry retry; /* of operations: enum placeholder_op */
        uint8_t state;
        uint8_t op;
        bool claim_ready; /* a claim is on disk, and no answer has used it up */
        bool unread;      /* read before anything else */
        bool begun;       /* has had its first step */
        bool confirmed;   /* taken: the version was read again after the wait */
        bool missed;      /* the last renewal came to nothing, or is not true any more: the next one does not wait */
        bool strange;     /* taken: by an object that is not provably a placeholder */
};

void placeholder_init(struct placeholder *h);
struct placeholder_action placeholder_step(struct placeholder *h, const struct placeholder_conf *c,
                                           const struct placeholder_event *ev);
/* The next instant at which it wants PLACEHOLDER_EV_GO, USEC_INFINITY for none. */
uint64_t placeholder_deadline(const struct placeholder *h, const struct placeholder_conf *c,
                              const struct placeholder_wish *w);
struct placeholder_view placeholder_view(const struct placeholder *h);
