import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { hasStreamKeys, inSetupOrder, inspectCorefile, loadCorefile } from './load.ts'

const files: Readonly<Record<string, string>> = {
  '/etc/dns/more': 'example.net {\nwhoami extra\n}',
}

const options = {
  baseDir: '/etc/dns',
  env: { PORT: '5300' },
  loader: {
    readFile: (path: string) => files[path] ?? assert.fail(path),
    kindOf: (path: string) => (path in files ? ('file' as const) : undefined),
    listDir: () => [],
  },
}

const load = (text: string, port?: number) =>
  loadCorefile(text, 'Corefile', { ...options, ...(port !== undefined && { port }) })
const errorsOf = async (text: string) =>
  (await inspectCorefile(text, 'Corefile', options)).errors.map(error => error.message)

const sites: readonly { text: string; sites: string[] }[] = [
  { text: '. {\nwhoami\n}', sites: ['dns://.:53'] },
  {
    text: 'example.org EXAMPLE.net:1053 {\nwhoami\n}',
    sites: ['dns://example.org.:53', 'dns://example.net.:1053'],
  },
  { text: '.:{$PORT} {\nwhoami\n}', sites: ['dns://.:5300'] },
  {
    text: '10.0.0.0/15 {\nwhoami\n}',
    sites: ['dns://0.10.in-addr.arpa.:53', 'dns://1.10.in-addr.arpa.:53'],
  },
  { text: 'a.org,\nb.org {\nwhoami\n}', sites: ['dns://a.org.:53', 'dns://b.org.:53'] },
]
for (const c of sites)
  test(`sites of ${c.text.split('\n')[0]}`, async () =>
    assert.deepEqual(
      (await load(c.text)).blocks.flatMap(block =>
        block.sites.map(site => `${site.transport}://${site.zone}:${site.port}`),
      ),
      c.sites,
    ))

test('an explicit port wins over the default port', async () => {
  const { blocks } = await load('. {\nwhoami\n}\nexample.org:53 {\nwhoami\n}', 1053)
  const ports = blocks.map(block => block.sites[0]?.port)
  assert.deepEqual(ports, [1053, 53])
})

test('directives stand in chain order, with the options that their plugins parsed', async () => {
  const { blocks } = await load('. {\nwhoami\nforward . 192.0.2.1\nbufsize 1232\n}')
  const [block] = blocks
  assert.deepEqual(
    block?.directives.map(({ plugin }) => plugin.name),
    ['bufsize', 'forward', 'whoami'],
  )
  assert.deepEqual(
    structuredClone(block?.directives.map(directive => directive.options)),
    block?.directives.map(directive => directive.options),
  )
})

test('control halves run in chain order, what others may ask for first, then block by block', async () => {
  const text = 'a.org {\nwhoami\nbind 127.0.0.1\n}\nb.org {\nreload\nbind ::1\nerrors\nwhoami\n}'
  const { blocks, order } = await load(text)
  assert.deepEqual(
    inSetupOrder(
      blocks.map(block => ({ block })),
      order,
    ).map(({ holder, found }) => `${found.plugin.name} ${holder.block.index}`),
    ['bind 0', 'bind 1', 'reload 1', 'errors 1', 'whoami 0', 'whoami 1'],
  )
})

for (const c of [
  { name: 'no text', text: '' },
  { name: 'a comment', text: '# nothing' },
  { name: 'a snippet', text: '(a) {\nlog\n}' },
])
  test(`${c.name}: the built-in Corefile on the default port`, async () => {
    const config = await load(c.text, 1053)
    assert.equal(config.isBuiltIn, true)
    assert.deepEqual(
      config.blocks.map(block => [
        block.zones,
        block.sites[0]?.port,
        block.directives.map(({ plugin }) => plugin.name),
      ]),
      [[['.'], 1053, ['log', 'whoami']]],
    )
  })

test('a Corefile with a server block is not built in', async () =>
  assert.equal((await load('. {\nwhoami\n}')).isBuiltIn, false))

test('the hash depends on what is configured, not on comments', async () => {
  const { hash } = await load('. {\nwhoami\n}')
  assert.match(hash(), /^[0-9a-f]{128}$/)
  assert.equal((await load('. {\nwhoami # comment\n}')).hash(), hash())
  assert.notEqual((await load('. {\nwhoami\nlog\n}')).hash(), hash())
})

test('imported files are among the files, and errors name them', async () => {
  const { files: sources, errors } = await inspectCorefile('import more', 'Corefile', options)
  assert.deepEqual([...sources.keys()], ['Corefile', '/etc/dns/more'])
  assert.equal(
    errors[0]?.message,
    "plugin/whoami: /etc/dns/more:2 - Error during parsing: Wrong argument count or unexpected line ending after 'extra'",
  )
  assert.equal(errors[0]?.span?.file, '/etc/dns/more')
})

test('every error is found, in the order in which CoreDNS sets up', async () => {
  const text = 'example.org {\nwhoami x\ntrace a b\n}\nexample.net {\nreload 1s\n}'
  assert.deepEqual(await errorsOf(text), [
    'plugin/reload: interval value must be greater or equal to 2s',
    `directive 'trace' is known to CoreDNS but not supported by shardns yet`,
    "plugin/whoami: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
  ])
  await assert.rejects(load(text), {
    message: 'plugin/reload: interval value must be greater or equal to 2s',
  })
})

const coded: readonly { text: string; code: string; line: number; message: string }[] = [
  {
    text: '. {\nfoo\n}',
    code: 'unknown-directive',
    line: 2,
    message: `Corefile:2 - Error during parsing: Unknown directive 'foo'`,
  },
  {
    text: '. {\nwhoami\ndnssec\n}',
    code: 'unsupported-directive',
    line: 3,
    message: `directive 'dnssec' is known to CoreDNS but not supported by shardns yet`,
  },
  ...['https', 'https3', 'quic', 'grpc'].map(name => ({
    text: `. {\nwhoami\n}\n${name}://example.org {\nwhoami\n}`,
    code: 'unsupported-transport',
    line: 4,
    message: `transport '${name}' is known to CoreDNS but not supported by shardns yet`,
  })),
]
for (const c of coded)
  test(`${c.code}: ${c.message}`, () =>
    assert.rejects(load(c.text), (error: unknown) => {
      assert.ok(error instanceof CorefileError)
      assert.deepEqual([error.code, error.span?.line, error.message], [c.code, c.line, c.message])
      return true
    }))

test('warnings of a plugin name it and have a place', async () => {
  const { warnings } = await load('. {\nreload\nreload\nwhoami\n}')
  assert.deepEqual(
    warnings.map(({ message, span }) => [message, span?.line]),
    [['plugin/reload: only the first reload of a server block counts', 3]],
  )
})

const overlaps: readonly { name: string; text: string; message?: string }[] = [
  {
    name: 'two wildcards',
    text: '. {\nlog\n}\n. {\nlog\n}',
    message: 'cannot serve dns://.:53 - it is already defined',
  },
  { name: 'two ports', text: '. {\nlog\n}\n.:54 {\nlog\n}' },
  { name: 'two addresses', text: '. {\nbind 127.0.0.1\n}\n. {\nbind 127.0.0.2\n}' },
  {
    name: 'one address twice',
    text: '. {\nbind 127.0.0.1\n}\n. {\nbind ::1 127.0.0.1\n}',
    message: 'cannot serve dns://.:53 on 127.0.0.1 - it is already defined',
  },
  {
    name: 'an excepted address',
    text: '. {\nbind 127.0.0.1\n}\n. {\nbind ::1 127.0.0.1 {\nexcept 127.0.0.1\n}\n}',
  },
  {
    name: 'the default port written out',
    text: '. {\nlog\n}\n.:53 {\nbind ::1\n}',
    message: 'cannot serve dns://.:53 on ::1 - zone overlap listener capacity with dns://.:53',
  },
  {
    name: 'an interface, whose addresses are not known here',
    text: '. {\nbind lo\n}\n. {\nbind 127.0.0.1\n}',
  },
]
for (const c of overlaps)
  test(`overlap: ${c.name}`, async () =>
    assert.deepEqual(await errorsOf(c.text), c.message === undefined ? [] : [c.message]))

const streamKeys: [text: string, has: boolean][] = [
  ['. {\n forward . tls://192.0.2.1\n}\n', false],
  ['.:53 {\n whoami\n}\ntls://a.test {\n whoami\n}\n', true],
  ['.:53 https://a.test:444 {\n whoami\n}\n', true],
  ['tls://a.test {\n', false],
]
for (const [text, has] of streamKeys)
  test(`keys for stream shards: ${has ? 'some' : 'none'} in ${JSON.stringify(text)}`, () =>
    assert.equal(hasStreamKeys(text, 'Corefile', { baseDir: '/' }), has))
