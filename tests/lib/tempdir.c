/* SPDX-License-Identifier: Apache-2.0 */
#include "tempdir.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void tempdir_make(struct tempdir *t) {
        const char *base = getenv("TMPDIR");
        int n = snprintf(t->path, sizeof(t->path), "%s/agent-test-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
        assert_true(n > 0 && (size_t)n < sizeof(t->path));
        assert_non_null(mkdtemp(t->path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

void tempdir_remove(struct tempdir *t) {
        assert_int_equal(nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *tempdir_path(const struct tempdir *t, const char *name) {
        static char buffers[16][512];
        static unsigned next;
        char *buf = buffers[next++ % 16];
        int n = snprintf(buf, sizeof(buffers[0]), "%s/%s", t->path, name);
        assert_true(n > 0 && (size_t)n < sizeof(buffers[0]));
        return buf;
}

const char *tempdir_write(const struct tempdir *t, const char *name, const char *text) {
        return tempdir_write_bytes(t, name, text, strlen(text));
}

const char *tempdir_write_bytes(const struct tempdir *t, const char *name, const void *bytes, size_t size) {
        char *path = (char *)tempdir_path(t, name);
        for (char *p = path + strlen(t->path) + 1; (p = strchr(p, '/')); *p++ = '/') {
                *p = '\0';
                assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        }
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, size, f), size);
        assert_int_equal(fclose(f), 0);
        return path;
}
