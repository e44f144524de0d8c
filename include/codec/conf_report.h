/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration means, for a human: `leader-agent --check-config` and `leaderctl check-config` are this. Reads
 * the configuration and the kubeconfig it names, changes nothing, asks nobody. The keys and rules are codec/conf.h. */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* Loads path (CONF_PATH when NULL) with conf.d beside it, and its kubeconfig, and prints where the agent would connect
 * and every value in force with what it means (conf_describe()). What is printed is a configuration again. Returns 0;
 * negative errno with err set, nothing is printed then. */
int conf_report(const char *path, FILE *f, struct err *err);
