/* SPDX-License-Identifier: Apache-2.0 */
/* What is said between who needs a credential plugin run and who runs it: one SOCK_STREAM connection, one request, one
 * answer, host byte order (both ends are one host). Used by both ends; knows nothing but bytes. Whoever hangs up before
 * the answer ends the plugin. */
#pragma once

#include <stdint.h>

#include "base/util.h"

#define EXEC_SOCKET "/run/leader-agent-exec/socket"
#define EXEC_MAGIC  UINT32_C(0x4c455831) /* "LEX1": changes with every incompatible change of what follows */

/* A request as a whole, and what a plugin may print: more is refused. */
#define EXEC_REQUEST_MAX ((size_t)256 * 1024)
#define EXEC_OUTPUT_MAX  ((size_t)256 * 1024)
#define EXEC_STRINGS_MAX 4096
/* A plugin may run for so long at most, whatever is asked for. */
#define EXEC_RUN_MAX_USEC (300 * USEC_PER_SEC)

/* Behind it n_bytes: n_args + n_env strings, each with its NUL. The first argument is the command. */
struct exec_request_head {
        uint32_t magic;
        uint32_t n_bytes;
        uint32_t n_args;
        uint32_t n_env; /* NAME=VALUE, beside what the runner has in its own environment */
        uint32_t timeout_msec;
};

enum exec_end {
        EXEC_EXITED = 1,     /* code: its exit status; the output follows */
        EXEC_KILLED,         /* code: the signal */
        EXEC_NOT_FOUND,      /* code: errno */
        EXEC_NOT_EXECUTABLE, /* code: errno; ENOENT: it is there, its interpreter is not */
        EXEC_TOO_LARGE,      /* it printed more than EXEC_OUTPUT_MAX, and was killed */
        EXEC_TIMED_OUT,      /* it was killed */
        EXEC_REFUSED,        /* the request is none */
        EXEC_FAILED,         /* it could not be run at all; code: errno */
};
#define EXEC_END_VALID(e) ((e) >= EXEC_EXITED && (e) <= EXEC_FAILED)

/* Behind it n_bytes of output, of EXEC_EXITED alone. */
struct exec_answer_head {
        uint32_t magic;
        uint32_t end; /* enum exec_end */
        int32_t code;
        uint32_t n_bytes;
};

/* What is to be run, pointing into others' memory. Both lists end with NULL and are what execve() takes. */
struct exec_order {
        char **args;
        char **env;
        uint64_t timeout_usec;
};

/* The whole request; *ret is to be wiped and freed, n_ret its size. Returns -ENOMEM, -E2BIG. */
int exec_request_build(const struct exec_order *o, char **ret, size_t *n_ret);
/* Whether a head is one, and how many bytes follow it. Returns -EBADMSG. */
int exec_request_check(const struct exec_request_head *h);
/* Takes the bytes behind the head apart. ret's lists are freed with free(), what they hold points into body. Returns
 * -EBADMSG when they are not what the head says, or an environment has no NAME=; -ENOMEM. */
int exec_request_parse(const struct exec_request_head *h, char *body, struct exec_order *ret);
/* Returns -EBADMSG. */
int exec_answer_check(const struct exec_answer_head *h);
