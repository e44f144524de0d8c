/* SPDX-License-Identifier: Apache-2.0 */
/* Between units.c (calls) and units_facts.c (what the answer of Properties.GetAll means). Not for others. */
#pragma once

#include <systemd/sd-bus.h>

#include "codec/enroll.h"

/* Reads the a{sv} of GetAll("") of a unit. Unknown properties are skipped, absent ones stay empty. Returns 0, or
 * negative errno when the message is not what it must be. */
int units_facts_parse(sd_bus_message *m, struct enroll_facts *ret);

/* The same of a PropertiesChanged signal: what it does not mention stays empty. */
int units_facts_parse_changes(sd_bus_message *m, struct enroll_facts *ret);
