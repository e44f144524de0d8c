/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the guarded test unit of several hosts recorded (tests/lab/recorder.c) and says whether two of them ever
 * ran at once. All instants are nanoseconds of CLOCK_MONOTONIC, which nspawn hosts of one machine share.
 *
 * A record is a line `HOST RUN EVENT NS TERM`: RUN tells apart the starts on one host (the instant of the start), EVENT
 * is START, TICK or STOP, TERM is LEADER_TERM or "-". A run is proven to have lasted from START to its last line,
 * whichever event that is: a process killed hard leaves no STOP, and children may outlive the one that wrote it. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct judge_run {
        char host[64];
        char term[32];
        uint64_t id;
        uint64_t start_ns;
        uint64_t last_ns;
        uint64_t stall_ns; /* longest time between two of its lines: it was frozen or the machine was busy */
        int stopped;       /* 1: a STOP was seen; 0: still running or killed */
};

struct judge {
        struct judge_run *runs; /* in order of start */
        size_t n_runs;
        size_t n_hosts;
        size_t n_overlaps;   /* pairs of runs that overlap */
        uint64_t overlap_ns; /* sum over those pairs */
        uint64_t max_gap_ns; /* longest time without any run between the first start and the last line */
        /* Pairs of hosts that contradict the fencing token: a later start on another host with a term that is not
         * greater. */
        size_t n_bad_terms;
};

/* Reads all records. Returns 0, -EBADMSG (a line that is not a record, or one before its START: err names the line) or
 * -ENOMEM. `ret` is valid only after 0; release it with judge_done(). */
int judge_read(FILE *f, struct judge *ret, struct err *err);
void judge_done(struct judge *j);

/* 1 when no two runs overlap and terms grow from host to host. */
int judge_ok(const struct judge *j);

/* Prints one line per run with the gap or overlap before it, times relative to the first start, and a summary line
 * `runs=… hosts=… overlap_ns=… max_gap_ns=… bad_terms=…`. */
void judge_print(const struct judge *j, FILE *out);
