/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of kubeconfig.h; only for the files kubeconfig*.c and their tests. */
#pragma once

#include <json-c/json_object.h>
#include <stdbool.h>

#include "base/err.h"
#include "codec/kubeconfig.h"

/* Reads a file of at most 1 MiB, NUL-terminated. Returns 0, negative errno (err not set: the wording differs by
 * caller); -EFBIG too large, -EISDIR and -EINVAL not a regular file. */
int kubeconfig_read_file(const char *path, char **ret, size_t *ret_size);

/* One YAML file as a JSON object (an empty file is an empty object). path is for messages. Returns 0; -EINVAL with err
 * PATH:LINE:COLUMN: what; -ENOMEM. */
int kubeconfig_yaml(const char *path, const char *text, size_t size, json_object **ret, struct err *err);

/* A node of libfyaml, of limited depth once aliases are expanded; NULL gives *ret NULL, as null does. Returns 0 or
 * -ENOMEM. */
struct fy_node;
int kubeconfig_node(struct fy_node *n, json_object **ret);

/* Brings `server` into the form of struct kubeconfig. tls: which scheme to assume when it has none. Returns 0; -EINVAL
 * with err saying why (the caller adds where); -ENOMEM. */
int kubeconfig_server(const char *server, bool tls, char **ret, struct err *err);

/* Can be a host name or an address (IPv6 in brackets), without port. */
bool kubeconfig_is_host(const char *s);

/* Checks a proxy-url. Returns 0, -EINVAL with err saying why. */
int kubeconfig_proxy_check(const char *url, struct err *err);
/* Checks it and brings it into the form of struct kubeconfig. Returns 0; -EINVAL with err saying why; -ENOMEM. */
int kubeconfig_proxy(const char *url, char **ret, struct err *err);
/* The same for what HTTPS_PROXY or HTTP_PROXY (or the same in small letters) name and NO_PROXY does not except;
 * *ret_variable is the one that counts; both NULL: none. server is in the form of struct kubeconfig. err names the
 * variable. */
int kubeconfig_environment_proxy(const char *server, char **ret, const char **ret_variable, struct err *err);

/* Decodes base64 (line breaks are skipped, as Go does) into NUL-terminated text. Returns 0; -EINVAL with *ret_bad the
 * offset of the first wrong byte; -ENOMEM. */
int kubeconfig_base64(const char *text, char **ret, size_t *ret_size, size_t *ret_bad);
/* To free(); NULL: out of memory. */
char *kubeconfig_to_base64(const char *text);

#define KUBECONFIG_MAX_FILES 64

/* The files in order of precedence; paths and parsed content, index by index. */
struct kubeconfig_files {
        size_t n_files;
        char *paths[KUBECONFIG_MAX_FILES];
        json_object *roots[KUBECONFIG_MAX_FILES];
};

/* One named entry of clusters, users or contexts. Borrows from the files. */
struct kubeconfig_entry {
        const char *kind; /* "cluster", "user", "context": also the key of its content */
        const char *name;
        const char *path; /* the file that defined it */
        json_object *o;   /* its content; NULL: none */
};

/* client-go tells fields apart by case and ignores those that it does not know. Returns 0, or -EINVAL with err set when
 * the entry has one that is a field of its kind but for case, and not that one itself. e->kind NULL: the whole file. */
int kubeconfig_check_keys(const struct kubeconfig_entry *e, struct err *err);

/* For messages about a file that kubeconfig_read_file() could not read, with its negative errno: why, and what to do.
 * key: what names it ("kubeconfig": the file itself); into: where the key is, with a space before it. Returns whether
 * the file is not seen at all (as a service of systemd has it). */
struct kubeconfig_unread {
        char why[400], cure[600];
};
bool kubeconfig_why(int r, const char *key, const char *path, const char *into, struct kubeconfig_unread *ret);

#define KUBECONFIG_REDACTED_MAX 300

/* The URL as it may be shown, also when it is none: without what is before the last '@' (user and password) and without
 * query and fragment; cut when it is long. Returns buf. */
const char *kubeconfig_redacted(char buf[static KUBECONFIG_REDACTED_MAX], const char *url);

/* path as for kubeconfig_load(). *f must be zeroed, and done also after an error. */
int kubeconfig_files_find(struct kubeconfig_files *f, const char *path, struct err *err);
void kubeconfig_files_done(struct kubeconfig_files *f);

/* "there are: A, B", or that there are none, cut when it is long: the names in a list of all files. Returns buf. */
const char *kubeconfig_names(const struct kubeconfig_files *f, const char *list, char *buf, size_t size);

/* First file wins, whole entry. Returns 1; 0: there is none; -EINVAL with err set: it is no mapping. */
int kubeconfig_find_entry(const struct kubeconfig_files *f, const char *list, const char *kind, const char *name,
                          struct kubeconfig_entry *ret, struct err *err);

/* Takes everything that an entry of users says, files read and checked, into k. Returns 0; -ENOMEM, -EINVAL and errno
 * of files with err set. */
int kubeconfig_user(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err);

/* The same for exec, and the env of it: kinds of entries too, for messages. */
#define KUBECONFIG_EXEC     "exec of user"
#define KUBECONFIG_EXEC_ENV "env of exec of user"

/* Takes exec of a user into k, once all else that the user says is there: beside another credential it is checked and
 * not taken. Returns as kubeconfig_user(). */
int kubeconfig_user_exec(const struct kubeconfig_entry *user, struct kubeconfig *k, struct err *err);
/* Takes what a cluster has for plugins into x. */
int kubeconfig_exec_cluster(const struct kubeconfig_entry *cluster, struct kubeconfig_exec *x, struct err *err);
/* Wipes and frees. Returns NULL. */
struct kubeconfig_exec *kubeconfig_exec_free(struct kubeconfig_exec *x);

/* Adds one to k->warnings. Returns 0, or -ENOMEM with err set. */
int kubeconfig_warn(struct kubeconfig *k, struct err *err, const char *fmt, ...) _printf_(3, 4);

/* Fields. Absent, null and empty give NULL (or leave *ret as it was); a wrong type is -EINVAL. kubeconfig_get_file()
 * resolves against the directory of the entry's file, as kubeconfig_resolve() does, and opens it once;
 * kubeconfig_get_data() decodes PEM from base64. */
int kubeconfig_resolve(const struct kubeconfig_entry *e, const char *path, char **ret, struct err *err);
int kubeconfig_get_text(const struct kubeconfig_entry *e, const char *key, const char **ret, struct err *err);
int kubeconfig_get_copy(const struct kubeconfig_entry *e, const char *key, char **ret, struct err *err);
int kubeconfig_get_bool(const struct kubeconfig_entry *e, const char *key, bool *ret, struct err *err);
int kubeconfig_get_file(const struct kubeconfig_entry *e, const char *key, bool pem, char **ret, struct err *err);
int kubeconfig_get_data(const struct kubeconfig_entry *e, const char *key, char **ret, struct err *err);
