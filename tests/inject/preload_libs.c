/* SPDX-License-Identifier: Apache-2.0 */
/* The calls into libsystemd and libcurl that fail on demand: out of memory, or a connection that is gone. Not those
 * that change a source which is there: they need no memory. */
#include "preload.h"

#include <errno.h>
#include <stdarg.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#undef curl_easy_setopt

#define BUS()   MAYBE(PLAN_BUS, ENOMEM, ENOTCONN, ENOBUFS)
#define EVENT() MAYBE(PLAN_EVENT, ENOMEM)

#define MAYBE(kind, ...)                                                                                               \
        do {                                                                                                           \
                int error_ = FAILS(kind, __VA_ARGS__);                                                                 \
                if (error_ > 0)                                                                                        \
                        return -error_;                                                                                \
        } while (0)

/* One that is called with its arguments as they are. */
#define PASS(fail, name, parameters, arguments)                                                                        \
        int name parameters {                                                                                          \
                fail;                                                                                                  \
                return NEXT(name) arguments;                                                                           \
        }

/* clang-format off */
PASS(BUS(), sd_bus_new, (sd_bus **ret), (ret))
PASS(BUS(), sd_bus_set_address, (sd_bus *b, const char *address), (b, address))
PASS(BUS(), sd_bus_start, (sd_bus *b), (b))
PASS(BUS(), sd_bus_open_system, (sd_bus **ret), (ret))
PASS(BUS(), sd_bus_open_system_with_description, (sd_bus **ret, const char *description), (ret, description))
PASS(BUS(), sd_bus_set_exit_on_disconnect, (sd_bus *b, int on), (b, on))
PASS(BUS(), sd_bus_attach_event, (sd_bus *b, sd_event *e, int priority), (b, e, priority))
PASS(BUS(), sd_bus_call_async, (sd_bus *b, sd_bus_slot **slot, sd_bus_message *m, sd_bus_message_handler_t f, void *userdata,
        uint64_t usec), (b, slot, m, f, userdata, usec))
PASS(BUS(), sd_bus_add_match_async, (sd_bus *b, sd_bus_slot **slot, const char *match, sd_bus_message_handler_t f,
        sd_bus_message_handler_t g, void *userdata), (b, slot, match, f, g, userdata))
PASS(BUS(), sd_bus_match_signal_async, (sd_bus *b, sd_bus_slot **slot, const char *sender, const char *path, const char *interface,
        const char *member, sd_bus_message_handler_t f, sd_bus_message_handler_t g, void *userdata),
        (b, slot, sender, path, interface, member, f, g, userdata))
PASS(BUS(), sd_bus_message_new_method_call, (sd_bus *b, sd_bus_message **m, const char *destination, const char *path,
        const char *interface, const char *member), (b, m, destination, path, interface, member))
PASS(BUS(), sd_bus_path_encode, (const char *prefix, const char *id, char **ret), (prefix, id, ret))
PASS(BUS(), sd_bus_path_decode, (const char *path, const char *prefix, char **ret), (path, prefix, ret))
PASS(BUS(), sd_bus_message_read_strv, (sd_bus_message *m, char ***ret), (m, ret))
PASS(BUS(), sd_bus_request_name_async, (sd_bus *b, sd_bus_slot **slot, const char *name, uint64_t flags, sd_bus_message_handler_t f,
        void *userdata), (b, slot, name, flags, f, userdata))
PASS(BUS(), sd_bus_add_object_vtable, (sd_bus *b, sd_bus_slot **slot, const char *path, const char *interface,
        const sd_bus_vtable *vtable, void *userdata), (b, slot, path, interface, vtable, userdata))

PASS(EVENT(), sd_event_new, (sd_event **ret), (ret))
PASS(EVENT(), sd_event_default, (sd_event **ret), (ret))
PASS(EVENT(), sd_event_add_io, (sd_event *e, sd_event_source **s, int fd, uint32_t events, sd_event_io_handler_t f, void *userdata),
        (e, s, fd, events, f, userdata))
PASS(EVENT(), sd_event_add_time, (sd_event *e, sd_event_source **s, clockid_t clock, uint64_t usec, uint64_t accuracy,
        sd_event_time_handler_t f, void *userdata), (e, s, clock, usec, accuracy, f, userdata))
PASS(EVENT(), sd_event_add_time_relative, (sd_event *e, sd_event_source **s, clockid_t clock, uint64_t usec, uint64_t accuracy,
        sd_event_time_handler_t f, void *userdata), (e, s, clock, usec, accuracy, f, userdata))
PASS(EVENT(), sd_event_add_signal, (sd_event *e, sd_event_source **s, int sig, sd_event_signal_handler_t f, void *userdata),
        (e, s, sig, f, userdata))
PASS(EVENT(), sd_event_add_defer, (sd_event *e, sd_event_source **s, sd_event_handler_t f, void *userdata), (e, s, f, userdata))
/* clang-format on */

int sd_bus_call_method_async(sd_bus *b, sd_bus_slot **slot, const char *destination, const char *path,
                             const char *interface, const char *member, sd_bus_message_handler_t f, void *userdata,
                             const char *types, ...) {
        va_list ap;
        int r;

        BUS();
        va_start(ap, types);
        r = NEXT(sd_bus_call_method_asyncv)(b, slot, destination, path, interface, member, f, userdata, types, ap);
        va_end(ap);
        return r;
}

int sd_bus_message_append(sd_bus_message *m, const char *types, ...) {
        va_list ap;
        int r;

        BUS();
        va_start(ap, types);
        r = NEXT(sd_bus_message_appendv)(m, types, ap);
        va_end(ap);
        return r;
}

int sd_bus_message_read(sd_bus_message *m, const char *types, ...) {
        va_list ap;
        int r;

        BUS();
        va_start(ap, types);
        r = NEXT(sd_bus_message_readv)(m, types, ap);
        va_end(ap);
        return r;
}

int sd_bus_emit_signal(sd_bus *b, const char *path, const char *interface, const char *member, const char *types, ...) {
        va_list ap;
        int r;

        BUS();
        va_start(ap, types);
        r = NEXT(sd_bus_emit_signalv)(b, path, interface, member, types, ap);
        va_end(ap);
        return r;
}

/* ---- curl: the values are pointers, long or curl_off_t, which all fit into one. (curl_multi_setopt() cannot fail.)
 * ---- */

#define CURL() FAILS(PLAN_CURL, ENOMEM)

CURL *curl_easy_init(void) {
        return CURL() ? NULL : NEXT(curl_easy_init)();
}

CURLM *curl_multi_init(void) {
        return CURL() ? NULL : NEXT(curl_multi_init)();
}

CURLU *curl_url(void) {
        return CURL() ? NULL : NEXT(curl_url)();
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *line) {
        return CURL() ? NULL : NEXT(curl_slist_append)(list, line);
}

CURLcode curl_easy_setopt(CURL *c, CURLoption option, ...) {
        va_list ap;
        void *value;

        if (CURL())
                return CURLE_OUT_OF_MEMORY;
        va_start(ap, option);
        value = va_arg(ap, void *);
        va_end(ap);
        return NEXT(curl_easy_setopt)(c, option, value);
}

CURLMcode curl_multi_add_handle(CURLM *m, CURL *c) {
        return CURL() ? CURLM_OUT_OF_MEMORY : NEXT(curl_multi_add_handle)(m, c);
}
