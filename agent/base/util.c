/* SPDX-License-Identifier: Apache-2.0 */
/* What of util.h is too long to be inline. */
#include "base/util.h"

bool util_copy(char *dst, size_t size, const char *src) {
        size_t n = src ? strlen(src) : 0;

        if (n >= size) {
                dst[0] = '\0';
                return false;
        }
        memcpy(dst, src ? src : "", n + 1);
        return true;
}

uint64_t util_token(const char *s) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        if (util_empty(s))
                return 0;
        for (; *s; s++)
                h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
        return h ? h : 1;
}

char *util_shell_word(const char *s) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
        char *word, *at;

        if (*s && s[strspn(s, plain)] == '\0')
                return strdup(s);
        word = malloc(4 * strlen(s) + 3);
        if (!word)
                return NULL;
        at = stpcpy(word, "'");
        for (; *s; s++)
                if (*s == '\'')
                        at = stpcpy(at, "'\\''");
                else
                        *at++ = *s;
        (void)stpcpy(at, "'");
        return word;
}
