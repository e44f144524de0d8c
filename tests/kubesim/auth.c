/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, client certificates and denials: lists that only grow in a test, searched from the start. */
#include "auth.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

struct auth_token {
        struct auth_token *next;
        char *token, *user;
};

struct auth_denial {
        struct auth_denial *next;
        char *user, *verb, *resource, *name;
};

void auth_allow_all(struct auth *a) {
        while (a->denials) {
                struct auth_denial *d = a->denials;
                a->denials = d->next;
                free(d->user);
                free(d->verb);
                free(d->resource);
                free(d->name);
                free(d);
        }
}

static void auth_drop_token(struct auth_token **at) {
        struct auth_token *t = *at;
        *at = t->next;
        free(t->token);
        free(t->user);
        free(t);
}

void auth_done(struct auth *a) {
        auth_allow_all(a);
        while (a->tokens)
                auth_drop_token(&a->tokens);
}

void auth_set_token(struct auth *a, const char *token, const char *user) {
        for (struct auth_token **at = &a->tokens; *at; at = &(*at)->next)
                if (util_streq((*at)->token, token)) {
                        auth_drop_token(at);
                        break;
                }
        if (util_empty(user))
                return;
        struct auth_token *t = doc_alloc(sizeof(*t));
        *t = (struct auth_token){.next = a->tokens, .token = doc_strdup(token), .user = doc_strdup(user)};
        a->tokens = t;
}

bool auth_knows(const struct auth *a, const char *user) {
        for (struct auth_token *t = a->tokens; t; t = t->next)
                if (util_streq(t->user, user))
                        return true;
        return false;
}

static void auth_close(FILE **f) {
        if (*f)
                fclose(*f);
}

int auth_load_tokens(struct auth *a, const char *path) {
        char line[1024];
        _cleanup_(auth_close) FILE *f = fopen(path, "re");
        if (!f)
                return -errno;
        while (fgets(line, sizeof(line), f)) {
                line[strcspn(line, "#\r\n")] = 0;
                char *save = NULL, *token = strtok_r(line, ", \t", &save);
                char *user = token ? strtok_r(NULL, ", \t\"", &save) : NULL;
                if (token && !user)
                        return -EINVAL;
                if (token)
                        auth_set_token(a, token, user);
        }
        return 0;
}

void auth_deny(struct auth *a, const char *user, const char *verb, const char *resource, const char *name) {
        struct auth_denial *d = doc_alloc(sizeof(*d));
        *d = (struct auth_denial){.next = a->denials,
                                  .user = doc_strdup(user),
                                  .verb = doc_strdup(verb),
                                  .resource = doc_strdup(resource),
                                  .name = doc_strdup(name)};
        a->denials = d;
}

const char *auth_user(const struct auth *a, const char *certificate_user, const char *header) {
        if (certificate_user)
                return certificate_user;
        if (header && strncasecmp(header, "Bearer ", 7) == 0) {
                for (struct auth_token *t = a->tokens; t; t = t->next)
                        if (util_streq(t->token, header + 7))
                                return t->user;
                return NULL;
        }
        return a->open ? "admin" : "system:anonymous";
}

static bool auth_matches(const char *rule, const char *value) {
        return !*rule || util_streq(rule, value);
}

bool auth_may(const struct auth *a, const char *user, const char *verb, const char *resource, const char *name) {
        if (util_streq(user, "system:anonymous"))
                return false;
        for (struct auth_denial *d = a->denials; d; d = d->next)
                if (auth_matches(d->user, user) && auth_matches(d->verb, verb) && auth_matches(d->resource, resource) &&
                    auth_matches(d->name, name))
                        return false;
        return true;
}

enum auth_denied auth_denies(const struct auth *a, const char *user, const char *verb, const char *resource) {
        enum auth_denied denied = AUTH_NOT_DENIED;
        if (util_streq(user, "system:anonymous"))
                return AUTH_DENIED;
        for (struct auth_denial *d = a->denials; d; d = d->next) {
                if (!auth_matches(d->user, user) || !auth_matches(d->verb, verb) ||
                    !auth_matches(d->resource, resource))
                        continue;
                if (!*d->name)
                        return AUTH_DENIED;
                denied = AUTH_DENIED_FOR_NAMES;
        }
        return denied;
}

static bool auth_denied(const struct auth *a, const struct call *c, const char *verb, const char *name) {
        return !auth_may(a, c->user, verb, c->resource->plural, name);
}

bool auth_check(const struct auth *a, const struct call *c, bool exists, struct reply *r) {
        const char *verb = verb_to_string(c->verb), *name = c->name;
        if (c->verb == VERB_LIST || c->verb == VERB_WATCH)
                name = c->select_name;
        bool denied = auth_denied(a, c, verb, name);
        if (!denied && c->verb == VERB_UPDATE && !exists && c->resource->put_creates) {
                verb = "create"; /* authorized a second time, with the name */
                denied = auth_denied(a, c, verb, name);
        }
        if (!denied)
                return true;
        _cleanup_free_ char *object = *name ? doc_printf("%s \"%s\"", c->resource->resource_name, name)
                                            : doc_strdup(c->resource->resource_name);
        _cleanup_free_ char *where =
                *c->ns ? doc_printf("in the namespace \"%s\"", c->ns) : doc_strdup("at the cluster scope");
        reply_status(r, 403, "Forbidden", reply_details(name, c->resource->group, c->resource->plural),
                     "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s", object, c->user,
                     verb, c->resource->plural, c->resource->group, where);
        return false;
}
