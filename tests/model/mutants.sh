#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Breaks the protocol on purpose, one line at a time, and demands that the explorer notices. Each mutant is the
# explorer with one sed expression per named file of the core or the model; an expression that changes nothing is an
# error, so the table follows the code.
#
#   mutants.sh DIR [NAME...]    builds and runs in DIR; without names: all
# Environment: MODEL (the explorer of the unbroken protocol), CC, MODEL_CFLAGS, TRACES=1 (print each trace).
set -u
dir=$1
shift
only=" $* "
caught=0 survived=0 broken=0 harmless=0 count=0
flags=${MODEL_CFLAGS:--std=gnu17 -D_GNU_SOURCE -Iinclude -O2}
mkdir -p "$dir"
rm -f "$dir"/control*

control() {
        local key=${*// /}
        key=$dir/control$(printf '%s' "$key" | cksum | tr ' ' -)
        [[ -e $key ]] && return "$(cat "$key")"
        "${MODEL:?}" "$@" >"$key.report" 2>&1
        echo $? >"$key"
        return "$(cat "$key")"
}

# The objects of what a mutant leaves as it is.
compile() {
        # shellcheck disable=SC2086
        ${CC:-gcc} $flags -Itests/model -c -o "$2" "$1"
}

base() {
        local file
        rm -rf "$dir/base"
        mkdir -p "$dir/base/core" "$dir/base/model"
        for file in agent/core/*.c; do compile "$file" "$dir/base/core/$(basename "$file" .c).o" || return 1; done
        for file in tests/model/*.c; do compile "$file" "$dir/base/model/$(basename "$file" .c).o" || return 1; done
}

# mutant NAME EXPECT ARGUMENTS FILE SED [FILE SED]...
# EXPECT: caught (two units, a finalizer or a dead end), livelock (nothing of these, but a fair cycle), or harmless (told
# why in the comment above it).
mutant() {
        local name=$1 expect=$2 arguments=$3 work=$dir/$1 file object
        local -A objects=()
        shift 3
        [[ $only == "  " || $only == *" $name "* ]] || return 0
        count=$((count + 1))
        rm -rf "$work"
        mkdir -p "$work/core" "$work/model"
        for object in core model; do
                for file in "$dir/base/$object"/*.o; do objects[$object/$(basename "$file" .o)]=$file; done
        done
        while (($# >= 2)); do
                file=$work/$1 object=${1%.c}
                if [[ $1 == core/* ]]; then cp "agent/$1" "$file.orig"; else cp "tests/$1" "$file.orig"; fi
                sed -E "$2" "$file.orig" >"$file"
                if cmp -s "$file" "$file.orig"; then
                        echo "ERROR    $name: the expression does not match $1 any more: $2"
                        broken=$((broken + 1))
                        return 0
                fi
                if ! compile "$file" "$work/$object.o" >"$work/build.log" 2>&1; then
                        echo "ERROR    $name: does not build, see $work/build.log"
                        broken=$((broken + 1))
                        return 0
                fi
                objects[$object]=$work/$object.o
                shift 2
        done
        if ! ${CC:-gcc} -o "$work/model.bin" "${objects[@]}" -lm >"$work/build.log" 2>&1; then
                echo "ERROR    $name: does not link, see $work/build.log"
                broken=$((broken + 1))
                return 0
        fi
        # The unbroken protocol must pass with the same arguments, or the catch would prove nothing.
        # shellcheck disable=SC2086
        control $arguments || {
                echo "ERROR    $name: the unbroken protocol fails with these arguments: $arguments"
                broken=$((broken + 1))
                return 0
        }
        # shellcheck disable=SC2086
        "$work/model.bin" $arguments >"$work/report" 2>&1
        case $? in
        0)
                if [[ $expect == harmless ]]; then
                        echo "harmless $name ($arguments): $(grep -m1 -E 'complete' "$work/report")"
                        harmless=$((harmless + 1))
                else
                        echo "SURVIVED $name ($arguments): $(grep -m1 -E 'complete' "$work/report")"
                        survived=$((survived + 1))
                fi
                ;;
        1)
                if [[ $expect == livelock ]] && ! grep -q '^LIVELOCK' "$work/report"; then
                        echo "ERROR    $name: caught, but not by fairness: $(grep -m1 -E 'VIOLATION|DEAD END' "$work/report")"
                        broken=$((broken + 1))
                        return 0
                fi
                echo "caught   $name: $(grep -m1 -E 'VIOLATION|DEAD END|LIVELOCK' "$work/report"), $(grep -cE '^ +[0-9]+\. ' "$work/report") steps ($arguments)"
                [[ -n ${TRACES:-} ]] && sed 's/^/         /' "$work/report"
                caught=$((caught + 1))
                ;;
        *)
                echo "ERROR    $name: the explorer failed, see $work/report"
                broken=$((broken + 1))
                ;;
        esac
        rm -f "$work/model.bin"
}

base || exit 2

# The search begins at "A leads, B waits" unless something else is needed, with the faults that the breakage needs.
life='--no-invariant --leading --tenure life --states 3000000'
lease='--no-invariant --leading --tenure lease --states 3000000'

# ---- time ----
mutant validity-from-the-answer caught "$lease --faults 2 --humans 0 --only hold,kill-agent --duration 6 --renew-deadline 4 --margin 1" core/placeholder.c \
        's/h->proven_at_usec = ev->sent_at_usec;/h->proven_at_usec = ev->now_usec;/'
mutant permit-by-remaining-time caught "$lease --faults 2 --humans 0 --only freeze-guard,kill-agent" model/model_guard.c \
        's/ev.stop_at_usec = m.stop_at_usec;/ev.stop_at_usec = w->now_usec + 3 * TICK;/;s/ev.kill_at_usec = m.kill_at_usec;/ev.kill_at_usec = w->now_usec + 4 * TICK;/'
mutant own-duration-instead-of-the-holders caught "$lease --faults 1 --humans 0 --only kill-agent --duration 8 --duration-b 5 --renew-deadline 9" core/election_absorb.c \
        's/uint64_t d = e->lock.duration_usec;/uint64_t d = c->lease_duration_usec;/'
mutant holder-goes-by-its-configuration-alone caught "$lease --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9" core/election.c \
        's/if \(deadline > c->renew_deadline_usec\)/if (true)/'
mutant stop-begins-at-the-end-of-the-lease caught "$lease --faults 1 --humans 0 --only kill-agent --renew-deadline 9" core/election.c \
        's/margin = stop \+ kill_margin/margin = 0 * kill_margin/'
mutant margin-below-the-watchdog caught "$lease --faults 2 --humans 0 --only kill-agent,freeze-guard --renew-deadline 9" core/election.c \
        's/margin = stop \+ kill_margin/margin = stop/'
# (That one is also the kill instant at the lease's end.) The kill instant alone there: a guard kills stop_timeout after it began
# the stop, if that is earlier, and begins at the latest when the watchdog would have ended it: before the margin is used up.
mutant kill-instant-alone-at-the-end-of-the-lease harmless "$lease --faults 1 --humans 0 --only freeze-guard" core/election.c \
        's/\*ret_kill_at = util_usec_add\(\*ret_stop_at, stop\);/*ret_kill_at = util_usec_add(proven_at_usec, d);/'
mutant watchdog-at-the-kill-instant caught "$lease --faults 2 --humans 0 --only kill-agent,freeze-guard" model/model_moves.c \
        's/o->watchdog >= parameters.watchdog/o->watchdog >= parameters.watchdog + 2/' model/model_time.c \
        's/o->watchdog >= parameters.watchdog/o->watchdog >= parameters.watchdog + 2/'
# CLOCK_MONOTONIC instead of CLOCK_BOOTTIME: a host that comes back from suspend takes its lease for as young as it was.
mutant clock-stands-still-in-suspend caught "$lease --faults 1 --humans 0 --only suspend" model/model_time.c \
        's/k < ELEMENTSOF\(at\); k\+\+/k < ELEMENTSOF(at) \&\& !o->asleep; k++/'
# The same of a guard that is only stopped, and watched by PID 1, whose clock goes on.
mutant clock-stands-still-while-frozen caught "$lease --faults 3 --humans 0 --only freeze-guard,kill-agent" model/model_time.c \
        's/^( +)for \(unsigned k = 0; k < ELEMENTSOF\(at\); k\+\+\)/\1for (unsigned k = 0; k < ELEMENTSOF(at) - (o->up \&\& o->frozen ? 6 : 0); k++)/'
mutant ping-with-an-instant-overdue caught "$lease --faults 3 --humans 0 --only freeze-guard,kill-agent" model/model_effects.c \
        's/^( +)o->frozen = m.kind == MOVE_FREEZE_GUARD;/\1o->frozen = m.kind == MOVE_FREEZE_GUARD, o->watchdog = 0;/'
mutant wait-not-restarted-by-a-renewal caught "$lease --faults 1 --humans 0 --only slow" core/election_absorb.c \
        's/f->version != e->holder_version\)\)/false))/;s/^( +)e->holder_fresh = waited.*/\1e->holder_fresh = waited \&\& !e->holder_gone, e->holder_version = ev->holder.version;/'
mutant absent-placeholder-deposed-at-once caught "$lease --faults 0 --humans 1" core/election.c \
        's/^( +)if \(s->now < util_usec_add\(e->holder_seen_at_usec, election_silence_usec\(e, s->c\)\)\)/\1if (!e->holder_gone \&\& s->now < util_usec_add(e->holder_seen_at_usec, election_silence_usec(e, s->c)))/' \
        core/election_absorb.c 's/bool waited = e->holder_seen && ev->now_usec >= due;/bool waited = e->holder_seen;/'
mutant instants-ignored-by-the-guard caught "$lease --faults 1 --humans 0 --only kill-agent" core/supervise.c \
        's/if \(supervise_permitted\(s\) && now >= s->stop_at_usec\)/if (supervise_permitted(s) \&\& now == 0)/;s/at = util_usec_min\(at, s->stop_at_usec\)/at = util_usec_min(at, USEC_INFINITY)/'
# Both sides have the margin, each for its own clock.
rate="$lease --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1"
mutant challenger-without-the-clock-margin caught "$rate" core/election_absorb.c \
        's/return util_usec_add\(d, d \/ 1000 \* c->rate_permille\);/return d;/'
mutant holder-without-the-clock-margin caught "$rate" core/election.c \
        's/ \+ d \/ 1000 \* c->rate_permille;/;/'

# ---- proof, renewal ----
mutant renewals-of-a-dying-lease-count caught "$lease --faults 0 --humans 1 --no-gc" core/placeholder.c \
        's/if \(f->uid != h->uid \|\| f->deleting\)/if (f->uid != h->uid)/;s/f->uid == h->uid && !f->deleting\)/f->uid == h->uid)/'
mutant renewal-by-name caught "$lease --faults 0 --humans 1" core/placeholder.c \
        's/PLACEHOLDER_OP_RENEW, h->uid, h->version/PLACEHOLDER_OP_RENEW, 0, 0/;s/if \(f->uid != h->uid \|\| f->deleting\)/if (f->deleting)/'
mutant proof-by-own-placeholder caught "$lease --faults 0 --humans 1" core/election.c \
        's/v->uid == e->lock.placeholder && v->proven/v->proven/;s/\(v->status == PLACEHOLDER_NONE \|\| \(v->status == PLACEHOLDER_OURS && v->uid != l->placeholder\)\)/false/'

# The answer to the POST may be as late as it likes, and others count from when they saw the lock.
first="--no-invariant --tenure lease --states 1500000"
no_proof='s/^( +)if \(!proven \|\| !e->guard_linked \|\| e->reread\)$/\1if (!e->guard_linked || e->reread)/;/^ +permit\(s, v->proven_at_usec\);$/{x;s/^/x/;/^x$/{x;s/v->proven_at_usec/s->now/;x};x}'
mutant no-proof-after-201 caught "$first --faults 1 --humans 0 --only hold" core/election.c "$no_proof"
# Nobody counts: what ends the term is the mark, and the finalizer waits for the stop. The proof only saves a start and a stop.
mutant no-proof-after-201-in-life harmless "--no-invariant --tenure life --states 1500000 --faults 1 --humans 1 --only hold" core/election.c \
        "$no_proof"
# A Lease that is gone (or another) answers a PUT with 409: sent again and again it never says more.
mutant renewal-retried-instead-of-read caught "$lease --agents 1 --faults 0 --humans 1" core/placeholder.c \
        '/^static void absorb_renew/,/^}/s/^( +)case RESULT_CONFLICT:$/\1case RESULT_CONFLICT: break;/'
# The name of a holder's placeholder may be taken by its next one.
mutant holder-observed-by-name caught "$lease --agents 1 --faults 1 --humans 1 --only crash" core/election_absorb.c \
        's/f->present && f->uid == e->holder_uid && !f->deleting/f->present \&\& !f->deleting/;s/if \(f->uid == e->holder_uid\)/if (true)/'

# A watch may lag behind what was read: it must not end a wait, nor be the only witness of an end.
mutant deposed-on-the-word-of-a-watch caught "$lease --faults 1 --humans 1 --only old-event" core/election_absorb.c \
        's/^( +)if \(f->uid == e->holder_uid\)$/\1if (true)/' core/election.c \
        's/^( +)if \(!e->holder_fresh\)$/\1if (!e->holder_fresh \&\& !e->holder_gone)/'

# A PATCH of a Pod that is gone is answered 404; a Lease's PUT with a uid is never.
mutant pod-gone-unnoticed caught "$lease --agents 1 --placeholder pod --faults 0 --humans 1" core/placeholder.c \
        '/^static void absorb_renew/,/^}/s/lose\(h, PLACEHOLDER_ABSENT\);/(void)0;/'
mutant lease-gone-is-never-answered-404 harmless "$lease --agents 1 --faults 0 --humans 1" core/placeholder.c \
        '/^static void absorb_renew/,/^}/s/lose\(h, PLACEHOLDER_ABSENT\);/(void)0;/'

# ---- conditional writes ----
mutant placeholder-deleted-without-version caught "$lease --faults 2 --humans 0 --only slow" core/election.c \
        's/ELECTION_OP_DELETE_HOLDER, e->holder_uid, e->holder_version,/ELECTION_OP_DELETE_HOLDER, e->holder_uid, 0,/'
# No other object has this version: the uid is the second belt, without both a challenger ends a placeholder that it never saw.
mutant placeholder-deleted-without-uid harmless "$lease --faults 1 --humans 0 --only slow" core/election.c \
        's/ELECTION_OP_DELETE_HOLDER, e->holder_uid, e->holder_version,/ELECTION_OP_DELETE_HOLDER, 0, e->holder_version,/'
mutant placeholder-deleted-by-name caught "$lease --faults 2 --humans 0 --only slow" core/election.c \
        's/ELECTION_OP_DELETE_HOLDER, e->holder_uid, e->holder_version,/ELECTION_OP_DELETE_HOLDER, 0, 0,/'
# A late one marks the successor's lock: it stops and releases, so no two run, but a healthy term ends (check_mark()).
mutant lock-deleted-without-uid caught "$lease --faults 2 --humans 0 --only slow,kill-agent" core/election.c \
        's/ELECTION_OP_DELETE, l->uid, 0, 0/ELECTION_OP_DELETE, 0, 0, 0/'
mutant deposed-without-ending-the-placeholder caught "$lease --faults 1 --humans 0 --only slow" core/election.c \
        's/^( +)else if \(e->holder_gone\)$/\1else if (true)/'
# The boot id of an earlier boot lands late: the lock seems another boot's, and is left alone for good.
mutant adopted-without-version caught "$life --faults 3 --humans 0 --only crash,slow" core/election.c \
        's/ELECTION_OP_ADOPT, e->lock.uid, e->lock.version,/ELECTION_OP_ADOPT, e->lock.uid, 0,/'
# Late, it names an owner that is gone: the collector marks the lock and the holder stops in order.
mutant restored-without-version harmless "$life --faults 1 --humans 1 --only slow" core/election.c \
        's/ELECTION_OP_RESTORE, e->lock.uid, e->lock.version,/ELECTION_OP_RESTORE, e->lock.uid, 0,/'
mutant strip-by-name-without-the-mark caught "$lease --faults 2 --humans 0 --only slow,kill-agent" core/election.c \
        's/ELECTION_OP_STRIP, l->uid, l->version/ELECTION_OP_STRIP, 0, 0/;s/\} else if \(l->deleting\)/} else if (true)/'
mutant strip-without-the-mark caught "$lease --faults 1 --humans 0 --only kill-agent --no-gc" core/election.c \
        's/\} else if \(l->deleting\)/} else if (true)/'
# Marks are final and a lease lock is never restored: the version is the second belt.
mutant strip-without-version harmless "$lease --faults 1 --humans 0" core/election.c \
        's/ELECTION_OP_STRIP, l->uid, l->version/ELECTION_OP_STRIP, l->uid, 0/'
mutant fence-by-uid-only caught "$life --faults 1 --humans 1 --only crash" model/model_api.c \
        's/ \|\| l->version != f->version\)/)/'

# ---- stop and release ----
mutant released-before-the-confirmed-stop-life caught "$life --faults 0 --humans 1" core/election.c \
        's/if \(e->stop_confirmed\)/if (e->revoke_taken)/'
mutant released-before-the-confirmed-stop-lease caught "$lease --faults 0 --humans 1" core/election.c \
        's/if \(e->stop_confirmed\)/if (e->revoke_taken)/'
mutant stopped-said-when-read caught "$life --faults 0 --humans 1" core/supervise_follow.c \
        's/if \(seen_stopped\(r\) && !s->gate && !s->unrecorded\)/if (r->known \&\& !s->gate \&\& !s->unrecorded)/'
mutant gate-removed-after-the-stop caught "$life --faults 1 --humans 1" core/supervise_acts.c \
        's/^( +)supervise_act\(a, SUPERVISE_REMOVE_GATE, GUARD_OK\);//' core/supervise_follow.c \
        's/^( +)supervise_act\(a, SUPERVISE_REMOVE_PERMIT, GUARD_OK\);/\1supervise_act(a, SUPERVISE_REMOVE_PERMIT, 0);\n\1supervise_act(a, SUPERVISE_REMOVE_GATE, GUARD_OK);/'
# The invariant tells this one: the lock is kept, so nobody else can begin.
mutant deletion-mark-ignored caught "--leading --tenure life --faults 0 --humans 1" core/election.c \
        's/^( +)if \(l->deleting\)$/\1if (false)/'
adopt_marked='/^static void take_up/,/^}/s/else if \(l->deleting\)$/else if (false)/;/^static uint8_t broken/,/^}/s/if \(l->deleting\)$/if (false)/'
mutant marked-lock-adopted caught "--leading --tenure life --faults 1 --humans 1 --only crash" core/election.c "$adopt_marked"
# The holder revokes a uid for good before it deletes the lock: that is the first belt against a removal that it sent before
# it was killed, the mark is the second. Each alone is enough, without both the unit runs under a lock that goes.
twice="$life --faults 2 --humans 0 --only unit-exit,kill-agent"
permit_again='s/else if \(e->guard.revoked\)/else if (false)/;s/answered && e->guard.revoked\)/false)/'
mutant marked-lock-adopted-but-its-uid-revoked harmless "$twice" core/election.c "$adopt_marked"
mutant uid-permitted-again harmless "$twice" core/supervise.c 's/if \(ev->revoked \|\| \(same/if ((same/' core/election.c "$permit_again"
mutant uid-permitted-again-and-marked-lock-adopted caught "$twice" core/supervise.c \
        's/if \(ev->revoked \|\| \(same/if ((same/' core/election.c "$adopt_marked;$permit_again"
lost_revoked='s/^( +)memset\(&o->supervise, 0, sizeof\(o->supervise\)\);/&\n\1memset(o->revoked, 0, sizeof(o->revoked));/'
mutant revoked-uids-lost-with-the-guard harmless "$life --faults 2 --humans 0 --only kill-guard,unit-exit" model/model_guard.c "$lost_revoked"
mutant revoked-uids-lost-and-marked-lock-adopted caught "$life --faults 3 --humans 0 --only kill-guard,unit-exit,kill-agent" model/model_guard.c \
        "$lost_revoked" core/election.c "$adopt_marked"
# The gate was there when the look began, and somebody may have started the unit since.
mutant look-of-before-the-stop-confirms-it caught "--leading --tenure lease --states 3000000 --faults 3 --humans 0 --only unit-exit,slow-reading,kill-agent" core/supervise.c \
        's/if \(!supervise_stopping\(s\) \|\| before >= SUPERVISE_STOPPING\)/if (true)/'
mutant unknown-uid-needs-no-stop caught "$life --faults 1 --humans 1 --only kill-guard" core/supervise.c \
        's/^( +)supervise_begin_stop_unpermitted\(s, a, SUPERVISE_REASON_REVOKED, now, ev->uid,/\1supervise_act(a, SUPERVISE_RECORD_REQUEST, 0); supervise_act(a, SUPERVISE_REPLY_STOPPED, 0); if (0) supervise_begin_stop_unpermitted(s, a, SUPERVISE_REASON_REVOKED, now, ev->uid,/' \
        core/supervise_follow.c 's/^( +)supervise_act\(a, SUPERVISE_WRITE_PERMIT, GUARD_OK\);//'

# ---- progress ----
# A goal can be reached (should the watch speak), but nobody is obliged to: only fairness tells.
mutant absence-believed-from-a-watch-only livelock "$lease --agents 1 --faults 1 --humans 1 --only crash" core/election_absorb.c \
        's/\? &ev->holder : &absent/? \&ev->holder : \&(struct placeholder_fact){.present = true, .uid = e->holder_uid, .version = e->holder_version}/' core/election.c \
        's/^( +)if \(!e->holder_fresh\)$/\1if (!e->holder_fresh \&\& !e->holder_gone)/'
# The holder's guard never comes back: nobody may keep a lease alive that no unit of this host can use.
gone="--no-invariant --tenure lease --states 3000000 --faults 1 --humans 0 --only kill-guard"
mutant lease-kept-without-a-guard-before-the-permit livelock "$gone" core/election.c \
        's/if \(e->state == ELECTION_PROVING && l->tenure == TENURE_LEASE && .*/if (false)/' core/election_view.c \
        's/if \(e->state == ELECTION_PROVING && .*/if (false)/'
mutant lease-kept-without-a-guard-while-stopping livelock "$gone" core/election.c \
        's/e->lapsed = !e->revoke_taken .*/e->lapsed = false;/' core/election_view.c \
        's/if \(e->state == ELECTION_STOPPING && .*/if (false)/'

# ---- guard ----
# A gate without a permit file is stopped at the guard's start, and the agent sends its permit again.
mutant permit-not-on-disk harmless "$life --faults 1 --humans 0 --only kill-guard" core/supervise_follow.c \
        's/^( +)supervise_act\(a, SUPERVISE_WRITE_PERMIT, GUARD_OK\);//'
mutant stale-gate-kept-at-guard-start caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" core/supervise.c \
        's/if \(ev->revoked \|\| now >= ev->stop_at_usec\)/if (ev->revoked)/;s/supervise_permitted\(s\) && now >= s->stop_at_usec\)/supervise_permitted(s) \&\& s->start != SUPERVISE_START_ANSWERED \&\& now >= s->stop_at_usec)/'
# The gate is asserted: a start that PID 1 takes ahead of it is refused, and the unit counts as failed on every host.
mutant start-before-the-gate caught "$first --faults 0 --humans 0" core/supervise_follow.c \
        '/^static void check_permit/,/^}/{s/^( +)supervise_act\(a, SUPERVISE_MAKE_GATE, GUARD_OK\);/\1start_now(s, a);/;t;s/^( +)start_now\(s, a\);/\1supervise_act(a, SUPERVISE_MAKE_GATE, GUARD_OK);/}'
# As permit-not-on-disk: the guard that comes next stops what it finds behind a gate without a file. One that adopts it (or
# leaves it alone) has a running unit that no permit bounds.
file_late='s/^( +)supervise_act\(a, SUPERVISE_WRITE_PERMIT, GUARD_OK\);//;/^static void check_permit/,/^}/s/^( +)supervise_act\(a, SUPERVISE_MAKE_GATE, GUARD_OK\);/&\n\1supervise_act(a, SUPERVISE_WRITE_PERMIT, GUARD_OK);/'
gate_ignored='s/ev->file == SUPERVISE_FILE_BAD \|\| ev->gate\)/ev->file == SUPERVISE_FILE_BAD)/'
mutant file-after-gate harmless "--no-invariant --tenure life --states 1500000 --faults 1 --humans 0 --only kill-guard" core/supervise_follow.c \
        "$file_late"
mutant file-after-gate-and-the-running-unit-adopted caught "$first --faults 2 --humans 0 --only kill-guard,kill-agent" core/supervise_follow.c \
        "$file_late" core/supervise.c "$gate_ignored"
mutant running-unit-adopted-without-a-permit caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" core/supervise_follow.c \
        's/^( +)supervise_act\(a, SUPERVISE_WRITE_PERMIT, GUARD_OK\);//' core/supervise.c \
        "s/^( +)supervise_act\(a, SUPERVISE_WRITE_PERMIT, GUARD_OK\);/\1;/;$gate_ignored"
# A permit that an earlier agent sent and nobody has read yet must not follow a stop: a closed connection is read no further,
# and a revoked uid is never permitted, also when the guard was idle and this agent had sent no permit. Each alone is enough.
idle='/^static void begin_stop/,/^}/s/e->revoke_sent = e->revoke_taken = e->stop_confirmed = false;/e->revoke_sent = e->revoke_taken = e->stop_confirmed = !e->permit_proof_usec \&\& e->guard_linked \&\& !e->guard.permit \&\& e->guard.unit == UNIT_STOPPED;/'
old='/^void guard_connect/,/^}/{s/^( +)o->n_queue = 0;/\1for (unsigned i = 0; i < o->n_queue; i++) o->queue[i].tenure |= 2;/;s/^( +)memset.*//;s/o->superseded = o->up;//};s/ev.tenure = m.tenure;/ev.tenure = m.tenure \& 1;/;s/^( +)o->queue\[o->n_queue\+\+\] = m;/\1unsigned at = 0;\n\1while (at < o->n_queue \&\& !(o->queue[at].tenure \& 2)) at++;\n\1memmove(o->queue + at + 1, o->queue + at, (size_t)(o->n_queue++ - at) * sizeof(m));\n\1o->queue[at] = m;/'
links="--no-invariant --agents 1 --tenure life --states 1500000 --humans 1 --only freeze-guard,kill-agent"
mutant no-revoke-when-idle harmless "$links --faults 2" core/election.c "$idle"
mutant old-connection-still-read harmless "$links --faults 2" model/model_guard.c "$old"
mutant old-connection-still-read-and-no-revoke-when-idle caught "$links --faults 3" core/election.c "$idle" model/model_guard.c "$old"
mutant no-binds-to caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" model/model_guard.c \
        's/pid1_stop\(w, h\); \/\* BindsTo= \*\//(void)0;/'
mutant binds-to-without-after caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" model/model_guard.c \
        's/o->gate && \(o->up \|\| !lease\(h\)\)/o->gate/'

# ---- claims ----
mutant claim-not-on-disk caught "$life --faults 1 --humans 0" model/model_agent.c \
        's/^( +)memset\(g->claim, 0, sizeof\(g->claim\)\);/\1memset(g->claim, 0, sizeof(g->claim)); memset(g->claims, 0, sizeof(g->claims));/'
mutant only-the-last-claim-kept caught "--no-invariant --tenure life --states 3000000 --faults 2 --humans 0 --only slow,kill-agent" model/model_agent.c \
        's/^( +)if \(!g->claims\[slot\]\[i\]\) \{/\1if (i == 0) { memset(g->claims[slot], 0, sizeof(g->claims[slot]));/'
mutant claim-forgotten-at-409 caught "--no-invariant --tenure life --states 3000000 --faults 2 --humans 0 --only slow,hold,kill-agent" model/model_agent.c \
        's/^( +)struct request r = g->request\[slot\];/\1struct request r = g->request[slot];\n        if (answer->result == RESULT_EXISTS) memset(g->claims[slot], 0, sizeof(g->claims[slot]));/'
mutant own-post-sent-twice-taken-for-anothers caught "--no-invariant --agents 1 --tenure life --faults 1 --humans 0 --only twice" model/model_agent.c \
        's/^( +)struct request r = g->request\[slot\];/\1struct request r = g->request[slot];\n        if (answer->result == RESULT_EXISTS) memset(g->claims[slot], 0, sizeof(g->claims[slot]));/'
# In this world what runs under a permit runs under the lock of that permit: lost claims leave that lock in place, and nothing
# starts the unit without a gate. (A unit started by hand: rows of test_supervise and test_election_unit, unit_runs_already.)
mutant running-unit-taken-for-a-claim harmless "$life --faults 2 --humans 0 --only kill-agent,lose-state" core/election_absorb.c \
        's/e->lock.sort == LOCK_SOUND && e->lock.claimed &&/e->lock.sort == LOCK_SOUND \&\& (e->lock.claimed || e->guard.permit) \&\&/'
# Two claims of one lock must live at once for the loss of the older to matter: a POST that lands twice.
mutant claims-overwritten-in-place caught "--no-invariant --agents 1 --tenure life --faults 2 --humans 1 --only twice,tear" model/model_agent.c \
        's/memcpy\(g->claims\[slot\], before, sizeof\(before\)\);/(void)0;/'
mutant claim-counts-though-its-write-failed caught "--no-invariant --agents 1 --tenure life --faults 2 --humans 0 --only no-claim,hold,kill-agent" core/election_absorb.c \
        's/e->claim_ready = ev->result == RESULT_OK;/e->claim_ready = true;/'

# ---- clones, lost state ----
mutant lease-lock-adopted-without-the-boot-check caught "$lease --clone --faults 1 --humans 0 --only clone" core/election_absorb.c \
        's/\(e->lock\.tenure == TENURE_LIFE \|\| e->lock\.same_boot\)/true/' core/placeholder.c \
        's/\(c->tenure == TENURE_LIFE \|\| f->same_boot\)/true/'
mutant taken-lease-renewed caught "$lease --agents 1 --faults 2 --humans 0 --only kill-agent,lose-state" core/placeholder.c \
        's/bool mine = .*/bool mine = true;/;s/else if \(w->renewing\)/else if (w->renewing || w->needed)/'
mutant life-lock-led-without-the-boot-check caught "--leading --tenure life --clone --faults 1 --humans 0 --only clone" core/election.c \
        's/else if \(!l->same_boot\)/else if (false)/;s/if \(!l->same_boot\)/if (false)/'

# ---- who may free what ----
mutant life-lock-deposed-like-a-lease caught "--no-invariant --tenure life --faults 0 --humans 0" core/election.c \
        's/else if \(l->tenure == TENURE_LEASE\)$/else/;s/l->tenure != TENURE_LEASE \|\| l->uid != e->holder_lock/l->uid != e->holder_lock/'
mutant challenger-leaves-the-mark-to-the-collector caught "$lease --faults 1 --humans 0 --only crash --no-gc" core/election.c \
        '/^static void deposing/,/^}/s/^( +)request\(s, ELECTION_OP_DELETE, l->uid, 0, 0\);/\1(void)0;/'
mutant own-dying-placeholder-not-cleared caught "--no-invariant --agents 1 --tenure lease --faults 0 --humans 1 --no-gc" core/placeholder.c \
        's/return act\(h, PLACEHOLDER_OP_CLEAR, h->uid, h->version\);/break;/'
mutant restore-in-lease-and-strip-whatever-it-names caught "$lease --faults 1 --humans 1 --only slow,hold" core/election.c \
        's/if \(l->tenure == TENURE_LEASE && l->orphaned\)/if (false)/;s/if \(l->tenure == TENURE_LEASE && l->placeholder != e->term_placeholder\)/if (false)/;s/^( +)l->placeholder != e->holder_uid \|\| election_own/\1election_own/;s/ELECTION_OP_STRIP, l->uid, l->version/ELECTION_OP_STRIP, l->uid, 0/'

echo "mutants: $count run, $caught caught, $harmless harmless as argued, $survived survived, $broken could not be run"
((survived == 0 && broken == 0 && count > 0))
