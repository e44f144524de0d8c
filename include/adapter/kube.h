/* SPDX-License-Identifier: Apache-2.0 */
/* Typed requests to the API server: locks, placeholders, Events and watches, over http. No policy and no retry: each
 * call is one request with one answer, reduced to what may be concluded from it. (Watches do restart themselves.)
 *
 * Calling rules, for all requests and watches:
 * - They return 0 when started, -EINVAL for an argument that cannot be meant (a name that is not one), -ENOMEM. After
 *   an error there is no callback.
 * - Callbacks come from the loop, one per turn, never before the call returned, and are the last thing done in their
 *   turn: in one, anything may be called and freed, the object that calls included, and after its free there is none
 *   any more. A request has exactly one, also when the server hangs (request time-out); a watch tells the events of a
 *   stream in order, each once.
 * - ret_slot: the caller owns the slot and frees it whenever it likes, also after the callback. A request under way is
 *   cancelled by that: its socket is closed, a write may still have landed. NULL: nobody wants to cancel, the slot goes
 *   by itself after the callback.
 * - kube_free() cancels everything; slots that live on must still be freed, before or after.
 * - Strings and structs passed in are copied; a reply or event and what it points to live until the callback returns.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"
#include "codec/credentials.h"
#include "codec/event.h"
#include "codec/kubeconfig.h"
#include "codec/lock.h"
#include "codec/placeholder.h"
#include "codec/rights.h"

struct kube;
struct kube_slot;

enum kube_result {
        KUBE_OK = 0,
        KUBE_NOT_FOUND, /* 404 that the API server itself gave for this very object (or its namespace) */
        KUBE_EXISTS,    /* 409 AlreadyExists: not created. It may still be an earlier POST of ours that landed */
        KUBE_CONFLICT,  /* any other 409, and 422 of a write that named a uid: not as you think any more, read again */
        KUBE_DENIED,    /* 401, 403: not executed */
        KUBE_TERMINATING, /* 403 NamespaceTerminating: not executed, nobody can create anything there */
        KUBE_REFUSED,     /* any other 3xx or 4xx: not executed; wrong address, wrong request or a proxy in between */
        KUBE_THROTTLED,   /* 429: not executed, see retry_after_usec */
        KUBE_UNREACHABLE, /* not a byte of the request was sent: surely not executed */
        KUBE_UNKNOWN,     /* time-out, reset, 5xx: a write may have landed or land later, a read is unanswered */
        KUBE_GARBLED,     /* 2xx that is not what was asked for (HTML, cut off, wrong kind or uid, too large): a write
                           * counts as unknown, a read as unanswered */
};

const char *kube_result_to_string(enum kube_result result);
/* Whether a write that was answered so may have been executed, or may be later. */
bool kube_result_may_land(enum kube_result result);

struct kube_reply {
        enum kube_result result;
        long http_code;            /* 0: there was no answer */
        uint64_t sent_at_usec;     /* CLOCK_BOOTTIME, taken before the request was handed to libcurl */
        uint64_t retry_after_usec; /* what the server asked for, 0: nothing */
        const char *text;          /* one line for a human about the failure, as kubectl would say; "" when KUBE_OK */
        const struct lock_object *lock;               /* the object in the answer; NULL: the answer has none */
        const struct placeholder_object *placeholder; /* a DELETE has one when the object stays for its finalizers */
        const struct lock_object *locks;              /* kube_lock_list(): n_locks of them */
        size_t n_locks;
        const struct placeholder_object *placeholders; /* kube_placeholder_list(): n_placeholders of them */
        size_t n_placeholders;
        const char *namespace_uid;        /* kube_namespace_get(), KUBE_OK; else NULL */
        const struct rights_rules *rules; /* kube_rules_review(); NULL: the answer has none */
        bool allowed;                     /* kube_access_review(), KUBE_OK */
        const char *token;                /* kube_token_request(), KUBE_OK; else NULL */
};

typedef void (*kube_reply_cb)(const struct kube_reply *reply, void *userdata);

/* config is borrowed until kube_free(). A plugin (exec) of it is run for the first request, then in time before the end
 * of what it gave, and after a 401. While there is nothing good from it requests wait as long as they may take, and
 * then are KUBE_UNREACHABLE, with the reason. request_timeout_usec bounds each request as a whole, 0: 5 s.
 * Returns -ENOMEM, -EINVAL with err set when the configuration is unusable (certificate files are read only when
 * connecting; what is wrong with them comes as KUBE_UNREACHABLE). The environment's proxy variables are ignored. */
int kube_new(struct kube **ret, sd_event *event, const struct kubeconfig *config, uint64_t request_timeout_usec,
             struct err *err);
/* Whether a connection can be made of it: certificate files too are read, and must belong together. Asks nobody, does
 * not wait. Returns 0, -ENOMEM, or -EINVAL with err set. */
int kube_check(const struct kubeconfig *config, struct err *err);
struct kube *kube_free(struct kube *kube);
DEFINE_CLEANUP(struct kube *, kube_free)

struct kube_slot *kube_slot_free(struct kube_slot *slot);
DEFINE_CLEANUP(struct kube_slot *, kube_slot_free)

/* ---- locks. All changes are conditional: what they change must have that uid and that version. ---- */

/* Quorum read (no resourceVersion). */
int kube_lock_get(struct kube *kube, const char *ns, const char *name, kube_reply_cb cb, void *userdata,
                  struct kube_slot **ret_slot);
/* Quorum read of every lock of the namespace (NULL: of the cluster) that has our label. A foreign lock has none, and an
 * overwritten one may have lost it. */
int kube_lock_list(struct kube *kube, const char *ns, kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
/* POST: KUBE_OK is 201. ns, name and the record must be filled; the owner is the record's placeholder. */
int kube_lock_create(struct kube *kube, const struct lock_object *lock, kube_reply_cb cb, void *userdata,
                     struct kube_slot **ret_slot);
/* Marks the lock (it stays for its finalizer). version may be NULL. */
int kube_lock_delete(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                     kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
/* Removes all finalizers; for a lock whose mark was read. The lock in the answer is the last state of the object. */
int kube_lock_strip(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                    kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
/* seen: the lock as read last; its ns, name, uid, version and term are used. */
int kube_lock_adopt(struct kube *kube, const struct lock_object *seen, const char *boot_id, kube_reply_cb cb,
                    void *userdata, struct kube_slot **ret_slot);
int kube_lock_restore(struct kube *kube, const struct lock_object *seen, const struct placeholder_object *placeholder,
                      kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
int kube_lock_annotate(struct kube *kube, const struct lock_object *seen, const char *key, const char *value,
                       kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);

/* ---- placeholders ---- */

int kube_placeholder_get(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                         kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
/* Quorum read of every object of that kind in the namespace that has our label. */
int kube_placeholder_list(struct kube *kube, enum placeholder_kind kind, const char *ns, kube_reply_cb cb,
                          void *userdata, struct kube_slot **ret_slot);
int kube_placeholder_create(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot);
/* p: as it shall be (renew_time, nonce, boot_id), with the uid and version it must have until then. */
int kube_placeholder_renew(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot);
/* Removes all finalizers of p, which is dying and was read so. */
int kube_placeholder_clear(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot);
/* version may be NULL. */
int kube_placeholder_delete(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                            const char *uid, const char *version, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot);

/* ---- namespaces ---- */

/* Quorum read of the Namespace object. Needs the right `get` on it, which a Role in that namespace can give. */
int kube_namespace_get(struct kube *kube, const char *name, kube_reply_cb cb, void *userdata,
                       struct kube_slot **ret_slot);

/* ---- what this user may do: asked aside, never in the way of the others ---- */

/* SelfSubjectRulesReview: the rules that are in force for us in the namespace. */
int kube_rules_review(struct kube *kube, const char *ns, kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
/* SelfSubjectAccessReview: whether we may do this. verb: one bit of RIGHTS_*. */
int kube_access_review(struct kube *kube, const char *ns, const struct rights_ask *ask, unsigned verb, kube_reply_cb cb,
                       void *userdata, struct kube_slot **ret_slot);

/* ---- our credentials: whose they are, how long they are good, and a new token ---- */

struct kube_credentials {
        struct credentials_term token, certificate;
        struct credentials_account account; /* of the token */
        const char *
                problem; /* why CA, certificate and key are not those that their files hold now; NULL or "": they are */
        /* Of a kubeconfig with a plugin (exec), whose credentials have no terms above: it is run in time. */
        const char *plugin_problem; /* why it gave none when it ran last; NULL or "": it did, or there is no plugin */
        uint64_t plugin_ends_usec;  /* wall clock: what it gave before is sent until then; 0: there is none, or it is
                                     * sent until it is refused (plugin_has_one) */
        bool plugin_has_one;        /* it has given one, which may be over, and which was not refused (401) last */
};

/* Where a plugin is run: by who listens on that socket, which is borrowed (default: EXEC_SOCKET of
 * codec/exec_request.h); NULL: by a child of this process, as its user. patient: requests wait for it as long as it may
 * run, and have their own time after that. Before the first request. */
void kube_set_plugin(struct kube *kube, const char *socket, bool patient);

/* As read last: a token file is read as requests need it. Lives as long as kube. */
const struct kube_credentials *kube_credentials(const struct kube *kube);
/* Reads again what is in files; a token file at most once in 50 s. */
void kube_credentials_look(struct kube *kube);

/* TokenRequest: a new token of this service account, good for so many seconds (600 at least), or for less where the
 * cluster caps that: the token says it. Needs `create` of serviceaccounts/token. Those given before stay good. */
int kube_token_request(struct kube *kube, const char *ns, const char *account, uint64_t seconds, kube_reply_cb cb,
                       void *userdata, struct kube_slot **ret_slot);
/* Replaces the content of the kubeconfig's token file at once, in an instant: written beside it, with its owner and
 * mode, synced and renamed (of a symlink: what it leads to). After an error the old or the new one is there, whole, and
 * nothing else. Only what this kube has read is replaced. Returns 0; -ENOENT the kubeconfig names no token file, or it
 * is gone; -EBUSY somebody else is at it; -ESTALE it has become another one; other negative errno; err says which file,
 * why, and what helps. */
int kube_token_replace(const struct kube *kube, const char *token, struct err *err);

/* ---- Events ---- */

/* Sends it after `delay_usec` and forgets it: no callback, failures are dropped, at most 8 waiting or under way (more
 * are dropped too: -EAGAIN). */
int kube_event_create(struct kube *kube, const struct event_object *e, uint64_t delay_usec);
/* How many are under way, for a program that ends after it. */
unsigned kube_events_pending(const struct kube *kube);

/* ---- watches ---- */

enum kube_watch_type {
        KUBE_WATCH_OBJECT = 0, /* it is there, like this: lock or placeholder is set */
        KUBE_WATCH_GONE,       /* it was deleted; lock or placeholder is its last state */
        KUBE_WATCH_ABSENT,     /* there is no such object (as of the stream's beginning, or of a read) */
        KUBE_WATCH_DOWN,       /* the watch does not work (text); it goes on trying. Told when that begins and when its
                                * cause changes; when the server was silent, after each attempt */
        KUBE_WATCH_ALIVE,      /* nothing new, the server says (a bookmark or a read): at most each 5 s */
};

struct kube_watch_event {
        enum kube_watch_type type;
        const struct lock_object *lock;
        const struct placeholder_object *placeholder;
        const char *text; /* KUBE_WATCH_DOWN: why; else "" */
        bool silent;      /* KUBE_WATCH_DOWN: no answer, or the server cannot serve now (5xx) */
        bool unreadable;  /* KUBE_WATCH_DOWN: the reads instead fail as well; until the next polled event */
        bool polled;      /* not KUBE_WATCH_DOWN: the watch is still down; this is from a read instead, or from a stream
                           * that has yet to last. false: it works (again) */
        long http_code;   /* KUBE_WATCH_DOWN: the answer that is in the way (403: the right to watch, or, if unreadable,
                           * to   get is missing); 0: it is not for an answer */
};

typedef void (*kube_watch_cb)(const struct kube_watch_event *event, void *userdata);

/* Follows one object by name for ever. Each start is without resourceVersion and so begins with what exists, told as
 * OBJECT or ABSENT: by the stream, or, when it is silent for a second (servers without the gate WatchList do not tell
 * absence), by a quorum read of its own, which needs the right `get`. Started again at the end of the stream and on
 * errors (with backoff and jitter, Retry-After obeyed up to 20 s). A peer that is gone without a word is noticed within
 * 7 s.
 *
 * A stream that is silent for the silence limit is not cut for that: a read shows whether the server answers and
 * whether something was missed; only if so, or if it does not, the stream begins anew. The limit learns: once streams
 * of this kube have shown that bookmarks come, it is the longest pause between them and a margin (with kube-apiserver,
 * which sends one a minute, 102 s, and after 16 minutes 77 s), at least 30 s. A stream that has shown bookmarks and
 * misses them so begins anew also when the read shows nothing new, without a word; one that has not is patient from
 * then on, until it does. Of several that are silent one reads first, and where that has no answer it holds for all.
 * Told is that 8 s after the read began at most, with a request time-out of 5 s.
 *
 * While the watch does not work although the server answers (it refuses the verb or the path, sends garbage, does not
 * begin to answer for 6 s; or streams end within 5 s of their start, three in a row), the object is read instead: a
 * second after the trouble began and then each 5 s; what is new is told as polled. A stream is tried again after at
 * most 30 s; after three that ended at once the next one must last 5 s before the watch counts as working. While the
 * server answers nothing, it is asked as often as a stream is tried.
 *
 * A watch wakes; it proves neither a right nor a time, and what it tells may be older than an answer that was read
 * meanwhile. */
int kube_watch_lock(struct kube *kube, const char *ns, const char *name, kube_watch_cb cb, void *userdata,
                    struct kube_slot **ret_slot);
int kube_watch_placeholder(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                           kube_watch_cb cb, void *userdata, struct kube_slot **ret_slot);
/* The server answers others: a watch that is down because it had no answer tries again within 200 ms, at most once a
 * second. When it has none again that is its own trouble, until nobody has one: told as such, and the object is read.
 * NULL is fine. */
void kube_watch_hurry(struct kube_slot *watch);
/* For watches started later: how long a stream may be silent before the object is read where no bookmarks were seen,
 * and at most (default 150 s; what is learned is never below a fifth of it), and how long it may last (default 600 s).
 */
void kube_set_watch_limits(struct kube *kube, uint64_t silence_usec, uint64_t length_usec);
