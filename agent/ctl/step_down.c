/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>

#include "adapter/bus.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

static const struct option options[] = {
        {"reason", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {},
};

static const char usage[] =
        "step-down LOCK [--reason TEXT]\n\n"
        "Stops the unit of LOCK (NAMESPACE/NAME or NAME) on this host and gives the lock up; another host takes\n"
        "over. Root only. Returns as soon as the agent has begun; `leaderctl status` shows how far it is.";

static int on_option(_unused_ int option, void *userdata) {
        *(const char **)userdata = optarg;
        return 0;
}

int ctl_step_down(int argc, char **argv) {
        const char *reason = NULL;
        char by[256];
        int status;
        struct err err = {};
        if (!ctl_options(argc, argv, options, usage, on_option, &reason, &status))
                return status;
        if (optind + 1 != argc) {
                (void)fprintf(stderr, "leaderctl step-down: needs one LOCK\nleaderctl %s\n", usage);
                return CTL_USAGE;
        }
        if (util_empty(reason)) {
                (void)snprintf(by, sizeof(by), "leaderctl step-down by %s", show_user());
                reason = by;
        }
        int r = bus_client_call("StepDown", (const char *const[]){argv[optind], reason, NULL}, NULL, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        (void)printf("%s: stepping down; leaderctl status shows how far it is\n", argv[optind]);
        return CTL_OK;
}
