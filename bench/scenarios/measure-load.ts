// One measurement under load: dnsperf's figures, and the server's CPU time and memory over the same
// time.

import type { Bench, Sample } from '../bench.ts'
import type { Running } from '../contestants/start.ts'
import { type CpuUse, cpuBetween, readCpu } from '../measure/cpu.ts'
import { type PerfResult, type PerfSettings, runDnsperf } from '../measure/dnsperf.ts'
import { readMemory } from '../measure/memory.ts'

/** Settings of a run that the bench does not give. */
export type Load = Omit<PerfSettings, 'port' | 'cpu' | 'folder'> & {
  /** The rcode that all answers should have. */
  readonly rcode?: string
}

const WARM_TRIES = 3
export const WARM_SECONDS = 2
/** Few enough at a time for every server to take in. */
const GENTLE = ['-c', '4', '-q', '100']

export const perf = (bench: Bench, { port }: Running, load: Load): Promise<PerfResult> =>
  runDnsperf({ ...load, port, cpu: bench.pins.load, folder: bench.folder })

/** Asks the whole file once. Throws if the server keeps losing some of it. */
export const warm = async (
  bench: Bench,
  running: Running,
  file: string,
  flags: readonly string[],
): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const { lost, completed } = await perf(bench, running, { file, args: [...GENTLE, ...flags] })
    if (lost === 0 && completed > 0) return
    if (attempt === WARM_TRIES)
      throw new Error(
        `it loses ${lost} of ${lost + completed} queries while its cache is being filled`,
      )
  }
}

/** Lets a just-in-time compiler see the load before it counts. */
export const exercise = async (bench: Bench, running: Running, load: Load): Promise<void> => {
  await perf(bench, running, { ...load, seconds: Math.min(WARM_SECONDS, bench.options.seconds) })
}

export interface Measured {
  readonly sample: Sample
  readonly cpu: CpuUse
}

export const measureLoad = async (
  bench: Bench,
  running: Running,
  load: Load,
): Promise<Measured> => {
  const before = readCpu(running.pid)
  const result = await perf(bench, running, load)
  const cpu = cpuBetween(running.pid, before, readCpu(running.pid))
  const { completed, latency } = result
  if (completed === 0) throw new Error('it answered nothing')
  const sample = {
    qps: result.qps,
    sent: result.sent,
    completed,
    lost: result.lost,
    wrong: completed - (result.rcodes[load.rcode ?? 'NOERROR'] ?? 0),
    seconds: result.seconds,
    cpuUs: cpu.totalUs / completed,
    userUs: cpu.userUs / completed,
    systemUs: cpu.systemUs / completed,
    busy: cpu.totalUs / 1e6 / result.seconds,
    p50Us: latency.percentile(0.5),
    p99Us: latency.percentile(0.99),
    p999Us: latency.percentile(0.999),
    maxUs: latency.maxUs,
    ...readMemory(running.pid),
  }
  return { sample, cpu }
}
