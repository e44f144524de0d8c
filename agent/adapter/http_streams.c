/* SPDX-License-Identifier: Apache-2.0 */
/* Streams in groups: the first with room takes the next one, so that there are as few connections as can be. */
#include "adapter/http_streams.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"

static int add_group(struct http_streams *s) {
        struct http_group *group = calloc(1, sizeof(*group));
        int r;

        if (!group)
                return -ENOMEM;
        r = http_loop_init(&group->loop, s->event, /* max_idle= */ 2, s->calls, s->userdata);
        if (r < 0) {
                http_loop_done(&group->loop);
                free(group);
                return r;
        }
        s->groups[s->n_groups++] = group;
        return 0;
}

int http_streams_init(struct http_streams *s, sd_event *event, const struct http_loop_calls *calls, void *userdata) {
        *s = (struct http_streams){.event = sd_event_ref(event), .calls = calls, .userdata = userdata};
        return add_group(s);
}

void http_streams_done(struct http_streams *s) {
        for (size_t i = 0; i < s->n_groups; i++) {
                http_loop_done(&s->groups[i]->loop);
                free(s->groups[i]);
        }
        sd_event_unref(s->event);
        *s = (struct http_streams){};
}

static struct http_group *fewest(const struct http_streams *s) {
        struct http_group *best = s->groups[0];

        for (size_t i = 1; i < s->n_groups; i++)
                if (s->groups[i]->n < best->n)
                        best = s->groups[i];
        return best;
}

static struct http_group *first_with_room(const struct http_streams *s) {
        for (size_t i = 0; i < s->n_groups; i++)
                if (s->groups[i]->n < HTTP_GROUP_STREAMS)
                        return s->groups[i];
        return NULL;
}

struct http_group *http_streams_join(struct http_streams *s, bool is_stream) {
        struct http_group *group = is_stream ? first_with_room(s) : fewest(s);

        if (!group && s->n_groups < HTTP_GROUPS_MAX) {
                if (add_group(s) < 0)
                        return NULL;
                group = s->groups[s->n_groups - 1];
        }
        if (!group)
                group = fewest(s);
        group->n++;
        return group;
}

void http_streams_leave(struct http_group *group) {
        if (group)
                group->n--;
}
