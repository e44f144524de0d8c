/* SPDX-License-Identifier: Apache-2.0 */
/* What the shell of leader-agent holds: the agent, its locks and placeholders, what was asked for them, and what is
 * told to humans. Only agent/daemon knows; what its files call of each other is agent_parts.h. */
#pragma once

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
#include "daemon/agent.h"

#define AGENT_SENT_TIMES 8
#define AGENT_UIDS       8
#define AGENT_POSTED     4
#define AGENT_REFUSALS   12

struct agent_lock;

/* One scope of claims in the store: a lock, or a placeholder. */
struct agent_claims {
        char scope[400];
        const struct agent_lock *lock; /* whose; NULL: a placeholder's … */
        const char *ns;                /* … in this namespace */
        struct record_claims known;
        char next[RECORD_CLAIM_HEX + 1]; /* the one to POST with */
        bool doubtful;                   /* a POST with it got no definite answer */
        bool unreadable;                 /* what is on disk cannot be read */
        bool failing;                    /* the last one could not be written */
        uint64_t told;                   /* token of what the journal has of that; 0: nothing */
};

/* What a request meets before it is sent. */
enum agent_namespace_state {
        AGENT_NAMESPACE_UNREAD,    /* not known (any more): the next request waits until it is read */
        AGENT_NAMESPACE_KNOWN,     /* the one that is remembered */
        AGENT_NAMESPACE_UNCHECKED, /* it may not be read, and never was: the check is off */
        AGENT_NAMESPACE_ABSENT,    /* there is none, and none is remembered: nothing is created in it */
        AGENT_NAMESPACE_GONE,      /* there is none, but one is remembered: nothing but renewals is sent */
        AGENT_NAMESPACE_REFUSED,   /* another one, or what is remembered cannot be read: nothing is sent */
};

/* What was refused of the requests about one object. */
struct agent_refusals {
        const struct agent_lock *lock; /* the object; NULL: another one */
        unsigned n_invalid;            /* writes answered 422, in a row */
        unsigned n_failed;             /* … answered 5xx, with a good read after each but the last */
        bool served;                   /* … and after the last */
        bool stands;                   /* `problem` is that of a write */
        struct {
                const char *what; /* a constant; NULL: none here and behind */
                uint64_t cause;
                bool creates, reads;
        } told[AGENT_REFUSALS]; /* the journal has these refusals, and not yet that they are over */
};

struct agent_namespace {
        struct agent *agent;
        char name[64];
        uint8_t state;         /* enum agent_namespace_state */
        unsigned breaks;       /* agent.breaks when it was read last */
        uint64_t read_at_usec; /* CLOCK_BOOTTIME, when the request for that was sent */
        struct kube_slot *request;
        struct { /* the answer, until it is stepped */
                enum kube_result result;
                long http_code;
                uint64_t retry_after_usec;
                char uid[64];
                char text[512];
        } answer;
        char problem[512]; /* of the last read */
        struct agent_refusals refusals;
        bool answered;      /* the answer was not stepped yet: what the state says may be over */
        char refusal[1024]; /* REFUSED, GONE: why; kept while it is UNREAD after that */
        char told[800];     /* that it may not be read */
};

/* Sign of life of the other host that holds a lock for life. */
struct agent_sign {
        struct kube_slot *request;
        char placeholder_uid[64]; /* that is read; empty: none is */
        char version[32];         /* resourceVersion; empty: not known */
        uint64_t read_at_usec;    /* CLOCK_BOOTTIME, of the last read, 0: none yet */
        uint64_t first_usec;      /* … of the first one that found this version */
        uint64_t last_usec;       /* wall clock of that host: when it wrote last */
        bool silent;              /* longer than a host that lives and reaches the API server can be */
        bool told;                /* … and the journal has it */
        char problem[512];
        struct agent_refusals refusals;
};

/* Shell side of lock `index` of the core. */
struct agent_lock {
        struct agent *agent;
        size_t index;
        struct agent_namespace *namespace_;
        struct election_actions held; /* its request waits for the namespace; op NONE: nothing does */
        struct conf_lock own;         /* copy of its configuration, which outlives a reload */
        const struct conf_lock *conf; /* = &own */
        bool leaving;                 /* no longer configured: goes when it is out */
        bool returning;               /* … and configured again meanwhile */
        bool orphan;                  /* was not at the start; its unit is "" until somebody names it */
        char title[320];              /* NAMESPACE/NAME, for humans */
        struct agent_claims claims;

        /* objects behind the tokens of the core */
        struct lock_object answered; /* from the last answer that carried one */
        struct lock_object seen;     /* from the last watch event that carried one */
        bool has_answered, has_seen;
        struct placeholder_object holder;      /* the holder's placeholder, from an answer */
        struct placeholder_object holder_seen; /* from a watch event */
        bool has_holder, has_holder_seen;
        struct {
                char claim[RECORD_CLAIM_HEX + 1];
                uint64_t record; /* lock_record_token() */
        } posted[AGENT_POSTED];  /* by this process, ring: a claim is POSTed again until there is an answer */
        unsigned next_posted;
        char uids[AGENT_UIDS][64]; /* uid texts by token, ring */
        unsigned next_uid;

        struct kube_slot *request, *watch, *holder_watch;
        enum placeholder_kind holder_kind; /* what holder_watch follows */
        char holder_name[254];
        struct {
                char name[254], uid[64];
        } pod; /* the last one that held a foreign lock under this name */
        struct agent_sign sign;

        /* for humans */
        struct permit_reply guard; /* last */
        bool has_guard;
        char trouble[800]; /* what leader-guard last found wrong with the unit */
        uint8_t shown_state;
        bool stop_fails;       /* leader-guard cannot finish the stop, and trouble says why */
        bool stop_refused;     /* … or refuses it, for the unit is not enrolled */
        uint8_t shown_foreign; /* enum election_reason that the journal has of a unit without a permit; NONE: none */
        bool shown_unfit;
        const char *shown_role;
        uint8_t shown_block; /* enum election_reason: what keeps it out, as agent_blocked.c knows it */
        uint64_t since_realtime_usec;
        char watch_error[512];    /* why its watch does not work although the API server answers; empty: it does */
        uint64_t watch_down_usec; /* CLOCK_BOOTTIME: since when */
        long watch_code;          /* HTTP status of the answer in the way, 0: none */
        bool watch_unread;        /* … and the reads instead fail as well */
        bool watch_told;          /* … and the journal has it */
        uint64_t released_realtime_usec; /* when our last term under it was over, 0: there was none */
        char problem[512]; /* last failed request or local write, or a write that is refused since; empty: none */
        char holder_problem[512]; /* the same of the requests about the holder's placeholder */
        struct agent_refusals refusals, holder_refusals;
        char damage[256]; /* last reported */
};

/* Shell side of placeholder `index` of the core. */
struct agent_placeholder {
        struct agent *agent;
        size_t index;
        struct agent_namespace *namespace_;
        struct placeholder_action held; /* waits for its namespace; op NONE: nothing does */
        enum placeholder_kind kind;
        enum tenure tenure;
        char ns[64];
        char name[254];
        struct agent_claims claims;
        uint64_t duration_usec; /* longest lease duration of the locks that use it: information in the object */
        struct placeholder_object object; /* from the last answer that carried one */
        bool has_object;
        bool unclaimed;                        /* at the start every claim was settled */
        char sent_times[AGENT_SENT_TIMES][40]; /* renewTimes that this process wrote, ring */
        unsigned next_time;
        struct kube_slot *request, *watch;
        char problem[512];
        struct agent_refusals refusals;
};

enum agent_post_type {
        AGENT_POST_LOCK,        /* an event for the election of `lock` */
        AGENT_POST_PLACEHOLDER, /* an event for `placeholder` */
        AGENT_POST_GUARD,       /* a reply or push of leader-guard */
        AGENT_POST_LINK,        /* its connection is up, or down (text: why) */
        AGENT_POST_SLEEP,       /* the host is about to sleep, or woke up */
        AGENT_POST_ANSWERED,    /* the API server answers again */
        AGENT_POST_NAMESPACE,   /* `namespace_` was read, or could not be */
};

struct agent_post {
        uint8_t type; /* enum agent_post_type */
        bool on;      /* LINK: up; SLEEP: going */
        struct agent_lock *lock;
        struct agent_placeholder *placeholder;
        struct agent_namespace *namespace_;
        union {
                struct election_event lock_event;
                struct placeholder_event placeholder_event;
                struct permit_reply reply;
                char text[512];
        };
};

/* One thing that the locks need rights on, in the order of how it is told. */
enum agent_right_of {
        AGENT_RIGHT_LOCK_CREATE,
        AGENT_RIGHT_PLACEHOLDER_CREATE,
        AGENT_RIGHT_LOCK,
        AGENT_RIGHT_PLACEHOLDER, /* our own */
        AGENT_RIGHT_OTHERS,      /* placeholders of other hosts */
};

struct agent_right {
        enum agent_right_of of;
        enum tenure tenure;
        char ns[64];
        char name[254];        /* empty: whatever its name */
        struct rights_ask ask; /* … its name points to that field; once missing, its verbs are those that are */
        unsigned doubtful;     /* RIGHTS_*: not in the rules */
        unsigned missing;
};

struct agent_rights {
        uint64_t due_usec;   /* CLOCK_BOOTTIME: when the next look begins, 0: not known yet */
        uint64_t begun_usec; /* when the last one did, 0: never */
        bool denied;         /* something was, since then */
        struct agent_right *missing;
        size_t n_missing;
        uint64_t told; /* token of what the journal has of it, 0: nothing is missing */
        /* while it looks */
        struct agent_right *list;
        size_t n_list, at;
        size_t n_reviewed;    /* so many have met the rules of their namespace */
        unsigned n_confirmed; /* reviews of single rights there */
        bool asking;          /* a review is under way */
        bool failed;          /* the last one had no answer */
        struct kube_slot *request;
};

/* What is said of the end of token and certificate. */
enum agent_expiry {
        AGENT_EXPIRY_FAR,
        AGENT_EXPIRY_NEAR,
        AGENT_EXPIRY_OVER,
};

struct agent_credentials {
        uint64_t looked_usec;            /* CLOCK_BOOTTIME: when files were read for this, 0: never */
        struct credentials_term term[2]; /* AGENT_TOKEN, AGENT_CERTIFICATE */
        uint8_t told[2];                 /* enum agent_expiry in the journal */
        char problem[512];               /* kube_credentials.problem in the journal */
        char plugin[512];                /* its plugin_problem there */
        bool plugin_has_one;             /* as in kube_credentials, of the same moment */
        uint64_t plugin_ends_usec;
        bool plugin_none; /* in the journal: there is nothing to send */
};

enum {
        AGENT_TOKEN,
        AGENT_CERTIFICATE,
};

struct agent {
        sd_event *event;
        sd_event_source *timer;
        const char *conf_path;
        struct conf *conf;
        struct kubeconfig *kubeconfig;
        struct kube *kube;
        struct store *store;
        struct link *link;
        struct bus *bus;
        struct sleep_watch *sleep; /* NULL: no logind */
        struct job_call *job;      /* SIGTERM came: PID 1 is being asked why */
        struct core core;
        void *core_locks, *core_placeholders; /* its room */
        struct agent_lock **locks;            /* parallel to the core's locks and placeholders */
        size_t n_locks;
        struct agent_placeholder **placeholders;
        size_t n_placeholders;
        struct agent_namespace **namespaces; /* of all locks so far */
        size_t n_namespaces;
        unsigned breaks; /* requests and watches without an answer, or that tell of a namespace's end: another one may
                          * stand behind the next */
        struct {
                struct agent_post *posts; /* ring */
                size_t size, first, n;
        } inbox;

        char boot_id[BOOT_ID_SIZE];
        char nonce[RECORD_CLAIM_HEX + 1]; /* of this process */
        char host[256];
        bool link_up;
        unsigned link_breaks; /* how often leader-guard's connection was lost */
        bool sleeping;        /* the host waits for our leases to end */
        bool watching;        /* watches are open, or opened when wanted */
        bool traced;          /* this process has its first line in the trace */
        int trace_fd;
        uint64_t started_usec; /* CLOCK_BOOTTIME */
        struct {
                uint64_t since_usec;          /* CLOCK_BOOTTIME, 0: not stopping */
                uint64_t extended_usec;       /* when PID 1 was last asked for more time */
                uint64_t quiet_usec;          /* since when no unit of ours may run, 0: one may */
                uint64_t since_realtime_usec; /* the same on the wall clock, for humans */
                bool told;                    /* what stays held */
        } stopping;

        /* for humans */
        bool link_refused; /* leader-guard serves another agent; link_error says which */
        char link_error[512];
        uint64_t link_down_usec; /* CLOCK_BOOTTIME: since when */
        char bus_error[256];
        bool anew;                /* what was accepted takes effect by a start: the loop ends, main() begins again */
        char conf_error[512];     /* why the configuration on disk is not in force; empty: it is */
        char api_error[512];      /* why the API server does not answer; empty: it does */
        uint64_t api_silent_usec; /* CLOCK_BOOTTIME: since when */
        bool api_told;            /* … and the journal has it */
        bool unanswered;          /* a request or a watch had no answer, and nothing was answered since */
        struct {
                struct kube_slot *request;
                uint64_t due_usec; /* CLOCK_BOOTTIME: when it is asked whether it answers again */
        } ask;
        uint64_t contact_realtime_usec; /* last answer of the API server, 0: none */
        struct agent_rights rights;
        struct agent_credentials credentials;
        struct agent_hand_over *hand_overs; /* list: those that the API server is being asked about */
        struct {
                char text[2048];   /* STATUS= sent last */
                uint64_t due_usec; /* CLOCK_BOOTTIME: when the next one is sent, 0: nothing new */
        } status;
};
