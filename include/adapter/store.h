/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory (/var/lib/leader-agent): who this host is, the claims of every POST whose lock or placeholder
 * may be ours, and which namespaces it knows. Every write is complete on disk (file and directory fsynced) before the
 * call returns, so call before the POST. After a crash at any point either the old or the new content is read. A file
 * that is broken, of another machine or not ours is an error that names the file and the cure; it is never repaired or
 * deleted, and only its scope is unusable. */
#pragma once

#include "codec/record.h"

struct store;

/* What ties the directory to a machine. */
struct store_host {
        char machine[33]; /* sd_id128_get_machine_app_specific() of the agent */
        char host[256];   /* host name */
};

/* Reads both from the running system. Returns 0; -ENOMEDIUM or other errno without a machine id. */
int store_host_read(struct store_host *ret, struct err *err);

/* Opens (creates, 0700, its last component only) the directory and takes its lock; writes the identity at the first
 * start. Returns 0; -EBUSY another agent uses it; -EXDEV it belongs to another machine (a copied disk or state
 * directory); -EBADMSG broken identity file; -EPERM a file is not ours; other errno of the file system. err always says
 * what to do. */
int store_open(struct store **ret, const char *dir, const struct store_host *host, struct err *err);
/* Returns NULL. */
struct store *store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)

/* As fixed at the first start: a renamed host keeps it. Valid as long as the store. */
const char *store_identity(const struct store *s);

/* Names of scopes: "lock:NS/NAME", "placeholder:NS/KIND/NAME" (KIND: Lease or Pod). Return false when it does not fit.
 */
bool store_scope_lock(char *buf, size_t size, const char *namespace_, const char *name);
bool store_scope_placeholder(char *buf, size_t size, const char *namespace_, const char *kind, const char *name);

/* Every lock with claims on disk, one call each: NS/NAME and "", or NULL and what is wrong with a file. Returns 0, or
 * the negative errno of reading the directory. */
typedef void (*store_lock_fn)(const char *lock, const char *problem, void *userdata);
int store_each_lock(struct store *s, store_lock_fn fn, void *userdata);

/* A fresh random claim, on disk when this returns 0. A retry of the same POST takes the same claim, not a new one.
 * -ENOSPC: 32 claims whose POST may all still land. */
int store_claim_new(struct store *s, const char *scope, char ret_claim[static RECORD_CLAIM_HEX + 1], struct err *err);

/* All claims of the scope, oldest first; none when there is no file. */
int store_claims(struct store *s, const char *scope, struct record_claims *ret, struct err *err);

/* The POST of this claim got a definite answer (it landed, or never will). It still counts as ours; settled ones make
 * room first. -ENOENT: no such claim. */
int store_claim_settle(struct store *s, const char *scope, const char *claim, struct err *err);

/* What is remembered of a namespace. -ENOENT (err is not set): nothing; any other error: the file cannot be believed,
 * err says why and what to do. */
int store_namespace(struct store *s, const char *name, struct record_namespace *ret, struct err *err);

/* Remembers the uid of a namespace of which nothing is remembered, as of now. */
int store_namespace_remember(struct store *s, const char *name, const char *uid, struct err *err);

/* For a human, beside a running agent, which looks again by itself: the agent accepts what it finds next. dir: the
 * state directory. ret_uid: what was remembered, "" when that could not be read; -ENOENT: nothing was. Other errors of
 * the file system (-EACCES: needs root or the agent's user), with err set. */
int store_namespace_forget(const char *dir, const char *name, char ret_uid[static 64], struct err *err);
