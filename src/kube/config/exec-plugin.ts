// Credentials that a program gives: the exec plugins of a kubeconfig
// (client.authentication.k8s.io/v1 and v1beta1). Runs one at a time and keeps what it gave until
// shortly before it expires, or until the server refuses it. Never asks a person anything.

import type { Clock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import { codeOf } from '../dial-failure.ts'
import { KubeError } from '../kube-error.ts'

const TIME_LIMIT_MS = 60_000
const OUTPUT_LIMIT_BYTES = 1024 * 1024
/**
 * A credential is renewed that long before its end, or after three quarters of its life if that is
 * shorter.
 */
const EXPIRY_MARGIN_MS = 30_000

/** What one request shows. */
export interface Shown {
  readonly authorization?: string
  /** PEM texts, for the TLS connection. */
  readonly certificate?: string
  readonly key?: string
}

export interface ExecCommand {
  readonly apiVersion: string
  /** A path, or a name to be found in PATH. */
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** What KUBERNETES_EXEC_INFO says of the cluster; undefined unless the plugin wants to know. */
  readonly cluster: Readonly<Record<string, unknown>> | undefined
}

interface Given {
  readonly shown: Shown
  /** Wall time; Infinity for credentials that do not expire. */
  readonly renewMs: number
}

export class ExecPlugin {
  readonly name: string
  readonly #command: ExecCommand
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  #given: Given | undefined
  #running: Promise<Given> | undefined

  constructor(command: ExecCommand, clock: Clock) {
    this.#command = command
    this.#clock = clock
    this.name = `the credentials that ${command.command} gives`
  }

  async current(): Promise<Shown> {
    if (this.#given === undefined || this.#clock.wallMs() >= this.#given.renewMs)
      this.#given = await this.#runOnce()
    return this.#given.shown
  }

  /** Drops what was shown, unless something newer has come already. */
  drop(shown: Shown): void {
    if (
      this.#given?.shown.authorization === shown.authorization &&
      this.#given?.shown.certificate === shown.certificate
    )
      this.#given = undefined
  }

  /** Ends the program if it runs. */
  close(): void {
    this.#stopped.abort()
  }

  #runOnce(): Promise<Given> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<Given> {
    const { command, args, env, apiVersion, cluster } = this.#command
    const spec = { interactive: false, ...(cluster === undefined ? {} : { cluster }) }
    const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })
    const output = await runProgram(
      command,
      args,
      { ...env, KUBERNETES_EXEC_INFO: info },
      this.#stopped.signal,
    )
    return readCredential(output, this.#command, this.#clock.wallMs())
  }
}

const runProgram = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string> => {
  const { execFile } = process.getBuiltinModule('node:child_process')
  const limits = {
    timeout: TIME_LIMIT_MS,
    maxBuffer: OUTPUT_LIMIT_BYTES,
    killSignal: 'SIGKILL',
  } as const
  return new Promise((resolve, reject) => {
    const failed = (why: string, cause?: unknown): void =>
      reject(
        new KubeError('credentials', `the exec plugin ${command} of the kubeconfig ${why}`, {
          cause,
        }),
      )
    try {
      const child = execFile(
        command,
        [...args],
        { ...limits, env, signal, encoding: 'utf8' },
        (error, stdout, stderr) => {
          if (error === null) return resolve(stdout)
          const said = stderr.trim().split('\n', 1)[0]?.slice(0, 200) ?? ''
          failed(`${howItEnded(error)}${said === '' ? '' : `: ${said}`}`, error)
        },
      )
      child.stdin?.on('error', () => undefined)
      child.stdin?.end()
    } catch (error) {
      // A command or an environment with a NUL byte.
      failed(`cannot be started: ${messageOf(error)}`, error)
    }
  })
}

const howItEnded = (
  error: Error & {
    readonly code?: unknown
    readonly killed?: boolean | undefined
    readonly signal?: unknown
  },
): string => {
  const code = codeOf(error)
  if (error.name === 'AbortError') return 'was ended'
  if (code === 'ENOENT') return 'cannot be started: there is no such program'
  if (code === 'EACCES') return 'cannot be started: permission denied'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `writes more than ${OUTPUT_LIMIT_BYTES} bytes`
  if (error.killed) return `does not end within ${TIME_LIMIT_MS / 1000} s`
  if (typeof error.code === 'number') return `fails with exit code ${error.code}`
  return typeof error.signal === 'string'
    ? `was killed by ${error.signal}`
    : `cannot be started: ${code === '' ? messageOf(error) : code}`
}

interface ExecStatus {
  readonly token?: unknown
  readonly clientCertificateData?: unknown
  readonly clientKeyData?: unknown
  readonly expirationTimestamp?: unknown
}

const readCredential = (
  output: string,
  { command, apiVersion }: ExecCommand,
  nowMs: number,
): Given => {
  const failed = (why: string): KubeError =>
    new KubeError('credentials', `the exec plugin ${command} of the kubeconfig ${why}`)
  let value: { kind?: unknown; apiVersion?: unknown; status?: ExecStatus | null } | null
  try {
    value = JSON.parse(output)
  } catch {
    throw failed('writes what is no JSON')
  }
  if (value?.kind !== 'ExecCredential' || value.apiVersion !== apiVersion)
    throw failed(`writes no ExecCredential of ${apiVersion}`)
  const {
    token,
    clientCertificateData: certificate,
    clientKeyData: key,
    expirationTimestamp,
  } = value.status ?? {}
  const hasToken = typeof token === 'string' && token !== ''
  const hasPair = typeof certificate === 'string' && typeof key === 'string'
  if (!hasToken && !hasPair) throw failed('gives neither a token nor a certificate with its key')
  if (hasToken && !/^[\x21-\x7e]+$/.test(token))
    throw failed('gives a token with characters that no token has')
  const expiryMs =
    expirationTimestamp === undefined || expirationTimestamp === null
      ? Infinity
      : Date.parse(String(expirationTimestamp))
  if (Number.isNaN(expiryMs)) throw failed('gives an expirationTimestamp that is no time')
  return {
    shown: {
      ...(hasToken ? { authorization: `Bearer ${token}` } : {}),
      ...(hasPair ? { certificate, key } : {}),
    },
    renewMs:
      expiryMs === Infinity
        ? Infinity
        : expiryMs - Math.min(EXPIRY_MARGIN_MS, Math.max(0, (expiryMs - nowMs) / 4)),
  }
}
