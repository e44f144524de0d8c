/* SPDX-License-Identifier: Apache-2.0 */
/* adapter/units without its callbacks. A connection that is lost answers every call (units.h), so nothing waits for
 * ever, and is not made again. */
#include "ctl/ctl_units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_wait.h"
#include "ctl/verbs.h"

struct answer {
        bool done;
        enum units_answer answer;
        char text[512];
        struct enroll_facts facts;
        char **names; /* NULL: no memory */
};

static void on_changed(_unused_ const char *unit, _unused_ void *userdata) {
}

static void on_lost(_unused_ const char *why, _unused_ void *userdata) {
}

static const struct units_handlers handlers = {.changed = on_changed, .lost = on_lost};

static void on_answer(enum units_answer answer, const char *text, const struct enroll_facts *facts, void *userdata) {
        struct answer *a = userdata;

        a->done = true;
        a->answer = answer;
        (void)snprintf(a->text, sizeof(a->text), "%s", text);
        if (facts)
                a->facts = *facts;
}

static char **copy(char *const *names) {
        size_t n = 0;
        char **ret;

        while (names[n])
                n++;
        ret = calloc(n + 1, sizeof(*ret));
        for (size_t i = 0; ret && i < n; i++) {
                ret[i] = strdup(names[i]);
                if (ret[i])
                        continue;
                while (i-- > 0)
                        free(ret[i]);
                free(ret);
                return NULL;
        }
        return ret;
}

static void on_names(enum units_answer answer, const char *text, char *const *names, void *userdata) {
        struct answer *a = userdata;

        on_answer(answer, text, NULL, userdata);
        if (names)
                a->names = copy(names);
}

static bool answered(const void *userdata) {
        return ((const struct answer *)userdata)->done;
}

/* started: what units_…() returned. */
static int wait_for(struct ctl_units *u, int started, struct answer *a, const char *what) {
        int r = ctl_wait(u->event, started, answered, a, USEC_INFINITY);

        if (r >= 0 && a->answer == UNITS_OK)
                return 0;
        (void)ctl_error("%s: %s", what, r < 0 ? strerror(-r) : a->text);
        return -EIO;
}

int ctl_units_open(struct ctl_units *ret, struct err *err) {
        int r;

        *ret = (struct ctl_units){};
        r = sd_event_new(&ret->event);
        if (r >= 0)
                r = units_new(&ret->units, ret->event, NULL, &handlers, NULL);
        if (r < 0)
                return err_setf(err, r, "cannot make an event loop: %s", strerror(-r));
        return units_connect(ret->units, err);
}

void ctl_units_close(struct ctl_units *u) {
        units_free(u->units);
        sd_event_unref(u->event);
        *u = (struct ctl_units){};
}

int ctl_units_read(struct ctl_units *u, const char *unit, struct enroll_facts *ret) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct answer a = {};
        int r;

        r = wait_for(u, units_read(u->units, &call, unit, on_answer, &a), &a, "cannot ask systemd about the unit");
        if (r == 0)
                *ret = a.facts;
        return r;
}

int ctl_units_order(struct ctl_units *u, const char *unit, const char *property, char ***ret) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct answer a = {};
        int r;

        r = wait_for(u, units_read_order(u->units, &call, unit, property, on_names, &a), &a,
                     "cannot ask systemd about the order");
        if (r == 0 && !a.names)
                r = -ENOMEM;
        if (r == 0)
                *ret = a.names;
        return r;
}

int ctl_units_stop(struct ctl_units *u, const char *unit) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct answer a = {};

        return wait_for(u, units_stop(u->units, &call, unit, /* alone= */ false, on_answer, &a), &a,
                        "cannot have systemd stop the unit");
}

int ctl_units_reload(struct ctl_units *u) {
        _cleanup_(units_call_freep) struct units_call *call = NULL;
        struct answer a = {};
        int r;

        r = wait_for(u, units_reload(u->units, &call, on_answer, &a), &a, "systemctl daemon-reload failed");
        if (r == 0)
                (void)printf("Reloaded systemd's unit files.\n");
        return r;
}
