/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of situations, of several locks, and of the document itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status_sections.h"

static struct status_shown well, now;
static char begins[STATUS_TEXT], ends[STATUS_TEXT], buf[STATUS_TEXT], text[STATUS_TEXT];

static void run(struct status_world *w, const struct status_case *c) {
        struct election election;
        struct lock_object answered;
        struct permit_reply guard;
        struct agent_lock *l;

        status_case_fresh(w, c);
        status_turn(w);
        status_journal(w, begins);
        status_look(w, &well);
        l = w->agent.locks[0];
        election = w->agent.core.locks[0].election;
        answered = l->answered;
        guard = l->guard;
        c->begin(w);
        status_turn(w);
        status_journal(w, begins);
        status_look(w, &now);
        if (c->end)
                c->end(w);
        w->agent.core.locks[0].election = election;
        l->answered = answered;
        l->guard = guard;
        l->trouble[0] = '\0';
        status_turn(w);
        status_journal(w, ends);
}

/* Each line behind a name of its own width, the others below. */
static void print(FILE *out, const char *name, char *lines) {
        if (util_streq(lines, "…"))
                return;
        for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"), name = "")
                (void)fprintf(out, "%-10s %s\n", name, line);
}

void status_section_troubles(struct status_world *w, FILE *out) {
        (void)fprintf(out, "\n### Each trouble, and its end\n");
        for (const struct status_case *c = status_troubles; c->what; c++) {
                run(w, c);
                (void)fprintf(out, "\n%s:\n\n```\n", c->what);
                status_parts(now.line, well.line, "; ", buf);
                print(out, "STATUS=", buf);
                status_member(&now, "troubles.0.kind", text);
                status_documented(text);
                status_member(&now, "troubles.0.text", text);
                status_parts(now.ctl, well.ctl, "\n", buf);
                status_replace(buf, text, "…");
                print(out, "leaderctl", buf);
                status_members(&now, &well, buf);
                status_replace(buf, text, "…");
                status_member(&now, "locks.0.next", text);
                status_replace(buf, text, "…");
                status_member(&now, "locks.0.reason", text);
                status_replace(buf, text, "…");
                print(out, "JSON", buf);
                status_member(&now, "troubles.0.text", text);
                status_replace(begins, text, "…");
                print(out, "journal", begins);
                print(out, "", ends);
                (void)fprintf(out, "```\n");
        }
}

/* Long clauses that the row above has, too, are a ditto mark. */
static void without_above(char line[static STATUS_TEXT], const char *above) {
        for (const char *at = above, *end; *at; at = end + strspn(end, "; ")) {
                end = strstr(at, "; ");
                end = end ? end : at + strlen(at);
                (void)snprintf(text, sizeof(text), "%.*s", (int)(end - at), at);
                if (end - at > 60)
                        status_replace(line, text, "″");
        }
}

/* What a human reads in STATUS= is not repeated. */
static void without_line(char lines[static STATUS_TEXT]) {
        static const char *const members[] = {"troubles.0.text", "troubles.1.text", "troubles.2.text",
                                              "troubles.3.text", "locks.0.reason",  "locks.0.next"};

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                status_member(&now, members[i], text);
                status_replace(lines, text, "…");
        }
}

void status_section_cases(struct status_world *w, FILE *out, const char *title, const struct status_case *cases) {
        static char above[STATUS_TEXT];

        above[0] = '\0';
        (void)fprintf(out, "\n### %s\n\n| situation | STATUS= | journal: it begins; it ends |\n| --- | --- | --- |\n",
                      title);
        for (const struct status_case *c = cases; c->what; c++) {
                run(w, c);
                status_parts(now.line, well.line, "; ", buf);
                without_above(buf, above);
                (void)snprintf(above, sizeof(above), "%s", now.line);
                (void)fprintf(out, "| %s | %s", c->what, buf);
                /* leaderctl says no more, but where all is well. */
                status_member(&now, "locks.0.next", text);
                if (!strstr(now.line, text)) {
                        status_member(&well, "locks.0.next", buf);
                        if (!util_streq(text, buf))
                                (void)fprintf(out, "<br>leaderctl: next: %s", text);
                }
                status_member(&now, "locks.0.reason", text);
                if (!strstr(now.line, text))
                        fail_msg("%s: STATUS= does not say '%s'", c->what, text);
                without_line(begins);
                (void)fprintf(out, " | %s%s%s |\n", begins, ends[0] ? "<br>" : "", ends);
        }
}

/* ---- why a term ends ---- */

struct reasons {
        struct status_world *w;
        FILE *out;
        unsigned n;
};

static void tell_reason(char *reason, bool reached, void *p) {
        const struct status_case c = {"", TENURE_LIFE, ELECTION_STOPPING, NULL, NULL};
        struct reasons *all = p;
        uint8_t r = 0;

        while (r < N_ELECTION_REASONS && !util_streq(election_reason_to_string(r), reason))
                r++;
        if (r == N_ELECTION_REASONS)
                fail_msg("the core has no reason '%s'", reason);
        if (!reached)
                return;
        status_case_fresh(all->w, &c);
        all->w->agent.core.locks[0].election.term.reason = r;
        status_look(all->w, &now);
        status_member(&now, "locks.0.reason", text);
        if (!util_streq(text, reason) || !strstr(now.line, reason))
                fail_msg("'%s' is told as '%s'", reason, now.line);
        (void)fprintf(all->out, "%s%s", all->n++ ? "; " : "", text);
}

void status_section_reasons(struct status_world *w, FILE *out) {
        struct reasons all = {w, out, 0};

        (void)fprintf(out, "\n### Why a term ends\n\nWHY of a lock that is stopping or was just released: ");
        status_each_reached("reason", tell_reason, &all);
        (void)fprintf(out, ".\n");
}

/* ---- several locks ---- */

static void say(struct status_world *w, FILE *out, const char *what) {
        status_look(w, &now);
        (void)fprintf(out, "| %s | %s |\n", what, now.line);
}

void status_section_several(struct status_world *w, FILE *out) {
        static const struct status_lock mixed[] = {{"app", TENURE_LIFE}, {"db", TENURE_LEASE}, {"cache", TENURE_LIFE}},
                                        leases[] = {
                                                {"app", TENURE_LIFE}, {"db", TENURE_LEASE}, {"cache", TENURE_LEASE}};
        struct election *third;

        (void)fprintf(out, "\n### Several locks\n\n| situation | STATUS= |\n| --- | --- |\n");
        status_world_fresh(w, mixed, ELEMENTSOF(mixed));
        status_world_put(w, 0, ELECTION_LEADING);
        status_world_put(w, 1, ELECTION_CANDIDATE);
        status_world_put(w, 2, ELECTION_LEADING);
        say(w, out, "all well");
        third = &w->agent.core.locks[2].election;
        status_world_put(w, 2, ELECTION_CANDIDATE);
        third->guard.fact.unfit = true;
        STATUS_SET(w->agent.locks[2]->trouble, "cache.service is not enrolled; run: leaderctl enroll cache.service");
        say(w, out, "one is not enrolled");
        status_api_silent(w);
        say(w, out, "… and the API is silent");
        status_world_put(w, 2, ELECTION_CANDIDATE);
        third->lock.fact.sort = LOCK_DAMAGED;
        w->agent.locks[2]->answered.form = LOCK_FORM_DAMAGED;
        STATUS_SET(w->agent.locks[2]->answered.damage, "has no owner and no record: nothing would ever free it");
        status_api_answers(w);
        say(w, out, "one lock is damaged");
        status_world_fresh(w, leases, ELEMENTSOF(leases));
        for (size_t i = 0; i < ELEMENTSOF(leases); i++)
                status_world_put(w, i, ELECTION_LEADING);
        status_api_silent(w);
        say(w, out, "leads all, the API is silent");
        status_journal(w, begins);
}

/* ---- the document ---- */

void status_section_document(struct status_world *w, FILE *out) {
        static const struct status_shown none = {.json = "{}"};
        const struct status_case c = {"", TENURE_LEASE, ELECTION_LEADING, NULL, NULL};

        status_case_fresh(w, &c);
        status_api_silent(w);
        status_rights[0].begin(w);
        status_look(w, &now);
        status_members_documented(&now);
        status_members(&now, &none, buf);
        (void)fprintf(out, "\n### The status document\n\nOf a leader by lease, member by member:\n\n```\n%s\n```\n",
                      buf);
        status_case_fresh(w, &c);
        status_journal(w, begins);
}
