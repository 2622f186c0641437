/*
 * Reclaiming on disk: uploads that bring one chunk or refer to it, a collector that takes it away when nothing does, and
 * power that goes at any moment. What is modelled, what is not and how to run it: README.md.
 */

#ifndef UPLOADS
#define UPLOADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2                /* how often an upload begins anew */
#endif

/* ---- What survives a power cut. */
#define NONE 0
#define BAD 1                   /* a name of bytes that are not the chunk's */
#define GOOD 2
#define CACHED 3                /* looks good, and its bytes are lost with the power */
byte durable = NONE;            /* what has the chunk's name once the power is back, unless the next is true already */
#define LIVE 1
#define CONDEMNED 2
byte row = NONE;                /* the ledger's row of the chunk */
bool refers[UPLOADS];           /* an entry of the upload refers to it */

/* ---- The server's memory. */
byte visible = NONE;            /* what has the chunk's name now */
byte holders = 0;               /* requests that hold the chunk */
bool closed = 0;                /* the collector has it */

#define IDLE 0
#define NAMING 1                /* asks whether the chunk is known */
#define WAITING 2               /* has the bytes, to be brought in */
#define HELD 3
#define WRITTEN 4
#define SYNCED 5
#define NAMED 6
#define STANDING 7              /* a good copy has the name already */
#define READY 8                 /* the name is durable */
#define REFERRED 9              /* the ledger has committed */
#define KEPT 10                 /* the client knows */
byte state[UPLOADS];
bool isHolding[UPLOADS];
bool hint[UPLOADS];

#define CLOSED 1
#define DOOMED 2                /* condemned, or a stray, under the lock */
#define REMOVED 3
#define GONE 4                  /* durably */
byte collector = IDLE;
#define UNREFERENCED 1
#define LEFTOVER 2              /* condemned by an earlier run */
#define STRAY 3                 /* a file without a row */
byte why = 0;                   /* what the collector believes the chunk is */

/* ---- What we watch. */
bool acknowledged[UPLOADS];
byte round[UPLOADS];
#ifdef CRASHES
byte crashes = CRASHES;
byte failures = 1;
#define MAY_FAIL failures > 0
#define FAILS failures--
#else
#define MAY_FAIL true
#define FAILS skip
#endif

#define IS_REFERRED (refers[0] || refers[1])
#define LOOKS_GOOD (visible == GOOD || visible == CACHED)

/* Whatever refers to the chunk finds it, now and when the power comes back; what was acknowledged is referred to. */
inline check() {
    assert(!IS_REFERRED || (visible == GOOD && durable == GOOD));
    assert(!IS_REFERRED || row != NONE);
    assert(!acknowledged[0] || refers[0]);
    assert(!acknowledged[1] || refers[1])
}

inline hold(u) { holders++; isHolding[u] = 1 }
inline let_go(u) { if :: isHolding[u] -> holders--; isHolding[u] = 0 :: else fi }

#ifdef BYTES_NOT_SYNCED
#define OURS CACHED
#else
#define OURS GOOD
#endif

/* A request, one step at a time. */
proctype Upload(byte u) {
end:
    do
    /* Begins: names the chunk, in the hope that it is known, or brings it at once. */
    :: atomic { state[u] == IDLE && round[u] < ROUNDS ->
        round[u]++;
        if :: state[u] = NAMING :: state[u] = WAITING fi }

    /* Naming: what is known is a hint, the ledger's transaction decides, by the row alone. */
    :: atomic { state[u] == NAMING && !hint[u] && row == LIVE -> hint[u] = 1 }
    :: atomic { state[u] == NAMING && !hint[u] && row != LIVE -> state[u] = WAITING }
    :: atomic { state[u] == NAMING && hint[u] ->
        hint[u] = 0;
        if
#ifdef HINT_DECIDES
        :: row != NONE -> refers[u] = 1; state[u] = REFERRED
        :: row == NONE -> state[u] = WAITING
#else
        :: row == LIVE -> refers[u] = 1; state[u] = REFERRED
        :: row != LIVE -> state[u] = WAITING
#endif
        fi;
        check() }

    /* Bringing: hold, look, write, sync, name, sync the directory, commit, let go. */
    :: atomic { state[u] == WAITING && !closed ->
#ifndef HOLD_LATE
        hold(u);
#endif
        state[u] = HELD }
    :: atomic { state[u] == HELD ->
        if
        :: LOOKS_GOOD -> state[u] = STANDING
        :: else -> state[u] = WRITTEN
        fi }
    :: atomic { state[u] == WRITTEN -> state[u] = SYNCED }
    :: atomic { state[u] == SYNCED ->                     /* link, or put in the place of what is bad */
        if
        :: LOOKS_GOOD -> state[u] = STANDING
        :: else -> visible = OURS; state[u] = NAMED
        fi }
    :: atomic { state[u] == NAMED -> durable = visible; state[u] = READY; check() }
    :: atomic { state[u] == STANDING ->
#ifndef STANDING_TRUSTED
        durable = visible;
#endif
        state[u] = READY; check() }
#ifdef HOLD_LATE
#define MUST_HOLD true
    :: atomic { state[u] == READY && !isHolding[u] && !closed -> hold(u) }
#else
#define MUST_HOLD false
#endif
#ifdef RELEASE_EARLY
    :: atomic { state[u] == READY && isHolding[u] -> let_go(u) }
#endif
    :: atomic { state[u] == READY && (isHolding[u] || !MUST_HOLD) ->
#ifdef PLACE_KEEPS_STATE
        if :: row == NONE -> row = LIVE :: else fi;
#else
        row = LIVE;
#endif
        refers[u] = 1; state[u] = REFERRED;
        check() }
    /* The body was not what was said of it, or the client has gone: the chunk is left behind. */
    :: atomic { state[u] == READY -> let_go(u); state[u] = IDLE }

    :: atomic { state[u] == REFERRED -> let_go(u); acknowledged[u] = 1; state[u] = KEPT; check() }
    /* Another upload's entry is copied in a transaction: it stands there, or it does not. */
    :: atomic { state[u] == NAMING && refers[1 - u] -> hint[u] = 0; refers[u] = 1; state[u] = REFERRED; check() }
    /* The upload is cancelled or expires: its references go. */
    :: atomic { state[u] == KEPT -> acknowledged[u] = 0; refers[u] = 0; state[u] = IDLE }
    od
}

#ifdef NO_CLOSE
#define IS_FREE true
#else
#define IS_FREE holders == 0
#endif

inline open() { closed = 0; collector = IDLE; why = 0 }

/* One run after the other, each for one reason. */
proctype Collector() {
end:
    do
    /* A list, read some time ago. */
    :: atomic { collector == IDLE && why == 0 && row == LIVE && !IS_REFERRED -> why = UNREFERENCED }
#ifndef NO_FINISH
    :: atomic { collector == IDLE && why == 0 && row == CONDEMNED -> why = LEFTOVER }
#endif
#ifndef NO_STRAYS
    :: atomic { collector == IDLE && why == 0 && row == NONE && visible != NONE -> why = STRAY }
#endif

    /* Closes it, unless somebody holds it; waits for nobody. */
    :: atomic { collector == IDLE && why != 0 ->
        if
        :: IS_FREE ->
#ifndef NO_CLOSE
            closed = 1;
#endif
            collector = CLOSED
        :: !(IS_FREE) -> why = 0
        fi }

    /* Under the lock: condemned in a transaction that sees no reference; or seen once more to be what it was. */
    :: atomic { collector == CLOSED && why == UNREFERENCED ->
        if
#ifdef COUNTED_BEFORE
        :: row == LIVE ->
#else
        :: row == LIVE && !IS_REFERRED ->
#endif
            row = CONDEMNED; collector = DOOMED
        :: row == CONDEMNED -> collector = DOOMED
        :: else -> open()
        fi }
    :: atomic { collector == CLOSED && why == LEFTOVER ->
        if
#ifdef LEFTOVER_NOT_READ_AGAIN
        :: true -> collector = DOOMED
#else
        :: row == CONDEMNED -> collector = DOOMED
        :: row != CONDEMNED -> open()
#endif
        fi }
    :: atomic { collector == CLOSED && why == STRAY ->
        if
#ifdef STRAY_NOT_READ_AGAIN
        :: true -> collector = DOOMED
#else
        :: row == NONE -> collector = DOOMED
        :: row != NONE -> open()
#endif
        fi }
#ifdef RENAMED_FIRST
    :: atomic { collector == CLOSED && why == UNREFERENCED && visible != NONE -> visible = NONE; check() }
#endif
#ifdef OPENED_EARLY
    :: atomic { collector == DOOMED && closed -> closed = 0 }
#endif

    /* Aside into the trash, both directories synced, the row dropped, open again. */
    :: atomic { collector == DOOMED -> visible = NONE; collector = REMOVED; check() }
    :: atomic { collector == REMOVED -> durable = visible; collector = GONE; check() }
    :: atomic { collector == GONE ->
        if
        :: row == CONDEMNED -> row = NONE; open()
        :: else -> open()                                 /* a stray has none; a row that is not condemned is not dropped */
        fi;
        check() }

    /* A step fails: the run ends, and what it had done stays done. */
    :: atomic { MAY_FAIL && collector != IDLE -> FAILS; open() }
    od
}

/* The power goes at any moment, and comes back. A name that was not synced is there or not, a removal as well. */
proctype Power() {
    byte u = 0;
end:
    do
    :: atomic {
#ifdef CRASHES
        crashes > 0 -> crashes--;
#endif
        if
        :: visible = durable
        :: durable = visible
        fi;
        if
        :: visible == CACHED -> visible = BAD; durable = BAD
        :: else
        fi;
        holders = 0; closed = 0; collector = IDLE; why = 0;
        u = 0;
        do
        :: u < UPLOADS ->
            isHolding[u] = 0; hint[u] = 0;
            if
            :: refers[u] -> state[u] = KEPT               /* its client asks, and hears of it */
            :: else -> state[u] = IDLE
            fi;
            u++
        :: else -> break
        od;
        u = 0;
#ifdef START_TRUSTS
        if :: row == CONDEMNED -> row = LIVE :: else fi;
#endif
        check() }
    od
}

#ifdef COLLECTABLE
/* Time goes on when nothing else does. */
bool isTick = 0;
proctype Time() { do :: isTick = !isTick od }
#endif

init {
    atomic {
#ifdef COLLECTABLE
        run Time();
#endif
        run Upload(0); run Upload(1); run Collector(); run Power()
    }
}

#ifdef COLLECTABLE
/* When the last upload has ended and nothing fails any more, nothing is left: no name, no row. A removal that was not
   synced may be undone by the power; then the name is a stray, and goes again. */
#define ARE_OVER (round[0] == ROUNDS && round[1] == ROUNDS && state[0] == IDLE && state[1] == IDLE)
ltl collectable { <> [] (ARE_OVER && visible == NONE && row == NONE) }
#endif
