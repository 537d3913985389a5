// Main half of ready: the route, and what it remembers of plugins that were ready once.

import type { ControlScope, HttpAnswer } from '../../chain/plugin/control-scope.ts'
import type { ReadyOptions } from './options.ts'

const answer = (status: number, body: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
})

export const control = (options: ReadyOptions, scope: ControlScope): undefined => {
  const { readiness } = scope.process
  /**
   * With `until-ready`: the plugins that were never seen ready, undefined before the first request.
   */
  let neverReady: readonly string[] | undefined
  const waitingFor = (): readonly string[] => {
    const notReady = readiness.notReady()
    if (options.monitor === 'continuously') return notReady
    neverReady =
      neverReady === undefined ? notReady : neverReady.filter(name => notReady.includes(name))
    return neverReady
  }
  scope.http({
    address: options.address,
    path: '/ready',
    onBindFailure: 'log',
    failureText: 'Failed to start readiness handler',
    respond() {
      if (scope.process.isShuttingDown()) return answer(503, 'Shutting down')
      const names = waitingFor().join(',')
      if (names === '')
        return scope.process.isWarm() ? answer(200, 'OK') : answer(503, 'Warming up')
      scope.log.info(`Plugins not ready: "${names}"`)
      return answer(503, names)
    },
  })
  return undefined
}
