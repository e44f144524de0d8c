/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to run a credential plugin: the input as one from who is not trusted, head and body; what is taken is a
 * command with arguments and variables, all inside the body, and is the same again when it is built and read. Its first
 * bytes as the head of an answer. */
#include "codec/exec_request.h"
#include "fuzz.h"

static size_t count(char *const *list, const char *body, const char *end) {
        size_t n = 0;

        for (; list[n]; n++)
                fuzz_assert(list[n] >= body && list[n] + strlen(list[n]) < end);
        return n;
}

static void again(const struct exec_order *o, const struct exec_request_head *h) {
        struct exec_request_head second;
        struct exec_order same = {};
        char *text = NULL;
        size_t n = 0;
        int r = exec_request_build(o, &text, &n);

        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()));
        if (r < 0)
                return;
        memcpy(&second, text, sizeof(second));
        fuzz_assert(n == sizeof(second) + h->n_bytes && second.n_bytes == h->n_bytes && second.n_args == h->n_args &&
                    second.n_env == h->n_env && exec_request_check(&second) == 0);
        r = exec_request_parse(&second, text + sizeof(second), &same);
        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()));
        if (r == 0)
                fuzz_assert(same.timeout_usec == o->timeout_usec && util_streq(same.args[0], o->args[0]));
        free(same.args);
        free(same.env);
        free(text);
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct exec_request_head h = {.magic = EXEC_MAGIC};
        struct exec_answer_head answer = {.magic = EXEC_MAGIC};
        struct exec_order o = {};
        struct fuzz f = {data, size};
        char *body;
        int r;

        /* Mostly right, or no input would come far. */
        h.magic += fuzz_byte(&f) == 255;
        h.n_args = (uint32_t)fuzz_number(&f, 2);
        h.n_env = (uint32_t)fuzz_number(&f, 2);
        h.timeout_msec = (uint32_t)fuzz_number(&f, 4);
        h.n_bytes = (uint32_t)f.n + (fuzz_byte(&f) == 255 ? (uint32_t)fuzz_number(&f, 4) : 0);
        h.n_bytes = f.n < h.n_bytes && h.n_bytes < EXEC_REQUEST_MAX ? (uint32_t)f.n : h.n_bytes;
        answer.magic = h.magic;
        answer.end = h.n_args;
        answer.n_bytes = h.timeout_msec;
        r = exec_answer_check(&answer);
        fuzz_assert(r == 0 || r == -EBADMSG);
        fuzz_assert(r < 0 || (answer.n_bytes <= EXEC_OUTPUT_MAX && EXEC_END_VALID(answer.end)));
        if (exec_request_check(&h) < 0 || h.n_bytes > f.n)
                return;
        body = fuzz_copy(f.p, h.n_bytes);
        r = exec_request_parse(&h, body, &o);
        fuzz_assert(r == 0 || r == -EBADMSG || (r == -ENOMEM && fuzz_starved()));
        if (r == 0) {
                fuzz_assert(*o.args[0] && o.timeout_usec <= EXEC_RUN_MAX_USEC);
                fuzz_assert(count(o.args, body, body + h.n_bytes) == h.n_args);
                fuzz_assert(count(o.env, body, body + h.n_bytes) == h.n_env);
                for (size_t i = 0; o.env[i]; i++)
                        fuzz_assert(strchr(o.env[i], '=') > o.env[i]);
                again(&o, &h);
        }
        free(o.args);
        free(o.env);
        free(body);
}
