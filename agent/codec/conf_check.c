/* SPDX-License-Identifier: Apache-2.0 */
/* What several keys mean together: the timing rule, names used twice, and the same told to a human. ARCHITECTURE 5,
 * claim 5: timings that would allow two leaders are refused; the sums are base/timing's. */
#include <errno.h>

#include "base/unit_list.h"
#include "codec/conf_holes.h"
#include "codec/conf_keys.h"
#include "codec/name.h"
#include "codec/timespan.h"
#include "codec/utf8.h"

/* The smallest number of whole seconds that fulfils the rule. */
static uint64_t smallest_duration(uint64_t sum_usec) {
        uint64_t d = (sum_usec / USEC_PER_SEC + 1) * USEC_PER_SEC;

        while (timing_usable_usec(d, TIMING_RATE_PERMILLE) <= sum_usec)
                d += USEC_PER_SEC;
        return d;
}

static int check_lease(const struct conf *c, const struct conf_lock *l, struct err *err) {
        char a[TIMESPAN_MAX], b[TIMESPAN_MAX], k[TIMESPAN_MAX], s[TIMESPAN_MAX], d[TIMESPAN_MAX], u[TIMESPAN_MAX],
                n[TIMESPAN_MAX];
        const struct timing_lease t = conf_timing(l);
        uint64_t sum = timing_lasting_usec(&t), usable = timing_usable_usec(t.duration_usec, t.rate_permille),
                 floor = timing_kill_margin_floor_usec();

        if (l->lease_duration_usec % USEC_PER_SEC != 0)
                return err_setf(err, -EINVAL,
                                "%s: lock %s: lease_duration %s must be whole seconds: the API knows no less", l->where,
                                l->name, timespan_format(d, l->lease_duration_usec));

        if (sum >= usable)
                return err_setf(err, -EINVAL,
                                "%s: lock %s: two leaders would be possible: renew_deadline %s + stop_timeout %s + "
                                "kill_margin %s "
                                "= %s, must be less than lease_duration %s less %d %% for clock rates = %s; "
                                "lease_duration = \"%s\" would do",
                                l->where, l->name, timespan_format(a, l->renew_deadline_usec),
                                timespan_format(b, l->stop_timeout_usec), timespan_format(k, l->kill_margin_usec),
                                timespan_format(s, sum), timespan_format(d, l->lease_duration_usec),
                                TIMING_RATE_PERMILLE / 10, timespan_format(u, usable),
                                timespan_format(n, smallest_duration(sum)));

        if (l->kill_margin_usec <= floor)
                return err_setf(err, -EINVAL,
                                "%s: lock %s: kill_margin %s must be more than %s: a hung guard is noticed only after "
                                "the WatchdogSec= of leader-guard.service, %s, and systemd's timers are late by up to "
                                "%s",
                                l->where, l->name, timespan_format(k, l->kill_margin_usec), timespan_format(a, floor),
                                timespan_format(u, TIMING_WATCHDOG_USEC),
                                timespan_format(b, TIMING_WATCHDOG_LATE_USEC));

        sum = c->renew_interval_usec + c->request_timeout_usec;
        if (sum >= l->renew_deadline_usec)
                return err_setf(err, -EINVAL,
                                "%s: lock %s: renew_interval %s + request_timeout %s = %s, must be less than "
                                "renew_deadline %s: "
                                "one slow renewal would already stop the unit",
                                l->where, l->name, timespan_format(a, c->renew_interval_usec),
                                timespan_format(b, c->request_timeout_usec), timespan_format(s, sum),
                                timespan_format(d, l->renew_deadline_usec));
        return 0;
}

static int check_twice(const struct conf *c, size_t i, struct err *err) {
        const struct conf_lock *l = &c->locks[i];
        char name[UNIT_NAME_SIZE];

        for (size_t j = 0; j < i; j++) {
                const struct conf_lock *o = &c->locks[j];

                if (util_streq(o->name, l->name) && util_streq(o->namespace_, l->namespace_))
                        return err_setf(err, -EINVAL, "%s: lock %s is already configured at %s", l->where, l->name,
                                        o->where);
                for (const char *at = l->unit; unit_list_next(&at, name);)
                        if (unit_list_find(o->unit, name) >= 0)
                                return err_setf(err, -EINVAL, "%s: lock %s: unit %s already belongs to lock %s (%s)",
                                                l->where, l->name, name, o->name, o->where);
        }
        return 0;
}

/* Both go into one field of the guard's protocol, and are told together. */
static int check_length(const struct conf_lock *l, struct err *err) {
        size_t max = sizeof(((struct permit_request *)NULL)->lock) - sizeof("/");

        if (!l->namespace_ || strlen(l->namespace_) + strlen(l->name) <= max)
                return 0;
        return err_setf(err, -EINVAL,
                        "%s: lock %.60s…: namespace and name have %zu characters together, at most %zu fit", l->where,
                        l->name, strlen(l->namespace_) + strlen(l->name), max);
}

int conf_check(const struct conf *c, struct err *err) {
        char a[TIMESPAN_MAX], b[TIMESPAN_MAX];

        for (size_t i = 0; i < c->n_locks; i++) {
                const struct conf_lock *l = &c->locks[i];
                int r = check_twice(c, i, err);

                if (r == 0)
                        r = check_length(l, err);
                if (r == 0 && l->tenure == TENURE_LEASE)
                        r = check_lease(c, l, err);
                if (r < 0)
                        return r;
                if (l->keys.cooldown.min_usec > l->keys.cooldown.max_usec)
                        return err_setf(err, -EINVAL, "%s: lock %s: cooldown %s is more than cooldown_max %s", l->where,
                                        l->name, timespan_format(a, l->keys.cooldown.min_usec),
                                        timespan_format(b, l->keys.cooldown.max_usec));
        }
        return 0;
}

bool conf_warning(const struct conf_lock *l, char *buf, size_t size) {
        char keys[128] = "";
        unsigned found = 0;

        for (size_t i = 0; conf_lock_keys[i].name; i++)
                if (l->unused & UINT32_C(1) << i)
                        (void)snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%s", found++ ? ", " : "",
                                       conf_lock_keys[i].name);
        (void)snprintf(buf, size,
                       "%s: lock %s: %s %s nothing for tenure \"%s\", which has no lease; remove %s, or set tenure = "
                       "\"lease\"",
                       l->where, l->name, keys, found == 1 ? "means" : "mean", tenure_to_string(l->tenure),
                       found == 1 ? "it" : "them");
        return found > 0;
}

int conf_set_default_namespace(struct conf *c, const char *namespace_, struct err *err) {
        if (!name_is_dns_label(namespace_))
                return err_setf(err, -EINVAL, "\"%s\" is not a name of a namespace", namespace_);
        if (!c->namespace_ && !(c->namespace_ = strdup(namespace_)))
                return err_setf(err, -ENOMEM, "out of memory");
        for (size_t i = 0; i < c->n_locks; i++) {
                struct conf_lock *l = &c->locks[i];

                if (!l->namespace_ && !(l->namespace_ = strdup(c->namespace_)))
                        return err_setf(err, -ENOMEM, "out of memory");
        }
        return conf_check(c, err);
}

/* As libconfig reads it again. What is not fit for a terminal is written as \xNN. */
static void print_text(const char *text, FILE *f) {
        _cleanup_free_ char *plain = strdup(text);

        if (plain)
                (void)utf8_plain(plain, /* lines= */ false); /* each byte in its place */
        for (size_t i = 0; text[i]; i++) {
                unsigned char c = (unsigned char)text[i];

                if (plain ? plain[i] != text[i] : c < ' ' || c >= 0x7f)
                        (void)fprintf(f, "\\x%02x", c);
                else
                        (void)fprintf(f, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
        }
}

static void describe_units(const char *list, const char *indent, FILE *f) {
        char name[UNIT_NAME_SIZE];
        const char *between = "";

        (void)fprintf(f, "%sunits = (", indent);
        for (const char *at = list; unit_list_next(&at, name); between = ", ")
                (void)fprintf(f, "%s\"%s\"", between, name);
        (void)fprintf(f, ");\n");
}

static void describe_keys(const struct conf_key *table, const void *base, bool lease, const char *indent, FILE *f) {
        char buf[TIMESPAN_MAX];

        for (const struct conf_key *key = table; key->name; key++) {
                const char *text = conf_key_text(key, base, buf);

                if (key->lease && !lease)
                        (void)fprintf(f, "%s# %s: for tenure \"" TENURE_WORD_LEASE "\" only\n", indent, key->name);
                else if (text && key->type == CONF_TYPE_UNIT && unit_list_count(text) > 1)
                        describe_units(text, indent, f);
                else if (text) {
                        (void)fprintf(f, "%s%s = \"", indent, key->name);
                        print_text(text, f);
                        (void)fprintf(f, "\";\n");
                } else
                        (void)fprintf(f, "%s# %s: not set\n", indent, key->name);
        }
}

static void describe_meaning(const struct conf *c, const struct conf_lock *l, FILE *f) {
        char a[TIMESPAN_MAX], b[TIMESPAN_MAX], d[TIMESPAN_MAX];
        struct timing_lease t;
        uint64_t kill, latest;

        if (l->tenure == TENURE_LIFE) {
                (void)fprintf(f, "    # Two leaders: 0 s. The API server may be away for any time; a host that dies "
                                 "keeps the lock until\n"
                                 "    # it is back, or until a human runs `leaderctl fence`.\n");
                conf_describe_holes(c, l, f);
                return;
        }
        t = conf_timing(l);
        kill = timing_killed_usec(&t);
        latest = timing_silence_usec(l->lease_duration_usec, TIMING_RATE_PERMILLE);
        (void)fprintf(f,
                      "    # Two leaders: 0 s. Without a renewal the unit is being stopped after %s and killed after "
                      "%s; nobody else may\n"
                      "    # start it before %s.\n",
                      timespan_format(a, l->renew_deadline_usec), timespan_format(b, kill),
                      timespan_format(d, l->lease_duration_usec));
        (void)fprintf(f, "    # The next leader after a crash: %s to %s later, plus a few requests.\n",
                      timespan_format(a, util_usec_sub(l->lease_duration_usec, c->renew_interval_usec)),
                      timespan_format(b, latest));
        conf_describe_holes(c, l, f);
}

void conf_describe(const struct conf *c, FILE *f) {
        describe_keys(conf_keys, c, /* lease= */ true, "", f);
        (void)fprintf(f, "locks = (\n");
        for (size_t i = 0; i < c->n_locks; i++) {
                const struct conf_lock *l = &c->locks[i];
                char warning[1024];

                (void)fprintf(f, "  { # %s\n", l->where);
                if (conf_warning(l, warning, sizeof(warning)))
                        (void)fprintf(f, "    # WARNING: %s\n", warning);
                describe_meaning(c, l, f);
                describe_keys(conf_lock_keys, l, l->tenure == TENURE_LEASE, "    ", f);
                (void)fprintf(f, "  }%s\n", i + 1 < c->n_locks ? "," : "");
        }
        (void)fprintf(f, ");\n");
}
