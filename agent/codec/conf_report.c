/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration and kubeconfig together, as the agent would use them, printed. What is wrong with either is said by
 * their own codecs; nothing is judged here. */
#include "codec/conf_report.h"

#include "codec/conf.h"
#include "codec/kubeconfig.h"

int conf_report(const char *path, FILE *f, struct err *err) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        int r;

        r = conf_load(&c, path, err);
        if (r < 0)
                return r;
        r = kubeconfig_load(&k, c->kubeconfig, c->context, err);
        if (r < 0)
                return r;
        r = conf_set_default_namespace(c, k->namespace_, err);
        if (r < 0)
                return r;
        (void)fprintf(f, "# kubeconfig %s, context %s, server %s\n", k->source, k->context, k->server);
        conf_describe(c, f);
        return 0;
}
