/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: what is accepted, what every wrong one is told, and the rules over several keys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "codec/conf.h"
#include "codec/conf_keys.h"
#include "codec/name.h"
#include "codec/timespan.h"

#define LOCK(more) "locks = ( { name = \"op-lock\"; unit = \"op.service\"; " more " } );\n"

static struct tempdir dir;

static int setup(void **state) {
        (void)state;
        tempdir_make(&dir);
        return 0;
}

static int teardown(void **state) {
        (void)state;
        tempdir_remove(&dir);
        return 0;
}

static struct conf *load(const char *text) {
        struct conf *c = NULL;
        struct err err = {};
        int r = conf_load(&c, tempdir_write(&dir, "a.conf", text), &err);

        if (r != 0)
                fail_msg("%s", err.text);
        return c;
}

static void test_smallest(void **state) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        const struct conf_lock *l;

        (void)state;
        c = load("kubeconfig = \"/etc/kc\";\nnamespace = \"ops\";\n" LOCK(""));
        assert_string_equal(c->kubeconfig, "/etc/kc");
        assert_non_null(strstr(c->kubeconfig_where, ":1"));
        assert_int_equal(c->n_files, 1);
        assert_int_equal(strncmp(c->kubeconfig_where, c->files[0], strlen(c->files[0])), 0);
        assert_null(c->context);
        assert_null(c->trace);
        assert_string_equal(c->state_dir, "/var/lib/leader-agent");
        assert_string_equal(c->guard_socket, PERMIT_SOCKET);
        assert_int_equal(c->log_level, 6);
        assert_int_equal(c->request_timeout_usec, 5 * USEC_PER_SEC);
        assert_int_equal(c->verify_interval_usec, 600 * USEC_PER_SEC);
        assert_int_equal(c->renew_interval_usec, 5 * USEC_PER_SEC);
        assert_int_equal(c->n_locks, 1);
        l = &c->locks[0];
        assert_string_equal(l->name, "op-lock");
        assert_string_equal(l->namespace_, "ops");
        assert_string_equal(l->unit, "op.service");
        assert_int_equal(l->tenure, TENURE_LIFE);
        assert_int_equal(l->placeholder, PLACEHOLDER_LEASE);
        assert_int_equal(l->keys.on_failure, ON_FAILURE_RELEASE);
        assert_int_equal(l->keys.on_foreign, ON_FOREIGN_STOP);
        assert_int_equal(l->keys.on_exit, ON_EXIT_KEEP);
        assert_int_equal(l->keys.restart_limit, 5);
        assert_int_equal(l->keys.restart_interval_usec, 600 * USEC_PER_SEC);
        assert_int_equal(l->lease_duration_usec, 30 * USEC_PER_SEC);
        assert_int_equal(l->renew_deadline_usec, 15 * USEC_PER_SEC);
        assert_int_equal(l->stop_timeout_usec, 300 * USEC_PER_SEC);
        assert_int_equal(l->kill_margin_usec, 5 * USEC_PER_SEC);
        assert_int_equal(l->keys.cooldown.min_usec, 10 * USEC_PER_SEC);
        assert_int_equal(l->keys.cooldown.max_usec, 300 * USEC_PER_SEC);
        assert_int_equal(l->keys.step_down_hold_usec, 10 * USEC_PER_SEC);
}

/* Also before the kubeconfig's namespace is known. */
static void test_copy(_unused_ void **state) {
        _cleanup_(conf_freep) struct conf *c = load("locks = ({name = \"app\"; unit = \"app.service\";});");
        struct conf_lock copy;

        assert_int_equal(conf_lock_copy(&copy, &c->locks[0]), 0);
        assert_null(copy.namespace_);
        assert_string_equal(copy.unit, "app.service");
        conf_lock_done(&copy);
}

static void test_values(void **state) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        const struct conf_lock *l;
        struct err err = {};

        (void)state;
        c = load("context = \"c\"; state_dir = \"/s\"; guard_socket = \"/g\"; request_timeout = \"500ms\"; "
                 "verify_interval = 60;\n"
                 "renew_interval = \"1s 500ms\"; log_level = \"debug\"; trace = \"/t\";\n"
                 "defaults = { tenure = \"lease\"; cooldown = \"1min\"; };\n"
                 "locks = ( { name = \"a\"; namespace = \"n1\"; unit = \"a@1.service\"; placeholder = \"pod\"; "
                 "on_failure = \"keep\"; on_foreign = \"leave\"; on_exit = \"release\"; restart_limit = 0;\n"
                 "  lease_duration = 60L; renew_deadline = 0x1E; stop_timeout = \"10 sec\"; kill_margin = \"4s\";\n"
                 "  cooldown = 1; cooldown_max = \"1h\"; step_down_hold = \"0\"; },\n"
                 "  { name = \"a\"; unit = \"b.service\"; tenure = \"life\"; }, { name = \"c\"; unit = "
                 "\"c.service\"; } );\n");
        assert_string_equal(c->context, "c");
        assert_string_equal(c->state_dir, "/s");
        assert_string_equal(c->guard_socket, "/g");
        assert_string_equal(c->trace, "/t");
        assert_int_equal(c->log_level, 7);
        assert_int_equal(c->request_timeout_usec, 500 * USEC_PER_MSEC);
        assert_int_equal(c->verify_interval_usec, 60 * USEC_PER_SEC);
        assert_int_equal(c->renew_interval_usec, 1500 * USEC_PER_MSEC);
        assert_int_equal(c->n_locks, 3);
        l = c->locks;
        assert_string_equal(l[0].namespace_, "n1");
        assert_int_equal(l[0].tenure, TENURE_LEASE);
        assert_int_equal(l[0].placeholder, PLACEHOLDER_POD);
        assert_int_equal(l[0].keys.on_failure, ON_FAILURE_KEEP);
        assert_int_equal(l[0].keys.on_foreign, ON_FOREIGN_LEAVE);
        assert_int_equal(l[0].keys.on_exit, ON_EXIT_RELEASE);
        assert_int_equal(l[0].keys.restart_limit, 0);
        assert_int_equal(l[0].lease_duration_usec, 60 * USEC_PER_SEC);
        assert_int_equal(l[0].renew_deadline_usec, 30 * USEC_PER_SEC);
        assert_int_equal(l[0].stop_timeout_usec, 10 * USEC_PER_SEC);
        assert_int_equal(l[0].kill_margin_usec, 4 * USEC_PER_SEC);
        assert_int_equal(l[0].keys.cooldown.min_usec, USEC_PER_SEC);
        assert_int_equal(l[0].keys.cooldown.max_usec, 3600 * USEC_PER_SEC);
        assert_int_equal(l[0].keys.step_down_hold_usec, 0);
        /* Tenure decides the default of stop_timeout, wherever the tenure came from. */
        assert_int_equal(l[1].tenure, TENURE_LIFE);
        assert_int_equal(l[1].stop_timeout_usec, 300 * USEC_PER_SEC);
        assert_int_equal(l[2].tenure, TENURE_LEASE);
        assert_int_equal(l[2].stop_timeout_usec, 8 * USEC_PER_SEC);
        assert_int_equal(l[2].keys.cooldown.min_usec, 60 * USEC_PER_SEC);
        assert_null(l[1].namespace_);
        assert_null(c->namespace_);

        assert_int_equal(conf_set_default_namespace(c, "Bad_", &err), -EINVAL);
        assert_string_equal(err.text, "\"Bad_\" is not a name of a namespace");
        assert_int_equal(conf_set_default_namespace(c, "n2", &err), 0);
        assert_string_equal(c->namespace_, "n2");
        assert_string_equal(l[0].namespace_, "n1");
        assert_string_equal(l[1].namespace_, "n2");
}

/* Each is a good name, and they only meet in the guard's protocol: said by --check-config, not when the agent starts.
 */
static void test_length(void **state) {
        char text[600], name[254] = "";
        struct err err = {};

        (void)state;
        for (size_t i = 0; i < sizeof(name) - 1; i++)
                name[i] = i % 60 == 59 ? '.' : 'a';
        for (size_t n = 1; n < 4; n++) {
                _cleanup_(conf_freep) struct conf *c = NULL;

                (void)snprintf(text, sizeof(text), "locks = ( { name = \"%s\"; unit = \"a.service\"; } );\n", name);
                c = load(text);
                assert_int_equal(conf_set_default_namespace(c,
                                                            n == 1   ? "n"
                                                            : n == 2 ? "nn"
                                                                     : "nnn",
                                                            &err),
                                 n == 1 ? 0 : -EINVAL);
        }
        assert_non_null(strstr(err.text, "a.conf:1: lock aaaa"));
        assert_non_null(strstr(err.text, "256 characters together, at most 254 fit"));
}

/* Only the kubeconfig's namespace shows that two locks are one. */
static void test_namespace_collision(void **state) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        struct err err = {};

        (void)state;
        c = load("locks = ( { name = \"a\"; namespace = \"n\"; unit = \"a.service\"; },\n"
                 "{ name = \"a\"; unit = \"b.service\"; } );\n");
        assert_int_equal(conf_set_default_namespace(c, "n", &err), -EINVAL);
        assert_non_null(strstr(err.text, "a.conf:2: lock a is already configured at "));
}

static const struct {
        const char *text, *message; /* after FILE: */
} bad[] = {
        {"", ": no lock is configured; add locks = ( { name = \"…\"; unit = \"….service\"; } );"},
        {"locks = ();", ": no lock is configured; add locks = ( { name = \"…\"; unit = \"….service\"; } );"},
        {"namespace = \n", ":2: syntax error"},
        {"namespace = \"a\";\nnamespace = \"b\";\n", ":2: duplicate setting name"},
        {"namespace = \"never closed", ":1: syntax error"},
        {"\n\nkubekonfig = \"/x\";\n" LOCK(""), ":3: unknown key \"kubekonfig\"; leader-agent.conf(5) lists them"},
        {"namespace = 5;\n", ":1: namespace is the number 5, must be a text in quotes"},
        {"namespace = true;\n", ":1: namespace is true or false, must be a text in quotes"},
        {"namespace = [ \"a\" ];\n", ":1: namespace is an array [ … ], must be a text in quotes"},
        {"namespace = \"Ops\";\n",
         ":1: namespace is \"Ops\", must be 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends"},
        {"kubeconfig = \"~/.kube/config\";\n",
         ":1: kubeconfig is \"~/.kube/config\", must be an absolute path (no ~, no variables)"},
        {"context = \"\";\n", ":1: context is \"\", must be a text that is not empty"},
        {"log_level = \"loud\";\n",
         ":1: log_level is \"loud\", must be one of \"err\", \"warning\", \"notice\", \"info\", \"debug\""},
        {"request_timeout = 1.5;\n",
         ":1: request_timeout is a number with a fraction, must be a time span such as \"15s\" or a number of seconds"},
        {"request_timeout = \"soon\";\n",
         ":1: request_timeout is \"soon\", must be a time span such as \"15s\", \"2min 30s\" or \"500ms\""},
        {"request_timeout = \"99999999999999999999s\";\n",
         ":1: request_timeout is \"99999999999999999999s\", which is far too long"},
        {"request_timeout = -1;\n", ":1: request_timeout is -1, must be a number of seconds or a time span"},
        {"request_timeout = 9223372036854775807L;\n",
         ":1: request_timeout is 9223372036854775807, must be a number of seconds or a time span"},
        {"request_timeout = 61;\n", ":1: request_timeout is out of bounds: 1min 1s, must be 100ms to 1min"},
        {"request_timeout = \"99ms\";\n", ":1: request_timeout is out of bounds: 99ms, must be 100ms to 1min"},
        {"verify_interval = 9;\n", ":1: verify_interval is out of bounds: 9s, must be 10s to 1d"},
        {"renew_interval = \"25h\";\n", ":1: renew_interval is out of bounds: 1d 1h, must be 100ms to 1d"},
        {"locks = { name = \"a\"; };\n", ":1: locks must be a list: locks = ( { name = …; unit = …; } );"},
        {"locks = ( \"a\" );\n", ":1: each lock must be a group: { name = \"…\"; unit = \"…\"; }"},
        {"locks = (\n { name = \"a\"; } );\n", ":2: this lock has no unit"},
        {"locks = (\n\n { unit = \"a.service\"; } );\n", ":3: this lock has no name"},
        {"defaults = ( );\n", ":1: defaults must be a group: defaults = { tenure = …; };"},
        {"defaults = { unit = \"a.service\"; };\n" LOCK(""),
         ":1: unknown key \"unit\" in defaults; leader-agent.conf(5) lists them"},
        {"defaults = {\n cooldown = \"x\"; };\n" LOCK(""),
         ":2: cooldown is \"x\", must be a time span such as \"15s\", \"2min 30s\" or \"500ms\""},
        {LOCK("renew_interval = 1;"), ":1: unknown key \"renew_interval\" in a lock; leader-agent.conf(5) lists them"},
        {LOCK("tenure = \"forever\";"), ":1: tenure is \"forever\", must be one of \"life\", \"lease\""},
        {LOCK("placeholder = \"configmap\";"), ":1: placeholder is \"configmap\", must be one of \"lease\", \"pod\""},
        {LOCK("restart_limit = -1;"), ":1: restart_limit is out of bounds: -1, must be 0 to 1000"},
        {LOCK("restart_limit = 1001;"), ":1: restart_limit is out of bounds: 1001, must be 0 to 1000"},
        {LOCK("restart_limit = \"5min\";"), ":1: restart_limit is \"5min\", must be a number"},
        {LOCK("restart_limit = true;"), ":1: restart_limit is true or false, must be a number"},
        {LOCK("restart_limit_interval = 0;"), ":1: restart_limit_interval is out of bounds: 0s, must be 1s to 1d"},
        {LOCK("on_exit = \"stop\";"), ":1: on_exit is \"stop\", must be one of \"keep\", \"release\""},
        {LOCK("on_failure = \"panic\";"), ":1: on_failure is \"panic\", must be one of \"release\", \"keep\""},
        {LOCK("on_foreign = \"kill\";"), ":1: on_foreign is \"kill\", must be one of \"stop\", \"leave\""},
        {LOCK("lease_duration = 1;"), ":1: lease_duration is out of bounds: 1s, must be 2s to 1d"},
        {"locks = ( { name = \"Op_Lock\"; unit = \"a.service\"; } );\n",
         ":1: name is \"Op_Lock\", must be 1 to 253 of a-z, 0-9, '-' and '.', as Kubernetes names are"},
        {"locks = ( { name = \"a\"; unit = \"a\"; } );\n",
         ":1: unit is \"a\", must be the full name of a service unit, e.g. \"myapp-operator.service\""},
        {"locks = ( { name = \"a\"; unit = \"a.socket\"; } );\n",
         ":1: unit is \"a.socket\", must be the full name of a service unit, e.g. \"myapp-operator.service\""},
        {"locks = ( { name = \"a\"; unit = \"../a.service\"; } );\n",
         ":1: unit is \"../a.service\", must be the full name of a service unit, e.g. \"myapp-operator.service\""},
        {"locks = ( { name = \"a\"; unit = \"a.service b.service\"; } );\n",
         ":1: unit is \"a.service b.service\", must be the full name of a service unit, e.g. "
         "\"myapp-operator.service\""},
        {"locks = ( { name = \"a\";\n units = \"a.service\"; } );\n",
         ":2: units must be a list of names: units = (\"a.service\", \"b.service\")"},
        {"locks = ( { name = \"a\"; units = ( ); } );\n",
         ":1: units must be a list of names: units = (\"a.service\", \"b.service\")"},
        {"locks = ( { name = \"a\"; units = (\"a.service\", 7); } );\n",
         ":1: units has an element that is no text in quotes"},
        {"locks = ( { name = \"a\"; units = (\"a.service\", \"b.mount\"); } );\n",
         ":1: units has \"b.mount\", each must be the full name of a .service, .timer, .socket or .path"},
        {"locks = ( { name = \"a\"; units = (\"a.service\", \"a.service\"); } );\n", ":1: units has a.service twice"},
        {"locks = ( { name = \"a\"; units = (\"a.timer\"); } );\n",
         ":1: units has no service: a timer, socket or path needs the one that it starts beside it"},
        {"locks = ( { name = \"a\"; units = (\"a.service\", \"a.socket\"); } );\n",
         ":1: units has a.socket behind a.service: systemd refuses to start the socket of a service that runs; put it "
         "before"},
        {"locks = ( { name = \"a\"; unit = \"a.service\"; units = (\"b.service\"); } );\n",
         ":1: unit and units: a lock has one of them"},
        {"defaults = { units = (\"a.service\"); };\n" LOCK(""),
         ":1: unknown key \"units\" in defaults; leader-agent.conf(5) lists them"},
        {"  @include \"x\"\n", ":1: @include is not supported; put the file into conf.d"},
};

static void test_bad(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                struct conf *c = NULL;
                struct err err = {};
                const char *path = tempdir_write(&dir, "bad.conf", bad[i].text);
                int r = conf_load(&c, path, &err);

                if (r != -EINVAL || c)
                        fail_msg("row %zu: %d for %s", i, r, bad[i].text);
                assert_memory_equal(err.text, path, strlen(path));
                assert_string_equal(err.text + strlen(path), bad[i].message);
        }
}

static const struct {
        const char *text, *message; /* contained; NULL: accepted */
} rules[] = {
        {LOCK("tenure = \"lease\";"), NULL},
        {LOCK("tenure = \"lease\"; lease_duration = 29;"), NULL},
        {LOCK("tenure = \"lease\"; lease_duration = 28;"),
         ":1: lock op-lock: two leaders would be possible: renew_deadline 15s + stop_timeout 8s + kill_margin 5s = "
         "28s, must be "
         "less than lease_duration 28s less 1 % for clock rates = 27s 720ms; lease_duration = \"29s\" would do"},
        /* 99 % of 100 s is exactly the sum: not less. */
        {LOCK("tenure = \"lease\"; lease_duration = 100; renew_deadline = 86;"),
         "= 1min 39s, must be less than lease_duration 1min 40s less 1 % for clock rates = 1min 39s; lease_duration = "
         "\"1min 41s\""},
        {LOCK("tenure = \"lease\"; lease_duration = 100; renew_deadline = \"85s 999ms\";"), NULL},
        {LOCK("tenure = \"lease\"; stop_timeout = \"20s\";"), "lease_duration = \"41s\" would do"},
        {LOCK("tenure = \"lease\"; lease_duration = \"30s 500ms\";"),
         ":1: lock op-lock: lease_duration 30s 500ms must be whole seconds: the API knows no less"},
        {LOCK("tenure = \"lease\"; kill_margin = \"3s 500ms\";"),
         ":1: lock op-lock: kill_margin 3s 500ms must be more than 3s 500ms: a hung guard is noticed only after the "
         "WatchdogSec= of leader-guard.service, 3s, and systemd's timers are late by up to 500ms"},
        {LOCK("tenure = \"lease\"; kill_margin = \"3s 501ms\";"), NULL},
        {"renew_interval = 10;\n" LOCK("tenure = \"lease\";"),
         ":2: lock op-lock: renew_interval 10s + request_timeout 5s = 15s, must be less than renew_deadline 15s: one "
         "slow renewal "
         "would already stop the unit"},
        {"renew_interval = \"9s 999ms\";\n" LOCK("tenure = \"lease\";"), NULL},
        /* Life tenure knows no deadline: the same numbers do not matter. */
        {"renew_interval = 10;\n" LOCK("lease_duration = 2; kill_margin = 1;"), NULL},
        {LOCK("cooldown = 301;"), ":1: lock op-lock: cooldown 5min 1s is more than cooldown_max 5min"},
        {"locks = ( { name = \"a\"; unit = \"a.service\"; },\n{ name = \"a\"; unit = \"b.service\"; } );",
         ":2: lock a is already configured at "},
        {"locks = ( { name = \"a\"; unit = \"a.service\"; },\n{ name = \"b\"; unit = \"a.service\"; } );",
         ":2: lock b: unit a.service already belongs to lock a ("},
        {"locks = ( { name = \"a\"; units = (\"a.service\", \"b.service\"); },\n{ name = \"b\"; units = [\"c.timer\", "
         "\"b.service\"]; } );",
         ":2: lock b: unit b.service already belongs to lock a ("},
};

static void test_rules(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                _cleanup_(conf_freep) struct conf *c = NULL;
                struct err err = {};
                int r = conf_load(&c, tempdir_write(&dir, "rule.conf", rules[i].text), &err);

                if (rules[i].message ? r != -EINVAL || !strstr(err.text, rules[i].message) : r != 0)
                        fail_msg("row %zu: %d: %s", i, r, err.text);
        }
}

/* What is no error, but was hardly meant: told at the start, by a reload and by --check-config. */
static void test_warnings(void **state) {
        static const struct {
                const char *text, *warning; /* contained; NULL: none */
        } rows[] = {
                {LOCK(""), NULL},
                {LOCK("tenure = \"lease\"; lease_duration = 40;"), NULL},
                {LOCK("lease_duration = 40;"),
                 ":1: lock op-lock: lease_duration means nothing for tenure \"life\", which "
                 "has no lease; remove it, or set tenure = \"lease\""},
                {LOCK("renew_deadline = 9; tenure = \"life\"; lease_duration = 40;"),
                 ": lease_duration, renew_deadline mean nothing for tenure \"life\", which has no lease; remove them"},
                {LOCK("stop_timeout = 9; kill_margin = 9;"), NULL},
                /* For other locks. */
                {"defaults = { lease_duration = 40; };\n" LOCK(""), NULL},
                {"defaults = { tenure = \"lease\"; };\n" LOCK("lease_duration = 40;"), NULL},
                {"defaults = { tenure = \"lease\"; };\n" LOCK("lease_duration = 40; tenure = \"life\";"),
                 ":2: lock op-lock: lease_duration means nothing"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(conf_freep) struct conf *c = NULL;
                _cleanup_free_ char *described = NULL;
                char text[1024];
                struct err err = {};
                size_t size;
                bool warns;
                FILE *f;

                if (conf_load(&c, tempdir_write(&dir, "warn.conf", rows[i].text), &err) < 0)
                        fail_msg("row %zu: %s", i, err.text);
                warns = conf_warning(&c->locks[0], text, sizeof(text));
                if (warns != (rows[i].warning != NULL) || (warns && !strstr(text, rows[i].warning)))
                        fail_msg("row %zu: %s", i, text);
                f = open_memstream(&described, &size);
                assert_non_null(f);
                conf_describe(c, f);
                assert_int_equal(fclose(f), 0);
                assert_int_equal(strstr(described, "    # WARNING: ") != NULL, warns);
                assert_true(!warns || strstr(described, text));
        }
}

static void test_directory(void **state) {
        const char *path;
        struct conf *c = NULL;
        struct err err = {};

        (void)state;
        path = tempdir_write(&dir, "d/main.conf", "namespace = \"one\";\n" LOCK(""));
        (void)tempdir_write(&dir, "d/conf.d/20-b.conf",
                            "namespace = \"three\";\nlocks = ( { name = \"b\"; unit = \"b.service\"; } );\n");
        (void)tempdir_write(&dir, "d/conf.d/10-a.conf", "namespace = \"two\";\ndefaults = { cooldown = 7; };\n");
        (void)tempdir_write(&dir, "d/conf.d/note.txt", "not a configuration");
        (void)tempdir_write(&dir, "d/conf.d/.hidden.conf", "not a configuration");
        if (conf_load(&c, path, &err) != 0)
                fail_msg("%s", err.text);
        assert_string_equal(c->namespace_, "three");
        assert_int_equal(c->n_locks, 2);
        assert_string_equal(c->locks[0].name, "op-lock");
        assert_string_equal(c->locks[1].name, "b");
        assert_string_equal(c->locks[0].namespace_, "three");
        assert_int_equal(c->locks[0].keys.cooldown.min_usec, 7 * USEC_PER_SEC);
        conf_free(c);

        c = NULL;
        (void)tempdir_write(&dir, "d/conf.d/30-c.conf", "locks = (\n{ name = \"b\"; unit = \"c.service\"; } );\n");
        assert_int_equal(conf_load(&c, path, &err), -EINVAL);
        assert_null(c);
        assert_non_null(strstr(err.text, "/conf.d/30-c.conf:2: lock b is already configured at "));
        assert_non_null(strstr(err.text, "/conf.d/20-b.conf:2"));

        (void)tempdir_write(&dir, "d/conf.d/30-c.conf", "oops\n");
        assert_int_equal(conf_load(&c, path, &err), -EINVAL);
        assert_non_null(strstr(err.text, "/conf.d/30-c.conf:2: syntax error"));
        assert_int_equal(unlink(tempdir_path(&dir, "d/conf.d/30-c.conf")), 0);
}

static void test_unreadable(void **state) {
        struct conf *c = NULL;
        struct err err = {};
        const char *nul;

        (void)state;
        assert_int_equal(conf_load(&c, tempdir_path(&dir, "absent.conf"), &err), -ENOENT);
        assert_non_null(strstr(err.text, "/absent.conf: No such file or directory; a commented sample is "));

        assert_int_equal(mkdir(tempdir_path(&dir, "dir.conf"), 0700), 0);
        assert_int_equal(conf_load(&c, tempdir_path(&dir, "dir.conf"), &err), -EINVAL);
        assert_non_null(strstr(err.text, "/dir.conf: it is not a regular file"));

        assert_int_equal(mkfifo(tempdir_path(&dir, "fifo.conf"), 0600), 0);
        assert_int_equal(conf_load(&c, tempdir_path(&dir, "fifo.conf"), &err), -EINVAL);
        assert_non_null(strstr(err.text, "not a regular file"));

        nul = tempdir_write_bytes(&dir, "nul.conf", "namespace\0 = 1;", 15);
        assert_int_equal(conf_load(&c, nul, &err), -EINVAL);
        assert_non_null(strstr(err.text, "NUL byte at offset 9"));
        assert_null(c);
}

/* What describe prints is a configuration again, with the same meaning. */
static void test_describe(void **state) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        _cleanup_(conf_freep) struct conf *c2 = NULL;
        char *text = NULL, *again = NULL;
        size_t size;
        FILE *f;

        (void)state;
        c = load("namespace = \"n\"; kubeconfig = \"/k\"; context = \"a\\\"b\\\\c\\x9b\xe2\x80\xae\xc3\xa9\";\nlocks = "
                 "( { name = \"a\"; unit = \"a.service\"; "
                 "tenure = \"lease\"; },\n{ name = \"b\"; unit = \"b.service\"; } );\n");
        f = open_memstream(&text, &size);
        assert_non_null(f);
        conf_describe(c, f);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(text, "being stopped after 15s and killed after 23s"));
        assert_non_null(strstr(text, "before 30s"));
        assert_non_null(strstr(text, "paused for longer than 6s 700ms"));
        assert_non_null(strstr(text, "after a crash: 25s to 30s 300ms later"));
        assert_non_null(strstr(text, "Two leaders: 0 s. The API server may be away for any time"));
        assert_non_null(strstr(text, "log_level = \"info\";"));
        assert_non_null(strstr(text, "\ncontext = \"a\\\"b\\\\c\\x9b\\xe2\\x80\\xae\xc3\xa9\";\n"));

        c2 = load(text);
        f = open_memstream(&again, &size);
        assert_non_null(f);
        conf_describe(c2, f);
        assert_int_equal(fclose(f), 0);
        /* All but the lines that name where a lock was read. */
        for (char *a = text, *b = again, *la, *lb; (la = strsep(&a, "\n"));) {
                lb = strsep(&b, "\n");
                assert_non_null(lb);
                if (!strstr(la, "{ # "))
                        assert_string_equal(la, lb);
        }
        free(text);
        free(again);
}

static const struct {
        const char *text;
        int r;
        uint64_t usec;
        const char *formatted;
} spans[] = {
        {"0", 0, 0, "0s"},
        {"15", 0, 15000000, "15s"},
        {"15s", 0, 15000000, "15s"},
        {" 2min  30 s ", 0, 150000000, "2min 30s"},
        {"2min30s", 0, 150000000, "2min 30s"},
        {"500ms", 0, 500000, "500ms"},
        {"1500msec", 0, 1500000, "1s 500ms"},
        {"1us", 0, 1, "1us"},
        {"7usec", 0, 7, "7us"},
        {"1h", 0, 3600000000, "1h"},
        {"2hours 1minute 1second", 0, 7261000000, "2h 1min 1s"},
        {"1d 1m", 0, 86460000000, "1d 1min"},
        {"18446744073709551614us", 0, UINT64_MAX - 1, "213503982d 8h 1min 49s 551ms 614us"},
        {"18446744073709551615us", -ERANGE, 0, NULL},
        {"18446744073709551616us", -ERANGE, 0, NULL},
        {"18446744073709551614us 2us", -ERANGE, 0, NULL},
        {"300000000d", -ERANGE, 0, NULL},
        {"", -EINVAL, 0, NULL},
        {"  ", -EINVAL, 0, NULL},
        {"s", -EINVAL, 0, NULL},
        {"-1s", -EINVAL, 0, NULL},
        {"1.5s", -EINVAL, 0, NULL},
        {"1s,", -EINVAL, 0, NULL},
        {"5S", -EINVAL, 0, NULL},
        {"5 weeks", -EINVAL, 0, NULL},
        {"infinity", -EINVAL, 0, NULL},
};

static void test_units(_unused_ void **state) {
        _cleanup_(conf_freep) struct conf *c =
                load("locks = ( { name = \"a\"; units = (\"addr.service\", \"app.socket\", \"app.service\"); },\n"
                     "{ name = \"b\"; units = [\"b.service\"]; } );\n");
        _cleanup_(conf_freep) struct conf *again = NULL;
        char *text = NULL;
        size_t size;
        FILE *f;

        assert_string_equal(c->locks[0].unit, "addr.service app.socket app.service");
        assert_string_equal(c->locks[1].unit, "b.service");
        /* What is printed can be read again. */
        f = open_memstream(&text, &size);
        conf_describe(c, f);
        (void)fclose(f);
        assert_non_null(strstr(text, "units = (\"addr.service\", \"app.socket\", \"app.service\");"));
        assert_non_null(strstr(text, "unit = \"b.service\";"));
        again = load(text);
        assert_string_equal(again->locks[0].unit, c->locks[0].unit);
        free(text);
}

/* As many as there may be, and as long. */
static void test_units_long(_unused_ void **state) {
        char text[1024], list[512] = "";
        struct err err = {};
        struct conf *c = NULL;

        for (unsigned i = 0; i < 17; i++) {
                size_t n = strlen(list);

                (void)snprintf(list + n, sizeof(list) - n, "%s\"u%u.service\"", i ? ", " : "", i);
                (void)snprintf(text, sizeof(text), "locks = ( { name = \"a\"; units = (%s); } );\n", list);
                if (i < 16)
                        conf_free(load(text));
        }
        assert_int_equal(conf_load(&c, tempdir_write(&dir, "a.conf", text), &err), -EINVAL);
        assert_non_null(strstr(err.text, "units has more than 16"));
        (void)snprintf(text, sizeof(text),
                       "locks = ( { name = \"a\"; units = (\"%0120d.service\", \"%0120d.service\"); } );\n", 1, 2);
        assert_int_equal(conf_load(&c, tempdir_write(&dir, "a.conf", text), &err), -EINVAL);
        assert_non_null(strstr(err.text, "all names together have at most 255 characters"));
}

static void test_timespan(void **state) {
        char buf[TIMESPAN_MAX];

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                uint64_t usec = 0;
                int r = timespan_parse(spans[i].text, &usec);

                if (r != spans[i].r || usec != spans[i].usec)
                        fail_msg("\"%s\": %d, %llu", spans[i].text, r, (unsigned long long)usec);
                if (r == 0)
                        assert_string_equal(timespan_format(buf, usec), spans[i].formatted);
        }
        assert_string_equal(timespan_format(buf, USEC_INFINITY), "infinity");
}

static void test_names(void **state) {
        char label[65];
        char sub[256];
        static const char *const no_label[] = {NULL, "", "-a", "a-", "A", "a.b", "a_b", "a b", "ä"};
        static const char *const no_subdomain[] = {NULL, "", ".", "a.", ".a", "a..b", "a.-b", "a/b"};
        static const char *const units[] = {"a.service", "A:b-c_d.e\\x2d@x.service", "a@.b.service"};
        static const char *const no_units[] = {NULL,         "",           ".service",    "a@.service",
                                               "@a.service", ".a.service", "a/b.service", "a b.service",
                                               "a.Service",  "a.timer",    "a\n.service"};

        (void)state;
        memset(label, 'a', 64);
        label[64] = '\0';
        assert_false(name_is_dns_label(label));
        assert_false(name_is_dns_subdomain(label));
        label[63] = '\0';
        assert_true(name_is_dns_label(label));
        for (size_t i = 0; i < 255; i++)
                sub[i] = i % 2 ? '.' : 'a';
        sub[255] = '\0';
        assert_false(name_is_dns_subdomain(sub));
        sub[253] = '\0';
        assert_true(name_is_dns_subdomain(sub));
        for (size_t i = 0; i < ELEMENTSOF(no_label); i++)
                assert_false(name_is_dns_label(no_label[i]));
        for (size_t i = 0; i < ELEMENTSOF(no_subdomain); i++)
                assert_false(name_is_dns_subdomain(no_subdomain[i]));
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                assert_true(name_is_service_unit(units[i]));
        for (size_t i = 0; i < ELEMENTSOF(no_units); i++)
                assert_false(name_is_service_unit(no_units[i]));
}

static char *read_file(const char *path) {
        char *text = calloc(1, 65536);
        FILE *f = fopen(path, "r");

        assert_non_null(text);
        assert_non_null(f);
        assert_true(fread(text, 1, 65535, f) > 0);
        (void)fclose(f);
        return text;
}

/* Every key stands in the sample and in the manual; the sample shows the default of each. */
static void test_documented(void **state) {
        char *sample, *manual;
        const struct conf_key *tables[] = {conf_keys, conf_lock_keys};

        (void)state;
        sample = read_file("conf/leader-agent.conf");
        manual = read_file("docs/man/leader-agent.conf.5.scd");
        for (size_t t = 0; t < ELEMENTSOF(tables); t++)
                for (const struct conf_key *key = tables[t]; key->name; key++) {
                        char line[128], word[64];

                        (void)snprintf(word, sizeof(word), "*%s*", key->name);
                        if (!strstr(manual, word))
                                fail_msg("leader-agent.conf.5.scd: no %s", word);
                        if (key->type == CONF_TYPE_COUNT)
                                (void)snprintf(line, sizeof(line), "%s = %s;", key->name, key->preset);
                        else
                                (void)snprintf(line, sizeof(line), "%s = \"%s%s", key->name,
                                               key->preset ? key->preset : "", key->preset ? "\";" : "");
                        if (!strstr(sample, line))
                                fail_msg("leader-agent.conf: no %s", line);
                        if (key->preset_life) {
                                (void)snprintf(line, sizeof(line), "\"%s\" for \"life\"", key->preset_life);
                                assert_non_null(strstr(sample, line));
                        }
                }
        free(sample);
        free(manual);
}

/* The number that kill_margin is compared with is the one that systemd uses. */
static void test_guard_watchdog(void **state) {
        char *unit, span[64] = "";
        const char *line;
        uint64_t usec = 0;

        (void)state;
        unit = read_file("units/leader-guard.service");
        line = strstr(unit, "\nWatchdogSec=");
        assert_non_null(line);
        assert_int_equal(sscanf(line, "\nWatchdogSec=%63s", span), 1);
        assert_int_equal(timespan_parse(span, &usec), 0);
        assert_int_equal(usec, TIMING_WATCHDOG_USEC);
        free(unit);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_smallest),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_length),
                cmocka_unit_test(test_namespace_collision),
                cmocka_unit_test(test_bad),
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_warnings),
                cmocka_unit_test(test_directory),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_describe),
                cmocka_unit_test(test_units),
                cmocka_unit_test(test_units_long),
                cmocka_unit_test(test_timespan),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_documented),
                cmocka_unit_test(test_copy),
                cmocka_unit_test(test_guard_watchdog),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
