# SPDX-License-Identifier: Apache-2.0
# Prints what README promises beside what bounds it and what was measured; see table.sh. Files are announced by
# what=bounds|model|sim|holes|e2e|rows|readme before each; `rows` says which belong together. Ends with lines
# `not ok promise …`, and `# OK BAD`.

function trim(s) { gsub(/^ +| +$/, "", s); return s }
function bad(text) { problems[++n_bad] = text }
function seconds(usec) { return sprintf("%.3f s", usec / 1e6) }
function plural(n, word) { return n " " word (n == 1 ? "" : "s") }

{ seen[what] = 1 }

what == "bounds" { bound[$1, $2] = $3; if ($3 != 0) unnamed[$1 " " $2] = 1 }

what == "model" { n_model++; models = models "\n#   " substr($0, index($0, " ") + 1) ($1 == "bounded" ? ", not to the end" : ""); if ($1 == "failed") { model_bad++; bad("model " $0) } }

what == "sim" && /^fault\t/ { split($0, f, "\t"); faults[f[2], "life"] = f[3]; faults[f[2], "lease"] = f[4]; kinds[f[2]] = 1 }
what == "sim" && /^runs\t/ { split($0, f, "\t"); sim_runs = f[2]; if (f[3] > 0) { sim_bad = 1; bad("the simulation failed in " f[3] " runs") } }

what == "holes" && /^hole\t/ {
        split($0, f, "\t")
        hole_runs[f[2], f[3]] = f[4]; hole_worst[f[2], f[3]] = f[6]; hole_permille[f[2], f[3]] = f[8]
}
what == "holes" && /^timing\t/ { hole_timing = substr($0, 8) }
what == "holes" && /^runs\t/ { split($0, f, "\t"); if (f[3] > 0) bad("the simulation of holes failed in " f[3] " runs") }

# SCENARIO TENURE PLACEHOLDER ok|idle|failed OVERLAP_NS HOLE_MS TIMING
what == "e2e" && $4 == "idle" { next }
what == "e2e" {
        n = ++n_e2e
        e2e_name[n] = $1; e2e_tenure[n] = $2; e2e_overlap[n] = $5; e2e_hole[n] = $6
        case_name = $1 ":" $2 "/" $3
        if ($4 != "ok" || $5 == "-") bad("end to end: " case_name " is not ok")
        else if ($5 > 0) bad("end to end: " case_name ": two ran for " seconds($5 / 1000))
        for (i = 1; i <= 6; i++) sub(/^[^ ]+ /, "")
        if ($0 != timing) bad("end to end: " case_name " ran with the timing " $0)
}

what == "rows" && /^row / { row[++n_rows] = substr($0, 5); next }
what == "rows" && /^model / { for (i = 2; i <= NF; i++) modelled[n_rows, $i] = 1 }
what == "rows" && /^sim / {
        n = split(substr($0, 5), list, ";")
        for (i = 1; i <= n; i++) {
                kind_row[trim(list[i])] = n_rows
                if (seen["sim"] && !(trim(list[i]) in kinds)) bad("rows: the simulation has no fault '" trim(list[i]) "'")
        }
}
what == "rows" && /^e2e / { for (i = 2; i <= NF; i++) { pattern[++n_patterns] = $i; pattern_row[n_patterns] = n_rows } }
what == "rows" && /^hole / {
        n = ++n_holes[n_rows, $2]
        hole[n_rows, $2, n] = $3
        for (i = 4; i <= NF; i++) measures[$i, $2] = $3
        if (bound[$3, $2] == 0) bad("rows: the formulas know no hole '" $3 "' for " $2)
        delete unnamed[$3 " " $2]
}

what == "readme" && /^\| fault \| life \| lease \|/ { in_table = 1; next }
what == "readme" && in_table && !/^\|/ { in_table = 0 }
what == "readme" && in_table && !/^\| ---/ {
        n_cells = split($0, cell, /[ ]*\|[ ]*/)
        if (n_cells != 5) { bad("README: not a row of three cells: " $0); next }
        seen_table = 1
        for (i = 1; i <= n_rows; i++)
                if (index(cell[2], row[i]) == 1)
                        break
        if (i > n_rows) { bad("README: no test is known for the row '" cell[2] "' (tests/promises/rows)"); next }
        if (i in in_readme) bad("README: two rows '" row[i] "'")
        in_readme[i] = 1
        text[i, "life"] = cell[3]
        text[i, "lease"] = cell[4] == "same" ? cell[3] : cell[4]
}

function row_of(name, i, re) {
        for (i = 1; i <= n_patterns; i++) {
                re = pattern[i]
                gsub(/\*/, ".*", re)
                if (name ~ ("^" re "$"))
                        return pattern_row[i]
        }
        return n_rows + 1
}

function line(name, tenure, limit, sim, e2e) {
        printf "%-50s %-6s %-18s %-37s %s\n", substr(name, 1, 50), tenure, limit, sim, e2e
        n_lines++
}

# What is a hole under the other tenure was injected under this one too.
function runs_without_hole(i, tenure, other, k, n) {
        other = tenure == "life" ? "lease" : "life"
        for (k = 1; k <= n_holes[i, other]; k++)
                n += hole_runs[hole[i, other, k], tenure]
        return n
}

function zero_line(i, tenure, k, n, runs, limit, sim, e2e) {
        limit = (i, tenure) in modelled ? n_model ? model_bad ? "0: MODEL FAILED" : "0 (model)" : "0, model not run" : "0, not modelled"
        n = 0
        for (k in kinds)
                if ((k in kind_row ? kind_row[k] : n_rows + 1) == i)
                        n += faults[k, tenure]
        runs = runs_without_hole(i, tenure)
        sim = runs ? "0 in " plural(runs, "run") : !seen["sim"] ? "not run" : !n ? "not injected" : (sim_bad ? "FAILED" : "0") " after " plural(n, "fault")
        e2e = n_cases[i, tenure] ? seconds(worst[i, tenure] / 1000) " in " plural(n_cases[i, tenure], "case") : seen["e2e"] ? "no case" : "not run"
        line(row[i], tenure, limit, sim, e2e)
}

function hole_line(i, tenure, key, limit, sim, e2e, b) {
        b = bound[key, tenure]
        limit = b == "none" ? "without end" : seconds(b)
        sim = (key, tenure) in hole_runs ? seconds(hole_worst[key, tenure]) : seen["holes"] ? "not simulated" : "not run"
        if ((key, tenure) in hole_runs && b != "none")
                sim = sim sprintf(" (%.1f %%)", hole_permille[key, tenure] / 10)
        if ((key "-watched", tenure) in hole_runs)
                sim = sim ", watched " seconds(hole_worst[key "-watched", tenure])
        e2e = cases_hole[key, tenure] ? seconds(hole_ms[key, tenure] * 1000) " in " plural(cases_hole[key, tenure], "case") : seen["e2e"] ? "no case" : "not run"
        if (b != "none" && hole_timing == timing && hole_worst[key, tenure] > b)
                bad(row[i] " (" tenure ", " key "): simulated " seconds(hole_worst[key, tenure]) ", bound " seconds(b))
        if (b != "none" && hole_ms[key, tenure] * 1000 > b)
                bad(row[i] " (" tenure ", " key "): end to end " seconds(hole_ms[key, tenure] * 1000) ", bound " seconds(b))
        line(row[i] ": " key, tenure, limit, sim, e2e)
}

END {
        row[n_rows + 1] = "beside the table"
        for (n = 1; n <= n_e2e; n++) {
                i = row_of(e2e_name[n])
                t = e2e_tenure[n]
                if ((e2e_name[n], t) in measures) {
                        k = measures[e2e_name[n], t]
                        if (e2e_hole[n] == "-") bad("end to end: " e2e_name[n] ":" t " measured no hole")
                        cases_hole[k, t]++
                        if (e2e_hole[n] + 0 > hole_ms[k, t] + 0) hole_ms[k, t] = e2e_hole[n]
                        continue
                }
                if (e2e_hole[n] != "-") bad("end to end: " e2e_name[n] ":" t " has a hole that no row states")
                n_cases[i, t]++
                if (e2e_overlap[n] > worst[i, t]) worst[i, t] = e2e_overlap[n]
        }
        print "longest time that two units could run, and did; timing " timing
        printf "%-50s %-6s %-18s %-37s %s\n", "fault", "tenure", "at most", "worst in simulation", "worst end to end"
        for (i = 1; i <= n_rows + 1; i++)
                for (s = 1; s <= 2; s++) {
                        t = s == 1 ? "life" : "lease"
                        if (!n_holes[i, t])
                                zero_line(i, t)
                        for (n = 1; n <= n_holes[i, t]; n++)
                                hole_line(i, t, hole[i, t, n])
                        if (i > n_rows || !(i in in_readme))
                                continue
                        says = index(text[i, t], "**hole**") > 0
                        if (says && !n_holes[i, t]) bad("README: '" row[i] "' (" t ") says hole, and the bound is 0")
                        if (!says && n_holes[i, t]) bad("README: '" row[i] "' (" t ") does not say hole, and the bound is not 0")
                }
        if (!seen_table) bad("README: there is no table '| fault | life | lease |'")
        for (i = 1; i <= n_rows; i++)
                if (seen_table && !(i in in_readme)) bad("README: the row '" row[i] "' is gone (tests/promises/rows)")
        for (k in unnamed) bad("rows: no row has the hole '" k "'")
        print "# (n %): of its bound, the most under any timing; watched: while the holder\047s watches work; a tick of the unit is 10 ms"
        if (n_model) print "# model, two agents from nothing unless said:" models
        for (n = 1; n <= n_bad; n++) print "not ok promise - " problems[n]
        print "# " n_lines " " n_bad + 0
}
