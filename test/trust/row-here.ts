// The process of a row on a host of its own (own-host.ts): `row-here.ts NAME FORM` writes its
// figure.

import { ROWS } from './rows/index.ts'
import { closeRows, tryRowHere } from './try-row.ts'
import type { Form } from './world.ts'

const EXIT_INTERRUPTED = 130

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void closeRows().finally(() => process.exit(EXIT_INTERRUPTED)))
}
const [name, form = ''] = process.argv.slice(2)
const row = ROWS.find(each => each.name === name)
if (row === undefined) throw new Error(`there is no row '${name}'`)
const figure = await tryRowHere(row, JSON.parse(form) as Form)
process.stdout.write(JSON.stringify(figure), () => process.exit(0))
