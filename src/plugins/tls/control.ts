// The main half of tls: reads the files, looks at them from time to time, and has certificates that
// were renewed brought to the shards.

import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { lookEvery } from '../../authority/watching.ts'
import { openErrorText } from '../../base/files/text-file.ts'
import { wait } from '../../base/time/timers.ts'
import { ArgumentError } from '../../chain/errors.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { readTlsFiles } from '../../chain/tls-files.ts'
import { underRoot } from '../../corefile/options/values.ts'
import { dateText } from './certificate.ts'
import { CertificateSource } from './certificate-source.ts'
import type { TlsFiles } from './options.ts'

const LOOK_MS = 5000

export const inspect = async (options: TlsFiles, scope: InspectScope): Promise<void> => {
  const { root } = scope.settings
  await scope.attempt(() => readTlsFiles(options.files, root))
  if (options.keylog !== '') await scope.attempt(() => tryKeylog(options.keylog, root))
}

export const control = async (options: TlsFiles, scope: ControlScope): Promise<undefined> => {
  const { settings, clock, log, metrics } = scope
  const { root } = settings
  if (options.keylog !== '') openKeylog(options.keylog, root)
  const identity = JSON.stringify([root, options])
  const source = scope.keep(
    identity,
    () => new CertificateSource({ identity, options, root, clock, pause: wait }),
  )
  source.load(log)
  if (options.keylog !== '') log.warning(`Writing TLS Key Log to "${options.keylog}"`)
  settings.tls = source.serving
  const help = 'When the certificate of a listener expires, in seconds since 1970.'
  const family = { name: 'shardns_tls_certificate_expiry_seconds', help, labelNames: ['names'] }
  metrics.gauge(family, () => [
    { labels: { names: source.name }, value: source.facts.untilMs / 1000 },
  ])
  // What a load that failed has read is news to the shards, too.
  let sent = source.serving.version
  lookEvery(scope, LOOK_MS, async () => {
    await source.look(log)
    if (source.serving.version === sent) return
    sent = source.serving.version
    await scope.renew(source.serving)
    if (source.takeNews())
      log.info(
        `certificate of ${source.name} renewed, valid until ${dateText(source.facts.untilMs)}`,
      )
  })
}

/** As `openKeylog`, without making the file. */
const tryKeylog = (written: string, root: string): void => {
  const path = underRoot(written, root)
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK)
  } catch (error) {
    throw new ArgumentError(openErrorText(path, error), written, { cause: error })
  }
}

/** Whether secrets can be written is found out now, not at the first handshake. */
const openKeylog = (written: string, root: string): void => {
  const path = underRoot(written, root)
  try {
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw new ArgumentError(openErrorText(path, error), written, { cause: error })
  }
}
