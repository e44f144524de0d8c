# SPDX-License-Identifier: Apache-2.0
# Breaks one statement of a C source, named by a marker: "@" and a name in a comment. A comment behind code means the
# statement or condition that it is behind of (or in the middle of); one that has its line to itself, the next.
#
#   awk -f mutate.awk OPERATION MARKER [N] [TEXT] <source >result
#
#   condition MARKER TEXT     the condition of an if or while
#   value MARKER TEXT         what is assigned or returned
#   operand MARKER N TEXT     operand N of the condition's or value's "||", or "&&" if it has none; N.M: M of that one's
#   argument MARKER N TEXT    argument N of the statement's first call
#   statement MARKER TEXT     the whole statement, TEXT with its ";"
#   drop MARKER               the same, by nothing
#   before, after MARKER TEXT inserts
#   swap MARKER MARKER        exchanges two statements
#   body FUNCTION TEXT        the function's body, found by its name
#
# "@" in TEXT stands for what was there. Exit status 1, with the reason on standard error: there is no such place.
# The C is read as clang-format leaves it: no more is understood than where statements begin and end.

function fail(why) {
        print why >"/dev/stderr"
        failed = 1
        exit 1
}

function blank(s, by) {
        gsub(/[^\n]/, by, s)
        return s
}

# The source with comments as spaces and strings as "_": of the same length.
function masked(s,    out, rest, n) {
        while (match(s, /\/\*|\/\/|"|'/)) {
                out = out substr(s, 1, RSTART - 1)
                rest = substr(s, RSTART)
                if (substr(rest, 1, 2) == "/*")
                        n = index(substr(rest, 3), "*/") + 3
                else if (substr(rest, 1, 2) == "//")
                        n = index(rest, "\n") - 1
                else {
                        match(rest, /^("([^"\\]|\\.)*"|'([^'\\]|\\.)*')/)
                        n = RLENGTH
                }
                out = out blank(substr(rest, 1, n), substr(rest, 1, 1) == "/" ? " " : "_")
                s = substr(rest, n + 1)
        }
        return out s
}

# From p on, the position of the first character of `wanted` (a bracket expression) that no bracket encloses, 0: none.
function outside(p, wanted,    depth, c) {
        for (; match(substr(code, p), "[][(){}]|" wanted); p++) {
                p += RSTART - 1
                c = substr(code, p, 1)
                if (depth == 0 && match(c, wanted))
                        return p
                if (index("([{", c))
                        depth++
                else if (index(")]}", c) && --depth < 0)
                        return 0
        }
        return 0
}

function closing(open) {
        return outside(open + 1, substr(code, open, 1) == "(" ? "[)]" : "[}]")
}

# Statements and conditions in the order of the text: first[i] to last[i]; head[i]: a condition, in parentheses;
# bare[i]: a branch without braces. Functions: body[name], the position of the brace.
function scan(    p, rest, c, depth, branch, e, name) {
        for (p = 1; match(rest = substr(code, p), /[^ \t\n]/);) {
                p += RSTART - 1
                rest = substr(code, p)
                c = substr(rest, 1, 1)
                if (c == "#") {
                        match(rest, /^([^\n\\]|\\\n|\\)*\n/)
                        p += RLENGTH
                } else if (c == "{" || c == "}" || c == ";") {
                        depth += (c == "{") - (c == "}")
                        branch = 0
                        p++
                } else if (match(rest, /^(if|while|for|switch) *\(/)) {
                        first[++n] = p
                        head[n] = p + RLENGTH - 1
                        last[n] = p = closing(head[n])
                        if (!p)
                                fail("a parenthesis without an end")
                        p++
                        branch = 1
                } else if (match(rest, /^(else|do)[^A-Za-z0-9_]/)) {
                        p += RLENGTH - 1
                        branch = 1
                } else if (match(rest, /^(case [^:?]*|default|[a-z_]+):/)) {
                        p += RLENGTH
                } else {
                        e = outside(p, depth ? ";" : "[;{=]")
                        if (e && substr(code, e, 1) == "{") { # a function, or the fields of a struct
                                if (match(substr(code, p, e - p), /[A-Za-z0-9_]+\(/)) {
                                        name = substr(code, p + RSTART - 1, RLENGTH - 1)
                                        body[name] = e
                                }
                                p = e + 1
                                depth = 1
                                continue
                        }
                        if (e && substr(code, e, 1) == "=")
                                e = outside(p, ";")
                        if (!e) { # an enumeration ends
                                p = outside(p, "[}]")
                                if (!p)
                                        fail("a statement without an end")
                                continue
                        }
                        first[++n] = p
                        last[n] = e
                        bare[n] = branch
                        branch = 0
                        p = e + 1
                }
        }
}

# Which statement or condition the marker means.
function place(marker,    rest, at, p, from, to, i) {
        for (p = 1; match(rest = substr(source, p), "@" marker "[^a-z0-9-]"); p += RSTART) {
                if (at)
                        fail("@" marker " is there twice")
                at = p + RSTART - 1
        }
        if (!at || substr(code, at, 1) != " ")
                fail("no marker @" marker)
        for (from = at; from > 0 && substr(source, from, 2) != "/*"; from--)
                ;
        if (!from || index(substr(source, from, at - from), "*/"))
                fail("no marker @" marker)
        for (p = from - 1; p > 0 && substr(code, p, 1) ~ /[ \t]/; p--)
                ;
        if (p > 0 && substr(code, p, 1) != "\n") {
                for (i = n; i > 0 && first[i] > from; i--)
                        ;
                if (i > 0 && last[i] < from && substr(code, last[i] + 1, from - last[i] - 1) !~ /^[ \t{]*$/)
                        fail("what is before @" marker " is no statement")
        } else {
                to = from + 1 + index(substr(source, from + 2), "*/")
                for (i = 1; i <= n && first[i] < to; i++)
                        ;
                rest = substr(code, to, first[i] - to)
                if (rest ~ /}/ && rest !~ /else/)
                        fail("nothing follows @" marker)
        }
        if (i < 1 || i > n)
                fail("no statement at @" marker)
        return i
}

function statement(marker,    i) {
        i = place(marker)
        if (i in head)
                fail("@" marker " is at a condition, not at a statement")
        return i
}

# begin and end of what is assigned or returned, or of the condition.
function value(i, marker,    p) {
        if (i in head) {
                if (substr(code, first[i], 3) == "for" || substr(code, first[i], 6) == "switch")
                        fail("@" marker ": neither if nor while")
                begin = head[i] + 1
                end = last[i] - 1
                return
        }
        end = last[i] - 1
        if (match(substr(code, first[i]), /^return[^A-Za-z0-9_]/))
                begin = first[i] + 6
        else {
                for (p = outside(first[i], "="); p && p < end; p = outside(p + 1, "="))
                        if (substr(code, p - 1, 2) !~ /[=!<>]=/ && substr(code, p + 1, 1) != "=")
                                break
                if (!p || p >= end)
                        fail("@" marker ": nothing is assigned or returned")
                begin = p + 1
        }
        trim()
}

function trim() {
        while (substr(code, begin, 1) ~ /[ \t\n]/)
                begin++
        while (substr(code, end, 1) ~ /[ \t\n]/)
                end--
}

# The next `by` (",", "||" or "&&") before the end, 0: none.
function separator(from, by,    p) {
        do
                p = outside(from, "[" substr(by, 1, 1) "]")
        while (p && p <= end && substr(code, p, length(by)) != by && (from = p + 1))
        return p <= end ? p : 0
}

# Narrows begin and end to part `number` of what `by` divides it into; returns how many parts there are.
function part(number, by,    k, from, p, b, e) {
        from = begin
        do {
                p = separator(from, by)
                if (++k == number) {
                        b = from
                        e = p ? p - 1 : end
                }
                from = p + length(by)
        } while (p)
        if (b) {
                begin = b
                end = e
        }
        trim()
        return k
}

function operand(path, marker,    k, i, levels, by, count) {
        levels = split(path, k, ".")
        for (i = 1; i <= levels; i++) {
                while (substr(code, begin, 1) == "(" && closing(begin) == end) {
                        begin++
                        end--
                }
                by = part(0, "||") > 1 ? "||" : "&&"
                count = part(k[i], by)
                if (count == 1 || k[i] < 1 || k[i] > count)
                        fail("@" marker ": there is no operand " path)
        }
}

function argument(i, number, marker,    open, count) {
        if (!match(substr(code, first[i], last[i] - first[i]), /[A-Za-z0-9_]\(/))
                fail("@" marker ": calls nothing")
        open = first[i] + RSTART
        begin = open + 1
        end = closing(open) - 1
        count = part(number, ",")
        if (number < 1 || number > count)
                fail("@" marker ": there is no argument " number)
}

function put(from, to, text,    was, out, k) {
        was = substr(source, from, to - from + 1)
        if (within)
                was = "(" was ")"
        for (; (k = index(text, "@")); text = substr(text, k + 1))
                out = out substr(text, 1, k - 1) was
        exchange(from, to, out text)
}

function exchange(from, to, text) {
        source = substr(source, 1, from - 1) text substr(source, to + 1)
}

BEGIN {
        operation = ARGV[1]
        marker = ARGV[2]
        number = ARGV[3]
        text = ARGV[ARGC - 1]
        arguments = ARGC - 3
        ARGC = 1
        wanted["condition"] = wanted["value"] = wanted["statement"] = wanted["before"] = wanted["after"] = 1
        wanted["operand"] = wanted["argument"] = 2
        wanted["swap"] = wanted["body"] = 1
        wanted["drop"] = 0
        if (!(operation in wanted) || arguments != wanted[operation])
                fail("what is: " operation " with " arguments " arguments?")
}

{ source = source $0 "\n" }

END {
        if (failed)
                exit 1
        code = masked(source)
        scan()
        if (operation == "body") {
                if (!(marker in body))
                        fail("no function " marker "()")
                put(body[marker] + 1, closing(body[marker]) - 1, " " text " ")
        } else if (operation == "condition" || operation == "operand" || operation == "value") {
                i = place(marker)
                if (operation == "condition" && !(i in head) || operation == "value" && (i in head))
                        fail("@" marker " is not at a " operation)
                value(i, marker)
                if (operation == "operand")
                        operand(number, marker)
                within = 1
                put(begin, end, text)
        } else if (operation == "swap") {
                a = statement(marker)
                b = statement(text)
                if (a > b) {
                        i = a
                        a = b
                        b = i
                }
                was = substr(source, first[a], last[a] - first[a] + 1)
                other = substr(source, first[b], last[b] - first[b] + 1)
                exchange(first[b], last[b], was)
                exchange(first[a], last[a], other)
        } else {
                i = statement(marker)
                if (operation == "argument") {
                        argument(i, number, marker)
                        put(begin, end, text)
                } else {
                        if (operation == "drop")
                                text = ";"
                        else if (operation == "before")
                                text = text " @"
                        else if (operation == "after")
                                text = "@ " text
                        put(first[i], last[i], bare[i] ? "{ " text " }" : text)
                }
        }
        printf "%s", source
}
