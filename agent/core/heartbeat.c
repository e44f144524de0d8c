/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one placeholder. The rules that matter for safety are in absorb_read() and absorb_renew(): a renewal
 * counts only for the uid it names, only when the object is not dying, and from before it was sent. */
#include "core/heartbeat.h"
#include "core/backoff.h"

static const char *const state_names[N_HEARTBEAT_STATES] = {
        [HEARTBEAT_UNREAD] = "unread", [HEARTBEAT_ABSENT] = "absent",   [HEARTBEAT_LIVE] = "live",
        [HEARTBEAT_DYING] = "dying",   [HEARTBEAT_STRANGE] = "strange",
};

static const char *const op_names[N_HEARTBEAT_OPS] = {
        [HEARTBEAT_OP_NONE] = "none",     [HEARTBEAT_OP_READ] = "read",   [HEARTBEAT_OP_CLAIM] = "claim",
        [HEARTBEAT_OP_CREATE] = "create", [HEARTBEAT_OP_RENEW] = "renew", [HEARTBEAT_OP_CLEAR] = "clear",
        [HEARTBEAT_OP_DELETE] = "delete",
};

const char *heartbeat_state_to_string(uint8_t s) {
        return s < N_HEARTBEAT_STATES ? state_names[s] : "?";
}

const char *heartbeat_op_to_string(uint8_t op) {
        return op < N_HEARTBEAT_OPS ? op_names[op] : "?";
}

void heartbeat_init(struct heartbeat *h) {
        *h = (struct heartbeat){.unread = true};
}

/* Forgets the uid: from here on no renewal counts for it, and elections whose lock names it end. */
static void lose(struct heartbeat *h, uint8_t state) {
        h->uid = 0;
        h->version = 0;
        h->proven_at_usec = 0;
        h->confirmed = false;
        h->state = state;
}

static void absorb_strange(struct heartbeat *h, const struct placeholder_fact *f, uint64_t now) {
        bool again = h->state == HEARTBEAT_STRANGE && h->uid == f->uid && h->version == f->version;

        if (again) {
                h->confirmed = true;
                return;
        }
        lose(h, HEARTBEAT_STRANGE);
        h->uid = f->uid;
        h->version = f->version;
        h->seen_at_usec = now;
        h->strange_duration_usec = f->duration_usec;
}

static void absorb_read(struct heartbeat *h, const struct heartbeat_conf *c, const struct heartbeat_event *ev) {
        const struct placeholder_fact *f = &ev->fact;
        /* In lease tenure a clone or an earlier boot is another holder, and waits like one. */
        bool mine = f->claimed && (c->tenure == CORE_LIFE || f->same_boot);

        h->unread = false;
        if (!f->present) {
                lose(h, HEARTBEAT_ABSENT);
                return;
        }
        if (h->state == HEARTBEAT_LIVE && f->uid == h->uid && !f->deleting) {
                if (c->tenure == CORE_LEASE && f->version != h->version && !f->own_write) {
                        /* Somebody else renews it: another instance of us lives. */
                        absorb_strange(h, f, ev->now_usec);
                        return;
                }
                h->version = f->version;
                return;
        }
        if (f->claimed && f->deleting) {
                lose(h, HEARTBEAT_DYING);
                h->uid = f->uid;
                h->version = f->version;
        } else if (mine && !(h->state == HEARTBEAT_STRANGE && h->uid == f->uid)) {
                /* (One that another instance was seen to renew stays strange.) */
                lose(h, HEARTBEAT_LIVE);
                h->uid = f->uid;
                h->version = f->version;
        } else
                absorb_strange(h, f, ev->now_usec);
}

static void absorb_renew(struct heartbeat *h, const struct heartbeat_event *ev) {
        const struct placeholder_fact *f = &ev->fact;

        switch ((enum core_result)ev->result) {
        case RESULT_OK:
                if (f->uid != h->uid || f->deleting) {
                        /* Renewals of a dying Lease are answered 200 (K:B6). */
                        h->unread = true;
                        lose(h, HEARTBEAT_UNREAD);
                        break;
                }
                if (f->version == h->version) {
                        h->unread =
                                true; /* a renewal that changed nothing is invisible to others, and proves nothing */
                        break;
                }
                h->version = f->version;
                if (ev->sent_at_usec > h->proven_at_usec)
                        h->proven_at_usec = ev->sent_at_usec;
                break;
        case RESULT_NOT_FOUND:
                lose(h, HEARTBEAT_ABSENT);
                break;
        case RESULT_EXISTS:
        case RESULT_CONFLICT:
        case RESULT_UNKNOWN:
                h->unread = true;
                break;
        case RESULT_DENIED:
        case RESULT_FAILED:
                break;
        }
}

static uint64_t at_most(uint64_t usec, const struct heartbeat_wish *w) {
        return w->interval_usec && w->interval_usec < usec ? w->interval_usec : usec;
}

/* As in an election: a good read does not forget that a write keeps failing, or keeps having no effect. */
static void pace(struct heartbeat *h, const struct heartbeat_conf *c, const struct heartbeat_event *ev) {
        bool hard = ev->result == RESULT_DENIED || ev->result == RESULT_FAILED || ev->result == RESULT_UNKNOWN;
        bool read = ev->op == HEARTBEAT_OP_READ,
             removal = ev->op == HEARTBEAT_OP_CLEAR || ev->op == HEARTBEAT_OP_DELETE;
        bool removed = read && (ev->result == RESULT_NOT_FOUND || ev->fact.uid != h->uid) &&
                       (h->failed_op == HEARTBEAT_OP_CLEAR || h->failed_op == HEARTBEAT_OP_DELETE);
        uint64_t delay;

        h->retry_at_usec = 0;
        if (ev->result == RESULT_OK || (read && ev->result == RESULT_NOT_FOUND)) {
                if ((!read && !removal) || removed || (!removal && h->failed_op == ev->op))
                        h->attempts = 0;
                if (!removal)
                        return;
        }
        h->failed_op = ev->op;
        h->attempts = (uint8_t)(h->attempts < 30 ? h->attempts + 1 : 30);
        if (!hard && h->attempts == 1)
                return;
        delay = backoff_usec(h->attempts, c->retry_min_usec, at_most(c->retry_max_usec, &ev->wish), ev->random);
        h->retry_at_usec = util_usec_add(ev->now_usec, delay > ev->retry_after_usec ? delay : ev->retry_after_usec);
}

static void absorb(struct heartbeat *h, const struct heartbeat_conf *c, const struct heartbeat_event *ev) {
        if (ev->type == HEARTBEAT_EV_SEEN)
                h->unread = true;
        if (ev->type != HEARTBEAT_EV_REPLY || ev->op != h->op)
                return;
        h->op = HEARTBEAT_OP_NONE;
        pace(h, c, ev);

        switch ((enum heartbeat_op)ev->op) {
        case HEARTBEAT_OP_NONE:
                break;
        case HEARTBEAT_OP_READ:
                if (ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND)
                        absorb_read(h, c, ev);
                break;
        case HEARTBEAT_OP_CLAIM:
                h->claim_ready = ev->result == RESULT_OK;
                break;
        case HEARTBEAT_OP_CREATE:
                if (ev->result == RESULT_OK && !ev->fact.deleting && ev->fact.claimed) {
                        lose(h, HEARTBEAT_LIVE);
                        h->uid = ev->fact.uid;
                        h->version = ev->fact.version;
                        h->looked_at_usec = ev->sent_at_usec;
                        h->claim_ready = false;
                } else
                        h->unread = ev->result != RESULT_DENIED && ev->result != RESULT_FAILED;
                break;
        case HEARTBEAT_OP_RENEW:
                absorb_renew(h, ev);
                break;
        case HEARTBEAT_OP_CLEAR:
        case HEARTBEAT_OP_DELETE:
                h->unread = true;
                break;
        }
}

static uint64_t strange_wait(const struct heartbeat *h, const struct heartbeat_conf *c) {
        uint64_t d = h->strange_duration_usec ? h->strange_duration_usec : c->duration_usec;

        return util_usec_add(h->seen_at_usec, util_usec_add(d, d / 1000 * c->rate_permille));
}

static struct heartbeat_action act(struct heartbeat *h, uint8_t op, uint64_t uid, uint64_t version) {
        h->op = op;
        return (struct heartbeat_action){.op = op, .uid = uid, .version = version};
}

struct heartbeat_action heartbeat_step(struct heartbeat *h, const struct heartbeat_conf *c,
                                       const struct heartbeat_event *ev) {
        const struct heartbeat_wish *w = &ev->wish;
        const struct heartbeat_action nothing = {.op = HEARTBEAT_OP_NONE};
        uint64_t now = ev->now_usec;

        if (!h->begun && c->unclaimed && h->state == HEARTBEAT_UNREAD) {
                /* Ours is what carries a claim of this disk: there is none. If the name is taken the POST finds out. */
                h->state = HEARTBEAT_ABSENT;
                h->unread = false;
        }
        h->begun = true;
        absorb(h, c, ev);
        if (h->op != HEARTBEAT_OP_NONE || now < h->retry_at_usec)
                return nothing;
        if (h->state == HEARTBEAT_LIVE && c->tenure == CORE_LIFE && w->named &&
            now >= util_usec_add(h->looked_at_usec, c->verify_interval_usec))
                h->unread = true; /* nobody renews in life tenure: look now and then whether it is still there */
        if (h->unread && (w->needed || w->removing || w->named)) {
                h->looked_at_usec = now;
                return act(h, HEARTBEAT_OP_READ, 0, 0);
        }

        switch ((enum heartbeat_state)h->state) {
        case HEARTBEAT_UNREAD:
                break;
        case HEARTBEAT_ABSENT:
                if (!w->needed || w->removing)
                        break;
                return act(h, h->claim_ready ? HEARTBEAT_OP_CREATE : HEARTBEAT_OP_CLAIM, 0, 0);
        case HEARTBEAT_LIVE:
                if (w->removing && !w->named)
                        return act(h, HEARTBEAT_OP_DELETE, h->uid, 0);
                if (heartbeat_deadline(h, c, w) > now)
                        break;
                h->renewed_at_usec = now;
                return act(h, HEARTBEAT_OP_RENEW, h->uid, h->version);
        case HEARTBEAT_DYING:
                if (w->named)
                        break;
                return act(h, HEARTBEAT_OP_CLEAR, h->uid, h->version);
        case HEARTBEAT_STRANGE:
                if (w->observed || w->removing || !w->needed || now < heartbeat_deadline(h, c, w))
                        break;
                if (h->confirmed && c->tenure == CORE_LEASE) {
                        h->confirmed = false;
                        return act(h, HEARTBEAT_OP_DELETE, h->uid, h->version);
                }
                if (c->tenure == CORE_LIFE)
                        h->seen_at_usec = now;
                return act(h, HEARTBEAT_OP_READ, 0, 0);
        }
        return nothing;
}

uint64_t heartbeat_deadline(const struct heartbeat *h, const struct heartbeat_conf *c, const struct heartbeat_wish *w) {
        uint64_t at = USEC_INFINITY;

        if (h->op != HEARTBEAT_OP_NONE)
                return USEC_INFINITY;
        if (h->unread)
                return w->needed || w->removing || w->named ? h->retry_at_usec : USEC_INFINITY;
        switch ((enum heartbeat_state)h->state) {
        case HEARTBEAT_UNREAD:
                break;
        case HEARTBEAT_ABSENT:
                at = w->needed && !w->removing ? 0 : USEC_INFINITY;
                break;
        case HEARTBEAT_LIVE:
                if (w->removing && !w->named)
                        at = 0;
                else if (w->proof_after_usec && h->proven_at_usec < w->proof_after_usec)
                        at = w->proof_after_usec;
                else if (w->renewing)
                        at = util_usec_add(h->renewed_at_usec, at_most(c->renew_interval_usec, w));
                else if (w->named && c->tenure == CORE_LIFE)
                        at = util_usec_add(h->looked_at_usec, c->verify_interval_usec);
                break;
        case HEARTBEAT_DYING:
                at = w->named ? USEC_INFINITY : 0;
                break;
        case HEARTBEAT_STRANGE:
                if (w->observed || w->removing || !w->needed)
                        break;
                at = c->tenure == CORE_LIFE ? util_usec_add(h->seen_at_usec, c->verify_interval_usec)
                                            : strange_wait(h, c);
                break;
        }
        return at == USEC_INFINITY || at > h->retry_at_usec ? at : h->retry_at_usec;
}

struct heartbeat_view heartbeat_view(const struct heartbeat *h) {
        bool ours = h->state == HEARTBEAT_LIVE;

        return (struct heartbeat_view){
                .uid = ours ? h->uid : 0,
                .proven_at_usec = ours ? h->proven_at_usec : 0,
                .status = (uint8_t)(ours                           ? HEARTBEAT_OURS
                                    : h->state == HEARTBEAT_UNREAD ? HEARTBEAT_PENDING
                                                                   : HEARTBEAT_NONE),
                .strange = h->state == HEARTBEAT_STRANGE,
        };
}
