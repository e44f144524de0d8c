/* SPDX-License-Identifier: Apache-2.0 */
/* The only walker of a text of unit names. */
#include <stdio.h>
#include <string.h>

#include "base/unit_list.h"

bool unit_list_next(const char **at, char *buf) {
        const char *name = *at + strspn(*at, " ");
        size_t n = strcspn(name, " ");

        if (n == 0)
                return false;
        (void)snprintf(buf, UNIT_NAME_SIZE, "%.*s", (int)n, name);
        *at = name + n;
        return true;
}

size_t unit_list_count(const char *list) {
        char name[UNIT_NAME_SIZE];
        size_t n = 0;

        for (const char *at = list; unit_list_next(&at, name);)
                n++;
        return n;
}

int unit_list_find(const char *list, const char *name) {
        char one[UNIT_NAME_SIZE];
        int i = 0;

        for (const char *at = list; unit_list_next(&at, one); i++)
                if (util_streq(one, name))
                        return i;
        return -1;
}

bool unit_list_add(char *list, const char *name) {
        size_t n = strlen(list), m = strlen(name);

        if (m == 0 || m >= UNIT_NAME_SIZE || strchr(name, ' ') || n + (n > 0) + m >= UNIT_LIST_SIZE)
                return false;
        if (n > 0)
                list[n++] = ' ';
        memcpy(list + n, name, m + 1);
        return true;
}
