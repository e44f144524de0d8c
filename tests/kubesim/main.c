/* SPDX-License-Identifier: Apache-2.0 */
/* Options, signals, the one loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "http.h"

static const char usage[] =
        "kubesim [OPTIONS]: a Kubernetes API server for tests, see README.md beside its source\n"
        "  --address ADDR             IPv4 address to listen on (127.0.0.1)\n"
        "  --port N, --http-port N    port, 0 chooses one (6443)\n"
        "  --http                     plain HTTP; also implied by --http-port\n"
        "  --cert FILE --key FILE     server certificate and key, PEM (needed without --http)\n"
        "  --client-ca FILE           accept client certificates of this CA; user is the CN\n"
        "  --tokens FILE              lines \"token,user\"; without it and with plain HTTP everybody is admin\n"
        "  --gc-delay-ms N            garbage collector's delay (10)\n"
        "  --namespace-delay-ms N     from DELETE of a namespace to the removal of its content (5000)\n"
        "  --bookmark-ms N            between watch bookmarks (60000), 0: none\n"
        "  --no-initial-end           no k8s.io/initial-events-end, as without the gate WatchList\n"
        "  --verbose                  one line per request on stderr\n";

struct options {
        const char *address, *cert, *key, *client_ca, *tokens;
        int port;
        bool plain, verbose, help, no_initial_end;
        uint64_t gc_delay_ms, namespace_delay_ms, bookmark_ms;
};

static int main_parse(struct options *o, int argc, char *argv[]) {
        enum {
                ADDRESS = 256,
                PORT,
                HTTP_PORT,
                HTTP,
                CERT,
                KEY,
                CLIENT_CA,
                TOKENS,
                GC_DELAY,
                NS_DELAY,
                BOOKMARK,
                NO_INITIAL_END,
                VERBOSE,
                HELP,
        };
        static const struct option table[] = {{"address", 1, NULL, ADDRESS},
                                              {"port", 1, NULL, PORT},
                                              {"http-port", 1, NULL, HTTP_PORT},
                                              {"http", 0, NULL, HTTP},
                                              {"cert", 1, NULL, CERT},
                                              {"key", 1, NULL, KEY},
                                              {"client-ca", 1, NULL, CLIENT_CA},
                                              {"tokens", 1, NULL, TOKENS},
                                              {"gc-delay-ms", 1, NULL, GC_DELAY},
                                              {"namespace-delay-ms", 1, NULL, NS_DELAY},
                                              {"bookmark-ms", 1, NULL, BOOKMARK},
                                              {"no-initial-end", 0, NULL, NO_INITIAL_END},
                                              {"verbose", 0, NULL, VERBOSE},
                                              {"help", 0, NULL, HELP},
                                              {0}};
        *o = (struct options){.address = "127.0.0.1",
                              .port = 6443,
                              .gc_delay_ms = 10,
                              .namespace_delay_ms = 5000,
                              .bookmark_ms = 60000};
        for (int c = getopt_long(argc, argv, "", table, NULL); c != -1; c = getopt_long(argc, argv, "", table, NULL)) {
                const char **text = c == ADDRESS     ? &o->address
                                    : c == CERT      ? &o->cert
                                    : c == KEY       ? &o->key
                                    : c == CLIENT_CA ? &o->client_ca
                                    : c == TOKENS    ? &o->tokens
                                                     : NULL;
                uint64_t *number = c == GC_DELAY   ? &o->gc_delay_ms
                                   : c == NS_DELAY ? &o->namespace_delay_ms
                                   : c == BOOKMARK ? &o->bookmark_ms
                                                   : NULL;
                if (text)
                        *text = optarg;
                else if (number)
                        *number = strtoull(optarg, NULL, 10);
                else if (c == PORT || c == HTTP_PORT)
                        o->port = atoi(optarg);
                else if (c == NO_INITIAL_END)
                        o->no_initial_end = true;
                else if (c == VERBOSE)
                        o->verbose = true;
                else if (c == HELP)
                        o->help = true;
                else if (c != HTTP)
                        return -EINVAL;
                o->plain |= c == HTTP || c == HTTP_PORT;
        }
        if (!o->help && (optind != argc || (!o->plain && (!o->cert || !o->key))))
                return -EINVAL;
        return 0;
}

static void main_close(FILE **f) {
        if (*f)
                fclose(*f);
}

/* Whole file as a string; NULL and a message on stderr when it cannot be read. */
static char *main_read_file(const char *path) {
        char chunk[4096];
        struct buf b = {0};
        _cleanup_(main_close) FILE *f = fopen(path, "re");
        if (!f) {
                fprintf(stderr, "kubesim: %s: %s\n", path, strerror(errno));
                return NULL;
        }
        for (size_t n = fread(chunk, 1, sizeof(chunk), f); n > 0; n = fread(chunk, 1, sizeof(chunk), f))
                buf_add(&b, chunk, n);
        buf_add(&b, "", 1);
        return b.data;
}

static int main_signals(void) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &set, SFD_CLOEXEC);
}

static int main_serve(struct sim *sim, const struct options *o, const struct http_config *config) {
        struct http *h = NULL;
        _cleanup_close_ int signals = main_signals();
        int r = http_new(&h, sim, config);
        if (r < 0) {
                fprintf(stderr, "kubesim: cannot listen on %s:%d: %s (or a bad certificate or key)\n", o->address,
                        o->port, strerror(-r));
                return r;
        }
        printf("kubesim ready on %s://%s:%u\n", config->certificate ? "https" : "http", o->address, http_port(h));
        fflush(stdout);
        do
                r = http_run(h, signals);
        while (r == 0);
        h = http_free(h);
        return r < 0 ? r : 0;
}

static int main_run(const struct options *o, struct sim *sim) {
        struct http_config config = {.address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)}};
        _cleanup_free_ char *cert = NULL, *key = NULL, *ca = NULL;
        if (inet_pton(AF_INET, o->address, &config.address.sin_addr) != 1) {
                fprintf(stderr, "kubesim: --address %s: not an IPv4 address\n", o->address);
                return -EINVAL;
        }
        if (!o->plain && (!(cert = main_read_file(o->cert)) || !(key = main_read_file(o->key))))
                return -ENOENT;
        if (o->client_ca && !(ca = main_read_file(o->client_ca)))
                return -ENOENT;
        int r = o->tokens ? auth_load_tokens(&sim->auth, o->tokens) : 0;
        if (r < 0) {
                fprintf(stderr, "kubesim: --tokens %s: %s\n", o->tokens, strerror(-r));
                return r;
        }
        config.certificate = cert;
        config.key = key;
        config.client_ca = ca;
        sim->auth.open = o->plain && !o->tokens;
        sim->verbose = o->verbose;
        return main_serve(sim, o, &config);
}

int main(int argc, char *argv[]) {
        static struct sim sim; /* large */
        struct options o;
        struct rlimit files;
        if (main_parse(&o, argc, argv) < 0) {
                fputs(usage, stderr);
                return 2;
        }
        if (o.help) {
                fputs(usage, stdout);
                return 0;
        }
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &files); /* then fewer watches fit */
        }
        sim_init(&sim, o.gc_delay_ms * USEC_PER_MSEC, o.namespace_delay_ms * USEC_PER_MSEC,
                 o.bookmark_ms * USEC_PER_MSEC);
        sim.watches.no_initial_end = o.no_initial_end;
        int r = main_run(&o, &sim);
        sim_done(&sim);
        return r < 0 ? 1 : 0;
}
