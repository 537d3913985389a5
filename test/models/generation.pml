/* src/process/shards/supervisor.ts (move, commit, abort, bring, exited) and src/shard/shard.ts: all shards go from one configuration to the next, the second of
 * which may fail to load, though one shard may die at any moment. Main is one thread: what it does between two waits is one step here.
 * Held: in the end every shard serves the configuration in force, and no wait is for ever; main frees a configuration only when no shard uses it.
 * Broken: WIPES lets the end of a wait forget the wait that has begun meanwhile; COMMITS_SUCCESSOR commits a worker that is not the one that has
 * loaded; NO_BRING leaves a successor alone; EARLY_RETIRE frees at the commit; FREES_FIRST frees
 * the first configuration before it is in force. */
#define SHARDS 2
#define CONFIGS 3
#define AT(s, c) ((s) * 4 + (c))

mtype = { load, commit, abort, loaded, failed, committed, retired, exited, nobody, mover, bringer };

chan toShard[SHARDS] = [4] of { mtype, byte };
chan toMain[SHARDS] = [6] of { mtype, byte };

/* Main's. A slot has room for one wait: whose it is. What a wait got is 0 until it got something. */
mtype waiting[SHARDS] = nobody;
mtype moverGot[SHARDS], bringerGot[SHARDS];
bool bringing[SHARDS];
byte brought[SHARDS];   /* the configuration that is being brought */
byte serves[SHARDS];
byte life[SHARDS];      /* counts workers */
byte loadedBy[SHARDS];  /* which of them was asked to load */
bool holds[8];          /* not reported retired */
bool freed[4];
byte current = 0;
byte begun = 0;         /* the configuration that is, or was last, loaded */
bool isOver = false;

/* The shards'. */
byte serving[SHARDS];
bool uses[8];
byte deaths = 0;
bool secondFails = false;

inline die() {
  atomic {
    deaths++;
    for (k : 1 .. CONFIGS) { uses[AT(s, k)] = false };
    serving[s] = 0;
    toMain[s]!exited, 0;
    goto dead
  }
}

proctype Shard(byte s) {
  byte candidate = 0, id, old, k;
end:
  do
  :: atomic { toShard[s]?load, id ->
      if
      :: id == 2 && secondFails && s == 1 -> toMain[s]!failed, id
      :: else -> candidate = id; toMain[s]!loaded, id
      fi
    }
  :: atomic { toShard[s]?commit, id ->
      old = 0;
      if
      :: candidate == id ->
        candidate = 0; old = serving[s]; serving[s] = id; uses[AT(s, id)] = true;
        toMain[s]!committed, id
      :: else
      fi
    };
    if :: deaths == 0 -> die() :: true fi;
    atomic { if :: old != 0 -> uses[AT(s, old)] = false; toMain[s]!retired, old :: else fi }
  :: atomic { toShard[s]?abort, id -> if :: candidate == id -> candidate = 0 :: else fi }
  :: deaths == 0 -> die()
  od;
dead:
  skip
}

inline ask(s, who, what, c) { waiting[s] = who; toShard[s]!what, c }

inline bring(s) {
  if
  :: serves[s] != current -> bringing[s] = true; brought[s] = current; bringerGot[s] = 0; ask(s, bringer, load, current)
  :: else -> bringing[s] = false
  fi
}

/* Frees what is older than what is in force and held by nobody. */
inline collect() {
  for (c : 1 .. CONFIGS) {
    if
#ifdef FREES_FIRST
    :: (c < current || (current == 0 && c <= begun)) && !holds[AT(0, c)] && !holds[AT(1, c)] ->
#else
    :: c < current && !holds[AT(0, c)] && !holds[AT(1, c)] ->
#endif
      freed[c] = true;
      assert(!uses[AT(0, c)] && !uses[AT(1, c)])
    :: else
    fi
  }
}

/* What comes from one slot's worker. */
proctype Receiver(byte s) {
  mtype what, was;
  byte id, c;
end:
  do
  :: atomic { toMain[s]?what, id ->
      was = waiting[s];
      if
      :: what == retired -> holds[AT(s, id)] = false; collect()
      :: else ->
        waiting[s] = nobody;
        if
        :: was == mover -> moverGot[s] = what
        :: was == bringer -> bringerGot[s] = what
        :: else
        fi
      fi;
      if
      :: what == exited ->
        for (c : 1 .. CONFIGS) { holds[AT(s, c)] = false };
        serves[s] = 0;
        life[s]++;
        do :: toShard[s]?_, _ :: empty(toShard[s]) -> break od;
        run Shard(s);
#ifndef NO_BRING
        if :: !bringing[s] -> bring(s) :: else fi;
#endif
#ifdef WIPES
        if :: was != nobody -> waiting[s] = nobody :: else fi;
#endif
        collect()
      :: else
      fi
    }
  od
}

proctype Bringer(byte s) {
  mtype got;
end:
  do
  :: atomic { bringing[s] && bringerGot[s] != 0 ->
      got = bringerGot[s];
      bringerGot[s] = 0;
      if
      :: got == loaded -> holds[AT(s, brought[s])] = true; ask(s, bringer, commit, brought[s])
      :: got == committed -> serves[s] = brought[s]; bring(s)
      :: else -> bring(s)
      fi
    }
  od
}

proctype Mover() {
  byte id, s, c;
  bool asked[SHARDS], isRefused;
  for (id : 1 .. CONFIGS) {
    atomic {
      !bringing[0] && !bringing[1];
      begun = id;
      for (s : 0 .. SHARDS - 1) { moverGot[s] = 0; loadedBy[s] = life[s]; ask(s, mover, load, id) }
    };
    atomic {
      moverGot[0] != 0 && moverGot[1] != 0;
      isRefused = (moverGot[0] == exited && moverGot[1] == exited) || moverGot[0] == failed || moverGot[1] == failed;
      if
      :: isRefused -> for (s : 0 .. SHARDS - 1) { toShard[s]!abort, id }
      :: else ->
        current = id;
        assert(!freed[id]);
        for (s : 0 .. SHARDS - 1) {
#ifdef COMMITS_SUCCESSOR
          asked[s] = (moverGot[s] == loaded);
#else
          asked[s] = (moverGot[s] == loaded && life[s] == loadedBy[s]);
#endif
          moverGot[s] = 0;
          if :: asked[s] -> holds[AT(s, id)] = true; ask(s, mover, commit, id) :: else fi
        }
      fi
    };
    if
    :: isRefused
    :: else ->
      atomic {
        (!asked[0] || moverGot[0] != 0) && (!asked[1] || moverGot[1] != 0);
        for (s : 0 .. SHARDS - 1) {
          if
          :: asked[s] && moverGot[s] == committed && life[s] == loadedBy[s] ->
            serves[s] = id;
#ifdef EARLY_RETIRE
            for (c : 1 .. CONFIGS) { if :: c < id -> holds[AT(s, c)] = false :: else fi }
#endif
          :: else
          fi;
          if :: !bringing[s] -> bring(s) :: else fi
        };
        collect()
      }
    fi
  };
  isOver = true
}

init {
  atomic {
    if :: secondFails = true :: true fi;
    run Shard(0); run Shard(1); run Receiver(0); run Receiver(1); run Bringer(0); run Bringer(1); run Mover()
  };
  atomic {
    isOver && !bringing[0] && !bringing[1] && empty(toMain[0]) && empty(toMain[1]) && empty(toShard[0]) && empty(toShard[1]);
    assert(current == 3 || deaths > 0);
    assert(!freed[current]);
    if :: secondFails -> assert(current != 2) :: else fi;
    assert(serves[0] == current && serves[1] == current && serving[0] == current && serving[1] == current)
  }
}
