/* SPDX-License-Identifier: Apache-2.0 */
#include "status_truth.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct status_shown *shown;
static const char *where; /* the test's words for what is shown */

static void lie(const char *what, const char *text) {
        fail_msg("%s: %s: '%s'\n%s\n%s", where, what, text, shown->line, shown->ctl);
}

static void member(const char *name, char buf[static STATUS_TEXT]) {
        char path[64];

        (void)snprintf(path, sizeof(path), "locks.0.%s", name);
        status_member(shown, path, buf);
}

/* ---- what is wrong, as the document has it ---- */

#define API        (1U << 0)
#define WATCH      (1U << 1)
#define GUARD      (1U << 2)
#define NAMESPACE  (1U << 3) /* nothing may be sent there */
#define RENEWALS   (1U << 4) /* … not even renewals */
#define SECOND     (1U << 5) /* leader-guard answers, but not to this agent */
#define N_TROUBLES 8

static unsigned away(void) {
        static const struct {
                const char *kind;
                unsigned what;
        } kinds[] = {{"api-unreachable", API},
                     {"no-watch", WATCH},
                     {"guard-away", GUARD},
                     {"second-agent", GUARD | SECOND},
                     {"namespace-refused", NAMESPACE}};
        static char kind[STATUS_TEXT], text[STATUS_TEXT];
        unsigned found = 0;
        char path[64];

        for (unsigned i = 0; i < N_TROUBLES; i++) {
                (void)snprintf(path, sizeof(path), "troubles.%u.kind", i);
                status_member(shown, path, kind);
                for (size_t k = 0; k < ELEMENTSOF(kinds); k++)
                        if (util_streq(kind, kinds[k].kind))
                                found |= kinds[k].what;
                if (!*kind)
                        continue;
                (void)snprintf(path, sizeof(path), "troubles.%u.text", i);
                status_member(shown, path, text);
                if (strncmp(text, "NAMESPACE REFUSED", strlen("NAMESPACE REFUSED")) == 0)
                        found |= RENEWALS;
                if (!*text || !strstr(shown->line, text) || !strstr(shown->ctl, text))
                        lie("a trouble that is not said everywhere", text);
        }
        return found;
}

/* ---- nothing is promised that cannot be done now ---- */

static const struct {
        const char *promise;
        unsigned needs;
} promises[] = {
        {"takes over", API | NAMESPACE},
        {"takes part again", API | NAMESPACE | GUARD},
        {"create the lock", API | NAMESPACE},
        {"creates", API | NAMESPACE},
        {"removes the lock", API | NAMESPACE},
        {"renews", API | RENEWALS},
        {"proves", API | NAMESPACE},
        {"no sign of life", API | NAMESPACE}, /* (which is not seen then) */
        {"reads the lock", API | NAMESPACE},
        {"watches the lock", API | NAMESPACE | WATCH},
        {"to release the lock", API | NAMESPACE},
        {"releases the lock", API | NAMESPACE | GUARD},
        {"takes the lock", API | NAMESPACE | GUARD},
        {"no hand-over until the API", NAMESPACE},
        {"leader-guard starts", GUARD},
        {"leader-guard stops", GUARD},
        {"leader-guard takes", GUARD},
        {"asks leader-guard", GUARD},
        {"has stopped it", GUARD},
        {"systemctl start app.service", GUARD},
        {"leaderctl step-down", API | NAMESPACE},
        {"leaderctl fence", API | NAMESPACE},
        {"leaderctl list", API},
        {"kubectl", API | NAMESPACE},
};

/* A promise that names what it waits for is none. */
static bool is_conditional(const char *at) {
        static const char *const conditions[] = {"when the API server answers", "and the API server answers",
                                                 "unless the API server answers", "unless it answers"};
        const char *dot = strstr(at, ". ");
        size_t n = strcspn(at, ";");

        n = dot && (size_t)(dot - at) < n ? (size_t)(dot - at) : n;
        for (size_t i = 0; i < ELEMENTSOF(conditions); i++) {
                const char *found = strstr(at, conditions[i]);

                if (found && found < at + n)
                        return true;
        }
        return false;
}

static void check_promises(const char *text, unsigned missing) {
        for (size_t i = 0; i < ELEMENTSOF(promises); i++)
                for (const char *at = strstr(text, promises[i].promise); at; at = strstr(at + 1, promises[i].promise))
                        if ((promises[i].needs & missing) && !is_conditional(at))
                                lie("promises what cannot be", at);
}

/* ---- nothing contradicts what is wrong, or what the unit does ---- */

static void check_contradictions(unsigned missing, const char *role, const char *unit, const char *reason) {
        bool runs = util_streq(unit, "running") || util_streq(unit, "foreign") || util_streq(unit, "unknown");

        if (!runs && (strstr(shown->ctl, "app.service runs on, ") || strstr(shown->ctl, "the unit runs on;")))
                lie("a unit that is said to run", unit);
        if ((missing & SECOND) && (strstr(reason, "does not answer") || strstr(shown->ctl, "guard, which does not")))
                lie("leader-guard answers", reason);
        if ((missing & GUARD) && !(missing & SECOND) && strstr(shown->ctl, "serves another agent"))
                lie("leader-guard does not answer", reason);
        if (strstr(reason, "but renewals") && (util_streq(role, "blocked") || util_streq(role, "candidate")))
                lie("has nothing to renew", reason);
        if (util_streq(role, "stopped") && (*reason || strstr(shown->line, "changes are seen by")))
                lie("nothing is done any more", shown->line);
}

/* A lease that is not renewed, or its permit not prolonged, names the instant at which its unit is stopped. */
static void check_end(unsigned missing, const char *until) {
        char local[16];

        if (!*until || !(missing & (API | RENEWALS | GUARD)))
                return;
        (void)snprintf(local, sizeof(local), "%.8s", strchr(until, 'T') + 1);
        if (!strstr(shown->line, local))
                lie("STATUS= does not say when the unit is stopped", local);
}

/* ---- instants ---- */

#define NOW "12:40:00"

/* "at 12:40:12", "until 12:40:12": to come; "since 12:39:00": over. */
static void check_instants(const char *text) {
        static const struct {
                const char *word;
                bool over;
        } words[] = {{" at ", false}, {" until ", false}, {" since ", true}};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                for (const char *at = strstr(text, words[i].word); at; at = strstr(at + 1, words[i].word)) {
                        const char *t = at + strlen(words[i].word);

                        if (!isdigit((unsigned char)t[0]) || !isdigit((unsigned char)t[1]) || t[2] != ':')
                                continue; /* a date, or none */
                        if (words[i].over ? strncmp(t, NOW, strlen(NOW)) > 0 : strncmp(t, NOW, strlen(NOW)) < 0)
                                lie("an instant that is not so", at);
                }
}

/* ---- STATUS=, leaderctl and the document agree ---- */

static bool has_ignoring_case(const char *text, const char *part) {
        for (; *text; text++)
                if (strncasecmp(text, part, strlen(part)) == 0)
                        return true;
        return false;
}

/* The row of a lock: LOCK ROLE UNIT STATE HOLDER SINCE. */
static void check_row(const char *role, const char *unit, const char *holder, const char *identity) {
        char wanted[3 * STATUS_TEXT + 64], row[STATUS_TEXT];
        const char *at = strstr(shown->ctl, "\nprod/app ");
        size_t n = 0;

        if (!at)
                lie("no row", "prod/app");
        for (at = at + 1; *at && *at != '\n' && n < sizeof(row) - 1; at++)
                if (*at != ' ' || at[1] != ' ')
                        row[n++] = *at;
        row[n] = '\0';
        (void)snprintf(wanted, sizeof(wanted), "prod/app %s app.service %s %s ", role, unit, *holder ? holder : "-");
        if (strncmp(row, wanted, strlen(wanted)) == 0)
                return;
        /* (a host with our name) */
        (void)snprintf(wanted, sizeof(wanted), "prod/app %s app.service %s %s ", role, unit, identity);
        if (!util_streq(holder, "web-1") || strncmp(row, wanted, strlen(wanted)) != 0)
                lie("leaderctl's row is another one", wanted);
}

static void check_unit(const char *line, const char *unit) {
        char part[128];

        for (unsigned u = 0; u < N_UNIT_STATES; u++) {
                const char *word = unit_state_to_string((enum unit_state)u), *at;
                size_t n = (size_t)snprintf(part, sizeof(part), "; app.service %s", word);

                at = strstr(line, part);
                if (at && (at[n] == ';' || !at[n]) && !util_streq(word, unit))
                        lie("STATUS= shows another state of the unit", word);
        }
        if (strstr(line, "; unit running") && !util_streq(unit, "running"))
                lie("the unit does not run", unit);
}

static void check_note(const char *name, const char *value) {
        char wanted[STATUS_TEXT + 16];

        (void)snprintf(wanted, sizeof(wanted), "    %s: %s\n", name, value);
        if (*value && !strstr(shown->ctl, wanted))
                lie("leaderctl does not say", wanted);
}

static void check_holder(const char *line, const char *holder) {
        static const char word[] = "; holder ";
        const char *at = strstr(line, word);

        if (at && strncmp(at + strlen(word), holder, strlen(holder)) != 0)
                lie("another holder", at);
        if (strstr(line, " leads since ") && !strstr(line, holder))
                lie("another one leads", holder);
}

void status_truth(const struct status_shown *s, const char *journal, const char *what) {
        static char role[STATUS_TEXT], unit[STATUS_TEXT], holder[STATUS_TEXT], identity[STATUS_TEXT],
                reason[STATUS_TEXT], next[STATUS_TEXT], until[STATUS_TEXT];
        static char title[STATUS_TEXT + 64];
        unsigned missing;

        shown = s;
        where = what;
        missing = away();
        member("role", role);
        member("unitState", unit);
        member("holder", holder);
        member("holderIdentity", identity);
        member("reason", reason);
        member("next", next);
        member("validUntil", until);
        if (!*role || !*unit || !*next)
                lie("says nothing", !*next ? "next" : "role, unit");
        (void)snprintf(title, sizeof(title), "%s of prod/app (", role);
        if (!has_ignoring_case(s->line, title))
                lie("STATUS= shows another role", role);
        check_row(role, unit, holder, identity);
        check_unit(s->line, unit);
        check_holder(s->line, holder);
        check_note("reason", reason);
        check_note("next", next);
        if (!strstr(s->line, reason))
                lie("STATUS= does not say why", reason);
        /* What comes next is left out only where all is well, or the trouble says it. */
        if (!strstr(s->line, next) && !missing && !strstr(s->line, "; unit running") && !strstr(s->line, " leads"))
                lie("STATUS= does not say what comes next", next);
        check_contradictions(missing, role, unit, reason);
        check_end(missing, until);
        check_promises(s->line, missing);
        check_promises(next, missing);
        check_promises(journal, missing);
        check_instants(s->line);
        check_instants(next);
        check_instants(reason);
        check_instants(journal);
        if (!*until)
                return;
        if (strcmp(until, "2030-01-02T" NOW) <= 0)
                lie("a permit that is over", until);
        (void)snprintf(title, sizeof(title), "%.8s", strchr(until, 'T') + 1);
        check_note("valid until", title);
}
