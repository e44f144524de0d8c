/* SPDX-License-Identifier: Apache-2.0 */
/* Trace conformance: replays what daemons recorded (configuration key `trace`) through the core and expects the same
 * actions. One argument per trace file; a file may hold several runs of the daemon, each of which begins with an
 * N line. Prints ok or not ok per file. */
#include <stdio.h>

#include "core/core_parts.h"

#define MAX_ENTITIES 256
#define MAX_LINE     8192

struct world {
        struct core_lock locks[MAX_ENTITIES];
        struct core_placeholder placeholders[MAX_ENTITIES];
        struct core core;
        size_t steps;
};

static int digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly n bytes of hex up to the next space or line end. */
static bool unhex(const char **p, void *data, size_t n) {
        uint8_t *out = data;

        for (size_t i = 0; i < n; i++, *p += 2) {
                if (digit((*p)[0]) < 0 || digit((*p)[1]) < 0)
                        return false;
                out[i] = (uint8_t)(digit((*p)[0]) << 4 | digit((*p)[1]));
        }
        if (**p != ' ' && **p != '\n')
                return false;
        (*p)++;
        return true;
}

static bool same_actions(const struct election_actions *a, const struct election_actions *b) {
        for (unsigned i = 0; i < ELEMENTSOF(a->guard); i++)
                if (a->guard[i].type != b->guard[i].type || a->guard[i].uid != b->guard[i].uid ||
                    a->guard[i].stop_at_usec != b->guard[i].stop_at_usec ||
                    a->guard[i].kill_at_usec != b->guard[i].kill_at_usec)
                        return false;
        return a->request.op == b->request.op && a->request.uid == b->request.uid &&
               a->request.version == b->request.version && a->request.placeholder == b->request.placeholder;
}

/* A new process. */
static void begin(struct world *w) {
        memset(w, 0, sizeof(*w));
        w->core.locks = w->locks;
        w->core.placeholders = w->placeholders;
}

static const char *apply(struct world *w, char type, size_t i, const char *p) {
        struct election_actions want, got;
        struct placeholder_action act, did;
        struct placeholder_event hev;
        struct election_event ev;

        switch (type) {
        case 'H':
                if (i > w->core.n_placeholders || !unhex(&p, &w->placeholders[i].conf, sizeof(struct placeholder_conf)))
                        return "bad placeholder configuration";
                if (i == w->core.n_placeholders) {
                        placeholder_init(&w->placeholders[i].placeholder);
                        w->core.n_placeholders++;
                }
                return NULL;
        case 'C':
                if (i > w->core.n_locks || !unhex(&p, &w->locks[i].conf, sizeof(struct election_conf)) ||
                    !unhex(&p, w->locks[i].placeholder, sizeof(w->locks[i].placeholder)))
                        return "bad lock configuration";
                if (i == w->core.n_locks) {
                        election_init(&w->locks[i].election);
                        w->core.n_locks++;
                }
                return NULL;
        case 'N':
                begin(w);
                return NULL;
        case 'Z':
                w->core.removing = true;
                return NULL;
        case 'I':
                if (i >= w->core.n_locks)
                        return "no such lock";
                election_init(&w->locks[i].election);
                return NULL;
        case 'X':
                if (i >= w->core.n_locks)
                        return "no such lock";
                w->locks[i] = w->locks[--w->core.n_locks];
                return NULL;
        case 'L':
                if (i >= w->core.n_locks || !unhex(&p, &ev, sizeof(ev)) || !unhex(&p, &want, sizeof(want)))
                        return "bad lock step";
                got = core_lock_step(&w->core, i, &ev);
                if (!same_actions(&want, &got))
                        return "the core does something else than the daemon did";
                break;
        case 'P':
                if (i >= w->core.n_placeholders || !unhex(&p, &hev, sizeof(hev)) || !unhex(&p, &act, sizeof(act)))
                        return "bad placeholder step";
                did = core_placeholder_step(&w->core, i, &hev);
                if (act.op != did.op || act.uid != did.uid || act.version != did.version)
                        return "the core does something else than the daemon did";
                break;
        default:
                return "unknown kind of line";
        }
        w->steps++;
        return core_invariant(&w->core) ? NULL : "the invariant is broken";
}

static bool replay(const char *path) {
        static struct world w;
        static char buf[MAX_LINE];
        size_t n = 0, i, steps = 0;
        FILE *f = fopen(path, "re");
        const char *wrong = f ? NULL : "cannot be opened";
        int used;
        char type;

        begin(&w);
        while (!wrong && fgets(buf, sizeof(buf), f)) {
                n++;
                if (!strchr(buf, '\n'))
                        break; /* the process was killed while writing */
                if (sscanf(buf, "%c %zu %n", &type, &i, &used) != 2 || i >= MAX_ENTITIES)
                        wrong = "not a trace line";
                else {
                        if (type == 'N')
                                steps += w.steps;
                        wrong = apply(&w, type, i, buf + used);
                }
        }
        if (f)
                (void)fclose(f);
        steps += w.steps;
        if (!wrong && steps == 0)
                wrong = "holds no step";
        if (wrong)
                printf("not ok trace %s - line %zu: %s\n", path, n, wrong);
        else
                printf("ok trace %s - %zu steps, the same actions\n", path, steps);
        return !wrong;
}

int main(int argc, char **argv) {
        bool good = argc > 1;

        for (int i = 1; i < argc; i++)
                good = replay(argv[i]) && good;
        if (argc < 2)
                (void)fprintf(stderr, "usage: replay TRACE…\n");
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
