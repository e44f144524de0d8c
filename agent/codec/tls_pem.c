/* SPDX-License-Identifier: Apache-2.0 */
/* Where a PEM block begins and ends. What is in it tls.c knows. */
#include "codec/tls_pem.h"

#include <string.h>

#include "base/util.h"
#include "codec/kubeconfig_parts.h"

#define DASHES "-----"

/* The first line from text on that begins with head, before limit (NULL: the end); text begins one. NULL: none. */
static const char *find_line(const char *text, const char *limit, const char *head) {
        for (const char *p = text; p && (!limit || p < limit); p = strchr(p, '\n'), p = p ? p + 1 : NULL)
                if (strncmp(p, head, strlen(head)) == 0)
                        return p;
        return NULL;
}

static bool contains(const char *text, size_t n, const char *word) {
        return memmem(text, n, word, strlen(word)) != NULL;
}

bool tls_next_block(const char **at, struct tls_block *ret) {
        static const char begin[] = DASHES "BEGIN ", end[] = DASHES "END ";
        const char *from = find_line(*at, NULL, begin), *next, *line, *to;

        *ret = (struct tls_block){};
        if (!from)
                return false;
        ret->type = from + strlen(begin);
        line = ret->type + strcspn(ret->type, "\r\n");
        ret->body = line + strspn(line, "\r\n");
        *at = line;
        to = memmem(ret->type, (size_t)(line - ret->type), DASHES, strlen(DASHES));
        ret->n_type = (size_t)((to ? to : line) - ret->type);
        ret->is_encrypted = contains(ret->type, ret->n_type, "ENCRYPTED ");
        /* Each is looked for up to the next beginning only: many of them must not cost their square. */
        next = find_line(ret->body, NULL, begin);
        from = find_line(ret->body, next, end);
        if (!to || !from || strncmp(from + strlen(end), ret->type, ret->n_type) != 0 ||
            strncmp(from + strlen(end) + ret->n_type, DASHES, strlen(DASHES)) != 0) {
                ret->is_broken = true;
                return true;
        }
        ret->n_body = (size_t)(from - ret->body);
        ret->has_headers = memchr(ret->body, ':', ret->n_body) != NULL;
        ret->is_encrypted = ret->is_encrypted || contains(ret->body, ret->n_body, "ENCRYPTED");
        *at = from + strlen(end);
        return true;
}

bool tls_block_is(const struct tls_block *b, const char *type) {
        return strlen(type) == b->n_type && strncmp(b->type, type, b->n_type) == 0;
}

bool tls_block_is_key(const struct tls_block *b) {
        static const char key[] = "PRIVATE KEY";

        return b->n_type >= strlen(key) && strncmp(b->type + b->n_type - strlen(key), key, strlen(key)) == 0;
}

unsigned char *tls_block_decode(const struct tls_block *b, size_t *ret_size) {
        char *text = b->is_broken ? NULL : malloc(b->n_body + 1), *bytes = NULL;
        size_t n = 0, bad;

        if (!text)
                return NULL;
        for (size_t i = 0; i < b->n_body; i++)
                if (!strchr(" \t\r\n", b->body[i]))
                        text[n++] = b->body[i];
        text[n] = '\0';
        if (kubeconfig_base64(text, &bytes, ret_size, &bad) < 0)
                bytes = NULL;
        explicit_bzero(text, n);
        free(text);
        return (unsigned char *)bytes;
}
