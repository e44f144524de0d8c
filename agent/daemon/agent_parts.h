/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of agent/daemon, lowest first; each calls only what stands above it (tests/check_layers.sh holds
 * them to this list):
 *
 *   trace_fields.c       the fields of a trace
 *   trace_text.c         its lines
 *   agent_journal.c      records about a lock
 *   agent_inbox.c        what callbacks post
 *   agent_claim.c        claims for POSTs
 *   agent_trace.c        changes and steps of the core, recorded
 *   agent_facts.c        API objects and guard replies -> facts of the core
 *   agent_rights.c       what the API server allows, asked for before it is missed
 *   agent_credentials.c  how long token and certificate are good
 *   agent_api.c          what an answer of the API server means, and how it is told
 *   agent_namespace.c    whether a namespace is still the one that it was
 *   agent_ask.c          a question when the API server was silent and nobody asks
 *   agent_guard.c        leader-guard's socket
 *   agent_orphan.c       the unit of a lock that was claimed and is not configured
 *   agent_trouble.c      what stands between the agent and its work
 *   agent_trouble_line.c … in the one line of STATUS=
 *   agent_next.c         what comes next for a lock
 *   agent_away.c         … while what it takes is away
 *   agent_text.c         a lock in words
 *   agent_sign.c         the sign of life of who holds a lock for life
 *   agent_lock.c         requests and watches of an election
 *   agent_placeholder.c  requests and watch of a placeholder
 *   agent_conf.c         locks and placeholders as the configuration has them
 *   agent_step.c         one posted event: the step and its actions
 *   agent_events.c       Kubernetes Events
 *   agent_blocked.c      what keeps a candidate out, recorded
 *   agent_status.c       STATUS=, journal records of transitions
 *   agent_leave.c        the end: how long, and what stays held
 *   agent_hand_over.c    what speaks against a step-down
 *   agent_step_down.c    a step-down, and what is asked before
 *   agent_bus.c          D-Bus
 *   agent.c              owns everything: start, loop
 *   main.c               the program */
#pragma once

#include "daemon/agent_state.h"

/* ---- agent_journal.c ---- */

/* One record of kind id (JOURNAL_…, adapter/journal.h) with LOCK=, UNIT_NAME= and REASON= (empty: none). l NULL: it is
 * about none. */
void agent_journal(const struct agent_lock *l, int priority, const char *id, const char *reason, const char *fmt, ...)
        _printf_(5, 6);

/* ---- agent_inbox.c ---- */

/* Appends to the inbox; the turn of the loop that follows takes it. Never fails: without memory for an event the
 * process ends rather than lose it, and the next one takes everything up again. */
void agent_post(struct agent *a, const struct agent_post *post);
/* Room for n more, so that the next n cannot want memory. Returns 0 or -ENOMEM. */
int agent_reserve_posts(struct agent *a, size_t n);
void agent_post_lock(struct agent_lock *l, const struct election_event *ev);
void agent_post_placeholder(struct agent_placeholder *p, const struct placeholder_event *ev);
/* Takes the oldest. Returns false when there is none. */
bool agent_take_post(struct agent *a, struct agent_post *ret);

/* ---- agent_claim.c ---- */

/* Reads what is on disk. Returns a negative errno with err set; then `unreadable` says so too. */
int agent_claims_read(struct agent *a, struct agent_claims *c, struct err *err);
/* That error is one of this process (no descriptor, no memory) and says nothing of the file: nothing is decided on it,
 * the start or reload fails. */
bool agent_claims_unasked(int r);
/* A claim for the next POST of this scope, on disk when it returns 0; problem tells humans what went wrong. */
int agent_claims_next(struct agent *a, struct agent_claims *c, char problem[static 512]);
/* What this claim was for is gone, and nothing with it is on its way: the next start need not look. */
void agent_claims_settle(struct agent *a, const struct agent_claims *c);

/* ---- agent_trace.c ---- */

/* The file that the configuration names, for appending, close-on-exec. Returns it, or negative errno with err set. */
int agent_trace_open(const char *path, struct err *err);
/* Applies a change to the core and records it. */
void agent_apply(struct agent *a, const struct core_change *change);
/* Record a step: nothing without the configuration key `trace`. */
void agent_trace_lock(struct agent *a, size_t i, const struct election_event *ev, const struct election_actions *out);
void agent_trace_placeholder(struct agent *a, size_t i, const struct placeholder_event *ev,
                             const struct placeholder_action *out);

/* ---- agent_facts.c ---- */

/* What a POST that is about to be sent says; the lock that turns up with its claim must say the same. */
void agent_posted_remember(struct agent_lock *l, const struct lock_object *o);
/* NULL: there is no such object. */
struct lock_fact agent_lock_fact(const struct agent_lock *l, const struct lock_object *o);
/* lock: the one that names it, NULL when that is not known any more. */
/* The Pod that held a foreign lock; one that has finished is not present. */
struct placeholder_fact agent_pod_fact(const struct placeholder_object *o);
struct placeholder_fact agent_holder_fact(const struct lock_object *lock, const struct placeholder_object *o);
struct placeholder_fact agent_placeholder_fact(const struct agent_placeholder *p, const struct placeholder_object *o);
struct guard_fact agent_guard_fact(const struct permit_reply *r);
/* uid text <-> token; uid texts of a lock are remembered when seen. */
void agent_uid_remember(struct agent_lock *l, const char *uid);
const char *agent_uid_text(const struct agent_lock *l, uint64_t token);
/* Now, for a lock of the core. */
struct core_lock_view agent_view(const struct agent_lock *l);
/* The unit failed or ended under its permit: nothing of it runs. */
bool agent_unit_over(const struct core_lock_view *v);

/* ---- agent_rights.c ---- */

/* Begins to look when it is time, takes what was answered, sends the next request. Returns the next instant at which it
 * wants to be called. */
uint64_t agent_rights_update(struct agent *a, uint64_t now_usec);
/* The configuration has changed: looks soon. */
void agent_rights_renew(struct agent *a);
/* A request was answered 403: looks in a moment, at most once a minute. */
void agent_rights_denied(struct agent *a);
/* One that creates was accepted: where something was missing, looks soon. */
void agent_rights_accepted(struct agent *a);
/* Frees what it holds. */
void agent_rights_done(struct agent *a);

struct agent_right_text {
        char what[400];  /* "patch and delete of configmaps/app" */
        char means[128]; /* "the lock could not be released" */
        char rule[480];  /* what to add to the Role, in one line of YAML */
};
/* A missing right in words. */
void agent_right_text(const struct agent_right *r, struct agent_right_text *ret);

/* ---- agent_credentials.c ---- */

/* Reads files again when it is time, records what has changed. Returns the next instant at which it wants to be
 * called. */
uint64_t agent_credentials_update(struct agent *a, uint64_t now_usec);
/* The files may say something else. */
void agent_credentials_renew(struct agent *a);
/* Whether one of them has ended, so that the API server refuses everything. */
bool agent_credentials_are_over(const struct agent *a);
/* What is to be said of the end of one (AGENT_TOKEN, AGENT_CERTIFICATE); empty: nothing. */
void agent_credentials_text(const struct agent *a, unsigned which, char *buf, size_t size);

/* What is to be said of a plugin that gives none; empty: nothing. */
void agent_credentials_plugin_text(const struct agent *a, char *buf, size_t size);

/* ---- agent_api.c ---- */

/* What was asked for. */
enum agent_asked {
        AGENT_ASKED_READ,
        AGENT_ASKED_AND_GONE, /* a read, and it shows that the object of the last writes is gone, or another now */
        AGENT_ASKED_WRITE,
        AGENT_ASKED_CREATE,
};

/* Notes the outcome of a request for humans and returns the core's word for it (enum core_result). What is refused is
 * in the journal once for each request and cause, and once more when that request is accepted or has nothing left to
 * do; it is the problem until then, also over good reads. A write that is answered 422 has met another object than it
 * named, or something that refuses it for good (an admission policy, say), one that is answered 5xx the server's
 * trouble, or that of what stands behind this one write (a webhook, say): the second in a row is told as refused.
 * refusals: of that object. what: a constant. *ret_silent: there was no answer, or only that the server cannot serve
 * now; an answer after such a one is posted. */
uint8_t agent_core_result(enum kube_result r);
uint8_t agent_note_reply(struct agent *a, const struct kube_reply *reply, enum agent_asked asked,
                         struct agent_refusals *refusals, char problem[static 512], const char *what, bool *ret_silent);
/* Of a request that nothing depends on: whether there was an answer. */
void agent_note_contact(struct agent *a, const struct kube_reply *reply);
/* What was written to is gone, or another now, as a watch shows: nothing that was refused of writes to it stands. */
void agent_refusals_end(struct agent_refusals *refusals, char problem[static 512]);
/* Whether two texts tell of the same cause: they differ in numbers at most (milliseconds, ports, versions). */
bool agent_same_cause(const char *a, const char *b);
/* The same of what a watch told. */
void agent_note_watch(struct agent *a, const struct kube_watch_event *event);
/* The API server was silent just now: not before some seconds is it asked by agent_ask_update(). */
void agent_ask_later(struct agent *a);

/* ---- agent_namespace.c ---- */

/* The one of that name, made when it is new; it lives as long as the agent. Returns NULL without memory. */
struct agent_namespace *agent_namespace_find(struct agent *a, const char *name);
void agent_namespaces_free(struct agent *a);

enum agent_pass {
        AGENT_PASS_GO,   /* send it */
        AGENT_PASS_WAIT, /* keep it: AGENT_POST_NAMESPACE comes */
        AGENT_PASS_NO,   /* do not: it was refused */
};
/* Whether a request may be sent in that namespace. renewal: of a lease, or read back for one: it names what it knows,
 * so it does not wait for what is only doubtful. */
enum agent_pass agent_namespace_pass(struct agent_namespace *n, bool renewal);

/* What an answer to the read means. r: what store_namespace() returned (0: remembered is its uid). Pure. */
enum agent_namespace_state agent_namespace_judge(enum kube_result result, long http_code, const char *uid, int r,
                                                 const char *remembered);
/* The answer is stepped: remembers, refuses, and tells it. */
void agent_namespace_step(struct agent_namespace *n);

/* After that step, what a request that waited gets: sent (true), or an answer of our own: result (enum core_result),
 * whether there was silence, when to try again, why for a human. */
struct agent_held {
        uint8_t result;
        bool silent;
        uint64_t retry_after_usec;
        const char *problem;
};
bool agent_namespace_lets(const struct agent_namespace *n, bool creates, struct agent_held *ret);

/* Why nothing is sent there: it is refused, or gone; "": neither. NULL is fine. */
const char *agent_namespace_refusal(const struct agent_namespace *n);

/* ---- agent_ask.c ---- */

/* Asks the API server after a silence when that is due. Returns the next instant at which it wants to be called. */
uint64_t agent_ask_update(struct agent *a, uint64_t now_usec);

/* ---- agent_guard.c ---- */

extern const struct link_handlers agent_link_handlers;
/* message: enum election_message. A failure breaks the connection, which is posted. */
void agent_guard_send(struct agent_lock *l, uint8_t message, uint64_t uid, uint64_t stop_at, uint64_t kill_at);

/* ---- agent_orphan.c ---- */

/* Whether this lock is left out of what is told of locks: not configured, and perhaps not ours. */
bool agent_orphan_hidden(const struct agent_lock *l);
/* The unit of an orphan is what leader-guard has a permit for, or what the lock's record says, if it is ours and the
 * unit enrolled here: what a record names must not make us stop something else. Does nothing for any other lock. */
void agent_orphan_permitted(struct agent_lock *l, const struct permit_reply *reply);
void agent_orphan_read(struct agent_lock *l, const struct lock_object *o);
/* What a human has to do about it; empty: nothing. */
void agent_orphan_problem(const struct agent_lock *l, char *buf, size_t size);

/* ---- agent_lock.c, agent_placeholder.c ---- */

/* Names and claims; nothing is sent. Returns a negative errno with err set. */
int agent_lock_prepare(struct agent_lock *l, struct err *err);
struct agent_lock *agent_lock_free(struct agent_lock *l);
/* The answer is posted, also that nothing could be sent. */
void agent_lock_perform(struct agent_lock *l, const struct election_actions *actions);
/* Its namespace was read: what waited for that goes on. */
void agent_lock_resume(struct agent_lock *l);
/* Opens and closes watches as the core's view asks. */
void agent_lock_follow(struct agent_lock *l);

int agent_placeholder_prepare(struct agent_placeholder *p, struct err *err);
struct agent_placeholder *agent_placeholder_free(struct agent_placeholder *p);
void agent_placeholder_perform(struct agent_placeholder *p, const struct placeholder_action *action);
void agent_placeholder_resume(struct agent_placeholder *p);
void agent_placeholder_follow(struct agent_placeholder *p);
/* What a challenger has to wait for, should the locks' records be written into: the duration of each lease that is held
 * under it, into o, which is what it said before. That is kept for each of them, for permits that rest on it may be in
 * force, and for all while a lock has not been read. */
void agent_placeholder_terms(const struct agent_placeholder *p, struct placeholder_object *o);

/* ---- agent_conf.c ---- */

/* Makes the locks and placeholders be what c says: adds, changes, lets go. Everything is checked and made before
 * anything is changed: on an error nothing has changed. */
int agent_conf_apply(struct agent *a, const struct conf *c, struct err *err);
/* A permit is in force for a lock that is not configured (any more): takes it up to let it go. -EEXIST: it is
 * configured. */
int agent_conf_orphan(struct agent *a, const char *lock, const char *unit);
/* The same, at the start, for every lock that was claimed once and is not configured: it is released if it is ours. */
void agent_conf_orphans(struct agent *a);
/* Drops the locks that are no longer configured and out; those that are wanted again begin anew. Does nothing while the
 * agent stops, or while something posted waits, which may be for one of them. */
void agent_conf_reap(struct agent *a);

/* ---- agent_step.c ---- */

/* Steps the core with what was posted and performs its actions. */
void agent_step(struct agent *a, const struct agent_post *post);
/* Steps what is due. Returns false when nothing is. */
bool agent_step_due(struct agent *a);

/* ---- agent_events.c ---- */

/* Tells the cluster of a change of state. */
void agent_event_transition(struct agent_lock *l, const struct core_lock_view *v, uint8_t from);
/* … that the unit runs here without a permit. */
void agent_event_foreign(const struct agent_lock *l, const struct core_lock_view *v, const char *reason,
                         const char *next);

/* ---- agent_trouble.c ---- */

/* The API server has not answered for a while; the watch of the lock has not worked for a while. */
bool agent_api_is_silent(const struct agent *a, uint64_t now_usec);
bool agent_watch_is_down(const struct agent_lock *l, uint64_t now_usec);
enum agent_trouble_kind {
        AGENT_TROUBLE_API,
        AGENT_TROUBLE_SECOND,
        AGENT_TROUBLE_GUARD,
        AGENT_TROUBLE_NAMESPACE,
        AGENT_TROUBLE_CONF,
        AGENT_TROUBLE_CREDENTIALS,
        AGENT_TROUBLE_RIGHTS,
        AGENT_TROUBLE_WATCH,
        AGENT_TROUBLE_ORPHAN,
};
/* Its word for programs (leaderctl(1)). */
const char *agent_trouble_to_string(enum agent_trouble_kind kind);

#define AGENT_TROUBLE_SIZE 1500
/* One thing that is wrong now, in the order of how it is told, and what it means here. lasts_usec: for how long it has
 * been so, USEC_INFINITY: not known. */
typedef void (*agent_trouble_fn)(enum agent_trouble_kind kind, uint64_t lasts_usec, const char *text, void *userdata);
void agent_troubles_each(const struct agent *a, uint64_t now_usec, agent_trouble_fn tell, void *userdata);
/* Records in the journal what has begun or is over. Returns the next instant at which it wants to be called. */
uint64_t agent_trouble_update(struct agent *a, uint64_t now_usec);

/* ---- agent_trouble_line.c ---- */

/* All troubles in one line, each ended by "; ", not every one of many. Returns its length. */
size_t agent_troubles(const struct agent *a, uint64_t now_usec, char *buf, size_t size);

/* ---- agent_next.c ---- */

/* A lock in words; what it points to lives as long as the lock does not step. */
struct agent_text {
        const char *role;
        const char *tenure;      /* of the lock as it is held, else of the next term */
        const char *next_tenure; /* … of the next term, when that is another one; empty: it is not */
        const char *holder;
        const char *holder_identity;
        const char *unit_state;
        unsigned unit_restarts; /* by its own Restart= since it was started, under the permit in force */
        const char *term;
        const char *lock_uid;
        const char *damage;             /* why the lock is damaged; empty: it is not */
        bool leads_well;                /* leads, the unit runs, and there is nothing more to say */
        bool next_is_trouble;           /* `next` says what agent_troubles() says, too */
        bool waits_well;                /* another host leads, and this one could */
        uint64_t since_usec;            /* wall clock: of the role; of our own term what its lock says */
        uint64_t holder_usec;           /* wall clock: since when the holder leads, 0 unknown */
        char since[CLOCK_TEXT_SIZE];    /* RFC 3339 */
        char acquired[CLOCK_TEXT_SIZE]; /* … of holder_usec; empty: unknown */
        char valid_until[CLOCK_TEXT_SIZE];
        char heartbeat[CLOCK_TEXT_SIZE]; /* RFC 3339: when the other host that holds it wrote last; empty: unknown */
        char who[440];                   /* holder, with its identity where the name is not enough; empty: nobody */
        char reason[1200];
        char next[1600];
};

#define AGENT_WHEN_SIZE (CLOCK_TEXT_SIZE + 128)

/* "at 12:40:07", with what may prevent it; of an instant that is over "now": it is seen to in this turn. Returns buf.
 */
const char *agent_when(uint64_t at_usec, const char *unless, char buf[static AGENT_WHEN_SIZE]);
/* Whether a term of ours is in force or ends. */
bool agent_in_term(const struct core_lock_view *v);
/* leader-guard says that it cannot finish the stop, or refuses it. */
bool agent_stop_fails(const struct agent_lock *l);
/* Its unit runs here for another lock. */
bool agent_is_renamed(const struct agent_lock *l);
/* leader-guard answers, and serves another agent: which one is told with the agent. */
bool agent_is_second(const struct agent_lock *l);
/* Whether the unit runs here without a permit beside a lock that stops nothing here, whatever `on_foreign` says: a Pod
 * holds it, or did, or nobody knows who does. */
bool agent_runs_beside(const struct core_lock_view *v);
/* o: the object behind what the core believes, NULL: there is none. */
void agent_next(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o, char *buf,
                size_t size);

/* ---- agent_away.c ---- */

/* Fills next and next_is_trouble, with another namespace also reason. Returns false when nothing is away that the lock
 * needs next. */
bool agent_away(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t);

/* ---- agent_text.c ---- */

/* The object behind what the core believes of it now; NULL: there is none, or it is not known. */
const struct lock_object *agent_lock_object(const struct agent_lock *l);
void agent_describe(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *ret);
/* Its role alone: a string constant. */
const char *agent_role(const struct agent_lock *l, const struct core_lock_view *v);

/* ---- agent_sign.c ---- */

/* Reads it where another host holds the lock for life, each verify_interval. */
void agent_sign_follow(struct agent_lock *l, const struct core_lock_view *v);
/* What the last read found; p is NULL or unused unless that was KUBE_OK. */
void agent_sign_note(struct agent_sign *s, enum kube_result result, const struct placeholder_object *p);
/* Records in the journal that the holder gives none, and when that is over. */
void agent_sign_record(struct agent_lock *l, const struct core_lock_view *v);

/* ---- agent_blocked.c ---- */

/* Records in the journal what has begun to keep a candidate out, or is over. told: a record of this turn says so. */
void agent_blocked_record(struct agent_lock *l, const struct core_lock_view *v, bool told);

/* ---- agent_status.c ---- */

#define AGENT_STATUS_SIZE 6400
/* … of which troubles leave so much to the locks. */
#define AGENT_STATUS_ROOM 1600

/* What STATUS= says now (docs/STATUS.md). */
void agent_status_line(const struct agent *a, char *buf, size_t size);

/* Records what has changed in the journal and the cluster, and sends STATUS= when it is due. Returns the next instant
 * at which it wants to be called. */
uint64_t agent_status_update(struct agent *a, uint64_t now_usec);

/* ---- agent_leave.c ---- */

/* The agent stops: ends it when everything is released, or when its time is over, and then says what stays held.
 * Returns when to look again. */
uint64_t agent_leave(struct agent *a, uint64_t now_usec);

/* ---- agent_step_down.c ---- */

/* The host that leads, by a name that is no other's, or "this host"; empty: nobody, or nobody knows, or no agent. */
const char *agent_step_down_host(const struct agent_lock *l);
/* Whether there is a term to give up: 0, or -ENODATA with err set, which says where the command is to be typed. */
int agent_step_down_fits(const struct agent_lock *l, struct err *err);
/* Records who asked, and posts it. */
void agent_step_down(struct agent_lock *l, const char *reason);
/* The same once the API server has told that the lock could be released and that another agent is there, or that this
 * cannot be known: returns 1, and bus_answer() tells how it ended, soon after AGENT_HAND_OVER_USEC at the latest.
 * -EBUSY: refused, err says what is known; another negative errno, with err set: the API server cannot be asked. */
int agent_step_down_asked(struct agent_lock *l, const char *reason, uint64_t call, struct err *err);
/* Ends those that have waited too long, which may post. Returns the next instant at which it wants to be called. */
uint64_t agent_step_down_update(struct agent *a, uint64_t now_usec);
/* Without an answer. */
void agent_step_downs_free(struct agent *a);

/* ---- agent_bus.c ---- */

extern const struct bus_handlers agent_bus_handlers;
