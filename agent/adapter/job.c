/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <systemd/sd-bus.h>

#include "adapter/job.h"

int job_read_own(enum job_type *ret, struct err *err) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL, *job = NULL, *type = NULL;
        const char *unit_path, *job_path, *text;
        uint32_t id;
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return err_setf(err, r, "cannot reach the system bus: %s", strerror(-r));
        (void)sd_bus_set_method_call_timeout(bus, USEC_PER_SEC);
        r = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                               "org.freedesktop.systemd1.Manager", "GetUnitByPID", &e, &reply, "u", (uint32_t)0);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &unit_path);
        if (r >= 0)
                r = sd_bus_get_property(bus, "org.freedesktop.systemd1", unit_path, "org.freedesktop.systemd1.Unit",
                                        "Job", &e, &job, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(job, "(uo)", &id, &job_path);
        if (r >= 0 && id == 0) {
                *ret = JOB_NONE;
                return 0;
        }
        if (r >= 0)
                r = sd_bus_get_property(bus, "org.freedesktop.systemd1", job_path, "org.freedesktop.systemd1.Job",
                                        "JobType", &e, &type, "s");
        if (r >= 0)
                r = sd_bus_message_read(type, "s", &text);
        if (r < 0)
                return err_setf(err, r, "PID 1 did not tell this service's job: %s",
                                e.message ? e.message : strerror(-r));
        *ret = strcmp(text, "stop") == 0                                          ? JOB_STOP
               : strcmp(text, "restart") == 0 || strcmp(text, "try-restart") == 0 ? JOB_RESTART
                                                                                  : JOB_OTHER;
        return 0;
}
