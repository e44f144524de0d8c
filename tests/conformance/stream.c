/* SPDX-License-Identifier: Apache-2.0 */
/* What needs curl's multi interface: watches, requests cut in the middle, many requests at once. */
#include <stdio.h>

#include "api_internal.h"

struct stream {
        CURLM *multi;
        CURL *easy;
        struct curl_slist *headers;
        struct collected got;
        size_t used;
        bool done;
        CURLcode result;
};

static void stream_pump(struct stream *s, int msec) {
        int running = 0, left = 0;
        curl_multi_poll(s->multi, NULL, 0, msec, NULL);
        assert_int_equal(curl_multi_perform(s->multi, &running), CURLM_OK);
        for (CURLMsg *m = curl_multi_info_read(s->multi, &left); m; m = curl_multi_info_read(s->multi, &left))
                if (m->msg == CURLMSG_DONE) {
                        s->done = true;
                        s->result = m->data.result;
                }
}

struct stream *stream_open(const char *path, const char *query) {
        _cleanup_free_ char *url = NULL;
        long status = 0;
        struct stream *s = calloc(1, sizeof(*s));
        assert_non_null(s);
        assert_true(asprintf(&url, "%s?watch=1%s%s", path, *query ? "&" : "", query) > 0);
        s->multi = curl_multi_init();
        s->easy = api_handle(url, &s->headers, NULL);
        curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
        curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, api_collect);
        curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, &s->got);
        curl_multi_add_handle(s->multi, s->easy);
        /* The head of the answer comes at once, also when there is no event to send. */
        for (int i = 0; i < API_PATIENCE_MSEC / 100 && status == 0 && !s->done; i++) {
                stream_pump(s, 100);
                curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
        }
        assert_int_equal(status, 200);
        return s;
}

void stream_closep(struct stream **sp) {
        struct stream *s = *sp;
        if (!s)
                return;
        curl_multi_remove_handle(s->multi, s->easy);
        curl_easy_cleanup(s->easy);
        curl_multi_cleanup(s->multi);
        curl_slist_free_all(s->headers);
        free(s->got.text);
        free(s);
}

struct json_object *stream_next(struct stream *s) {
        for (int i = 0; i < API_PATIENCE_MSEC / 100; i++) {
                char *start = s->got.text ? s->got.text + s->used : NULL, *end = start ? strchr(start, '\n') : NULL;
                if (end) {
                        *end = 0;
                        s->used = (size_t)(end + 1 - s->got.text);
                        struct json_object *event = json_tokener_parse(start);
                        assert_non_null(event);
                        return event;
                }
                if (s->done) {
                        assert_int_equal(s->result, CURLE_OK); /* the chunked body ended as it should */
                        assert_int_equal(s->used, s->got.size);
                        return NULL;
                }
                stream_pump(s, 100);
        }
        fail_msg("the watch gave neither an event nor its end");
        return NULL;
}

struct json_object *stream_expect(struct stream *s, const char *type, const char *name) {
        struct json_object *event = stream_next(s);

        /* Others may come at any time: 1.37 sends one where 1.35 sends none. */
        while (event && !util_streq(type, "BOOKMARK") && util_streq(api_json_string(event, "type"), "BOOKMARK")) {
                json_object_put(event);
                event = stream_next(s);
        }
        assert_non_null(event);
        if (!util_streq(api_json_string(event, "type"), type))
                print_message("expected %s, got %s\n", type, json_object_to_json_string(event));
        assert_string_equal(api_json_string(event, "type"), type);
        if (name)
                assert_string_equal(api_json_string(event, "object/metadata/name"), name);
        return event;
}

CURLcode stream_end(struct stream *s) {
        for (int i = 0; i < API_PATIENCE_MSEC / 100 && !s->done; i++)
                stream_pump(s, 100);
        assert_true(s->done);
        return s->result;
}

bool stream_has_event(struct stream *s) {
        if (!s->done)
                stream_pump(s, 0);
        return s->got.text && strchr(s->got.text + s->used, '\n');
}

struct half {
        const char *body;
        size_t sent, limit;
};

static size_t half_read(char *buffer, size_t size, size_t n, void *arg) {
        struct half *h = arg;
        size_t want = h->limit - h->sent;
        if (want == 0)
                return CURL_READFUNC_ABORT;
        if (want > size * n)
                want = size * n;
        memcpy(buffer, h->body + h->sent, want);
        h->sent += want;
        return want;
}

void api_post_half(const char *path, const char *body) {
        struct curl_slist *headers = NULL;
        struct half h = {.body = body, .limit = strlen(body) / 2};
        CURL *c = api_handle(path, &headers, NULL);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        curl_easy_setopt(c, CURLOPT_READFUNCTION, half_read);
        curl_easy_setopt(c, CURLOPT_READDATA, &h);
        assert_int_equal(curl_easy_perform(c), CURLE_ABORTED_BY_CALLBACK);
        curl_easy_cleanup(c);
        curl_slist_free_all(headers);
}

void api_post_race(const char *path, const char *body, size_t n, size_t *ret_created, size_t *ret_conflicts) {
        struct racer {
                CURL *easy;
                struct curl_slist *headers;
                struct collected got;
        } *racers = calloc(n, sizeof(*racers));
        CURLM *multi = curl_multi_init();
        int running = 1;
        *ret_created = *ret_conflicts = 0;
        assert_non_null(racers);
        for (size_t i = 0; i < n; i++) {
                racers[i].easy = api_handle(path, &racers[i].headers, NULL);
                api_set_body(racers[i].easy, &racers[i].headers, "POST", body);
                curl_easy_setopt(racers[i].easy, CURLOPT_WRITEFUNCTION, api_collect);
                curl_easy_setopt(racers[i].easy, CURLOPT_WRITEDATA, &racers[i].got);
                curl_multi_add_handle(multi, racers[i].easy);
        }
        while (running > 0) { /* each request has its own time limit */
                curl_multi_perform(multi, &running);
                curl_multi_poll(multi, NULL, 0, 100, NULL);
        }
        for (size_t i = 0; i < n; i++) {
                long status = 0;
                curl_easy_getinfo(racers[i].easy, CURLINFO_RESPONSE_CODE, &status);
                *ret_created += status == 201;
                *ret_conflicts += status == 409;
                curl_multi_remove_handle(multi, racers[i].easy);
                curl_easy_cleanup(racers[i].easy);
                curl_slist_free_all(racers[i].headers);
                free(racers[i].got.text);
        }
        curl_multi_cleanup(multi);
        free(racers);
}
