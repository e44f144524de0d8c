/* SPDX-License-Identifier: Apache-2.0 */
/* The API server, one order after the other, each whole; and the garbage collector. Its rules are those of tests/rules,
 * against which it is held; that an agent asks for what it must not is judge.c (ARCHITECTURE 5, I2). */
#include "adapter/kube.h"
#include "world.h"

static void judge_form(struct api_lock *l) {
        struct lock_object *o = &l->o;

        o->n_finalizers = (unsigned)o->has_finalizer + l->foreground + l->orphan;
        o->orphaned = false;
        o->damage[0] = '\0';
        o->form = LOCK_FORM_OURS;
        if (!o->claim[0] || !o->has_finalizer)
                o->form = LOCK_FORM_DAMAGED;
        else if (o->n_owners == 0)
                o->orphaned = true;
        else if (!util_streq(o->owner.uid, o->placeholder_uid))
                o->form = LOCK_FORM_DAMAGED;
        if (o->form == LOCK_FORM_DAMAGED)
                (void)util_copy(o->damage, sizeof(o->damage), "changed by a human");
}

static void new_version(char version[static 32]) {
        (void)snprintf(version, 32, "%llu", (unsigned long long)++world.version);
}

static void new_uid(char uid[static 64], const char *what) {
        (void)snprintf(uid, 64, "%s-%04u", what, ++world.n_uids);
}

struct api_lock *server_lock(const char *name) {
        return &world.locks[atoi(name + strlen("lock"))]; /* lockN */
}

struct api_placeholder *server_placeholder(enum placeholder_kind kind, const char *name) {
        for (size_t i = 0; i < world.n_placeholders; i++)
                if (world.placeholders[i].o.kind == kind && util_streq(world.placeholders[i].o.name, name))
                        return &world.placeholders[i];
        if (world.n_placeholders == ELEMENTSOF(world.placeholders))
                world_fail("placeholders", "more placeholders than hosts, tenures and kinds");
        world.placeholders[world.n_placeholders].o.kind = kind;
        (void)util_copy(world.placeholders[world.n_placeholders].o.name, sizeof(world.placeholders[0].o.name), name);
        return &world.placeholders[world.n_placeholders++];
}

static void set_owner(struct lock_object *o) {
        o->n_owners = 1;
        (void)util_copy(o->owner.api_version, sizeof(o->owner.api_version),
                        placeholder_resource(o->placeholder_kind).api_version);
        (void)util_copy(o->owner.kind, sizeof(o->owner.kind), placeholder_kind_to_string(o->placeholder_kind));
        (void)util_copy(o->owner.name, sizeof(o->owner.name), o->placeholder_name);
        (void)util_copy(o->owner.uid, sizeof(o->owner.uid), o->placeholder_uid);
}

/* ---- changes ---- */

static void changed_lock(struct api_lock *l) {
        judge_form(l);
        client_changed(l->watches);
}

static void changed_placeholder(struct api_placeholder *p) {
        p->o.n_finalizers = (unsigned)p->foreground + p->orphan;
        client_changed(p->watches);
}

static void mark_lock(struct api_lock *l, const char *who) {
        if (l->o.deleting)
                return;
        l->o.deleting = true;
        new_version(l->o.version);
        world_log("API: %s (%s of %s) is marked for deletion by %s", l->o.name, l->o.uid, l->o.identity, who);
}

static void remove_lock(struct api_lock *l, const char *who) {
        world_log("API: %s (%s of %s) is gone, by %s", l->o.name, l->o.uid, l->o.identity, who);
        l->exists = false;
        client_changed(l->watches);
}

static void remove_placeholder(struct api_placeholder *p, const char *who) {
        world_log("API: %s %s (%s) is gone, by %s", placeholder_kind_to_string(p->o.kind), p->o.name, p->o.uid, who);
        p->exists = p->foreground = p->orphan = false;
        client_changed(p->watches);
        server_gc_soon();
}

/* With the collector's finalizer that `how` asks for; that of an earlier DELETE goes. */
static void delete_lock(struct api_lock *l, enum propagation how, const char *who) {
        bool moved = l->o.deleting && (l->foreground != (how == FOREGROUND) || l->orphan != (how == ORPHAN));

        if (!l->exists)
                return;
        l->foreground = how == FOREGROUND;
        l->orphan = how == ORPHAN;
        if (!l->o.has_finalizer && !l->foreground && !l->orphan) {
                remove_lock(l, who);
                return;
        }
        if (moved)
                new_version(l->o.version);
        mark_lock(l, who);
        changed_lock(l);
        if (l->foreground || l->orphan)
                server_gc_soon();
}

static void delete_placeholder(struct api_placeholder *p, enum propagation how, const char *who) {
        bool moved = p->o.deleting && (p->foreground != (how == FOREGROUND) || p->orphan != (how == ORPHAN));

        if (!p->exists)
                return;
        p->foreground = how == FOREGROUND;
        p->orphan = how == ORPHAN;
        if (!p->foreground && !p->orphan) {
                remove_placeholder(p, who);
                return;
        }
        if (moved)
                new_version(p->o.version);
        if (!p->o.deleting) {
                p->o.deleting = true;
                new_version(p->o.version);
                world_log("API: %s %s (%s) is marked for deletion by %s", placeholder_kind_to_string(p->o.kind),
                          p->o.name, p->o.uid, who);
        }
        changed_placeholder(p);
        server_gc_soon();
}

void server_delete_lock(unsigned i, enum propagation how) {
        static const char *const names[] = {"a human", "a human (foreground)", "a human (orphan)"};

        delete_lock(&world.locks[i], how, names[how]);
}

void server_delete_placeholder(size_t i, enum propagation how) {
        static const char *const names[] = {"a human", "a human (foreground)", "a human (orphan)"};

        delete_placeholder(&world.placeholders[i], how, names[how]);
}

bool server_damage_lock(unsigned i) {
        struct api_lock *l = &world.locks[i];

        if (!l->exists || l->o.immutable)
                return false;
        l->o.claim[0] = l->o.identity[0] = '\0';
        new_version(l->o.version);
        world_log("API: a human overwrites %s (%s)", l->o.name, l->o.uid);
        changed_lock(l);
        return true;
}

/* ---- garbage collector ---- */

static bool owner_alive(const struct lock_object *o, struct api_placeholder **ret) {
        for (size_t i = 0; i < world.n_placeholders; i++)
                if (world.placeholders[i].exists && util_streq(world.placeholders[i].o.uid, o->owner.uid)) {
                        *ret = &world.placeholders[i];
                        return true;
                }
        return false;
}

static void orphan_dependents(const struct api_placeholder *p) {
        for (unsigned i = 0; i < world.n_locks; i++) {
                struct api_lock *l = &world.locks[i];

                if (!l->exists || l->o.n_owners == 0 || !util_streq(l->o.owner.uid, p->o.uid))
                        continue;
                l->o.n_owners = 0;
                l->o.owner = (struct lock_owner){.kind = ""};
                new_version(l->o.version);
                world_log("API: %s (%s) has no owner any more", l->o.name, l->o.uid);
                changed_lock(l);
        }
}

static void collect(void *arg, uint64_t a) {
        (void)arg;
        (void)a;
        if (world.gc_never || world.gc_stalled || world.api_down)
                return;
        for (size_t i = 0; i < world.n_placeholders; i++) {
                struct api_placeholder *p = &world.placeholders[i];

                if (!p->exists || !p->o.deleting)
                        continue;
                if (p->orphan)
                        orphan_dependents(p);
                if (p->foreground)
                        for (unsigned n = 0; n < world.n_locks; n++)
                                if (world.locks[n].exists && util_streq(world.locks[n].o.owner.uid, p->o.uid))
                                        delete_lock(&world.locks[n], BACKGROUND, "garbage collection");
                remove_placeholder(p, "garbage collection");
        }
        for (unsigned i = 0; i < world.n_locks; i++) {
                struct api_lock *l = &world.locks[i];
                struct api_placeholder *owner;

                if (!l->exists)
                        continue;
                if (l->o.n_owners > 0 && !l->o.deleting && !owner_alive(&l->o, &owner))
                        delete_lock(l, BACKGROUND, "garbage collection");
                if (!l->foreground && !l->orphan)
                        continue;
                l->foreground = l->orphan = false;
                new_version(l->o.version);
                if (l->o.deleting && !l->o.has_finalizer)
                        remove_lock(l, "garbage collection");
                else
                        changed_lock(l);
        }
}

void server_gc_soon(void) {
        world_post(world.now + (world_chance(80) ? world_between(5, 70) * MSEC : world_between(100, 3000) * MSEC), NULL,
                   collect, NULL, 0);
}

/* ---- orders ---- */

/* Preconditions of a merge PATCH or PUT: 409 and 422 are the same to the client. */
static bool stale(const char *uid, const char *version, const char *want_uid, const char *want_version) {
        return (want_uid[0] && !util_streq(uid, want_uid)) || (want_version[0] && !util_streq(version, want_version));
}

static void give_lock(struct outcome *r, const struct lock_object *o) {
        r->has_lock = true;
        r->lock = *o;
        if (!r->lock.term[0])
                (void)util_copy(r->lock.term, sizeof(r->lock.term), o->version);
}

static void create_lock(const struct order *o, struct api_lock *l, struct outcome *r) {
        if (l->exists) {
                r->result = KUBE_EXISTS;
                return;
        }
        l->exists = true;
        l->foreground = l->orphan = false;
        l->o = o->lock;
        l->o.has_finalizer = true;
        l->o.immutable = !world.open_locks;
        l->o.deleting = false;
        l->o.fenced[0] = '\0';
        new_uid(l->o.uid, "L");
        new_version(l->o.version);
        (void)util_copy(l->o.term, sizeof(l->o.term), l->o.version);
        set_owner(&l->o);
        world_log("API: %s is created (%s) for %s, tenure %s, owner %s", l->o.name, l->o.uid, l->o.identity,
                  tenure_to_string(l->o.tenure), l->o.placeholder_uid);
        changed_lock(l);
        give_lock(r, &l->o);
        server_gc_soon();
}

static void execute_lock(const struct order *o, struct outcome *r) {
        struct api_lock *l = server_lock(o->name);

        if (o->verb == VERB_CREATE) {
                create_lock(o, l, r);
                return;
        }
        if (!l->exists) {
                r->result = KUBE_NOT_FOUND;
                return;
        }
        if (stale(l->o.uid, l->o.version, o->uid, o->version)) {
                r->result = KUBE_CONFLICT;
                return;
        }
        if (o->verb == VERB_DELETE)
                delete_lock(l, BACKGROUND, o->who);
        else if (o->verb == VERB_STRIP) {
                judge_finalizer_removed(&l->o, o);
                l->o.has_finalizer = false;
                l->foreground = l->orphan = false;
                if (l->o.deleting)
                        remove_lock(l, o->who);
                else
                        new_version(l->o.version);
                judge_form(l);
                give_lock(r, &l->o);
                if (l->exists)
                        changed_lock(l);
                return;
        } else if (o->verb == VERB_ADOPT) {
                (void)util_copy(l->o.boot_id, sizeof(l->o.boot_id), o->lock.boot_id);
                new_version(l->o.version);
                world_log("API: %s (%s) now has boot id %s", l->o.name, l->o.uid, l->o.boot_id);
                changed_lock(l);
        } else if (o->verb == VERB_RESTORE) {
                l->o.placeholder_kind = o->placeholder.kind;
                (void)util_copy(l->o.placeholder_name, sizeof(l->o.placeholder_name), o->placeholder.name);
                (void)util_copy(l->o.placeholder_uid, sizeof(l->o.placeholder_uid), o->placeholder.uid);
                set_owner(&l->o);
                new_version(l->o.version);
                world_log("API: %s (%s) has owner %s again", l->o.name, l->o.uid, l->o.owner.uid);
                changed_lock(l);
                server_gc_soon();
        }
        if (l->exists)
                give_lock(r, &l->o);
}

static void execute_placeholder(const struct order *o, struct outcome *r) {
        struct api_placeholder *p = server_placeholder(o->kind, o->name);
        bool put = o->kind == PLACEHOLDER_LEASE && (o->verb == VERB_RENEW || o->verb == VERB_CLEAR);

        if (o->verb == VERB_CREATE) {
                if (p->exists) {
                        r->result = KUBE_EXISTS;
                        return;
                }
                p->exists = true;
                p->foreground = p->orphan = false;
                p->o = o->placeholder;
                p->o.deleting = false;
                new_uid(p->o.uid, o->kind == PLACEHOLDER_POD ? "Pod" : "Lease");
                new_version(p->o.version);
                world_log("API: %s %s is created (%s)", placeholder_kind_to_string(o->kind), o->name, p->o.uid);
                changed_placeholder(p);
        } else if (!p->exists) {
                r->result = put ? KUBE_CONFLICT : KUBE_NOT_FOUND;
                return;
        } else if (stale(p->o.uid, p->o.version, o->uid, o->version)) {
                r->result = KUBE_CONFLICT;
                return;
        } else if (o->verb == VERB_DELETE) {
                /* The Pod that was stored is answered, marked; for a Lease that goes it is a Status. */
                r->has_placeholder = o->kind == PLACEHOLDER_POD;
                r->placeholder = p->o;
                r->placeholder.deleting = true;
                delete_placeholder(p, BACKGROUND, o->who);
        } else if (o->verb == VERB_RENEW || o->verb == VERB_CLEAR) {
                struct placeholder_object before = p->o;

                if (o->verb == VERB_RENEW) {
                        p->o = o->placeholder;
                        p->o.deleting = before.deleting;
                        (void)util_copy(p->o.uid, sizeof(p->o.uid), before.uid);
                }
                new_version(p->o.version);
                if (put || o->verb == VERB_CLEAR)
                        p->foreground = p->orphan = false; /* a PUT says: no finalizers */
                p->o.n_finalizers = (unsigned)p->foreground + p->orphan;
                r->has_placeholder = true;
                r->placeholder = p->o;
                if (p->o.deleting && !p->foreground && !p->orphan)
                        remove_placeholder(p, o->who);
                else
                        changed_placeholder(p);
                return;
        }
        if (p->exists) {
                r->has_placeholder = true;
                r->placeholder = p->o;
        }
}

void server_execute(const struct order *o, struct outcome *ret) {
        ret->result = KUBE_OK;
        ret->has_lock = ret->has_placeholder = false;
        if (o->is_lock)
                execute_lock(o, ret);
        else
                execute_placeholder(o, ret);
}
