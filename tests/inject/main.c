/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls fail: counts those of a run in which none does, draws from them, runs several pairs of hosts side by
 * side, and sums up. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/sim.h"
#include "base/util.h"
#include "scenario.h"

/* Runs in which nothing is left to chance fit into minutes on two processors; most of the time they wait. */
#define RUNS_DEFAULT    900
#define WORKERS_PER_CPU 6
#define RUNS_MAX        200000

static const char bus_policy[] = "<policy context='default'><allow user='*'/><allow own='*'/>"
                                 "<allow send_type='method_call'/><allow send_type='signal'/>"
                                 "<allow send_requested_reply='true' send_type='method_return'/>"
                                 "<allow send_requested_reply='true' send_type='error'/>"
                                 "<allow receive_type='method_call'/><allow receive_type='method_return'/>"
                                 "<allow receive_type='error'/><allow receive_type='signal'/></policy>";

struct board {
        _Atomic unsigned next;
        unsigned n;
        struct scenario s[RUNS_MAX];
        struct scenario_result r[RUNS_MAX];
};

static struct board *board;
static char kubeconfig[2048];
static struct sim sim;
static uint64_t seed;

static uint32_t draw(void) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)(seed >> 33);
}

static void write_id(const struct scenario *s, char *buf, size_t size) {
        static const char *const callers[] = {PLAN_CALLER_NAMES};

        (void)snprintf(buf, size, "%s:%s:%s:%s:%s:%u", scenario_target_name(s->target), scenario_kind_name(s),
                       callers[s->caller], s->lease ? "lease" : "life", s->on ? "on" : "once", s->k);
}

static bool read_id(const char *id, struct scenario *ret) {
        struct scenario s = {};
        char tried[96];
        const char *k = strrchr(id, ':');

        s.k = k ? (unsigned)strtoul(k + 1, NULL, 10) : 0;
        for (unsigned i = 0; k && i < SCENARIO_TARGETS * PLAN_KINDS * PLAN_CALLERS * 4; i++) {
                s.target = i / 4 % SCENARIO_TARGETS;
                s.kind = i / 4 / SCENARIO_TARGETS % PLAN_KINDS;
                s.caller = i / 4 / SCENARIO_TARGETS / PLAN_KINDS;
                s.lease = i / 2 % 2;
                s.on = i % 2;
                write_id(&s, tried, sizeof(tried));
                if (util_streq(tried, id)) {
                        *ret = s;
                        return true;
                }
        }
        return false;
}

static void add(const struct scenario *s) {
        assert_true(board->n < RUNS_MAX);
        board->s[board->n++] = *s;
}

/* "K/N": the K-th of N parts of all runs. */
static bool read_part(const char *text, unsigned *ret_k, unsigned *ret_n) {
        char end;

        return sscanf(text, "%u/%u%c", ret_k, ret_n, &end) == 2 && *ret_k >= 1 && *ret_k <= *ret_n;
}

/* Of the runs behind the first `from`, every n-th stays: so each part has some of each kind. */
static void keep_part(unsigned from, unsigned k, unsigned n) {
        unsigned kept = from;

        for (unsigned i = from + k - 1; i < board->n; i += n)
                board->s[kept++] = board->s[i];
        board->n = kept;
}

/* ---- running ---- */

/* For a run of this number. In a namespace of its own: what other runs leave, or do meanwhile, is in no list that its
 * agents read, and in no watch. */
static void write_kubeconfig(unsigned number) {
        char body[64];
        int n = snprintf(kubeconfig, sizeof(kubeconfig),
                         "apiVersion: v1\nkind: Config\n"
                         "clusters: [{name: c, cluster: {server: \"%s\", certificate-authority: %s}}]\n"
                         "users: [{name: u, user: {client-certificate: %s, client-key: %s}}]\n"
                         "contexts: [{name: x, context: {cluster: c, user: u, namespace: run-%u}}, "
                         "{name: other, context: {cluster: c, user: u, namespace: run-%u}}]\n"
                         "current-context: x\n",
                         sim.url, sim.config.ca_file, sim.config.client_cert_file, sim.config.client_key_file, number,
                         number);

        assert_true(n > 0 && (size_t)n < sizeof(kubeconfig));
        (void)snprintf(body, sizeof(body), "{\"name\":\"run-%u\"}", number);
        sim_control(&sim, "POST", "namespaces", body);
}

static void work(unsigned worker, bool keep) {
        struct privatebus bus;
        unsigned i;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (privatebus_available()) {
                privatebus_init(&bus, bus_policy);
                privatebus_start(&bus);
        } else
                (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
        while ((i = atomic_fetch_add(&board->next, 1)) < board->n) {
                char id[96];

                write_kubeconfig(i);
                scenario_run(&board->s[i], kubeconfig, i, keep, &board->r[i]);
                if (board->r[i].good)
                        continue;
                write_id(&board->s[i], id, sizeof(id));
                (void)fprintf(stderr, "%s (%s): %s\n", id, board->r[i].site, board->r[i].why);
        }
        if (privatebus_available())
                privatebus_done(&bus);
        (void)worker;
        _exit(0);
}

static void run_all(unsigned from, unsigned workers, bool keep) {
        pid_t pids[64];

        atomic_store(&board->next, from);
        assert_true(workers <= ELEMENTSOF(pids));
        (void)fflush(NULL);
        for (unsigned i = 0; i < workers; i++) {
                pids[i] = fork();
                assert_true(pids[i] >= 0);
                if (pids[i] == 0)
                        work(i, keep);
        }
        for (unsigned i = 0; i < workers; i++)
                (void)waitpid(pids[i], NULL, 0);
}

/* ---- drawing ---- */

struct stratum {
        struct scenario s;
        unsigned calls, runs, most; /* runs of it at most */
};

/* Libraries allocate by the hundred thousand, and what they do then is their own. */
#define LIBRARY_MOST 200

/* Safety is in the files and the stops of leader-guard, and in what leader-agent claims. */
static unsigned weight(const struct scenario *s) {
        bool files = s->kind == PLAN_WRITE || s->kind == PLAN_RENAME || s->kind == PLAN_FSYNC || s->kind == PLAN_DIR;

        if (s->caller != PLAN_OWN || s->on)
                return 1;
        return s->target == SCENARIO_AGENT && !files ? 2 : 6;
}

/* Every call of each kind, or so many that all together are no more than that, evenly, from a start that is drawn. */
static void draw_runs(struct stratum *strata, unsigned n, unsigned runs) {
        unsigned left = runs;

        for (bool again = true; again && left > 0;) {
                again = false;
                for (unsigned i = 0; i < n; i++) {
                        unsigned more = weight(&strata[i].s);

                        more = more < left ? more : left;
                        if (more > strata[i].most - strata[i].runs)
                                more = strata[i].most - strata[i].runs;
                        strata[i].runs += more;
                        left -= more;
                        again = again || more > 0;
                }
        }
        for (unsigned i = 0; i < n; i++) {
                uint64_t start = draw();

                for (unsigned j = 0; j < strata[i].runs; j++) {
                        struct scenario s = strata[i].s;
                        uint64_t at = ((uint64_t)j << 31) + start % (UINT64_C(1) << 31);

                        s.k = 1 + (unsigned)(at * strata[i].calls / strata[i].runs >> 31);
                        add(&s);
                }
        }
}

#define STRATA_MAX (4 * (PLAN_KINDS + 1) * PLAN_CALLERS * 2)

/* Of the libraries one by one their memory, and together what they ask of the kernel. */
static bool is_of_interest(const struct scenario *s) {
        if (s->caller == PLAN_OWN)
                return true;
        if (s->kind == PLAN_ALLOC)
                return s->caller != PLAN_ANY;
        return s->caller == PLAN_ANY && (s->kind == PLAN_READ || s->kind == PLAN_CONNECT || s->kind == PLAN_SEND ||
                                         s->kind == PLAN_RECV || s->kind == PLAN_RANDOM);
}

/* The first runs of the board are those without a failure, which are counted. */
static unsigned list_strata(struct stratum *ret) {
        const char *only = getenv("INJECT_ONLY");
        unsigned n = 0;
        char id[96];

        for (unsigned base = 0; base < 4; base++)
                for (unsigned i = 0; i < STRATA_MAX / 4; i++) {
                        const struct scenario_result *r = &board->r[base];
                        struct scenario s = board->s[base];
                        unsigned calls;

                        s.on = i % 2;
                        s.caller = i / 2 % PLAN_CALLERS;
                        s.kind = i / 2 / PLAN_CALLERS;
                        if (s.kind == PLAN_KINDS) { /* what PID 1 answers */
                                if (s.target != SCENARIO_GUARD || s.caller != PLAN_OWN)
                                        continue;
                                s.kind = 0;
                                s.target = SCENARIO_PID1;
                                calls = r->pid1_calls;
                        } else {
                                if (!is_of_interest(&s))
                                        continue;
                                calls = r->calls[s.kind][s.caller];
                        }
                        write_id(&s, id, sizeof(id));
                        if (!only || strstr(id, only))
                                ret[n++] = (struct stratum){
                                        .s = s,
                                        .calls = calls,
                                        .most = s.caller != PLAN_OWN && calls > LIBRARY_MOST ? LIBRARY_MOST : calls};
                }
        return n;
}

/* ---- summing up ---- */

static unsigned report(unsigned from) {
        static const char *const callers[] = {PLAN_CALLER_NAMES};
        unsigned bad = 0;

        for (enum scenario_target t = 0; t < SCENARIO_TARGETS; t++)
                for (unsigned kind = 0; kind < (t == SCENARIO_PID1 ? 1 : (unsigned)PLAN_KINDS); kind++)
                        for (enum plan_caller c = 0; c < PLAN_CALLERS; c++) {
                                unsigned runs = 0, failed = 0, ends = 0, crashes = 0, wrong = 0;

                                for (unsigned i = from; i < board->n; i++) {
                                        const struct scenario *s = &board->s[i];
                                        const struct scenario_result *r = &board->r[i];

                                        if (s->target != t || s->kind != kind || s->caller != c)
                                                continue;
                                        runs++;
                                        failed += r->failed > 0;
                                        ends += r->ends > 0;
                                        crashes += r->crashes > 0;
                                        wrong += !r->good;
                                }
                                if (runs == 0)
                                        continue;
                                bad += wrong;
                                (void)printf(
                                        "%s %s %s: %u runs, %u with a failure, %u ended a daemon, %u by a crash in "
                                        "a library, %u wrong\n",
                                        scenario_target_name(t),
                                        scenario_kind_name(&(struct scenario){.target = t, .kind = kind}), callers[c],
                                        runs, failed, ends, crashes, wrong);
                        }
        return bad;
}

static void print_calls(unsigned base) {
        const struct scenario_result *r = &board->r[base];
        struct scenario s = board->s[base];

        (void)printf("calls of leader-%s (%s), own/any:", scenario_target_name(s.target), s.lease ? "lease" : "life");
        for (s.kind = 0; s.kind < PLAN_KINDS; s.kind++)
                (void)printf(" %s %u/%u", scenario_kind_name(&s), r->calls[s.kind][PLAN_OWN],
                             r->calls[s.kind][PLAN_ANY]);
        (void)printf("; of PID 1: %u\n", r->pid1_calls);
}

/* For a human: each place where a call failed, with what the daemon said. */
static void list_places(unsigned from) {
        const char *path = getenv("INJECT_PLACES");
        FILE *f = path ? fopen(path, "we") : NULL;

        for (unsigned i = from; f && i < board->n; i++) {
                const struct scenario_result *r = &board->r[i];
                char id[96];

                write_id(&board->s[i], id, sizeof(id));
                (void)fprintf(f, "%s\t%s\tfailed=%u ends=%u crashes=%u ms=%u\t%s\t%s\n", id, r->site, r->failed,
                              r->ends, r->crashes, (unsigned)(r->usec / 1000), r->said, r->why);
        }
        if (f)
                (void)fclose(f);
}

int main(int argc, char **argv) {
        unsigned workers = WORKERS_PER_CPU * (unsigned)sysconf(_SC_NPROCESSORS_ONLN), from, bad, k = 1, n = 1;
        bool part = argc > 1 && read_part(argv[1], &k, &n), all = part || (argc > 1 && util_streq(argv[1], "all"));
        const char *wanted = getenv("INJECT_SEED"), *runs = getenv("INJECT_RUNS");
        struct stratum *strata = calloc(STRATA_MAX, sizeof(*strata));
        char cgroup[200];

        if (geteuid() != 0 || !fakepid1_find_cgroup2(cgroup, sizeof(cgroup))) {
                (void)puts("ok check-inject # SKIP needs root, whom leader-guard talks to, and cgroup v2");
                return 0;
        }
        (void)setenv("INJECT_CGROUP", cgroup, 1);
        workers = workers > 60 ? 60 : workers;
        board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_true(board != MAP_FAILED && strata);
        sim_start(&sim);
        if (argc > 1 && !all) {
                for (int i = 1; i < argc; i++) {
                        struct scenario s;

                        if (!read_id(argv[i], &s)) {
                                (void)fprintf(stderr, "no such run: %s\n", argv[i]);
                                return 2;
                        }
                        add(&s);
                }
                run_all(0, board->n < workers ? board->n : workers, /* keep= */ board->n == 1);
                from = 0;
        } else {
                for (unsigned i = 0; i < 4; i++)
                        add(&(struct scenario){.target = i % 2, .lease = i / 2});
                run_all(0, 4, /* keep= */ false);
                from = board->n;
                for (unsigned i = 0; i < from; i++)
                        if (!board->r[i].good) {
                                (void)printf("not ok a run without a failure\n");
                                return 1;
                        }
                for (unsigned i = 0; i < from; i++)
                        print_calls(i);
                seed = wanted ? strtoull(wanted, NULL, 10) : 1;
                (void)printf("seed %llu\n", (unsigned long long)seed);
                draw_runs(strata, list_strata(strata),
                          all    ? RUNS_MAX - from
                          : runs ? (unsigned)strtoul(runs, NULL, 10)
                                 : RUNS_DEFAULT);
                keep_part(from, k, n);
                run_all(from, workers, /* keep= */ false);
        }
        bad = report(from);
        list_places(from);
        for (unsigned i = from; i < board->n; i++)
                bad += !board->r[i].done;
        (void)printf("%s %u runs in which one call failed, %u of them wrong\n", bad ? "not ok" : "ok", board->n - from,
                     bad);
        sim_stop(&sim);
        free(strata);
        return bad > 0;
}
