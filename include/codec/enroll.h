/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment of a unit as text and as facts: what the static drop-in says, and whether what PID 1 has in force for the
 * unit keeps the promises of its tenure. Pure: the units adapter fills the facts, leader-guard judges them at each look
 * at a unit that is configured (before a start, after a daemon-reload, every ten seconds), `leaderctl enroll` shows
 * them to a human. ARCHITECTURE 5, claim 1 (the gate), and for a lease claim 6 (PID 1 ends the unit when the guard is
 * gone, and the unit cannot ask for more time). */
#pragma once

#include "base/err.h"
#include "base/terms.h"
#include "codec/permit.h"

#define ENROLL_GUARD       "leader-guard.service"
#define ENROLL_AGENT       "leader-agent.service"
#define ENROLL_DROPIN_NAME "zz-leader-agent.conf" /* applied by name: late, so that it wins over an admin's file */
#define ENROLL_DIR         "/etc/systemd/system"
/* Root's list of the units that are enrolled here, LIST_DIR/UNIT.d/LIST_NAME: outlasts a drop-in that is lost. */
#define ENROLL_LIST_DIR     "/etc/leader-agent"
#define ENROLL_LIST_NAME    "enrolled"
#define ENROLL_CURE_NAME    "zz-unit.conf" /* where cures put what the unit lacks; comes after ours */
#define ENROLL_DROPIN_MAX   6144
#define ENROLL_COMMAND_MAX  400
#define ENROLL_PROBLEMS_MAX 24
#define ENROLL_TRIGGERS_MAX 8
#define ENROLL_DROPINS_MAX  12

/* What PID 1 says about a unit, from one atomic look. Texts are PID 1's own words. */
struct enroll_facts {
        char id[256];
        char load_state[32];
        char load_error[256];
        char active_state[32];
        char sub_state[32];
        char unit_file_state[32];
        char result[32];
        char control_group[512];
        char slice[256];
        uint32_t main_pid;
        bool job;
        bool need_daemon_reload;
        uint32_t n_restarts; /* by its own Restart= since somebody started it */
        /* CLOCK_MONOTONIC: when it came to be inactive or failed, and when its conditions and, after that, its asserts
         * were last looked at, as each start begins. 0: never. PID 1 forgets them with the unit. */
        uint64_t inactive_enter_usec;
        uint64_t condition_usec;
        uint64_t assert_usec;
        bool condition_result; /* they were met */
        bool assert_result;
        /* One that was not, "ConditionPathExists=/srv/data"; where it is not known which: "one of " all, or the only
         * one. */
        char failed_condition[320];
        char failed_assert[320];
        bool refuse_manual_start;
        bool refuse_manual_stop;
        bool stop_when_unneeded;
        bool after_guard;
        bool after_agent;
        bool binds_to_guard;
        char asserts[8][320]; /* parameters of AssertPathExists= that must hold (no '|', no '!') */
        size_t n_asserts;
        char environment_files[8][320];
        size_t n_environment_files;
        char triggered_by[ENROLL_TRIGGERS_MAX][256];
        size_t n_triggered_by;
        char fragment[320];                    /* the unit file */
        char dropins[ENROLL_DROPINS_MAX][320]; /* the last ones in force, in the order in which they are applied */
        size_t n_dropins;
        char wants[ENROLL_TRIGGERS_MAX][256]; /* and what it requires: sockets, paths and timers only */
        size_t n_wants;
        char triggers[256]; /* of a socket, path or timer unit: what it starts */
        char part_of[4][256];
        size_t n_part_of;
        char type[24];
        char notify_access[16];
        char kill_mode[24];
        char timeout_stop_failure_mode[16];
        uint64_t timeout_stop_usec;
        bool send_sigkill;
        uint32_t final_kill_signal; /* 0: not told */
        char pam_name[64];
        uint32_t n_exec_stop;
        uint32_t n_exec_stop_post;
        /* The first command of its start that only asks a daemon to run something (enroll_client()), "ExecStart=docker
         * run"; empty: none that is known. */
        char client[64];
        char pid_file[320];
        bool guess_main_pid;
        bool remain_after_exit;
        char restart[16];
        uint64_t restart_usec; /* RestartSec= */
        uint64_t start_limit_interval_usec;
        uint32_t start_limit_burst;
};

enum enroll_severity {
        ENROLL_NOTE = 0, /* worth knowing; not all have a cure */
        ENROLL_WARNING,  /* a promise rests on something that nobody but a human can judge; it may run */
        ENROLL_NO_START, /* must be right before the next start; what runs now is bound by what is in force */
        ENROLL_BROKEN,   /* no start; a lease is stepped down */
};

struct enroll_problem {
        enum enroll_severity severity;
        char text[512]; /* what is wrong, and which file wins when ours does not */
        char cure[768]; /* what to type, as root, in a shell: then it is gone */
};

/* Sockets, paths and timers that start a unit. */
struct enroll_triggers {
        char name[ENROLL_TRIGGERS_MAX][256];
        bool starts[ENROLL_TRIGGERS_MAX]; /* it is to start with the unit */
        size_t n;
};

/* What is judged against. */
struct enroll_want {
        const char *unit;
        const char *runtime_dir; /* GATE_DIR */
        enum tenure tenure;
        uint64_t stop_timeout_usec;             /* lease: what the whole stop may take */
        const struct enroll_triggers *triggers; /* for the drop-in; NULL: none */
        const char *list;                       /* that it is a unit of (base/unit_list.h); NULL: of none */
};

/* The unit can be started at all: 0, or -ENOENT (no such unit), -ESHUTDOWN (masked), -ENOEXEC (bad unit file) with text
 * and cure in err. */
int enroll_loaded(const struct enroll_facts *f, const char *unit, struct err *err);

/* The gate of that unit is in force: PID 1 starts it only where it is open. Says nothing of the rest. */
bool enroll_gated(const struct enroll_facts *f, const char *unit, const char *runtime_dir);

/* That command of a unit (path, argv: PID 1's words) only asks a daemon to run something, in another cgroup: true, and
 * what in buf, "docker run". By name: docker and its like, podman but for --cgroups=split and disabled, systemd-run,
 * at, machinectl; also behind env, sh -c and the like. */
bool enroll_client(const char *path, char *const *argv, char *buf, size_t size);

/* Judges; fills problems[ENROLL_PROBLEMS_MAX], worst first. Returns how many. */
size_t enroll_check(const struct enroll_facts *f, const struct enroll_want *w, struct enroll_problem *problems);

/* "WHAT IS WRONG; cure: WHAT TO TYPE", without the cure where there is none; where that does not fit, what prints it.
 */
void enroll_sentence(const struct enroll_problem *p, const char *unit, char *buf, size_t size);

/* Such a drop-in (NULL: none any more) would bound the unit's stop less than the lease promises whose permit q is on
 * disk. That is over when its second instant is and the unit is not up (enroll_up()); until then whatever ends
 * leader-guard for good, as a shutdown does, leaves PID 1 alone with what is in force. now_usec: CLOCK_BOOTTIME. */
bool enroll_loosens(const struct enroll_want *w, const struct permit_request *q, bool up, uint64_t now_usec);

/* The command that enrols it so, whether or not it is configured, into buf[ENROLL_COMMAND_MAX]; adopt: as it runs. */
void enroll_command(const struct enroll_want *w, bool adopt, char *buf);

/* Something of the unit is up, or on its way up or down. */
bool enroll_up(const struct enroll_facts *f);

/* What of a stop timeout is the share of each service of that list (base/unit_list.h): they stop one after the other,
 * and when the guard is gone PID 1 alone keeps to the whole. Of a single unit: all of it. */
uint64_t enroll_share(const char *units, uint64_t stop_timeout_usec);

/* A socket or path: by default, and where it is enabled, it comes before basic.target, as leader-guard does not. */
bool enroll_before_basic(const char *unit);

/* The unit that stands before it in its list, into buf[UNIT_NAME_SIZE]; false: there is none. */
bool enroll_one_before(const struct enroll_want *w, char *buf);

/* Stop stages that PID 1 gives TimeoutStopSec= each: every ExecStop=, SIGTERM, every ExecStopPost=. At least 1. */
uint32_t enroll_stop_stages(const struct enroll_facts *f);

/* The drop-in of the unit, into buf[ENROLL_DROPIN_MAX]. stages: of enroll_stop_stages(), lease only. Returns its
 * length, or -ERANGE when the stop timeout leaves less than 100 ms for each stage. */
int enroll_dropin(const struct enroll_want *w, uint32_t stages, char *buf);

/* The drop-in of a unit that triggers the unit, into buf[ENROLL_DROPIN_MAX]: the same assert, so that it starts only
 * where the unit may, and PartOf=, so that a stop of the unit stops it; PID 1 does that also where the unit is inactive
 * already, and leader-guard ends each permit with such a stop. One that is left all the same starts nothing: the assert
 * of the unit itself refuses. */
int enroll_trigger_dropin(const struct enroll_want *w, char *buf);

/* By its name it is one that can be: a socket, path or timer. */
bool enroll_trigger_type(const char *name);

/* It is to start with the unit: it is enabled, or, where it cannot be, is up or wanted by the unit. unit: what PID 1
 * says of that one. */
bool enroll_trigger_starts(const struct enroll_facts *trigger, const struct enroll_facts *unit);

/* It is up while the unit is not, and may not be: each start of its would be refused. */
bool enroll_trigger_idles(const struct enroll_facts *trigger, const struct enroll_facts *unit, bool open);

/* Judges what triggers the unit as enroll_check() does the unit; open: there is the unit's gate. None of it is a reason
 * not to start the unit. */
size_t enroll_check_trigger(const struct enroll_facts *trigger, const struct enroll_facts *unit,
                            const struct enroll_want *w, bool open, struct enroll_problem *problems);
