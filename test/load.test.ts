// The load: dnsperf, 10,000 names, two shards, UDP and TCP, nsd behind. Nothing may be
// lost; how fast it is belongs to bench.

import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { freePorts } from './support/server-process.ts'

const NAMES = 10_000
const QUERIES = 100_000
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
const run = promisify(execFile)
const missing = ['dnsperf', 'nsd'].filter(
  name => spawnSync('which', [name], { env: { ...process.env, PATH } }).status !== 0,
)

const nsdConfig = (folder: string, port: number): string => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  pidfile: ""
  zonesdir: "${folder}"
  zonelistfile: "${folder}/zones"
  xfrdfile: "${folder}/xfrd"
  database: ""
  logfile: "${folder}/log"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: zone
`

const writeFiles = (folder: string, ports: { nsd: number; dns: number; metrics: number }): void => {
  const names = Array.from({ length: NAMES }, (_, n) => `n${n}`)
  const records = names.map((name, n) => `${name} A 192.0.2.${(n % 250) + 1}\n`).join('')
  writeFileSync(
    join(folder, 'zone'),
    `$ORIGIN example.org.\n$TTL 3600\n@ SOA ns h 1 3600 900 86400 300\n@ NS ns\nns A 192.0.2.1\n${records}`,
  )
  const round = names.map(name => `${name}.example.org A\n`).join('')
  writeFileSync(join(folder, 'queries'), round.repeat(QUERIES / NAMES))
  writeFileSync(join(folder, 'nsd.conf'), nsdConfig(folder, ports.nsd))
  const corefile = `.:${ports.dns} {\n errors\n prometheus 127.0.0.1:${ports.metrics}\n forward . 127.0.0.1:${ports.nsd}\n cache 3600 {\n  success 20000\n }\n loadbalance\n}\n`
  writeFileSync(join(folder, 'Corefile'), corefile)
}

/** Asks until something answers: nsd says nothing when it is ready. */
const untilAnswered = async (port: number): Promise<void> => {
  const socket = createSocket('udp4')
  const query = Buffer.from('000100000001000000000000076578616d706c65036f72670000060001', 'hex')
  const again = setInterval(() => socket.send(query, port, '127.0.0.1'), 50)
  await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
  clearInterval(again)
  socket.close()
}

const metric = (text: string, name: string): number =>
  text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)

test('load: 100,000 queries over UDP and over TCP, two shards, none lost', {
  skip: missing.length > 0 ? `not installed: ${missing.join(', ')}` : false,
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-load-'))
  const [nsdPort = 0, dns = 0, metricsPort = 0] = await freePorts(3)
  const ports = { nsd: nsdPort, dns, metrics: metricsPort }
  writeFiles(folder, ports)
  const nsd = spawn('nsd', ['-d', '-c', join(folder, 'nsd.conf')], {
    env: { ...process.env, PATH },
    stdio: 'ignore',
  })
  const server = spawn(
    process.execPath,
    ['src/cli.ts', '-conf', join(folder, 'Corefile'), '--workers', '2'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.after(async () => {
    nsd.kill()
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  let output = ''
  for await (const chunk of server.stdout) {
    output += chunk
    if (output.includes('compatible)')) break
  }
  await untilAnswered(ports.nsd)
  for (const mode of ['udp', 'tcp']) {
    const args = [
      '-m',
      mode,
      '-s',
      '127.0.0.1',
      '-p',
      String(ports.dns),
      '-d',
      join(folder, 'queries'),
      '-n',
      '1',
      '-c',
      '8',
      '-q',
      '100',
    ]
    const { stdout } = await run('dnsperf', args, { maxBuffer: 1 << 24, timeout: 60_000 })
    assert.match(stdout, /Queries lost: +0 /, mode)
    assert.match(stdout, /NOERROR 100000 \(100\.00%\)/, mode)
  }
  const metrics = await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text()
  assert.equal(metric(metrics, 'coredns_cache_requests_total'), 2 * QUERIES)
  // The first round of UDP misses; a name asked again while its first answer is on its way may miss
  // once more.
  const hits = metric(metrics, 'coredns_cache_hits_total')
  assert.ok(hits >= 2 * QUERIES - NAMES - NAMES / 10 && hits <= 2 * QUERIES - NAMES, `${hits} hits`)
})
