/* SPDX-License-Identifier: Apache-2.0 */
/* The shell around the core: performs the actions that core_*_step() returns, and turns answers, watch events, guard
 * messages and signals into events. It decides nothing about leadership. One deadline timer, one event loop.
 *
 *   agent.c              owns everything: start, the loop's pump, signals, stop
 *   agent_conf.c         locks and placeholders as the configuration has them, at the start and after a reload
 *   agent_lock.c         requests of an election
 *   agent_placeholder.c  requests of a placeholder
 *   agent_claim.c        claims for POSTs
 *   agent_facts.c        API objects and guard replies -> facts of the core
 *   agent_guard.c        messages to and from leader-guard
 *   agent_events.c       Kubernetes Events
 *   agent_status.c       STATUS=, the status document, the journal records of transitions */
#pragma once

#include <systemd/sd-event.h>

#include "adapter/boot.h"
#include "adapter/bus.h"
#include "adapter/job.h"
#include "adapter/kube.h"
#include "adapter/link.h"
#include "adapter/sleep.h"
#include "adapter/store.h"
#include "base/clock.h"
#include "codec/conf.h"
#include "core/core.h"

#define AGENT_SENT_TIMES 8
#define AGENT_UIDS       8

struct agent;

/* Shell side of core.locks[index]. */
struct agent_lock {
        struct agent *agent;
        size_t index;
        struct conf_lock own;         /* copy of its configuration, which outlives a reload */
        const struct conf_lock *conf; /* = &own */
        bool leaving;                 /* no longer configured: goes when it is out */
        bool fresh;                   /* added by the reload under way */
        bool returning;               /* … and configured again meanwhile */
        char scope[400];              /* of its claims in the store */
        char title[320];              /* NAMESPACE/NAME, for humans */
        struct lock_object answered;  /* from the last answer that carried one */
        struct lock_object seen;      /* from the last watch event that carried one */
        bool has_answered, has_seen;
        struct placeholder_object holder;      /* the holder's placeholder, from an answer */
        struct placeholder_object holder_seen; /* from a watch event */
        bool has_holder, has_holder_seen;
        struct record_claims claims;
        char claim[RECORD_CLAIM_HEX + 1]; /* the one to POST with */
        bool claim_doubtful;              /* a POST with it got no definite answer */
        bool claims_bad;                  /* what is on disk cannot be read */
        struct kube_slot *request, *watch, *holder_watch;
        enum placeholder_kind holder_kind; /* what holder_watch follows */
        char holder_name[254];
        char uids[AGENT_UIDS][64]; /* uid texts by token, ring */
        unsigned next_uid;
        bool local_pending; /* a local operation (claim) is done: its reply is due */
        uint8_t local_op, local_result;
        /* for humans */
        struct permit_reply guard; /* last */
        bool has_guard;
        char trouble[512]; /* what leader-guard last found wrong with the unit */
        uint8_t shown_state;
        uint64_t since_realtime_usec;
        char problem[512]; /* last failed request or local write; empty when the last one went well */
        char damage[256];  /* last reported */
};

/* Shell side of core.placeholders[index]. */
struct agent_placeholder {
        struct agent *agent;
        size_t index;
        enum placeholder_kind kind;
        uint8_t tenure; /* enum tenure */
        char ns[64];
        char name[254];
        char scope[400];
        uint64_t duration_usec; /* longest lease duration of the locks that use it: information in the object */
        struct placeholder_object object; /* from the last answer that carried one */
        bool has_object;
        struct record_claims claims;
        char claim[RECORD_CLAIM_HEX + 1];
        bool claim_doubtful;
        bool unclaimed;                        /* at the start every claim was settled */
        char sent_times[AGENT_SENT_TIMES][40]; /* renewTimes that this process wrote, ring */
        unsigned next_time;
        struct kube_slot *request, *watch;
        bool local_pending;
        uint8_t local_op, local_result;
        char problem[512];
};

struct agent {
        sd_event *event;
        sd_event_source *timer;
        sd_event_source *extend;
        const char *conf_path;
        struct conf *conf;
        struct kubeconfig *kubeconfig;
        struct kube *kube;
        struct store *store;
        struct link *link;
        struct bus *bus;
        struct job_call *job;      /* why this service ends; NULL: nobody asked it to */
        struct sleep_watch *sleep; /* NULL: no logind */
        bool sleeping;             /* the host waits for our leases to end */
        bool away;                 /* … or may be about to sleep already */
        struct core core;
        struct agent_lock **locks; /* parallel to core.locks, core.placeholders */
        struct agent_placeholder **placeholders;
        char boot_id[BOOT_ID_SIZE];
        char nonce[RECORD_CLAIM_HEX + 1]; /* of this process */
        char host[256];
        bool link_up;
        char link_error[256];
        char bus_error[256];
        char api_error[512];
        uint64_t contact_realtime_usec; /* last answer of the API server, 0: none */
        uint64_t contact_shown_usec;    /* … as STATUS= says */
        sd_event_source *status_timer;
        bool status_due;
        char status[2048];            /* STATUS= sent last */
        uint64_t stopping_since_usec; /* CLOCK_BOOTTIME, 0: not stopping */
        int trace_fd;
        uint64_t started_usec; /* CLOCK_BOOTTIME */
        bool watching;         /* watches are open, or opened when wanted */
        bool traced;           /* this process has its first line in the trace */
        bool in_pump;
};

/* Reads configuration, kubeconfig and state directory and starts everything. Errors name file and cure. */
int agent_new(struct agent **ret, sd_event *event, const char *conf_path, struct err *err);
void agent_free(struct agent *a);
DEFINE_CLEANUP(struct agent *, agent_free)
/* SIGTERM: release everything (stop, shutdown) or leave everything as it is (restart). */
void agent_terminate(struct agent *a);

/* ---- between the parts ---- */

/* Steps until nothing is due, then arms the timer and shows the status. Safe to call from any callback. */
void agent_pump(struct agent *a);
/* Steps one election or placeholder with an event and performs its actions. */
void agent_lock_event(struct agent_lock *l, struct election_event *ev);
void agent_placeholder_event(struct agent_placeholder *p, struct placeholder_event *ev);
void agent_lock_perform(struct agent_lock *l, const struct election_actions *actions);
void agent_placeholder_perform(struct agent_placeholder *p, const struct placeholder_action *action);
int agent_lock_start(struct agent_lock *l, struct err *err);
int agent_placeholder_start(struct agent_placeholder *p, struct err *err);
void agent_lock_free(struct agent_lock *l);
void agent_placeholder_free(struct agent_placeholder *p);
/* Makes the locks and placeholders be what c says: adds, changes, lets go. On an error nothing has changed. */
int agent_conf_apply(struct agent *a, const struct conf *c, struct err *err);
/* Reads the configuration file again. On an error nothing has changed. */
int agent_conf_reload(struct agent *a, struct err *err);
/* A permit is in force for a lock that is not configured (any more): takes it up to let it go. -EEXIST: it is
 * configured. */
int agent_conf_orphan(struct agent *a, const char *lock, const char *unit);
/* Drops the locks that are no longer configured and out. */
void agent_conf_reap(struct agent *a);
/* Opens the watch of the lock. */
void agent_lock_follow(struct agent_lock *l);
/* Starts or ends the watch of the holder's placeholder as the core's view of the lock asks. */
void agent_lock_follow_holder(struct agent_lock *l);
/* Watches our own life placeholder while a lock of ours names it: nobody renews it, so nothing else would notice. */
void agent_placeholder_follow(struct agent_placeholder *p);

/* A claim for the next POST of this scope, on disk when it returns 0; problem tells humans what went wrong. */
int agent_claim_new(struct agent *a, const char *scope, struct record_claims *claims,
                    char claim[static RECORD_CLAIM_HEX + 1], bool *doubtful, char problem[static 512]);
uint8_t agent_result(enum kube_result r);
/* Notes the outcome of a request for humans and returns the core's word for it. */
uint8_t agent_note_reply(struct agent *a, const struct kube_reply *reply, char problem[static 512], const char *what);
struct lock_fact agent_lock_fact(const struct agent_lock *l, const struct lock_object *o);
struct placeholder_fact agent_holder_fact(const struct placeholder_object *o);
struct placeholder_fact agent_placeholder_fact(const struct agent_placeholder *p, const struct placeholder_object *o);
struct guard_fact agent_guard_fact(const struct permit_reply *r);

/* uid text <-> token; uid texts of a lock are remembered when seen. */
void agent_uid_remember(struct agent_lock *l, const char *uid);
const char *agent_uid_text(const struct agent_lock *l, uint64_t token);

extern const struct link_handlers agent_link_handlers;
void agent_guard_send(struct agent_lock *l, uint8_t message, uint64_t uid, uint64_t stop_at, uint64_t kill_at);

/* Tells the cluster of a change of state. */
void agent_event_transition(struct agent_lock *l, uint8_t from, uint8_t to);
extern const struct bus_handlers agent_bus_handlers;
void agent_status_update(struct agent *a);
/* One line to conf.trace, if any: a step, all configurations, a mark (see agent_trace.c). */
void agent_trace_conf(struct agent *a);
void agent_trace_mark(struct agent *a, char type, size_t i);
void agent_trace_lock(struct agent *a, size_t i, const struct election_event *ev, const struct election_actions *out);
void agent_trace_placeholder(struct agent *a, size_t i, const struct placeholder_event *ev,
                             const struct placeholder_action *out);
