/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "adapter/dropin.h"
#include "adapter/gate.h"
#include "adapter/units.h"
#include "codec/conf.h"
#include "codec/enroll.h"
#include "codec/permit.h"
#include "ctl/enroll.h"

struct options {
        bool check, remove, has_tenure;
        enum tenure tenure;         /* has_tenure */
        uint64_t stop_timeout_usec; /* 0: not given */
        const char *config;
};

struct session {
        struct options o;
        struct conf *conf; /* NULL: there is none */
        sd_event *event;
        struct units *units;
        bool lost, changed;
        char lost_why[256];
};

/* ---- PID 1, waited for ---- */

struct wait {
        bool done;
        enum units_answer answer;
        char text[512];
        struct enroll_facts facts;
};

static void on_changed(_unused_ const char *unit, _unused_ void *userdata) {
}

static void on_lost(const char *why, void *userdata) {
        struct session *s = userdata;

        s->lost = true;
        (void)snprintf(s->lost_why, sizeof(s->lost_why), "%s", why);
}

static const struct units_handlers handlers = {.changed = on_changed, .lost = on_lost};

static void on_answer(enum units_answer answer, const char *text, const struct enroll_facts *facts, void *userdata) {
        struct wait *w = userdata;

        w->done = true;
        w->answer = answer;
        (void)snprintf(w->text, sizeof(w->text), "%s", text);
        if (facts)
                w->facts = *facts;
}

static int wait_for(struct session *s, int r, struct wait *w, const char *what) {
        while (r >= 0 && !w->done && !s->lost)
                r = sd_event_run(s->event, UINT64_MAX);
        if (r >= 0 && w->done && w->answer == UNITS_OK)
                return 0;
        fprintf(stderr, "leaderctl: %s: %s\n", what, r < 0 ? strerror(-r) : w->done ? w->text : s->lost_why);
        return -EIO;
}

static int read_unit(struct session *s, const char *unit, struct enroll_facts *ret) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct wait w = {};
        int r;

        r = wait_for(s, units_read(s->units, &call, unit, on_answer, &w), &w, "cannot ask systemd about the unit");
        if (r < 0)
                return r;
        *ret = w.facts;
        return 0;
}

static int daemon_reload(struct session *s) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct wait w = {};
        int r;

        r = wait_for(s, units_reload(s->units, &call, on_answer, &w), &w, "systemctl daemon-reload failed");
        if (r == 0)
                printf("Reloaded systemd's unit files.\n");
        return r;
}

/* ---- one unit ---- */

struct target {
        char unit[256];
        struct enroll_want want;
};

static const struct conf_lock *configured(const struct session *s, const char *unit) {
        for (size_t i = 0; s->conf && i < s->conf->n_locks; i++)
                if (util_streq(s->conf->locks[i].unit, unit))
                        return &s->conf->locks[i];
        return NULL;
}

static int resolve(const struct session *s, const char *name, struct target *t) {
        const struct conf_lock *l;
        const char *suffix = strchr(name, '.') ? "" : ".service";
        enum tenure tenure;
        int n;

        n = snprintf(t->unit, sizeof(t->unit), "%s%s", name, suffix);
        if (n < 0 || (size_t)n >= sizeof(t->unit)) {
                fprintf(stderr, "leaderctl: %s: too long for a unit name\n", name);
                return -EINVAL;
        }
        if (!permit_unit_valid(t->unit) || !util_streq(strrchr(t->unit, '.'), ".service")) {
                fprintf(stderr, "leaderctl: %s: only service units can be guarded\n", t->unit);
                return -EINVAL;
        }
        l = configured(s, t->unit);
        tenure = s->o.has_tenure ? s->o.tenure : l ? l->tenure : TENURE_LIFE;
        if (l && tenure != l->tenure)
                fprintf(stderr,
                        "leaderctl: warning: %s has tenure %s in the configuration (%s), enrolling for %s: no permit "
                        "until "
                        "they agree\n",
                        t->unit, tenure_to_string(l->tenure), l->where, tenure_to_string(tenure));
        t->want = (struct enroll_want){
                .unit = t->unit,
                .runtime_dir = GATE_DIR,
                .tenure = tenure,
                .stop_timeout_usec = s->o.stop_timeout_usec ? s->o.stop_timeout_usec
                                     : l                    ? l->stop_timeout_usec
                                                            : TIMING_STOP_DEFAULT_USEC,
        };
        if (t->want.tenure == TENURE_LEASE && !l && s->o.stop_timeout_usec == 0) {
                fprintf(stderr,
                        "leaderctl: %s is not in the configuration: tenure lease needs --stop-timeout SECONDS\n",
                        t->unit);
                return -EINVAL;
        }
        return 0;
}

static int write_one(struct session *s, const char *unit, const char *text) {
        struct err err = {};
        int r = dropin_write(DROPIN_DIR, unit, ENROLL_DROPIN_NAME, text, &err);

        if (r < 0) {
                fprintf(stderr, "leaderctl: %s\n", err.text);
                return r;
        }
        printf("%s %s/%s.d/%s\n", r > 0 ? "Wrote" : "Already there:", DROPIN_DIR, unit, ENROLL_DROPIN_NAME);
        s->changed |= r > 0;
        return 0;
}

static int write_all(struct session *s, const struct target *t, const struct enroll_facts *f) {
        char text[ENROLL_DROPIN_MAX];
        int r;

        r = enroll_dropin(&t->want, enroll_stop_stages(f), text);
        if (r < 0) {
                fprintf(stderr, "leaderctl: %s: a stop timeout of %llu ms is too short for %u stop stages\n", t->unit,
                        (unsigned long long)(t->want.stop_timeout_usec / USEC_PER_MSEC), enroll_stop_stages(f));
                return r;
        }
        r = write_one(s, t->unit, text);
        for (size_t i = 0; r == 0 && i < f->n_triggered_by; i++)
                if (enroll_trigger_needs_dropin(f->triggered_by[i])) {
                        (void)enroll_trigger_dropin(&t->want, text);
                        r = write_one(s, f->triggered_by[i], text);
                        printf("Note: %s only starts where the gate is open; have the unit want it (Wants=%s).\n",
                               f->triggered_by[i], f->triggered_by[i]);
                }
        return r;
}

/* Says what is wrong in force. Returns 0, or -EBADMSG when something is. */
static int report(const struct target *t, const struct enroll_facts *f) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        size_t n = enroll_check(f, &t->want, problems);
        bool wrong = false;

        for (size_t i = 0; i < n; i++) {
                bool note = problems[i].severity == ENROLL_NOTE;

                wrong |= !note;
                (void)fprintf(note ? stdout : stderr, "%s: %s%s\n    cure: %s\n", t->unit, note ? "note: " : "",
                              problems[i].text, problems[i].cure);
        }
        if (!wrong)
                printf("%s: enrolled for tenure %s; starts only where leader-agent holds the lock.\n", t->unit,
                       tenure_to_string(t->want.tenure));
        if (f->main_pid)
                printf("%s: note: runs now (PID %u). If that is not by leader-agent's permit, stop it: the agent takes "
                       "no part "
                       "while it runs.\n",
                       t->unit, f->main_pid);
        return wrong ? -EBADMSG : 0;
}

/* systemd tells what triggers a unit only of units that it happens to have loaded; those of the same name are looked
 * at, too. */
static int add_triggers(struct session *s, const char *unit, struct enroll_facts *f) {
        static const char *const suffixes[] = {".socket", ".path"};
        struct enroll_facts trigger;
        char name[sizeof(((struct target *)NULL)->unit)];

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                int n = snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(unit) - strlen(".service")), unit,
                                 suffixes[i]);
                bool known = false;
                int r;

                if (n < 0 || (size_t)n >= sizeof(name))
                        continue;
                for (size_t k = 0; k < f->n_triggered_by; k++)
                        known |= util_streq(f->triggered_by[k], name);
                if (known || f->n_triggered_by == ENROLL_TRIGGERS_MAX)
                        continue;
                r = read_unit(s, name, &trigger);
                if (r < 0)
                        return r;
                if (util_streq(trigger.triggers, unit) &&
                    util_copy(f->triggered_by[f->n_triggered_by], sizeof(f->triggered_by[0]), name))
                        f->n_triggered_by++;
        }
        return 0;
}

/* First round: files. */
static int prepare(struct session *s, const struct target *t) {
        struct enroll_facts f = {};
        struct err err = {};
        int r;

        if (s->o.check)
                return 0;
        r = read_unit(s, t->unit, &f);
        if (r == 0)
                r = add_triggers(s, t->unit, &f);
        if (r < 0)
                return r;
        if (s->o.remove) {
                r = dropin_remove(DROPIN_DIR, t->unit, ENROLL_DROPIN_NAME, &err);
                for (size_t i = 0; r >= 0 && i < f.n_triggered_by; i++) {
                        int q = dropin_remove(DROPIN_DIR, f.triggered_by[i], ENROLL_DROPIN_NAME, &err);

                        r = q < 0 || q > r ? q : r;
                }
                if (r < 0)
                        fprintf(stderr, "leaderctl: %s\n", err.text);
                else
                        printf("%s: %s\n", t->unit,
                               r > 0 ? "no longer enrolled; anything may start it now" : "was not enrolled");
                s->changed |= r > 0;
                return r < 0 ? r : 0;
        }
        r = enroll_loaded(&f, t->unit, &err);
        if (r < 0) {
                fprintf(stderr, "leaderctl: %s\n", err.text);
                return r;
        }
        if (!util_streq(f.id, t->unit)) {
                fprintf(stderr, "leaderctl: %s is another name of %s; enrol that\n", t->unit, f.id);
                return -EINVAL;
        }
        return write_all(s, t, &f);
}

/* Second round, after daemon-reload: what is in force. */
static int verify(struct session *s, const struct target *t) {
        struct enroll_facts f;
        struct err err = {};
        int r;

        if (s->o.remove)
                return 0;
        r = read_unit(s, t->unit, &f);
        if (r < 0)
                return r;
        r = enroll_loaded(&f, t->unit, &err);
        if (r < 0) {
                fprintf(stderr, "leaderctl: %s\n", err.text);
                return r;
        }
        return report(t, &f);
}

/* ---- all of them ---- */

static int usage(FILE *f) {
        (void)fprintf(
                f,
                "leaderctl enroll [--check | --remove] [OPTION…] [UNIT…]\n\n"
                "Makes units startable only where leader-agent holds their lock (a static drop-in), and checks what\n"
                "systemd has in force. Without UNIT: every unit of the configuration.\n\n"
                "  --check                only check\n"
                "  --remove               take the drop-ins away again\n"
                "  --tenure life|lease    [as configured, else life]\n"
                "  --stop-timeout SECONDS what a whole stop may take [as configured]\n"
                "  --config FILE          another configuration\n");
        return f == stdout ? 0 : 2;
}

/* 0: go on, 1: help given, negative: wrong usage. */
static int parse(struct options *o, int argc, char **argv) {
        static const struct option options[] = {
                {"check", no_argument, NULL, 'c'},
                {"remove", no_argument, NULL, 'r'},
                {"tenure", required_argument, NULL, 't'},
                {"stop-timeout", required_argument, NULL, 's'},
                {"config", required_argument, NULL, 'f'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        char *end;
        double seconds;
        int c;

        optind = 0;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        o->check = true;
                        break;
                case 'r':
                        o->remove = true;
                        break;
                case 't':
                        if (tenure_from_string(optarg, &o->tenure) < 0) {
                                fprintf(stderr, "leaderctl: --tenure is life or lease, not '%s'\n", optarg);
                                return -EINVAL;
                        }
                        o->has_tenure = true;
                        break;
                case 's':
                        seconds = strtod(optarg, &end);
                        if (end == optarg || (*end && !util_streq(end, "s")) || !(seconds >= 0.1 && seconds <= 86400)) {
                                fprintf(stderr, "leaderctl: --stop-timeout is 0.1 to 86400 seconds, not '%s'\n",
                                        optarg);
                                return -EINVAL;
                        }
                        o->stop_timeout_usec = (uint64_t)(seconds * (double)USEC_PER_SEC);
                        break;
                case 'f':
                        o->config = optarg;
                        break;
                case 'h':
                        return 1;
                default:
                        return -EINVAL;
                }
        if (o->check && o->remove) {
                fprintf(stderr, "leaderctl: --check or --remove, not both\n");
                return -EINVAL;
        }
        return 0;
}

static int load_configuration(struct session *s, bool needed) {
        struct err err = {};
        int r = conf_load(&s->conf, s->o.config, &err);

        /* Units and flags given by hand do not need one that is not there. */
        if (r == 0 || (r == -ENOENT && !needed && !s->o.config))
                return 0;
        fprintf(stderr, "leaderctl: %s\n", err.text);
        return r;
}

static int run(struct session *s, char **names, size_t n) {
        _cleanup_free_ struct target *targets = calloc(n, sizeof(*targets));
        struct err err = {};
        int worst = 0, r;

        if (!targets)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                r = resolve(s, names ? names[i] : s->conf->locks[i].unit, &targets[i]);
                if (r < 0)
                        return r;
        }
        r = sd_event_new(&s->event);
        if (r >= 0)
                r = units_new(&s->units, s->event, NULL, &handlers, s);
        if (r < 0)
                return r;
        r = units_connect(s->units, &err);
        if (r < 0) {
                fprintf(stderr, "leaderctl: %s\n", err.text);
                return r;
        }
        for (size_t i = 0; i < n; i++) {
                r = prepare(s, &targets[i]);
                /* The other units are not to wait for this one; nothing is checked that was not written. */
                if (r < 0) {
                        worst = r;
                        targets[i].unit[0] = '\0';
                }
        }
        if (s->changed && daemon_reload(s) < 0)
                return -EIO;
        for (size_t i = 0; i < n; i++) {
                r = targets[i].unit[0] ? verify(s, &targets[i]) : 0;
                worst = r < 0 ? r : worst;
        }
        return worst;
}

int ctl_enroll(int argc, char **argv) {
        struct session s = {};
        bool named;
        int r;

        r = parse(&s.o, argc, argv);
        if (r != 0)
                return usage(r > 0 ? stdout : stderr);
        named = optind < argc;
        if (!s.o.check && geteuid() != 0) {
                fprintf(stderr, "leaderctl: enroll changes %s: run it as root (only --check needs no root)\n",
                        DROPIN_DIR);
                return 1;
        }
        r = load_configuration(&s, /* needed= */ !named);
        if (r == 0)
                r = run(&s, named ? argv + optind : NULL, named ? (size_t)(argc - optind) : s.conf->n_locks);
        units_free(s.units);
        sd_event_unref(s.event);
        conf_free(s.conf);
        return r < 0 ? 1 : 0;
}
