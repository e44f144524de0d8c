/* SPDX-License-Identifier: Apache-2.0 */
#include "faultworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TIMEOUT (400 * USEC_PER_MSEC)

int faultworld_setup(void **state) {
        struct faultworld *x = calloc(1, sizeof(*x));
        struct kubeworld_answer a;

        assert_non_null(x);
        sim_start(&x->sim);
        kubeworld_open(&x->w, &x->sim.config, TIMEOUT);
        kubeworld_fill_placeholder(&x->owner, PLACEHOLDER_LEASE, NS, LEASE);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_create, &x->owner);
        x->owner = a.placeholder;
        kubeworld_fill_lock(&x->lock, &x->owner, LOCK);
        *state = x;
        return 0;
}

int faultworld_teardown(void **state) {
        struct faultworld *x = *state;

        kubeworld_close(&x->w);
        sim_stop(&x->sim);
        free(x);
        return 0;
}
