/* SPDX-License-Identifier: Apache-2.0 */
/* What Kubernetes and systemd accept as names. */
#pragma once

#include <stdbool.h>

/* a-z, 0-9 and '-', 1 to 63 characters, letter or digit at both ends (namespaces, Lease holders). */
bool name_is_dns_label(const char *s);

/* Labels joined by '.', at most 253 characters (ConfigMaps, Leases, Pods). */
bool name_is_dns_subdomain(const char *s);

/* systemd's own limit is 255; a file that is written beside UNIT and renamed has five characters more. */
#define NAME_UNIT_MAX 250

/* A unit that can be started and stopped as one: a .service, not a template without instance. */
bool name_is_service_unit(const char *s);

/* A unit that may stand beside others under one lock: a service, or what can start one: a .timer, .socket or .path. */
bool name_is_list_unit(const char *s);
