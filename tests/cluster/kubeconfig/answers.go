// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	execplugin "k8s.io/client-go/plugin/pkg/client/auth/exec"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/transport"
	"sigs.k8s.io/yaml"
)

// What plugins print: generated, and read by client-go (which runs cat as the plugin) and by ours.

func pem(name string) string {
	text, err := os.ReadFile(filepath.Join(dir, name))
	check(err)
	return string(text)
}

func answer(r *rand.Rand) []byte {
	calm = pick(r, 1, 4, 8)
	status := object{}
	if r.Intn(3) > 0 {
		status["token"] = "t0ken"
	}
	maybe(r, 5, status, "token", "", nil, 5, "a b", "a\n", "a\x00", "é", []any{"a"})
	if r.Intn(3) == 0 {
		status["clientCertificateData"], status["clientKeyData"] = pem(pick(r, "client.pem", "client.pem", "rsa.pem")), pem("client.key")
	}
	maybe(r, 5, status, "clientCertificateData", "", nil, 5, "text", pem("client.pem"), pem("expired.pem"), data("client.pem"), pem("client.key"))
	maybe(r, 5, status, "clientKeyData", "", nil, "text", pem("client.key"), pem("other.key"), pem("client-sec1.key"),
		pem("client-encrypted-pkcs8.key"), pem("client-encrypted-sec1.key"))
	maybe(r, 2, status, "expirationTimestamp", "2030-01-02T03:04:05Z", "2030-01-02T03:04:05.25+02:00", "2020-01-02T03:04:05-23:59", nil,
		"0001-01-01T00:00:00Z", "", "tomorrow", 5, "2029-02-29T00:00:00Z", "2030-01-02T03:04:60Z", "2030-01-02 03:04:05Z", "2030-01-02T03:04:05")
	maybe(r, 10, status, "more", object{"a": []any{1}})
	root := object{"kind": "ExecCredential", "apiVersion": group + "v1", "status": status}
	maybe(r, 4, root, "spec", object{}, object{"interactive": false}, nil)
	maybe(r, 8, root, "status", nil, object{}, "text", []any{})
	maybe(r, 8, root, "kind", "", nil, "Status", "execCredential", 5)
	maybe(r, 8, root, "apiVersion", group+"v1beta1", group+"v1alpha1", "v1", "", nil, 5, "other/v1")
	maybe(r, 10, root, "Status", object{"token": "other"})
	text, err := json.Marshal(root)
	check(err)
	switch r.Intn(6 * calm) {
	case 0:
		text = text[:r.Intn(len(text))]
	case 1:
		text = append(text, pick(r, "x", "{}", "\nnull", " \n\n")...)
	case 2:
		text = append([]byte(pick(r, "\n", " \t", "x", "# c\n")), text...)
	case 3:
		text = bytes.Replace(text, []byte(`"token":"`), []byte(`"token":"first","token":"`), 1)
	}
	if json.Valid(text) && r.Intn(4) == 0 {
		if out, err := yaml.JSONToYAML(text); err == nil { // it knows no tab
			text = out
		}
	}
	return text
}

// The first words of an error say of which kind it is.
func kindOf(text string) string {
	words := strings.Fields(text)
	if strings.HasPrefix(text, "error: decoding stdout:") {
		return "decoding"
	}
	return strings.Join(words[:min(5, len(words))], " ")
}

func theirAnswer(path string) string {
	a, err := execplugin.GetAuthenticator(&api.ExecConfig{Command: "cat", Args: []string{path}, APIVersion: group + "v1",
		InteractiveMode: api.NeverExecInteractiveMode}, nil)
	check(err)
	c := &transport.Config{}
	check(a.UpdateTransportConfig(c))
	token := ""
	rt := c.WrapTransport(roundTripper(func(req *http.Request) (*http.Response, error) {
		token = strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	}))
	req, _ := http.NewRequest("GET", "https://h/", nil)
	if _, err = rt.RoundTrip(req); err != nil {
		return "error: " + strings.TrimPrefix(err.Error(), "getting credentials: ")
	}
	cert, err := c.TLS.GetCertHolder.GetCert()
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("token=%s cert=%d", token, map[bool]int{true: 1}[cert != nil])
}

// Ours refuses; or both do, and say it otherwise.
var answerRules = []rule{
	{"a token that is no header", `token with white space|holds a NUL`, `^token=`},
	{"a name that stands twice", `has a name twice`, `^`},
	{"another version, said as such", `configured to use API version`, `^error: decoding stdout`},
	{"not decoded, said first by one of them", `^error: decoding stdout`, `^error: `},
	{"a token that is no header, said first", `token with white space`, `^error: failed parsing`},
}

// Returns how many differences have no explanation.
func compareAnswers(r *rand.Rand, program string, n int) int {
	var paths bytes.Buffer
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("answer-%d", i))
		check(os.WriteFile(path, answer(r), 0o600))
		fmt.Fprintln(&paths, path)
	}
	cmd := exec.Command(program, "answers")
	cmd.Stdin, cmd.Stderr = &paths, os.Stderr
	out, err := cmd.Output()
	check(err)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != n {
		check(fmt.Errorf("%d lines for %d answers", len(lines), n))
	}
	counts, bad := map[string]int{}, 0
	for i, line := range lines {
		path := filepath.Join(dir, fmt.Sprintf("answer-%d", i))
		their, why := theirAnswer(path), ""
		for j := len(answerRules) - 1; j >= 0; j-- {
			if match(answerRules[j].ours, line) && match(answerRules[j].theirs, their) {
				why = answerRules[j].name
			}
		}
		refused := strings.HasPrefix(line, "error: ") && strings.HasPrefix(their, "error: ")
		switch {
		case refused && kindOf(line) == kindOf(their):
			why = "refused in the same words"
		case line == their:
			why = "the same"
		}
		if why == "" {
			if bad++; bad <= 10 {
				text, _ := os.ReadFile(path)
				fmt.Printf("%s\n  ours:   %s\n  theirs: %s\n", text, line, their)
			}
		}
		counts[why]++
	}
	fmt.Printf("%6d answers: the same\n%6d refused in the same words\n", counts["the same"], counts["refused in the same words"])
	for _, r := range answerRules {
		fmt.Printf("%6d %s\n", counts[r.name], r.name)
	}
	fmt.Printf("%6d unexplained\n", bad)
	return bad
}
