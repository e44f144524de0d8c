/* SPDX-License-Identifier: Apache-2.0 */
/* Many seeds on all processors; a failing one is made small and told in words. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lasting.h"
#include "totals.h"

#define LOOK_USEC   (1 * SEC)
#define REBOOT_USEC (300 * SEC)
#define LATE_USEC   (40 * SEC)
#define STABLE_USEC (60 * SEC)

static struct {
        uint64_t seed, runs;
        uint64_t fresh, base; /* so many more, from a base that is drawn */
        unsigned hosts, locks, jobs;
        bool trace;
        const char *keep;
        const char *file;
        bool holes, lasting;
        const char *timing, *out;
} options = {.seed = 1, .runs = 10000, .jobs = 2};

static void keep_faults(const char *list) {
        for (size_t i = 0; list && i < FAULTS_MAX; i++)
                world.faults[i].skip = true;
        for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
                unsigned long i = strtoul(p, NULL, 10);

                if (i < FAULTS_MAX)
                        world.faults[i].skip = false;
        }
}

static void end_world(void) {
        world.current = NULL;
        for (unsigned i = 0; i < world.n_hosts; i++)
                world.hosts[i].up = false;
        for (unsigned i = 0; i < world.n_hosts; i++) {
                process_kill(&world.hosts[i].agent, "end of the run");
                process_kill(&world.hosts[i].guard, "end of the run");
        }
}

/* Runs until every lock has its leader. */
static void settle(void) {
        uint64_t bound = judge_bound();

        while (judge_unsettled()) {
                if (world.now > world.faults_end + bound)
                        world_fail("no leader", "%.0f s after the faults: %s", (double)bound / 1e6, judge_unsettled());
                fault_humans_help();
                world_run(world.now + LOOK_USEC);
        }
}

/* An orderly shutdown that is under way when the faults end is still one of them, until that host is back: it takes as
 * long as PID 1 lets it (200 s), and what it released then is led elsewhere. */
static void let_reboots_end(void) {
        uint64_t latest = world.now + REBOOT_USEC;

        for (unsigned i = 0; i < world.n_hosts; i++)
                while (world.hosts[i].stopping && world.now < latest) {
                        world_run(world.now + LOOK_USEC);
                        world.faults_end = world.now;
                }
}

static void live(void) {
        uint64_t leaders;

        for (unsigned i = 0; i < world.n_hosts; i++)
                host_boot(&world.hosts[i]);
        world_run(world.faults_end);
        fault_end_all();
        let_reboots_end();
        settle();
        world.settled_at = world.now;
        /* What is under way may still arrive: requests that are executed late, reloads, watches that begin again. */
        world_run(world.faults_end + LATE_USEC > world.now ? world.faults_end + LATE_USEC : world.now);
        settle();
        leaders = world.n_leaders;
        world_run(world.now + STABLE_USEC);
        if (judge_unsettled() || leaders != world.n_leaders)
                world_fail("unstable", "leadership changed with nothing wrong: %s",
                           judge_unsettled() ? judge_unsettled() : "another leader");
}

static struct hole_run hole; /* of the last run */

/* Returns whether the run was good; world holds what there is to say. */
static bool run(uint64_t seed, const bool *skip, bool trace, FILE *out) {
        world_reset();
        world.seed = world.rng = seed;
        world.trace = trace;
        world.out = out;
        if (options.holes)
                hole_setup(seed, options.hosts, options.timing);
        else {
                lasting_begin(options.lasting);
                setup_world(options.hosts, options.locks);
                lasting_setup();
                fault_plan();
        }
        for (size_t i = 0; skip && i < FAULTS_MAX; i++)
                world.faults[i].skip = skip[i];
        keep_faults(options.keep);
        if (setjmp(world.end) == 0) {
                if (options.holes)
                        hole_live(&hole);
                else
                        live();
                end_world();
        }
        return !world.failure[0];
}

/* Leaves out fault by fault while the run goes on failing in the same way. */
static void shrink(uint64_t seed, const char *kind, bool skip[static FAULTS_MAX]) {
        size_t n = world.n_faults;

        for (size_t size = n, again = 0; size > 0 && again<3; size> 1 ? size /= 2 : again++)
                for (size_t at = 0; at < n; at += size) {
                        bool before[FAULTS_MAX];

                        memcpy(before, skip, sizeof(before));
                        for (size_t i = at; i < at + size && i < n; i++)
                                skip[i] = true;
                        if (memcmp(before, skip, sizeof(before)) == 0)
                                continue;
                        if (run(seed, skip, false, stdout) || !util_streq(world.kind, kind))
                                memcpy(skip, before, sizeof(before));
                }
}

static void report(uint64_t seed) {
        bool skip[FAULTS_MAX] = {false};
        char kind[sizeof(world.kind)], list[4 * FAULTS_MAX] = "";
        size_t n = world.n_faults, left = 0;

        (void)util_copy(kind, sizeof(kind), world.kind);
        shrink(seed, kind, skip);
        for (size_t i = 0; i < n; i++)
                if (!skip[i]) {
                        (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%zu", left ? "," : "", i);
                        left++;
                }
        printf("---- seed %" PRIu64 ", with %zu of its %zu faults:\n", seed, left, n);
        (void)run(seed, skip, true, stdout);
        printf("not ok seed %" PRIu64 " (%s): %s\n", seed, kind, world.failure);
        printf("again: make check-sim SEED=%" PRIu64 " RUNS=1 KEEP=%s TRACE=1%s", seed, left ? list : "none",
               options.holes     ? " HOLES=1"
               : options.lasting ? " LASTING=1"
                                 : "");
        if (options.hosts)
                printf(" AGENTS=%u", options.hosts);
        if (options.locks)
                printf(" LOCKS=%u", options.locks);
        printf("\n");
        (void)fflush(stdout);
}

static void one(uint64_t seed, struct totals *t) {
        t->seed = seed;
        if (run(seed, NULL, options.trace, stdout)) {
                t->passed++;
                if (options.holes)
                        totals_hole(t, &hole, !options.timing || hole.given);
                if (world.settled_at - world.faults_end > t->slowest_usec)
                        t->slowest_usec = world.settled_at - world.faults_end;
        } else
                t->failed++;
        t->runs++;
        t->usec += world.now;
        t->leaders += world.n_leaders;
        t->faults += world.n_injected;
        for (unsigned i = 0; i < FAULT_TYPES_MAX; i++)
                for (unsigned n = 0; n < 2; n++)
                        t->faults_of[i][n] += world.n_faults_of[i][n];
        t->requests += world.n_requests;
        t->excused += world.n_excused > 0;
        t->events += world.n_events;
        if (world.max_requests > t->max_requests)
                t->max_requests = world.max_requests;
        if (world.failure[0] && t->failed <= 3)
                report(seed);
}

static int compare(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

/* Seeds that once failed: one number a line, anything behind it is for humans. */
static size_t known_seeds(uint64_t *seeds, size_t max) {
        FILE *f = options.file ? fopen(options.file, "re") : NULL;
        char line[300];
        size_t n = 0;

        while (f && n < max && fgets(line, sizeof(line), f))
                if (line[0] >= '0' && line[0] <= '9')
                        seeds[n++] = strtoull(line, NULL, 10);
        if (f)
                (void)fclose(f);
        qsort(seeds, n, sizeof(*seeds), compare);
        return n;
}

static void work(unsigned job, struct totals *t) {
        static uint64_t known[1000];
        size_t n = known_seeds(known, ELEMENTSOF(known));

        for (size_t i = job; i < n; i += options.jobs)
                one(known[i], t);
        for (uint64_t i = job; i < options.runs; i += options.jobs)
                one(options.seed + i, t);
        for (uint64_t i = job; i < options.fresh; i += options.jobs)
                one(options.base + i, t);
}

static void parse(int argc, char **argv) {
        int c;

        while ((c = getopt(argc, argv, "s:r:n:a:l:j:k:f:tHLT:o:")) >= 0)
                switch (c) {
                case 's':
                        options.seed = strtoull(optarg, NULL, 10);
                        break;
                case 'r':
                        options.runs = strtoull(optarg, NULL, 10);
                        break;
                case 'n':
                        options.fresh = strtoull(optarg, NULL, 10);
                        break;
                case 'a':
                        options.hosts = (unsigned)strtoul(optarg, NULL, 10);
                        break;
                case 'l':
                        options.locks = (unsigned)strtoul(optarg, NULL, 10);
                        break;
                case 'j':
                        options.jobs = (unsigned)strtoul(optarg, NULL, 10);
                        break;
                case 'k':
                        options.keep = optarg;
                        break;
                case 'f':
                        options.file = optarg;
                        break;
                case 't':
                        options.trace = true;
                        break;
                case 'H':
                        options.holes = true;
                        break;
                case 'L':
                        options.lasting = true;
                        break;
                case 'T':
                        options.timing = optarg;
                        break;
                case 'o':
                        options.out = optarg;
                        break;
                default:
                        exit(2);
                }
        if (options.hosts > HOSTS_MAX || options.hosts == 1 || options.locks > LOCKS_MAX || options.jobs == 0 ||
            options.jobs > 64) {
                (void)fprintf(stderr, "agents: 2 to %d, locks: 1 to %d, jobs: 1 to 64\n", HOSTS_MAX, LOCKS_MAX);
                exit(2);
        }
}

int main(int argc, char **argv) {
        struct totals *t, sum = {.runs = 0};
        pid_t pids[64];

        parse(argc, argv);
        if (options.trace)
                options.jobs = 1;
        if (options.fresh > 0) {
                if (getrandom(&options.base, sizeof(options.base), 0) != (ssize_t)sizeof(options.base))
                        return 1;
                options.base %= UINT64_C(1000000000000);
                printf("fresh seeds from %" PRIu64 " on: again with SEED=%" PRIu64 " RUNS=%" PRIu64 "\n", options.base,
                       options.base, options.fresh);
                (void)fflush(stdout);
        }
        t = mmap(NULL, 64 * sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (t == MAP_FAILED)
                return 1;
        (void)setvbuf(stdout, NULL, _IOFBF, 1 << 20);
        for (unsigned i = 0; i < options.jobs; i++) {
                pids[i] = fork();
                if (pids[i] == 0) {
                        work(i, &t[i]);
                        (void)fflush(stdout);
                        _exit(0);
                }
        }
        for (unsigned i = 0; i < options.jobs; i++) {
                int status = 0;

                if (pids[i] < 0 || waitpid(pids[i], &status, 0) < 0 || status != 0) {
                        t[i].failed++;
                        printf("not ok seed %" PRIu64 ": the simulation itself died (status %d)\n", t[i].seed, status);
                }
                totals_add(&sum, &t[i]);
        }
        if (options.out && !totals_write(&sum, options.out, options.holes, options.timing))
                sum.failed++;
        totals_print(&sum, options.holes);
        printf("%" PRIu64 " passed, %" PRIu64 " failed\n", sum.passed, sum.failed);
        totals_sum(&sum);
        return sum.failed ? 1 : 0;
}
