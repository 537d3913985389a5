// The numbers that a sample can have: how they are called and shown.

export interface Metric {
  readonly title: string
  readonly digits: number
}

export const METRICS: Readonly<Record<string, Metric>> = {
  qps: { title: 'q/s', digits: 0 },
  lost: { title: 'lost', digits: 0 },
  wrong: { title: 'wrong', digits: 0 },
  cpuUs: { title: 'CPU µs/q', digits: 2 },
  userUs: { title: 'user', digits: 2 },
  systemUs: { title: 'system', digits: 2 },
  busy: { title: 'cores busy', digits: 2 },
  p50Us: { title: 'p50 µs', digits: 0 },
  p99Us: { title: 'p99 µs', digits: 0 },
  p999Us: { title: 'p99.9 µs', digits: 0 },
  rssMiB: { title: 'RSS MiB', digits: 1 },
  peakMiB: { title: 'peak MiB', digits: 1 },
  imbalance: { title: 'busiest / other', digits: 2 },
  startMs: { title: 'first answer ms', digits: 1 },
  startCpuMs: { title: 'CPU ms until then', digits: 0 },
  firstMs: { title: 'the very first ms', digits: 0 },
  checkMs: { title: 'check FILE ms', digits: 0 },
  firstCheckMs: { title: 'the very first ms', digits: 0 },
  versionMs: { title: '-version ms', digits: 0 },
  idlePercent: { title: '% of a core', digits: 2 },
  wakesPerSecond: { title: 'wakes a second', digits: 1 },
  firstP50Us: { title: '1st second p50 µs', digits: 0 },
  firstP99Us: { title: '1st second p99 µs', digits: 0 },
  tenthP50Us: { title: '10th second p50 µs', digits: 0 },
  tenthP99Us: { title: '10th second p99 µs', digits: 0 },
  tcpFirstP50Us: { title: 'TCP 1st second p50 µs', digits: 0 },
  tcpFirstP99Us: { title: 'TCP 1st second p99 µs', digits: 0 },
  tcpTenthP99Us: { title: 'TCP 10th second p99 µs', digits: 0 },
  readyMs: { title: 'until ready ms', digits: 0 },
  readyCpuMs: { title: 'CPU ms until ready', digits: 0 },
  sweptMiB: { title: 'after a sweep MiB', digits: 1 },
  emptiedMiB: { title: 'after all is deleted MiB', digits: 1 },
  filledMiB: { title: '10,000 entries MiB', digits: 1 },
  afterMiB: { title: 'after load MiB', digits: 1 },
  grownMiB: { title: 'grown MiB', digits: 1 },
  queries: { title: 'queries', digits: 0 },
  tcpP50Us: { title: 'TCP p50 µs', digits: 0 },
  tcpP99Us: { title: 'TCP p99 µs', digits: 0 },
  tcpMaxUs: { title: 'TCP max µs', digits: 0 },
  missP50Us: { title: 'miss p50 µs', digits: 0 },
  missP99Us: { title: 'miss p99 µs', digits: 0 },
  missMaxUs: { title: 'miss max µs', digits: 0 },
  unanswered: { title: 'unanswered', digits: 0 },
  syncMs: { title: 'until ready ms', digits: 0 },
  syncCpuMs: { title: 'CPU ms of the start', digits: 0 },
  changes: { title: 'changes', digits: 0 },
  unseen: { title: 'unseen', digits: 0 },
  seenP50Ms: { title: 'seen p50 ms', digits: 1 },
  seenP99Ms: { title: 'seen p99 ms', digits: 1 },
  seenMaxMs: { title: 'seen max ms', digits: 1 },
  beforeMiB: { title: 'before churn MiB', digits: 1 },
  churnedMiB: { title: 'after churn MiB', digits: 1 },
  churnGrownMiB: { title: 'grown MiB', digits: 1 },
  swept: { title: 'names asked', digits: 0 },
  sweptWrong: { title: 'wrong answers', digits: 0 },
  zoneMiB: { title: 'zone MiB', digits: 1 },
  rate: { title: 'asked q/s', digits: 0 },
}

export const LOAD_COLUMNS = [
  'qps',
  'lost',
  'cpuUs',
  'userUs',
  'systemUs',
  'busy',
  'p50Us',
  'p99Us',
  'p999Us',
  'rssMiB',
  'peakMiB',
]

export const titleOf = (metric: string): string => METRICS[metric]?.title ?? metric

export const format = (metric: string, value: number): string =>
  value.toLocaleString('en-US', {
    minimumFractionDigits: METRICS[metric]?.digits ?? 2,
    maximumFractionDigits: METRICS[metric]?.digits ?? 2,
  })
