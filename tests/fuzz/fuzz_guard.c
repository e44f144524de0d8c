/* SPDX-License-Identifier: Apache-2.0 */
/* The real leader-guard over the simulator's PID 1, socket and clock, and whatever an agent's user can send it:
 * permits, revokes, evictions and packets that are none, on connections that break; a guard that is killed, hangs,
 * cannot write; units that crash, hang, are started past the gate. Asserted at each act (ARCHITECTURE 5, claims 1, 4
 * and 6): a start only under a permit that is on disk, of a uid that is good and was asked for, before its first
 * instant; a stop or kill only of an enrolled unit, with its gate gone, the kill 100 ms later at least; a guard that
 * runs keeps both instants. Units 0, 3 (life) and 1 (lease) are enrolled, 2 is not; some requests are about a list of
 * two. Four bytes are a step. */
#include <sys/socket.h>

#include "../sim/world.h"
#include "adapter/cgroup.h"
#include "adapter/units.h"
#include "codec/permitfile.h"
#include "core/supervise.h"
#include "fuzz.h"

#define N_UNITS 4
#define N_UIDS  5
#define LATE    (700 * MSEC) /* PID 1 is busy for as long at times, turns of the loop take theirs */

static struct {
        int fd; /* the agent's end, -1: not connected */
        uint64_t seq;
        bool asked[N_UNITS][N_UIDS];    /* a permit was sent */
        uint64_t gate_gone_at[N_UNITS]; /* true time; 0: it never was there */
        uint64_t runs_since;            /* the guard does, since then without a break */
        bool final[N_UIDS];             /* its end was confirmed on disk */
        unsigned n_starts, n_stops, n_kills;
} a;

/* ---- in place of judge.c ---- */

static struct host *host(void) {
        return &world.hosts[0];
}

static uint64_t now(void) {
        return host_clock(host(), world.now);
}

/* The permit on disk. */
static bool permit_of(unsigned i, struct permit_request *q) {
        char cgroup[PERMITFILE_CGROUP_SIZE], unit[32];
        const struct file *f = &host()->permits[i];

        (void)snprintf(unit, sizeof(unit), "unit%u.service", i);
        return f->used && permitfile_parse(q, cgroup, NULL, f->text, strlen(f->text), unit, host()->boot_id, NULL) == 0;
}

static bool revoked(const char *uid) {
        for (size_t i = 0; i < host()->n_revoked; i++)
                if (util_streq(host()->revoked[i], uid))
                        return true;
        return false;
}

static bool guard_runs(void) {
        return host()->guard.alive && !host()->guard.frozen;
}

void judge_unit_started(const struct unit *u) {
        struct permit_request q;

        if (u->foreign)
                return; /* by a human, past the gate */
        fuzz_assert(u->lock != 2 && permit_of(u->lock, &q) && !revoked(q.lock_uid));
        /* (One that was late to remove the gate, or is gone, has PID 1 behind it.) */
        fuzz_assert(!guard_runs() || world.now - a.runs_since < LATE || now() < util_usec_add(q.stop_at_usec, LATE));
}

void judge_unit_ended(_unused_ const struct unit *u) {
}
void judge_finalizer_removed(_unused_ const struct lock_object *l, _unused_ const struct order *o) {
}
void judge_request(_unused_ struct process *p) {
}
const char *judge_unsettled(void) {
        return NULL;
}
uint64_t judge_bound(void) {
        return 0;
}

/* After each event of the guard, and between them. */
static void deadlines(void) {
        uint64_t since;

        if (!guard_runs())
                a.runs_since = 0;
        else if (!a.runs_since)
                a.runs_since = world.now;
        since = a.runs_since ? world.now - a.runs_since : 0;
        for (unsigned i = 0; i < N_UNITS; i++) {
                struct permit_request q;
                uint64_t over;

                if (!permit_of(i, &q) || since < LATE)
                        continue;
                over = util_usec_sub(now(), q.stop_at_usec);
                fuzz_assert(over < LATE || !host()->gates[i].used);
                over = util_usec_sub(now(), q.kill_at_usec);
                fuzz_assert(over < LATE + SEC || !host()->units[i].populated || host()->units[i].foreign ||
                            host()->units[i].stuck_until > world.now - SEC);
        }
}

void judge_step(struct process *p) {
        if (p->program == GUARD)
                deadlines();
}

/* ---- the guard's hands (the linker leads its calls here) ---- */

static unsigned index_of(const char *unit) {
        unsigned i = host_unit_index(unit);

        fuzz_assert(i < N_UNITS);
        return i;
}

int __real_units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata);
int __wrap_units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata);
int __real_units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn,
                      void *userdata);
int __wrap_units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn,
                      void *userdata);
int __real_cgroup_kill(const char *root, const char *path);
int __wrap_cgroup_kill(const char *root, const char *path);
int __real_gate_make(const struct gate *g, const char *unit);
int __wrap_gate_make(const struct gate *g, const char *unit);
int __real_gate_remove(const struct gate *g, const char *unit);
int __wrap_gate_remove(const struct gate *g, const char *unit);

/* In force: on disk, good, and somebody asked for it. */
static void assert_permitted(unsigned i) {
        struct permit_request q;
        unsigned uid;

        fuzz_assert(permit_of(i, &q) && !revoked(q.lock_uid) && now() < q.stop_at_usec);
        uid = (unsigned)atoi(q.lock_uid + strlen("uid-"));
        fuzz_assert(uid < N_UIDS && a.asked[i][uid] && !a.final[uid]);
}

int __wrap_gate_make(const struct gate *g, const char *unit) {
        if (!world.current->killed) {
                fuzz_assert(!host()->units[index_of(unit)].bare);
                assert_permitted(index_of(unit));
        }
        return __real_gate_make(g, unit);
}

int __wrap_units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata) {
        if (!world.current->killed) {
                fuzz_assert(host()->gates[index_of(unit)].used);
                assert_permitted(index_of(unit));
                a.n_starts++;
        }
        return __real_units_start(u, ret, unit, fn, userdata);
}

int __wrap_gate_remove(const struct gate *g, const char *unit) {
        unsigned i = index_of(unit);
        bool was = host()->gates[i].used;
        int r = __real_gate_remove(g, unit);

        if (was || !a.gate_gone_at[i])
                a.gate_gone_at[i] = world.now;
        return r;
}

int __wrap_units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn,
                      void *userdata) {
        unsigned i = index_of(unit);

        if (!world.current->killed) {
                fuzz_assert(!host()->gates[i].used && !host()->units[i].bare);
                a.n_stops++;
        }
        return __real_units_stop(u, ret, unit, alone, fn, userdata);
}

int __wrap_cgroup_kill(const char *root, const char *path) {
        unsigned i = index_of(strrchr(path, '/') + 1);
        struct permit_request q;

        if (!world.current->killed) {
                fuzz_assert(!host()->gates[i].used && !host()->units[i].bare);
                fuzz_assert((permit_of(i, &q) && now() >= q.kill_at_usec) ||
                            world.now - a.gate_gone_at[i] >= TIMING_STOP_MIN_USEC * 98 / 100);
                a.n_kills++;
        }
        return __real_cgroup_kill(root, path);
}

/* ---- the agent ---- */

int world_socket(int domain, int type, int protocol);
int world_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t world_send(int fd, const void *data, size_t size, int flags);
ssize_t world_recv(int fd, void *data, size_t size, int flags);
int world_close(int fd);

static void hang_up(void) {
        if (a.fd >= 0)
                (void)world_close(a.fd);
        a.fd = -1;
}

static void connect_again(void) {
        hang_up();
        a.fd = world_socket(0, 0, 0);
        if (world_connect(a.fd, NULL, 0) < 0)
                hang_up();
}

/* What the guard says is well-formed, and true. */
static void hear(void) {
        struct permit_reply p;
        ssize_t n;

        while (a.fd >= 0 && (n = world_recv(a.fd, &p, sizeof(p), 0)) >= 0) {
                struct err err = {};
                unsigned uid;

                if (n == 0) {
                        hang_up();
                        return;
                }
                fuzz_assert(permit_reply_check(&p, (size_t)n, &err) == 0);
                fuzz_assert_plain(p.text);
                uid = (unsigned)atoi(p.lock_uid[0] ? p.lock_uid + strlen("uid-") : "99");
                if (p.request_type == PERMIT_REVOKE && p.final && uid < N_UIDS && revoked(p.lock_uid))
                        a.final[uid] = true;
                fuzz_assert(!p.final || p.request_type == PERMIT_REVOKE);
        }
}

static void ask(enum permit_request_type type, uint8_t b, uint8_t c, uint8_t spoil) {
        struct permit_request q = {.magic = PERMIT_MAGIC, .type = type, .seq = ++a.seq};
        unsigned unit = b % (N_UNITS + 1), uid = (b >> 2) % N_UIDS, first = c & 1 ? 0 : 3, second = c & 1 ? 2 : 0;
        size_t size = sizeof(q);

        q.tenure = b & 128 ? (b >> 6) & 1 : unit == 1 ? TENURE_LEASE : TENURE_LIFE;
        q.judge = type == PERMIT_QUERY && b & 64;
        q.stop_at_usec = q.tenure == TENURE_LEASE ? now() + (c & 63) * 150 * MSEC : USEC_INFINITY;
        q.stop_timeout_usec = (1 + (c >> 6)) * 300 * MSEC;
        q.kill_at_usec = q.tenure == TENURE_LEASE ? q.stop_at_usec + q.stop_timeout_usec : USEC_INFINITY;
        if (unit == 1 && q.tenure == TENURE_LEASE) /* as it is enrolled */
                q.stop_timeout_usec = host()->units[1].timeout_stop_usec;
        if (unit == N_UNITS)
                (void)snprintf(q.unit, sizeof(q.unit), "unit%u.service unit%u.service", first, second);
        else
                (void)snprintf(q.unit, sizeof(q.unit), "unit%u.service", first = second = unit);
        (void)snprintf(q.lock_uid, sizeof(q.lock_uid), "uid-%u", uid);
        (void)snprintf(q.lock, sizeof(q.lock), "default/lock%u", b & 128 ? 0 : unit);
        (void)util_copy(q.term, sizeof(q.term), "7");
        (void)util_copy(q.identity, sizeof(q.identity), "host-1");
        if (type == PERMIT_QUERY && b & 32)
                q.lock_uid[0] = '\0';
        if (spoil & 1)
                ((uint8_t *)&q)[spoil % 48] ^= c;
        if (spoil & 1)
                size -= spoil >> 6;
        if (q.type == PERMIT_PERMIT)
                a.asked[first][uid] = a.asked[second][uid] = true;
        if (a.fd >= 0 && world_send(a.fd, &q, size, 0) < 0 && errno == EPIPE)
                hang_up();
}

/* ---- what else happens ---- */

static void thaw(void) {
        process_thaw(&host()->guard);
        a.runs_since = 0;
}

static void happen(uint8_t what, uint8_t b, uint8_t c) {
        struct host *h = host();
        struct unit *u = &h->units[b % N_UNITS];

        switch (what % 16) {
        case 0:
                process_kill(&h->guard, "fuzz");
                break;
        case 1:
                process_freeze(&h->guard);
                break;
        case 2:
                thaw();
                break;
        case 3:
                unit_crash(u, "fuzz");
                break;
        case 4: /* a human, past the gate */
                u->past_gate = true;
                pid1_start_unit(u, "fuzz");
                break;
        case 5: /* … or not */
                if (!u->bare)
                        pid1_start_unit(u, "fuzz");
                break;
        case 6:
                pid1_stop_unit(u, "fuzz");
                break;
        case 7:
                h->run_fails = c & 1 ? -EROFS : 0;
                h->disk_full = c & 2 ? c >> 2 : 0;
                break;
        case 8:
                pid1_lose_bus(h);
                break;
        case 9:
                pid1_reload(h);
                break;
        case 10:
                u->ignores_term = c & 1;
                u->fails = c & 2;
                u->restart = c & 4;
                u->stop_usec = (c >> 3) * 20 * MSEC;
                break;
        case 11:
                h->pid1_busy_until = world.now + c * 100 * MSEC;
                break;
        case 12:
                h->agent_wanted = c & 1;
                break;
        case 13:
                h->guard.crash_after = c % 16;
                break;
        case 14:
                u->stuck_pid = u->pid;
                u->stuck_until = world.now + c * 50 * MSEC;
                break;
        case 15:
                u->hangs = c & 1;
                break;
        }
}

static void begin(uint64_t seed) {
        struct host *h = host();

        world.seed = seed & 0xff;
        world.rng = seed;
        setup_world(1, N_UNITS);
        world.real_watchdog = true;
        h->agent_wanted = false;
        for (unsigned i = 0; i < N_UNITS; i++) {
                struct unit *u = &h->units[i];

                h->locks[i].tenure = i == 1 ? TENURE_LEASE : TENURE_LIFE;
                u->enrolled_lease = i == 1;
                u->bare = i == 2;
                u->timeout_stop_usec = i == 1 ? 2 * SEC : 5 * SEC;
        }
        h->up = true;
        h->boot = 1;
        h->boot_base = 10 * SEC;
        (void)util_copy(h->boot_id, sizeof(h->boot_id), "00000000-0000-4000-8000-000000000001");
        process_start(&h->guard);
        world.current = NULL;
        deadlines();
}

static void step(struct fuzz *f) {
        uint8_t what = fuzz_byte(f), b = fuzz_byte(f), c = fuzz_byte(f), spent = fuzz_byte(f);

        world.current = &host()->agent;
        switch (what & 7) {
        case 0:
        case 1:
        case 2:
                ask(PERMIT_PERMIT, b, c, 0);
                break;
        case 3:
                ask(PERMIT_REVOKE, b, c, 0);
                break;
        case 4:
                ask(what & 8 ? PERMIT_QUERY : PERMIT_EVICT, b, c, what & 16 ? spent : 0);
                break;
        case 5:
                if (what & 8)
                        connect_again();
                else if (what & 16)
                        hang_up();
                else if (a.fd < 0)
                        connect_again();
                break;
        default:
                world.current = NULL;
                happen(what >> 3, b, c);
        }
        world.current = NULL;
        /* In pieces: what is to hold is looked at between them, too. */
        for (unsigned i = 0; i < 4; i++) {
                (void)world_run(world.now + (spent & 128 ? (spent & 127) * 50 * MSEC : spent * MSEC) / 4);
                deadlines();
        }
        world.current = &host()->agent;
        hear();
        world.current = NULL;
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        uint64_t seed = fuzz_number(&f, 2);

        fuzz_never_starve();
        world_reset();
        memset(&a, 0, sizeof(a));
        a.fd = -1;
        world.trace = getenv("FUZZ_TRACE") != NULL;
        world.out = stderr;
        if (setjmp(world.end)) {
                (void)fprintf(stderr, "%s: %s\n", world.kind, world.failure);
                fuzz_assert(!"the world does not fail");
        }
        begin(seed);
        world.current = &host()->agent;
        connect_again();
        world.current = NULL;
        for (unsigned i = 0; i < 60 && f.n > 0; i++)
                step(&f);
        /* At last the guard works on alone: every lease ends. */
        host()->run_fails = 0;
        host()->disk_full = 0;
        host()->guard.crash_after = 0;
        thaw();
        (void)world_run(world.now + 60 * SEC);
        deadlines();
        for (unsigned i = 0; i < N_UNITS; i++) {
                struct permit_request q;

                fuzz_assert(!host()->gates[i].used || (permit_of(i, &q) && q.stop_at_usec == USEC_INFINITY));
        }
        process_kill(&host()->guard, "the end");
}
