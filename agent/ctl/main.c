/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl: finds the verb. */
#include <errno.h>
#include <getopt.h>

#include "ctl/enroll.h"
#include "ctl/fence.h"
#include "ctl/list.h"
#include "ctl/verbs.h"

static const struct verb {
        const char *name, *arguments, *summary;
        int (*run)(int argc, char **argv);
} verbs[] = {
        {"status", "[--json]", "what this host's agent does, lock by lock", ctl_status},
        {"step-down", "LOCK [--reason TEXT]", "give up leadership here; another host takes over", ctl_step_down},
        {"check-config", "[FILE]", "check configuration and kubeconfig, print what they mean", ctl_check_config},
        {"enroll", "[--check|--remove] [UNIT...]", "put units under the gate of leader-guard", ctl_enroll},
        {"list", "[LOCK...] [--json]", "every lock of the namespace, from the API server", ctl_list},
        {"fence", "LOCK --holder IDENTITY --reason TEXT", "free the lock of a host that is dead", ctl_fence},
};

static void usage(FILE *f) {
        (void)fprintf(f, "leaderctl VERB [ARGUMENT…]\n\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const struct verb *v = &verbs[i];
                (void)fprintf(f, "  %s %-*s  %s\n", v->name, (int)(44 - strlen(v->name)), v->arguments, v->summary);
        }
        (void)fprintf(f, "\n  VERB --help, --help, --version\n\n"
                         "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the agent does not run. See leaderctl(1).\n");
}

bool ctl_options(int argc, char **argv, const struct option *options, const char *text,
                 int (*on_option)(int option, void *userdata), void *userdata, int *ret_exit) {
        /* -n and -A as kubectl has them, where they mean something. */
        char letters[8] = "h";
        int c;
        for (const struct option *o = options; o->name; o++)
                if (util_streq(o->name, "namespace"))
                        strcat(letters, "n:");
                else if (util_streq(o->name, "all-namespaces"))
                        strcat(letters, "A");
        optind = 0; /* getopt starts again: main() has used it up to the verb */
        while ((c = getopt_long(argc, argv, letters, options, NULL)) != -1) {
                if (c == 'h') {
                        (void)printf("leaderctl %s\n", text);
                        *ret_exit = CTL_OK;
                        return false;
                }
                if (c == '?' || on_option(c, userdata) < 0) {
                        (void)fprintf(stderr, "leaderctl %s\n", text);
                        *ret_exit = CTL_USAGE;
                        return false;
                }
        }
        return true;
}

int ctl_failed(int r, const struct err *err) {
        (void)fprintf(stderr, "leaderctl: %s\n", err->text);
        return r == -EHOSTDOWN ? CTL_NO_AGENT : CTL_FAILURE;
}

int main(int argc, char **argv) {
        const char *name = argc > 1 ? argv[1] : "";
        if (util_streq(name, "--help") || util_streq(name, "-h")) {
                usage(stdout);
                return CTL_OK;
        }
        if (util_streq(name, "--version")) {
                (void)printf("leaderctl %s\n", AGENT_VERSION);
                return CTL_OK;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (util_streq(verbs[i].name, name)) {
                        char program[32]; /* what getopt's messages begin with */
                        (void)snprintf(program, sizeof(program), "leaderctl %s", name);
                        argv[1] = program;
                        return verbs[i].run(argc - 1, argv + 1);
                }
        if (*name)
                (void)fprintf(stderr, "leaderctl: unknown verb \"%s\"\n\n", name);
        usage(stderr);
        return CTL_USAGE;
}
