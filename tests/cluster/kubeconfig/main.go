// SPDX-License-Identifier: Apache-2.0

// Generates kubeconfig files, has client-go and ours (tests/kubeconfig/describe.c) read them, and compares, line by line.
// A difference is explained when it is one of the rules below, which are those of leader-agent.conf(5).
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/pkg/apis/clientauthentication"
	"k8s.io/client-go/pkg/apis/clientauthentication/install"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
	"k8s.io/klog/v2"
)

var dir string

// ---- generating ----

type object = map[string]any

func pick[T any](r *rand.Rand, of ...T) T { return of[r.Intn(len(of))] }

// In most files little is unusual, so that not all are refused for something.
var calm int

// maybe sets a field in one of n files, and more seldom in calm ones.
func maybe(r *rand.Rand, n int, o object, key string, values ...any) {
	if r.Intn(n*calm) == 0 {
		o[key] = pick(r, values...)
	}
}

func data(name string) string {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

func cluster(r *rand.Rand) object {
	o := object{"server": pick[any](r, "https://h", "https://h:6443", "https://10.0.0.1:6443/x/", "https://h", "https://h:6443")}
	maybe(r, 4, o, "server", "http://h:8080", "https://h:", "https://[::1]:6443", "https://h/a/b?x=y#z", "HTTPS://h", "https://:6443",
		"", nil, "ftp://h", "https://h:x", "https://h:99999", "https://u:p@h", 5, "https://h h", "h", "h:6443")
	if r.Intn(2) == 0 {
		o["certificate-authority"] = "ca.pem"
	}
	maybe(r, 3, o, "certificate-authority", "missing.pem", "text", "broken-second.pem", "broken.pem", "client.key", "")
	maybe(r, 4, o, "certificate-authority-data", data("ca.pem"), data("ca.pem"), data("text"), data("broken-second.pem"), "*", nil, "")
	maybe(r, 6, o, "insecure-skip-tls-verify", true, false, nil, "yes", "maybe", 1)
	maybe(r, 6, o, "tls-server-name", "n", "https://n", "", nil)
	maybe(r, 6, o, "proxy-url", "http://p", "http://p:3128", "https://u:w@p", "socks5://p", "socks5h://p", "p", "ftp://p", "http://p:x", "")
	maybe(r, 12, o, "disable-compression", true)
	maybe(r, 5, o, "extensions", []any{object{"name": execExtension, "extension": object{"audience": "a", "n": []any{1, 2.5, nil, true, "x\"/"}}}},
		[]any{object{"name": "other", "extension": 5}, object{"name": execExtension}}, []any{object{"name": execExtension, "extension": "text"}},
		[]any{}, nil, 5, []any{object{"name": execExtension}, object{"name": execExtension}})
	maybe(r, 20, o, "Server", "https://other")
	maybe(r, 20, o, "unknown", object{"a": 1})
	return o
}

const group = "client.authentication.k8s.io/"
const execExtension = group + "exec"

func plugin(r *rand.Rand) object {
	o := object{"apiVersion": group + pick(r, "v1", "v1", "v1beta1"), "command": pick(r, "aws", "aws", "./bin/x", "/usr/bin/y", "sub/../z"),
		"interactiveMode": "Never", "provideClusterInfo": r.Intn(2) == 0}
	maybe(r, 6, o, "apiVersion", group+"v1alpha1", "v1", "", nil, 5, group+"v2")
	maybe(r, 8, o, "command", "", nil, 5)
	maybe(r, 4, o, "interactiveMode", "IfAvailable", "Always", "never", "", nil, 5)
	maybe(r, 3, o, "args", []any{"a", "", "b c"}, []any{}, nil, "a", []any{"a", nil}, []any{5})
	maybe(r, 3, o, "env", []any{object{"name": "A", "value": "x=y"}, object{"name": "B"}, object{"name": "A", "value": "z"}}, []any{}, nil,
		object{"A": "b"}, []any{object{"value": "x"}}, []any{nil}, []any{object{"name": "A=b", "value": "c"}}, []any{"A=b"},
		[]any{object{"name": "A", "value": 5}}, []any{object{"name": "A", "value": nil}})
	maybe(r, 4, o, "installHint", "get it\nthere", "", nil, 5)
	maybe(r, 8, o, "provideClusterInfo", true, nil, 5)
	maybe(r, 20, o, "unknown", object{"a": 1})
	maybe(r, 20, o, "Args", []any{"a"})
	if r.Intn(8*calm) == 0 {
		delete(o, pick(r, "apiVersion", "command", "interactiveMode", "interactiveMode"))
	}
	return o
}

func user(r *rand.Rand) object {
	o := object{}
	if r.Intn(4) == 0 {
		o["exec"] = plugin(r)
		maybe(r, 6, o, "token", "t0ken", "")
		maybe(r, 6, o, "tokenFile", "token", "missing")
		maybe(r, 8, o, "username", "me")
		maybe(r, 6, o, "as", "you")
		maybe(r, 12, o, "auth-provider", object{"name": "gcp"}, nil)
		return o
	}
	if r.Intn(2) == 0 {
		o["token"] = "t0ken"
	}
	maybe(r, 3, o, "token", "", nil, 5, "a b")
	maybe(r, 5, o, "tokenFile", "token", "missing", "empty", "")
	if r.Intn(3) == 0 {
		pair := pick(r, [2]string{"client.pem", "client.key"}, [2]string{"rsa.pem", "rsa.key"}, [2]string{"client.pem", "client.key"}, [2]string{"client.pem", "client-sec1.key"}, [2]string{"rsa.pem", "rsa-pkcs1.key"},
			[2]string{"ed25519.pem", "ed25519.key"}, [2]string{"client.pem", "other.key"}, [2]string{"client.pem", "client-encrypted-pkcs8.key"},
			[2]string{"rsa.pem", "rsa-encrypted-pkcs1.key"}, [2]string{"expired.pem", "client.key"}, [2]string{"rsa.pem", "client.key"})
		if r.Intn(2) == 0 {
			o["client-certificate"], o["client-key"] = pair[0], pair[1]
		} else {
			o["client-certificate-data"], o["client-key-data"] = data(pair[0]), data(pair[1])
		}
		if r.Intn(6) == 0 {
			delete(o, pick(r, "client-certificate", "client-key", "client-key-data", "client-certificate-data"))
		}
	}
	maybe(r, 10, o, "client-certificate", "client.pem", "missing.pem")
	maybe(r, 10, o, "client-key", "client.key")
	maybe(r, 8, o, "username", "me", "")
	maybe(r, 8, o, "password", "p:w", "")
	maybe(r, 6, o, "as", "you", "", 5)
	maybe(r, 10, o, "as-uid", "7", "")
	maybe(r, 8, o, "as-groups", []any{"a", "b c"}, []any{}, "a", nil)
	maybe(r, 8, o, "as-user-extra", object{"x": []any{"1", "2"}, "a/b%": []any{"y"}}, object{}, nil, object{"x": "y"})
	maybe(r, 12, o, "exec", plugin(r), object{}, nil, 5)
	maybe(r, 25, o, "auth-provider", object{"name": "gcp"}, nil)
	maybe(r, 20, o, "tokenfile", "token")
	return o
}

func list(r *rand.Rand, kind, name string, content object) []any {
	all := []any{object{"name": name, kind: content}}
	if r.Intn(6) == 0 {
		all = append(all, pick[any](r, object{"name": "unused", kind: object{"server": "*", "token": "x"}}, nil, object{"name": name},
			object{kind: object{}}, 5, object{"name": "unused", kind: 5}, object{"name": "unused", kind: object{"server": 5, "token": 5}}))
		if r.Intn(2) == 0 {
			all[0], all[1] = all[1], all[0]
		}
	}
	return all
}

func generate(r *rand.Rand) []byte {
	calm = pick(r, 1, 4, 4, 8)
	context := object{"cluster": "k", "user": "u"}
	maybe(r, 6, context, "namespace", "ops", "", "A_b")
	maybe(r, 20, context, "user", "", nil, "absent")
	maybe(r, 25, context, "cluster", "", "absent")
	root := object{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": list(r, "context", "c", context),
		"clusters": list(r, "cluster", "k", cluster(r)), "users": list(r, "user", "u", user(r))}
	maybe(r, 30, root, "current-context", "", "absent", nil)
	maybe(r, 30, root, "kind", "", "Other")
	maybe(r, 30, root, "apiVersion", "", "v2", nil)
	maybe(r, 30, root, "preferences", object{}, nil)
	text, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	if r.Intn(40) == 0 {
		text = bytes.Replace(text, []byte(`"server"`), []byte(`"server":"https://first","server"`), 1)
	}
	if r.Intn(60) == 0 {
		text = text[:len(text)-1-r.Intn(20)]
	}
	return text
}

// ---- client-go ----

func sum(data []byte, file string) (string, error) {
	if len(data) == 0 && file != "" {
		var err error
		if data, err = os.ReadFile(file); err != nil {
			return "", err
		}
	}
	if len(data) == 0 {
		return "", nil
	}
	return fmt.Sprintf("%x", sha256.Sum256(data)), nil
}

func headers(c *rest.Config) (string, error) {
	var out []string
	plain := rest.CopyConfig(c)
	plain.ExecProvider = nil // else it is run
	tc, err := plain.TransportConfig()
	if err != nil {
		return "", err
	}
	catch := roundTripper(func(req *http.Request) (*http.Response, error) {
		for name, values := range req.Header {
			for _, v := range values {
				if strings.HasPrefix(name, "Impersonate-") {
					out = append(out, strings.ToLower(name)+": "+v)
				}
			}
		}
		return nil, io.EOF
	})
	rt, err := transport.HTTPWrappersForConfig(tc, catch)
	if err != nil {
		return "", err
	}
	req, _ := http.NewRequest("GET", "https://h/", nil)
	_, _ = rt.RoundTrip(req)
	return sorted(out), nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func sorted(lines []string) string {
	sort.Strings(lines)
	text := ""
	for _, l := range lines {
		text += " [" + l + "]"
	}
	return text
}

var codecs = func() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return serializer.NewCodecFactory(scheme)
}()

// What its exec plugin would be run with, as JSON; "" when none would be run. Server and proxy are in the form of ours.
func pluginOf(c *rest.Config, server, proxy string) (string, error) {
	x := c.ExecProvider
	if x == nil || c.BearerToken != "" || c.BearerTokenFile != "" || c.Username != "" || c.CertFile != "" || len(c.CertData) > 0 {
		return "", nil
	}
	cred := &clientauthentication.ExecCredential{}
	if x.ProvideClusterInfo {
		cluster, err := rest.ConfigToExecCluster(c)
		if err != nil {
			return "", err
		}
		cluster.Server, cluster.DisableCompression = server, false
		if cluster.ProxyURL != "" {
			cluster.ProxyURL = proxy
		}
		cred.Spec.Cluster = cluster
	}
	version, err := schema.ParseGroupVersion(x.APIVersion)
	if err != nil {
		return "", err
	}
	info, err := runtime.Encode(codecs.LegacyCodec(version), cred)
	if err != nil {
		return "", err
	}
	args, env, at := []string{}, []string{}, map[string]int{}
	args = append(args, x.Args...)
	for _, v := range x.Env { // as os/exec drops what is there twice
		i, twice := at[v.Name]
		if !twice {
			i, env = len(env), append(env, "")
		}
		at[v.Name], env[i] = i, v.Name+"="+v.Value
	}
	text, err := json.Marshal(object{"command": x.Command, "apiVersion": x.APIVersion, "args": args, "env": env, "installHint": x.InstallHint,
		"info": json.RawMessage(info)})
	return " exec=" + canonical(string(text)), err
}

// The same for equal documents.
func canonical(text string) string {
	var v object
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	if command, is := v["command"].(string); is && strings.Contains(command, "/") {
		v["command"] = filepath.Clean(command)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

func theirs(path string) (string, error) {
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(&clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil)
	c, err := loader.ClientConfig()
	if err != nil {
		return "", err
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return "", err
	}
	server, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return "", err
	}
	// What a connection would say.
	if c.CertFile != "" && server.Scheme == "https" {
		if _, err = tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
			return "", err
		}
	}
	if _, err = rest.TransportFor(c); err != nil {
		return "", err
	}
	host := strings.TrimSuffix(server.Host, ":")
	if host == "" || host[0] == ':' {
		host = "localhost" + host
	}
	proxy := ""
	if c.Proxy != nil {
		u, err := c.Proxy(&http.Request{URL: server})
		if err != nil {
			return "", err
		}
		if u != nil {
			port := u.Port()
			if port == "" {
				port = map[string]string{"http": "80", "https": "443", "socks5": "1080"}[u.Scheme]
			}
			user := ""
			if u.User != nil {
				user = u.User.String() + "@"
			}
			proxy = u.Scheme + "://" + user + u.Hostname() + ":" + port
		}
	}
	ca, err := sum(c.CAData, c.CAFile)
	if err != nil {
		return "", err
	}
	cert, err := sum(c.CertData, c.CertFile)
	if err != nil {
		return "", err
	}
	token := c.BearerToken
	if c.BearerTokenFile != "" {
		if text, err := os.ReadFile(c.BearerTokenFile); err == nil && len(bytes.TrimSpace(text)) > 0 {
			token = string(text)
		}
	}
	basic := ""
	if c.Username != "" {
		basic = base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))
	}
	as, err := headers(c)
	if err != nil {
		return "", err
	}
	url := server.Scheme + "://" + host + strings.TrimRight(server.Path, "/")
	plugin, err := pluginOf(c, url, proxy)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("server=%s sni=%s insecure=%d proxy=%s ca=%s cert=%s token=%s basic=%s namespace=%s%s%s", url, c.ServerName, map[bool]int{true: 1}[c.Insecure], proxy, ca, cert, strings.TrimSpace(token),
		basic, namespace, as, plugin), nil
}

// ---- comparing ----

var header = regexp.MustCompile(` \[(Impersonate[^]]*)\]`)

// ours in the form of theirs: the order of header lines means nothing, nor do capitals in their names.
func normal(line string) string {
	line, plugin, found := strings.Cut(line, " exec=")
	if found {
		plugin = " exec=" + canonical(plugin)
	}
	var lines []string
	for _, m := range header.FindAllStringSubmatch(line, -1) {
		name, value, _ := strings.Cut(m[1], ": ")
		lines = append(lines, strings.ToLower(name)+": "+value)
	}
	return header.ReplaceAllString(line, "") + sorted(lines) + plugin
}

type rule struct{ name, ours, theirs string }

// Regular expressions of our error and theirs; "" is none: that side takes the file.
var rules = []rule{
	{"both refuse", `.`, `.`},
	{"a key twice", `duplicate key`, ``},
	{"a key that is nearly one of ours", `no field is called`, ``},
	{"auth-provider", `auth-provider is not supported`, ``},
	{"a plugin that asks", `exec plugin cannot support interactive mode`, ``},
	{"a variable's name with =", `name holds '='`, ``},
	{"a user that is not there", `user "absent" was not found`, ``},
	{"a tls-server-name that is none", `tls-server-name .* is not a host name`, ``},
	{"a token with blanks", `token holds white space`, ``},
	{"a key without certificate", `has a client key but no client-certificate|client-key-data and client-key are both`, ``},
	{"an empty tokenFile", `tokenFile .* is empty`, ``},
	{"a password without username", `has a password but no username|found \[token basicAuth\]`, ``},
	{"user and password in server", `a user name in the URL is not supported`, ``},
	{"a server of another scheme", `unsupported scheme "ftp", must be http or https`, ``},
	{"ports", `it is 1 to 65535`, ``},
	{"a namespace that cannot be", `invalid namespace`, ``},
	{"other kinds of files", `(apiVersion|kind) is "`, ``},
	{"entries nobody uses", ``, `cannot unmarshal|duplicate name ""|duplicate name .*exec`},
}

func match(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

func explained(ours, theirs string) string {
	for _, r := range rules {
		if (r.ours == "") == (ours == "") && (r.theirs == "") == (theirs == "") && match(r.ours, ours) && match(r.theirs, theirs) {
			return r.name
		}
	}
	return ""
}

var (
	noTLS    = regexp.MustCompile(`^server=(http|ftp):`)
	noScheme = regexp.MustCompile(`"server":"h(:6443)?"`)
	unused   = regexp.MustCompile(`(certificate|key)(-data)? .*(holds no PEM|cannot be)|client-key|certificate-authority|tokenFile|illegal base64|exec plugin: invalid apiVersion`)
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "differ:", err)
		os.Exit(1)
	}
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	program := flag.String("ours", "", "describe")
	n := flag.Int("n", 2000, "files")
	seed := flag.Int64("seed", 1, "of the generator")
	flag.StringVar(&dir, "dir", "", "where the files of tests/kubeconfig/pem are, and others will be")
	flag.Parse()
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	check(err)
	broken := []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	for name, text := range map[string][]byte{"token": []byte("from-file\n"), "empty": []byte("\n"), "text": []byte("hello\n"), "broken.pem": broken,
		"broken-second.pem": append(append([]byte{}, ca...), broken...)} {
		check(os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	r := rand.New(rand.NewSource(*seed))
	var paths bytes.Buffer
	files := make([][]byte, *n)
	for i := range files {
		files[i] = generate(r)
		path := filepath.Join(dir, fmt.Sprintf("kc-%d", i))
		check(os.WriteFile(path, files[i], 0o600))
		fmt.Fprintln(&paths, path)
	}
	cmd := exec.Command(*program)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(paths.Bytes()), os.Stderr
	out, err := cmd.Output()
	check(err)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != *n {
		check(fmt.Errorf("%d lines for %d files", len(lines), *n))
	}
	counts, bad, plugins := map[string]int{}, 0, 0
	for i, line := range lines {
		their, err := theirs(filepath.Join(dir, fmt.Sprintf("kc-%d", i)))
		ourError, theirError := "", ""
		if strings.HasPrefix(line, "error: ") {
			ourError = line
		}
		if err != nil {
			theirError = err.Error()
		}
		why := "the same"
		switch {
		case ourError != "" || theirError != "":
			why = explained(ourError, theirError)
		case normal(line) != their:
			why = ""
		}
		// Without a scheme client-go decides for http before it looks at certificates.
		if why == "" && noScheme.Match(files[i]) {
			why = "a server without scheme"
		}
		if why == "" && noTLS.MatchString(their) && unused.MatchString(ourError) {
			why = "a certificate or token beside http"
		}
		if why == "" {
			if bad++; bad <= 10 {
				fmt.Printf("%s\n  ours:   %s\n  theirs: %s%s\n", files[i], line, their, theirError)
			}
			why = "UNEXPLAINED"
		}
		counts[why]++
		if strings.Contains(their, " exec=") {
			plugins++
		}
	}
	for _, name := range append([]string{"the same"}, names()...) {
		fmt.Printf("%6d %s\n", counts[name], name)
	}
	fmt.Printf("%6d with a plugin that client-go would run\n%6d unexplained\n", plugins, bad)
	bad += compareAnswers(r, *program, *n/4)
	if bad > 0 {
		os.Exit(1)
	}
}

func names() []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.name)
	}
	return append(all, "a server without scheme", "a certificate or token beside http")
}
