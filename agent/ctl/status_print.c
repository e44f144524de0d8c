/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's status document for a human: trouble, the agent, a table of locks. What is in it: codec/report.h. Its
 * words are the agent's; here are only the names of lines and columns. */
#include "ctl/status_print.h"

#include <errno.h>
#include <json-c/json.h>

#include "base/clock.h"
#include "codec/report.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define COLOR_BAD "\033[31m"
#define COLOR_OFF "\033[0m"

/* A member, or NULL when the agent is of another version and has it not. */
static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;

        return json_object_object_get_ex(o, key, &value) ? value : NULL;
}

/* Its text, safe for a terminal: holder and reason come from objects that others wrote. */
static const char *text(json_object *o, const char *key) {
        json_object *value = member(o, key);

        if (!json_object_is_type(value, json_type_string))
                return "";
        return show_plain((char *)json_object_get_string(value)); /* the document is ours */
}

static const char *color_of(const char *role) {
        static const struct {
                const char *role, *color;
        } colors[] = {{"leader", "\033[32m"}, {"candidate", ""}, {"stopped", ""}, {"blocked", COLOR_BAD}};

        for (size_t i = 0; i < ELEMENTSOF(colors); i++)
                if (util_streq(colors[i].role, role))
                        return colors[i].color;
        return "\033[33m"; /* on its way from one to another */
}

/* The host name alone, unless that is ours, too. */
static const char *holder_of(json_object *lock, const char *own) {
        const char *holder = text(lock, "holder"), *identity = text(lock, "holderIdentity");
        size_t n = strlen(holder);

        if (!n)
                return "-";
        return !util_streq(identity, own) && strncmp(own, holder, n) == 0 && own[n] == '-' ? identity : holder;
}

static void add_lock(struct table *t, json_object *lock, const char *own) {
        static const char *const more[][2] = {{"reason", "reason"},
                                              {"next", "next"},

                                              {"nextTenure", "tenure of the next term"}};
        uint64_t until = clock_parse_utc(text(lock, "validUntil"));
        char since[CTL_AGE_MAX], valid[CLOCK_TEXT_SIZE];
        char restarts[80];
        int n_restarts;
        const char *role = text(lock, "role");
        const char *const cells[] = {text(lock, "lock"),   role,
                                     text(lock, "unit"),   text(lock, "unitState"),
                                     holder_of(lock, own), show_ago(since, text(lock, "since"))};

        table_add(t, cells);
        table_color(t, 1, color_of(role));
        for (size_t i = 0; i < ELEMENTSOF(more); i++)
                table_note(t, more[i][1], text(lock, more[i][0]));
        n_restarts = json_object_get_int(member(lock, "unitRestarts"));
        if (n_restarts > 0) {
                (void)snprintf(restarts, sizeof(restarts), "%d by systemd (Restart=) since the unit was started",
                               n_restarts);
                table_note(t, "restarts", restarts);
        }
        if (until)
                table_note(t, "valid until", clock_format_local(until, valid));
}

static int print_locks(json_object *locks, const char *own, FILE *f, bool colors) {
        static const char *const head[] = {"LOCK", "ROLE", "UNIT", "STATE", "HOLDER", "SINCE"};
        size_t n_locks = json_object_is_type(locks, json_type_array) ? json_object_array_length(locks) : 0;
        _cleanup_(table_freep) struct table *t = NULL;
        int r;

        r = table_new(&t, head, ELEMENTSOF(head));
        if (r < 0)
                return r;
        table_fold(t, 2, "unit");
        table_fold(t, 4, "holder");
        for (size_t i = 0; i < n_locks; i++)
                add_lock(t, json_object_array_get_idx(locks, i), own);
        return table_print(t, f, colors);
}

/* Trouble comes first. Whether it has said already what is wrong with API server and guard. */
static void print_troubles(json_object *troubles, FILE *f, bool colors, bool *ret_api, bool *ret_guard) {
        size_t n = json_object_is_type(troubles, json_type_array) ? json_object_array_length(troubles) : 0;

        *ret_api = *ret_guard = false;
        for (size_t i = 0; i < n; i++) {
                json_object *t = json_object_array_get_idx(troubles, i);

                (void)fprintf(f, "%sTROUBLE%s   %s\n", colors ? COLOR_BAD : "", colors ? COLOR_OFF : "",
                              text(t, "text"));
                *ret_api = *ret_api || util_streq(text(t, "kind"), REPORT_API_UNREACHABLE);
                *ret_guard = *ret_guard || util_streq(text(t, "kind"), REPORT_GUARD_AWAY) ||
                             util_streq(text(t, "kind"), REPORT_SECOND_AGENT);
        }
}

static void print_agent(json_object *status, FILE *f, bool colors) {
        json_object *api = member(status, "api"), *guard = member(status, "guard");
        const char *contact = text(api, "lastContact"), *api_error = text(api, "error");
        bool told_api, told_guard;
        int breaks = json_object_get_int(member(guard, "breaks"));
        char span[CTL_AGE_MAX];

        print_troubles(member(status, "troubles"), f, colors, &told_api, &told_guard);
        (void)fprintf(f, "identity  %s, leader-agent %s\n", text(status, "identity"), text(status, "version"));
        if (*contact)
                (void)fprintf(f, "API       %s, last answer %s", text(api, "server"), show_ago(span, contact));
        else
                (void)fprintf(f, "API       %s, no answer yet", text(api, "server"));
        (void)fprintf(f, "%s%s\n", *api_error && !told_api ? "; " : "", told_api ? "" : api_error);
        if (json_object_get_boolean(member(guard, "connected")))
                (void)fprintf(f, "guard     connected");
        else
                (void)fprintf(f, "guard     NOT connected%s%s", told_guard ? "" : ": ",
                              told_guard ? "" : text(guard, "error"));
        if (breaks > 0)
                (void)fprintf(f, "; lost %d time%s since leader-agent began", breaks, breaks == 1 ? "" : "s");
        (void)fprintf(f, "\n\n");
}

int status_print(const char *json, FILE *f, bool colors) {
        json_object *document = json_tokener_parse(json);
        int r = -EBADMSG;

        if (json_object_is_type(document, json_type_object)) {
                print_agent(document, f, colors);
                r = print_locks(member(document, "locks"), text(document, "identity"), f, colors);
        }
        json_object_put(document);
        return r;
}
