/* SPDX-License-Identifier: Apache-2.0 */
/* The placeholder: the Lease (default) or Pod that stands for one agent, namespace and tenure, owns its locks and, in
 * lease tenure, is renewed. Text and JSON to plain data and back; no I/O, no decisions.
 *
 * Where things are kept: a Lease has renewTime, acquireTime, holderIdentity and leaseDurationSeconds in its spec; a Pod
 * has them in annotations. Both have the annotations leaderagent.io/claim, /nonce and /boot-id, and our label. */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/terms.h"

struct json_object;

/* Label of everything we create. */
#define PLACEHOLDER_LABEL       "app.kubernetes.io/managed-by"
#define PLACEHOLDER_LABEL_VALUE "leader-agent"

/* Where objects of a kind are in the API. */
struct placeholder_resource {
        const char *api_version; /* "v1", of the objects and of ownerReferences to them */
        const char *path;        /* "/api/v1" */
        const char *plural;      /* "pods" */
        const char *singular;    /* "pod": for messages, as kubectl has it */
};
struct placeholder_resource placeholder_resource(enum placeholder_kind kind);
/* Of a kind, as rules of RBAC have it: "" for Pods. */
const char *placeholder_group(enum placeholder_kind kind);

enum {
        PLACEHOLDER_TERMS = 16,
};

/* A lease that the agent holds under it. */
struct placeholder_term {
        char lock_uid[64];
        uint64_t duration_usec; /* whole seconds */
};

/* A foreign object of that name parses too: then the fields that only our agents write are empty. */
struct placeholder_object {
        enum placeholder_kind kind;
        char ns[64];
        char name[254];
        char uid[64];     /* given by the server, empty in an object that is to be created */
        char version[32]; /* resourceVersion */
        bool deleting;    /* has a deletionTimestamp */
        bool managed;     /* has our label */
        bool finished;    /* a Pod that has succeeded or failed: nothing of it runs any more */
        unsigned n_finalizers;
        char claim[40];   /* nonce of the POST that made it: on the disk of the agent it belongs to */
        char nonce[40];   /* of the agent process that wrote last */
        char boot_id[40]; /* of the host when it was written last */
        char identity[128];
        char renew_time[40];          /* as written, see clock_format_utc(); compared only for equality */
        char acquire_time[40];        /* when it was created, for humans */
        uint64_t lease_duration_usec; /* whole seconds; 0: none (life). The longest of its leases */
        uint64_t heartbeat_usec;      /* whole seconds, life: its renew_time is written each so often; 0: it is not */
        /* Annotation leaderagent.io/terms, of the leases held when it was written; 0.1.0 had none. */
        struct placeholder_term terms[PLACEHOLDER_TERMS];
        unsigned n_terms; /* PLACEHOLDER_TERMS: there may be more */
        bool has_terms;
};

/* The name of the placeholder of `identity` for that tenure. Returns false when it does not fit; buf is cut then. */
bool placeholder_name(char *buf, size_t size, const char *identity, enum tenure tenure);
/* Whether a lock of that tenure can name a placeholder so: a name that the API server accepts, that of a lease ends in
 * "-lease", and no other does. */
bool placeholder_name_fits(const char *name, enum tenure tenure);
/* Whether p is the placeholder that the agent `identity` made for that tenure: label, claim, identity and name say so.
 * Nothing else may be deleted, whatever names it. True of what 0.1.0 made too. */
bool placeholder_is_genuine(const struct placeholder_object *p, const char *identity, enum tenure tenure);

/* The duration that it tells of the lease on that lock, 0: none. One that it does not list cannot have a permit yet,
 * for that needs a renewal that does; where the list may be cut, or there is none (0.1.0), it is the longest of all. */
uint64_t placeholder_duration(const struct placeholder_object *p, const char *lock_uid);
/* Lists a lease; one that is listed keeps the longer duration. The longest of all is kept up. */
void placeholder_add_term(struct placeholder_object *p, const char *lock_uid, uint64_t duration_usec);

/* Reads an API object. Returns -EBADMSG with err set when it is not an object of that kind with name, namespace, uid
 * and resourceVersion; values of ours that are unusable (too long, control characters, wrong type) are left empty. */
int placeholder_parse(enum placeholder_kind kind, const char *json, size_t n, struct placeholder_object *ret,
                      struct err *err);
int placeholder_from_json(enum placeholder_kind kind, struct json_object *object, struct placeholder_object *ret,
                          struct err *err);

/* Reads a list of objects of that kind. *ret: an array to free(). Returns -ENOMEM, or -EBADMSG with err set when it is
 * none or one item is not an object with metadata, as placeholder_parse(). */
int placeholder_list_parse(enum placeholder_kind kind, const char *json, size_t n, struct placeholder_object **ret,
                           size_t *ret_n, struct err *err);

/* Bodies; *ret is a string to free(). Return -ENOMEM, or -EINVAL when p lacks what the body needs.
 * create: POST. renew: Lease: PUT of the whole object, Pod: merge PATCH; both carry uid and version of p and its
 * nonce, boot_id and renew_time. clear: removes all finalizers (Lease: PUT, Pod: PATCH), carries uid and version. */
int placeholder_build_create(const struct placeholder_object *p, char **ret);
int placeholder_build_renew(const struct placeholder_object *p, char **ret);
int placeholder_build_clear(const struct placeholder_object *p, char **ret);
