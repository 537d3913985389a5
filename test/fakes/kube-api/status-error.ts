// Refusals with the words and the Status object of the real server. Throwing one answers the
// request with it.

import { groupResource, type Resource } from './resources.ts'

interface StatusFields {
  readonly reason?: string
  readonly details?: Readonly<Record<string, unknown>>
  /** Of the Status' metadata. */
  readonly continue?: string
  readonly headers?: Readonly<Record<string, string>>
}

export class StatusError extends Error {
  readonly code: number
  readonly headers: Readonly<Record<string, string>>
  readonly #fields: StatusFields

  constructor(code: number, message: string, fields: StatusFields = {}) {
    super(message)
    this.code = code
    this.headers = fields.headers ?? {}
    this.#fields = fields
  }

  get status(): object {
    const { reason, details, continue: token } = this.#fields
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: token === undefined ? {} : { continue: token },
      status: 'Failure',
      message: this.message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code: this.code,
    }
  }
}

export const badRequest = (message: string): StatusError =>
  new StatusError(400, message, { reason: 'BadRequest' })

export const unauthorized = (): StatusError =>
  new StatusError(401, 'Unauthorized', { reason: 'Unauthorized' })

export interface Refused {
  readonly user: string
  readonly verb: string
  readonly resource: Resource
  readonly namespace: string
  readonly name: string
}

export const forbidden = ({ user, verb, resource, namespace, name }: Refused): StatusError => {
  const what =
    name === '' ? groupResource(resource) : `${groupResource(resource)} ${JSON.stringify(name)}`
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  const cannot = `User ${JSON.stringify(user)} cannot ${verb} resource "${resource.plural}" in API group "${resource.group}" ${where}`
  return new StatusError(403, `${what} is forbidden: ${cannot}`, {
    reason: 'Forbidden',
    details: detailsOf(resource, name),
  })
}

export const forbiddenPath = (user: string, verb: string, path: string): StatusError =>
  new StatusError(
    403,
    `forbidden: User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`,
    {
      reason: 'Forbidden',
      details: {},
    },
  )

export const notFound = (resource: Resource, name: string): StatusError =>
  new StatusError(404, `${groupResource(resource)} ${JSON.stringify(name)} not found`, {
    reason: 'NotFound',
    details: detailsOf(resource, name),
  })

export const noSuchResource = (): StatusError =>
  new StatusError(404, 'the server could not find the requested resource', {
    reason: 'NotFound',
    details: {},
  })

export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'the server does not allow this method on the requested resource', {
    reason: 'MethodNotAllowed',
    details: {},
  })

export const notAcceptable = (): StatusError =>
  new StatusError(406, 'only the following media types are accepted: application/json', {
    reason: 'NotAcceptable',
  })

/** Of a watch, and in its ERROR event. */
export const tooOld = (asked: number, oldest: number): StatusError =>
  new StatusError(410, `too old resource version: ${asked} (${oldest})`, { reason: 'Expired' })

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
  'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided ' +
  'token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was ' +
  'returned and now may show up in the list.'

/** `token` goes on from the same place with what there is now. */
export const continueExpired = (token: string): StatusError =>
  new StatusError(410, CONTINUE_EXPIRED, { reason: 'Expired', continue: token })

export const versionExpired = (): StatusError =>
  new StatusError(410, 'The resourceVersion for the provided list is too old.', {
    reason: 'Expired',
  })

/** For a resourceVersion that is yet to come. */
export const tooLarge = (asked: number, current: number): StatusError =>
  new StatusError(504, `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  })

/** `complaint` begins with the option's name. */
export const invalidListOptions = (complaint: string): StatusError => {
  const [field = '', reason = ''] = /^(\w+): (.*)$/.exec(complaint)?.slice(1) ?? []
  return new StatusError(422, `ListOptions.meta.k8s.io "" is invalid: ${complaint}`, {
    reason: 'Invalid',
    details: {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: [{ reason: 'FieldValueForbidden', message: reason, field }],
    },
  })
}

/** What an object of the API may not be: `apply` rejects with it. */
export const invalidObject = (resource: Resource, name: string, complaint: string): StatusError =>
  new StatusError(422, `${resource.kind} ${JSON.stringify(name)} is invalid: ${complaint}`, {
    reason: 'Invalid',
    details: detailsOf(resource, name),
  })

const detailsOf = ({ group, plural }: Resource, name: string): Record<string, string> => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: plural,
})
