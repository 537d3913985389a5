/* src/cache/table.ts, slot-io.ts, slab.ts: one slot, and two ways of the index that may point to it.
 * Held: a hit is never torn; a slot that is in use is what its way points to; a death leaves nothing locked and nothing lost.
 * A reader's plain reads come in any order, but not below the store that follows them (the fence). The checksum is left out: it is a second net.
 * Broken: NO_FENCE lets plain reads sink below the second read of the version; NO_SECOND_READ has none; SWEEP_EARLY sweeps a shard that is only
 * believed dead; OWNER_REUSED gives its number to a successor before the sweep; NO_SWEEP does not sweep; LATE_LINK unlocks before the way is set;
 * LOOKED_AT writes over an entry as if the way that led there were still the slot's. */
#define FREE(v) (((v) & 3) == 0)
#define NEXT(v) ((((v) & 252) + 4) & 63)
#define DEAD 1

byte ver = 0;             /* seq * 4 + owner */
byte d0 = 0, d1 = 0;      /* the message; 0: the slot is free */
bool way[2];              /* points to the slot */
bit own = 0;              /* the way that the slot names */
bool suspected = false, exited = false, swept = false;
byte resting = 0;

inline mayDieHere() {
  if
  :: mayDie -> exited = true; goto done
#ifdef SWEEP_EARLY
  :: mayDie -> suspected = true
#endif
  :: true
  fi
}

/* Over the entry that a way led to; else takes the slot (evicting what is in it), fills it, points an empty way to it. A busy slot is skipped. */
proctype Writer(byte me, value; bool mayDie) {
  byte v;
  bit at;
  bool isOver = false;
  if :: mayDie -> exited = true; goto done :: true fi;
  if
  :: way[0] -> at = 0; isOver = true
  :: way[1] -> at = 1; isOver = true
  :: true
  fi;
  v = ver;
  if :: !FREE(v) || (isOver && d0 == 0) -> goto done :: else fi;
  atomic { if :: ver == v -> ver = v | me :: else -> goto done fi };
  mayDieHere();
  if
  :: isOver ->
#ifndef LOOKED_AT
    at = own
#endif
  :: else ->
    /* Evicts: the way first, under the lock. */
    if :: d0 != 0 -> way[own] = false :: else fi;
    mayDieHere();
    /* Other entries may have either way; not that of this slot. */
    if :: at = 0 :: at = 1 fi
  fi;
  own = at;
  if
  :: d0 = value; mayDieHere(); d1 = value
  :: d1 = value; mayDieHere(); d0 = value
  fi;
  mayDieHere();
#ifdef LATE_LINK
  ver = NEXT(v);
  mayDieHere();
  if :: !isOver -> way[at] = true :: else fi;
#else
  if :: !isOver -> way[at] = true :: else fi;
  mayDieHere();
  ver = NEXT(v);
#endif
done:
  /* Forgets what it knew: fewer states. */
  atomic { v = 0; at = 0; isOver = false; resting++ }
}

/* Frees what it finds: eviction for another place, or remove. */
proctype Remover(byte me) {
  byte v;
  v = ver;
  if :: !FREE(v) || d0 == 0 -> goto done :: else fi;
  atomic { if :: ver == v -> ver = v | me :: else -> goto done fi };
  way[own] = false;
  d0 = 0; d1 = 0;
  ver = NEXT(v);
done:
  resting++
}

proctype Reader() {
  byte v1, v2, a, b;
  if :: !way[0] && !way[1] -> goto done :: else fi;
  v1 = ver;
  if :: !FREE(v1) -> goto done :: else fi;
#ifdef NO_FENCE
  if
  :: a = d0; b = d1; v2 = ver
  :: b = d1; v2 = ver; a = d0
  :: a = d0; v2 = ver; b = d1
  :: v2 = ver; a = d0; b = d1
  fi;
#else
  if
  :: a = d0; b = d1
  :: b = d1; a = d0
  fi;
  v2 = ver;
#endif
#ifdef NO_SECOND_READ
  v2 = v1;
#endif
  if :: v1 == v2 -> assert(a == b) :: else fi;
done:
  resting++
}

/* Main. Unlinks, frees, unlocks whatever carries the dead shard's number. */
proctype Sweeper() {
  byte v;
end:
  if
#ifdef SWEEP_EARLY
  :: suspected || exited ->
#else
  :: exited ->
#endif
#ifdef OWNER_REUSED
    atomic { resting--; run Writer(DEAD, 3, false) };
#endif
#ifndef NO_SWEEP
    v = ver;
    if
    :: (v & 3) == DEAD -> way[own] = false; d0 = 0; d1 = 0; ver = NEXT(v)
    :: else
    fi;
#endif
#ifdef OWNER_REUSED
    swept = true
#else
    atomic { swept = true; resting--; run Writer(DEAD, 3, false) }
#endif
  fi
}

init {
  atomic {
    run Writer(DEAD, 1, true); run Writer(2, 2, false); run Remover(3); run Reader(); run Sweeper()
  };
  resting == 4 && (!exited || swept);
  assert(FREE(ver));
  assert(d0 == d1);
  assert((d0 != 0) == way[own]);
  assert(!way[1 - own])
}
