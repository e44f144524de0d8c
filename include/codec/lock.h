/* SPDX-License-Identifier: Apache-2.0 */
/* The lock: one ConfigMap per guarded operator. Text and JSON to plain data and back, and a verdict about its form; no
 * I/O, no decisions. What the fields mean: docs/ARCHITECTURE.md. */
#pragma once

#include "base/err.h"
#include "codec/placeholder.h"

struct json_object;

/* On every lock of ours until the unit is known to be stopped. Removing it means exactly that. */
#define LOCK_FINALIZER "leaderagent.io/unit-may-run"
/* Text of a human's `leaderctl fence`. */
#define LOCK_ANNOTATION_FENCED "leaderagent.io/fenced"
/* The term, written with every change of ours after the creation, because that moves the resourceVersion. */
#define LOCK_ANNOTATION_TERM "leaderagent.io/term"
/* What may change during a life term, when the record cannot: the boot that took the lock up again, and the placeholder
 * that was put back. */
#define LOCK_ANNOTATION_BOOT_ID         "leaderagent.io/boot-id"
#define LOCK_ANNOTATION_PLACEHOLDER     "leaderagent.io/placeholder"
#define LOCK_ANNOTATION_PLACEHOLDER_UID "leaderagent.io/placeholder-uid"

enum lock_form {
        LOCK_FORM_OURS,    /* complete record, our finalizer, and exactly the owner the record names (or `orphaned`) */
        LOCK_FORM_FOREIGN, /* sound lock of an in-cluster leader-for-life: one Pod owner, nothing of ours in it */
        LOCK_FORM_DAMAGED, /* anything else; `damage` says what. Also the answer to a strip: the finalizer is gone */
};

const char *lock_form_to_string(enum lock_form form);

struct lock_owner {
        char api_version[64];
        char kind[64];
        char name[254];
        char uid[64];
};

struct lock_object {
        char ns[64];
        char name[254];
        char uid[64];     /* given by the server, empty in a lock that is to be created */
        char version[32]; /* resourceVersion */
        char term[32];    /* fencing token: resourceVersion at creation (the annotation, else `version`) */
        bool deleting;    /* marked: has a deletionTimestamp */
        bool has_finalizer;
        unsigned n_finalizers; /* all of them, ours included */
        unsigned n_owners;
        struct lock_owner owner; /* the first one; empty when n_owners is 0 */
        bool immutable;          /* the API server refuses every change of data; locks of 0.1.0 are not */

        /* The record (data). Fields are filled as far as they are readable, whatever the form.
         *
         * Of an immutable lock of tenure life, boot_id is the annotation's when that is readable, and the placeholder
         * is the annotations' when they name the owner of the lock: what somebody else writes there can only end a term
         * of its holder, who alone goes by these two (nobody waits for a life term). Of a lease, which is neither
         * adopted nor restored, and for whose placeholder others wait, only data counts; and of a lock that is not
         * immutable. */
        char holder[254]; /* host name, for humans */
        char identity[128];
        char claim[40];
        bool has_placeholder; /* the next two are there and readable */
        enum placeholder_kind placeholder_kind;
        char placeholder_name[254];
        char placeholder_uid[64];
        char unit[256];
        bool has_tenure; /* tenure is there and readable */
        enum tenure tenure;
        uint64_t lease_duration_usec; /* whole seconds; 0: not there (life only) */
        char boot_id[40];
        char acquired_at[40];   /* see clock_format_utc(); for humans */
        char agent_version[32]; /* for humans */
        char succeeds[512];     /* data.fenced: text of the fence that freed the lock before this one; for humans */

        char fenced[512];    /* annotation, cut when longer; empty: not fenced */
        char created_at[40]; /* creationTimestamp, by the API server's clock; for humans */

        enum lock_form form;
        bool orphaned;    /* ours, but the list of owners is empty (an orphaning deletion of the placeholder) */
        char damage[160]; /* LOCK_FORM_DAMAGED: why, one line for a human; else empty */
};

/* Reads an API object. Returns -EBADMSG with err set when it is not a v1 ConfigMap with name, namespace, uid and
 * resourceVersion of sane length. Everything that may be wrong beyond that is a verdict in `form`, not an error. */
int lock_parse(const char *json, size_t n, struct lock_object *ret, struct err *err);
int lock_from_json(struct json_object *object, struct lock_object *ret, struct err *err);

/* Label of everything we create. */
#define LOCK_LABEL       PLACEHOLDER_LABEL
#define LOCK_LABEL_VALUE PLACEHOLDER_LABEL_VALUE

/* Reads a ConfigMapList (whose items need not repeat apiVersion and kind). *ret: an array to free(). Returns -ENOMEM,
 * or -EBADMSG with err set when it is none or one item is not an object with metadata, as lock_parse(). */
int lock_list_parse(const char *json, size_t n, struct lock_object **ret, size_t *ret_n, struct err *err);

/* A token (util_token()) of what binds a term in the record: holder, identity, claim, unit, tenure and duration. No
 * agent changes them after the POST (boot id and placeholder may change during a life term). */
uint64_t lock_record_token(const struct lock_object *l);

/* Bodies; *ret is a string to free(). Return -ENOMEM, or -EINVAL when a field they need is empty.
 * The last four are merge PATCHes that carry uid and version of `seen` and so fail when the lock has changed since.
 * Adopt and restore write into data only when `seen` is not immutable. */
int lock_build_create(const struct lock_object *lock, char **ret); /* always immutable */
/* Removes all finalizers: only for a lock whose deletion mark was read, after a confirmed stop or a depose. */
int lock_build_strip(const char *uid, const char *version, char **ret);
/* Takes the lock up again after a reboot of the holder: new boot id. The annotation of a fence that came too late goes.
 */
int lock_build_adopt(const struct lock_object *seen, const char *boot_id, char **ret);
/* Life tenure: owner and placeholder again, after somebody orphaned the lock. */
int lock_build_restore(const struct lock_object *seen, const struct placeholder_object *placeholder, char **ret);
/* Sets one annotation (value NULL: removes it). */
int lock_build_annotate(const struct lock_object *seen, const char *key, const char *value, char **ret);
/* DeleteOptions with preconditions; version may be NULL. For locks and placeholders. */
int lock_build_delete(const char *uid, const char *version, char **ret);
