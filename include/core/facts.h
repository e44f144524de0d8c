/* SPDX-License-Identifier: Apache-2.0 */
/* What the pure core knows of the world: plain data, made by the shells from API objects and guard messages. Uids,
 * resourceVersions and claims are tokens (util_token()), compared only for equality; 0 means none. Instants are
 * CLOCK_BOOTTIME microseconds. */
#pragma once

#include "base/terms.h"

/* What came of a request. */
enum core_result {
        RESULT_OK,
        RESULT_NOT_FOUND, /* the object is not there */
        RESULT_EXISTS,    /* POST: the name is taken (perhaps by our own earlier POST) */
        RESULT_CONFLICT,  /* 409 or 422: not as you think any more, read again */
        RESULT_DENIED,    /* 401, 403: not executed */
        RESULT_FAILED,    /* surely not executed: not sent, 429, other 4xx; or a local write failed */
        RESULT_UNKNOWN,   /* timed out, reset, 5xx, unreadable: may have been executed, may be executed yet */
};
enum {
        N_CORE_RESULTS = RESULT_UNKNOWN + 1
};

enum lock_sort {
        LOCK_ABSENT,
        LOCK_SOUND,   /* our format, complete record, finalizer there */
        LOCK_FOREIGN, /* an in-cluster leader-for-life lock: wait for it */
        LOCK_DAMAGED, /* anything else under that name */
};
enum {
        N_LOCK_SORTS = LOCK_DAMAGED + 1
};

/* The lock as an answer or a watch event showed it. */
struct lock_fact {
        uint64_t uid; /* also set for an absent lock that a watch saw deleted */
        uint64_t version;
        uint64_t placeholder;   /* uid of the placeholder that its data names; LOCK_FOREIGN: of the Pod that owns it */
        uint64_t duration_usec; /* lease tenure: as recorded in it */
        uint64_t record;        /* all that is recorded in it and that no agent changes during a term */
        uint8_t sort;           /* enum lock_sort */
        uint8_t tenure;         /* enum tenure, as recorded in it */
        bool deleting;
        bool claimed;   /* its claim is on this agent's disk */
        bool same_boot; /* written in this boot of this identity */
        bool orphaned;  /* sound, but ownerReferences is empty */
};

/* A placeholder (Lease or Pod), our own or the holder's. */
struct placeholder_fact {
        uint64_t uid;
        uint64_t version;
        uint64_t duration_usec; /* as recorded in it (of a holder: for the lock that names it), 0 unknown */
        bool present;           /* (a Pod that was waited for: and has not finished) */
        bool deleting;
        bool genuine;   /* provably made by the agent that it is said to stand for: may be deleted */
        bool claimed;   /* its claim is on this agent's disk */
        bool same_boot; /* written in this boot of this identity */
        bool own_write; /* last written by this process: its start nonce, and a renewTime that it sent */
};

/* What the guard said about one unit: an answer (about != 0) or a change that it pushed. */
struct guard_fact {
        uint64_t permit;   /* lock uid of the permit in force, also while its unit is being stopped; 0 none */
        uint64_t about;    /* lock uid that the answered request named; 0: pushed */
        uint32_t restarts; /* of the unit by its own Restart=, as systemd counts them (anew from each start) */
        uint8_t unit;      /* enum unit_state */
        uint8_t refusal;   /* enum guard_result; answers to a permit */
        bool revoked;      /* `about` may never be permitted again in this boot */
        bool stopped;      /* answer to a revoke: the unit was seen stopped after its gate went */
        bool unfit;        /* what PID 1 has in force for the unit would get no permit now */
        bool evicts;       /* answer to an eviction */
};
