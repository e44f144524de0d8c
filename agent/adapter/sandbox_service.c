/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 is asked for the settings in force, drop-ins included, whether the unit runs or not. What it does not know, or
 * an older one does not have, is as by default. */
#include "adapter/sandbox_service.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
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

static uint64_t get_number(sd_bus *bus, const char *name, uint64_t otherwise) {
        uint64_t value;

        return sd_bus_get_property_trivial(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", name, NULL, 't', &value) >= 0
                       ? value
                       : otherwise;
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

const char *const sandbox_proxies[SANDBOX_PROXIES] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                                      "http_proxy",  "NO_PROXY",    "no_proxy"};

/* NULL: text sets another variable. */
static const char *value_of(const char *text, const char *name) {
        size_t n = strlen(name);

        return strncmp(text, name, n) == 0 && text[n] == '=' ? text + n + 1 : NULL;
}

static int take_variable(struct sandbox_service *s, const char *text) {
        const char *value = value_of(text, "KUBECONFIG");

        if (value)
                (void)util_copy(s->kubeconfig, sizeof(s->kubeconfig), value);
        for (size_t i = 0; i < SANDBOX_PROXIES; i++) {
                value = value_of(text, sandbox_proxies[i]);
                if (value)
                        free(s->proxies[i]);
                if (value && !(s->proxies[i] = strdup(value)))
                        return -ENOMEM;
        }
        return 0;
}

static int take_variables(sd_bus *bus, const char *path, const char *interface, struct sandbox_service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *text;
        int r = 0;

        if (sd_bus_get_property(bus, SYSTEMD, path, interface, "Environment", NULL, &m, "as") < 0 ||
            sd_bus_message_enter_container(m, 'a', "s") < 0)
                return 0;
        while (r >= 0 && sd_bus_message_read(m, "s", &text) > 0)
                r = take_variable(s, text);
        return r;
}

static void add_group(struct sandbox_service *s, gid_t gid) {
        if (s->n_groups < SANDBOX_GROUPS)
                s->groups[s->n_groups++] = gid;
}

/* ---- who that is here ---- */

static bool is_number(const char *name, unsigned long *ret) {
        char *end;

        errno = 0;
        *ret = strtoul(name, &end, 10);
        return *name >= '0' && *name <= '9' && !*end && !errno && *ret < UINT32_MAX;
}

/* What the package makes (units/leader-agent.sysusers), or one of that name; a number alone is nobody's. */
static void say_lack(struct sandbox_service *s, const char *what, const char *command, const char *name) {
        unsigned long number;

        if (is_number(name, &number))
                (void)snprintf(s->lacks, sizeof(s->lacks),
                               "there is no %s with the number %s here; name one that there is: systemctl edit "
                               "leader-agent",
                               what, name);
        else if (util_streq(name, "leader-agent"))
                (void)snprintf(s->lacks, sizeof(s->lacks), "there is no %s %s here; run: systemd-sysusers", what, name);
        else
                (void)snprintf(s->lacks, sizeof(s->lacks), "there is no %s %s here; run: %s --system %s", what, name,
                               command, name);
}

/* Names and numbers, as in User= and Group=. */
static const struct passwd *find_user(const char *name) {
        unsigned long number;

        return is_number(name, &number) ? getpwuid((uid_t)number) : getpwnam(name);
}

static bool find_group(const char *name, gid_t *ret) {
        unsigned long number;
        const struct group *group = is_number(name, &number) ? getgrgid((gid_t)number) : getgrnam(name);

        if (group)
                *ret = group->gr_gid;
        return group;
}

static bool take_user(struct sandbox_service *s) {
        const struct passwd *user = find_user(s->user[0] ? s->user : "root");
        char name[sizeof(s->user) - sizeof(" (DynamicUser=)")];
        int n = SANDBOX_GROUPS / 2;

        s->dynamic = s->dynamic && s->user[0] &&
                     (!user || (user->pw_uid >= SANDBOX_DYNAMIC_UID_MIN && user->pw_uid <= SANDBOX_DYNAMIC_UID_MAX));
        if (s->dynamic) {
                s->uid = s->gid = SANDBOX_DYNAMIC_UID_MIN;
                (void)util_copy(s->home, sizeof(s->home), "/");
                (void)util_copy(name, sizeof(name), s->user);
                (void)snprintf(s->user, sizeof(s->user), "%s (DynamicUser=)", name);
                return true;
        }
        if (!user) {
                say_lack(s, "user", "useradd", s->user);
                return false;
        }
        s->uid = user->pw_uid;
        s->gid = user->pw_gid;
        (void)util_copy(s->home, sizeof(s->home), user->pw_dir);
        if (s->user[0]) { /* (without User= it stays in no other group) */
                s->groups_cut = getgrouplist(user->pw_name, s->gid, s->groups, &n) < 0;
                s->n_groups = s->groups_cut ? 0 : (size_t)n;
        }
        (void)util_copy(s->user, sizeof(s->user), user->pw_name);
        return true;
}

static bool take_group(struct sandbox_service *s) {
        const struct group *group;

        /* (with DynamicUser= one that does not exist is made, too) */
        if (s->group[0] && !find_group(s->group, &s->gid) && !s->dynamic) {
                say_lack(s, "group", "groupadd", s->group);
                return false;
        }
        add_group(s, s->gid);
        group = getgrgid(s->gid);
        if (group)
                (void)util_copy(s->group, sizeof(s->group), group->gr_name);
        else if (s->dynamic)
                s->group[0] = '\0';
        else
                (void)snprintf(s->group, sizeof(s->group), "%u", (unsigned)s->gid);
        return true;
}

/* User, group and all other groups that PID 1 would give the process, and its capabilities. */
static void read_user(sd_bus *bus, struct sandbox_service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *name;
        gid_t gid;

        get_text(bus, SYSTEMD ".Service", "User", s->user, sizeof(s->user));
        get_text(bus, SYSTEMD ".Service", "Group", s->group, sizeof(s->group));
        s->dynamic = get_bool(bus, "DynamicUser");
        /* (in a user namespace of its own they count for little, root's files are root's by mode) */
        s->bounding = get_bool(bus, "PrivateUsers") ? 0 : get_number(bus, "CapabilityBoundingSet", UINT64_MAX);
        s->ambient = get_number(bus, "AmbientCapabilities", 0);
        s->has_user = take_user(s) && take_group(s);
        if (!s->has_user) {
                s->group[0] = '\0';
                return;
        }
        if (sd_bus_get_property(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Service", "SupplementaryGroups", NULL, &m, "as") <
                    0 ||
            sd_bus_message_enter_container(m, 'a', "s") < 0)
                return;
        while (sd_bus_message_read(m, "s", &name) > 0)
                if (find_group(name, &gid))
                        add_group(s, gid);
                else
                        say_lack(s, "group", "groupadd", name);
}

/* Why there is no such unit to be asked about; empty: there is. */
static void read_load(sd_bus *bus, struct sandbox_service *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *name, *text = "";
        char load[32];

        get_text(bus, SYSTEMD ".Unit", "LoadState", load, sizeof(load));
        if (!load[0])
                (void)snprintf(s->why, sizeof(s->why), "systemd does not answer");
        else if (util_streq(load, "not-found"))
                (void)snprintf(s->why, sizeof(s->why), SANDBOX_UNIT " is not installed here");
        else if (util_streq(load, "masked"))
                (void)snprintf(s->why, sizeof(s->why), SANDBOX_UNIT " is masked (systemctl unmask leader-agent)");
        else if (!util_streq(load, "loaded")) {
                if (sd_bus_get_property(bus, SYSTEMD, UNIT_PATH, SYSTEMD ".Unit", "LoadError", NULL, &m, "(ss)") >= 0)
                        (void)sd_bus_message_read(m, "(ss)", &name, &text);
                (void)snprintf(s->why, sizeof(s->why),
                               "systemd cannot load " SANDBOX_UNIT
                               " (%s%s%.120s; systemctl status leader-agent has the "
                               "line)",
                               load, *text ? ": " : "", text);
        }
}

int sandbox_service_read(struct sandbox_service *s) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        char root[PATH_MAX], image[PATH_MAX];
        int r = sd_bus_open_system(&bus);

        if (r < 0) {
                (void)snprintf(s->why, sizeof(s->why), "the system bus cannot be reached: %s", strerror(-r));
                return 0;
        }
        (void)sd_bus_set_method_call_timeout(bus, TIMEOUT_USEC);
        read_load(bus, s);
        get_text(bus, SYSTEMD ".Service", "RootDirectory", root, sizeof(root));
        get_text(bus, SYSTEMD ".Service", "RootImage", image, sizeof(image));
        if (!s->why[0] && (root[0] || image[0]))
                (void)snprintf(s->why, sizeof(s->why), SANDBOX_UNIT " has a root directory of its own");
        if (s->why[0])
                return 0;
        read_user(bus, s);
        /* What all services are handed (DefaultEnvironment=), then what the unit sets. */
        r = take_variables(bus, "/org/freedesktop/systemd1", SYSTEMD ".Manager", s);
        if (r >= 0)
                r = take_variables(bus, UNIT_PATH, SYSTEMD ".Service", s);
        return r < 0 ? r : read_sandbox(bus, &s->sandbox);
}

void sandbox_service_done(struct sandbox_service *s) {
        for (size_t i = 0; i < SANDBOX_PROXIES; i++)
                free(s->proxies[i]);
        sandbox_done(&s->sandbox);
}
