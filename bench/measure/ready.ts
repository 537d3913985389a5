// Asks a server's ready endpoint until it says yes.

import { get } from 'node:http'
import type { Child } from '../host/child.ts'

const ASK_EVERY_MS = 10
const LIMIT_MS = 120_000

const statusOf = (port: number): Promise<number> =>
  new Promise(resolve => {
    get({ host: '127.0.0.1', port, path: '/ready', agent: false }, response => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).on('error', () => resolve(0))
  })

/** Milliseconds since `began`, of performance.now(). Throws if it ends or takes two minutes. */
export const untilReady = async (child: Child, port: number, began: number): Promise<number> => {
  for (;;) {
    const status = await statusOf(port)
    const elapsed = performance.now() - began
    if (status === 200) return elapsed
    if (child.isOver) throw new Error(`it ended at once: ${child.complaint}`)
    if (elapsed > LIMIT_MS) throw new Error(`it does not get ready: ${child.complaint}`)
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS))
  }
}
