/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to run a credential plugin, to and from bytes. Who sends is not trusted, and neither is who answers. */
#include "codec/exec_request.h"

#include <errno.h>

static size_t count(char *const *list, size_t *bytes) {
        size_t n = 0;

        for (; list && list[n]; n++)
                *bytes += strlen(list[n]) + 1;
        return n;
}

static char *put(char *at, char *const *list) {
        for (; list && *list; list++) {
                size_t n = strlen(*list) + 1;

                memcpy(at, *list, n);
                at += n;
        }
        return at;
}

int exec_request_build(const struct exec_order *o, char **ret, size_t *n_ret) {
        size_t bytes = 0, n_args = count(o->args, &bytes), n_env = count(o->env, &bytes);
        struct exec_request_head h = {.magic = EXEC_MAGIC};
        char *text;

        if (bytes > EXEC_REQUEST_MAX || n_args == 0 || n_args > EXEC_STRINGS_MAX || n_env > EXEC_STRINGS_MAX)
                return -E2BIG;
        h.n_bytes = (uint32_t)bytes;
        h.n_args = (uint32_t)n_args;
        h.n_env = (uint32_t)n_env;
        h.timeout_msec = (uint32_t)(util_usec_min(o->timeout_usec, EXEC_RUN_MAX_USEC) / USEC_PER_MSEC);
        text = malloc(sizeof(h) + bytes);
        if (!text)
                return -ENOMEM;
        memcpy(text, &h, sizeof(h));
        (void)put(put(text + sizeof(h), o->args), o->env);
        *ret = text;
        *n_ret = sizeof(h) + bytes;
        return 0;
}

int exec_request_check(const struct exec_request_head *h) {
        if (h->magic != EXEC_MAGIC || h->n_args == 0 || h->n_args > EXEC_STRINGS_MAX || h->n_env > EXEC_STRINGS_MAX)
                return -EBADMSG;
        /* Each string has at least its NUL. */
        return h->n_bytes <= EXEC_REQUEST_MAX && h->n_bytes >= h->n_args + h->n_env ? 0 : -EBADMSG;
}

static bool is_variable(const char *s) {
        const char *equals = strchr(s, '=');

        return equals && equals != s;
}

/* Reads n strings from *at, which stays before end. */
static int take(char **list, size_t n, char **at, char *end, bool are_variables) {
        for (size_t i = 0; i < n; i++) {
                char *nul = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;

                if (!nul || (are_variables && !is_variable(*at)))
                        return -EBADMSG;
                list[i] = *at;
                *at = nul + 1;
        }
        return 0;
}

int exec_request_parse(const struct exec_request_head *h, char *body, struct exec_order *ret) {
        _cleanup_free_ char **args = calloc((size_t)h->n_args + 1, sizeof(*args));
        _cleanup_free_ char **env = calloc((size_t)h->n_env + 1, sizeof(*env));
        char *at = body, *end = body + h->n_bytes;
        int r;

        if (!args || !env)
                return -ENOMEM;
        r = take(args, h->n_args, &at, end, /* are_variables= */ false);
        if (r >= 0)
                r = take(env, h->n_env, &at, end, /* are_variables= */ true);
        if (r < 0 || at != end || !args[0] || !*args[0])
                return -EBADMSG;
        *ret = (struct exec_order){.timeout_usec = util_usec_min(h->timeout_msec * USEC_PER_MSEC, EXEC_RUN_MAX_USEC)};
        ret->args = TAKE_PTR(args);
        ret->env = TAKE_PTR(env);
        return 0;
}

int exec_answer_check(const struct exec_answer_head *h) {
        if (h->magic != EXEC_MAGIC || !EXEC_END_VALID(h->end) || h->n_bytes > EXEC_OUTPUT_MAX)
                return -EBADMSG;
        return h->n_bytes == 0 || h->end == EXEC_EXITED ? 0 : -EBADMSG;
}
