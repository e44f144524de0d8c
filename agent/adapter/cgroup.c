/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups: populated, kill, and the path that systemd gives to a unit. ARCHITECTURE 5, claims 4 and 6. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "adapter/cgroup.h"

#define PATH_SIZE 1024

static bool join(const char *root, const char *path, const char *file, char *buf) {
        int n;

        if (util_empty(path) || path[0] != '/' || strstr(path, "/../"))
                return false;
        n = snprintf(buf, PATH_SIZE, "%s%s/%s", root, path, file);
        return n > 0 && n < PATH_SIZE;
}

bool cgroup_can_kill(const char *root, const char *own) {
        const char *const groups[] = {own, "/init.scope", "/system.slice"};
        char path[PATH_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                if (join(root, groups[i], "cgroup.events", path) && access(path, F_OK) == 0)
                        return join(root, groups[i], "cgroup.kill", path) && access(path, F_OK) == 0;
        return true;
}

/* "0::/system.slice/leader-guard.service" is the line of cgroup v2. */
static void own_group(char *buf, size_t size) {
        FILE *f = fopen("/proc/self/cgroup", "re");
        char line[PATH_SIZE];

        buf[0] = '\0';
        while (f && fgets(line, sizeof(line), f))
                if (strncmp(line, "0::", 3) == 0) {
                        line[strcspn(line, "\n")] = '\0';
                        (void)util_copy(buf, size, line + 3);
                }
        if (f)
                fclose(f);
}

int cgroup_check(const char *root, struct err *err) {
        struct statfs fs;
        char own[PATH_SIZE];

        if (statfs(root, &fs) < 0)
                return err_setf(err, -EMEDIUMTYPE, "%s: %s; leader-guard needs cgroup v2 mounted there", root,
                                strerror(errno));
        if (fs.f_type != CGROUP2_SUPER_MAGIC)
                return err_setf(err, -EMEDIUMTYPE,
                                "%s is not cgroup v2 (legacy or hybrid layout): leader-guard cannot see or kill what a "
                                "unit left behind; boot with systemd.unified_cgroup_hierarchy=1",
                                root);
        own_group(own, sizeof(own));
        if (!cgroup_can_kill(root, own))
                return err_setf(
                        err, -EOPNOTSUPP,
                        "%s%s has no cgroup.kill: leader-guard could not kill a unit that does not stop; boot a "
                        "kernel of 5.14 or later (uname -r)",
                        root, own);
        return 0;
}

enum cgroup_populated cgroup_populated(const char *root, const char *path) {
        _cleanup_close_ int fd = -1;
        char buf[PATH_SIZE], *line;
        ssize_t n;

        if (!join(root, path, "cgroup.events", buf))
                return CGROUP_UNKNOWN;
        fd = open(buf, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENODEV || errno == ENOTDIR ? CGROUP_EMPTY : CGROUP_UNKNOWN;
        n = read(fd, buf, sizeof(buf) - 1);
        if (n < 0)
                /* Removed between open and read. */
                return errno == ENODEV ? CGROUP_EMPTY : CGROUP_UNKNOWN;
        buf[n] = '\0';
        line = strstr(buf, "populated ");
        if (!line || (line != buf && line[-1] != '\n'))
                return CGROUP_UNKNOWN;
        line += strlen("populated ");
        if (line[0] == '0')
                return CGROUP_EMPTY;
        return line[0] == '1' ? CGROUP_POPULATED : CGROUP_UNKNOWN;
}

int cgroup_kill(const char *root, const char *path) {
        _cleanup_close_ int fd = -1;
        char buf[PATH_SIZE];

        if (!join(root, path, "cgroup.kill", buf))
                return -EINVAL;
        fd = open(buf, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT || errno == ENODEV ? 0 : -errno;
        if (write(fd, "1", 1) < 0)
                return errno == ENODEV ? 0 : -errno;
        return 0;
}

/* systemd puts a '_' before names that the kernel uses itself or that begin with '_' or '.'. */
static bool needs_escape(const char *name) {
        static const char *const kernel[] = {"cgroup.",
                                             "cpu.",
                                             "cpuacct.",
                                             "cpuset.",
                                             "io.",
                                             "blkio.",
                                             "memory.",
                                             "devices.",
                                             "pids.",
                                             "bpf-firewall.",
                                             "bpf-devices.",
                                             "bpf-foreign.",
                                             "bpf-socket-bind.",
                                             "bpf-restrict-network-interfaces."};

        if (name[0] == '_' || name[0] == '.' || strcmp(name, "notify_on_release") == 0 ||
            strcmp(name, "release_agent") == 0 || strcmp(name, "tasks") == 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(kernel); i++)
                if (strncmp(name, kernel[i], strlen(kernel[i])) == 0)
                        return true;
        return false;
}

static bool append(char *buf, size_t size, const char *name, size_t length, const char *suffix) {
        size_t used = strlen(buf);
        int n;

        n = snprintf(buf + used, size - used, "/%s%.*s%s", needs_escape(name) ? "_" : "", (int)length, name, suffix);
        return n > 0 && (size_t)n < size - used;
}

static bool unit_path(const char *slice, const char *unit, char *buf, size_t size) {
        const char *at = strchr(unit, '@');
        char instance_slice[300];

        buf[0] = '\0';
        if (util_empty(slice)) {
                slice = "system.slice";
                if (at) {
                        int n;

                        /* The slice of a template has its prefix with '-' escaped, so that it is one level. */
                        n = snprintf(instance_slice, sizeof(instance_slice), "system-");
                        for (const char *p = unit; p < at && n < (int)sizeof(instance_slice) - 16; p++)
                                n += snprintf(instance_slice + n, sizeof(instance_slice) - (size_t)n,
                                              *p == '-' ? "\\x2d" : "%c", *p);
                        (void)snprintf(instance_slice + n, sizeof(instance_slice) - (size_t)n, ".slice");
                        slice = instance_slice;
                }
        }
        if (!util_streq(slice, "-.slice")) {
                const char *end = strrchr(slice, '.');

                if (!end)
                        return false;
                /* a-b-c.slice lies in a-b.slice lies in a.slice */
                for (const char *p = slice; p < end; p++)
                        if (*p == '-' && !append(buf, size, slice, (size_t)(p - slice), ".slice"))
                                return false;
                if (!append(buf, size, slice, strlen(slice), ""))
                        return false;
        }
        return append(buf, size, unit, strlen(unit), "");
}

bool cgroup_unit_path(const char *slice, const char *unit, char *buf, size_t size) {
        bool fits = unit_path(slice, unit, buf, size);

        if (!fits)
                buf[0] = '\0'; /* what was cut may be the path of something else */
        return fits;
}
