/* SPDX-License-Identifier: Apache-2.0 */
/* The three things that a step does: ask for a request, tell the guard, change the state. What to do and when is not
 * here. */
#include "core/election_step.h"

void step_request(struct step *s, uint8_t op, uint64_t uid, uint64_t version, uint64_t placeholder) {
        struct election *e = s->e;

        if (e->op != ELECTION_OP_NONE || e->timers.retry.at_usec)
                return;
        e->op = op;
        e->lock.passed = PASSED_NOTHING;
        if (op == ELECTION_OP_READ)
                e->timers.verify_at_usec = util_usec_add(s->now, s->c->verify_interval_usec);
        s->out.request.op = op;
        s->out.request.uid = uid;
        s->out.request.version = version;
        s->out.request.placeholder = placeholder;
}

void step_tell(struct step *s, uint8_t type, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        unsigned i = s->out.guard[0].type == ELECTION_MSG_NONE ? 0 : 1;

        s->out.guard[i].type = type;
        s->out.guard[i].uid = uid;
        s->out.guard[i].stop_at_usec = stop_at;
        s->out.guard[i].kill_at_usec = kill_at;
}

void step_move(struct step *s, uint8_t state) {
        s->moved = s->moved || s->e->state != state;
        s->e->state = state;
}
