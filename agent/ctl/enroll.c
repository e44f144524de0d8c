/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl enroll: which units, what is wanted of them, and the two rounds (files, then what is in force). What is
 * done to one of them is enroll_unit.h. */
#include <errno.h>
#include <stdio.h>

#include "adapter/dropin.h"
#include "adapter/gate.h"
#include "base/unit_list.h"
#include "codec/conf.h"
#include "codec/name.h"
#include "codec/permit.h"
#include "ctl/enroll_unit.h"
#include "ctl/verbs.h"

struct options {
        bool check, remove, adopt;
        struct given_tenure {
                bool given;
                enum tenure tenure;
        } tenure;
        uint64_t stop_timeout_usec; /* 0: not given */
        const char *config;         /* NULL: not given */
};

struct session {
        const struct options *o;
        struct conf *conf; /* NULL: there is none */
        struct ctl_units units;
        bool changed; /* files */
};

/* ---- options ---- */

static int set_tenure(const char *argument, void *field, struct err *err) {
        struct given_tenure *t = field;

        if (tenure_from_string(argument, &t->tenure) < 0)
                return err_setf(err, -EINVAL, "--tenure is life or lease, not '%s'", argument);
        t->given = true;
        return 0;
}

static int set_stop_timeout(const char *argument, void *field, struct err *err) {
        char *end;
        double seconds = strtod(argument, &end);

        if (end == argument || (*end && !util_streq(end, "s")) || !(seconds >= 0.1 && seconds <= 86400))
                return err_setf(err, -EINVAL, "--stop-timeout is 0.1 to 86400 seconds, not '%s'", argument);
        *(uint64_t *)field = (uint64_t)(seconds * (double)USEC_PER_SEC);
        return 0;
}

static const struct ctl_option enroll_options[] = {
        {"check", 0, NULL, offsetof(struct options, check), ctl_set_true},
        {"remove", 0, NULL, offsetof(struct options, remove), ctl_set_true},
        {"adopt", 0, NULL, offsetof(struct options, adopt), ctl_set_true},
        {"tenure", 0, "life|lease", offsetof(struct options, tenure), set_tenure},
        {"stop-timeout", 0, "SECONDS", offsetof(struct options, stop_timeout_usec), set_stop_timeout},
        {"config", 0, "FILE", offsetof(struct options, config), ctl_set_text},
        {},
};

/* ---- which units, and what is wanted ---- */

static const struct conf_lock *configured(const struct session *s, const char *unit) {
        for (size_t i = 0; s->conf && i < s->conf->n_locks; i++)
                if (unit_list_find(s->conf->locks[i].unit, unit) >= 0)
                        return &s->conf->locks[i];
        return NULL;
}

static int resolve(const struct session *s, const char *name, struct enroll_target *t) {
        const struct conf_lock *l;
        const char *suffix = strchr(name, '.') ? "" : ".service";
        enum tenure tenure;
        int n;

        n = snprintf(t->unit, sizeof(t->unit), "%s%s", name, suffix);
        if (n < 0 || (size_t)n >= sizeof(t->unit)) {
                (void)ctl_error("%s: too long for a unit name", name);
                return -EINVAL;
        }
        l = configured(s, t->unit);
        if (!(l ? permit_unit_valid(t->unit) : name_is_service_unit(t->unit))) {
                (void)ctl_error("%s: only service units can be guarded, and in a list (units = …) what starts them",
                                t->unit);
                return -EINVAL;
        }
        tenure = s->o->tenure.given ? s->o->tenure.tenure : l ? l->tenure : TENURE_LIFE;
        if (l && tenure != l->tenure)
                (void)ctl_error("warning: %s has tenure %s in the configuration (%s), enrolling for %s: no permit "
                                "until they agree",
                                t->unit, tenure_to_string(l->tenure), l->where, tenure_to_string(tenure));
        t->want = (struct enroll_want){
                .unit = t->unit,
                .runtime_dir = GATE_DIR,
                .tenure = tenure,
                .stop_timeout_usec = s->o->stop_timeout_usec  ? s->o->stop_timeout_usec
                                     : !l                     ? TIMING_STOP_DEFAULT_USEC
                                     : tenure == TENURE_LEASE ? enroll_share(l->unit, l->stop_timeout_usec)
                                                              : l->stop_timeout_usec,
                .list = l && unit_list_count(l->unit) > 1 ? l->unit : NULL,
        };
        if (t->want.tenure == TENURE_LEASE && !l && s->o->stop_timeout_usec == 0) {
                (void)ctl_error("%s is not in the configuration: tenure lease needs --stop-timeout SECONDS", t->unit);
                return -EINVAL;
        }
        return 0;
}

static int load_configuration(struct session *s, bool needed) {
        struct err err = {};
        int r = conf_load(&s->conf, s->o->config, &err);

        /* Units and flags given by hand do not need one that is not there. */
        if (r == 0 || (r == -ENOENT && !needed && !s->o->config))
                return 0;
        (void)ctl_error("%s", err.text);
        return r;
}

/* ---- all of them ---- */

static int write_or_remove(struct session *s, const struct enroll_target *t) {
        if (s->o->check)
                return 0;
        return s->o->remove ? enroll_unit_remove(&s->units, t, &s->changed)
                            : enroll_unit_write(&s->units, t, s->o->adopt, &s->changed);
}

static size_t count_configured(const struct session *s) {
        size_t n = 0;

        for (size_t i = 0; i < s->conf->n_locks; i++)
                n += unit_list_count(s->conf->locks[i].unit);
        return n;
}

static int resolve_configured(const struct session *s, struct enroll_target *targets) {
        char name[UNIT_NAME_SIZE];
        size_t n = 0;

        for (size_t i = 0; i < s->conf->n_locks; i++)
                for (const char *at = s->conf->locks[i].unit; unit_list_next(&at, name);) {
                        int r = resolve(s, name, &targets[n++]);

                        if (r < 0)
                                return r;
                }
        return 0;
}

/* names NULL: the units of the configuration. Returns 0; negative errno when one is not as it must be. */
static int enroll(struct session *s, char *const *names, size_t n) {
        _cleanup_free_ struct enroll_target *targets = calloc(n ? n : 1, sizeof(*targets));
        struct err err = {};
        int worst = 0, r;

        if (!targets)
                return -ENOMEM;
        r = names ? 0 : resolve_configured(s, targets);
        for (size_t i = 0; names && i < n && r == 0; i++)
                r = resolve(s, names[i], &targets[i]);
        if (r < 0)
                return r;
        r = ctl_units_open(&s->units, &err);
        if (r < 0) {
                (void)ctl_error("%s", err.text);
                return r;
        }
        for (size_t i = 0; i < n; i++) {
                r = write_or_remove(s, &targets[i]);
                /* The other units are not to wait for this one; nothing is checked that was not written. */
                if (r < 0) {
                        worst = r;
                        targets[i].unit[0] = '\0';
                }
        }
        if (s->changed && ctl_units_reload(&s->units) < 0)
                return -EIO;
        for (size_t i = 0; i < n && !s->o->remove; i++) {
                r = targets[i].unit[0] ? enroll_unit_check(&s->units, &targets[i]) : 0;
                worst = r < 0 ? r : worst;
        }
        return worst;
}

static int run(const void *options, char *const *arguments, size_t n) {
        struct session s = {.o = options};
        int r;

        if (s.o->check && s.o->remove)
                return ctl_usage(&ctl_enroll, "--check or --remove, not both");
        if (s.o->adopt && (s.o->check || s.o->remove))
                return ctl_usage(&ctl_enroll, "--adopt goes with neither --check nor --remove");
        if (!s.o->check && geteuid() != 0)
                return ctl_error("enroll changes %s: run it as root (only --check needs no root)", ENROLL_DIR);
        r = load_configuration(&s, /* needed= */ n == 0);
        if (r == 0)
                r = enroll(&s, n > 0 ? arguments : NULL, n > 0 ? n : count_configured(&s));
        ctl_units_close(&s.units);
        conf_free(s.conf);
        return r < 0 ? CTL_FAILURE : CTL_OK;
}

const struct ctl_verb ctl_enroll = {
        .name = "enroll",
        .arguments = "[--check|--remove|--adopt] [UNIT...]",
        .summary = "put units under the gate of leader-guard",
        .usage =
                "enroll [--check | --remove | --adopt] [OPTION…] [UNIT…]\n\n"
                "Makes units startable only where leader-agent holds their lock (a static drop-in), with the sockets,\n"
                "paths and timers that start them, and checks what systemd has in force. Without UNIT: every unit of\n"
                "the configuration.\n\n"
                "  --check                only check\n"
                "  --remove               take the drop-ins away again\n"
                "  --adopt                also a unit that runs without a permit: it runs on, and leader-agent takes "
                "it\n"
                "                         over where the lock is free; where another host leads it is stopped\n"
                "  --tenure life|lease    [as configured, else life]\n"
                "  --stop-timeout SECONDS what a whole stop may take [as configured]\n"
                "  --config FILE          another configuration",
        .options = enroll_options,
        .options_size = sizeof(struct options),
        .n_arguments_max = SIZE_MAX,
        .run = run,
};
