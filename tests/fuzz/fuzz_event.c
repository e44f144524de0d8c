/* SPDX-License-Identifier: Apache-2.0 */
/* Events, and names: an Event that is built has every field, its name is one that the API server accepts when that of
 * its object is, and the note is cut at a character. Lines of the input are the texts. */
#include "codec/event.h"
#include "codec/name.h"
#include "codec/object.h"
#include "codec/utf8.h"
#include "fuzz.h"

static void names(const char *s) {
        size_t n = strlen(s);
        const char *at = strchr(s, '@');

        fuzz_assert(!name_is_dns_label(s) || (name_is_dns_subdomain(s) && n <= 63));
        fuzz_assert(!name_is_dns_subdomain(s) || (n > 0 && n <= 253 && !strpbrk(s, "/ \n_")));
        if (!name_is_service_unit(s))
                return;
        fuzz_assert(n <= NAME_UNIT_MAX && n > 8 && util_streq(s + n - 8, ".service"));
        fuzz_assert(!strpbrk(s, "/ \n'\"$") && *s != '.' && (!at || !util_streq(at, "@.service")));
}

void fuzz_one(const uint8_t *data, size_t size) {
        _cleanup_(json_object_putp) struct json_object *o = NULL;
        static const char *const kinds[] = {"ConfigMap", "Lease", "Pod", "Secret"};
        struct fuzz f = {data, size};
        uint8_t flags = fuzz_byte(&f);
        uint64_t now = fuzz_number(&f, 6);
        char ns[80], name[400], uid[80], reason[80], note[1400], *text = NULL;
        const char *said;
        struct event_object e = {
                .ns = fuzz_line(&f, ns, sizeof(ns)),
                .kind = kinds[flags & 3],
                .name = fuzz_line(&f, name, sizeof(name)),
                .uid = flags & 4 ? fuzz_line(&f, uid, sizeof(uid)) : NULL,
                .warning = flags & 8,
                .reason = fuzz_line(&f, reason, sizeof(reason)),
                .action = "Act",
                .note = fuzz_line(&f, note, sizeof(note)),
                .instance = "host-1",
        };
        int r;

        names(name);
        names(ns);
        for (char *p = name; *p; p++)
                *p = *p & 0x7f; /* it is an object's: never anything but a name */
        (void)utf8_fix(note);
        (void)utf8_fix(reason);
        (void)utf8_fix(ns);
        if (e.uid)
                (void)utf8_fix(uid);
        r = event_build(&e, now, &text);
        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()) ||
                    (r == -EINVAL && (!*ns || !*name || !*reason || !*note || (flags & 3) == 3)));
        if (r < 0)
                return;
        fuzz_assert(object_parse(text, strlen(text), &o, NULL) == 0 || fuzz_starved());
        free(text);
        if (!o)
                return;
        said = json_object_get_string(object_get(o, "note"));
        fuzz_assert(strlen(said) <= 1024 && strncmp(said, note, strlen(said)) == 0);
        fuzz_assert(strlen(said) + 4 > util_min(strlen(note), 1024));
        said = json_object_get_string(object_get(object_get(o, "metadata"), "name"));
        fuzz_assert(!name_is_dns_subdomain(name) || name_is_dns_subdomain(said));
        fuzz_assert(util_streq(json_object_get_string(object_get(o, "reason")), reason));
}
