// All scenarios, in the order in which they run.

import type { Scenario } from '../bench.ts'
import { commands } from './commands.ts'
import { firstSecond } from './first-second.ts'
import { hosts } from './hosts.ts'
import { idle } from './idle.ts'
import { kubernetes } from './kubernetes/kubernetes.ts'
import { latency } from './latency.ts'
import { LOADS } from './loads.ts'
import { log } from './log.ts'
import { memory } from './memory.ts'
import { prompt } from './prompt.ts'
import { rewrite } from './rewrite.ts'
import { scaling } from './scaling.ts'
import { start, startLimited } from './start.ts'
import { steer } from './steer.ts'
import { sync } from './sync.ts'
import { file, fileMemory, fileNxdomain } from './zones.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...LOADS,
  scaling,
  steer,
  latency,
  prompt,
  log,
  rewrite,
  start,
  startLimited,
  firstSecond,
  sync,
  memory,
  idle,
  commands,
  hosts,
  file,
  fileNxdomain,
  fileMemory,
  kubernetes,
]

/** What a comparison of two revisions measures unless told otherwise. */
export const COMPARED = ['hits', 'edns', 'zipf', 'misses', 'tcp']
