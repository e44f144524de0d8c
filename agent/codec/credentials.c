/* SPDX-License-Identifier: Apache-2.0 */
/* Two instants out of a JSON Web Token or a certificate, and the name in a token. The walk through the certificate
 * knows the order of RFC 5280, 4.1, and the lengths of DER, and nothing else. */
#include "codec/credentials.h"

#include <math.h>
#include <time.h>

#include "codec/kubeconfig_parts.h"
#include "codec/name.h"
#include "codec/object.h"

#define DAY_USEC   (24 * (3600 * USEC_PER_SEC))
#define TOKEN_MAX  ((size_t)64 * 1024) /* as the API server's limit for a header */
#define YEAR_10000 253402300800.0      /* seconds */

uint64_t credentials_warn_usec(const struct credentials_term *t) {
        uint64_t life = util_usec_sub(t->ends_usec, t->begins_usec);

        if (!t->ends_usec)
                return USEC_INFINITY;
        if (t->begins_usec && t->begins_usec < t->ends_usec && life < 28 * DAY_USEC)
                return t->ends_usec - life / 10;
        return util_usec_sub(t->ends_usec, 14 * DAY_USEC);
}

/* ---- tokens ---- */

/* A NumericDate: seconds, perhaps with a fraction. */
static uint64_t get_instant(struct json_object *claims, const char *key) {
        struct json_object *o = object_get(claims, key);
        double sec;

        if (!json_object_is_type(o, json_type_int) && !json_object_is_type(o, json_type_double))
                return 0;
        sec = json_object_get_double(o);
        return isfinite(sec) && sec >= 1 && sec < YEAR_10000 ? (uint64_t)(sec * (double)USEC_PER_SEC) : 0;
}

/* The alphabet of RFC 4648, 5, into that of section 4, with the padding that is left out there. */
static char *to_base64(const char *url, size_t n) {
        char *text = malloc(n + 4);

        if (!text)
                return NULL;
        for (size_t i = 0; i < n; i++)
                text[i] = url[i] == '-' ? '+' : url[i] == '_' ? '/' : url[i];
        while (n % 4)
                text[n++] = '=';
        text[n] = '\0';
        return text;
}

/* To json_object_put(); NULL: it is no JSON Web Token. */
static struct json_object *read_claims(const char *token) {
        const char *payload = token ? strchr(token, '.') : NULL, *end = payload ? strchr(payload + 1, '.') : NULL;
        _cleanup_free_ char *text = NULL, *json = NULL;
        struct json_object *claims = NULL;
        size_t size, bad;

        if (!end || strchr(end + 1, '.') || (size_t)(end - payload) > TOKEN_MAX)
                return NULL;
        text = to_base64(payload + 1, (size_t)(end - payload - 1));
        if (!text || strpbrk(text, "\r\n") || kubeconfig_base64(text, &json, &size, &bad) < 0 ||
            object_parse(json, size, &claims, NULL) < 0)
                return NULL;
        return claims;
}

struct credentials_term credentials_read_token(const char *token) {
        _cleanup_(json_object_putp) struct json_object *claims = read_claims(token);
        struct credentials_term t = {};

        t.ends_usec = get_instant(claims, "exp");
        t.begins_usec = get_instant(claims, "iat");
        if (!t.begins_usec)
                t.begins_usec = get_instant(claims, "nbf");
        return t;
}

struct credentials_account credentials_read_account(const char *token) {
        static const char prefix[] = "system:serviceaccount:";
        _cleanup_(json_object_putp) struct json_object *claims = read_claims(token);
        struct credentials_account a = {};
        char sub[sizeof(prefix) + sizeof(a.ns) + sizeof(a.name)];
        char *ns, *name;

        if (object_get_string(claims, "sub", sub, sizeof(sub)) <= 0 || strncmp(sub, prefix, strlen(prefix)) != 0)
                return a;
        ns = sub + strlen(prefix);
        name = strchr(ns, ':');
        if (!name)
                return a;
        *name++ = '\0';
        /* They become a path. */
        if (!name_is_dns_label(ns) || !name_is_dns_subdomain(name) || !util_copy(a.ns, sizeof(a.ns), ns) ||
            !util_copy(a.name, sizeof(a.name), name))
                return (struct credentials_account){};
        return a;
}

/* ---- certificates ---- */

struct der {
        const uint8_t *p;
        size_t n;
};

enum {
        DER_INTEGER = 0x02,
        DER_UTC_TIME = 0x17,
        DER_GENERALIZED_TIME = 0x18,
        DER_SEQUENCE = 0x30,
        DER_VERSION = 0xa0, /* [0] EXPLICIT, may be left out */
};

/* Takes the next value off d. Returns its tag, or -1 when there is none or its length cannot be. */
static int take(struct der *d, struct der *ret) {
        size_t length, n_length, head = 2;
        int tag;

        if (d->n < 2)
                return -1;
        tag = d->p[0];
        length = d->p[1];
        if (length >= 0x80) {
                n_length = length & 0x7f;
                if (n_length < 1 || n_length > 3 || d->n < 2 + n_length)
                        return -1;
                length = 0;
                for (size_t i = 0; i < n_length; i++)
                        length = length << 8 | d->p[head++];
        }
        if (length > d->n - head)
                return -1;
        *ret = (struct der){d->p + head, length};
        d->p += head + length;
        d->n -= head + length;
        return tag;
}

static bool enter(struct der *d, int tag, struct der *ret) {
        return take(d, ret) == tag;
}

static int digits(const uint8_t *p, size_t n) {
        int value = 0;

        for (size_t i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return -1;
                value = value * 10 + p[i] - '0';
        }
        return value;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ: the only forms that RFC 5280, 4.1.2.5, allows. 0: none of them. */
static uint64_t take_instant(struct der *d) {
        struct der t;
        int tag = take(d, &t), part[5], year;
        size_t n_year = tag == DER_UTC_TIME ? 2 : 4;
        struct tm tm;
        time_t sec;

        if ((tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) || t.n != n_year + 11 || t.p[t.n - 1] != 'Z')
                return 0;
        year = digits(t.p, n_year);
        if (tag == DER_UTC_TIME && year >= 0)
                year += year >= 50 ? 1900 : 2000;
        for (size_t i = 0; i < ELEMENTSOF(part); i++) {
                part[i] = digits(t.p + n_year + 2 * i, 2);
                if (part[i] < 0)
                        return 0;
        }
        if (year < 1970 || part[0] < 1 || part[0] > 12 || part[1] < 1 || part[1] > 31 || part[2] > 23 || part[3] > 59)
                return 0;
        tm = (struct tm){.tm_year = year - 1900,
                         .tm_mon = part[0] - 1,
                         .tm_mday = part[1],
                         .tm_hour = part[2],
                         .tm_min = part[3],
                         .tm_sec = part[4]};
        sec = timegm(&tm);
        return sec > 0 ? (uint64_t)sec * USEC_PER_SEC : 0;
}

struct credentials_term credentials_read_certificate(const char *pem) {
        static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
        const char *from = pem ? strstr(pem, begin) : NULL, *to = from ? strstr(from, end) : NULL;
        _cleanup_free_ char *text = NULL, *bytes = NULL;
        struct der d, certificate, tbs, validity, skipped;
        struct credentials_term t = {};
        size_t size, bad;

        if (!to)
                return t;
        from += strlen(begin);
        text = strndup(from, (size_t)(to - from));
        if (!text || kubeconfig_base64(text, &bytes, &size, &bad) < 0)
                return t;
        d = (struct der){(const uint8_t *)bytes, size};
        if (!enter(&d, DER_SEQUENCE, &certificate) || !enter(&certificate, DER_SEQUENCE, &tbs))
                return t;
        if (tbs.n > 0 && tbs.p[0] == DER_VERSION && take(&tbs, &skipped) < 0)
                return t;
        if (!enter(&tbs, DER_INTEGER, &skipped) || !enter(&tbs, DER_SEQUENCE, &skipped) || /* serial, signature */
            !enter(&tbs, DER_SEQUENCE, &skipped) || !enter(&tbs, DER_SEQUENCE, &validity)) /* issuer */
                return t;
        t.begins_usec = take_instant(&validity);
        t.ends_usec = take_instant(&validity);
        return t;
}
