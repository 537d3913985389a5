// Corefiles that the real CoreDNS refuses at start, and odd ones that it takes.

import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { inspectCorefile } from '../../src/process/load/load.ts'
import { freePorts, temporaryFolder, type WatchedProcess } from '../support/server-process.ts'
import { WORDED_OTHERWISE } from './known-differences.ts'
import { startIn, whyUnserved } from './run-scenario.ts'

const REFUSED = join(import.meta.dirname, 'refused')
const ACCEPTED = join(import.meta.dirname, 'accepted')
const PORT = '@PORT@'

const read = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8')

/** A server with this Corefile, on a port that was free, in a copy of its folder. */
const start = async (
  t: TestContext,
  folder: string,
): Promise<{ readonly server: WatchedProcess; readonly port: string }> => {
  const copy = temporaryFolder(t)
  cpSync(folder, copy, { recursive: true })
  const port = String((await freePorts(1))[0])
  writeFileSync(join(copy, 'Corefile'), read(folder, 'Corefile').replaceAll(PORT, port))
  return { server: startIn(t, copy), port }
}

suite('golden, refused', { concurrency: 2 }, async () => {
  for (const name of readdirSync(REFUSED)) {
    const folder = join(REFUSED, name)
    const corefile = read(folder, 'Corefile')
    const unserved = await whyUnserved(corefile, folder)
    test(unserved === false ? name : `${name}, for another reason: ${unserved}`, async t => {
      const { errors } = await inspectCorefile(corefile.replaceAll(PORT, '1053'), 'Corefile', {
        baseDir: folder,
      })
      if (errors.length > 0) {
        if (unserved === false)
          assert.equal(
            errors[0]!.message.replaceAll('1053', PORT).trimEnd(),
            (WORDED_OTHERWISE[name]?.text ?? read(folder, 'error')).trimEnd(),
          )
        return
      }
      const { server, port } = await start(t, folder)
      assert.equal(await server.exited, 1)
      assert.equal(
        (server.out + server.err).replaceAll(port, PORT),
        WORDED_OTHERWISE[name]?.text ?? read(folder, 'error'),
      )
    })
  }
})

suite('golden, accepted', { concurrency: 2 }, async () => {
  for (const name of readdirSync(ACCEPTED)) {
    const folder = join(ACCEPTED, name)
    test(name, { skip: await whyUnserved(read(folder, 'Corefile'), folder) }, async t => {
      const { server } = await start(t, folder)
      await server.seen(/^shardns-.*\n.*\n/m)
    })
  }
})
