/* SPDX-License-Identifier: Apache-2.0 */
/* leader-guard's socket: what the core tells the guard becomes a request, what the guard says is posted. Which
 * elections that concerns is agent_step.c's. */
#include <stdio.h>

#include "daemon/agent_parts.h"

void agent_guard_send(struct agent_lock *l, uint8_t message, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        static const uint32_t types[] = {
                [ELECTION_MSG_QUERY] = PERMIT_QUERY,
                [ELECTION_MSG_PERMIT] = PERMIT_PERMIT,
                [ELECTION_MSG_REVOKE] = PERMIT_REVOKE,
                [ELECTION_MSG_EVICT] = PERMIT_EVICT,
        };
        struct core_lock_view v = agent_view(l);
        bool term = uid == v.term_uid && v.stop_timeout_usec;
        struct permit_request q = {
                .type = types[message],
                .tenure = v.lock.tenure,
                .stop_at_usec = stop_at,
                .kill_at_usec = kill_at,
                .stop_timeout_usec = term ? v.stop_timeout_usec : l->conf->stop_timeout_usec,
        };

        if (!l->conf->unit[0])
                return; /* an orphan's that nobody has named yet */
        if (!util_copy(q.unit, sizeof(q.unit), l->conf->unit) || !util_copy(q.lock, sizeof(q.lock), l->title) ||
            !util_copy(q.identity, sizeof(q.identity), store_identity(l->agent->store)) ||
            !util_copy(q.lock_uid, sizeof(q.lock_uid), agent_uid_text(l, uid)))
                return; /* configuration and codecs keep all of these shorter */
        if (message == ELECTION_MSG_QUERY) {
                /* Judged by what the next permit would be, which the lock that somebody holds says nothing about. A
                 * lock that is let go asks for none, and the unit may be configured for another one by now. */
                q.judge = !l->leaving;
                q.tenure = l->conf->tenure;
                q.stop_timeout_usec = l->conf->stop_timeout_usec;
        }
        if (message == ELECTION_MSG_PERMIT)
                (void)util_copy(q.term, sizeof(q.term),
                                util_token(l->answered.uid) == uid ? l->answered.term : l->seen.term);
        /* A failure breaks the connection; the core hears of it as LINK_DOWN, and says everything again after
         * LINK_UP. */
        (void)link_send(l->agent->link, &q);
}

static void on_state(bool up, const char *why, void *userdata) {
        struct agent_post post = {.type = AGENT_POST_LINK, .on = up};

        (void)snprintf(post.text, sizeof(post.text), "%s", why);
        agent_post(userdata, &post);
}

static void on_reply(const struct permit_reply *reply, void *userdata) {
        agent_post(userdata, &(struct agent_post){.type = AGENT_POST_GUARD, .reply = *reply});
}

const struct link_handlers agent_link_handlers = {.state = on_state, .reply = on_reply};
