// Servers that answer from one large zone file, each with one thread: shardns and CoreDNS with
// *file*, and nsd, which does nothing else.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf } from '../load/upstream.ts'
import type { Contestant, Place } from './contestant.ts'
import { coredns } from './coredns.ts'
import { peer } from './peer.ts'
import { shardns } from './shardns.ts'

/** Each with A and AAAA: two records. */
export const ZONE_NAMES = 50_000
/** What a server is started with to be told what it takes without a zone. */
const FEW_NAMES = 5000

const zoneText = (names: number): string => {
  const records = Array.from(
    { length: names },
    (_, n) => `n${n} A ${addressOf(n)}\nn${n} AAAA 2001:db8::${n.toString(16)}\n`,
  )
  return `$ORIGIN test.\n$TTL 3600\n@ SOA ns h 1 3600 900 86400 3600\n@ NS ns\nns A 10.1.0.1\n${records.join('')}`
}

const writeZone = (folder: string, names: number): string => {
  const file = join(folder, 'zone')
  writeFileSync(file, zoneText(names))
  return file
}

const corefile = ({ port }: Place, file: string): string =>
  `test:${port} {\n    errors\n    bind 127.0.0.1\n    file ${file}\n}\n`

// Without `rrl-ratelimit: 0` nsd drops most of what one client asks.
const nsdConfig = ({ port, folder }: Place, file: string): string => `server:
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
  receive-buffer-size: 4194304
  send-buffer-size: 4194304
remote-control:
  control-enable: no
zone:
  name: test
  zonefile: ${file}
`

const nsd = (names: number): Contestant =>
  peer({
    name: 'nsd',
    program: 'nsd',
    versionArgs: ['-v'],
    config: place => nsdConfig(place, writeZone(place.folder, names)),
    args: file => ['-d', '-c', file],
  })

/** With *file*: of shardns and of CoreDNS. */
const withFile = (names: number): Contestant[] => {
  const write = (place: Place): string => corefile(place, writeZone(place.folder, names))
  return [shardns({ name: 'shardns', engine: 'mmsg', write }), coredns(write)]
}

export const NSD = 'nsd'

const all = (names: number): Contestant[] =>
  [...withFile(names), nsd(names)].filter(({ absent }) => absent === undefined)

export const zoneServers = (): Contestant[] => all(ZONE_NAMES)

/** The same with a zone of a tenth. */
export const smallZoneServers = (): Contestant[] => all(FEW_NAMES)
