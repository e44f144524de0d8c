/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl: finds the verb, or shows all of them. What a verb does is its own file; how it is run is verbs.c. */
#include <ctype.h>

#include "ctl/show.h"
#include "ctl/verbs.h"

#define ADDRESS_OF(name) &ctl_##name,
static const struct ctl_verb *const verbs[] = {CTL_VERBS(ADDRESS_OF)};

static int usage(FILE *f) {
        (void)fprintf(f, "leaderctl VERB [ARGUMENT…]\n\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const struct ctl_verb *v = verbs[i];

                (void)fprintf(f, "  %s %-*s  %s\n", v->name, (int)(44 - strlen(v->name)), v->arguments, v->summary);
        }
        (void)fprintf(f,
                      "  %-45s  %s\n\n"
                      "  VERB --help, --help, --version\n\n"
                      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the agent does not run,\n"
                      "             4 refused unless --force. See leaderctl(1).\n",
                      "help [VERB]", "this, or how VERB is used");
        return f == stdout ? CTL_OK : CTL_USAGE;
}

static const struct ctl_verb *find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (util_streq(verbs[i]->name, name))
                        return verbs[i];
        return NULL;
}

/* a becomes b when at most n letters are added, left out, replaced or swapped with the next. */
static bool is_near(const char *a, const char *b, unsigned n) {
        while (*a && tolower(*a) == tolower(*b)) {
                a++;
                b++;
        }
        if (!*a && !*b)
                return true;
        if (n == 0)
                return false;
        return (*a && is_near(a + 1, b, n - 1)) || (*b && is_near(a, b + 1, n - 1)) ||
               (*a && *b && is_near(a + 1, b + 1, n - 1)) ||
               (a[0] && a[0] == b[1] && a[1] == b[0] && is_near(a + 2, b + 2, n - 1));
}

/* What was meant by a word that is no verb; NULL: nothing that is near. */
static const char *nearest(const char *word) {
        size_t length = strlen(word);

        for (unsigned n = 0; n <= (length > 5 ? 2 : 1); n++) {
                if (is_near(word, "help", n))
                        return "help";
                for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                        if (is_near(word, verbs[i]->name, n))
                                return verbs[i]->name;
        }
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (length > 2 && strncasecmp(word, verbs[i]->name, length) == 0)
                        return verbs[i]->name;
        return NULL;
}

static int unknown(char *word) {
        const char *meant = nearest(word);

        (void)fprintf(stderr, "leaderctl: unknown verb '%s'%s%s%s\n", show_plain(word), meant ? "; did you mean '" : "",
                      meant ? meant : "", meant ? "'?" : "");
        if (meant)
                return CTL_USAGE;
        (void)fputc('\n', stderr);
        return usage(stderr);
}

static int help(int argc, char **argv) {
        const struct ctl_verb *v;

        if (argc > 3) {
                (void)fprintf(stderr, "leaderctl help: at most one VERB\nleaderctl help [VERB]\n");
                return CTL_USAGE;
        }
        if (argc < 3 || util_streq(argv[2], "help") || util_streq(argv[2], "--help") || util_streq(argv[2], "-h"))
                return usage(stdout);
        v = find(argv[2]);
        if (!v)
                return unknown(argv[2]);
        (void)printf("leaderctl %s\n", v->usage);
        return CTL_OK;
}

int main(int argc, char **argv) {
        const char *name = argc > 1 ? argv[1] : "";
        const struct ctl_verb *v = find(name);

        if (v)
                return ctl_run(v, argc - 1, argv + 1);
        if (util_streq(name, "--help") || util_streq(name, "-h"))
                return usage(stdout);
        if (util_streq(name, "help"))
                return help(argc, argv);
        if (util_streq(name, "--version")) {
                (void)printf("leaderctl %s\n", AGENT_VERSION);
                return CTL_OK;
        }
        return *name ? unknown(argv[1]) : usage(stderr);
}
