/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl status: the agent's status document, as it is or as a table. What is in it: codec/report.h. */
#include <json-c/json.h>

#include "adapter/bus.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

struct status {
        bool json;
};

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
        } colors[] = {{"leader", "\033[32m"}, {"candidate", ""}, {"stopped", ""}, {"blocked", "\033[31m"}};

        for (size_t i = 0; i < ELEMENTSOF(colors); i++)
                if (util_streq(colors[i].role, role))
                        return colors[i].color;
        return "\033[33m"; /* on its way from one to another */
}

static void add_lock(struct table *t, json_object *lock) {
        static const char *const more[][2] = {{"reason", "reason"}, {"next", "next"}, {"validUntil", "valid until"}};
        char since[CTL_AGE_MAX];
        const char *role = text(lock, "role"), *holder = text(lock, "holder");
        const char *const cells[] = {text(lock, "lock"),     role,
                                     text(lock, "unit"),     text(lock, "unitState"),
                                     *holder ? holder : "-", show_ago(since, text(lock, "since"))};

        table_add(t, cells);
        table_color(t, 1, color_of(role));
        for (size_t i = 0; i < ELEMENTSOF(more); i++)
                table_note(t, more[i][1], text(lock, more[i][0]));
}

static int print_locks(json_object *locks) {
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
                add_lock(t, json_object_array_get_idx(locks, i));
        return table_print(t, stdout, show_colors());
}

static int print_human(json_object *status) {
        json_object *api = member(status, "api"), *guard = member(status, "guard");
        const char *contact = text(api, "lastContact"), *api_error = text(api, "error");
        int breaks = json_object_get_int(member(guard, "breaks"));
        char span[CTL_AGE_MAX];

        (void)printf("identity  %s, leader-agent %s\n", text(status, "identity"), text(status, "version"));
        if (*contact)
                (void)printf("API       %s, last answer %s", text(api, "server"), show_ago(span, contact));
        else
                (void)printf("API       %s, no answer yet", text(api, "server"));
        (void)printf("%s%s\n", *api_error ? "; " : "", api_error);
        if (json_object_get_boolean(member(guard, "connected")))
                (void)printf("guard     connected");
        else
                (void)printf("guard     NOT connected: %s", text(guard, "error"));
        if (breaks > 0)
                (void)printf("; lost %d time%s since leader-agent began", breaks, breaks == 1 ? "" : "s");
        (void)printf("\n\n");
        return print_locks(member(status, "locks"));
}

static int run(const void *options, _unused_ char *const *arguments, _unused_ size_t n) {
        const struct status *o = options;
        _cleanup_free_ char *json = NULL;
        json_object *document;
        struct err err = {};
        bool shown;
        int r;

        r = bus_client_call("Status", NULL, &json, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        if (o->json) {
                (void)printf("%s\n", json);
                return CTL_OK;
        }
        document = json_tokener_parse(json);
        shown = json_object_is_type(document, json_type_object) && print_human(document) >= 0;
        json_object_put(document);
        return shown ? CTL_OK : ctl_error("the agent's status cannot be shown; see leaderctl status --json");
}

static const struct ctl_option status_options[] = {
        {"json", 0, NULL, offsetof(struct status, json), ctl_set_true},
        {},
};

const struct ctl_verb ctl_status = {
        .name = "status",
        .arguments = "[--json]",
        .summary = "what this host's agent does, lock by lock",
        .usage = "status [--json]\n\n"
                 "Shows what the agent of this host does. --json: its status document, one line.",
        .options = status_options,
        .options_size = sizeof(struct status),
        .wrong_arguments = "takes no argument",
        .run = run,
};
