/* SPDX-License-Identifier: Apache-2.0 */
/* The golden table: what STATUS= says in every state of the core, with every trouble, in both tenures. It is
 * docs/STATUS.md between its markers, for a human to read through; UPDATE=1 writes it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/core_builder.h"
#include "../lib/tempdir.h"
#include "core/core_parts.h"
#include "daemon/agent_parts.h"

#define DOCUMENT "docs/STATUS.md"
#define BEGIN    "<!-- table -->\n"
#define END      "<!-- end of the table -->\n"

#define NOW  (UINT64_C(1000000) * USEC_PER_SEC)
#define WALL (UINT64_C(1893588000) * USEC_PER_SEC) /* 2030-01-02 12:40:00 */

/* The clock stands still: every text is the same in each run. */
uint64_t clock_boottime_usec(void) {
        return NOW;
}

uint64_t clock_monotonic_usec(void) {
        return NOW;
}

uint64_t clock_realtime_usec(void) {
        return WALL;
}

const char *clock_format_boottime(uint64_t at_usec, char *buf) {
        return at_usec == USEC_INFINITY ? strcpy(buf, "never") : clock_format_local(WALL - NOW + at_usec, buf);
}

/* ---- the host ---- */

static struct agent a;
static struct core_lock locks[3];
static struct core_placeholder placeholders[N_TENURES];
static struct agent_lock shells[3];
static struct agent_lock *shell_list[3];
static struct agent_placeholder own[N_TENURES], *own_list[N_TENURES];
static struct conf_lock confs[3];
static struct kubeconfig kubeconfig;

static void set(char *dst, size_t size, const char *text) {
        assert_true(util_copy(dst, size, text));
}
#define SET(field, text) set(field, sizeof(field), text)

static void object(struct agent_lock *l, enum tenure tenure, bool ours) {
        struct lock_object *o = &l->answered;

        SET(o->uid, "lock");
        SET(o->version, "7");
        SET(o->holder, ours ? "web-1" : "web-2");
        SET(o->identity, ours ? store_identity(a.store) : "web-2-8b1e77d0");
        SET(o->placeholder_uid, "placeholder");
        SET(o->placeholder_name, ours ? "leader-agent-web-1" : "leader-agent-web-2-8b1e77d0");
        SET(o->unit, l->conf->unit);
        SET(o->acquired_at, "2030-01-02T12:03:00.000000Z");
        o->tenure = tenure;
        o->form = LOCK_FORM_OURS;
        l->has_answered = true;
}

/* Lock i in a state, everything else well: the lock there and ours, or of web-2. */
static void put(size_t i, enum tenure tenure, uint8_t state) {
        static char ns[] = "prod";
        static char names[][8] = {"app", "db", "cache"}, units[][16] = {"app.service", "db.service", "cache.service"};
        bool ours = state >= ELECTION_ADOPTING && state <= ELECTION_RELEASING;
        struct core_lock *c = &locks[i];
        struct election *e = &c->election;

        *c = (struct core_lock){.conf = builder_election_conf(tenure), .placeholder = {0, 1}};
        election_init(e);
        confs[i] = (struct conf_lock){.name = names[i], .namespace_ = ns, .unit = units[i], .tenure = tenure};
        shells[i] = (struct agent_lock){.agent = &a, .index = i, .conf = &confs[i]};
        (void)snprintf(shells[i].title, sizeof(shells[i].title), "prod/%s", confs[i].name);
        shells[i].since_realtime_usec = WALL - 60 * USEC_PER_SEC;
        shells[i].has_guard = true;
        e->state = state;
        e->guard.linked = true;
        e->guard.fact.unit = state == ELECTION_LEADING      ? UNIT_RUNNING
                             : state == ELECTION_PERMITTING ? UNIT_STARTING
                             : state == ELECTION_STOPPING   ? UNIT_STOPPING
                                                            : UNIT_STOPPED;
        shells[i].guard.unit_state = e->guard.fact.unit;
        if (state == ELECTION_STARTING)
                return;
        e->lock.source = LOCK_SOURCE_ANSWER;
        e->lock.reread = false;
        if (state == ELECTION_CLAIMING || state == ELECTION_STOPPED) {
                e->lock.fact.sort = LOCK_ABSENT;
                return;
        }
        object(&shells[i], tenure, ours);
        e->lock.fact = (struct lock_fact){.uid = util_token("lock"),
                                          .version = util_token("7"),
                                          .placeholder = util_token("placeholder"),
                                          .duration_usec = tenure == TENURE_LEASE ? 30 * USEC_PER_SEC : 0,
                                          .sort = LOCK_SOUND,
                                          .tenure = (uint8_t)tenure,
                                          .claimed = ours,
                                          .same_boot = ours && state != ELECTION_ADOPTING};
        e->record.uid = e->lock.fact.uid;
        e->record.longest_usec = e->lock.fact.duration_usec;
        e->record.tenure = (uint8_t)tenure;
        if (ours) {
                e->term.uid = e->lock.fact.uid;
                e->term.placeholder = e->lock.fact.placeholder;
                e->term.permit_proof_usec = NOW - 3 * USEC_PER_SEC;
                e->term.reason = REASON_STEP_DOWN;
        } else {
                e->holder.lock = e->lock.fact.uid;
                e->holder.uid = e->lock.fact.placeholder;
                e->holder.state = state == ELECTION_DEPOSING ? HOLDER_GONE : HOLDER_LIVES;
                e->holder.genuine = true;
                e->holder.seen_at_usec = NOW - (state == ELECTION_DEPOSING ? 31 : 3) * USEC_PER_SEC;
        }
}

static void fresh(size_t n_locks) {
        struct store *store = a.store;

        a = (struct agent){.store = store, .link_up = true, .n_locks = n_locks, .locks = shell_list};
        a.core = (struct core){
                .locks = locks, .n_locks = n_locks, .placeholders = placeholders, .n_placeholders = N_TENURES};
        a.placeholders = own_list;
        a.n_placeholders = N_TENURES;
        a.kubeconfig = &kubeconfig;
        SET(a.host, "web-1");
        for (unsigned t = 0; t < N_TENURES; t++) {
                placeholders[t] = (struct core_placeholder){.conf = builder_placeholder_conf((uint8_t)t)};
                placeholder_init(&placeholders[t].placeholder);
                own[t] = (struct agent_placeholder){.agent = &a, .index = t, .kind = PLACEHOLDER_LEASE, .tenure = t};
                SET(own[t].ns, "prod");
                SET(own[t].name, t == TENURE_LIFE ? "leader-agent-web-1" : "leader-agent-web-1-lease");
                own_list[t] = &own[t];
        }
        for (size_t i = 0; i < ELEMENTSOF(shells); i++)
                shell_list[i] = &shells[i];
}

/* ---- the table ---- */

static FILE *out;

static void say(const char *what) {
        char line[AGENT_STATUS_SIZE];

        agent_status_line(&a, line, sizeof(line));
        if (!line[0] || strstr(line, "; ;") || strstr(line, "(null)") || line[strlen(line) - 1] == ' ')
                fail_msg("%s: '%s'", what, line);
        (void)fprintf(out, "| %s | %s |\n", what, line);
}

static void api_silent(void) {
        SET(a.api_error, "read: Connection refused");
        a.api_silent_usec = NOW - 7 * USEC_PER_SEC;
}

static void unlink_guard(void) {
        locks[0].election.guard.linked = false;
        locks[0].election.guard.fact = (struct guard_fact){.unit = UNIT_UNKNOWN};
        shells[0].has_guard = false;
}

static void states(enum tenure tenure) {
        for (uint8_t state = 0; state < N_ELECTION_STATES; state++) {
                const char *name = election_state_to_string(state);

                if (state == (tenure == TENURE_LIFE ? ELECTION_DEPOSING : ELECTION_ADOPTING))
                        continue; /* only leases are deposed, only life locks adopted */
                fresh(1);
                put(0, tenure, state);
                say(name);
                fresh(1);
                put(0, tenure, state);
                api_silent();
                say("… API silent");
                if (state == ELECTION_STOPPED)
                        continue;
                fresh(1);
                put(0, tenure, state);
                SET(shells[0].watch_error, "watch configmaps \"app\" is forbidden");
                shells[0].watch_down_usec = NOW - 9 * USEC_PER_SEC;
                say("… no watch");
                fresh(1);
                put(0, tenure, state);
                a.link_up = false;
                a.link_down_usec = NOW - 5 * USEC_PER_SEC;
                SET(a.link_error, "leader-guard does not answer: Connection refused");
                unlink_guard();
                say("… leader-guard away");
                fresh(1);
                put(0, tenure, state);
                SET(shells[0].problem, "create: configmaps is forbidden: User \"x\" cannot create");
                say("… a request refused");
        }
}

static void candidate(const char *what, enum tenure tenure, void (*change)(struct election *e)) {
        fresh(1);
        put(0, tenure, ELECTION_CANDIDATE);
        change(&locks[0].election);
        shells[0].guard.unit_state = locks[0].election.guard.fact.unit;
        say(what);
}

static void foreign_unit(struct election *e) {
        e->guard.fact.unit = UNIT_FOREIGN;
}
static void left_alone(struct election *e) {
        foreign_unit(e);
        confs[0].keys.on_foreign = ON_FOREIGN_LEAVE;
}
static void stuck(struct election *e) {
        e->guard.fact.unit = UNIT_STUCK;
}
static void foreign_and_free(struct election *e) {
        foreign_unit(e);
        e->lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
        e->guard.fact.unfit = true;
        SET(shells[0].trouble, "not enrolled, no gate");
}
static void unfit(struct election *e) {
        e->guard.fact.unfit = true;
        SET(shells[0].trouble, "app.service is not enrolled; run: leaderctl enroll app.service");
}
static void foreign_lock(struct election *e) {
        e->lock.fact.sort = LOCK_FOREIGN;
        shells[0].answered.form = LOCK_FORM_FOREIGN;
        SET(shells[0].answered.owner.name, "app-0");
        SET(shells[0].answered.holder, "");
        SET(shells[0].answered.acquired_at, "");
}
static void foreign_pod(struct election *e) {
        e->lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
        e->past.pod_uid = 5;
        SET(shells[0].pod.name, "app-0");
}
static void damaged(struct election *e) {
        e->lock.fact.sort = LOCK_DAMAGED;
        shells[0].answered.form = LOCK_FORM_DAMAGED;
        SET(shells[0].answered.damage, "has no owner and no record: nothing would ever free it");
}
static void strange(struct election *e) {
        e->holder.genuine = false;
        shells[0].answered.placeholder_kind = PLACEHOLDER_LEASE;
}
static void taken(struct election *e) {
        e->lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
        placeholders[e->record.tenure].placeholder.state = PLACEHOLDER_TAKEN;
        placeholders[e->record.tenure].placeholder.strange = true;
}
static void cooling(struct election *e) {
        e->term.reason = REASON_UNIT_FAILED;
        e->timers.cool_until_usec = NOW + 40 * USEC_PER_SEC;
}
static void held(struct election *e) {
        e->term.reason = REASON_STEP_DOWN;
        e->timers.cool_until_usec = NOW + 10 * USEC_PER_SEC;
}
static void old_reason(struct election *e) {
        e->term.reason = REASON_LOCK_DELETED;
}
static void silent_holder(struct election *e) {
        e->holder.seen_at_usec = NOW - 20 * USEC_PER_SEC;
}
static void namesake(struct election *e) {
        (void)e;
        SET(shells[0].answered.holder, "web-1");
        SET(shells[0].answered.identity, "web-1-00c0ffee");
}
static void free_lock(struct election *e) {
        e->lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
}
static void other_boot(struct election *e) {
        e->lock.fact.claimed = true;
        e->past.unfit_uid = e->lock.fact.uid;
        SET(shells[0].answered.holder, "web-1");
        SET(shells[0].answered.identity, store_identity(a.store));
}
static void yesterday(struct election *e) {
        (void)e;
        SET(shells[0].answered.acquired_at, "2030-01-01T23:59:58.000000Z");
}

static void candidates(void) {
        candidate("the unit runs without a permit", TENURE_LIFE, foreign_unit);
        candidate("… on_foreign = \"leave\"", TENURE_LIFE, left_alone);
        candidate("… the lock is free, but the unit is not enrolled", TENURE_LIFE, foreign_and_free);
        candidate("what is left of the unit cannot be killed", TENURE_LIFE, stuck);
        candidate("the unit is not enrolled", TENURE_LIFE, unfit);
        candidate("a Pod holds the lock", TENURE_LIFE, foreign_lock);
        candidate("its lock is gone, the Pod is not", TENURE_LIFE, foreign_pod);
        candidate("the lock is damaged", TENURE_LIFE, damaged);
        candidate("the lock names what is no placeholder", TENURE_LEASE, strange);
        candidate("our placeholder's name is taken", TENURE_LEASE, taken);
        candidate("after a failure of the unit", TENURE_LIFE, cooling);
        candidate("after a step-down", TENURE_LEASE, held);
        candidate("a reason whose state is over", TENURE_LIFE, old_reason);
        candidate("the holder is silent", TENURE_LEASE, silent_holder);
        candidate("two hosts of one name", TENURE_LIFE, namesake);
        candidate("led since yesterday", TENURE_LIFE, yesterday);
        candidate("the lock is free", TENURE_LIFE, free_lock);
        candidate("a lock of ours that names another boot", TENURE_LIFE, other_boot);
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_CANDIDATE);
        a.link_up = false;
        a.link_refused = true;
        SET(a.link_error,
            "another agent (pid 222, leader-agent of leader-agent.service) is connected to leader-guard; a "
            "host has one: stop this one, or that one: systemctl stop leader-agent.service");
        unlink_guard();
        say("a second agent of the host");
}

static void leaders(void) {
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_STOPPING);
        locks[0].election.guard.fact.unit = shells[0].guard.unit_state = UNIT_RUNNING;
        SET(shells[0].guard.lock, "prod/new");
        say("a lock that was renamed: the unit runs for the new one");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        locks[0].election.guard.fact.unit = shells[0].guard.unit_state = UNIT_FAILED;
        locks[0].conf.keys.on_failure = ON_FAILURE_KEEP;
        say("on_failure = \"keep\", the unit failed");
        api_silent();
        say("… and the API is silent");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_PROVING);
        locks[0].election.guard.fact.unit = shells[0].guard.unit_state = UNIT_RUNNING;
        api_silent();
        say("the agent was started anew, and the API is silent");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        confs[0].tenure = TENURE_LEASE;
        say("life, and lease is configured by now");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        yesterday(NULL);
        say("leader since yesterday");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        a.link_breaks = 2;
        say("leader-guard was away twice");
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        SET(a.conf_error, "/etc/leader-agent/leader-agent.conf:7: syntax error");
        say("the file on disk is not in force");
}

/* What the locks of one host lack, in namespace prod. */
static struct agent_right lacks(enum agent_right_of of, const char *resource, const char *name, unsigned verbs) {
        struct agent_right r = {.of = of, .tenure = TENURE_LEASE, .missing = verbs};

        SET(r.ns, "prod");
        SET(r.name, name);
        r.ask = (struct rights_ask){.group = *resource == 'l' ? "coordination.k8s.io" : "",
                                    .resource = resource,
                                    .name = r.name,
                                    .verbs = verbs};
        return r;
}

static void rights(void) {
        static struct agent_right missing[6];

        missing[0] = lacks(AGENT_RIGHT_LOCK_CREATE, "configmaps", "", RIGHTS_CREATE);
        missing[1] = lacks(AGENT_RIGHT_PLACEHOLDER_CREATE, "leases", "", RIGHTS_CREATE);
        missing[2] = lacks(AGENT_RIGHT_LOCK, "configmaps", "app", RIGHTS_WATCH | RIGHTS_PATCH | RIGHTS_DELETE);
        missing[3] = lacks(AGENT_RIGHT_PLACEHOLDER, "leases", "leader-agent-web-1-lease", RIGHTS_UPDATE);
        missing[4] = lacks(AGENT_RIGHT_OTHERS, "leases", "", RIGHTS_DELETE);
        missing[5] = lacks(AGENT_RIGHT_LOCK, "configmaps", "db", RIGHTS_GET);
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        a.rights.missing = missing + 2;
        a.rights.n_missing = 1;
        say("three verbs of the lock are missing");
        fresh(1);
        put(0, TENURE_LEASE, ELECTION_CANDIDATE);
        a.rights.missing = missing + 4;
        a.rights.n_missing = 1;
        say("Leases of others may not be deleted");
        a.rights.missing = missing + 3;
        a.rights.n_missing = 1;
        say("its own may not be updated");
        a.rights.missing = missing;
        a.rights.n_missing = ELEMENTSOF(missing);
        say("much is missing");
}

static void credentials(void) {
        static char config[] = "/etc/leader-agent/kubeconfig", token[] = "/etc/leader-agent/token",
                    certificate[] = "/etc/leader-agent/client.crt";
        const uint64_t day = 24 * (3600 * USEC_PER_SEC);

        kubeconfig.source = config;
        kubeconfig.token_file = token;
        fresh(1);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        a.credentials.term[AGENT_TOKEN] = (struct credentials_term){WALL - 300 * day, WALL + 15 * day};
        say("the token is good for 15 days more");
        a.credentials.term[AGENT_TOKEN].ends_usec = WALL + 3 * day;
        say("for 3 days");
        a.credentials.term[AGENT_TOKEN].ends_usec = WALL - 60 * USEC_PER_SEC;
        say("no more");
        fresh(1);
        put(0, TENURE_LEASE, ELECTION_CANDIDATE);
        kubeconfig.token_file = NULL;
        a.credentials.term[AGENT_TOKEN] =
                (struct credentials_term){WALL - 3000 * USEC_PER_SEC, WALL + 300 * USEC_PER_SEC};
        say("a token of an hour, 5 minutes before its end, written into the kubeconfig");
        fresh(1);
        put(0, TENURE_LEASE, ELECTION_CANDIDATE);
        kubeconfig.client_cert_file = certificate;
        a.credentials.term[AGENT_CERTIFICATE] = (struct credentials_term){WALL - 300 * day, WALL + 13 * day};
        say("a client certificate");
}

static void several(void) {
        fresh(3);
        put(0, TENURE_LIFE, ELECTION_LEADING);
        put(1, TENURE_LEASE, ELECTION_CANDIDATE);
        put(2, TENURE_LIFE, ELECTION_LEADING);
        say("all well");
        put(2, TENURE_LIFE, ELECTION_CANDIDATE);
        locks[2].election.guard.fact.unfit = true;
        SET(shells[2].trouble, "cache.service is not enrolled; run: leaderctl enroll cache.service");
        say("one is not enrolled");
        api_silent();
        say("… and the API is silent");
        put(2, TENURE_LIFE, ELECTION_CANDIDATE);
        locks[2].election.lock.fact.sort = LOCK_DAMAGED;
        shells[2].answered.form = LOCK_FORM_DAMAGED;
        SET(shells[2].answered.damage, "has no owner and no record: nothing would ever free it");
        a.api_error[0] = '\0';
        say("one lock is damaged");
        fresh(3);
        for (size_t i = 0; i < 3; i++)
                put(i, i ? TENURE_LEASE : TENURE_LIFE, ELECTION_LEADING);
        api_silent();
        say("leads all, the API is silent");
}

/* ---- the document ---- */

static char *contents(const char *path) {
        FILE *f = fopen(path, "re");
        char *text = calloc(1, 1 << 20);

        assert_non_null(text);
        if (f) {
                (void)!fread(text, 1, (1 << 20) - 1, f);
                (void)fclose(f);
        }
        return text;
}

static void head(const char *title, const char *column) {
        (void)fprintf(out, "\n### %s\n\n| %s | STATUS= |\n| --- | --- |\n", title, column);
}

static void test_table(void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        _cleanup_free_ char *table = NULL, *document = contents(DOCUMENT);
        char *begin = strstr(document, BEGIN), *end = strstr(document, END);
        struct tempdir dir;
        size_t size, old;

        (void)state;
        (void)setenv("TZ", "UTC", 1);
        tzset();
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, NULL), 0);
        out = open_memstream(&table, &size);
        assert_non_null(out);
        head("One lock, life", "state");
        states(TENURE_LIFE);
        head("One lock, lease", "state");
        states(TENURE_LEASE);
        head("What keeps a candidate out, and what it waits for", "situation");
        candidates();
        head("More of a leader", "situation");
        leaders();
        head("Rights that are missing", "situation");
        rights();
        head("Credentials that end", "situation");
        credentials();
        head("Several locks", "situation");
        several();
        (void)fprintf(out, "\n");
        (void)fclose(out);
        store_close(a.store);
        tempdir_remove(&dir);

        assert_non_null(begin);
        assert_non_null(end);
        begin += strlen(BEGIN);
        old = (size_t)(end - begin);
        if (getenv("UPDATE")) {
                FILE *f = fopen(DOCUMENT, "we");

                assert_non_null(f);
                (void)fprintf(f, "%.*s%s%s", (int)(begin - document), document, table, end);
                assert_int_equal(fclose(f), 0);
        } else if (old != size || memcmp(begin, table, size) != 0)
                fail_msg(DOCUMENT
                         " says something else; read what changed: UPDATE=1 make check-unit; git diff " DOCUMENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
        };

        return cmocka_run_group_tests_name("status table", tests, NULL, NULL);
}
