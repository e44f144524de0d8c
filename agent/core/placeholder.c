/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one placeholder. ARCHITECTURE 5, claim 2, is in absorb_renew() and absorb_read(): a renewal counts only
 * for the uid it names, only when the object is not dying, and from before it was sent. Claim 5: a taken name is waited
 * for like any holder. Claim 7: what is unknown is read back, and what is found must be our own write. */
#include "core/placeholder.h"
#include "base/timing.h"

static const char *const state_names[N_PLACEHOLDER_STATES] = {
        [PLACEHOLDER_UNREAD] = "unread", [PLACEHOLDER_ABSENT] = "absent", [PLACEHOLDER_LIVE] = "live",
        [PLACEHOLDER_DYING] = "dying",   [PLACEHOLDER_TAKEN] = "taken",
};

static const char *const op_names[N_PLACEHOLDER_OPS] = {
        [PLACEHOLDER_OP_NONE] = "none",     [PLACEHOLDER_OP_READ] = "read",   [PLACEHOLDER_OP_CLAIM] = "claim",
        [PLACEHOLDER_OP_CREATE] = "create", [PLACEHOLDER_OP_RENEW] = "renew", [PLACEHOLDER_OP_CLEAR] = "clear",
        [PLACEHOLDER_OP_DELETE] = "delete",
};

const char *placeholder_state_to_string(uint8_t s) {
        return s < N_PLACEHOLDER_STATES ? state_names[s] : "?";
}

const char *placeholder_op_to_string(uint8_t op) {
        return op < N_PLACEHOLDER_OPS ? op_names[op] : "?";
}

void placeholder_init(struct placeholder *h) {
        *h = (struct placeholder){.unread = true};
}

/* Forgets the uid: from here on no renewal counts for it, and elections whose lock names it end. */
static void lose(struct placeholder *h, uint8_t state) {
        h->uid = 0;
        h->version = 0;
        h->proven_at_usec = 0;
        h->confirmed = false;
        h->missed = false;
        h->strange = false;
        h->state = state;
}

static uint64_t taken_wait(const struct placeholder *h, const struct placeholder_conf *c) {
        uint64_t d = h->taken_duration_usec ? h->taken_duration_usec : c->duration_usec;

        return util_usec_add(h->seen_at_usec, timing_silence_usec(d, c->rate_permille));
}

static void absorb_taken(struct placeholder *h, const struct placeholder_conf *c, const struct placeholder_fact *f,
                         uint64_t now) {
        bool again = h->state == PLACEHOLDER_TAKEN && h->uid == f->uid && h->version == f->version;

        if (again) {
                h->confirmed = now >= taken_wait(h, c); /* looks before that are for a name that became free */
                return;
        }
        lose(h, PLACEHOLDER_TAKEN);
        h->uid = f->uid;
        h->version = f->version;
        h->seen_at_usec = now;
        h->strange = !f->genuine;
        h->taken_duration_usec = f->duration_usec;
}

static void absorb_read(struct placeholder *h, const struct placeholder_conf *c, const struct placeholder_event *ev) {
        const struct placeholder_fact *f = &ev->fact;
        /* In lease tenure a clone or an earlier boot is another holder, and waits like one. */
        bool mine = f->claimed && (c->tenure == TENURE_LIFE || f->same_boot); /* @mine-by-claim-and-boot */

        h->unread = false;
        if (!f->present) {
                lose(h, PLACEHOLDER_ABSENT);
                return;
        }
        if (h->state == PLACEHOLDER_LIVE && f->uid == h->uid && !f->deleting) { /* @dying-is-read-as-lost */
                if (c->tenure == TENURE_LEASE && f->version != h->version && !f->own_write) {
                        /* Somebody else renews it: another instance of us lives. */
                        absorb_taken(h, c, f, ev->now_usec);
                        return;
                }
                h->version = f->version;
                return;
        }
        if (f->claimed && f->deleting) {
                lose(h, PLACEHOLDER_DYING);
                h->uid = f->uid;
                h->version = f->version;
        } else if (mine && !(h->state == PLACEHOLDER_TAKEN && h->uid == f->uid)) {
                /* (One that another instance was seen to renew stays taken.) */
                lose(h, PLACEHOLDER_LIVE);
                h->uid = f->uid;
                h->version = f->version;
        } else
                absorb_taken(h, c, f, ev->now_usec);
}

static void absorb_renew(struct placeholder *h, const struct placeholder_event *ev) {
        const struct placeholder_fact *f = &ev->fact;

        h->missed = ev->result != RESULT_OK;
        switch ((enum core_result)ev->result) {
        case RESULT_OK:
                if (f->uid != h->uid || f->deleting) { /* @renewal-of-this-living-uid */
                        /* Renewals of a dying Lease are answered 200 (the API server renews what is marked for deletion
                         * as well). */
                        h->unread = true;
                        lose(h, PLACEHOLDER_UNREAD);
                        break;
                }
                if (f->version == h->version) {
                        /* A renewal that changed nothing is invisible to others, and proves nothing. */
                        h->unread = true;
                        break;
                }
                h->version = f->version;
                /* Sent comes before stored, stored before seen by others: their wait begins no earlier (claim 5). */
                if (ev->sent_at_usec > h->proven_at_usec)
                        h->proven_at_usec = ev->sent_at_usec; /* @proof-counts-from-sending */
                break;
        case RESULT_NOT_FOUND:
                lose(h, PLACEHOLDER_ABSENT); /* @gone-is-lost */
                break;
        case RESULT_EXISTS:
        case RESULT_CONFLICT:
        case RESULT_UNKNOWN:
                h->unread = true; /* @conflict-is-read-back */
                break;
        case RESULT_DENIED:
        case RESULT_FAILED:
                break;
        }
}

static uint64_t at_most(uint64_t usec, const struct placeholder_wish *w) {
        return w->interval_usec && w->interval_usec < usec ? w->interval_usec : usec;
}

/* As in an election: a good read does not forget that a write keeps failing, or keeps having no effect. */
static void pace(struct placeholder *h, const struct placeholder_conf *c, const struct placeholder_event *ev) {
        bool hard = ev->result == RESULT_DENIED || ev->result == RESULT_FAILED || ev->result == RESULT_UNKNOWN;
        bool read = ev->op == PLACEHOLDER_OP_READ,
             removal = ev->op == PLACEHOLDER_OP_CLEAR || ev->op == PLACEHOLDER_OP_DELETE;
        bool removed = read && (ev->result == RESULT_NOT_FOUND || ev->fact.uid != h->uid) &&
                       (h->retry.operation == PLACEHOLDER_OP_CLEAR || h->retry.operation == PLACEHOLDER_OP_DELETE);
        enum retry_outcome outcome = !hard ? RETRY_RACED : ev->silent ? RETRY_SILENT : RETRY_FAILED;
        const struct retry_renewal renewal = {
                .interval_usec = at_most(c->renew_interval_usec, &ev->wish),
                .until_usec = ev->wish.until_usec ? ev->wish.until_usec : USEC_INFINITY,
        };
        struct retry_limits limits = c->retry;

        h->retry.at_usec = 0;
        if (ev->result == RESULT_OK || (read && ev->result == RESULT_NOT_FOUND)) {
                if ((!read && !removal) || removed || (!removal && h->retry.operation == ev->op))
                        h->retry.attempts = 0;
                if (!removal)
                        return;
        }
        limits.max_usec = at_most(limits.max_usec, &ev->wish);
        if (ev->wish.renewing && (read || ev->op == PLACEHOLDER_OP_RENEW)) /* (after a doubt the read comes first) */
                retry_note_renewal(&h->retry, ev->op, outcome, &limits, &renewal, ev->now_usec, ev->retry_after_usec,
                                   ev->random);
        else
                retry_note(&h->retry, ev->op, outcome, &limits, ev->now_usec, ev->retry_after_usec, ev->random);
}

static void absorb(struct placeholder *h, const struct placeholder_conf *c, const struct placeholder_event *ev) {
        if (ev->type == PLACEHOLDER_EV_SEEN)
                h->unread = true;
        if (ev->type != PLACEHOLDER_EV_REPLY || ev->op != h->op)
                return;
        h->op = PLACEHOLDER_OP_NONE;
        pace(h, c, ev);

        switch ((enum placeholder_op)ev->op) {
        case PLACEHOLDER_OP_NONE:
                break;
        case PLACEHOLDER_OP_READ:
                if (ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND)
                        absorb_read(h, c, ev);
                break;
        case PLACEHOLDER_OP_CLAIM:
                h->claim_ready = ev->result == RESULT_OK;
                break;
        case PLACEHOLDER_OP_CREATE:
                if (ev->result == RESULT_OK && !ev->fact.deleting && ev->fact.claimed) {
                        lose(h, PLACEHOLDER_LIVE);
                        h->uid = ev->fact.uid;
                        h->version = ev->fact.version;
                        h->claim_ready = false;
                } else
                        h->unread = ev->result != RESULT_DENIED && ev->result != RESULT_FAILED;
                break;
        case PLACEHOLDER_OP_RENEW:
                absorb_renew(h, ev);
                break;
        case PLACEHOLDER_OP_CLEAR:
        case PLACEHOLDER_OP_DELETE:
                h->unread = true;
                break;
        }
}

/* A human must free the name: all that is done is to look whether that has happened. */
static bool looks_only(const struct placeholder *h, const struct placeholder_conf *c) {
        return c->tenure == TENURE_LIFE || h->strange;
}

/* When a taken name is dealt with: life, and lease before its wait is over, only look whether it became free. */
static uint64_t taken_due(const struct placeholder *h, const struct placeholder_conf *c) {
        uint64_t look = util_usec_add(h->looked_at_usec, c->taken_interval_usec);

        return looks_only(h, c) ? look : util_usec_min(look, taken_wait(h, c));
}

static struct placeholder_action act(struct placeholder *h, uint8_t op, uint64_t uid, uint64_t version) {
        h->op = op;
        return (struct placeholder_action){.op = op, .uid = uid, .version = version};
}

struct placeholder_action placeholder_step(struct placeholder *h, const struct placeholder_conf *c,
                                           const struct placeholder_event *ev) {
        const struct placeholder_wish *w = &ev->wish;
        const struct placeholder_action nothing = {.op = PLACEHOLDER_OP_NONE};
        uint64_t now = ev->now_usec;

        if (!h->begun && c->unclaimed && h->state == PLACEHOLDER_UNREAD) {
                /* Ours is what carries a claim of this disk: there is none. If the name is taken the POST finds out. */
                h->state = PLACEHOLDER_ABSENT;
                h->unread = false;
        }
        h->begun = true;
        absorb(h, c, ev);
        if (h->op != PLACEHOLDER_OP_NONE || now < h->retry.at_usec)
                return nothing;
        if (h->unread && (w->needed || w->removing || w->named)) {
                h->looked_at_usec = now;
                return act(h, PLACEHOLDER_OP_READ, 0, 0);
        }

        switch ((enum placeholder_state)h->state) {
        case PLACEHOLDER_UNREAD:
                break;
        case PLACEHOLDER_ABSENT:
                if (!w->needed || w->removing)
                        break;
                return act(h, h->claim_ready ? PLACEHOLDER_OP_CREATE : PLACEHOLDER_OP_CLAIM, 0, 0);
        case PLACEHOLDER_LIVE:
                if (w->removing && !w->named) /* (not from under a lock of ours) */
                        return act(h, PLACEHOLDER_OP_DELETE, h->uid, 0);
                if (placeholder_deadline(h, c, w) > now)
                        break;
                h->renewed_at_usec = now;
                return act(h, PLACEHOLDER_OP_RENEW, h->uid, h->version); /* @renew-by-uid-and-version */
        case PLACEHOLDER_DYING:
                if (w->named)
                        break; /* the term under the lock that names it ends first */
                return act(h, PLACEHOLDER_OP_CLEAR, h->uid, h->version); /* @own-dying-is-cleared */
        case PLACEHOLDER_TAKEN:
                if (w->observed || w->removing || !w->needed || now < placeholder_deadline(h, c, w))
                        break;
                /* As a holder is deposed (claim 5): waited for, read again unchanged, deleted by uid and version. */
                if (h->confirmed && c->tenure == TENURE_LEASE && !h->strange) {
                        h->confirmed = false;
                        return act(h, PLACEHOLDER_OP_DELETE, h->uid, h->version);
                }
                h->looked_at_usec = now;
                return act(h, PLACEHOLDER_OP_READ, 0, 0);
        }
        return nothing;
}

uint64_t placeholder_deadline(const struct placeholder *h, const struct placeholder_conf *c,
                              const struct placeholder_wish *w) {
        uint64_t at = USEC_INFINITY;

        if (h->op != PLACEHOLDER_OP_NONE)
                return USEC_INFINITY;
        if (h->unread)
                return w->needed || w->removing || w->named ? h->retry.at_usec : USEC_INFINITY;
        switch ((enum placeholder_state)h->state) {
        case PLACEHOLDER_UNREAD:
                break;
        case PLACEHOLDER_ABSENT:
                at = w->needed && !w->removing ? 0 : USEC_INFINITY;
                break;
        case PLACEHOLDER_LIVE:
                if (w->removing && !w->named)
                        at = 0;
                else if (w->proof_after_usec && h->proven_at_usec < w->proof_after_usec)
                        at = w->proof_after_usec;
                else if (w->renewing) /* @only-a-term-renews */
                        at = h->missed ? 0 : util_usec_add(h->renewed_at_usec, at_most(c->renew_interval_usec, w));
                else if (w->named && c->tenure == TENURE_LIFE)
                        /* Nothing depends on it: a sign of life for humans, and a look whether it is still there. */
                        at = h->missed ? 0 : util_usec_add(h->renewed_at_usec, c->verify_interval_usec);
                break;
        case PLACEHOLDER_DYING:
                at = w->named ? USEC_INFINITY : 0;
                break;
        case PLACEHOLDER_TAKEN:
                if (w->observed || w->removing || !w->needed)
                        break;
                at = taken_due(h, c);
                break;
        }
        return at == USEC_INFINITY || at > h->retry.at_usec ? at : h->retry.at_usec;
}

struct placeholder_view placeholder_view(const struct placeholder *h) {
        bool ours = h->state == PLACEHOLDER_LIVE, taken = h->state == PLACEHOLDER_TAKEN;

        return (struct placeholder_view){
                .uid = ours ? h->uid : 0,
                .proven_at_usec = ours ? h->proven_at_usec : 0,
                .taken_uid = h->state == PLACEHOLDER_TAKEN ? h->uid : 0,
                .status = (uint8_t)(ours                             ? PLACEHOLDER_OURS
                                    : h->state == PLACEHOLDER_UNREAD ? PLACEHOLDER_PENDING
                                                                     : PLACEHOLDER_NONE),
                .name_taken = taken,
                .strange = taken && h->strange,
        };
}
