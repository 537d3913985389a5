/* src/memory/permits.ts: how many permits are held, as the sum of one word per shard.
 * Held: never more than LIMIT at once, whatever dies; none is lost once everybody has come to rest.
 * Broken: CHECK_FIRST sums before it adds; SWEEP_EARLY sweeps a shard that is only believed dead; NO_SWEEP does not sweep. */
#define SHARDS 3
#define LIMIT 1
#define ROUNDS 2

byte word[SHARDS];
byte granted = 0;   /* permits that somebody truly holds */
byte holds[SHARDS]; /* of these, by shard */
bool suspected = false; /* shard 0 does nothing for a while */
bool exited = false; /* shard 0 has come to its end */
bool swept = false;
byte resting = 0;

inline sumUp() {
  d_step { n = 0; sum = 0 }
  do
  :: n < SHARDS -> atomic { sum = sum + word[n]; n++ }
  :: else -> break
  od
}

inline die() {
  atomic { granted = granted - holds[me]; holds[me] = 0; exited = true };
  goto gone
}

proctype Shard(byte me; bool mayDie) {
  byte n, sum, round;
  for (round : 1 .. ROUNDS) {
#ifdef CHECK_FIRST
    sumUp();
    if :: sum >= LIMIT -> goto refused :: else fi;
    word[me]++;
#else
    word[me]++;
    if :: mayDie -> die() :: true fi;
    sumUp();
    if
    :: sum > LIMIT -> word[me]--; goto refused
    :: else
    fi;
#endif
    atomic { granted++; holds[me]++; assert(granted <= LIMIT) };
    if
    :: mayDie -> die()
#ifdef SWEEP_EARLY
    :: mayDie -> suspected = true
#endif
    :: true
    fi;
    atomic { granted--; holds[me]-- };
    word[me]--;
refused: skip
  }
gone:
  resting++
}

/* Main: after the worker's exit event, and then a successor in the same row. */
proctype Sweeper() {
end:
  if
#ifdef SWEEP_EARLY
  :: suspected || exited ->
#else
  :: exited ->
#endif
#ifndef NO_SWEEP
    word[0] = 0;
#endif
    atomic { swept = true; resting--; run Shard(0, false) }
  fi
}

init {
  byte sum, n;
  atomic { run Shard(0, true); run Shard(1, false); run Shard(2, false); run Sweeper() };
  resting == SHARDS && (!exited || swept);
  sumUp();
  assert(sum == 0 && granted == 0)
}
