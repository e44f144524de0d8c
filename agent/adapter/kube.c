/* SPDX-License-Identifier: Apache-2.0 */
/* The connection as a whole: slots, token, paths. */
#include "adapter/kube.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "adapter/kube_internal.h"
#include "base/clock.h"
#include "codec/name.h"

#define KUBE_TIMEOUT_USEC    (5 * USEC_PER_SEC)
#define KUBE_SILENCE_USEC    (150 * USEC_PER_SEC)
#define KUBE_LENGTH_USEC     (600 * USEC_PER_SEC)
#define KUBE_TOKEN_KEEP_USEC (50 * USEC_PER_SEC)
#define KUBE_TOKEN_MAX       ((size_t)64 * 1024)

/* ---- slots ---- */

void kube_slot_init(struct kube_slot *slot, struct kube *kube, void (*cancel)(struct kube_slot *), bool is_owned) {
        slot->kube = kube;
        slot->cancel = cancel;
        slot->is_owned = is_owned;
        slot->previous = NULL;
        slot->next = kube->slots;
        if (slot->next)
                slot->next->previous = slot;
        kube->slots = slot;
}

static void detach(struct kube_slot *slot) {
        if (!slot->kube)
                return;
        slot->cancel(slot);
        if (slot->previous)
                slot->previous->next = slot->next;
        else
                slot->kube->slots = slot->next;
        if (slot->next)
                slot->next->previous = slot->previous;
        slot->kube = NULL;
}

struct kube_slot *kube_slot_free(struct kube_slot *slot) {
        if (!slot)
                return NULL;
        detach(slot);
        free(slot);
        return NULL;
}

/* ---- token ---- */

static void forget_token(struct kube *kube) {
        if (kube->token)
                explicit_bzero(kube->token, strlen(kube->token));
        free(TAKE_PTR(kube->token));
}

int kube_token_read(int fd, char **ret) {
        _cleanup_free_ char *buffer = malloc(KUBE_TOKEN_MAX + 1);
        size_t n = 0, begin = 0;
        int r = 0;

        if (!buffer)
                return -ENOMEM;
        while (n <= KUBE_TOKEN_MAX) {
                ssize_t k = read(fd, buffer + n, KUBE_TOKEN_MAX + 1 - n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0)
                        break;
                n += (size_t)k;
        }
        if (n > KUBE_TOKEN_MAX)
                r = -EFBIG;
        while (n > 0 && (unsigned char)buffer[n - 1] <= ' ')
                n--;
        while (begin < n && (unsigned char)buffer[begin] <= ' ')
                begin++;
        if (r == 0 && begin == n)
                r = -ENODATA;
        /* It goes into a header line: nothing in it may end that. */
        for (size_t i = begin; r == 0 && i < n; i++)
                if ((unsigned char)buffer[i] <= ' ' || (unsigned char)buffer[i] >= 0x7f)
                        r = -EBADMSG;
        if (r == 0) {
                *ret = strndup(buffer + begin, n - begin);
                r = *ret ? 0 : -ENOMEM;
        }
        explicit_bzero(buffer, KUBE_TOKEN_MAX + 1);
        return r;
}

static int read_file(const char *path, char **ret) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

        return fd < 0 ? -errno : kube_token_read(fd, ret);
}

const char *kube_token(struct kube *kube) {
        uint64_t now = clock_boottime_usec();
        char *token = NULL;
        int r;

        if (kube->exec) { /* http sends what that gives */
                kube_exec_want(kube);
                return NULL;
        }
        if (util_empty(kube->config->token_file))
                return kube->config->token;
        if (kube->token_read_at_usec > 0 && now - kube->token_read_at_usec < KUBE_TOKEN_KEEP_USEC)
                return kube->token;
        r = read_file(kube->config->token_file, &token);
        kube->token_read_at_usec = now;
        if (r >= 0) {
                forget_token(kube);
                kube->token = token;
                kube->credentials.token = credentials_read_token(token);
                kube->credentials.account = credentials_read_account(token);
                *kube->token_error = 0;
        } else
                /* The last good one stays: it may still be valid, and the server will say so. */
                (void)snprintf(kube->token_error, sizeof(kube->token_error), "token file %s: %s",
                               kube->config->token_file,
                               r == -ENODATA   ? "is empty"
                               : r == -EBADMSG ? "holds more than a token"
                                               : strerror(-r));
        if (!kube->token && kube->config->token)
                kube->token = strdup(kube->config->token);
        return kube->token;
}

void kube_token_judged(struct kube *kube, const struct http_result *http) {
        if (kube->exec)
                kube_exec_judged(kube, http);
        else if (http->code == 401)
                kube->token_read_at_usec = 0;
}

/* ---- paths ---- */

static struct placeholder_resource resource(struct kube_what what) {
        switch (what.kind) {
        case KUBE_KIND_LOCK:
                return (struct placeholder_resource){"v1", "/api/v1", "configmaps", "configmap"};
        case KUBE_KIND_PLACEHOLDER:
                return placeholder_resource(what.placeholder);
        case KUBE_KIND_NAMESPACE:
                return (struct placeholder_resource){"v1", "/api/v1", "namespaces", "namespace"};
        case KUBE_KIND_RULES_REVIEW:
                return (struct placeholder_resource){"authorization.k8s.io/v1", "/apis/authorization.k8s.io/v1",
                                                     "selfsubjectrulesreviews", "selfsubjectrulesreview"};
        case KUBE_KIND_ACCESS_REVIEW:
                return (struct placeholder_resource){"authorization.k8s.io/v1", "/apis/authorization.k8s.io/v1",
                                                     "selfsubjectaccessreviews", "selfsubjectaccessreview"};
        case KUBE_KIND_TOKEN:
                return (struct placeholder_resource){"v1", "/api/v1", "serviceaccounts", "serviceaccounts/token"};
        case KUBE_KIND_EVENT:
                break;
        }
        return (struct placeholder_resource){"events.k8s.io/v1", "/apis/events.k8s.io/v1", "events", "event"};
}

const char *kube_what_to_string(struct kube_what what) {
        return resource(what).singular;
}

int kube_path(struct kube_what what, const char *ns, const char *name, char **ret) {
        /* What is a name needs no escaping, and nothing else is let into a path. */
        if ((ns && !name_is_dns_label(ns)) || (name && (!ns || !name_is_dns_subdomain(name))))
                return -EINVAL;
        if (what.kind == KUBE_KIND_NAMESPACE) /* in none itself */
                ns = NULL;
        if (asprintf(ret, "%s%s%s/%s%s%s%s", resource(what).path, ns ? "/namespaces/" : "", ns ? ns : "",
                     resource(what).plural, name ? "/" : "", name ? name : "",
                     what.kind == KUBE_KIND_TOKEN ? "/token" : "") < 0) {
                *ret = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* ---- life ---- */

static void format_user_agent(char *dst, size_t size) {
        struct utsname u;
        const char *machine = uname(&u) < 0 ? "unknown" : u.machine;

        /* Go's names, which is what is found beside ours in the audit log. */
        if (util_streq(machine, "x86_64"))
                machine = "amd64";
        else if (util_streq(machine, "aarch64"))
                machine = "arm64";
        (void)snprintf(dst, size, "leader-agent/%s (linux/%s)", AGENT_VERSION, machine);
}

int kube_new(struct kube **ret, sd_event *event, const struct kubeconfig *config, uint64_t request_timeout_usec,
             struct err *err) {
        _cleanup_(kube_freep) struct kube *kube = calloc(1, sizeof(*kube));
        char user_agent[160];
        int r;

        if (!kube)
                return -ENOMEM;
        kube->event = sd_event_ref(event);
        kube->config = config;
        kube->timeout_usec = request_timeout_usec > 0 ? request_timeout_usec : KUBE_TIMEOUT_USEC;
        kube->silence_usec = KUBE_SILENCE_USEC;
        kube->length_usec = KUBE_LENGTH_USEC;
        format_user_agent(user_agent, sizeof(user_agent));
        r = config->exec ? kube_exec_init(kube, config) : 0;
        if (r >= 0)
                r = http_new(&kube->http, event, kube->exec ? &kube->exec->config : config, user_agent, err);
        if (r < 0)
                return r;
        kube->credentials.problem = http_look(kube->http, &kube->credentials.certificate);
        *ret = TAKE_PTR(kube);
        return 0;
}

int kube_check(const struct kubeconfig *config, struct err *err) {
        return http_check(config, err);
}

struct kube *kube_free(struct kube *kube) {
        if (!kube)
                return NULL;
        while (kube->slots) {
                struct kube_slot *slot = kube->slots;
                bool is_owned = slot->is_owned;

                detach(slot);
                if (!is_owned)
                        free(slot);
        }
        http_free(kube->http);
        kube_exec_done(kube);
        forget_token(kube);
        sd_event_unref(kube->event);
        free(kube);
        return NULL;
}

void kube_set_watch_limits(struct kube *kube, uint64_t silence_usec, uint64_t length_usec) {
        kube->silence_usec = silence_usec;
        kube->length_usec = length_usec;
}
