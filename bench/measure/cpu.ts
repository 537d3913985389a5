// CPU time of a process as the kernel counts it: nanoseconds per thread from schedstat, the user
// share from stat's ticks.

import { readdirSync, readFileSync } from 'node:fs'
import { withChildren } from './processes.ts'

export interface ThreadTime {
  readonly tid: number
  readonly ns: number
}

export interface CpuTime {
  readonly ns: number
  readonly userTicks: number
  readonly systemTicks: number
  readonly threads: readonly ThreadTime[]
}

/** The process and the children that it has now: nsd's serve, dnsmasq's too for TCP. */
export const readCpu = (pid: number): CpuTime => {
  const all = withChildren(pid).map(readOne)
  const sum = (of: (time: CpuTime) => number): number =>
    all.reduce((total, time) => total + of(time), 0)
  return {
    ns: sum(({ ns }) => ns),
    userTicks: sum(({ userTicks }) => userTicks),
    systemTicks: sum(({ systemTicks }) => systemTicks),
    threads: all.flatMap(({ threads }) => threads),
  }
}

const readOne = (pid: number): CpuTime => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [userTicks = 0, systemTicks = 0] = fields.slice(11, 13)
  const threads = readdirSync(`/proc/${pid}/task`).flatMap(tid => readThread(pid, Number(tid)))
  return { ns: threads.reduce((sum, { ns }) => sum + ns, 0), userTicks, systemTicks, threads }
}

/** Nothing for a thread that ended just now. */
const readThread = (pid: number, tid: number): ThreadTime[] => {
  try {
    return [
      {
        tid,
        ns: Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]),
      },
    ]
  } catch {
    return []
  }
}

export interface CpuUse {
  readonly totalUs: number
  readonly userUs: number
  readonly systemUs: number
  /** Microseconds of each thread but the main one, the busiest first. */
  readonly workersUs: readonly number[]
}

export const cpuBetween = (pid: number, before: CpuTime, after: CpuTime): CpuUse => {
  const totalUs = (after.ns - before.ns) / 1000
  const user = after.userTicks - before.userTicks
  const ticks = user + after.systemTicks - before.systemTicks
  const share = ticks === 0 ? 0 : user / ticks
  const earlier = new Map(before.threads.map(({ tid, ns }) => [tid, ns]))
  const workersUs = after.threads
    .filter(({ tid }) => tid !== pid)
    .map(({ tid, ns }) => (ns - (earlier.get(tid) ?? 0)) / 1000)
    .sort((a, b) => b - a)
  return { totalUs, userUs: totalUs * share, systemUs: totalUs * (1 - share), workersUs }
}
