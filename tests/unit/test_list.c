/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl list: which locks are for one unit of several hosts, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ctl/list.h"

#define WARNING(unit, n, locks)                                                                                        \
        "leaderctl: warning: " unit " is the unit of " n " locks that different hosts hold: " locks                    \
        ". Is that one service? Then it may run on each of these hosts at the same time: on every host whose "         \
        "configuration names the wrong lock stop leader-agent (systemctl stop leader-agent), correct name and "        \
        "namespace of the lock, and start it again. If these are services of their own that have one name, nothing "   \
        "is wrong.\n"

struct row {
        const char *name;
        const char *locks[12]; /* NAMESPACE/NAME UNIT IDENTITY [FORM]; "-": empty */
        const char *text;
};

static const struct row rows[] = {
        {"none", {}, ""},
        {"one", {"p/a web.service h1"}, ""},
        {"units of their own", {"p/a web.service h1", "p/b db.service h2"}, ""},
        {"one host holds both: it has the unit once", {"p/a web.service h1", "p/b web.service h1"}, ""},
        {"two hosts", {"p/a web.service h1", "p/b web.service h2"}, WARNING("web.service", "2", "p/a (h1), p/b (h2)")},
        {"two namespaces, one name: the wrong namespace, perhaps",
         {"p/a web.service h1", "q/a web.service h2"},
         WARNING("web.service", "2", "p/a (h1), q/a (h2)")},
        {"one that is being let go is held",
         {"p/a web.service h1 deleting", "p/b web.service h2"},
         WARNING("web.service", "2", "p/a (h1), p/b (h2)")},
        {"a damaged one may have been held when it came to be that",
         {"p/a web.service h1 damaged", "p/b web.service h2"},
         WARNING("web.service", "2", "p/a (h1), p/b (h2)")},
        {"one that says nothing of a holder", {"p/a web.service - damaged", "p/b web.service h2"}, ""},
        {"no unit", {"p/a - h1 damaged", "p/b - h2 damaged"}, ""},
        {"a Pod's", {"p/a web.service h1 foreign", "p/b web.service h2"}, ""},
        {"three, the first and last of one host",
         {"p/a web.service h1", "p/b web.service h2", "p/c web.service h1"},
         WARNING("web.service", "3", "p/a (h1), p/b (h2), p/c (h1)")},
        {"two units, others between",
         {"p/a web.service h1", "p/b db.service h1", "p/c x.service h1", "p/d web.service h2", "p/e db.service h2"},
         WARNING("web.service", "2", "p/a (h1), p/d (h2)") WARNING("db.service", "2", "p/b (h1), p/e (h2)")},
        {"asked for twice",
         {"p/a web.service h1", "p/a web.service h1", "p/b web.service h2"},
         WARNING("web.service", "2", "p/a (h1), p/b (h2)")},
        {"taken by another host while it was read twice", {"p/a web.service h1", "p/a web.service h2"}, ""},
        {"many",
         {"p/a web.service h1", "p/b web.service h2", "p/c web.service h3", "p/d web.service h4", "p/e web.service h5",
          "p/f web.service h6", "p/g web.service h7", "p/h web.service h8", "p/i web.service h9"},
         WARNING("web.service", "9",
                 "p/a (h1), p/b (h2), p/c (h3), p/d (h4), p/e (h5), p/f (h6), p/g (h7), p/h (h8) and 1 more")},
        {"nothing steers the terminal",
         {"p/a web\x1b[2J.service h1", "p/b web\x1b[2J.service h\0012"},
         WARNING("web?[2J.service", "2", "p/a (h1), p/b (h?2)")},
};

static void fill(struct list_entry *e, const char *text) {
        struct lock_object *l = &e->lock;
        char form[16] = "ours";

        *e = (struct list_entry){};
        assert_true(sscanf(text, "%1[^/]/%1s %64s %64s %15s", l->ns, l->name, l->unit, l->identity, form) >= 4);
        if (util_streq(l->unit, "-"))
                *l->unit = '\0';
        if (util_streq(l->identity, "-"))
                *l->identity = '\0';
        l->deleting = util_streq(form, "deleting");
        l->form = util_streq(form, "damaged")   ? LOCK_FORM_DAMAGED
                  : util_streq(form, "foreign") ? LOCK_FORM_FOREIGN
                                                : LOCK_FORM_OURS;
}

static void test_warn(_unused_ void **state) {
        static struct list_entry entries[ELEMENTSOF(rows[0].locks)];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;
                size_t n = 0;

                for (; n < ELEMENTSOF(entries) && rows[i].locks[n]; n++)
                        fill(&entries[n], rows[i].locks[n]);
                assert_int_equal(list_warn(entries, n, &text), 0);
                if (!util_streq(text, rows[i].text))
                        fail_msg("%s: \"%s\", expected \"%s\"", rows[i].name, text, rows[i].text);
        }
}

/* The last sign of life: of a lease always, of a lock for life where the placeholder says that there is one; and a
 * holder that missed it is told with the command, never of a lease, which is taken over by itself. */
static void test_sign(_unused_ void **state) {
        static const struct {
                const char *name;
                enum tenure tenure;
                uint64_t every, age; /* seconds */
                bool shown, told;
        } signs[] = {
                {"life, written now", TENURE_LIFE, 600, 0, true, false},
                {"life, missed once", TENURE_LIFE, 600, 1210, true, false},
                {"life, silent", TENURE_LIFE, 600, 1300, true, true},
                {"life, of 0.1.0", TENURE_LIFE, 0, 99999, false, false},
                {"life, a clock that is ahead", TENURE_LIFE, 600, (uint64_t)-3600, true, false},
                {"lease", TENURE_LEASE, 0, 3, true, false},
                {"lease, silent", TENURE_LEASE, 0, 99999, true, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(signs); i++) {
                struct list_entry e;

                fill(&e, "p/a web.service web-1-00c0ffee");
                e.has_heartbeat = true;
                e.result = KUBE_OK;
                e.lock.has_tenure = true;
                e.lock.tenure = signs[i].tenure;
                (void)util_copy(e.lock.holder, sizeof(e.lock.holder), "web-1");
                e.placeholder.heartbeat_usec = signs[i].every * USEC_PER_SEC;
                (void)clock_format_utc(clock_realtime_usec() - signs[i].age * USEC_PER_SEC, e.placeholder.renew_time);
                if (!*list_heartbeat(&e) == signs[i].shown)
                        fail_msg("%s: heartbeat '%s'", signs[i].name, list_heartbeat(&e));
                list_explain(&e);
                if (!*e.reason == signs[i].told)
                        fail_msg("%s: reason '%s'", signs[i].name, e.reason);
                if (signs[i].told)
                        assert_non_null(strstr(e.reason, "leaderctl fence p/a --holder web-1-00c0ffee --reason TEXT"));
                e.result = KUBE_UNREACHABLE;
                assert_string_equal(list_heartbeat(&e), "");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_warn), cmocka_unit_test(test_sign)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
