/* SPDX-License-Identifier: Apache-2.0 */
/* judge FILE            prints what ran when; exit status 0: never two at once, 1: overlap or terms that do not grow,
 *                       2: the file cannot be judged
 * judge --running FILE  prints `HOST RUN` for each run that lasts: no STOP, and a line within the last 0.2 s */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "../lib/judge.h"

static int print_running(const struct judge *j) {
        struct timespec ts;
        uint64_t now;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
        now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
        for (size_t i = 0; i < j->n_runs; i++)
                if (!j->runs[i].stopped && now - j->runs[i].last_ns < 200000000)
                        printf("%s %" PRIu64 "\n", j->runs[i].host, j->runs[i].id);
        return 0;
}

int main(int argc, char **argv) {
        int running = argc == 3 && util_streq(argv[1], "--running");
        struct err err = {0};
        struct judge j;
        FILE *f;
        int r;

        if (argc != 2 + running) {
                fprintf(stderr, "usage: judge [--running] FILE\n");
                return 2;
        }
        f = fopen(argv[1 + running], "re");
        if (!f) {
                fprintf(stderr, "judge: %s: %m\n", argv[1 + running]);
                return 2;
        }
        r = judge_read(f, &j, &err);
        fclose(f);
        if (r < 0) {
                fprintf(stderr, "judge: %s: %s\n", argv[1 + running], err.text);
                return 2;
        }
        if (running)
                r = print_running(&j);
        else {
                judge_print(&j, stdout);
                r = !judge_ok(&j);
        }
        judge_done(&j);
        return r;
}
