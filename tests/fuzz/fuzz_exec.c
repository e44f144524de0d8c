/* SPDX-License-Identifier: Apache-2.0 */
/* What a credential plugin is told, and what it prints, JSON or YAML. What is taken is a credential: something, a token
 * that fits a header, or a certificate with its key, not encrypted; else the error says why, and not what. The first
 * byte chooses the version and what the plugin is told of the cluster. */
#include "codec/exec_credential.h"
#include "codec/object.h"
#include "fuzz.h"

static char v1[] = "client.authentication.k8s.io/v1", v1beta1[] = "client.authentication.k8s.io/v1beta1";
static char command[] = "aws", server[] = "https://h:6443", config[] = "{\"a\":[1]}",
            ca[] = "tests/kubeconfig/pem/ca.pem", ca_data[] = "-----BEGIN CERTIFICATE-----", proxy[] = "http://p:1",
            name[] = "h", none[] = "";

static void info(const struct kubeconfig *k) {
        struct json_object *o = NULL, *spec;
        char *text = NULL;
        int r = exec_credential_info(k, &text);

        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()));
        if (r < 0)
                return;
        fuzz_assert(object_parse(text, strlen(text), &o, NULL) == 0 || fuzz_starved());
        if (o) {
                spec = object_get(o, "spec");
                fuzz_assert(util_streq(json_object_get_string(object_get(o, "apiVersion")), k->exec->api_version));
                fuzz_assert(object_get(spec, "interactive") &&
                            !json_object_get_boolean(object_get(spec, "interactive")));
                fuzz_assert(!object_get(spec, "cluster") == !k->exec->provide_cluster_info);
        }
        json_object_put(o);
        free(text);
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        uint8_t flags = fuzz_byte(&f);
        char *text = fuzz_copy(f.p, f.n);
        struct exec_credential c = {};
        struct err err = {};
        struct kubeconfig_exec exec = {.api_version = flags & 1 ? v1beta1 : v1,
                                       .command = command,
                                       .provide_cluster_info = flags & 2,
                                       .cluster_config = flags & 4 ? config : NULL};
        struct kubeconfig k = {.source = name,
                               .context = name,
                               .cluster = name,
                               .user = name,
                               .namespace_ = none,
                               .server = server,
                               .exec = &exec,
                               .insecure = flags & 8,
                               .ca_file = flags & 16 ? ca : NULL,
                               .ca_data = flags & 32 ? ca_data : NULL,
                               .proxy_url = flags & 64 ? proxy : NULL,
                               .tls_server_name = flags & 128 ? name : NULL};
        int r;

        info(&k);
        r = exec_credential_parse(&k, text, f.n, &c, &err);
        fuzz_assert_result(r, &err);
        fuzz_assert(r == 0 || r == -EINVAL || r == -ENOMEM);
        fuzz_assert(r == 0 || (!c.token && !c.client_cert && !c.client_key && !c.expires_at_usec));
        if (r == 0) {
                fuzz_assert(c.token || c.client_cert);
                fuzz_assert(!c.client_cert == !c.client_key);
                fuzz_assert(!c.client_key || !strstr(c.client_key, "ENCRYPTED"));
                for (const char *p = c.token; p && *p; p++)
                        fuzz_assert((unsigned char)*p > ' ' && *p != 0x7f);
        }
        exec_credential_done(&c);
        fuzz_assert(!c.token && !c.client_cert && !c.client_key);
        free(text);
}
