/* SPDX-License-Identifier: Apache-2.0 */
/* One request, its answer, waiting for what must come to be, and the namespace of a run. Streams are stream.c. */
#include "api.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "api_internal.h"

static char namespace_name[64];
static long give_up_msec = API_PATIENCE_MSEC;

void api_give_up_after(long msec) {
        give_up_msec = msec ? msec : API_PATIENCE_MSEC;
}

const char *api_namespace(void) {
        return namespace_name;
}

void answer_done(struct answer *a) {
        json_object_put(a->json);
        free(a->text);
        *a = (struct answer){0};
}

void api_copy(char dst[64], const char *src) {
        assert_true(strlen(src) < 64);
        strcpy(dst, src);
}

static char *api_vformat(const char *fmt, va_list ap) {
        char *s = NULL;
        assert_true(vasprintf(&s, fmt, ap) >= 0);
        return s;
}

/* Server URL and path, with NS replaced. */
static char *api_url(const char *path) {
        const char *ns = strstr(path, "/NS"), *server = getenv("KUBE_SERVER");
        char *url = NULL;
        assert_non_null(server);
        int n = ns ? asprintf(&url, "%s%.*s/%s%s", server, (int)(ns - path), path, namespace_name, ns + 3)
                   : asprintf(&url, "%s%s", server, path);
        assert_true(n > 0);
        return url;
}

size_t api_collect(char *data, size_t size, size_t n, void *arg) {
        struct collected *c = arg;
        char *grown = realloc(c->text, c->size + size * n + 1);
        if (!grown)
                return 0;
        memcpy(grown + c->size, data, size * n);
        c->text = grown;
        c->size += size * n;
        c->text[c->size] = 0;
        return size * n;
}

CURL *api_handle(const char *path, struct curl_slist **headers, const char *token) {
        CURL *c = curl_easy_init();
        _cleanup_free_ char *url = api_url(path);
        const char *ca = getenv("KUBE_CA"), *cert = getenv("KUBE_CERT"), *key = getenv("KUBE_KEY");
        assert_non_null(c);
        curl_easy_setopt(c, CURLOPT_URL, url);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, give_up_msec);
        curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        if (!util_empty(ca))
                curl_easy_setopt(c, CURLOPT_CAINFO, ca);
        if (!token && !util_empty(cert)) {
                curl_easy_setopt(c, CURLOPT_SSLCERT, cert);
                curl_easy_setopt(c, CURLOPT_SSLKEY, key);
        }
        if (!token)
                token = getenv("KUBE_TOKEN");
        if (!util_empty(token)) {
                char header[4096];
                snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
                *headers = curl_slist_append(*headers, header);
        }
        return c;
}

void api_set_body(CURL *c, struct curl_slist **headers, const char *method, const char *body) {
        const char *type = util_streq(method, "PATCH")       ? "Content-Type: application/merge-patch+json"
                           : util_streq(method, "JSONPATCH") ? "Content-Type: application/json-patch+json"
                                                             : "Content-Type: application/json";
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, util_streq(method, "JSONPATCH") ? "PATCH" : method);
        *headers = curl_slist_append(*headers, "Expect:");
        if (body) {
                *headers = curl_slist_append(*headers, type);
                curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, body);
        }
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, *headers);
}

static struct answer api_perform(const char *token, const char *method, const char *path, const char *body) {
        struct curl_slist *headers = NULL;
        struct collected got = {0};
        struct answer a = {0};
        curl_off_t retry = 0;
        CURL *c = api_handle(path, &headers, token);
        api_set_body(c, &headers, method, body);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, api_collect);
        curl_easy_setopt(c, CURLOPT_WRITEDATA, &got);
        a.result = curl_easy_perform(c);
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a.status);
        curl_easy_getinfo(c, CURLINFO_RETRY_AFTER, &retry);
        curl_easy_cleanup(c);
        curl_slist_free_all(headers);
        if (a.result != CURLE_OK)
                a.status = 0;
        a.retry_after = (int)retry;
        a.text = got.text;
        a.json = got.text ? json_tokener_parse(got.text) : NULL;
        return a;
}

static void api_quotes(char *s) {
        for (; s && *s; s++)
                if (*s == '\'')
                        *s = '"';
}

struct answer api_call(const char *method, const char *path, const char *body, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;
        va_start(ap, body);
        if (body)
                text = api_vformat(body, ap);
        va_end(ap);
        api_quotes(text);
        return api_perform(NULL, method, path, text);
}

struct answer api_get(const char *path, ...) {
        va_list ap;
        va_start(ap, path);
        _cleanup_free_ char *text = api_vformat(path, ap);
        va_end(ap);
        return api_perform(NULL, "GET", text, NULL);
}

struct answer api_get_as(const char *token, const char *path) {
        return api_perform(token, "GET", path, NULL);
}

bool api_is_kubesim(void) {
        _cleanup_answer_ struct answer a = api_get("/_kubesim/gc");
        return a.status == 200;
}

bool api_is_pinned(void) {
        static int answer = -1;
        if (answer < 0) {
                _cleanup_answer_ struct answer a = api_get("/version");
                expect(&a, 200);
                answer = util_streq(api_string(&a, "minor"), API_MINOR);
        }
        return answer;
}

struct json_object *api_json_at(struct json_object *json, const char *path) {
        char key[128];
        while (json && *path) {
                size_t n = strcspn(path, "/");
                assert_true(n < sizeof(key));
                memcpy(key, path, n);
                key[n] = 0;
                struct json_object *next = NULL;
                if (!json_object_is_type(json, json_type_object) || !json_object_object_get_ex(json, key, &next))
                        return NULL;
                json = next;
                path += n + (path[n] == '/');
        }
        return json;
}

const char *api_json_string(struct json_object *json, const char *path) {
        struct json_object *v = api_json_at(json, path);
        return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

struct json_object *api_at(const struct answer *a, const char *path) {
        return api_json_at(a->json, path);
}

const char *api_string(const struct answer *a, const char *path) {
        return api_json_string(a->json, path);
}

void expect(const struct answer *a, long status) {
        if (a->status != status)
                print_message("expected %ld, got %ld (%s): %s\n", status, a->status, curl_easy_strerror(a->result),
                              a->text ? a->text : "");
        assert_int_equal(a->status, status);
}

void expect_either(const struct answer *a, long pinned, long elsewhere) {
        expect(a, a->status == elsewhere && !api_is_pinned() ? elsewhere : pinned);
}

void expect_failure(const struct answer *a, long status, const char *reason, const char *message) {
        expect(a, status);
        assert_string_equal(api_string(a, "kind"), "Status");
        assert_string_equal(api_string(a, "status"), "Failure");
        assert_string_equal(api_string(a, "reason"), reason);
        assert_int_equal(json_object_get_int(api_at(a, "code")), status);
        /* What is wrong with a request is told in other words by other versions. */
        if ((status == 400 || status == 422) && !api_is_pinned())
                return;
        if (!strstr(api_string(a, "message"), message))
                print_message("expected a message with \"%s\", got: %s\n", message, api_string(a, "message"));
        assert_non_null(strstr(api_string(a, "message"), message));
}

void api_make_lock(const char *name, const char *owner_kind, const char *owner_name, const char *owner_uid) {
        char owners[512] = "";
        if (owner_uid)
                snprintf(owners, sizeof(owners),
                         ",'ownerReferences':[{'apiVersion':'%s','kind':'%s','name':'%s','uid':'%s'}]",
                         util_streq(owner_kind, "Lease") ? "coordination.k8s.io/v1" : "v1", owner_kind, owner_name,
                         owner_uid);
        _cleanup_answer_ struct answer a =
                api_call("POST", LOCKS,
                         "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'%s','finalizers':['" FINALIZER
                         "']%s},'data':{'nonce':'n1'}}",
                         name, owners);
        expect(&a, 201);
}

void api_make_lease(const char *name, char *ret_uid, char *ret_rv) {
        _cleanup_answer_ struct answer a = api_call("POST", LEASES,
                                                    "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{"
                                                    "'name':'%s'},'spec':{'holderIdentity':'a'}}",
                                                    name);
        expect(&a, 201);
        if (ret_uid)
                api_copy(ret_uid, api_string(&a, "metadata/uid"));
        if (ret_rv)
                api_copy(ret_rv, api_string(&a, "metadata/resourceVersion"));
}

static uint64_t api_now_msec(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void api_wait(const char *path, bool (*check)(const struct answer *a)) {
        uint64_t end = api_now_msec() + API_PATIENCE_MSEC;
        for (;;) {
                _cleanup_answer_ struct answer a = api_get("%s", path);
                if (check(&a))
                        return;
                if (api_now_msec() > end)
                        fail_msg("%s: never came to be; last answer %ld %s", path, a.status, a.text);
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
}

bool api_is_gone(const struct answer *a) {
        return a->status == 404;
}

bool api_is_marked(const struct answer *a) {
        return a->status == 200 && api_at(a, "metadata/deletionTimestamp");
}

static bool api_has_default_account(const struct answer *a) {
        return a->status == 200;
}

int api_enter(void **state) {
        (void)state;
        uint32_t random = 0;
        assert_true(getrandom(&random, sizeof(random), 0) == (ssize_t)sizeof(random));
        snprintf(namespace_name, sizeof(namespace_name), "conformance-%08x", random);
        _cleanup_answer_ struct answer a =
                api_call("POST", "/api/v1/namespaces", "{'metadata':{'name':'%s'}}", namespace_name);
        expect(&a, 201);
        /* Pods need the namespace's ServiceAccount, which a controller makes; kubesim has no such kind. */
        if (!api_is_kubesim())
                api_wait("/api/v1/namespaces/NS/serviceaccounts/default", api_has_default_account);
        return 0;
}

static void api_drop_finalizers(const char *collection) {
        _cleanup_answer_ struct answer list = api_get("%s", collection);
        struct json_object *items = api_at(&list, "items");
        for (size_t i = 0; items && i < json_object_array_length(items); i++) {
                char path[512];
                struct json_object *item = json_object_array_get_idx(items, i);
                if (!api_json_at(item, "metadata/finalizers"))
                        continue;
                snprintf(path, sizeof(path), "%s/%s", collection, api_json_string(item, "metadata/name"));
                _cleanup_answer_ struct answer a = api_call("PATCH", path, "{'metadata':{'finalizers':null}}");
        }
}

int api_leave(void **state) {
        (void)state;
        api_drop_finalizers(LOCKS);
        api_drop_finalizers(LEASES);
        api_drop_finalizers(PODS);
        _cleanup_answer_ struct answer a = api_call("DELETE", "/api/v1/namespaces/NS", NULL);
        return 0;
}
