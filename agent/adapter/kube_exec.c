/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that a plugin gives (exec of the kubeconfig's user): when it is run, and which of what it gave is sent. A
 * run takes as long as it likes: what is good is sent meanwhile, and only without anything good does a request wait, as
 * long as it may take. Who runs it: adapter/exec.h. What it prints: codec/exec_credential.h. */
#include <errno.h>
#include <stdio.h>

#include "adapter/kube_internal.h"
#include "base/clock.h"
#include "base/random.h"
#include "codec/utf8.h"

/* client-go sets no limit. */
#define RUN_USEC (60 * USEC_PER_SEC)
/* Early enough for a second try. */
#define EARLY_MIN_USEC (10 * USEC_PER_SEC)
/* Between two runs, when one was no failure; and when what it gave is over by our clock. */
#define PACE_USEC      (1 * USEC_PER_SEC)
#define PACE_OVER_USEC (10 * USEC_PER_SEC)
/* Without a 401 for so long, what was refused counts as taken again: one server of several may refuse it. */
#define TAKEN_AGAIN_USEC (10 * USEC_PER_SEC)

static bool is_good(const struct kube_exec *x) {
        uint64_t end = x->credential.expires_at_usec;

        return x->has_one && (end == 0 || x->was_over || clock_realtime_usec() < end);
}

/* How long what is there needs no successor. */
static uint64_t good_for(const struct kube_exec *x) {
        if (!x->has_one || x->was_refused)
                return 0;
        return x->refresh_at_usec == 0 ? USEC_INFINITY : util_usec_sub(x->refresh_at_usec, clock_realtime_usec());
}

static void plan(struct kube_exec *x) {
        uint64_t at = x->run ? USEC_INFINITY : util_usec_add(clock_boottime_usec(), good_for(x));

        if (at < x->not_before_usec)
                at = x->not_before_usec;
        /* These fail only when the loop has ended. */
        if (at != USEC_INFINITY)
                (void)sd_event_source_set_time(x->timer, at);
        (void)sd_event_source_set_enabled(x->timer, at == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void set_gate(struct kube *kube) {
        const struct kube_exec *x = kube->exec;
        char text[512];

        if (is_good(x))
                http_set_gate(kube->http, HTTP_GATE_OPEN, "");
        else if (!x->run && x->problem[0])
                http_set_gate(kube->http, HTTP_GATE_SHUT, x->problem);
        else if (!x->run) { /* it is run again when plan() has set it */
                (void)snprintf(
                        text, sizeof(text),
                        "getting credentials: exec: what executable %.150s gave last is over; it is run again soon",
                        kube->config->exec->command);
                http_set_gate(kube->http, HTTP_GATE_WAITING, text);
        } else {
                (void)snprintf(text, sizeof(text),
                               "getting credentials: exec: executable %.150s has not ended yet%s%.280s",
                               kube->config->exec->command, x->problem[0] ? "; before: " : "", x->problem);
                http_set_gate(kube->http, HTTP_GATE_WAITING, text);
        }
}

/* After each change. */
static void settle(struct kube *kube) {
        const struct kube_exec *x = kube->exec;

        kube->credentials.plugin_problem = x->problem;
        kube->credentials.plugin_has_one = x->has_one && x->refused_at_usec == 0;
        kube->credentials.plugin_ends_usec = x->has_one && !x->was_over ? x->credential.expires_at_usec : 0;
        plan(kube->exec);
        set_gate(kube);
}

/* ---- what became of a run ---- */

static void fail(struct kube *kube, const char *what) {
        struct kube_exec *x = kube->exec;

        (void)snprintf(x->problem, sizeof(x->problem), "getting credentials: %.480s", what);
        (void)utf8_plain(x->problem, /* lines= */ false);
        retry_note(&x->failed, 0, RETRY_FAILED, &RETRY_PLUGIN, clock_boottime_usec(), 0, random_spread());
        x->not_before_usec = x->failed.at_usec;
}

static int take(struct kube *kube, const struct exec_result *result, struct err *err) {
        struct kube_exec *x = kube->exec;
        uint64_t wall = clock_realtime_usec(), life, early;
        struct exec_credential c = {};
        int r = exec_credential_parse(kube->config, result->output, result->n, &c, err);

        if (r < 0)
                return r;
        exec_credential_done(&x->credential);
        x->credential = c;
        x->config.client_cert_data = c.client_cert;
        x->config.client_key_data = c.client_key;
        x->has_one = false;
        r = http_set_identity(kube->http, c.token);
        if (r < 0)
                return err_setf(err, r, "out of memory");
        x->has_one = true;
        x->was_refused = false;
        x->refused_at_usec = 0;
        x->was_over = c.expires_at_usec > 0 && c.expires_at_usec <= wall;
        x->got_at_usec = clock_boottime_usec();
        x->not_before_usec = x->got_at_usec + (x->was_over ? PACE_OVER_USEC : PACE_USEC);
        x->failed = (struct retry){};
        x->problem[0] = '\0';
        /* Of a plugin that keeps them it may be the same one as before: of what is left the same part is early. */
        life = util_usec_sub(c.expires_at_usec, wall);
        early = life / 10 > EARLY_MIN_USEC ? life / 10 : util_usec_min(life / 2, EARLY_MIN_USEC);
        early += random_below(early / 4 + 1); /* not all hosts at once */
        x->refresh_at_usec = util_usec_sub(c.expires_at_usec, early);
        return 0;
}

/* As client-go says it, where it says so. */
static void describe(const struct kube_exec *x, const struct exec_result *result, struct err *err) {
        const struct kubeconfig_exec *e = x->config.exec;
        const char *see = x->socket ? " (journalctl -t leader-agent-exec)" : "";

        switch (result->end) {
        case EXEC_EXITED:
                err_write(err, "exec: executable %s failed with exit code %d%s", e->command, result->code, see);
                break;
        case EXEC_KILLED:
                err_write(err, "exec: executable %s was killed by signal %d%s", e->command, result->code, see);
                break;
        case EXEC_NOT_FOUND:
                err_write(err, "exec: executable %s not found%s%s%s", e->command,
                          x->socket ? " by leader-agent-exec@.service, which sees no home directory without a drop-in"
                                    : "",
                          e->install_hint ? ": " : "", e->install_hint ? e->install_hint : "");
                break;
        case EXEC_NOT_EXECUTABLE:
                err_write(err, "exec: executable %s cannot be run: %s%s", e->command,
                          result->code == ENOEXEC ? "it is no program of this host, or its interpreter is missing"
                                                  : strerror(result->code),
                          x->socket ? " (as the user leader-agent-exec, in leader-agent-exec@.service, which sees no "
                                      "home directory without a drop-in)"
                                    : "");
                break;
        case EXEC_TOO_LARGE:
                err_write(err, "exec: executable %s printed more than %zu KiB", e->command, EXEC_OUTPUT_MAX / 1024);
                break;
        case EXEC_TIMED_OUT:
                err_write(err, "exec: executable %s did not end in %u s, and was killed%s", e->command,
                          (unsigned)(RUN_USEC / USEC_PER_SEC), see);
                break;
        case EXEC_REFUSED:
                err_write(err, "exec: leader-agent-exec is of another version: make install, systemctl daemon-reload");
                break;
        case EXEC_FAILED:
                err_write(err, "exec: executable %s cannot be started: %s", e->command, strerror(result->code));
                break;
        }
}

static void on_result(const struct exec_result *result, void *userdata) {
        struct kube *kube = userdata;
        struct kube_exec *x = kube->exec;
        struct err err = {}, why = {};
        int r = -EINVAL;

        if (!result->answered)
                err_write(
                        &err, "exec: executable %s: %s%s", x->config.exec->command, result->text,
                        x->socket
                                ? " (journalctl -u 'leader-agent-exec@*'; where its user is missing: systemd-sysusers)"
                                : "");
        else if (result->end == EXEC_EXITED && result->code == 0) {
                r = take(kube, result, &why);
                if (r < 0)
                        err_write(&err, "%.700s (%.250s)", why.text, x->config.exec->command);
        } else
                describe(x, result, &err);
        x->run = exec_free(x->run);
        if (r < 0)
                fail(kube, err.text);
        settle(kube);
}

/* ---- a run ---- */

/* List, then more: NULL where there is none. Returns NULL without memory. */
static char **list_of(const char *first, char **list, size_t n, const char *last) {
        char **ret = calloc(n + 3, sizeof(*ret));
        size_t k = 0;

        if (!ret)
                return NULL;
        if (first)
                ret[k++] = (char *)first; /* nobody writes there */
        for (size_t i = 0; i < n; i++)
                ret[k++] = list[i];
        ret[k] = (char *)last;
        return ret;
}

static int start(struct kube *kube, struct err *err) {
        struct kube_exec *x = kube->exec;
        const struct kubeconfig_exec *e = kube->config->exec;
        _cleanup_free_ char *info = NULL, *variable = NULL, **args = NULL, **env = NULL;
        struct exec_order order = {.timeout_usec = RUN_USEC};
        int r = exec_credential_info(kube->config, &info);

        if (r < 0)
                return err_setf(err, r, "cannot tell the plugin of the cluster: %s", strerror(-r));
        if (asprintf(&variable, "KUBERNETES_EXEC_INFO=%s", info) < 0) {
                variable = NULL;
                return -ENOMEM;
        }
        order.args = args = list_of(e->command, e->args, e->n_args, NULL);
        order.env = env = list_of(NULL, e->env, e->n_env, variable);
        if (!args || !env)
                return -ENOMEM;
        return exec_start(&x->run, kube->event, x->socket, &order, on_result, kube, err);
}

static void run(struct kube *kube) {
        struct kube_exec *x = kube->exec;
        struct err err = {};
        char text[600];
        int r = start(kube, &err);

        if (r >= 0)
                return;
        (void)snprintf(text, sizeof(text), "exec: %.400s%s", err.text[0] ? err.text : strerror(-r),
                       x->socket && (r == -ENOENT || r == -ECONNREFUSED)
                               ? "; systemctl enable --now leader-agent-exec.socket"
                               : "");
        fail(kube, text);
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct kube *kube = userdata;

        if (kube->exec->run)
                return 0;
        run(kube);
        settle(kube);
        return 0;
}

/* ---- for requests ---- */

void kube_exec_want(struct kube *kube) {
        struct kube_exec *x = kube->exec;

        /* By the wall clock, which may have been set since the timer was. */
        if (!x->run && good_for(x) == 0 && clock_boottime_usec() >= x->not_before_usec)
                run(kube);
        settle(kube);
}

void kube_exec_judged(struct kube *kube, const struct http_result *http) {
        struct kube_exec *x = kube->exec;
        uint64_t now = clock_boottime_usec(), before = x->refused_at_usec;

        /* Of the one before it says nothing. */
        if (!x->has_one || http->sent_at_usec < x->got_at_usec || http->code == 0)
                return;
        if (http->code != 401)
                x->refused = (struct retry){};
        else if (!x->was_refused) {
                x->was_refused = true;
                /* A new one at once; if the server does not take that one either, not again and again. */
                retry_note(&x->refused, 0, RETRY_RACED, &RETRY_PLUGIN, now, 0, random_spread());
                if (x->not_before_usec < x->refused.at_usec)
                        x->not_before_usec = x->refused.at_usec;
        }
        if (http->code == 401)
                x->refused_at_usec = now;
        else if (now - before >= TAKEN_AGAIN_USEC)
                x->refused_at_usec = 0;
        if (!before != !x->refused_at_usec)
                settle(kube);
}

/* ---- life ---- */

int kube_exec_init(struct kube *kube, const struct kubeconfig *config) {
        struct kube_exec *x = kube->exec = calloc(1, sizeof(*x));
        int r;

        if (!x)
                return -ENOMEM;
        x->config = *config;
        x->socket = EXEC_SOCKET;
        r = sd_event_add_time(kube->event, &x->timer, CLOCK_BOOTTIME, 0, 1, on_timer, kube);
        return r < 0 ? r : sd_event_source_set_enabled(x->timer, SD_EVENT_OFF);
}

void kube_exec_done(struct kube *kube) {
        struct kube_exec *x = kube->exec;

        if (!x)
                return;
        exec_free(x->run);
        sd_event_source_disable_unref(x->timer);
        exec_credential_done(&x->credential);
        free(x);
        kube->exec = NULL;
}

void kube_set_plugin(struct kube *kube, const char *socket, bool patient) {
        if (!kube->exec)
                return;
        kube->exec->socket = socket;
        http_set_patience(kube->http, patient ? 2 * RUN_USEC : 0);
}
