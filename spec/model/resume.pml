/*
 * The resume protocol: clients that lose connections and answers, a server that loses its power, one upload.
 * What is modelled, what is not and how to run it: README.md.
 *
 * A unit stands for a run of the file's bytes; an upload has LENGTH of them. Clients have a version of the file each.
 * Requests live in slots of the server: one whose client is gone lives on until the server notices or it is taken over.
 */

#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef VERSIONS
#define VERSIONS 2
#endif
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef LENGTH
#define LENGTH 2
#endif
#define NONE 255

#define UNIT(version, place) ((version) * LENGTH + (place))
#define UNITS (VERSIONS * LENGTH)

/* ---- What survives a power cut: the ledger, the record of a finished file, chunk files whose names are durable. */
byte offset = 0;                /* the ledger's row of the upload */
byte entry[LENGTH];             /* and its entries: which unit stands where */
bool complete = 0;
bool recorded = 0;              /* the file record is durable */
#define ABSENT 0
#define NAMED 1                 /* the bytes are durable, the name may go with the power */
#define DURABLE 2
byte file[UNITS];

/* ---- The server's memory. */
bool sound = 0;                 /* its chunk files were looked for since the start */
byte holder = NONE, waiter = NONE;
#define FREE 0
#define ARRIVED 1
#define WAITING 2
#define HOLDING 3               /* has the lease, has not looked yet */
#define RECEIVING 4
#define FINISHING 5             /* the body has ended, the rest is made durable */
#define SEALING 6
#define ANSWERED 7              /* until the client has taken the answer */
byte state[SLOTS];
bool attached[SLOTS];           /* the client still has the connection */
bool isDry[SLOTS];              /* it is gone, and nothing more comes of what it had sent */
bool isQuestion[SLOTS];
bool revoked[SLOTS];
byte version[SLOTS];            /* of the body, and of the prefix the client believes in */
byte from[SLOTS];               /* where the client says that its body starts */
byte base[SLOTS];               /* where the upload ended when the request looked */
byte received[SLOTS];           /* places in the upload: what has arrived, */
byte batch[SLOTS];              /* what is being made durable, */
byte kept[SLOTS];               /* what the ledger has committed */
#define ASKED 3
#define COMMITTED 4
byte step[SLOTS];               /* of the batch: 0 none, its files NAMED, DURABLE, the ledger ASKED, COMMITTED */
#define WHOLE 1
#define CUT 2
#define TAKEN 3
byte ending[SLOTS];

/* Answers. */
#define OFFSET 1                /* to a question */
#define OK 2
#define MISMATCH 3
#define DIFFERENT 4             /* another file's prefix */
#define TAKENOVER 5
#define BROKEN 6                /* none: the connection broke */
byte answer[SLOTS];
byte told[SLOTS];

/* ---- What we watch. */
byte acknowledged = 0;          /* the highest offset ever told to a client */
bool isSettled[SLOTS];          /* a question that came later was answered: it may move nothing any more */
bool finished = 0;              /* the first client knows that it is done */
#ifdef LOSSES
byte losses = LOSSES;           /* connections that may break */
#define MAY_BREAK losses > 0
#define BREAKS losses--
#else
#define MAY_BREAK true
#define BREAKS skip
#endif
#ifdef PROGRESS
#define MAY_ASK !knows          /* clients that mean to get on do not ask for ever, */
#define PERSISTS first          /* and only the first goes on when another took over: two would take turns for ever */
#else
#define MAY_ASK true
#define PERSISTS true
#endif
#ifdef CRASHES
byte crashes = CRASHES;
#endif
#ifdef CHUNK_LOSS
bool wasLost = 0;
#endif

byte i;                         /* only inside atomic steps, and 0 after each */

/* Every acknowledged unit is in the ledger, and every unit in the ledger is durable and stands where it belongs, in one
   version of the file; a complete file is whole and has its record. */
inline check() {
    assert(offset >= acknowledged);
    assert(!complete || (offset == LENGTH && recorded));
    i = 0;
    do
    :: i < offset ->
        assert(entry[i] % LENGTH == i);
        assert(entry[i] / LENGTH == entry[0] / LENGTH);
#ifndef CHUNK_LOSS
        assert(file[entry[i]] == DURABLE);
#endif
        i++
    :: else -> break
    od;
    i = 0
}

inline acknowledge(place) {
    if :: place > acknowledged -> acknowledged = place :: else fi
}

/* ---- Leases (LeaseTable): one holder, one waiter; the newest request wins. */

inline ask_lease(r) {
    if
    :: holder == NONE -> holder = r; state[r] = HOLDING
    :: else ->
        if
        :: waiter != NONE -> reply(waiter, TAKENOVER, 0)
        :: else
        fi;
        waiter = r;
        state[r] = WAITING;
#ifndef NO_REVOKE
        revoked[holder] = 1;
#endif
#ifdef NO_WAIT
        holder = r; waiter = NONE; state[r] = HOLDING
#endif
    fi
}

inline release(r) {
    if
    :: holder == r ->
        holder = NONE;
#ifndef WAITER_FORGOTTEN
        holder = waiter;
        if :: holder != NONE -> state[holder] = HOLDING :: else fi;
#endif
        waiter = NONE
    :: else
    fi
}

/* Forgets everything about a request but its answer. */
inline vacate(r) {
    isDry[r] = 0; isQuestion[r] = 0; revoked[r] = 0; version[r] = 0; from[r] = 0; base[r] = 0; received[r] = 0; batch[r] = 0;
    kept[r] = 0; step[r] = 0; ending[r] = 0; isSettled[r] = 0
}

/* The answer leaves the server; who is there to take it is another matter. */
inline reply(r, code, place) {
    if
    :: attached[r] -> state[r] = ANSWERED; answer[r] = code; told[r] = place
    :: else -> state[r] = FREE
    fi;
    vacate(r)
}

/* ---- A request, one step at a time. A power cut frees the slot, whatever step comes next. */

/* Looks at the upload, under the lease: derived, not counted. */
inline look(r) {
#ifndef NO_SOUND_CHECK
    if
    :: !sound && !complete ->
        i = 0;
        do
        :: i < offset && file[entry[i]] == DURABLE -> i++
        :: else -> break
        od;
        offset = i;
        i = 0
    :: else
    fi;
#endif
    sound = 1;
#ifndef STALE_READ
    base[r] = offset;
#endif
    if
    :: isQuestion[r] -> answer_question(r)
    :: else ->
        if
#ifdef NO_OFFSET_CHECK
        :: from[r] != base[r] && complete ->
#else
        :: from[r] != base[r] ->
#endif
            acknowledge(base[r]); release(r); reply(r, MISMATCH, base[r])
#ifndef NO_PREFIX_CHECK
        :: from[r] == base[r] && base[r] > 0 && entry[0] / LENGTH != version[r] ->
            release(r); reply(r, DIFFERENT, 0)
#endif
        :: else ->
            received[r] = base[r]; kept[r] = base[r]; batch[r] = base[r];
            if
            :: complete -> acknowledge(base[r]); release(r); reply(r, OK, LENGTH)
            :: else -> state[r] = RECEIVING
            fi
        fi
    fi
}

/* From now on no request that came before this question may move the offset; only one that waits came later. */
inline answer_question(r) {
    i = 0;
    do
    :: i < SLOTS ->
        if :: i != r && i != waiter && state[i] > WAITING && state[i] != ANSWERED -> isSettled[i] = 1 :: else fi;
        i++
    :: else -> break
    od;
    i = 0;
    acknowledge(offset);
    release(r);
    reply(r, OFFSET, offset)
}

inline end_body(r, how) { state[r] = FINISHING; ending[r] = how }

#define ARE_ALL_HERE(r) (received[r] - base[r] == LENGTH - from[r] || received[r] == LENGTH)

/* The ledger's transaction: the row now stands as the request has it, with the entries of its batch. */
inline write_row(r) {
    i = kept[r];
    do
    :: i < batch[r] -> entry[i] = UNIT(version[r], from[r] + (i - base[r])); i++
    :: else -> break
    od;
    i = 0;
    offset = batch[r];
    assert(!isSettled[r])
}

inline set_files(r, how) {
    i = kept[r];
    do
    :: i < batch[r] ->
        if
        :: file[UNIT(version[r], from[r] + (i - base[r]))] < how ->
            file[UNIT(version[r], from[r] + (i - base[r]))] = how
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

#ifdef LEDGER_FIRST
#define BEFORE_LEDGER NAMED
#else
#define BEFORE_LEDGER DURABLE
#endif

proctype Request(byte r) {
end:
    do
    /* Comes. */
    :: atomic { state[r] == ARRIVED ->
#ifdef STALE_READ
        base[r] = offset;
#endif
#ifdef ASK_LOOKS
        if
        :: isQuestion[r] -> answer_question(r)
        :: else -> ask_lease(r)
        fi
#else
        ask_lease(r)
#endif
        }
    :: atomic { state[r] == HOLDING -> look(r) }

    /* Receives: what the client has sent may come, also after it has gone. */
    :: atomic { state[r] == RECEIVING && !isDry[r] && !ARE_ALL_HERE(r) -> received[r]++ }
    :: atomic { state[r] == RECEIVING && !isDry[r] && !attached[r] -> isDry[r] = 1 }
    :: atomic { state[r] == RECEIVING && ARE_ALL_HERE(r) -> end_body(r, WHOLE) }
    :: atomic { state[r] == RECEIVING && revoked[r] ->
        end_body(r, TAKEN);
#ifdef TAKEN_FORGETS
        received[r] = base[r]; kept[r] = base[r]; batch[r] = base[r]; step[r] = DURABLE
#endif
        }
#ifndef HALF_OPEN
    :: atomic { state[r] == RECEIVING && isDry[r] -> end_body(r, CUT) }
#endif

    /* Makes a batch durable while more is received: bytes, names, directories, ledger. */
    :: atomic { (state[r] == RECEIVING || state[r] == FINISHING) && step[r] == 0 && kept[r] < received[r] ->
        batch[r] = received[r]; step[r] = NAMED; set_files(r, NAMED) }
    :: atomic { step[r] == NAMED && BEFORE_LEDGER == DURABLE -> step[r] = DURABLE; set_files(r, DURABLE) }
    :: atomic { step[r] == BEFORE_LEDGER && state[r] != SEALING ->
        step[r] = ASKED;
#ifdef RELEASE_EARLY
        if :: state[r] == FINISHING && kept[r] < LENGTH && ending[r] != WHOLE -> release(r) :: else fi
#endif
        }
    :: atomic { step[r] == COMMITTED && state[r] != SEALING ->
        kept[r] = batch[r]; step[r] = 0;
        acknowledge(kept[r])                              /* 104: told while the body still comes */
        }
#ifdef ACK_EARLY
    :: atomic { state[r] == RECEIVING && kept[r] < received[r] -> acknowledge(received[r]); check() }
#endif

    /* Ends. */
    :: atomic { state[r] == FINISHING && step[r] == 0 && kept[r] == received[r] ->
        if
        :: ending[r] == WHOLE -> state[r] = SEALING
#ifdef CUT_COMPLETES
        :: ending[r] == CUT -> state[r] = SEALING
#endif
        :: ending[r] == TAKEN -> release(r); reply(r, TAKENOVER, 0)
#ifndef CUT_COMPLETES
        :: ending[r] == CUT -> release(r); reply(r, BROKEN, 0)
#endif
        fi }
#ifdef SEAL_FIRST
    :: atomic { state[r] == SEALING && step[r] == 0 -> step[r] = ASKED }
    :: atomic { state[r] == SEALING && step[r] == COMMITTED ->
        recorded = 1; check(); acknowledge(kept[r]); release(r); reply(r, OK, LENGTH) }
#else
    :: atomic { state[r] == SEALING && step[r] == 0 -> recorded = 1; step[r] = ASKED }
    :: atomic { state[r] == SEALING && step[r] == COMMITTED ->
        acknowledge(kept[r]); release(r); reply(r, OK, LENGTH) }
#endif
    od
}

/* Commits whatever is asked of it, all in one transaction; who asked hears of it later. */
proctype Ledger() {
    byte r = 0;
end:
    do
    :: atomic { (step[0] == ASKED || step[1] == ASKED || (SLOTS > 2 && step[SLOTS - 1] == ASKED)) ->
        r = 0;
        do
        :: r < SLOTS ->
            if
            :: step[r] == ASKED ->
                if
                :: state[r] == SEALING -> complete = 1; offset = kept[r]; assert(!isSettled[r])
                :: else -> write_row(r)
                fi;
                step[r] = COMMITTED
            :: else
            fi;
            r++
        :: else -> break
        od;
        r = 0;
#ifndef SEAL_FIRST
        check()
#endif
        }
    od
}

#ifdef CHUNK_LOSS
/* Somebody removed a chunk: what was acknowledged behind it is not there any more, and only that may fall. */
inline lose(unit) {
    if
    :: acknowledged > unit % LENGTH -> acknowledged = unit % LENGTH
    :: else
    fi
}
#endif

/* The power goes, at any moment, and comes back: memory is empty, connections are broken, names that were not synced are
   there or not. */
proctype Power() {
    byte k = 0;
end:
    do
    :: atomic {
#ifdef CRASHES
        crashes > 0 -> crashes--;
#endif
        holder = NONE; waiter = NONE; sound = 0;
        k = 0;
        do
        :: k < SLOTS ->
            if
            :: state[k] != FREE && state[k] != ANSWERED -> reply(k, BROKEN, 0)
            :: else
            fi;
            k++
        :: else -> break
        od;
        k = 0;
        do
        :: k < UNITS ->
            if
            :: file[k] == NAMED -> if :: file[k] = ABSENT :: file[k] = DURABLE fi
#ifdef CHUNK_LOSS
            :: file[k] == DURABLE && !wasLost && !complete -> wasLost = 1; file[k] = ABSENT; lose(k)
#endif
            :: else
            fi;
            k++
        :: else -> break
        od;
        k = 0;
#ifdef FORGETS
        if :: complete -> complete = 0; offset = 0 :: else fi;
#endif
        check() }
    od
}

/* Who hears that the file is complete has all of its own file there. */
inline done() {
    assert(complete && offset == LENGTH && recorded);
    i = 0;
    do
    :: i < LENGTH ->
        assert(entry[i] == UNIT(mine, i));
        assert(file[entry[i]] == DURABLE);
        i++
    :: else -> break
    od;
    i = 0;
    finished = finished || first;
    answer[r] = 0; told[r] = 0; r = NONE
}

/* ---- A client: asks, believes the answer, sends the rest, asks again. */
proctype Client(byte mine; bool first) {
    byte believed = 0, r = NONE;
    bool knows = 1;                                       /* whether it need not ask: at first it sends from zero */
    do
    :: atomic { (state[0] == FREE || state[1] == FREE || state[SLOTS - 1] == FREE) ->
        if
        :: state[0] == FREE -> r = 0
        :: state[0] != FREE && state[1] == FREE -> r = 1
        :: else -> r = SLOTS - 1
        fi;
        state[r] = ARRIVED; attached[r] = 1; version[r] = mine;
        if
        :: MAY_ASK -> isQuestion[r] = 1
        :: knows -> from[r] = believed
        fi }
        if
        :: atomic { state[r] == ANSWERED ->
            state[r] = FREE; attached[r] = 0; believed = 0; knows = 0;
            if
            :: answer[r] == OFFSET || answer[r] == MISMATCH -> believed = told[r]; knows = 1
            :: answer[r] == OK -> done(); break
            :: answer[r] == DIFFERENT -> break            /* another file has the name */
            :: answer[r] == TAKENOVER && PERSISTS -> skip
#ifdef PROGRESS
            :: answer[r] == TAKENOVER && !PERSISTS -> break
#else
            :: answer[r] == TAKENOVER -> break
#endif
            :: answer[r] == BROKEN -> skip
            fi;
            answer[r] = 0; told[r] = 0; r = NONE }
        /* The connection breaks, perhaps with the answer on it. */
        :: atomic { MAY_BREAK ->
            BREAKS;
            if :: state[r] == ANSWERED -> state[r] = FREE; answer[r] = 0; told[r] = 0 :: else fi;
            attached[r] = 0; believed = 0; knows = 0; r = NONE }
        fi
    od
}

init {
    byte c = 0;
    atomic {
        do :: c < SLOTS -> run Request(c); c++ :: else -> break od;
        c = 0;
        run Ledger();
        run Power();
        do :: c < CLIENTS -> run Client(c % VERSIONS, c == 0); c++ :: else -> break od
    }
}

#ifdef PROGRESS
ltl progress { <> finished }
#endif
