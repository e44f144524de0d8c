/* SPDX-License-Identifier: Apache-2.0 */
/* What all verbs have in common: options by getopt_long() from their tables, and the way errors are told. Knows no verb
 * by name: that is main.c. */
#include "ctl/verbs.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>

#include "codec/utf8.h"

/* What getopt returns for option i; above every letter. */
#define OPTION_VALUE(i) (256 + (int)(i))

int ctl_set_true(_unused_ const char *argument, void *field, _unused_ struct err *err) {
        *(bool *)field = true;
        return 0;
}

int ctl_set_text(const char *argument, void *field, _unused_ struct err *err) {
        *(const char **)field = argument;
        return 0;
}

int ctl_error(const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0)
                text = NULL;
        (void)fprintf(stderr, "leaderctl: %s\n", text ? utf8_plain(text, /* lines= */ true) : strerror(ENOMEM));
        return CTL_FAILURE;
}

int ctl_failed(int r, const struct err *err) {
        (void)ctl_error("%s", err->text);
        return r == -EHOSTDOWN ? CTL_NO_AGENT : CTL_FAILURE;
}

int ctl_usage(const struct ctl_verb *v, const char *why) {
        (void)fprintf(stderr, "leaderctl %s: %s\nleaderctl %s\n", v->name, why, v->usage);
        return CTL_USAGE;
}

/* The table as getopt wants it. letters: room for two characters of each option, "h" and the final zero. */
static void to_getopt(const struct ctl_option *options, struct option *ret, char *letters) {
        size_t n = 0;

        *letters++ = 'h';
        for (; options && options[n].name; n++) {
                const struct ctl_option *o = &options[n];

                assert(n < CTL_OPTIONS_MAX);
                ret[n] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, OPTION_VALUE(n)};
                if (o->letter)
                        *letters++ = o->letter;
                if (o->letter && o->argument)
                        *letters++ = ':';
        }
        ret[n] = (struct option){"help", no_argument, NULL, 'h'};
        ret[n + 1] = (struct option){};
        *letters = '\0';
}

/* What getopt returned: a long option's value, or a letter. */
static const struct ctl_option *find(const struct ctl_option *options, int c) {
        for (size_t i = 0; options && options[i].name; i++)
                if (c == OPTION_VALUE(i) || (options[i].letter && c == options[i].letter))
                        return &options[i];
        return NULL;
}

/* Fills the struct of options; what is left begins at optind. Returns false when the program ends with *ret_status. */
static bool parse(const struct ctl_verb *v, int argc, char **argv, void *options, int *ret_status) {
        struct option table[CTL_OPTIONS_MAX + 2];
        char letters[2 * CTL_OPTIONS_MAX + 2];
        struct err err = {};
        int c;

        to_getopt(v->options, table, letters);
        optind = 0; /* getopt starts anew */
        while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
                const struct ctl_option *o = find(v->options, c);

                if (c == 'h') {
                        (void)printf("leaderctl %s\n", v->usage);
                        *ret_status = CTL_OK;
                        return false;
                }
                if (!o) {
                        /* getopt has said what is wrong. */
                        (void)fprintf(stderr, "leaderctl %s\n", v->usage);
                        *ret_status = CTL_USAGE;
                        return false;
                }
                if (o->set(optarg, (char *)options + o->offset, &err) < 0) {
                        *ret_status = ctl_usage(v, err.text);
                        return false;
                }
        }
        return true;
}

int ctl_run(const struct ctl_verb *v, int argc, char **argv) {
        _cleanup_free_ void *options = calloc(1, v->options_size ? v->options_size : 1);
        char program[32]; /* what getopt's messages begin with */
        size_t n;
        int status;

        if (!options)
                return ctl_error("out of memory");
        (void)snprintf(program, sizeof(program), "leaderctl %s", v->name);
        argv[0] = program;
        if (!parse(v, argc, argv, options, &status))
                return status;
        n = (size_t)(argc - optind);
        if (n < v->n_arguments_min || n > v->n_arguments_max)
                return ctl_usage(v, v->wrong_arguments);
        return v->run(options, argv + optind, n);
}
