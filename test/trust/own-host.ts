// Rows that take addresses of their own: each runs in a process of its own in a network namespace,
// with its server, its upstream, its clients and attackers.

import { hostOfManyAddresses, withoutManyAddresses } from '../support/network-namespaces.ts'
import { WatchedProcess } from '../support/server-process.ts'
import type { Figure, Row } from './row.ts'
import type { Form, World } from './world.ts'

const untried = (why: string): Figure => ({ figure: why, faults: [], isUntried: true })

export const onOwnHost = async (world: World, row: Row, form: Form): Promise<Figure> => {
  if (withoutManyAddresses !== false) return untried(withoutManyAddresses)
  let inside: readonly string[]
  try {
    ;({ inside } = hostOfManyAddresses(world))
  } catch (error) {
    // A container's root, as a rule.
    return untried(`no network namespace: ${error instanceof Error ? error.message : error}`)
  }
  const command = [
    ...inside,
    process.execPath,
    'test/trust/row-here.ts',
    row.name,
    JSON.stringify(form),
  ]
  const child = new WatchedProcess(world, command[0]!, command.slice(1))
  // What it has started ends with it only if it is asked.
  world.after(async () => void (await child.stop()))
  if ((await child.exited) !== 0) throw new Error(`the row's process ended: ${child.err}`)
  if (child.err !== '') process.stderr.write(child.err)
  return JSON.parse(child.out) as Figure
}
