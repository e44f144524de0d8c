/* SPDX-License-Identifier: Apache-2.0 */
/* The small adapters, of the host whose process runs: clock, store, notify, journal, bus, job, configuration. */
#include <errno.h>
#include <stdarg.h>

#include "adapter/dropin.h"
#include "adapter/journal.h"
#include "adapter/notify.h"
#include "adapter/sleep.h"
#include "adapter/store.h"
#include "base/clock.h"
#include "codec/kubeconfig.h"
#include "daemon/agent_parts.h"
#include "world.h"

ssize_t world_getrandom(void *buf, size_t size, unsigned flags);
_Noreturn void world_abort(void);

static struct host *here(void) {
        return world.current->host;
}

/* ---- libc ---- */

ssize_t world_getrandom(void *buf, size_t size, unsigned flags) {
        uint8_t *p = buf;

        (void)flags;
        for (size_t i = 0; i < size; i++)
                p[i] = (uint8_t)world_random(256);
        return (ssize_t)size;
}

void world_abort(void) {
        world_fail("invariant", "%s of %s found its own invariant broken",
                   world.current->program == AGENT ? "agent" : "guard", here()->name);
}

/* ---- clock ---- */

uint64_t clock_boottime_usec(void) {
        process_spend();
        return host_clock(here(), world.now);
}

uint64_t clock_monotonic_usec(void) {
        return clock_boottime_usec();
}

uint64_t clock_realtime_usec(void) {
        struct host *h = here();

        return (uint64_t)((int64_t)UINT64_C(1900000000000000) + h->wall_offset + (int64_t)host_clock(h, world.now) +
                          (int64_t)h->boot * 1000000000);
}

const char *clock_format_boottime(uint64_t at_usec, char *buf) {
        (void)snprintf(buf, CLOCK_TEXT_SIZE, at_usec == USEC_INFINITY ? "never" : "%.3f", (double)at_usec / 1e6);
        return buf;
}

int boot_id_read(char *ret) {
        return util_copy(ret, BOOT_ID_SIZE, here()->boot_id) ? 0 : -EINVAL;
}

/* ---- store: what was written before a crash is there after it ---- */

struct store {
        struct host *host;
        char identity[RECORD_IDENTITY_MAX + 1];
};

int store_host_read(struct store_host *ret, struct err *err) {
        (void)err;
        *ret = (struct store_host){};
        (void)util_copy(ret->machine, sizeof(ret->machine), here()->machine);
        (void)util_copy(ret->host, sizeof(ret->host), here()->name);
        return 0;
}

int store_open(struct store **ret, const char *dir, const struct store_host *host, struct err *err) {
        struct store *s = world_alloc(sizeof(*s));

        (void)dir;
        (void)err;
        s->host = here();
        record_identity_make(s->identity, host->host, host->machine);
        *ret = s;
        return 0;
}

struct store *store_close(struct store *s) {
        (void)s;
        return NULL;
}

const char *store_identity(const struct store *s) {
        return s->identity;
}

bool store_scope_lock(char *buf, size_t size, const char *namespace_, const char *name) {
        return snprintf(buf, size, "lock:%s/%s", namespace_, name) < (int)size;
}

bool store_scope_placeholder(char *buf, size_t size, const char *namespace_, const char *kind, const char *name) {
        return snprintf(buf, size, "placeholder:%s/%s/%s", namespace_, kind, name) < (int)size;
}

static struct record_claims *claims(struct host *h, const char *scope) {
        for (size_t i = 0; i < h->n_claims; i++)
                if (util_streq(h->claims[i].scope, scope))
                        return &h->claims[i];
        if (!h->claims)
                h->claims = world_alloc(24 * sizeof(*h->claims));
        if (h->n_claims == 24)
                world_fail("scopes", "%s has more scopes of claims than locks and placeholders", h->name);
        (void)util_copy(h->claims[h->n_claims].scope, sizeof(h->claims[0].scope), scope);
        return &h->claims[h->n_claims++];
}

int store_claims(struct store *s, const char *scope, struct record_claims *ret, struct err *err) {
        (void)err;
        *ret = *claims(s->host, scope);
        return 0;
}

int store_each_lock(struct store *s, store_lock_fn fn, void *userdata) {
        for (size_t i = 0; i < s->host->n_claims; i++) {
                const struct record_claims *c = &s->host->claims[i];

                if (c->n_claims > 0 && strncmp(c->scope, "lock:", strlen("lock:")) == 0)
                        fn(c->scope + strlen("lock:"), "", userdata);
        }
        return 0;
}

bool dropin_exists(const char *dir, const char *unit, const char *name) {
        (void)dir;
        (void)name;
        return !here()->units[host_unit_index(unit)].bare;
}

int store_namespace(struct store *s, const char *name, struct record_namespace *ret, struct err *err) {
        (void)s;
        (void)name;
        (void)err;
        *ret = (struct record_namespace){};
        return -ENOENT;
}

int store_namespace_remember(struct store *s, const char *name, const char *uid, struct err *err) {
        (void)s;
        (void)name;
        (void)uid;
        (void)err;
        return 0;
}

int store_claim_new(struct store *s, const char *scope, char ret_claim[static RECORD_CLAIM_HEX + 1], struct err *err) {
        static const char digits[] = "0123456789abcdef";
        struct record_claims copy = *claims(s->host, scope);
        int r;

        if (world.current->killed)
                return -EIO;
        if (s->host->var_fails)
                return err_setf(err, s->host->var_fails, "cannot write /var/lib/leader-agent/claims: %s",
                                strerror(-s->host->var_fails));
        if (s->host->disk_full && world_chance(s->host->disk_full))
                return err_setf(err, -ENOSPC, "the disk is full");
        for (unsigned i = 0; i < RECORD_CLAIM_HEX; i++)
                ret_claim[i] = digits[world_random(16)];
        ret_claim[RECORD_CLAIM_HEX] = '\0';
        r = record_claims_add(&copy, ret_claim, clock_realtime_usec());
        if (r < 0)
                return err_setf(err, r, "no room for another claim of %s", scope);
        if (process_effect())
                *claims(s->host, scope) = copy;
        return 0;
}

int store_claim_settle(struct store *s, const char *scope, const char *claim, struct err *err) {
        struct record_claims *c = claims(s->host, scope);
        const struct record_claim *found = record_claims_find(c, claim);

        (void)err;
        if (!found)
                return -ENOENT;
        if (world.current->killed)
                return -EIO;
        c->claims[found - c->claims].settled = true;
        return 0;
}

/* ---- notify ---- */

void notify_ready(void) {
}
void notify_reloading(void) {
}
void notify_stopping(void) {
}
void notify_extend_timeout(uint64_t usec) {
        (void)usec;
}

bool notify_status(const char *fmt, ...) {
        static char last[HOSTS_MAX][2][4000];
        char *line = last[here()->index][world.current->program], text[4000];
        va_list ap;

        if (!world.trace)
                return true;
        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        if (util_streq(line, text))
                return true;
        (void)util_copy(line, sizeof(last[0][0]), text);
        world_log("STATUS=%s", text);
        return true;
}

void notify_watchdog(void) {
        if (!world.current->killed)
                here()->guard_ping = world.now;
}

/* Where nothing depends on it the pings are left out: the watchdog then goes by when the guard froze. */
uint64_t notify_watchdog_usec(void) {
        return world.real_watchdog ? TIMING_WATCHDOG_USEC : 0;
}

/* ---- journal ---- */

static void say(int priority, const char *fmt, va_list ap) {
        char text[2048];

        (void)vsnprintf(text, sizeof(text), fmt, ap);
        world_log("%s", text);
        if (priority <= LOG_CRIT || strstr(text, "does not come to rest"))
                world_fail("journal", "%s", text);
}

void journal_log(int priority, const char *fmt, ...) {
        va_list ap;

        if (!world.trace && priority > LOG_ERR)
                return;
        va_start(ap, fmt);
        say(priority, fmt, ap);
        va_end(ap);
}

void journal_record(int priority, const char *message_id, const struct journal_field *fields, size_t n_fields,
                    const char *fmt, ...) {
        va_list ap;

        (void)message_id;
        (void)fields;
        (void)n_fields;
        if (!world.trace && priority > LOG_ERR)
                return;
        va_start(ap, fmt);
        say(priority, fmt, ap);
        va_end(ap);
}

/* ---- bus and job ---- */

int bus_serve(struct bus **ret, sd_event *event, const struct bus_handlers *h, void *userdata, struct err *err) {
        (void)event;
        (void)err;
        here()->bus = h;
        here()->bus_userdata = userdata;
        *ret = NULL;
        return 0;
}

struct bus *bus_free(struct bus *b) {
        (void)b;
        return NULL;
}

void bus_answer(struct bus *b, uint64_t call, int r, struct err *err) {
        (void)b;
        (void)call;
        (void)r;
        (void)err;
}

void bus_status_changed(struct bus *b) {
        (void)b;
}

struct job_call {
        struct sd_event_source *timer;
        job_fn fn;
        void *userdata;
};

static int on_job_known(sd_event_source *source, uint64_t usec, void *userdata) {
        struct job_call *c = userdata;

        (void)source;
        (void)usec;
        c->fn(here()->job, "", c->userdata);
        return 0;
}

int job_read_own(struct job_call **ret, sd_event *event, job_fn fn, void *userdata) {
        struct job_call *c = world_alloc(sizeof(*c));

        *c = (struct job_call){.fn = fn, .userdata = userdata};
        *ret = c;
        return sd_event_add_time_relative(event, &c->timer, CLOCK_MONOTONIC, 0, 1, on_job_known, c);
}

struct job_call *job_call_free(struct job_call *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->timer);
        world_free(c, sizeof(*c));
        return NULL;
}

/* ---- configuration: what setup.c and the reloads of fault.c wrote ---- */

int conf_load(struct conf **ret, const char *path, struct err *err) {
        struct host *h = here();
        struct conf *c = calloc(1, sizeof(*c));
        int r;

        (void)path;
        if (!c)
                return -ENOMEM;
        c->request_timeout_usec = h->request_timeout_usec;
        c->renew_interval_usec = h->renew_interval_usec;
        c->verify_interval_usec = h->verify_interval_usec;
        c->log_level = LOG_INFO;
        c->state_dir = strdup("/state");
        c->guard_socket = strdup("/guard.sock");
        c->locks = calloc(LOCKS_MAX, sizeof(*c->locks));
        for (unsigned i = 0; i < world.n_locks; i++) {
                struct conf_lock *l = &c->locks[c->n_locks];

                if (!h->configured[i])
                        continue;
                *l = h->locks[i];
                l->name = strdup(l->name);
                l->unit = strdup(l->unit);
                l->namespace_ = NULL;
                l->where = strdup("conf:1");
                c->n_locks++;
        }
        r = conf_check(c, err);
        if (r < 0) {
                conf_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

struct conf *conf_free(struct conf *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_locks; i++) {
                free(c->locks[i].name);
                free(c->locks[i].unit);
                free(c->locks[i].namespace_);
                free(c->locks[i].where);
        }
        free(c->locks);
        free(c->namespace_);
        free(c->state_dir);
        free(c->guard_socket);
        free(c);
        return NULL;
}

int kubeconfig_load(struct kubeconfig **ret, const char *path, const char *context, struct err *err) {
        static char ns[] = "default", server[] = "https://api";
        struct kubeconfig *k = world_alloc(sizeof(*k));

        (void)path;
        (void)context;
        (void)err;
        k->namespace_ = ns;
        k->server = server;
        *ret = k;
        return 0;
}

struct kubeconfig *kubeconfig_free(struct kubeconfig *k) {
        (void)k;
        return NULL;
}

/* Hosts of this world do not sleep. */
int sleep_watch_new(struct sleep_watch **ret, sd_event *event, sleep_cb cb, void *userdata, struct err *err) {
        (void)ret;
        (void)event;
        (void)cb;
        (void)userdata;
        return err_setf(err, -ENOENT, "no logind");
}

void sleep_watch_ready(struct sleep_watch *s) {
        (void)s;
}

struct sleep_watch *sleep_watch_free(struct sleep_watch *s) {
        (void)s;
        return NULL;
}
