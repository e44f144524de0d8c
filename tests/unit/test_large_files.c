/* SPDX-License-Identifier: Apache-2.0 */
/* Large configuration and kubeconfig files: what may be large is, what is not meant is refused, and none takes long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "codec/conf.h"
#include "codec/kubeconfig.h"
#include "codec/kubeconfig_parts.h"

#define HEAD                                                                                                           \
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"                                  \
        "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {token: t}}]\n"
#define CONF "locks = ( { name = \"l\"; unit = \"a.service\"; } );\n"

/* A second here is minutes and more with the parsers alone (64 KiB of keys: 16 s, four times as many: four minutes). */
#define LONGEST_SEC 20

static struct tempdir dir;

static int setup(_unused_ void **state) {
        tempdir_make(&dir);
        return 0;
}

static int teardown(_unused_ void **state) {
        tempdir_remove(&dir);
        return 0;
}

/* What stands before, and as often as it fits into size a unit in which "%" is its number. */
struct shape {
        const char *head, *unit, *tail;
        size_t size;
        const char *message; /* NULL: it is good */
};

static const char *write_shape(const char *name, const struct shape *s) {
        FILE *f = fopen(tempdir_path(&dir, name), "we");
        size_t n = strlen(s->head) + strlen(s->tail);

        assert_non_null(f);
        (void)fputs(s->head, f);
        for (unsigned i = 0; n < s->size - 32; i++)
                for (const char *p = s->unit; *p; p++)
                        n += (size_t)(*p == '%' ? fprintf(f, "%06u", i) : fputc(*p, f) >= 0);
        (void)fputs(s->tail, f);
        assert_int_equal(fclose(f), 0);
        return tempdir_path(&dir, name);
}

static void judge(const char *name, const struct shape *s, int r, const struct err *err, clock_t since) {
        double took = (double)(clock() - since) / CLOCKS_PER_SEC;

        if (took > LONGEST_SEC)
                fail_msg("%s, \"%s\": %.1f s", name, s->unit, took);
        if (s->message ? r == 0 || !strstr(err->text, s->message) : r != 0)
                fail_msg("%s, \"%s\": %d %s", name, s->unit, r, err->text);
}

#define KIB(n) ((size_t)(n)*1024)

static void test_kubeconfig(_unused_ void **state) {
        static const struct shape shapes[] = {
                {HEAD, "k%: 1\n", "", KIB(256), "256 keys in one mapping"},
                {HEAD "x: {", "k%,", "}\n", KIB(256), "256 keys in one mapping"},
                {HEAD "x: {", "k%: 1, ", "}\n", KIB(64), "256 keys in one mapping"},
                {HEAD "x: [", "&a% 1,", "]\n", KIB(64), "too much YAML in its "},
                {HEAD "x: [", "&a% 1,", "]\n", KIB(7), NULL},
                {HEAD "x: [", "{a: b},", "]\n", KIB(1024), "too much YAML in its "},
                {HEAD "x: [", "{a: b},", "]\n", KIB(64), NULL},
                {HEAD "x:\n", "- a\n", "", KIB(64), NULL},
                {HEAD, "# a comment of some length in each line\n", "", KIB(1024), NULL},
                {HEAD "x: ", "[", "", KIB(64), "Max depth"},
                {HEAD "x: \"", "abcdefgh", "\"\n", KIB(1024), NULL},
                {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                 "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers:\n- {name: u, user: {token: t}}\n",
                 "- {name: u%, user: {token: t}}\n", "", KIB(128), NULL},
                {HEAD, "# too many\n", "", KIB(1025), "bytes, and 1048576 are the most; correct the path"},
        };

        for (size_t i = 0; i < ELEMENTSOF(shapes); i++) {
                const char *path = write_shape("kc", &shapes[i]);
                struct kubeconfig *k = NULL;
                struct err err = {};
                clock_t since = clock();
                int r = kubeconfig_load(&k, path, NULL, &err);

                judge("kubeconfig", &shapes[i], r, &err, since);
                if (r < 0 && (!strstr(err.text, path) || r == -ENOMEM))
                        fail_msg("%s", err.text);
                kubeconfig_free(k);
        }
}

static void test_conf(_unused_ void **state) {
        static const struct shape shapes[] = {
                {CONF, "k%=1;", "", KIB(1024), "a.conf:2: more than 100 settings in one group"},
                {CONF "x={", "k%:1;", "};", KIB(256), "more than 100 settings in one group"},
                {CONF, "a={", "", KIB(64), "groups in groups, more than 16 deep"},
                {CONF, "# a = b; c = \"d\n", "", KIB(1024), NULL},
                {CONF, "// a = b\n/* a = { b\n c = d */\n", "", KIB(256), NULL},
                {"log_level = \"info\"; locks = ( { name = \"l\"; unit = \"a.service\"; }",
                 ", { name = \"l%\"; unit = \"a%.service\"; }", ");", KIB(48), NULL},
                {CONF "x = \"", "a=b;\\\"", "\";", KIB(256), "unknown key \"x\""},
                {CONF, "# too many\n", "", KIB(1025),
                 "bytes, and 1048576 are the most; is the path right? Locks may be in several files in conf.d"},
        };

        for (size_t i = 0; i < ELEMENTSOF(shapes); i++) {
                const char *path = write_shape("a.conf", &shapes[i]);
                struct conf *c = NULL;
                struct err err = {};
                clock_t since = clock();
                int r = conf_load(&c, path, &err);

                judge("configuration", &shapes[i], r, &err, since);
                if (r < 0 && (!strstr(err.text, path) || r == -ENOMEM))
                        fail_msg("%s", err.text);
                conf_free(c);
        }
}

/* The bundle of a large company, in the kubeconfig itself. */
static void test_bundle(_unused_ void **state) {
        _cleanup_free_ char *pem = NULL, *bundle = NULL, *base64 = NULL, *text = NULL;
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        struct err err = {};
        size_t size, n;

        assert_int_equal(kubeconfig_read_file("tests/kubeconfig/pem/ca.pem", &pem, &size), 0);
        n = KIB(240) / size;
        bundle = calloc(n, size + 1);
        assert_non_null(bundle);
        for (size_t i = 0; i < n; i++)
                memcpy(bundle + i * size, pem, size);
        base64 = kubeconfig_to_base64(bundle);
        assert_non_null(base64);
        assert_true(strlen(base64) > KIB(300));
        assert_true(asprintf(&text,
                             "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                             "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority-data: %s}}]\n"
                             "users: [{name: u, user: {token: t}}]\n",
                             base64) > 0);
        if (kubeconfig_load(&k, tempdir_write(&dir, "kc", text), NULL, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(strlen(k->ca_data), n * size);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kubeconfig),
                cmocka_unit_test(test_conf),
                cmocka_unit_test(test_bundle),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
