/* SPDX-License-Identifier: Apache-2.0 */
/* supervise (ARCHITECTURE 4; 5, claims 1, 4 and 6) with any sequence of events that a shell can make, file actions that
 * fail among them. Judged by what the world sees: never a start without gate and permit file, after the first instant,
 * for a uid that is permitted no more, or once a stop began; nothing stopped or killed under a gate, or that is not
 * ours; "stopped" only by a look begun without the gate; the first instant ends the gate in the very step that meets
 * it, the second kills. Five bytes are a step. */
#include "base/timing.h"
#include "core/supervise.h"
#include "fuzz.h"

#define UIDS 4
#define T0   (1000 * USEC_PER_SEC)

static struct {
        bool gate, file, reading, gateless, starting;
        bool ours, stopping, stop_begun;
        bool revoked[UIDS];
        uint64_t now, uid, start_uid;
} w;

static bool is_revoked(uint64_t uid) {
        return uid >= 1 && uid < UIDS && w.revoked[uid];
}

static void never_again(uint64_t uid) {
        if (uid < UIDS)
                w.revoked[uid] = true;
}

static struct supervise_reading reading_of(uint8_t a, uint8_t b) {
        struct supervise_reading r = {.known = a & 1,
                                      .job = a >> 1 & 1,
                                      .active = a >> 2 & 3,
                                      .populated = (a >> 4 & 3) % 3,
                                      .load_ok = !(b & 1),
                                      .start_ok = !(b & 2),
                                      .run_ok = !(b & 4),
                                      .gated = !(b & 8),
                                      .ours = !(b & 16),
                                      .end = (b >> 5 & 3) % 3,
                                      .triggered = a >> 6 & 1};

        if (!r.known)
                return (struct supervise_reading){.populated = r.populated};
        /* As enroll_check() and guard_look.c make them: fit for a start is fit to run, and has the gate. */
        r.run_ok = r.run_ok && r.load_ok && r.gated;
        r.start_ok = r.start_ok && r.run_ok;
        r.ours = r.ours || r.gated;
        return r;
}

static void perform(const struct supervise *s, const struct supervise_event *ev, enum supervise_action_type type) {
        switch (type) {
        case SUPERVISE_WRITE_PERMIT:
                fuzz_assert(s->uid != 0 && !is_revoked(s->uid));
                w.file = w.ours = true;
                w.stop_begun = false;
                break;
        case SUPERVISE_NOTE:
                fuzz_assert(w.file && !w.stop_begun && supervise_permitted(s));
                break;
        case SUPERVISE_MAKE_GATE:
                fuzz_assert(w.file && w.now < s->stop_at_usec);
                w.gate = true;
                break;
        case SUPERVISE_START:
                /* One of another permit, whose answer never came, is forgotten for it. */
                fuzz_assert(w.gate && w.file && !w.stop_begun && !(w.starting && w.start_uid == s->uid));
                fuzz_assert(supervise_permitted(s) && w.now < s->stop_at_usec && !is_revoked(s->uid));
                w.starting = true;
                w.start_uid = s->uid;
                break;
        case SUPERVISE_REMOVE_GATE:
                w.gate = w.reading = false;
                w.stop_begun = true;
                break;
        case SUPERVISE_KILL:
                fuzz_assert(w.now >= s->kill_at_usec);
                /* fall through */
        case SUPERVISE_STOP:
                fuzz_assert(!w.gate && w.ours && supervise_stopping(s));
                fuzz_assert(s->reason != SUPERVISE_REASON_EVICTED || !w.file);
                w.stopping = true;
                break;
        case SUPERVISE_RECORD:
                fuzz_assert(!w.gate);
                never_again(s->uid ? s->uid : w.uid);
                break;
        case SUPERVISE_REFUSE_REQUEST:
                never_again(ev->uid);
                break;
        case SUPERVISE_REFUSE_CHECKED:
                never_again(w.uid);
                break;
        case SUPERVISE_READ:
                w.reading = true;
                w.gateless = !w.gate;
                break;
        case SUPERVISE_REPLY_STOPPED:
                fuzz_assert(ev->type == SUPERVISE_EV_READING && w.gateless && !w.gate && ev->reading.known);
                fuzz_assert(!ev->reading.job && ev->reading.active == SUPERVISE_INACTIVE &&
                            ev->reading.populated == SUPERVISE_EMPTY);
                break;
        case SUPERVISE_REMOVE_PERMIT:
                fuzz_assert(!w.gate);
                w.file = w.stopping = false;
                break;
        case SUPERVISE_WRITE_ENV:
        case SUPERVISE_REPLY:
        case SUPERVISE_REPLY_INTERIM:
        case SUPERVISE_REPLY_PERMITS:
        case SUPERVISE_REPLY_QUERIES:
        case SUPERVISE_REPLY_REVOKES:
        case SUPERVISE_REPLY_EVICTS:
        case SUPERVISE_PUSH:
                break;
        }
}

/* What a file action is to the shell: 1 its failure ends the list, 2 it does not, 0 it cannot fail. */
static unsigned kind_of(uint8_t type) {
        return type <= SUPERVISE_MAKE_GATE                                                                    ? 1
               : type == SUPERVISE_REMOVE_GATE || type == SUPERVISE_RECORD || type == SUPERVISE_REMOVE_PERMIT ? 2
                                                                                                              : 0;
}

/* One step, its actions, and what failed of them; which: bits of the actions of each kind that do. */
static void step(struct supervise *s, struct supervise_event *ev, uint8_t which) {
        bool over = supervise_permitted(s) && ev->now_usec >= s->stop_at_usec;
        bool late = supervise_stopping(s) && ev->now_usec >= s->kill_at_usec && ev->now_usec >= supervise_deadline(s);
        bool ended = false, killed = false;
        struct supervise_event failure = {.type = SUPERVISE_EV_FAILED, .now_usec = ev->now_usec};
        struct supervise_actions a;

        if (ev->type == SUPERVISE_EV_READING && !w.file && !w.stopping)
                w.ours = ev->reading.known && ev->reading.ours;
        a = supervise_step(s, ev);
        if (getenv("FUZZ_TRACE")) {
                (void)fprintf(stderr, "%llu event %u uid %llu:", (unsigned long long)(ev->now_usec - T0) / 1000,
                              ev->type, (unsigned long long)ev->uid);
                for (unsigned i = 0; i < a.n; i++)
                        (void)fprintf(stderr, " %u", a.a[i].type);
                (void)fprintf(stderr, " -> %s\n", supervise_state_to_string(s->state));
        }
        fuzz_assert(a.n < SUPERVISE_ACTIONS_MAX && supervise_invariant(s));
        fuzz_assert(supervise_deadline(s) > ev->now_usec);
        for (unsigned i = 0; i < a.n; i++) {
                unsigned kind = kind_of(a.a[i].type);

                ended = ended || a.a[i].type == SUPERVISE_REMOVE_GATE;
                killed = killed || a.a[i].type == SUPERVISE_KILL;
                if (kind > 0 && which & 1U << i % 8) {
                        failure.failed |= 1U << a.a[i].type;
                        /* A file that stays promises nothing any more: its uid is recorded, and a gate that stays is
                         * tried again. */
                        if (a.a[i].type == SUPERVISE_REMOVE_GATE || a.a[i].type == SUPERVISE_REMOVE_PERMIT)
                                perform(s, ev, (enum supervise_action_type)a.a[i].type);
                        if (kind == 1)
                                break;
                        continue;
                }
                perform(s, ev, (enum supervise_action_type)a.a[i].type);
        }
        fuzz_assert(!over || ended);
        fuzz_assert(!late || killed || s->state <= SUPERVISE_FOREIGN);
        if (s->uid)
                w.uid = s->uid;
        fuzz_assert(!w.gate || failure.failed || (supervise_permitted(s) && w.now < s->stop_at_usec));
        if (failure.failed)
                step(s, &failure, which >> 4);
}

/* As leader-guard does: what is due comes first, by itself, and may end the very uid of the event. */
static void shell_step(struct supervise *s, struct supervise_event *ev, uint8_t which) {
        struct supervise_event tick = {.type = SUPERVISE_EV_TICK, .now_usec = ev->now_usec};

        if (supervise_deadline(s) <= ev->now_usec) {
                step(s, &tick, which >> 2);
                ev->revoked = ev->revoked || is_revoked(ev->uid);
                /* A look that was begun before is thrown away with the stop that asks for another one. */
                if (ev->type == SUPERVISE_EV_READING && w.reading)
                        return;
        }
        step(s, ev, which);
}

static void event(const struct supervise *s, struct fuzz *f, struct supervise_event *ev) {
        uint8_t what = fuzz_byte(f), when = fuzz_byte(f), a = fuzz_byte(f), b = fuzz_byte(f);
        uint64_t until, deadline = supervise_deadline(s);

        w.now += (uint64_t)(when & 31) * (when & 32 ? 500 * USEC_PER_MSEC : 10 * USEC_PER_MSEC) + 1;
        if (when & 64 && deadline != USEC_INFINITY && deadline > w.now)
                w.now = deadline - (when & 128 ? 1 : 0);
        until = w.now + a * (100 * USEC_PER_MSEC);
        *ev = (struct supervise_event){.now_usec = w.now,
                                       .uid = 1 + b % (UIDS - 1),
                                       .tenure = b >> 2 & 1,
                                       .stop_timeout_usec = (b >> 3) * (100 * USEC_PER_MSEC),
                                       .type = what % N_SUPERVISE_EVENTS};
        ev->revoked = is_revoked(ev->uid);
        ev->stop_at_usec = ev->tenure == TENURE_LEASE ? until : USEC_INFINITY;
        ev->kill_at_usec =
                ev->tenure == TENURE_LEASE ? until + TIMING_STOP_MIN_USEC * (1 + (what >> 4)) : USEC_INFINITY;
        if (ev->stop_timeout_usec == 0 && ev->type != SUPERVISE_EV_REVOKE)
                ev->stop_timeout_usec = USEC_PER_SEC;
        if (ev->type == SUPERVISE_EV_FOUND || ev->type == SUPERVISE_EV_FAILED ||
            (ev->type == SUPERVISE_EV_READING && !w.reading) ||
            (ev->type == SUPERVISE_EV_START_RESULT && !w.starting) || (deadline <= w.now && what & 128))
                ev->type = SUPERVISE_EV_TICK;
        if (ev->type == SUPERVISE_EV_READING) {
                ev->reading = reading_of(a, b);
                w.reading = false;
        }
        if (ev->type == SUPERVISE_EV_START_RESULT) {
                ev->start_result = a % 4;
                w.starting = false;
        }
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        uint8_t found = fuzz_byte(&f);
        struct supervise_event ev;
        struct supervise s;

        memset(&w, 0, sizeof(w));
        w.now = T0;
        supervise_init(&s);
        event(&s, &f, &ev);
        ev.type = SUPERVISE_EV_FOUND;
        ev.file = found % 3;
        ev.gate = found >> 2 & 1;
        ev.revoked = found >> 3 & 1;
        w.gate = ev.gate;
        w.file = ev.file == SUPERVISE_FILE_VALID;
        w.ours = ev.gate || ev.file != SUPERVISE_FILE_NONE;
        w.reading = w.starting = false;
        if (ev.revoked)
                never_again(ev.uid);
        step(&s, &ev, 0);
        for (unsigned i = 0; i < 100 && f.n > 0; i++) {
                uint8_t which = fuzz_byte(&f);

                event(&s, &f, &ev);
                shell_step(&s, &ev, which < 192 ? 0 : which);
        }
}
