// The upstream of every server that is measured: nsd with one zone, on the load's CPU.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from '../host/child.ts'
import { freePorts } from '../host/ports.ts'
import { findProgram } from '../host/programs.ts'
import { askUdp } from './ask.ts'
import { NAMES } from './queries.ts'

const WAIT_MS = 20_000

export interface Upstream {
  readonly port: number
  stop(): Promise<void>
}

// Without `rrl-ratelimit: 0` nsd drops most of what one client asks.
const config = (folder: string, port: number): string => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  pidfile: ""
  zonesdir: "${folder}"
  zonelistfile: "${folder}/zones"
  xfrdfile: "${folder}/xfrd"
  database: ""
  logfile: "${folder}/log"
  rrl-ratelimit: 0
  server-count: 1
  tcp-count: 500
remote-control:
  control-enable: no
zone:
  name: test
  zonefile: zone
`

/** What the zone says about name `n`: the address that tells a right answer from a wrong one. */
export const addressOf = (n: number): string => `10.0.${Math.floor(n / 250)}.${(n % 250) + 1}`

const zone = (): string => {
  const records = Array.from(
    { length: NAMES },
    (_, n) => `n${n} A ${addressOf(n)}\nn${n} AAAA 2001:db8::${n.toString(16)}\n`,
  )
  return `$ORIGIN test.\n$TTL 3600\n@ SOA ns h 1 3600 900 86400 3600\n@ NS ns\nns A 10.1.0.1\n*.miss A 10.2.0.1\n${records.join('')}`
}

export const startUpstream = async (parent: string, cpu: number): Promise<Upstream> => {
  const folder = join(parent, 'nsd')
  mkdirSync(folder)
  const [port = 0] = await freePorts(1)
  writeFileSync(join(folder, 'zone'), zone())
  writeFileSync(join(folder, 'nsd.conf'), config(folder, port))
  const child = new Child(findProgram('nsd') ?? 'nsd', ['-d', '-c', join(folder, 'nsd.conf')], {
    cpus: [cpu],
  })
  const end = performance.now() + WAIT_MS
  while ((await askUdp(port, 'n1.test', 200))?.addresses[0] !== addressOf(1)) {
    if (child.isOver || performance.now() > end)
      throw new Error(`nsd does not serve: ${child.complaint}`)
  }
  return { port, stop: () => child.stop() }
}
