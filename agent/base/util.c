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
