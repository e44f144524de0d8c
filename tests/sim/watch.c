/* SPDX-License-Identifier: Apache-2.0 */
/* The watches of kube.h, as kube_watch.c makes them: each begins with what exists, lags, breaks, and begins again;
 * where the server does not say that nothing exists, or is silent for long, the object is read. There are no bookmarks
 * here: a stream whose silence is to count is stalled, and read after a time that has all limits of the real ones in
 * it. */
#include "client.h"

struct watch {
        struct watch *next_of_object, *next_of_kube;
        struct kube *kube;
        bool is_lock;
        struct api_lock *lock;
        struct api_placeholder *placeholder;
        kube_watch_cb cb;
        void *userdata;
        bool cancelled;
        bool broken; /* the stream brings nothing (any more) */
        bool muted;  /* nor does anything else */
        bool told;   /* since it began */
        char version[32];
        struct kube_slot *read;
        uint64_t last_at;
        unsigned epoch; /* what an earlier stream still has under way is not told */
};

#define SILENCE (150 * SEC)

static void begin_if_broken(void *arg, uint64_t epoch);
static void look(void *arg, uint64_t epoch);

/* What a watch saw. */
struct sight {
        struct watch *watch;
        unsigned epoch;
        enum kube_watch_type type;
        struct lock_object lock;
        struct placeholder_object placeholder;
};

static const char *version_of(const struct kube_watch_event *e) {
        if (e->type != KUBE_WATCH_OBJECT)
                return "";
        return e->lock ? e->lock->version : e->placeholder->version;
}

static void tell(struct watch *w, const struct kube_watch_event *e) {
        w->told = true;
        (void)util_copy(w->version, sizeof(w->version), version_of(e));
        w->cb(e, w->userdata);
}

static void on_sight(void *arg, uint64_t a) {
        struct sight *s = arg;
        struct kube_watch_event e = {
                .type = s->type,
                .lock = s->watch->is_lock ? &s->lock : NULL,
                .placeholder = s->watch->is_lock ? NULL : &s->placeholder,
                .text = "",
        };

        (void)a;
        if (!s->watch->cancelled && s->watch->epoch == s->epoch)
                tell(s->watch, &e);
        world_free(s, sizeof(*s));
}

static bool cut(const struct host *h) {
        return h->cut_out || h->cut_in || world.api_down;
}

static void show(struct watch *w, bool first) {
        struct sight *s = world_alloc(sizeof(*s));
        struct host *h = w->kube->process->host;
        bool exists = w->is_lock ? w->lock->exists : w->placeholder->exists;
        uint64_t at = world.now + client_way(h);

        s->watch = w;
        s->epoch = w->epoch;
        s->type = exists ? KUBE_WATCH_OBJECT : first ? KUBE_WATCH_ABSENT : KUBE_WATCH_GONE;
        if (w->is_lock)
                s->lock = w->lock->o;
        else
                s->placeholder = w->placeholder->o;
        if (at <= w->last_at)
                at = w->last_at + 1;
        w->last_at = at;
        world_post(at, w->kube->process, on_sight, s, 0);
}

static void look_after(struct watch *w, uint64_t usec) {
        world_post(world.now + usec, w->kube->process, look, w, w->epoch);
}

static void on_read(const struct kube_reply *reply, void *userdata) {
        struct watch *w = userdata;
        const struct kube_watch_event e = {
                .type = reply->result == KUBE_OK ? KUBE_WATCH_OBJECT : KUBE_WATCH_ABSENT,
                .lock = reply->lock,
                .placeholder = reply->placeholder,
                .text = "",
        };
        bool failed = reply->result != KUBE_OK && reply->result != KUBE_NOT_FOUND;

        w->read = kube_slot_free(w->read);
        if (!failed && w->told && util_streq(w->version, version_of(&e))) {
                look_after(w, SILENCE);
                return;
        }
        if (failed || w->told) { /* a new stream */
                w->broken = true;
                world_post(world.now + world_between(250 * MSEC, failed ? 30 * SEC : 500 * MSEC), w->kube->process,
                           begin_if_broken, w, w->epoch);
        } else
                look_after(w, SILENCE);
        if (!failed)
                tell(w, &e);
}

/* The stream was silent since its beginning, or for long. */
static void look(void *arg, uint64_t epoch) {
        struct watch *w = arg;

        if (w->cancelled || w->muted || w->epoch != epoch || w->read)
                return;
        if (w->is_lock)
                (void)kube_lock_get(w->kube, "", w->lock->o.name, on_read, w, &w->read);
        else
                (void)kube_placeholder_get(w->kube, w->placeholder->o.kind, "", w->placeholder->o.name, on_read, w,
                                           &w->read);
}

static void look_if_untold(void *arg, uint64_t epoch) {
        struct watch *w = arg;

        if (!w->told)
                look(w, epoch);
}

/* The stream begins. */
static void begin(void *arg, uint64_t a) {
        struct watch *w = arg;

        (void)a;
        if (w->cancelled)
                return;
        if (cut(w->kube->process->host)) {
                w->broken = true;
                return;
        }
        w->broken = w->told = false;
        w->epoch++;
        w->read = kube_slot_free(w->read);
        if (!world.no_marks || (w->is_lock ? w->lock->exists : w->placeholder->exists))
                show(w, true);
        world_post(world.now + SEC, w->kube->process, look_if_untold, w, w->epoch);
        if (world.no_bookmarks)
                look_after(w, SILENCE);
}

void client_changed(struct watch *list) {
        for (struct watch *w = list; w; w = w->next_of_object) {
                if (w->cancelled || w->broken)
                        continue;
                if (cut(w->kube->process->host))
                        w->broken = true;
                else
                        show(w, false);
        }
}

static void begin_if_broken(void *arg, uint64_t epoch) {
        struct watch *w = arg;

        if (w->broken && w->epoch == epoch)
                begin(w, 0);
}

static void stall(struct watch *list, const struct process *p) {
        for (struct watch *w = list; w; w = w->next_of_object) {
                if (w->cancelled || w->kube->process != p)
                        continue;
                w->broken = true;
                look_after(w, world_between(1, 150) * SEC);
        }
}

void client_stall(struct host *h) {
        for (unsigned i = 0; i < world.n_locks; i++)
                stall(world.locks[i].watches, &h->agent);
        for (size_t i = 0; i < world.n_placeholders; i++)
                stall(world.placeholders[i].watches, &h->agent);
}

static void mute(struct watch *list, const struct process *p) {
        for (struct watch *w = list; w; w = w->next_of_object)
                if (!w->cancelled && w->kube->process == p)
                        w->broken = w->muted = true;
}

void client_mute(struct host *h) {
        for (unsigned i = 0; i < world.n_locks; i++)
                mute(world.locks[i].watches, &h->agent);
        for (size_t i = 0; i < world.n_placeholders; i++)
                mute(world.placeholders[i].watches, &h->agent);
}

/* The way is open again: streams that missed something, and some that did not, begin again. */
void client_reconnect(struct host *h) {
        struct process *p = &h->agent;

        if (cut(h) || !p->alive)
                return;
        for (unsigned i = 0; i < world.n_locks; i++)
                for (struct watch *w = world.locks[i].watches; w; w = w->next_of_object)
                        if (!w->cancelled && w->kube->process == p && (w->broken || world_chance(30)))
                                world_post(world.now + world_between(200 * MSEC, 30 * SEC), p, begin, w, 0);
        for (size_t i = 0; i < world.n_placeholders; i++)
                for (struct watch *w = world.placeholders[i].watches; w; w = w->next_of_object)
                        if (!w->cancelled && w->kube->process == p && (w->broken || world_chance(30)))
                                world_post(world.now + world_between(200 * MSEC, 30 * SEC), p, begin, w, 0);
}

void watch_cancel(struct watch *w) {
        w->cancelled = true;
        w->read = kube_slot_free(w->read);
}

void watch_cancel_all(struct kube *kube) {
        for (struct watch *w = kube->watches; w; w = w->next_of_kube)
                watch_cancel(w);
}

static int follow(struct kube *kube, struct watch *w, kube_watch_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct kube_slot *slot = world_alloc(sizeof(*slot));
        struct watch **list;

        w->kube = kube;
        list = w->is_lock ? &w->lock->watches : &w->placeholder->watches;
        /* Cancelled ones go here: nothing else looks at them any more. */
        while (*list)
                if ((*list)->cancelled)
                        *list = (*list)->next_of_object;
                else
                        list = &(*list)->next_of_object;
        *list = w;
        w->next_of_kube = kube->watches;
        kube->watches = w;
        w->cb = cb;
        w->userdata = userdata;
        slot->watch = w;
        *ret_slot = slot;
        judge_request(kube->process);
        if (world.current->killed)
                w->broken = true;
        else
                world_post(world.now + client_way(kube->process->host), kube->process, begin, w, 0);
        return 0;
}

/* Streams begin again as client_reconnect() says: what breaks one is not told here. */
void kube_watch_hurry(_unused_ struct kube_slot *watch) {
}

int kube_watch_lock(struct kube *kube, _unused_ const char *ns, const char *name, kube_watch_cb cb, void *userdata,
                    struct kube_slot **ret_slot) {
        struct watch *w = world_alloc(sizeof(*w));

        w->is_lock = true;
        w->lock = server_lock(name);
        return follow(kube, w, cb, userdata, ret_slot);
}

int kube_watch_placeholder(struct kube *kube, enum placeholder_kind kind, _unused_ const char *ns, const char *name,
                           kube_watch_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct watch *w = world_alloc(sizeof(*w));

        w->placeholder = server_placeholder(kind, name);
        return follow(kube, w, cb, userdata, ret_slot);
}
