/* SPDX-License-Identifier: Apache-2.0 */
#include "ctlworld.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

struct privatebus ctl_bus;
sd_event *ctl_event;
struct bus *ctl_server;
char ctl_leaderctl[PATH_MAX], ctl_leader_agent[PATH_MAX], ctl_leader_guard[PATH_MAX];
uid_t ctl_run_as;
struct ctl_agent ctl_agent;
struct ctl_unit ctl_unit;

static int on_status(_unused_ void *userdata, char **ret_json) {
        return (*ret_json = strdup(ctl_agent.json)) ? 0 : -ENOMEM;
}

static int on_step_down(_unused_ void *userdata, const char *lock, const char *reason, bool force,
                        _unused_ uint64_t call, struct err *err) {
        ctl_agent.force = force;
        (void)util_copy(ctl_agent.lock, sizeof(ctl_agent.lock), lock);
        (void)util_copy(ctl_agent.reason, sizeof(ctl_agent.reason), reason);
        if (util_streq(lock, "ops/lone") && !force)
                return err_setf(err, -EBUSY, "there is no other agent");
        return util_streq(lock, "ops/unknown") ? err_setf(err, -ENOENT, "no lock 'ops/unknown' in the configuration")
                                               : 0;
}

static int on_reload(_unused_ void *userdata, _unused_ struct err *err) {
        return 0;
}

static void on_trouble(_unused_ void *userdata, _unused_ const char *error) {
}

const struct bus_handlers ctl_handlers = {
        .status = on_status, .step_down = on_step_down, .reload = on_reload, .trouble = on_trouble};

/* ---- systemd, as far as leaderctl asks it ---- */

static int on_property(_unused_ sd_bus *b, _unused_ const char *path, _unused_ const char *interface, const char *name,
                       sd_bus_message *reply, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const struct {
                const char *name, *value;
        } texts[] = {
                {"ActiveState", ctl_unit.state}, {"LoadState", ctl_unit.load},   {"User", ctl_unit.user},
                {"Group", ctl_unit.group},       {"ProtectHome", ctl_unit.home}, {"RootDirectory", ctl_unit.root},
        };

        if (util_streq(name, "MainPID"))
                return sd_bus_message_append(reply, "u", ctl_unit.pid);
        if (util_streq(name, "PrivateTmp"))
                return sd_bus_message_append(reply, "b", ctl_unit.tmp);
        if (util_streq(name, "DynamicUser"))
                return sd_bus_message_append(reply, "b", ctl_unit.dynamic);
        if (util_streq(name, "AmbientCapabilities"))
                return sd_bus_message_append(reply, "t", ctl_unit.ambient);
        if (util_streq(name, "CapabilityBoundingSet"))
                return sd_bus_message_append(reply, "t", ~ctl_unit.lost);
        if (util_streq(name, "LoadError"))
                return sd_bus_message_append(reply, "(ss)", "x",
                                             "Unit leader-agent.service has a bad unit file setting.");
        if (util_streq(name, "InaccessiblePaths"))
                return sd_bus_message_append(reply, "as", 1, ctl_unit.inaccessible ? ctl_unit.inaccessible : "/none");
        if (util_streq(name, "Environment"))
                return sd_bus_message_append(reply, "as", 2, "LANG=C",
                                             ctl_unit.environment ? ctl_unit.environment : "A=B");
        if (util_streq(name, "TemporaryFileSystem"))
                return sd_bus_message_append(reply, "a(ss)", 1, "/srv/none", "ro");
        if (util_streq(name, "BindReadOnlyPaths"))
                return ctl_unit.bound
                               ? sd_bus_message_append(reply, "a(ssbt)", 1, "/etc", ctl_unit.bound, false, UINT64_C(0))
                               : sd_bus_message_append(reply, "a(ssbt)", 0);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (util_streq(name, texts[i].name))
                        return sd_bus_message_append(reply, "s", texts[i].value ? texts[i].value : "");
        return -ENOENT;
}

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ActiveState", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("LoadState", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("LoadError", "(ss)", on_property, 0, 0),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("MainPID", "u", on_property, 0, 0),
        SD_BUS_PROPERTY("User", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("Group", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("DynamicUser", "b", on_property, 0, 0),
        SD_BUS_PROPERTY("AmbientCapabilities", "t", on_property, 0, 0),
        SD_BUS_PROPERTY("CapabilityBoundingSet", "t", on_property, 0, 0),
        SD_BUS_PROPERTY("ProtectHome", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("PrivateTmp", "b", on_property, 0, 0),
        SD_BUS_PROPERTY("Environment", "as", on_property, 0, 0),
        SD_BUS_PROPERTY("RootDirectory", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("InaccessiblePaths", "as", on_property, 0, 0),
        SD_BUS_PROPERTY("TemporaryFileSystem", "a(ss)", on_property, 0, 0),
        SD_BUS_PROPERTY("BindReadOnlyPaths", "a(ssbt)", on_property, 0, 0),
        SD_BUS_VTABLE_END,
};

sd_bus *ctl_systemd_start(void) {
        static const char path[] = "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice";
        sd_bus *b = NULL;

        assert_true(sd_bus_open_system(&b) >= 0);
        assert_true(sd_bus_add_object_vtable(b, NULL, path, "org.freedesktop.systemd1.Unit", unit_vtable, NULL) >= 0);
        assert_true(sd_bus_add_object_vtable(b, NULL, path, "org.freedesktop.systemd1.Service", service_vtable, NULL) >=
                    0);
        assert_true(sd_bus_request_name(b, "org.freedesktop.systemd1", 0) >= 0);
        assert_true(sd_bus_attach_event(b, ctl_event, 0) >= 0);
        return b;
}

/* ---- programs ---- */

/* Drains what is there; false at the end. */
static bool drain(int fd, char *buf, size_t size) {
        size_t n = strlen(buf);
        ssize_t k = read(fd, buf + n, size - 1 - n);

        if (k > 0)
                buf[n + (size_t)k] = '\0';
        return k != 0;
}

struct ctl_result ctlworld_run(const char *program, const char *const *arguments) {
        struct ctl_result r = {};
        int out[2], err[2];
        bool more_out = true, more_err = true;
        char *argv[8] = {(char *)program};
        pid_t pid;

        for (size_t i = 0; arguments[i]; i++)
                argv[i + 1] = (char *)arguments[i];
        assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)dup2(out[1], STDOUT_FILENO);
                (void)dup2(err[1], STDERR_FILENO);
                if (ctl_run_as != 0) {
                        /* Opened before: others may not be able to look into the directory. */
                        int fd = open(program, O_PATH | O_CLOEXEC);

                        if (setresuid(ctl_run_as, ctl_run_as, ctl_run_as) == 0)
                                fexecve(fd, argv, environ);
                        _exit(127);
                }
                execv(program, argv);
                _exit(127);
        }
        close(out[1]);
        close(err[1]);
        for (uint64_t waited = 0; more_out || more_err; waited += 5 * USEC_PER_MSEC) {
                assert_true(waited < CTL_HANG_USEC);
                assert_true(sd_event_run(ctl_event, 5 * USEC_PER_MSEC) >= 0);
                more_out = more_out && drain(out[0], r.out, sizeof(r.out));
                more_err = more_err && drain(err[0], r.err, sizeof(r.err));
        }
        assert_int_equal(waitpid(pid, &r.status, 0), pid);
        assert_true(WIFEXITED(r.status));
        r.status = WEXITSTATUS(r.status);
        close(out[0]);
        close(err[0]);
        return r;
}

void ctl_assert_result(struct ctl_result r, int status, const char *out, const char *err) {
        if (r.status != status || !strstr(r.out, out) || !strstr(r.err, err))
                fail_msg("status %d\n%s---\n%s", r.status, r.out, r.err);
}

int ctl_setup(_unused_ void **state) {
        struct err err = {};

        (void)alarm(300);
        memset(&ctl_agent, 0, sizeof(ctl_agent));
        ctl_agent.json = "{}";
        privatebus_init(
                &ctl_bus,
                "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>"
                "<allow receive_sender=\"*\"/></policy>");
        privatebus_start(&ctl_bus);
        assert_int_equal(sd_event_new(&ctl_event), 0);
        assert_int_equal(bus_serve(&ctl_server, ctl_event, &ctl_handlers, NULL, &err), 0);
        /* Until the name is ours. */
        for (int i = 0; RUN("status").status == 3; i++)
                assert_true(i < 1000);
        return 0;
}

int ctl_teardown(_unused_ void **state) {
        ctl_server = bus_free(ctl_server);
        ctl_event = sd_event_unref(ctl_event);
        privatebus_done(&ctl_bus);
        (void)alarm(0);
        return 0;
}

bool ctl_begin(const char *test) {
        ssize_t n;

        if (!privatebus_available()) {
                print_message("ok %s # SKIP no dbus-daemon on this machine\n", test);
                return false;
        }
        /* BUILD/tests/integration/TEST → BUILD/leaderctl, BUILD/leader-agent */
        n = readlink("/proc/self/exe", ctl_leaderctl, sizeof(ctl_leaderctl) - sizeof("/leader-agent"));
        assert_true(n > 0);
        for (int i = 0; i < 3; i++) {
                char *slash = strrchr(ctl_leaderctl, '/');

                assert_non_null(slash);
                *slash = '\0';
        }
        (void)strcat(strcpy(ctl_leader_agent, ctl_leaderctl), "/leader-agent");
        (void)strcat(strcpy(ctl_leader_guard, ctl_leaderctl), "/leader-guard");
        (void)strcat(ctl_leaderctl, "/leaderctl");
        return true;
}
