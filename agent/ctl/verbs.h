/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb of leaderctl is, and all of them. Each is one file, agent/ctl/NAME.c, that defines its struct ctl_verb:
 * its options, its usage text and what it does. The reading of options, what is printed for a mistake and the exit
 * statuses are the same for all and live in verbs.c. */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* The verbs, in the order of `leaderctl --help`. A verb is known to leaderctl when it stands here. */
#define CTL_VERBS(VERB)                                                                                                \
        VERB(status)                                                                                                   \
        VERB(step_down)                                                                                                \
        VERB(reload)                                                                                                   \
        VERB(check_config)                                                                                             \
        VERB(enroll)                                                                                                   \
        VERB(list)                                                                                                     \
        VERB(fence)                                                                                                    \
        VERB(forget_cluster)                                                                                           \
        VERB(renew_token)

/* Exit statuses, documented in leaderctl(1). */
enum {
        CTL_OK = 0,
        CTL_FAILURE = 1,
        CTL_USAGE = 2,
        CTL_NO_AGENT = 3,
        CTL_REFUSED = 4,
};

struct ctl_option {
        const char *name;     /* without its dashes */
        char letter;          /* -n and -A as kubectl has them, where they mean something; 0: long only */
        const char *argument; /* what usage calls it; NULL: takes none */
        size_t offset;        /* of its field in the verb's struct of options */
        /* Writes the field; argument is NULL when the option takes none, and outlives the verb. A negative errno with
         * err set is wrong usage. */
        int (*set)(const char *argument, void *field, struct err *err);
};

/* The field is a bool, or a const char *. */
int ctl_set_true(const char *argument, void *field, struct err *err);
int ctl_set_text(const char *argument, void *field, struct err *err);

#define CTL_OPTIONS_MAX 8

struct ctl_verb {
        const char *name;
        const char *arguments, *summary;  /* its line of `leaderctl --help` */
        const char *usage;                /* of VERB --help: begins with the name, names every option */
        const struct ctl_option *options; /* at most CTL_OPTIONS_MAX, then {}; each verb has --help besides */
        size_t options_size;              /* of the struct that they fill, which begins zeroed; 0: no options */
        size_t n_arguments_min, n_arguments_max;
        const char *wrong_arguments; /* what is said when there are fewer or more */
        /* Does it. options: the filled struct; arguments: n of them, then NULL. Returns the exit status. */
        int (*run)(const void *options, char *const *arguments, size_t n);
};

#define CTL_DECLARE_VERB(name) extern const struct ctl_verb ctl_##name;
CTL_VERBS(CTL_DECLARE_VERB)

/* Reads options and arguments and runs the verb. argv[0] is its name. For --help prints its usage, for a mistake what
 * is wrong and its usage. Returns the exit status of the program. */
int ctl_run(const struct ctl_verb *v, int argc, char **argv);

/* "leaderctl: TEXT" on standard error. Returns CTL_FAILURE. */
int ctl_error(const char *fmt, ...) _printf_(1, 2);

/* Says what is wrong; r is the negative errno beside it. Returns the exit status: CTL_NO_AGENT for -EHOSTDOWN of
 * bus_client_call(), else CTL_FAILURE. */
int ctl_failed(int r, const struct err *err);

/* For arguments that cannot be meant: says why, and how the verb is used. Returns CTL_USAGE. */
int ctl_usage(const struct ctl_verb *v, const char *why);
