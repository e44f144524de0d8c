/* SPDX-License-Identifier: Apache-2.0 */
/* A lock that was claimed by this host and is not configured when the agent starts: its election looks whether it is
 * ours and lets it go. Here is what the election does not know: the unit, which must be seen stopped before that. */
#include <stdio.h>

#include "adapter/dropin.h"
#include "adapter/journal.h"
#include "codec/enroll.h"
#include "daemon/agent_parts.h"

bool agent_orphan_hidden(const struct agent_lock *l) {
        return l->orphan && !l->conf->unit[0];
}

static void set_unit(struct agent_lock *l, const char *unit) {
        char *copy = strdup(unit);

        if (!copy)
                return; /* read again, or asked again, later */
        free(l->own.unit);
        l->own.unit = copy;
        l->trouble[0] = '\0';
        agent_journal(l, LOG_NOTICE, JOURNAL_LOCK_LEFT, "",
                      "%s: not configured, but held by this host: stopping %s, if it runs, and releasing it", l->title,
                      unit);
        if (l->agent->link_up) /* it could not ask about the unit then */
                agent_post_lock(l, &(struct election_event){.type = ELECTION_EV_LINK_UP});
}

void agent_orphan_permitted(struct agent_lock *l, const struct permit_reply *reply) {
        if (agent_orphan_hidden(l) && reply->permit_uid[0] && util_streq(l->title, reply->lock))
                set_unit(l, reply->unit);
}

void agent_orphan_read(struct agent_lock *l, const struct lock_object *o) {
        const char *identity = store_identity(l->agent->store);
        char text[sizeof(l->trouble)];

        if (!agent_orphan_hidden(l) || o->form != LOCK_FORM_OURS || !agent_lock_fact(l, o).claimed)
                return;
        if (permit_unit_valid(o->unit) && dropin_exists(ENROLL_DIR, o->unit, ENROLL_DROPIN_NAME)) {
                set_unit(l, o->unit);
                return;
        }
        (void)snprintf(text, sizeof(text),
                       "held by this host, but not configured, and its unit %.100s is not enrolled here, so nothing "
                       "stops it. When it is stopped, free the lock: leaderctl fence %.320s --holder %s --reason "
                       "\"stopped\"",
                       o->unit, l->title, identity);
        if (!util_streq(text, l->trouble))
                agent_journal(l, LOG_WARNING, JOURNAL_LOCK_LEFT, text, "%s: %s", l->title, text);
        (void)util_copy(l->trouble, sizeof(l->trouble), text);
}

void agent_orphan_problem(const struct agent_lock *l, char *buf, size_t size) {
        const char *refusal = agent_namespace_refusal(l->namespace_);

        buf[0] = '\0';
        if (!agent_orphan_hidden(l))
                return;
        if (l->trouble[0])
                (void)snprintf(buf, size, "%s: %s", l->title, l->trouble);
        else if (refusal[0])
                (void)snprintf(buf, size,
                               "%s: not configured, but perhaps held by this host: %.500s. Once no host leads in the "
                               "old one: leaderctl forget-cluster %s",
                               l->title, refusal, l->conf->namespace_);
        else if (l->problem[0] && !l->agent->api_error[0])
                (void)snprintf(buf, size,
                               "%s: not configured, but perhaps held by this host (%.200s). Who holds it: leaderctl "
                               "list %s; if this host, and its unit is stopped here: leaderctl fence %s --holder %s "
                               "--reason TEXT",
                               l->title, l->problem, l->title, l->title, store_identity(l->agent->store));
}
