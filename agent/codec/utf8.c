/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#include "codec/utf8.h"

#include "base/util.h"

static size_t decode(const char *s, size_t left, uint32_t *ret) {
        static const struct {
                unsigned char mask, lead;
                uint32_t min;
        } forms[] = {{0x80, 0x00, 1}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
        for (size_t n = 1; n <= ELEMENTSOF(forms) && n <= left; n++) {
                unsigned char first = (unsigned char)s[0];
                uint32_t c;

                if ((first & forms[n - 1].mask) != forms[n - 1].lead)
                        continue;
                c = first & (unsigned char)~forms[n - 1].mask;
                for (size_t i = 1; i < n; i++) {
                        if (((unsigned char)s[i] & 0xc0) != 0x80)
                                return 0;
                        c = c << 6 | ((unsigned char)s[i] & 0x3f);
                }
                *ret = c;
                return c >= forms[n - 1].min && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? n : 0;
        }
        return 0;
}

size_t utf8_length(const char *s, size_t left) {
        uint32_t c;

        return decode(s, left, &c);
}

char *utf8_fix(char *s) {
        size_t left = strlen(s);

        for (char *p = s; left > 0;) {
                size_t n = utf8_length(p, left);

                if (n == 0) {
                        *p = '?';
                        n = 1;
                }
                p += n;
                left -= n;
        }
        return s;
}

/* Unicode 15, Bidi_Control; and LINE SEPARATOR, PARAGRAPH SEPARATOR. */
static bool steers(uint32_t c) {
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
               (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *utf8_plain(char *s, bool lines) {
        size_t left = strlen(s);

        for (char *p = s; left > 0;) {
                uint32_t c = 0;
                size_t n = decode(p, left, &c);
                bool valid = n > 0, newline = valid && c == '\n',
                     space = newline || (valid && (c == '\r' || c == '\t'));

                n = valid ? n : 1;
                if (!valid || (steers(c) && !(lines && newline)))
                        memset(p, space ? ' ' : '?', n);
                p += n;
                left -= n;
        }
        return s;
}
