// What a hit really runs, by V8's counts of calls in a shard: it runs the files that bear the mark
// `Hot path.` and no others, and its functions neither throw nor wait, and build no text and no
// function. Misses and the rest of the slow path are not looked at.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readQuestion } from '../src/wire/question.ts'
import { TYPE_A } from '../src/wire/rrtypes.ts'
import { type Called, type CountingServer, startCounting } from './fakes/counting-server.ts'
import { fakeUpstream, type Respond } from './fakes/fake-upstream.ts'
import { withoutLibc } from './fakes/loopback.ts'
import { startFixtureApi } from './support/cluster-server.ts'
import { type QueryOptions, query } from './support/messages.ts'
import { type Cleanup, freePorts, temporaryFolder } from './support/server-process.ts'
import { sourceFiles } from './support/source-files.ts'

const HITS = 100

const FAST_PATH = 'src/shard/answer/fast-path.ts'
/** What goes this way is no hit. */
const SLOW_PATH = 'src/shard/answer/dispatch.ts'
/** Runs when the event loop comes round, which it does every 20 ms while hits come. */
const LOOP = 'src/net/mmsg/loop-activity.ts'

interface Hit {
  readonly title: string
  readonly name: string
  readonly type?: string
  readonly options?: QueryOptions
  readonly family?: 6
}

const CACHED: readonly Hit[] = [
  { title: 'two addresses', name: 'two.example.org.' },
  { title: 'a client over IPv6', name: 'two.example.org.', family: 6 },
  { title: 'letters in upper case', name: 'TWO.example.org.' },
  { title: 'DO', name: 'two.example.org.', options: { udpSize: 1232, do: true } },
  {
    title: 'an option that is echoed',
    name: 'two.example.org.',
    options: { udpSize: 1232, options: [{ code: 10, data: '0102030405060708' }] },
  },
  { title: 'IPv6 addresses', name: 'two.example.org.', type: 'AAAA' },
  { title: 'IPv6 addresses, by IPv6', name: 'two.example.org.', type: 'AAAA', family: 6 },
  { title: 'an alias', name: 'alias.example.org.' },
  { title: 'no such name', name: 'nx.example.org.' },
  { title: 'more than fits', name: 'sixty.example.org.' },
  { title: 'much that fits', name: 'sixty.example.org.', options: { udpSize: 1232 } },
]

const RECORDS: readonly Hit[] = [
  { title: 'a name of a zone', name: 'a.zone.example.org.' },
  { title: 'an alias in a zone', name: 'alias.zone.example.org.' },
  { title: 'a wildcard of a zone', name: 'x.wild.zone.example.org.' },
  { title: 'no such name in a zone', name: 'nope.zone.example.org.' },
  { title: 'the SOA record of a zone', name: 'zone.example.org.', type: 'SOA' },
  { title: 'a name of a zone in a folder', name: 'a.sub.auto.example.org.' },
  { title: 'a line of a hosts file', name: 'a.hosts.example.org.' },
  { title: 'no address of that family', name: 'a.hosts.example.org.', type: 'AAAA' },
  { title: 'a service', name: 'kubernetes.default.svc.cluster.local.' },
  { title: 'a headless service', name: 'web.testns.svc.cluster.local.' },
  { title: 'an endpoint', name: 'web-0.web.testns.svc.cluster.local.' },
  { title: 'no such endpoint', name: '10-9-9-9.web.testns.svc.cluster.local.' },
  {
    title: 'a service without that family',
    name: 'kubernetes.default.svc.cluster.local.',
    type: 'AAAA',
  },
  { title: 'no such service', name: 'nope.default.svc.cluster.local.' },
  { title: 'a name that is not below the first domain', name: 'a.search.example.org.' },
  { title: 'a view', name: 'a.view.example.org.' },
]

interface Files {
  readonly resolvConf: string
  readonly zone: string
  /** A folder. */
  readonly zones: string
}

const corefile = (port: number, metrics: number, upstream: string, files: Files): string => `
.:${port} {
  bind 127.0.0.1 ::1
  prometheus 127.0.0.1:${metrics}
  log
  dns64
  acl {
    block net 192.0.2.0/24 2001:db8::/32
    allow net 127.0.0.0/8 ::1
  }
  loadbalance
  rewrite name a.test b.test
  rewrite name prefix a.test b.test
  rewrite name regex ^(.*)-x[.]test[.]$ {1}.test
  cache 30 {
    prefetch 1000 1m 10%
  }
  forward . ${upstream}
}
hosts.example.org:${port} {
  bind 127.0.0.1 ::1
  minimal
  template IN TXT {
    answer "{{ .Name }} 60 IN TXT text"
  }
  hosts {
    192.0.2.1 a.hosts.example.org
  }
}
cluster.local:${port} {
  bind 127.0.0.1 ::1
  autopath @kubernetes
  kubernetes {
    pods verified
  }
}
view.example.org:${port} {
  bind 127.0.0.1 ::1
  view inside {
    expr incidr(client_ip(), '127.0.0.0/8') && type() in ['A', 'AAAA'] && proto() == 'udp'
    expr not do() or name() == 'b.view.example.org.'
    expr bufsize() > 511 and bufsize() >= 512 and opcode() < 4 and opcode() <= 0 and opcode() == 0
  }
  metadata
  hosts {
    192.0.2.1 a.view.example.org b.view.example.org
  }
}
search.example.org:${port} {
  bind 127.0.0.1 ::1
  autopath ${files.resolvConf}
  hosts {
    192.0.2.1 a.search.example.org
  }
}
auto.example.org:${port} {
  bind 127.0.0.1 ::1
  auto {
    directory ${files.zones}
  }
}
zone.example.org:${port} {
  bind 127.0.0.1 ::1
  file ${files.zone}
}
`

const ZONE = `$TTL 60
@ SOA ns admin 1 2 3 4 5
@ NS ns
a A 192.0.2.1
alias CNAME a
*.wild A 192.0.2.2
`

const answers: Respond = asked => {
  const question = readQuestion(asked.bytes)
  const [label = ''] = question?.name.split('.') ?? []
  const soa = 'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 60'
  if (label === 'nx') return asked.reply({ rcode: 'NXDOMAIN', authority: [soa] })
  const owner = label === 'alias' ? 'two.example.org.' : question?.name
  const addresses = Array.from({ length: label === 'sixty' ? 60 : 2 }, (_, k) =>
    question?.type === TYPE_A
      ? `${owner} 60 IN A 192.0.2.${k}`
      : `${owner} 60 IN AAAA 2001:db8::${k}`,
  )
  const alias = label === 'alias' ? ['alias.example.org. 60 IN CNAME two.example.org.'] : []
  asked.reply({ answer: [...alias, ...addresses] })
}

interface Counting {
  readonly server: CountingServer
  readonly port: number
}

const start = async (t: Cleanup): Promise<Counting> => {
  const upstream = await fakeUpstream(answers)
  t.after(() => upstream.close())
  const api = await startFixtureApi(t)
  const [port = 0, metrics = 0] = await freePorts(2)
  const folder = temporaryFolder(t)
  const conf = join(folder, 'Corefile')
  const zones = join(folder, 'zones')
  const files = { resolvConf: join(folder, 'resolv.conf'), zone: join(folder, 'db.zone'), zones }
  mkdirSync(zones)
  writeFileSync(join(zones, 'db.sub.auto.example.org'), ZONE)
  writeFileSync(files.resolvConf, 'search first.search.example.org\n')
  writeFileSync(files.zone, ZONE)
  writeFileSync(conf, corefile(port, metrics, upstream.endpoint.name, files))
  const server = await startCounting(t, conf, {
    SHARDNS_SERVICE_ACCOUNT_DIR: api.podFolder().path,
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(api.port),
  })
  return { server, port }
}

/** What each of the hits calls, the receiving and the sending of its batch included. */
const perHit = async (t: TestContext, { server, port }: Counting, hit: Hit): Promise<Called[]> => {
  const { name, type, options = {}, family = 4 } = hit
  const socket = createSocket(`udp${family}`)
  t.after(() => socket.close())
  socket.connect(port, family === 4 ? '127.0.0.1' : '::1')
  await once(socket, 'connect')
  const ask = async (times: number): Promise<void> => {
    for (let id = 1; id <= times; id++) {
      socket.send(query(name, type, { ...options, id }).bytes)
      await once(socket, 'message')
    }
  }
  // The second answer of a forwarded question comes from the cache.
  await ask(2)
  for (;;) {
    await server.called()
    await ask(HITS)
    const called = await server.called()
    const turns = called.filter(({ path }) => path === LOOP).map(({ calls }) => calls)
    // On a machine where a hit takes as long as a turn of the loop they could not be told apart.
    if (Math.max(0, ...turns) < HITS / 2) return called.filter(({ calls }) => calls >= HITS)
  }
}

// What builds text, seldom enough.
const TEXT_MAKERS: Readonly<Record<string, readonly string[]>> = {
  // Once per batch; once for each rcode with each set of flags.
  'src/plugins/log/fast.ts': ['batchSent', '#outcome'],
  // Once per batch.
  'src/plugins/log/format.ts': ['formatSeconds'],
}

/** Without comments, name and parameters: an arrow begins behind its arrow. */
const bodyOf = (text: string): string => {
  const code = text.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
  const isArrow = /^(?:async )?(?:\(|\w+ =>)/.test(code)
  const head = isArrow ? /=>/ : /\)[^(){}]*\{/
  const found = head.exec(code)
  return found === null ? code : code.slice(found.index + found[0].length)
}

const FORBIDDEN = /\bthrow\b|\basync\b|\bawait\b|\bPromise\b|\.toString\(|=>|\bfunction\b/
const TEXT = /`/

test('what a hit runs', { skip: withoutLibc, timeout: 100_000 }, async t => {
  const files = sourceFiles('src', 'workers').filter(file => !file.isTest)
  const hot = new Map<string, Called>()
  const counting = await start(t)

  for (const hit of [...CACHED, ...RECORDS])
    await t.test(`${hit.title}: the fast path`, async t => {
      const called = await perHit(t, counting, hit)
      const paths = new Set(called.map(({ path }) => path))
      assert.ok(paths.has(FAST_PATH) && !paths.has(SLOW_PATH))
      for (const one of called)
        if (one.path.startsWith('src/')) hot.set(`${one.path} ${one.start}`, one)
    })

  await t.test('its files are those that bear the mark', () => {
    const marked = files.filter(({ text }) => text.startsWith('// Hot path.'))
    const run = new Set([...hot.values()].map(({ path }) => path))
    assert.deepEqual(
      {
        withoutMark: [...run].filter(path => !marked.some(file => file.path === path)).sort(),
        notRun: marked.map(({ path }) => path).filter(path => !run.has(path)),
      },
      { withoutMark: [], notRun: [] },
    )
  })

  await t.test('its functions neither throw nor wait, and build no text and no function', () => {
    const wrong = [...hot.values()].flatMap(({ path, name, start, end }) => {
      const text = files.find(file => file.path === path)?.text ?? ''
      const body = bodyOf(text.slice(start, end))
      const isMaker = TEXT_MAKERS[path]?.includes(name) === true
      const found = FORBIDDEN.exec(body) ?? (isMaker ? null : TEXT.exec(body))
      return found === null ? [] : [`${path} ${name}: ${found[0]}`]
    })
    assert.deepEqual(wrong, [])
  })
})
