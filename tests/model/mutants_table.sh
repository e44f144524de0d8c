# SPDX-License-Identifier: Apache-2.0
# The mutants: name, what is expected of the explorer, its arguments, and what is broken (mutate.awk has the operations).
# Sourced by mutants.sh.

# The search begins at "A leads, B waits" unless something else is needed, with the faults that the breakage needs.
life='--no-invariant --leading --tenure life --states 3000000'
lease='--no-invariant --leading --tenure lease --states 3000000'
# … or at nothing.
first='--no-invariant --tenure lease --states 1500000'

# ---- time ----

mutant validity-from-the-answer caught "$lease --faults 2 --humans 0 --only hold,kill-agent --duration 6 --renew-deadline 4 --margin 1" \
        value proof-counts-from-sending 'ev->now_usec'
mutant permit-by-remaining-time caught "$lease --faults 2 --humans 0 --only freeze-guard,kill-agent" \
        after instants-not-durations 'ev.stop_at_usec = w->now_usec + 3 * TICK; ev.kill_at_usec = w->now_usec + 4 * TICK;'
mutant own-duration-instead-of-the-holders caught "$lease --faults 1 --humans 0 --only kill-agent --duration 8 --duration-b 5 --renew-deadline 9" \
        argument wait-as-recorded 1 'c->timing.duration_usec'
mutant holder-goes-by-its-configuration-alone caught "$lease --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9" \
        value record-binds-the-holder 't->renew_deadline_usec'
mutant stop-begins-at-the-end-of-the-lease caught "$lease --faults 1 --humans 0 --only kill-agent --renew-deadline 9" \
        value stop-and-kill-before-the-end 0
mutant margin-below-the-watchdog caught "$lease --faults 2 --humans 0 --only kill-agent,freeze-guard --renew-deadline 9" \
        value stop-and-kill-before-the-end 't->stop_timeout_usec'
# (That one is also the kill instant at the lease's end.) The kill instant alone there: a guard kills stop_timeout after it began
# the stop, if that is earlier, and begins at the latest when the watchdog would have ended it: before the margin is used up.
mutant kill-instant-alone-at-the-end-of-the-lease harmless "$lease --faults 1 --humans 0 --only freeze-guard" \
        value kill-instant 'util_usec_add(proven_at_usec, t->duration_usec)'
mutant watchdog-at-the-kill-instant caught "$lease --faults 2 --humans 0 --only kill-agent,freeze-guard" \
        operand watchdog-may-strike 2 'o->watchdog >= parameters.watchdog + 2' \
        operand watchdog-must-strike 3 'o->watchdog >= parameters.watchdog + 2'
# CLOCK_MONOTONIC instead of CLOCK_BOOTTIME: a host that comes back from suspend takes its lease for as young as it was.
mutant clock-stands-still-in-suspend caught "$lease --faults 1 --humans 0 --only suspend" \
        statement every-clock-goes-on 'if (!o->asleep) @'
# The same of a guard that is only stopped, and watched by PID 1, whose clock goes on.
mutant clock-stands-still-while-frozen caught "$lease --faults 3 --humans 0 --only freeze-guard,kill-agent" \
        statement every-clock-goes-on 'if (!o->up || !o->frozen || (void *)at[k] < (void *)&o->supervise || (void *)at[k] >= (void *)(&o->supervise + 1)) @'
mutant ping-with-an-instant-overdue caught "$lease --faults 3 --humans 0 --only freeze-guard,kill-agent" \
        after no-ping-while-overdue 'o->watchdog = 0;'
mutant wait-not-restarted-by-a-renewal caught "$lease --faults 1 --humans 0 --only slow" \
        operand renewal-restarts-the-wait 2.2 false \
        statement nothing-new-after-the-wait 'e->holder.fresh = waited && e->holder.state != HOLDER_GONE, e->holder.version = ev->holder.version;'
mutant absent-placeholder-deposed-at-once caught "$lease --faults 0 --humans 1" \
        condition silence-is-waited-out '@ && e->holder.state != HOLDER_GONE' \
        operand answered-after-the-wait 2 true
mutant instants-ignored-by-the-guard caught "$lease --faults 1 --humans 0 --only kill-agent" \
        condition first-instant-before-the-event false \
        drop wakes-at-the-first-instant
# Both sides have the margin, each for its own clock.
rate="$lease --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1"
mutant challenger-without-the-clock-margin caught "$rate" value challenger-margin duration_usec
mutant holder-without-the-clock-margin caught "$rate" value holder-margin duration_usec
mutant clock-margin-of-nothing caught "$rate" value clock-margin 0
# Others count from the last renewal, and no permit outlives that. To renew until the stop is confirmed is for a unit that
# cannot be killed (state D), which this world has not.
mutant lease-lapses-when-the-stop-begins harmless "$lease --faults 1 --humans 0 --only kill-guard" \
        value lease-outlasts-the-unit 's->now'

# ---- proof, renewal ----

# Others take a marked placeholder for gone and count from when they saw the mark: renewed after that it would permit the unit for
# longer than they wait. Of a Pod, which is PATCHed, every renewal is answered 200 until the collector comes. Of a Lease one: the
# PUT leaves the finalizers out, so the Lease goes with it, and the next one is told so. That one is too much when the agent ends
# (or is cut off) behind it, and it was sent later after the mark than what the holder's instants leave of the wait: duration -
# renew_deadline - stop_timeout, 7 s by default. The 2 ticks of other runs are not used up by a renewal each tick: none here.
mark="--faults 1 --humans 1 --only end-agent --duration 5 --renew-deadline 9 --margin 0"
mark_renewed=(operand renewal-of-this-living-uid 2 false)
mark_read=(operand dying-is-read-as-lost 3 true)
mutant renewals-of-a-dying-lease-count caught "$lease $mark" "${mark_renewed[@]}" "${mark_read[@]}"
mutant renewals-of-a-dying-pod-count caught "$lease --placeholder pod --faults 0 --humans 1 --no-gc" \
        "${mark_renewed[@]}" "${mark_read[@]}"
# Each alone is enough. The mark changes the version, so a renewal is first refused (409), and what is read then is lost; a 200
# that shows the mark comes only after a read that overlooked it. Claim 2 rests on neither alone: rows of test_election_lease.
mutant answered-mark-overlooked-by-the-renewal harmless "$lease --placeholder pod $mark" "${mark_renewed[@]}"
mutant read-mark-overlooked-until-the-renewal harmless "$lease --placeholder pod $mark" "${mark_read[@]}"
mutant renewal-by-name caught "$lease --faults 0 --humans 1" \
        argument renew-by-uid-and-version 3 0 \
        argument renew-by-uid-and-version 4 0 \
        operand renewal-of-this-living-uid 1 false
mutant proof-by-own-placeholder caught "$lease --faults 0 --humans 1" \
        operand proof-of-the-named-uid 2 true \
        operand placeholder-lost-ends-the-term 2 false

# The answer to the POST may be as late as it likes, and others count from when they saw the lock.
no_proof=(operand no-permit-without-proof 1 false argument permit-counts-from-the-proof 2 's->now')
mutant no-proof-after-201 caught "$first --faults 1 --humans 0 --only hold" "${no_proof[@]}"
# Nobody counts: what ends the term is the mark, and the finalizer waits for the stop. The proof only saves a start and a stop.
mutant no-proof-after-201-in-life harmless "--no-invariant --tenure life --states 1500000 --faults 1 --humans 1 --only hold" \
        "${no_proof[@]}"
# A Lease that is gone (or another) answers a PUT with 409: sent again and again it never says more.
mutant renewal-retried-instead-of-read caught "$lease --agents 1 --faults 0 --humans 1" \
        statement conflict-is-read-back 'if (ev->result != RESULT_CONFLICT) @'
# The name of a holder's placeholder may be taken by its next one.
mutant holder-observed-by-name caught "$lease --agents 1 --faults 1 --humans 1 --only crash" \
        operand holder-by-uid 2 true \
        condition watch-tells-of-this-uid-only true

# A watch may lag behind what was read: it must not end a wait, nor be the only witness of an end.
mutant deposed-on-the-word-of-a-watch caught "$lease --faults 1 --humans 1 --only old-event" \
        condition watch-tells-of-this-uid-only true \
        condition read-again-after-the-wait '@ && e->holder.state != HOLDER_GONE'

# A PATCH of a Pod that is gone is answered 404; a Lease's PUT with a uid is never.
mutant pod-gone-unnoticed caught "$lease --agents 1 --placeholder pod --faults 0 --humans 1" drop gone-is-lost
mutant lease-gone-is-never-answered-404 harmless "$lease --agents 1 --faults 0 --humans 1" drop gone-is-lost

# ---- conditional writes ----

mutant placeholder-deleted-without-version caught "$lease --faults 2 --humans 0 --only slow" \
        argument swap-by-uid-and-version 4 0
# No other object has this version: the uid is the second belt, without both a challenger ends a placeholder that it never saw.
mutant placeholder-deleted-without-uid harmless "$lease --faults 1 --humans 0 --only slow" \
        argument swap-by-uid-and-version 3 0
mutant placeholder-deleted-by-name caught "$lease --faults 2 --humans 0 --only slow" \
        argument swap-by-uid-and-version 3 0 \
        argument swap-by-uid-and-version 4 0
# A late one marks the successor's lock: it stops and releases, so no two run, but a healthy term ends (check_mark()).
mutant lock-deleted-without-uid caught "$lease --faults 2 --humans 0 --only slow,kill-agent" \
        argument stopping-marks-by-uid 3 0 \
        argument releasing-marks-by-uid 3 0 \
        argument deposing-marks-by-uid 3 0
mutant deposed-without-ending-the-placeholder caught "$lease --faults 1 --humans 0 --only slow" \
        condition swapped-or-gone-first true
# The boot id of an earlier boot lands late: the lock seems another boot's, and is left alone for good.
mutant adopted-without-version caught "$life --faults 3 --humans 0 --only crash,slow" \
        argument adopt-by-version 4 0
# Late, it names an owner that is gone: the collector marks the lock and the holder stops in order.
mutant restored-without-version harmless "$life --faults 1 --humans 1 --only slow" \
        argument restore-by-version 4 0
mutant strip-by-name-without-the-mark caught "$lease --faults 2 --humans 0 --only slow,kill-agent" \
        argument release-by-version 3 0 argument release-by-version 4 0 \
        argument strip-by-version 3 0 argument strip-by-version 4 0 \
        condition strip-what-is-marked true
mutant strip-without-the-mark caught "$lease --faults 1 --humans 0 --only kill-agent --no-gc" \
        condition strip-what-is-marked true
# Marks are final and a lease lock is never restored: the version is the second belt.
mutant strip-without-version harmless "$lease --faults 1 --humans 0" \
        argument release-by-version 4 0 \
        argument strip-by-version 4 0
mutant fence-by-uid-only caught "$life --faults 1 --humans 1 --only crash" \
        operand fence-by-uid-and-version 3 false

# A human wrote the lock, and it names a Lease of somebody else.
forged="--no-invariant --tenure lease --forges --faults 0 --humans 1 --states 1000000"
mutant whatever-a-lock-names-is-deleted caught "$forged" \
        operand only-a-placeholder-is-deleted 7 false

# ---- edited records ----

# Somebody lowers the duration of a live lock while its holder is cut off.
mutant edited-duration-believed caught "$lease --edits --faults 0 --humans 1" \
        argument wait-as-recorded 1 'e->lock.fact.duration_usec'
# Who comes after the edit has the placeholder to tell it.
mutant edited-duration-believed-by-a-newcomer caught "$lease --edits --faults 1 --humans 1 --only kill-agent" \
        condition placeholder-tells-the-duration-too false
# A life lock becomes a lease: the name of its placeholder makes that a damaged lock (a row of test_lock), and who knew it as
# life remembers. The second belt alone is left out here.
mutant edited-tenure-forgotten harmless "--no-invariant --leading --tenure mixed --edits --states 1500000 --faults 0 --humans 1" \
        condition tenure-is-remembered false

# ---- stop and release ----

mutant released-before-the-confirmed-stop-life caught "$life --faults 0 --humans 1" \
        condition release-after-the-confirmed-stop 'e->term.stop != STOP_UNANSWERED'
mutant released-before-the-confirmed-stop-lease caught "$lease --faults 0 --humans 1" \
        condition release-after-the-confirmed-stop 'e->term.stop != STOP_UNANSWERED'
mutant stopped-said-when-read caught "$life --faults 0 --humans 1" \
        operand stopped-is-seen 1 'r->known'
mutant gate-removed-after-the-stop caught "$life --faults 1 --humans 1" \
        drop gate-first \
        after permit-file-last 'supervise_act(a, SUPERVISE_REMOVE_GATE, GUARD_OK);'
# The invariant tells this one: the lock is kept, so nobody else can begin.
mutant deletion-mark-ignored caught "--leading --tenure life --faults 0 --humans 1" \
        condition mark-ends-the-term false
adopt_marked=(condition mark-ends-the-term false condition marked-is-not-led false)
mutant marked-lock-adopted caught "--leading --tenure life --faults 1 --humans 1 --only crash" "${adopt_marked[@]}"
# The holder revokes a uid for good before it deletes the lock: that is the first belt against a removal that it sent before
# it was killed, the mark is the second. Each alone is enough, without both the unit runs under a lock that goes.
twice="$life --faults 2 --humans 0 --only unit-exit,kill-agent"
permit_again=(operand revoked-for-good 1 false condition revoked-is-not-led false condition revoked-ends-the-term false)
mutant marked-lock-adopted-but-its-uid-revoked harmless "$twice" "${adopt_marked[@]}"
mutant uid-permitted-again harmless "$twice" "${permit_again[@]}"
mutant uid-permitted-again-and-marked-lock-adopted caught "$twice" "${permit_again[@]}" "${adopt_marked[@]}"
lost_revoked=(after guard-forgets-but-what-it-recorded 'memset(o->revoked, 0, sizeof(o->revoked));')
mutant revoked-uids-lost-with-the-guard harmless "$life --faults 2 --humans 0 --only kill-guard,unit-exit" "${lost_revoked[@]}"
mutant revoked-uids-lost-and-marked-lock-adopted caught "$life --faults 3 --humans 0 --only kill-guard,unit-exit,kill-agent" \
        "${lost_revoked[@]}" "${adopt_marked[@]}"
# The gate was there when the look began, and somebody may have started the unit since.
mutant look-of-before-the-stop-confirms-it caught "--leading --tenure lease --states 3000000 --faults 3 --humans 0 --only unit-exit,slow-reading,kill-agent" \
        condition look-begun-after-the-stop true
mutant unknown-uid-needs-no-stop caught "$life --faults 1 --humans 1 --only kill-guard" \
        condition revoke-needs-an-enrolled-unit false condition nothing-to-stop-is-seen true drop permit-file-before-gate

# ---- progress ----

# A goal can be reached (should the watch speak), but nobody is obliged to: only fairness tells.
mutant absence-believed-from-a-watch-only livelock "$lease --agents 1 --faults 1 --humans 1 --only crash" \
        argument read-tells-of-absence 2 'ev->result == RESULT_OK ? &ev->holder : &(struct placeholder_fact){.present = true, .uid = e->holder.uid, .version = e->holder.version}' \
        condition read-again-after-the-wait '@ && e->holder.state != HOLDER_GONE'
# The holder's guard never comes back: nobody may keep a lease alive that no unit of this host can use.
gone="--no-invariant --tenure lease --states 3000000 --faults 1 --humans 0 --only kill-guard"
mutant lease-kept-without-a-guard-before-the-permit livelock "$gone" \
        condition no-lease-without-guard false \
        condition wakes-to-give-up false
mutant lease-kept-without-a-guard-while-stopping livelock "$gone" \
        value lapses-unanswered false \
        condition wakes-to-lapse false

# ---- guard ----

# A gate without a permit file is stopped at the guard's start, and the agent sends its permit again.
mutant permit-not-on-disk harmless "$life --faults 1 --humans 0 --only kill-guard" \
        drop permit-file-before-gate
mutant stale-gate-kept-at-guard-start caught "$lease --states 6000000 --faults 2 --humans 0 --only kill-guard,kill-agent" \
        operand overdue-is-not-resumed 2 false \
        condition first-instant-before-the-event '@ && s->start != SUPERVISE_START_ANSWERED'
# The gate is asserted: a start that PID 1 takes ahead of it is refused, and the unit counts as failed on every host.
mutant start-before-the-gate caught "$first --faults 0 --humans 0" \
        swap gate-before-start start-behind-the-gate
# As permit-not-on-disk: the guard that comes next stops what it finds behind a gate without a file. One that adopts it (or
# leaves it alone) has a running unit that no permit bounds.
file_late=(drop permit-file-before-gate after gate-before-start 'supervise_act(a, SUPERVISE_WRITE_PERMIT, GUARD_OK);')
gate_ignored=(operand gate-without-permit-is-stopped 2 false)
mutant file-after-gate harmless "--no-invariant --tenure life --states 1500000 --faults 1 --humans 0 --only kill-guard" \
        "${file_late[@]}"
mutant file-after-gate-and-the-running-unit-adopted caught "$first --faults 2 --humans 0 --only kill-guard,kill-agent" \
        "${file_late[@]}" "${gate_ignored[@]}"
mutant running-unit-adopted-without-a-permit caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" \
        drop permit-file-before-gate drop renewal-is-on-disk "${gate_ignored[@]}"
# A permit that an earlier agent sent and nobody has read yet must not follow a stop: a closed connection is read no further,
# and a revoked uid is never permitted, also when the guard was idle and this agent had sent no permit. Each alone is enough.
idle=(after idle-is-revoked-too 'if (!e->term.permit_proof_usec && e->guard.linked && !e->guard.fact.permit && e->guard.fact.unit == UNIT_STOPPED) e->term.revoke_sent = true, e->term.stop = STOP_CONFIRMED;')
old=(
        body guard_connect 'struct host *o = &w->hosts[h]; for (unsigned i = 0; i < o->n_queue; i++) o->queue[i].tenure |= 2; o->eof = 0;'
        value tenure-of-the-message 'm.tenure & 1'
        statement new-messages-come-last 'unsigned at = 0; while (at < o->n_queue && !(o->queue[at].tenure & 2)) at++; memmove(o->queue + at + 1, o->queue + at, (size_t)(o->n_queue++ - at) * sizeof(m)); o->queue[at] = m;'
)
links="--no-invariant --agents 1 --tenure life --states 1500000 --humans 1 --only freeze-guard,kill-agent"
mutant no-revoke-when-idle harmless "$links --faults 2" "${idle[@]}"
mutant old-connection-still-read harmless "$links --faults 2" "${old[@]}"
mutant old-connection-still-read-and-no-revoke-when-idle caught "$links --faults 3" "${idle[@]}" "${old[@]}"
mutant no-binds-to caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" \
        drop guard-gone-stops-the-unit
mutant binds-to-without-after caught "$lease --faults 2 --humans 0 --only kill-guard,kill-agent" \
        operand bound-unit-waits-for-the-guard 3 '(o->loose || o->gate)'

# ---- claims ----

mutant claim-not-on-disk caught "$life --faults 1 --humans 0" \
        after claims-outlive-the-agent 'memset(g->claims, 0, sizeof(g->claims));'
mutant only-the-last-claim-kept caught "--no-invariant --tenure life --states 3000000 --faults 2 --humans 0 --only slow,kill-agent" \
        after claims-are-added 'memset(g->claims[slot], 0, sizeof(g->claims[slot]));'
forgotten=(after claims-stay-after-an-answer 'if (answer->result == RESULT_EXISTS) memset(g->claims[slot], 0, sizeof(g->claims[slot]));')
mutant claim-forgotten-at-409 caught "--no-invariant --tenure life --states 3000000 --faults 2 --humans 0 --only slow,hold,kill-agent" \
        "${forgotten[@]}"
mutant own-post-sent-twice-taken-for-anothers caught "--no-invariant --agents 1 --tenure life --faults 1 --humans 0 --only twice" \
        "${forgotten[@]}"
# In this world what runs under a permit runs under the lock of that permit: lost claims leave that lock in place, and nothing
# starts the unit without a gate. (A unit started by hand: rows of test_supervise and test_election_unit, unit_runs_already.)
mutant running-unit-taken-for-a-claim harmless "$life --faults 2 --humans 0 --only kill-agent,lose-state" \
        operand own-by-claim-and-boot 3 '(@ || e->guard.fact.permit)'
# Two claims of one lock must live at once for the loss of the older to matter: a POST that lands twice.
mutant claims-overwritten-in-place caught "--no-invariant --agents 1 --tenure life --faults 2 --humans 1 --only twice,tear" \
        drop torn-write
mutant claim-counts-though-its-write-failed caught "--no-invariant --agents 1 --tenure life --faults 2 --humans 0 --only no-claim,hold,kill-agent" \
        value claim-is-on-disk true

# ---- enrolment ----

# One that runs past the gate beside a lock that is held elsewhere, and is enrolled again, runs on.
mutant unit-beside-a-leader-left caught "$life --faults 1 --humans 1 --only unenrol" \
        drop evict-where-it-is-held-elsewhere
mutant unit-stopped-that-is-not-enrolled caught "$life --faults 1 --humans 0 --only unenrol" \
        condition eviction-needs-the-gate-in-force false
# The agent evicts only where the guard said that there is no permit, and a permit that it sends later comes later.
mutant evicted-under-a-permit harmless "$life --faults 1 --humans 1 --only unenrol" \
        condition no-eviction-under-a-permit false
# The unit is started past the gate while its host is about to lead.
mutant taken-over-without-the-gate caught "--no-invariant --agents 1 --tenure life --faults 1 --humans 0 --only unenrol" \
        value permit-needs-the-gate-in-force GUARD_OK
# No two units run, but the lock goes round and round: the host that cannot use it takes it again and again.
mutant unfit-candidate-competes livelock "$life --faults 2 --humans 0 --only unenrol,unit-exit" \
        condition unfit-stays-out false
mutant mended-unit-not-told caught "--no-invariant --agents 1 --tenure life --faults 1 --humans 1 --only unenrol" \
        drop unfit-is-told

# ---- files of the guard that cannot be written ----

# A lock that no permit can be given for: in life tenure it stays held.
mutant full-host-competes caught "$life --faults 1 --humans 1 --only fill" \
        value full-is-unfit '!ev->reading.start_ok'
# Nobody answers: the lease is renewed for a unit that never starts.
mutant failed-permit-unanswered caught "--no-invariant --tenure lease --states 3000000 --faults 1 --humans 0 --only fill" \
        drop failed-permit-is-refused
mutant unrecorded-revoke-forgotten caught "$life --faults 2 --humans 0 --only fill,unit-exit" \
        statement unrecorded-is-kept 's->unrecorded = 0;'
# The next guard takes up the file that is left, and its uid was never recorded.
mutant permit-on-disk-forgotten caught "--no-invariant --tenure life --states 3000000 --faults 2 --humans 0 --only trip,kill-guard" \
        operand permit-on-disk-is-in-force 2 true
# A host that can record nothing can start nothing either.
mutant released-though-unrecorded harmless "--no-invariant --agents 1 --leading --tenure life --faults 3 --humans 0 --only fill,unit-exit,kill-agent" \
        statement unrecorded-is-kept 's->unrecorded = 0;' operand only-a-recorded-revoke-counts 3 false

# ---- a host that sleeps while its guard hangs ----

# PID 1 ends the guard when the host is awake again: the unit's own stop is no bound then, another one runs already.
mutant unit-not-reaped-with-the-guard caught "$lease --faults 2 --humans 0 --only suspend-hung,freeze-guard" \
        drop reaped-past-the-second-instant

# ---- jobs that wait for ever ----

mutant waiting-start-keeps-the-lock caught "$life --faults 1 --humans 1 --only jam" \
        operand waiting-job-is-replaced 2 '!r->job && (r->active == SUPERVISE_ACTIVE || r->active == SUPERVISE_ACTIVATING)'
mutant waiting-stop-keeps-the-lock caught "$life --faults 2 --humans 0 --only jam,unit-exit" \
        argument stop-of-the-dead-waits-for-nobody 3 false
# … a stop that hangs: the permit waits for its end, and so does the lock.
mutant hanging-stop-keeps-the-lock caught "--no-invariant --agents 1 --tenure lease --faults 2 --humans 1 --only unenrol,hang" \
        operand going-is-not-waited-for-under-a-lock 2 false

# ---- two locks on one placeholder ----

two='--no-invariant --two --leading --tenure lease --humans 0'
# The second lock's wait begins anew when its candidate sees the placeholder gone: later, not wrong.
mutant swap-not-shared harmless "$two --faults 1 --only end-agent" \
        drop one-swap-for-all-locks
# The other lock's renewals keep a lock alive that this host takes for somebody else's.
mutant claims-lost-beside-a-shared-placeholder caught "$two --agents 1 --faults 2 --only kill-agent,lose-state" \
        condition unclaimed-is-read-again false
mutant lost-claims-left-to-others caught "$two --agents 1 --faults 2 --only kill-agent,lose-state" \
        value claims-gone-beside-a-living-placeholder false \
        condition unclaimed-is-read-again false

# ---- agents that never come back ----

mutant gone-agent-keeps-its-lease caught "$lease --faults 1 --humans 0 --only end-agent" \
        condition only-leases-are-waited-out false

# ---- clones, lost state ----

mutant lease-lock-adopted-without-the-boot-check caught "$lease --clone --faults 1 --humans 0 --only clone" \
        operand own-by-claim-and-boot 4 true \
        operand mine-by-claim-and-boot 2 true
mutant taken-lease-renewed caught "$lease --agents 1 --faults 2 --humans 0 --only kill-agent,lose-state" \
        value mine-by-claim-and-boot true \
        condition only-a-term-renews '@ || w->needed' \
        condition unclaimed-is-read-again false
mutant life-lock-led-without-the-boot-check caught "--leading --tenure life --clone --faults 1 --humans 0 --only clone" \
        condition other-boot-is-adopted-first false \
        condition other-boot-ends-the-term false

# In this world no host is copied with its memory (check-holes has them, and rows of test_election_lease).
mutant lock-of-a-copy-with-memory-removed harmless "$lease --faults 1 --humans 0 --only kill-agent" \
        condition rival-keeps-its-lock false \
        value expired-is-proven-before-it-is-removed 0

# ---- who may free what ----

mutant life-lock-deposed-like-a-lease caught "--no-invariant --tenure life --faults 0 --humans 0" \
        condition only-leases-are-waited-out true \
        operand deposes-what-it-waited-for 2 false
mutant challenger-leaves-the-mark-to-the-collector caught "$lease --faults 1 --humans 0 --only crash --no-gc" \
        drop deposing-marks-by-uid
mutant own-dying-placeholder-not-cleared caught "--no-invariant --agents 1 --tenure lease --faults 0 --humans 1 --no-gc" \
        statement own-dying-is-cleared 'break;'
mutant restore-in-lease-and-strip-whatever-it-names caught "$lease --faults 1 --humans 1 --only slow,hold" \
        condition lease-is-never-restored false \
        condition lease-keeps-its-placeholder false \
        operand deposes-what-it-waited-for 4 false \
        argument release-by-version 4 0 \
        argument strip-by-version 4 0

# ---- the link between agent and guard ----

crowded="--no-invariant --leading --tenure life --states 6000000 --crowded --faults 2 --humans 1 --only break-link,freeze-guard,freeze-agent"
mutant newest-request-supersedes-a-revoke caught "$crowded" \
        condition revoke-is-never-superseded 'm->uid != waiting->uid' \
        value newer-of-its-kind-supersedes true
mutant newest-reply-supersedes-a-final-answer caught "$crowded" \
        condition final-is-kept 'r->about == f->about'

# ---- how a unit ended ----

# A job would run twice, and what waits for a human would not wait.
mutant ended-unit-is-started-again caught "$life --faults 2 --humans 0 --only unit-exit,unit-end,kill-guard" \
        condition ended-is-not-started-again false
# Under a lease the next guard takes what PID 1 says for the stop that came with the guard before it.
mutant end-is-not-noted caught "$lease --faults 2 --humans 0 --only unit-exit,unit-end,kill-guard" \
        condition end-is-noted false

# ---- several units under one permit ----

list='--list --tenure lease --faults 1 --humans 0'
mutant permits-all-of-a-list-at-once caught "$list" \
        condition one-after-the-other false
mutant permit-beside-a-stop caught "$list" \
        statement no-permit-beside-a-stop 'continue;'
mutant list-outlasts-a-stop caught "$list" \
        condition list-ends-together false
mutant list-is-stopped-with-its-first caught "$list" \
        condition each-was-seen-stopped u-\>revoke_waits
mutant list-stops-unsaid caught "$list" \
        condition stopped-when-all-are false
mutant list-fails-unsaid caught "$list" \
        condition one-failed-all-failed false
mutant list-ends-unsaid caught "$list" \
        condition one-ended-all-ended false
mutant timer-before-its-job caught "$list --triggered" \
        condition triggered-first false
mutant guard-starts-a-job-of-a-timer caught "$list --triggered" \
        condition trigger-starts-it false
