/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's end of the socket to leader-guard: connects, reconnects, sends requests and hands on replies that pass
 * permit_reply_check(). Decides nothing: after each (re)connect the caller queries and sends its permits or revokes.
 * ARCHITECTURE 5, claim 4: what was said on one connection is never sent on the next. */
#pragma once

#include <systemd/sd-event.h>

#include "codec/permit.h"

struct link;

/* Callbacks come from the loop, one per turn, never before link_new() returned, and are the last thing done in their
 * turn: in one, anything may be called and freed, the object that calls included, and after its free there is none any
 * more. */
struct link_handlers {
        /* up: connected anew, nothing is known of what the guard did with earlier requests. Down: why, for a human.
         * Where the guard refuses a second agent (codec/permit.h) that is what it says, again and again without an up
         * between until it takes this one. */
        void (*state)(bool up, const char *why, void *userdata);
        void (*reply)(const struct permit_reply *reply, void *userdata);
};

/* Starts connecting to the socket at `path`, for ever; the pauses (RETRY_GUARD_LINK) grow until a connection has proved
 * good. h must outlive the link. Returns 0;
 * -ENAMETOOLONG, -ENOMEM. */
int link_new(struct link **ret, sd_event *event, const char *path, const struct link_handlers *h, void *userdata);
/* Returns NULL. */
struct link *link_free(struct link *l);
DEFINE_CLEANUP(struct link *, link_free)

/* The guard's last word was that another agent of this host is connected. */
bool link_is_refused(const struct link *l);

/* Fills in magic and seq and sends, at once or when the guard has made room: until then it waits in a queue
 * (codec/permit_queue.h), where it may be superseded by what is sent later, and which ends with the connection. Returns
 * 0. -ENOTCONN when there is no connection; any other failure, -ENOBUFS for a guard that has not read for too long
 * among them, breaks it (the state handler runs later) and is returned. */
int link_send(struct link *l, struct permit_request *request);
