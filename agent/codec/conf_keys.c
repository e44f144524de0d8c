/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and reading and writing a field through one of its rows. What only several keys together can break is in
 * conf_check.c. */
#include "codec/conf_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "codec/name.h"
#include "codec/timespan.h"

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC
#define MIN  (60 * USEC_PER_SEC)
#define DAY  (MIN * 60 * 24)

static const struct conf_choice tenures[] = {
        {TENURE_WORD_LIFE, TENURE_LIFE}, {TENURE_WORD_LEASE, TENURE_LEASE}, {NULL, 0}};
static const struct conf_choice placeholders[] = {{"lease", PLACEHOLDER_LEASE}, {"pod", PLACEHOLDER_POD}, {NULL, 0}};
static const struct conf_choice on_failures[] = {{"release", ON_FAILURE_RELEASE}, {"keep", ON_FAILURE_KEEP}, {NULL, 0}};
static const struct conf_choice on_exits[] = {{"keep", ON_EXIT_KEEP}, {"release", ON_EXIT_RELEASE}, {NULL, 0}};
static const struct conf_choice on_foreigns[] = {{"stop", ON_FOREIGN_STOP}, {"leave", ON_FOREIGN_LEAVE}, {NULL, 0}};
/* The numbers of syslog(3). */
static const struct conf_choice log_levels[] = {{"err", 3},  {"warning", 4}, {"notice", 5},
                                                {"info", 6}, {"debug", 7},   {NULL, 0}};

#define AT(field)      .offset = offsetof(struct conf, field)
#define LOCK_AT(field) .offset = offsetof(struct conf_lock, field)
#define SPAN(min, max) .type = CONF_TYPE_USEC, .min_usec = (min), .max_usec = (max)
#define CHOICE(list)   .type = CONF_TYPE_CHOICE, .choices = (list)

/* clang-format off */
const struct conf_key conf_keys[] = {
        {"kubeconfig",      AT(kubeconfig),           .type = CONF_TYPE_PATH},
        {"context",         AT(context),              .type = CONF_TYPE_TEXT},
        {"namespace",       AT(namespace_),           .type = CONF_TYPE_LABEL},
        {"state_dir",       AT(state_dir),            .type = CONF_TYPE_PATH, .preset = "/var/lib/leader-agent"},
        {"guard_socket",    AT(guard_socket),         .type = CONF_TYPE_PATH, .preset = PERMIT_SOCKET},
        {"request_timeout", AT(request_timeout_usec), SPAN(100 * MSEC, MIN),  .preset = "5s"},
        {"verify_interval", AT(verify_interval_usec), SPAN(10 * SEC, DAY),    .preset = "10min"},
        {"renew_interval",  AT(renew_interval_usec),  SPAN(100 * MSEC, DAY),  .preset = "5s"},
        {"log_level",       AT(log_level),            CHOICE(log_levels),     .preset = "info"},
        {"trace",           AT(trace),                .type = CONF_TYPE_PATH},
        {NULL},
};

const struct conf_key conf_lock_keys[] = {
        {"name",           LOCK_AT(name),                        .type = CONF_TYPE_SUBDOMAIN,  .required = true, .own = true},
        {"namespace",      LOCK_AT(namespace_),                  .type = CONF_TYPE_LABEL,      .own = true},
        {"unit",           LOCK_AT(unit),                        .type = CONF_TYPE_UNIT,       .required = true, .own = true},
        {"tenure",         LOCK_AT(tenure),                      CHOICE(tenures),              .preset = TENURE_WORD_LIFE},
        {"placeholder",    LOCK_AT(placeholder),                 CHOICE(placeholders),         .preset = "lease"},
        {"lease_duration", LOCK_AT(lease_duration_usec),         SPAN(2 * SEC, DAY),           .preset = "30s", .lease = true},
        {"renew_deadline", LOCK_AT(renew_deadline_usec),         SPAN(100 * MSEC, DAY),        .preset = "15s", .lease = true},
        {"stop_timeout",   LOCK_AT(stop_timeout_usec),           SPAN(TIMING_STOP_MIN_USEC, DAY), .preset = "8s", .preset_life = "5min"},
        {"kill_margin",    LOCK_AT(kill_margin_usec),            SPAN(100 * MSEC, DAY),        .preset = "5s"},
        {"on_failure",     LOCK_AT(keys.on_failure),             CHOICE(on_failures),          .preset = "release"},
        {"on_exit",        LOCK_AT(keys.on_exit),                CHOICE(on_exits),             .preset = "keep"},
        {"restart_limit",  LOCK_AT(keys.restart_limit),          .type = CONF_TYPE_COUNT,      .preset = "5"},
        {"restart_limit_interval", LOCK_AT(keys.restart_interval_usec), SPAN(SEC, DAY),        .preset = "10min"},
        {"on_foreign",     LOCK_AT(keys.on_foreign),             CHOICE(on_foreigns),          .preset = "stop"},
        {"cooldown",       LOCK_AT(keys.cooldown.min_usec),      SPAN(SEC, DAY),               .preset = "10s"},
        {"cooldown_max",   LOCK_AT(keys.cooldown.max_usec),      SPAN(SEC, DAY),               .preset = "5min"},
        {"step_down_hold", LOCK_AT(keys.step_down_hold_usec),    SPAN(0, DAY),                 .preset = "10s"},
        {NULL},
};
/* clang-format on */

static char **string_at(const struct conf_key *key, void *base) {
        return (char **)((char *)base + key->offset);
}

static uint64_t *usec_at(const struct conf_key *key, void *base) {
        return (uint64_t *)((char *)base + key->offset);
}

static int *int_at(const struct conf_key *key, void *base) {
        return (int *)((char *)base + key->offset);
}

const struct conf_key *conf_key_find(const struct conf_key *table, const char *name, size_t *ret_i) {
        for (size_t i = 0; table[i].name; i++)
                if (util_streq(table[i].name, name)) {
                        *ret_i = i;
                        return &table[i];
                }
        return NULL;
}

static uint32_t *count_at(const struct conf_key *key, void *base) {
        return (uint32_t *)((char *)base + key->offset);
}

#define COUNT_MAX 1000

static int set_count(const struct conf_key *key, void *base, long long count, struct err *err) {
        if (count < 0 || count > COUNT_MAX)
                return err_setf(err, -EINVAL, "%s is out of bounds: %lld, must be 0 to %d", key->name, count,
                                COUNT_MAX);
        *count_at(key, base) = (uint32_t)count;
        return 0;
}

static int set_usec(const struct conf_key *key, void *base, uint64_t usec, struct err *err) {
        char min[TIMESPAN_MAX], max[TIMESPAN_MAX], got[TIMESPAN_MAX];

        if (usec < key->min_usec || usec > key->max_usec)
                return err_setf(err, -EINVAL, "%s is out of bounds: %s, must be %s to %s", key->name,
                                timespan_format(got, usec), timespan_format(min, key->min_usec),
                                timespan_format(max, key->max_usec));
        *usec_at(key, base) = usec;
        return 0;
}

static int set_choice(const struct conf_key *key, void *base, const char *text, struct err *err) {
        char list[128] = "";

        for (const struct conf_choice *c = key->choices; c->name; c++) {
                size_t n;

                if (util_streq(c->name, text)) {
                        *int_at(key, base) = c->value;
                        return 0;
                }
                n = strlen(list);
                (void)snprintf(list + n, sizeof(list) - n, "%s\"%s\"", n ? ", " : "", c->name);
        }
        return err_setf(err, -EINVAL, "%s is \"%s\", must be one of %s", key->name, text, list);
}

static const char *expected_of(const struct conf_key *key, const char *text) {
        switch (key->type) {
        case CONF_TYPE_PATH:
                return text[0] == '/' ? NULL : "an absolute path (no ~, no variables)";
        case CONF_TYPE_TEXT:
                return text[0] ? NULL : "a text that is not empty";
        case CONF_TYPE_LABEL:
                return name_is_dns_label(text) ? NULL
                                               : "1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends";
        case CONF_TYPE_SUBDOMAIN:
                return name_is_dns_subdomain(text) ? NULL
                                                   : "1 to 253 of a-z, 0-9, '-' and '.', as Kubernetes names are";
        case CONF_TYPE_UNIT:
                return name_is_service_unit(text) ? NULL
                                                  : "the full name of a service unit, e.g. \"myapp-operator.service\"";
        case CONF_TYPE_USEC:
        case CONF_TYPE_CHOICE:
        case CONF_TYPE_COUNT:
                break;
        }
        return NULL;
}

int conf_key_set(const struct conf_key *key, void *base, const char *text, struct err *err) {
        const char *expected;
        char *copy;

        if (key->type == CONF_TYPE_CHOICE)
                return set_choice(key, base, text, err);
        if (key->type == CONF_TYPE_COUNT) {
                char *end;
                long long count = strtoll(text, &end, 10);

                if (text[0] < '0' || text[0] > '9' || *end)
                        return err_setf(err, -EINVAL, "%s is \"%s\", must be a number", key->name, text);
                return set_count(key, base, count, err);
        }
        if (key->type == CONF_TYPE_USEC) {
                uint64_t usec;
                int r = timespan_parse(text, &usec);

                if (r < 0)
                        return err_setf(err, -EINVAL, "%s is \"%s\", %s", key->name, text,
                                        r == -ERANGE
                                                ? "which is far too long"
                                                : "must be a time span such as \"15s\", \"2min 30s\" or \"500ms\"");
                return set_usec(key, base, usec, err);
        }

        expected = expected_of(key, text);
        if (expected)
                return err_setf(err, -EINVAL, "%s is \"%s\", must be %s", key->name, text, expected);
        copy = strdup(text);
        if (!copy)
                return err_setf(err, -ENOMEM, "out of memory");
        free(*string_at(key, base));
        *string_at(key, base) = copy;
        return 0;
}

int conf_key_set_number(const struct conf_key *key, void *base, long long number, struct err *err) {
        uint64_t usec;

        if (key->type == CONF_TYPE_COUNT)
                return set_count(key, base, number, err);
        if (key->type != CONF_TYPE_USEC)
                return err_setf(err, -EINVAL, "%s is the number %lld, must be a text in quotes", key->name, number);
        if (number < 0 || __builtin_mul_overflow((uint64_t)number, USEC_PER_SEC, &usec))
                return err_setf(err, -EINVAL, "%s is %lld, must be a number of seconds or a time span", key->name,
                                number);
        return set_usec(key, base, usec, err);
}

int conf_key_copy(const struct conf_key *key, void *base, const void *from) {
        void *source = (void *)from; /* only read through; the accessors are shared with the writers */
        char *copy;

        if (key->type == CONF_TYPE_USEC) {
                *usec_at(key, base) = *usec_at(key, source);
                return 0;
        }
        if (key->type == CONF_TYPE_CHOICE) {
                *int_at(key, base) = *int_at(key, source);
                return 0;
        }
        if (key->type == CONF_TYPE_COUNT) {
                *count_at(key, base) = *count_at(key, source);
                return 0;
        }
        copy = *string_at(key, source) ? strdup(*string_at(key, source)) : NULL;
        if (!copy && *string_at(key, source))
                return -ENOMEM;
        free(*string_at(key, base));
        *string_at(key, base) = copy;
        return 0;
}

const char *conf_key_text(const struct conf_key *key, const void *base, char *buf) {
        void *source = (void *)base;
        if (key->type == CONF_TYPE_USEC)
                return timespan_format(buf, *usec_at(key, source));
        if (key->type == CONF_TYPE_COUNT) {
                (void)snprintf(buf, TIMESPAN_MAX, "%" PRIu32, *count_at(key, source));
                return buf;
        }
        if (key->type != CONF_TYPE_CHOICE)
                return *string_at(key, source);
        for (const struct conf_choice *c = key->choices; c->name; c++)
                if (c->value == *int_at(key, source))
                        return c->name;
        return NULL;
}

void conf_key_free_all(const struct conf_key *table, void *base) {
        for (const struct conf_key *key = table; key->name; key++)
                if (key->type != CONF_TYPE_USEC && key->type != CONF_TYPE_CHOICE && key->type != CONF_TYPE_COUNT) {
                        free(*string_at(key, base));
                        *string_at(key, base) = NULL;
                }
}

int conf_lock_copy(struct conf_lock *ret, const struct conf_lock *from) {
        int r = 0;

        *ret = (struct conf_lock){};
        for (const struct conf_key *key = conf_lock_keys; key->name && r == 0; key++)
                r = conf_key_copy(key, ret, from);
        ret->where = strdup(from->where);
        if (r == 0 && ret->where)
                return 0;
        conf_lock_done(ret);
        return -ENOMEM;
}

void conf_lock_done(struct conf_lock *l) {
        conf_key_free_all(conf_lock_keys, l);
        free(l->where);
        *l = (struct conf_lock){};
}
