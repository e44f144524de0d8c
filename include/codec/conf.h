/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: /etc/leader-agent/leader-agent.conf and, beside it, the files NAME.conf of conf.d in order of
 * their names (libconfig syntax). Later files override scalars and add locks. One typed table holds every key with its
 * bounds and default; unknown keys, wrong types, values out of bounds and broken cross-key rules are errors with file
 * and line. Used by the daemon, by --check-config, by leaderctl and by the tests. leader-agent.conf(5) is the manual.
 */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/lock_keys.h"
#include "base/timing.h"
#include "codec/permit.h"

#define CONF_PATH "/etc/leader-agent/leader-agent.conf"

/* Durations in microseconds. No pointer is NULL after conf_load(), except where said. */
struct conf_lock {
        char *name;       /* of the ConfigMap */
        char *namespace_; /* NULL until conf_set_default_namespace() when neither lock nor file name one */
        char *unit;       /* with suffix, e.g. myapp-operator.service; several: a list (base/unit_list.h) */
        enum tenure tenure;
        enum placeholder_kind placeholder;
        uint64_t lease_duration_usec; /* whole seconds; silence after which others may depose (lease only) */
        uint64_t renew_deadline_usec; /* after the last successful renewal was sent, the unit is being stopped */
        uint64_t stop_timeout_usec;   /* after that, whatever is left is killed; both tenures */
        uint64_t kill_margin_usec;    /* left for the kill itself, and for a hung guard to be noticed */
        struct lock_keys keys;        /* what goes to the core as it is */
        char *where;                  /* FILE:LINE of the lock's group, for messages */
        uint32_t unused; /* keys that the lock sets and its tenure does not use; conf_warning() has words */
};

struct conf {
        char *kubeconfig; /* NULL: KUBECONFIG, then ~/.kube/config */
        char *context;    /* NULL: current-context of the kubeconfig */
        char *namespace_; /* NULL until conf_set_default_namespace() when the file names none */
        char *state_dir;
        char *guard_socket;
        char *trace;   /* file that records each (event, actions) of the core; NULL: none */
        int log_level; /* as syslog(3): LOG_ERR 3 … LOG_DEBUG 7 */
        uint64_t request_timeout_usec;
        uint64_t verify_interval_usec; /* between quorum reads of everything, and between signs of life */
        uint64_t renew_interval_usec;  /* of the placeholder that stands for all lease-tenure locks of a namespace */
        struct conf_lock *locks;
        size_t n_locks;
        char **files; /* all that were read */
        size_t n_files;
        char *kubeconfig_where; /* FILE:LINE of the key; NULL with kubeconfig */
};

/* Reads path (CONF_PATH when NULL) and conf.d beside it into a fresh struct and runs conf_check() on it. The struct in
 * use stays as it is, so a reload swaps only on success. Returns 0; -ENOENT no such file, -EACCES, -ENOMEM,
 * -EINVAL with err set to FILE:LINE: and what is wrong. */
int conf_load(struct conf **ret, const char *path, struct err *err);
/* Returns NULL. */
struct conf *conf_free(struct conf *c);
DEFINE_CLEANUP(struct conf *, conf_free)

/* A copy of every key of the lock; conf_lock_done() frees what it holds (also of a zeroed one) and zeroes it. Returns 0
 * or -ENOMEM, then *ret holds nothing. */
int conf_lock_copy(struct conf_lock *ret, const struct conf_lock *from);
void conf_lock_done(struct conf_lock *l);

/* Rules over several keys: lease timing (renew_deadline + stop_timeout + kill_margin < lease_duration less the
 * margin for clock rates, see base/timing.h; kill_margin > the guard's watchdog; renew_interval + request_timeout <
 * renew_deadline), whole seconds, cooldown bounds, no lock and no unit named twice. conf_load() has called it already.
 * Returns 0, -EINVAL; err shows the arithmetic. */
int conf_check(const struct conf *c, struct err *err);

/* What is no error in the lock, but was hardly meant: keys that its tenure does not use (those of `defaults` are for
 * others, too). One sentence into buf; returns false when there is nothing. */
bool conf_warning(const struct conf_lock *l, char *buf, size_t size);

/* Fills in namespace_ of the configuration and of every lock that names none, with the kubeconfig context's namespace,
 * and checks again that no lock is named twice. Returns 0, -EINVAL, -ENOMEM; c may then be half filled in and is good
 * for nothing but conf_free(). */
int conf_set_default_namespace(struct conf *c, const char *namespace_, struct err *err);

/* The timing that a lease of this lock begins with. */
struct timing_lease conf_timing(const struct conf_lock *l);

/* Prints the effective configuration, every key, and per lock what its numbers mean for the next leader. */
void conf_describe(const struct conf *c, FILE *f);
