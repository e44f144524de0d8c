/* SPDX-License-Identifier: Apache-2.0 */
/* The API server, the garbage collector and the two writers that are no agents: a human and the fence tool. What the
 * server does is held against tests/rules. Judges what every request must keep to (ARCHITECTURE 5, I2), decides
 * nothing. */
#include "model.h"

static void changed(struct world *w, uint8_t *version) {
        *version = token_new(w, TOKEN_VERSION);
}

static struct answer of_lock(const struct world *w, uint8_t result) {
        struct answer a = {.result = result};

        if (result == RESULT_OK && w->lock.exists) {
                a.has_object = 1;
                a.lock = w->lock;
        }
        return a;
}

static struct answer of_placeholder(const struct world *w, uint8_t result, unsigned name) {
        struct answer a = {.result = result};

        if (result == RESULT_OK && w->placeholders[name].exists) {
                a.has_object = 1;
                a.placeholder = w->placeholders[name];
        }
        return a;
}

static bool placeholder_there(const struct world *w, uint8_t uid, bool dying_too) {
        for (unsigned i = 0; i <= FOREIGN; i++)
                if (w->placeholders[i].exists && w->placeholders[i].uid == uid &&
                    (dying_too || !w->placeholders[i].deleting))
                        return true;
        return false;
}

/* Invariant 2: only after a confirmed stop of the holder, or of a lease lock whose placeholder is gone or dying. */
static void check_strip(struct world *w, unsigned sender) {
        const struct host *h = &w->hosts[w->lock.owner];

        if (!w->lock.finalizer)
                return;
        if (!w->lock.deleting)
                w->bad = "finalizer removed from a lock that nobody deleted";
        else if (sender == w->lock.owner && h->unit != PROCESSES_NONE && !h->foreign)
                w->bad = "finalizer removed by the holder while its unit runs";
        else if (sender != w->lock.owner && sender < MAX_AGENTS && w->lock.named != TENURE_LEASE)
                w->bad = "finalizer of a life lock removed by another agent";
        else if (sender != w->lock.owner && sender < MAX_AGENTS && placeholder_there(w, w->lock.placeholder, false))
                w->bad = "finalizer removed by a challenger while the placeholder that the lock names is there";
}

/* An agent marks its own lock, or a lease lock whose holder it has waited out. Human, fence tool and garbage collector
 * do not come here. */
static void check_mark(struct world *w, unsigned sender) {
        const struct api_lock *l = &w->lock;

        if (l->deleting || world_identity(sender) == world_identity(l->owner))
                return;
        if (l->named != TENURE_LEASE) /* (whatever somebody wrote into it since its POST) */
                w->bad = "life lock deleted by another agent";
        else if (placeholder_there(w, l->placeholder, false))
                w->bad = "lock deleted by a challenger while the placeholder that it names is there";
}

static void lock_unfinalize(struct world *w, unsigned sender) {
        check_strip(w, sender);
        w->lock.finalizer = 0;
        w->lock.extra = EXTRA_NONE;
        if (w->lock.deleting)
                memset(&w->lock, 0, sizeof(w->lock));
        else
                changed(w, &w->lock.version);
}

/* extra: the collector's finalizer that comes with this DELETE; that of an earlier one goes. */
void api_delete_lock(struct world *w, uint8_t extra) {
        if (!w->lock.exists || (w->lock.deleting && w->lock.extra == extra))
                return;
        w->lock.extra = extra;
        w->lock.deleting = 1;
        changed(w, &w->lock.version);
        if (!w->lock.finalizer && w->lock.extra == EXTRA_NONE)
                memset(&w->lock, 0, sizeof(w->lock));
}

void api_delete_placeholder(struct world *w, unsigned name, uint8_t extra) {
        struct api_placeholder *p = &w->placeholders[name];

        if (!p->exists || (p->deleting && p->extra == extra))
                return;
        if (extra == EXTRA_NONE) {
                memset(p, 0, sizeof(*p));
                return;
        }
        p->deleting = 1;
        p->extra = extra;
        changed(w, &p->version);
}

static struct answer lock_write(struct world *w, const struct write *r) {
        struct api_lock *l = &w->lock;

        if (r->kind == LOCK_CREATE) {
                if (l->exists)
                        return of_lock(w, RESULT_EXISTS);
                *l = (struct api_lock){.exists = 1,
                                       .finalizer = 1,
                                       .owned = 1,
                                       .immutable = !parameters.edits,
                                       .owner = r->sender,
                                       .tenure = r->tenure,
                                       .named = r->tenure,
                                       .duration = r->duration,
                                       .claim = r->claim,
                                       .placeholder = r->placeholder,
                                       .boot = r->boot};
                l->uid = token_new(w, TOKEN_LOCK);
                changed(w, &l->version);
                return of_lock(w, RESULT_OK);
        }
        if (!l->exists)
                return of_lock(w, RESULT_NOT_FOUND);
        if ((r->uid && l->uid != r->uid) || (r->version && l->version != r->version))
                return of_lock(w, RESULT_CONFLICT);
        if (r->kind == LOCK_DELETE) {
                check_mark(w, r->sender);
                api_delete_lock(w, EXTRA_NONE);
        } else if (r->kind == LOCK_STRIP)
                lock_unfinalize(w, r->sender);
        else if (r->kind == LOCK_ADOPT) {
                l->boot = r->boot;
                l->owner = r->sender;
                changed(w, &l->version);
        } else {
                l->owned = 1;
                l->placeholder = r->placeholder;
                changed(w, &l->version);
        }
        return of_lock(w, RESULT_OK);
}

static struct answer placeholder_write(struct world *w, const struct write *r) {
        struct api_placeholder *p = &w->placeholders[r->name], before = *p;
        bool put = !parameters.pod && (r->kind == PLACEHOLDER_RENEW || r->kind == PLACEHOLDER_CLEAR);
        struct answer answer;

        if (r->kind == PLACEHOLDER_CREATE) {
                if (p->exists)
                        return of_placeholder(w, RESULT_EXISTS, r->name);
                *p = (struct api_placeholder){.exists = 1,
                                              .claim = r->claim,
                                              .boot = r->boot,
                                              .nonce = r->nonce,
                                              .term = r->term,
                                              .duration = r->duration};
                p->uid = token_new(w, TOKEN_PLACEHOLDER);
                changed(w, &p->version);
                return of_placeholder(w, RESULT_OK, r->name);
        }
        if (!p->exists && r->kind == PLACEHOLDER_RENEW && !r->uid && !parameters.pod) { /* PUT creates */
                *p = (struct api_placeholder){
                        .exists = 1, .boot = r->boot, .nonce = r->nonce, .term = r->term, .duration = r->duration};
                p->uid = token_new(w, TOKEN_PLACEHOLDER);
                changed(w, &p->version);
                return of_placeholder(w, RESULT_OK, r->name);
        }
        if (!p->exists) /* a PUT that names a uid is answered 409, not 404; a Pod is PATCHed */
                return of_placeholder(w, put ? RESULT_CONFLICT : RESULT_NOT_FOUND, r->name);
        if ((r->uid && p->uid != r->uid) || (r->version && p->version != r->version))
                return of_placeholder(w, RESULT_CONFLICT, r->name);
        if (r->kind == PLACEHOLDER_DELETE) {
                if (r->name == FOREIGN)
                        w->bad = "an object that is no placeholder is deleted";
                api_delete_placeholder(w, r->name, EXTRA_NONE);
                before.deleting = 1;
                if (parameters.pod) /* the Pod that was stored is answered, marked; for a Lease it is a Status */
                        return (struct answer){.result = RESULT_OK, .has_object = 1, .placeholder = before};
        } else {
                if (r->kind == PLACEHOLDER_RENEW) {
                        p->nonce = r->nonce;
                        p->boot = r->boot;
                        p->term = r->term;
                        p->duration = r->duration;
                }
                if (put || r->kind == PLACEHOLDER_CLEAR) /* a PUT leaves the finalizers out */
                        p->extra = EXTRA_NONE;
                changed(w, &p->version);
                answer = of_placeholder(w, RESULT_OK, r->name);
                if (p->deleting && p->extra == EXTRA_NONE)
                        memset(p, 0, sizeof(*p));
                return answer;
        }
        return of_placeholder(w, RESULT_OK, r->name);
}

struct answer api_perform(struct world *w, const struct write *r) {
        if (r->kind == READ_LOCK)
                return of_lock(w, w->lock.exists ? RESULT_OK : RESULT_NOT_FOUND);
        if (r->kind == READ_PLACEHOLDER)
                return of_placeholder(w, w->placeholders[r->name].exists ? RESULT_OK : RESULT_NOT_FOUND, r->name);
        return r->kind < PLACEHOLDER_CREATE ? lock_write(w, r) : placeholder_write(w, r);
}

/* Whether a late write can never have an effect any more: versions and uids do not come back. (A DELETE of a marked
 * lock may take the collector's finalizer away; the collector does that too.) */
bool api_write_is_dead(const struct world *w, const struct write *r) {
        const struct api_lock *l = r->second == w->second ? &w->lock : &w->other.lock;
        const struct api_placeholder *p = &w->placeholders[r->name];

        if (r->kind <= READ_PLACEHOLDER)
                return true;
        if (r->kind == LOCK_CREATE || r->kind == PLACEHOLDER_CREATE)
                return false;
        if (r->kind < PLACEHOLDER_CREATE)
                return !l->exists || (r->uid && r->uid != l->uid) || (r->version && r->version != l->version) ||
                       (r->kind == LOCK_DELETE && l->deleting);
        return !p->exists || (r->uid && r->uid != p->uid) || (r->version && r->version != p->version);
}

void api_late(struct world *w, const struct write *r) {
        if (api_write_is_dead(w, r))
                return;
        if (w->n_late == MAX_LATE) {
                fprintf(stderr, "model: MAX_LATE is too small\n");
                abort();
        }
        w->late[w->n_late++] = *r;
}

static bool names(const struct api_lock *l, uint8_t uid) {
        return l->exists && l->owned && l->placeholder == uid;
}

/* What the garbage collector can do now; it may never do it. */
bool api_gc(struct world *w, unsigned what, bool dry) {
        struct api_lock *l = &w->lock;
        bool owner = l->exists && l->owned && placeholder_there(w, l->placeholder, true);
        struct api_placeholder *p = l->exists ? &w->placeholders[world_identity(l->owner)] : NULL;

        if (what == 0) { /* owner gone, or deleted in the foreground: mark the lock */
                if (!l->exists || l->deleting || !l->owned || (owner && p->extra != EXTRA_FOREGROUND))
                        return false;
                if (!dry)
                        api_delete_lock(w, EXTRA_NONE);
                return true;
        }
        if (what == 1) { /* its own finalizers on the lock */
                if (!l->exists || l->extra == EXTRA_NONE)
                        return false;
                if (dry)
                        return true;
                l->extra = EXTRA_NONE;
                changed(w, &l->version);
                if (!l->finalizer)
                        memset(l, 0, sizeof(*l));
                return true;
        }
        if (what == 2) { /* orphaning deletion of the owner: empties ownerReferences */
                if (!l->exists || !l->owned || !owner || p->extra != EXTRA_ORPHAN)
                        return false;
                if (dry)
                        return true;
                l->owned = 0;
                changed(w, &l->version);
                return true;
        }
        what -= 3;
        if (what >= parameters.agents)
                return false;
        p = &w->placeholders[what];
        /* Its finalizer on a placeholder: after an orphaning deletion when no lock names that any more, else at any
         * time (our locks do not block the deletion of their owner). */
        if (!p->exists || !p->deleting ||
            (p->extra == EXTRA_ORPHAN && (names(l, p->uid) || names(&w->other.lock, p->uid))))
                return false;
        if (!dry)
                memset(p, 0, sizeof(*p));
        return true;
}

/* The human's tool: DELETE with the uid and version shown, then PATCH with the version its own DELETE gave. */
void api_fence_goes_on(struct world *w) {
        struct fence *f = &w->fence;
        struct api_lock *l = &w->lock;

        if (!l->exists || l->uid != f->uid || l->version != f->version) { /* @fence-by-uid-and-version */
                memset(f, 0, sizeof(*f));
                return;
        }
        if (f->phase == 1) {
                api_delete_lock(w, EXTRA_NONE);
                f->version = l->version;
                f->phase = 2;
                return;
        }
        memset(l, 0, sizeof(*l));
        memset(f, 0, sizeof(*f));
}

void api_forge(struct world *w) {
        struct api_placeholder *p = &w->placeholders[FOREIGN];
        struct api_lock *l = &w->lock;

        *p = (struct api_placeholder){.exists = 1, .uid = token_new(w, TOKEN_PLACEHOLDER)};
        changed(w, &p->version);
        *l = (struct api_lock){.exists = 1,
                               .finalizer = 1,
                               .owned = 1,
                               .owner = FOREIGN,
                               .tenure = TENURE_LEASE,
                               .named = TENURE_LEASE,
                               .duration = 1,
                               .placeholder = p->uid};
        l->uid = token_new(w, TOKEN_LOCK);
        changed(w, &l->version);
}

bool api_may_edit(const struct world *w, unsigned what) {
        const struct api_lock *l = &w->lock;

        if (!l->exists || l->owner == FOREIGN || l->immutable)
                return false;
        return what == EDIT_TENURE || (l->tenure == TENURE_LEASE && (what == EDIT_RAISE || l->duration > 1));
}

/* Of a lock of 0.1.0 nothing of the server refuses it. */
void api_edit(struct world *w, unsigned what) {
        struct api_lock *l = &w->lock;

        if (what == EDIT_TENURE)
                l->tenure = l->tenure == TENURE_LEASE ? TENURE_LIFE : TENURE_LEASE;
        l->duration = what == EDIT_RAISE ? (uint8_t)(2 * l->duration) : 1;
        changed(w, &l->version);
}
