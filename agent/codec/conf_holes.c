/* SPDX-License-Identifier: Apache-2.0 */
/* The sums behind README's holes, each as it is derived in a comment at its line. The bounds they use are
 * base/timing.h's; nothing here decides anything. ARCHITECTURE 5, claim 8. */
#include "codec/conf_holes.h"

#include "codec/conf_keys.h"
#include "codec/timespan.h"

#define PPM UINT64_C(1000000)

static const char *const names[N_CONF_HOLES] = {
        [CONF_HOLE_UNKILLABLE] = "unkillable",
        [CONF_HOLE_PAUSED] = "paused",
        [CONF_HOLE_PAUSED_CLOCK] = "paused-clock-stopped",
        [CONF_HOLE_CLOCK_RATE] = "clock-rate",
        [CONF_HOLE_CLONED] = "cloned",
        [CONF_HOLE_CLONED_MEMORY] = "cloned-memory",
        [CONF_HOLE_FENCED] = "fenced",
        [CONF_HOLE_FOREIGN] = "foreign",
};

const char *conf_hole_to_string(enum conf_hole hole) {
        return names[hole];
}

/* From the word that ends a term to the last process gone. */
static uint64_t stopping(const struct conf_lock *l) {
        return l->stop_timeout_usec + l->kill_margin_usec;
}

/* From the sending of the last renewal to the last process gone, on the holder's clock. */
static uint64_t lasting(const struct conf_lock *l) {
        const struct timing_lease t = conf_timing(l);

        return timing_lasting_usec(&t);
}

/* From then to the first act of a challenger, on that one's clock. */
static uint64_t waiting(const struct conf_lock *l) {
        return timing_silence_usec(l->lease_duration_usec, TIMING_RATE_PERMILLE);
}

uint64_t conf_rate_overlap_usec(const struct conf_lock *l, uint32_t ppm) {
        return util_usec_sub(lasting(l) * PPM / (PPM - ppm), waiting(l) * PPM / (PPM + ppm));
}

uint32_t conf_rate_harmless_ppm(const struct conf_lock *l) {
        /* lasting / (1 - e) = waiting / (1 + e), solved for e */
        return (uint32_t)(util_usec_sub(waiting(l), lasting(l)) * PPM / (waiting(l) + lasting(l)));
}

uint64_t conf_pause_harmless_usec(const struct conf_lock *l) {
        const struct timing_lease t = conf_timing(l);

        return timing_pause_harmless_usec(&t);
}

/* The holder reads its lock again at the latest then; a watch tells it in a moment, but proves nothing by silence. */
static uint64_t noticing(const struct conf *c, const struct conf_lock *l) {
        /* A lease that is cut off meanwhile ends by itself; one that is not has its answer before renew_deadline. */
        return c->verify_interval_usec + (l->tenure == TENURE_LEASE ? l->renew_deadline_usec : c->request_timeout_usec);
}

uint64_t conf_hole_usec(const struct conf *c, const struct conf_lock *l, enum conf_hole hole) {
        bool lease = l->tenure == TENURE_LEASE;

        switch (hole) {
        case CONF_HOLE_UNKILLABLE:
                return lease ? USEC_INFINITY : 0;
        case CONF_HOLE_PAUSED:
                return lease ? stopping(l) : 0;
        case CONF_HOLE_PAUSED_CLOCK:
                return lease ? lasting(l) : 0;
        case CONF_HOLE_CLOCK_RATE:
                return lease ? conf_rate_overlap_usec(l, CONF_SLEW_PPM) : 0;
        case CONF_HOLE_CLONED:
                return lease ? 0 : noticing(c, l) + stopping(l);
        case CONF_HOLE_CLONED_MEMORY:
                /* Either renews while its permit lasts, and no later the other has renewed for the last time: it stops,
                 * and leaves the lock. */
                return lease ? l->renew_deadline_usec + lasting(l) : USEC_INFINITY;
        case CONF_HOLE_FENCED:
                return noticing(c, l) + stopping(l);
        case CONF_HOLE_FOREIGN:
                /* The guard looks, and the lock (of a lease, its holder's placeholder too) is read. */
                return l->keys.on_foreign == ON_FOREIGN_LEAVE
                               ? USEC_INFINITY
                               : TIMING_LOOK_USEC + 2 * c->request_timeout_usec + stopping(l);
        }
        return USEC_INFINITY;
}

/* ---- in words ---- */

/* "KEY VALUE + KEY VALUE … = SUM" */
struct term {
        const char *key;
        uint64_t usec;
};

static void sum(FILE *f, const struct term *terms, size_t n) {
        char buf[TIMESPAN_MAX];
        uint64_t total = 0;

        for (size_t i = 0; i < n; i++) {
                (void)fprintf(f, "%s%s %s", i ? " + " : "", terms[i].key, timespan_format(buf, terms[i].usec));
                total += terms[i].usec;
        }
        (void)fprintf(f, " = %s", timespan_format(buf, total));
}

static void percent(FILE *f, const char *before, uint32_t ppm, const char *after) {
        (void)fprintf(f, "%s%u.%u %%%s", before, ppm / 10000, ppm / 1000 % 10, after);
}

static void describe_lease(const struct conf *c, const struct conf_lock *l, FILE *f) {
        char a[TIMESPAN_MAX], b[TIMESPAN_MAX], d[TIMESPAN_MAX];
        const struct term terms[] = {{"verify_interval", c->verify_interval_usec},
                                     {"renew_deadline", l->renew_deadline_usec},
                                     {"stop_timeout", l->stop_timeout_usec},
                                     {"kill_margin", l->kill_margin_usec}};
        const struct term copied[] = {terms[1], terms[1], terms[2], terms[3]};

        (void)fprintf(f, "    # Not prevented, and how long two could run then at most:\n");
        (void)fprintf(
                f, "    #   the unit cannot be killed (state D) and the host is silent for %s: as long as it lives\n",
                timespan_format(a, l->lease_duration_usec));
        (void)fprintf(
                f,
                "    #   the host is paused for longer than %s: from when it goes on, mostly milliseconds, until its "
                "guard\n    #     was scheduled; at most ",
                timespan_format(a, conf_pause_harmless_usec(l)));
        sum(f, terms + 2, 2);
        (void)fprintf(f, ";\n    #     ");
        sum(f, terms + 1, 3);
        (void)fprintf(f, " when its clock stood still meanwhile\n");
        percent(f, "    #   clocks run wrong by more than ", conf_rate_harmless_ppm(l),
                ", the holder's slow, the next ");
        (void)fprintf(f, "one's fast; by 8.3 %% as chrony may:\n    #     %s / 0.91667 - %s / 1.08333 = %s\n",
                      timespan_format(a, lasting(l)), timespan_format(b, waiting(l)),
                      timespan_format(d, conf_rate_overlap_usec(l, CONF_SLEW_PPM) / USEC_PER_MSEC * USEC_PER_MSEC));
        (void)fprintf(
                f, "    #   fenced while it lives, or its finalizer removed by hand: mostly until a watch told it and "
                   "the unit\n    #     stopped; at most ");
        sum(f, terms, 4);
        (void)fprintf(f, "\n    #   the running host is copied with its memory: until one of the two cannot renew and "
                         "has stopped its\n    #     unit; at most ");
        sum(f, copied, 4);
        (void)fprintf(f, "\n");
}

static void describe_life(const struct conf *c, const struct conf_lock *l, FILE *f) {
        const struct term terms[] = {{"verify_interval", c->verify_interval_usec},
                                     {"request_timeout", c->request_timeout_usec},
                                     {"stop_timeout", l->stop_timeout_usec},
                                     {"kill_margin", l->kill_margin_usec}};

        (void)fprintf(f,
                      "    # Not prevented, and how long two could run then at most:\n"
                      "    #   fenced while it lives, its finalizer removed by hand, or the host copied with its state "
                      "directory:\n    #     mostly until a watch told it and the unit stopped; at most, from when the "
                      "API server answers it,\n    #     ");
        sum(f, terms, 4);
        (void)fprintf(
                f, "\n    #   the running host is copied with its memory: without end, nothing tells the two apart\n");
}

static void describe_foreign(const struct conf *c, const struct conf_lock *l, FILE *f) {
        const struct term terms[] = {{"leader-guard's look", TIMING_LOOK_USEC},
                                     {"request_timeout", c->request_timeout_usec},
                                     {"request_timeout", c->request_timeout_usec},
                                     {"stop_timeout", l->stop_timeout_usec},
                                     {"kill_margin", l->kill_margin_usec}};

        (void)fprintf(f, "    #   the unit is started past the gate beside another host's leader: ");
        if (l->keys.on_foreign == ON_FOREIGN_LEAVE) {
                (void)fprintf(f, "until a human stops it (on_foreign \"leave\")\n");
                return;
        }
        (void)fprintf(f,
                      "mostly until systemd's signal\n    #     told it and it stopped; at most, if it is enrolled and "
                      "the API server answers, ");
        sum(f, terms, 5);
        (void)fprintf(f, "\n");
}

void conf_describe_holes(const struct conf *c, const struct conf_lock *l, FILE *f) {
        if (l->tenure == TENURE_LEASE)
                describe_lease(c, l, f);
        else
                describe_life(c, l, f);
        describe_foreign(c, l, f);
}
