// The test API server as a program, for measurements and for trying things by hand; commands.ts has
// what it takes on standard input.

import { fstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { KubeApi, type KubeApiOptions } from './api-server.ts'
import { runCommand } from './commands.ts'
import { fixtureManifests, readManifestFiles } from './manifests.ts'

const USAGE = `usage: node test/fakes/kube-api/main.ts [--manifests FILE_OR_FOLDER | --fixture NAME] [--services N --endpoints M]
  [--port PORT] [--host ADDRESS] [--folder DIR] [--https | --http] [--history COUNT] [--json] [--pages]

--manifests  what the server starts with; --fixture takes one of test/fakes/kube-api/manifests, such as cluster.yaml
--services   a generated cluster with so many services, and with --endpoints so many endpoints
--folder     where token, ca.crt, namespace and kubeconfig are written; default: a temporary folder that goes at the end
--history    how many changes of each resource stay known; default 20000
--json       protobuf is not understood
--pages      lists as the beginning of a watch are not understood

Commands on standard input, each answered by a line of JSON; its end ends the server:
  apply {json}             delete KIND NS NAME      replace FILE          churn COUNT [PER_SECOND]
  down                     up [FILE]                compact               bookmark
  reset-watches [mid-line] silence-watches          end-watches           garble TEXT
  fail CODE [COUNT] [VERB] [RESOURCE]               hang answer|accept|off
  hold-lists               release-lists            rotate-token          revoke [TOKEN]
  allow VERB RESOURCE      deny VERB RESOURCE       stats                 quit
`

const EXIT_USAGE = 2

const number = (text: string | undefined, other: number): number => {
  if (text === undefined) return other
  if (!/^\d{1,9}$/.test(text)) throw new Error(`not a number: ${text}`)
  return Number(text)
}

const readArguments = () => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({
    options: {
      manifests: text,
      fixture: text,
      services: text,
      endpoints: text,
      port: text,
      host: text,
      folder: text,
      history: text,
      https: flag,
      http: flag,
      json: flag,
      pages: flag,
      help: flag,
    },
  })
  if (values.https && values.http) throw new Error('--https and --http exclude each other')
  const { manifests, fixture, services, host = '127.0.0.1' } = values
  const given = manifests
    ? readManifestFiles(manifests)
    : fixture
      ? fixtureManifests(fixture)
      : undefined
  const cluster = {
    services: number(services, 0),
    endpoints: number(values.endpoints, number(services, 0) * 10),
  }
  const options: KubeApiOptions = {
    host,
    port: number(values.port, 0),
    https: values.http !== true,
    historyLimit: number(values.history, 20_000),
    protobuf: values.json !== true,
    streamingLists: values.pages !== true,
    ...(given === undefined ? {} : { manifests: given }),
    ...(cluster.services === 0 ? {} : { cluster }),
  }
  return { options, folder: values.folder, isHelp: values.help === true }
}

const credentialsFolder = (folder: string | undefined): string => {
  if (folder === undefined) return mkdtempSync(join(tmpdir(), 'shardns-kube-api-'))
  mkdirSync(folder, { recursive: true })
  return resolve(folder)
}

const serve = async (options: KubeApiOptions, named: string | undefined): Promise<void> => {
  const api = new KubeApi(options)
  api.encodeAhead()
  await api.up()
  const folder = credentialsFolder(named)
  const end = async (): Promise<never> => {
    await api.close()
    if (named === undefined) rmSync(folder, { recursive: true, force: true })
    process.exit()
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end())
  api.podFolder(folder)
  writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig())
  process.stdout.write(`kube-api listening on ${api.url}, credentials in ${folder}\n`)
  const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
  // One after the other.
  for await (const line of createInterface({ input: process.stdin }))
    if (!(await runCommand(api, line, say))) await end()
  // Whoever held the other end is gone. Without another end, as with /dev/null, only a signal ends
  // the server.
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket() || process.stdin.isTTY) await end()
}

const start = async (): Promise<void> => {
  let read: ReturnType<typeof readArguments>
  try {
    read = readArguments()
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`)
    process.exitCode = EXIT_USAGE
    return
  }
  if (read.isHelp) process.stdout.write(USAGE)
  else await serve(read.options, read.folder)
}

await start()
