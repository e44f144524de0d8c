/* SPDX-License-Identifier: Apache-2.0 */
/* The behaviour of the API that the agent relies on, row by row; must pass against kube-apiserver and kubesim alike. */
#include <stdio.h>

#include "api.h"
#include "suites.h"

int main(void) {
        if (!getenv("KUBE_SERVER")) {
                fputs("KUBE_SERVER is not set; start through run.sh KUBECONFIG\n", stderr);
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        /* The server with another gate behaves alike in all but this. */
        int failed = getenv("CONFORMANCE_WATCH_ONLY")
                             ? suite_watch()
                             : suite_rules() + suite_writes() + suite_patch() + suite_delete() + suite_gc() +
                                       suite_namespace() + suite_other_kinds() + suite_tokens() + suite_watch();
        curl_global_cleanup();
        printf("conformance: %s\n", failed ? "FAILED" : "all passed");
        return failed ? 1 : 0;
}
