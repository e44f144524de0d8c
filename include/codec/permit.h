/* SPDX-License-Identifier: Apache-2.0 */
/* The agent - guard protocol: fixed-size messages over one SOCK_SEQPACKET socket (/run/leader-agent/guard.sock), host
 * byte order (both ends are one host), one message per packet. Used by both daemons; knows nothing but bytes.
 * ARCHITECTURE 5, claims 1, 4 and 6.
 *
 * Order of a conversation: the agent connects, and so supersedes its earlier connection, or that of an agent that is
 * gone, which the guard closes unread; beside another agent that lives and has asked something it is told so
 * (GUARD_REFUSED_AGENT, seq 0, no unit, text for a human) and hung up on. It sends QUERY for each of its units, then
 * PERMIT or REVOKE. Every request gets at least one reply with its `seq`, unless a later one of the same type for the
 * same unit and lock uid does: of both, and of their answers, the last may stand for all when the other end is slow
 * (permit_queue.h). A PERMIT is answered once (accepted or refused), at once or, while the unit runs without one and is
 * on its way up or down, when it has come to rest: one that runs and is fit is taken over as it runs, one that is on
 * its way down for ten seconds is refused (foreign), so that the agent revokes and lets the lock go. A REVOKE possibly
 * first with final == 0 (interim: uid recorded as revoked, gate away) and then with final == 1 when the
 * unit was *seen* stopped. Changes of the unit that nobody asked for are pushed as replies with seq 0; so is a change
 * of `unfit` while the unit is idle. (A push says unknown of a unit that runs without a permit and was not judged yet:
 * the answer to the QUERY tells.)
 *
 * A REVOKE of a uid other than that of the permit in force gets its final answer only when the unit is next seen
 * stopped: the answer speaks of the unit. Without a permit in force it stops what runs if root has enrolled the unit;
 * else it is told that once (enroll, final == 0), and answered when the unit is seen stopped all the same. `revoked` of
 * a uid that never had a permit holds for as long as the guard lives.
 *
 * An EVICT stops only what runs without a permit, and records nothing: no uid is used up by it. It is answered once,
 * after a look: ok (a stop has begun, or nothing runs), refused as busy (a permit is asked for, in force, or being
 * stopped; also when a PERMIT comes before that look: the later word counts), as enroll (the gate is not in force: the
 * unit is nobody's to stop, text says how to enrol it), as internal (it cannot be seen). A PERMIT that comes after the
 * stop began is refused (busy) until that was seen through.
 *
 * A lock uid, and a lock, belong to one unit at a time: a PERMIT is refused (busy) while another unit has a permit for
 * them or is being stopped under it, and a REVOKE of such a uid is answered by, and about, that other unit. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/terms.h"

#define PERMIT_SOCKET "/run/leader-agent/guard.sock"
#define PERMIT_MAGIC  UINT32_C(0x4c475032) /* "LGP2": changes with every incompatible change of the structs below */

enum permit_request_type {
        PERMIT_PERMIT = 1, /* this unit may run for this lock uid until the two instants; repeats extend or shorten */
        PERMIT_REVOKE,     /* it may not any more, and never again for this lock uid */
        PERMIT_QUERY,      /* report the unit, and whether lock_uid (may be empty) was revoked; without a unit: one
                            * reply for each unit that has a permit */
        PERMIT_EVICT, /* lock_uid is held elsewhere: stop the unit if it runs without a permit, and carries the gate
                       * in what PID 1 has in force; 0.1.0 refuses it as malformed */
};
#define PERMIT_REQUEST_TYPE_VALID(t) ((t) >= PERMIT_PERMIT && (t) <= PERMIT_EVICT)

struct permit_request {
        uint32_t magic;
        uint32_t type;   /* enum permit_request_type */
        uint64_t seq;    /* chosen by the agent, > 0, echoed */
        uint32_t tenure; /* enum tenure */
        uint32_t judge; /* QUERY: 1 = tenure and stop_timeout_usec are what is configured: say in each reply from now on
                           whether a permit for that would be refused. 0.1.0 sends 0 and reads nothing here. */
        uint64_t stop_at_usec; /* CLOCK_BOOTTIME: from here on the unit is being stopped; USEC_INFINITY: never (life) */
        uint64_t kill_at_usec; /* CLOCK_BOOTTIME: whatever is left is killed; USEC_INFINITY: see stop_timeout_usec */
        uint64_t stop_timeout_usec; /* after a revoke: killed this long after the stop began, or at kill_at_usec if
                                       earlier; in a REVOKE 0 means the permit's, or 90 s without one, and less than
                                       TIMING_STOP_MIN_USEC means that; EVICT: killed so
                                       long after its stop began */
        char unit[256];             /* e.g. myapp-operator.service */
        char lock[256];             /* for humans and LEADER_LOCK: NAMESPACE/NAME */
        char lock_uid[64];
        char term[32];      /* fencing token: resourceVersion of the lock at its creation */
        char identity[128]; /* of this agent */
};

struct permit_reply {
        uint32_t magic;
        uint32_t result;       /* enum guard_result */
        uint64_t seq;          /* of the request; 0: pushed */
        uint32_t request_type; /* enum permit_request_type it answers; 0: pushed */
        uint32_t unit_state;   /* enum unit_state */
        uint32_t final;        /* REVOKE only: 1 = the unit was seen stopped after the gate was removed */
        uint32_t revoked;      /* 1 = the request's lock_uid may never be permitted (again) in this boot */
        uint64_t stop_at_usec; /* of the permit in force, 0 without one */
        uint64_t since_usec;   /* CLOCK_BOOTTIME: unit_state since */
        uint32_t main_pid;     /* 0: none */
        uint16_t unfit;    /* 1 = what PID 1 has in force for the unit would get no permit (see judge above); text says
                              why when the unit is idle. 0.1.0 sends 0 and does not read it. */
        uint16_t restarts; /* by the unit's own Restart= since somebody started it; 65535: or more. 0.1.0 sends 0. */
        char unit[256];
        char lock_uid[64];   /* the request's */
        char permit_uid[64]; /* lock uid of the permit in force (also while stopping), empty: none */
        char lock[256];      /* of that permit: NAMESPACE/NAME */
        char text[512];      /* one line for a human: reason and cure; may be empty */
};

/* The name of one unit that may be under a permit, as name_is_list_unit() has it: no slice, target or mount is
 * anybody's to start or stop. Safe as a file name. */
bool permit_unit_valid(const char *unit);

/* The units of one lock as one text (base/unit_list.h): one service, or several units, each once. */
bool permit_units_valid(const char *units);

/* A plausible object uid: letters, digits, '-', '_', '.', not empty, no leading '.'. Safe as a file name. */
bool permit_uid_valid(const char *uid);

/* Checks a received packet: size, magic, type, seq, every string terminated, unit the name of a service, lock uid
 * plausible (QUERY: uid may be empty, or both); EVICT also: a stop timeout (TIMING_STOP_MIN_USEC at least); PERMIT
 * also: such a one, tenure, instants in order and as far apart, an end when lease, a stop timeout, and texts that fit
 * an environment file (letters, digits, -_./:@+=). Returns 0, -EBADMSG with err set. */
int permit_request_check(const void *packet, size_t size, struct err *err);
int permit_reply_check(const void *packet, size_t size, struct err *err);
