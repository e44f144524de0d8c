/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration means, for a human. Reads the configuration and the kubeconfig it names, changes nothing, asks
 * nobody. The keys and rules are codec/conf.h; what `--check-config` adds to this is adapter/sandbox.h. */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* A file that the agent has to read. */
struct conf_file {
        const char *where; /* what names it: FILE:LINE, or FILE where the line is not known; NULL: nothing does */
        const char *key;   /* by this key; NULL: it is part of the configuration itself */
        const char *path;
};

/* Told of each file, after all were read. A negative errno with err set ends the report. */
typedef int (*conf_see_fn)(const struct conf_file *file, void *userdata, struct err *err);

/* Loads path (CONF_PATH when NULL) with conf.d beside it, and its kubeconfig, and prints where the agent would connect
 * and every value in force with what it means (conf_describe()). What is printed is a configuration again. The
 * configuration's own files are told only when it is that of CONF_PATH: another one may be on its way there. Returns 0;
 * negative errno with err set, nothing is printed then. */
int conf_report(const char *path, FILE *f, conf_see_fn see, void *userdata, struct err *err);

/* Prints the connection that path and its kubeconfig make as one line of JSON (fields: leaderctl(1)): also when error
 * has what conf_report() found wrong; then as far as it is known. Returns 0, -ENOMEM. */
int conf_report_json(const char *path, const struct err *error, FILE *f);
