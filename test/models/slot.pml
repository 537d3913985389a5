/* src/cache/table.ts, slot-io.ts, slab.ts: one slot, and one way of the index that may point to it.
 * Held: a hit is never torn; a slot that is in use is what its way points to; a death leaves nothing locked and nothing lost.
 * A reader's plain reads come in any order, but not below the store that follows them (the fence). The checksum is left out: it is a second net.
 * Broken: NO_FENCE lets plain reads sink below the second read of the version; NO_SECOND_READ has none; SWEEP_EARLY sweeps a shard that is only
 * believed dead; OWNER_REUSED gives its number to a successor before the sweep; NO_SWEEP does not sweep; LATE_LINK unlocks before the way is set. */
#define FREE(v) (((v) & 3) == 0)
#define NEXT(v) ((((v) & 252) + 4) & 63)
#define DEAD 1

byte ver = 0;             /* seq * 4 + owner */
byte d0 = 0, d1 = 0;      /* the message; 0: the slot is free */
byte way = 0;             /* 1: points to the slot */
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

/* Takes the slot (evicting what is in it), fills it, points the way to it, unlocks. A busy slot is skipped. */
proctype Writer(byte me, value; bool mayDie) {
  byte v;
  if :: mayDie -> exited = true; goto done :: true fi;
  v = ver;
  if :: !FREE(v) -> goto done :: else fi;
  atomic { if :: ver == v -> ver = v | me :: else -> goto done fi };
  mayDieHere();
  /* Evicts: the way first, under the lock. */
  if :: d0 != 0 -> way = 0 :: else fi;
  mayDieHere();
  if
  :: d0 = value; mayDieHere(); d1 = value
  :: d1 = value; mayDieHere(); d0 = value
  fi;
  mayDieHere();
#ifdef LATE_LINK
  ver = NEXT(v);
  mayDieHere();
  way = 1;
#else
  way = 1;
  mayDieHere();
  ver = NEXT(v);
#endif
done:
  resting++
}

/* Frees what it finds: eviction for another place, or remove. */
proctype Remover(byte me) {
  byte v;
  v = ver;
  if :: !FREE(v) || d0 == 0 -> goto done :: else fi;
  atomic { if :: ver == v -> ver = v | me :: else -> goto done fi };
  way = 0;
  d0 = 0; d1 = 0;
  ver = NEXT(v);
done:
  resting++
}

proctype Reader() {
  byte v1, v2, a, b;
  if :: way == 0 -> goto done :: else fi;
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
    :: (v & 3) == DEAD -> way = 0; d0 = 0; d1 = 0; ver = NEXT(v)
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
  assert((d0 != 0) == (way == 1))
}
