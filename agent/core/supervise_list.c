/* SPDX-License-Identifier: Apache-2.0 */
/* Order and sum of the units of a list. The order of stops is PID 1's: stop jobs are sent last unit first, and After=
 * makes each wait for those behind it. ARCHITECTURE 4, and 5, claims 1 and 4. */
#include "core/supervise_list.h"

static bool has(const struct supervise *s, uint64_t uid) {
        return s->uid == uid && (supervise_permitted(s) || s->state == SUPERVISE_CHECKING);
}

/* Its gate is there. */
static bool open_for(const struct supervise *s, uint64_t uid) {
        return has(s, uid) && s->state != SUPERVISE_CHECKING && s->state != SUPERVISE_RESUMING;
}

static bool up(const struct supervise_list_member *m) {
        return m->s->state == SUPERVISE_RUNNING || (m->s->state == SUPERVISE_ENDED && m->passing);
}

int supervise_list_next(const struct supervise_list_member *m, size_t n, uint64_t uid) {
        for (size_t i = 0; i < n; i++)
                if (supervise_stopping(m[i].s) || m[i].refused || (m[i].s->uid != 0 && m[i].s->uid != uid))
                        return -1; /* @no-permit-beside-a-stop */
        for (size_t i = 0; i < n; i++)
                if (m[i].triggered && !open_for(m[i].s, uid)) /* @triggered-first */
                        return has(m[i].s, uid) ? -1 : (int)i;
        for (size_t i = 0; i < n; i++) {
                if (m[i].triggered)
                        continue;
                if (!has(m[i].s, uid))
                        return (int)i;
                if (!up(&m[i])) /* @one-after-the-other */
                        return -1;
        }
        return -1;
}

bool supervise_list_withdraws(const struct supervise *one, const struct supervise *other) {
        return supervise_stopping(one) && one->uid != 0 && has(other, one->uid);
}

enum unit_state supervise_unit_state(const struct supervise *s) {
        switch ((enum supervise_state)s->state) {
        case SUPERVISE_UNREAD:
        case SUPERVISE_CHECKING:
        case SUPERVISE_RESUMING:
                return UNIT_UNKNOWN;
        case SUPERVISE_STOPPED:
                return UNIT_STOPPED;
        case SUPERVISE_FOREIGN:
                return UNIT_FOREIGN;
        case SUPERVISE_STARTING:
                return UNIT_STARTING;
        case SUPERVISE_RUNNING:
                return UNIT_RUNNING;
        case SUPERVISE_FAILED:
                return UNIT_FAILED;
        case SUPERVISE_ENDED:
        case SUPERVISE_WAITING:
                return UNIT_ENDED;
        case SUPERVISE_STOPPING:
        case SUPERVISE_KILLING:
                return UNIT_STOPPING;
        case SUPERVISE_STUCK:
                return UNIT_STUCK;
        }
        return UNIT_UNKNOWN;
}

enum unit_state supervise_list_state(const struct supervise_list_member *m, size_t n) {
        bool any[N_UNIT_STATES] = {}, permitted = false, refused = false, without = false, ended = false;

        for (size_t i = 0; i < n; i++) {
                enum unit_state state = supervise_unit_state(m[i].s);

                /* A job that its timer has started is nothing that the list waits for. */
                if (m[i].triggered && state == UNIT_STARTING)
                        state = UNIT_RUNNING;
                any[state] = true;
                ended = ended || (state == UNIT_ENDED && !m[i].triggered && !m[i].passing);
                refused = refused || m[i].refused;
                permitted = permitted || supervise_permitted(m[i].s);
                without = without || !supervise_permitted(m[i].s);
        }
        if (any[UNIT_STUCK])
                return UNIT_STUCK;
        if (any[UNIT_STOPPING]) /* @stopped-when-all-are */
                return UNIT_STOPPING;
        if (!permitted)
                return any[UNIT_FOREIGN] ? UNIT_FOREIGN : any[UNIT_UNKNOWN] ? UNIT_UNKNOWN : UNIT_STOPPED;
        if (any[UNIT_FAILED] || refused) /* @one-failed-all-failed */
                return UNIT_FAILED;
        if (ended) /* @one-ended-all-ended */
                return UNIT_ENDED;
        if (without || any[UNIT_STARTING])
                return UNIT_STARTING;
        if (any[UNIT_UNKNOWN])
                return UNIT_UNKNOWN;
        return any[UNIT_RUNNING] ? UNIT_RUNNING : UNIT_ENDED;
}
