/* src/memory/claims.ts: two entries in the window of one hash, two claimants, one of which may die, and one who waits.
 * Held: at most one claim of the hash at a time; whoever waits is woken by its end, also when its owner dies; nothing stays claimed.
 * Broken: GIVES_UP takes an entry that changes while it is read for another's; NO_CONFIRM does not look for the other claimant; HASH_LATE looks before its own hash is there; NO_NOTIFY ends a claim without a word;
 * NO_SWEEP leaves a dead owner's claim. */
#define WINDOW 2
#define TENTATIVE 8
#define OWNER(s) ((s) & 7)
#define NEXT(s) ((((s) & 240) + 16) & 127)

byte state[WINDOW];  /* seq * 16 + tentative * 8 + owner */
bool ours[WINDOW];   /* the entry's hash is the one in question */
byte held = 0;       /* claims that somebody believes to have */
bool waits[WINDOW];  /* somebody sleeps at the entry */
bool exited = false, swept = false;
byte resting = 0;

/* compare-exchange and notify; `ok` says whether it was so. */
inline freeEntry(at, was, ok) {
  atomic {
    if
    :: state[at] == was ->
      state[at] = NEXT(was);
      ok = true;
#ifndef NO_NOTIFY
      waits[at] = false
#endif
    :: else -> ok = false
    fi
  }
}

/* The entry's state if somebody has it for the hash, else 0: three reads, and again from the last one on if it has changed meanwhile. */
inline stateIfKey(at, result) {
  result = state[at];
  do
  :: OWNER(result) == 0 || !ours[at] -> result = 0; break
  :: else ->
    atomic {
      again = state[at];
      if
      :: again == result -> break
#ifdef GIVES_UP
      :: else -> result = 0; break
#else
      :: else -> result = again
#endif
      fi
    }
  od
}

inline mayDieHere() {
  if :: mayDie -> exited = true; goto done :: true fi
}

proctype Claimant(byte me; bool mayDie) {
  byte n, place, was, mine, other, again;
  bool ok;
  place = WINDOW;
  for (n : 0 .. WINDOW - 1) {
    stateIfKey(n, was);
    if :: was != 0 -> goto done :: else fi;
    if :: place == WINDOW && OWNER(state[n]) == 0 -> place = n :: else fi
  }
  if :: place == WINDOW -> goto done :: else fi;
  was = state[place];
  if :: OWNER(was) != 0 -> goto done :: else fi;
  atomic { if :: state[place] == was -> state[place] = was | TENTATIVE | me :: else -> goto done fi };
  mine = was | TENTATIVE | me;
  mayDieHere();
#ifndef HASH_LATE
  ours[place] = true;
#endif
  mayDieHere();
#ifndef NO_CONFIRM
  for (n : 0 .. WINDOW - 1) {
    if
    :: n == place
    :: else ->
      stateIfKey(n, other);
      if
      :: other != 0 && place > n && (other & TENTATIVE) != 0 ->
        freeEntry(n, other, ok)
      :: else -> ok = false
      fi;
      if
      :: other != 0 && !ok ->
        stateIfKey(n, other);
        if :: other != 0 -> freeEntry(place, mine, ok); goto done :: else fi
      :: else
      fi
    fi
  }
#endif
#ifdef HASH_LATE
  ours[place] = true;
#endif
  atomic {
    if
    :: state[place] == mine -> state[place] = mine & ~TENTATIVE; held++; assert(held <= 1)
    :: else -> goto done
    fi
  };
  if :: mayDie -> atomic { held--; exited = true }; goto done :: true fi;
  atomic { held--; mine = mine & ~TENTATIVE };
  freeEntry(place, mine, ok);
done:
  resting++
}

/* Sleeps while the entry is as it was seen; waitAsync looks and goes to sleep in one step. */
proctype Waiter() {
  byte n, seen, again;
  bool sleeps;
  for (n : 0 .. WINDOW - 1) {
    stateIfKey(n, seen);
    if
    :: seen != 0 ->
      atomic { sleeps = (state[n] == seen); waits[n] = sleeps };
      if :: sleeps -> !waits[n]; goto done :: else fi
    :: else
    fi
  }
done:
  resting++
}

proctype Sweeper() {
  byte n, was;
  bool ok;
end:
  exited;
#ifndef NO_SWEEP
  for (n : 0 .. WINDOW - 1) {
    was = state[n];
    if :: OWNER(was) == 1 -> freeEntry(n, was, ok) :: else fi
  }
#endif
  swept = true
}

init {
  byte n;
  atomic {
    /* What an earlier claim left in an entry that is free now. */
    if :: ours[0] = true :: true fi;
    if :: ours[1] = true :: true fi;
    run Claimant(1, true); run Claimant(2, false); run Waiter(); run Sweeper()
  };
  resting == 3 && (!exited || swept);
  assert(held == 0 && OWNER(state[0]) == 0 && OWNER(state[1]) == 0)
}
