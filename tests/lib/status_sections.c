/* SPDX-License-Identifier: Apache-2.0 */
#include "status_sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct status_shown well, now;
static char begins[STATUS_TEXT], buf[STATUS_TEXT], text[STATUS_TEXT];

/* ---- the model's coverage ---- */

#define REACHED "tests/model/transitions.txt"

void status_each_reached(const char *kind, void (*tell)(char *rest, bool reached, void *p), void *p) {
        FILE *f = fopen(REACHED, "re");
        char line[512], *why;

        assert_non_null(f);
        while (fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                why = strstr(line, " - ");
                if (why)
                        *why = '\0';
                if (strncmp(line, kind, strlen(kind)) == 0 && line[strlen(kind)] == ' ')
                        tell(line + strlen(kind) + 1, !why, p);
        }
        (void)fclose(f);
}

static uint8_t state_of(const char *name) {
        for (unsigned s = 0; s < N_ELECTION_STATES; s++)
                if (util_streq(election_state_to_string((uint8_t)s), name))
                        return (uint8_t)s;
        fail_msg("no state '%s'", name);
        return 0;
}

static void add_state(char *rest, bool reached, void *p) {
        struct status_states *s = p;
        char *to = strchr(rest, ' ');

        if (!reached)
                return;
        if (to) {
                *to++ = '\0';
                s->from[state_of(to)] = state_of(rest);
        } else
                s->list[s->n++] = state_of(rest);
}

void status_states(struct status_states *s) {
        *s = (struct status_states){};
        status_each_reached("election", add_state, s);
        for (size_t i = 0; i < s->n; i++)
                for (size_t j = i + 1; j < s->n; j++)
                        if (s->list[j] < s->list[i]) {
                                uint8_t state = s->list[i];

                                s->list[i] = s->list[j];
                                s->list[j] = state;
                        }
        assert_int_equal(s->n, N_ELECTION_STATES);
}

bool status_has_state(enum tenure tenure, uint8_t state) {
        return state != (tenure == TENURE_LIFE ? ELECTION_DEPOSING : ELECTION_ADOPTING);
}

/* ---- every state ---- */

void status_cell(FILE *out, const char *s) {
        (void)fputs("| ", out);
        for (; *s; s++)
                (void)(*s == '\n' ? fputs("<br>", out) : *s == '|' ? fputs("\\|", out) : fputc(*s, out));
        (void)fputc(' ', out);
}

static void member_cell(FILE *out, const char *path, const char *name) {
        status_member(&now, path, text);
        status_replace(text, "2030-01-02T", "…");
        if (text[0])
                (void)fprintf(out, " %s=%s", name, text);
}

/* "| STATUS= | JSON | journal |" of one state. */
static void row_of(struct status_world *w, enum tenure tenure, uint8_t state, uint8_t from,
                   char row[static STATUS_TEXT]) {
        const struct status_case c = {"", tenure, state, NULL, NULL};
        size_t size;
        char *memory;
        FILE *f = open_memstream(&memory, &size);

        assert_non_null(f);
        status_case_fresh(w, &c);
        w->agent.locks[0]->shown_state = from;
        w->agent.locks[0]->since_realtime_usec = STATUS_WALL;
        status_turn(w);
        status_journal(w, begins);
        status_case_fresh(w, &c);
        status_look(w, &now);
        status_member(&now, "locks.0.next", text);
        status_replace(begins, text, "…");
        status_cell(f, now.line);
        (void)fputs("|", f);
        member_cell(f, "locks.0.role", "role");
        member_cell(f, "locks.0.unitState", "unitState");
        member_cell(f, "locks.0.holder", "holder");
        member_cell(f, "locks.0.validUntil", "validUntil");
        (void)fputs(" ", f);
        status_cell(f, begins);
        (void)fputs("|", f);
        (void)fclose(f);
        status_world_set(row, STATUS_TEXT, memory);
        free(memory);
}

/* A host with a lock in each state. */
static void print_all(struct status_world *w, enum tenure tenure, const struct status_states *s, FILE *out) {
        struct status_lock locks[N_ELECTION_STATES] = {};
        uint8_t of[N_ELECTION_STATES];
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                if (status_has_state(tenure, s->list[i])) {
                        locks[n] = (struct status_lock){election_state_to_string(s->list[i]), tenure};
                        of[n++] = s->list[i];
                }
        status_world_fresh(w, locks, n);
        for (size_t i = 0; i < n; i++)
                status_world_put(w, i, of[i]);
        status_look(w, &now);
        if (tenure == TENURE_LIFE) {
                well = now;
                (void)fprintf(out, "\n```\n%s```\n", now.ctl);
                return;
        }
        status_parts(now.ctl, well.ctl, "\n", buf);
        (void)fprintf(out, "\nThe same with leases:\n\n```\n%s\n```\n", buf);
}

void status_section_states(struct status_world *w, FILE *out) {
        static char life[STATUS_TEXT], lease[STATUS_TEXT];
        struct status_states s;

        status_states(&s);
        (void)fprintf(out, "\n### Every state, all well\n\n"
                           "| state | STATUS= | in the JSON | journal, when it begins |\n| --- | --- | --- | --- |\n");
        for (size_t i = 0; i < s.n; i++) {
                const char *name = election_state_to_string(s.list[i]);

                life[0] = '\0';
                if (status_has_state(TENURE_LIFE, s.list[i])) {
                        row_of(w, TENURE_LIFE, s.list[i], s.from[s.list[i]], life);
                        (void)fprintf(out, "| %s %s\n", name, life);
                }
                if (!status_has_state(TENURE_LEASE, s.list[i]))
                        continue;
                row_of(w, TENURE_LEASE, s.list[i], s.from[s.list[i]], lease);
                status_replace(life, "(life)", "(lease)");
                if (!util_streq(life, lease))
                        (void)fprintf(out, "| %s, lease %s\n", name, lease);
        }
        (void)fprintf(out, "\n`leaderctl status` of a host with a lock in each state:\n");
        print_all(w, TENURE_LIFE, &s, out);
        print_all(w, TENURE_LEASE, &s, out);
}
