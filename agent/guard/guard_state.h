/* SPDX-License-Identifier: Apache-2.0 */
/* What leader-guard knows: itself and its units, with an inbox each. Callbacks of D-Bus and socket only post into the
 * inboxes; the turn of the loop (guard.c) takes out what was posted, lets supervise_step() decide, and performs.
 * The files of agent/guard/, each calling only those before it:
 *   guard_state   this, the clock
 *   guard_uids    lock uids that are permitted no more
 *   guard_files   what is on disk for one unit
 *   guard_look    what PID 1's answer means for one unit
 *   guard_merge   what the units of a list were told, as one
 *   guard_reply   what is told to agent, STATUS and journal
 *   guard_act     the actions of a step
 *   guard_unit    one unit: its inbox and the steps
 *   guard_list    several units under one lock, as the agent sees them: one
 *   guard_agent   whether an agent will come, when there is none
 *   guard_socket  the agent's connection
 *   guard         start and loop
 *   guard_reap    beside them: the second instant when there is no guard
 *   main          the program */
#pragma once

#include "adapter/boot.h"
#include "adapter/gate.h"
#include "adapter/peer.h"
#include "adapter/units.h"
#include "base/unit_list.h"
#include "codec/permit.h"
#include "codec/permit_queue.h"
#include "codec/permitfile.h"
#include "core/supervise_list.h"
#include "guard/guard.h"

#define GUARD_UNITS_MAX 1024
#define GUARD_WAITS_MAX 8
#define GUARD_LISTS_MAX (GUARD_UNITS_MAX / 2) /* of two units at least */

#define GUARD_REFUSED_MAX  4096
#define GUARD_RECORDED_MAX 65536 /* files of some hundred bytes of memory each */

/* A request that got no final answer yet; of several of one type for one lock uid the last. */
struct guard_wait {
        uint32_t type;
        uint64_t seq;
        char lock_uid[64];
        struct guard_list *list; /* the request was about that; NULL: about this unit alone */
};

/* A request about a list that got no final answer yet. */
struct guard_list_wait {
        uint32_t type;
        uint64_t seq;
        char lock_uid[64];
        uint32_t pending;         /* bits of the members that have not answered */
        bool unasked;             /* a permit that no member was asked for yet */
        enum guard_result result; /* the first that is not ok, since it was last told */
        size_t refuser;           /* … and whose it is */
        bool due;                 /* there is something to tell, final or not */
};

/* Several units under one lock. Lives from the first request about them until the agent's connection ends: what has to
 * outlast that is with the units, and in their files. */
struct guard_list {
        struct guard_list *next;
        struct guard *guard;
        char units[UNIT_LIST_SIZE]; /* as requests have it, in the order of start */
        struct guard_unit *member[UNIT_LIST_MAX];
        size_t n;
        struct permit_request permit;             /* the last one that was asked for */
        bool wanted;                              /* … and those that have it not yet are to get it */
        enum guard_result refusal[UNIT_LIST_MAX]; /* of the permit, of one that has it not */
        uint64_t retry_at_usec;                   /* who was refused is tried again; USEC_INFINITY: nobody was */
        struct guard_list_wait waits[GUARD_WAITS_MAX];
        size_t n_waits;
        bool push_due; /* one of them has changed */
};

struct guard_unit {
        struct guard *guard;
        char name[256];
        struct supervise s;
        uint64_t since_usec;          /* of the state */
        struct permitfile_past past;  /* of the permit in force; begun_usec: or of the last start that we sent */
        struct permit_request permit; /* texts of the permit asked for, in force or being stopped */

        /* what the agent has configured: a permit for that would be asked for */
        enum tenure wanted_tenure;
        uint64_t wanted_stop_usec; /* 0: it did not say */

        uint64_t asked;  /* when a request was last about it, in their order; 0: never */
        unsigned listed; /* in so many lists */
        unsigned rank;   /* its place in the list: a deadline stops the last one first */

        /* who waits for an answer */
        struct guard_wait waits[GUARD_WAITS_MAX];
        size_t n_waits;

        /* the calls to PID 1 under way */
        struct units_call *read, *start, *stop;
        uint64_t read_wanted; /* a look is to begin, the lower the sooner; 0: none */

        /* inbox */
        struct supervise_reading reading;         /* when reading_due; a look that begins later throws it away */
        enum supervise_start_result start_result; /* when start_due */
        bool reading_due, start_due, wake_due;
        bool problem_due;          /* problem has changed and is to be told */
        bool unfit_due;            /* unfit has changed since the last reply */
        bool news_due;             /* restarts has, or how a unit ended that was over already */
        uint64_t quiet_until_usec; /* PID 1 is left alone with a start: start_due and wake_due wait */

        /* PID 1 forgets an inactive unit that has not failed within milliseconds: what its signals said of that last */
        struct {
                uint64_t inactive_enter_usec, condition_usec, assert_usec;
                bool condition_result, assert_result;
                char result[32];
        } told;

        /* what the last look found */
        uint32_t main_pid;
        bool triggered;                             /* by a unit of its list */
        char triggers[UNIT_NAME_SIZE];              /* of a timer, socket or path: what it starts */
        bool looked;                                /* there was one, with or without an answer */
        bool passing;                               /* it ends as it should */
        uint32_t restarts;                          /* by its own Restart=, since somebody started it */
        char cgroup[PERMITFILE_CGROUP_SIZE];        /* where PID 1 said the unit is */
        char cgroup_wanted[PERMITFILE_CGROUP_SIZE]; /* where its slice says it will be */
        char problem[512];                          /* what is wrong under the permit, and the cure */
        uint64_t going_since_usec;                  /* running, and told by somebody else to stop; 0: not */
        bool lingers;          /* … for so long that problem is about that, not about the enrolment */
        bool refused_told;     /* the journal has it that it is not ours to stop */
        char unfit[512];       /* why a permit as configured would be refused, and the cure */
        uint32_t files_failed; /* set of 1 << enum supervise_action_type: what a stop could not do at its last try */
        bool files_due;        /* … and the agent is to hear of it */
        uint64_t recorded;     /* util_token() of the uid that this guard recorded last as revoked; 0: none */
        char trouble[512];     /* load error, refused job, failed file, how the unit ended */
        uint64_t end_told;     /* util_token() of the last trouble that was how it ended */
};

struct guard {
        struct guard_options options;
        sd_event *event;
        sd_event_source *timer;
        struct gate gate;
        char boot_id[BOOT_ID_SIZE];
        uint64_t now_usec; /* never goes back */

        /* lock uids that are permitted no more */
        struct {
                size_t n_recorded; /* on disk */
                uint64_t counted_at_usec;
                uint64_t refused[GUARD_REFUSED_MAX]; /* util_token(), in a ring; 0: none */
                size_t next;
        } uids;
        char cgroup_error[512]; /* not empty: no cgroup v2, nothing can be permitted */

        /* the connection to PID 1 */
        struct units *units;
        char bus_error[512]; /* not empty: out of reach */
        uint64_t n_wanted;   /* looks so far */
        uint64_t reconnect_at_usec;

        /* the connection of the agent */
        sd_event_source *listener, *connection;
        int connection_fd;
        struct peer peer;            /* whose it is */
        bool heard;                  /* it has said something */
        unsigned looks_left;         /* so often more PID 1 may be asked for its requests */
        uint64_t looks_at_usec;      /* … as of then */
        size_t looks_wanted;         /* there were none left: so many there have to be before the next */
        bool malformed_told;         /* the journal has been told that it sends what is no request */
        pid_t refused_pid;           /* the second agent that the journal has last told of */
        bool socket_due;             /* inbox: there is something to accept or to read, or room to write */
        struct permit_queue replies; /* that wait for room */
        bool writing;                /* … which `connection` tells of, too */
        bool hang_up;                /* the connection is of no use: close it */

        /* … that is missed: while units run for life and none is connected */
        struct {
                bool elsewhere;           /* the last one was not of leader-agent.service */
                uint64_t since_usec;      /* 0: nobody is missed */
                uint64_t look_at_usec;    /* when PID 1 is asked about it */
                uint64_t gone_since_usec; /* since when PID 1 says, each time, that it is stopped; 0: it does not */
                struct units_call *read;
                bool missed; /* STATUS says so */
                bool gone;   /* inbox: for long enough */
        } agent;

        struct guard_unit *unit[GUARD_UNITS_MAX];
        size_t n_units;
        uint64_t n_asked; /* requests so far */
        struct guard_list *lists;
        size_t n_lists;

        /* STATUS */
        bool status_due;
        uint64_t status_at_usec; /* when it is told, 0: not due */

        /* the watchdog */
        uint64_t pinged_at_usec, watchdog_usec;
        bool watchdog_bad; /* run by systemd, but with no watchdog that could end a lease in time */

        uint64_t log_window_usec; /* of guard_may_log() */
        unsigned log_count;
};

/* CLOCK_BOOTTIME now. */
uint64_t guard_now(struct guard *g);

/* For messages that a broken peer can provoke: false after 20 within 10 seconds. */
bool guard_may_log(struct guard *g);
