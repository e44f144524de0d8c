#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each operation of mutate.awk on a sample, and what it says when there is no such place.
#
#   tests/model/mutate_test.sh        prints "ok …" or "not ok …" for each row
set -u
export LC_ALL=C
here=$(dirname "$0")
bad=0

sample='/* @of-the-file: nothing is above it */
struct sample {
        int a;
};
enum { ONE = 1, TWO };
static const char *const words[] = {[ONE] = "a;{\"", [TWO] = "}"};

static int f(int a, int b) {
        bool alive = a && b && !f(a, b); /* @value */
        char c = '"'\"'"'; // a quote @in-line

        /* @two-lines: the condition
         * that follows */
        if (a || (b && f(a,
                         words[b]))) {
                return g(a, (b, 2), &a); /* @call */
        } else if (a == b && c != 2) /* why. @else-if */
                a = 2; /* @branch */
        switch (a) { /* @switch */
        case 1:
                b = b == 1 ? ONE : TWO; /* @case */
                break;
        default:
                sample(a,
                       b); /* @split */
        }
        while (a) /* @while */
                a--;
} /* @end */
'

# changes OPERATION... -- LINE: the result has this line where it differs from the sample.
changes() {
        local -a op=()
        local found
        while [[ $1 != -- ]]; do
                op+=("$1")
                shift
        done
        found=$(awk -f "$here/mutate.awk" "${op[@]}" <<<"${sample%$'\n'}" 2>&1)
        found=$(diff <(printf '%s' "$sample") <(printf '%s\n' "$found") | sed -n 's/^> *//p')
        if [[ $found == "$2" ]]; then
                echo "ok ${op[*]}"
        else
                printf 'not ok %s\n  wanted %s\n  found  %s\n' "${op[*]}" "$2" "$found"
                bad=1
        fi
}

# fails OPERATION... -- WHY
fails() {
        local -a op=()
        local found
        while [[ $1 != -- ]]; do
                op+=("$1")
                shift
        done
        if found=$(awk -f "$here/mutate.awk" "${op[@]}" <<<"${sample%$'\n'}" 2>&1 >/dev/null) || [[ $found != "$2" ]]; then
                printf 'not ok %s\n  wanted %s\n  found  %s\n' "${op[*]}" "$2" "$found"
                bad=1
        else
                echo "ok ${op[*]}: $2"
        fi
}

changes condition else-if false -- '} else if (false) /* why. @else-if */'
changes condition else-if '@ || b' -- '} else if ((a == b && c != 2) || b) /* why. @else-if */'
changes condition two-lines true -- 'if (true) {'
changes condition while 0 -- 'while (0) /* @while */'
changes value value true -- 'bool alive = true; /* @value */'
changes value case '!@' -- 'b = !(b == 1 ? ONE : TWO); /* @case */'
changes value call 0 -- 'return 0; /* @call */'
changes operand value 2 true -- 'bool alive = a && true && !f(a, b); /* @value */'
changes operand value 3 @ -- 'bool alive = a && b && (!f(a, b)); /* @value */'
changes operand else-if 2 false -- '} else if (a == b && false) /* why. @else-if */'
changes operand two-lines 1 false -- 'if (false || (b && f(a,'
changes operand two-lines 2.1 c -- 'if (a || (c && f(a,'
changes operand two-lines 2.2 c -- 'if (a || (b && c)) {'
changes argument call 1 0 -- 'return g(0, (b, 2), &a); /* @call */'
changes argument call 2 0 -- 'return g(a, 0, &a); /* @call */'
changes argument call 3 0 -- 'return g(a, (b, 2), 0); /* @call */'
changes argument split 2 0 -- '0); /* @split */'
changes statement call 'b = 1;' -- 'b = 1; /* @call */'
changes statement branch 'if (b) @' -- '{ if (b) a = 2; } /* @branch */'
changes statement split 'b = 1;' -- 'b = 1; /* @split */'
changes drop case -- '; /* @case */'
changes drop branch -- '{ ; } /* @branch */'
changes before case 'a = 1;' -- 'a = 1; b = b == 1 ? ONE : TWO; /* @case */'
changes after branch 'b = 1;' -- '{ a = 2; b = 1; } /* @branch */'
changes swap call case -- $'b = b == 1 ? ONE : TWO; /* @call */\nreturn g(a, (b, 2), &a); /* @case */'
changes swap case call -- $'b = b == 1 ? ONE : TWO; /* @call */\nreturn g(a, (b, 2), &a); /* @case */'
changes body f 'return 1;' -- 'static int f(int a, int b) { return 1; } /* @end */'

fails drop nowhere -- 'no marker @nowhere'
fails drop cas -- 'no marker @cas'
fails drop in-line -- 'no marker @in-line'
fails drop end -- 'what is before @end is no statement'
fails drop else-if -- '@else-if is at a condition, not at a statement'
fails condition case true -- '@case is not at a condition'
fails condition switch true -- '@switch: neither if nor while'
fails value else-if true -- '@else-if is not at a value'
fails value split true -- '@split: nothing is assigned or returned'
fails operand value 4 true -- '@value: there is no operand 4'
fails operand value 1.1 true -- '@value: there is no operand 1.1'
fails argument call 4 true -- '@call: there is no argument 4'
fails argument branch 1 true -- '@branch: calls nothing'
fails body h 'return 1;' -- 'no function h()'
fails bend case -- 'what is: bend with 0 arguments?'
fails drop case x -- 'what is: drop with 1 arguments?'
sample+='/* @case */'
fails drop case -- '@case is there twice'
exit $bad
