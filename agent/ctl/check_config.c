/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>

#include "codec/conf.h"
#include "codec/conf_report.h"
#include "ctl/verbs.h"

static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {},
};

static const char usage[] =
        "check-config [FILE]\n\n"
        "Reads the configuration (default: " CONF_PATH ", with conf.d beside it) and the\n"
        "kubeconfig it names, and prints every value in force and what it means. Changes nothing, asks nobody.";

static int on_option(_unused_ int option, _unused_ void *userdata) {
        return -1;
}

int ctl_check_config(int argc, char **argv) {
        struct err err = {};
        int status;
        if (!ctl_options(argc, argv, options, usage, on_option, NULL, &status))
                return status;
        if (optind + 1 < argc) {
                (void)fprintf(stderr, "leaderctl check-config: at most one FILE\nleaderctl %s\n", usage);
                return CTL_USAGE;
        }
        int r = conf_report(argv[optind], stdout, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        return CTL_OK;
}
