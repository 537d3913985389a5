// What a server leaves behind in a process that goes on: nothing. A process of its own says what it
// has before and after, and has to end by itself.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { enginesHere } from '../support/engines-here.ts'
import { temporaryFolder, WatchedProcess } from '../support/server-process.ts'
import { ROOT } from '../support/source-files.ts'

const LIMIT = { timeout: 60_000 }

/** `body` runs several times; what there is afterwards may not grow with that. */
const program = (body: string, folder: string, times: number): string => `
import { readdirSync, readlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { createServer } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)}

const descriptors = () => readdirSync('/proc/self/fd').flatMap(fd => {
  try {
    return [readlinkSync('/proc/self/fd/' + fd).replace(/:\\[?\\d+\\]?$/, '')]
  } catch {
    return []
  }
}).sort()
const threads = () => readdirSync('/proc/self/task').length
const listeners = () => process.eventNames().map(name => String(name)).sort()
const folder = ${JSON.stringify(folder)}
const refused = promise => promise.then(() => { throw new Error('not refused') }, () => {})
const corefile = '.:0 {\\n bind 127.0.0.1\\n hosts {\\n  192.0.2.1 a.test\\n }\\n cache\\n prometheus 127.0.0.1:0\\n health 127.0.0.1:0\\n forward . 192.0.2.53\\n log\\n errors\\n}\\n'
const ask = async ({ addresses: [{ address, port }] }, type = 1) => {
  const socket = createSocket('udp4')
  const query = Buffer.from('000101000001000000000000016104746573740000000001', 'hex')
  query.writeUInt16BE(type, query.length - 4)
  socket.send(query, port, address)
  await once(socket, 'message')
  socket.close()
}
const cycle = async engine => {
  ${body}
}
const state = () => ({ descriptors: descriptors(), threads: threads(), listeners: listeners(), resources: process.getActiveResourcesInfo() })
// What is closed is gone some turns of the event loop later.
const stateOnce = async isWanted => {
  for (let turn = 0; turn < 200 && !isWanted(state()); turn++)
    await new Promise(resolve => setTimeout(resolve, 10))
  return state()
}
const isQuiet = ({ resources }) => resources.every(resource => resource === 'PipeWrap')
const out = []
for (const engine of ${JSON.stringify(enginesHere())}) {
  await cycle(engine)
  const before = await stateOnce(isQuiet)
  for (let n = 0; n < ${times}; n++) await cycle(engine)
  const after = await stateOnce(now => JSON.stringify(now) === JSON.stringify(before))
  out.push({ before, after })
}
process.on('exit', () => process.stdout.write(JSON.stringify(out)))
`

const cycles: { readonly what: string; readonly body: string; readonly times?: number }[] = [
  {
    what: 'a server that has answered, was asked to reload, and is closed',
    body: `
      const server = await createServer({ corefile, engine, workers: 2, log: () => {} })
      await ask(server)
      await server.reload()
      await server.metrics()
      await server.close()`,
  },
  {
    what: 'two servers, and a reload that fails',
    body: `
      const one = await createServer({ corefile, engine, log: () => {} })
      const other = await createServer({ corefile, engine, log: false })
      await refused(one.reload('. {\\n nonsense\\n}\\n'))
      await refused(one.reload('.:0 {\\n bind 192.0.2.77\\n whoami\\n}\\n'))
      await Promise.all([one.close(), one.close(), other.close()])`,
  },
  {
    what: 'a reload under way when it is closed',
    body: `
      const server = await createServer({ corefile, engine, log: false })
      const reload = server.reload().catch(() => {})
      await server.close()
      await reload`,
  },
  {
    what: 'functions that are asked, one of them for ever',
    times: 1,
    body: `
      // It takes as long as any query may.
      if (engine === 'mmsg') return
      const asked = Promise.withResolvers()
      const server = await createServer({
        engine,
        workers: 2,
        log: false,
        corefile: '.:0 {\\n bind 127.0.0.1\\n never\\n always\\n}\\n',
        plugins: {
          never: ({ type }) => type === 'A' ? undefined : new Promise(asked.resolve),
          always: ({ name }) => ({ answers: [{ name, type: 'A', data: '192.0.2.1' }] }),
        },
      })
      await ask(server)
      await server.reload()
      ask(server, 28).catch(() => {})
      await asked.promise
      await server.close()`,
  },
  {
    what: 'plugins that are modules, and of those that are none',
    body: `
      const corefile = '.:0 {\\n bind 127.0.0.1\\n mine\\n}\\n'
      const served = module => createServer({ engine, corefile, plugins: { mine: module } })
      const server = await served(folder + '/well.mjs')
      await ask(server)
      await server.reload()
      await server.close()
      for (const name of ['exits', 'throws', 'bare', 'missing'])
        await refused(served(folder + '/' + name + '.mjs'))`,
  },
  {
    what: 'starts that fail or are given up',
    body: `
      await refused(createServer({ corefile: '. {\\n nonsense\\n}\\n', engine }))
      await refused(createServer({ corefile: '.:0 {\\n bind 192.0.2.77\\n whoami\\n}\\n', engine }))
      await refused(createServer({ corefile: { '.': 'whoami' }, engine }))
      await refused(createServer({ file: '/nowhere/Corefile', engine }))
      await refused(createServer({ corefile, engine, signal: AbortSignal.timeout(1) }))
      const controller = new AbortController()
      const starting = createServer({ corefile, engine, signal: controller.signal })
      setImmediate(() => controller.abort())
      await refused(starting)`,
  },
]

const MODULES = {
  well: `import { answer, definePlugin } from 'shardns'
    export default definePlugin({
      control: (options, scope) => scope.onStart(() => {}),
      serve: () => ({ handle: query => answer(query) }),
    })`,
  exits: 'process.exit(0)',
  throws: "throw new Error('no')",
  bare: 'export const nothing = 1',
}

for (const { what, body, times = 2 } of cycles)
  test(`nothing is left of ${what}`, LIMIT, async t => {
    const folder = temporaryFolder(t)
    for (const [name, text] of Object.entries(MODULES))
      writeFileSync(join(folder, `${name}.mjs`), text)
    const args = ['--input-type=module', '-e', program(body, folder, times)]
    const child = new WatchedProcess(t, process.execPath, args)
    const code = await child.exited
    assert.equal(child.err, '')
    assert.equal(code, 0)
    for (const { before, after } of JSON.parse(child.out)) {
      // Pipes to this test.
      assert.deepEqual(new Set(before.resources), new Set(['PipeWrap']))
      assert.deepEqual(after, before)
    }
  })
