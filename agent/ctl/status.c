/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's status document, as it is or as a table. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>

#include "adapter/bus.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {},
};

static const char usage[] = "status [--json]\n\n"
                            "Shows what the agent of this host does. --json: its status document, one line.";

#define COLUMNS 6

/* One row of the table; texts are owned by the document or by buf. */
struct row {
        const char *cell[COLUMNS];
        const char *color;
        char since[CTL_AGE_MAX];
};

static int on_option(_unused_ int option, void *userdata) {
        *(bool *)userdata = true;
        return 0;
}

static bool use_colors(void) {
        const char *term = getenv("TERM");
        return isatty(STDOUT_FILENO) && util_empty(getenv("NO_COLOR")) && !util_empty(term) &&
               !util_streq(term, "dumb");
}

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

static void print_rows(const struct row *rows, size_t n_rows, json_object *locks, bool colors) {
        size_t width[COLUMNS] = {};
        for (size_t i = 0; i < n_rows; i++)
                for (size_t c = 0; c < COLUMNS; c++)
                        if (strlen(rows[i].cell[c]) > width[c])
                                width[c] = strlen(rows[i].cell[c]);
        for (size_t i = 0; i < n_rows; i++) {
                bool colored = colors && !util_empty(rows[i].color);
                for (size_t c = 0; c < COLUMNS; c++)
                        (void)printf("%s%s%-*s%s", c ? "  " : "", c == 1 && colored ? rows[i].color : "",
                                     c + 1 < COLUMNS ? (int)width[c] : 0, rows[i].cell[c],
                                     c == 1 && colored ? "\033[0m" : "");
                (void)printf("\n");
                if (i == 0)
                        continue;
                json_object *lock = json_object_array_get_idx(locks, i - 1);
                static const char *const more[][2] = {
                        {"reason", "reason"}, {"next", "next"}, {"validUntil", "valid until"}};
                for (size_t m = 0; m < ELEMENTSOF(more); m++)
                        if (*text(lock, more[m][0]))
                                (void)printf("    %s: %s\n", more[m][1], text(lock, more[m][0]));
        }
}

static int print_locks(json_object *locks, bool colors) {
        size_t n_locks = json_object_is_type(locks, json_type_array) ? json_object_array_length(locks) : 0;
        _cleanup_free_ struct row *rows = calloc(n_locks + 1, sizeof(*rows));
        if (!rows)
                return -1;
        rows[0] = (struct row){.cell = {"LOCK", "ROLE", "UNIT", "STATE", "HOLDER", "SINCE"}};
        for (size_t i = 0; i < n_locks; i++) {
                json_object *lock = json_object_array_get_idx(locks, i);
                struct row *r = &rows[i + 1];
                const char *cells[COLUMNS] = {text(lock, "lock"),
                                              text(lock, "role"),
                                              text(lock, "unit"),
                                              text(lock, "unitState"),
                                              *text(lock, "holder") ? text(lock, "holder") : "-",
                                              show_ago(r->since, text(lock, "since"))};
                memcpy(r->cell, cells, sizeof(cells));
                r->color = color_of(r->cell[1]);
        }
        print_rows(rows, n_locks + 1, locks, colors);
        return 0;
}

static int print_human(json_object *status, bool colors) {
        json_object *api = member(status, "api"), *guard = member(status, "guard");
        const char *contact = text(api, "lastContact"), *api_error = text(api, "error");
        char span[CTL_AGE_MAX];
        (void)printf("identity  %s, leader-agent %s\n", text(status, "identity"), text(status, "version"));
        if (*contact)
                (void)printf("API       %s, last answer %s", text(api, "server"), show_ago(span, contact));
        else
                (void)printf("API       %s, no answer yet", text(api, "server"));
        (void)printf("%s%s\n", *api_error ? "; " : "", api_error);
        if (json_object_get_boolean(member(guard, "connected")))
                (void)printf("guard     connected\n\n");
        else
                (void)printf("guard     NOT connected: %s\n\n", text(guard, "error"));
        return print_locks(member(status, "locks"), colors);
}

int ctl_status(int argc, char **argv) {
        _cleanup_free_ char *json = NULL;
        struct err err = {};
        bool raw = false;
        int status;
        if (!ctl_options(argc, argv, options, usage, on_option, &raw, &status))
                return status;
        if (optind != argc) {
                (void)fprintf(stderr, "leaderctl status: takes no argument\nleaderctl %s\n", usage);
                return CTL_USAGE;
        }
        int r = bus_client_call("Status", NULL, &json, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        if (raw) {
                (void)printf("%s\n", json);
                return CTL_OK;
        }
        json_object *document = json_tokener_parse(json);
        if (!json_object_is_type(document, json_type_object) || print_human(document, use_colors()) < 0) {
                json_object_put(document);
                (void)fprintf(stderr, "leaderctl: the agent's status cannot be shown; see leaderctl status --json\n");
                return CTL_FAILURE;
        }
        json_object_put(document);
        return CTL_OK;
}
