/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the directory and its identity, and the claims of a scope: on disk before the POST that carries them
 * (ARCHITECTURE 5, claim 7). Reading and replacing one file is in store_file.c. */
#include "adapter/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>

#include "adapter/store_file.h"
#include "base/clock.h"
#include "base/random.h"

/* Ours alone: the hash of the machine id cannot be traced back to it. */
#define STORE_APP_ID SD_ID128_MAKE(5c, 1e, 6a, 9d, 0b, 77, 4f, 0e, 91, 3c, d2, 48, a6, 50, e3, 17)

struct store {
        char *dir;
        int dir_fd;
        int claims_fd;
        int lock_fd;
        bool synced; /* the entries of dir, claims among them, are as durable as what is written below them */
        struct record_identity identity;
};

int store_host_read(struct store_host *ret, struct err *err) {
        sd_id128_t id;
        int r;

        *ret = (struct store_host){};
        r = sd_id128_get_machine_app_specific(STORE_APP_ID, &id);
        if (r < 0)
                return err_setf(err, r, "this host has no machine id: %s; run systemd-machine-id-setup", strerror(-r));
        (void)sd_id128_to_string(id, ret->machine);
        if (gethostname(ret->host, sizeof(ret->host)) < 0)
                return err_setf(err, -errno, "cannot read the host name: %s", strerror(errno));
        ret->host[sizeof(ret->host) - 1] = '\0';
        return 0;
}

static int open_directory(struct store *s, struct err *err) {
        struct stat st;

        if (mkdir(s->dir, 0700) < 0 && errno != EEXIST)
                return err_setf(err, -errno, "cannot create state directory %s: %s", s->dir, strerror(errno));
        s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dir_fd < 0)
                return err_setf(err, -errno, "cannot open state directory %s: %s", s->dir, strerror(errno));
        if (fstat(s->dir_fd, &st) < 0)
                return err_setf(err, -errno, "cannot open state directory %s: %s", s->dir, strerror(errno));
        if (st.st_uid != geteuid())
                return err_setf(err, -EPERM,
                                "state directory %s belongs to uid %u, leader-agent runs as uid %u; chown -R it",
                                s->dir, (unsigned)st.st_uid, (unsigned)geteuid());
        if (st.st_mode & 022)
                return err_setf(err, -EPERM, "state directory %s may be written by others; chmod 0700 %s", s->dir,
                                s->dir);

        s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (s->lock_fd < 0)
                return err_setf(err, -errno, "cannot open %s/lock: %s", s->dir, strerror(errno));
        if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK
                               ? err_setf(err, -EBUSY,
                                          "state directory %s is in use by another leader-agent; stop that one", s->dir)
                               : err_setf(err, -errno, "cannot lock %s/lock: %s", s->dir, strerror(errno));

        if (mkdirat(s->dir_fd, "claims", 0700) < 0 && errno != EEXIST)
                return err_setf(err, -errno, "cannot create %s/claims: %s", s->dir, strerror(errno));
        s->claims_fd = openat(s->dir_fd, "claims", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (s->claims_fd < 0)
                return err_setf(err, -errno, "cannot open %s/claims: %s", s->dir, strerror(errno));
        return 0;
}

/* Whether any scope has a file; negative errno when it cannot be told. */
static int has_claims(const struct store *s) {
        int fd = openat(s->claims_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        int found = 0;
        struct dirent *e;
        int r;

        if (!d) {
                r = -errno;
                if (fd >= 0)
                        (void)close(fd); /* the first error counts */
                return r;
        }
        errno = 0;
        while (!found && (e = readdir(d)))
                found = e->d_name[0] != '.';
        r = errno ? -errno : found;
        (void)closedir(d); /* only read */
        return r;
}

static int create_identity(struct store *s, const struct store_host *host, struct err *err) {
        int r = has_claims(s);
        _cleanup_free_ char *text = NULL;

        if (r < 0)
                return err_setf(err, r, "cannot read %s/claims: %s", s->dir, strerror(-r));
        if (r > 0)
                return err_setf(err, -EBADMSG,
                                "%s/identity is missing although %s/claims holds claims; restore it, or, when no lock "
                                "in the cluster is "
                                "held by this host any more, remove %s and start again",
                                s->dir, s->dir, s->dir);
        s->identity = (struct record_identity){.created_usec = clock_realtime_usec()};
        (void)util_copy(s->identity.machine, sizeof(s->identity.machine), host->machine);
        record_identity_make(s->identity.identity, host->host, host->machine);
        r = record_identity_format(&s->identity, &text);
        if (r == 0)
                r = store_file_replace(s->dir_fd, "identity", text);
        return r < 0 ? err_setf(err, r, "cannot write %s/identity: %s", s->dir, strerror(-r)) : 0;
}

static int open_identity(struct store *s, const struct store_host *host, struct err *err) {
        char text[RECORD_MAX_BYTES + 1];
        size_t size;
        struct err why = {};
        int r = store_file_read(s->dir_fd, "identity", text, sizeof(text), &size, &why);

        if (r == -ENOENT)
                return create_identity(s, host, err);
        if (r < 0)
                return err_setf(err, r, "%s/identity: %s", s->dir, why.text);
        r = record_identity_parse(&s->identity, text, size, &why);
        if (r < 0)
                return err_setf(err, r,
                                "%s/identity: %s; restore the file, or, when no lock in the cluster is held by this "
                                "host any more, "
                                "remove %s and start again",
                                s->dir, why.text, s->dir);
        if (!util_streq(s->identity.machine, host->machine))
                return err_setf(err, -EXDEV,
                                "state directory %s was made on another machine (identity %s, machine %.8s, this one "
                                "is %.8s): a copied "
                                "disk, or a changed machine id. On a copy remove %s; if this is the original, give the "
                                "machine id back",
                                s->dir, s->identity.identity, s->identity.machine, host->machine, s->dir);
        return 0;
}

int store_open(struct store **ret, const char *dir, const struct store_host *host, struct err *err) {
        _cleanup_(store_closep) struct store *s = malloc(sizeof(*s));
        int r;

        if (!s)
                return err_setf(err, -ENOMEM, "out of memory");
        *s = (struct store){.dir = strdup(dir), .dir_fd = -1, .claims_fd = -1, .lock_fd = -1};
        if (!s->dir)
                return err_setf(err, -ENOMEM, "out of memory");
        r = open_directory(s, err);
        if (r == 0)
                r = open_identity(s, host, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

struct store *store_close(struct store *s) {
        if (!s)
                return NULL;
        util_closep(&s->claims_fd);
        util_closep(&s->dir_fd);
        util_closep(&s->lock_fd);
        free(s->dir);
        free(s);
        return NULL;
}

const char *store_identity(const struct store *s) {
        return s->identity.identity;
}

const char *store_dir(const struct store *s) {
        return s->dir;
}

int store_dir_fd(const struct store *s) {
        return s->dir_fd;
}

const char *store_machine(const struct store *s) {
        return s->identity.machine;
}

static bool scope_format(char *buf, size_t size, const char *a, const char *b, const char *c) {
        int n = snprintf(buf, size, "%s%s%s", a, b, c);

        return n > 0 && (size_t)n < size;
}

bool store_scope_lock(char *buf, size_t size, const char *namespace_, const char *name) {
        char rest[330];

        return scope_format(rest, sizeof(rest), namespace_, "/", name) && scope_format(buf, size, "lock:", rest, "");
}

bool store_scope_placeholder(char *buf, size_t size, const char *namespace_, const char *kind, const char *name) {
        char rest[330], path[330];

        return scope_format(rest, sizeof(rest), kind, "/", name) &&
               scope_format(path, sizeof(path), namespace_, "/", rest) &&
               scope_format(buf, size, "placeholder:", path, "");
}

/* File of a scope: readable; cut and made unique by a hash when too long for a file name. */
static int scope_file(const char *scope, char name[static NAME_MAX + 1], struct err *err) {
        size_t n = strlen(scope);

        if ((strncmp(scope, "lock:", 5) != 0 && strncmp(scope, "placeholder:", 12) != 0) ||
            n >= sizeof(((struct record_claims *)NULL)->scope))
                return err_setf(err, -EINVAL, "\"%s\" is no scope of claims", scope);
        for (size_t i = 0; i < n; i++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:/", scope[i]))
                        return err_setf(err, -EINVAL, "\"%s\" is no scope of claims", scope);
        if (n < 200)
                (void)util_copy(name, NAME_MAX + 1, scope);
        else
                (void)snprintf(name, NAME_MAX + 1, "%.180s_%016llx", scope, (unsigned long long)util_token(scope));
        for (char *p = name; *p; p++)
                if (*p == ':' || *p == '/')
                        *p = '_';
        return 0;
}

static int broken_claims(const struct store *s, const char *scope, const char *file, int r, const char *why,
                         struct err *err) {
        /* These say nothing of the file. */
        if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
                return err_setf(err, r, "%s/claims/%s: %s", s->dir, file, why);
        return err_setf(
                err, r,
                "%s/claims/%s: %s. Without its claims leader-agent cannot tell whether %s is its own and stays out of "
                "it. Restore "
                "the file, or, when the cluster shows that nothing of the kind is held by identity %s, remove it; "
                "then: "
                "systemctl restart leader-agent",
                s->dir, file, why, scope, s->identity.identity);
}

int store_claims(struct store *s, const char *scope, struct record_claims *ret, struct err *err) {
        char text[RECORD_MAX_BYTES + 1], file[NAME_MAX + 1];
        size_t size;
        struct err why = {};
        int r;

        *ret = (struct record_claims){};
        r = scope_file(scope, file, err);
        if (r < 0)
                return r;
        r = store_file_read(s->claims_fd, file, text, sizeof(text), &size, &why);
        if (r == -ENOENT) {
                (void)util_copy(ret->scope, sizeof(ret->scope), scope);
                (void)util_copy(ret->machine, sizeof(ret->machine), s->identity.machine);
                return 0;
        }
        if (r < 0)
                return broken_claims(s, scope, file, r, why.text, err);
        r = record_claims_parse(ret, text, size, &why);
        if (r < 0)
                return broken_claims(s, scope, file, r, why.text, err);
        if (!util_streq(ret->scope, scope)) {
                (void)err_setf(&why, 0, "it holds the claims of %s", ret->scope);
                return broken_claims(s, scope, file, -EBADMSG, why.text, err);
        }
        if (!util_streq(ret->machine, s->identity.machine))
                return broken_claims(s, scope, file, -EXDEV, "it was made on another machine", err);
        return 0;
}

/* The lock that a file is about; its own name tells less. */
static void tell_lock(const struct store *s, const char *file, store_lock_fn fn, void *userdata) {
        char text[RECORD_MAX_BYTES + 1];
        struct record_claims claims = {};
        struct err why = {}, err = {};
        size_t size;
        int r = store_file_read(s->claims_fd, file, text, sizeof(text), &size, &why);

        if (r == 0)
                r = record_claims_parse(&claims, text, size, &why);
        if (r == 0 && !util_streq(claims.machine, s->identity.machine))
                r = err_setf(&why, -EXDEV, "it was made on another machine");
        if (r < 0) {
                (void)broken_claims(s, "the lock", file, r, why.text, &err);
                fn(NULL, err.text, userdata);
        } else if (claims.n_claims > 0 && strncmp(claims.scope, "lock:", strlen("lock:")) == 0)
                fn(claims.scope + strlen("lock:"), "", userdata);
}

int store_each_lock(struct store *s, store_lock_fn fn, void *userdata) {
        int fd = openat(s->claims_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *e;
        int r;

        if (!d) {
                r = -errno;
                if (fd >= 0)
                        (void)close(fd); /* the first error counts */
                return r;
        }
        while (errno = 0, (e = readdir(d)))
                if (strncmp(e->d_name, "lock_", strlen("lock_")) == 0)
                        tell_lock(s, e->d_name, fn, userdata);
        r = -errno;
        (void)closedir(d); /* only read */
        return r;
}

static int write_claims(struct store *s, const struct record_claims *claims, struct err *err) {
        char file[NAME_MAX + 1];
        int r = scope_file(claims->scope, file, err);
        _cleanup_free_ char *text = NULL;

        if (r < 0)
                return r;
        r = record_claims_format(claims, &text);
        if (r == 0)
                r = store_file_replace(s->claims_fd, file, text);
        if (r == 0 && !s->synced) {
                /* Here and not when opening: after the other two there is hardly anything left to wait for. */
                r = fsync(s->dir_fd) < 0 ? -errno : 0;
                s->synced = r == 0;
        }
        return r < 0 ? err_setf(err, r, "cannot write %s/claims/%s: %s", s->dir, file, strerror(-r)) : 0;
}

int store_claim_new(struct store *s, const char *scope, char ret_claim[static RECORD_CLAIM_HEX + 1], struct err *err) {
        struct record_claims claims;
        int r = store_claims(s, scope, &claims, err);
        char claim[RECORD_CLAIM_HEX + 1];

        if (r < 0)
                return r;
        r = random_hex(claim, RECORD_CLAIM_HEX / 2);
        if (r < 0)
                return err_setf(err, r, "cannot get random bytes: %s", strerror(-r));
        r = record_claims_add(&claims, claim, clock_realtime_usec());
        if (r < 0)
                return err_setf(err, r,
                                "%s already has %d claims of less than 24 hours whose requests got no answer: none of "
                                "them may be "
                                "forgotten; is the API server in trouble?",
                                scope, RECORD_MAX_CLAIMS);
        r = write_claims(s, &claims, err);
        if (r < 0)
                return r;
        memcpy(ret_claim, claim, sizeof(claim));
        return 0;
}

int store_claim_settle(struct store *s, const char *scope, const char *claim, struct err *err) {
        struct record_claims claims;
        const struct record_claim *found;
        int r = store_claims(s, scope, &claims, err);

        if (r < 0)
                return r;
        found = record_claims_find(&claims, claim);
        if (!found)
                return err_setf(err, -ENOENT, "%s has no claim %s", scope, claim);
        if (found->settled)
                return 0;
        claims.claims[found - claims.claims].settled = true;
        return write_claims(s, &claims, err);
}
