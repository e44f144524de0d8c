/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl forget-cluster: a human says that the namespace which stands behind a name now is meant. Takes away what
 * this host remembers; the agent looks again by itself, also when it does not run yet. */
#include <errno.h>
#include <stdio.h>

#include "adapter/store.h"
#include "codec/conf.h"
#include "ctl/verbs.h"

struct options {
        const char *config; /* NULL: not given */
};

static int run(const void *options, char *const *arguments, _unused_ size_t n) {
        const struct options *o = options;
        _cleanup_(conf_freep) struct conf *c = NULL;
        const char *name = arguments[0];
        struct err err = {};
        char uid[64];
        int r;

        r = conf_load(&c, o->config ? o->config : CONF_PATH, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        r = store_namespace_forget(c->state_dir, name, uid, &err);
        if (r == -ENOENT) {
                (void)printf("nothing is remembered of namespace %s\n", name);
                return CTL_OK;
        }
        if (r == -EACCES || r == -EPERM)
                return ctl_error("%s; run this as root", err.text);
        if (r < 0)
                return ctl_failed(r, &err);
        (void)printf("namespace %s%s%s is forgotten; the agent accepts what it finds there, within 30 s\n", name,
                     *uid ? " with uid " : "", uid);
        return CTL_OK;
}

static const struct ctl_option forget_options[] = {
        {"config", 0, "FILE", offsetof(struct options, config), ctl_set_text},
        {},
};

const struct ctl_verb ctl_forget_cluster = {
        .name = "forget-cluster",
        .arguments = "NAMESPACE",
        .summary = "accept another cluster behind a namespace's name",
        .usage = "forget-cluster NAMESPACE [--config FILE]\n\n"
                 "This host stays out of NAMESPACE because another cluster stands behind that name, or because it was "
                 "made anew;\n"
                 "from now on it is accepted. You assert that no host leads in the old one: what runs there under a "
                 "lock is not\n"
                 "seen in the new one, and two may run. Stop leader-agent on every host first. To be run on each "
                 "host.\n"
                 "Root, or the user of leader-agent.",
        .options = forget_options,
        .options_size = sizeof(struct options),
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .wrong_arguments = "needs one NAMESPACE",
        .run = run,
};
