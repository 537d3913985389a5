// Who we are towards the API server: a token, a password, a certificate, or what a program gives.
// Everything in files may rotate.

import { KubeError } from '../kube-error.ts'
import type { ExecPlugin, Shown } from './exec-plugin.ts'
import type { TextSource } from './text-source.ts'

export interface CredentialParts {
  readonly token?: TextSource | undefined
  readonly password?: { readonly user: string; readonly password: string } | undefined
  readonly pair?: { readonly certificate: TextSource; readonly key: TextSource } | undefined
  /** Asked for what the others do not give. */
  readonly exec?: ExecPlugin | undefined
}

export class Credentials {
  /** For messages: `the token in /path`. */
  readonly name: string
  readonly #parts: CredentialParts

  constructor(parts: CredentialParts) {
    this.#parts = parts
    this.name = nameOf(parts)
  }

  get areNone(): boolean {
    return Object.values(this.#parts).every(part => part === undefined)
  }

  /** Reads what is in files, so that what is missing shows at once. Starts no program. */
  async check(): Promise<Shown> {
    return { ...(await this.#pair()), ...(await this.#authorization()) }
  }

  /** What a request shows now. Rejects with a KubeError. */
  async current(): Promise<Shown> {
    return { ...(await this.#parts.exec?.current()), ...(await this.check()) }
  }

  /** After a 401 for `shown`: the next `current` looks at the files and asks the program again. */
  expire(shown: Shown): void {
    const { token, pair, exec } = this.#parts
    token?.expire()
    pair?.certificate.expire()
    pair?.key.expire()
    exec?.drop(shown)
  }

  close(): void {
    this.#parts.exec?.close()
  }

  async #pair(): Promise<Shown> {
    const { pair } = this.#parts
    return pair === undefined
      ? {}
      : { certificate: await pair.certificate.read(), key: await pair.key.read() }
  }

  async #authorization(): Promise<Shown> {
    const { token, password } = this.#parts
    if (token !== undefined)
      return { authorization: `Bearer ${checkToken(await token.read(), token.name)}` }
    if (password === undefined) return {}
    return {
      authorization: `Basic ${Buffer.from(`${password.user}:${password.password}`).toString('base64')}`,
    }
  }
}

/** Characters that no header takes would make an exception of each request. */
const checkToken = (text: string, name: string): string => {
  const token = text.trim()
  if (token === '') throw new KubeError('credentials', `the token in ${name} is empty`)
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new KubeError('credentials', `the token in ${name} holds characters that no token has`)
  return token
}

const nameOf = ({ token, password, pair, exec }: CredentialParts): string => {
  if (token !== undefined) return `the token in ${token.name}`
  if (password !== undefined) return `the password of user ${JSON.stringify(password.user)}`
  if (exec !== undefined) return exec.name
  return pair === undefined
    ? 'a client without credentials'
    : `the client certificate in ${pair.certificate.name}`
}
