/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl renew-token: a new token for the service account that the agent of this host is, in place of the old one in
 * the kubeconfig's token file, by the account's own right. leader-agent-token.timer runs it; the agent reads the file
 * again by itself. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "codec/conf.h"
#include "codec/timespan.h"
#include "codec/token_request.h"
#include "ctl/ctl_kube.h"
#include "ctl/renew_timer.h"
#include "ctl/verbs.h"

struct options {
        const char *config, *kubeconfig, *context; /* NULL: not given */
        uint64_t duration_usec;                    /* 0: not given */
};

struct renewal {
        struct ctl_answer answer; /* first: ctl_kube_wait() */
        long http_code;
        char *token; /* to be wiped */
};

static void on_token(const struct kube_reply *reply, void *userdata) {
        struct renewal *x = userdata;

        ctl_kube_answer(reply, &x->answer);
        x->http_code = reply->http_code;
        x->token = reply->token ? strdup(reply->token) : NULL;
}

/* ---- whether it can be renewed at all ---- */

static int refuse_kind(const struct kubeconfig *k) {
        if (strncmp(k->server, "http://", strlen("http://")) == 0)
                return ctl_error("%s: server %s is not asked with a token: that needs https", k->source, k->server);
        return ctl_error("%s: user \"%s\" has no tokenFile, so there is no file to renew: write the token into a file, "
                         "and tokenFile: FILE instead of %s",
                         k->source, k->user ? k->user : "", k->token ? "token:" : "what is there");
}

/* For how long one is asked for. Returns 0 when that cannot be said, and tells why. */
static uint64_t seconds_of(const struct options *o, const struct kubeconfig *k, const struct kube_credentials *c) {
        uint64_t life = util_usec_sub(c->token.ends_usec, c->token.begins_usec);

        if (o->duration_usec)
                return o->duration_usec / USEC_PER_SEC;
        if (c->token.begins_usec && c->token.ends_usec)
                return life / USEC_PER_SEC < TOKEN_REQUEST_SECONDS_MIN ? TOKEN_REQUEST_SECONDS_MIN
                                                                       : life / USEC_PER_SEC;
        (void)ctl_error("the token in %s does not say for how long it was given%s; to have another one: --duration "
                        "TIME",
                        k->token_file, c->token.ends_usec ? "" : ", and has no end: it needs no renewal");
        return 0;
}

/* ---- the answer ---- */

static int refused(const struct renewal *x, const struct kubeconfig *k, const struct credentials_account *account) {
        const struct rights_ask ask = {
                .group = "", .resource = "serviceaccounts/token", .name = account->name, .verbs = RIGHTS_CREATE};
        char rule[400];

        (void)ctl_error("%s", x->answer.text);
        if (x->http_code == 401)
                (void)fprintf(stderr,
                              "The token in %s is not accepted any more, and so cannot renew itself. Write a new one "
                              "into that file: kubectl -n %s create token %s\n",
                              k->token_file, account->ns, account->name);
        else if (x->answer.result == KUBE_DENIED) {
                rights_format_rule(&ask, rule, sizeof(rule));
                (void)fprintf(stderr,
                              "It may not renew itself: add this to the rules of its Role in namespace %s "
                              "(conf/rbac.yaml):\n%s\n",
                              account->ns, rule);
        }
        return CTL_FAILURE;
}

static void tell(const struct kubeconfig *k, const struct credentials_account *account, const char *token,
                 uint64_t asked, bool elsewhere) {
        struct credentials_term t = credentials_read_token(token);
        uint64_t given = util_usec_sub(t.ends_usec, t.begins_usec) / USEC_PER_SEC;
        char at[CLOCK_TEXT_SIZE], span[TIMESPAN_MAX], wanted[TIMESPAN_MAX];

        if (!t.ends_usec) {
                (void)printf("%s: new token of service account %s/%s; it does not say until when it is valid\n",
                             k->token_file, account->ns, account->name);
                return;
        }
        (void)printf("%s: new token of service account %s/%s, valid until %s\n", k->token_file, account->ns,
                     account->name, clock_format_local(t.ends_usec, at));
        if (t.begins_usec && given < asked)
                (void)printf("The cluster gave it for %s, not for the %s that were asked for.\n",
                             timespan_format(span, given * USEC_PER_SEC),
                             timespan_format(wanted, asked * USEC_PER_SEC));
        (void)fflush(stdout);
        renew_timer_warn(util_usec_sub(t.ends_usec, t.begins_usec ? t.begins_usec : clock_realtime_usec()), elsewhere,
                         stderr);
}

static int renew(const struct options *o, struct ctl_kube *kube) {
        const struct kubeconfig *k = kube->config;
        const struct kube_credentials *c = kube_credentials(kube->kube);
        struct credentials_account account;
        struct renewal x = {};
        struct err err = {};
        uint64_t seconds;
        int r;

        if (!k->token_file)
                return refuse_kind(k);
        kube_credentials_look(kube->kube);
        account = c->account;
        if (!*account.ns)
                return ctl_error("the token in %s is not one of a service account (a JSON Web Token whose sub is "
                                 "system:serviceaccount:NAMESPACE:NAME): only such a one can be renewed",
                                 k->token_file);
        seconds = seconds_of(o, k, c);
        if (!seconds)
                return CTL_FAILURE;
        r = ctl_kube_wait(kube, kube_token_request(kube->kube, account.ns, account.name, seconds, on_token, &x, NULL),
                          &x.answer);
        if (r < 0 || x.answer.result != KUBE_OK)
                r = refused(&x, k, &account);
        else if (!x.token)
                r = ctl_error("out of memory");
        else if (kube_token_replace(kube->kube, x.token, &err) < 0)
                r = ctl_failed(-EIO, &err);
        else {
                tell(k, &account, x.token, seconds, o->kubeconfig);
                r = CTL_OK;
        }
        if (x.token)
                explicit_bzero(x.token, strlen(x.token));
        free(x.token);
        return r;
}

/* ---- the verb ---- */

static int run(const void *options, _unused_ char *const *arguments, _unused_ size_t n) {
        const struct options *o = options;
        struct ctl_kube_options where = {.kubeconfig = o->kubeconfig, .context = o->context};
        _cleanup_(conf_freep) struct conf *c = NULL;
        struct ctl_kube kube = {};
        struct err err = {};
        int r;

        if (!o->kubeconfig) {
                r = conf_load(&c, o->config ? o->config : CONF_PATH, &err);
                if (r < 0)
                        return ctl_failed(r, &err);
                if (!c->kubeconfig)
                        return ctl_error("the configuration names no kubeconfig: set it there, or say --kubeconfig "
                                         "FILE");
                where.kubeconfig = c->kubeconfig;
                where.context = where.context ? where.context : c->context;
        }
        r = ctl_kube_open(&kube, &where, &err);
        r = r < 0 ? ctl_failed(r, &err) : renew(o, &kube);
        ctl_kube_close(&kube);
        return r;
}

static int set_duration(const char *argument, void *field, struct err *err) {
        uint64_t usec;

        if (timespan_parse(argument, &usec) < 0 || usec < TOKEN_REQUEST_SECONDS_MIN * USEC_PER_SEC ||
            usec > TOKEN_REQUEST_SECONDS_MAX * USEC_PER_SEC)
                return err_setf(err, -EINVAL, "--duration '%s' is no time of at least 10min (\"24h\", \"30d\")",
                                argument);
        *(uint64_t *)field = usec;
        return 0;
}

static const struct ctl_option renew_options[] = {
        {"duration", 0, "TIME", offsetof(struct options, duration_usec), set_duration},
        {"config", 0, "FILE", offsetof(struct options, config), ctl_set_text},
        {"kubeconfig", 0, "FILE", offsetof(struct options, kubeconfig), ctl_set_text},
        {"context", 0, "NAME", offsetof(struct options, context), ctl_set_text},
        {},
};

const struct ctl_verb ctl_renew_token = {
        .name = "renew-token",
        .arguments = "[--duration TIME]",
        .summary = "a new token into the agent's token file",
        .usage = "renew-token [--duration TIME] [--config FILE] [--kubeconfig FILE] [--context NAME]\n\n"
                 "Asks the API server for a new token of the service account whose token is in the tokenFile of the\n"
                 "agent's kubeconfig, and writes it there, in one step. The agent reads it by itself.\n"
                 "leader-agent-token.timer does this regularly. Root.\n\n"
                 "  --duration TIME    for how long (24h, 30d) [as the present one was given]; the cluster may cap it\n"
                 "  --config FILE      the agent's configuration, which names the kubeconfig [" CONF_PATH "]\n"
                 "  --kubeconfig FILE  this one instead; --context NAME: one of its contexts",
        .options = renew_options,
        .options_size = sizeof(struct options),
        .wrong_arguments = "takes no argument",
        .run = run,
};
