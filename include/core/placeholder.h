/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder of this agent: creates it, renews it, proves that it lives, notices that it is lost. Pure: see
 * core.h for the rules of a step. Says nothing about locks; elections read its view and tell it their wishes. */
#pragma once

#include "base/retry.h"
#include "core/facts.h"

enum placeholder_state {
        PLACEHOLDER_UNREAD, /* not looked at yet */
        PLACEHOLDER_ABSENT,
        PLACEHOLDER_LIVE,  /* ours; `uid` is what renewals name */
        PLACEHOLDER_DYING, /* ours, marked for deletion: its finalizers go once no lock of ours names it */
        PLACEHOLDER_TAKEN, /* our name, not our claim (or an earlier boot's): never renewed */
};
enum {
        N_PLACEHOLDER_STATES = PLACEHOLDER_TAKEN + 1
};

enum placeholder_op {
        PLACEHOLDER_OP_NONE,
        PLACEHOLDER_OP_READ,
        PLACEHOLDER_OP_CLAIM,  /* a new claim to disk */
        PLACEHOLDER_OP_CREATE, /* POST with the claim on disk */
        PLACEHOLDER_OP_RENEW,  /* conditional on uid and version */
        PLACEHOLDER_OP_CLEAR,  /* finalizers: null, on a dying one, uid and version */
        PLACEHOLDER_OP_DELETE, /* uid; version too unless it is our own that we take away */
};
enum {
        N_PLACEHOLDER_OPS = PLACEHOLDER_OP_DELETE + 1
};

/* From the configuration. */
struct placeholder_conf {
        uint64_t renew_interval_usec;
        uint64_t verify_interval_usec;
        struct retry_limits retry;
        uint64_t duration_usec; /* a taken name that records none is watched this long */
        uint32_t rate_permille; /* how wrong clock rates may be */
        uint8_t tenure;
        bool unclaimed; /* when it began no claim was on disk whose POST may have made an object, or may yet */
};

/* What the elections that use it want, gathered by the core. */
struct placeholder_wish {
        uint64_t proof_after_usec; /* prove by a renewal sent at or after this instant; 0: no proof wanted */
        uint64_t interval_usec;    /* renew at least so often, whatever is configured; 0: as configured */
        bool needed;               /* keep one in existence */
        bool renewing;             /* renew each interval */
        bool named;                /* a lock of ours (still) names `uid` */
        bool observed;             /* an election waits for the taken one to fall silent: leave it to that */
        bool removing;             /* the agent is stopping: take our own away */
};

enum placeholder_status {
        PLACEHOLDER_PENDING, /* not known yet */
        PLACEHOLDER_OURS,    /* ours as far as we know; how well proven: proven_at */
        PLACEHOLDER_NONE,    /* certainly no living placeholder of ours */
};

/* What elections see. */
struct placeholder_view {
        uint64_t uid;
        uint64_t proven_at_usec; /* sent instant of the last successful renewal of `uid`, 0 none */
        uint8_t status;          /* enum placeholder_status */
        bool name_taken;         /* our name is taken by a placeholder that is not ours */
};

struct placeholder {
        uint64_t uid;
        uint64_t version;
        uint64_t proven_at_usec;
        uint64_t renewed_at_usec; /* last attempt */
        uint64_t looked_at_usec;  /* last read */
        uint64_t seen_at_usec;    /* taken: this version first seen */
        uint64_t taken_duration_usec;
        struct retry retry; /* of operations: enum placeholder_op */
        uint8_t state;
        uint8_t op;
        bool claim_ready; /* a claim is on disk, and no answer has used it up */
        bool unread;      /* read before anything else */
        bool begun;       /* has had its first step */
        bool confirmed;   /* taken: the version was read again after the wait */
};

enum placeholder_event_type {
        PLACEHOLDER_EV_GO,    /* nothing but time or wishes changed */
        PLACEHOLDER_EV_REPLY, /* to the operation in flight */
        PLACEHOLDER_EV_SEEN,  /* a watch showed it changed or gone: look */
};

struct placeholder_event {
        uint64_t now_usec;
        uint64_t sent_at_usec; /* reply: the instant before the request was sent */
        uint64_t retry_after_usec;
        uint32_t random;
        uint8_t type;
        uint8_t op;     /* reply: which */
        uint8_t result; /* reply: enum core_result */
        struct placeholder_fact fact;
        struct placeholder_wish wish;
};

/* At most one operation per step. */
struct placeholder_action {
        uint8_t op; /* enum placeholder_op; NONE: nothing to do */
        uint64_t uid;
        uint64_t version; /* 0: no such precondition */
};

void placeholder_init(struct placeholder *h);
struct placeholder_action placeholder_step(struct placeholder *h, const struct placeholder_conf *c,
                                           const struct placeholder_event *ev);
/* The next instant at which it wants PLACEHOLDER_EV_GO, USEC_INFINITY for none. */
uint64_t placeholder_deadline(const struct placeholder *h, const struct placeholder_conf *c,
                              const struct placeholder_wish *w);
struct placeholder_view placeholder_view(const struct placeholder *h);

const char *placeholder_state_to_string(uint8_t s);
const char *placeholder_op_to_string(uint8_t op);
