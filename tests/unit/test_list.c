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

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_warn)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
