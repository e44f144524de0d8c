/* SPDX-License-Identifier: Apache-2.0 */
/* The one sanitiser: what comes out is valid UTF-8 of the same length without C0, DEL, C1, what turns the direction of
 * writing, and Unicode's line ends; judged here by a decoder of its own. What was good stays. */
#include "codec/utf8.h"
#include "fuzz.h"

/* The next character; 0: not valid UTF-8 (RFC 3629, table in section 4). */
static uint32_t next(const uint8_t **p) {
        const uint8_t *s = *p;
        unsigned n = s[0] < 0x80                    ? 1
                     : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                     : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                     : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                    : 0;
        uint32_t c = n == 1 ? s[0] : n == 2 ? s[0] & 0x1fU : n == 3 ? s[0] & 0x0fU : s[0] & 0x07U;

        for (unsigned i = 1; i < n; i++) {
                if (s[i] < 0x80 || s[i] > 0xbf)
                        return 0;
                c = c << 6 | (s[i] & 0x3fU);
        }
        *p += n;
        return n == 0 || (n == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
                               (n == 4 && (c < 0x10000 || c > 0x10ffff))
                       ? 0
                       : c;
}

static bool steers(uint32_t c) {
        return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f || c == 0x2028 ||
               c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool valid(const char *s, bool plain, bool lines) {
        for (const uint8_t *p = (const uint8_t *)s; *p;) {
                uint32_t c = next(&p);

                if (c == 0 || (plain && steers(c) && !(lines && c == '\n')))
                        return false;
        }
        return true;
}

void fuzz_one(const uint8_t *data, size_t size) {
        char *text = fuzz_text(data, size), *fixed, *plain;
        size_t n = strlen(text);

        fixed = fuzz_copy(text, n + 1);
        fuzz_assert(utf8_fix(fixed) == fixed && strlen(fixed) == n && valid(fixed, false, false));
        fuzz_assert(util_streq(fixed, text) == valid(text, false, false));
        for (unsigned lines = 0; lines < 2; lines++) {
                plain = fuzz_copy(text, n + 1);
                fuzz_assert(utf8_plain(plain, lines) == plain && strlen(plain) == n && valid(plain, true, lines));
                fuzz_assert(util_streq(plain, text) == valid(text, true, lines));
                free(plain);
        }
        for (size_t at = 0; at < size; at++) {
                size_t length = utf8_length((const char *)data + at, size - at);

                fuzz_assert(length <= size - at && length <= 4);
                fuzz_assert(length > 0 || data[at] == 0 || data[at] >= 0x80);
        }
        free(fixed);
        free(text);
}
