/* SPDX-License-Identifier: Apache-2.0 */
/* What a packet must look like before anybody believes it: sizes, terminated texts, names that are safe as file names,
 * instants in order. What a request leads to is core/supervise's. */
#include <errno.h>
#include <string.h>

#include "base/timing.h"
#include "base/unit_list.h"
#include "codec/name.h"
#include "codec/permit.h"

static bool terminated(const char *field, size_t size) {
        return memchr(field, '\0', size) != NULL;
}

/* Every byte of s is a letter, a digit or one of extra. */
static bool made_of(const char *s, const char *extra) {
        for (; *s; s++) {
                bool alnum = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');

                if (!alnum && !strchr(extra, *s))
                        return false;
        }
        return true;
}

bool permit_unit_valid(const char *unit) {
        return name_is_list_unit(unit);
}

bool permit_units_valid(const char *units) {
        char list[UNIT_LIST_SIZE] = "", name[UNIT_NAME_SIZE];
        size_t n = 0;

        if (name_is_service_unit(units))
                return true;
        for (const char *at = units; unit_list_next(&at, name);)
                if (n++ == UNIT_LIST_MAX || !permit_unit_valid(name) || unit_list_find(list, name) >= 0 ||
                    !unit_list_add(list, name))
                        return false;
        /* (written in one way: what is compared as a text is the same list) */
        return n > 1 && util_streq(list, units);
}

bool permit_uid_valid(const char *uid) {
        return uid[0] != '\0' && uid[0] != '.' && made_of(uid, "-_.");
}

/* Goes into an environment file: no quotes, no backslash, no space, no control characters. */
static bool environment_valid(const char *s) {
        return made_of(s, "-_./:@+=");
}

#define STOP_MIN_MSEC ((unsigned)(TIMING_STOP_MIN_USEC / USEC_PER_MSEC))

static bool stop_timeout_valid(const struct permit_request *q) {
        return q->stop_timeout_usec >= TIMING_STOP_MIN_USEC && q->stop_timeout_usec != USEC_INFINITY;
}

#define SHOWN_SIZE 80

/* What somebody sent in place of a name, as it may stand in a line for a human. Returns buf[SHOWN_SIZE]. */
static const char *shown(const char *s, char *buf) {
        size_t n = 0;

        for (; s[n] && n < SHOWN_SIZE - 1; n++)
                buf[n] = s[n] >= ' ' && s[n] <= '~' ? s[n] : '?';
        buf[n] = '\0';
        return buf;
}

int permit_request_check(const void *packet, size_t size, struct err *err) {
        const struct permit_request *q = packet;
        char name[SHOWN_SIZE];

        if (size != sizeof(*q))
                return err_setf(err, -EBADMSG,
                                "request of size %zu instead of %zu: agent and guard are of different versions, "
                                "restart both",
                                size, sizeof(*q));
        if (q->magic != PERMIT_MAGIC)
                return err_setf(err, -EBADMSG,
                                "request magic %08x instead of %08x: agent and guard are of different versions, "
                                "restart both",
                                q->magic, PERMIT_MAGIC);
        if (!PERMIT_REQUEST_TYPE_VALID(q->type))
                return err_setf(err, -EBADMSG, "request type %u does not exist", q->type);
        if (q->seq == 0)
                return err_setf(err, -EBADMSG, "request without a sequence number");
        if (!terminated(q->unit, sizeof(q->unit)) || !terminated(q->lock, sizeof(q->lock)) ||
            !terminated(q->lock_uid, sizeof(q->lock_uid)) || !terminated(q->term, sizeof(q->term)) ||
            !terminated(q->identity, sizeof(q->identity)))
                return err_setf(err, -EBADMSG, "request with an unterminated text");
        if (q->type == PERMIT_QUERY && q->unit[0] == '\0')
                return 0;
        if (!permit_units_valid(q->unit))
                return err_setf(err, -EBADMSG, "'%s' is not the name of a service unit, nor a list of units",
                                shown(q->unit, name));
        if (q->type == PERMIT_QUERY && q->judge &&
            (!TENURE_VALID(q->tenure) || q->stop_timeout_usec == 0 || q->stop_timeout_usec == USEC_INFINITY))
                return err_setf(err, -EBADMSG, "%s: nothing to judge it by", q->unit);
        if (q->type == PERMIT_QUERY && q->lock_uid[0] == '\0')
                return 0;
        if (!permit_uid_valid(q->lock_uid))
                return err_setf(err, -EBADMSG, "%s: '%s' is not a lock uid", q->unit, shown(q->lock_uid, name));
        if (q->type == PERMIT_EVICT && !stop_timeout_valid(q))
                return err_setf(err, -EBADMSG, "%s: an eviction needs a stop timeout, of %u ms or more", q->unit,
                                STOP_MIN_MSEC);
        if (q->type != PERMIT_PERMIT)
                return 0;
        if (!TENURE_VALID(q->tenure))
                return err_setf(err, -EBADMSG, "%s: tenure %u does not exist", q->unit, q->tenure);
        if (q->stop_at_usec == 0 || q->kill_at_usec < q->stop_at_usec)
                return err_setf(err, -EBADMSG, "%s: the second instant of a permit must not come before the first",
                                q->unit);
        if (q->tenure == TENURE_LEASE && q->kill_at_usec == USEC_INFINITY)
                return err_setf(err, -EBADMSG, "%s: a lease permit must have an end", q->unit);
        if (!stop_timeout_valid(q))
                return err_setf(err, -EBADMSG, "%s: a permit needs a stop timeout, of %u ms or more", q->unit,
                                STOP_MIN_MSEC);
        if (q->kill_at_usec != USEC_INFINITY && q->kill_at_usec - q->stop_at_usec < TIMING_STOP_MIN_USEC)
                return err_setf(err, -EBADMSG,
                                "%s: the second instant of a permit must come %u ms or more after the first", q->unit,
                                STOP_MIN_MSEC);
        if (!environment_valid(q->lock) || !environment_valid(q->term) || !environment_valid(q->identity))
                return err_setf(err, -EBADMSG, "%s: lock, term or identity with a character that does not belong there",
                                q->unit);
        return 0;
}

int permit_reply_check(const void *packet, size_t size, struct err *err) {
        const struct permit_reply *p = packet;
        char name[SHOWN_SIZE];

        if (size != sizeof(*p))
                return err_setf(err, -EBADMSG,
                                "reply of size %zu instead of %zu: agent and guard are of different versions, restart "
                                "both",
                                size, sizeof(*p));
        if (p->magic != PERMIT_MAGIC)
                return err_setf(err, -EBADMSG,
                                "reply magic %08x instead of %08x: agent and guard are of different versions, restart "
                                "both",
                                p->magic, PERMIT_MAGIC);
        if (p->result >= N_GUARD_RESULTS || p->unit_state >= N_UNIT_STATES)
                return err_setf(err, -EBADMSG, "reply with result %u, unit state %u: no such value", p->result,
                                p->unit_state);
        if (p->request_type != 0 && !PERMIT_REQUEST_TYPE_VALID(p->request_type))
                return err_setf(err, -EBADMSG, "reply to request type %u, which does not exist", p->request_type);
        if ((p->seq == 0) != (p->request_type == 0))
                return err_setf(err, -EBADMSG, "reply with sequence number %llu to request type %u",
                                (unsigned long long)p->seq, p->request_type);
        if (!terminated(p->unit, sizeof(p->unit)) || !terminated(p->lock_uid, sizeof(p->lock_uid)) ||
            !terminated(p->permit_uid, sizeof(p->permit_uid)) || !terminated(p->lock, sizeof(p->lock)) ||
            !terminated(p->text, sizeof(p->text)))
                return err_setf(err, -EBADMSG, "reply with an unterminated text");
        /* The guard answers a malformed request, too, whose unit it cannot name, and refuses whole agents. */
        if (!permit_units_valid(p->unit) &&
            !((p->result == GUARD_REFUSED_REQUEST || p->result == GUARD_REFUSED_AGENT) && p->unit[0] == '\0'))
                return err_setf(err, -EBADMSG,
                                "reply about '%s', which is not the name of a service unit, nor a list of units",
                                shown(p->unit, name));
        return 0;
}
