/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder of this agent: creates it, renews it, proves that it lives, notices that it is lost. Pure: see
 * core.h for the rules of a step. Says nothing about locks; elections read its view and tell it their wishes. */
#pragma once

#include "core/facts.h"

enum heartbeat_state {
        HEARTBEAT_UNREAD, /* not looked at yet */
        HEARTBEAT_ABSENT,
        HEARTBEAT_LIVE,    /* ours; `uid` is what renewals name */
        HEARTBEAT_DYING,   /* ours, marked for deletion: its finalizers go once no lock of ours names it */
        HEARTBEAT_STRANGE, /* our name, not our claim (or an earlier boot's): never renewed */
};
enum {
        N_HEARTBEAT_STATES = HEARTBEAT_STRANGE + 1
};

enum heartbeat_op {
        HEARTBEAT_OP_NONE,
        HEARTBEAT_OP_READ,
        HEARTBEAT_OP_CLAIM,  /* a new claim to disk */
        HEARTBEAT_OP_CREATE, /* POST with the claim on disk */
        HEARTBEAT_OP_RENEW,  /* conditional on uid and version */
        HEARTBEAT_OP_CLEAR,  /* finalizers: null, on a dying one, uid and version */
        HEARTBEAT_OP_DELETE, /* uid; version too unless it is our own that we take away */
};
enum {
        N_HEARTBEAT_OPS = HEARTBEAT_OP_DELETE + 1
};

/* From the configuration. */
struct heartbeat_conf {
        uint64_t renew_interval_usec;
        uint64_t verify_interval_usec;
        uint64_t retry_min_usec;
        uint64_t retry_max_usec;
        uint64_t duration_usec; /* a strange placeholder that records none is watched this long */
        uint32_t rate_permille; /* how wrong clock rates may be */
        uint8_t tenure;
        bool unclaimed; /* when it began no claim was on disk whose POST may have made an object, or may yet */
};

/* What the elections that use it want, gathered by the core. */
struct heartbeat_wish {
        uint64_t proof_after_usec; /* prove by a renewal sent at or after this instant; 0: no proof wanted */
        uint64_t interval_usec;    /* renew at least so often, whatever is configured; 0: as configured */
        bool needed;               /* keep one in existence */
        bool renewing;             /* renew each interval */
        bool named;                /* a lock of ours (still) names `uid` */
        bool observed;             /* an election waits for the strange one to fall silent: leave it to that */
        bool removing;             /* the agent is stopping: take our own away */
};

enum heartbeat_status {
        HEARTBEAT_PENDING, /* not known yet */
        HEARTBEAT_OURS,    /* ours as far as we know; how well proven: proven_at */
        HEARTBEAT_NONE,    /* certainly no living placeholder of ours */
};

/* What elections see. */
struct heartbeat_view {
        uint64_t uid;
        uint64_t proven_at_usec; /* sent instant of the last successful renewal of `uid`, 0 none */
        uint8_t status;          /* enum heartbeat_status */
        bool strange;            /* our name is taken by a placeholder that is not ours */
};

struct heartbeat {
        uint64_t uid;
        uint64_t version;
        uint64_t proven_at_usec;
        uint64_t renewed_at_usec; /* last attempt */
        uint64_t looked_at_usec;  /* last read */
        uint64_t retry_at_usec;
        uint64_t seen_at_usec; /* strange: this version first seen */
        uint64_t strange_duration_usec;
        uint8_t state;
        uint8_t op;
        uint8_t attempts;  /* of failed_op in vain */
        uint8_t failed_op; /* enum heartbeat_op */
        bool claim_ready;  /* a claim is on disk, and no answer has used it up */
        bool unread;       /* read before anything else */
        bool begun;        /* has had its first step */
        bool confirmed;    /* strange: the version was read again after the wait */
};

enum heartbeat_event_type {
        HEARTBEAT_EV_GO,    /* nothing but time or wishes changed */
        HEARTBEAT_EV_REPLY, /* to the operation in flight */
        HEARTBEAT_EV_SEEN,  /* a watch showed it changed or gone: look */
};

struct heartbeat_event {
        uint64_t now_usec;
        uint64_t sent_at_usec; /* reply: the instant before the request was sent */
        uint64_t retry_after_usec;
        uint32_t random;
        uint8_t type;
        uint8_t op;     /* reply: which */
        uint8_t result; /* reply: enum core_result */
        struct placeholder_fact fact;
        struct heartbeat_wish wish;
};

/* At most one operation per step. */
struct heartbeat_action {
        uint8_t op; /* enum heartbeat_op; NONE: nothing to do */
        uint64_t uid;
        uint64_t version; /* 0: no such precondition */
};

void heartbeat_init(struct heartbeat *h);
struct heartbeat_action heartbeat_step(struct heartbeat *h, const struct heartbeat_conf *c,
                                       const struct heartbeat_event *ev);
/* The next instant at which it wants HEARTBEAT_EV_GO, USEC_INFINITY for none. */
uint64_t heartbeat_deadline(const struct heartbeat *h, const struct heartbeat_conf *c, const struct heartbeat_wish *w);
struct heartbeat_view heartbeat_view(const struct heartbeat *h);

const char *heartbeat_state_to_string(uint8_t s);
const char *heartbeat_op_to_string(uint8_t op);
