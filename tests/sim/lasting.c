/* SPDX-License-Identifier: Apache-2.0 */
#include "lasting.h"
#include "daemon/agent_parts.h"

static uint64_t stream;
static bool in_every_run;

/* splitmix64 */
static uint64_t draw(uint64_t bound) {
        uint64_t z = stream += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return (z ^ z >> 31) % bound;
}

static bool chance(unsigned percent) {
        if (world.seed < LASTING_SEEDS && !in_every_run)
                return false;
        return draw(100) < (in_every_run ? 50 : percent);
}

void lasting_begin(bool always) {
        in_every_run = always;
        stream = world.seed ^ UINT64_C(0x6c617374696e67);
}

/* ---- hosts that differ ---- */

static void differ(struct host *h, unsigned lock) {
        struct conf_lock *l = &h->locks[lock];

        if (draw(2)) {
                (void)snprintf(h->units[lock].name, sizeof(h->units[0].name), "unit%u-on%u.service", lock, h->index);
                l->unit = h->units[lock].name;
        }
        switch (draw(4)) {
        case 0:
                l->keys.on_failure = l->keys.on_failure == ON_FAILURE_KEEP ? ON_FAILURE_RELEASE : ON_FAILURE_KEEP;
                break;
        case 1:
                l->tenure = l->tenure == TENURE_LEASE ? TENURE_LIFE : TENURE_LEASE;
                break;
        case 2:
                l->placeholder = l->placeholder == PLACEHOLDER_POD ? PLACEHOLDER_LEASE : PLACEHOLDER_POD;
                break;
        default:
                break;
        }
        /* In any case: its durations, in a proportion that conf_check() lets pass. */
        if (draw(2)) {
                uint64_t more = draw(20) * SEC;

                l->stop_timeout_usec += more;
                l->lease_duration_usec += 2 * more + draw(10) * SEC;
        }
        setup_enroll(h, lock);
}

void lasting_setup(void) {
        if (!chance(6))
                return;
        world.differs = true;
        for (unsigned i = 0; i < world.n_hosts; i++)
                for (unsigned n = 0; n < world.n_locks; n++)
                        if (draw(2))
                                differ(&world.hosts[i], n);
}

/* ---- what never ends ---- */

bool lasting_draw(unsigned *ret_kind, uint64_t *ret_at, uint64_t *ret_seed) {
        if (!chance(6))
                return false;
        *ret_kind = (unsigned)draw(3);
        *ret_at = draw(world.faults_end / MSEC + 1) * MSEC;
        *ret_seed = draw(UINT64_MAX);
        return true;
}

/* ---- what is told ---- */

static bool impaired(const struct host *h) {
        return h->agent_gone || h->run_fails || h->var_fails;
}

/* What STATUS or `leaderctl status` of that host says of the lock. Looking takes no time. */
static bool text_of(struct host *h, const char *lock, char *buf, size_t size) {
        const struct agent *a = h->agent.agent;
        struct process *current = world.current;
        uint64_t now = world.now;
        unsigned n_reads = world.n_reads;
        bool found = false;

        world.current = &h->agent;
        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v;
                struct agent_text t;

                if (!util_streq(a->locks[i]->conf->name, lock))
                        continue;
                v = agent_view(a->locks[i]);
                agent_describe(a->locks[i], &v, &t);
                (void)snprintf(buf, size, "%s of %s; holder %s; %s; %s", t.role, a->locks[i]->title, t.holder, t.reason,
                               t.next);
                found = true;
        }
        world.current = current;
        world.now = now;
        world.n_reads = n_reads;
        return found;
}

/* On the host where something must be mended: that; elsewhere who holds the lock, and how it is freed. */
static bool tells(const struct host *h, const struct api_lock *l, const char *text) {
        char fence[400];

        if (h->run_fails && strstr(text, "/run"))
                return true;
        if (h->var_fails && strstr(text, "/var"))
                return true;
        if (!l->exists)
                return false;
        (void)snprintf(fence, sizeof(fence), "leaderctl fence default/%s --holder %s ", l->o.name, l->o.identity);
        return strstr(text, fence) && strstr(text, l->o.holder);
}

const char *lasting_excuse(unsigned lock, const char **ret_untold) {
        static char untold[4200];
        const struct api_lock *l = &world.locks[lock];
        const struct host *holder = NULL;
        bool any = false, all = true, left = false, gone = true;

        *ret_untold = NULL;
        for (unsigned i = 0; i < world.n_hosts; i++) {
                const struct host *h = &world.hosts[i];

                any = any || impaired(h);
                all = all && (impaired(h) || h->gone);
                left = left || (h->up && h->agent.alive);
                gone = gone && (h->agent_gone || h->gone);
                if (l->exists && util_streq(h->name, l->o.holder))
                        holder = h;
        }
        /* A damaged lock has its human, who stops and starts the agents. */
        if (!any || (l->exists && l->o.form != LOCK_FORM_OURS) || (!left && !gone))
                return NULL;
        if (!all && !(holder && l->o.tenure == TENURE_LIFE && impaired(holder)))
                return NULL; /* somebody can, and nothing keeps it from that */
        for (unsigned i = 0; i < world.n_hosts; i++) {
                struct host *h = &world.hosts[i];
                char text[4000];

                if (!h->up || !h->agent.alive || !text_of(h, l->o.name, text, sizeof(text)) || tells(h, l, text))
                        continue;
                (void)snprintf(untold, sizeof(untold), "%s says: %s", h->name, text);
                *ret_untold = untold;
                return NULL;
        }
        return left ? "told" : "nobody is left";
}
