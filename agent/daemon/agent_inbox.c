/* SPDX-License-Identifier: Apache-2.0 */
/* What callbacks post, and the loop takes, in order. A callback of curl, D-Bus or the guard's socket may come while
 * something else is half done; here it leaves its event and is gone. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

#define INBOX_FIRST_SIZE 32

int agent_reserve_posts(struct agent *a, size_t n) {
        size_t size = a->inbox.size ? a->inbox.size : INBOX_FIRST_SIZE;
        struct agent_post *posts;

        if (a->inbox.n + n <= a->inbox.size)
                return 0;
        assert(a->inbox.n <= a->inbox.size);
        while (size < a->inbox.n + n)
                size *= 2;
        posts = reallocarray(NULL, size, sizeof(*posts));
        if (!posts)
                return -ENOMEM;
        for (size_t i = 0; i < a->inbox.n; i++)
                posts[i] = a->inbox.posts[(a->inbox.first + i) % a->inbox.size];
        free(a->inbox.posts);
        a->inbox.posts = posts;
        a->inbox.size = size;
        a->inbox.first = 0;
        return 0;
}

void agent_post(struct agent *a, const struct agent_post *post) {
        if (agent_reserve_posts(a, 1) < 0) {
                /* An answer that is lost would be waited for without end. */
                journal_record(LOG_CRIT, JOURNAL_FAULT, NULL, 0,
                               "Out of memory for an event: ending; units run on under their permits, and the "
                               "next start takes them up");
                abort();
        }
        a->inbox.posts[(a->inbox.first + a->inbox.n++) % a->inbox.size] = *post;
}

void agent_post_lock(struct agent_lock *l, const struct election_event *ev) {
        agent_post(l->agent, &(struct agent_post){.type = AGENT_POST_LOCK, .lock = l, .lock_event = *ev});
}

void agent_post_placeholder(struct agent_placeholder *p, const struct placeholder_event *ev) {
        agent_post(p->agent,
                   &(struct agent_post){.type = AGENT_POST_PLACEHOLDER, .placeholder = p, .placeholder_event = *ev});
}

bool agent_take_post(struct agent *a, struct agent_post *ret) {
        if (a->inbox.n == 0)
                return false;
        *ret = a->inbox.posts[a->inbox.first];
        a->inbox.first = (a->inbox.first + 1) % a->inbox.size;
        a->inbox.n--;
        return true;
}
