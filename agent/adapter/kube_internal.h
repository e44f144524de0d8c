/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by kube*.c only. */
#pragma once

#include "adapter/exec.h"
#include "adapter/http.h"
#include "adapter/kube.h"
#include "adapter/kube_rhythm.h"
#include "base/retry.h"
#include "codec/exec_credential.h"
#include "codec/namespace.h"
#include "codec/status.h"
#include "codec/token_request.h"

/* More than etcd takes of one object (1.5 MiB), less than what could hurt; and of a list. */
#define KUBE_RESPONSE_MAX ((size_t)2 * 1024 * 1024)
#define KUBE_LIST_MAX     ((size_t)4 * 1024 * 1024)

enum kube_op {
        KUBE_OP_GET = 0,
        KUBE_OP_CREATE,
        KUBE_OP_CHANGE, /* PUT or PATCH */
        KUBE_OP_DELETE,
        KUBE_OP_LIST,
};

enum kube_kind {
        KUBE_KIND_LOCK = 0,
        KUBE_KIND_PLACEHOLDER,
        KUBE_KIND_EVENT,
        KUBE_KIND_NAMESPACE, /* `ns` and `name` of its subject are the same */
        KUBE_KIND_RULES_REVIEW,
        KUBE_KIND_ACCESS_REVIEW,
        KUBE_KIND_TOKEN, /* `name` of its subject is the service account's */
};

/* The kind of an object in the API. */
struct kube_what {
        enum kube_kind kind;
        enum placeholder_kind placeholder; /* KUBE_KIND_PLACEHOLDER */
};

/* What a request is about, to judge its answer by. */
struct kube_subject {
        enum kube_op op;
        struct kube_what what;
        char ns[64];    /* of a list: empty for the whole cluster; of a review: empty */
        char name[254]; /* of a list: empty; of a review: its namespace */
        char uid[64];   /* the object must have it; empty: any */
};

/* A reply with everything it points to. */
struct kube_answer {
        struct kube_reply reply;
        struct placeholder_object *placeholders; /* owned as locks are */
        struct lock_object lock;
        struct placeholder_object placeholder;
        struct namespace_object namespace_;
        struct lock_object *locks; /* these three are owned by whoever had it judged */
        struct rights_rules *rules;
        char *token; /* to be wiped */
        char text[512];
};

/* A request or a watch, in the list of its kube. */
struct kube_slot {
        struct kube *kube; /* NULL: kube_free() came first */
        struct kube_slot *next, *previous;
        void (*cancel)(struct kube_slot *slot); /* ends all activity, keeps the memory */
        bool is_owned;                          /* the caller will free it */
};

/* A plugin and what it gave last. */
struct kube_exec {
        struct kubeconfig config; /* the kube's, with certificate and key of the credential; borrowed texts */
        const char *socket;       /* of who runs it; NULL: a child of ours does */
        struct exec *run;         /* NULL: it does not run */
        sd_event_source *timer;   /* until it runs again; off: nothing is planned */
        uint64_t not_before_usec; /* CLOCK_BOOTTIME: nor does it run sooner for a request */
        struct retry failed, refused;
        char problem[512]; /* why there is none, or an old one; empty: it gave one when it ran last */

        struct exec_credential credential;
        bool has_one;
        bool was_over;            /* already when it came, by our clock: it is tried all the same */
        bool was_refused;         /* 401, while it was the newest */
        uint64_t refused_at_usec; /* CLOCK_BOOTTIME: the last 401 to it; 0: none, or taken again for some time */
        uint64_t got_at_usec;     /* CLOCK_BOOTTIME */
        uint64_t refresh_at_usec; /* CLOCK_REALTIME; 0: when it is refused */
};

struct kube {
        sd_event *event;
        struct http *http;
        const struct kubeconfig *config;
        uint64_t timeout_usec;
        char *token;
        uint64_t token_read_at_usec; /* 0: read it before the next use */
        char token_error[256];       /* why there is none, or an old one */
        struct kube_exec *exec;      /* NULL: the kubeconfig names no plugin */
        struct kube_credentials credentials;
        uint64_t silence_usec, length_usec;
        struct kube_rhythm rhythm;
        struct kube_watch *asker; /* a silent one, whose read tells whether the server answers; NULL: none asks */
        uint64_t asked_at_usec;   /* when the last such read had its outcome; 0: never */
        bool was_answered;        /* that one */
        struct kube_slot *slots;
        unsigned n_events; /* Events under way */
};

/* ---- kube.c ---- */
void kube_slot_init(struct kube_slot *slot, struct kube *kube, void (*cancel)(struct kube_slot *), bool is_owned);
/* The token to send, read again when it is time; NULL: none. */
const char *kube_token(struct kube *kube);
/* What a token file holds, without blanks around it. Returns -ENODATA it is empty, -EBADMSG it holds more than a token,
 * other negative errno. */
int kube_token_read(int fd, char **ret);
/* The server has answered, or not: a 401 is the end of what was sent. */
void kube_token_judged(struct kube *kube, const struct http_result *http);
/* "/api/v1/namespaces/NS/configmaps" and so on (of a token: ".../serviceaccounts/NAME/token"), with "/NAME" unless
 * NULL; ns NULL: "/api/v1/configmaps". Returns -ENOMEM, -EINVAL for bad names. */
int kube_path(struct kube_what what, const char *ns, const char *name, char **ret);
/* "configmap", "lease" … for messages. */
const char *kube_what_to_string(struct kube_what what);

/* ---- kube_request.c ---- */
/* A quorum read of the subject (KUBE_OP_GET), which may take as long as any request, but not longer than limit_usec. */
int kube_get_limited(struct kube *kube, const struct kube_subject *subject, uint64_t limit_usec, kube_reply_cb cb,
                     void *userdata, struct kube_slot **ret_slot);

/* ---- kube_exec.c ---- */
/* Nothing is run before it is needed. Returns -ENOMEM. */
int kube_exec_init(struct kube *kube, const struct kubeconfig *config);
void kube_exec_done(struct kube *kube);
/* Something is to be sent now: what is there is used, has to come, or is not to be had, and http knows which. */
void kube_exec_want(struct kube *kube);
void kube_exec_judged(struct kube *kube, const struct http_result *http);

/* ---- kube_judge.c: pure ---- */
void kube_judge(const struct kube_subject *s, const struct http_result *http, const char *server,
                struct kube_answer *a);
