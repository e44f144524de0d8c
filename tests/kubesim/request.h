/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request on its way: received, perhaps delayed, executed, perhaps held, answered. */
#pragma once

#include <microhttpd.h>

#include "sim.h"

enum request_state {
        REQUEST_RECEIVING,
        REQUEST_WAITING,   /* fault: not executed yet */
        REQUEST_TIMED_OUT, /* fault: answered with 504, not executed yet */
        REQUEST_HELD,      /* executed, fault keeps the answer back */
        REQUEST_HUNG,      /* never answered */
        REQUEST_READY,     /* reply or watch can be sent */
        REQUEST_CLOSE,     /* connection to be closed without an answer */
        REQUEST_RESET,     /* the same with RST */
        REQUEST_ANSWERED,
};

struct request {
        struct sim *sim;
        struct http *http;
        struct MHD_Connection *connection; /* NULL when the connection is gone and only the late execution is left */
        enum request_state state;
        bool suspended;
        bool peer_gone;
        char method[16], path[1024], user_agent[256], query[512];
        char certificate_user[256];
        struct buf body;
        struct call call;
        bool is_call; /* call is filled: an API request, not a control or health one */
        struct reply reply;
        struct watch *watch;
        struct fault_action fault;
        char *raw_body; /* of a fault's answer */
        struct timer timer, timeout;
        doc *audit;
        struct buf out; /* body of the answer */
        bool too_large;
        struct request *next;
};

/* All headers and the body are here: decides, executes, or waits for a timer. */
void request_start(struct request *rq);
/* The answer (or the head of a stream) was handed over. */
void request_answered(struct request *rq, int code);
/* The connection is done with it: frees it, or keeps it until a delayed execution is done. */
void request_finish(struct request *rq);
