/* SPDX-License-Identifier: Apache-2.0 */
/* units = ("…", "…"): from the file to one text (base/unit_list.h). */
#include <errno.h>
#include <string.h>

#include "base/unit_list.h"
#include "codec/conf_units.h"
#include "codec/name.h"

static bool has_suffix(const char *name, const char *suffix) {
        size_t n = strlen(name), m = strlen(suffix);

        return n > m && util_streq(name + n - m, suffix);
}

/* The service of the same name, in buf[UNIT_NAME_SIZE]. */
static const char *namesake(const char *name, char *buf) {
        (void)snprintf(buf, UNIT_NAME_SIZE, "%.*s.service", (int)(strrchr(name, '.') - name), name);
        return buf;
}

static int add(char *list, const char *name, struct err *err) {
        if (!name_is_list_unit(name))
                return err_setf(err, -EINVAL,
                                "units has \"%s\", each must be the full name of a .service, .timer, .socket or .path",
                                name);
        if (unit_list_find(list, name) >= 0)
                return err_setf(err, -EINVAL, "units has %s twice", name);
        if (unit_list_count(list) == UNIT_LIST_MAX)
                return err_setf(err, -EINVAL, "units has more than %d", UNIT_LIST_MAX);
        if (!unit_list_add(list, name))
                return err_setf(err, -EINVAL, "units is too long: all names together have at most %d characters",
                                UNIT_LIST_SIZE - 1);
        return 0;
}

/* What starts a service is of no use without one; and a socket cannot start beside a service that runs already. */
static int check(const char *list, struct err *err) {
        char name[UNIT_NAME_SIZE], service[UNIT_NAME_SIZE];
        size_t n_services = 0;
        int at = 0;

        for (const char *p = list; unit_list_next(&p, name); at++) {
                int other;

                n_services += has_suffix(name, ".service");
                if (!has_suffix(name, ".socket"))
                        continue;
                other = unit_list_find(list, namesake(name, service));
                if (other >= 0 && other < at)
                        return err_setf(err, -EINVAL,
                                        "units has %s behind %s: systemd refuses to start the socket of a service that "
                                        "runs; put it before",
                                        name, service);
        }
        return n_services > 0 ? 0
                              : err_setf(err, -EINVAL,
                                         "units has no service: a timer, socket or path needs the one that it starts "
                                         "beside it");
}

int conf_units_set(char **ret, const config_setting_t *s, struct err *err) {
        char list[UNIT_LIST_SIZE] = "", *copy;
        int type = config_setting_type(s), r;

        if ((type != CONFIG_TYPE_LIST && type != CONFIG_TYPE_ARRAY) || config_setting_length(s) == 0)
                return err_setf(err, -EINVAL, "units must be a list of names: units = (\"a.service\", \"b.service\")");
        for (int i = 0; i < config_setting_length(s); i++) {
                const char *name = config_setting_get_string_elem(s, i);

                if (!name)
                        return err_setf(err, -EINVAL, "units has an element that is no text in quotes");
                r = add(list, name, err);
                if (r < 0)
                        return r;
        }
        r = check(list, err);
        if (r < 0)
                return r;
        copy = strdup(list);
        if (!copy)
                return err_setf(err, -ENOMEM, "out of memory");
        free(*ret);
        *ret = copy;
        return 0;
}
