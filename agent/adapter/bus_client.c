/* SPDX-License-Identifier: Apache-2.0 */
/* The client side, for leaderctl: a connection for one call, waiting. What may be called is in bus.h. */
#include <errno.h>
#include <systemd/sd-bus.h>

#include "adapter/bus.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)

static int failed(int r, const sd_bus_error *e, struct err *err) {
        const char *text = e->message ? e->message : strerror(-r);

        if (sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return err_setf(err, -EHOSTDOWN,
                                "leader-agent is not running on this host; see systemctl status leader-agent");
        if (sd_bus_error_has_name(e, SD_BUS_ERROR_ACCESS_DENIED))
                return err_setf(err, -EACCES, "%s; try as root", text);
        if (r == -ETIMEDOUT || sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT))
                return err_setf(err, -ETIMEDOUT, "leader-agent does not answer: %s", text);
        return err_setf(err, -EREMOTEIO, "%s", text);
}

static int read_text(sd_bus_message *reply, char **ret, struct err *err) {
        const char *text;
        int r = sd_bus_message_read(reply, "s", &text);

        if (r < 0)
                return err_setf(err, -EREMOTEIO, "leader-agent gave an answer that cannot be read: %s", strerror(-r));
        *ret = strdup(text);
        return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

int bus_client_call(const char *method, const char *const *arguments, char **ret_text, struct err *err) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return err_setf(err, -EHOSTDOWN, "cannot reach the system bus: %s", strerror(-r));
        r = sd_bus_message_new_method_call(bus, &m, BUS_NAME, BUS_PATH, BUS_NAME, method);
        for (; r >= 0 && arguments && *arguments; arguments++)
                r = sd_bus_message_append(m, "s", *arguments);
        /* Never start one: an agent that was stopped stays stopped. */
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_call(bus, m, TIMEOUT_USEC, &error, &reply);
        if (r < 0)
                return failed(r, &error, err);
        return ret_text ? read_text(reply, ret_text, err) : 0;
}
