/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <errno.h>
#include <inttypes.h>

static struct judge_run *find_run(struct judge *j, const char *host, uint64_t id) {
        /* The newest runs are asked for most. */
        for (size_t i = j->n_runs; i-- > 0;)
                if (j->runs[i].id == id && util_streq(j->runs[i].host, host))
                        return &j->runs[i];
        return NULL;
}

static int add_run(struct judge *j, const char *host, uint64_t id, uint64_t ns, const char *term) {
        struct judge_run *runs = reallocarray(j->runs, j->n_runs + 1, sizeof(*runs));

        if (!runs)
                return -ENOMEM;
        j->runs = runs;
        runs[j->n_runs] = (struct judge_run){.id = id, .start_ns = ns, .last_ns = ns};
        if (!util_copy(runs[j->n_runs].host, sizeof(runs->host), host) ||
            !util_copy(runs[j->n_runs].term, sizeof(runs->term), term))
                return -EBADMSG;
        j->n_runs++;
        return 0;
}

static int take_line(struct judge *j, char *line, const char *ret_what[static 1]) {
        char host[64], event[8], term[32], rest;
        uint64_t id, ns;
        struct judge_run *run;

        *ret_what = "not a record";
        if (sscanf(line, "%63s %" SCNu64 " %7s %" SCNu64 " %31s %c", host, &id, event, &ns, term, &rest) != 5)
                return -EBADMSG;
        run = find_run(j, host, id);
        if (util_streq(event, "START")) {
                *ret_what = "a second START of the same run";
                return run ? -EBADMSG : add_run(j, host, id, ns, term);
        }
        if (!util_streq(event, "TICK") && !util_streq(event, "STOP"))
                return -EBADMSG;
        *ret_what = "comes before the START of its run";
        if (!run || ns < run->start_ns)
                return -EBADMSG;
        if (ns > run->last_ns) {
                if (ns - run->last_ns > run->stall_ns)
                        run->stall_ns = ns - run->last_ns;
                run->last_ns = ns;
        }
        if (util_streq(event, "STOP"))
                run->stopped = 1;
        return 0;
}

static int compare_runs(const void *a, const void *b) {
        const struct judge_run *x = a, *y = b;

        return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* Terms are resourceVersions: decimal numbers of any length without leading zeros. */
static int term_greater(const char *a, const char *b) {
        size_t na = strlen(a), nb = strlen(b);

        return na != nb ? na > nb : strcmp(a, b) > 0;
}

static void weigh(struct judge *j) {
        uint64_t covered = 0;

        for (size_t i = 0; i < j->n_runs; i++) {
                const struct judge_run *b = &j->runs[i];
                int new_host = 1;

                for (size_t k = 0; k < i; k++) {
                        const struct judge_run *a = &j->runs[k];

                        if (util_streq(a->host, b->host))
                                new_host = 0;
                        if (a->last_ns > b->start_ns) {
                                j->n_overlaps++;
                                j->overlap_ns += (a->last_ns < b->last_ns ? a->last_ns : b->last_ns) - b->start_ns;
                        }
                }
                j->n_hosts += (size_t)new_host;
                if (i > 0) {
                        const struct judge_run *a = &j->runs[i - 1];

                        if (!util_streq(a->host, b->host) && !util_streq(a->term, "-") && !util_streq(b->term, "-") &&
                            !term_greater(b->term, a->term))
                                j->n_bad_terms++;
                        if (b->start_ns > covered && b->start_ns - covered > j->max_gap_ns)
                                j->max_gap_ns = b->start_ns - covered;
                }
                if (b->last_ns > covered)
                        covered = b->last_ns;
        }
}

int judge_read(FILE *f, struct judge *ret, struct err *err) {
        _cleanup_free_ char *line = NULL;
        struct judge j = {0};
        size_t size = 0, number = 0;
        ssize_t length;

        while ((length = getline(&line, &size, f)) >= 0) {
                const char *what = "holds a zero byte";
                int r;

                number++;
                r = strlen(line) == (size_t)length ? take_line(&j, line, &what) : -EBADMSG;
                if (r < 0) {
                        judge_done(&j);
                        return err_setf(err, r, "line %zu: %s: %.80s", number, what, line);
                }
        }
        if (j.n_runs > 0)
                qsort(j.runs, j.n_runs, sizeof(*j.runs), compare_runs);
        weigh(&j);
        *ret = j;
        return 0;
}

void judge_done(struct judge *j) {
        free(j->runs);
        *j = (struct judge){0};
}

int judge_ok(const struct judge *j) {
        return j->n_overlaps == 0 && j->n_bad_terms == 0;
}

static double seconds(uint64_t ns) {
        return (double)ns / 1e9;
}

void judge_print(const struct judge *j, FILE *out) {
        uint64_t covered = 0;

        for (size_t i = 0; i < j->n_runs; i++) {
                const struct judge_run *run = &j->runs[i];
                uint64_t zero = j->runs[0].start_ns;

                if (i > 0 && run->start_ns >= covered)
                        fprintf(out, "  %24s gap %.6f s\n", "", seconds(run->start_ns - covered));
                else if (i > 0)
                        fprintf(out, "  %24s OVERLAP: began %.6f s before the end of another\n", "",
                                seconds(covered - run->start_ns));
                fprintf(out, "  %-8s %12.6f .. %12.6f  %.6f s, term %s, %s, longest stall %.3f s\n", run->host,
                        seconds(run->start_ns - zero), seconds(run->last_ns - zero),
                        seconds(run->last_ns - run->start_ns), run->term,
                        run->stopped ? "stopped" : "killed or running", seconds(run->stall_ns));
                if (run->last_ns > covered)
                        covered = run->last_ns;
        }
        fprintf(out, "runs=%zu hosts=%zu overlap_ns=%" PRIu64 " max_gap_ns=%" PRIu64 " bad_terms=%zu\n", j->n_runs,
                j->n_hosts, j->overlap_ns, j->max_gap_ns, j->n_bad_terms);
}
