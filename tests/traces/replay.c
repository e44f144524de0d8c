/* SPDX-License-Identifier: Apache-2.0 */
/* Trace conformance: replays what daemons recorded (configuration key `trace`) through the core and expects the same
 * actions. One argument per trace file; a file may hold several runs of the daemon, each of which begins with a line
 * that says so. Prints ok or not ok per file. */
#include <stdio.h>

#include "core/core_parts.h"
#include "daemon/trace_text.h"

#define MAX_ENTITIES 256

struct world {
        struct core_lock locks[MAX_ENTITIES];
        struct core_placeholder placeholders[MAX_ENTITIES];
        struct core core;
        size_t steps;
};

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
        core_set_room(&w->core, w->locks, w->placeholders);
}

static const char *change(struct world *w, const struct core_change *c) {
        bool lock = c->type == CORE_SET_LOCK || c->type == CORE_RESTART_LOCK || c->type == CORE_REMOVE_LOCK;

        if ((lock && c->index >= w->core.n_locks) ||
            (c->type == CORE_SET_PLACEHOLDER && c->index >= w->core.n_placeholders))
                return "a change of what is not there";
        if (w->core.n_locks == MAX_ENTITIES || w->core.n_placeholders == MAX_ENTITIES)
                return "more than fits here";
        core_apply(&w->core, c);
        return NULL;
}

static const char *apply(struct world *w, struct trace_line *line) {
        struct placeholder_action did;
        struct election_actions got;

        switch (line->type) {
        case TRACE_BEGIN:
                begin(w);
                return NULL;
        case TRACE_CHANGE:
                return change(w, &line->change);
        case TRACE_LOCK:
                if (line->index >= w->core.n_locks)
                        return "no such lock";
                got = core_lock_step(&w->core, line->index, &line->lock_event);
                if (!same_actions(&line->lock_actions, &got))
                        return "the core does something else than the daemon did";
                break;
        case TRACE_PLACEHOLDER:
                if (line->index >= w->core.n_placeholders)
                        return "no such placeholder";
                did = core_placeholder_step(&w->core, line->index, &line->placeholder_event);
                if (line->placeholder_action.op != did.op || line->placeholder_action.uid != did.uid ||
                    line->placeholder_action.version != did.version)
                        return "the core does something else than the daemon did";
                break;
        }
        w->steps++;
        return core_invariant(&w->core) ? NULL : "the invariant is broken";
}

static bool replay(const char *path) {
        static struct world w;
        static char buf[TRACE_TEXT_MAX + 1];
        struct trace_line line;
        size_t n = 0, steps = 0;
        FILE *f = fopen(path, "re");
        const char *wrong = f ? NULL : "cannot be opened";

        begin(&w);
        while (!wrong && fgets(buf, sizeof(buf), f)) {
                n++;
                if (!strchr(buf, '\n'))
                        break; /* the process was killed while writing */
                *strchr(buf, '\n') = '\0';
                if (trace_text_parse(buf, &line) < 0)
                        wrong = "not a trace line";
                else {
                        if (line.type == TRACE_BEGIN)
                                steps += w.steps;
                        wrong = apply(&w, &line);
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
