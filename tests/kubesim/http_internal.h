/* SPDX-License-Identifier: Apache-2.0 */
/* Between http.c and request.c only. */
#pragma once

#include "request.h"

/* Continues a suspended request; nothing happens to one that is not. */
void http_resume(struct request *rq);
/* The request has no connection any more. */
void http_detach(struct request *rq);
/* Query parameters, percent-decoded, borrowed from the connection. Returns how many. */
size_t http_queries(struct request *rq, struct query *queries, size_t max);
const char *http_header(struct request *rq, const char *name);
