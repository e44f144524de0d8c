/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 1123 as Kubernetes reads it, and systemd's unit names. */
#include "codec/name.h"

#include "base/util.h"

static bool alnum(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The label at the start of s: its length, 0 when there is none. */
static size_t label_length(const char *s) {
        size_t n = 0;

        while (alnum(s[n]) || s[n] == '-')
                n++;
        return n > 0 && n <= 63 && alnum(s[0]) && alnum(s[n - 1]) ? n : 0;
}

bool name_is_dns_label(const char *s) {
        size_t n = s ? label_length(s) : 0;

        return n > 0 && s[n] == '\0';
}

bool name_is_dns_subdomain(const char *s) {
        if (!s || strlen(s) > 253)
                return false;
        for (;;) {
                size_t n = label_length(s);

                if (n == 0)
                        return false;
                s += n;
                if (*s == '\0')
                        return true;
                if (*s++ != '.')
                        return false;
        }
}

static bool is_unit(const char *s, const char *suffix) {
        size_t n, m = strlen(suffix);
        const char *at;

        if (util_empty(s))
                return false;
        n = strlen(s);
        if (n <= m || n > NAME_UNIT_MAX || !util_streq(s + n - m, suffix))
                return false;
        /* systemd's set for unit names. */
        for (const char *p = s; *p; p++)
                if (!alnum(*p) && !(*p >= 'A' && *p <= 'Z') && !strchr(":-_.\\@", *p))
                        return false;
        at = strchr(s, '@');
        return *s != '@' && *s != '.' && (!at || at[1] != '.' || at + 1 != s + n - m);
}

bool name_is_service_unit(const char *s) {
        return is_unit(s, ".service");
}

bool name_is_list_unit(const char *s) {
        return is_unit(s, ".service") || is_unit(s, ".timer") || is_unit(s, ".socket") || is_unit(s, ".path");
}
