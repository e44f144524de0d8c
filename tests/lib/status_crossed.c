/* SPDX-License-Identifier: Apache-2.0 */
/* Every state of the core in each trouble: a table per trouble, states of which the same is said in one row. What is
 * said must be true there, too (status_truth.c): of one trouble, and of two at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status_sections.h"
#include "status_truth.h"

enum column {
        LINE,    /* STATUS= */
        MEMBERS, /* leaderctl and the document */
        JOURNAL,
        N_COLUMNS,
};

struct row {
        uint8_t state;
        enum tenure tenure;
        char columns[N_COLUMNS][STATUS_TEXT];
        char key[N_COLUMNS * STATUS_TEXT]; /* equal: the same is said but for the tenure */
        bool printed;
};

static struct status_shown well, now;
static char text[STATUS_TEXT];
/* As a leader by life has it, which is shown in full below. */
static struct { char trouble[STATUS_TEXT], members[STATUS_TEXT], journal[STATUS_TEXT]; } leader;

/* ---- one state in one trouble ---- */

static void put(struct status_world *w, enum tenure tenure, uint8_t state) {
        const struct status_case c = {"", tenure, state, NULL, NULL};

        status_case_fresh(w, &c);
        status_turn(w);
        status_journal(w, text);
        status_look(w, &well);
}

/* … and as it is then. */
static void begin(struct status_world *w, const struct status_case *trouble, char journal[static STATUS_TEXT]) {
        trouble->begin(w);
        status_turn(w);
        status_journal(w, journal);
        status_look(w, &now);
}

static void look_at_leader(struct status_world *w, const struct status_case *trouble) {
        put(w, TENURE_LIFE, ELECTION_LEADING);
        begin(w, trouble, leader.journal);
        status_member(&now, "troubles.0.text", leader.trouble);
        status_members(&now, &well, leader.members);
        status_replace(leader.journal, leader.trouble, "…");
}

/* Up to what it means here it is that of the leader. */
static void shorten(char line[static STATUS_TEXT], const char *trouble) {
        size_t n = 0, at = 0;

        while (line[n] && line[n] == trouble[n]) {
                n++;
                if (n > 2 && strncmp(line + n - 3, "): ", 3) == 0)
                        at = n;
        }
        if (at == 0)
                return;
        memmove(line + strlen("… "), line + at, strlen(line + at) + 1);
        memcpy(line, "… ", strlen("… "));
}

/* What of a lock's row differs, as leaderctl and the document have it; what STATUS= says in full is "…". */
static void members_of(const char *line, char buf[static STATUS_TEXT]) {
        static const char *const names[][2] = {{"role", "role"},     {"unitState", "unit"},
                                               {"holder", "holder"}, {"reason", "reason"},
                                               {"next", "next"},     {"validUntil", "valid until"}};
        char path[64], value[STATUS_TEXT], before[STATUS_TEXT];
        size_t n = 0;

        buf[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void)snprintf(path, sizeof(path), "locks.0.%s", names[i][0]);
                status_member(&now, path, value);
                status_member(&well, path, before);
                if (util_streq(value, before))
                        continue;
                n += (size_t)snprintf(buf + n, STATUS_TEXT - n, "%s%s: %s", n ? "<br>" : "", names[i][1],
                                      !*value                                     ? "(none)"
                                      : strlen(value) > 20 && strstr(line, value) ? "…"
                                                                                  : value);
        }
        status_replace(buf, "2030-01-02T", "");
}

/* Nothing else of the document differs, but for what the trouble is in every state. */
static void check_members(const char *what) {
        static const char *const shown[] = {"role", "unitState", "holder", "reason", "next", "validUntil", "since"};

        status_members(&now, &well, text);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
                bool known = strstr(leader.members, line) || strncmp(line, "troubles.0.text = ", 18) == 0;

                for (size_t i = 0; i < ELEMENTSOF(shown) && !known; i++)
                        known = strncmp(line, "locks.0.", 8) == 0 && strncmp(line + 8, shown[i], strlen(shown[i])) == 0;
                if (!known)
                        fail_msg("%s: the document has more: %s", what, line);
        }
}

static void without(char where[static STATUS_TEXT], const char *path) {
        char value[STATUS_TEXT];

        status_member(&now, path, value);
        status_replace(where, value, "…");
}

/* What the leader's record says, too, when a says all of it. */
static size_t common(const char *a, const char *leaders) {
        return strncmp(a, leaders, strlen(leaders)) == 0 ? strlen(leaders) : 0;
}

static void fill(struct status_world *w, const struct status_case *trouble, struct row *row) {
        static char known[2 * STATUS_TEXT + 4];
        char what[256], *journal, own[STATUS_TEXT];
        size_t common_size;

        journal = row->columns[JOURNAL];
        put(w, row->tenure, row->state);
        status_truth(&well, "", election_state_to_string(row->state));
        begin(w, trouble, journal);
        (void)snprintf(what, sizeof(what), "%s (%s), %s", election_state_to_string(row->state),
                       tenure_to_string(row->tenure), trouble->what);
        status_truth(&now, journal, what);
        check_members(what);
        (void)snprintf(known, sizeof(known), "%s; %s", well.line, leader.trouble);
        status_parts(now.line, known, "; ", row->columns[LINE]);
        shorten(row->columns[LINE], leader.trouble);
        members_of(now.line, row->columns[MEMBERS]);
        without(journal, "troubles.0.text");
        common_size = common(journal, leader.journal);
        status_world_set(own, sizeof(own), journal + common_size);
        without(own, "locks.0.reason");
        without(own, "locks.0.next");
        journal[0] = '\0';
        if (common_size > 0)
                status_world_set(journal, STATUS_TEXT, "…");
        assert_true(strlen(journal) + strlen(own) < STATUS_TEXT);
        strcat(journal, own);
        row->key[0] = '\0';
        for (size_t i = 0; i < N_COLUMNS; i++) {
                status_world_set(text, STATUS_TEXT, row->columns[i]);
                status_replace(text, "(life)", "(lease)");
                (void)snprintf(row->key + strlen(row->key), sizeof(row->key) - strlen(row->key), "%s|", text);
        }
}

/* ---- the page ---- */

static bool same(const struct row *a, const struct row *b) {
        return util_streq(a->key, b->key);
}

/* The states of a row; a tenure where the other one says something else. */
static void print_names(FILE *out, const struct row *rows, size_t n, const struct row *first) {
        size_t n_named = 0, n_same = 0;

        for (size_t i = 0; i < n; i++)
                n_same += same(&rows[i], first);
        (void)fprintf(out, "| ");
        if (n_same == n) {
                (void)fprintf(out, "all ");
                return;
        }
        for (size_t i = 0; i < n; i++) {
                const struct row *other = NULL;

                if (!same(&rows[i], first))
                        continue;
                for (size_t k = 0; k < n; k++)
                        if (k != i && rows[k].state == rows[i].state)
                                other = &rows[k];
                if (other && same(other, first) && other < &rows[i])
                        continue; /* named with the other tenure */
                (void)fprintf(out, "%s%s%s", n_named++ ? ", " : "", election_state_to_string(rows[i].state),
                              !other || same(other, first)     ? ""
                              : rows[i].tenure == TENURE_LEASE ? " (lease)"
                                                               : " (life)");
        }
        (void)fprintf(out, " ");
}

static void print_trouble(FILE *out, const struct status_case *trouble, struct row *rows, size_t n) {
        (void)fprintf(out, "\n%s:\n\n| state | STATUS= | leaderctl, JSON | journal |\n| --- | --- | --- | --- |\n",
                      trouble->what);
        for (size_t i = 0; i < n; i++) {
                if (rows[i].printed)
                        continue;
                print_names(out, rows, n, &rows[i]);
                for (size_t k = 0; k < N_COLUMNS; k++)
                        status_cell(out, rows[i].columns[k]);
                (void)fprintf(out, "|\n");
                for (size_t k = i; k < n; k++)
                        rows[k].printed = rows[k].printed || same(&rows[k], &rows[i]);
        }
}

void status_section_crossed(struct status_world *w, FILE *out) {
        static struct row rows[N_ELECTION_STATES * N_TENURES];
        struct status_states s;
        size_t n;

        status_states(&s);
        (void)fprintf(out,
                      "\n### Every state in each trouble\n\n"
                      "What differs from the same state when all is well; states of which the same is said share a "
                      "row.\n");
        for (const struct status_case *trouble = status_troubles; trouble->what; trouble++) {
                n = 0;
                look_at_leader(w, trouble);
                for (size_t i = 0; i < s.n; i++)
                        for (unsigned t = 0; t < N_TENURES; t++) {
                                if (!status_has_state((enum tenure)t, s.list[i]))
                                        continue;
                                rows[n] = (struct row){.state = s.list[i], .tenure = (enum tenure)t};
                                fill(w, trouble, &rows[n++]);
                        }
                print_trouble(out, trouble, rows, n);
        }
}
