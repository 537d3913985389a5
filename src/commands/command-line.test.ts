import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultServeOptions, type ServeOptions } from '../process/serve-options.ts'
import { VERBS } from './about.ts'
import { run } from './run.ts'

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly served: ServeOptions | undefined
}

const shardns = async (...argv: string[]): Promise<Outcome> => {
  let out = ''
  let err = ''
  let served: ServeOptions | undefined
  const code = await run(argv, {
    out: text => void (out += text),
    err: text => void (err += text),
    serve: async options => {
      served = options
      return 42
    },
    stdin: () => '. {\nwhoami\n}',
  })
  return { code, out, err, served }
}

const WITH_3 = { workers: 3, streamWorkers: defaultServeOptions({ workers: 3 }).streamWorkers }

const served: readonly { argv: string[]; options: Partial<ServeOptions> }[] = [
  { argv: [], options: {} },
  { argv: ['serve'], options: {} },
  { argv: ['serve', '-p', '1053', '-quiet'], options: { port: 1053, quiet: true } },
  { argv: ['-conf', '/etc/Corefile'], options: { conf: '/etc/Corefile' } },
  { argv: ['--conf=stdin'], options: { conf: 'stdin' } },
  { argv: ['-p', '1053'], options: { port: 1053 } },
  { argv: ['-dns.port=1053'], options: { port: 1053 } },
  { argv: ['-dns.port', '1053', '-p', '1054'], options: { port: 1054 } },
  { argv: ['-p', '1054', '--dns.port', '0'], options: { port: 0 } },
  { argv: ['-pidfile', '/run/x.pid', '-quiet'], options: { pidfile: '/run/x.pid', quiet: true } },
  { argv: ['-quiet', '-quiet=false'], options: { quiet: false } },
  { argv: ['-version=false', '-plugins=false', '-windows-service=false'], options: {} },
  { argv: ['--workers', '3', '--engine', 'dgram'], options: { ...WITH_3, engine: 'dgram' } },
  { argv: ['-workers=3', '-engine=auto'], options: { ...WITH_3, engine: 'auto' } },
  { argv: ['--stream-workers', '5'], options: { streamWorkers: 5 } },
  { argv: ['--cache-bytes', '1GiB'], options: { cacheBytes: 2 ** 30 } },
  { argv: ['--records-bytes', '1GiB'], options: { recordsBytes: 2 ** 30 } },
  { argv: ['--recv-buffer', '65536'], options: { recvBufferBytes: 65536 } },
  { argv: ['--heap-limit', '512MiB'], options: { heapLimitBytes: 2 ** 29 } },
  { argv: ['--heap-limit', '512Mi'], options: { heapLimitBytes: 2 ** 29 } },
  { argv: ['--max-tcp-connections', '5'], options: { maxTcpConnections: 5 } },
  {
    argv: ['--plugin', 'a=/b.ts', '-plugin=c=/d.ts,before=a'],
    options: {
      plugins: [
        { name: 'a', module: 'file:///b.ts' },
        { name: 'c', module: 'file:///d.ts', before: 'a' },
      ],
    },
  },
]
for (const c of served)
  test(`serves: shardns ${c.argv.join(' ')}`, async () => {
    const expected = { ...defaultServeOptions(), ...c.options }
    assert.deepEqual(await shardns(...c.argv), { code: 42, out: '', err: '', served: expected })
  })

const refused: readonly { argv: string[]; code: number; message: string }[] = [
  { argv: ['a', 'b'], code: 1, message: 'extra command line arguments: [a b]' },
  { argv: ['-quiet', 'check', 'x'], code: 1, message: 'extra command line arguments: [check x]' },
  { argv: ['-version', 'x'], code: 1, message: 'extra command line arguments: [x]' },
  { argv: ['-bogus'], code: 2, message: 'flag provided but not defined: -bogus' },
  { argv: ['help', '-bogus'], code: 2, message: 'flag provided but not defined: -bogus' },
  { argv: ['version', '-bogus'], code: 2, message: 'flag provided but not defined: -bogus' },
  { argv: ['serve', 'x'], code: 1, message: 'extra command line arguments: [x]' },
  { argv: ['serve', 'check', 'x'], code: 1, message: 'extra command line arguments: [check x]' },
  { argv: ['-p', '53', 'serve'], code: 1, message: 'extra command line arguments: [serve]' },
  { argv: ['version', '--json', 'x'], code: 1, message: 'extra command line arguments: [x]' },
  { argv: ['plugins', 'x'], code: 1, message: 'extra command line arguments: [x]' },
  {
    argv: ['plugins', '-json=x'],
    code: 2,
    message: 'invalid boolean value "x" for -json: parse error',
  },
  { argv: ['plugins', '-json', '-x'], code: 2, message: 'flag provided but not defined: -x' },
  { argv: ['-conf'], code: 2, message: 'flag needs an argument: -conf' },
  { argv: ['-quiet=x'], code: 2, message: 'invalid boolean value "x" for -quiet: parse error' },
  {
    argv: ['-windows-service'],
    code: 2,
    message: '-windows-service: running as a Windows service is not supported by shardns',
  },
  {
    argv: ['-p', '65536'],
    code: 2,
    message: `error: option '-p, --dns.port <port>' argument '65536' is invalid. Expected a whole number from 0 to 65535.`,
  },
  {
    argv: ['--workers=0'],
    code: 2,
    message: `error: option '--workers <n>' argument '0' is invalid. Expected a whole number from 1 to 190.`,
  },
  {
    argv: ['--steer', 'x'],
    code: 2,
    message: `error: option '--steer <name>' argument 'x' is invalid. Expected one of random, name, kernel.`,
  },
  {
    argv: ['--engine', 'x'],
    code: 2,
    message: `error: option '--engine <name>' argument 'x' is invalid. Expected one of auto, mmsg, dgram.`,
  },
  ...[
    { flag: 'cache-bytes', text: '64m', range: '1MiB to 2GiB' },
    { flag: 'records-bytes', text: '1KiB', range: '1MiB to 2GiB' },
    { flag: 'recv-buffer', text: '1KiB', range: '4KiB to 1GiB' },
    { flag: 'heap-limit', text: '1TiB', range: '32MiB to 64GiB' },
  ].map(({ flag, text, range }) => ({
    argv: [`--${flag}`, text],
    code: 2,
    message: `error: option '--${flag} <size>' argument '${text}' is invalid. Expected bytes, or a number with a unit such as Mi or MB, from ${range}.`,
  })),
  {
    argv: ['--max-tcp-connections', '1e3'],
    code: 2,
    message: `error: option '--max-tcp-connections <n>' argument '1e3' is invalid. Expected a whole number from 1 to 1000000.`,
  },
  ...[
    ['--plugin', 'x'],
    ['check', '--plugin', 'x'],
    ['help', '--plugin', 'x', 'cache'],
  ].map(argv => ({
    argv,
    code: 2,
    message: `'x' is no plugin: it has the form name=module[,before=name]`,
  })),
  { argv: ['help', 'cache', '-plugin'], code: 2, message: 'flag needs an argument: -plugin' },
  {
    argv: ['-plugins', '--plugin', 'cache=./x.ts'],
    code: 2,
    message: 'plugin/cache: the name is that of a plugin of shardns',
  },
  { argv: ['check', '--bogus', 'x'], code: 2, message: `error: unknown option '--bogus'` },
  {
    argv: ['check', '--format', 'xml', 'x'],
    code: 2,
    message: `error: option '--format <name>' argument 'xml' is invalid. Allowed choices are text, json.`,
  },
]
for (const c of refused)
  test(`refuses: shardns ${c.argv.join(' ')}`, async () => {
    const { code, out, err, served: options } = await shardns(...c.argv)
    assert.equal(err.trimEnd().split('\n').at(-1), c.message)
    assert.equal(err.split(c.message).length, 2)
    assert.deepEqual({ code, out, options }, { code: c.code, out: '', options: undefined })
  })

test('the usage comes before what is wrong with a flag', async () =>
  assert.match(
    (await shardns('-bogus')).err,
    /^Usage: shardns [\s\S]*\n\nflag provided but not defined: -bogus\n$/,
  ))

for (const [given, flag] of [
  ['-wokers=3', '-workers'],
  ['--dns-port=53', '-dns.port'],
  ['-Quiet', '-quiet'],
])
  test(`${given} was meant to be ${flag}`, async () =>
    assert.match(
      (await shardns(given ?? '')).err,
      new RegExp(`\nflag provided but not defined: \\S+\ndid you mean '${flag}'\\?\n$`),
    ))

for (const [word, verb] of [
  ['chek', 'check'],
  ['hlep', 'help'],
  ['serv', 'serve'],
  ['plugin', 'plugins'],
  [import.meta.filename, `-conf ${import.meta.filename}`],
  ['versoin', 'version'],
])
  test(`${word} was meant to be ${verb}`, async () =>
    assert.deepEqual(await shardns(word ?? '', 'x'), {
      code: 1,
      out: '',
      err: `extra command line arguments: [${word} x]\ndid you mean '${verb}'?\n`,
      served: undefined,
    }))

test('flags are words as well, and help on them is that of the flags', async () => {
  for (const argv of [
    ['help', '-help'],
    ['help', 'serve'],
    ['serve', '-help'],
  ])
    assert.deepEqual(await shardns(...argv), await shardns('-help'))
  for (const word of ['version', 'plugins']) {
    const flag = await shardns(`-${word}`)
    for (const more of [[], ['-quiet'], ['--json=false']])
      assert.deepEqual(await shardns(word, ...more), flag)
  }
  assert.match((await shardns('help', 'check')).out, /^Usage: shardns check /)
})

for (const flag of ['-h', '-help', '--help', '-version -h', '-h x'])
  test(`shardns ${flag} shows every flag with its default, on stderr as CoreDNS does`, async () => {
    const { code, out, err } = await shardns(...flag.split(' '))
    assert.deepEqual({ code, out }, { code: 0, out: '' })
    const words = err.replaceAll(/\s+/g, ' ')
    for (const text of [
      '(default: ./Corefile, else a built-in one)',
      '-p, --dns.port <port>',
      '(default: 53)',
      '--pidfile <file>',
      '(default: none)',
      '--quiet',
      '--plugins',
      '--version',
      `(default: CPUs available, 8 at most, fewer under a limit, here ${defaultServeOptions().workers})`,
      '(default: "auto")',
      '(default: 64MiB)',
      '(default: 4MiB)',
      '(default: 256MiB)',
      '(default: 1000)',
    ])
      assert.ok(words.includes(text), text)
  })

test('-version prints our version, the release of CoreDNS that it follows, and the platform in Go names', async () => {
  const { code, out } = await shardns('-version')
  assert.equal(code, 0)
  assert.match(
    out,
    /^shardns-\d+\.\d+\.\d+\S* \(CoreDNS-1\.14\.7 compatible\)\n[a-z]+\/[a-z0-9]+, node\d+\.\d+\.\d+, [0-9a-z]+\n$/,
  )
})

test('the usage names every verb', async () => {
  const [, named = ''] =
    /^Commands: (.*)\. shardns help tells/m.exec((await shardns('-h')).err) ?? []
  assert.deepEqual(named.split(', '), [...VERBS.keys()].toSorted())
})

test('-plugins lists the supported plugins, sorted, and ends with an empty line', async () => {
  const { code, out } = await shardns('-plugins')
  const names = out.split('\n')
  assert.equal(code, 0)
  assert.deepEqual(names.splice(-2), ['', ''])
  assert.deepEqual(names, names.toSorted())
  assert.ok(names.includes('forward') && !names.includes('trace'))
})

for (const argv of [['-'], ['stdin'], ['-conf', 'stdin'], ['--conf=-'], ['-conf=stdin', '-strict']])
  test(`check ${argv.join(' ')} reads standard input`, async () =>
    assert.deepEqual(await shardns('check', ...argv), {
      code: 0,
      out: '/dev/stdin: ok\n',
      err: '',
      served: undefined,
    }))
