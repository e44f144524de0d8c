/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1's properties of a timer, to the interval that they make. */
#include "adapter/timer.h"

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "codec/calendar.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define TIMER   SYSTEMD ".Timer"

#define TIMEOUT_USEC (5 * USEC_PER_SEC)

static uint64_t get_usec(sd_bus *bus, const char *path, const char *name) {
        uint64_t value;

        return sd_bus_get_property_trivial(bus, SYSTEMD, path, TIMER, name, NULL, 't', &value) >= 0 ? value : 0;
}

/* Of OnCalendar=. Returns USEC_INFINITY when there is none, 0: not known. */
static uint64_t read_calendar(sd_bus *bus, const char *path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *specs[CALENDAR_SPECS_MAX], *base, *spec;
        uint64_t next;
        size_t n = 0;

        if (sd_bus_get_property(bus, SYSTEMD, path, TIMER, "TimersCalendar", NULL, &m, "a(sst)") < 0 ||
            sd_bus_message_enter_container(m, 'a', "(sst)") < 0)
                return 0;
        while (sd_bus_message_read(m, "(sst)", &base, &spec, &next) > 0) {
                if (n == ELEMENTSOF(specs))
                        return 0;
                specs[n++] = spec;
        }
        return calendar_longest_gap_usec(specs, n);
}

/* Of OnUnitActiveSec= and OnUnitInactiveSec=, which count from the last start; the others come once. */
static uint64_t read_monotonic(sd_bus *bus, const char *path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        uint64_t shortest = USEC_INFINITY, usec, next;
        const char *base;

        if (sd_bus_get_property(bus, SYSTEMD, path, TIMER, "TimersMonotonic", NULL, &m, "a(stt)") < 0 ||
            sd_bus_message_enter_container(m, 'a', "(stt)") < 0)
                return USEC_INFINITY;
        while (sd_bus_message_read(m, "(stt)", &base, &usec, &next) > 0)
                if (util_streq(base, "OnUnitActiveUSec") || util_streq(base, "OnUnitInactiveUSec"))
                        shortest = util_usec_min(shortest, usec);
        return shortest;
}

bool timer_read(const char *unit, struct timer_interval *ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL, *load = NULL;
        int fixed = 0;

        if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) < 0 || sd_bus_open_system(&bus) < 0)
                return false;
        (void)sd_bus_set_method_call_timeout(bus, TIMEOUT_USEC);
        if (sd_bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Unit", "LoadState", NULL, &load) < 0 ||
            !util_streq(load, "loaded"))
                return false;
        (void)sd_bus_get_property_trivial(bus, SYSTEMD, path, TIMER, "FixedRandomDelay", NULL, 'b', &fixed);
        *ret = (struct timer_interval){
                .every_usec = util_usec_min(read_calendar(bus, path), read_monotonic(bus, path)),
                .random_usec = util_usec_add(fixed ? 0 : get_usec(bus, path, "RandomizedDelayUSec"),
                                             get_usec(bus, path, "AccuracyUSec")),
        };
        return true;
}
