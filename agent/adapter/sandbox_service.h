/* SPDX-License-Identifier: Apache-2.0 */
/* Between sandbox.c, sandbox_service.c and sandbox_try.c only: leader-agent.service as PID 1 has it, and reading as its
 * user. */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "codec/sandbox.h"

#define SANDBOX_UNIT   "leader-agent.service"
#define SANDBOX_GROUPS 64

/* Of those that systemd gives to dynamic users (uids.txt of systemd): any other than the one of the next start. */
#define SANDBOX_DYNAMIC_UID_MIN 61184
#define SANDBOX_DYNAMIC_UID_MAX 65519

/* Variables of the environment that say which proxy the agent uses (codec/kubeconfig.h). */
enum {
        SANDBOX_PROXIES = 6
};
extern const char *const sandbox_proxies[SANDBOX_PROXIES];

struct sandbox_service {
        char why[256];   /* not known: why; else empty */
        char lacks[256]; /* user or group that does not exist, so that systemd does not start it, and the cure; else
                            empty */
        struct sandbox sandbox;
        bool has_user; /* the next ones */
        bool dynamic;  /* systemd makes its user at each start */
        char user[96], group[64];
        char home[PATH_MAX], kubeconfig[PATH_MAX]; /* of its environment; empty: none */
        char *proxies[SANDBOX_PROXIES];            /* of its environment, as sandbox_proxies has them; NULL: not set */
        uint64_t bounding, ambient;                /* capabilities, bit by bit */
        uid_t uid;
        gid_t gid, groups[SANDBOX_GROUPS];
        size_t n_groups;
        bool groups_cut; /* it is in more than there is room for: nothing can be tried in its place */
        bool untried;    /* some file could not be opened as the user, for another reason than the file's */
};

/* Asks PID 1; s is zeroed before. What cannot be known is in s. Returns 0 or -ENOMEM; then, too,
 * sandbox_service_done(). */
int sandbox_service_read(struct sandbox_service *s);

/* Frees what s has. */
void sandbox_service_done(struct sandbox_service *s);

struct sandbox_attempt {
        int error;                       /* 0: it can be read */
        char at[PATH_MAX - sizeof(int)]; /* EACCES: the directory that may not be entered; empty: none */
};

/* Opens path as the user, in a child, as root or as that user; real: the same without links. Returns a negative errno
 * when that cannot be tried. */
int sandbox_attempt(const struct sandbox_service *s, const char *path, const char *real, struct sandbox_attempt *ret);
