/* SPDX-License-Identifier: Apache-2.0 */
/* adapter/kube without its callbacks, and how humans name a lock. */
#include "ctl/ctl_kube.h"

#include <errno.h>
#include <stdio.h>

#include "codec/exec_request.h"
#include "codec/name.h"
#include "ctl/ctl_wait.h"

#define FLUSH_USEC (5 * USEC_PER_SEC)

bool ctl_kube_is_below(const char *path, const char *directory) {
        _cleanup_free_ char *file = realpath(path, NULL), *real = realpath(directory, NULL);
        size_t n = strlen(directory);

        if (strncmp(path, directory, n) == 0 && path[n] == '/')
                return true;
        n = real ? strlen(real) : 0;
        return file && real && strncmp(file, real, n) == 0 && file[n] == '/';
}

/* A plugin runs as who typed this, as with kubectl; but that of the agents' own kubeconfig, if root did, where theirs
 * runs: never as root. */
static const char *plugin_socket(const struct kubeconfig *k) {
        return geteuid() == 0 && k->source && ctl_kube_is_below(k->source, "/etc/leader-agent") ? EXEC_SOCKET : NULL;
}

int ctl_kube_open(struct ctl_kube *ret, const struct ctl_kube_options *o, struct err *err) {
        int r;

        *ret = (struct ctl_kube){.ns = o->ns};
        if (o->ns && !name_is_dns_label(o->ns))
                return err_setf(err, -EINVAL, "--namespace '%s' cannot be the name of a namespace", o->ns);
        r = sd_event_new(&ret->event);
        if (r < 0)
                return err_setf(err, r, "cannot make an event loop: %s", strerror(-r));
        r = kubeconfig_load(&ret->config, o->kubeconfig, o->context, err);
        if (r >= 0)
                r = kube_new(&ret->kube, ret->event, ret->config, 0, err);
        if (r < 0)
                return r;
        kube_set_plugin(ret->kube, plugin_socket(ret->config), /* patient= */ true);
        if (!ret->ns)
                ret->ns = ret->config->namespace_;
        return 0;
}

void ctl_kube_close(struct ctl_kube *k) {
        kube_free(k->kube);
        kubeconfig_free(k->config);
        sd_event_unref(k->event);
        *k = (struct ctl_kube){};
}

int ctl_lock_name_parse(struct ctl_lock_name *ret, const char *text, const struct ctl_kube_options *o,
                        struct err *err) {
        const char *slash = strchr(text, '/'), *name = slash ? slash + 1 : text;

        *ret = (struct ctl_lock_name){};
        if (slash && (size_t)(slash - text) < sizeof(ret->ns))
                memcpy(ret->ns, text, (size_t)(slash - text));
        if ((slash && !name_is_dns_label(ret->ns)) || !name_is_dns_subdomain(name) ||
            !util_copy(ret->name, sizeof(ret->name), name))
                return err_setf(err, -EINVAL, "'%s' cannot be the name of a lock: it is NAME or NAMESPACE/NAME", text);
        if (slash && o->ns && !util_streq(o->ns, ret->ns))
                return err_setf(err, -EINVAL, "'%s' is not in the namespace of --namespace, '%s'", text, o->ns);
        return 0;
}

void ctl_kube_answer(const struct kube_reply *reply, void *userdata) {
        struct ctl_answer *a = userdata;

        a->done = true;
        a->result = reply->result;
        (void)snprintf(a->text, sizeof(a->text), "%s", reply->text);
        a->has_lock = reply->lock != NULL;
        if (reply->lock)
                a->lock = *reply->lock;
        a->has_placeholder = reply->placeholder != NULL;
        if (reply->placeholder)
                a->placeholder = *reply->placeholder;
}

static bool answered(const void *userdata) {
        return ((const struct ctl_answer *)userdata)->done;
}

int ctl_kube_wait(struct ctl_kube *k, int started, struct ctl_answer *a) {
        int r = ctl_wait(k->event, started, answered, a, USEC_INFINITY);

        if (r >= 0)
                return 0;
        a->result = KUBE_UNREACHABLE;
        (void)snprintf(a->text, sizeof(a->text), "cannot send the request: %s", strerror(-r));
        return r;
}

static bool events_sent(const void *userdata) {
        return kube_events_pending(userdata) == 0;
}

void ctl_kube_flush(struct ctl_kube *k) {
        (void)ctl_wait(k->event, 0, events_sent, k->kube, FLUSH_USEC);
}
