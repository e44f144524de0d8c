/* SPDX-License-Identifier: Apache-2.0 */
/* The client side, for leaderctl: a connection for one call, waiting. What may be called is in bus.h. */
#include <errno.h>
#include <inttypes.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "adapter/bus.h"
#include "base/clock.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)
#define SYSTEMD      "org.freedesktop.systemd1"
/* An agent that starts anew after a reload is off the bus for a moment. */
#define ANEW_USEC  (2 * USEC_PER_SEC)
#define PAUSE_USEC (50 * USEC_PER_MSEC)

/* Nobody owns our name. systemd knows whether the agent runs all the same: then the policy that lets it own the name is
 * not in force. Without an answer from systemd it counts as not running. */
static int not_there(sd_bus *bus, struct err *err) {
        static const char path[] = "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice";
        _cleanup_free_ char *state = NULL;
        uint32_t pid = 0;

        if (sd_bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Unit", "ActiveState", NULL, &state) < 0 ||
            sd_bus_get_property_trivial(bus, SYSTEMD, path, SYSTEMD ".Service", "MainPID", NULL, 'u', &pid) < 0 ||
            pid == 0)
                return err_setf(err, -EHOSTDOWN,
                                "leader-agent is not running on this host; see systemctl status leader-agent");
        if (!util_streq(state, "active") && !util_streq(state, "reloading"))
                return err_setf(err, -EHOSTDOWN,
                                "leader-agent (PID %" PRIu32 ") is %s, and not on D-Bus; see systemctl status "
                                "leader-agent",
                                pid, state);
        return err_setf(err, -ENOTCONN,
                        "leader-agent runs (PID %" PRIu32 ") but does not own its name on D-Bus; run: systemctl reload "
                        "dbus",
                        pid);
}

static int failed(sd_bus *bus, const char *method, int r, const sd_bus_error *e, struct err *err) {
        /* The words of the agent itself. */
        static const char *const ours[] = {BUS_ERROR_FAILED, SD_BUS_ERROR_INVALID_ARGS, SD_BUS_ERROR_LIMITS_EXCEEDED};

        if (sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return not_there(bus, err);
        if (sd_bus_error_has_name(e, SD_BUS_ERROR_ACCESS_DENIED))
                return geteuid() != 0
                               ? err_setf(err, -EACCES, "only root may call %s of leader-agent", method)
                               : err_setf(
                                         err, -EACCES,
                                         "D-Bus lets not even root call %s of leader-agent; run: systemctl reload dbus",
                                         method);
        if (r == -ETIMEDOUT || sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT))
                return err_setf(err, -ETIMEDOUT,
                                "leader-agent gave no answer: it hangs, or has just ended; see systemctl status "
                                "leader-agent");
        if (sd_bus_error_has_name(e, SD_BUS_ERROR_UNKNOWN_METHOD))
                return err_setf(err, -EREMOTEIO,
                                "the leader-agent that runs is another version and has no %s; run: systemctl restart "
                                "leader-agent (units run on)",
                                method);
        if (sd_bus_error_has_name(e, BUS_ERROR_REFUSED) && e->message)
                return err_setf(err, -EBUSY, "%s", e->message);
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (sd_bus_error_has_name(e, ours[i]) && e->message)
                        return err_setf(err, -EREMOTEIO, "%s", e->message);
        return err_setf(err, -EREMOTEIO,
                        "D-Bus does not carry %s to leader-agent (%s); see systemctl status dbus leader-agent", method,
                        e->message ? e->message : strerror(-r));
}

static int read_text(sd_bus_message *reply, char **ret, struct err *err) {
        const char *text;
        int r = sd_bus_message_read(reply, "s", &text);

        if (r < 0)
                return err_setf(err, -EREMOTEIO, "leader-agent gave an answer that cannot be read: %s", strerror(-r));
        *ret = strdup(text);
        return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

static int call(sd_bus *bus, const char *method, const char *const *arguments, char **ret_text, bool *ret_unanswered,
                struct err *err) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r = sd_bus_message_new_method_call(bus, &m, BUS_NAME, BUS_PATH, BUS_NAME, method);

        for (; r >= 0 && arguments && *arguments; arguments++)
                r = sd_bus_message_append(m, "s", *arguments);
        /* Never start one: an agent that was stopped stays stopped. */
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_call(bus, m, 0, &error, &reply);
        *ret_unanswered = sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY);
        if (r < 0)
                return failed(bus, method, r, &error, err);
        return ret_text ? read_text(reply, ret_text, err) : 0;
}

int bus_client_call(const char *method, const char *const *arguments, char **ret_text, struct err *err) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        uint64_t until = clock_boottime_usec() + ANEW_USEC;
        int r = sd_bus_open_system(&bus);

        if (r < 0)
                return err_setf(err, -EHOSTDOWN, "cannot reach the system bus: %s; see systemctl status dbus",
                                strerror(-r));
        (void)sd_bus_set_method_call_timeout(bus, TIMEOUT_USEC);
        for (;;) {
                bool unanswered;

                r = call(bus, method, arguments, ret_text, &unanswered, err);
                /* (without arguments: a call that may be made twice) */
                if ((r != -ENOTCONN && (!unanswered || arguments)) || clock_boottime_usec() >= until)
                        return r;
                (void)usleep(PAUSE_USEC);
        }
}
