/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "daemon/agent.h"
#include "guard/guard.h"
#include "world.h"

struct world_event {
        uint64_t at, seq;
        world_fn fn;
        void *arg;
        uint64_t a;
        struct process *process;
        unsigned life;
};

struct world world;

/* ---- memory of a run: given back as a whole ---- */

#define CHUNK ((size_t)1 << 20)

static struct chunk {
        struct chunk *next;
        char data[];
} * chunks, *chunk;
static size_t used;

/* Pieces that were given back, by size: a few sizes come again and again. */
static struct piece { struct piece *next; } * pieces[8];
static size_t sizes[ELEMENTSOF(pieces)];

void world_free(void *p, size_t size) {
        size = (size + 15) & ~(size_t)15;
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                if (sizes[i] && sizes[i] != size)
                        continue;
                sizes[i] = size;
                *(struct piece *)p = (struct piece){.next = pieces[i]};
                pieces[i] = p;
                return;
        }
}

void *world_alloc(size_t size) {
        void *p;

        size = (size + 15) & ~(size_t)15;
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++)
                if (sizes[i] == size && pieces[i]) {
                        p = pieces[i];
                        pieces[i] = pieces[i]->next;
                        memset(p, 0, size);
                        return p;
                }
        if (!chunk || used + size > CHUNK) {
                struct chunk *next = chunk ? chunk->next : chunks;

                if (!next) {
                        next = malloc(sizeof(*next) + CHUNK);
                        if (!next || size > CHUNK)
                                abort();
                        next->next = NULL;
                        if (chunk)
                                chunk->next = next;
                        else
                                chunks = next;
                }
                chunk = next;
                used = 0;
        }
        p = chunk->data + used;
        used += size;
        memset(p, 0, size);
        return p;
}

void world_reset(void) {
        struct world_event *heap = world.heap;
        size_t room = world.room_heap;

        memset(&world, 0, sizeof(world));
        world.heap = heap;
        world.room_heap = room;
        chunk = NULL;
        used = 0;
        memset(pieces, 0, sizeof(pieces));
        memset(sizes, 0, sizeof(sizes));
        socket_reset();
}

/* ---- chance ---- */

static uint64_t mix(uint64_t z) {
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static uint64_t next_random(void) {
        return mix(world.rng += UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t world_random(uint64_t bound) {
        return bound ? next_random() % bound : 0;
}

uint64_t world_between(uint64_t low, uint64_t high) {
        return low + world_random(high - low + 1);
}

bool world_chance(unsigned percent) {
        return world_random(100) < percent;
}

/* ---- the queue ---- */

static bool earlier(const struct world_event *a, const struct world_event *b) {
        return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void put(struct world_event e) {
        size_t i = world.n_heap;

        if (world.n_heap == world.room_heap) {
                world.room_heap = world.room_heap ? 2 * world.room_heap : 1024;
                world.heap = realloc(world.heap, world.room_heap * sizeof(*world.heap));
                if (!world.heap)
                        abort();
        }
        world.n_heap++;
        for (; i > 0 && earlier(&e, &world.heap[(i - 1) / 2]); i = (i - 1) / 2)
                world.heap[i] = world.heap[(i - 1) / 2];
        world.heap[i] = e;
}

void world_post(uint64_t at, struct process *p, world_fn fn, void *arg, uint64_t a) {
        put((struct world_event){.at = at < world.now ? world.now : at,
                                 .seq = world.seq++,
                                 .fn = fn,
                                 .arg = arg,
                                 .a = a,
                                 .process = p,
                                 .life = p ? p->life : 0});
}

static struct world_event take(void) {
        struct world_event first = world.heap[0], last = world.heap[--world.n_heap];
        size_t i = 0, child;

        for (; (child = 2 * i + 1) < world.n_heap; i = child) {
                if (child + 1 < world.n_heap && earlier(&world.heap[child + 1], &world.heap[child]))
                        child++;
                if (!earlier(&world.heap[child], &last))
                        break;
                world.heap[i] = world.heap[child];
        }
        if (world.n_heap)
                world.heap[i] = last;
        return first;
}

bool world_run(uint64_t until) {
        while (world.n_heap && world.heap[0].at <= until) {
                struct world_event e = take();
                struct process *p = e.process;

                world.now = e.at;
                if (p && !p->frozen && p->busy_until > e.at) {
                        /* Among its own events the order stays as it was posted. */
                        e.at = p->busy_until;
                        put(e);
                        continue;
                }
                world.n_events++;
                if (!p)
                        e.fn(e.arg, e.a);
                else if (p->alive && p->life == e.life)
                        process_call(p, e.fn, e.arg, e.a);
        }
        world.now = until;
        return world.n_heap > 0;
}

/* ---- words ---- */

void world_log(const char *fmt, ...) {
        va_list ap;

        if (!world.trace)
                return;
        fprintf(world.out, "%10.6f  ", (double)world.now / 1e6);
        if (world.current)
                fprintf(world.out, "%s %s: ", world.current->host->name,
                        world.current->program == AGENT ? "agent" : "guard");
        va_start(ap, fmt);
        vfprintf(world.out, fmt, ap);
        va_end(ap);
        fputc('\n', world.out);
}

void world_fail(const char *kind, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(world.failure, sizeof(world.failure), fmt, ap);
        va_end(ap);
        (void)util_copy(world.kind, sizeof(world.kind), kind);
        world_log("FAILED (%s): %s", kind, world.failure);
        longjmp(world.end, 1);
}

/* ---- clocks ---- */

uint64_t host_clock(const struct host *h, uint64_t at) {
        int64_t passed = (int64_t)(at - h->boot_at);

        return h->boot_base + (uint64_t)(passed + passed * h->ppm / 1000000);
}

uint64_t host_true(const struct host *h, uint64_t clock) {
        uint64_t at;

        if (clock <= h->boot_base)
                return h->boot_at;
        if (clock - h->boot_base > UINT64_C(1000000000) * 1000000)
                return UINT64_MAX;
        at = h->boot_at + (uint64_t)((__int128)(clock - h->boot_base) * 1000000 / (1000000 + h->ppm));
        while (at > h->boot_at && host_clock(h, at - 1) >= clock)
                at--;
        while (host_clock(h, at) < clock)
                at++;
        return at;
}

/* ---- processes ---- */

/* Far more than the longest honest event: one that reads the clock more often waits for it, and never ends. */
#define READS_MAX 10000

void process_spend(void) {
        struct process *p = world.current;
        uint64_t z = mix(world.seed ^ world.n_events << 20 ^ ++world.n_reads);

        if (world.n_reads > READS_MAX)
                world_fail("endless event", "%s of %s read its clock %d times within one event",
                           p->program == AGENT ? "agent" : "guard", p->host->name, READS_MAX);
        if (p->killed)
                return;
        /* Mostly as long as a few calls take; now and then the process is put off the processor. */
        world.now += z % 512 == 0 ? (z >> 32) % 5000 : z % 16 == 0 ? (z >> 32) % 300 : (z >> 32) % 4;
}

static void bury(struct process *p) {
        struct process *before = world.current;

        p->alive = p->frozen = false;
        p->killed = true; /* freeing has no effect on the world */
        p->life++;
        world.current = p;
        agent_free(p->agent);
        guard_free(p->guard);
        p->agent = NULL;
        p->guard = NULL;
        world.current = before;
        socket_close_all(p);
        event_free(p->event);
        p->event = NULL;
        p->killed = false;
        p->n_waiting = 0;
        if (p->program == AGENT) {
                p->host->bus = NULL;
                pid1_agent_died(p->host);
        } else
                pid1_guard_died(p->host);
}

/* What follows an event in agent_run() and guard_run(): one turn, for the sd_event_run() of event.c returns at once. */
static void after(struct process *p) {
        if (p->agent && !p->killed && !event_exited(p->event))
                (void)agent_run(p->agent);
        if (p->guard && !p->killed)
                (void)guard_run(p->guard);
        judge_step(p);
        world.current = NULL;
        if (p->event)
                event_settle(p->event);
        p->busy_until = world.now;
        if (p->killed || event_exited(p->event)) {
                world_log("%s of %s has ended", p->program == AGENT ? "agent" : "guard", p->host->name);
                bury(p);
        }
}

void process_call(struct process *p, world_fn fn, void *arg, uint64_t a) {
        if (p->frozen) {
                if (p->n_waiting == p->room_waiting) {
                        struct waiting *old = p->waiting;

                        p->room_waiting = p->room_waiting ? 2 * p->room_waiting : 64;
                        p->waiting = world_alloc(p->room_waiting * sizeof(*p->waiting));
                        if (old)
                                memcpy(p->waiting, old, p->n_waiting * sizeof(*old));
                }
                p->waiting[p->n_waiting++] = (struct waiting){.fn = fn, .arg = arg, .a = a};
                return;
        }
        world.current = p;
        world.n_reads = 0;
        fn(arg, a);
        after(p);
}

void process_freeze(struct process *p) {
        if (!p->alive || p->frozen)
                return;
        world_log("%s of %s is frozen (SIGSTOP)", p->program == AGENT ? "agent" : "guard", p->host->name);
        p->frozen = true;
        if (p->program == GUARD)
                pid1_guard_frozen(p->host);
        else
                pid1_agent_frozen(p->host);
}

void process_thaw(struct process *p) {
        if (!p->alive || !p->frozen)
                return;
        world_log("%s of %s goes on (SIGCONT)", p->program == AGENT ? "agent" : "guard", p->host->name);
        p->frozen = false;
        for (size_t i = 0; i < p->n_waiting; i++)
                world_post(world.now, p, p->waiting[i].fn, p->waiting[i].arg, p->waiting[i].a);
        p->n_waiting = 0;
}

void process_kill(struct process *p, const char *why) {
        if (!p->alive)
                return;
        world_log("%s of %s is killed: %s", p->program == AGENT ? "agent" : "guard", p->host->name, why);
        if (world.current == p)
                p->killed = true;
        else
                bury(p);
}

bool process_effect(void) {
        struct process *p = world.current;

        if (p->killed)
                return false;
        if (p->crash_after == 0 || --p->crash_after > 0)
                return true;
        process_kill(p, "between two effects");
        return world_chance(50);
}

void process_start(struct process *p) {
        struct err err = {.text = ""};
        int r;

        p->alive = true;
        p->frozen = p->killed = p->exited = false;
        p->crash_after = 0;
        p->life++;
        p->n_waiting = 0;
        p->event = event_make(p);
        world.current = p;
        world.n_reads = 0;
        if (p->busy_until > world.now)
                world.now = p->busy_until;
        world_log("starts");
        if (p->program == AGENT) {
                r = agent_new(&p->agent, p->event, "leader-agent.conf", &err);
        } else {
                struct guard_options o = {.runtime_dir = GATE_DIR, .cgroup_root = "/cgroup", .listen_fd = LISTEN_FD};

                p->host->guard_ping = world.now;
                r = guard_new(&p->guard, p->event, &o, &err);
        }
        if (r < 0)
                world_fail("does not start", "%s of %s: %s", p->program == AGENT ? "agent" : "guard", p->host->name,
                           err.text);
        after(p);
}
