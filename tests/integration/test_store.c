/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory on a real file system. The calls that change it are defined here again, so that the k-th of them
 * can be made to fail, for every k. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/store.h"

#define LOCK "lock:ops/op-lock"

static const struct store_host here = {"3f9a02c7d0e14b5d8f6a1b2c3d4e5f60", "web-1.example.com"};
static const struct store_host elsewhere = {"aaaaaaaad0e14b5d8f6a1b2c3d4e5f60", "web-1.example.com"};

/* ---- faults ---- */

static struct {
        bool armed, crash, fired;
        unsigned countdown;
} fault;

/* With crash, everything after the k-th call fails too: the process is as good as dead. */
static bool faulty(void) {
        if (!fault.armed)
                return false;
        if (fault.fired)
                return fault.crash;
        fault.fired = --fault.countdown == 0;
        return fault.fired;
}

#define FAIL_OR(call) (faulty() ? (errno = EIO, -1) : (int)(call))

int fsync(int fd) {
        return FAIL_OR(syscall(SYS_fsync, fd));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
        return FAIL_OR(syscall(SYS_renameat2, from_fd, from, to_fd, to, 0));
}

int unlinkat(int fd, const char *name, int flags) {
        return FAIL_OR(syscall(SYS_unlinkat, fd, name, flags));
}

int mkdirat(int fd, const char *name, mode_t mode) {
        return FAIL_OR(syscall(SYS_mkdirat, fd, name, mode));
}

/* A write that fails has written half. */
ssize_t write(int fd, const void *buf, size_t size) {
        if (faulty()) {
                (void)syscall(SYS_write, fd, buf, size / 2);
                errno = ENOSPC;
                return -1;
        }
        /* Short writes are legal, and common here. */
        return syscall(SYS_write, fd, buf, fault.armed && size > 7 ? 7 : size);
}

static void arm(unsigned k, bool crash) {
        fault.armed = true;
        fault.fired = false;
        fault.crash = crash;
        fault.countdown = k;
}

/* Whether the fault was reached. */
static bool disarm(void) {
        fault.armed = false;
        return fault.fired;
}

/* ---- helpers ---- */

static struct store *open_store(const struct tempdir *d, const struct store_host *host) {
        struct store *s = NULL;
        struct err err = {};

        if (store_open(&s, tempdir_path(d, "state"), host, &err) != 0)
                fail_msg("%s", err.text);
        return s;
}

static void assert_open_fails(const struct tempdir *d, const struct store_host *host, int r, const char *part) {
        struct store *s = NULL;
        struct err err = {};

        assert_int_equal(store_open(&s, tempdir_path(d, "state"), host, &err), r);
        assert_null(s);
        if (!strstr(err.text, part) || !strstr(err.text, d->path))
                fail_msg("%s", err.text);
}

static struct record_claims claims_of(struct store *s, const char *scope) {
        struct record_claims c;
        struct err err = {};

        if (store_claims(s, scope, &c, &err) != 0)
                fail_msg("%s", err.text);
        return c;
}

static struct tempdir directory;

static int make_directory(void **state) {
        (void)state;
        tempdir_make(&directory);
        return 0;
}

static int remove_directory(void **state) {
        (void)state;
        fault.armed = false; /* a test that failed in between */
        tempdir_remove(&directory);
        return 0;
}

/* ---- ordinary use ---- */

static void use(struct tempdir *d) {
        struct err err = {};
        char a[RECORD_CLAIM_HEX + 1], b[RECORD_CLAIM_HEX + 1];
        struct store *s = open_store(d, &here);
        const struct store_host renamed = {"3f9a02c7d0e14b5d8f6a1b2c3d4e5f60", "db-9"};
        struct record_claims c;
        struct stat st;

        assert_string_equal(store_identity(s), "web-1-3f9a02c7");
        assert_int_equal(claims_of(s, LOCK).n_claims, 0);
        assert_int_equal(store_claim_new(s, LOCK, a, &err), 0);
        assert_int_equal(store_claim_new(s, LOCK, b, &err), 0);
        assert_string_not_equal(a, b);
        assert_int_equal(store_claim_settle(s, LOCK, a, &err), 0);
        assert_int_equal(store_claim_settle(s, LOCK, a, &err), 0);
        store_close(s);

        /* A renamed host keeps its identity. */
        s = open_store(d, &renamed);
        assert_string_equal(store_identity(s), "web-1-3f9a02c7");
        c = claims_of(s, LOCK);
        assert_int_equal(c.n_claims, 2);
        assert_string_equal(c.claims[0].claim, a);
        assert_true(c.claims[0].settled);
        assert_string_equal(c.claims[1].claim, b);
        assert_false(c.claims[1].settled);
        assert_int_equal(claims_of(s, "lock:ops/other").n_claims, 0);

        assert_int_equal(store_claim_settle(s, LOCK, "00000000000000000000000000000000", &err), -ENOENT);
        assert_non_null(strstr(err.text, "lock:ops/op-lock has no claim "));
        assert_int_equal(claims_of(s, LOCK).n_claims, 2);
        store_close(s);
        assert_int_equal(stat(tempdir_path(d, "state/claims/lock_ops_op-lock"), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(stat(tempdir_path(d, "state"), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
}

static void many(struct tempdir *d) {
        struct err err = {};
        char claim[RECORD_CLAIM_HEX + 1];
        struct store *s = open_store(d, &here);

        for (int i = 0; i < RECORD_MAX_CLAIMS; i++)
                assert_int_equal(store_claim_new(s, LOCK, claim, &err), 0);
        assert_int_equal(store_claim_new(s, LOCK, claim, &err), -ENOSPC);
        assert_non_null(strstr(err.text, "already has 32 claims of less than 24 hours"));
        assert_int_equal(store_claim_new(s, "lock:ops/other", claim, &err), 0);
        assert_int_equal(store_claim_settle(s, LOCK, claims_of(s, LOCK).claims[3].claim, &err), 0);
        assert_int_equal(store_claim_new(s, LOCK, claim, &err), 0);
        assert_int_equal(claims_of(s, LOCK).n_claims, RECORD_MAX_CLAIMS);
        store_close(s);
}

static void scopes(struct tempdir *d) {
        struct err err = {};
        char scope[400], ns[64], name[254], claim[RECORD_CLAIM_HEX + 1];
        struct store *s;
        static const char *const bad[] = {"", "ops/op-lock", "lock:a/../b\n", "lock:a b", "lock:a%b", "other:x"};

        memset(ns, 'n', 63);
        ns[63] = '\0';
        memset(name, 'a', 253);
        name[253] = '\0';
        s = open_store(d, &here);
        /* The longest names of the API; two that differ only at the end. */
        assert_true(store_scope_lock(scope, sizeof(scope), ns, name));
        assert_int_equal(store_claim_new(s, scope, claim, &err), 0);
        assert_string_equal(claims_of(s, scope).claims[0].claim, claim);
        name[252] = 'b';
        assert_true(store_scope_placeholder(scope, sizeof(scope), ns, "Lease", name));
        assert_int_equal(store_claim_new(s, scope, claim, &err), 0);
        assert_true(store_scope_lock(scope, sizeof(scope), ns, name));
        assert_int_equal(claims_of(s, scope).n_claims, 0);
        assert_true(store_scope_placeholder(scope, sizeof(scope), "ops", "Pod", "leader-agent-x"));
        assert_string_equal(scope, "placeholder:ops/Pod/leader-agent-x");
        assert_false(store_scope_lock(scope, 10, "ops", "op-lock"));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(store_claim_new(s, bad[i], claim, &err), -EINVAL);
        store_close(s);
}

/* ---- damage ---- */

static void damaged_claims(struct tempdir *d) {
        struct err err = {};
        char claim[RECORD_CLAIM_HEX + 1];
        struct record_claims c;
        struct store *s = open_store(d, &here);
        const char *path;
        static const char tail[] =
                "Without its claims leader-agent cannot tell whether lock:ops/op-lock is its own and stays out of it. "
                "Restore the file, or, when the cluster shows that nothing of the kind is held by identity "
                "web-1-3f9a02c7, remove it; then: systemctl restart leader-agent";
        char expected[1024];
        struct stat st;
        char *big;

        assert_int_equal(store_claim_new(s, LOCK, claim, &err), 0);
        assert_int_equal(store_claim_new(s, "lock:ops/second", claim, &err), 0);
        path = tempdir_path(d, "state/claims/lock_ops_op-lock");
        assert_int_equal(truncate(path, 60), 0);

        assert_int_equal(store_claims(s, LOCK, &c, &err), -EBADMSG);
        (void)snprintf(expected, sizeof(expected), "%s: the checksum line is missing: the file is truncated. %s", path,
                       tail);
        assert_string_equal(err.text, expected);
        /* Never overwritten: nothing that was there may be lost. */
        assert_int_equal(store_claim_new(s, LOCK, claim, &err), -EBADMSG);
        assert_int_equal(store_claim_settle(s, LOCK, claim, &err), -EBADMSG);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 60);
        /* Others go on. */
        assert_int_equal(store_claim_new(s, "lock:ops/second", claim, &err), 0);
        assert_int_equal(claims_of(s, "lock:ops/second").n_claims, 2);

        /* Another scope's file under this name. */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rename(tempdir_path(d, "state/claims/lock_ops_second"), path), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EBADMSG);
        assert_non_null(strstr(err.text, ": it holds the claims of lock:ops/second. Without"));

        assert_int_equal(chmod(path, 0666), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EPERM);
        assert_non_null(strstr(err.text, "may be written by others (chmod 0600 it if it is the right one)"));
        assert_int_equal(rename(path, tempdir_path(d, "state/claims/x")), 0);
        assert_int_equal(symlink("x", path), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -ELOOP);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EPERM);
        assert_non_null(strstr(err.text, "is not a regular file"));
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EPERM);
        assert_int_equal(unlink(path), 0);
        big = calloc(1, 20000);
        assert_non_null(big);
        (void)tempdir_write_bytes(d, "state/claims/lock_ops_op-lock", big, 20000);
        free(big);
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EFBIG);
        store_close(s);
}

static void wrong_machine(struct tempdir *d) {
        struct err err = {};
        char claim[RECORD_CLAIM_HEX + 1];
        struct record_claims c;
        struct store *s = open_store(d, &here);

        assert_int_equal(store_claim_new(s, LOCK, claim, &err), 0);
        store_close(s);
        assert_open_fails(
                d, &elsewhere, -EXDEV,
                "was made on another machine (identity web-1-3f9a02c7, machine 3f9a02c7, this one is aaaaaaaa)");

        /* Only the claims were copied. */
        assert_int_equal(rename(tempdir_path(d, "state/claims/lock_ops_op-lock"), tempdir_path(d, "saved")), 0);
        assert_int_equal(unlink(tempdir_path(d, "state/identity")), 0);
        s = open_store(d, &elsewhere);
        assert_int_equal(rename(tempdir_path(d, "saved"), tempdir_path(d, "state/claims/lock_ops_op-lock")), 0);
        assert_int_equal(store_claims(s, LOCK, &c, &err), -EXDEV);
        assert_non_null(strstr(err.text, ": it was made on another machine. Without"));
        store_close(s);
}

static void damaged_identity(struct tempdir *d) {
        struct err err = {};
        char claim[RECORD_CLAIM_HEX + 1];
        struct store *s = open_store(d, &here);
        const char *path;
        struct stat st;

        assert_int_equal(store_claim_new(s, LOCK, claim, &err), 0);

        assert_open_fails(d, &here, -EBUSY, "in use by another leader-agent; stop that one");
        store_close(s);

        path = tempdir_path(d, "state/identity");
        assert_int_equal(truncate(path, 0), 0);
        assert_open_fails(d, &here, -EBADMSG,
                          "/identity: the file is empty; restore the file, or, when no lock in the cluster");
        assert_int_equal(unlink(path), 0);
        assert_open_fails(d, &here, -EBADMSG, "/identity is missing although ");
        assert_int_equal(stat(path, &st), -1);

        assert_int_equal(unlink(tempdir_path(d, "state/claims/lock_ops_op-lock")), 0);
        s = open_store(d, &here);
        store_close(s);
        assert_int_equal(chmod(path, 0644 | 0020), 0);
        assert_open_fails(d, &here, -EPERM, "/identity: may be written by others");
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chmod(tempdir_path(d, "state"), 0770), 0);
        assert_open_fails(d, &here, -EPERM, "may be written by others; chmod 0700 ");
        assert_int_equal(chmod(tempdir_path(d, "state"), 0700), 0);
}

static void wrong_owner(struct tempdir *d) {
        struct store *s = open_store(d, &here);

        store_close(s);
        assert_int_equal(chown(tempdir_path(d, "state/identity"), 1, 1), 0);
        assert_open_fails(d, &here, -EPERM, "/identity: belongs to uid 1, leader-agent runs as uid 0");
        assert_int_equal(chown(tempdir_path(d, "state"), 1, 1), 0);
        assert_open_fails(d, &here, -EPERM, "belongs to uid 1, leader-agent runs as uid 0; chown -R it");
}

static void no_directory(struct tempdir *d) {
        struct store *s = NULL;
        struct err err = {};

        assert_int_equal(store_open(&s, tempdir_path(d, "a/b"), &here, &err), -ENOENT);
        assert_non_null(strstr(err.text, "cannot create state directory "));
        assert_int_equal(store_open(&s, tempdir_write(d, "file", "x"), &here, &err), -ENOTDIR);
        assert_non_null(strstr(err.text, "cannot open state directory "));
}

/* ---- the k-th call fails ---- */

enum change {
        CLAIM_NEW,
        SETTLE,
        N_CHANGES
};

static int apply(struct store *s, enum change change, const char *old, char *fresh, struct err *err) {
        switch (change) {
        case CLAIM_NEW:
                return store_claim_new(s, LOCK, fresh, err);
        case SETTLE:
        case N_CHANGES:
                return store_claim_settle(s, LOCK, old, err);
        }
        return -EINVAL;
}

/* Old or new content, nothing else; new when the call said so. */
static void check_change(const struct record_claims *c, enum change change, const char *old, const char *fresh,
                         bool done) {
        bool was_new = false;

        switch (change) {
        case CLAIM_NEW:
                was_new = c->n_claims == 2;
                assert_true(c->n_claims >= 1 && c->n_claims <= 2);
                assert_string_equal(c->claims[0].claim, old);
                assert_false(c->claims[0].settled);
                if (done)
                        assert_string_equal(c->claims[1].claim, fresh);
                break;
        case SETTLE:
        case N_CHANGES:
                assert_int_equal(c->n_claims, 1);
                assert_string_equal(c->claims[0].claim, old);
                was_new = c->claims[0].settled;
                break;
        }
        if (done)
                assert_true(was_new);
}

static void faults(struct tempdir *d) {
        unsigned n_faults = 0, n_new_after_error = 0;

        for (int change = 0; change < N_CHANGES; change++)
                for (int crash = 0; crash < 2; crash++)
                        for (unsigned k = 1;; k++) {
                                char old[RECORD_CLAIM_HEX + 1], fresh[RECORD_CLAIM_HEX + 1] = "";
                                struct err err = {};
                                struct store *s = open_store(d, &here);
                                int r;
                                bool fired;
                                struct record_claims c;

                                assert_int_equal(store_claim_new(s, LOCK, old, &err), 0);
                                arm(k, crash);
                                r = apply(s, (enum change)change, old, fresh, &err);
                                fired = disarm();
                                /* An error names the file. A failure to remove an old temporary file is one too. */
                                assert_int_equal(r != 0, fired);
                                if (r != 0)
                                        assert_non_null(strstr(err.text, "/state/claims/lock_ops_op-lock: "));
                                store_close(s);

                                s = open_store(d, &here);
                                c = claims_of(s, LOCK);
                                check_change(&c, (enum change)change, old, fresh, r == 0);
                                n_faults += fired;
                                n_new_after_error += r != 0 && change == CLAIM_NEW && c.n_claims == 2;
                                assert_int_equal(unlink(tempdir_path(d, "state/claims/lock_ops_op-lock")), 0);
                                store_close(s);
                                if (!fired)
                                        break;
                        }
        /* unlink, write …, fsync, rename, fsync: the last one fails after the new content is visible. */
        assert_true(n_faults >= 2 * N_CHANGES * 5);
        assert_int_equal(n_new_after_error, 2);
}

static void faults_first_start(struct tempdir *d) {
        for (int crash = 0; crash < 2; crash++)
                for (unsigned k = 1;; k++) {
                        char name[32];
                        struct store *s = NULL;
                        struct err err = {};
                        int r;
                        bool fired;

                        (void)snprintf(name, sizeof(name), "state-%d-%u", crash, k);
                        arm(k, crash);
                        r = store_open(&s, tempdir_path(d, name), &here, &err);
                        fired = disarm();
                        assert_int_equal(r != 0, fired);
                        store_close(s);
                        s = NULL;
                        if (store_open(&s, tempdir_path(d, name), &here, &err) != 0)
                                fail_msg("k = %u: %s", k, err.text);
                        assert_string_equal(store_identity(s), "web-1-3f9a02c7");
                        store_close(s);
                        if (!fired) {
                                assert_true(k > 6);
                                break;
                        }
                }
}

static unsigned n_locks, n_broken;
static char told[800];

static void on_lock(const char *lock, const char *problem, void *userdata) {
        assert_ptr_equal(userdata, told);
        n_locks += lock != NULL;
        n_broken += lock == NULL;
        (void)snprintf(told, sizeof(told), "%s", lock ? lock : problem);
}

/* Locks by their full names, also one too long for a file name; no placeholders; a broken file is told and left out. */
static void each_lock(struct tempdir *d) {
        char claim[RECORD_CLAIM_HEX + 1], longest[300] = "lock:ops/", file[512];
        struct store *s = open_store(d, &here);
        struct err err = {};
        FILE *f;

        n_locks = n_broken = 0;
        assert_int_equal(store_each_lock(s, on_lock, told), 0);
        assert_int_equal(n_locks + n_broken, 0);
        assert_int_equal(store_claim_new(s, "placeholder:ops/Lease/x", claim, &err), 0);
        memset(longest + strlen(longest), 'x', 240);
        assert_int_equal(store_claim_new(s, longest, claim, &err), 0);
        assert_int_equal(store_each_lock(s, on_lock, told), 0);
        assert_int_equal(n_locks, 1);
        assert_string_equal(told, longest + strlen("lock:"));
        (void)snprintf(file, sizeof(file), "%s/claims/lock_ops_broken", tempdir_path(d, "state"));
        f = fopen(file, "we");
        assert_non_null(f);
        assert_true(fputs("nonsense\n", f) >= 0);
        assert_int_equal(fclose(f), 0);
        n_locks = 0;
        assert_int_equal(store_each_lock(s, on_lock, told), 0);
        assert_int_equal(n_locks, 1);
        assert_int_equal(n_broken, 1);
        store_close(s);
}

static void test_host(void **state) {
        struct store_host h;
        struct err err = {};
        int r;

        (void)state;
        r = store_host_read(&h, &err);
        if (r != 0) {
                /* A container without a machine id: then the text says what to do. */
                assert_non_null(strstr(err.text, "run systemd-machine-id-setup"));
                return;
        }
        assert_int_equal(strlen(h.machine), 32);
        assert_true(h.host[0] != '\0');
}

static struct record_namespace namespace_of(struct store *s, const char *name) {
        struct record_namespace n;
        struct err err = {};

        if (store_namespace(s, name, &n, &err) != 0)
                fail_msg("%s", err.text);
        return n;
}

/* Remembered over a restart, each by itself, until a human forgets it beside the running agent. */
static void namespaces(struct tempdir *d) {
        struct store *s = open_store(d, &here);
        const char *dir = tempdir_path(d, "state");
        struct record_namespace n;
        struct err err = {};
        char uid[64];

        assert_int_equal(store_namespace(s, "ops", &n, &err), -ENOENT);
        assert_int_equal(store_namespace_forget(dir, "ops", uid, &err), -ENOENT);
        assert_int_equal(store_namespace_remember(s, "ops", "A", &err), 0);
        assert_int_equal(store_namespace_remember(s, "other", "O", &err), 0);
        store_close(s);
        s = open_store(d, &here);
        assert_string_equal(namespace_of(s, "ops").uid, "A");
        assert_string_equal(namespace_of(s, "other").uid, "O");
        assert_true(namespace_of(s, "ops").seen_usec > 0);
        assert_int_equal(store_namespace_forget(tempdir_path(d, "state"), "ops", uid, &err), 0);
        assert_string_equal(uid, "A");
        assert_int_equal(store_namespace(s, "ops", &n, &err), -ENOENT);
        assert_string_equal(namespace_of(s, "other").uid, "O");
        /* Names go into paths. */
        assert_int_equal(store_namespace(s, "../identity", &n, &err), -EINVAL);
        assert_int_equal(store_namespace_remember(s, "a/b", "A", &err), -EINVAL);
        assert_int_equal(store_namespace_forget(tempdir_path(d, "state"), "../lock", uid, &err), -EINVAL);
        store_close(s);
}

/* What cannot be believed is no reason to believe anything; forgetting it is the cure. */
static void damaged_namespace(struct tempdir *d) {
        static const char *const texts[] = {"", "garbage\n", "leader-agent namespace 1\nnamespace=ops\n"};
        struct store *s = open_store(d, &here);
        struct record_namespace n;
        struct err err = {};
        char uid[64];

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(store_namespace_remember(s, "ops", "A", &err), 0);
                (void)tempdir_write(d, "state/namespaces/ops", texts[i]);
                assert_int_equal(store_namespace(s, "ops", &n, &err), -EBADMSG);
                assert_non_null(strstr(err.text, "/state/namespaces/ops: "));
                assert_int_equal(store_namespace_forget(tempdir_path(d, "state"), "ops", uid, &err), 0);
                assert_string_equal(uid, "");
                assert_int_equal(store_namespace(s, "ops", &n, &err), -ENOENT);
        }
        store_close(s);
}

/* Whichever call fails, before or after a crash: remembered or not, and never another one. */
static void faults_namespace(struct tempdir *d) {
        for (unsigned crash = 0; crash < 2; crash++)
                for (unsigned k = 1;; k++) {
                        struct store *s = open_store(d, &here);
                        struct record_namespace n;
                        struct err err = {};
                        char uid[64];
                        bool fired;
                        int r, back;

                        arm(k, crash);
                        r = store_namespace_remember(s, "ops", "A", &err);
                        fired = disarm();
                        back = store_namespace(s, "ops", &n, &err);
                        assert_true(back == 0 || back == -ENOENT);
                        if (back == 0)
                                assert_string_equal(n.uid, "A");
                        assert_true(r < 0 || back == 0);
                        assert_true(fired || r == 0);
                        (void)store_namespace_forget(tempdir_path(d, "state"), "ops", uid, &err);
                        store_close(s);
                        if (!fired)
                                break;
                }
}

#define TEST(f)                                                                                                        \
        static void test_##f(void **state) {                                                                           \
                (void)state;                                                                                           \
                f(&directory);                                                                                         \
        }
TEST(use)
TEST(many)
TEST(scopes)
TEST(damaged_claims)
TEST(wrong_machine)
TEST(damaged_identity)
TEST(no_directory)
TEST(faults)
TEST(each_lock)
TEST(faults_first_start)
TEST(namespaces)
TEST(damaged_namespace)
TEST(faults_namespace)

static void test_wrong_owner(void **state) {
        (void)state;
        if (geteuid() != 0)
                skip();
        wrong_owner(&directory);
}

int main(void) {
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
        const struct CMUnitTest tests[] = {
                IN_DIRECTORY(test_use),
                IN_DIRECTORY(test_many),
                IN_DIRECTORY(test_scopes),
                IN_DIRECTORY(test_damaged_claims),
                IN_DIRECTORY(test_wrong_machine),
                IN_DIRECTORY(test_damaged_identity),
                IN_DIRECTORY(test_wrong_owner),
                IN_DIRECTORY(test_no_directory),
                IN_DIRECTORY(test_faults),
                IN_DIRECTORY(test_faults_first_start),
                IN_DIRECTORY(test_each_lock),
                IN_DIRECTORY(test_namespaces),
                IN_DIRECTORY(test_damaged_namespace),
                IN_DIRECTORY(test_faults_namespace),
                cmocka_unit_test(test_host),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
