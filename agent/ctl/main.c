/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl: finds the verb, or shows all of them. What a verb does is its own file; how it is run is verbs.c. */
#include "ctl/verbs.h"

#define ADDRESS_OF(name) &ctl_##name,
static const struct ctl_verb *const verbs[] = {CTL_VERBS(ADDRESS_OF)};

static void usage(FILE *f) {
        (void)fprintf(f, "leaderctl VERB [ARGUMENT…]\n\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const struct ctl_verb *v = verbs[i];

                (void)fprintf(f, "  %s %-*s  %s\n", v->name, (int)(44 - strlen(v->name)), v->arguments, v->summary);
        }
        (void)fprintf(f, "\n  VERB --help, --help, --version\n\n"
                         "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the agent does not run. See leaderctl(1).\n");
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
                if (util_streq(verbs[i]->name, name))
                        return ctl_run(verbs[i], argc - 1, argv + 1);
        if (*name)
                (void)fprintf(stderr, "leaderctl: unknown verb \"%s\"\n\n", name);
        usage(stderr);
        return CTL_USAGE;
}
