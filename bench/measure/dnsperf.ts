// Runs dnsperf and reads what it says: its own statistics, and the latency of each query from its
// verbose output.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { track } from '../host/cleanup.ts'
import { pinned } from '../host/pins.ts'
import { LatencyHistogram } from './latency.ts'

export interface PerfSettings {
  readonly port: number
  readonly file: string
  readonly cpu: number
  readonly folder: string
  /** Further arguments: clients, outstanding queries, transport, EDNS. */
  readonly args: readonly string[]
  /** Time limit. */
  readonly seconds?: number
  /** Queries per second at most. */
  readonly rate?: number
  /**
   * Reads the file so many times at most, even if there is time left. Without this and without a
   * time limit: once.
   */
  readonly runs?: number
  /** Answers whose latencies are wanted apart: from the how manieth to before which. */
  readonly windows?: readonly Window[]
}

export type Window = readonly [number, number]

export interface PerfResult {
  readonly sent: number
  readonly completed: number
  readonly lost: number
  readonly seconds: number
  readonly qps: number
  /** Counts by rcode. */
  readonly rcodes: Readonly<Record<string, number>>
  readonly latency: LatencyHistogram
  readonly windows: readonly LatencyHistogram[]
}

const CHUNK_BYTES = 1 << 20
const TAIL_BYTES = 4096

let lastRun = 0

export const runDnsperf = async (settings: PerfSettings): Promise<PerfResult> => {
  const out = join(settings.folder, `dnsperf-${lastRun++}`)
  const fd = openSync(out, 'w')
  const [command = '', ...args] = pinned([settings.cpu], ['dnsperf', ...argumentsOf(settings)])
  const child = track(spawn(command, args, { stdio: ['ignore', fd, 'pipe'] }))
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  closeSync(fd)
  try {
    if (code !== 0) throw new Error(`dnsperf failed: ${complaint.trim()}`)
    return readResult(out, settings.windows ?? [])
  } finally {
    rmSync(out, { force: true })
  }
}

const argumentsOf = ({ port, file, args, seconds, rate, runs }: PerfSettings): string[] => [
  ...['-s', '127.0.0.1', '-p', String(port), '-d', file, '-T', '1', '-t', '2', '-v'],
  ...args,
  ...(seconds === undefined ? [] : ['-l', String(seconds)]),
  ...(seconds === undefined || runs !== undefined ? ['-n', String(runs ?? 1)] : []),
  ...(rate === undefined ? [] : ['-Q', String(Math.max(1, Math.round(rate)))]),
]

/** `path` is a file with what dnsperf said. */
export const readResult = (path: string, windows: readonly Window[]): PerfResult => {
  const latency = new LatencyHistogram()
  const apart = windows.map(([from, to]) => ({ from, to, histogram: new LatencyHistogram() }))
  const tail = eachLine(path, (bytes, from, to) => {
    const { total } = latency
    latency.addLine(bytes, from, to)
    if (latency.total === total) return
    for (const window of apart)
      if (total >= window.from && total < window.to) window.histogram.addLine(bytes, from, to)
  })
  const number = (pattern: RegExp): number => Number(pattern.exec(tail)?.[1] ?? 0)
  const codes = /Response codes:\s*(.*)/.exec(tail)?.[1] ?? ''
  const rcodes = Object.fromEntries(
    [...codes.matchAll(/(\w+) (\d+) /g)].map(([, name, count]) => [name, Number(count)]),
  )
  return {
    sent: number(/Queries sent:\s*(\d+)/),
    completed: number(/Queries completed:\s*(\d+)/),
    lost: number(/Queries lost:\s*(\d+)/),
    seconds: number(/Run time \(s\):\s*([\d.]+)/),
    qps: number(/Queries per second:\s*([\d.]+)/),
    rcodes: rcodes as Record<string, number>,
    latency,
    windows: apart.map(({ histogram }) => histogram),
  }
}

/**
 * Shows each line as it lies in the bytes: millions of them, so no string is made. Returns the end
 * of the file as text.
 */
const eachLine = (
  path: string,
  line: (bytes: Buffer, from: number, to: number) => void,
): string => {
  const fd = openSync(path, 'r')
  const bytes = Buffer.alloc(CHUNK_BYTES)
  let kept = 0
  for (;;) {
    const read = readSync(fd, bytes, kept, CHUNK_BYTES - kept, null)
    if (read === 0) break
    const end = kept + read
    let from = 0
    for (let to = bytes.indexOf(10, from); to >= 0 && to < end; to = bytes.indexOf(10, from)) {
      line(bytes, from, to)
      from = to + 1
    }
    bytes.copyWithin(0, from, end)
    kept = end - from
  }
  closeSync(fd)
  return readFileSync(path).subarray(-TAIL_BYTES).toString('latin1')
}
