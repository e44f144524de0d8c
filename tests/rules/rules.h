/* SPDX-License-Identifier: Apache-2.0 */
/* What the protocol needs of the Kubernetes API, as one table (rules.c), and the runner that holds a world against it
 * (rules_run.c). A world is whatever answers requests as an API server: the unit tests' builder, the model, the
 * simulator, kubesim, the real control plane; each has a driver here. Nothing of the agent, and no world, is known to
 * table and runner. ARCHITECTURE 5, claims 3, 4 and 7 rest on these rules. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum rule_world {
        RULE_BUILDER, /* tests/lib/core_builder_world.c */
        RULE_MODEL,   /* tests/model/model_api.c */
        RULE_SIM,     /* tests/sim/server.c */
        RULE_KUBESIM, /* tests/kubesim */
        RULE_REAL,    /* kube-apiserver with its controller manager */
};
enum {
        N_RULE_WORLDS = RULE_REAL + 1
};

enum rule_kind {
        RULE_LOCK, /* a ConfigMap; its owner is a Lease */
        RULE_LEASE,
        RULE_POD,
};

enum rule_state {
        RULE_ABSENT,
        RULE_THERE,        /* lock: immutable, with our finalizer and an owner; placeholder: held by nothing */
        RULE_OPEN,         /* lock: the same, but not immutable, as those of 0.1.0 */
        RULE_BARE,         /* lock without our finalizer */
        RULE_ORPHANED,     /* lock whose ownerReferences are empty */
        RULE_MARKED,       /* deletionTimestamp is set; lock: our finalizer holds it, placeholder: somebody else's */
        RULE_MARKED_TWICE, /* lock: ours and one more hold it */
        RULE_COLLECTING,   /* marked, and the collector's finalizer holds it (a lock: and ours); arranged only */
        RULE_HELD,         /* lock without our finalizer, marked: somebody else's holds it */
        RULE_GOING,        /* marked, and nothing holds it any more: seen in answers only */
};

/* Locks: what becomes of the owner before the request. */
enum rule_owner {
        RULE_OWNER_LIVES,
        RULE_OWNER_GONE,       /* deleted, as usual: in the background */
        RULE_OWNER_FOREGROUND, /* deleted in the foreground */
        RULE_OWNER_ORPHANS,    /* deleted with the policy Orphan */
};

enum rule_verb {
        RULE_NOTHING, /* no request: what the garbage collector does by itself */
        RULE_READ,    /* GET */
        RULE_CREATE,  /* POST */
        RULE_DELETE,
        RULE_DELETE_FOREGROUND, /* uid and version are not named */
        RULE_DELETE_ORPHAN,     /* same */
        RULE_STRIP,             /* lock: PATCH finalizers: null */
        RULE_NOTE,              /* lock: PATCH of an annotation */
        RULE_CHANGE,            /* lock: PATCH of its data, to another value */
        RULE_SAME,              /* lock: PATCH of its data, to the value it has */
        RULE_SEAL,              /* lock: PATCH of `immutable` to true */
        RULE_UNSEAL,            /* … to false */
        RULE_UNSET,             /* … to nothing */
        RULE_OVERWRITE,         /* lock: PUT of another object under its name: no data, metadata, `immutable` */
        RULE_RESTORE,           /* lock: PATCH of ownerReferences */
        RULE_RENEW,             /* Lease: PUT of the whole, without finalizers; Pod: PATCH of an annotation */
        RULE_CLEAR,             /* Lease: the same PUT, nothing else changed; Pod: PATCH finalizers: null */
};

/* What the request names of the object. */
enum rule_uid {
        RULE_ANY_UID, /* nothing */
        RULE_UID,     /* its uid */
        RULE_OTHER_UID,
};
enum rule_version {
        RULE_ANY_VERSION,
        RULE_VERSION,
        RULE_OLD_VERSION,
};

enum rule_result {
        RULE_OK,        /* 200 or 201 */
        RULE_NOT_FOUND, /* 404 */
        RULE_EXISTS,    /* 409, reason AlreadyExists */
        RULE_CONFLICT,  /* 409, reason Conflict */
        RULE_INVALID,   /* 422 */
};

struct rule {
        const char *name;
        enum rule_kind kind;
        enum rule_state before;
        enum rule_owner owner;
        enum rule_verb verb;
        enum rule_uid uid;
        enum rule_version version;
        enum rule_result result;
        enum rule_state answer; /* what the answer shows; RULE_ABSENT: no object */
        bool collect;           /* the garbage collector has had its time when `after` is read */
        enum rule_state after;
        bool moved;      /* resourceVersion is another one then */
        bool owner_gone; /* … and the owner is absent (else not judged) */
        const char *source;
        /* Why a world does not know this rule, or does not show this answer; NULL: it does. */
        const char *lacks[N_RULE_WORLDS], *lacks_answer[N_RULE_WORLDS];
};

extern const struct rule rules[];
extern const size_t n_rules;

/* ---- drivers ---- */

struct rule_seen {
        bool there, marked;
        bool ours;  /* lock: our finalizer */
        bool held;  /* by any other finalizer */
        bool owned; /* lock: ownerReferences are not empty */
        bool open;  /* lock: not immutable */
        char uid[64], version[64];
};

struct rule_request {
        enum rule_kind kind;
        enum rule_verb verb;
        char uid[64], version[64]; /* "": not named */
};

struct rule_driver {
        enum rule_world world;
        const char *name;
        const char *other_uid, *old_version;
        bool one_conflict;  /* 409 Conflict and 422 are one result there, as they are to the agent */
        long patience_msec; /* how long the garbage collector may take; 0: collect() is all of it */
        /* A fresh place for one object, and for its owner. */
        void (*reset)(enum rule_kind kind);
        /* Makes the object stand as `state`, a lock with a living owner (also when it is to be absent). */
        /* (what holds a marked placeholder may be any finalizer) */
        void (*arrange)(enum rule_kind kind, enum rule_state state);
        void (*owner)(enum rule_owner owner);
        enum rule_result (*request)(const struct rule_request *request, struct rule_seen *ret_answer);
        struct rule_seen (*read)(enum rule_kind kind);
        /* The owner of the lock. */
        bool (*owner_there)(void);
        void (*collect)(void);
};

/* Runs every rule that the driver's world knows, as cmocka tests; names the others with the reason. setup and teardown
 * as for a cmocka group. Returns the number of failures. */
int rules_run(const struct rule_driver *driver, int (*setup)(void **state), int (*teardown)(void **state));
