/* SPDX-License-Identifier: Apache-2.0 */
/* One step of an election: learn from the event (election_absorb.c), then decide until the state rests. decide() is the
 * state machine; each state's part of it is in election_win.c, election_lead.c or election_end.c. What has "@" before
 * it, there and elsewhere, is a rule that tests/model/mutants_table.sh breaks there. */
#include "core/election_step.h"

void election_init(struct election *e) {
        *e = (struct election){.lock.reread = true};
}

static void decide(struct step *s, bool guard_spoke) {
        switch ((enum election_state)s->e->state) {
        case ELECTION_STARTING:
        case ELECTION_CANDIDATE:
                step_candidate(s);
                break;
        case ELECTION_CLAIMING:
                step_claiming(s);
                break;
        case ELECTION_ADOPTING:
                step_adopting(s);
                break;
        case ELECTION_PROVING:
        case ELECTION_PERMITTING:
        case ELECTION_LEADING:
                step_lead(s, guard_spoke);
                break;
        case ELECTION_STOPPING:
                step_stopping(s);
                break;
        case ELECTION_RELEASING:
                step_releasing(s);
                break;
        case ELECTION_DEPOSING:
                step_deposing(s);
                break;
        case ELECTION_STOPPED:
                break;
        }
}

struct election_actions election_step(struct election *e, const struct election_conf *c,
                                      const struct placeholder_view views[N_TENURES], const struct election_event *ev) {
        struct step s = {.e = e, .c = c, .views = views, .now = ev->now_usec};
        bool guard_spoke = ev->type == ELECTION_EV_GUARD;

        election_absorb(e, c, ev);
        for (unsigned i = 0; i < N_ELECTION_STATES; i++) {
                s.moved = false;
                decide(&s, guard_spoke);
                if (!s.moved)
                        break;
                guard_spoke = false;
        }
        if (e->guard.query && s.out.guard[0].type == ELECTION_MSG_NONE) {
                step_tell(&s, ELECTION_MSG_QUERY, e->term.uid ? e->term.uid : e->lock.fact.uid, 0, 0);
                e->guard.query = false;
        }
        return s.out;
}
