/* SPDX-License-Identifier: Apache-2.0 */
/* The table: what an API server does with the requests of the protocol, object by object, and what its garbage
 * collector does by itself. Each row was seen on kube-apiserver 1.35 (`make check-conformance` runs it there); `source`
 * says which rule of the Kubernetes API it is a case of. */
#include "rules.h"

/* Where a row comes from: page of the Kubernetes documentation, and what it says. */
#define NAMES                                                                                                          \
        "Object Names and IDs: one object of a kind has a name at a time; POST of a taken one is 409 AlreadyExists"
#define ABSENT        "API Concepts: GET, PATCH and DELETE of an absent object are 404, whatever they name"
#define PRECONDITIONS "DeleteOptions, preconditions: uid and resourceVersion must be the object's, else 409 Conflict"
#define CONCURRENCY                                                                                                    \
        "API conventions, concurrency control: a resourceVersion in a write must be the present one, else 409"
#define UID_PATCHED "ObjectMeta, uid: immutable; a PATCH that names another one is 422 Invalid"
#define UID_PUT     "ObjectMeta, uid: in a PUT a precondition; 409 Conflict when the object has another one or is absent"
#define PUT_CREATES                                                                                                    \
        "API Concepts, updates: kinds that allow it (Lease) are created by the PUT of an absent one without uid"
#define FINALIZERS "Finalizers: DELETE of an object that has some sets deletionTimestamp; it goes with the last of them"
#define MARKS      "ObjectMeta, deletionTimestamp: cannot be unset; all else of a marked object may still change"
#define AT_ONCE    "API Concepts, deletion: DELETE of an object without finalizers removes it, and answers a Status"
#define POD_SHOWN                                                                                                      \
        "Pod Lifecycle, termination: DELETE begins a grace period, 0 if unscheduled; the answer is the marked Pod"
#define CASCADE                                                                                                        \
        "Garbage Collection, cascading deletion: Foreground and Orphan add a finalizer; the collector removes it"
#define POLICY_ANEW                                                                                                    \
        "DeleteOptions, propagationPolicy: that of the last DELETE counts; Background removes that finalizer"
#define COLLECTED "Garbage Collection, owners: an object none of whose owners is there is deleted in the background"
#define OWNERS    "Owners and Dependents: that an owner exists is not checked when ownerReferences are written"
#define IMMUTABLE                                                                                                      \
        "ConfigMap, immutable: once true, a write that changes data or immutable itself is 422; metadata may change"
#define UNCHANGED "API conventions, resourceVersion: a write that changes nothing is not stored; the version stays"

/* Why a world leaves a row out. */
#define NO_POD             "its placeholders are Leases"
#define NO_CASCADE         "nobody names a propagationPolicy there, and no other finalizer holds a lock"
#define NO_BARE            "it asserts that the core never strips an unmarked lock"
#define NO_EMPTY_WRITE     "every write moves its versions: none of the protocol's leaves an object as it was"
#define NO_PUT_WITHOUT_UID "every renewal names a uid there, as kube.h demands"
#define NO_OTHER_FINALIZER "only the collector's finalizers hold its placeholders"
#define NO_LOOSE_OWNER     "the deletion of an owner takes no time there"
#define NO_LOOK_STRIP      "the agent does not look at it"
#define NO_EDIT            "an edited lock is arranged by the tests, as one of 0.1.0"
#define NO_EDITOR          "its human edits what is there, and names nothing"
#define NO_SEAL            "nobody writes `immutable` there but the POST"

#define LACKS(world, why) .lacks[RULE_##world] = (why)
#define LACKS_CASCADE     LACKS(BUILDER, NO_CASCADE)
#define LACKS_POD         LACKS(BUILDER, NO_POD)
#define LACKS_SAME        LACKS(BUILDER, NO_EMPTY_WRITE), LACKS(MODEL, NO_EMPTY_WRITE), LACKS(SIM, NO_EMPTY_WRITE)
#define LACKS_NOTHING     .lacks = {NULL}
#define LACKS_POD_OR_SAME LACKS_POD, LACKS(MODEL, NO_EMPTY_WRITE), LACKS(SIM, NO_EMPTY_WRITE)
#define LACKS_EDIT        LACKS(BUILDER, NO_EDIT)
#define LACKS_NAMED_EDIT  LACKS(BUILDER, NO_EDIT), LACKS(MODEL, NO_EDITOR), LACKS(SIM, NO_EDITOR)
#define LACKS_SEAL        LACKS(BUILDER, NO_SEAL), LACKS(MODEL, NO_SEAL), LACKS(SIM, NO_SEAL)
#define HIDES_STRIPPED    .lacks_answer[RULE_BUILDER] = NO_LOOK_STRIP, .lacks_answer[RULE_MODEL] = NO_LOOK_STRIP

/* A request that is refused changes nothing. */
#define REFUSED(result_, state) .before = RULE_##state, .result = RULE_##result_, .after = RULE_##state

#define PLACEHOLDER(KIND, words, ...)                                                                                  \
        { .name = words, .kind = RULE_##KIND, __VA_ARGS__ }
#define LOCK(words, ...)                                                                                               \
        { .name = "lock: " words, .kind = RULE_LOCK, __VA_ARGS__ }

const struct rule rules[] = {
        /* ---- reading and creating the lock ---- */
        LOCK("GET of an absent one", .verb = RULE_READ, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT),
        LOCK("GET", .verb = RULE_READ, .before = RULE_THERE, .answer = RULE_THERE, .after = RULE_THERE,
             .source = NAMES),
        LOCK("GET of a marked one shows the mark", .verb = RULE_READ, .before = RULE_MARKED, .answer = RULE_MARKED,
             .after = RULE_MARKED, .source = FINALIZERS),
        LOCK("POST", .verb = RULE_CREATE, .before = RULE_ABSENT, .answer = RULE_THERE, .after = RULE_THERE,
             .source = NAMES),
        LOCK("POST after the owner was deleted succeeds, and is collected", .owner = RULE_OWNER_GONE,
             .verb = RULE_CREATE, .before = RULE_ABSENT, .answer = RULE_THERE, .collect = true, .after = RULE_MARKED,
             .owner_gone = true, .source = OWNERS),
        LOCK("POST of a taken name", .verb = RULE_CREATE, REFUSED(EXISTS, THERE), .source = NAMES),
        LOCK("POST while the old one is marked", .verb = RULE_CREATE, REFUSED(EXISTS, MARKED), .source = NAMES),
        LOCK("POST of a name taken by one without finalizer", .verb = RULE_CREATE, REFUSED(EXISTS, BARE),
             .source = NAMES, LACKS(BUILDER, NO_BARE)),

        /* ---- deleting the lock ---- */
        LOCK("DELETE by uid marks it", .verb = RULE_DELETE, .uid = RULE_UID, .before = RULE_THERE,
             .answer = RULE_MARKED, .after = RULE_MARKED, .moved = true, .source = FINALIZERS),
        LOCK("DELETE by uid and version marks it", .verb = RULE_DELETE, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_THERE, .answer = RULE_MARKED, .after = RULE_MARKED, .moved = true, .source = FINALIZERS),
        LOCK("DELETE by another uid", .verb = RULE_DELETE, .uid = RULE_OTHER_UID, REFUSED(CONFLICT, THERE),
             .source = PRECONDITIONS),
        LOCK("DELETE by an old version", .verb = RULE_DELETE, .uid = RULE_UID, .version = RULE_OLD_VERSION,
             REFUSED(CONFLICT, THERE), .source = PRECONDITIONS),
        LOCK("DELETE of a marked one changes nothing", .verb = RULE_DELETE, .uid = RULE_UID, .before = RULE_MARKED,
             .answer = RULE_MARKED, .after = RULE_MARKED, .source = FINALIZERS),
        LOCK("DELETE of a marked one by its version changes nothing", .verb = RULE_DELETE, .uid = RULE_UID,
             .version = RULE_VERSION, .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED,
             .source = FINALIZERS),
        LOCK("DELETE of a marked one by another uid", .verb = RULE_DELETE, .uid = RULE_OTHER_UID,
             REFUSED(CONFLICT, MARKED), .source = PRECONDITIONS),
        LOCK("DELETE of a marked one by the version before the mark", .verb = RULE_DELETE, .uid = RULE_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, MARKED), .source = PRECONDITIONS),
        LOCK("DELETE of an absent one", .verb = RULE_DELETE, .uid = RULE_OTHER_UID, REFUSED(NOT_FOUND, ABSENT),
             .source = ABSENT),
        LOCK("DELETE of one without finalizer removes it", .verb = RULE_DELETE, .uid = RULE_UID, .before = RULE_BARE,
             .after = RULE_ABSENT, .source = AT_ONCE, LACKS(BUILDER, NO_BARE)),
        LOCK("DELETE in the foreground marks it and holds it", .verb = RULE_DELETE_FOREGROUND, .before = RULE_THERE,
             .answer = RULE_MARKED_TWICE, .collect = true, .after = RULE_MARKED, .moved = true, .source = CASCADE,
             LACKS_CASCADE),
        LOCK("DELETE with orphaning marks it and holds it", .verb = RULE_DELETE_ORPHAN, .before = RULE_THERE,
             .answer = RULE_MARKED_TWICE, .collect = true, .after = RULE_MARKED, .moved = true, .source = CASCADE,
             LACKS_CASCADE),
        LOCK("DELETE in the foreground of a marked one holds it once more", .verb = RULE_DELETE_FOREGROUND,
             .before = RULE_MARKED, .answer = RULE_MARKED_TWICE, .collect = true, .after = RULE_MARKED, .moved = true,
             .source = CASCADE, LACKS_CASCADE),
        LOCK("DELETE in the foreground of one without finalizer: gone when collected", .verb = RULE_DELETE_FOREGROUND,
             .before = RULE_BARE, .answer = RULE_HELD, .collect = true, .after = RULE_ABSENT, .source = CASCADE,
             LACKS_CASCADE),
        LOCK("DELETE in the background takes the collector's finalizer away", .verb = RULE_DELETE, .uid = RULE_UID,
             .before = RULE_COLLECTING, .answer = RULE_MARKED, .after = RULE_MARKED, .moved = true,
             .source = POLICY_ANEW, LACKS_CASCADE),

        /* ---- stripping the lock ---- */
        LOCK("strip of a marked one removes it", .verb = RULE_STRIP, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_MARKED, .answer = RULE_GOING, .after = RULE_ABSENT, .source = FINALIZERS, HIDES_STRIPPED),
        LOCK("strip takes every finalizer", .verb = RULE_STRIP, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_MARKED_TWICE, .answer = RULE_GOING, .after = RULE_ABSENT, .source = FINALIZERS,
             LACKS_CASCADE, HIDES_STRIPPED),
        LOCK("strip of a marked one by the version before the mark", .verb = RULE_STRIP, .uid = RULE_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, MARKED), .source = CONCURRENCY),
        LOCK("strip of a marked one by another uid", .verb = RULE_STRIP, .uid = RULE_OTHER_UID, .version = RULE_VERSION,
             REFUSED(INVALID, MARKED), .source = UID_PATCHED),
        LOCK("strip of a marked one by another uid and an old version", .verb = RULE_STRIP, .uid = RULE_OTHER_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, MARKED), .source = CONCURRENCY),
        LOCK("strip of an unmarked one leaves it without finalizer", .verb = RULE_STRIP, .uid = RULE_UID,
             .version = RULE_VERSION, .before = RULE_THERE, .answer = RULE_BARE, .after = RULE_BARE, .moved = true,
             .source = FINALIZERS, .lacks_answer[RULE_MODEL] = NO_LOOK_STRIP, LACKS(BUILDER, NO_BARE)),
        LOCK("strip of an unmarked one by an old version", .verb = RULE_STRIP, .uid = RULE_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, THERE), .source = CONCURRENCY),
        LOCK("strip of an unmarked one by another uid", .verb = RULE_STRIP, .uid = RULE_OTHER_UID,
             .version = RULE_VERSION, REFUSED(INVALID, THERE), .source = UID_PATCHED),
        LOCK("strip of an absent one", .verb = RULE_STRIP, .uid = RULE_OTHER_UID, .version = RULE_OLD_VERSION,
             REFUSED(NOT_FOUND, ABSENT), .source = ABSENT),

        /* ---- writing into the lock ---- */
        LOCK("PATCH of an annotation", .verb = RULE_NOTE, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_THERE, .answer = RULE_THERE, .after = RULE_THERE, .moved = true, .source = CONCURRENCY),
        LOCK("PATCH of an annotation by an old version", .verb = RULE_NOTE, .uid = RULE_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, THERE), .source = CONCURRENCY),
        LOCK("PATCH of an annotation by another uid", .verb = RULE_NOTE, .uid = RULE_OTHER_UID, .version = RULE_VERSION,
             REFUSED(INVALID, THERE), .source = UID_PATCHED),
        LOCK("PATCH of an annotation of a marked one", .verb = RULE_NOTE, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED, .moved = true, .source = MARKS),
        LOCK("PATCH of an annotation of an absent one", .verb = RULE_NOTE, .uid = RULE_OTHER_UID,
             .version = RULE_OLD_VERSION, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT),
        LOCK("PATCH of the data", .verb = RULE_CHANGE, REFUSED(INVALID, THERE), .source = IMMUTABLE, LACKS_EDIT),
        LOCK("PATCH of the data of a marked one", .verb = RULE_CHANGE, REFUSED(INVALID, MARKED), .source = IMMUTABLE,
             LACKS_EDIT),
        LOCK("PATCH of the data of an orphaned one", .verb = RULE_CHANGE, REFUSED(INVALID, ORPHANED),
             .source = IMMUTABLE, LACKS_EDIT),
        LOCK("PATCH of the data of one that is not immutable", .verb = RULE_CHANGE, .before = RULE_OPEN,
             .answer = RULE_OPEN, .after = RULE_OPEN, .moved = true, .source = CONCURRENCY, LACKS_EDIT),
        LOCK("PATCH of the data by uid and version", .verb = RULE_CHANGE, .uid = RULE_UID, .version = RULE_VERSION,
             REFUSED(INVALID, THERE), .source = IMMUTABLE, LACKS_NAMED_EDIT),
        LOCK("PATCH of the data by an old version", .verb = RULE_CHANGE, .uid = RULE_UID, .version = RULE_OLD_VERSION,
             REFUSED(CONFLICT, THERE), .source = CONCURRENCY, LACKS_NAMED_EDIT),
        LOCK("PATCH of the data by an old version, of one that is not immutable", .verb = RULE_CHANGE, .uid = RULE_UID,
             .version = RULE_OLD_VERSION, REFUSED(CONFLICT, OPEN), .source = CONCURRENCY, LACKS_NAMED_EDIT),
        LOCK("PATCH of the data by another uid, of one that is not immutable", .verb = RULE_CHANGE,
             .uid = RULE_OTHER_UID, .version = RULE_VERSION, REFUSED(INVALID, OPEN), .source = UID_PATCHED,
             LACKS_NAMED_EDIT),
        LOCK("PATCH of the data of an absent one", .verb = RULE_CHANGE, .uid = RULE_OTHER_UID,
             .version = RULE_OLD_VERSION, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT, LACKS_NAMED_EDIT),
        LOCK("PATCH of immutable to false", .verb = RULE_UNSEAL, REFUSED(INVALID, THERE), .source = IMMUTABLE,
             LACKS_SEAL),
        LOCK("PATCH of immutable to nothing", .verb = RULE_UNSET, REFUSED(INVALID, THERE), .source = IMMUTABLE,
             LACKS_SEAL),
        LOCK("PATCH of immutable of a marked one", .verb = RULE_UNSEAL, REFUSED(INVALID, MARKED), .source = IMMUTABLE,
             LACKS_SEAL),
        LOCK("PATCH of immutable to true", .verb = RULE_SEAL, .before = RULE_OPEN, .answer = RULE_THERE,
             .after = RULE_THERE, .moved = true, .source = IMMUTABLE, LACKS_SEAL),
        LOCK("PUT over it", .verb = RULE_OVERWRITE, REFUSED(INVALID, THERE), .source = IMMUTABLE, LACKS_SEAL),
        LOCK("PUT over one that is not immutable", .verb = RULE_OVERWRITE, .before = RULE_OPEN, .answer = RULE_BARE,
             .after = RULE_BARE, .moved = true, .source = CONCURRENCY, LACKS_SEAL),
        LOCK("PATCH that changes nothing", .verb = RULE_SAME, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_THERE, .answer = RULE_THERE, .after = RULE_THERE, .source = UNCHANGED, LACKS_SAME),
        LOCK("PATCH of the owner into an orphaned one", .verb = RULE_RESTORE, .uid = RULE_UID, .version = RULE_VERSION,
             .before = RULE_ORPHANED, .answer = RULE_THERE, .collect = true, .after = RULE_THERE, .moved = true,
             .source = OWNERS),
        LOCK("PATCH of the owner by an old version", .verb = RULE_RESTORE, .uid = RULE_UID, .version = RULE_OLD_VERSION,
             REFUSED(CONFLICT, ORPHANED), .source = CONCURRENCY),

        /* ---- garbage collection of the lock ---- */
        LOCK("the collector leaves one alone whose owner lives", .before = RULE_THERE, .collect = true,
             .after = RULE_THERE, .source = COLLECTED),
        LOCK("the collector marks one whose owner is gone", .before = RULE_THERE, .owner = RULE_OWNER_GONE,
             .collect = true, .after = RULE_MARKED, .moved = true, .owner_gone = true, .source = COLLECTED),
        LOCK("the collector leaves a marked one alone", .before = RULE_MARKED, .owner = RULE_OWNER_GONE,
             .collect = true, .after = RULE_MARKED, .owner_gone = true, .source = COLLECTED),
        LOCK("the collector leaves one alone that names no owner", .before = RULE_ORPHANED, .collect = true,
             .after = RULE_ORPHANED, .source = COLLECTED),
        LOCK("the collector removes one without finalizer", .before = RULE_BARE, .owner = RULE_OWNER_GONE,
             .collect = true, .after = RULE_ABSENT, .owner_gone = true, .source = COLLECTED, LACKS(BUILDER, NO_BARE)),
        LOCK("owner deleted in the foreground: it goes without waiting for the lock", .before = RULE_THERE,
             .owner = RULE_OWNER_FOREGROUND, .collect = true, .after = RULE_MARKED, .moved = true, .owner_gone = true,
             .source = CASCADE, LACKS(BUILDER, NO_LOOSE_OWNER)),
        LOCK("owner deleted with orphaning: the lock is not marked", .before = RULE_THERE, .owner = RULE_OWNER_ORPHANS,
             .collect = true, .after = RULE_ORPHANED, .moved = true, .owner_gone = true, .source = CASCADE,
             LACKS(BUILDER, NO_LOOSE_OWNER)),

/* ---- what Lease and Pod have in common ---- */
#define BOTH(KIND, WORD, LACK, LACK_CASCADE, LACK_SAME)                                                                \
        PLACEHOLDER(KIND, WORD ": GET of an absent one", .verb = RULE_READ, REFUSED(NOT_FOUND, ABSENT),                \
                    .source = ABSENT, LACK),                                                                           \
                PLACEHOLDER(KIND, WORD ": GET of a marked one shows the mark", .verb = RULE_READ,                      \
                            .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED, .source = FINALIZERS,  \
                            LACK),                                                                                     \
                PLACEHOLDER(KIND, WORD ": POST", .verb = RULE_CREATE, .before = RULE_ABSENT, .answer = RULE_THERE,     \
                            .after = RULE_THERE, .source = NAMES, LACK),                                               \
                PLACEHOLDER(KIND, WORD ": POST of a taken name", .verb = RULE_CREATE, REFUSED(EXISTS, THERE),          \
                            .source = NAMES, LACK),                                                                    \
                PLACEHOLDER(KIND, WORD ": POST while the old one is marked", .verb = RULE_CREATE,                      \
                            REFUSED(EXISTS, MARKED), .source = NAMES, LACK),                                           \
                PLACEHOLDER(KIND, WORD ": DELETE by another uid", .verb = RULE_DELETE, .uid = RULE_OTHER_UID,          \
                            .version = RULE_VERSION, REFUSED(CONFLICT, THERE), .source = PRECONDITIONS, LACK),         \
                PLACEHOLDER(KIND, WORD ": DELETE by an old version", .verb = RULE_DELETE, .uid = RULE_UID,             \
                            .version = RULE_OLD_VERSION, REFUSED(CONFLICT, THERE), .source = PRECONDITIONS, LACK),     \
                PLACEHOLDER(KIND, WORD ": DELETE of an absent one", .verb = RULE_DELETE, .uid = RULE_OTHER_UID,        \
                            .version = RULE_OLD_VERSION, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT, LACK),          \
                PLACEHOLDER(KIND, WORD ": DELETE in the foreground marks it; gone when collected",                     \
                            .verb = RULE_DELETE_FOREGROUND, .before = RULE_THERE, .answer = RULE_MARKED,               \
                            .collect = true, .after = RULE_ABSENT, .source = CASCADE, LACK_CASCADE),                   \
                PLACEHOLDER(KIND, WORD ": DELETE with orphaning marks it; gone when collected",                        \
                            .verb = RULE_DELETE_ORPHAN, .before = RULE_THERE, .answer = RULE_MARKED, .collect = true,  \
                            .after = RULE_ABSENT, .source = CASCADE, LACK_CASCADE),                                    \
                PLACEHOLDER(KIND, WORD ": renewal", .verb = RULE_RENEW, .uid = RULE_UID, .version = RULE_VERSION,      \
                            .before = RULE_THERE, .answer = RULE_THERE, .after = RULE_THERE, .moved = true,            \
                            .source = CONCURRENCY, LACK),                                                              \
                PLACEHOLDER(KIND, WORD ": renewal by an old version", .verb = RULE_RENEW, .uid = RULE_UID,             \
                            .version = RULE_OLD_VERSION, REFUSED(CONFLICT, THERE), .source = CONCURRENCY, LACK),       \
                PLACEHOLDER(KIND, WORD ": renewal of a marked one by an old version", .verb = RULE_RENEW,              \
                            .uid = RULE_UID, .version = RULE_OLD_VERSION, REFUSED(CONFLICT, MARKED),                   \
                            .source = CONCURRENCY, LACK),                                                              \
                PLACEHOLDER(KIND, WORD ": clearing a marked one removes it", .verb = RULE_CLEAR, .uid = RULE_UID,      \
                            .version = RULE_VERSION, .before = RULE_MARKED, .answer = RULE_GOING,                      \
                            .after = RULE_ABSENT, .source = FINALIZERS, LACK),                                         \
                PLACEHOLDER(KIND, WORD ": clearing a marked one by an old version", .verb = RULE_CLEAR,                \
                            .uid = RULE_UID, .version = RULE_OLD_VERSION, REFUSED(CONFLICT, MARKED),                   \
                            .source = CONCURRENCY, LACK),                                                              \
                PLACEHOLDER(KIND, WORD ": clearing one that nothing holds changes nothing", .verb = RULE_CLEAR,        \
                            .uid = RULE_UID, .version = RULE_VERSION, .before = RULE_THERE, .answer = RULE_THERE,      \
                            .after = RULE_THERE, .source = UNCHANGED, LACK_SAME)

        BOTH(LEASE, "Lease", LACKS_NOTHING, LACKS_CASCADE, LACKS_SAME),
        BOTH(POD, "Pod", LACKS_POD, LACKS_POD, LACKS_POD_OR_SAME),

        /* ---- where they differ ---- */
        PLACEHOLDER(LEASE, "Lease: DELETE by uid and version removes it", .verb = RULE_DELETE, .uid = RULE_UID,
                    .version = RULE_VERSION, .before = RULE_THERE, .after = RULE_ABSENT, .source = AT_ONCE),
        PLACEHOLDER(LEASE, "Lease: DELETE of a marked one changes nothing", .verb = RULE_DELETE, .uid = RULE_UID,
                    .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED, .source = FINALIZERS,
                    LACKS(BUILDER, NO_OTHER_FINALIZER), LACKS(MODEL, NO_OTHER_FINALIZER),
                    LACKS(SIM, NO_OTHER_FINALIZER)),
        PLACEHOLDER(LEASE, "Lease: DELETE in the background of one that only the collector holds removes it",
                    .verb = RULE_DELETE, .uid = RULE_UID, .before = RULE_COLLECTING, .after = RULE_ABSENT,
                    .source = POLICY_ANEW),
        PLACEHOLDER(LEASE, "Lease: DELETE by uid removes it", .verb = RULE_DELETE, .uid = RULE_UID,
                    .before = RULE_THERE, .after = RULE_ABSENT, .source = AT_ONCE),
        PLACEHOLDER(LEASE, "Lease: renewal by another uid", .verb = RULE_RENEW, .uid = RULE_OTHER_UID,
                    .version = RULE_VERSION, REFUSED(CONFLICT, THERE), .source = UID_PUT),
        PLACEHOLDER(LEASE, "Lease: renewal of an absent one", .verb = RULE_RENEW, .uid = RULE_OTHER_UID,
                    .version = RULE_OLD_VERSION, REFUSED(CONFLICT, ABSENT), .source = UID_PUT),
        PLACEHOLDER(LEASE, "Lease: renewal of an absent one without a uid creates it", .verb = RULE_RENEW,
                    .before = RULE_ABSENT, .answer = RULE_THERE, .after = RULE_THERE, .source = PUT_CREATES,
                    LACKS(BUILDER, NO_PUT_WITHOUT_UID), LACKS(SIM, NO_PUT_WITHOUT_UID)),
        PLACEHOLDER(LEASE, "Lease: renewal of a marked one shows the mark, and removes what it leaves out",
                    .verb = RULE_RENEW, .uid = RULE_UID, .version = RULE_VERSION, .before = RULE_MARKED,
                    .answer = RULE_GOING, .after = RULE_ABSENT, .source = MARKS),
        PLACEHOLDER(LEASE, "Lease: clearing an absent one", .verb = RULE_CLEAR, .uid = RULE_OTHER_UID,
                    .version = RULE_OLD_VERSION, REFUSED(CONFLICT, ABSENT), .source = UID_PUT),
        PLACEHOLDER(POD, "Pod: DELETE by uid and version removes it", .verb = RULE_DELETE, .uid = RULE_UID,
                    .version = RULE_VERSION, .before = RULE_THERE, .answer = RULE_GOING, .after = RULE_ABSENT,
                    .source = POD_SHOWN, LACKS_POD),
        PLACEHOLDER(POD, "Pod: DELETE of a marked one changes nothing", .verb = RULE_DELETE, .uid = RULE_UID,
                    .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED, .source = FINALIZERS, LACKS_POD,
                    LACKS(MODEL, NO_OTHER_FINALIZER), LACKS(SIM, NO_OTHER_FINALIZER)),
        PLACEHOLDER(POD, "Pod: DELETE in the background of one that only the collector holds removes it",
                    .verb = RULE_DELETE, .uid = RULE_UID, .before = RULE_COLLECTING, .answer = RULE_MARKED,
                    .after = RULE_ABSENT, .source = POLICY_ANEW, LACKS_POD),
        PLACEHOLDER(POD, "Pod: renewal by another uid", .verb = RULE_RENEW, .uid = RULE_OTHER_UID,
                    .version = RULE_VERSION, REFUSED(INVALID, THERE), .source = UID_PATCHED, LACKS_POD),
        PLACEHOLDER(POD, "Pod: renewal of an absent one", .verb = RULE_RENEW, .uid = RULE_OTHER_UID,
                    .version = RULE_OLD_VERSION, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT, LACKS_POD),
        PLACEHOLDER(POD, "Pod: renewal of a marked one shows the mark", .verb = RULE_RENEW, .uid = RULE_UID,
                    .version = RULE_VERSION, .before = RULE_MARKED, .answer = RULE_MARKED, .after = RULE_MARKED,
                    .moved = true, .source = MARKS, LACKS_POD),
        PLACEHOLDER(POD, "Pod: clearing an absent one", .verb = RULE_CLEAR, .uid = RULE_OTHER_UID,
                    .version = RULE_OLD_VERSION, REFUSED(NOT_FOUND, ABSENT), .source = ABSENT, LACKS_POD),
};
const size_t n_rules = sizeof(rules) / sizeof(rules[0]);
