/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.h, and the entry that libFuzzer and replay.c call. The allocators are wrapped at the link (module.mk). */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "codec/utf8.h"
#include "fuzz.h"
#include "replay.h"

static struct {
        unsigned n;       /* allocations so far */
        unsigned refused; /* this one is; 0: none */
        bool starved;
        bool never; /* fuzz_never_starve() */
} memory;

bool fuzz_every;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret, const char *fmt, va_list ap);
struct json_object *__real_json_object_new_object(void);
struct json_object *__real_json_object_new_array(void);
struct json_object *__real_json_object_new_string(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *fmt, va_list ap);
int __wrap_asprintf(char **ret, const char *fmt, ...);
struct json_object *__wrap_json_object_new_object(void);
struct json_object *__wrap_json_object_new_array(void);
struct json_object *__wrap_json_object_new_string(const char *s);

static bool refuse(void) {
        if (++memory.n != memory.refused)
                return false;
        memory.starved = true;
        errno = ENOMEM;
        return true;
}

void *__wrap_malloc(size_t size) {
        return refuse() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size) {
        return refuse() ? NULL : __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size) {
        return refuse() ? NULL : __real_realloc(p, size);
}
void *__wrap_reallocarray(void *p, size_t n, size_t size) {
        return refuse() ? NULL : __real_reallocarray(p, n, size);
}
char *__wrap_strdup(const char *s) {
        return refuse() ? NULL : __real_strdup(s);
}
char *__wrap_strndup(const char *s, size_t n) {
        return refuse() ? NULL : __real_strndup(s, n);
}
int __wrap_vasprintf(char **ret, const char *fmt, va_list ap) {
        return refuse() ? -1 : __real_vasprintf(ret, fmt, ap);
}
int __wrap_asprintf(char **ret, const char *fmt, ...) {
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = refuse() ? -1 : __real_vasprintf(ret, fmt, ap);
        va_end(ap);
        return r;
}
struct json_object *__wrap_json_object_new_object(void) {
        return refuse() ? NULL : __real_json_object_new_object();
}
struct json_object *__wrap_json_object_new_array(void) {
        return refuse() ? NULL : __real_json_object_new_array();
}
struct json_object *__wrap_json_object_new_string(const char *s) {
        return refuse() ? NULL : __real_json_object_new_string(s);
}

static unsigned run(const uint8_t *data, size_t size, unsigned refused) {
        memory.n = 0;
        memory.refused = refused;
        memory.starved = false;
        fuzz_one(data, size);
        memory.refused = 0;
        return memory.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        unsigned n = run(data, size, 0);
        uint32_t hash = 2166136261U;

        if (memory.never)
                return 0;
        for (size_t i = 0; i < size; i++)
                hash = (hash ^ data[i]) * 16777619U;
        if (fuzz_every)
                /* The first ones, then with larger and larger steps: the same places come again. */
                for (unsigned i = 1; i <= n; i += 1 + i / 16)
                        (void)run(data, size, i);
        else if (n > 0)
                (void)run(data, size, 1 + hash % n);
        return 0;
}

void fuzz_never_starve(void) {
        memory.never = true;
}

bool fuzz_starved(void) {
        return memory.starved;
}

void fuzz_fail(const char *file, int line, const char *what) {
        (void)fprintf(stderr, "%s:%d: does not hold: %s", file, line, what);
        if (memory.starved)
                (void)fprintf(stderr, " (allocation %u was refused)", memory.refused);
        (void)fputc('\n', stderr);
        abort();
}

uint8_t fuzz_byte(struct fuzz *f) {
        if (f->n == 0)
                return 0;
        f->n--;
        return *f->p++;
}

uint64_t fuzz_number(struct fuzz *f, size_t bytes) {
        uint64_t x = 0;

        for (size_t i = 0; i < bytes; i++)
                x |= (uint64_t)fuzz_byte(f) << 8 * i;
        return x;
}

char *fuzz_line(struct fuzz *f, char *buf, size_t size) {
        size_t used = 0;

        while (f->n > 0) {
                char c = (char)fuzz_byte(f);

                if (c == '\n' || c == '\0')
                        break;
                if (used + 1 < size)
                        buf[used++] = c;
        }
        buf[used] = '\0';
        return buf;
}

void *fuzz_copy(const void *data, size_t size) {
        void *p = __real_malloc(size ? size : 1);

        if (!p)
                abort();
        if (size)
                memcpy(p, data, size);
        return p;
}

char *fuzz_text(const uint8_t *data, size_t size) {
        char *s = __real_malloc(size + 1);

        if (!s)
                abort();
        if (size)
                memcpy(s, data, size);
        s[size] = '\0';
        return s;
}

int fuzz_file(const void *data, size_t size, char *path) {
        int fd = memfd_create("fuzz", MFD_CLOEXEC);

        if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
                abort();
        (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
        return fd;
}

void fuzz_assert_result(int r, const struct err *err) {
        fuzz_assert(r != -ENOMEM || memory.starved);
        fuzz_assert(r >= 0 || r == -ENOMEM || *err->text);
}

void fuzz_assert_plain(const char *text) {
        char *copy = fuzz_copy(text, strlen(text) + 1);

        fuzz_assert(util_streq(utf8_plain(copy, /* lines= */ false), text));
        free(copy);
}
