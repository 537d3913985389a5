/* A budget of bytes for the whole process: one word per shard with what its connections hold, summed by whoever wants more.
 * Held: what was granted never exceeds LIMIT; nothing is lost, whatever dies; no connection that was refused sleeps for ever.
 * A refused connection looks again by a timer; here it fires when nobody is between charging and deciding. That two never refuse each other for
 * ever is not shown: their timers differ, and a model without time does not know it.
 * Broken: CHECK_FIRST sums before it adds; KEEPS_REFUSED does not take back what was refused; NO_TIMER waits for its own shard's next release;
 * SWEEP_EARLY zeroes the word of a shard that is only believed dead; NO_SWEEP does not. */
#define SHARDS 2
#define LIMIT 3
#define ROUNDS 2

byte word[SHARDS];
byte granted = 0;
byte holds[SHARDS];
byte deciding = 0;
byte releases[SHARDS];
bool suspected = false, exited = false, swept = false;
byte resting = 0;

inline sumUp() {
  d_step { n = 0; sum = 0 }
  do
  :: n < SHARDS -> atomic { sum = sum + word[n]; n++ }
  :: else -> break
  od
}

inline die() {
  atomic { granted = granted - holds[shard]; holds[shard] = 0; exited = true };
  goto gone
}

proctype Connection(byte shard, bytes; bool mayDie) {
  byte n, sum, round, seen;
  for (round : 1 .. ROUNDS) {
again:
    seen = releases[shard];
#ifdef CHECK_FIRST
    sumUp();
    if :: sum + bytes > LIMIT -> goto paused :: else fi;
    word[shard] = word[shard] + bytes;
#else
    atomic { deciding++; word[shard] = word[shard] + bytes };
    sumUp();
    if
    :: sum > LIMIT ->
#ifndef KEEPS_REFUSED
      word[shard] = word[shard] - bytes;
#endif
      deciding--;
      goto paused
    :: else -> deciding--
    fi;
#endif
    goto charged;
paused:
#ifdef NO_TIMER
    releases[shard] != seen;
#else
    deciding == 0;
#endif
    goto again;
charged:
    atomic { granted = granted + bytes; holds[shard] = holds[shard] + bytes; assert(granted <= LIMIT) };
    if
    :: mayDie -> die()
#ifdef SWEEP_EARLY
    :: mayDie -> suspected = true
#endif
    :: true
    fi;
    atomic { granted = granted - bytes; holds[shard] = holds[shard] - bytes };
    word[shard] = word[shard] - bytes;
    releases[shard]++
  }
gone:
  resting++
}

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
    swept = true
  fi
}

init {
  byte n, sum;
  atomic { run Connection(0, 2, true); run Connection(1, 2, false); run Connection(1, 1, false); run Sweeper() };
  resting == 3 && (!exited || swept);
  sumUp();
  assert(sum == 0 && granted == 0)
}
