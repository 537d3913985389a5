// One row, from start to end, within bounds.

import { onOwnHost } from './own-host.ts'
import type { Figure, Row } from './row.ts'
import { type Form, World } from './world.ts'

/** Far more than most rows take: one that hangs is a fault of its own. */
const ROW_LIMIT_MS = 15 * 60_000

const open = new Set<World>()

/** For a campaign that is interrupted: whatever its rows have started ends. */
export const closeRows = async (): Promise<void> => {
  await Promise.all([...open].map(world => world.close()))
}

export const tryRow = (row: Row, form: Form): Promise<Figure> =>
  bounded(row, form, world => (row.hasOwnHost ? onOwnHost(world, row, form) : row.run(world)))

/** The same on the host that this process is on. */
export const tryRowHere = (row: Row, form: Form): Promise<Figure> =>
  bounded(row, form, world => row.run(world))

const bounded = async (
  { limitMs = ROW_LIMIT_MS }: Row,
  form: Form,
  run: Row['run'],
): Promise<Figure> => {
  const world = new World(form)
  open.add(world)
  const tooLong = Promise.withResolvers<never>()
  const timer = setTimeout(() => tooLong.reject(new Error('the row did not end')), limitMs)
  try {
    return await Promise.race([run(world), tooLong.promise])
  } catch (error) {
    return { figure: 'not measured', faults: [textOf(error)] }
  } finally {
    clearTimeout(timer)
    await world.close()
    open.delete(world)
  }
}

const MOST_CHARACTERS = 500

const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replaceAll(/\s+/g, ' ')
    .slice(0, MOST_CHARACTERS)
