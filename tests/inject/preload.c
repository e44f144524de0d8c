/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD of a daemon: counts calls by kind, and decides which one fails. The calls themselves are in
 * preload_libc.c and preload_libs.c. Also what makes a second host of the same machine: its name, machine and boot. */
#include "preload.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

static struct plan *plan;
static const char *host;
/* Where the program is, and each library. */
static struct { uintptr_t begin, end; } code[PLAN_CALLERS];

/* dl_iterate_phdr() gives the program first, without a name. */
static int find_code(struct dl_phdr_info *info, __attribute__((unused)) size_t size, void *userdata) {
        static const char *const names[] = {PLAN_CALLER_NAMES};
        const char *slash = strrchr(info->dlpi_name, '/'), *name = slash ? slash + 1 : info->dlpi_name;
        bool *is_first = userdata;
        unsigned which = PLAN_OWN;

        if (!*is_first)
                for (which = PLAN_JSON; which < PLAN_CALLERS; which++)
                        if (strncmp(name, names[which], strlen(names[which])) == 0)
                                break;
        *is_first = false;
        if (which == PLAN_CALLERS)
                return 0;
        code[which].begin = info->dlpi_addr;
        for (unsigned i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_LOAD)
                        code[which].end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        return 0;
}

static unsigned caller_of(const void *from) {
        for (unsigned i = 0; i < PLAN_CALLERS; i++)
                if ((uintptr_t)from >= code[i].begin && (uintptr_t)from < code[i].end)
                        return i;
        return PLAN_ANY;
}

/* Not the wrapped calls: nothing of this counts. */
__attribute__((constructor)) static void open_plan(void) {
        bool is_first = true;
        const char *path = getenv(PLAN_FILE);
        void *p;
        long fd;

        host = getenv(PLAN_HOST);
        (void)dl_iterate_phdr(find_code, &is_first);
        fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
        if (fd < 0)
                return;
        p = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
        (void)syscall(SYS_close, fd);
        if (p != MAP_FAILED)
                plan = p;
}

void *preload_next(void **cache, const char *name) {
        if (!*cache)
                *cache = dlsym(RTLD_NEXT, name);
        return *cache;
}

static void note(const void *from) {
        const char *file = "?", *slash;
        Dl_info info = {};

        if (dladdr(from, &info) && info.dli_fname) {
                slash = strrchr(info.dli_fname, '/');
                file = slash ? slash + 1 : info.dli_fname;
        }
        (void)snprintf(plan->site, sizeof(plan->site), "%.60s+0x%lx (%.80s)", file,
                       (unsigned long)((uintptr_t)from - (uintptr_t)info.dli_fbase - 1),
                       info.dli_sname ? info.dli_sname : "");
}

int preload_fails(enum plan_kind kind, const void *from, const int *errors, unsigned n_errors) {
        unsigned caller, n_caller = 0, n;
        int error;

        if (!plan)
                return 0;
        caller = caller_of(from);
        n = atomic_fetch_add(&plan->calls[kind][PLAN_ANY], 1) + 1;
        if (caller != PLAN_ANY)
                n_caller = atomic_fetch_add(&plan->calls[kind][caller], 1) + 1;
        if (plan->k == 0 || plan->kind != kind || (plan->caller != PLAN_ANY && plan->caller != caller))
                return 0;
        n = plan->caller == PLAN_ANY ? n : n_caller;
        if (plan->on ? n < plan->k || atomic_load(&plan->healed) : n != plan->k)
                return 0;
        error = errors[(plan->k + plan->on) % n_errors];
        if (atomic_fetch_add(&plan->failed, 1) == 0)
                note(from);
        (void)atomic_fetch_or(&plan->errors[error / 64], UINT64_C(1) << error % 64);
        return error;
}

/* ---- another host ---- */

int gethostname(char *name, size_t size) {
        if (!host)
                return NEXT(gethostname)(name, size);
        (void)snprintf(name, size, "%s", host);
        return 0;
}

/* One that each name has for itself. */
static void alter(sd_id128_t *id) {
        for (size_t i = 0; host && i < strlen(host); i++)
                id->bytes[i % 6] ^= (uint8_t)host[i];
}

int sd_id128_get_boot(sd_id128_t *ret) {
        int r = NEXT(sd_id128_get_boot)(ret);

        if (r >= 0)
                alter(ret);
        return r;
}

int sd_id128_get_machine_app_specific(sd_id128_t app, sd_id128_t *ret) {
        int r = NEXT(sd_id128_get_machine_app_specific)(app, ret);

        if (r >= 0)
                alter(ret);
        return r;
}
