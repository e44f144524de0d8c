/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's connection: accepted, read and judged here; what a request leads to is guard_unit's. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "adapter/journal.h"
#include "base/timing.h"
#include "guard/guard_list.h"
#include "guard/guard_merge.h"
#include "guard/guard_reply.h"
#include "guard/guard_socket.h"
#include "guard/guard_uids.h"
#include "guard/guard_unit.h"

void guard_socket_close(struct guard *g) {
        g->hang_up = false;
        g->connection = sd_event_source_disable_unref(g->connection);
        if (g->connection_fd < 0)
                return;
        close(g->connection_fd);
        g->connection_fd = -1;
        g->heard = g->malformed_told = false;
        permit_queue_clear(&g->replies);
        g->writing = false;
        guard_list_clear(g);
        for (size_t i = 0; i < g->n_units; i++) {
                struct supervise_event ev = {.type = SUPERVISE_EV_SUPERSEDED};

                /* Whoever connects next says what is configured then. */
                g->unit[i]->wanted_stop_usec = 0;
                g->unit[i]->unfit[0] = '\0';
                guard_unit_step(g->unit[i], &ev, NULL);
        }
        guard_unit_tidy(g);
}

/* A unit that has, or is being stopped under, a permit for the lock uid or lock of the request, but as another unit or
 * list than it names. */
static struct guard_unit *other_holder(struct guard *g, const struct permit_request *q) {
        for (size_t i = 0; i < g->n_units; i++) {
                struct guard_unit *u = g->unit[i];

                if (u->s.uid == 0 || util_streq(u->permit.unit, q->unit))
                        continue;
                if (util_streq(u->permit.lock_uid, q->lock_uid) ||
                    (q->type == PERMIT_PERMIT && q->lock[0] && util_streq(u->permit.lock, q->lock)))
                        return u;
        }
        return NULL;
}

static enum supervise_event_type event_type(uint32_t request_type) {
        switch ((enum permit_request_type)request_type) {
        case PERMIT_PERMIT:
                return SUPERVISE_EV_PERMIT;
        case PERMIT_REVOKE:
                return SUPERVISE_EV_REVOKE;
        case PERMIT_EVICT:
                return SUPERVISE_EV_EVICT;
        case PERMIT_QUERY:
                break;
        }
        return SUPERVISE_EV_QUERY;
}

/* An agent asks about each unit once when it connects, and then about what changes. Of a thousand units: */
#define LOOKS_BURST   4096
#define LOOKS_PER_SEC 128

/* False: PID 1 was asked too often for its requests (guard_act.c counts). Not per connection: whoever is hung up on
 * would begin anew. */
static bool may_look(struct guard *g) {
        uint64_t now = guard_now(g), more = (now - g->looks_at_usec) * LOOKS_PER_SEC / USEC_PER_SEC;

        if (more > 0) {
                g->looks_left = more < LOOKS_BURST - g->looks_left ? g->looks_left + (unsigned)more : LOOKS_BURST;
                g->looks_at_usec = now;
        }
        /* Whoever is hung up on asks about everything again: what there is must not go into beginnings. */
        if (g->looks_left == 0 && g->looks_wanted < 2 * g->n_units)
                g->looks_wanted = 2 * g->n_units;
        if (g->looks_left < g->looks_wanted)
                return false;
        g->looks_wanted = 0;
        return g->looks_left > 0;
}

_Static_assert(2 * GUARD_UNITS_MAX <= LOOKS_BURST, "more wanted than there ever is");

/* It says again what is asked for, in force or being stopped already, or ends what is in force. */
static bool is_free(const struct guard_unit *u, const struct permit_request *q) {
        return u->s.uid != 0 && u->s.uid == util_token(q->lock_uid) &&
               (q->type == PERMIT_PERMIT || (q->type == PERMIT_REVOKE && supervise_permitted(&u->s)));
}

/* Nothing that is in force depends on it: permits keep to their instants, stops go on, and an agent that meant it says
 * it again. */
static void hang_up_on_flood(struct guard *g) {
        if (guard_may_log(g))
                journal_record(
                        LOG_WARNING, JOURNAL_PEER, NULL, 0,
                        "The agent (pid %d) asks about units without an end: hung up on; permits and stops go on",
                        g->peer.pid);
        g->hang_up = true;
}

static void refuse_for_room(struct guard *g, const struct permit_request *q) {
        struct permit_reply reply = {.magic = PERMIT_MAGIC,
                                     .result = GUARD_REFUSED_INTERNAL,
                                     .seq = q->seq,
                                     .request_type = q->type,
                                     .text = "the guard has no memory or no room for another unit"};

        (void)util_copy(reply.unit, sizeof(reply.unit), q->unit);
        (void)util_copy(reply.lock_uid, sizeof(reply.lock_uid), q->lock_uid);
        guard_reply_send(g, &reply);
}

/* Why no permit is given by this guard as it is, into text; false: nothing is in the way. new_term: no renewal. */
static bool unable(struct guard *g, const struct permit_request *q, bool new_term, char *text, size_t size) {
        if (q->type != PERMIT_PERMIT)
                return false;
        if (q->tenure == TENURE_LEASE && g->watchdog_bad) {
                (void)snprintf(text, size,
                               "WatchdogSec= of leader-guard.service is not between 1 ms and %" PRIu64
                               " s: PID 1 would not end the unit in time when the guard hangs; remove the override "
                               "(systemctl cat leader-guard)",
                               TIMING_WATCHDOG_USEC / USEC_PER_SEC);
                return true;
        }
        /* A new term only where its end can be recorded. When the set cannot be read, the uid counts as revoked. */
        return new_term && guard_uids_refused(g, q->lock_uid) == 0 && guard_uids_full(g, text, size);
}

static void take_for_list(struct guard *g, const struct permit_request *q, bool busy) {
        struct guard_list *l = guard_list_get(g, q->unit);
        bool free_of_charge = true, new_term = true;
        char text[512] = "";

        if (!l) {
                refuse_for_room(g, q);
                return;
        }
        g->n_asked++;
        for (size_t i = 0; i < l->n; i++) {
                l->member[i]->asked = g->n_asked;
                free_of_charge = free_of_charge && is_free(l->member[i], q);
                new_term = new_term && l->member[i]->s.uid != util_token(q->lock_uid);
        }
        if (!free_of_charge && !may_look(g))
                hang_up_on_flood(g);
        else if (unable(g, q, new_term, text, sizeof(text)))
                guard_list_reply(l, q, GUARD_REFUSED_INTERNAL, text);
        else
                guard_list_request(l, q, busy);
}

static void take_for_unit(struct guard *g, const struct permit_request *q, bool busy) {
        struct guard_unit *u = guard_unit_get(g, q->unit);
        struct supervise_event ev = {
                .type = (uint8_t)event_type(q->type),
                .uid = util_token(q->lock_uid),
                .stop_at_usec = q->stop_at_usec,
                .kill_at_usec = q->kill_at_usec,
                .stop_timeout_usec = q->stop_timeout_usec,
                .tenure = (uint8_t)q->tenure,
        };

        if (!u) {
                refuse_for_room(g, q);
                return;
        }
        u->asked = ++g->n_asked;
        if (!is_free(u, q) && !may_look(g)) {
                hang_up_on_flood(g);
                return;
        }
        if (busy) {
                guard_reply(u, NULL, q->type, q->seq, q->lock_uid, GUARD_REFUSED_BUSY, /* final= */ false);
                return;
        }
        if (unable(g, q, u->s.uid != ev.uid, u->trouble, sizeof(u->trouble))) {
                guard_reply(u, NULL, q->type, q->seq, q->lock_uid, GUARD_REFUSED_INTERNAL, /* final= */ false);
                return;
        }
        if (q->type == PERMIT_QUERY && q->judge) {
                u->wanted_tenure = (enum tenure)q->tenure;
                u->wanted_stop_usec = q->stop_timeout_usec;
        }
        /* When the set cannot be read, the uid counts as revoked. */
        if (q->type == PERMIT_PERMIT)
                ev.revoked = guard_uids_refused(g, q->lock_uid) != 0;
        guard_unit_step(u, &ev, q);
}

static void take_request(struct guard *g, const struct permit_request *q) {
        struct guard_unit *other = q->type == PERMIT_QUERY ? NULL : other_holder(g, q);
        struct permit_request about = *q;

        /* What is stopped for a lock uid is what ran for it. */
        if (other && q->type == PERMIT_REVOKE)
                (void)util_copy(about.unit, sizeof(about.unit), other->permit.unit);
        if (unit_list_count(about.unit) > 1)
                take_for_list(g, &about, other && q->type != PERMIT_REVOKE);
        else
                take_for_unit(g, &about, other && q->type != PERMIT_REVOKE);
}

/* Lists that an earlier agent had under a permit are told as such. Making one moves the units about. */
static bool make_lists(struct guard *g) {
        for (size_t i = 0; i < g->n_units; i++) {
                const char *units = g->unit[i]->permit.unit;

                if (g->unit[i]->s.uid == 0 || unit_list_count(units) < 2 || guard_merge_find(g, units))
                        continue;
                if (!guard_list_get(g, units))
                        return false;
                i = 0;
        }
        return true;
}

static void list_permits(struct guard *g, const struct permit_request *q) {
        struct permit_request one = *q;

        if (!make_lists(g)) {
                g->hang_up = true;
                return;
        }
        for (size_t i = 0; i < g->n_units; i++) {
                struct guard_unit *u = g->unit[i];
                bool told = u->s.uid == 0;

                for (size_t j = 0; j < i; j++)
                        told = told || g->unit[j]->s.uid == u->s.uid;
                if (told)
                        continue;
                (void)util_copy(one.lock_uid, sizeof(one.lock_uid), u->permit.lock_uid);
                if (unit_list_count(u->permit.unit) < 2)
                        guard_reply(u, NULL, q->type, q->seq, one.lock_uid, GUARD_OK, /* final= */ false);
                else
                        guard_list_reply(guard_merge_find(g, u->permit.unit), &one, GUARD_OK, NULL);
        }
}

static void refuse_malformed(struct guard *g, const void *packet, size_t size, const char *text) {
        const struct permit_request *q = packet;
        struct permit_reply reply = {.magic = PERMIT_MAGIC, .result = GUARD_REFUSED_REQUEST};

        if (size == sizeof(*q) && q->magic == PERMIT_MAGIC && q->seq > 0 && PERMIT_REQUEST_TYPE_VALID(q->type)) {
                reply.seq = q->seq;
                reply.request_type = q->type;
        }
        (void)util_copy(reply.text, sizeof(reply.text), text);
        guard_reply_send(g, &reply);
}

static bool allowed(struct guard *g, const struct peer *peer) {
        if (peer->uid == 0 || (g->options.agent_uid != (uid_t)-1 && peer->uid == g->options.agent_uid))
                return true;
        if (guard_may_log(g))
                journal_record(
                        LOG_WARNING, JOURNAL_PEER, NULL, 0,
                        "Refused a connection of uid %u, pid %d: only root and the agent's user may talk to the guard",
                        peer->uid, peer->pid);
        return false;
}

/* Both sockets: what there is to do is done in the turn that follows. */
static int on_socket(_unused_ sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents, void *userdata) {
        struct guard *g = userdata;

        g->socket_due = true;
        return 0;
}

/* Whether the agent that is connected is one beside the newcomer. One that has died is none, although its end was not
 * read yet: so a restart is never refused. One that has said nothing waits to hear whether it is refused itself. */
static bool has_agent(const struct guard *g, const struct peer *newcomer) {
        return g->connection_fd >= 0 && g->heard && g->peer.pid != newcomer->pid && !peer_hung_up(g->connection_fd);
}

/* A host has one agent: two would stop each other's units. The newcomer is told, and nothing else changes. */
static void refuse_agent(struct guard *g, int fd, const struct peer *newcomer) {
        struct permit_reply reply = {.magic = PERMIT_MAGIC, .result = GUARD_REFUSED_AGENT};
        char who[384], cure[300];

        peer_describe(g->peer.pid, who, sizeof(who), cure, sizeof(cure));
        if (snprintf(reply.text, sizeof(reply.text),
                     "another agent (%s) is connected to leader-guard; a host has one: stop this one, or that one: %s",
                     who, cure) >= (int)sizeof(reply.text))
                (void)snprintf(reply.text, sizeof(reply.text),
                               "another agent (pid %d) is connected to leader-guard; a host has one: stop this one, or "
                               "that one (systemctl status %d)",
                               g->peer.pid, g->peer.pid);
        (void)send(fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (newcomer->pid != g->refused_pid && guard_may_log(g)) {
                g->refused_pid = newcomer->pid;
                peer_describe(newcomer->pid, who, sizeof(who), cure, sizeof(cure));
                journal_record(LOG_WARNING, JOURNAL_PEER, NULL, 0, "Refused the agent %s: %s", who, reply.text);
        }
}

/* Returns true when the connection is another one now. */
static bool accept_newest(struct guard *g) {
        bool any = false;
        int fd;

        while ((fd = accept4(g->options.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0 || errno == EINTR) {
                struct peer peer;

                if (fd < 0)
                        continue;
                if (peer_read(fd, &peer) < 0 || !allowed(g, &peer)) {
                        close(fd);
                        continue;
                }
                if (has_agent(g, &peer)) {
                        refuse_agent(g, fd, &peer);
                        close(fd);
                        continue;
                }
                guard_socket_close(g);
                any = true;
                /* Out of memory: the agent sees the end of file and connects again. */
                if (sd_event_add_io(g->event, &g->connection, fd, EPOLLIN, on_socket, g) < 0) {
                        close(fd);
                        continue;
                }
                g->connection_fd = fd;
                g->peer = peer;
                g->agent.elsewhere = !peer_is_of(peer.pid, ENROLL_AGENT);
        }
        return any;
}

static void receive(struct guard *g) {
        union {
                struct permit_request request;
                char bytes[sizeof(struct permit_request) + 1];
        } packet;
        struct err err = {};
        ssize_t n;

        n = recv(g->connection_fd, &packet, sizeof(packet), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                guard_socket_close(g);
                return;
        }
        g->heard = true;
        if (permit_request_check(&packet, (size_t)n, &err) < 0) {
                /* Once: who sends one sends more. */
                if (!g->malformed_told && guard_may_log(g)) {
                        g->malformed_told = true;
                        journal_record(LOG_WARNING, JOURNAL_PEER, NULL, 0,
                                       "Refused a request of pid %d: %s (others of this connection are not told)",
                                       g->peer.pid, err.text);
                }
                refuse_malformed(g, &packet, (size_t)n, err.text);
        } else if (packet.request.unit[0] == '\0')
                list_permits(g, &packet.request);
        else
                take_request(g, &packet.request);
}

void guard_socket_serve(struct guard *g) {
        if (!g->socket_due)
                return;
        g->socket_due = false;
        /* Whoever came later, and is not refused, knows better: the old connection is then closed, and what it sent is
         * not read. */
        if (accept_newest(g) || g->connection_fd < 0)
                return;
        /* An agent that does not read for a while is read all the same: a revoke must not wait for that. */
        guard_reply_flush(g);
        receive(g);
}

int guard_socket_open(struct guard *g, struct err *err) {
        int flags = fcntl(g->options.listen_fd, F_GETFL), r;

        /* PID 1 hands over a blocking socket, and all waiting connections are accepted until there is none. */
        if (flags < 0 || fcntl(g->options.listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return err_setf(err, -errno, "cannot use the agent's socket: %m");
        r = sd_event_add_io(g->event, &g->listener, g->options.listen_fd, EPOLLIN, on_socket, g);
        return r < 0 ? err_setf(err, r, "cannot listen on the agent's socket: %s", strerror(-r)) : 0;
}
