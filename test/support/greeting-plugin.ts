// A plugin that the program does not bring along, as whoever has written one gives it to the server
// by --plugin, and a real process that serves it.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { DnsClient } from './dns-client.ts'
import { show } from './messages.ts'
import { PluginFolder } from './plugin-folder.ts'
import { freePorts, type WatchedProcess } from './server-process.ts'

const OPTIONS = `
import { option, optionTable, requiredArgument, text } from 'shardns/options'
const options = optionTable('once', {
  rows: {
    word: requiredArgument('WORD', text('WORD'), { does: 'what is said' }),
    to: option('to', text('NAME'), { default: 'you', does: 'to whom' }),
  },
})
`

/** Answers TXT queries with a word; does what it is told by the name otherwise. */
export const GREET = `
import { answer, definePlugin, METADATA } from 'shardns'
import { mark } from './mark.ts'
${OPTIONS}
export default definePlugin({
  description: 'Says a word to whoever asks for TXT.',
  options,
  control: ({ word }, scope) => {
    const family = scope.metrics.counter({ name: 'greet_total', help: 'Greetings.', labelNames: [] })
    scope.log.info('is set up with ' + word)
    return { said: family.vector({}), flag: scope.shared(1) }
  },
  serve: ({ word, to }, scope, { said, flag }) => {
    scope.offer(METADATA, (_query, set) => set('greet/word', () => word))
    return {
      concerns: ({ qtype }) => qtype === 16,
      handle: async (query, next) => {
        const [label] = query.qname.split('.')
        if (label === 'throw') throw new Error('boom')
        if (label === 'hang') for (;;);
        if (label === 'pass') return next(query)
        if (label === 'slow') await new Promise(resolve => setTimeout(resolve, 500))
        scope.counters.add(said.base)
        const nth = Atomics.add(scope.words, flag, 1)
        const data = [mark, word, to, String(nth)]
        return answer(query, { answers: [{ name: query.qname, type: 'TXT', ttl: 60, data }] })
      },
    }
  },
})
`
export const mark = (text: string): string => `export const mark: string = '${text}'\n`

export const greeting = (t: TestContext): PluginFolder => {
  const folder = new PluginFolder(t)
  folder.write('mark.ts', mark('one'))
  folder.plugin('greet', GREET)
  return folder
}

export const corefile = (port: number, ...lines: readonly string[]): string =>
  `.:${port} {\n  bind 127.0.0.1\n  ${lines.join('\n  ')}\n}\n`

interface Serving {
  readonly server: WatchedProcess
  readonly port: number
  /** The texts of the answer's first record; the rcode, if there is none. */
  ask(name: string, type?: string): Promise<string>
  /** Asks again each second: with engine dgram nobody listens between a shard and its successor. */
  askOften(name: string): Promise<string>
  /** Tells it to reload, and waits for the line on that. */
  reload(outcome?: RegExp): Promise<string>
}

export const serving = async (
  t: TestContext,
  folder: PluginFolder,
  lines: readonly string[],
  shards = 1,
): Promise<Serving> => {
  const [port = 0, http = 0] = await freePorts(2)
  const text = corefile(port, ...lines).replaceAll('HTTP', String(http))
  const server = folder.start(t, text, { shards })
  await server.seen(/^\[INFO\] engine/m)
  const patient = await DnsClient.open(t, { port, tries: 1, timeoutMs: 8000 })
  const insistent = await DnsClient.open(t, { port, tries: 20 })
  const ask = async (client: DnsClient, name: string, type: string): Promise<string> => {
    const reply = show((await client.ask(name, type)) ?? assert.fail(`no answer to ${name}`))
    return reply.answer[0]?.replace(/^.* (?:TXT|A) /, '') ?? reply.rcode
  }
  return {
    server,
    port: http,
    ask: (name, type = 'TXT') => ask(patient, name, type),
    askOften: name => ask(insistent, name, 'TXT'),
    reload: async (outcome = /^\[INFO\] Reloading complete$/m) => {
      const { length } = server.out
      server.child.kill('SIGUSR1')
      const [line] = await server.seen(outcome, 'out', length)
      return line
    },
  }
}
