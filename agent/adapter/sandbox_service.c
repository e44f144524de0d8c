/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 is asked for the settings in force, drop-ins included, whether the unit runs or not. What it does not know, or
 * an older one does not have, is as by default. */
#include "adapter/sandbox_service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include "base/util.h"

#define SYSTEMD   "org.freedesktop.systemd1"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice"

#define TIMEOUT_USEC (5 * USEC_PER_SEC)

/* ---- what PID 1 says ---- */

static void get_text(sd_bus *bus, const char *interface, const char *name, char *buf, size_t size) {
        _cleanup_free_ char *text = NULL;

        buf[0] = '\0';
        if (sd_bus_get_property_string(bus, SYSTEMD, UNIT_PATH, interface, name, NULL, &text) >= 0)
                (void)util_copy(buf, size, text);
}

static bool get_bool(sd_bus *bus, const char *name) {
        int value = 0;

        return sd_bus_get_property_trivial(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", name, NULL, 'b', &value) >= 0 &&
               value;
}

/* Each path of a list: of texts, or of structs whose place-th text it is. */
static int get_paths(sd_bus *bus, struct sandbox *s, const char *name, const char *type, unsigned place, bool hides) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *text[2] = {};
        int r = 0, ignored;

        if (sd_bus_get_property(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", name, NULL, &m, type) < 0 ||
            sd_bus_message_enter_container(m, 'a', type + 1) < 0)
                return 0;
        while (r >= 0) {
                bool more = util_streq(type, "as")      ? sd_bus_message_read(m, "s", &text[0]) > 0
                            : util_streq(type, "a(ss)") ? sd_bus_message_read(m, "(ss)", &text[0], &text[1]) > 0
                                                        : sd_bus_message_read(m, "(ssbt)", &text[0], &text[1], &ignored,
                                                                              &(uint64_t){0}) > 0;

                if (!more)
                        break;
                r = hides ? sandbox_hide(s, name, text[place]) : sandbox_bind(s, text[place]);
        }
        return r;
}

static int read_sandbox(sd_bus *bus, struct sandbox *s) {
        char home[32];
        int r;

        get_text(bus, SYSTEMD ".Service", "ProtectHome", home, sizeof(home));
        r = sandbox_protect_home(s, home);
        if (r >= 0)
                r = sandbox_private_tmp(s, get_bool(bus, "PrivateTmp"));
        if (r >= 0)
                r = get_paths(bus, s, "InaccessiblePaths", "as", 0, /* hides= */ true);
        if (r >= 0)
                r = get_paths(bus, s, "TemporaryFileSystem", "a(ss)", 0, /* hides= */ true);
        if (r >= 0)
                r = get_paths(bus, s, "BindPaths", "a(ssbt)", 1, /* hides= */ false);
        if (r >= 0)
                r = get_paths(bus, s, "BindReadOnlyPaths", "a(ssbt)", 1, /* hides= */ false);
        return r;
}

static void read_environment(sd_bus *bus, struct sandbox_service *s) {
        static const char name[] = "KUBECONFIG=";
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *text;

        if (sd_bus_get_property(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", "Environment", NULL, &m, "as") < 0 ||
            sd_bus_message_enter_container(m, 'a', "s") < 0)
                return;
        while (sd_bus_message_read(m, "s", &text) > 0)
                if (strncmp(text, name, strlen(name)) == 0)
                        (void)util_copy(s->kubeconfig, sizeof(s->kubeconfig), text + strlen(name));
}

static void add_group(struct sandbox_service *s, gid_t gid) {
        if (s->n_groups < SANDBOX_GROUPS)
                s->groups[s->n_groups++] = gid;
}

/* User, group and all other groups that PID 1 would give the process. */
static void read_user(sd_bus *bus, struct sandbox_service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct passwd *user;
        const struct group *group;
        const char *name;
        int n = SANDBOX_GROUPS / 2;

        get_text(bus, SYSTEMD ".Service", "User", s->user, sizeof(s->user));
        get_text(bus, SYSTEMD ".Service", "Group", s->group, sizeof(s->group));
        user = s->user[0] ? getpwnam(s->user) : NULL;
        if (!user)
                return;
        s->uid = user->pw_uid;
        s->gid = user->pw_gid;
        (void)util_copy(s->home, sizeof(s->home), user->pw_dir);
        s->has_user = true;
        s->groups_cut = getgrouplist(s->user, s->gid, s->groups, &n) < 0;
        s->n_groups = s->groups_cut ? 0 : (size_t)n;
        group = s->group[0] ? getgrnam(s->group) : getgrgid(s->gid);
        if (group) {
                s->gid = group->gr_gid;
                (void)util_copy(s->group, sizeof(s->group), group->gr_name);
                add_group(s, s->gid);
        } else
                (void)snprintf(s->group, sizeof(s->group), "%u", (unsigned)s->gid);
        if (sd_bus_get_property(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", "SupplementaryGroups", NULL, &m, "as") <
                    0 ||
            sd_bus_message_enter_container(m, 'a', "s") < 0)
                return;
        while (sd_bus_message_read(m, "s", &name) > 0)
                if ((group = getgrnam(name)))
                        add_group(s, group->gr_gid);
}

int sandbox_service_read(struct sandbox_service *s) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        char load[32], root[PATH_MAX], image[PATH_MAX];
        int r = sd_bus_open_system(&bus);

        if (r < 0) {
                (void)snprintf(s->why, sizeof(s->why), "the system bus cannot be reached: %s", strerror(-r));
                return 0;
        }
        (void)sd_bus_set_method_call_timeout(bus, TIMEOUT_USEC);
        get_text(bus, SYSTEMD ".Unit", "LoadState", load, sizeof(load));
        get_text(bus, SYSTEMD ".Service", "RootDirectory", root, sizeof(root));
        get_text(bus, SYSTEMD ".Service", "RootImage", image, sizeof(image));
        if (!util_streq(load, "loaded"))
                (void)snprintf(s->why, sizeof(s->why), "%s",
                               load[0] ? SANDBOX_UNIT " is not installed here" : "systemd does not answer");
        else if (root[0] || image[0])
                (void)snprintf(s->why, sizeof(s->why), SANDBOX_UNIT " has a root directory of its own");
        if (s->why[0])
                return 0;
        read_user(bus, s);
        read_environment(bus, s);
        return read_sandbox(bus, &s->sandbox);
}

/* ---- reading as that user ---- */

static bool find_wall(const char *path, char *at, size_t size) {
        for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
                (void)snprintf(at, size, "%.*s", (int)(slash - path), path);
                if (access(at, X_OK) < 0)
                        return true;
        }
        at[0] = '\0';
        return false;
}

static void try_as(const struct sandbox_service *s, const char *path, const char *real, int fd) {
        struct sandbox_attempt a = {};

        if (geteuid() != s->uid && (setgroups(s->n_groups, s->groups) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
                                    setresuid(s->uid, s->uid, s->uid) < 0))
                _exit(1);
        if (open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) < 0)
                a.error = errno;
        if (a.error == EACCES && !find_wall(path, a.at, sizeof(a.at)))
                (void)find_wall(real, a.at, sizeof(a.at));
        _exit(write(fd, &a, sizeof(a)) == sizeof(a) ? 0 : 1);
}

int sandbox_attempt(const struct sandbox_service *s, const char *path, const char *real, struct sandbox_attempt *ret) {
        int fds[2], status;
        ssize_t n;
        pid_t pid;

        if (s->groups_cut && geteuid() != s->uid)
                return -E2BIG;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                try_as(s, path, real, fds[1]);
        (void)close(fds[1]);
        n = pid < 0 ? -1 : read(fds[0], ret, sizeof(*ret));
        (void)close(fds[0]);
        if (pid > 0)
                while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                        ;
        return n == sizeof(*ret) ? 0 : -EAGAIN;
}
